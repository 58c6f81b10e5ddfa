"""A project of a few datasets, made from the text of their SELECTs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mainstem.core.dataset import QUARANTINE, Column, Dataset, Load, Model, SqlFacts
from mainstem.core.output import Output, Query
from mainstem.core.place import Place
from mainstem.core.project import Project
from mainstem.core.requirement import Need, Objective, Proof, Requirement
from mainstem.governance.lineage import query_name
from mainstem.sql.facts import read_facts

HERE = Place("x.sql", 1, 1)


def load(name: str, columns: Mapping[str, Sequence[str]], **more: Any) -> Dataset:
    """A load with declared columns and their tags."""
    source, _, table = name.partition(".")
    declared = tuple(Column(column, HERE, type="varchar", tags=frozenset(tags)) for column, tags in columns.items())
    return Dataset(name, HERE, Load(source, table, None), columns=declared, **more)


def model(name: str, sql: str, **more: Any) -> Dataset:
    return Dataset(name, HERE, Model(more.pop("kind", "table"), sql, HERE), **more)


def output(name: str, **queries: str) -> Output:
    made = tuple(Query(query, sql, HERE) for query, sql in queries.items())
    return Output(name, "dashboard", HERE, owner="data-platform", needs=("crew-moves",), queries=made)


def requirement(id: str, *, binds: Sequence[str] = (), of: str | None = None, proof: str | None = None) -> Requirement:
    return Requirement(
        id,
        id,
        HERE,
        "shall",
        needs=("crew-moves",),
        binds=tuple(binds),
        objective=Objective("ready_by", of, None, HERE, "UTC") if of else None,
        proofs=(Proof("answers", proof, HERE, {}),) if proof else (),
    )


def project(
    *datasets: Dataset, outputs: Sequence[Output] = (), requirements: Sequence[Requirement] = (), **more: Any
) -> tuple[Project, dict[str, SqlFacts]]:
    """The project, and the facts of its models and of its outputs' queries."""
    known: dict[str, Sequence[str] | None] = {}
    facts: dict[str, SqlFacts] = {}
    for each in datasets:
        if isinstance(each.made_by, Model):
            facts[each.name] = read_facts(each.made_by.sql, HERE, known)
            assert not facts[each.name].problems
            known[each.name] = facts[each.name].columns
        else:
            known[each.name] = [column.name for column in each.columns]
            known[each.name + QUARANTINE] = ["reason", "origin", "run", "at", "row"]
    for each in outputs:
        for query in each.queries:
            facts[query_name(each.name, query.name)] = read_facts(query.sql, HERE, known)
    made = Project(
        "small",
        Path("/nowhere"),
        Path("/nowhere/lake"),
        Path("/nowhere/ledger.sqlite"),
        owner="data-platform",
        datasets={each.name: each for each in datasets},
        outputs={each.name: each for each in outputs},
        requirements={each.id: each for each in requirements},
        needs={"crew-moves": Need("crew-moves", "Move crews", "duty-manager", HERE)},
        **more,
    )
    return made, facts
