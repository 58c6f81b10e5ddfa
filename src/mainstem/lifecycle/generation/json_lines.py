"""JSON Lines files as lines of text, each with its file and line, and the columns that their objects have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Column
from mainstem.core.ports import Session
from mainstem.core.problem import WorldError
from mainstem.lifecycle.generation.file_parts import Part
from mainstem.lifecycle.generation.text_files import ENGINE_ENCODINGS, Record, Spool, count_lines, lines, opened
from mainstem.sql.quote import literal, quote

_MANY_DIGITS = r"[0-9][0-9.]{16,}"
"""A number that a DOUBLE, through which the engine reads every fraction, may not hold."""

_DECIMAL = re.compile(r"\b(?:dec|decimal|numeric)\b(?:\s*\(\s*(\d+))?", re.IGNORECASE)
_SAFE_DIGITS = 15
_SAMPLE_ROWS = 2000

_TYPES = {"BIGINT": "BIGINT", "UBIGINT": "BIGINT", "DOUBLE": "DOUBLE", "BOOLEAN": "BOOLEAN"}


def pour(session: Session, part: Part, number: int, rows: str, broken: str) -> None:
    """Insert the lines of a file into `rows` (f = `number`, n = line, t = text), and what is no text into `broken`.

    OSError, EOFError or UnicodeError if the file cannot be read.
    """
    if part.encoding.lower() not in ENGINE_ENCODINGS or not _pour_regular(session, part.path, number, rows):
        with opened(part.path, part.encoding) as stream:
            pour_records(session, part.name, number, lines(stream, part.encoding_name), rows, broken)


def needs_exact(columns: Sequence[Column]) -> bool:
    """Whether the contract asks for decimals of more digits than a DOUBLE holds."""
    found = (width for column in columns for width in _DECIMAL.findall(column.type or ""))
    return any(not width or int(width) > _SAFE_DIGITS for width in found)


def mend_decimals(session: Session, rows: str) -> None:
    """Write long fractions as JSON strings, so that no digit is lost on their way into a DECIMAL."""
    found = session.rows(f"select f, n, t from {rows} where regexp_matches(t, {literal(_MANY_DIGITS)})")
    if not found:
        return
    with Spool(session) as spool:
        for number, line, text in found:
            spool.add(Record(line, text), number, line, _exact(text))
        session.execute(f"create temp table {rows}_exact (f integer, n bigint, t varchar)")
        spool.pour(f"{rows}_exact", ("v0::integer", "v1::bigint", "v2"))
    session.execute(f"update {rows} set t = e.t from {rows}_exact as e where e.f = {rows}.f and e.n = {rows}.n")
    session.execute(f"drop table {rows}_exact")


def _exact(text: str) -> str:
    def number(digits: str) -> Any:
        return float(digits) if _digits(repr(float(digits))) == _digits(digits) else digits

    try:
        return json.dumps(json.loads(text, parse_float=number), ensure_ascii=False)
    except ValueError:
        return text


def _digits(number: str) -> str:
    return re.sub(r"[^0-9]", "", number.lower().partition("e")[0]).strip("0")


def _pour_regular(session: Session, path: Path, number: int, rows: str) -> bool:
    """Let the engine read; False, and nothing inserted, unless every line gave one row."""
    before = _count(session, rows)
    with suppress(WorldError):
        session.execute(
            f"insert into {rows} select {number}, row_number() over (), t from read_csv({literal(str(path))}, "
            "columns = {'t': 'VARCHAR'}, header = false, auto_detect = false, delim = '\x01', quote = '', escape = '', "
            "nullstr = '\x02', compression = 'none', ignore_errors = true)"
        )
        if _count(session, rows) - before == count_lines(path):
            return True
    session.execute(f"delete from {rows} where f = {number}")
    return False


def _count(session: Session, rows: str) -> int:
    return int(session.rows(f"select count(*) from {rows}")[0][0])


def pour_records(session: Session, name: str, number: int, found: Iterable[Record], rows: str, broken: str) -> None:
    """Insert records of one value, JSON text, into `rows`, and what is no record into `broken`."""
    with Spool(session) as good, Spool(session) as bad:
        for record in found:
            if record.values is None:
                bad.add(record, f"{name}:{record.line}", record.raw, record.reason)
            else:
                good.add(record, record.line, record.raw)
        good.pour(rows, (str(number), "v0::bigint", "v1"))
        bad.pour(broken, ("v0", "v1", "v2"))


def keys(session: Session, rows: str, broken: str, origin: str) -> tuple[str, ...]:
    """The keys of all objects, in the order in which they appear.

    Lines that are no JSON object move out of `rows` into `broken`; blank ones vanish.
    """
    found = session.rows(f"select distinct try(json_keys(t)) from {rows}")
    if any(not names for (names,) in found):
        _set_aside(session, rows, broken, origin)
    if len(found) > 1:
        found = session.rows(
            f"select k from (select try(json_keys(t)) as k, min(n) as n from {rows} group by 1) order by n, k"
        )
    return tuple(dict.fromkeys(key for (names,) in found for key in names or ()))


def _set_aside(session: Session, rows: str, broken: str, origin: str) -> None:
    good = "json_valid(t) and starts_with(ltrim(t, ' \t'), '{')"
    session.execute(
        f"insert into {broken} select {origin}, t, "
        "case when json_valid(t) then 'is not a JSON object' else 'is not JSON' end "
        f"from {rows} where not ({good}) and trim(t) <> ''"
    )
    session.execute(f"delete from {rows} where not ({good})")


def types(session: Session, rows: str, names: Sequence[str]) -> tuple[str, ...]:
    """A type for each key: that of all its values, else VARCHAR. A few rows show which keys are texts, whatever the
    others hold."""
    found = dict.fromkeys(names, "")
    for relation in (f"(select t from {rows} limit {_SAMPLE_ROWS})", rows):
        asked = [name for name in names if found[name] != "VARCHAR"]
        found |= zip(asked, _types(session, relation, asked), strict=True)
    return tuple(type_ or "VARCHAR" for type_ in found.values())


def _types(session: Session, relation: str, names: Sequence[str]) -> tuple[str, ...]:
    """The type of all values of each key; "" for one without values."""
    if not names:
        return ()
    paths = ", ".join(path_of(name) for name in names)
    found = session.rows(f"select distinct json_type(t, [{paths}]) from {relation}")
    seen = [{kinds[i] for (kinds,) in found} - {None, "NULL"} for i in range(len(names))]
    return tuple(map(_type, seen))


def _type(words: set[str]) -> str:
    kinds = {_TYPES.get(word, "VARCHAR") for word in words}
    if not kinds:
        return ""
    if kinds == {"BIGINT", "DOUBLE"}:
        return "DOUBLE"
    return kinds.pop() if len(kinds) == 1 else "VARCHAR"


def path_of(name: str) -> str:
    inside = name.replace("\\", "\\\\").replace('"', '\\"')
    return literal(f'$."{inside}"')


def select(rows: str, names: Sequence[str], more: str = "") -> str:
    """A SELECT of f, n, `more` and `o`, which holds each key's `value`; nested values are JSON, missing keys NULL."""
    if not names:
        return f"select {more}f, n from {rows}"
    structure = json.dumps(dict.fromkeys(names, "VARCHAR"), ensure_ascii=False)
    return f"select {more}f, n, json_transform(t, {literal(structure)}) as o from {rows}"


def value(name: str) -> str:
    """SQL of the value of a key, as text."""
    return f"o.{quote(name)}"
