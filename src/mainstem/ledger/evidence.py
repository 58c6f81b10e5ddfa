"""Evidence: appended, and read by subject, kind and time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mainstem.core.evidence import Evidence
from mainstem.ledger.rows import EVIDENCE, evidence_of, from_json, text_of, to_json

if TYPE_CHECKING:
    from sqlite3 import Connection

_APPEND = f"insert into evidence ({EVIDENCE}) values ({', '.join('?' * len(EVIDENCE.split(',')))})"


def append(connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
    """Append rows as `evidence_rows` gives them."""
    connection.executemany(_APPEND, rows)


def newest(connection: Connection, after: int) -> tuple[int, int]:
    """See the port."""
    last, decides = connection.execute(
        """select coalesce(max(id), 0), coalesce(max(id) filter (where kind not in ('request', 'watch')), 0)
        from evidence where id > ?""",
        (after,),
    ).fetchone()
    return last, decides


_NEWEST = """select key, (
        select {what} from evidence indexed by evidence_held
        where kind = 'version' and definition is not null and subject = json_extract(wanted.value, '$[0]')
            and version = json_extract(wanted.value, '$[1]')
        order by id desc limit 1)
    from json_each(?) as wanted"""
_HELD, _MADE = (_NEWEST.format(what=what) for what in ("definition", "facts"))


_LOOKED = """select key, (
        select facts from evidence indexed by evidence_of
        where subject = json_extract(wanted.value, '$[0]') and kind = 'read' and label is null
            and version = json_extract(wanted.value, '$[1]') and json_extract(facts, '$.is_whole')
        order by coalesce(until, at) desc, id desc limit 1)
    from json_each(?) as wanted"""


def looked(connection: Connection, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """Where the last reads of versions ended; see the port."""
    wanted = list(versions)
    found = connection.execute(_LOOKED, (to_json(wanted),))
    return {wanted[number]: from_json(facts)["position"] for number, facts in found if facts is not None}


def held(connection: Connection, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What versions were last held to; see the port."""
    wanted = list(versions)
    found = connection.execute(_HELD, (to_json(wanted),))
    return {wanted[number]: definition for number, definition in found if definition is not None}


def made(connection: Connection, versions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """What the columns of versions follow from; see the port."""
    wanted = list(versions)
    rows = connection.execute(_MADE, (to_json(wanted),))
    found = {wanted[number]: from_json(facts).get("made") for number, facts in rows if facts is not None}
    return {version: each for version, each in found.items() if each is not None}


def select(
    connection: Connection,
    *,
    env: str | None,
    kinds: Sequence[str],
    subjects: Sequence[str],
    known: datetime | None,
    since: datetime | None,
) -> list[Evidence]:
    """Evidence in order of recording; see the port. The index that narrows most is named, not left to statistics."""
    index, filters = "", []
    if env is not None:
        filters.append("(env is null or env = :env)")
    if known is not None:
        filters.append("recorded_at <= :known")
    if since is not None:
        filters.append("coalesce(until, at) >= :since")
        index = "indexed by evidence_since"
    if kinds:
        filters.append(f"{'+' if subjects else ''}kind in (select value from json_each(:kinds))")
        index = "indexed by evidence_kind"
    if subjects:
        filters.append("subject in (select value from json_each(:subjects))")
        index = "indexed by evidence_of"
    where = f"where {' and '.join(filters)}" if filters else ""
    rows = connection.execute(
        f"select id, {EVIDENCE} from evidence {index} {where} order by id",
        {
            "env": env,
            "known": known and text_of(known),
            "since": since and text_of(since),
            "kinds": to_json(list(kinds)),
            "subjects": to_json(list(subjects)),
        },
    )
    return [evidence_of(row) for row in rows]
