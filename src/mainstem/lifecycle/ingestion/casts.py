"""From a value as read to the contract's type: exactly, or not at all.

The engine's own casts round (`'5.7'` becomes the integer 6), cut (`'2013-12-01 05:00'` becomes a DATE) and drop
(`'...+02:00'` becomes a TIMESTAMP without its offset). Here a value that its cast would change does not fit.
"""

from __future__ import annotations

from dataclasses import dataclass

from mainstem.lifecycle.ingestion import nested
from mainstem.sql.quote import literal
from mainstem.sql.types import INSTANT, INTEGERS, SECOND_DIGITS, SIGNED, Type

_MOST_DIGITS = 38
_DOUBLE_DIGITS = 15
_OFFSET = r":[0-9.]+\s*[+-][0-9]{2}(:?[0-9]{2})?\s*$"
_NO_OFFSET = r"[+-]00(:?00)?\s*$"
_EXACT = frozenset({("FLOAT", "DOUBLE"), ("DATE", "TIMESTAMP"), *((whole, "DOUBLE") for whole in SIGNED[:3])})


@dataclass(frozen=True, slots=True)
class Cast:
    """How a raw value becomes a value of the type wanted, in three expressions of SQL.

    `prepared` is made of the raw value, `value` of the prepared one: NULL where it does not fit. `misfit` is true
    there, and None where every value fits; it is made of all three.
    """

    prepared: str
    value: str
    misfit: str | None


def cast(source: Type, target: Type, raw: str, prepared: str, value: str) -> Cast:
    """The cast from one type to the other; `raw`, `prepared` and `value` are the names of the three values."""
    if source.text == target.text or _is_exact(source, target):
        same = source.text == target.text
        return Cast(raw, prepared if same else f"cast({prepared} as {target.text})", None)
    if target.name == "VARCHAR":
        return _to_text(source, raw, prepared, value)
    text = _as_text(source, raw, is_json=target.is_nested)
    if target.is_nested:
        wrong = f"({nested.misfit(text, prepared, target, _leaf_misfit)} or {_is_lost(prepared, value)})"
        return Cast(nested.shaped(text, target), f"try_cast({prepared} as {target.text})", wrong)
    return Cast(text, f"try_cast({prepared} as {target.text})", _misfit(prepared, value, target))


def loses_digits(target: Type, text: str, value: str) -> str | None:
    """SQL that is true where a number, written as a text, has more digits than its value gives back; None where it
    never does. A contract may ask for that; nobody should get it from a type that the values suggest."""
    if target.name != "DOUBLE":
        return None
    digits = f"length(regexp_replace({text}, '[eE].*|[^0-9]', '', 'g')) > {_DOUBLE_DIGITS}"
    changed = f"cast({value} as varchar) is distinct from {text}"
    return f"case when length({text}) > {_DOUBLE_DIGITS} then {digits} and {changed} else false end"


def _is_exact(source: Type, target: Type) -> bool:
    if source.name in SIGNED and target.name in SIGNED:
        return SIGNED.index(source.name) < SIGNED.index(target.name)
    return (source.name, target.name) in _EXACT


def _as_text(source: Type, raw: str, *, is_json: bool) -> str:
    if source.name == "VARCHAR":
        return raw
    if source.is_nested or (is_json and source.name != "JSON"):
        return f"cast(to_json({raw}) as varchar)"
    return f"cast({raw} as varchar)"


def _to_text(source: Type, raw: str, prepared: str, value: str) -> Cast:
    if source.name == "BLOB":
        return Cast(raw, f"try(decode({prepared}))", _is_lost(prepared, value))
    return Cast(_as_text(source, raw, is_json=False), prepared, None)


def _is_lost(text: str, value: str) -> str:
    return f"({text} is not null and {value} is null)"


def _misfit(text: str, value: str, target: Type) -> str:
    lossy = _lossy(text, value, target)
    return f"({_is_lost(text, value)} or coalesce({lossy}, false))" if lossy else _is_lost(text, value)


def _leaf_misfit(text: str, target: Type) -> str | None:
    if target.name in {"VARCHAR", "JSON"}:
        return None
    return _misfit(text, f"try_cast({text} as {target.text})", target)


def _lossy(text: str, value: str, target: Type) -> str | None:
    """SQL that is true where the engine's cast of a text to a type gives another value; None where it never does."""
    if target.name in INTEGERS:
        return _loses_digits(text, value, 0, 18)
    if target.digits:
        width, scale = target.digits
        return _loses_digits(text, value, scale, _MOST_DIGITS - (width - scale))
    if target.name == "DATE":
        day = f"length({text}) > 10 and try_cast({text} as timestamp) is distinct from {value}"
        return f"(not isfinite({value}) or ({day}))"
    return _lossy_time(text, value, target) if target.name in SECOND_DIGITS else None


def _lossy_time(text: str, value: str, target: Type) -> str:
    digits = SECOND_DIGITS[target.name]
    fine = f"regexp_matches({text}, {literal(rf'[.][0-9]{{{digits}}}[0-9]*[1-9]')})"
    found = [f"not isfinite({value})", f"(strpos({text}, '.') > 0 and {fine})"]
    if target.name != INSTANT:
        offset = f"regexp_matches({text}, {literal(_OFFSET)}) and not regexp_matches({text}, {literal(_NO_OFFSET)})"
        found.append(f"(length({text}) > 16 and {offset})")
    return f"({' or '.join(found)})"


def _loses_digits(text: str, value: str, scale: int, widest: int) -> str:
    """Whether a number has digits beyond `scale`. With an exponent, these show in its value with `widest` digits."""
    digits = f"regexp_matches({text}, {literal(rf'[.][0-9]{{{scale}}}[0-9]*[1-9]')})"
    changed = f"try_cast({text} as decimal(38, {widest})) is distinct from {value}"
    exponent = f"(contains({text}, 'e') or contains({text}, 'E'))"
    return f"case when {exponent} then {changed} when contains({text}, '.') then {digits} else false end"
