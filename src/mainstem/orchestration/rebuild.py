"""Builds a lost ledger anew from the lake: `mainstem doctor --rebuild-ledger`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mainstem.core.clock import Clock
from mainstem.core.copy import Past, Restored
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import MainstemError, Problem, WorldError
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.ledger.sqlite import is_made, open_ledger
from mainstem.lifecycle.storage import tables
from mainstem.orchestration.publishing import published_evidence

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_BROKEN = frozenset({"L005"})
_NEIGHBOURS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuilt ledger holds. `gap` are the stretches of which nothing is known; `aside` is where the ledger
    that stood in its place lies now, None if there was none; `standing` has the release of each environment."""

    ledger: str
    standing: dict[str, str]
    releases: int
    rows: dict[str, int]
    gaps: tuple[tuple[datetime | None, datetime], ...]
    aside: Path | None
    audit_broken_at: int | None


def require_ledger(project: Project) -> None:
    """WorldError L016 where the ledger is missing or an empty file, and the lake says that there was one."""
    if is_made(project.ledger) or (owner := tables.owner_of(project.lake)) is None:
        return
    gone = "an empty file" if project.ledger.exists() else "missing"
    what = f'ledger "{project.ledger}" is {gone}, and the lake "{project.lake}" belongs to ledger "{owner}"'
    mend = (
        "point `ledger:` in mainstem.yml at it; if it is lost, bring back a backup, or rebuild it: "
        "`mainstem doctor --rebuild-ledger`"
    )
    raise WorldError(Problem("L016", what, mend))


def rebuild(project: Project, clock_of: Callable[[Ledger], Clock]) -> Rebuilt:
    """A new ledger from the lake's copy, its manifests and the logs of its tables; it appears whole or not at all.

    What was never copied is a gap, in evidence of its own. WorldError L017 where a sound ledger stands in its place,
    L018 where the lake is no ledger's; those of the lake and of the ledger where one cannot be read or made.
    """
    owner = tables.owner_of(project.lake)
    if owner is None:
        what = f'the lake "{project.lake}" belongs to no ledger: nothing was ever published to it'
        raise WorldError(
            Problem("L018", what, "see that `lake:` in mainstem.yml is the right folder, then `mainstem run`")
        )
    _require_replaceable(project.ledger, owner)
    draft = project.ledger.with_name(f"{project.ledger.name}.rebuilt-{os.getpid()}")
    try:
        rebuilt = _fill(project, draft, owner, clock_of)
        aside = _set_aside(project.ledger)
        draft.replace(project.ledger)
    finally:
        for end in _NEIGHBOURS:
            draft.with_name(draft.name + end).unlink(missing_ok=True)
    return Rebuilt(owner, *rebuilt[:4], aside, rebuilt[4])


def _require_replaceable(path: Path, owner: str) -> None:
    """There is no ledger, or a broken one, or one that was made after the loss and never came to anything."""
    if not path.exists():
        return
    try:
        ledger = open_ledger(path)
    except MainstemError as error:
        if error.problems[0].code in _BROKEN:
            return
        raise
    try:
        if ledger.check():
            return
        if ledger.id != owner and not ledger.runs(limit=1):
            return
        own = "is sound" if ledger.id == owner else "is sound, and not the lake's"
        what = f'ledger "{path}" {own}: there is nothing to rebuild in its place'
        mend = "keep it; to rebuild all the same, move the file and its neighbours `-wal` and `-shm` to another folder"
        raise WorldError(Problem("L017", what, mend))
    finally:
        ledger.close()


def _fill(
    project: Project, draft: Path, owner: str, clock_of: Callable[[Ledger], Clock]
) -> tuple[dict[str, str], int, dict[str, int], tuple[tuple[datetime | None, datetime], ...], int | None]:
    lake, releases = project.lake, tables.releases(project.lake)
    batches = ((kept, batch) for kept, batch in tables.read_copies(lake) if batch.ledger == owner)
    ledger = open_ledger(draft)
    try:
        restored = ledger.restore(
            Past(owner, batches, releases, tables.traces(lake), next(iter(project.environments), "prod"))
        )
        now = clock_of(ledger).now()
        gaps = (*restored.holes, (restored.until, now))
        ledger.record([*_published(restored, releases), *(_gap(*gap) for gap in gaps)], now)
        standing = {env: found.id for env in sorted({r.env for r in releases}) if (found := ledger.current(env))}
        return standing, len(releases), dict(restored.rows), gaps, ledger.verify_audit()
    finally:
        ledger.close()


def _published(restored: Restored, releases: list[Release]) -> Iterator[Evidence]:
    """That releases were published whose evidence was not copied any more."""
    by_id = {release.id: release for release in releases}
    for release in restored.uncopied:
        yield from published_evidence(release, by_id.get(release.parent or ""), release.at)


def _gap(since: datetime | None, until: datetime) -> Evidence:
    facts = {"reason": "the ledger was rebuilt from the lake"}
    return Evidence("gap", "ledger", since or _BEGINNING, until=until, facts=facts)


def _set_aside(path: Path) -> Path | None:
    """Give what stands there another name, neighbours included; nothing is deleted."""
    number = 1
    while any(path.parent.glob(f"{path.name}.aside-{number}*")):
        number += 1
    aside = path.with_name(f"{path.name}.aside-{number}")
    was_there = path.exists()
    for end in reversed(_NEIGHBOURS):  # a write-ahead log without its file would be taken for the new one's
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside if was_there else None
