"""dbt's sources and seeds as tables of sources: what is said of columns becomes the contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mainstem.dataops.imports.dbt.evaluator import Evaluator
from mainstem.dataops.imports.dbt.generic_tests import WrittenTest, check_of, read_test
from mainstem.dataops.imports.dbt.properties import Described
from mainstem.dataops.imports.draft import DraftCheck, DraftTable, LeftOut
from mainstem.dataops.imports.naming import plain_name, sensitive
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.project.nodes import Text
from mainstem.sql.transpile import type_to_engine


@dataclass(frozen=True, slots=True)
class Tested:
    """What the tests of something became."""

    checks: tuple[DraftCheck, ...]
    left_out: tuple[LeftOut, ...]
    count: int


def tests_of(described: Described, dataset: str, evaluator: Evaluator) -> Tested:
    """The tests of a model, seed or table, and of its columns."""
    checks: list[DraftCheck] = []
    left_out: list[LeftOut] = []
    written = list(_written(described))
    for test in written:
        try:
            checks.append(check_of(test, dataset, evaluator.dialect, evaluator))
        except NotCarriedError as error:
            left_out.append(LeftOut("test", f"{test.said} ({described.name})", test.place, error.why))
    return Tested(tuple(checks), tuple(left_out), len(written))


def _written(described: Described) -> Iterator[WrittenTest]:
    for each, column in ((described, None), *((each, name) for name, each in described.columns.items())):
        for node in each.tests():
            test = read_test(node, column)
            if test is not None and test.settings.get("enabled", True) is True:
                yield test


def count_tests(described: Described) -> int:
    """How many tests there are of something and its columns."""
    return sum(1 for _ in _written(described))


def notes(described: Described) -> dict[str, dict[str, Any]]:
    """What is said of the columns of a model: descriptions, and tags that mark sensitive values."""
    found: dict[str, dict[str, Any]] = {}
    for name, column in described.columns.items():
        flags = [key for key, value in column.meta.items() if value is True]
        tags = sensitive([*column.tags, *(flag.removeprefix("contains_").removeprefix("is_") for flag in flags)])
        said = {"description": column.description, "tags": list(tags)}
        if any(said.values()):
            found[name] = {key: value for key, value in said.items() if value}
    return found


def columns_of(described: Described, dialect: str, types: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """Columns with their types and what is said of them; `types` are those that are said elsewhere."""
    noted, columns = notes(described), dict[str, dict[str, Any]]()
    for column in (*described.columns, *(each for each in types or () if each not in described.columns)):
        said = _type(described, column, types, dialect)
        plain = plain_name(column)
        columns[plain] = {**({"type": said} if said else {}), **noted.get(column, {})}
        if plain != column:
            columns[plain]["original"] = column
    return columns


def table(described: Described, name: str, evaluator: Evaluator) -> tuple[DraftTable, Tested]:
    """A table of a source with its contract."""
    tested = tests_of(described, name, evaluator)
    columns = columns_of(described, evaluator.dialect)
    kept = tuple(check for check in tested.checks if not _promised(check, columns))
    made = DraftTable(
        name, described.name, described.place, description=described.description, columns=columns, checks=kept
    )
    return made, tested


def _type(described: Described, column: str, types: Mapping[str, str] | None, dialect: str) -> str | None:
    of = described.columns.get(column)
    node = of.node.get("data_type") if of else None
    said = (types or {}).get(column) or (node.value if isinstance(node, Text) else None)
    return type_to_engine(str(said), dialect) if said else None


def _promised(check: DraftCheck, columns: dict[str, dict[str, Any]]) -> bool:
    """Whether a check is one that the contract of a column holds; then it stands there."""
    options = check.options
    if check.severity != "error":
        return False
    if check.kind in ("not_null", "unique") and isinstance(options, list) and len(options) == 1:
        word: dict[str, Any] = {"required" if check.kind == "not_null" else "unique": "true"}
        column = options[0]
    elif check.kind == "accepted_values":
        word, column = {"accepted": options["values"]}, options["column"]
    else:
        return False
    columns.setdefault(plain_name(column), {}).update(word)
    return True
