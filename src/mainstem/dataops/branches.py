"""Branches: environments that begin at a release of another one. Nothing is copied."""

from __future__ import annotations

import re
import secrets

from mainstem.core.clock import Clock
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.lifecycle.storage import tables
from mainstem.orchestration.copying import copy_ledger
from mainstem.orchestration.leasing import renewing, turn
from mainstem.orchestration.publishing import publish_next
from mainstem.orchestration.reading import current_release
from mainstem.orchestration.recover import recover

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def create(project: Project, ledger: Ledger, clock: Clock, name: str, parent: str) -> Release:
    """A branch that stands at what `parent` shows now. It reads the same files, and writes to tables of its own.

    ProjectError O040 for a name that is none, O041 for an environment that stands somewhere already, C008 where
    `parent` has no release.
    """
    if not _NAME.fullmatch(name):
        mend = f'name it "{plain_name(name)}": small letters, digits, - and _'
        raise ProjectError(Problem("O040", f'"{name}" is no name of a branch', mend))
    standing = ledger.current(name)
    if standing is not None:
        what = f'environment "{name}" exists already: it stands at {standing.id}'
        mend = f"work in it with `--env {name}`, or take another name"
        raise ProjectError(Problem("O041", what, mend))
    base = current_release(ledger, parent)
    begun = Release("", 0, name, clock.now(), "", base.id, base.versions, "branch")
    release = publish_next(ledger, clock, begun, None)
    tables.write_manifest(project.lake, release)
    copy_ledger(ledger, project.lake, clock)
    return release


def drop(project: Project, ledger: Ledger, clock: Clock, name: str, holder: str) -> Release:
    """The branch is an environment no more; its entries in the ledger stay. Returns the release it stood at.

    What it alone needed is removed by the next cleaning. ProjectError O042 for what is no branch; WorldError L001
    while a run moves it.
    """
    release = ledger.current(name)
    is_branch = name in {branch.name for branch in ledger.branches()} or name not in project.environments
    if release is None or not is_branch:
        what = f'"{name}" is no branch' + ("" if release is None else ": it did not begin at another environment")
        raise ProjectError(Problem("O042", what, "list the branches with `mainstem branch list`"))
    run_id = f"drop-{name}-{secrets.token_hex(3)}"
    with turn(ledger, clock, [name], run_id, holder), renewing(ledger, clock, run_id):
        recover(ledger, project.lake, name, clock, holder)
        kept = [each.id for each in ledger.outlines() if each.env == name]
        ledger.drop(name, clock.now())
        for id in kept:
            tables.forget_manifest(project.lake, id)
    copy_ledger(ledger, project.lake, clock)
    return release


def plain_name(text: str) -> str:
    """The nearest name of a branch; of two texts that differ in signs alone it may be the same.

    >>> plain_name("feature/Crew-Base")
    'feature-crew-base'
    """
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:63] or "branch"
