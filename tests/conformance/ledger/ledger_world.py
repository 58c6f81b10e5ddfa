"""What the ledger's tests are made of: small nouns, ledgers by address, and what other processes do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.release import Field, Lease, Release, Version
from mainstem.ledger.holder import this_holder

AT = datetime(2013, 12, 17, 10, 9, tzinfo=UTC)
NOW_S = 1000.0
"""The real time of tests that care about leases, in seconds."""

KINDS = ("sqlite",)
"""Ledgers that must keep the port's promises."""


def address(kind: str, folder: Path) -> str:
    """Where a new ledger of that kind is, as text that other processes can use."""
    return f"{kind}:{folder / 'new' / 'folder' / 'ledger.sqlite'}"


def open_at(where: str) -> Ledger:
    """The ledger at an address."""
    _, _, path = where.partition(":")
    from mainstem.ledger.sqlite import open_ledger

    return open_ledger(Path(path))


def minutes(count: float) -> datetime:
    return AT + timedelta(minutes=count)


def version(dataset: str, number: int = 0, **more: Any) -> Version:
    """A version of a table named like its dataset."""
    facts: dict[str, Any] = {
        "table": dataset.replace(".", "/"),
        "fields": (Field("id", "BIGINT"), Field("name", "VARCHAR")),
        "fingerprint": "sha256:f",
        "skip_key": f"sha256:{number:064d}",
        "as_of": AT,
    }
    return Version(dataset, number=number, **{**facts, **more})


def release(number: int, versions: Sequence[Version], parent: Release | None = None, **more: Any) -> Release:
    """Release `number` of prod, by the run of the same number."""
    facts: dict[str, Any] = {
        "id": f"r{number:06d}",
        "env": "prod",
        "at": minutes(number),
        "run": f"run-{number}",
        "parent": parent.id if parent else None,
        "versions": {v.dataset: v for v in versions},
    }
    return Release(number=number, **{**facts, **more})


def fact(subject: str = "marts.delays", **more: Any) -> Evidence:
    """A measured fact."""
    return Evidence(**{"kind": "measured", "subject": subject, "at": AT, "value": Decimal(1), **more})


def take(
    ledger: Ledger, *datasets: str, run: str = "run-1", env: str = "prod", now_s: float = NOW_S, **more: Any
) -> dict[str, Lease]:
    """Leases on datasets for a minute, by this process."""
    facts: dict[str, Any] = {"targets": {name: name.replace(".", "/") for name in datasets}, "holder": this_holder()}
    facts |= more
    return ledger.acquire(env, facts["targets"], run, facts["holder"], now_s, facts.get("until_s", now_s + 60))


def published(ledger: Ledger, number: int, versions: Sequence[Version], **more: Any) -> Release:
    """Publish release `number` over whatever its environment stands at."""
    env = more.get("env", "prod")
    before = ledger.current(env)
    made = release(number, versions, before, **more)
    ledger.publish(made, [], before.id if before else None)
    return made


def codes(error: BaseException) -> list[str]:
    """The codes of an error's problems."""
    return [problem.code for problem in getattr(error, "problems", ())]


def dead_holder() -> str:
    """The holder's text of a process that has ended."""
    done = subprocess.run(
        [sys.executable, "-c", "from mainstem.ledger.holder import this_holder; print(this_holder())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


# What other processes do. Each gets the address of the ledger and says what came of it through the queue.


def create(where: str, barrier: Barrier, said: Queue[Any]) -> None:
    """Open a ledger that may not be there yet, at the same time as others."""
    barrier.wait()
    ledger = open_at(where)
    ledger.record([fact()], AT)
    said.put(ledger.id)
    ledger.close()


def contend(where: str, name: str, barrier: Barrier, said: Queue[Any]) -> None:
    """Try to take the same two leases as others, twenty times; say who won each; stay alive till all are done."""
    ledger = open_at(where)
    for round_ in range(20):
        barrier.wait()
        try:
            take(ledger, f"marts.a{round_}", f"marts.b{round_}", run=name)
        except WorldError as error:
            said.put((round_, None, str(error)))
        else:
            said.put((round_, name, ""))
    barrier.wait()
    ledger.close()


def hold(where: str, said: Queue[Any]) -> None:
    """Take a lease, and be killed."""
    take(open_at(where), "marts.delays", run="killed")
    said.put("held")
    said.close()
    said.join_thread()
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly(dict[str, Version]):
    """Versions that kill whoever looks at them."""

    def items(self) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


def die_while_publishing(where: str, versions: Mapping[str, Version]) -> None:
    """Be killed inside the transaction that publishes release 2."""
    ledger = open_at(where)
    current = ledger.current("prod")
    assert current is not None
    ledger.publish(replace(release(2, [], current), versions=Deadly(versions)), [fact()], current.id)


def append_for_ever(where: str, name: str, path: str) -> None:
    """Append batches of ten facts, and write the number of each batch that was acknowledged to a file."""
    ledger = open_at(where)
    with Path(path).open("a", encoding="ascii", buffering=1) as acknowledged:
        for batch in range(100_000):
            ledger.record([fact(name, label=str(batch), value=Decimal(row)) for row in range(10)], AT)
            acknowledged.write(f"{batch}\n")


def append(where: str, name: str, barrier: Barrier, said: Queue[Any]) -> None:
    """Append 40 batches of 25 facts."""
    ledger = open_at(where)
    barrier.wait()
    for batch in range(40):
        ledger.record([fact(name, label=str(batch), value=Decimal(row)) for row in range(25)], AT)
    said.put(name)
    ledger.close()


def race_to_publish(where: str, name: str, rounds: int, barrier: Barrier, said: Queue[Any]) -> None:
    """Publish after the same release as others, again and again."""
    ledger = open_at(where)
    for round_ in range(rounds):
        barrier.wait()
        current = ledger.current("prod")
        barrier.wait()
        number = int(name) * 1000 + round_ + 1
        try:
            made = release(number, [version("marts.delays", number)], current)
            ledger.publish(made, [fact("race", label=str(round_))], current.id if current else None)
        except WorldError as error:
            said.put((round_, None, codes(error)))
        else:
            said.put((round_, made.id, []))
    ledger.close()


def read_for_ever(where: str, said: Queue[Any], begun: Any, stop: Any) -> None:
    """Read the current release until told to stop; say how often its datasets were not all of one publication."""
    ledger = open_at(where)
    reads = mixed = 0
    while not stop.is_set() or not reads:
        current = ledger.current("prod")
        assert current is not None
        heads = ledger.heads("prod")
        mixed += len({v.number for v in current.versions.values()}) != 1
        mixed += len({head.version.number for head in heads.values()}) > 1
        reads += 1
        begun.set()
    said.put((reads, mixed))
    ledger.close()
