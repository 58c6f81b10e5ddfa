"""Environments by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection


def number_of(connection: Connection, name: str) -> int | None:
    """The number that rows name an environment by; None if it never had a run, a lease or a release."""
    found = connection.execute("select id from environment where name = ?", (name,)).fetchone()
    return None if found is None else int(found[0])


def enter(connection: Connection, name: str) -> int:
    """The same, for writers: an environment comes to be when it is first named."""
    connection.execute("insert into environment (name) values (?) on conflict do nothing", (name,))
    number = number_of(connection, name)
    assert number is not None
    return number
