"""A lake, an engine over it, and short words for what tests do with them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deltalake import DeltaTable, QueryBuilder

from mainstem.core.dataset import QUARANTINE
from mainstem.core.release import Change, DataFile, Identity, Snapshot
from mainstem.engines.duckdb import Engine
from mainstem.engines.session import Session
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.quarantine import FIELDS
from mainstem.lifecycle.storage.types import cast_select
from mainstem.sql.quote import quote

AT = datetime(2013, 12, 17, 5, tzinfo=UTC)
NOW_MS = int(AT.timestamp() * 1000)


def identity(attempt: int, run: str = "r", **more: Any) -> Identity:
    return Identity(run, "m.t", attempt, AT, **more)


@dataclass
class World:
    lake: Path
    engine: Engine
    session: Session
    attempts: dict[str, int] = field(default_factory=dict)

    def write(self, select: str, table: str = "m/t", prefix: str = "a1-") -> Change:
        """Files of a SELECT below the table's folder, as a change that appends them."""
        cast = cast_select(select, self.session.describe(select))
        written = self.session.write(cast, self.lake / table, prefix)
        return Change(written.fields, written.files)

    def rejects(self, *reasons: str, table: str = "m/t") -> tuple[DataFile, ...]:
        """A file of rejects below the quarantine's folder, a row for each reason."""
        values = ", ".join(
            f"('{reason}', 'f:1', 'r', timestamptz '2013-12-17 00:00:00+00', '{{}}')" for reason in reasons
        )
        names = ", ".join(quote(field.name) for field in FIELDS)
        select = f"select * from (values {values}) t({names})"
        return self.session.write(select, self.lake / (table + QUARANTINE), "a1-").files

    def commit(self, change: Change, base: Snapshot | None, table: str = "m/t", **more: Any) -> Snapshot:
        """Commit with the next attempt of the table, or the one given."""
        attempt = more.pop("attempt", None) or self.attempts.get(table, 0) + 1
        self.attempts[table] = max(attempt, self.attempts.get(table, 0))
        return tables.commit(self.lake, table, base, change, identity(attempt, **more), now_ms=NOW_MS)

    def put(self, select: str, base: Snapshot | None = None, table: str = "m/t", **more: Any) -> Snapshot:
        """Write and append in one go."""
        return self.commit(self.write(select, table), base, table, **more)

    def rows(self, at: Snapshot, shown: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a version, as the engine reads them."""
        relation = self.engine.relation(tables.paths(self.lake, at), at.fields)
        return self.session.rows(f"select {shown} from {relation} order by all")

    def library(self, table: str = "m/t", number: int | None = None) -> DeltaTable:
        """The table as deltalake opens it."""
        return DeltaTable(str(self.lake / table), version=number)

    def library_rows(self, shown: str = "*", table: str = "m/t", number: int | None = None) -> list[tuple[Any, ...]]:
        """The rows of a version, as deltalake reads them; `shown` is a select list, or a whole SELECT from `t`."""
        text = shown if shown.startswith("select") else f"select {shown} from t"
        found = QueryBuilder().register("t", self.library(table, number)).execute(text).read_all()
        columns = [found.column(name).to_pylist() for name in found.column_names]
        return sorted(zip(*columns, strict=True), key=repr)

    def log(self, number: int, table: str = "m/t") -> list[dict[str, Any]]:
        """The actions of an entry."""
        path = self.lake / table / "_delta_log" / f"{number:020d}.json"
        return [json.loads(line) for line in path.read_text().splitlines()]

    def numbers(self, table: str = "m/t") -> list[int]:
        """The versions whose entries there are."""
        return sorted(
            int(path.stem) for path in (self.lake / table / "_delta_log").glob("*.json") if path.stem.isdigit()
        )
