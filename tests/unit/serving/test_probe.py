"""Rows are what was promised, or the reason says what is not, without a value in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from mainstem.core.release import Field
from mainstem.lifecycle.serving.probe import Expected, shortfall
from mainstem.lifecycle.serving.request import Answer
from mainstem.security.audit import AuditRow

AUDIT = AuditRow(datetime(2013, 12, 17, tzinfo=UTC), "local", "probe", "allowed", "sha256:0")


def rows(*found: tuple[Any, ...], names: str = "route n", truncated: bool = False) -> Answer:
    return Answer(tuple(Field(name, "VARCHAR") for name in names.split()), found, truncated, AUDIT)


def test_the_number_of_rows_is_exact() -> None:
    assert shortfall(Expected(2), rows(("a", 1), ("b", 2))) == ""
    assert shortfall(Expected(3), rows(("a", 1), ("b", 2))) == "it returns 2 rows, not 3"
    assert shortfall(Expected(1), rows(("a", 1), truncated=True)) == "it returns 1 and more rows, not 1"


@pytest.mark.parametrize("hidden", [None, "[redacted]", "[REDACTED]", "by [redacted] today"])
def test_a_value_that_is_empty_or_hidden_is_none(hidden: str | None) -> None:
    expected = Expected(not_null=("ROUTE",))
    assert shortfall(expected, rows(("canary", 1))) == ""
    said = shortfall(expected, rows(("canary", 1), (hidden, 2)))
    assert said == '"ROUTE" is empty, or hidden from this reader, in 1 of 2 rows'


def test_no_row_has_no_value() -> None:
    assert shortfall(Expected(not_null=("n",)), rows()) == "it returns no row"
    assert shortfall(Expected(not_null=("cause",)), rows(("a", 1))) == 'it has no column "cause"'
    assert shortfall(Expected(0), rows()) == ""


def test_the_rows_are_those_of_an_independent_query_in_any_order() -> None:
    answer = rows(("a", Decimal("1.50")), ("b", 2), ("b", 2))
    assert shortfall(Expected(), answer, rows((2.0, "b"), (1.5, "a"), (2, "b"), names="N route")) == ""
    assert shortfall(Expected(), answer, rows(("a",), ("b",), ("b",), names="route")) == ""
    said = shortfall(Expected(), answer, rows(("a", 1.5), ("b", 2), ("canary", 3)))
    assert said == "1 of its rows are not in the other query, 1 of that one are not in it"
    assert shortfall(Expected(), answer, rows(("a", 1.5), ("b", 2))).startswith("1 of its rows")
    assert shortfall(Expected(), answer, rows((1,), names="m")) == 'it has no column "m", which the other query has'
    assert shortfall(Expected(), answer, rows(truncated=True)) == "there are more rows than can be compared (3)"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (0.1 + 0.2, Decimal("0.3"), True),
        (0.3001, 0.3, False),
        (True, 1, False),
        ("1", 1, False),
        (float("nan"), float("nan"), True),
        (date(2013, 12, 17), date(2013, 12, 17), True),
        ([1, {"a": 2}], [1, {"a": 2}], True),
        (None, "", False),
        (-0.0, 0, True),
        (10**20, 10**20 + 1, False),
    ],
)
def test_values_are_compared_as_what_they_are(one: Any, other: Any, same: bool) -> None:
    said = shortfall(Expected(), rows((one,), names="v"), rows((other,), names="v"))
    assert (said == "") is same


def test_what_is_expected_is_read_as_it_was_written() -> None:
    assert Expected.of({"rows": "5", "not_null": "route"}) == Expected(5, ("route",))
    assert Expected.of({"not_null": ["route", "cause"], "as": "somebody"}) == Expected(None, ("route", "cause"))
