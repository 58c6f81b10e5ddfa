"""Gives releases up, and removes what no release of any environment needs: the only place where versions end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from mainstem.core import crash
from mainstem.core.clock import Clock
from mainstem.core.dataset import QUARANTINE
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError, WorldError
from mainstem.core.project import Project
from mainstem.core.release import Needed, Outline
from mainstem.lifecycle.serving.samples import sweep_samples
from mainstem.lifecycle.storage import tables

_LENGTH = re.compile(r"([0-9]+)(s|m|h|d|w)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept of each environment beside what it stands at, and what it stood at before that.

    `last`: releases that readers saw within this time. `most`: so many of the newest. One of them is None. `grace`:
    readers may still be at a release that was replaced within this time.
    """

    last: timedelta | None
    most: int | None
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was removed, or would be. `releases` are ids of those given up, `tables` are removed as a whole, `files` lie
    in tables that stay; `size_bytes` is what becomes free. `left` are tables that are left alone, each with why."""

    releases: tuple[str, ...]
    tables: tuple[str, ...]
    files: int
    size_bytes: int
    left: Mapping[str, str]


def keep_of(keep: str, grace: str) -> Keep:
    """From what a person writes: `30d`, `12h`, or a number of releases. ProjectError O047 for anything else."""
    if keep.isascii() and keep.isdigit():
        return Keep(None, int(keep), length_of(grace))
    return Keep(length_of(keep), None, length_of(grace))


def length_of(text: str) -> timedelta:
    """A length of time; ProjectError O047 where it is none."""
    found = _LENGTH.fullmatch(text)
    if found is None:
        what, mend = f'"{text}" is no length of time', "write one such as 30d or 12h; `--keep` also takes a number"
        raise ProjectError(Problem("O047", what, mend))
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def given_up(outlines: Iterable[Outline], keep: Keep, now: datetime) -> tuple[str, ...]:
    """Releases of which nothing is to be kept, by id.

    What an environment stands at is kept, what it stood at before that (a rollback leads there), its newest release,
    and what `keep` says. A release was seen until the next one came.
    """
    by_env: dict[str, list[Outline]] = {}
    for each in outlines:
        by_env.setdefault(each.env, []).append(each)
    return tuple(id for each in by_env.values() for id in _given_up(each, keep, now))


def _given_up(releases: Sequence[Outline], keep: Keep, now: datetime) -> list[str]:
    kept = {releases[-1].id}
    for each in releases:
        kept.update((each.id, each.parent or "") if each.is_current else ())
    since = now - max(keep.grace, keep.last or keep.grace)
    kept.update(old.id for old, new in pairwise(releases) if new.at >= since)
    kept.update(each.id for each in releases[len(releases) - (keep.most or 0) :])
    return [each.id for each in releases if each.id not in kept]


def clean(project: Project, ledger: Ledger, clock: Clock, keep: Keep, *, plan: bool = False) -> Cleaned:
    """Give up releases, then remove files and tables that nothing kept needs; with `plan` only say so.

    Runs may go on meanwhile, in any environment. What lies in a folder is listed before the ledger is asked what is
    needed: a file that comes later is not looked at, and one that was there by then is needed, an attempt's that is not
    settled, or nobody's. A table that an attempt may write to is left alone. Killed anywhere, the next one goes on.
    """
    lake = project.lake
    tables.claim(lake, ledger.id, is_new=not ledger.runs(limit=1))
    known = tables.manifests(lake)
    there = {table: tables.data_files(lake, table) for table in sorted(ledger.needed().tables)}
    releases = given_up(ledger.outlines(), keep, clock.now())
    if not plan:
        ledger.give_up_releases(releases, clock.now())
        crash.point("after-give-up")
        for id in known - {each.id for each in ledger.outlines()}:
            tables.forget_manifest(lake, id)
    needed = ledger.needed(releases)
    whole, loose, left = _unneeded(lake, there, needed)
    size = _freed([*loose, *(path for table in whole for path in there[table])])
    if plan:
        return Cleaned(releases, tuple(whole), len(loose), size, left)
    retired = ledger.retire(whole)
    crash.point("after-retire")
    for table in sorted(needed.retired | retired):
        tables.remove_table(lake, table)
        crash.point("inside-remove", table)
    _remove(loose)
    sweep_samples(lake, clock.now())
    return Cleaned(releases, tuple(table for table in whole if table in retired), len(loose), size, left)


def _unneeded(
    lake: Path, there: Mapping[str, Collection[Path]], needed: Needed
) -> tuple[list[str], list[Path], dict[str, str]]:
    """Tables of which nothing is needed, files that are not in tables that stay, and tables that are left alone."""
    numbers = _numbers(needed)
    whole: list[str] = []
    loose: list[Path] = []
    left: dict[str, str] = {}
    for table, files in there.items():
        wanted, aside = numbers.get(table, set()), numbers.get(table + QUARANTINE, set())
        if table in needed.open:
            left[table] = "an attempt may be writing to it"
        elif not wanted and not aside:
            whole.append(table)
        else:
            try:
                kept = tables.needed_files(lake, table, wanted) | tables.needed_files(lake, table + QUARANTINE, aside)
            except WorldError as error:
                left[table] = error.problems[0].what
            else:
                loose += sorted(set(files) - kept)
    return whole, loose, left


def _numbers(needed: Needed) -> dict[str, set[int]]:
    """The versions that must stay, by physical table: the needed ones, and those that they were made from."""
    found: dict[str, set[int]] = {}
    for version in needed.versions:
        if version.table:
            found.setdefault(version.table, set()).add(version.number)
        if version.quarantine is not None:
            found.setdefault(version.table + QUARANTINE, set()).add(version.quarantine)
        for id in version.inputs.values():
            table, at, number = id.rpartition("@")
            if at and table in needed.tables:
                found.setdefault(table, set()).add(int(number))
    return found


def _freed(files: Iterable[Path]) -> int:
    """Bytes that become free: of a file with several names only once all of them go."""
    names: Counter[tuple[int, int]] = Counter()
    sizes: dict[tuple[int, int], tuple[int, int]] = {}
    for path in files:
        with suppress(OSError):
            stat = path.stat()
            names[stat.st_dev, stat.st_ino] += 1
            sizes[stat.st_dev, stat.st_ino] = stat.st_nlink, stat.st_size
    return sum(size for file, (links, size) in sizes.items() if names[file] >= links)


def _remove(files: Iterable[Path]) -> None:
    last = None
    for path in files:
        path.unlink(missing_ok=True)
        if path.parent != last:
            last = path.parent
            crash.point("inside-remove", f"{last.parent.name}/{last.name}")
