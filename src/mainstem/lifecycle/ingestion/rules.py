"""The contract's rules as SQL: what is wrong with a row, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.core.dataset import Column
from mainstem.core.ports import Session
from mainstem.core.problem import Problem, WorldError, raise_all
from mainstem.lifecycle.ingestion.casts import cast
from mainstem.lifecycle.ingestion.target import Target
from mainstem.sql.quote import literal
from mainstem.sql.types import Type, parse_type

_SHOWN_CHARACTERS = 60
_TEXT = parse_type("VARCHAR")


@dataclass(frozen=True, slots=True)
class Fault:
    """`condition` is SQL that is true for a row that breaks the rule (false or NULL for others); `words` is SQL that
    says how."""

    condition: str
    words: str


def shown(text: str, *, is_number: bool = False) -> str:
    """SQL that shows a value: numbers bare, anything else in double quotes, long ones cut."""
    plain = f"cast({text} as varchar)"
    if is_number:
        return plain
    long = f"length({plain}) > {_SHOWN_CHARACTERS}"
    return f"'\"' || case when {long} then left({plain}, {_SHOWN_CHARACTERS}) || '…' else {plain} end || '\"'"


def faults(
    target: Target, misfit: str | None, raw: str, value: str, *, is_needed: bool, known: str | None = None
) -> Iterator[Fault]:
    """What may be wrong with one column. `misfit` is true where the raw value does not fit the type; `raw` and
    `value` are SQL; `is_needed`: it may not be NULL whatever the contract says (a key, a cursor); `known` is a
    SELECT of the values that the column may refer to, None for any."""
    column, name = target.column, target.name
    if misfit:
        article = "an" if target.type.text[0] in "AEIO" else "a"
        yield _fault(misfit, name, shown(raw), f" is not {article} {target.type.text}")
    if is_needed or (column and column.required):
        missing = f"({value} is null and not {misfit})" if misfit else f"({value} is null)"
        yield Fault(missing, literal(f"{name}: is missing"))
    if column is None:
        return
    show = shown(raw, is_number=target.type.is_number)
    if column.min is not None or column.max is not None:
        yield _fault(_outside(target, value), name, show, _bounds(column))
    if column.accepted is not None:
        listed = ", ".join(_constant(text, target) for text in column.accepted) or "null"
        inside = f"{value} in ({listed})" if column.accepted else "false"
        words = f" is not one of {', '.join(column.accepted)}"
        yield _fault(f"({value} is not null and not {inside})", name, show, words)
    if column.matches is not None:
        match = f"regexp_full_match(cast({value} as varchar), {literal(column.matches)})"
        yield _fault(f"not {match}", name, show, f" does not match {column.matches}")
    if known is not None and column.refers_to is not None:
        among = f"select try_cast(known as {target.type.text}) as known from ({known}) where known is not null"
        unknown = f"({value} is not null and {value} not in ({among}))"
        yield _fault(unknown, name, show, f" is not in {column.refers_to[0]}")


def _fault(condition: str, name: str, show: str, words: str) -> Fault:
    return Fault(condition, f"{literal(f'{name}: ')} || {show} || {literal(words)}")


def _constant(text: str, target: Target) -> str:
    return f"cast({literal(text)} as {target.type.text})"


def _outside(target: Target, value: str) -> str:
    assert target.column is not None
    low, high = target.column.min, target.column.max
    parts = [f"{value} < {_constant(low, target)}"] if low is not None else []
    parts += [f"{value} > {_constant(high, target)}"] if high is not None else []
    return f"({' or '.join(parts)})"


def _bounds(column: Column) -> str:
    if column.min is not None and column.max is not None:
        return f" is not between {column.min} and {column.max}"
    return f" is less than {column.min}" if column.min is not None else f" is more than {column.max}"


def refuse_impossible(session: Session, targets: Sequence[Target]) -> None:
    """ProjectError I004 for each limit of the contract that is no value of its column's type, or no expression."""
    raise_all(impossible(session, targets))


def impossible(session: Session, targets: Sequence[Target]) -> list[Problem]:
    """I004 for each limit that is no value of its column's type as it is written, or no expression, where it stands."""
    limits = [limit for target in targets if target.column is not None for limit in _limits(target.column, target.type)]
    asked = [limit for limit in limits if limit.misfit is not None]
    found: tuple[Any, ...] = ()
    if asked:
        (found,) = session.rows("select " + ", ".join(str(limit.misfit) for limit in asked))
    problems = [limit.problem for limit, is_wrong in zip(asked, found, strict=True) if is_wrong]
    for target in targets:
        column = target.column
        if column is not None and column.matches is not None and (reason := _complaint(session, column.matches)):
            what = f'matches "{column.matches}" of column "{column.name}" is no regular expression: {reason}'
            place = column.places.get("matches", column.place)
            problems.append(Problem("I004", what, "write a regular expression (RE2)", place))
    return problems


@dataclass(frozen=True, slots=True)
class _Limit:
    """A value that a column is compared with. `misfit` is SQL that is true where it is none of the column's type, None
    where every text is one."""

    problem: Problem
    misfit: str | None


def _limits(column: Column, type_: Type) -> Iterator[_Limit]:
    accepted = ((f"accepted:{number}", text) for number, text in enumerate(column.accepted or ()))
    for key, text in (("min", column.min), ("max", column.max), *accepted):
        if text is None:
            continue
        name = key.partition(":")[0]
        what = f'{name} "{text}" of column "{column.name}" is no {type_.text.upper()}'
        place = column.places.get(key) or column.places.get(name, column.place)
        yield _Limit(Problem("I004", what, "write a value of the column's type", place), _misfit(text, type_))


def _misfit(text: str, type_: Type) -> str | None:
    raw = literal(text)
    prepared = f"({cast(_TEXT, type_, raw, raw, raw).prepared})"
    value = f"({cast(_TEXT, type_, raw, prepared, raw).value})"
    return cast(_TEXT, type_, raw, prepared, value).misfit


def _complaint(session: Session, expression: str) -> str | None:
    """What the engine says of a regular expression; None where it takes it."""
    try:
        session.rows(f"select regexp_full_match('', {literal(expression)})")
    except WorldError as error:
        return error.problems[0].what.rpartition("Error: ")[2]
    return None
