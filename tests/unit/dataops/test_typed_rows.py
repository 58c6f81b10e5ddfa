"""Written values of a test become values of their columns exactly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.core.model_test import Cell, Rows
from mainstem.core.place import Place
from mainstem.core.project import EngineSettings
from mainstem.core.release import Field
from mainstem.dataops.plain_texts import is_plainly
from mainstem.dataops.typed_rows import typed_rows
from mainstem.engines.duckdb import open as open_engine
from mainstem.lifecycle.ingestion.casts import cast
from mainstem.sql.quote import literal
from mainstem.sql.types import parse_type

PLACE = Place("tests/a.yml", 3, 5)
TYPES = ("TINYINT", "INTEGER", "BIGINT", "DECIMAL(4,2)", "DECIMAL(2,2)", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP")
NUMBERS = st.from_regex(r"\A-?[0-9]{1,20}(\.[0-9]{0,3})?\Z")
DAYS = st.from_regex(
    r"\A(000[01]|20[0-9]{2})-[01][0-9]-[0-3][0-9]([ T][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{6})?)?)?\Z"
)


@pytest.fixture(scope="module")
def session() -> Iterator[object]:
    engine = open_engine(EngineSettings(threads=1))
    yield engine.session()
    engine.close()


@given(
    kind=st.sampled_from(TYPES), text=NUMBERS | DAYS | st.sampled_from(["true", "false", "True", "", " 1", "1_0", "٣"])
)
def test_what_is_plainly_of_a_type_is_cast_as_exactly_as_anything_else(session, kind, text):
    target = parse_type(kind)
    exact = cast(parse_type("VARCHAR"), target, "r", "p", "v")
    inner = f"select *, {exact.value} as v from (select *, {exact.prepared} as p from (select {literal(text)} as r))"
    value, misfit = session.rows(f"select v, {exact.misfit} from ({inner})")[0]
    if is_plainly(text, target):
        assert not misfit
        assert session.rows(f"select cast({literal(text)} as {kind})") == [(value,)]


def test_rows_keep_their_order_and_what_is_left_out_is_null(session):
    fields = (Field("id", "BIGINT"), Field("at", "TIMESTAMP"), Field("tags", "VARCHAR[]"))
    cells = ({"ID": Cell("2", PLACE)}, {"tags": Cell('["a", null]', PLACE)}, {"ID": Cell("1", PLACE)})
    rows = typed_rows(Rows({"ID": PLACE, "tags": PLACE}, cells), fields)
    assert session.describe(rows.select) == fields
    assert session.rows(rows.select) == [(2, None, None), (None, None, ["a", None]), (1, None, None)]
    assert rows.problems(session.rows(rows.misfits)) == []


def test_no_rows_have_columns_all_the_same(session):
    fields = (Field("id", "BIGINT"), Field("name", "VARCHAR"))
    assert session.describe(typed_rows(Rows({}, ()), fields).select) == fields


def test_each_value_that_is_none_of_its_type_is_told(session):
    cells = ({"n": Cell("1", PLACE)}, {"n": Cell("1.5", PLACE)}, {"n": Cell("x", PLACE)})
    rows = typed_rows(Rows({"n": PLACE}, cells), (Field("n", "INTEGER"),))
    assert [(each.code, each.place) for each in rows.problems(session.rows(rows.misfits))] == [("D004", PLACE)] * 2
