"""JSON Lines and Parquet files."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from ingestion_world import World, balanced, code_of, column, say

from mainstem.core.problem import WorldError


def lines(*objects: Any) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def test_each_line_stands_for_itself_and_a_broken_one_is_set_aside(world: World) -> None:
    text = '{"id": 1, "word": "a"}\n{"id": 2, "word"\n\n[3]\n"four"\n{"id": 5, "word": "e"}\n  \n{"id": 6'
    world.file("a.jsonl", text)
    words = world.files("*.jsonl", (column("id", "bigint"), column("word", "varchar")))
    change = world.load(words)
    assert world.rows(words) == [(1, "a"), (5, "e")]
    assert world.reasons(words) == [
        ("is not JSON", "a.jsonl:2"),
        ("is not a JSON object", "a.jsonl:4"),
        ("is not a JSON object", "a.jsonl:5"),
        ("is not JSON", "a.jsonl:8"),
    ]
    assert [json.loads(row) for _, _, row, _, _ in world.quarantine(words)] == [
        '{"id": 2, "word"',
        "[3]",
        '"four"',
        '{"id": 6',
    ]
    assert (change.rows_in, balanced(change)) == (6, True)


def test_columns_are_all_keys_and_missing_ones_are_null(world: World) -> None:
    world.file("a.jsonl", lines({"id": 1, "Wind Speed": 2.5}, {"id": 2, "note": "x"}, {}, {"id": None}))
    found = world.files("*.jsonl")
    world.load(found)
    assert world.types(found) == {"id": "BIGINT", "wind_speed": "DOUBLE", "note": "VARCHAR"}
    assert world.rows(found) == [(1, 2.5, None), (2, None, "x"), (None, None, None), (None, None, None)]


def test_a_contract_makes_a_missing_required_key_a_fault_of_its_row_only(world: World) -> None:
    world.file("a.jsonl", lines({"id": 1}, {"id": 2}))
    found = world.files("*.jsonl", (column("id", "bigint"), column("word", "varchar", required=True)))
    world.load(found)
    assert world.rows(found) == []
    assert world.reasons(found) == [("word: is missing", "a.jsonl:1"), ("word: is missing", "a.jsonl:2")]


NESTED = (
    column("id", "bigint"),
    column("user", "struct(name varchar, address struct(city varchar, zip varchar))"),
    column("items", "struct(sku varchar, qty integer, price decimal(10, 2))[]"),
    column("counts", "map(varchar, bigint)"),
    column("days", "date[]"),
    column("raw", "json"),
    column("text", "varchar"),
)


def test_nested_values_get_the_types_of_the_contract(world: World) -> None:
    whole = {
        "id": 1,
        "user": {"name": "Ann", "address": {"city": "Ulm", "zip": "089"}},
        "items": [{"sku": "a", "qty": 2, "price": 1.5}, None, {"sku": "b", "more": [1]}],
        "counts": {"x": 1, "y": 2},
        "days": ["2013-12-01", None],
        "raw": {"any": [1, {"thing": True}]},
        "text": {"any": [1.10, "é"]},
    }
    world.file("a.jsonl", lines(whole, {"id": 2, "user": None, "items": [], "counts": {}, "text": "plain"}))
    found = world.files("*.jsonl", NESTED)
    world.load(found)
    assert world.reasons(found) == []
    first, second = world.rows(found, "id, user, items, counts, cast(days as varchar), raw, text")
    assert first[1] == {"name": "Ann", "address": {"city": "Ulm", "zip": "089"}}
    assert [item and (item["sku"], item["qty"], item["price"] and str(item["price"])) for item in first[2]] == [
        ("a", 2, "1.50"),
        None,
        ("b", None, None),
    ]
    assert (first[3], first[4]) == ({"x": 1, "y": 2}, "[2013-12-01, NULL]")
    assert (json.loads(first[5]), json.loads(first[6])) == (whole["raw"], whole["text"])
    assert second == (2, None, [], {}, None, None, "plain")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user", "Ann"),
        ("user", ["Ann"]),
        ("user", {"address": "Ulm"}),
        ("user", {"address": ["Ulm"]}),
        ("items", {"sku": "a"}),
        ("items", [["a"]]),
        ("items", [{"qty": "many"}]),
        ("items", [{"qty": 1}, {"qty": 1.5}]),
        ("items", [{"price": 1.999}]),
        ("items", [5]),
        ("counts", {"x": "many"}),
        ("counts", [1]),
        ("days", ["2013-12-01", "2013-13-01"]),
        ("days", "2013-12-01"),
    ],
)
def test_a_nested_value_that_does_not_fit_is_never_half_loaded(world: World, name: str, value: Any) -> None:
    world.file("a.jsonl", lines({"id": 1, name: value}, {"id": 2}))
    found = world.files("*.jsonl", NESTED)
    world.load(found)
    assert world.rows(found, "id") == [(2,)]
    ((reason, origin),) = world.reasons(found)
    assert reason.startswith(f'{name}: "')
    assert " is not a " in reason
    assert origin == "a.jsonl:1"


def test_nested_rows_are_merged_and_known_again(world: World) -> None:
    rows = [{"id": i, "items": [{"sku": str(i)}], "counts": {"x": i}, "user": {"name": "Ann"}} for i in range(3)]
    world.file("a.jsonl", lines(*rows))
    found = world.files("*.jsonl", NESTED, key=["id"], load="incremental")
    world.load(found)
    rows[1]["counts"] = {"x": 7}
    world.file("b.jsonl", lines(*rows))
    change = world.load(found)
    assert (change.loaded, change.unchanged) == (1, 2)
    assert world.rows(found, "id, counts", "id") == [(0, {"x": 0}), (1, {"x": 7}), (2, {"x": 2})]


def test_numbers_arrive_with_every_digit(world: World) -> None:
    text = (
        '{"d": 12345678901234567890.12, "n": 9007199254740993, "b": 9223372036854775808, "t": 1.10, '
        '"in": {"d": 99999999999999999.99}}\n'
        '{"d": 0.1, "n": 1e3, "b": null, "t": 100000000000000000000001, "in": {"d": "7.25"}}\n'
    )
    world.file("a.jsonl", text)
    columns = (
        column("d", "decimal(38, 2)"),
        column("n", "bigint"),
        column("b", "decimal(20, 0)"),
        column("t", "varchar"),
        column("in", "struct(d decimal(20, 2))"),
    )
    found = world.files("*.jsonl", columns)
    world.load(found)
    assert world.reasons(found) == []
    assert world.rows(found, 'cast(d as varchar), n, cast(b as varchar), t, cast("in".d as varchar)', "n desc") == [
        ("12345678901234567890.12", 9007199254740993, "9223372036854775808", "1.1", "99999999999999999.99"),
        ("0.10", 1000, None, "100000000000000000000001", "7.25"),
    ]


def test_text_of_any_language_and_length_survives(world: World) -> None:
    long = "é日😀" * 300_000
    world.file("a.jsonl", lines({"id": 1, "word": long}, {"id": 2, "word": "\u0000\t\n\"'\\"}))
    words = world.files("*.jsonl", (column("id", "bigint"), column("word", "varchar")))
    world.load(words)
    assert world.rows(words, "word", "id") == [(long,), ("\u0000\t\n\"'\\",)]


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.jsonl", b'\xef\xbb\xbf{"id": 1}\n', {}),
        ("a.ndjson", b'{"id": 1}\r\n', {}),
        ("a.jsonl.gz", gzip.compress(b'{"id": 1}'), {}),
        ("a.txt", '{"id": 1}\n'.encode("utf-16"), {"format": "jsonl", "encoding": "utf-16"}),
    ],
)
def test_one_content_in_many_forms(world: World, name: str, content: bytes, options: dict[str, Any]) -> None:
    world.file(name, content)
    found = world.files(name, (column("id", "bigint"),), **options)
    world.load(found)
    assert world.rows(found) == [(1,)]


def test_bytes_that_are_no_text_are_set_aside(world: World) -> None:
    world.file("a.jsonl", b'{"id": 1}\n{"id": 2, "w": "\xe9"}\n{"id": 3}\n')
    found = world.files("a.jsonl", (column("id", "bigint"),))
    world.load(found)
    assert world.rows(found) == [(1,), (3,)]
    assert world.reasons(found) == [("is not UTF-8 text", "a.jsonl:2")]


def test_keys_that_differ_only_in_what_a_name_here_loses_are_refused(world: World) -> None:
    world.file("a.jsonl", lines({"depDelay": 1}, {"dep_delay": 2}))
    with pytest.raises(WorldError) as error:
        world.load(world.files("a.jsonl"))
    assert code_of(error.value) == "I001"
    assert say(error.value) == 'columns "depDelay" and "dep_delay" would both be named "dep_delay"'


def test_texts_that_mean_null_are_said(world: World) -> None:
    world.file("a.jsonl", lines({"id": 1, "t": "NA"}, {"id": 2, "t": ""}))
    found = world.files("a.jsonl", (column("id", "bigint"), column("t", "varchar")), null=("NA",))
    world.load(found)
    assert world.rows(found) == [(1, None), (2, "")]


# Parquet


def parquet(world: World, name: str, select: str) -> None:
    world.session.execute(f"copy ({select}) to '{world.root / 'inbox' / name}' (format parquet)")
    world.age(world.root / "inbox" / name)


def test_parquet_keeps_its_types_and_knows_its_rows(world: World) -> None:
    parquet(world, "a.parquet", "select 1 as id, 1.50::decimal(8, 2) as m, {'a': 1} as s, [1] as l, now() as z")
    found = world.files("*.parquet")
    world.load(found)
    assert world.types(found) == {
        "id": "INTEGER",
        "m": "DECIMAL(8,2)",
        "s": 'STRUCT("a" INTEGER)',
        "l": "INTEGER[]",
        "z": "TIMESTAMP WITH TIME ZONE",
    }


def test_a_contract_narrows_parquet_only_where_nothing_is_lost(world: World) -> None:
    parquet(
        world,
        "a.parquet",
        "select * from (values (1, 5000000000, 1.5::double, timestamp '2013-12-01 05:00', ['1', 'x']), "
        "(2, 7, 2, timestamp '2013-12-01', ['1', '2'])) as t(id, n, d, \"at\", l)",
    )
    columns = (
        column("id", "bigint"),
        column("n", "integer"),
        column("d", "integer"),
        column("at", "date"),
        column("l", "integer[]"),
    )
    found = world.files("*.parquet", columns)
    world.load(found)
    assert world.rows(found, 'id, n, d, cast("at" as varchar), l') == [(2, 7, 2, "2013-12-01", [1, 2])]
    ((reason, origin),) = world.reasons(found)
    assert origin == "a.parquet:1"
    assert reason == (
        'n: "5000000000" is not an INTEGER; d: "1.5" is not an INTEGER; at: "2013-12-01 05:00:00" is not a DATE; '
        'l: "[1, x]" is not an INTEGER[]'
    )


def test_files_with_other_columns_are_read_by_name(world: World) -> None:
    parquet(world, "a.parquet", "select 1 as id, 'a' as word")
    parquet(world, "b.parquet", "select 'b' as word, 2 as id, true as more")
    found = world.files("*.parquet", key=["id"], load="incremental")
    world.load(found)
    assert world.rows(found) == [(1, "a", None), (2, "b", True)]


def test_a_file_that_is_no_parquet_is_named(world: World) -> None:
    parquet(world, "a.parquet", "select 1 as id")
    world.file("b.parquet", b"not parquet, but long enough to look at")
    with pytest.raises(WorldError) as error:
        world.load(world.files("*.parquet"))
    assert code_of(error.value) == "G012"
    assert say(error.value).startswith('file "b.parquet" cannot be read: ')
