"""A session describes, reads and writes; it keeps within its memory, and can be interrupted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from threading import Thread, Timer

import pytest
from arro3.core import Table

from mainstem.core.problem import WorldError
from mainstem.core.project import EngineSettings
from mainstem.core.release import Field
from mainstem.engines.duckdb import Engine
from mainstem.engines.duckdb import open as open_engine
from mainstem.engines.session import Session


def test_describe_runs_nothing(session: Session) -> None:
    fields = session.describe("select error('it ran') as boom, 1 as n, {'a': [1]} as s")
    assert fields == (Field("boom", "INTEGER"), Field("n", "INTEGER"), Field("s", 'STRUCT("a" INTEGER[])'))


def test_rows_gives_instants_as_aware_datetimes(session: Session) -> None:
    rows = session.rows(
        "select timestamptz '2024-01-01 12:00:00.000001+02' as at, [timestamptz '2024-01-01 00:00:00+00'] as several, "
        "null::timestamptz as never, ? as given where 1 = ?",
        ["x", 1],
    )
    assert rows == [(datetime(2024, 1, 1, 10, 0, 0, 1, UTC), "['2024-01-01 00:00:00+00']", None, "x")]


def test_rows_keeps_decimals_exact(session: Session) -> None:
    assert session.rows("select 0.1::decimal(38, 20)") == [(Decimal("0.10000000000000000000"),)]


def test_query_gives_arrow_without_further_libraries(session: Session) -> None:
    table = Table.from_arrow(session.query("select i, 'x' || i as s from range(100000) r(i)"))
    assert table.num_rows == 100000
    assert table.column("s")[99999].as_py() == "x99999"


def test_a_query_that_fails_says_so_when_it_is_taken(session: Session) -> None:
    stream = session.query("select 'x'::integer as n from range(1)")
    with pytest.raises(WorldError, match="E003"):
        Table.from_arrow(stream)


def test_instants_are_in_utc_wherever_the_machine_stands(tmp_path: Path) -> None:
    script = (
        "from mainstem.engines.duckdb import open; from mainstem.core.project import EngineSettings\n"
        "engine = open(EngineSettings())\n"
        "print(engine.session().rows(\"select timestamptz '2024-07-01 00:00:00+00'::varchar\")[0][0])"
    )
    environment = {**os.environ, "TZ": "America/New_York", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, text=True, stdout=subprocess.PIPE
    )
    assert done.stdout.strip() == "2024-07-01 00:00:00+00"


def test_write_makes_files_under_its_prefix_and_says_what_is_in_them(session: Session, tmp_path: Path) -> None:
    written = session.write("select i as id, 'n' || i as name from range(5) r(i)", tmp_path / "new" / "t", "a7-")
    (file,) = written.files
    assert file.path.startswith("a7-")
    assert (tmp_path / "new" / "t" / file.path).stat().st_size == file.size_bytes
    assert (file.rows, written.rows) == (5, 5)
    assert written.fields == (Field("id", "BIGINT"), Field("name", "VARCHAR"))
    assert json.loads(file.stats or "") == {
        "numRecords": 5,
        "minValues": {"id": 0, "name": "n0"},
        "maxValues": {"id": 4, "name": "n4"},
        "nullCount": {"id": 0, "name": 0},
    }


def test_write_never_touches_an_older_file_of_the_same_prefix(session: Session, tmp_path: Path) -> None:
    paths = {session.write(f"select {number} as n", tmp_path, "a1-").files[0].path for number in range(3)}
    assert len(paths) == 3
    assert session.rows(f"select n from '{tmp_path}/*.parquet' order by n") == [(0,), (1,), (2,)]


def test_write_keeps_the_order_of_the_select(session: Session, tmp_path: Path) -> None:
    written = session.write("select hash(i) as h from range(300000) r(i) order by h", tmp_path, "a")
    path = tmp_path / written.files[0].path
    jumps = f"select count(*) from (select h, lag(h) over (order by file_row_number) as before from '{path}')"
    assert session.rows(f"{jumps} where before > h") == [(0,)]


def test_a_large_result_becomes_several_files(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstem.engines.session.FILE_SIZE", "1MB")
    monkeypatch.setattr("mainstem.engines.session.LARGE", 1_000_000)
    session.execute("create temp table batch as select i as n, hash(i) as h from range(600000) r(i)")
    written = session.write("from batch", tmp_path, "a1-")
    assert len(written.files) > 1
    assert written.rows == 600000
    assert all((tmp_path / file.path).stat().st_size == file.size_bytes for file in written.files)
    assert session.write("from batch limit 1000", tmp_path, "a2-").rows == 1000
    assert len(list(tmp_path.glob("a2-*"))) == 1


def test_what_reads_large_files_may_become_several(
    engine: Engine, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstem.engines.session.FILE_SIZE", "1MB")
    monkeypatch.setattr("mainstem.engines.session.LARGE", 100_000)
    monkeypatch.setattr("mainstem.engines.duckdb._MUCH_BYTES", 1_000_000)
    whole = session.write("select i as n, hash(i) as h from range(600000) r(i)", tmp_path, "a1-")
    engine.bind("m.t", [tmp_path / file.path for file in whole.files], whole.fields)
    written = session.write("select n, h from m.t where n >= 0", tmp_path, "a2-")
    assert (len(whole.files), written.rows) == (1, 600000)
    assert len(written.files) > 1


def test_a_large_result_that_fails_midway_leaves_nothing(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstem.engines.session.FILE_SIZE", "1MB")
    monkeypatch.setattr("mainstem.engines.session.LARGE", 1000)
    session.execute("create temp table batch as select i from range(1000000) r(i)")
    with pytest.raises(WorldError, match="no more"):
        session.write(
            "select case when i > 900000 then error('no more') else hash(i) end as n from batch", tmp_path, "a"
        )
    assert list(tmp_path.glob("*.parquet")) == []


def test_write_makes_no_file_for_an_empty_result(session: Session, tmp_path: Path) -> None:
    written = session.write("select 1 as n where false", tmp_path, "a1-")
    assert written.files == ()
    assert written.fields == (Field("n", "INTEGER"),)
    assert list(tmp_path.glob("*.parquet")) == []


def test_write_that_fails_midway_leaves_nothing(session: Session, tmp_path: Path) -> None:
    session.write("select 1 as n", tmp_path, "a1-")
    before = set(tmp_path.glob("*.parquet"))
    select = "select case when i > 900000 then error('no more') else i end as n from range(1000000) r(i)"
    with pytest.raises(WorldError, match="no more"):
        session.write(select, tmp_path, "a1-")
    assert set(tmp_path.glob("*.parquet")) == before


def test_write_into_a_path_that_is_a_file_is_refused(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match="E007"):
        session.write("select 1 as n", tmp_path / "file" / "t", "a1-")


@pytest.mark.parametrize(
    "select",
    [
        "select 1 as n;",
        "select 1 as n -- last",
        "select 1 as n; -- last;",
        "/* ; */ select 1 as n ;\n;",
        "from (values (1)) t(n)",
    ],
)
def test_a_select_may_end_as_people_end_it(session: Session, tmp_path: Path, select: str) -> None:
    assert session.describe(select) == (Field("n", "INTEGER"),)
    assert session.rows(select) == [(1,)]
    assert session.write(select, tmp_path, "a1-").rows == 1


@pytest.mark.parametrize(
    "text",
    [
        "select 1; select 2",
        "create table t(n int)",
        "attach 'x.db'",
        "",
        "copy (select 1) to 'x.csv'",
        "set threads = 1",
    ],
)
def test_what_is_not_one_select_is_not_run(session: Session, tmp_path: Path, text: str) -> None:
    for run in (session.describe, session.rows, session.query, lambda select: session.write(select, tmp_path, "a")):
        with pytest.raises(WorldError, match="E011"):
            run(text)
    assert list(tmp_path.glob("*.parquet")) == []


def test_temporary_tables_live_as_long_as_their_session(engine: Engine, session: Session) -> None:
    session.execute("create temp table batch as select 1 as n")
    assert session.rows("from batch") == [(1,)]
    with pytest.raises(WorldError, match='E002 table "batch" does not exist'):
        engine.session().rows("from batch")


def test_variables_of_python_are_no_tables(session: Session) -> None:
    secret = Table.from_arrow(session.query("select 1 as n"))  # noqa: F841 (a local name that a replacement scan would find)
    with pytest.raises(WorldError, match="E002"):
        session.rows("select * from secret")


def test_cancel_ends_what_runs(session: Session) -> None:
    timer = Timer(0.3, session.cancel)
    timer.start()
    with pytest.raises(WorldError, match="E005"):
        session.rows("select count(*) from range(100000000000) a(i) where hash(i) = 3")
    assert session.rows("select 1") == [(1,)]


def test_a_session_tells_from_another_thread_how_far_it_is(engine: Engine, tmp_path: Path) -> None:
    with closing(engine.session()) as session:
        assert session.reached() is None
        session.begin("reading")
        session.execute("create temp table many as select range as n from range(3000000)")
        session.begin("writing")
        writing = Thread(
            target=session.write, args=("select n, md5(n::varchar) as m from many where hash(n) > 5", tmp_path, "x")
        )
        writing.start()
        shares = set()
        while writing.is_alive():
            found = session.reached()
            assert found is not None
            assert found.doing == "writing"
            shares.add(found.share)
            time.sleep(0.01)
        assert len(shares) > 1, "it never knew how far it was"
        assert all(share is None or 0 < share < 1 for share in shares)
        after = session.reached()
        assert after is not None
        assert after.share is None
    assert session.reached() is None


def test_rows_are_told_until_something_else_begins(session: Session) -> None:
    session.begin("fetching")
    session.count_by(lambda: 7)
    found = session.reached()
    session.begin("reading")
    then = session.reached()
    assert found is not None
    assert then is not None
    assert (found.rows, then.rows) == (7, None)


def test_cancel_of_a_session_that_rests_harms_nothing(session: Session) -> None:
    session.cancel()
    assert session.rows("select count(*) from range(1000000)") == [(1000000,)]


@pytest.mark.parametrize(
    "select",
    [
        "select hash(i) as h, 'some text that takes place ' || i as s from range(2000000) r(i) order by h",
        "select 'some text that takes place ' || i as s, count(*) as n from range(2000000) r(i) group by s",
    ],
)
def test_what_does_not_fit_into_memory_spills(tmp_path: Path, select: str) -> None:
    engine = open_engine(EngineSettings(memory_limit="256MB", threads=2), tmp_path / "spill")
    session = engine.session()
    assert session.write(select, tmp_path, "a1-").rows == 2000000
    engine.close()
    assert list((tmp_path / "spill").iterdir()) == [], "the space is given back"


def test_what_can_neither_fit_nor_spill_says_so(tmp_path: Path) -> None:
    engine = open_engine(EngineSettings(memory_limit="64MB", threads=1), tmp_path)
    with pytest.raises(WorldError, match="E004"):
        engine.session().rows("select list(i) from range(50000000) r(i)")
    engine.close()


def test_a_database_of_sqlite_can_be_attached(engine: Engine, session: Session, tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("create table t(n integer)")
    connection.execute("insert into t values (7)")
    connection.commit()
    connection.close()
    engine.load_extension("sqlite_scanner")
    engine.load_extension("sqlite_scanner")
    session.execute(f"attach '{tmp_path}/x.db' as other (type sqlite, read_only)")
    assert session.rows("select n from other.t") == [(7,)]
    session.execute("detach other")


def test_streams_of_arrow_become_a_table(session: Session) -> None:
    def stream(rows: int) -> object:
        return session.query(f"select i as n, 'x' || i as s from range({rows}) r(i)")

    batches = [Table.from_arrow(stream(rows)) for rows in (3, 5)]
    assert [session.take("taken", batch.to_reader() if rest else batch) for rest, batch in enumerate(batches)] == [3, 5]
    assert session.rows("select count(*), max(s) from taken") == [(8, "x4")]


def test_a_stream_of_other_columns_is_refused_and_the_table_stays(session: Session) -> None:
    session.take("taken", Table.from_arrow(session.query("select 1 as n")))
    with pytest.raises(WorldError, match="E0"):
        session.take("taken", Table.from_arrow(session.query("select 1 as other")))
    assert session.rows("select * from taken") == [(1,)]
