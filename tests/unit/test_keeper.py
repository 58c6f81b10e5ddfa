"""What happens by itself: runs on time and never two at once, verdicts on the clock, people told once."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstem.core.clock import SetClock
from mainstem.core.problem import Problem, WorldError
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.desk import Desk
from mainstem.orchestration.keeper import Keeper
from mainstem.project import load

FILES = {
    "mainstem.yml": """name: kept
lake: lake/
environments:
  prod: {alerts: true, schedule: "*/5 * * * *"}
  dev: {schedule: "*/5 * * * *"}
alerts: [{to: "${ALERT_URL}", when: [violated, failed]}]
""",
    ".env": "",
    "models/a.sql": "select 1 as n\n",
}
NOON = datetime(2026, 1, 5, 12, 1, tzinfo=UTC)


class FakeRun:
    """A run that ends when it is told to."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.told: list[str] = []

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.told.append("terminate")

    def kill(self) -> None:
        self.told.append("kill")
        self.code = -9

    def wait(self, timeout: float | None = None) -> int:
        if self.code is None:
            raise subprocess.TimeoutExpired("run", timeout or 0)
        return self.code


class Kept:
    """A keeper over a small project, with a clock and runs of the test's own."""

    def __init__(self, folder: Path, env: str = "prod") -> None:
        self.ledger = open_ledger(load(folder, env).ledger)
        self.desk = Desk(folder, env, self.ledger)
        self.clock = SetClock(NOON)
        self.runs: list[FakeRun] = []
        self.said: list[str] = []
        self.sent: list[tuple[str, Mapping[str, Any], str]] = []
        self.keeper = Keeper(
            self.desk, "http://x", self.said.append, clock=self.clock, start=self._start, send=self._send
        )

    def _start(self, _: Desk) -> FakeRun:
        self.runs.append(FakeRun())
        return self.runs[-1]

    def _send(self, url: str, body: Mapping[str, Any], key: str) -> None:
        self.sent.append((url, body, key))

    def pass_time(self, minutes: float) -> None:
        """Tick once a second."""
        for _ in range(int(minutes * 60)):
            self.clock.at += timedelta(seconds=1)
            self.keeper.tick()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALERT_URL", "https://canary.example/secret")
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture
def kept(folder: Path) -> Iterator[Kept]:
    made = Kept(folder)
    yield made
    made.desk.close()
    made.ledger.close()


def end_of_run(kept: Kept, status: str, number: int) -> None:
    """The run's own record in the ledger, as its process would leave it."""
    at = datetime.now(UTC)
    kept.ledger.begin_run(f"run-{number}", "prod", at, "")
    failed = [{"dataset": "main.a", "code": "O005", "what": "canary-row"}] if status == "failed" else []
    kept.ledger.end_run(f"run-{number}", at, status, {"failed": failed})


def test_runs_start_on_time_and_never_two_at_once(kept: Kept) -> None:
    kept.pass_time(3.9)
    assert kept.runs == []
    kept.pass_time(0.2)
    assert len(kept.runs) == 1
    kept.pass_time(5)
    assert len(kept.runs) == 1
    assert any("left out" in words for words in kept.said)
    kept.runs[0].code = 0
    kept.pass_time(5)
    assert len(kept.runs) == 2


def test_a_schedule_that_is_edited_counts_at_once(kept: Kept, folder: Path) -> None:
    kept.pass_time(1)
    text = (folder / "mainstem.yml").read_text()
    (folder / "mainstem.yml").write_text(text.replace('alerts: true, schedule: "*/5 * * * *"', "alerts: true"))
    kept.desk.refresh()
    kept.pass_time(10)
    assert kept.runs == []


def test_a_failed_run_is_told_once_and_so_is_its_recovery(kept: Kept) -> None:
    end_of_run(kept, "failed", 1)
    kept.pass_time(3)
    assert [(body["kind"], body["status"]) for _, body, _ in kept.sent] == [("alert", "failed")]
    assert kept.sent[0][0] == "https://canary.example/secret"
    assert kept.sent[0][1]["link"] == "http://x/runs"
    assert "main.a (O005)" in kept.sent[0][1]["reason"]
    assert "canary" not in str(kept.sent[0][1])
    end_of_run(kept, "unchanged", 2)
    kept.pass_time(3)
    assert [(body["kind"], body["status"]) for _, body, _ in kept.sent[1:]] == [("recovery", "succeeded")]


def test_whoever_starts_anew_repeats_nothing(kept: Kept, folder: Path) -> None:
    end_of_run(kept, "failed", 1)
    kept.pass_time(1)
    again = Kept(folder)
    again.pass_time(3)
    assert (len(kept.sent), again.sent) == (1, [])
    again.desk.close()
    again.ledger.close()


def test_nothing_leaves_from_an_environment_that_does_not_say_so(folder: Path) -> None:
    dev = Kept(folder, "dev")
    at = datetime.now(UTC)
    dev.ledger.begin_run("run-1", "dev", at, "")
    dev.ledger.end_run("run-1", at, "failed", {})
    dev.pass_time(3)
    assert dev.sent == []
    dev.desk.close()
    dev.ledger.close()


def test_a_receiver_that_is_away_hears_of_it_later(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(url: str, body: Mapping[str, Any], key: str) -> None:
        raise WorldError(Problem("O022", "an alert did not arrive: it is away", "wait"))

    monkeypatch.setattr(kept.keeper, "_send", away)
    end_of_run(kept, "failed", 1)
    kept.pass_time(2)
    rows = kept.ledger.evidence(kinds=["delivered"])
    assert {row.outcome for row in rows} == {"errored"}
    assert "canary" not in repr(rows)


def test_the_address_is_in_no_file_that_is_kept(kept: Kept, folder: Path) -> None:
    end_of_run(kept, "failed", 1)
    kept.pass_time(2)
    assert len(kept.sent) == 1
    kept.keeper.close()
    for path in (folder / ".mainstem").rglob("*"):
        if path.is_file():
            assert b"canary.example" not in path.read_bytes()
    assert [dict(row["row"])["exit"] for row in kept.ledger.audited()] == ["alert"]


def test_watching_is_evidence(kept: Kept) -> None:
    kept.pass_time(11)
    kept.keeper.close()
    rows = kept.ledger.evidence(kinds=["watch"])
    assert [row.subject for row in rows] == ["up"] * 3
    assert rows[0].at == NOON
    assert [row.until for row in rows[:-1]] == [row.at for row in rows[1:]]
    assert rows[-1].until == kept.clock.at


def test_a_run_that_does_not_end_is_ended(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.orchestration.keeper.PATIENCE_S", 0)
    kept.pass_time(5)
    kept.keeper.close()
    assert kept.runs[0].told == ["terminate", "kill"]
