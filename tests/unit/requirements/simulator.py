"""Simulates the evidence of some weeks of nightly runs, and a project whose requirements are judged on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mainstem.core.dataset import Check, Dataset, Model
from mainstem.core.evidence import Evidence, Verdict
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.project import Project
from mainstem.core.requirement import Agreement, Definition, Goal, Need, Objective, Requirement, Stakeholder
from mainstem.lifecycle.requirements.agreement import agree
from mainstem.lifecycle.requirements.evaluate import evaluate
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.measures import accuracy, completeness
from mainstem.lifecycle.requirements.probe import check_definition

ZONE = "America/New_York"
TEXT = "sha256:text"
"""The fingerprint of the text that made every version."""
MART = "marts.route_delays"
SOURCE = "operations.flights"
PLACE = Place("requirements/ops-morning-delays.md", 1, 1)
LAST = date(2013, 12, 30)
"""The newest operating day of the log; its morning is 31 December."""
FIRST = date(2013, 11, 1)


def local(day: date | str, clock: str = "00:00", zone: str = ZONE) -> datetime:
    """An instant given in local time, in UTC."""
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime.combine(on, time.fromisoformat(clock), ZoneInfo(zone)).astimezone(UTC)


def dates(first: date | str, last: date | str) -> list[date]:
    """Dates from first to last, both included."""
    begin = date.fromisoformat(first) if isinstance(first, str) else first
    end = date.fromisoformat(last) if isinstance(last, str) else last
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def row_count(at_least: int = 500, id: str = "row_count") -> Check:
    """A check that counts the rows of a partition."""
    return Check(id, "row_count", find("checks", "row_count").Options(at_least=at_least), PLACE)


@dataclass
class Simulation:
    """A growing log. `head` is the newest version of the mart; every run hangs its version below it."""

    rows: list[Evidence] = field(default_factory=list)
    head: str | None = None
    number: int = 0
    table: str = MART
    checks: tuple[Check, ...] = (row_count(),)

    def write(self, kind: str, at: datetime, subject: str | None = None, **given: Any) -> Evidence:
        """Append one row, recorded when it happened unless said otherwise."""
        recorded_at = given.pop("recorded_at", at)
        given.setdefault("facts", {})
        row = Evidence(kind, subject or self.table, at, recorded_at=recorded_at, id=len(self.rows) + 1, **given)
        self.rows.append(row)
        return row

    def build(
        self,
        at: datetime,
        partitions: Mapping[date, int],
        *,
        as_of: datetime | None = None,
        newest: datetime | None = None,
        check: str = "measured",
        good: tuple[int, int] | str | None = (900, 900),
        parent: str | None = None,
    ) -> str:
        """A version of the mart with these partitions changed (rows by date), checked and probed; not published.

        `check` is "measured", "errored", or "" for not run. `good` is the completeness (rows complete, rows), or
        "errored", or None for not measured.
        """
        self.number += 1
        version, run = f"marts/route_delays@{self.number}", f"run-{self.number}"
        newest = newest or local(max(partitions, default=LAST), "23:59")
        facts = {
            "parent": parent or self.head,
            "as_of": (as_of or at).isoformat(),
            "newest": newest.isoformat(),
            "fingerprint": TEXT,
        }
        self.write("version", at, version=version, run=run, outcome="ok", facts=facts)
        for day, rows in partitions.items():
            gone = {"outcome": "gone"} if rows == 0 else {"outcome": "ok"}
            label = day.isoformat()
            self.write("partition", at, version=version, label=label, value=Decimal(rows), run=run, **gone)
            if check == "measured":
                self.measure(at, version, label, rows)
        if check == "errored":
            self.measure(at, version, None, None)
        self.complete(at, version, good)
        self.head = version
        return version

    def measure(self, at: datetime, version: str, label: str | None, rows: int | None, **given: Any) -> None:
        """What the checks of the table measured on a partition; None: they could not be run."""
        for check in self.checks:
            outcome = "measured" if rows is not None else "errored"
            facts = {"check": check.id} | ({} if rows is not None else {"reason": "the disk is full"})
            value = None if rows is None else Decimal(rows)
            definition = check_definition(check)
            self.write(
                "measured", at, version=version, label=label, value=value, outcome=outcome, definition=definition,
                facts=facts, run=f"run-{self.number}", **given,
            )  # fmt: skip

    def complete(self, at: datetime, version: str, good: tuple[int, int] | str | None, **given: Any) -> None:
        """What the completeness probe measured on a whole version."""
        if good is None:
            return
        probe = completeness.probes(complete_objective())[0]
        value, total = (None, None) if isinstance(good, str) else (Decimal(good[0]), Decimal(good[1]))
        outcome = "errored" if isinstance(good, str) else "measured"
        self.write(
            "measured", at, version=version, value=value, total=total, outcome=outcome, definition=probe.definition,
            facts={"check": probe.id}, run=f"run-{self.number}", **given,
        )  # fmt: skip

    def publish(self, at: datetime, version: str | None = None, env: str = "prod", why: str = "publish") -> None:
        """Readers of an environment have a version from now on; None: the newest."""
        release = {"release": f"r{self.number:06d}", "why": why}
        self.write("published", at, env=env, version=version or self.head, run=f"run-{self.number}", facts=release)

    def reconcile(self, at: datetime, version: str, day: date, value: int, total: int) -> None:
        """What the accuracy probe measured, and the source's own total of the same read."""
        probe, run = accuracy.probes(accurate_objective())[0], f"run-{self.number}"
        wanted = accuracy.totals(accurate_objective())[0]
        label = day.isoformat()
        self.write("read", at, SOURCE, value=Decimal(total), run=run, facts={"rows": total})
        self.write("read", at, SOURCE, label=label, total=Decimal(total), run=run, facts={"measure": wanted.id})
        self.write(
            "measured", at, version=version, label=label, value=Decimal(value), outcome="measured", run=run,
            definition=probe.definition, facts={"check": probe.id},
        )  # fmt: skip

    def night(self, day: date | str, at: str = "05:02", *, rows: int = 900, publish: bool = True, **given: Any) -> str:
        """The run of the morning after an operating day."""
        on = date.fromisoformat(day) if isinstance(day, str) else day
        ready = local(on + timedelta(days=1), at)
        version = self.build(ready, {on: rows}, **given)
        self.reconcile(ready, version, on, rows, rows)
        if publish:
            self.publish(ready)
        return version

    def nights(self, days: Iterable[date], at: str = "05:02") -> Simulation:
        """Ordinary mornings, one after the other."""
        for day in days:
            self.night(day, at)
        return self

    def log(self, env: str = "prod") -> Log:
        return Log(list(self.rows), env)


def history(last: date | str = LAST, *, without: Sequence[str] = ()) -> Simulation:
    """Ordinary mornings from November on, some left out."""
    return Simulation().nights(day for day in dates(FIRST, last) if day.isoformat() not in without)


def ready_objective(**given: Any) -> Objective:
    """Ready by quarter past five in New York, checked, one miss in 28 days by target."""
    options = {"partition": "flight_date", "deadline": "+1d 05:15", "passing": ("row_count",)}
    for name in options.keys() & given.keys():
        options[name] = given.pop(name)
    values = {"target": Decimal("0.95"), "window": "28d", "slice": "1d", "zone": ZONE} | given
    if "misses" in given:
        values["target"] = None
    return Objective("ready_by", MART, find("measures", "ready_by").Options(**options), PLACE, **values)


def objective(kind: str, options: Mapping[str, Any], **given: Any) -> Objective:
    """An objective of any measure on the mart: no miss in 28 days unless said otherwise."""
    values = {"misses": 0, "window": "28d", "slice": "1d", "zone": ZONE, "of": MART} | given
    return Objective(kind, options=find("measures", kind).Options(**options), place=PLACE, **values)


def complete_objective(**given: Any) -> Objective:
    return objective("completeness", {"columns": ("origin", "dest"), "at_least": Decimal("0.99")}, **given)


def accurate_objective(**given: Any) -> Objective:
    options = {"value": "sum(flights)", "against": SOURCE, "total": "count(*)", "by": "flight_date"}
    return objective("accuracy", options | {"at_least": Decimal("0.999")}, **given)


def fresh_objective(**given: Any) -> Objective:
    return objective("freshness", {"at_most": "30h"}, **{"misses": 1} | given)


def requirement(measured: Objective | None, **given: Any) -> Requirement:
    """The duty manager's requirement."""
    statement = "The delay mart shall be kept."
    if measured is not None and measured.kind == "ready_by":
        by = f"{measured.options.deadline.split()[-1]} {measured.zone}"
        statement = f"When an operating day has ended, the delay mart shall be ready by {by} on the next day."
    values = {
        "statement": statement,
        "needs": ("morning-crew-moves",),
        "binds": (MART,),
        "priority": "must",
        "characteristic": measured.kind if measured else None,
    } | given
    id = values.pop("id", "ops-morning-delays")
    title = values.pop("title", "Yesterday's delays are ready before the morning meeting")
    return Requirement(id, title, PLACE, objective=measured, **values)


def project(*requirements: Requirement, **given: Any) -> Project:
    """The flights project with these requirements."""
    people = (
        Stakeholder("ops-duty-manager", "Operations duty manager", PLACE),
        Stakeholder("crew-planning", "Crew planning", PLACE, technical="high"),
        Stakeholder("flight-operations-it", "Flight operations IT", PLACE, side="upstream"),
        Stakeholder("chief-operations-officer", "Chief operations officer", PLACE, side="sponsor"),
    )
    goal = Goal("protect-punctuality", "Keep New York departures punctual", PLACE, owner="chief-operations-officer")
    needs = (
        Need(
            "morning-crew-moves", "Move standby crews", "ops-duty-manager", PLACE, goal="protect-punctuality",
            action="Reassign standby crews for the worst five routes",
        ),
        Need("crew-lists", "Type in crew lists", "crew-planning", PLACE, goal="protect-punctuality"),
    )  # fmt: skip
    definition = Definition(
        "late-departure", "Late departure", PLACE, "late", "Late is 15 minutes", sql="dep_delay >= 15"
    )
    model = Model("table", "select 1", PLACE)
    sources = Dataset(SOURCE, PLACE, model, time_column="flight_date", checks=(row_count(),))
    values: dict[str, Any] = {
        "timezone": ZONE,
        "datasets": {
            SOURCE: sources,
            MART: Dataset(MART, PLACE, model, time_column="flight_date", checks=(row_count(),)),
        },
        "goals": {goal.id: goal},
        "stakeholders": {each.id: each for each in people},
        "needs": {each.id: each for each in needs},
        "definitions": {definition.id: definition},
        "requirements": {each.id: each for each in requirements},
    } | given
    return Project("flights", Path("/flights"), Path("/flights/lake"), Path("/flights/ledger"), **values)


def agreed(given: Project, at: datetime, by: str = "ops-duty-manager", ids: Sequence[str] | None = None) -> Project:
    """The project with its requirements agreed to at a moment, as the ledger saw it then."""
    entries = dict(given.agreements)
    for id in ids if ids is not None else given.requirements:
        entry = agree(given, id, by, at)
        seen = Agreement(
            id, "agreed", at, PLACE, by=entry["agreed"], promise=entry["promise"], binding=entry["binding"],
            links=entry.get("links"), text=entry["text"], recorded_at=at,
        )  # fmt: skip
        entries[id] = (*entries.get(id, ()), seen)
    return replace(given, agreements=entries)


LONG_BEFORE = local("2013-10-01")
MORNING = local("2013-12-31", "06:00")


def verdict(
    simulation: Simulation,
    measured: Objective | None = None,
    *,
    at: datetime = MORNING,
    since: datetime | None = LONG_BEFORE,
    known: datetime | None = None,
    **given: Any,
) -> Verdict:
    """The verdict on one requirement (ready by 05:15 unless another objective is given), agreed to at `since`."""
    made = project(requirement(measured or ready_objective()))
    if since is not None:
        made = agreed(made, since)
    return evaluate(made, simulation.log(), at, known, **given)["ops-morning-delays"]
