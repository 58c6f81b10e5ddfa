"""What every step of one run stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mainstem.core.clock import Clock
from mainstem.core.errand import Errand
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Engine, Ledger, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.project import Macro, Project
from mainstem.core.reached import Reached
from mainstem.core.release import DataFile, Lease, Version
from mainstem.lifecycle.requirements.probe import Total
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.looks import Seen
from mainstem.orchestration.makings import Makings
from mainstem.orchestration.shelf import Shelf
from mainstem.orchestration.state import State


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that a watcher may show.

    `what`: waiting | planning | step-begun | step-at | step-done | step-failed | publishing | published.
    `done` of the `total` steps that the plan does not skip have ended. `reached` is how far a step is (step-at): told
    about once a second of those that take longer than that.
    """

    what: str
    subject: str = ""
    detail: str = ""
    done: int = 0
    total: int = 0
    reached: Reached | None = None


Listener = Callable[[Progress], None]


def unheard(_: Progress) -> None:
    """A listener for nobody."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A run's fixed surroundings: the project and its state, the doors to lake, ledger and engine, the clock.

    `started_at` is the run's clock, which models see. `leases` are held by this run. `totals` are what
    requirements want measured of each source, `tags` the effective tags by dataset and column. `kept` gathers evidence
    about versions that stay; it is recorded once, when all steps have ended. `errand` is what the run is for, where
    that is not to bring everything up to date. `seen` is what the looks before the plan found at each source,
    `sessions` are those of the steps under way, `makings` what datasets follow from whose steps have ended.
    """

    run: str
    started_at: datetime
    project: Project
    bound: Bound
    state: State
    lake: Path
    ledger: Ledger
    engine: Engine
    clock: Clock
    shelf: Shelf
    leases: Mapping[str, Lease]
    totals: Mapping[str, Sequence[Total]]
    tags: Mapping[str, Mapping[str, frozenset[str]]]
    kept: list[Evidence] = field(default_factory=list)
    errand: Errand | None = None
    seen: Seen = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    makings: dict[str, Makings] = field(default_factory=dict)

    @property
    def when(self) -> tuple[datetime, str, tuple[Macro, ...]]:
        """What a model's text means besides its words: the run's clock, the time zone, the macros."""
        return self.started_at, self.project.timezone, self.project.macros

    def base(self, name: str) -> Version | None:
        """The version that this run continues from."""
        return self.state.bases.get(name)


def files_of(lake: Path) -> Callable[[str, int], Sequence[DataFile]]:
    """A reader of the files of a version, which raises WorldError K009 where there is none; each is opened once."""
    from mainstem.lifecycle.storage.tables import snapshot

    seen: dict[tuple[str, int], Sequence[DataFile]] = {}

    def files(table: str, number: int) -> Sequence[DataFile]:
        if (table, number) not in seen:
            found = snapshot(lake, table, number)
            if found is None:
                mend = "run `mainstem doctor`, which compares releases with the lake"
                raise WorldError(Problem("K009", f'table "{table}" is not in the lake', mend))
            seen[table, number] = found.files
        return seen[table, number]

    return files
