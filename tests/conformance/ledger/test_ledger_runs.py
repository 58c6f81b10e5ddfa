"""Runs, the ledger's clock, and its identity."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_world import AT, KINDS, address, codes, fact, minutes, open_at, published, release, take, version

from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError


def test_a_new_ledger_knows_nothing(ledger: Ledger) -> None:
    assert ledger.latest() is None
    assert ledger.runs() == []
    assert ledger.current("prod") is None
    assert ledger.release("r000001") is None
    assert ledger.releases("prod") == []
    assert ledger.heads("prod") == {}
    assert ledger.unfinished("prod") == []
    assert ledger.evidence() == []
    assert ledger.table_owner("marts/delays") is None
    assert ledger.next_release_number() == 1
    assert ledger.audited() == []
    assert ledger.verify_audit() is None
    assert ledger.check() == []


def test_a_ledger_keeps_its_id_and_no_two_share_one(where: str, tmp_path: Path) -> None:
    ids = []
    for at in (where, where, address(KINDS[0], tmp_path / "other")):
        ledger = open_at(at)
        ids.append(ledger.id)
        ledger.close()
    assert ids[0] == ids[1] != ids[2]
    assert all(len(id) >= 16 for id in ids)


def test_closing_twice_is_fine(where: str) -> None:
    ledger = open_at(where)
    ledger.close()
    ledger.close()


def test_runs_are_listed_newest_first_with_all_that_is_known(ledger: Ledger) -> None:
    sequences = [
        ledger.begin_run(f"run-{n}", env, minutes(n), "h:1:0") for n, env in enumerate(["prod", "dev", "prod"])
    ]
    ledger.end_run("run-0", minutes(5), "failed", {"steps": {"committed": 2}, "release": None})
    assert sequences == sorted(set(sequences))
    assert [run["run"] for run in ledger.runs()] == ["run-2", "run-1", "run-0"]
    assert ledger.runs(limit=1)[0]["run"] == "run-2"
    assert [run["run"] for run in ledger.runs("prod")] == ["run-2", "run-0"]
    assert ledger.runs("nowhere") == []
    assert ledger.runs("prod")[1] == {
        "run": "run-0",
        "sequence": sequences[0],
        "env": "prod",
        "started_at": minutes(0),
        "finished_at": minutes(5),
        "status": "failed",
        "summary": {"steps": {"committed": 2}, "release": None},
        "holder": "h:1:0",
    }
    running = ledger.runs("dev")[0]
    assert (running["status"], running["finished_at"]) == ("running", None)


def test_a_run_begins_once(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "prod", AT, "h:1:0")
    with pytest.raises(WorldError, match='L011 run "run-1" began already'):
        ledger.begin_run("run-1", "dev", minutes(1), "h:2:0")
    assert len(ledger.runs()) == 1


def test_a_run_that_never_began_cannot_end(ledger: Ledger) -> None:
    with pytest.raises(WorldError, match='L011 run "run-1" never began'):
        ledger.end_run("run-1", AT, "failed", {})


def test_the_first_end_of_a_run_stands(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "prod", AT, "h:1:0")
    ledger.end_run("run-1", minutes(1), "failed", {"why": "first"})
    ledger.end_run("run-1", minutes(2), "failed", {"why": "again"})
    with pytest.raises(WorldError) as caught:
        ledger.end_run("run-1", minutes(3), "published", {})
    assert codes(caught.value) == ["L011"]
    (run,) = ledger.runs()
    assert (run["finished_at"], run["summary"]) == (minutes(1), {"why": "first"})


def test_a_run_that_published_says_so_even_if_it_dies_before_its_end(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "prod", AT, "h:1:0")
    published(ledger, 1, [version("marts.delays")])
    (run,) = ledger.runs()
    assert (run["status"], run["finished_at"]) == ("published", None)


def test_the_latest_instant_is_the_greatest_that_any_method_recorded(ledger: Ledger) -> None:
    steps = [
        lambda at: ledger.begin_run("run-1", "prod", at, "h:1:0"),
        lambda at: ledger.record_step(take(ledger, "marts.a")["marts.a"], version("marts.a"), [], at),
        lambda at: ledger.publish(release(1, [version("marts.a")], at=at), [], None),
        lambda at: ledger.publish(
            release(2, [version("marts.a", 1)], parent=ledger.current("prod"), at=at), [], "r000001"
        ),
        lambda at: ledger.move("prod", "r000001", [], at, "r000002"),
        lambda at: ledger.record([fact(at=minutes(10_000))], at),
        lambda at: ledger.see({"d": "text"}, at),
        lambda at: ledger.audit({"who": "me"}, at),
        lambda at: ledger.end_run("run-1", at, "published", {}),
    ]
    for n, step in enumerate(steps):
        step(minutes(n))
        assert ledger.latest() == minutes(n)
    ledger.record([fact()], AT)
    assert ledger.latest() == minutes(len(steps) - 1)
