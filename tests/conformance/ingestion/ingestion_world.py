"""A small world for loads: sources in a folder, a real lake, and what a run does with both."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Column, Dataset, Expectation, Load, Source
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.ports import Engine, Session
from mainstem.core.problem import MainstemError
from mainstem.core.release import Change, DataFile, Field, Identity, Snapshot
from mainstem.core.run import Look
from mainstem.lifecycle.ingestion.ingest import ingest
from mainstem.lifecycle.ingestion.target import Destination, TotalWanted
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.types import cast_select, stored_fields

PLACE = Place("sources/ops.yml", 3, 1)


def column(name: str, type_: str | None = None, **promises: Any) -> Column:
    return Column(name, PLACE, type=type_, **promises)


def label(name: str, type_: str) -> str:
    zoned = f"timezone('UTC', \"{name}\")" if type_ == "TIMESTAMP WITH TIME ZONE" else f'"{name}"'
    return f"cast(cast({zoned} as date) as varchar)"


@dataclass
class World:
    """`root` is the project's folder. Each load is committed, and goes on from the position of the one before."""

    root: Path
    engine: Engine
    session: Session
    positions: dict[str, Any] = field(default_factory=dict)
    attempt: int = 0
    at: datetime = datetime(2013, 12, 1, 10, tzinfo=UTC)

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    # sources

    def sql(self, *statements: str, rows: Iterable[Sequence[Any]] = ()) -> None:
        """Run statements on ops.db; `rows` are parameters of the last one."""
        with closing(sqlite3.connect(self.root / "ops.db")) as connection:
            for statement in statements[:-1]:
                connection.execute(statement)
            if "?" in statements[-1]:
                connection.executemany(statements[-1], rows)
            else:
                connection.execute(statements[-1])
            connection.commit()

    def file(self, name: str, content: str | bytes, *, age_s: float = 10) -> Path:
        """Write a file of the source, as if `age_s` seconds ago."""
        path = self.root / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.age(path, age_s)
        return path

    def age(self, path: Path, age_s: float = 10) -> None:
        """Make a file look older, as it would be a moment later."""
        seen = path.stat()
        moved_ns = seen.st_mtime_ns - int(age_s * 1e9)
        os.utime(path, ns=(moved_ns, moved_ns))

    def settle(self) -> None:
        """Make the database look as it would some seconds later."""
        for path in self.root.glob("ops.db*"):
            self.age(path)

    # datasets

    def table(
        self,
        columns: Sequence[Column] = (),
        *,
        key: Sequence[str] = (),
        time_column: str | None = None,
        expect: int | None = None,
        **load: Any,
    ) -> Dataset:
        """Table "t" of the database."""
        options = {name: load.pop(name) for name in ("table", "null") if name in load}
        made_by = Load("ops", "t", find("sources", "sqlite").TableOptions(**options), **_load(load, key, expect))
        return Dataset("ops.t", PLACE, made_by, tuple(columns), tuple(key), time_column)

    def files(
        self,
        path: str,
        columns: Sequence[Column] = (),
        *,
        key: Sequence[str] = (),
        time_column: str | None = None,
        expect: int | None = None,
        **load: Any,
    ) -> Dataset:
        """Files of the inbox."""
        words = [each.name for each in fields(find("sources", "files").TableOptions) if each.name != "path"]
        options = {name: load.pop(name) for name in words if name in load}
        kind = find("sources", "files")
        made_by = Load("inbox", "t", kind.TableOptions(path, **options), **_load(load, key, expect))
        return Dataset("inbox.t", PLACE, made_by, tuple(columns), tuple(key), time_column)

    def source(self, dataset: Dataset) -> Source:
        if dataset.schema == "ops":
            return Source("ops", "sqlite", find("sources", "sqlite").Options("ops.db"), Place("sources/ops.yml"))
        return Source("inbox", "files", find("sources", "files").Options("inbox"), Place("sources/inbox.yml"))

    # loads

    def look(self, dataset: Dataset) -> Look:
        source = self.source(dataset)
        look: Look = find("sources", source.kind).look(source, dataset, self.positions.get(dataset.name), self.root)
        return look

    def snapshot(self, dataset: Dataset) -> Snapshot | None:
        return tables.snapshot(self.lake, tables.table_folder(dataset.name))

    def load(self, dataset: Dataset, *totals: TotalWanted) -> Change:
        """One load, committed."""
        base = self.snapshot(dataset)
        change = self.ingest(dataset, base, totals)
        self.commit(dataset, base, change)
        return change

    def ingest(self, dataset: Dataset, base: Snapshot | None, totals: Sequence[TotalWanted] = ()) -> Change:
        """One load up to the commit."""
        self.attempt += 1
        self.at += timedelta(days=1)
        source, kind = self.source(dataset), find("sources", self.source(dataset).kind)
        for extension in kind.EXTENSIONS:
            self.engine.load_extension(extension)
        reading = kind.read(source, dataset, self.positions.get(dataset.name), self.root, self.session)
        return ingest(
            self.session,
            dataset,
            reading,
            base=base,
            destination=self.destination(dataset, base),
            run=f"run-{self.attempt}",
            at=self.at,
            totals=totals,
        )

    def commit(self, dataset: Dataset, base: Snapshot | None, change: Change) -> None:
        self.positions[dataset.name] = change.position
        if change.is_empty:
            return
        identity = Identity(
            f"run-{self.attempt}",
            dataset.name,
            self.attempt,
            self.at,
            position=change.position,
            rejects=change.rejects,
        )
        folder = tables.table_folder(dataset.name)
        made = tables.commit(self.lake, folder, base, change, identity, now_ms=int(self.at.timestamp() * 1000))
        tables.commit_rejects(self.lake, made)

    def destination(self, dataset: Dataset, base: Snapshot | None) -> Destination:
        folder = tables.table_folder(dataset.name)

        def relation(files: Sequence[DataFile], fields: Sequence[Field]) -> str:
            return self.engine.relation([self.lake / folder / file.path for file in files], fields)

        def touched(names: Sequence[str], rows: str) -> tuple[DataFile, ...]:
            assert base is not None
            return tables.files_touched(self.session, self.lake, base, names, rows)

        return Destination(
            self.lake / folder,
            self.lake / f"{folder}__quarantine",
            f"a{self.attempt}-",
            lambda select, fields: (cast_select(select, fields), stored_fields(fields)),
            relation,
            touched,
            label,
            self.set_aside(dataset),
        )

    def set_aside(self, dataset: Dataset) -> str | None:
        """The quarantine, as SQL usable in FROM."""
        folder = f"{tables.table_folder(dataset.name)}__quarantine"
        found = tables.snapshot(self.lake, folder)
        if found is None:
            return None
        return self.engine.relation([self.lake / folder / file.path for file in found.files], found.fields)

    # what came of it

    def rows(self, dataset: Dataset, shown: str = "*", order: str = "all") -> list[tuple[Any, ...]]:
        found = self.snapshot(dataset)
        assert found is not None
        relation = self.destination(dataset, found).relation(found.files, found.fields)
        return self.session.rows(f"select {shown} from {relation} order by {order}")

    def types(self, dataset: Dataset) -> dict[str, str]:
        found = self.snapshot(dataset)
        assert found is not None
        return {field.name: field.type for field in found.fields}

    def reasons(self, dataset: Dataset) -> list[tuple[str, str]]:
        """Reason and origin of all that was ever set aside."""
        return [row[:2] for row in self.quarantine(dataset)]

    def quarantine(self, dataset: Dataset) -> list[tuple[Any, ...]]:
        relation = self.set_aside(dataset)
        if relation is None:
            return []
        return self.session.rows(
            f'select reason, origin, "row", run, cast("at" as varchar) from {relation} order by run, origin, reason'
        )


def _load(load: dict[str, Any], key: Sequence[str], expect: int | None) -> dict[str, Any]:
    """The rest of a Load, with the defaults that a source's file has."""
    mode = load.get("load", "full")
    write = "replace" if mode == "full" else "merge" if key else "append"
    return {"write": write, "expect": Expectation(None, expect) if expect else None, **load}


def balanced(change: Change) -> bool:
    return change.rows_in == change.loaded + change.rejected + change.deduplicated + change.unchanged


def code_of(error: MainstemError) -> str:
    return error.problems[0].code


def say(error: MainstemError) -> str:
    return error.problems[0].what
