"""Made-up values: of the same type, equal where the true ones are, and none of them the true one."""

from __future__ import annotations

import pytest

from mainstem.core.output import Policy
from mainstem.core.project import EngineSettings
from mainstem.core.release import Field
from mainstem.engines.duckdb import open as open_engine
from mainstem.security.decide import Reader, decide
from mainstem.security.redact import Key, masked_select

PII = {"x": frozenset({"pii"})}


def made_up(field: str, values: str, key: bytes | None = b"k" * 32) -> list[object]:
    """What stands in the place of values, whose type is kept."""
    fields = (Field("x", field),)
    access = decide(Policy(), Reader(action="record"), "raw.people", fields, PII)
    engine = open_engine(EngineSettings(threads=1))
    try:
        session = engine.session()
        select = masked_select(f"(select unnest({values}::{field}[]) as x)", fields, access, Key(key) if key else None)
        assert session.describe(select) == fields
        return [value for (value,) in session.rows(select)]
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("VARCHAR", "['a@example.org', 'a@example.org', 'b@example.org', null, '']"),
        ("SMALLINT", "[7, 7, 8, null, 9]"),
        ("INTEGER", "[4711, 4711, 4712, null, -1]"),
        ("BIGINT", "[424242424242, 424242424242, 5, null, 0]"),
        ("DECIMAL(18,2)", "[10.50, 10.50, 11, null, 0]"),
        ("DOUBLE", "[1.5, 1.5, 2.5, null, 0]"),
        ("DATE", "['1980-05-17', '1980-05-17', '1980-05-18', null, '2013-01-01']"),
        ("TIMESTAMP", "['1980-05-17 10:00', '1980-05-17 10:00', '1980-05-18', null, '2013-01-01']"),
        ("TIMESTAMP WITH TIME ZONE", "['1980-05-17 10:00', '1980-05-17 10:00', '1980-05-18', null, '2013-01-01']"),
    ],
)
def test_equal_values_stay_equal_and_others_different(field, values):
    one, same, other, none, last = found = made_up(field, values)
    assert one == same
    assert len({one, other, last}) == 3
    assert none is None
    assert found == made_up(field, values), "the same in all that is recorded with one key"
    assert found != made_up(field, values, b"other" * 8)


@pytest.mark.parametrize(
    ("field", "values"),
    [("BOOLEAN", "[true, false]"), ("TINYINT", "[1, 2]"), ("DECIMAL(4,2)", "[1, 2]"), ("VARCHAR[]", "[['a'], ['b']]")],
)
def test_of_types_with_few_values_nothing_is_left(field, values):
    assert made_up(field, values) == [None, None]


def test_without_a_key_nothing_can_be_made_up():
    assert made_up("VARCHAR", "['a', 'b']", None) == ["[redacted]"] * 2
    assert made_up("BIGINT", "[1, 2]", None) == [None, None]
