"""Scalar expressions of checks: the columns they read, and what is refused."""

from __future__ import annotations

import pytest

from mainstem.core.codes import CODES
from mainstem.core.place import Place
from mainstem.core.problem import ProjectError
from mainstem.sql.expression import expression_columns

PLACE = Place("models/x.sql", 7, 19)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("amount >= 0", ("amount",)),
        ("Amount >= 0 and (currency is not null or amount = 0)", ("amount", "currency")),
        ("is_open", ("is_open",)),
        ("not is_open", ("is_open",)),
        ("(is_open)", ("is_open",)),
        ("true", ()),
        ("1 = 1", ()),
        ("a in (1, 2) and b between 1 and c", ("a", "b", "c")),
        ("a is null", ("a",)),
        ("case when a then b else c end", ("a", "b", "c")),
        ('"net total" > 0 -- always', ("net total",)),
        ("s.field > 0 and t['x'] = 1 and (u).v", ("s", "t", "u")),
        ("name.lower() = name", ("name",)),
        ("regexp_matches(code, '^[A-Z]{3}$')", ("code",)),
        ("code ~ 'x' and name like 'y%' and name not ilike 'z'", ("code", "name")),
        ("list_filter(l, x -> x > low) = []", ("l", "low")),
        ("len([x for x in l if x > 0]) = 1", ("l",)),
        ("due < current_date and paid <= now() + interval 1 day", ("due", "paid")),
        ("started::date <= try_cast(ended as date)", ("ended", "started")),
        ("is_valid(a, b := c)", ("a", "c")),
        ("a\n  > b", ("a", "b")),
    ],
)
def test_columns_read(text: str, columns: tuple[str, ...]) -> None:
    assert expression_columns(text, PLACE) == columns


@pytest.mark.parametrize(
    ("text", "code", "what", "line", "column"),
    [
        ("amount >= ", "Q001", 'something is missing at ">="', 7, 26),
        ("amount > 0)", "Q001", '")" is not expected here', 7, 29),
        ("a\n> 'b", "Q001", "the text that begins here has no end", 7, 19),
        ("select a from t", "Q004", '"select a from t" is not one expression', 7, 19),
        ("a > 0; b > 0", "Q004", '"a > 0; b > 0" is not one expression', 7, 19),
        ("", "Q004", '"" is not one expression', 7, 19),
        ("a as b", "Q004", '"a as b" is not one expression', 7, 19),
        ("amount 0", "Q001", '"0" is not expected here', 7, 26),
        ("drop table t", "Q004", '"drop table t" is not one expression', 7, 19),
        ("a > (select max(a) from t)", "Q005", '"a > (select max(a) from t)" has a subquery', 7, 19),
        ("exists (from t)", "Q005", '"exists (from t)" has a subquery', 7, 19),
        ("sum(a) > 0", "Q005", '"sum(a) > 0" has an aggregate', 7, 19),
        ("mad(a) > 0", "Q005", '"mad(a) > 0" has an aggregate', 7, 19),
        ("lag(a) over (order by b) = a", "Q005", '"lag(a) over (order by b) = a" has a window function', 7, 19),
        ("columns(*) > 0", "Q005", '"columns(*) > 0" has all columns at once', 7, 19),
    ],
)
def test_what_is_no_condition_of_a_row_is_refused(text: str, code: str, what: str, line: int, column: int) -> None:
    with pytest.raises(ProjectError) as caught:
        expression_columns(text, PLACE)
    [problem] = caught.value.problems
    assert (problem.code, problem.what) == (code, what)
    assert problem.place == Place("models/x.sql", line, column)
    assert problem.code in CODES


def test_a_long_text_is_shortened_in_the_message() -> None:
    with pytest.raises(ProjectError, match=r'"select aaaaaa[a.]*" is not one expression'):
        expression_columns("select " + "a" * 200, Place("x.yml"))
