"""The engine's types, taken apart."""

from __future__ import annotations

import duckdb
import pytest

from mainstem.sql.types import Type, parse_type

TYPES = [
    "INTEGER",
    "DECIMAL(10,2)",
    "TIMESTAMP WITH TIME ZONE",
    "VARCHAR[]",
    "INTEGER[3]",
    "MAP(VARCHAR, STRUCT(a INTEGER, b DECIMAL(4,1)[]))",
    'STRUCT("a b" INTEGER, "c""d" STRUCT(e DATE)[][])',
    "ENUM('a', 'it''s, (b)')",
]


@pytest.mark.parametrize("text", TYPES)
def test_every_type_is_read_whole(text: str) -> None:
    found = str(duckdb.sql(f"select cast(null as {text}) as x").types[0])
    assert parse_type(found).text == found


def test_parts_have_their_names_and_types() -> None:
    found = parse_type('STRUCT("a b" INTEGER, "c""d" MAP(VARCHAR, DECIMAL(4,1)[]))')
    assert [name for name, _ in found.parts] == ["a b", 'c"d']
    (_, number), (_, map_) = found.parts
    assert (number, number.text) == (Type("INTEGER"), "INTEGER")
    value = map_.parts[1][1]
    assert (value.name, value.text, value.parts[0][1].digits) == ("LIST", "DECIMAL(4,1)[]", (4, 1))
