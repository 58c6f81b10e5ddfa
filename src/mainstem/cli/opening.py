"""Opens what a command works on: the project around a folder, its ledger, its clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mainstem.core.clock import Clock, SetClock, WallClock, parse_instant
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project

_opened: list[Path] = []


def last_root() -> Path:
    """The folder of the project opened last, for showing lines of its files; the current folder before that."""
    return _opened[-1] if _opened else Path.cwd()


@dataclass(frozen=True, slots=True)
class Opened:
    """A project with its ledger and clock. `is_replay` tells that the clock is the ledger's, not the wall's."""

    project: Project
    ledger: Ledger
    clock: Clock
    env: str
    is_replay: bool


def find_root(folder: Path | None) -> Path:
    """The nearest folder with a `mainstem.yml`, from `folder` upward; `folder` itself when it is named."""
    start = (folder or Path.cwd()).resolve()
    for candidate in (start,) if folder else (start, *start.parents):
        if (candidate / "mainstem.yml").is_file():
            _opened.append(candidate)
            return candidate
    raise ProjectError(
        Problem(
            "C001",
            f'there is no project in "{start}": no mainstem.yml' + ("" if folder else " here or above"),
            "make one with `mainstem init`, try `mainstem demo`, or name the folder with -C",
        )
    )


def open_text(folder: Path | None, env: str | None = None, variables: Mapping[str, str] | None = None) -> Project:
    """The project's text alone; ProjectError C003 for an environment that is neither written nor a branch."""
    from mainstem.orchestration.text import read_text

    project = read_text(find_root(folder), env, variables)
    if env is not None and env not in project.environments and not _is_of_git(project, env):
        names = list(dict.fromkeys([*project.environments, *_standing(project)]))
        if env not in names:
            mend = nearest(env, names, kind="environments")
            raise ProjectError(Problem("C003", f'environment "{env}" does not exist', mend))
    return project


def branches(project: Project) -> list[str]:
    """The names of the project's branches; none where there is no ledger (none is made)."""
    return _told(project, lambda ledger: [branch.name for branch in ledger.branches()])


def _standing(project: Project) -> list[str]:
    """The names of environments that stand at a release, written in mainstem.yml or not."""
    return _told(project, lambda ledger: sorted({each.env for each in ledger.outlines()}))


def _told(project: Project, ask: Callable[[Ledger], list[str]]) -> list[str]:
    from mainstem.ledger.sqlite import is_made, open_ledger

    if not is_made(project.ledger):
        return []
    ledger = open_ledger(project.ledger)
    try:
        return ask(ledger)
    finally:
        ledger.close()


def _is_of_git(project: Project, env: str) -> bool:
    """Whether the environment is the one that the branch of git stands for."""
    if project.branches != "git":
        return False
    from mainstem.cli.git import environment_of

    return environment_of(project.root) == env


def open_project(
    folder: Path | None,
    env: str,
    now: str | None = None,
    *,
    writes: bool = False,
    variables: Mapping[str, str] | None = None,
) -> Opened:
    """Project, ledger and clock. `writes`: the command records facts, so a wall clock cannot be set by hand.
    `variables` are values of the project's variables that the command gives."""
    return with_ledger(open_text(folder, env, variables), env, now, writes=writes)


def with_ledger(project: Project, env: str, now: str | None = None, *, writes: bool = False) -> Opened:
    """A project that was read, with its ledger and clock; see `open_project`."""
    from mainstem.ledger.sqlite import is_made, open_ledger

    if not is_made(project.ledger):
        from mainstem.orchestration.rebuild import require_ledger

        require_ledger(project)
    ledger = open_ledger(project.ledger)
    if env not in project.environments and ledger.current(env) is None:
        _begin(project, ledger, env)
    return Opened(project, ledger, clock_of(project, ledger, now, writes=writes), env, project.clock == "replay")


def _begin(project: Project, ledger: Ledger, env: str) -> None:
    """The branch of a branch of git is made when it is first used; where nothing is published yet it begins empty."""
    import click

    from mainstem.cli.git import MAIN
    from mainstem.dataops.branches import create

    if ledger.current(MAIN) is not None:
        begun = create(project, ledger, clock_of(project, ledger, None, writes=True), env, MAIN)
        click.echo(f"branch {env} begins at {begun.parent} of {MAIN}", err=True)


def clock_of(project: Project, ledger: Ledger, now: str | None, *, writes: bool) -> Clock:
    """The clock of a command: the wall's, or the ledger's in a project that replays history; `now` sets it by hand."""
    if now is not None:
        if writes and project.clock != "replay":
            raise ProjectError(
                Problem(
                    "C002",
                    "this command records facts, and the project goes by the wall clock",
                    "leave --now away, or say `clock: replay` in mainstem.yml of a project that replays history",
                )
            )
        at = instant(now, project.timezone)
        if writes:
            _refuse_earlier(at, ledger.latest(), project.timezone)
        return SetClock(at)
    latest = ledger.latest() if project.clock == "replay" else None
    return SetClock(latest) if latest else WallClock()


def _refuse_earlier(at: datetime, latest: datetime | None, zone: str) -> None:
    """Facts are recorded in the order of the clock: what is written was known then, and nothing of what came later."""
    if latest is not None and at < latest:
        from zoneinfo import ZoneInfo

        local, last = (each.astimezone(ZoneInfo(zone)).isoformat() for each in (at, latest))
        what = f"{local} is before {last}, the latest instant in the ledger"
        mend = (
            f"leave --now away to act at {last}, or give a later instant; `status --now` and `why --now` may look back"
        )
        raise ProjectError(Problem("C016", what, mend))


def dataset_name(project: Project, name: str) -> str:
    """The full name of a dataset: `orders` is `main.orders`, as in SQL; any other name as it is."""
    full = f"main.{name}"
    return full if name not in project.datasets and full in project.datasets else name


def instant(text: str, zone: str) -> datetime:
    """An instant as a person types it; without an offset it is local time of the project."""
    from zoneinfo import ZoneInfo

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ProjectError(
            Problem("C004", f'"{text}" is no instant', "write it like 2013-12-31T06:00-05:00 or 2013-12-31T06:00")
        ) from None
    return parse_instant(at.isoformat()) if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
