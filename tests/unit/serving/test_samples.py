"""Samples of failed rows: redacted in the file itself, read only through the gate, swept in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mainstem.core.clock import SetClock
from mainstem.core.ports import Engine, Ledger
from mainstem.core.problem import WorldError
from mainstem.core.project import EngineSettings
from mainstem.engines import duckdb as embedded
from mainstem.ledger.sqlite import open_ledger
from mainstem.lifecycle.serving.samples import SAMPLE_ROWS, read_sample, sweep_samples, write_sample

NOW = datetime(2013, 12, 17, 10, tzinfo=UTC)
PII = frozenset({"pii"})
FAILING = """
    select i as id, 'canary-' || i as email, {'note': 'canary'} as notes, [i, 1] as gates, i % 2 = 0 as odd,
           timestamptz '2013-12-17 05:00:00+00' as at, interval 1 day as often
    from range(100) t(i) -- the end"""
TAGS = {"email": PII, "notes": PII}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = embedded.open(EngineSettings(), tmp_path / "temp")
    yield opened
    opened.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


def written(engine: Engine, lake: Path, failing: str = FAILING, tags: dict[str, frozenset[str]] | None = TAGS) -> str:
    session = engine.session()
    path = write_sample(lake, session, failing, tags, "run-1-raw.people-not null?", NOW)
    session.close()
    assert path is not None
    return path


def test_a_sample_is_a_small_redacted_file(engine: Engine, tmp_path: Path) -> None:
    path = written(engine, tmp_path)
    assert path.startswith("_mainstem/samples/2013-12-17/run-1-raw.people-not_null_-")
    assert b"canary" not in (tmp_path / path).read_bytes()
    rows = engine.session().rows(f"select * from read_parquet('{tmp_path / path}') order by cast(id as integer)")
    assert len(rows) == SAMPLE_ROWS
    assert rows[0] == ("0", "[redacted]", None, "[0, 1]", "true", "2013-12-17 05:00:00+00", "1 day")


def test_the_file_is_redacted_before_it_is_compressed(engine: Engine, tmp_path: Path) -> None:
    path = written(engine, tmp_path)
    rows = engine.session().rows(f"select * from read_parquet('{tmp_path / path}')")
    assert "canary" not in repr(rows)
    statistics = engine.session().rows(f"select * from parquet_metadata('{tmp_path / path}')")
    assert "canary" not in repr(statistics)


def test_rows_of_unknown_origin_are_redacted_as_a_whole(engine: Engine, tmp_path: Path) -> None:
    path = written(engine, tmp_path, tags=None)
    rows = engine.session().rows(f"select distinct * from read_parquet('{tmp_path / path}')")
    assert rows == [(None, "[redacted]", None, None, None, None, None)]


def test_no_failing_row_makes_no_sample(engine: Engine, tmp_path: Path) -> None:
    session = engine.session()
    assert (
        write_sample(tmp_path, session, f"select * from ({FAILING}\n) where false -- nothing", TAGS, "x", NOW) is None
    )


def test_a_sample_is_read_through_the_gate_and_audited(engine: Engine, ledger: Ledger, tmp_path: Path) -> None:
    answer = read_sample(engine, tmp_path, written(engine, tmp_path), TAGS, ledger, SetClock(NOW))
    assert [column.name for column in answer.columns] == ["id", "email", "notes", "gates", "odd", "at", "often"]
    assert len(answer.rows) == SAMPLE_ROWS
    assert not answer.truncated
    row = ledger.audited()[-1]["row"]
    assert (row["exit"], row["decision"], row["rows"]) == ("sample", "allowed", SAMPLE_ROWS)


def test_what_was_tagged_since_is_redacted_when_it_is_read(engine: Engine, ledger: Ledger, tmp_path: Path) -> None:
    path = written(engine, tmp_path, tags={})
    answer = read_sample(engine, tmp_path, path, {"email": PII, "notes": PII}, ledger, SetClock(NOW))
    assert "canary" not in repr(answer.rows)


@pytest.mark.parametrize("path", ["_mainstem/samples/2013-12-17/gone.parquet", "../x.parquet", "/etc/passwd", ""])
def test_a_sample_that_is_gone_is_told(engine: Engine, ledger: Ledger, tmp_path: Path, path: str) -> None:
    with pytest.raises(WorldError) as failed:
        read_sample(engine, tmp_path, path, {}, ledger, SetClock(NOW))
    assert failed.value.problems[0].code == "V002"


def test_only_samples_can_be_read_as_samples(engine: Engine, ledger: Ledger, tmp_path: Path) -> None:
    path = written(engine, tmp_path)
    (tmp_path / "raw").mkdir()
    (tmp_path / path).rename(tmp_path / "raw" / "data.parquet")
    for there in ("raw/data.parquet", "_mainstem/samples/2013-12-17/../../../raw/data.parquet"):
        with pytest.raises(WorldError):
            read_sample(engine, tmp_path, there, {}, ledger, SetClock(NOW))


def test_samples_are_kept_for_thirty_days(engine: Engine, tmp_path: Path) -> None:
    path = written(engine, tmp_path)
    (tmp_path / "_mainstem/samples/not-a-day").mkdir()
    assert sweep_samples(tmp_path, NOW + timedelta(days=30)) == 0
    assert (tmp_path / path).is_file()
    assert sweep_samples(tmp_path, NOW + timedelta(days=31)) == 1
    assert not (tmp_path / path).exists()
    assert (tmp_path / "_mainstem/samples/not-a-day").is_dir()
    assert sweep_samples(tmp_path / "no-lake", NOW) == 0
