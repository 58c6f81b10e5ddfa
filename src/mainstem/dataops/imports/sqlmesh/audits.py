"""SQLMesh's audits as checks: those that it brings by name, the project's own as the SELECT that they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from mainstem.core.place import Place
from mainstem.dataops.imports.draft import DraftCheck
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.dataops.imports.sqlmesh.header import Block, called, entries, items, plain
from mainstem.dataops.imports.sqlmesh.macros import BOUNDS, resolved, shown
from mainstem.sql.transpile import Change, expression_to_engine, to_engine

_SOFT = "_non_blocking"


def checks_of(
    text: str, dataset: str, place: Place, dialect: str, own: Mapping[str, Block], change: Change
) -> list[DraftCheck | NotCarriedError]:
    """What `audits (...)` of a model is, each as a check or as the reason why it is none."""
    found: list[DraftCheck | NotCarriedError] = []
    for item in items(text):
        name, arguments = called(item)
        try:
            found += _checks(name, entries(arguments), dataset, place, dialect, own, change)
        except NotCarriedError as error:
            found.append(NotCarriedError(f"{name}: {error.why}", place.line, place.file))
    return found


def _checks(
    name: str,
    arguments: dict[str, str],
    dataset: str,
    place: Place,
    dialect: str,
    own: Mapping[str, Block],
    change: Change,
) -> list[DraftCheck]:
    soft = name.endswith(_SOFT) or arguments.pop("blocking", "true").lower() == "false"
    severity = "warning" if soft else "error"
    if arguments.pop("condition", None) is not None:
        raise NotCarriedError('its "condition" has no counterpart')
    if name in own:
        return [_own(own[name], name, arguments, dataset, place, dialect, change, severity)]
    known = _KNOWN.get(name.removesuffix(_SOFT))
    if known is None:
        raise NotCarriedError("no audit of the project or of SQLMesh that the importer knows")
    return [DraftCheck(kind, options, name, place, severity) for kind, options in known(arguments, dialect)]


def _own(
    block: Block,
    name: str,
    arguments: Mapping[str, str],
    dataset: str,
    place: Place,
    dialect: str,
    change: Change,
    severity: str,
) -> DraftCheck:
    """An audit of the project's own, for one model."""
    given = {**entries(block.keys.get("defaults", "")), **arguments}
    if not block.statements:
        raise NotCarriedError("it has no SELECT")
    text = block.statements[-1]
    if re.search(r"\{[{%]", text):
        raise NotCarriedError("its SELECT is written in Jinja")
    for key, value in given.items():
        text = re.sub(rf"@{key}\b", lambda _, value=value: value, text, flags=re.IGNORECASE)  # type: ignore[misc]
    bounded = Change(change.columns, change.tables, BOUNDS)
    made = to_engine(resolved(text, {}, dataset), plain(block.keys.get("dialect", dialect)), bounded)
    if made.sql is None:
        raise NotCarriedError(shown(made.why))
    severity = "warning" if block.keys.get("blocking", "true").lower() == "false" else severity
    return DraftCheck("sql", made.sql, name, place, severity)


Found = list[tuple[str, Any]]


def _columns(arguments: Mapping[str, str]) -> list[str]:
    said = arguments.get("columns") or arguments.get("column")
    if not said:
        raise NotCarriedError("it names no column")
    return [_column(item) for item in items(said)]


def _column(text: str) -> str:
    name = plain(text)
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise NotCarriedError(f'"{text}" is an expression and no column')
    return name


def _not_null(arguments: Mapping[str, str], _: str) -> Found:
    return [("not_null", [column]) for column in _columns(arguments)]


def _unique(arguments: Mapping[str, str], _: str) -> Found:
    return [("unique", [column]) for column in _columns(arguments)]


def _combination(arguments: Mapping[str, str], _: str) -> Found:
    return [("unique", _columns(arguments))]


def _accepted(arguments: Mapping[str, str], _: str) -> Found:
    values = [plain(each) for each in items(arguments.get("is_in", ""))]
    return [("accepted_values", {"column": _columns(arguments)[0], "values": values})]


def _rows(arguments: Mapping[str, str], _: str) -> Found:
    threshold = arguments.get("threshold", "")
    if not threshold.isdigit():
        raise NotCarriedError("its threshold is no number")
    return [("row_count", {"at_least": int(threshold) + 1})]


def _forall(arguments: Mapping[str, str], dialect: str) -> Found:
    written = [expression_to_engine(each, dialect) for each in items(arguments.get("criteria", ""))]
    if not written or None in written:
        raise NotCarriedError("its criteria cannot be read")
    return [("expression", each) for each in written]


def _range(arguments: Mapping[str, str], _: str) -> Found:
    if arguments.get("inclusive", "true").lower() != "true":
        raise NotCarriedError("its bounds are not included")
    bounds = {key: plain(arguments[f"{key}_v"]) for key in ("min", "max") if f"{key}_v" in arguments}
    return [("range", {"column": _columns(arguments)[0], **bounds})]


def _proportion(arguments: Mapping[str, str], _: str) -> Found:
    return [("not_null", {"columns": _columns(arguments)[:1], "at_least": arguments.get("threshold", "1")})]


_KNOWN: Mapping[str, Callable[[Mapping[str, str], str], Found]] = {
    "not_null": _not_null,
    "unique_values": _unique,
    "unique_combination_of_columns": _combination,
    "accepted_values": _accepted,
    "number_of_rows": _rows,
    "forall": _forall,
    "accepted_range": _range,
    "not_null_proportion": _proportion,
}
