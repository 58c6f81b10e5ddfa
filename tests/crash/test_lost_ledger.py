"""A ledger that is lost, and rebuilt from the lake: the same tables, nothing doubled, and little unknown."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mainstem.ledger.sqlite import open_ledger
from mainstem.project import load
from tests.crash.project import killed_run, make, morning, run, second_day, tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project after its first run, with the second day's data waiting."""
    made = make(tmp_path / "project")
    assert run(made, 3).release is not None
    second_day(made)
    return made


@pytest.fixture
def undisturbed(folder: Path, tmp_path: Path) -> dict[str, Any]:
    other = shutil.copytree(folder, tmp_path / "undisturbed")
    run(other, 4)
    return tables(other)


def mainstem(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mainstem", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def lose(folder: Path) -> None:
    for path in (folder / ".mainstem").glob("ledger.sqlite*"):
        path.unlink()


def rebuilt(folder: Path, day: int) -> dict[str, Any]:
    """What the command says."""
    done = mainstem(folder, "doctor", "--rebuild-ledger", "--json", "--now", morning(day).isoformat())
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def kept(folder: Path) -> dict[str, Any]:
    """What a ledger knows, as plain values."""
    ledger = open_ledger(load(folder).ledger)
    try:
        assert ledger.check() == []
        return {
            "id": ledger.id,
            "evidence": [row for row in ledger.evidence() if row.kind != "gap"],
            "runs": ledger.runs(),
            "audit": ledger.audited(),
            "releases": ledger.releases("prod"),
            "current": ledger.current("prod"),
        }
    finally:
        ledger.close()


def test_everything_up_to_the_last_publication_comes_back(folder: Path) -> None:
    run(folder, 4)
    before = kept(folder)
    lose(folder)

    rebuilt(folder, 5)

    assert kept(folder) == before
    assert run(folder, 6).release is None


def test_what_the_copy_misses_is_a_gap(folder: Path) -> None:
    run(folder, 4)
    lose(folder)

    said = rebuilt(folder, 5)

    ledger = open_ledger(load(folder).ledger)
    (gap,) = ledger.evidence(kinds=["gap"])
    ledger.close()
    assert (gap.subject, gap.at, gap.until) == ("ledger", morning(4), morning(5))
    assert [len(stretch) for stretch in said["gaps"]] == [2]


@pytest.mark.parametrize("point", ["before-publish", "inside-publish", "after-publish", "inside-copy", "after-copy"])
def test_killed_and_lost(point: str, folder: Path, undisturbed: dict[str, Any]) -> None:
    assert killed_run(folder, 4, point).returncode == -signal.SIGKILL
    lose(folder)
    rebuilt(folder, 4)

    again = run(folder, 4)

    assert not again.failures
    assert tables(folder) == undisturbed
    assert run(folder, 5).release is None, "nothing is left to do"


@pytest.mark.parametrize("point", ["after-publish", "inside-copy"])
def test_the_next_publication_carries_the_copy_on(point: str, folder: Path) -> None:
    assert killed_run(folder, 4, point).returncode == -signal.SIGKILL
    (folder / "inbox" / "c.csv").write_text("day,price\n2024-01-04,4.50\n")
    assert run(folder, 5).release is not None
    before = kept(folder)
    lose(folder)

    rebuilt(folder, 6)

    after = kept(folder)
    assert after == before


def test_a_torn_copy_loses_its_end_alone(folder: Path) -> None:
    run(folder, 4)
    before = kept(folder)
    (part,) = (folder / "lake/_mainstem/ledger").iterdir()
    os.truncate(part, part.stat().st_size - 7)
    lose(folder)

    rebuilt(folder, 5)

    after = kept(folder)
    assert after["current"] == before["current"]
    assert after["releases"] == before["releases"]
    known = {row.id: row for row in after["evidence"] if row.recorded_at < morning(4)}
    assert known.items() <= {row.id: row for row in before["evidence"]}.items()
    assert run(folder, 6).release is None
    (folder / "inbox" / "c.csv").write_text("day,price\n2024-01-04,4.50\n")
    assert run(folder, 7).release is not None
    before = kept(folder)
    lose(folder)
    rebuilt(folder, 8)
    assert kept(folder) == before


def test_a_lake_without_its_copy_gets_all_of_it_again(folder: Path) -> None:
    shutil.rmtree(folder / "lake/_mainstem/ledger")
    run(folder, 4)
    before = kept(folder)
    lose(folder)

    rebuilt(folder, 5)

    assert kept(folder) == before


def test_without_any_copy_the_releases_still_come_back(folder: Path, undisturbed: dict[str, Any]) -> None:
    before = kept(folder)
    shutil.rmtree(folder / "lake/_mainstem/ledger")
    lose(folder)

    rebuilt(folder, 4)

    assert kept(folder)["releases"] == before["releases"]
    run(folder, 4)
    assert tables(folder) == undisturbed


def test_an_environment_that_was_rolled_back_stays_so(folder: Path) -> None:
    run(folder, 4)
    assert mainstem(folder, "rollback", "--now", morning(5).isoformat()).returncode == 0
    before = tables(folder)
    lose(folder)

    assert rebuilt(folder, 5)["standing"] == {"prod": "r000001"}

    assert tables(folder) == before
    assert kept(folder)["current"].id == "r000001"


def test_fences_only_grow(folder: Path) -> None:
    run(folder, 4)
    lose(folder)
    rebuilt(folder, 5)
    ledger = open_ledger(load(folder).ledger)
    current = ledger.current("prod")
    assert current is not None
    targets = {name: v.table for name, v in current.versions.items() if v.table}
    leases = ledger.acquire("prod", targets, "r", "h:1:0", 0.0, 60.0)
    ledger.close()
    assert all(leases[name].fence > current.versions[name].attempt for name in targets)


def test_a_broken_ledger_is_set_aside(folder: Path) -> None:
    lose(folder)
    broken = folder / ".mainstem/ledger.sqlite"
    broken.write_text("This was a ledger once, long ago, before the disk went.")

    said = rebuilt(folder, 4)

    assert Path(said["aside"]).read_text().startswith("This was a ledger")
    assert kept(folder)["current"].id == "r000001"


def test_a_stale_write_ahead_log_is_not_taken_for_the_new_ones(folder: Path) -> None:
    lose(folder)
    wal = folder / ".mainstem/ledger.sqlite-wal"
    wal.write_bytes(b"left over")
    rebuilt(folder, 4)
    assert (folder / ".mainstem/ledger.sqlite.aside-1-wal").read_bytes() == b"left over"
    assert kept(folder)["current"].id == "r000001"


def test_an_empty_ledger_made_after_the_loss_is_set_aside(folder: Path) -> None:
    before = kept(folder)
    lose(folder)
    open_ledger(load(folder).ledger).close()

    said = rebuilt(folder, 4)

    assert Path(said["aside"]).exists()
    assert kept(folder) == before


def test_a_copy_that_fails_fails_nothing_else(folder: Path) -> None:
    copies = folder / "lake/_mainstem/ledger"
    shutil.rmtree(copies)
    copies.write_text("in the way")
    assert run(folder, 4).release is not None
    copies.unlink()
    (folder / "inbox" / "c.csv").write_text("day,price\n2024-01-04,4.50\n")
    run(folder, 5)
    before = kept(folder)
    lose(folder)
    rebuilt(folder, 6)
    assert kept(folder) == before
