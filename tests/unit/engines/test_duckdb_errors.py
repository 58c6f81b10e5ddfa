"""What the engine refuses is said in one sentence, with a code, a mend, and its place in the text."""

from __future__ import annotations

import pytest

from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError
from mainstem.engines.session import Session


def refusal(session: Session, select: str) -> Problem:
    with pytest.raises(WorldError) as caught:
        session.rows(select)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("select", "code", "what", "place"),
    [
        ("selec 1", "E001", 'syntax error at or near "selec"', (1, 1)),
        ("select 1 +", "E001", "syntax error at end of input", (1, 11)),
        (
            "select\n  ähm,\n  amout from (select 1 as amount)",
            "E002",
            'Referenced column "ähm" not found in FROM clause',
            (2, 3),
        ),
        ("select 'ääh', lenght('x')", "E002", 'scalar function "lenght" does not exist', (1, 15)),
        ("select * from nowhere", "E002", 'table "nowhere" does not exist', (1, 15)),
        ("select sum('a')", "E002", "No function matches the given name and argument types 'sum(VARCHAR)'", (1, 8)),
        ("select\n 'abc'::integer", "E003", "Could not convert string 'abc' to INT32", (2, 7)),
        ("select 2147483647 + 1::integer", "E003", "Overflow in addition of INT32 (2147483647 + 1)", None),
        ("select date '2020-13-01'", "E003", 'date field value out of range: "2020-13-01"', None),
        ("from 'nowhere.parquet'", "E007", 'No files found that match the pattern "nowhere.parquet"', None),
        ("select error('your own words')", "E009", "your own words", None),
    ],
)
def test_refusals(session: Session, select: str, code: str, what: str, place: tuple[int, int] | None) -> None:
    problem = refusal(session, select)
    assert (problem.code, problem.what) == (code, what)
    assert problem.place == (Place("", *place) if place else None)
    assert problem.mend


def test_the_nearest_name_is_offered(session: Session) -> None:
    assert 'did you mean "amount"?' in refusal(session, "select amout from (select 1 as amount)").mend


def test_what_the_function_takes_is_offered(session: Session) -> None:
    assert "sum(DOUBLE) -> DOUBLE" in refusal(session, "select sum('a')").mend


def test_a_broken_constraint_is_one(session: Session) -> None:
    session.execute("create temp table t(n integer primary key)")
    with pytest.raises(WorldError, match="E006"):
        session.execute("insert into t values (1), (1)")


def test_describe_places_a_fault_like_the_rest(session: Session) -> None:
    with pytest.raises(WorldError) as caught:
        session.describe("select 1 as one,\n\n  two")
    assert caught.value.problems[0].place == Place("", 3, 3)
