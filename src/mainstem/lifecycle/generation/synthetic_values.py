"""Values of made rows as SQL over `n`, the number of the row, `d`, its day, and streams of random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mainstem.core.dataset import Dataset
from mainstem.lifecycle.generation import synthetic_words as words
from mainstem.lifecycle.generation.synthetic_options import moment
from mainstem.lifecycle.generation.synthetic_pattern import matching
from mainstem.lifecycle.generation.synthetic_plans import ColumnPlan, options_of, planned
from mainstem.lifecycle.generation.synthetic_streams import Streams
from mainstem.sql.quote import literal
from mainstem.sql.types import INSTANT, SIGNED

_EPOCH = date(1970, 1, 1)
_FIRST, _LAST = datetime(2024, 1, 1), datetime(2025, 1, 1)  # noqa: DTZ001 - times without zone, as they are stored
"""When things happen where nothing says it."""

_ROOM = dict(zip(SIGNED, (100, 1000, 1000, 1000, 1000), strict=True))
_GREATEST = dict(zip(SIGNED, (127, 32767, 2**31 - 1, 2**53, 2**53), strict=True))


@dataclass(frozen=True, slots=True)
class Making:
    """A column on its way to SQL. `seed` is the source's; `tables` are those that a reference may lead to."""

    plan: ColumnPlan
    dataset: Dataset
    seed: int
    tables: Mapping[str, Dataset]
    streams: Streams

    def draw(self, name: str = "") -> str:
        """SQL of a whole number below 2^32."""
        return self.streams.of(f"{self.plan.name}.{name}")

    def unit(self, name: str = "") -> str:
        """SQL of a number between 0 and 1."""
        return self.streams.unit(f"{self.plan.name}.{name}")

    def one_of(self, values: Sequence[str], name: str) -> str:
        """SQL of one of these texts."""
        listed = ", ".join(literal(value) for value in values)
        return f"[{listed}][1 + ({self.draw(name)} % {len(values)})::integer]"

    @property
    def number(self) -> str:
        """SQL that makes a text one of its row alone, where it has to be."""
        return "'.' || n" if self.plan.is_unique else "''"


def made(making: Making) -> str:
    """SQL of the values of a column, in its type."""
    return f"cast({_MAKERS[making.plan.value.kind](making)} as {making.plan.type})"


def key_of(plan: ColumnPlan, dataset: Dataset, seed: int, number: str) -> str:
    """SQL of the value of a numbering column in the row of that number: it depends on nothing else."""
    if plan.value.kind == "uuid":
        return f"cast(md5({literal(f'{seed}:{dataset.name}:{plan.name}:')} || {number}) as uuid)"
    if plan.type.name == "VARCHAR":
        return f"{literal(plan.name + '-')} || {number}"
    low = (
        plan.value.min
        if plan.value.min is not None
        else (1.0 if (least := _number(plan.column.min)) is None else least)
    )
    return f"{number} + {int(low) - 1}"


def _numbering(making: Making) -> str:
    return key_of(making.plan, making.dataset, making.seed, "n")


def _bounds(making: Making) -> tuple[float, float]:
    """The least and the greatest number, as somebody said or as the type has room for."""
    plan, value = making.plan, making.plan.value
    low = value.min if value.min is not None else _number(plan.column.min)
    high = value.max if value.max is not None else _number(plan.column.max)
    room = float(_ROOM.get(plan.type.name, 1000))
    if plan.type.digits:
        room = min(room, 10.0 ** (plan.type.digits[0] - plan.type.digits[1]) - 1)
    if low is None:
        low = 0.0 if high is None or high >= 0 else high - room
    return low, low + room if high is None else high


def _number(text: str | None) -> float | None:
    """A limit of the contract; what is no number is refused later, with its place."""
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None


def _uniform(making: Making) -> str:
    low, high = _bounds(making)
    if making.plan.type.name in SIGNED or making.plan.type.name.startswith("U"):
        return f"{int(low)} + floor({making.unit()} * {int(high) - int(low) + 1})"
    return _fitted(making, f"{low!r} + {making.unit()} * {high - low!r}", low, high)


def _normal(making: Making) -> str:
    low, high = _bounds(making)
    value = making.plan.value
    mean = value.mean if value.mean is not None else (low + high) / 2
    sigma = value.sigma if value.sigma is not None else (high - low) / 6
    return _limited(making, f"{mean!r} + {sigma!r} * {_bell(making)}", low, high)


def _lognormal(making: Making) -> str:
    low, high = _bounds(making)
    value = making.plan.value
    mean, sigma = (3.0 if value.mean is None else value.mean), (1.0 if value.sigma is None else value.sigma)
    return _limited(making, f"exp(least({mean!r} + {sigma!r} * {_bell(making)}, 300))", low, high)


def _exponential(making: Making) -> str:
    low, high = _bounds(making)
    mean = 100.0 if making.plan.value.mean is None else making.plan.value.mean
    return _limited(making, f"-{mean!r} * ln({making.unit()})", low, high)


def _bell(making: Making) -> str:
    """SQL of a number of the standard normal distribution (Box and Muller, 1958)."""
    return f"(sqrt(-2 * ln({making.unit('u')})) * cos(6.283185307179586 * {making.unit('v')}))"


def _limited(making: Making, number: str, low: float, high: float) -> str:
    value, column = making.plan.value, making.plan.column
    greatest = float(_GREATEST.get(making.plan.type.name, 1e300))
    if making.plan.type.digits:
        greatest = 10.0 ** (making.plan.type.digits[0] - making.plan.type.digits[1]) - 1
    has_low = value.min is not None or column.min is not None
    has_high = value.max is not None or column.max is not None
    return _fitted(making, number, low if has_low else -greatest, high if has_high else greatest)


def _fitted(making: Making, number: str, low: float, high: float) -> str:
    """A number within bounds, with the digits that its type keeps; six for one that keeps any."""
    digits = making.plan.type.digits[1] if making.plan.type.digits else 6
    digits = 0 if making.plan.type.name in SIGNED else digits
    return f"round(least(greatest({number}, {low!r}), {high!r}), {digits})"


def _choice(making: Making) -> str:
    of = making.plan.value.of
    if isinstance(of, Mapping):
        return _weighted([literal(text) for text in of], list(of.values()), making.unit())
    return making.one_of(of, "")


def _weighted(values: Sequence[str], weights: Sequence[float], unit: str) -> str:
    whole, sum_ = sum(weights), 0.0
    drawn = [(value, weight) for value, weight in zip(values, weights, strict=True) if weight]
    cases = []
    for value, weight in drawn[:-1]:
        sum_ += weight
        cases.append(f"when {unit} < {sum_ / whole!r} then {value}")
    return f"(case {' '.join(cases)} else {drawn[-1][0]} end)" if cases else drawn[-1][0]


def _reference(making: Making) -> str:
    """The key of a row of another table; of one that grows by day, of a row that is there by then."""
    table, _, name = (making.plan.value.to or "").partition(".")
    other = making.tables[table]
    plan = next(plan for plan in planned(other) if plan.name == name)
    options = options_of(other)
    count = str(options.rows)
    if options.per_day is not None and options.from_ is not None:
        days = f"(d - {(options.from_ - _EPOCH).days} + 1)" if options_of(making.dataset).per_day is not None else "1"
        count = f"greatest({days}, 1) * {options.per_day}"
    return key_of(plan, other, making.seed, f"(1 + {_ranked(making, count)})")


def _ranked(making: Making, count: str) -> str:
    """A number from 0 to `count` - 1: each as likely, or by a power of its rank (the bounded Pareto distribution)."""
    power, unit = making.plan.value.zipf or 0.0, making.unit()
    if not power:
        return f"floor({unit} * {count})::bigint"
    if abs(power - 1) < 1e-9:
        rank = f"pow({count} + 1, {unit})"
    else:
        rank = f"pow(1 + {unit} * (pow({count} + 1, {1 - power!r}) - 1), {1 / (1 - power)!r})"
    return f"least(floor({rank})::bigint - 1, {count} - 1)"


def _time(making: Making) -> str:
    value, column, kind = making.plan.value, making.plan.column, making.plan.type.name
    season = value.season
    second = f"({making.draw('second')} % 86400)::bigint"
    if season and season.hours:
        hour = _weighted([str(i) for i in range(24)], season.hours, making.unit("hour"))
        second = f"({hour} * 3600 + {making.draw('second')} % 3600)::bigint"
    if options_of(making.dataset).per_day is not None and value.from_ is None and value.to is None:
        day = "d"
    else:
        first = moment(value.from_, "from", value.place) or _limit(column.min) or _FIRST
        last = moment(value.to, "to", value.place) or _after(column.max, kind) or max(_LAST, first + timedelta(1))
        day = _day(making, first.date(), max(1, (last - first).days))
    if kind == "DATE":
        return f"date '1970-01-01' + ({day})::integer"
    moment_ = f"(({day})::bigint * 86400 + {second}) * 1000000"
    return f"make_timestamptz({moment_})" if kind == INSTANT else f"make_timestamp({moment_})"


def _limit(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found and found.tzinfo else found


def _after(text: str | None, kind: str) -> datetime | None:
    """The end of a range whose last day or time is said."""
    last = _limit(text)
    return last + timedelta(1) if last and kind == "DATE" else last


def _day(making: Making, first: date, days: int) -> str:
    """SQL of a day, counted from 1970, of a range."""
    start, season = (first - _EPOCH).days, making.plan.value.season
    if not (season and season.weekdays):
        return f"{start} + ({making.draw('day')} % {days})::bigint"
    weekday = _weighted([str((i - first.weekday()) % 7) for i in range(7)], season.weekdays, making.unit("weekday"))
    return f"{start} + ({making.draw('day')} % {max(1, days // 7)})::bigint * 7 + {weekday}"


def _email(making: Making) -> str:
    number = "n" if making.plan.is_unique else f"{making.draw('number')} % 1000"
    return f"lower({_first(making)}) || '.' || lower({_last(making)}) || ({number}) || '@example.com'"


def _first(making: Making) -> str:
    return making.one_of(words.FIRST_NAMES, "first")


def _last(making: Making) -> str:
    return making.one_of(words.LAST_NAMES, "last")


def _phone(making: Making) -> str:
    return f"'+1-555-' || lpad(({making.draw()} % 10000000)::varchar, 7, '0')"


def _company(making: Making) -> str:
    return f"{_last(making)} || ' ' || {making.one_of(words.COMPANY_ENDINGS, 'ending')} || {making.number}"


def _text(making: Making) -> str:
    one, other = (making.one_of(words.WORDS, name) for name in ("one", "other"))
    return f"{one} || ' ' || {other} || {making.number}"


def _pattern(making: Making) -> str:
    return matching(making.plan.value.matches or "", making.draw) or "null"


_MAKERS: Mapping[str, Callable[[Making], str]] = {
    "sequence": _numbering,
    "uuid": _numbering,
    "number": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "exponential": _exponential,
    "choice": _choice,
    "reference": _reference,
    "time": _time,
    "pattern": _pattern,
    "boolean": lambda making: f"{making.draw()} % 2 = 0",
    "text": _text,
    "email": _email,
    "phone": _phone,
    "first_name": _first,
    "last_name": _last,
    "name": lambda making: f"{_first(making)} || ' ' || {_last(making)} || {making.number}",
    "company": _company,
    "city": lambda making: making.one_of(words.CITIES, ""),
    "country": lambda making: making.one_of(words.COUNTRIES, ""),
    "url": lambda making: f"'https://example.com/' || {making.one_of(words.WORDS, '')} || '-' || n",
}
