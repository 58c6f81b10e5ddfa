"""The catalog: what datasets there are, what each means, and how each of its versions was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from mainstem.console import look
from mainstem.console.scale import Scale
from mainstem.console.site import Now
from mainstem.console.svg import el, picture
from mainstem.core.clock import parse_instant
from mainstem.core.dataset import QUARANTINE, Check, Load, Severity
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.core.release import Version
from mainstem.governance.catalog import Described, describe_dataset
from mainstem.lifecycle.storage.quarantine import FIELDS
from mainstem.orchestration.passed import check_of, in_words, passed

SAMPLE = 8
"""Rows of a dataset on its page."""

SHOWN = 12
"""Versions on the page of a dataset."""

SHOWN_RELEASES = 200
"""Releases whose versions are shown there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset in the list. `status` is that of its worst check; draft while it is in no release."""

    name: str
    kind: str
    description: str
    rows: int | None
    as_of: datetime | None
    failing: int
    status: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A check and how it came out last, by the sign of a status: draft where it was not measured as it is written."""

    id: str
    severity: str
    status: str
    words: str
    row: Evidence | None


@dataclass(frozen=True, slots=True)
class Past:
    """A version that was made: when, by which run, how many rows; `change` is the difference to the one before."""

    id: str
    at: datetime
    as_of: datetime | None
    run: str | None
    rows: int | None
    change: int | None
    is_live: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page of a dataset but its rows."""

    described: Described
    version: Version | None
    checks: tuple[Checked, ...]
    past: tuple[Past, ...]
    picture: Markup | None
    quarantine: str | None
    requirements: tuple[str, ...]


def entries(now: Now, ledger: Ledger, words: Sequence[str] = ()) -> dict[str, list[Entry]]:
    """Datasets by schema, with the number of their failing checks; those that hold all `words`, in small letters."""
    versions = now.served.release.versions if now.served else {}
    rows = _newest(ledger, list(now.project.datasets))
    found: dict[str, list[Entry]] = {}
    for name, dataset in now.project.datasets.items():
        fields = now.bound.fields.get(name) or ()
        text = " ".join((name, dataset.description, *(field.name for field in fields))).lower()
        if not all(word in text for word in words):
            continue
        version = versions.get(name)
        kind = "load" if isinstance(dataset.made_by, Load) else dataset.made_by.kind
        failing = [each.status for each in _checks(now, name, rows) if each.status in ("violated", "at_risk")]
        status = min(failing, key=look.ORDER.index, default="met") if version else "draft"
        rows_now, as_of = (version.rows, version.as_of) if version else (None, None)
        entry = Entry(name, kind, dataset.description, rows_now, as_of, len(failing), status)
        found.setdefault(dataset.schema, []).append(entry)
    return found


def page(now: Now, ledger: Ledger, name: str) -> Page:
    """The page of a dataset or of a load's quarantine. ProjectError M004 where there is no such dataset."""
    base = name.removesuffix(QUARANTINE)
    version = now.served.release.versions.get(base) if now.served else None
    is_quarantine = base != name
    tags = now.served.tags.get(name, {}) if now.served else {}
    fields = None if version is None else FIELDS if is_quarantine else version.fields
    described = describe_dataset(now.project, now.bound.facts, tags, name, fields)
    past = () if is_quarantine else _past(ledger, now.judged.env, name, version)
    checks = () if is_quarantine else tuple(_checks(now, name, _newest(ledger, [name])))
    has_quarantine = version is not None and version.quarantine is not None and not is_quarantine
    return Page(
        described,
        version,
        checks,
        past[:SHOWN],
        _rows_picture(past),
        name + QUARANTINE if has_quarantine else None,
        tuple(
            id
            for id, each in now.project.requirements.items()
            if not each.retired and (base in each.binds or (each.objective and each.objective.of == base))
        ),
    )


def _newest(ledger: Ledger, names: Sequence[str]) -> Measured:
    """What each check of each dataset measured last: one row, or one a partition."""
    found: dict[tuple[str, str], list[Evidence]] = {}
    for row in ledger.evidence(subjects=names, kinds=["measured"]):
        if row.facts.get("check"):
            of = (row.subject, row.facts["check"])
            before = found.get(of, [])
            is_same = before and (before[0].version, before[0].recorded_at) == (row.version, row.recorded_at)
            found[of] = [*before, row] if is_same else [row]
    return found


Measured = Mapping[tuple[str, str], Sequence[Evidence]]
"""Rows of evidence by dataset and check."""


def _told(check: Check, rows: Sequence[Evidence]) -> Evidence:
    """Of several partitions the newest that fails; the newest of all where none does."""
    by_label = sorted(rows, key=lambda row: row.label or "")
    return next((row for row in reversed(by_label) if not passed(check, row)), by_label[-1])


def _checks(now: Now, name: str, rows: Measured) -> list[Checked]:
    found = []
    for check in now.project.datasets[name].checks:
        measured = [row for row in rows.get((name, check.id), ()) if check_of(now.project, row) is not None]
        if not measured:
            found.append(Checked(check.id, str(check.severity), "draft", "not measured as it is written now", None))
        else:
            row = _told(check, measured)
            holds = passed(check, row)
            words = in_words(row, holds=holds)
            found.append(Checked(check.id, str(check.severity), status_of(check, holds), words, row))
    return found


def status_of(check: Check, holds: bool) -> str:
    """The sign of a check's result: only one that stands against publication is as bad as a broken promise."""
    if holds:
        return "met"
    return "violated" if check.severity == Severity.ERROR else "at_risk"


def _past(ledger: Ledger, env: str, name: str, live: Version | None) -> tuple[Past, ...]:
    """Versions that the environment's newest releases held, the newest first; one looked at again counts once.

    A version is of all environments: a branch's are recorded beside these.
    """
    rows: dict[str, Evidence] = {}
    releases = ledger.releases(env, SHOWN_RELEASES)
    held = {release.versions[name].id for release in releases if name in release.versions}
    for row in ledger.evidence(env=env, subjects=[name], kinds=["version"]):
        if row.version in held:
            rows.setdefault(row.version, row)
    found: list[Past] = []
    before: int | None = None
    for id, row in rows.items():
        count = row.facts.get("rows")
        change = count - before if count is not None and before is not None else None
        as_of = row.facts.get("as_of")
        is_live = live is not None and live.id == id
        found.append(Past(id, row.at, parse_instant(as_of) if as_of else None, row.run, count, change, is_live))
        before = count if count is not None else before
    return tuple(reversed(found))


def _rows_picture(past: Sequence[Past]) -> Markup | None:
    """Rows of each version as small bars, oldest first."""
    counted = [(each.id, each.rows) for each in reversed(past) if each.rows is not None][-40:]
    if len(counted) < 3:
        return None
    most = max(rows for _, rows in counted) or 1
    y = Scale(0, most, 0, 44)
    bars = [
        el(
            "rect",
            el("title", f"{id}: {rows:,} rows"),
            x=number * 9,
            y=46.0 - max(1.0, y(rows)),
            width=7,
            height=max(1.0, y(rows)),
            rx=1.5,
            class_="k-bar",
        )
        for number, (id, rows) in enumerate(counted)
    ]
    width = len(counted) * 9
    title = f"Rows of {len(counted)} versions, from {counted[0][1]:,} to {counted[-1][1]:,}"
    sized = picture(width, 46, title, el("g", *bars, class_="k0"))
    return Markup(str(sized).replace("<svg", f'<svg width="{width}" height="46"', 1))  # noqa: S704 - made by `el`
