"""The SQLite ledger as a file: locked, damaged, foreign, older, newer, forbidden, full."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from ledger_file import change, filled, opened
from ledger_world import AT, codes, fact, published, release, version
from tests.tools import small_disk

from mainstem.core.problem import WorldError
from mainstem.ledger import schema
from mainstem.ledger.connections import connect


def test_a_ledger_that_stays_locked_is_named_after_the_wait(path: Path) -> None:
    ledger = opened(path, wait_s=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(WorldError) as caught:
            ledger.record([fact()], AT)
        assert codes(caught.value) == ["L004"]
        assert f'"{path}" has been locked by another process for 0.1 s' in str(caught.value)
        assert ledger.evidence() == []
        with pytest.raises(WorldError, match="L004"):
            ledger.publish(release(1, []), [], None)
        other.execute("rollback")
    ledger.record([fact()], AT)
    assert len(ledger.evidence()) == 1
    ledger.close()


def test_a_lock_that_goes_away_is_waited_for(path: Path) -> None:
    import threading

    ledger = opened(path)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("begin immediate")
        timer = threading.Timer(0.2, other.execute, ["rollback"])
        timer.start()
        ledger.record([fact()], AT)
        timer.join()
    ledger.close()


def test_a_new_ledger_that_stays_locked_is_named_too(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(WorldError, match="L004"):
            opened(path, wait_s=0.1)


@pytest.mark.parametrize(
    "content", [b"no database at all\n" * 100, b"SQLite format 3\x00" + b"\xff" * 5000, b"\0" * 4096]
)
def test_a_file_that_is_no_database_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(WorldError) as caught:
        opened(path)
    assert codes(caught.value) == ["L005"]
    assert "backup" in str(caught.value)
    assert path.read_bytes() == content


def test_damage_is_found_where_it_is_read(path: Path) -> None:
    filled(path)
    content = bytearray(path.read_bytes())
    content[4096 * 2 :] = b"\xa5" * (len(content) - 4096 * 2)
    path.write_bytes(content)
    with pytest.raises(WorldError) as caught:
        opened(path).evidence()
    assert codes(caught.value) == ["L005"]


def test_a_check_says_what_is_damaged(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("select rootpage from sqlite_master where name = 'evidence_kind'").fetchone()
    content = bytearray(path.read_bytes())
    content[4096 * (page - 1) : 4096 * page] = b"\xa5" * 4096
    path.write_bytes(content)
    ledger = opened(path)
    found = ledger.check()
    assert found
    assert all(len(text) > 10 for text in found)
    ledger.close()


def test_a_database_of_somebody_else_is_left_alone(path: Path) -> None:
    change(path, "create table orders (id integer)")
    before = path.read_bytes()
    with pytest.raises(WorldError) as caught:
        opened(path)
    assert codes(caught.value) == ["L014"]
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_ledger_of_a_newer_version_is_left_alone(path: Path) -> None:
    filled(path)
    change(path, "update ledger set written_by = '9.1.0'")
    change(path, "pragma user_version = 99")
    with pytest.raises(WorldError) as caught:
        opened(path)
    assert codes(caught.value) == ["L007"]
    assert "upgrade mainstem to 9.1.0" in str(caught.value)


def test_an_older_ledger_gets_what_is_missing_and_keeps_what_it_has(path: Path) -> None:
    filled(path)
    added = (*schema.MIGRATIONS, ("create table extra (id integer)", "alter table run add column extra text"))
    with closing(connect(path, 1.0)) as connection:
        id = schema.prepare(connection, path, added)
        assert connection.execute("select count(*), max(extra) from run").fetchone() == (1, None)
        assert schema.prepare(connection, path, added) == id
    with pytest.raises(WorldError, match="L007"):
        opened(path)


def test_a_step_that_fails_leaves_an_older_ledger_as_it_was(path: Path) -> None:
    filled(path)
    broken = (*schema.MIGRATIONS, ("create table extra (id integer)", "create nonsense"))
    with closing(connect(path, 1.0)) as connection, pytest.raises(sqlite3.OperationalError):
        schema.prepare(connection, path, broken)
    ledger = opened(path)
    assert ledger.check() == []
    ledger.close()


def test_a_creation_that_was_cut_short_is_done_again(path: Path) -> None:
    path.touch()
    ledger = opened(path)
    ledger.record([fact()], AT)
    ledger.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file" / "below" / "ledger.sqlite", tmp_path / "file" / "ledger.sqlite", tmp_path):
        with pytest.raises(WorldError) as caught:
            opened(path)
        assert codes(caught.value) == ["L006"]
        assert "ledger:" in str(caught.value)


@contextmanager
def another_user(tmp_path: Path) -> Iterator[None]:
    """As root, go on as a user to whom permissions apply."""
    import os

    if os.geteuid() != 0:
        yield
        return
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
@pytest.mark.parametrize("exists", [True, False])
def test_a_folder_without_the_right_to_write_is_named(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    if exists:
        filled(folder / "ledger.sqlite")
    folder.chmod(0o555)
    with another_user(tmp_path), pytest.raises(WorldError) as caught:
        opened(folder / "ledger.sqlite").record([fact()], AT)
    assert codes(caught.value) == ["L006"]
    assert str(folder) in str(caught.value)
    folder.chmod(0o755)


def test_a_full_disk_takes_back_one_transaction_and_no_more(path: Path) -> None:
    ledger = opened(path)
    ledger.record([fact(label="before")], AT)
    writer = ledger._connections._writer
    (pages,) = writer.execute("pragma page_count").fetchone()
    writer.execute(f"pragma max_page_count = {pages + 2}")
    with pytest.raises(WorldError) as caught:
        ledger.record([fact(label="x" * 1000) for _ in range(500)], AT)
    assert codes(caught.value) == ["L008"]
    assert [row.label for row in ledger.evidence()] == ["before"]
    writer.execute(f"pragma max_page_count = {pages + 1000}")
    ledger.record([fact(label="after")], AT)
    assert [row.label for row in ledger.evidence()] == ["before", "after"]
    ledger.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_disk_that_refuses_takes_back_one_transaction_and_no_more(path: Path) -> None:
    script = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from ledger_world import AT, fact, codes
from mainstem.core.problem import WorldError
from mainstem.ledger.sqlite import open_ledger
ledger = open_ledger(Path({str(path)!r}))
ledger.record([fact(label="before")], AT)
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, limit[1]))
try:
    ledger.record([fact(label="x" * 1000) for _ in range(3000)], AT)
except WorldError as error:
    print(*codes(error))
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
ledger.record([fact(label="after")], AT)
print(*[row.label for row in ledger.evidence()], ledger.check())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["L013", "before after []"], done.stderr


def test_a_disk_that_is_really_full_loses_nothing_either(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from ledger_world import AT, codes, fact
from mainstem.core.problem import WorldError
from mainstem.ledger.sqlite import open_ledger
disk = Path({str(disk)!r})
ledger = open_ledger(disk / "ledger.sqlite")
ledger.record([fact(label="before")], AT)
ballast = disk / "ballast"
try:
    ballast.write_bytes(bytes(2_000_000))
except OSError:
    pass
try:
    ledger.record([fact(label="x" * 1000) for _ in range(3000)], AT)
except WorldError as error:
    print(*codes(error))
ballast.unlink()
ledger.record([fact(label="after")], AT)
print(*[row.label for row in ledger.evidence()], ledger.check())
"""
    (tmp_path / "fill.py").write_text(script, encoding="utf-8")
    command = [*small_disk(disk, "1m"), sys.executable, str(tmp_path / "fill.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == ["L008", "before after []"], done.stderr


def test_what_is_remembered_of_versions_is_bounded_and_harmless(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.ledger.versions._MOST", 3)
    ledger = opened(path)
    made = [published(ledger, n, [version(f"marts.m{m}", n * m) for m in range(5)]) for n in range(1, 6)]
    for _ in range(2):
        assert ledger.releases("prod") == made[::-1]
    assert len(ledger._versions._known) <= 3 + 5
    ledger.close()


def test_a_thread_does_not_wait_for_ever_for_another(path: Path) -> None:
    ledger = opened(path, wait_s=0.1)
    with ledger._connections.writing(), pytest.raises(WorldError, match="L004"):
        ledger.record([fact()], AT)
    ledger.record([fact()], AT)
    ledger.close()
