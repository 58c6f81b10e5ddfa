"""Names and values as SQL text mean to the engine exactly what they were."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.sql.quote import literal, qualified, quote

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'Asia/Tokyo'")
    return connection


@settings(deadline=None, max_examples=60)
@given(TEXTS.filter(bool))
def test_a_quoted_name_is_the_name(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    assert connection.execute(f"select 1 as {quote(name)}").description[0][0] == name


@settings(deadline=None, max_examples=60)
@given(TEXTS)
def test_a_text_is_the_text(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    assert connection.execute(f"select {literal(text)}").fetchone() == (text,)


@settings(deadline=None, max_examples=60)
@given(st.decimals(min_value=Decimal(-(10**18)), max_value=10**18, places=6, allow_nan=False))
def test_a_number_is_exact(connection: duckdb.DuckDBPyConnection, number: Decimal) -> None:
    shown, type_ = connection.execute(f"select x, typeof(x) from (select {literal(number)} as x)").fetchone() or ()
    assert shown == number
    assert not type_.startswith("DOUBLE")


@pytest.mark.parametrize(
    ("value", "text", "type_"),
    [
        (None, "NULL", '"NULL"'),
        (True, "true", "BOOLEAN"),
        (False, "false", "BOOLEAN"),
        (-7, "-7", "INTEGER"),
        (Decimal("1.50"), "1.50", "DECIMAL(3,2)"),
        (Decimal("1E+3"), "1000", "INTEGER"),
        (date(2013, 12, 17), "DATE '2013-12-17'", "DATE"),
        (datetime(2013, 12, 17, 10, 9), "TIMESTAMP '2013-12-17 10:09:00'", "TIMESTAMP"),  # noqa: DTZ001
        (
            datetime(2013, 12, 17, 10, 9, 0, 5, timezone(timedelta(hours=-5))),
            "TIMESTAMPTZ '2013-12-17 15:09:00.000005+00:00'",
            "TIMESTAMP WITH TIME ZONE",
        ),
    ],
)
def test_literals(connection: duckdb.DuckDBPyConnection, value: object, text: str, type_: str) -> None:
    assert literal(value) == text  # type: ignore[arg-type]
    assert connection.execute(f"select typeof({text})").fetchone() == (type_,)


def test_an_instant_is_the_same_instant_in_every_session(connection: duckdb.DuckDBPyConnection) -> None:
    at = datetime(2013, 12, 17, 10, 9, tzinfo=UTC)
    assert connection.execute(f"select epoch_us({literal(at)})").fetchone() == (int(at.timestamp() * 1_000_000),)


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 10**38, Decimal("0." + "1" * 39)])
def test_a_number_that_the_engine_would_round_is_refused(value: Decimal) -> None:
    with pytest.raises(ValueError, match=r"exact|digits"):
        literal(value)


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        literal(1.5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "text"),
    [("raw.orders", '"raw"."orders"'), ("x", '"x"'), ('a"b.c.d', '"a""b"."c.d"')],
)
def test_a_dataset_is_quoted_part_by_part(name: str, text: str) -> None:
    assert qualified(name) == text
