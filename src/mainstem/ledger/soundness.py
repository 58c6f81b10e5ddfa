"""Whether a ledger is whole: the file, its references, its releases, its audit chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainstem.ledger.audit import first_broken

if TYPE_CHECKING:
    from sqlite3 import Connection

_LOST_POINTERS = """select name, environment.release from environment
    where environment.release is not null
    and environment.release not in (select sequence from release where release.env = environment.id)"""

_COUNTED = """select release.id, datasets, (
        select coalesce(sum(newest.version is not null), 0) from entry as newest
        where newest.env = release.env and newest.release between release.full_sequence and release.sequence
        and newest.release = (select max(other.release) from entry as other
            where other.env = release.env and other.dataset = newest.dataset
            and other.release between release.full_sequence and release.sequence))
    from release where sequence in (select environment.release from environment)"""


def problems(connection: Connection) -> list[str]:
    """What is wrong, a sentence each; empty for a sound ledger. Reads everything: seconds for a large ledger."""
    found = [f"the file is damaged: {line}" for (line,) in connection.execute("pragma integrity_check") if line != "ok"]
    found += [
        f'a row of "{table}" refers to a row of "{parent}" that is missing'
        for table, _, parent, _ in connection.execute("pragma foreign_key_check")
    ]
    found += [
        f'environment "{name}" stands at release number {sequence} of the ledger, which is missing'
        for name, sequence in connection.execute(_LOST_POINTERS)
    ]
    found += [
        f'release "{id}" should hold {datasets} datasets, and holds {held}'
        for id, datasets, held in connection.execute(_COUNTED)
        if datasets != held
    ]
    broken = first_broken(connection)
    if broken is not None:
        found.append(f"the audit log is broken at row {broken}: it was changed or removed")
    return found
