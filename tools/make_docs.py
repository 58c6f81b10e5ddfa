"""Writes the generated pages of docs/ (codes, commands, kinds); `--check` only compares."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import click

from mainstem.cli.app import COMMANDS, command
from mainstem.core.codes import CODES
from mainstem.core.kinds import GROUPS, find, names
from mainstem.core.place import Place

TITLES = {"Options": "options", "TableOptions": "of a table"}
DOCS = Path(__file__).parent.parent / "docs"
OPTIONS = "<!-- from here on made by `make docs` -->\n"
MADE = "<!-- made by `make docs`; do not edit -->\n"


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    made = {DOCS / "errors" / f"{code}.md": error_page(code) for code in CODES}
    made[DOCS / "errors" / "README.md"] = error_index()
    made[DOCS / "reference" / "commands.md"] = commands_page()
    made[DOCS / "reference" / "kinds.md"] = kinds_page()
    return made | {DOCS / "sources" / f"{name}.md": source_page(name) for name in names("sources")}


def source_page(name: str) -> str:
    """The page of a kind of source: what people wrote, with its example, and then its options."""
    path = DOCS / "sources" / f"{name}.md"
    written = path.read_text(encoding="utf-8") if path.exists() else ""
    if "```console\n" not in written:
        sys.exit(f"docs/sources/{name}.md has no example; write one, as the pages beside it have")
    return f"{written.partition(OPTIONS)[0]}{OPTIONS}\n## Options\n{options_of(find('sources', name))}"


def error_page(code: str) -> str:
    """What `mainstem explain` says, as a page."""
    text = CODES[code]
    return f"{MADE}# {code}: {text.title}\n\n{text.why}\n\n**Mend:** {text.mend}\n"


def error_index() -> str:
    """All codes on one page."""
    rows = "".join(f"| [{code}]({code}.md) | {text.title} |\n" for code, text in CODES.items())
    return f"{MADE}# Error codes\n\n| code | is |\n| --- | --- |\n{rows}"


def commands_page() -> str:
    """The help texts of all commands."""
    body = ""
    context = click.Context(command, info_name="mainstem")
    for name in COMMANDS:
        found = command.get_command(context, name)
        assert found is not None
        body += help_text(found, f"mainstem {name}", "##")
        for inner, subcommand in found.commands.items() if isinstance(found, click.Group) else ():
            body += help_text(subcommand, f"mainstem {name} {inner}", "###")
    return f"{MADE}# Commands\n{body}"


def help_text(of: click.Command, name: str, heading: str) -> str:
    """What `--help` says of a command."""
    with click.Context(of, info_name=name, max_content_width=100, terminal_width=100) as context:
        return f"\n{heading} {name}\n\n```\n{of.get_help(context)}\n```\n"


def kinds_page() -> str:
    """What kinds there are, and the options of each."""
    body = ""
    for group in GROUPS:
        body += f"\n## {group.capitalize()}\n"
        for name in names(group):
            kind = find(group, name)
            body += f"\n### {name}\n\n{(kind.__doc__ or '').strip()}\n"
            is_source = group == "sources"
            body += f"\n[Example and options](../sources/{name}.md)\n" if is_source else options_of(kind)
    return f"{MADE}# Kinds\n{body}"


def options_of(kind: object) -> str:
    """All that may be said of a kind: the words of each class, and its fields as a table."""
    body = ""
    for title in ("Options", "TableOptions"):
        options = getattr(kind, title, None)
        if dataclasses.is_dataclass(options):
            body += words_of(options) + options_table(TITLES[title], options) + nested_tables(options)
    return body


def words_of(options: type) -> str:
    """What the class says of its fields; nothing where it has no words of its own."""
    words = inspect.cleandoc(options.__doc__ or "")
    return "" if words.startswith(f"{options.__name__}(") else f"\n{words}\n"


def options_table(title: str, options: object) -> str:
    """Fields of an options class."""
    rows = "".join(
        f"| `{field.name.rstrip('_')}` | `{spelled(field)}` | {default(field)} |\n"
        for field in dataclasses.fields(options)  # type: ignore[arg-type]
        if field.name not in ("place", "places")
    )
    return f"\n| {title} | type | default |\n| --- | --- | --- |\n{rows}" if rows else ""


def nested_tables(options: type) -> str:
    """Fields of the classes that options are made of, each under its name in the tables of options."""
    return "".join(
        words_of(each) + options_table(f"`{each.__name__}`", each) for each in dict.fromkeys(nested(options))
    )


def nested(options: type) -> Iterator[type]:
    """The classes that options are made of, at any depth."""
    for annotation in typing.get_type_hints(options).values():
        for each in (annotation, *typing.get_args(annotation)):
            if isinstance(each, type) and dataclasses.is_dataclass(each) and each is not Place:
                yield each
                yield from nested(each)


def spelled(field: dataclasses.Field[object]) -> str:
    """A field's type without the bar that would end a table's cell."""
    return str(field.type).replace(" | ", " or ")


def default(field: dataclasses.Field[object]) -> str:
    """The default of a field as text."""
    if field.default is not dataclasses.MISSING:
        return f"`{field.default!r}`"
    return "empty" if field.default_factory is not dataclasses.MISSING else "required"


def main() -> None:
    """Write the pages, or compare them with what is there."""
    made = pages()
    stale = [path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    extra = [path for path in (DOCS / "errors").glob("*.md") if path not in made]
    if "--check" in sys.argv:
        for path in (*stale, *extra):
            print(f"{path.relative_to(DOCS.parent)} is not up to date; run `make docs`")
        sys.exit(bool(stale or extra))
    for path in extra:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
    print(f"{len(stale)} pages written, {len(made) - len(stale)} were up to date")


if __name__ == "__main__":
    main()
