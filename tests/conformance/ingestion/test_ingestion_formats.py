"""JSON documents, exploded lists, workbooks, Arrow files and folders that are columns."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import openpyxl
import pytest
from ingestion_world import World, balanced, code_of, column, say

from mainstem.core.problem import ProjectError, WorldError

ROWS = '[{"id": 1, "who": {"name": "Ann"}},\n {"id": 2, "tags": [1, 2]},\n 3,\n {"id": "x"}]'


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (ROWS, {}),
        ("\ufeff" + ROWS, {}),
        (json.dumps({"data": {"items": json.loads(ROWS)}, "next": None}), {"rows": "data.items"}),
        ('{"x": {"items": 1}, "data": {"items": ' + ROWS + ', "count": 4}}', {"rows": "data.items"}),
        ('{"id": 1, "who": {"name": "Ann"}}\n{"id": 2, "tags": [1, 2]}\n3\n{"id": "x"}', {}),
        ("[]\n" + ROWS + "\n", {}),
    ],
)
def test_json_documents(world: World, content: str, options: dict[str, Any]) -> None:
    world.file("a.json", content)
    found = world.files("a.json", (column("id", "bigint"), column("who"), column("tags")), **options)
    change = world.load(found)
    assert world.rows(found, "id, who, tags") == [(1, '{"name":"Ann"}', None), (2, None, "[1,2]")]
    assert sorted(world.reasons(found)) == [
        ('id: "x" is not a BIGINT', "a.json:4"),
        ("is not a JSON object", "a.json:3"),
    ]
    assert balanced(change)


def test_one_object_is_one_row_and_types_follow_from_its_values(world: World) -> None:
    world.file("a.json", '{"id": 1, "ratio": 1.5, "on": true, "in": {"a": 1}}')
    found = world.files("*.json")
    world.load(found)
    assert world.types(found) == {"id": "BIGINT", "ratio": "DOUBLE", "on": "BOOLEAN", "in": "VARCHAR"}
    assert world.rows(found) == [(1, 1.5, True, '{"a":1}')]


def test_digits_of_a_document_are_kept(world: World) -> None:
    world.file("a.json", '[{"n": 1234567890123456789.0123456789}, {"n": 0.1}]')
    found = world.files("a.json", (column("n", "decimal(38,10)"),))
    world.load(found)
    assert world.rows(found, "cast(n as varchar)") == [("0.1000000000",), ("1234567890123456789.0123456789",)]


@pytest.mark.parametrize(
    ("content", "options", "code", "word"),
    [
        ('[{"id": 1}, {"id": 2}', {}, "G012", "line 1"),
        ('[{"id": 1},\n {"id": }]', {}, "G012", "line 2, column"),
        ('[{"id": 1},]', {}, "G012", "comma"),
        ('[{"id": 1}] x', {}, "G012", "line 1"),
        ('{"error": "no"}', {"rows": "data.items"}, "G034", 'has no "data"'),
        ('{"data": {"items": 3}}', {"rows": "data.items"}, "G034", "is no list"),
        ("[" * 100_000, {}, "G012", "recursion"),
    ],
)
def test_a_document_that_is_broken_loads_nothing(
    world: World, content: str, options: dict[str, Any], code: str, word: str
) -> None:
    world.file("a.json", content)
    found = world.files("a.json", **options)
    with pytest.raises(WorldError) as refused:
        world.load(found)
    assert code_of(refused.value) == code
    assert word in say(refused.value)


ORDERS = [
    {"id": 7, "by": {"name": "Ann"}, "items": [{"id": "a", "n": 1}, {"id": "b", "n": 12345678901234567890}]},
    {"id": 8, "items": []},
    {"id": 9},
    {"id": 10, "items": None},
    {"id": 11, "items": {"id": "c"}},
    {"id": 12, "items": ["plain", 3]},
]
ITEMS = {"explode": "items", "parent": {"order_id": "id", "buyer": "by.name"}}


def test_a_list_in_rows_becomes_rows(world: World) -> None:
    lines = [json.dumps(each) for each in ORDERS]
    world.file("a.jsonl", "\n".join([*lines, "no json"]))
    found = world.files("a.jsonl", **ITEMS)
    change = world.load(found)
    assert list(world.types(found)) == ["order_id", "buyer", "position", "id", "n", "value"]
    assert world.types(found)["position"] == "BIGINT"
    assert world.rows(found, "order_id, buyer, position, id, cast(n as varchar), value") == [
        (7, "Ann", 1, "a", "1", None),
        (7, "Ann", 2, "b", "12345678901234567890", None),
        (12, None, 1, None, None, "plain"),
        (12, None, 2, None, None, "3"),
    ]
    assert sorted(world.reasons(found)) == [("is not JSON", "a.jsonl:7"), ("items: is not a list", "a.jsonl:5")]
    assert balanced(change)


def test_elements_are_held_to_a_contract_and_know_where_they_come_from(world: World) -> None:
    world.file("a.json", json.dumps({"data": [{"id": 1, "deep": {"parts": [{"n": "x"}, {"n": "2"}]}}]}))
    contract = (column("order_id", "bigint"), column("position", "integer"), column("n", "integer"))
    found = world.files(
        "a.json", contract, key=("order_id", "position"), rows="data", explode="deep.parts", parent={"order_id": "id"}
    )
    world.load(found)
    assert world.rows(found) == [(1, 2, 2)]
    assert world.reasons(found) == [('n: "x" is not an INTEGER', "a.json:1/1")]


def test_nested_values_around_and_inside_elements_keep_their_nulls(world: World) -> None:
    world.file("a.jsonl", '{"who": {"name": null, "of": ["x", null]}, "items": [{"deep": {"n": null}, "n": null}]}')
    contract = (column("who"), column("deep"), column("name", 'struct(name varchar, "of" varchar[])', original="who2"))
    found = world.files("a.jsonl", contract, explode="items", parent={"who": "who", "who2": "who"})
    world.load(found)
    assert world.rows(found, "who, deep, name") == [
        ('{"name":null,"of":["x",null]}', '{"n":null}', {"name": None, "of": ["x", None]})
    ]


def test_names_of_elements_and_parents_must_differ(world: World) -> None:
    world.file("a.jsonl", json.dumps(ORDERS[0]))
    with pytest.raises(WorldError) as refused:
        world.load(world.files("a.jsonl", explode="items", parent={"id": "id"}))
    assert code_of(refused.value) == "G038"
    world.file("a.jsonl", '{"items": [{"position": 1}]}')
    with pytest.raises(WorldError) as refused:
        world.load(world.files("a.jsonl", explode="items"))
    assert code_of(refused.value) == "G038"
    with pytest.raises(ProjectError) as unfit:
        world.files("a.jsonl", explode="items", parent={"Position": "id"})
    assert code_of(unfit.value) == "G016"


def workbook(rows: Sequence[Sequence[Any]], **others: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for name, values in {"First": rows, **others}.items():
        sheet = book.active if name == "First" else book.create_sheet(name)
        sheet.title = name
        for row in values:
            sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


CELLS = [
    ["id", "price", "day", "at", "is_on", "word", "hour", None],
    [1, 0.1, date(2026, 1, 5), datetime.fromisoformat("2026-01-05 07:30:15"), True, "été", time(7, 30), None],
    [],
    [2**53 - 1, 12.5, date(1999, 12, 31), datetime.fromisoformat("1999-12-31 23:59:59"), False, "007", None, None],
]


def test_a_workbook_gives_exact_values(world: World) -> None:
    world.file("a.xlsx", workbook(CELLS))
    found = world.files("*.xlsx")
    world.load(found)
    assert world.types(found) == {
        "id": "BIGINT",
        "price": "DOUBLE",
        "day": "DATE",
        "at": "TIMESTAMP",
        "is_on": "BOOLEAN",
        "word": "VARCHAR",
        "hour": "VARCHAR",
    }
    shown = 'id, price, cast(day as varchar), cast("at" as varchar), is_on, word, hour'
    assert world.rows(found, shown) == [
        (1, 0.1, "2026-01-05", "2026-01-05 07:30:15", True, "été", "07:30:00"),
        (2**53 - 1, 12.5, "1999-12-31", "1999-12-31 23:59:59", False, "007", None),
    ]


def test_rows_of_a_sheet_know_their_number(world: World) -> None:
    world.file("a.xlsx", workbook([["no"]], Prices=[["made by x"], ["id", "price"], [1, "1.10"], [], ["x", 2]]))
    contract = (column("id", "bigint"), column("price", "decimal(10,2)"))
    found = world.files("a.xlsx", contract, sheet="Prices", skip=1)
    world.load(found)
    assert world.rows(found, "id, cast(price as varchar)") == [(1, "1.10")]
    assert world.reasons(found) == [('id: "x" is not a BIGINT', "a.xlsx/Prices:5")]


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [(b"no workbook", {}, "G012"), (workbook([["id"]]), {"sheet": "Secnd"}, "G037")],
)
def test_workbooks_that_cannot_be_read(world: World, content: bytes, options: dict[str, Any], code: str) -> None:
    world.file("a.xlsx", content)
    with pytest.raises(WorldError) as refused:
        world.load(world.files("a.xlsx", **options))
    assert code_of(refused.value) == code
    assert 'file "a.xlsx" cannot be read' in say(refused.value)


OLD = gzip.decompress(
    base64.b85decode(
        b"ABzY8000000t4+>O-NKx6#nj=_jE@5neivmU>bz1Oc&861RD!YHzTHteh6yRS%@|>jMKsvW!caw2wD|w1Pd~-"
        b"+Vq13wrde66$C*r7PM(oP|!l>b?$lZ>1YZLn4rDyanHTy+<VVCbMLw5-FY+9zVzths#z?<A-Iq+JjlzE2`V0&@q+pdLpAN%O~r7qso-"
        b"(bM&{|5EP9i#_E7EjEF>OjuZRMlshma}?XhSiuz@(jK7@txp;2fQdlGl36r+;;DrMTkw2bLP9{Yl66HBf$ZKSbjaSGGH_S%D19G{TY+*eFg;3?"
        b"1f$ddi2z-tx9mu?7itd7HpzVN_S>F{fX7z6EfYa|*;D82-"
        b"DQ2?AI)Q3X#&CPyoJMPh{W{CoAZ4IGNLswTC<rE`h_+<oupLQ~s3OMqOl?#yk_fmQODsne%@JezI?ecQ@O{oFHFwP2fGE#IxMl>@obR_zEB7-"
        b"Ru;XS_;bhMm{Cx_<Hz=>ZK7ckg=UI*f8EY*X3(Vhq$t8kK(#Nv@C$&#^Tcz|LuOl7V>y;3*@d6%T1B0iXfM0-"
        b")fZ66;`FWH&9|Kn|_yCZmpCBtmld^zn>&cncEHG?J>bB_zQ)>@vikLeZGx`W$QOv~vfQC-tfVKt79@R+OITSImZFx~}sXSMfGJN50@Gk@w!a4)"
        b"qdT4yhmPkacDqM8=Cm*%Ty1a+cL+`gsoJZRU#N@JgxR{oXJ+|q0LZdh;N63nZ!O7Jl?Ikh@sfs@u+nVgF_*8-"
        b";zr!8<gak^zktYAm59kp^V$y330CWT7AnHfnoT(rW1w3p$*`1ttuYhRmm=_ZNB{^VgNryZZQ1BRvCgJx1S<(JTvVabjxH7wb%iiV4_z}o&!HIC"
        b"FvR!=t+S&AoWAZ7bStY1K3)qq;WW(z1@Gpw{`4jede;J|@{{|ACEjOHa-"
        b"<C~ayU&^<>>&#QhIG;(jEIJXRCrSSTTM(r>fuWq@XB%{3>k@06V}CDHI8N3R=tnpE(Vuht(tTHC|DH8Z^se6#%GG`*7eD{8{XhMbG6nz^000"
    )
)
"""A workbook of Excel 97 with a sheet "Prices", as xlwt writes it."""


def test_an_old_workbook_gives_exact_values(world: World) -> None:
    world.file("a.xls", OLD)
    found = world.files("a.xls")
    world.load(found)
    assert world.types(found) == {
        "sku": "VARCHAR",
        "price": "DOUBLE",
        "since": "DATE",
        "at": "TIMESTAMP",
        "open": "BOOLEAN",
        "total": "VARCHAR",
    }
    shown = 'sku, price, cast(since as varchar), cast("at" as varchar), open'
    assert world.rows(found, shown) == [
        ("a", 1.1, "2026-05-01", "2026-05-01 12:30:00", True),
        ("ü", 20.0, None, None, False),
    ]


ODS = """<?xml version="1.0"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="Data">
<table:table-row>
<table:table-cell office:value-type="string"><text:p>id</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>day</text:p></table:table-cell>
</table:table-row>
<table:table-row>
<table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-01-05"><text:p>5.1.</text:p></table:table-cell>
</table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""
MANIFEST = '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def test_an_open_document_is_read_too(world: World) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", ODS.replace(">\n", ">"))
    world.file("a.ods", content.getvalue())
    found = world.files("a.ods", (column("id", "bigint"), column("day", "date")))
    world.load(found)
    assert world.rows(found, "id, cast(day as varchar)") == [(7, "2026-01-05")]


def test_a_formula_that_failed_is_no_number(world: World) -> None:
    book = openpyxl.Workbook()
    book.active.append(["id", "ratio"])
    book.active.append([1, "#DIV/0!"])
    book.active["B2"].data_type = "e"
    target = io.BytesIO()
    book.save(target)
    world.file("a.xlsx", target.getvalue())
    found = world.files("a.xlsx", (column("id", "bigint"), column("ratio", "double")))
    world.load(found)
    assert world.reasons(found) == [('ratio: "#DIV/0!" is not a DOUBLE', "a.xlsx/Sheet:2")]


def test_empty_sheets_are_no_rows(world: World) -> None:
    world.file("a.xlsx", workbook([]))
    world.file("b.xlsx", workbook([["id"]]))
    assert world.load(world.files("*.xlsx", (column("id", "bigint"),))).rows_in == 0


def test_a_package_that_is_missing_is_named_with_its_extra(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.file("a.xlsx", workbook([["id"]]))
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    with pytest.raises(WorldError) as refused:
        world.load(world.files("a.xlsx"))
    assert code_of(refused.value) == "G035"
    assert refused.value.problems[0].mend == "pip install 'mainstem[files]'"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_folders_may_be_columns(world: World, ending: str) -> None:
    for folder, n in (("year=2024/city=New%20York", 1), ("year=2025/city=__HIVE_DEFAULT_PARTITION__", 2)):
        target = f"{folder}/x.{ending}"
        path = world.file(target, {"csv": f"id\n{n}\n", "jsonl": f'{{"id": {n}}}\n', "parquet": ""}[ending])
        if ending == "parquet":
            world.session.execute(f"copy (select {n}::bigint as id) to '{path}'")
            world.age(path)
    free = world.files(f"**/*.{ending}", hive=True)
    world.load(free)
    assert world.types(free) == {"id": "BIGINT", "year": "BIGINT", "city": "VARCHAR"}
    assert world.rows(free, "id, year, city") == [(1, 2024, "New York"), (2, 2025, None)]


def test_folders_are_held_to_the_contract(world: World) -> None:
    world.file("month=01/a.csv", "id\n1\n")
    world.file("month=x/a.csv", "id\n2\n")
    found = world.files("*/a.csv", (column("id", "bigint"), column("month", "integer")), hive=True)
    world.load(found)
    assert world.rows(found) == [(1, 1)]
    assert world.reasons(found) == [('month: "x" is not an INTEGER', "month=x/a.csv:2")]


def test_a_column_stands_in_files_or_in_paths(world: World) -> None:
    world.file("month=01/a.csv", "id,Month\n1,2\n")
    with pytest.raises(WorldError) as refused:
        world.load(world.files("*/a.csv", hive=True))
    assert code_of(refused.value) == "G036"
    free = world.files("*/a.csv")
    world.load(free)
    assert world.rows(free) == [(1, 2)]


def test_files_that_differ_in_a_type_keep_their_values(world: World) -> None:
    for name, select in (
        ("a", '9007199254740993::bigint as n, 1::integer as "f", [1] as many'),
        ("b", "0.5::double as N, 9007199254740993::bigint as \"f\", 'x' as word"),
    ):
        path = world.file(f"{name}.parquet", "")
        world.session.execute(f"copy (select {select}) to '{path}'")
        world.age(path)
    found = world.files("*.parquet")
    world.load(found)
    assert world.types(found)["f"] == "BIGINT"
    assert world.rows(found, "n, f, cast(many as varchar), word", "n") == [
        ("0.5", 9007199254740993, None, "x"),
        ("9007199254740993", 1, "[1]", None),
    ]


ARROW = "select i::bigint as id, 'w' || i as word, (i / 4)::decimal(10, 3) as amount, [i] as many from range(3) t(i)"


@pytest.mark.parametrize(
    ("name", "how"),
    [("a.arrow", "file"), ("a.feather", "lz4"), ("a.arrow", "zstd"), ("a.arrow", "stream")],
)
def test_arrow_files(world: World, name: str, how: str) -> None:
    arrow = pytest.importorskip("arro3.io")
    path = world.file(name, "")
    if how == "stream":
        arrow.write_ipc_stream(world.session.query(ARROW), str(path))
    else:
        arrow.write_ipc(world.session.query(ARROW), str(path), compression=None if how == "file" else how)
    world.age(path)
    found = world.files("a.*", (column("id", "bigint", min="1"), column("word"), column("amount")), format="arrow")
    world.load(found)
    shown = "id, word, cast(amount as varchar), cast(many as varchar)"
    assert world.rows(found, shown) == [(1, "w1", "0.250", "[1]"), (2, "w2", "0.500", "[2]")]
    assert [origin for _, origin in world.reasons(found)] == [f"{name}:1"]


@pytest.mark.parametrize("content", [b"ARROW1\0\0cut off", b"\xff\xff\xff\xff", b"FEA1 old", b"\xff" * 20 + b"\0" * 8])
def test_arrow_files_that_cannot_be_read(world: World, content: bytes) -> None:
    pytest.importorskip("arro3.io")
    world.file("a.arrow", content)
    with pytest.raises(WorldError) as refused:
        world.load(world.files("a.arrow"))
    assert code_of(refused.value) == "G012"
