"""Delivers a release: what leaves for other systems. The sixth of a run's calls."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from mainstem.core.clock import Clock
from mainstem.core.delivery import Delivery, Destination, Row
from mainstem.core.evidence import Evidence
from mainstem.core.kinds import find
from mainstem.core.output import Output
from mainstem.core.ports import Ledger
from mainstem.core.problem import MainstemError, Problem, ProjectError, WorldError, nearest
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.core.targets import Target
from mainstem.lifecycle.serving.acknowledged import Acknowledged, State, digest_of, read_state
from mainstem.lifecycle.serving.changes import Changes, Wanted, find_changes, refuse_surprise
from mainstem.lifecycle.serving.request import Answer, Request
from mainstem.lifecycle.serving.sending import send
from mainstem.lifecycle.serving.sync import destination, options_of
from mainstem.orchestration.leasing import LEASE_S, renewing
from mainstem.orchestration.reading import ask, current_release
from mainstem.security.secret import own_secret

MOST_ROWS = 200_000
"""Rows of one sync; they are held in memory."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class _Post:
    """What one delivery works with. `address` is the digest of system, table and key: whose acknowledgements count."""

    destination: Destination
    wanted: Mapping[bytes, Wanted]
    changes: Changes
    state: State
    address: bytes
    examples: Mapping[str, tuple[Row, ...]]


def deliver(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    env: str,
    names: Sequence[str] = (),
    *,
    holder: str,
    plan: bool = False,
    allow_deletes: bool = False,
) -> tuple[Delivery, ...]:
    """Send what changed of every sync, or of those named, from the environment's release; each for itself.

    With `plan` nothing is written but the audit of what was read. What stands against one sync is in its Delivery.
    ProjectError V031 for an environment from which nothing leaves, V032 for an unknown name, C008 without a release.
    """
    _require_leave(project, env)
    syncs = _chosen(project, names)
    release = current_release(ledger, env)
    return tuple(
        _deliver(project, ledger, clock, release, sync, holder, plan=plan, allow_deletes=allow_deletes)
        for sync in syncs
    )


def has_syncs(project: Project, env: str) -> bool:
    """Whether a run of this environment ends with deliveries."""
    return project.environment(env).deliver and any(each.kind == "sync" for each in project.outputs.values())


def _require_leave(project: Project, env: str) -> None:
    if not project.environment(env).deliver:
        what = f'nothing leaves from environment "{env}": it does not say `deliver: true`'
        mend = f"write `environments: {{{env}: {{deliver: true}}}}` in mainstem.yml, if it is meant"
        raise ProjectError(Problem("V031", what, mend))


def _chosen(project: Project, names: Sequence[str]) -> list[Output]:
    syncs = {name: output for name, output in project.outputs.items() if output.kind == "sync"}
    full = [name if name in syncs else f"syncs/{name}" for name in names]
    for name in full:
        if name not in syncs:
            short = name.removeprefix("syncs/")
            there = [each.removeprefix("syncs/") for each in syncs]
            raise ProjectError(Problem("V032", f'there is no sync "{short}"', nearest(short, there, kind="syncs")))
    return [syncs[name] for name in dict.fromkeys(full)] if names else list(syncs.values())


def _deliver(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    release: Release,
    sync: Output,
    holder: str,
    *,
    plan: bool,
    allow_deletes: bool,
) -> Delivery:
    """One sync; its failure is part of the Delivery."""
    empty = Delivery(sync.name, release.env, release.id, options_of(sync).to)
    try:
        if plan:
            return _planned(_post(project, ledger, clock, release, sync), empty, allow_deletes=allow_deletes)
        with _turn(ledger, clock, release.env, sync.name, holder):
            try:
                told = _sent(project, ledger, clock, release, sync, empty, allow_deletes=allow_deletes)
            except MainstemError as error:
                told = replace(empty, problems=error.problems)
            _record(ledger, clock, told)
            return told
    except MainstemError as error:  # somebody else delivers it, or the ledger is out of reach
        return replace(empty, problems=error.problems)


def _planned(post: _Post, empty: Delivery, *, allow_deletes: bool) -> Delivery:
    counts = post.changes
    problems: tuple[Problem, ...] = ()
    try:
        if not allow_deletes:
            refuse_surprise(counts, len(post.wanted), post.state, post.destination)
    except WorldError as error:
        problems = error.problems
    return replace(
        empty,
        inserts=len(counts.inserts),
        updates=len(counts.updates),
        deletes=len(counts.deletes),
        unchanged=counts.unchanged,
        examples=post.examples,
        problems=problems,
    )


def _sent(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    release: Release,
    sync: Output,
    empty: Delivery,
    *,
    allow_deletes: bool,
) -> Delivery:
    post = _post(project, ledger, clock, release, sync)
    if not allow_deletes:
        refuse_surprise(post.changes, len(post.wanted), post.state, post.destination)
    told = replace(empty, unchanged=post.changes.unchanged, examples=post.examples)
    if post.changes.is_empty:
        return told
    digest = partial(digest_of, _secret(project))
    file = _file(project, release.env, sync.name)
    with Acknowledged(file, post.address) as sent, _target(project, sync, post.destination, writes=True) as target:
        arrived = send(post.changes, target, sent, sync.name, digest)
    return replace(
        told,
        inserts=arrived.inserts,
        updates=arrived.updates,
        deletes=arrived.deletes,
        refused=arrived.refused,
    )


def _post(project: Project, ledger: Ledger, clock: Clock, release: Release, sync: Output) -> _Post:
    """What is wanted there, what is there, and so what changes; nothing is written."""
    answer = _answer(project, ledger, clock, release, sync)
    to = destination(options_of(sync), [column.name for column in answer.columns], sync.place)
    digest = partial(digest_of, _secret(project))
    with _target(project, sync, to, writes=False) as target:
        rows = [target.values(row) for row in answer.rows]
        given = [tuple(row[position] for position in to.key_positions) for row in rows]
        keys = target.stored(given)
        address = digest((target.address, to.table, to.key))
    _require_keys(keys, to)
    wanted = {digest(key): Wanted(row, digest((to.columns, row))) for key, row in zip(keys, rows, strict=True)}
    state = read_state(_file(project, release.env, sync.name), address)
    changes = find_changes(wanted, state, to.mode)
    return _Post(to, wanted, changes, state, address, _examples(answer, changes, to))


def _answer(project: Project, ledger: Ledger, clock: Clock, release: Release, sync: Output) -> Answer:
    """All rows of a sync, through the gate, under its role."""
    action = "export" if sync.role else "read"
    (query,) = sync.queries
    request = Request(
        "sync",
        query.sql,
        MOST_ROWS,
        principal=sync.name,
        release=release.id,
        role=sync.role,
        purpose=sync.purpose,
        action=action,
    )
    answer = ask(project, ledger, clock, release, request)
    if answer.truncated:
        what = f"the sync yields more than {MOST_ROWS:,} rows, the most that one may send"
        mend = "select fewer: the days that change, or one row a thing"
        raise WorldError(Problem("V037", what, mend, sync.place))
    return answer


def _require_keys(keys: Sequence[Row], to: Destination) -> None:
    """WorldError V038 unless every key is whole and there once."""
    shown = ", ".join(to.key)
    missing = sum(any(value is None for value in key) for key in keys)
    doubled = len(keys) - len(set(keys))
    if missing:
        what = f"{missing:,} of {len(keys):,} rows have no key ({shown}): a part of it is NULL"
        raise WorldError(Problem("V038", what, "leave them out with WHERE, or name another `key`", to.place))
    if doubled:
        what = f"{doubled:,} of {len(keys):,} rows have the key ({shown}) of another row"
        mend = "select one row a key, or name more columns in `key`"
        raise WorldError(Problem("V038", what, mend, to.place))


def _examples(answer: Answer, changes: Changes, to: Destination) -> dict[str, tuple[Row, ...]]:
    """A few keys; none where somebody who looks at them may not see what the role of the sync does."""
    if any(treatment == "clear" for columns in answer.audit.columns.values() for treatment in columns.values()):
        return {}
    return {
        name: tuple(_key(each.row, to) for each in list(rows.values())[:EXAMPLES])
        for name, rows in (("inserts", changes.inserts), ("updates", changes.updates))
        if rows
    }


def _key(row: Row, to: Destination) -> Row:
    return tuple(row[position] for position in to.key_positions)


@contextmanager
def _target(project: Project, sync: Output, to: Destination, *, writes: bool) -> Iterator[Target]:
    source = project.sources[options_of(sync).to]
    with closing(find("targets", source.kind).open(source, to, project.root, writes=writes)) as target:
        yield target


@contextmanager
def _turn(ledger: Ledger, clock: Clock, env: str, sync: str, holder: str) -> Iterator[None]:
    """One delivery of a sync at a time; WorldError L001 names who holds it."""
    now_s, name = clock.elapsed(), f"delivery {sync}"
    run = f"{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    lease = ledger.acquire(env, {name: ""}, run, holder, now_s, now_s + LEASE_S)[name]
    try:
        with renewing(ledger, clock, run):
            yield
    finally:
        ledger.give_up(lease)


def _file(project: Project, env: str, sync: str) -> Path:
    return project.root / ".mainstem" / "deliveries" / env / f"{sync.removeprefix('syncs/')}.sqlite"


def _secret(project: Project) -> bytes:
    return own_secret(project.root / ".mainstem" / "deliveries" / "digest.key")


def _record(ledger: Ledger, clock: Clock, told: Delivery) -> None:
    """Evidence of a delivery: counts and codes, never a word of the other system, which may hold values."""
    at = clock.now()
    facts = {
        "release": told.release,
        "inserts": told.inserts,
        "updates": told.updates,
        "deletes": told.deletes,
        "unchanged": told.unchanged,
        "refused": sum(told.refused.values()),
        "codes": [problem.code for problem in told.problems],
    }
    outcome = "ok" if told.is_whole else "errored"
    row = Evidence("delivered", told.output, at, told.env, told.release, value=Decimal(told.rows), unit="rows")
    ledger.record([replace(row, outcome=outcome, facts=facts)], at)
