"""A database of its own on a running server, and the world that loads from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ingestion_world import PLACE, World, code_of

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.kinds import find
from mainstem.core.problem import WorldError


@dataclass
class Base:
    """A database of `server`, named `name`, which the source `source` reads by its kind."""

    world: World
    server: Any
    name: str
    source: Source

    def sql(self, *statements: str, **said: Any) -> list[Any]:
        found: list[Any] = self.server.sql(*statements, database=self.name, **said)
        return found

    def table(self, *columns: Column, key: tuple[str, ...] = (), table: str | None = None, **said: Any) -> Dataset:
        """The table `t` of the source; of what is said, the options of the kind are those."""
        kind = find("sources", self.source.kind)
        options = {name: said.pop(name) for name in ("where", "exclude", "null", "parts") if name in said}
        load = said.get("load", "full")
        write = said.pop("write", "replace" if load == "full" else "merge" if key else "append")
        made_by = Load(self.source.name, "t", kind.TableOptions(table=table, **options), write=write, **said)
        return Dataset(f"{self.source.name}.t", PLACE, made_by, columns, key)


def based(world: World, server: Any, source: Source, monkeypatch: pytest.MonkeyPatch) -> Base:
    """The world loads from `source`, whose address ends in the name of the database."""
    monkeypatch.setattr(world, "source", lambda dataset: source)
    return Base(world, server, str(source.options.url).rpartition("/")[2], source)


def killed_in_the_middle(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server of a table `t` of 1,000 rows is killed while what is new is read; nothing is lost."""
    world, kind = base.world, find("sources", base.source.kind)
    table = base.table(load="incremental", cursor="at")
    world.load(table)
    known = dict(world.positions)
    base.sql("insert into t select id + 1000, at + 1000 from t")
    reading = kind.read(base.source, table, known[table.name], world.root, world.session)
    base.server.process.kill()
    base.server.process.wait()
    monkeypatch.setattr(kind, "read", lambda *_: reading)
    assert refused(base, table) == "I007"
    assert world.positions == known
    assert world.rows(table, "count(*)", "1") == [(1000,)]


def refused(base: Base, table: Dataset) -> str:
    """The code of what stands against a load."""
    with pytest.raises(WorldError) as found:
        base.world.load(table)
    return code_of(found.value)
