"""Where readers are served: always one whole release, through the gate, by workers that may be killed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from mainstem.core.clock import Clock, SetClock, WallClock
from mainstem.core.evidence import Evidence
from mainstem.core.output import Output, Query
from mainstem.core.ports import Engine, Ledger
from mainstem.core.problem import MainstemError, Problem, ProjectError
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.lifecycle.serving.gate import Audit, allow, answer, read, refuse
from mainstem.lifecycle.serving.parameter import used
from mainstem.lifecycle.serving.request import Allowed, Answer, Columns, Request, Rows, Run
from mainstem.lifecycle.serving.task import Task
from mainstem.lifecycle.serving.workers import Pool
from mainstem.orchestration.opening import open_engine
from mainstem.orchestration.served import COPIED, Served, serve
from mainstem.orchestration.text import read_text

TIMEOUT_S = 20.0
"""How long one query of a reader may take."""

Values = Mapping[str, tuple[str, str] | None]
"""Parameters by name: type and text, None for NULL."""


class Desk:
    """The readers' side of an environment: the newest release that is ready, and the project's text.

    `refresh` looks for a newer release or text and makes it ready; until then readers get the one before, so that all
    parts of an answer, and all answers of one moment, are of one release. `problems` are those of a text that cannot be
    read; the last good one is served meanwhile. `turn` counts how often text or release became another. Safe for many
    threads.
    """

    def __init__(self, root: Path, env: str, ledger: Ledger, workers: int = 2, timeout_s: float = TIMEOUT_S) -> None:
        self.root = root
        self.env = env
        self.ledger = ledger
        self.pool = Pool(workers, timeout_s)
        self.problems: tuple[Problem, ...] = ()
        self.turn = 0
        self.project: Project = read_text(root, env)
        self._seen = _stamp(root)
        self._served: Served | None = None
        self._parser: Engine = open_engine(self.project)
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        """The project's clock: in a replay it stands at the ledger's latest instant."""
        latest = self.ledger.latest() if self.project.clock == "replay" else None
        return SetClock(latest) if latest else WallClock()

    @property
    def served(self) -> Served:
        """What is served now. ProjectError C008 while nothing is published."""
        if self._served is None:
            raise ProjectError(Problem("C008", f'nothing is published in "{self.env}"', "publish with `mainstem run`"))
        return self._served

    @property
    def newest(self) -> Served | None:
        """What is served now, None while nothing is published."""
        return self._served

    def refresh(self) -> bool:
        """Serve the newest release and text; True when what is served has changed.

        MainstemError when the newest release cannot be made ready: what was served before is served still.
        """
        with self._lock:
            is_another = self._refresh()
            self.turn += is_another
            return is_another

    def _refresh(self) -> bool:
        has_new_text = self._read_text()
        release = self.ledger.current(self.env)
        old = self._served
        if release is None or (old is not None and old.release.id == release.id and not has_new_text):
            return has_new_text
        try:
            new = serve(self.project, release, self.root / ".mainstem" / "serving" / self.env)
        except ProjectError as error:
            self.problems = error.problems
            raise
        self._ready(new)
        self._served = new
        if old is None or old.release.id != release.id:
            self._tell(new)
        return True

    def _ready(self, new: Served) -> None:
        """What the first reader would wait for: what runs for each query is found out, workers hold the copy open."""
        for output in new.project.outputs.values():
            for query in output.queries if output.kind in COPIED else ():
                with suppress(MainstemError):
                    self._allow(new, output, query, _whatever_values(output, query))
        if new.copy is not None:
            self.pool.ready(Task("select 1", 1, new.project.engine, str(new.copy)))

    def _read_text(self) -> bool:
        stamp = _stamp(self.root)
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            self.project, self.problems = read_text(self.root, self.env), ()
        except MainstemError as error:
            self.problems = error.problems
        return True

    def _tell(self, new: Served) -> None:
        """Evidence that readers of each output see the release from now on; what a sync has sent is told by it."""
        at = self.clock.now()
        row = Evidence("delivered", "", at, self.env, new.release.id, outcome="ok", facts={"release": new.release.id})
        self.ledger.record(
            [replace(row, subject=name) for name, output in new.project.outputs.items() if output.kind != "sync"], at
        )

    def ask(self, request: Request) -> Answer:
        """Rows for a visitor: one SELECT over any dataset of the release. See `gate.read` for what is raised."""
        served = self.served
        request = replace(request, release=served.release.id)
        return read(
            self._parser, served.offers, request, self.ledger, self.clock, served.rules, self._from_files(served)
        )

    def block(
        self,
        served: Served,
        output: Output,
        query: Query,
        values: Values,
        request: Request,
        audit: Audit | None = None,
        clock: Clock | None = None,
    ) -> Answer:
        """The rows of one query of an output, from the serving copy.

        `request` says exit, principal and limit; text, role, purpose and parameters are the output's. `audit` and
        `clock` are the ledger's and the project's unless somebody holds others.
        """
        request = replace(
            request,
            sql=query.sql,
            release=served.release.id,
            role=output.role,
            purpose=output.purpose,
            parameters=used(query.sql, values),
        )
        audit, clock = audit or self.ledger, clock or self.clock
        try:
            allowed = self._allow(served, output, query, request)
        except MainstemError as error:
            refuse(request, audit, clock, error)
            raise
        return answer(allowed, request, audit, clock, self._from_copy(served))

    def columns(self, served: Served, output: Output, query: Query) -> Columns | None:
        """The columns of a query of an output, whatever its parameters; None where it may not be read at all."""
        request = _whatever_values(output, query)
        try:
            allowed = self._allow(served, output, query, request)
            none = replace(allowed, text=f"select * from ({allowed.text}) as nothing where false")
            return self._from_copy(served)(none, request)[0]
        except MainstemError:
            return None

    def _allow(self, served: Served, output: Output, query: Query, request: Request) -> Allowed:
        """What runs for a query of an output; found out once for each release."""
        known = (output.name, query.name)
        if known not in served.allowed:
            served.allowed[known] = allow(self._parser, served.copied, request, served.rules)
        return served.allowed[known]

    def _from_files(self, served: Served) -> Run:
        def run(allowed: Allowed, request: Request) -> tuple[Columns, Rows, int]:
            bound = served.bindings(allowed.datasets)
            return self._result(Task(allowed.text, request.limit, served.project.engine, bound=bound))

        return run

    def _from_copy(self, served: Served) -> Run:
        def run(allowed: Allowed, request: Request) -> tuple[Columns, Rows, int]:
            given: dict[str, Any] = dict(request.parameters)
            copy = str(served.copy) if served.copy else None
            return self._result(Task(allowed.text, request.limit, served.project.engine, copy, parameters=given))

        return run

    def _result(self, task: Task) -> tuple[Columns, Rows, int]:
        found = self.pool.run(task)
        columns = tuple(Field(name, type_) for name, type_ in found.columns)
        return columns, [tuple(row) for row in found.rows], len(found.rows)

    def watch(self, stop: threading.Event, every_s: float, told: Callable[[MainstemError], None]) -> None:
        """Refresh until `stop` is set; what goes wrong is told, once for each thing that does. Workers are started."""
        self.pool.start()
        last: tuple[str, ...] = ()
        while not stop.wait(every_s):
            try:
                self.refresh()
                last = ()
            except MainstemError as error:
                codes = tuple(str(problem) for problem in error.problems)
                if codes != last:
                    told(error)
                last = codes

    def close(self) -> None:
        """End the workers."""
        self.pool.close()
        self._parser.close()


def _whatever_values(output: Output, query: Query) -> Request:
    """A request for a query of an output, whatever its parameters are; it is for no rows."""
    values: Values = used(query.sql, dict.fromkeys((output.options or {}).get("params") or ()))
    return Request("api", query.sql, 1, role=output.role, purpose=output.purpose, parameters=values)


def _stamp(root: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of the files that people write; changes when any of them is saved."""
    found = []
    for name in ("mainstem.yml", "requirements", "sources", "models", "serving", "policies", "macros"):
        top = root / name
        for folder, _, files in os.walk(top) if top.is_dir() else [(str(root), [], [name])]:
            for file in files:
                path = Path(folder, file)
                try:
                    said = path.stat()
                except OSError:
                    continue
                found.append((str(path), said.st_size, said.st_mtime_ns))
    return tuple(sorted(found))
