"""A locked engine reads the files it was given, and nothing else; nothing can be written or set."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainstem.core.problem import WorldError
from mainstem.core.release import Field
from mainstem.engines.duckdb import Engine
from mainstem.engines.session import Session


@pytest.fixture
def locked(engine: Engine, session: Session, tmp_path: Path) -> Session:
    """A session whose engine may read `m.open`, beside which lies a file that it may not."""
    for name in ("open", "shut"):
        session.write(f"select '{name}' as word", tmp_path / name, "a")
    (tmp_path / "text.csv").write_text("word\nsecret\n")
    files = list((tmp_path / "open").iterdir())
    engine.bind("m.open", files, (Field("word", "VARCHAR"),))
    engine.lock(files)
    return engine.session()


def test_the_files_given_are_read(locked: Session) -> None:
    assert locked.rows("select word, count(*) from m.open group by all order by all") == [("open", 1)]


@pytest.mark.parametrize(
    "select",
    [
        "from read_parquet('{tmp}/shut/*.parquet')",
        "from '{tmp}/text.csv'",
        "from read_text('{tmp}/text.csv')",
        "from glob('{tmp}/*')",
        "from read_blob('/etc/passwd')",
        "from sniff_csv('{tmp}/text.csv')",
        "from read_parquet('{tmp}/open/../shut/*.parquet')",
    ],
)
def test_other_files_are_not(locked: Session, tmp_path: Path, select: str) -> None:
    with pytest.raises(WorldError, match="E012"):
        locked.rows(select.format(tmp=tmp_path))


@pytest.mark.parametrize(
    "statement",
    [
        "set threads = 4",
        "set global lock_configuration = false",
        "set temp_directory = '{tmp}/spill'",
        "reset enable_external_access",
        "copy (select 1) to '{tmp}/out.parquet'",
        "attach '{tmp}/x.db'",
        "install httpfs",
        "load '{tmp}/x.duckdb_extension'",
        "export database '{tmp}/out'",
    ],
)
def test_nothing_is_written_or_set(locked: Session, tmp_path: Path, statement: str) -> None:
    with pytest.raises(WorldError):
        locked.execute(statement.format(tmp=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "spill") == ["open", "shut", "text.csv"]


def test_a_query_that_needs_disk_fails_instead_of_spilling(engine: Engine, tmp_path: Path) -> None:
    session = engine.session()
    session.execute("set global memory_limit = '64MB'")
    engine.lock(())
    with pytest.raises(WorldError, match="E004"):
        session.rows("select count(*) from (select 'text ' || i as s from range(10000000) r(i) group by s)")
