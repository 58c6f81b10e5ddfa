"""Checks as they are written: one key names the kind, the others say how strict it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from mainstem.core.dataset import Check, Severity
from mainstem.core.kinds import find, names
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.project.names import file_problem
from mainstem.project.nodes import Entry, Items, Keys, Node, Text
from mainstem.project.shape import keys_of, shape


@dataclass(frozen=True, slots=True)
class CheckKeys:
    """What may stand beside the kind. `per` None: by partition where that is possible."""

    id: str | None = None
    severity: Severity = Severity.ERROR
    per: Literal["table", "partition"] | None = None


COMMON = tuple(keys_of(CheckKeys))


def read_checks(node: Node | None, time_column: str | None, problems: list[Problem]) -> tuple[Check, ...]:
    """The checks of a dataset, in order; ids are unique."""
    if node is None:
        return ()
    items = node.items if isinstance(node, Items) else (node,)
    checks = [check for item in items if (check := _read_check(item, time_column, problems))]
    seen: dict[str, Check] = {}
    for check in checks:
        if check.id in seen:
            what = f'check "{check.id}" has the id of another check, in line {seen[check.id].place.line}'
            problems.append(Problem("P036", what, "give one of them an `id:` of its own", check.place))
        seen.setdefault(check.id, check)
    return tuple(checks)


def _read_check(item: Node, time_column: str | None, problems: list[Problem]) -> Check | None:
    if isinstance(item, Text):
        item = Keys({item.value: Entry(item, Text("", item.place))}, item.place)
    if isinstance(item, Items):
        problems.append(Problem("P009", "a check is a list", "write `- not_null: [column]`", item.place))
        return None
    kind, keys = _kind(item, problems), shape(CheckKeys, item.only(*COMMON), problems)
    if kind is None:
        return None
    implementation = find("checks", kind)
    options = _options(implementation, kind, item.entries[kind].value, problems)
    if keys is None or options is None:
        return None
    name = keys.id or kind
    wrong = file_problem(name, "check", item.key_place("id")) if keys.id else None
    if wrong:
        problems.append(wrong)
        return None
    per = _per(keys.per, kind, time_column, item, problems, by_partition=implementation.BY_PARTITION)
    return Check(name, kind, options, item.place, keys.severity, per)


def _kind(item: Keys, problems: list[Problem]) -> str | None:
    """The kind that a check names, if it is one."""
    return one_kind("checks", item, COMMON, problems)


def one_kind(group: str, item: Keys, common: Collection[str], problems: list[Problem]) -> str | None:
    """The one key of `item` that is none of `common`, and names a kind of the group."""
    noun = group[:-1]
    found = [name for name in item.entries if name not in common]
    if len(found) != 1:
        listed = " and ".join(f'"{name}"' for name in found) or "none"
        what = f"a {noun} names one kind; here are {listed}" if found else f"a {noun} names one kind; here is none"
        mend = f"kinds of {noun} are: {', '.join(names(group))}; beside one of them may stand: {', '.join(common)}"
        problems.append(Problem("P036", what, mend, item.place))
        return None
    if found[0] not in names(group):
        what, mend = f'"{found[0]}" is no kind of {noun}', nearest(found[0], names(group), kind=f"kinds of {noun}")
        problems.append(Problem("P001", what, mend, item.key_place(found[0])))
        return None
    return found[0]


def _options(implementation: Any, kind: str, value: Node, problems: list[Problem]) -> Any:
    if isinstance(value, Text) and value.is_empty:
        value = Keys({}, value.place)
    if not isinstance(value, Keys):
        shorthand = implementation.SHORTHAND
        if shorthand is None:
            wanted = ", ".join(keys_of(implementation.Options))
            what = f'check "{kind}" has a bare value'
            problems.append(Problem("P009", what, f"write a mapping with the keys {wanted}", value.place))
            return None
        value = Keys({shorthand: Entry(Text(shorthand, value.place), value)}, value.place)
    return shape(implementation.Options, value, problems)


def _per(
    wanted: str | None,
    kind: str,
    time_column: str | None,
    item: Keys,
    problems: list[Problem],
    *,
    by_partition: bool,
) -> str:
    if wanted == "partition" and not (time_column and by_partition):
        _refuse_partition(kind, time_column, item.key_place("per"), problems)
    if wanted:
        return wanted
    return "partition" if time_column and by_partition else "table"


def _refuse_partition(kind: str, time_column: str | None, place: Place, problems: list[Problem]) -> None:
    if time_column:
        what = f'check "{kind}" cannot be counted by partition'
    else:
        what = "there are no partitions: the dataset has no `time_column`"
    mend = "write `per: table`" if time_column else "write `time_column:`, or `per: table`"
    problems.append(Problem("P036", what, mend, place))
