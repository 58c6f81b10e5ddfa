"""Functions of the project's own that yield batches of rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from ingestion_world import PLACE, World, balanced, code_of, column, say

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.problem import WorldError
from mainstem.core.secret import Secret

KIND = find("sources", "python")


@dataclass
class Program:
    """A file of the project, and the world that loads from it."""

    world: World
    arguments: dict[str, Any] = field(default_factory=dict)
    module: str | None = None

    @property
    def source(self) -> Source:
        return Source("crm", "python", KIND.Options(self.module, self.arguments), PLACE)

    def write(self, text: str, path: str = "sources/crm.py") -> None:
        target: Path = self.world.root / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def table(self, *columns: Column, key: tuple[str, ...] = (), function: str = "read", **said: Any) -> Dataset:
        load = said.get("load", "full")
        write = said.pop("write", "replace" if load == "full" else "merge" if key else "append")
        made_by = Load("crm", "people", KIND.TableOptions(function), write=write, **said)
        return Dataset("crm.people", PLACE, made_by, columns, key)

    def loaded(self, text: str, *columns: Column, shown: str = "*") -> list[tuple[Any, ...]]:
        """The rows of a new table after one full load."""
        self.write(text)
        table = self.table(*columns)
        assert balanced(self.world.load(table))
        return self.world.rows(table, shown)

    def refusal(self, text: str, **said: Any) -> WorldError:
        self.write(text)
        with pytest.raises(WorldError) as found:
            self.world.load(self.table(**said))
        assert self.world.session.rows("select table_name from duckdb_tables() where temporary") == []
        return found.value


@pytest.fixture
def program(world: World, monkeypatch: pytest.MonkeyPatch) -> Program:
    made = Program(world)
    monkeypatch.setattr(world, "source", lambda dataset: made.source)
    return made


GROWING = """
    ROWS = [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"}]

    def read(position, table):
        assert table == "people"
        seen = position["seen"] if position else 0
        for row in ROWS[seen:]:
            seen += 1
            yield [row], {"seen": seen}
"""


def test_a_program_goes_on_where_it_stood(program: Program) -> None:
    program.write(GROWING)
    table = program.table(load="incremental")
    assert program.world.look(table).state == "new"
    assert program.world.load(table).loaded == 3
    assert program.world.positions["crm.people"]["state"] == {"seen": 3}
    assert program.world.load(table).is_empty
    program.write(GROWING.replace("]\n", ', {"id": 4, "v": None}]\n', 1))
    change = program.world.load(table)
    assert balanced(change)
    assert change.loaded == 1
    assert program.world.rows(table) == [(1, "a"), (2, "b"), (3, "c"), (4, None)]


def test_a_full_load_begins_anew(program: Program) -> None:
    program.write(GROWING)
    table = program.table()
    program.world.load(table)
    assert program.world.load(table).is_empty
    assert program.world.rows(table, "id") == [(1,), (2,), (3,)]


def test_values_keep_their_types_and_digits(program: Program) -> None:
    (row,) = program.loaded("""
        from datetime import *
        from decimal import Decimal
        from enum import Enum
        from uuid import UUID
        class Color(Enum):
            RED = "red"
        def read(position, table):
            yield [{
                "whole": 9007199254740993, "big": 2**80, "real": 0.1, "inf": float("inf"), "dec": Decimal("-1.50"),
                "long": Decimal("12345678901234567890.123456789"), "yes": True, "text": 'x\\x00"\\n\\U0001f600',
                "at": datetime(2024, 1, 9, 10, 0, 0, 5, timezone(timedelta(hours=1))),
                "naive": datetime(1, 1, 1), "day": date(9999, 12, 31), "clock": time(5, 15),
                "raw": b"\\x00\\xff\\\\a", "none": None, "id": UUID(int=5), "color": Color.RED,
                "deep": {"a": [1, Decimal("1.10"), 10**25, None, {"b": "\\u00e9"}], "d": date(2024, 1, 9)},
            }]
    """)
    types = program.world.types(program.table())
    fields = dict(zip(types, row, strict=True))
    assert types == {
        "whole": "BIGINT", "big": "DECIMAL(25,0)", "real": "DOUBLE", "inf": "DOUBLE", "dec": "DECIMAL(3,2)",
        "long": "DECIMAL(29,9)", "yes": "BOOLEAN", "text": "VARCHAR", "at": "TIMESTAMP WITH TIME ZONE",
        "naive": "TIMESTAMP", "day": "DATE", "clock": "VARCHAR", "raw": "BLOB", "none": "VARCHAR", "id": "VARCHAR",
        "color": "VARCHAR", "deep": "VARCHAR",
    }  # fmt: skip
    assert fields["at"].astimezone(UTC) == datetime(2024, 1, 9, 9, 0, 0, 5, UTC)
    assert (fields["whole"], fields["big"], fields["real"], fields["inf"]) == (
        9007199254740993,
        2**80,
        0.1,
        float("inf"),
    )
    assert (fields["dec"], fields["long"]) == (Decimal("-1.50"), Decimal("12345678901234567890.123456789"))
    assert (fields["naive"], fields["day"], fields["clock"]) == (
        datetime.fromisoformat("0001-01-01"),
        date(9999, 12, 31),
        str(time(5, 15)),
    )
    assert (fields["raw"], fields["text"], fields["none"]) == (b"\x00\xff\\a", 'x\x00"\n\U0001f600', None)
    assert fields["deep"] == '{"a": [1, 1.10, 10000000000000000000000000, null, {"b": "é"}], "d": "2024-01-09"}'
    assert json.loads(fields["deep"])


MIXED = """
    def read(position, table):
        yield [{"id": 1, "v": 5}, {"id": 2, "v": "x"}]
        yield {"id": 3, "v": 7.5, "new": True}
"""


def test_a_column_of_several_sorts_is_text_and_is_told(program: Program) -> None:
    assert program.loaded(MIXED) == [(1, "5", None), (2, "x", None), (3, "7.5", True)]
    assert program.world.types(program.table())["v"] == "VARCHAR"
    change = program.world.ingest(program.table(), None)
    assert change.notes[0] == 'column "v" holds floats and texts and whole numbers: it is read as text'


def test_rows_that_break_the_contract_are_set_aside(program: Program) -> None:
    program.write(MIXED)
    table = program.table(column("id", "bigint"), column("v", "integer"), column("new"), key=("id",))
    change = program.world.load(table)
    assert balanced(change)
    assert program.world.rows(table, "id, v") == [(1, 5)]
    assert sorted(program.world.reasons(table)) == [
        ('v: "7.5" is not an INTEGER', "sources/crm.py batch 2 row 1"),
        ('v: "x" is not an INTEGER', "sources/crm.py batch 1 row 2"),
    ]


def test_texts_that_are_none_are_set_aside(program: Program) -> None:
    program.write('def read(p, t):\n    yield [{"id": 1, "v": "\\ud800"}, {"id": 2, "v": "x"}]\n')
    change = program.world.load(program.table())
    assert (change.loaded, change.rejected) == (1, 1)
    assert program.world.reasons(program.table())[0][1] == "sources/crm.py batch 1 row 1"


def test_arrow_data_and_dictionaries_in_one_table(program: Program) -> None:
    rows = program.loaded(
        """
        import duckdb
        from arro3.core import Array, DataType, RecordBatch
        def read(position, table):
            yield duckdb.sql("select 1::bigint as id, 1.5::decimal(10,2) as v, timestamp '2024-01-09' as moment")
            yield duckdb.sql("select 2::bigint as id, 2.5::decimal(10,2) as v, timestamp '2024-01-10' as moment")
            more = Array(["x"], type=DataType.utf8())
            yield RecordBatch.from_pydict({"id": Array([3], type=DataType.int64()), "more": more})
            yield [{"id": 4, "more": "y"}]
            yield None
            yield []
    """,
        shown="id, v, cast(moment as date), more",
    )
    assert rows == [
        (1, Decimal("1.50"), date(2024, 1, 9), None), (2, Decimal("2.50"), date(2024, 1, 10), None),
        (3, None, None, "x"), (4, None, None, "y"),
    ]  # fmt: skip
    assert program.world.types(program.table())["v"] == "DECIMAL(10,2)"


def test_frames_that_differ_in_a_type_lose_nothing(program: Program) -> None:
    rows = program.loaded("""
        import duckdb
        def read(position, table):
            yield duckdb.sql("select 1 as id, 1.25::decimal(10,2) as v")
            yield duckdb.sql("select 2 as id, 7::bigint as v")
    """)
    assert rows == [(1, "1.25"), (2, "7")]
    program.loaded("""
        import duckdb
        def read(position, table):
            return duckdb.sql("select range as id from range(200000)")
    """)
    assert program.world.rows(program.table(), "count(*), sum(id)::bigint") == [(200000, 19999900000)]


def test_arguments_reach_the_program_and_secrets_stay_hidden(program: Program) -> None:
    program.arguments = {
        "token": Secret("hush-hush", "${TOKEN}"),
        "pages": 2,
        "deep": {"keys": [Secret("hush-two", "${T}")]},
    }
    program.module = "lib/loader.py"
    program.write(
        """
        def people(position, table, *, token, pages, deep):
            assert (type(token), token, pages, deep) == (str, "hush-hush", 2, {"keys": ["hush-two"]})
            yield [{"id": 1}]
            raise ValueError(f"{token} and {deep} are wrong")
    """,
        "lib/loader.py",
    )
    with pytest.raises(WorldError) as found:
        program.world.load(program.table(function="people"))
    assert code_of(found.value) == "G061"
    assert say(found.value) == "\"people\" fails: ValueError: ${TOKEN} and {'keys': ['${T}']} are wrong"
    assert found.value.problems[0].place == Place("lib/loader.py", 4, 1)


FAILURES: dict[str, tuple[str, str, str]] = {
    "syntax": ("def read(:", "G061", "SyntaxError"),
    "at import": ("import nothing_like_it", "G061", "ModuleNotFoundError"),
    "no function": ("def raed(p, t): pass", "G060", '"sources/crm.py" has no function "read"'),
    "a step too few": ("def read(): yield []", "G061", "TypeError"),
    "exits": ("import sys\ndef read(p, t):\n    yield []\n    sys.exit(3)", "G061", "SystemExit: 3"),
    "a number": ("def read(p, t): yield 5", "G062", "batch 1 of sources/crm.py is of type int"),
    "rows of tuples": ("def read(p, t): yield [(1, 2), (3, 4)]", "G062", "has a row 1 that is of type tuple"),
    "an object": ("def read(p, t): yield [{'id': object()}]", "G062", "has in row 1 a value of type object in 'id'"),
    "a circle": ("def read(p, t):\n  x = []\n  x.append(x)\n  yield [{'id': x}]", "G062", "has a row 1 in itself"),
    "taken": ("def read(p, t): yield [{'_origin': 1}]", "G009", "_origin"),
    "position": ("def read(p, t): yield [{'id': 1}], {1, 2}", "G063", "a position of type set"),
    "keys of a position": ("def read(p, t): yield [{'id': 1}], {1: 2}", "G063", "a position of type dict"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_what_goes_wrong_is_told_by_the_program_s_own_lines(program: Program, name: str) -> None:
    text, code, words = FAILURES[name]
    error = program.refusal(text)
    assert code_of(error) == code
    assert words in say(error)


def test_a_failure_in_the_middle_leaves_everything_as_it_was(program: Program) -> None:
    program.write(GROWING)
    table = program.table(load="incremental")
    program.world.load(table)
    before = dict(program.world.positions)
    program.refusal(
        'def read(p, t):\n    yield [{"id": 9, "v": "z"}], 5\n    raise OSError("gone")\n', load="incremental"
    )
    assert program.world.positions == before
    assert program.world.rows(table, "id") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    "text", ["yield [{'id': 1}]", "yield [{'id': 1}], 5; yield [{'id': 2}]", "yield [{'id': 1}, {'id': 2}]"]
)
def test_rows_behind_the_last_position_would_come_again(program: Program, text: str) -> None:
    error = program.refusal(f"def read(p, t): {text}\n", load="incremental")
    assert code_of(error) == "G063"
    table = program.table(key=("id",), load="incremental")
    program.world.load(table)
    assert program.world.load(table).is_empty, "a key tells rows apart"


def test_the_position_of_another_function_is_not_gone_on_from(program: Program) -> None:
    program.write(GROWING)
    program.world.load(program.table(load="incremental"))
    error = program.refusal(GROWING.replace("def read", "def other"), load="incremental", function="other")
    assert code_of(error) == "G008"


@pytest.mark.parametrize("module", ["sources/none.py", "../out.py", "/etc/passwd.py"])
def test_a_file_that_is_not_there(program: Program, module: str) -> None:
    program.module = module
    for act in (program.world.look, program.world.load):
        with pytest.raises(WorldError) as found:
            act(program.table())
        assert code_of(found.value) == "G060"


def test_nothing_yielded_is_no_rows(program: Program) -> None:
    texts: list[Callable[[], str]] = [lambda: "yield from ()", lambda: "return None", lambda: "return []"]
    for text in texts:
        program.write(f"def read(p, t): {text()}\n")
        table = program.table(column("id", "bigint"))
        assert program.world.load(table).rows_in == 0
        assert program.world.rows(table) == []


def test_a_program_leaves_no_files_beside_it(program: Program) -> None:
    program.loaded("def read(p, t): yield [{'id': 1}]")
    assert [path.name for path in (program.world.root / "sources").iterdir()] == ["crm.py"]
