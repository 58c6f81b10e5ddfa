"""Columns that a load goes by: whether the contract has them, and whether their types can play the part."""

from __future__ import annotations

import re

from mainstem.core.problem import Problem, nearest
from mainstem.project.nodes import Keys, Node, Text, texts
from mainstem.project.scalars import DURATION
from mainstem.sql.types import INTEGERS, SECOND_DIGITS, Type, parse_type

_ROLES = ("cursor", "key", "time_column", "revision", "deleted", "effective")
_POINTS = frozenset({"DATE", *SECOND_DIGITS})
_UNORDERED = frozenset({"BOOLEAN", "JSON", "LIST", "STRUCT", "MAP"})
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def check_roles(keys: Keys, problems: list[Problem]) -> None:
    """P034 for a column that a declared contract does not have, or a key that names one twice; P035, I021, I024 and
    I025 for one whose declared type cannot order rows, say what is deleted or since when, or be looked back from."""
    _check_names(keys, problems)
    for role, reason in (("cursor", _unordered), ("revision", _unordered), ("deleted", _mute), ("effective", _no_time)):
        node, type_ = _declared(keys, role)
        if node is not None and type_ is not None and (wrong := reason(role, node.value, type_)):
            problems.append(Problem(*wrong, node.place))
    _check_lookback(keys, problems)


def _check_names(keys: Keys, problems: list[Problem]) -> None:
    named = list(texts(keys.get("key")))
    for number, node in enumerate(named):
        if node.value in [earlier.value for earlier in named[:number]]:
            problems.append(Problem("P034", f'key names "{node.value}" twice', "name it once", node.place))
    contract = keys.get("columns")
    if not isinstance(contract, Keys):
        return
    known = list(contract.entries)
    for role in _ROLES:
        for node in texts(keys.get(role)):
            if node.value not in known:
                what = f'{role} "{node.value}" is not a column of the contract'
                problems.append(Problem("P034", what, nearest(node.value, known, kind="columns"), node.place))


def _declared(keys: Keys, role: str) -> tuple[Text | None, Type | None]:
    """The text that names the column of a role, and the type that the contract gives it."""
    node, contract = keys.get(role), keys.get("columns")
    if not isinstance(node, Text) or not isinstance(contract, Keys) or node.value not in contract.entries:
        return None, None
    column: Node | None = contract.entries[node.value].value
    said = column.get("type") if isinstance(column, Keys) else column
    return node, parse_type(said.value) if isinstance(said, Text) and said.value else None


def _unordered(role: str, column: str, type_: Type) -> tuple[str, str, str] | None:
    if type_.name not in _UNORDERED:
        return None
    what = f'{role} "{column}" is of type {type_.text.upper()}, whose values have no order'
    return "P035", what, "name a column that grows with each change: a number, a date or an instant"


def _mute(role: str, column: str, type_: Type) -> tuple[str, str, str] | None:
    if type_.name in {"BOOLEAN", *INTEGERS, *_POINTS}:
        return None
    what = f'{role} "{column}" is of type {type_.text.upper()}, which cannot say what is deleted'
    return "I021", what, "declare it as boolean, a whole number (0: not deleted) or an instant"


def _no_time(role: str, column: str, type_: Type) -> tuple[str, str, str] | None:
    if type_.name in _POINTS:
        return None
    what = f'{role} "{column}" is of type {type_.text.upper()}, which is no time since when a row holds'
    return "I024", what, "name a column that is a date or an instant, or declare it as one"


def _check_lookback(keys: Keys, problems: list[Problem]) -> None:
    node, (cursor, type_) = keys.get("lookback"), _declared(keys, "cursor")
    if not isinstance(node, Text) or cursor is None or type_ is None:
        return
    is_length, is_number = DURATION.fullmatch(node.value), _NUMBER.fullmatch(node.value)
    if (is_length and type_.is_number) or (is_number and type_.name in _POINTS):
        what = f'lookback "{node.value}" cannot be taken from cursor "{cursor.value}", a {type_.text.upper()}'
        mend = "write a number such as 1000" if is_length else "write a length of time such as 3d"
        problems.append(Problem("I025", what, mend, node.place))
