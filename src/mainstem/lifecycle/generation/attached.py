"""Connections of the engine to a database server: read-only, the password in a secret of the session."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mainstem.core.dataset import Dataset
from mainstem.core.ports import Session
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.generation.loads import name_at_source
from mainstem.sql.quote import literal


def attach(
    session: Session, alias: str, type_: str, secret: Mapping[str, Any], dataset: Dataset, *, rest: str, mend: str
) -> None:
    """Attach a database as `alias`. `type_` is the engine's reader, `secret` what it takes into a secret, `rest` what
    stands in the address itself.

    WorldError G081 with `mend`; what the engine says of a failure is not repeated, since it may hold more than is good
    to show.
    """
    given = "".join(f", {name} {literal(str(value))}" for name, value in secret.items() if value)
    try:
        session.execute(f"create temporary secret {alias}_secret (type {type_}{given})")
        session.execute(f"attach {literal(rest)} as {alias} (type {type_}, read_only, secret {alias}_secret)")
    except WorldError:
        what = f'a further connection for "{name_at_source(dataset)}" is refused'
        raise WorldError(Problem("G081", what, mend, dataset.place)) from None


def detach(session: Session, alias: str) -> None:
    """Let go of the database, and of its secret, as far as they are there."""
    with suppress(WorldError):
        session.execute(f"detach database if exists {alias}")
        session.execute(f"drop secret if exists {alias}_secret")
