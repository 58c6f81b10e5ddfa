"""Every type of the engine is stored losslessly, loudly, or not at all; every reader of Delta reads the same."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_world import World

from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.release import Field
from mainstem.lifecycle.storage.types import cast_select, delta_schema, fields_of, stored_fields
from mainstem.sql.types import Type, parse_type

INSTANT = datetime(2013, 12, 17, 10, 9, 0, 123456, UTC)

KEPT = [
    ("boolean", "[true, false]", "BOOLEAN", [True, False]),
    ("tinyint", "[-128, 127]", "TINYINT", [-128, 127]),
    ("smallint", "[-32768, 32767]", "SMALLINT", [-32768, 32767]),
    ("integer", "[-2147483648, 2147483647]", "INTEGER", [-2147483648, 2147483647]),
    ("bigint", "[-9223372036854775808, 9223372036854775807]", "BIGINT", [-(2**63), 2**63 - 1]),
    ("hugeint", "[-9223372036854775808, 9223372036854775807]", "BIGINT", [-(2**63), 2**63 - 1]),
    ("utinyint", "[0, 255]", "SMALLINT", [0, 255]),
    ("usmallint", "[0, 65535]", "INTEGER", [0, 65535]),
    ("uinteger", "[0, 4294967295]", "BIGINT", [0, 2**32 - 1]),
    ("ubigint", "[0, 18446744073709551615]", "DECIMAL(20,0)", [Decimal(0), Decimal(2**64 - 1)]),
    ("uhugeint", f"[0, {10**37}]", "DECIMAL(38,0)", [Decimal(0), Decimal(10**37)]),
    ("float", "[0.5, -1.25]", "FLOAT", [0.5, -1.25]),
    ("double", "[0.1, 1e300]", "DOUBLE", [0.1, 1e300]),
    ("decimal(4, 1)", "[999.9, -0.1]", "DECIMAL(4,1)", [Decimal("999.9"), Decimal("-0.1")]),
    ("decimal(18, 3)", "[1.005, 2]", "DECIMAL(18,3)", [Decimal("1.005"), Decimal("2.000")]),
    ("decimal(38, 10)", "['1234567890123456789012345678.0123456789']", "DECIMAL(38,10)",
     [Decimal("1234567890123456789012345678.0123456789")]),
    ("date", "['2013-12-17', '0001-01-01']", "DATE", [date(2013, 12, 17), date(1, 1, 1)]),
    ("timestamp", "['2013-12-17 10:09:00.123456']", "TIMESTAMP", [INSTANT.replace(tzinfo=None)]),
    ("timestamp_s", "['2013-12-17 10:09:00']", "TIMESTAMP", [INSTANT.replace(microsecond=0, tzinfo=None)]),
    ("timestamp_ms", "['2013-12-17 10:09:00.123']", "TIMESTAMP", [INSTANT.replace(microsecond=123000, tzinfo=None)]),
    ("timestamp_ns", "['2013-12-17 10:09:00.123456']", "TIMESTAMP", [INSTANT.replace(tzinfo=None)]),
    ("timestamptz", "['2013-12-17 10:09:00.123456+00']", "TIMESTAMP WITH TIME ZONE", [INSTANT]),
    ("varchar", "['', 'ä\"''\\', 'x\ny']", "VARCHAR", ["", "ä\"'\\", "x\ny"]),
    ("blob", "['\\x00\\xFF'::blob]", "BLOB", [b"\x00\xff"]),
    ("uuid", "['00000000-0000-0000-0000-000000000001']", "VARCHAR", ["00000000-0000-0000-0000-000000000001"]),
    ("json", """['{"a": [1, null]}']""", "VARCHAR", ['{"a": [1, null]}']),
    ("enum('b', 'a (')", "['a (', 'b']", "VARCHAR", ["a (", "b"]),
    ("time", "['10:09:00.123456']", "VARCHAR", ["10:09:00.123456"]),
    ("timetz", "['10:09:00+01']", "VARCHAR", ["10:09:00+01"]),
    ("bignum", "['1234567890123456789012345678901234567890']", "VARCHAR", ["1234567890123456789012345678901234567890"]),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "values", "stored", "expected"), KEPT, ids=[case[0] for case in KEPT])
def test_a_type_is_stored_and_read_back_by_both(
    world: World, type_: str, values: str, stored: str, expected: list[object]
) -> None:
    made = world.put(f"select v::{type_} as v from (select unnest({values}) as v union all select null)")
    assert made.fields == (Field("v", stored),)
    wanted = sorted([(None,), *((value,) for value in expected)], key=repr)
    assert sorted(world.rows(made), key=repr) == wanted
    assert world.library_rows() == wanted
    assert world.rows(made, "typeof(v)")[0] == (stored,)


NESTED = [
    ("[1, null]::integer[]", "INTEGER[]", [1, None]),
    ("[]::varchar[]", "VARCHAR[]", []),
    ("[1, 2]::integer[2]", "INTEGER[]", [1, 2]),
    ("{'a': 1, 'order': ['x']}", 'STRUCT("a" INTEGER, "order" VARCHAR[])', {"a": 1, "order": ["x"]}),
    ("[{'n': 1::hugeint, 'u': 2::ubigint}]", 'STRUCT("n" BIGINT, "u" DECIMAL(20,0))[]', [{"n": 1, "u": Decimal(2)}]),
    ("{'e': 'x'::enum('x'), 't': {'at': timestamp_ns '2013-12-17 10:09:00.123456'}}",
     'STRUCT("e" VARCHAR, "t" STRUCT("at" TIMESTAMP))', {"e": "x", "t": {"at": INSTANT.replace(tzinfo=None)}}),
]  # fmt: skip


@pytest.mark.parametrize(("value", "stored", "expected"), NESTED, ids=[case[1] for case in NESTED])
def test_a_nested_type_is_stored_and_read_back_by_both(world: World, value: str, stored: str, expected: object) -> None:
    made = world.put(f"select {value} as v")
    assert made.fields == (Field("v", stored),)
    assert world.rows(made) == [(expected,)]
    assert world.library_rows() == [(expected,)]


def test_a_map_is_stored_and_read_back_by_both(world: World) -> None:
    made = world.put("select map {'k': 1::uinteger, 'l': null} as v")
    assert made.fields == (Field("v", "MAP(VARCHAR, BIGINT)"),)
    assert world.rows(made) == [({"k": 1, "l": None},)]
    assert world.library_rows() == [([("k", 1), ("l", None)],)]


@pytest.mark.parametrize(
    "value",
    [
        "9223372036854775808::hugeint",
        "[9223372036854775808::hugeint]",
        "{'a': {'b': 9223372036854775808::hugeint}}",
        "340282366920938463463374607431768211455::uhugeint",
        "timestamp_ns '2013-12-17 00:00:00.000000001'",
        "[timestamp_ns '2013-12-17 00:00:00.000000001']",
    ],
)
def test_a_value_that_does_not_fit_fails_loudly(world: World, value: str) -> None:
    with pytest.raises(WorldError, match=r"E003|E009 column .v. holds nanoseconds"):
        world.put(f"select {value} as v")
    assert not (world.lake / "m/t/_delta_log").exists()


@pytest.mark.parametrize(
    ("value", "mend"),
    [
        ("interval 1 day", r"epoch\(x\)"),
        ("'101'::bit", "x::varchar"),
        ("union_value(n := 1)", "x.member"),
        ("row(1, 2)", "name its parts"),
        ("[interval 1 day]", r"epoch\(x\)"),
        ("{'a': '101'::bit}", "x::varchar"),
        ("1::variant", "x::varchar"),
    ],
)
def test_a_type_that_cannot_be_stored_is_refused_with_a_way_out(world: World, value: str, mend: str) -> None:
    with pytest.raises(ProjectError, match=f'K001 column "v" is .*{mend}'):
        stored_fields(world.session.describe(f"select {value} as v"))


@pytest.mark.parametrize("name", ["count_star()", "two words", "a,b", "a=b", "tab\tbed", "{x}", ""])
def test_a_name_that_delta_forbids_is_refused(name: str) -> None:
    with pytest.raises(ProjectError, match=r"K002"):
        stored_fields([Field(name, "INTEGER")])


def test_names_that_differ_by_case_only_are_refused() -> None:
    with pytest.raises(ProjectError, match=r'K002 column names "Id" and "ID" are the same'):
        stored_fields([Field("Id", "INTEGER"), Field("ID", "INTEGER")])
    with pytest.raises(ProjectError, match=r'K002 .* within "s"'):
        stored_fields([Field("s", 'STRUCT("a" INTEGER, "A" INTEGER)')])


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ProjectError) as caught:
        stored_fields([Field("a b", "INTERVAL"), Field("c", "BIT")])
    assert [problem.code for problem in caught.value.problems] == ["K001", "K001", "K002"]


def test_a_select_that_needs_no_cast_stays_as_it_is() -> None:
    select = "select 1 as n -- as written"
    assert cast_select(select, [Field("n", "INTEGER")]) == select


def test_casts_keep_names_and_order_of_columns_and_rows(world: World) -> None:
    select = 'select sum(i) as "to""tal", i % 7 as g, uuid() as u from range(100000) r(i) group by g order by hash(g);'
    fields = world.session.describe(select)
    cast = cast_select(select, fields)
    assert [field.name for field in world.session.describe(cast)] == ['to"tal', "g", "u"]
    assert [row[1] for row in world.session.rows(cast)] == [row[1] for row in world.session.rows(select)]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("int", "INTEGER"),
        ("text", "VARCHAR"),
        ("varchar(20)", "VARCHAR"),
        ("numeric(10, 2)", "DECIMAL(10,2)"),
        ("decimal", "DECIMAL(18,3)"),
        ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp without time zone", "TIMESTAMP"),
        ("struct(a int, b text[])[]", 'STRUCT("a" INTEGER, "b" VARCHAR[])[]'),
        ("map(text, timestamptz)", "MAP(VARCHAR, TIMESTAMP WITH TIME ZONE)"),
        ("ROW(x double)", 'STRUCT("x" DOUBLE)'),
    ],
)
def test_the_types_that_contracts_write_have_one_text(text: str, plain: str) -> None:
    assert stored_fields([Field("v", text)]) == (Field("v", plain),)


SCALARS = st.sampled_from(["BIGINT", "VARCHAR", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "BLOB"])
NAMES = st.text(st.sampled_from('abÄ_"name'), min_size=1, max_size=5)
DECIMALS = st.integers(1, 38).flatmap(lambda digits: st.integers(0, digits).map(lambda scale: (digits, scale)))


def nested(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    parts = st.dictionaries(NAMES.map(str.lower), inner, min_size=1, max_size=3)
    return st.one_of(
        inner.map(lambda item: Type("LIST", (("item", item),))),
        st.builds(lambda key, value: Type("MAP", (("key", key), ("value", value))), SCALARS.map(Type), inner),
        parts.map(lambda found: Type("STRUCT", tuple(found.items()))),
    )


TYPES = st.recursive(SCALARS.map(Type) | DECIMALS.map(lambda d: Type("DECIMAL", digits=d)), nested, max_leaves=6)


@given(TYPES)
def test_the_text_of_a_type_is_read_back_as_the_same_type(kind: Type) -> None:
    assert parse_type(str(kind)) == kind
    fields = (Field("v", str(kind)),)
    assert stored_fields(fields) == fields
    assert fields_of(delta_schema(fields)) == fields


def test_a_type_that_only_another_writer_has_is_refused() -> None:
    schema = {"type": "struct", "fields": [{"name": "v", "type": "variant", "nullable": True, "metadata": {}}]}
    with pytest.raises(ProjectError, match=r"K001"):
        fields_of(json.dumps(schema))
