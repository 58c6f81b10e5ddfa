"""What every kind of source promises, whatever it is: nothing is lost, nothing doubled, and what is wrong is told."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import string
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from remote_kinds import Bucket, Mysql, Postgresql, Rest
from source_kinds import AdbcDuckDb, AdbcSqlite, Dlt, Files, Kind, LackingError, Python, Sqlite
from tests.crash.project import killed_run, morning, run, tables
from tests.servers import mariadb, postgres, shelf
from tests.tools import small_disk

from mainstem.core.crash import POINTS
from mainstem.core.kinds import names
from mainstem.core.problem import MainstemError
from mainstem.core.run import Run
from mainstem.lifecycle.generation import file_web

KINDS: dict[str, type[Kind]] = {
    "adbc-duckdb": AdbcDuckDb,
    "adbc-sqlite": AdbcSqlite,
    "dlt": Dlt,
    "files": Files,
    "files-bucket": Bucket,
    "mysql": Mysql,
    "postgres": Postgresql,
    "python": Python,
    "rest": Rest,
    "sqlite": Sqlite,
}
SERVERS = {"mysql": mariadb, "postgres": postgres, "files-bucket": shelf}
OF_A_LOAD = POINTS[: POINTS.index("after-publish") + 1]
"""The crash points up to where its rows are published."""
MADE = {"synthetic": "makes its rows itself: test_made_rows.py"}


@dataclass(frozen=True)
class Gap:
    """What a kind does not do: why, and the code of the problem that says so, if it is not that it lacks the thing."""

    why: str
    code: str | None = None

    @property
    def mark(self) -> pytest.MarkDecorator:
        if self.code is None:
            return pytest.mark.xfail(reason=self.why, raises=LackingError, strict=True)
        told = pytest.RaisesExc(
            MainstemError, check=lambda error: [each.code for each in error.problems] == [self.code]
        )
        return pytest.mark.xfail(reason=self.why, raises=told, strict=True)


NO_PASSWORD = Gap("nobody asks for credentials")
GAPS = {
    "test_late_rows_come_with_a_look_back": {
        "dlt": Gap("a resource decides by itself what is late", "P031"),
        "python": Gap("a program decides by itself what is late", "P031"),
    },
    "test_wrong_credentials_are_told_and_not_shown": dict.fromkeys(
        ("adbc-duckdb", "adbc-sqlite", "dlt", "files", "python", "sqlite"), NO_PASSWORD
    ),
    "test_what_is_written_while_it_is_read_is_read_once": {
        "adbc-duckdb": Gap("DuckDB lets one process at a time open a file"),
    },
}
"""By behaviour and kind; every other kind behaves so."""

FIRST = ((1, "2024-01-01 10:00:00", "a", 1), (2, "2024-01-03 10:00:00", "b", 2), (3, "2024-01-03 10:00:00", "c", 3))
HUGE = "".join(random.Random(1).choices(string.ascii_letters, k=5_000_000))


class Trial:
    """A project that loads the one table of a source; each run is a day later."""

    def __init__(self, kind: Kind) -> None:
        self.kind, self.folder, self.day, self.more = kind, kind.folder, 3, ""
        (self.folder / "mainstem.yml").write_text("name: small\nclock: replay\n")
        (self.folder / "sources").mkdir(exist_ok=True)

    def write(self, load: str = "full", **more: str) -> None:
        """The source's file."""
        self.kind.load = load
        said = {"load": load, "key": "id", **more}
        if load == "incremental" and self.kind.has_cursor:
            said["cursor"] = "seen"
        keys = ", ".join(
            [f"{key}: {value}" for key, value in said.items()] + [each for each in [self.kind.table()] if each]
        )
        promises = {"id": ", required: true", "seen": ", required: true", "n": ", min: 0"}
        columns = ", ".join(
            f"{name}: {{type: {type_}{promises.get(name, '')}}}" for name, type_ in self.kind.promised.items()
        )
        text = f"{self.kind.head()}\ntables:\n  t: {{{keys}, columns: {{{columns}}}}}\n"
        (self.folder / "sources" / "src.yml").write_text(text)

    def run(self) -> Run:
        self.day += 1
        return run(self.folder, self.day)

    def good(self) -> Run:
        done = self.run()
        assert done.failures == ()
        return done

    def rows(self) -> list[tuple[Any, ...]]:
        """Rows of the release: id, time, word, n, and what came later."""
        (found,) = tables(self.folder, ["src.t"]).values()
        return [(row[0], str(row[1]), *row[2:]) for row in found]

    def wanted(self) -> list[tuple[Any, ...]]:
        return [tuple(row.get(name) for name in self.kind.columns) for _, row in sorted(self.kind.rows.items())]


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Any]]:
    """Each is started when it is asked for."""
    with ExitStack() as stack:

        class Started(dict[str, Any]):
            def __missing__(self, name: str) -> Any:
                self[name] = stack.enter_context(SERVERS[name]())
                return self[name]

        yield Started()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every behaviour over every kind, but for the gaps."""
    gaps = GAPS.get(metafunc.function.__name__, {})
    if "death" in metafunc.fixturenames:
        cells = [(name, death) for name, kind in KINDS.items() for death in kind.deaths]
        metafunc.parametrize(("trial", "death"), cells, indirect=["trial"])
    elif "trial" in metafunc.fixturenames:
        marked = [pytest.param(name, marks=[gaps[name].mark] if name in gaps else []) for name in KINDS]
        metafunc.parametrize("trial", marked, indirect=True)


@pytest.fixture
def trial(
    request: pytest.FixtureRequest, tmp_path: Path, servers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trial]:
    name = request.param
    monkeypatch.setattr(file_web, "_WAITS_S", (0.0, 0.0))
    folder = tmp_path / "project"
    folder.mkdir()
    given = {"server": servers[name]} if name in SERVERS else {}
    kind = KINDS[name](folder, **given)
    try:
        yield Trial(kind)
    finally:
        kind.close()


def test_no_kind_is_forgotten() -> None:
    assert {name.partition("-")[0] for name in (*KINDS, *MADE)} == set(names("sources"))
    assert all(kind.deaths for kind in KINDS.values())


def test_every_gap_is_one_of_a_behaviour() -> None:
    assert {name for name in GAPS if name not in globals()} == set()


def test_a_full_load_follows_the_source(trial: Trial) -> None:
    trial.write()
    trial.kind.put(*FIRST)
    trial.good()
    assert trial.rows() == trial.wanted()

    assert trial.good().release is None

    trial.kind.put((2, "2024-01-03 10:00:00", "changed", 2), (4, "2024-01-04 10:00:00", None, None))
    trial.kind.remove(1)
    trial.good()
    assert trial.rows() == trial.wanted()


def test_an_incremental_load_brings_what_is_new_and_ties(trial: Trial) -> None:
    trial.write("incremental")
    trial.kind.put(*FIRST)
    trial.good()
    assert trial.good().release is None

    trial.kind.put((4, "2024-01-03 10:00:00", "tie", 4), (2, "2024-01-05 10:00:00", "changed", 2))
    trial.good()
    assert trial.rows() == trial.wanted()
    assert trial.good().release is None


def test_late_rows_come_with_a_look_back(trial: Trial) -> None:
    trial.write("incremental", **({"lookback": "2d"} if trial.kind.needs_lookback else {}))
    trial.kind.put(*FIRST)
    trial.good()

    trial.kind.put((4, "2024-01-02 10:00:00", "late", 4))
    trial.good()
    assert trial.rows() == trial.wanted()


@pytest.mark.parametrize("mode", ["evolve", "freeze", "quarantine"])
def test_a_new_column(trial: Trial, mode: str) -> None:
    trial.write("incremental", on_schema_change=mode)
    trial.kind.put(*FIRST)
    trial.good()
    before = trial.rows()

    trial.kind.add_column("extra")
    trial.kind.put((4, "2024-01-05 10:00:00", "d", 4, "new"))
    done = trial.run()

    if mode == "evolve":
        assert done.failures == ()
        assert trial.rows() == trial.wanted()
    elif mode == "freeze":
        assert [failure.problem.code for failure in done.failures] == ["I005"]
        assert trial.rows() == before
    else:
        assert done.failures == ()
        assert trial.rows() == before
        ((reason, _),) = tables(trial.folder, ["src.t__quarantine"])["src.t__quarantine"]
        assert "extra" in reason


def test_a_row_that_breaks_the_contract_is_set_aside(trial: Trial) -> None:
    trial.write("incremental")
    trial.kind.put(*FIRST, (4, "2024-01-03 10:00:00", "bad", -1))
    trial.good()

    assert trial.rows() == trial.wanted()[:3]
    ((reason, row),) = tables(trial.folder, ["src.t__quarantine"])["src.t__quarantine"]
    assert reason == "n: -1 is less than 0"
    assert json.loads(row)["word"] == "bad"
    assert trial.good().release is None
    trial.kind.put((5, "2024-01-05 10:00:00", "e", 5))
    trial.good()
    trial.kind.put((6, "2024-01-06 10:00:00", "f", 6))
    trial.good()
    assert len(tables(trial.folder, ["src.t__quarantine"])["src.t__quarantine"]) == 1


@pytest.mark.parametrize("load", ["full", "incremental"])
def test_an_empty_source_is_an_empty_table(trial: Trial, load: str) -> None:
    trial.write(load)
    trial.kind.put()
    trial.good()
    assert trial.rows() == []

    trial.kind.put(*FIRST)
    trial.good()
    assert trial.rows() == trial.wanted()


def test_a_huge_value_arrives_whole(trial: Trial) -> None:
    trial.write()
    trial.kind.put((1, "2024-01-01 10:00:00", HUGE, 1))
    trial.good()
    ((_, _, word, _),) = trial.rows()
    assert word == HUGE


def test_wrong_credentials_are_told_and_not_shown(trial: Trial) -> None:
    trial.write()
    trial.kind.put(*FIRST)
    trial.good()
    secret = trial.kind.forget_password()
    trial.write()
    (failure,) = trial.run().failures
    assert failure.problem.code == trial.kind.refusal
    assert secret not in str(failure.problem)
    assert trial.rows() == trial.wanted()


def test_a_source_that_is_gone_leaves_the_table_as_it_was(trial: Trial) -> None:
    trial.write("incremental")
    trial.kind.put(*FIRST)
    trial.good()
    trial.kind.put((4, "2024-01-05 10:00:00", "d", 4))
    trial.kind.take_down()

    trial.run()
    assert len(trial.rows()) == 3

    trial.kind.bring_back()
    trial.good()
    assert trial.rows() == trial.wanted()


def test_a_source_that_dies_in_the_middle_leaves_the_table_as_it_was(trial: Trial, death: str) -> None:
    trial.write("incremental")
    trial.kind.put(*FIRST)
    trial.good()
    trial.kind.put((4, "2024-01-05 10:00:00", HUGE[:2_000_000], 4), (5, "2024-01-06 10:00:00", "e", 5))

    with trial.kind.dying(death):
        (failure,) = trial.run().failures
    assert failure.problem.code == trial.kind.deaths[death]
    assert "select" not in failure.problem.what
    assert len(trial.rows()) == 3

    trial.kind.bring_back()
    trial.good()
    assert trial.rows() == trial.wanted()
    assert tables(trial.folder, ["src.t__quarantine"])["src.t__quarantine"] == ()


@pytest.mark.parametrize("load", ["full", "incremental"])
def test_what_is_written_while_it_is_read_is_read_once(trial: Trial, load: str) -> None:
    """The run reads one state, or none; the next one brings what it did not see."""
    trial.write(load)
    trial.kind.put(*FIRST)
    trial.good()
    trial.kind.put((4, "2024-01-05 10:00:00", "d", 4))
    states = [trial.rows(), trial.wanted()]

    with trial.kind.meddling(lambda: trial.kind.put((5, "2024-01-05 10:00:00", "tie", 5))):
        done = trial.run()
    states.append(trial.wanted())
    assert [failure.problem.code for failure in done.failures] in ([], ["G014"])
    assert trial.rows() in states

    trial.good()
    assert trial.rows() == trial.wanted()
    assert trial.good().release is None


def test_a_full_disk_is_told_and_the_next_run_brings_all(trial: Trial) -> None:
    trial.write("incremental")
    trial.kind.put((1, "2024-01-01 10:00:00", HUGE, 1))
    (trial.folder / "lake").mkdir()
    command = [*small_disk(trial.folder / "lake", "1m"), sys.executable, "-m", "mainstem", "run", "--now"]
    done = subprocess.run(
        [*command, morning(4).isoformat()],
        cwd=trial.folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 1, done.stderr
    assert "full" in done.stderr or "No space" in done.stderr
    shutil.rmtree(trial.folder / ".mainstem")  # the small disk is gone, and with it the lake

    trial.good()
    assert trial.rows() == trial.wanted()


def test_a_load_that_was_killed_at_any_point_is_carried_on(trial: Trial) -> None:
    trial.write("incremental")
    trial.kind.put(*FIRST)
    trial.good()
    for number, point in enumerate(OF_A_LOAD, 1):
        trial.kind.put(
            (10 + number, "2024-01-03 10:00:00" if number < 2 else f"2024-02-{number:02} 10:00:00", point, number),
            (100 + number, f"2024-02-{number:02} 10:00:00", "bad", -number),
        )
        trial.day += 1
        killed = killed_run(trial.folder, trial.day, point)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)

        trial.good()
        assert trial.rows() == [row for row in trial.wanted() if row[3] >= 0], point
        assert len(tables(trial.folder, ["src.t__quarantine"])["src.t__quarantine"]) == number, point
    assert trial.good().release is None
