"""What is promised to users is pinned: commands, kinds, and what starting up imports."""

from __future__ import annotations

import subprocess
import sys

from mainstem.cli.app import COMMANDS
from mainstem.core.kinds import GROUPS, find, names

HEAVY = ("duckdb", "deltalake", "sqlglot", "yaml", "rich", "sqlite3", "msgspec")


def test_commands_are_these() -> None:
    assert list(COMMANDS) == [
        "demo",
        "init",
        "import",
        "validate",
        "plan",
        "run",
        "test",
        "up",
        "status",
        "why",
        "agree",
        "query",
        "show",
        "lineage",
        "diff",
        "export",
        "explain",
        "doctor",
        "source",
        "schema",
        "completion",
        "accept",
        "alert",
        "deliver",
        "backfill",
        "quarantine",
        "branch",
        "promote",
        "clean",
        "rollback",
    ]


def test_every_kind_that_is_declared_can_be_loaded() -> None:
    for group in GROUPS:
        for name in names(group):
            assert find(group, name).__doc__, f"{group}/{name} says what it is"


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom mainstem.cli.app import run\n"
        "try:\n    run(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_every_command_has_help() -> None:
    import click

    from mainstem.cli.app import command

    context = click.Context(command)
    for name in COMMANDS:
        found = command.get_command(context, name)
        assert found is not None
        assert found.help, f"mainstem {name} says what it does"
        for parameter in found.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{parameter.opts} of mainstem {name} says what it does"
