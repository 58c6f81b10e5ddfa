"""Numbers and days as a country writes them, in the form that casts read: exactly, or set aside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.sql.quote import literal
from mainstem.sql.types import parse_type

_COMMA = r"[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)?([eE][+-]?[0-9]+)?"
_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$")
_TIMES = re.compile(r"(DATE|TIMESTAMP.*)$")


class Numbers:
    """Numbers with a decimal comma, and points between thousands.

    `types` are those of a contract that ask for such values. `takes` are types that values in another spelling may
    look like: a column that is not written so is none of them.
    """

    types = _NUMBERS
    takes = frozenset({"DOUBLE"})
    words = "is no number with a decimal comma"

    def fits(self, value: str) -> str:
        return f"regexp_full_match(trim({value}), {literal(_COMMA)})"

    def misleads(self, value: str) -> str:
        """SQL that is true for what a cast would read as another number."""
        return f"(regexp_matches({value}, '[.,]') and not {self.fits(value)})"

    def plain(self, value: str) -> str:
        return f"case when {self.fits(value)} then replace(replace({value}, '.', ''), ',', '.') else {value} end"


class Times:
    """Days or times in a form of strptime."""

    types = _TIMES
    takes = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})

    def __init__(self, form: str) -> None:
        self._form = form
        self._has_time = re.search("%[HIMSfgpcX]", form) is not None
        self.words = f'is not written "{form}"'

    def fits(self, value: str) -> str:
        found = f"try_strptime(trim({value}), {literal(self._form)})"
        return f"({found} is not null and year({found}) > 999)" if "%Y" in self._form else f"({found} is not null)"

    def misleads(self, value: str) -> str:
        return f"({value} is not null and not {self.fits(value)})"

    def plain(self, value: str) -> str:
        found = f"try_strptime(trim({value}), {literal(self._form)})"
        return f"cast({found if self._has_time else f'cast({found} as date)'} as varchar)"


Spelling = Numbers | Times


def spellings(
    session: Session, rows: str, values: Mapping[str, str], types: Mapping[str, str | None], known: Sequence[Spelling]
) -> dict[str, Spelling]:
    """Which columns are written in which spelling: by the type that the contract gives, or, where it gives none, if all
    values are written so. `values` is SQL over `rows` of each column, `types` the contract's type."""
    found: dict[str, Spelling] = {}
    for name in values:
        said = types.get(name)
        type_ = _type_name(session, said) if said else ""
        for spelling in known:
            if spelling.types.match(type_):
                found[name] = spelling
    open_ = [(name, spelling) for name in values if not types.get(name) for spelling in known]
    if open_:
        asked = ", ".join(f"bool_and({spelling.fits(values[name])})" for name, spelling in open_)
        (fits,) = session.rows(f"select {asked} from {rows}")
        for (name, spelling), is_so in zip(open_, fits, strict=True):
            if is_so:
                found.setdefault(name, spelling)
    return found


def _type_name(session: Session, type_: str) -> str:
    try:
        return parse_type(session.describe(f"select cast(null as {type_}) as c")[0].type).text.upper()
    except WorldError:  # ingestion tells of it
        return ""


def set_aside(
    session: Session, rows: str, broken: str, origin: str, values: Mapping[str, str], found: Mapping[str, Spelling]
) -> None:
    """Move rows with a value that a cast would read as another one from `rows` into `broken`.

    There values stand as a cast reads them, so that the row can be looked at again; one that misleads stands as an
    object, which no cast takes for a number or a day.
    """
    wrong = {name: spelling.misleads(values[name]) for name, spelling in found.items()}
    if not wrong:
        return
    row = ", ".join(f"{literal(name)}, {_kept(value, found.get(name))}" for name, value in values.items())
    words = ", ".join(
        f"case when {misleads} then {literal(f'{name}: ')} || '\"' || {values[name]} || '\" ' || "
        f"{literal(found[name].words)} end"
        for name, misleads in wrong.items()
    )
    any_ = " or ".join(f"coalesce({misleads}, false)" for misleads in wrong.values())
    session.execute(
        f"insert into {broken} select {origin}, cast(json_object({row}) as varchar), concat_ws('; ', {words}) "
        f"from {rows} where {any_}"
    )
    session.execute(f"delete from {rows} where {any_}")


def _kept(value: str, spelling: Spelling | None) -> str:
    """SQL of a value of a row that is set aside, as JSON."""
    if spelling is None:
        return f"to_json({value})"
    misleads, written = spelling.misleads(value), f"json_object('as_written', {value})"
    return f"case when coalesce({misleads}, false) then {written} else to_json({spelling.plain(value)}) end"
