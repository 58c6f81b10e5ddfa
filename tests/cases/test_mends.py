"""Messages send people to commands: every one of them exists, with the options that the message names."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from mainstem.cli.app import COMMANDS, command

SOURCE = Path(__file__).parent.parent.parent / "src" / "mainstem"
NAMED = re.compile(r"`mainstem ([a-z]+)([^`\n]*)`")


def named_commands() -> list[tuple[str, str, str]]:
    """File, command and the rest of it, of every `mainstem ...` in a text of the source."""
    return sorted(
        {
            (path.relative_to(SOURCE).as_posix(), found[1], found[2])
            for path in SOURCE.rglob("*.py")
            for found in NAMED.finditer(re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8")))
        }
    )


@pytest.mark.parametrize(("file", "name", "rest"), named_commands())
def test_a_command_that_a_message_names_exists_with_its_options(file: str, name: str, rest: str) -> None:
    assert name in COMMANDS, f"{file} names `mainstem {name}`"
    found = command.get_command(click.Context(command), name)
    assert found is not None
    inner = next(iter(rest.split()), "-")
    if isinstance(found, click.Group) and not inner.startswith("-"):
        assert inner in found.commands, f"{file} names `mainstem {name}{rest}`"
        found = found.commands[inner]
    options = {each for parameter in found.params for each in parameter.opts} | {"-h", "--help"}
    named = set(re.findall(r"(?<!\S)--?[a-zA-Z][a-z-]*", rest))
    assert named <= options, f"{file} names `mainstem {name}{rest}`"
