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
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.lifecycle.serving.gate import Answer, Request
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.desk import Desk
from mainstem.orchestration.judge import Judged, judge
from mainstem.orchestration.reading import bound_to
from mainstem.orchestration.served import Served
from mainstem.project.render import render_problem

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


class Site:
    """The pages' common ground; safe for many threads."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._kept: tuple[tuple[object, ...], Now] | None = None
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
        for name in ("number", "size", "counted", "local", "zone_name", "seconds", "cell", "is_number", "label"):
            self._templates.filters[name] = getattr(look, name)

    @property
    def ledger(self) -> Ledger:
        return self.desk.ledger

    def now(self) -> Now:
        """How things stand; judged anew when a release, a piece of evidence, a text or the minute is another."""
        served = self.desk.newest
        project = served.project if served else self.desk.project
        at = self.desk.clock.now()
        minute = at.replace(second=0, microsecond=0)
        key = (project, served and served.release.id, self.ledger.newest_evidence(), minute)
        with self._lock:
            kept = self._kept
            if kept is not None and _is_same(kept[0], key):
                return kept[1]
            made = self._judged(project, served, at)
            self._kept = (key, made)
            return made

    def _judged(self, project: Project, served: Served | None, at: datetime) -> Now:
        bound = served.bound if served else None
        today = judge(project, self.ledger, self.desk.env, at, bound)
        before = judge(project, self.ledger, self.desk.env, at - timedelta(days=1), bound)
        return Now(project, served, today, before)

    def page(self, asked: Asked, name: str, here: str, title: str, status: int = 200, **given: Any) -> HTMLResponse:
        """A page from its template; `here` is the address in the navigation that it belongs to."""
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
            "path": asked.url.path,
        }
        text = self._templates.get_template(name).render(**{**shared, **given})
        return HTMLResponse(text, status)

    def timed(self, subject: str, request: Request, read: Callable[[], Answer]) -> Answer:
        """An answer, and evidence of it: how long readers of `subject` waited, and whether they were answered."""
        clock = self.desk.clock
        started_s, at = clock.elapsed(), clock.now()
        served = self.desk.newest
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
            row = Evidence(
                "request",
                subject,
                at,
                self.desk.env,
                served.release.id if served else None,
                value=Decimal(round((clock.elapsed() - started_s) * 1000)),
                unit="ms",
                outcome=outcome,
                facts={"principal": request.principal, "by": "user"},
            )
            self.ledger.record([row], at)

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
