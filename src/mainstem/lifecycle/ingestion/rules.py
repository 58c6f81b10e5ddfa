"""The contract's rules as SQL: what is wrong with a row, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mainstem.core.dataset import Column
from mainstem.core.ports import Session
from mainstem.core.problem import Problem, WorldError, raise_all
from mainstem.lifecycle.ingestion.target import Target
from mainstem.sql.quote import literal

_SHOWN_CHARACTERS = 60


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
    limited = [(target, target.column) for target in targets if target.column is not None]
    asked = [(column, words, sql) for target, column in limited for words, sql in _constants(column, target)]
    problems = []
    if asked:
        (found,) = session.rows("select " + ", ".join(sql for _, _, sql in asked))
        mend = "write a value of the column's type"
        problems = [_impossible(each[0], each[1], mend) for each, fits in zip(asked, found, strict=True) if not fits]
    for _, column in limited:
        if column.matches is not None and not _compiles(session, column.matches):
            problems.append(_impossible(column, f'matches "{column.matches}"', "write a regular expression (RE2)"))
    raise_all(problems)


def _constants(column: Column, target: Target) -> Iterator[tuple[str, str]]:
    """Each limit in words, with SQL that is true if it can be compared with the column's values."""
    for name, text in (
        ("min", column.min),
        ("max", column.max),
        *(("accepted", text) for text in column.accepted or ()),
    ):
        if text is not None:
            yield f'{name} "{text}"', f"try_cast({literal(text)} as {target.type.text}) is not null"


def _compiles(session: Session, expression: str) -> bool:
    try:
        session.rows(f"select regexp_full_match('', {literal(expression)})")
    except WorldError:
        return False
    return True


def _impossible(column: Column, words: str, mend: str) -> Problem:
    return Problem("I004", f'{words} of column "{column.name}" does not fit the column', mend, column.place)
