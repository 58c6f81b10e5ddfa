"""CSV files as the world writes them: encodings, spellings, dialects, packings."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from typing import Any

import pytest
import zstandard
from ingestion_world import World, balanced, code_of, column, say

from mainstem.core.problem import ProjectError, WorldError

WORDS = (column("id", "bigint"), column("word", "varchar"))


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("id,word\n1,été\n".encode(), ""),
        ("\ufeffid,word\n1,été\n".encode(), ""),
        ("id,word\n1,été\n".encode("utf-16"), ""),
        ("\ufeffid,word\n1,été\n".encode("utf-16-be"), ""),
        ("id,word\n1,été\n".encode("utf-16-le"), ""),
        ("id,word\n1,été\n".encode("cp1252"), "a.csv is not UTF-8 and was read as windows-1252"),
    ],
)
def test_the_encoding_is_found(world: World, content: bytes, note: str) -> None:
    world.file("a.csv", content)
    words = world.files("a.csv", WORDS)
    change = world.load(words)
    assert world.rows(words) == [(1, "été")]
    assert any(each.startswith(note) for each in change.notes) if note else not change.notes


def test_windows_1252_is_known_by_any_byte_of_a_long_file_and_keeps_its_signs(world: World) -> None:
    lines = "".join(f"{i},plain\n" for i in range(200_000))
    world.file("a.csv", f"id,word\n{lines}200000,“10 €”\n".encode("cp1252"))
    words = world.files("a.csv", WORDS)
    world.load(words)
    assert world.rows(words, "id, word", "id desc limit 1") == [(200_000, "“10 €”")]


def test_a_text_in_utf_8_with_a_broken_line_is_not_taken_for_another(world: World) -> None:
    world.file("a.csv", "id,word\n1,été\n".encode() + b"2,\xe9t\xe9\n")
    words = world.files("a.csv", WORDS)
    world.load(words)
    assert world.rows(words) == [(1, "été")]
    assert world.reasons(words) == [("is not UTF-8 text", "a.csv:3")]


def test_bytes_that_windows_1252_does_not_know_cost_their_line(world: World) -> None:
    world.file("a.csv", b"id,word\n1,caf\xe9\n2,\x81\n")
    words = world.files("a.csv", WORDS)
    change = world.load(words)
    assert world.rows(words) == [(1, "café")]
    assert world.reasons(words) == [("is not windows-1252 text", "a.csv:3")]
    assert balanced(change)


def test_types_come_from_all_rows(world: World) -> None:
    rows = "".join(f"{i},{i}\n" for i in range(30_000))
    world.file("a.csv", f"id,amount\n{rows}30000,many\n")
    found = world.files("a.csv")
    world.load(found)
    assert world.types(found) == {"id": "BIGINT", "amount": "VARCHAR"}
    assert world.rows(found, "count(*), max(amount)") == [(30_001, "many")]


def test_a_surprise_after_many_rows_breaks_a_contract_by_its_line(world: World) -> None:
    rows = "".join(f"{i},{i}\n" for i in range(30_000))
    world.file("a.csv", f"id,amount\n{rows}30000,many\n")
    found = world.files("a.csv", (column("id", "bigint"), column("amount", "integer")))
    world.load(found)
    assert world.reasons(found) == [('amount: "many" is not an INTEGER', "a.csv:30002")]


PRICES = "id;price;word\n1;1.234,50;1.5\n2;-7;x\n3;0,1;y\n4;1.5;z\n5;1234567,891;w\n6;1.234.567;v\n"


def test_decimal_commas_are_read_exactly_or_set_aside(world: World) -> None:
    world.file("a.csv", PRICES)
    contract = (column("id", "bigint"), column("price", "decimal(18,3)"), column("word", "varchar"))
    prices = world.files("a.csv", contract, decimal=",")
    change = world.load(prices)
    assert world.rows(prices, "id, cast(price as varchar), word") == [
        (1, "1234.500", "1.5"),
        (2, "-7.000", "x"),
        (3, "0.100", "y"),
        (5, "1234567.891", "w"),
        (6, "1234567.000", "v"),
    ]
    assert world.reasons(prices) == [('price: "1.5" is no number with a decimal comma', "a.csv:5")]
    assert json.loads(world.quarantine(prices)[0][2]) == {"id": "4", "price": {"as_written": "1.5"}, "word": "z"}
    assert balanced(change)


def test_without_a_contract_a_column_whose_values_all_have_decimal_commas_is_one_of_numbers(world: World) -> None:
    world.file("a.csv", "id;price;code\n1;1.234,50;1.5\n2;;A,B\n")
    prices = world.files("a.csv", decimal=",")
    world.load(prices)
    assert world.types(prices) == {"id": "BIGINT", "price": "DOUBLE", "code": "VARCHAR"}
    assert world.rows(prices) == [(1, 1234.5, "1.5"), (2, None, "A,B")]


def test_days_in_another_form(world: World) -> None:
    world.file("a.csv", "id,day,word\n1,05.01.2026,05.01.2026\n2,31.02.2026,x\n3,2026-01-05,y\n4,,z\n")
    contract = (column("id", "bigint"), column("day", "date"), column("word", "varchar"))
    days = world.files("a.csv", contract, dates="%d.%m.%Y")
    world.load(days)
    assert world.rows(days, "id, cast(day as varchar), word") == [(1, "2026-01-05", "05.01.2026"), (4, None, "z")]
    assert [reason for reason, _ in world.reasons(days)] == [
        'day: "31.02.2026" is not written "%d.%m.%Y"',
        'day: "2026-01-05" is not written "%d.%m.%Y"',
    ]


def test_times_in_another_form_without_a_contract(world: World) -> None:
    world.file("a.csv", "id,then\n1,05/01/2026 07:30\n")
    times = world.files("a.csv", dates="%d/%m/%Y %H:%M")
    world.load(times)
    assert world.types(times)["then"].startswith("TIMESTAMP")
    assert world.rows(times, 'cast("then" as varchar)')[0][0].startswith("2026-01-05 07:30:00")


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("made by x\n;;\nid,word\n1,it's\n", {"skip": 2}),
        ("sep=;\nid;word\n1;it's\n", {}),
        ("'id','word'\n1,'it''s'\n", {"quote": "'"}),
        ("'id','word'\n1,'it\\'s'\n", {"quote": "'", "escape": "\\"}),
        ("id|word\n1|it's\n", {"quote": "", "delimiter": "|"}),
    ],
)
def test_dialects(world: World, content: str, options: dict[str, Any]) -> None:
    world.file("a.csv", content + "x,y,z,\n".replace(",", options.get("delimiter", ",")))
    words = world.files("a.csv", WORDS, **options)
    world.load(words)
    assert world.rows(words) == [(1, "it's")]
    last = len(content.splitlines()) + 1
    assert [origin for _, origin in world.reasons(words)] == [f"a.csv:{last}"]


def test_without_quotes_a_quote_is_a_sign_like_any_other(world: World) -> None:
    world.file("a.csv", 'id|word\n1|"half\n2|"a"\n')
    words = world.files("a.csv", WORDS, quote="", delimiter="|")
    world.load(words)
    assert world.rows(words) == [(1, '"half'), (2, '"a"')]


def test_carriage_returns_inside_quotes_do_not_move_the_lines(world: World) -> None:
    world.file("a.csv", 'id,word\r\n1,"two\nlines"\r\n2,b\r\nx,c\r\n')
    words = world.files("a.csv", WORDS)
    world.load(words)
    assert world.rows(words) == [(1, "two\nlines"), (2, "b")]
    assert [origin for _, origin in world.reasons(words)] == ["a.csv:5"]


@pytest.mark.parametrize("content", ["", "\n\n", "id,word\n", "id,word", "\ufeff"])
def test_empty_files_are_no_rows(world: World, content: str) -> None:
    world.file("a.csv", content)
    words = world.files("*.csv", WORDS)
    assert world.load(words).rows_in == 0
    world.file("b.csv", "id,word\n1,a\n")
    assert world.load(words).loaded == 1


def test_names_that_are_missing_are_numbered_and_those_that_repeat_refused(world: World) -> None:
    world.file("a.csv", "id,,word,\n1,2,a,b\n")
    found = world.files("a.csv")
    world.load(found)
    assert list(world.types(found)) == ["id", "column_2", "word", "column_4"]
    world.file("a.csv", "id,Word,word\n1,2,a\n")
    with pytest.raises(WorldError) as refused:
        world.load(found)
    assert code_of(refused.value) == "G015"


def zipped(**members: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()


CONTENT = "id,word\n1,a\nx,b\n"


@pytest.mark.parametrize(
    ("name", "content", "origin"),
    [
        ("a.csv.gz", gzip.compress(CONTENT.encode()), "a.csv.gz:3"),
        ("a.csv.gz", gzip.compress(CONTENT[:11].encode()) + gzip.compress(CONTENT[11:].encode()), "a.csv.gz:3"),
        ("a.csv.zst", zstandard.compress(CONTENT.encode()), "a.csv.zst:3"),
        (
            "a.csv.zst",
            zstandard.compress(CONTENT[:11].encode()) + zstandard.compress(CONTENT[11:].encode()),
            "a.csv.zst:3",
        ),
        (
            "a.csv.zip",
            zipped(b__csv=CONTENT, notes__txt="no table", **{"__MACOSX/b__csv": "junk"}),
            "a.csv.zip/b.csv:3",
        ),
        ("a.csv.gz", gzip.compress("id,word\n1,a\nx,é\n".encode("cp1252")), "a.csv.gz:3"),
    ],
)
def test_packed_files(world: World, name: str, content: bytes, origin: str) -> None:
    world.file(name, content)
    words = world.files(name, WORDS)
    world.load(words)
    assert world.rows(words) == [(1, "a")]
    assert [each for _, each in world.reasons(words)] == [origin]


def test_all_members_of_an_archive_are_read(world: World) -> None:
    world.file("a.zip", zipped(**{"2026/b__jsonl": '{"id": 1}\n', "c__jsonl": '{"id": 2}\nno\n', "d__csv": "id\n3\n"}))
    found = world.files("*.zip", (column("id", "bigint"),), format="jsonl")
    world.load(found)
    assert world.rows(found) == [(1,), (2,)]
    assert world.reasons(found) == [("is not JSON", "a.zip/c.jsonl:2")]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.csv.gz", gzip.compress(CONTENT.encode() * 100)[:-9], "ended"),
        ("a.csv.gz", b"no gzip", "gzip"),
        ("a.csv.zst", zstandard.compress(CONTENT.encode() * 100)[:-3], "ends before its end"),
        ("a.csv.zst", b"no zstandard", "zstd"),
        ("a.csv.zip", zipped(b__csv=CONTENT)[:-20], "zip"),
    ],
)
def test_damaged_packed_files_load_nothing(world: World, name: str, content: bytes, word: str) -> None:
    world.file(name, content)
    words = world.files(name, WORDS)
    with pytest.raises(WorldError) as refused:
        world.load(words)
    assert code_of(refused.value) == "G012"
    assert word in say(refused.value).lower()


@pytest.mark.parametrize(
    "options",
    [
        {"quote": "''"},
        {"escape": ""},
        {"sheet": "x"},
        {"rows": "a"},
        {"skip": -1},
        {"parent": {"id": "id"}},
    ],
)
def test_options_that_do_not_fit(world: World, options: dict[str, Any]) -> None:
    with pytest.raises(ProjectError) as refused:
        world.files("a.csv", **options)
    assert code_of(refused.value) == "G016"


def test_empty_values_do_not_make_a_column_of_numbers_one_of_texts(world: World) -> None:
    world.file("a.csv", "id,amount,day,nothing\n1,1.5,2026-01-05,\n2,,,\n")
    found = world.files("a.csv")
    world.load(found)
    assert world.types(found) == {"id": "BIGINT", "amount": "DOUBLE", "day": "DATE", "nothing": "VARCHAR"}


def test_what_is_not_written_in_the_spelling_is_not_taken_for_a_number_or_a_day(world: World) -> None:
    world.file("a.csv", "rate;day\n1.234;2026-02-13\n1.5;2026-02-03\n")
    found = world.files("a.csv", decimal=",", dates="%Y-%d-%m")
    world.load(found)
    assert world.types(found) == {"rate": "VARCHAR", "day": "VARCHAR"}


@pytest.mark.parametrize(
    ("content", "rows"),
    [("price\n1,5\n", [(1.5,)]), ('price,word\n"1,5",a\n', [(1.5, "a")]), ("price;a,b\n1,5;x\n", [(1.5, "x")])],
)
def test_a_decimal_comma_parts_no_values(world: World, content: str, rows: list[Any]) -> None:
    world.file("a.csv", content)
    found = world.files("a.csv", decimal=",")
    world.load(found)
    assert world.rows(found) == rows


def test_a_byte_order_mark_is_no_part_of_the_first_value(world: World) -> None:
    world.file("a.csv", "\ufeff1,a\n2,b\n")
    words = world.files("a.csv", WORDS, header=False)
    world.load(words)
    assert world.rows(words) == [(1, "a"), (2, "b")]


def test_a_member_with_a_password_is_told(world: World) -> None:
    content = bytearray(zipped(b__csv=CONTENT))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + at] |= 1
    world.file("a.csv.zip", bytes(content))
    with pytest.raises(WorldError) as refused:
        world.load(world.files("a.csv.zip", WORDS))
    assert code_of(refused.value) == "G012"
    assert "password" in say(refused.value)


def test_any_name_of_a_column_will_do(world: World) -> None:
    world.file("f=9/a.csv", "n,c0,t,p,o\n1,2,3,4,5\n")
    found = world.files("*/a.csv", hive=True)
    world.load(found)
    assert world.rows(found, "n, c0, t, p, o, f") == [(1, 2, 3, 4, 5, 9)]
