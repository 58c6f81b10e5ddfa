"""dbt's generic tests as checks: those that dbt and dbt_utils bring by name, others as the SELECT that they make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mainstem.core.place import Place
from mainstem.dataops.imports.dbt.evaluator import Evaluator
from mainstem.dataops.imports.draft import DraftCheck
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.project.nodes import Keys, Node, Text, typed
from mainstem.sql.transpile import expression_to_engine, to_engine

_SETTINGS = (
    "severity",
    "where",
    "error_if",
    "warn_if",
    "limit",
    "store_failures",
    "tags",
    "enabled",
    "fail_calc",
    "meta",
)
_OTHER = ("name", "description", "config", "arguments", "test_name")


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """A test as a YAML file has it: its name, its arguments, its settings. `column` None: it is the table's own."""

    name: str
    place: Place
    column: str | None
    arguments: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def said(self) -> str:
        """The test as people call it."""
        return f"{self.name} of {self.column}" if self.column else self.name


def read_test(node: Node, column: str | None) -> WrittenTest | None:
    """The test that a node names; None where it is none."""
    if isinstance(node, Text):
        return WrittenTest(node.value, node.place, column, {}, {})
    if not isinstance(node, Keys):
        return None
    said: dict[str, Any] = typed(node)
    name = str(said.pop("test_name", "")) or next((key for key in said if key not in _OTHER), "")
    inner = said.pop(name, None)
    written = {**said, **(inner if isinstance(inner, Mapping) else {})}
    settings = {**{key: written[key] for key in _SETTINGS if key in written}, **_mapping(written.get("config"))}
    arguments = {key: value for key, value in written.items() if key not in (*_SETTINGS, *_OTHER)}
    arguments |= _mapping(written.get("arguments"))
    return WrittenTest(name, node.place, column or _column(arguments), arguments, settings) if name else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _column(arguments: dict[str, Any]) -> str | None:
    found = arguments.pop("column_name", None)
    return None if found is None else str(found)


def check_of(test: WrittenTest, dataset: str, dialect: str, evaluator: Evaluator) -> DraftCheck:
    """The check that a test is; `NotCarriedError` where there is none. `dataset` is what it is a test of."""
    severity = "warning" if str(test.settings.get("severity", evaluator.severity)).lower() == "warn" else "error"
    for setting in ("error_if", "warn_if", "fail_calc", "limit"):
        if setting in test.settings:
            raise NotCarriedError(f'its setting "{setting}" has no counterpart', test.place.line)
    known = _KNOWN.get(test.name)
    if known is not None and "where" not in test.settings:
        kind, options = known(test, evaluator)
    else:
        kind, options = "sql", _select(test, dataset, dialect, evaluator)
    return DraftCheck(kind, options, test.said, test.place, severity)


def _select(test: WrittenTest, dataset: str, dialect: str, evaluator: Evaluator) -> str:
    """The SELECT that a test of the project's own, or of a package, makes."""
    where = test.settings.get("where")
    relation = f"(select * from {dataset} where {where}) as dbt_subquery" if where else dataset
    if where and test.name in ("not_null", "unique") and test.column:
        column = test.column
        found = f"select * from {relation} where {column} is null"
        if test.name == "unique":
            found = f"select {column} from {relation} where {column} is not null group by 1 having count(*) > 1"
    else:
        package, dot, name = test.name.rpartition(".")
        if not evaluator.has(f"{package}{dot}test_{name}"):
            raise NotCarriedError(f'the test "{test.name}" is none that the importer knows', test.place.line)
        column_name = {} if test.column is None else {"column_name": test.column}
        rendered = evaluator.call(
            f"{package}{dot}test_{name}",
            test.place.file,
            test.place.line,
            model=relation,
            **column_name,
            **{key: _rendered(value, evaluator, test) for key, value in test.arguments.items()},
        )
        found = rendered.text
    made = to_engine(found, dialect)
    if made.sql is None:
        raise NotCarriedError(made.why, test.place.line)
    return made.sql


def _rendered(value: Any, evaluator: Evaluator, test: WrittenTest) -> Any:
    """An argument; `ref('x')` in it is the dataset."""
    if isinstance(value, str) and re.match(r"\s*(ref|source)\(", value):
        return evaluator.render(f"{{{{ {value} }}}}", test.place.file, test.place.line).text
    if isinstance(value, str) and "{{" in value:
        return evaluator.render(value, test.place.file, test.place.line).text
    return value


def _of_column(test: WrittenTest) -> str:
    if test.column is None:
        raise NotCarriedError(f'the test "{test.name}" names no column', test.place.line)
    return _name(test.column)


def _name(column: str) -> str:
    name = column.strip().strip('"`')
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise NotCarriedError(f'"{column}" is an expression and no column')
    return name


def _columns(kind: str) -> Callable[[WrittenTest, Evaluator], tuple[str, Any]]:
    def check(test: WrittenTest, _: Evaluator) -> tuple[str, Any]:
        return kind, [_of_column(test)]

    return check


def _accepted(test: WrittenTest, _: Evaluator) -> tuple[str, Any]:
    values = [_value(each) for each in test.arguments.get("values") or ()]
    return "accepted_values", {"column": _of_column(test), "values": values}


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _relationships(test: WrittenTest, evaluator: Evaluator) -> tuple[str, Any]:
    to, field = test.arguments.get("to"), test.arguments.get("field")
    if to is None or field is None:
        raise NotCarriedError('"to" or "field" is missing', test.place.line)
    column, named = _of_column(test), _name(str(field))
    options = {"column": column, "to": _rendered(str(to), evaluator, test).strip()}
    return "relationships", options if named == column else {**options, "field": named}


def _combination(test: WrittenTest, _: Evaluator) -> tuple[str, Any]:
    return "unique", [_name(str(each)) for each in test.arguments.get("combination_of_columns") or ()]


def _expression(test: WrittenTest, evaluator: Evaluator) -> tuple[str, Any]:
    said = str(_rendered(test.arguments.get("expression", ""), evaluator, test))
    written = expression_to_engine(f"{test.column} {said}" if test.column else said, evaluator.dialect)
    if written is None:
        raise NotCarriedError("its expression cannot be read", test.place.line)
    return "expression", written


def _range(test: WrittenTest, _: Evaluator) -> tuple[str, Any]:
    bounds = {key: test.arguments.get(f"{key}_value") for key in ("min", "max")}
    if test.arguments.get("inclusive") is False or any(isinstance(each, str) for each in bounds.values()):
        raise NotCarriedError("its bounds are expressions, or not included", test.place.line)
    return "range", {"column": _of_column(test), **{key: _value(v) for key, v in bounds.items() if v is not None}}


def _share(test: WrittenTest, _: Evaluator) -> tuple[str, Any]:
    return "not_null", {"columns": [_of_column(test)], "at_least": str(test.arguments.get("at_least", 1))}


def _matches(test: WrittenTest, _: Evaluator) -> tuple[str, Any]:
    return "matches", {"column": _of_column(test), "pattern": f"(?s).*(?:{test.arguments.get('regex', '')}).*"}


_KNOWN: Mapping[str, Callable[[WrittenTest, Evaluator], tuple[str, Any]]] = {
    "not_null": _columns("not_null"),
    "unique": _columns("unique"),
    "accepted_values": _accepted,
    "relationships": _relationships,
    "dbt_utils.unique_combination_of_columns": _combination,
    "dbt_utils.expression_is_true": _expression,
    "dbt_utils.accepted_range": _range,
    "dbt_utils.not_null_proportion": _share,
    "dbt_expectations.expect_column_values_to_not_be_null": _columns("not_null"),
    "dbt_expectations.expect_column_values_to_be_unique": _columns("unique"),
    "dbt_expectations.expect_column_values_to_match_regex": _matches,
    "dbt_expectations.expect_column_values_to_be_between": _range,
}
