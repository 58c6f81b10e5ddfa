"""Datasets bound by name read exactly their files, with exactly their columns."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.release import Field
from mainstem.engines.duckdb import Engine
from mainstem.engines.session import Session

FIELDS = (Field("id", "BIGINT"), Field("name", "VARCHAR"))


def written(session: Session, folder: Path, select: str) -> list[Path]:
    return [folder / file.path for file in session.write(select, folder, "a1-").files]


def test_a_bound_name_reads_its_columns_in_the_order_asked_for(
    engine: Engine, session: Session, tmp_path: Path
) -> None:
    files = written(session, tmp_path, "select 'x' as name, 1::bigint as id")
    engine.bind("raw.orders", files, FIELDS)
    assert session.describe("from raw.orders") == FIELDS
    assert session.rows("from raw.orders") == [(1, "x")]


def test_columns_that_old_files_lack_are_null_of_the_right_type(
    engine: Engine, session: Session, tmp_path: Path
) -> None:
    old = written(session, tmp_path, "select 1::bigint as id, 'x' as name")
    new = written(session, tmp_path, "select 2::bigint as id, 'y' as name, [{'a': 1}] as parts")
    wide = (*FIELDS, Field("parts", 'STRUCT("a" INTEGER)[]'))
    engine.bind("m.some", [*old, *new], wide)
    engine.bind("m.none", old, wide)
    assert session.rows("from m.some order by id") == [(1, "x", None), (2, "y", [{"a": 1}])]
    assert session.describe("from m.none") == wide
    assert session.rows("from m.none") == [(1, "x", None)]
    assert session.rows(f"from {engine.relation(old, wide)}") == [(1, "x", None)]


def test_a_name_without_files_is_an_empty_table_with_types(engine: Engine, session: Session) -> None:
    fields = (Field("t", "TIMESTAMP WITH TIME ZONE"), Field("m", "MAP(VARCHAR, DECIMAL(38,10))"))
    engine.bind("m.nothing", (), fields)
    assert session.describe("from m.nothing") == fields
    assert session.rows("from m.nothing") == []
    assert session.rows(f"select count(*) from {engine.relation((), fields)}") == [(0,)]


def test_binding_again_moves_the_name_to_the_new_files(engine: Engine, session: Session, tmp_path: Path) -> None:
    for number in (1, 2):
        engine.bind("m.t", written(session, tmp_path, f"select {number}::bigint as id, 'x' as name"), FIELDS)
        assert session.rows("select id from m.t") == [(number,)]


def test_names_and_columns_of_any_characters_are_bound(engine: Engine, session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "it's a folder"
    files = written(session, folder, 'select 1 as "we""ird", 2 as "select"')
    engine.bind('Über."t"', files, session.describe('select 1 as "we""ird", 2 as "select"'))
    assert session.rows('select "we""ird", "select" from "Über"."""t"""') == [(1, 2)]


def test_a_view_reads_names_bound_before_it(engine: Engine, session: Session) -> None:
    engine.bind("raw.a", (), FIELDS)
    engine.bind_view("marts.b", "select count(*) as n from raw.a -- a comment")
    assert session.rows("from marts.b") == [(0,)]


def test_a_wrong_view_is_placed_in_its_own_text(engine: Engine) -> None:
    with pytest.raises(WorldError) as caught:
        engine.bind_view("marts.b", "select 1 as one,\n  two")
    place = caught.value.problems[0].place
    assert caught.value.problems[0].code == "E002"
    assert place is not None
    assert (place.line, place.column) == (2, 3)


@pytest.mark.parametrize("schema", ["temp", "System", "memory", "information_schema"])
def test_a_schema_that_the_engine_keeps_for_itself_is_refused(engine: Engine, schema: str) -> None:
    with pytest.raises(ProjectError, match="E013"):
        engine.bind(f"{schema}.t", (), FIELDS)


def test_a_file_that_is_gone_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"E007.*gone\.parquet"):
        engine.bind("m.t", [tmp_path / "gone.parquet"], FIELDS)


def test_a_torn_file_is_named(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more of it")
    with pytest.raises(WorldError, match=r"E007.*torn\.parquet"):
        engine.bind("m.t", [tmp_path / "torn.parquet"], FIELDS)


def test_many_threads_bind_and_read_at_once(engine: Engine, tmp_path: Path) -> None:
    found: dict[int, object] = {}

    def work(number: int) -> None:
        session = engine.session()
        for turn in range(10):
            files = written(session, tmp_path / str(number), f"select {number * 100 + turn}::bigint as id, 'x' as name")
            engine.bind(f"s{number % 3}.t{number}", files, FIELDS)
            found[number] = session.rows(f"select id from s{number % 3}.t{number}")
        session.close()

    threads = [Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [(number * 100 + 9,)] for number in range(6)}
