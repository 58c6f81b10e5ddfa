"""Readers run what they are told, and nothing that they do hurts anybody else."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mainstem.core.problem import MainstemError, ProjectError, WorldError
from mainstem.core.project import EngineSettings
from mainstem.engines import duckdb as embedded
from mainstem.lifecycle.serving.task import Bound, Result, Task
from mainstem.lifecycle.serving.workers import Pool

SLOW = "select count(*) from range(100000000) a, range(100000) b where a.range % 7 = b.range % 11"


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(1, timeout_s=20)
    yield made
    made.close()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("copy") / "r000001.duckdb"
    engine = embedded.open(EngineSettings())
    engine.write_copy(file, {"marts.days": "select i as n, date '2013-12-01' + i::int as day from range(31) t(i)"})
    engine.close()
    return file


def task(text: str, copy: Path | None = None, **more: object) -> Task:
    return Task(text, 10, "duckdb", str(copy) if copy else None, **more)  # type: ignore[arg-type]


def test_rows_of_a_copy_come_with_names_and_types(pool: Pool, copy: Path) -> None:
    given: dict[str, tuple[str, str] | None] = {"from": ("date", "2013-12-30")}
    found = pool.run(task("select * from marts.days where day >= $from order by n", copy, parameters=given))
    assert found == Result((("n", "BIGINT"), ("day", "DATE")), [[29, "2013-12-30"], [30, "2013-12-31"]])
    assert pool.run(task("select n from marts.days where day = $from", copy, parameters={"from": None})).rows == []


def test_one_row_more_than_the_limit_tells_that_there_are_more(pool: Pool, copy: Path) -> None:
    assert len(pool.run(task("select n from marts.days", copy)).rows) == 11


def test_names_are_bound_to_files_and_views(pool: Pool, tmp_path: Path) -> None:
    engine = embedded.open(EngineSettings())
    session = engine.session()
    written = session.write("select 7 as n, timestamptz '2013-12-31 05:15:00-05' as at", tmp_path, "part-")
    session.close()
    engine.close()
    file = Bound("raw.one", (str(tmp_path / written.files[0].path),), tuple((f.name, f.type) for f in written.fields))
    bound = (
        file,
        Bound("", sql="create macro twice(x) as 2 * x"),
        Bound("marts.two", sql="select twice(n) as n from raw.one"),
    )
    found = pool.run(task("select two.n, one.at from marts.two, raw.one", bound=bound))
    assert found.rows == [[14, "2013-12-31 10:15:00+00"]]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("9007199254740993", "9007199254740993"),
        ("cast(0.1 as decimal(9, 2))", 0.1),
        ("cast('12345678901234567.89' as decimal(38, 2))", "12345678901234567.89"),
        ("cast('NaN' as double)", "nan"),
        ("[1, null]", [1, None]),
        ("{'a': date '2013-12-31'}", {"a": "2013-12-31"}),
        ("map {1: 'x'}", {"1": "x"}),
        ("'\\xFF'::blob", "ff"),
        ("time '05:15'", "05:15:00"),
        ("interval 90 minutes", "1:30:00"),
        ("true", True),
        ("null", None),
    ],
)
def test_what_json_cannot_say_is_text_and_nothing_is_rounded(pool: Pool, value: str, said: object) -> None:
    assert pool.run(task(f"select {value} as v")).rows == [[said]]


@pytest.mark.parametrize(
    "text",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select * from '/etc/passwd'",
        "select count(*) from range(3) union all select 1 from read_text('/proc/self/environ')",
    ],
)
def test_nothing_but_its_files_can_be_read(pool: Pool, copy: Path, text: str) -> None:
    with pytest.raises(MainstemError):
        pool.run(task(text, copy))
    with pytest.raises(MainstemError):
        pool.run(task(text))


def test_a_worker_knows_no_secret(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATIONS_PASSWORD", "canary")
    pool.run(task("select 1"))
    worker = pool._places.get()
    assert worker is not None
    said = Path(f"/proc/{worker._process.pid}/environ").read_bytes()
    pool._places.put(worker)
    assert b"canary" not in said


def test_a_query_that_takes_too_long_is_ended_and_the_next_is_answered() -> None:
    pool = Pool(1, timeout_s=1.0)
    try:
        with pytest.raises(WorldError) as ended:
            pool.run(task(SLOW))
        assert ended.value.problems[0].code == "V021"
        assert "longer than 1 s" in ended.value.problems[0].what
        pool._timeout_s = 20
        assert pool.run(task("select 1")).rows == [[1]]
    finally:
        pool.close()


def test_a_worker_that_dies_is_replaced(pool: Pool) -> None:
    pool.run(task("select 1"))
    worker = pool._places.get()
    assert worker is not None
    os.kill(worker._process.pid, signal.SIGKILL)
    worker._process.wait()
    pool._places.put(worker)
    with pytest.raises(WorldError) as lost:
        pool.run(task("select 1"))
    assert lost.value.problems[0].code == "V023"
    assert pool.run(task("select 2")).rows == [[2]]


def test_who_waits_too_long_for_a_reader_is_told() -> None:
    pool = Pool(1, timeout_s=2.0, wait_s=0.1)
    try:
        with ThreadPoolExecutor(1) as others:
            busy = others.submit(pool.run, task(SLOW))
            while not pool._places.empty():
                pass
            with pytest.raises(WorldError) as refused:
                pool.run(task("select 1"))
            assert refused.value.problems[0].code == "V022"
            assert isinstance(busy.exception(), WorldError)
    finally:
        pool.close()


def test_a_text_that_the_engine_refuses_is_told_in_its_words(pool: Pool) -> None:
    with pytest.raises(MainstemError) as refused:
        pool.run(task("select nothing_of_that_name from range(3)"))
    assert "nothing_of_that_name" in refused.value.problems[0].what
    assert pool.run(task("select 3")).rows == [[3]]


def test_the_type_of_error_is_kept(pool: Pool) -> None:
    with pytest.raises(WorldError):
        pool.run(task("select 1/0 from missing"))
    assert issubclass(ProjectError, MainstemError)


def test_workers_can_be_started_and_made_ready_before_anybody_asks(copy: Path) -> None:
    pool = Pool(2, timeout_s=20)
    try:
        pool.start()
        pool.ready(task("select n from nothing_there", copy))
        assert pool.run(task("select n from marts.days order by n limit 1", copy)).rows == [[0]]
    finally:
        pool.close()
