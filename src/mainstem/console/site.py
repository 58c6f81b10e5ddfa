"""What every page shares: the desk, the templates, and the requirements as they are judged now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request as Asked
from starlette.responses import HTMLResponse

from mainstem.console import look
from mainstem.core import words
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.ledger.holder import is_alive
from mainstem.lifecycle.serving.request import Answer, Request
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.desk import Desk
from mainstem.orchestration.judge import Judged, judge
from mainstem.orchestration.reading import bound_to
from mainstem.orchestration.served import Served
from mainstem.project.render import render_problem

SHOWN_RUNS = 60
"""Runs in the list of the newest."""

STATIC = Path(__file__).parent / "static"
NAVIGATION = (
    ("/", "Scoreboard", "s", "board"),
    ("/map", "Map", "m", "map"),
    ("/catalog", "Catalog", "c", "catalog"),
    ("/runs", "Runs", "r", "runs"),
    ("/dashboards", "Dashboards", "d", "dashboards"),
    ("/query", "Query", "q", "query"),
)
"""Address, name, the letter behind `g`, and the name of its icon."""


@dataclass(frozen=True)
class Now:
    """One moment as pages show it: what is served, how requirements stand, and how they stood a day before.

    `project` is the last text that could be read and bound; `served` is None while nothing is published.
    """

    project: Project
    served: Served | None
    judged: Judged
    before: Judged

    @property
    def zone(self) -> str:
        return self.project.timezone

    @cached_property
    def bound(self) -> Bound:
        return self.served.bound if self.served else bound_to(self.project, None)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Requirements as they were judged, and by what."""

    key: tuple[object, ...]
    judged: Judged


class Site:
    """The pages' common ground; safe for many threads."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._today: _Kept | None = None
        self._looked_to, self._decides = 0, 0
        self._before: _Kept | None = None
        self._lock = threading.Lock()
        self._files = {
            path.relative_to(STATIC).as_posix(): _digest(path) for path in STATIC.rglob("*") if path.is_file()
        }
        self._templates = Environment(
            loader=PackageLoader("mainstem.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {
            "navigation": NAVIGATION,
            "static": self._static,
            "word": look.word,
            "glyph": look.glyph,
            "states": look.STATES,
        }
        shown = (look.number, look.seconds, look.cell, look.is_number, look.label, look.told, look.outcomes)
        for filter_ in (*shown, words.size, words.counted, words.local, words.zone_name):
            self._templates.filters[filter_.__name__] = filter_

    @property
    def ledger(self) -> Ledger:
        return self.desk.ledger

    def now(self) -> Now:
        """How things stand; judged anew when a release, a piece of evidence, a text or the minute is another.

        How they stood a day before hangs on no evidence that is recorded now.
        """
        served = self.desk.newest
        project = served.project if served else self.desk.project
        at = self.desk.clock.now()
        minute = at.replace(second=0, microsecond=0)
        day = (project, served and served.release.id, minute)
        with self._lock:
            self._before = self._kept_or(
                self._before, day, lambda: self._judged(project, served, at - timedelta(days=1))
            )
            key = (*day, self._decided_by())
            self._today = self._kept_or(self._today, key, lambda: self._judged(project, served, at))
            return Now(project, served, self._today.judged, self._before.judged)

    def seen(self) -> str:
        """What pages hang on that keep themselves up to date, as one word: as long as it is the same, so are they.

        It costs two look-ups in the ledger; nothing is judged for it.
        """
        minute = self.desk.clock.now().replace(second=0, microsecond=0)
        runs = self.ledger.runs(self.desk.env, SHOWN_RUNS)
        alive = [is_alive(run["holder"]) for run in runs if run["finished_at"] is None]
        with self._lock:
            decides = self._decided_by()
        problems = [str(problem) for problem in self.desk.problems]
        return sha256(repr((self.desk.turn, minute, decides, runs, alive, problems)).encode()).hexdigest()[:16]

    def _decided_by(self) -> int:
        """The newest evidence that a verdict can rest on; what readers ask for meanwhile changes none."""
        last, decides = self.ledger.newest_evidence(self._looked_to)
        self._looked_to, self._decides = max(self._looked_to, last), max(self._decides, decides)
        return self._decides

    def _judged(self, project: Project, served: Served | None, at: datetime) -> Judged:
        return judge(project, self.ledger, self.desk.env, at, served.bound if served else None)

    @staticmethod
    def _kept_or(kept: _Kept | None, key: tuple[object, ...], make: Callable[[], Judged]) -> _Kept:
        return kept if kept is not None and _is_same(kept.key, key) else _Kept(key, make())

    def page(self, asked: Asked, name: str, here: str, title: str, status: int = 200, **given: Any) -> HTMLResponse:
        """A page from its template; `here` is the address in the navigation that it belongs to.

        One that is given `seen` asks for itself again and again (`fresh`).
        """
        served = self.desk.newest
        project = served.project if served else self.desk.project
        shared = {
            "project": project,
            "zone": project.timezone,
            "env": self.desk.env,
            "release": served.release if served else None,
            "wrong_text": self.wrong_text(),
            "here": here,
            "title": title,
            "address": f"{asked.url.path}{f'?{asked.url.query}' if asked.url.query else ''}",
            "seen": None,
        }
        text = self._templates.get_template(name).render(**{**shared, **given})
        return HTMLResponse(text, status)

    def timed(self, subject: str, request: Request, read: Callable[[], Answer]) -> Answer:
        """An answer, and evidence of it: how long readers of `subject` waited, and whether they were answered."""
        clock = self.desk.clock
        started_s, at = clock.elapsed(), clock.now()
        outcome = "errored"
        try:
            answer = read()
            outcome = "ok"
        except ProjectError:
            outcome = "refused"
            raise
        else:
            return answer
        finally:
            row = self.request_row(subject, request, at, clock.elapsed() - started_s, outcome)
            self.ledger.record([row], at)

    def request_row(self, subject: str, request: Request, at: datetime, seconds: float, outcome: str) -> Evidence:
        """Evidence that somebody asked: `outcome` is ok | refused | errored."""
        served = self.desk.newest
        return Evidence(
            "request",
            subject,
            at,
            self.desk.env,
            served.release.id if served else None,
            value=Decimal(round(seconds * 1000)),
            unit="ms",
            outcome=outcome,
            facts={"principal": request.principal, "by": "user"},
        )

    def wrong_text(self) -> list[str]:
        """The problems of a text that cannot be read, as `mainstem validate` prints them."""
        return [self.shown(problem) for problem in self.desk.problems]

    def shown(self, problem: Problem) -> str:
        """A problem of the project's text with the line it is about."""
        return render_problem(problem, self.desk.root)

    def _static(self, name: str) -> str:
        return f"/static/{name}?v={self._files[name]}"


def unknown(what: str, name: str, known: list[str]) -> ProjectError:
    """What to raise for a name in an address that nothing has."""
    return ProjectError(Problem("V025", f'there is no {what} "{name}"', nearest(name, known, kind=f"{what}s")))


def _is_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """The same project by identity: comparing two by content would cost more than judging."""
    return one[0] is other[0] and one[1:] == other[1:]


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:10]
