"""What mainstem reads in a text: the cases of `facts.txt`, each compared with the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from sql_world import COLUMNS, described, engine

from mainstem.core.codes import CODES
from mainstem.core.place import Place
from mainstem.sql.facts import EVERYTHING, read_facts, read_inputs

PLACE = Place("models/case.sql")


@dataclass
class Case:
    """One case; `said` holds what stands behind each key, once for each line of it."""

    title: str
    sql: str
    said: dict[str, list[str]] = field(default_factory=dict)

    def one(self, key: str) -> str:
        return (self.said.get(key) or [""])[0]


def _cases() -> list[Case]:
    text = (Path(__file__).parent / "facts.txt").read_text(encoding="utf-8")
    return [_case(block) for block in ("\n" + text).split("\n== ")[1:]]


def _case(block: str) -> Case:
    title, _, rest = block.partition("\n")
    sql, _, expected = rest.partition("\n--\n")
    case = Case(title, sql)
    for line in expected.strip().splitlines():
        key, _, value = line.partition(":")
        case.said.setdefault(key, []).append(value.strip())
    return case


CASES = _cases()


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return engine()


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(", ") if part.strip())


def _lineage(text: str) -> dict[str, set[str]]:
    pairs = (part.rpartition("=") for part in text.split(";") if part.strip())
    return {name.strip(): set(bases.split()) for name, _, bases in pairs}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_facts(case: Case) -> None:
    facts = read_facts(case.sql, PLACE, COLUMNS)
    assert facts.columns == _list(case.one("columns"))
    assert {name: set(bases) for name, bases in facts.lineage.items()} == _lineage(case.one("lineage"))
    assert set(facts.influences) == set(case.one("influences").split())
    assert set(facts.unresolved) == set(_list(case.one("unresolved")))
    assert facts.reads_clock == (case.one("clock") == "yes")
    assert facts.volatile == tuple(case.one("volatile").split())
    told = [f"{p.place.line}:{p.place.column} {p.code} {p.what} | {p.mend}" for p in facts.problems]
    assert told == case.said.get("problem", [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_engine_agrees(case: Case, connection: duckdb.DuckDBPyConnection) -> None:
    expected = case.one("engine")
    if expected == "not asked":
        return
    if expected == "refuses":
        with pytest.raises(duckdb.Error):
            described(connection, case.sql)
        return
    columns = described(connection, case.sql)
    assert columns == (_list(expected) if expected else _list(case.one("columns")))
    if columns != _list(case.one("columns")):
        assert EVERYTHING in _list(case.one("unresolved")) or " Q0" in case.one("problem")


def test_every_code_of_a_select_has_a_case_and_an_explanation() -> None:
    told = {line.split()[1] for case in CASES for line in case.said.get("problem", [])}
    assert told == {"Q001", "Q002", "Q003", "Q010", "Q011", "Q012", "Q013"}
    assert told <= set(CODES)


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.title for case in CASES}) == len(CASES)


def test_facts_carry_what_the_inputs_say() -> None:
    sql = "select a, now() as n from t where b > random()"
    inputs = read_inputs(sql, PLACE)
    facts = read_facts(sql, PLACE, COLUMNS)
    assert (facts.inputs, facts.fingerprint, facts.reads_clock, facts.volatile) == (
        inputs.inputs,
        inputs.fingerprint,
        True,
        ("random",),
    )


def test_names_of_datasets_are_compared_without_case() -> None:
    facts = read_facts('select O.ID from RAW."Orders" o', PLACE, {"raw.orders": ["Id"]})
    assert facts.columns == ("Id",)
    assert facts.lineage == {"Id": {"raw.orders.Id"}}
    assert list(facts.inputs) == ["raw.orders"]


def test_a_dataset_that_is_not_mentioned_in_the_columns_counts_as_unknown() -> None:
    facts = read_facts("select a from elsewhere.x", PLACE, {})
    assert facts.columns == ("a",)
    assert facts.lineage == {"a": {"elsewhere.x.a"}}
    assert facts.problems == ()


def test_places_are_those_of_the_file() -> None:
    sql = "\n\n   select id,\n\té, amout\n from raw.orders"
    facts = read_facts(sql, PLACE, COLUMNS)
    assert [str(problem.place) for problem in facts.problems] == ["models/case.sql:4:2", "models/case.sql:4:5"]
    assert facts.inputs["raw.orders"] == Place("models/case.sql", 5, 7)


def test_a_text_of_many_parts_is_read_without_deep_recursion() -> None:
    ctes = ", ".join(f"c{n} as (select a from {f'c{n - 1}' if n else 't'})" for n in range(300))
    unions = " union all ".join("select a from c299" for _ in range(300))
    sums = " + ".join("a" for _ in range(2000))
    facts = read_facts(f"with {ctes} select {sums} as s from ({unions})", PLACE, COLUMNS)
    assert facts.lineage == {"s": {"main.t.a"}}
    assert facts.problems == ()


def test_a_text_nested_too_deeply_is_told() -> None:
    facts = read_facts("select " + "(" * 5000 + "a" + ")" * 5000 + " as x from t", PLACE, COLUMNS)
    assert [(problem.code, problem.what) for problem in facts.problems] == [
        ("Q001", "the SQL is nested too deeply to be read")
    ]
