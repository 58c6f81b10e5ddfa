"""The files of a project, as a draft says them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mainstem.core.place import Place
from mainstem.dataops.imports.draft import Draft, DraftCheck, DraftModel, DraftTable, DraftTest, Person, Row, Use
from mainstem.dataops.imports.yaml_text import lines_of, scalar
from mainstem.sql.transpile import without_comments

SETTINGS = "mainstem.yml"


@dataclass(frozen=True, slots=True)
class Part:
    """What lines of a file stand for in a dataset: a note on a column, or checks by their numbers.

    `lines` count from 1; `place` is that of the dataset in the old project.
    """

    dataset: str
    place: Place
    lines: range
    column: str | None = None
    checks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written. `datasets` are those that it makes, `test` is the one it holds; `parts` tell what its lines
    are."""

    path: str
    content: bytes
    datasets: tuple[str, ...] = ()
    parts: tuple[Part, ...] = field(default=())
    test: str | None = None


def files_of(draft: Draft) -> tuple[File, ...]:
    """Every file of the project, in the order of their paths."""
    files = [_settings(draft), File(".gitignore", b"lake/\n.mainstem/\n"), *_sources(draft.tables)]
    files += [file for model in draft.models for file in _model(model)]
    files += [File(f"requirements/stakeholders/{each.id}.md", _person(each)) for each in draft.people]
    files += [_test(each) for each in draft.tests]
    files += [file for use in draft.uses for file in _use(use)]
    return tuple(sorted(files, key=lambda file: file.path))


def _settings(draft: Draft) -> File:
    keys = {"name": draft.project, "timezone": "UTC", "lake": "lake/"}
    return File(SETTINGS, _text(["# Brought over from another tool.", *lines_of(keys)]))


def _text(lines: Sequence[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def model_path(name: str, ending: str = ".sql") -> str:
    """The file of a model: `models/marts/x.sql` for `marts.x`, `models/x.sql` for `main.x`."""
    schema, _, table = name.partition(".")
    return f"models/{table}{ending}" if schema == "main" else f"models/{schema}/{table}{ending}"


def _model(model: DraftModel) -> Iterator[File]:
    keys = {
        "description": model.description.replace("*/", "* /"),
        "kind": None if model.kind == "table" else model.kind,
        "owner": model.owner,
        "key": list(model.key),
        "time_column": model.time_column,
        "tags": list(model.tags),
    }
    if model.content is None:
        head, parts = _headed(model, keys, first_line=2)
        lines = ["/* ---", *head, "--- */"] if head else []
        yield File(model_path(model.name), _text([*lines, model.sql]), (model.name,), parts)
        return
    yield File(model_path(model.name, ".csv"), model.content, (model.name,))
    lines, parts = _headed(model, keys, first_line=1)
    if lines:
        yield File(model_path(model.name, ".yml"), _text(lines), (model.name,), parts)


def _headed(
    dataset: DraftModel | DraftTable, keys: Mapping[str, Any], first_line: int, indent: int = 0
) -> tuple[list[str], tuple[Part, ...]]:
    """The lines of a dataset's keys, columns and checks, and what they stand for."""
    pad, lines = " " * indent, [*lines_of(keys, indent)]

    def part(begin: int, count: int) -> Part:
        return Part(dataset.name, dataset.place, range(begin, begin + count))

    parts: list[Part] = []

    if dataset.columns:
        lines.append(f"{pad}columns:")
        for name, said in dataset.columns.items():
            is_long = any("\n" in str(each) for each in said.values())
            row = [*lines_of({name: said}, indent + 2)] if is_long else [f"{pad}  {name}: {scalar(said)}"]
            parts.append(replace(part(first_line + len(lines), len(row)), column=name))
            lines += row if said else [f"{pad}  {name}:"]
    if dataset.checks:
        lines.append(f"{pad}checks:")
        for numbers, written in joined(dataset.checks):
            item = list(lines_of(written, indent + 4))
            parts.append(replace(part(first_line + len(lines), len(item)), checks=numbers))
            lines += [f"{pad}  - {item[0].strip()}", *item[1:]]
    return lines, tuple(parts)


def joined(checks: Sequence[DraftCheck]) -> Iterator[tuple[tuple[int, ...], Mapping[str, Any]]]:
    """The checks as they are written, each with the numbers of those that it stands for.

    Columns that must have a value share one check; a second check of a kind gets an id of its own.
    """
    groups: dict[tuple[Any, ...], list[int]] = {}
    for number, check in enumerate(checks):
        can_join = check.kind == "not_null" and isinstance(check.options, list) and not check.alone
        groups.setdefault(("not_null", check.severity) if can_join else (number,), []).append(number)
    ids: set[str] = set()
    for numbers in groups.values():
        first = checks[numbers[0]]
        options = [each for number in numbers for each in checks[number].options] if len(numbers) > 1 else first.options
        if isinstance(options, list):
            options = list(dict.fromkeys(options))
        elif first.kind == "sql" and "*/" in options:  # it would end the comment that the head is
            options = without_comments(options)
        written: dict[str, Any] = {first.kind: options}
        name = _id(first, ids)
        ids.add(name)
        if name != first.kind:
            written["id"] = name
        if first.kind == "row_count":  # a day without rows is none that has too few
            written["per"] = "table"
        if first.severity != "error":
            written["severity"] = first.severity
        yield tuple(numbers), written


def _id(check: DraftCheck, taken: set[str]) -> str:
    if check.kind not in taken and check.kind != "sql":
        return check.kind
    options = check.options
    of = (
        options.get("column", "")
        if isinstance(options, Mapping)
        else "-".join(options)
        if isinstance(options, list)
        else ""
    )
    plain = "".join(
        sign if sign.isalnum() else "-" for sign in (check.name if check.kind == "sql" else f"{check.kind}-{of}")
    )
    base = "-".join(filter(None, plain.lower().split("-")))[:58]
    return next(name for number in range(1, 1000) if (name := base if number == 1 else f"{base}-{number}") not in taken)


def _sources(tables: Sequence[DraftTable]) -> Iterator[File]:
    """A file for each source."""
    for schema in dict.fromkeys(table.name.partition(".")[0] for table in tables):
        yield _source(schema, [table for table in tables if table.name.startswith(f"{schema}.")])


def _source(schema: str, tables: Sequence[DraftTable]) -> File:
    lines = [
        "# A draft: say where these tables come from. As files below the folder `path`, one for each table; or",
        f"# from their database: `kind: postgres`, `url: ${{{schema.upper()}_URL}}`, and no `path` at the tables.",
        "kind: files",
        f"path: inbox/{schema}",
        "tables:",
    ]
    parts: list[Part] = []
    for table in tables:
        plain = table.name.partition(".")[2]
        lines.append(f"  {plain}:")
        keys = {"description": table.description, "path": f"{plain}.csv", "tags": list(table.tags)}
        more, found = _headed(table, keys, len(lines) + 1, indent=4)
        lines += more
        parts += found
    return File(f"sources/{schema}.yml", _text(lines), tuple(table.name for table in tables), tuple(parts))


def _test(test: DraftTest) -> File:
    keys = {"description": test.description, "model": test.model, "cte": test.cte, "now": test.now}
    lines = [f"{test.name}:", *lines_of(keys, 2)]
    if test.given:
        lines.append("  given:")
    for dataset, rows in test.given.items():
        lines += _rows(f"    {dataset}:", rows)
    return File(f"tests/{test.name}.yml", _text([*lines, *_rows("  expect:", test.expect)]), test=test.name)


def _rows(key: str, rows: Sequence[Row]) -> list[str]:
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return [key, *(f"{indent}- {scalar(row)}" for row in rows)] if rows else [f"{key} []"]


def _person(person: Person) -> bytes:
    keys = {
        "kind": "stakeholder",
        "id": person.id,
        "title": person.title,
        "side": person.side,
        "contact": person.contact,
    }
    return _text(["---", *lines_of(keys), "---"])


def _use(use: Use) -> Iterator[File]:
    """A need, a requirement that is still to be said exactly, and for a dashboard a page."""
    need = {"kind": "need", "id": f"use-{use.id}", "title": f"Use {use.title}", "stakeholder": use.person}
    words = [use.description, f"Seen at {use.url}" if use.url else ""]
    text = [line for word in words if word for line in ("", *word.strip().split("\n"))]
    yield File(f"requirements/needs/use-{use.id}.md", _text(["---", *lines_of(need), "---", *text]))
    outputs = [f"dashboards/{use.id}"] if use.is_dashboard and use.reads else []
    if use.reads:
        requirement = {
            "kind": "requirement",
            "id": f"data-of-{use.id}",
            "title": f"{use.title} has its data",
            "needs": [f"use-{use.id}"],
            "class": "functional",
            "priority": "should",
            "statement": f"The project shall provide the data that {use.title} shows.",
            "binds": [*outputs, *use.reads],
        }
        after = ["A draft: say what is promised, with an objective or proofs, then let both sides agree."]
        yield File(f"requirements/data-of-{use.id}.md", _text(["---", *lines_of(requirement), "---", *after]))
    if outputs:
        head = {"title": use.title, "owner": use.person, "needs": [f"use-{use.id}"]}
        blocks = [line for name in use.reads for line in _block(name)]
        yield File(f"serving/dashboards/{use.id}.md", _text(["---", *lines_of(head), "---", *text, *blocks]))


def _block(name: str) -> tuple[str, ...]:
    """A table of a page."""
    return ("", f"```sql name={name.partition('.')[2]}", f"select * from {name} limit 100", "```")
