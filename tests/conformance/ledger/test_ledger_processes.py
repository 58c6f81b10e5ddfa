"""Several processes and threads on one ledger, and processes that are killed."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import ledger_world as world
import pytest
from ledger_world import AT, NOW_S, fact, open_at, published, release, take, version

from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.ledger.holder import this_holder

spawn = multiprocessing.get_context("spawn")


@contextmanager
def processes(work: Callable[..., None], *arguments: tuple[Any, ...]) -> Iterator[list[SpawnProcess]]:
    """A process for each tuple of arguments; none of them outlives the block."""
    started = [spawn.Process(target=work, args=each) for each in arguments]
    for process in started:
        process.start()
    try:
        yield started
    finally:
        for process in started:
            process.join(60)
            process.kill()
            process.join()


def test_processes_that_come_at_once_to_a_new_ledger_share_it(where: str) -> None:
    barrier, said = spawn.Barrier(6), spawn.Queue()
    with processes(world.create, *[(where, barrier, said)] * 6):
        ids = {said.get(timeout=60) for _ in range(6)}
    ledger = open_at(where)
    assert ids == {ledger.id}
    assert len(ledger.evidence()) == 6
    ledger.close()


def test_two_processes_never_hold_one_lease(ledger: Ledger, where: str) -> None:
    barrier, said = spawn.Barrier(2), spawn.Queue()
    with processes(world.contend, (where, "one", barrier, said), (where, "two", barrier, said)) as both:
        rounds = [said.get(timeout=60) for _ in range(40)]
    winners = Counter(number for number, winner, _ in rounds if winner)
    assert winners == Counter(range(20))
    refusals = [text for _, winner, text in rounds if not winner]
    assert all("L001" in text for text in refusals)
    assert all(any(f"process {process.pid} " in text for process in both) for text in refusals)


def test_the_lease_of_a_killed_process_is_free_at_once(ledger: Ledger, where: str) -> None:
    said = spawn.Queue()
    with processes(world.hold, (where, said)) as (killed,):
        assert said.get(timeout=60) == "held"
        killed.join(60)
        assert [lease.run for lease in ledger.unfinished("prod")] == ["killed"]
        assert take(ledger, "marts.delays", now_s=NOW_S + 1)["marts.delays"].fence == 2


def test_the_lease_of_a_killed_process_is_free_even_before_its_parent_looks(ledger: Ledger, where: str) -> None:
    said = spawn.Queue()
    with processes(world.hold, (where, said)) as (killed,):
        assert said.get(timeout=60) == "held"
        for _ in range(600):
            state = Path(f"/proc/{killed.pid}/stat")
            if not state.exists() or ") Z " in state.read_text():
                break
            time.sleep(0.05)
        assert take(ledger, "marts.delays", now_s=NOW_S + 1)["marts.delays"].fence == 2


def test_a_process_killed_while_publishing_publishes_nothing(ledger: Ledger, where: str) -> None:
    first = published(ledger, 1, [version("marts.a", 1)])
    with processes(world.die_while_publishing, (where, {"marts.a": version("marts.a", 2)})) as (killed,):
        killed.join(60)
        assert killed.exitcode == -9
    assert ledger.current("prod") == first
    assert ledger.evidence() == []
    assert ledger.check() == []
    published(ledger, 2, [version("marts.a", 2)])


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_process_loses_nothing_acknowledged_and_leaves_nothing_half(
    ledger: Ledger, where: str, tmp_path: Path, seed: int
) -> None:
    acknowledged = tmp_path / "acknowledged"
    with processes(world.append_for_ever, (where, "marts.a", str(acknowledged))) as (killed,):
        while not acknowledged.exists() or not acknowledged.stat().st_size:
            time.sleep(0.01)
        time.sleep(random.Random(seed).random() / 5)
        killed.kill()
    batches = Counter(row.label for row in ledger.evidence())
    assert set(batches.values()) == {10}
    said = acknowledged.read_text(encoding="ascii").split("\n")[:-1]
    assert said == [str(n) for n in range(len(said))]
    assert len(batches) - len(said) in {0, 1}
    assert ledger.check() == []


def test_eight_processes_append_and_nothing_is_lost(ledger: Ledger, where: str) -> None:
    barrier, said = spawn.Barrier(8), spawn.Queue()
    names = [f"marts.{letter}" for letter in "abcdefgh"]
    with processes(world.append, *[(where, name, barrier, said) for name in names]):
        assert sorted(said.get(timeout=120) for _ in names) == names
    rows = ledger.evidence()
    assert [row.id for row in rows] == list(range(1, 8 * 40 * 25 + 1))
    for name in names:
        mine = [(row.label, int(row.value or 0)) for row in rows if row.subject == name]
        assert mine == [(str(batch), n) for batch in range(40) for n in range(25)]


def test_of_those_who_publish_at_once_one_wins(ledger: Ledger, where: str) -> None:
    rounds = 12
    barrier, said = spawn.Barrier(4), spawn.Queue()
    with processes(world.race_to_publish, *[(where, str(n), rounds, barrier, said) for n in range(1, 5)]):
        outcomes = [said.get(timeout=120) for _ in range(4 * rounds)]
    assert Counter(number for number, winner, _ in outcomes if winner) == Counter(range(rounds))
    assert {code for _, winner, codes in outcomes if not winner for code in codes} == {"L003"}
    chain = ledger.releases("prod", 100)
    assert [made.id for made in chain] == [
        winner for _, winner, _ in sorted((o for o in outcomes if o[1]), key=lambda o: -o[0])
    ]
    assert [made.parent for made in chain] == [*[made.id for made in chain[1:]], None]
    assert len(ledger.evidence(subjects=["race"])) == rounds


def test_readers_see_whole_releases_only(ledger: Ledger, where: str) -> None:
    names = [f"marts.m{n}" for n in range(20)]

    def publish(number: int) -> None:
        leases = take(ledger, *names, run=f"run-{number}", until_s=NOW_S)
        current = ledger.current("prod")
        made = release(number, [version(name, number) for name in names], current)
        ledger.publish(made, [], current.id if current else None)
        assert len(leases) == len(names)

    publish(1)
    said, begun, stop = spawn.Queue(), [spawn.Event() for _ in range(2)], spawn.Event()
    with processes(world.read_for_ever, *[(where, said, event, stop) for event in begun]):
        for event in begun:
            assert event.wait(60)
        for number in range(2, 102):
            publish(number)
        stop.set()
        seen = [said.get(timeout=60) for _ in begun]
    assert all(reads > 10 for reads, _ in seen)
    assert [mixed for _, mixed in seen] == [0, 0]


def test_threads_share_one_ledger(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "prod", AT, this_holder())
    names = [f"marts.m{n}" for n in range(64)]
    leases = take(ledger, *names)

    def step(name: str) -> int:
        ledger.record_step(leases[name], version(name, attempt=1, run="run-1"), [fact(name)] * 3, AT)
        ledger.renew("run-1", NOW_S + 100)
        return len(ledger.heads("prod")) and len(ledger.evidence(subjects=[name]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(step, names)) == [3] * 64
    assert set(ledger.heads("prod")) == set(names)
    assert len(ledger.evidence()) == 192


def test_a_thread_that_reads_long_holds_up_nobody(ledger: Ledger) -> None:
    ledger.record([fact(label=str(n)) for n in range(30_000)], AT)
    with ThreadPoolExecutor(4) as pool:
        long = [pool.submit(ledger.evidence) for _ in range(3)]
        written = pool.submit(ledger.record, [fact()], AT)
        written.result(timeout=60)
        assert all(len(read.result(timeout=60)) in {30_000, 30_001} for read in long)


def test_threads_contend_for_a_lease_as_processes_do(ledger: Ledger) -> None:
    def attempt(n: int) -> bool:
        try:
            take(ledger, "marts.a", run=f"run-{n}")
        except WorldError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 1
