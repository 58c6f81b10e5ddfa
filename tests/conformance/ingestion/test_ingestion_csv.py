"""CSV files: what is a row, where it stands, and which files are new."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingestion_world import World, balanced, code_of, column, say

from mainstem.core.kinds import find
from mainstem.core.problem import ProjectError, WorldError

FILES = find("sources", "files")
ORDERS = (column("id", "bigint", required=True), column("word", "varchar"), column("amount", "decimal(10, 2)"))


def test_rows_come_from_all_files_and_know_their_file_and_line(world: World) -> None:
    world.file("b.csv", "id,word,amount\n3,c,3.50\n4,d,x\n")
    world.file("a.csv", "id,word,amount\n1,a,1.10\n,b,2\n")
    orders = world.files("*.csv", ORDERS)
    change = world.load(orders)
    assert world.rows(orders, "id, word, cast(amount as varchar)") == [(1, "a", "1.10"), (3, "c", "3.50")]
    assert world.reasons(orders) == [
        ("id: is missing", "a.csv:3"),
        ('amount: "x" is not a DECIMAL(10,2)', "b.csv:3"),
    ]
    assert balanced(change)


ODD = 'id,word,amount\r\n1,"two\r\nlines",1\r\n2,short\r\n\r\n3,"quo""te",3\r\n4,too,4,long\r\n5,"open,5\r\n6,last,6'


def test_lines_are_right_after_quoted_newlines_blank_and_ragged_lines_and_open_quotes(world: World) -> None:
    world.file("odd.csv", ODD + "\r\nx,y,z\r\n")
    orders = world.files("*.csv", ORDERS)
    change = world.load(orders)
    assert world.rows(orders, "id, word") == [(1, "two\r\nlines"), (3, 'quo"te'), (6, "last")]
    assert sorted(world.reasons(orders)) == [
        ("has 2 values, 3 are expected", "odd.csv:4"),
        ("has 4 values, 3 are expected", "odd.csv:7"),
        ("has a quote that does not close", "odd.csv:8"),
        ('id: "x" is not a BIGINT; amount: "z" is not a DECIMAL(10,2)', "odd.csv:10"),
    ]
    assert (change.rows_in, change.loaded, change.rejected) == (7, 3, 4)
    rows = {origin: json.loads(row) for _, origin, row, _, _ in world.quarantine(orders)}
    assert rows["odd.csv:4"] == "2,short"
    assert rows["odd.csv:8"] == '5,"open,5'


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("bom.csv", b"\xef\xbb\xbfid,word\n1,\xc3\xa9t\xc3\xa9\n", {}),
        ("crlf.csv", "id,word\r\n1,été\r\n", {}),
        ("cr.csv", "id,word\r1,été\r", {}),
        ("semicolon.csv", "id;word\n1;été\n", {}),
        ("tab.tsv", "id\tword\n1\tété\n", {}),
        ("pipe.csv", "id|word\n1|été", {}),
        ("given.csv", "id:word\n1:été\n", {"delimiter": ":"}),
        ("quoted.csv", '"id","word"\n"1","été"\n', {}),
        ("zipped.csv.gz", gzip.compress("id,word\n1,été\n".encode()), {}),
        ("zipped_odd.csv.gz", gzip.compress("id,word\n\n1,été\n".encode()), {}),
        ("latin.csv", "id,word\n1,été\n".encode("latin-1"), {"encoding": "latin-1"}),
        ("wide.csv", "id,word\n1,été\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("bare.csv", "1,été\n", {"header": False}),
        ("data.txt", "id,word\n1,été\n", {"format": "csv"}),
    ],
)
def test_one_content_in_many_forms(world: World, name: str, content: str | bytes, options: dict[str, Any]) -> None:
    world.file(name, content)
    words = world.files(name, (column("id", "bigint"), column("word", "varchar")), **options)
    world.load(words)
    assert world.rows(words) == [(1, "été")]
    assert world.reasons(words) == []


def test_bytes_that_are_no_text_are_set_aside(world: World) -> None:
    world.file("a.csv", b"id,word\n1,fine\n2,\xe9\xe8\n3,fine\n")
    words = world.files("a.csv", (column("id", "bigint"), column("word", "varchar")), encoding="utf-8")
    world.load(words)
    assert world.rows(words, "id") == [(1,), (3,)]
    assert world.reasons(words) == [("is not UTF-8 text", "a.csv:3")]
    assert json.loads(world.quarantine(words)[0][2]) == "2,\\xe9\\xe8"


def test_a_file_read_line_by_line_leaves_no_copy_behind(world: World) -> None:
    world.file("a.csv", ODD)
    world.load(world.files("a.csv", ORDERS))
    assert [path for path in (world.root / "spill").rglob("*") if path.is_file()] == []


def test_huge_values_survive(world: World) -> None:
    long = "x" * 5_000_000
    world.file("a.csv", f"id,word\n1,{long}\n2,{2**70}\n")
    world.file("b.csv", f"3,{long}\n")
    columns = (column("id", "bigint"), column("word", "varchar"))
    words = world.files("a.csv", columns)
    world.load(words)
    assert world.rows(words, "id, length(word)") == [(1, 5_000_000), (2, 22)]
    bare = world.files("b.csv", columns, header=False)
    world.load(bare)
    assert world.rows(bare, "id, length(word)") == [(3, 5_000_000)]


@pytest.mark.parametrize("content", ["", "id,word\n", "id,word", "\n\n", "\ufeff"])
def test_an_empty_file_is_no_rows(world: World, content: str) -> None:
    world.file("a.csv", content)
    words = world.files("a.csv", (column("id", "bigint"), column("word", "varchar")))
    change = world.load(words)
    assert (change.rows_in, world.rows(words)) == (0, [])
    assert list(world.types(words)) == ["id", "word"]


def test_no_file_yet_makes_an_empty_dataset_of_the_contract(world: World) -> None:
    words = world.files("*.csv", (column("id", "bigint", required=True),), load="incremental")
    assert (world.look(words).state, world.look(words).detail) == ("nothing", "no file matches")
    world.load(words)
    assert world.rows(words) == []
    world.file("a.csv", "id\n1\n2\n")
    world.load(words)
    assert world.rows(words) == [(1,), (2,)]


def test_no_file_and_no_contract_is_nothing_yet(world: World) -> None:
    words = world.files("*.csv")
    change = world.load(words)
    assert change.is_empty
    assert change.notes == ("no columns yet: nothing was read, and the contract names none",)
    world.file("a.csv", "id\n1\n")
    world.load(words)
    assert world.rows(words) == [(1,)]


def test_which_texts_mean_null_is_said_and_else_the_empty_one_does(world: World) -> None:
    world.file("a.csv", 'id,word,amount\n1,,\n2,"",2\n3,NA,NA\n')
    plain = world.files("a.csv", (column("id", "bigint"), column("word", "varchar"), column("amount", "varchar")))
    world.load(plain)
    assert world.rows(plain, "word, amount", "id") == [(None, None), (None, "2"), ("NA", "NA")]
    said = world.files("a.csv", plain.columns, null=("NA",))
    world.load(said)
    assert world.rows(said, "word, amount", "id") == [("", ""), ("", "2"), (None, None)]


def test_without_a_contract_types_are_those_that_all_values_show(world: World) -> None:
    lines = ["i,f,b,d,t,z,zip,big,text,none,mixed"]
    lines += [
        f"{i},{i}.5,true,2013-12-01,2013-12-01T05:00:00,2013-12-01T05:00:00Z,0{i},12345678901234567890,a,,{i}"
        for i in range(3000)
    ]
    lines.append("-7,1e3,FALSE,2013-12-31,2013-12-01 05:00,2013-12-01 05:00:00+02,07,1,b,,x")
    world.file("a.csv", "\n".join(lines) + "\n")
    found = world.files("a.csv")
    world.load(found)
    assert world.types(found) == {
        "i": "BIGINT",
        "f": "DOUBLE",
        "b": "BOOLEAN",
        "d": "DATE",
        "t": "TIMESTAMP",
        "z": "TIMESTAMP WITH TIME ZONE",
        "zip": "VARCHAR",
        "big": "VARCHAR",
        "text": "VARCHAR",
        "none": "VARCHAR",
        "mixed": "VARCHAR",
    }
    assert world.reasons(found) == []


def test_columns_are_matched_by_name_in_every_file(world: World) -> None:
    world.file("a.csv", "id,word\n1,a\n")
    world.file("b.csv", "Word,extra,ID\nb,x,2\n")
    words = world.files("*.csv", (column("id", "bigint"), column("word", "varchar")))
    change = world.load(words)
    assert world.rows(words) == [(1, "a", None), (2, "b", "x")]
    assert change.notes == ('column "extra" is new at the source: it is loaded as "extra"',)


# which files are new


def test_only_new_files_are_read(world: World) -> None:
    world.file("a.csv", "id,word,amount\n1,a,1\n")
    orders = world.files("*.csv", ORDERS, load="incremental")
    world.load(orders)
    assert world.look(orders).state == "nothing"
    assert world.load(orders).is_empty
    world.file("b.csv", "id,word,amount\n2,b,2\n")
    world.file("c.csv", "id,word,amount\n1,a,1\n")
    assert (world.look(orders).state, world.look(orders).detail) == ("new", "2 new files")
    change = world.load(orders)
    assert (change.rows_in, change.loaded) == (2, 2)
    assert world.rows(orders, "id") == [(1,), (1,), (2,)]


def test_a_file_that_was_only_touched_is_not_new(world: World) -> None:
    path = world.file("a.csv", "id,word,amount\n1,a,1\n")
    orders = world.files("*.csv", ORDERS, load="incremental")
    world.load(orders)
    world.age(path, 500)
    assert world.look(orders).state == "nothing"
    assert world.load(orders).rows_in == 0
    assert world.look(orders).state == "nothing"


def test_a_file_rewritten_within_one_tick_of_the_clock_is_seen(world: World) -> None:
    path = world.file("a.csv", "id,word,amount\n1,a,1\n", age_s=0)
    seen = path.stat()
    orders = world.files("*.csv", ORDERS)
    world.load(orders)
    path.write_text("id,word,amount\n1,b,1\n")
    os.utime(path, ns=(seen.st_mtime_ns, seen.st_mtime_ns))
    assert world.look(orders).state == "new"
    world.load(orders)
    assert world.rows(orders, "word") == [("b",)]


def test_a_changed_file_is_merged_again(world: World) -> None:
    world.file("a.csv", "id,word,amount\n1,a,1\n2,b,2\n")
    orders = world.files("*.csv", ORDERS, key=["id"], load="incremental")
    world.load(orders)
    world.file("a.csv", "id,word,amount\n1,A,1\n2,b,2\n3,c,3\n")
    assert world.look(orders).detail == "1 changed file"
    change = world.load(orders)
    assert world.rows(orders, "id, word") == [(1, "A"), (2, "b"), (3, "c")]
    assert (change.rows_in, change.loaded, change.unchanged) == (3, 2, 1)


def test_a_changed_file_cannot_be_appended_again(world: World) -> None:
    world.file("a.csv", "id,word,amount\n1,a,1\n")
    orders = world.files("*.csv", ORDERS, load="incremental")
    world.load(orders)
    world.file("a.csv", "id,word,amount\n1,a,1\n2,b,2\n")
    with pytest.raises(WorldError) as error:
        world.load(orders)
    assert (code_of(error.value), say(error.value)) == ("G013", 'file "a.csv" has changed since it was loaded')
    assert world.rows(orders, "id") == [(1,)]


def test_rows_of_a_removed_file_stay_and_a_file_that_comes_back_is_not_new(world: World) -> None:
    path = world.file("a.csv", "id,word,amount\n1,a,1\n")
    orders = world.files("*.csv", ORDERS, load="incremental")
    world.load(orders)
    content = path.read_bytes()
    path.unlink()
    assert world.look(orders).state == "nothing"
    change = world.load(orders)
    assert change.is_empty
    assert change.notes == ("1 file is gone; its rows stay",)
    world.file("a.csv", content)
    assert world.load(orders).is_empty
    assert world.rows(orders, "id") == [(1,)]


def test_a_full_load_follows_the_folder(world: World) -> None:
    path = world.file("a.csv", "id,word,amount\n1,a,1\n")
    world.file("sub/b.csv", "id,word,amount\n2,b,2\n")
    orders = world.files("**/*.csv", ORDERS)
    world.load(orders)
    assert world.rows(orders, "id") == [(1,), (2,)]
    path.unlink()
    assert world.look(orders).state == "new"
    world.load(orders)
    assert world.rows(orders, "id") == [(2,)]


def test_hidden_and_half_written_files_are_left_alone(world: World) -> None:
    world.file(".a.csv", "id\n1\n")
    world.file("b.csv.tmp", "id\n2\n")
    world.file(".git/c.csv", "id\n3\n")
    world.file("d.csv", "id\n4\n")
    found = world.files("**/*.csv")
    world.load(found)
    assert world.rows(found) == [(4,)]


# what stands in the way


def test_a_missing_folder_is_an_error_and_not_an_empty_source(world: World) -> None:
    (world.root / "inbox").rmdir()
    words = world.files("*.csv", ORDERS)
    for attempt in (world.look, world.load):
        with pytest.raises(WorldError) as error:
            attempt(words)
        assert (code_of(error.value), say(error.value)) == ("G010", 'folder "inbox" does not exist')


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv.gz", gzip.compress(b"id\n1\n" * 100)[:-9]), ("a.csv.gz", b"no gzip at all")]
)
def test_a_damaged_file_is_named_and_nothing_is_loaded(world: World, name: str, content: bytes) -> None:
    world.file(name, content)
    with pytest.raises(WorldError) as error:
        world.load(world.files(name, ORDERS))
    assert code_of(error.value) == "G012"
    assert say(error.value).startswith(f'file "{name}" cannot be read: ')


def test_two_columns_of_one_name_are_refused(world: World) -> None:
    world.file("a.csv", "id,word,Word\n1,a,b\n")
    with pytest.raises(WorldError) as error:
        world.load(world.files("a.csv"))
    assert (code_of(error.value), say(error.value)) == ("G015", 'file "a.csv" has two columns "Word"')


def test_a_column_named_origin_is_refused(world: World) -> None:
    world.file("a.csv", "id,_origin\n1,a\n")
    with pytest.raises(WorldError, match="G009"):
        world.load(world.files("a.csv"))


def test_a_file_that_changes_while_it_is_read_is_not_loaded(world: World) -> None:
    path = world.file("a.csv", "id,word,amount\n1,a,1\n")
    orders = world.files("*.csv", ORDERS)

    class Meddling:
        def __getattr__(self, name: str) -> Any:
            if name == "rows":
                path.write_text("id,word,amount\n1,a,1\n2,b,2\n")
            return getattr(session, name)

    session, world.session = world.session, Meddling()  # type: ignore[assignment]
    with pytest.raises(WorldError) as error:
        world.load(orders)
    assert (code_of(error.value), say(error.value)) == ("G014", 'file "a.csv" changes while it is read')
    world.session = session
    assert world.snapshot(orders) is None


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"path": "a.dat"}, "G011"),
        ({"path": "*"}, "G011"),
        ({"path": "a.csv", "delimiter": "::"}, "G016"),
        ({"path": "a.csv", "encoding": "utf-88"}, "G016"),
        ({"path": "../a.csv"}, "G017"),
        ({"path": "/etc/a.csv"}, "G017"),
    ],
)
def test_options_that_do_not_fit_are_refused_when_the_project_is_read(options: dict[str, str], code: str) -> None:
    with pytest.raises(ProjectError) as error:
        FILES.TableOptions(**options)
    assert code_of(error.value) == code


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\x00\x02"), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(VALUES, VALUES), max_size=8), is_quoted=st.booleans(), is_odd=st.booleans())
def test_whatever_a_csv_writer_writes_is_read_back(
    world: World, rows: list[tuple[str, str]], *, is_quoted: bool, is_odd: bool
) -> None:
    for file in (world.root / "inbox").iterdir():
        file.unlink()
    text = io.StringIO()
    out = csv.writer(text, quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL)
    out.writerows([("k", "a", "b"), *((i, *row) for i, row in enumerate(rows))])
    world.file("a.csv", text.getvalue() + ("\r\n1,2,3,4\r\n" if is_odd else ""))
    columns = (column("k", "bigint"), column("a", "varchar"), column("b", "varchar"))
    words = world.files("a.csv", columns, null=(), allow_deletes=True)
    change = world.load(words)
    assert world.rows(words, "a, b", "k") == rows
    assert balanced(change)
    assert change.rejected + change.unchanged >= int(is_odd)
