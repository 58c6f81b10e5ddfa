"""Owns one dataset's evidence, indexed: what was live when, which content a version has, how it was measured."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mainstem.core.clock import parse_instant
from mainstem.core.evidence import Evidence

_CONTENT = ("measured", "errored")


def recorded(row: Evidence) -> datetime:
    """When a row became known; its valid time where the ledger has not written it yet."""
    return row.recorded_at or row.at


@dataclass(frozen=True, slots=True)
class Live:
    """A stretch in which one version was what readers had. `version` is None where the dataset was taken away.

    `until` is None while it lasts.
    """

    version: str | None
    since: datetime
    until: datetime | None
    row: Evidence


@dataclass(frozen=True, slots=True)
class State:
    """What was known of a version from `known_at` on."""

    known_at: datetime
    row: Evidence

    @property
    def as_of(self) -> datetime:
        """The instant of the version's data."""
        text = self.row.facts.get("as_of")
        return parse_instant(text) if text else self.row.at

    @property
    def newest(self) -> datetime | None:
        """The newest event time; None where the dataset has none."""
        text = self.row.facts.get("newest")
        return parse_instant(text) if text else None


@dataclass(slots=True)
class _Line:
    """Versions of which each is the parent of the next; `fork` is the point of another line where it begins."""

    fork: tuple[int, int] | None
    length: int = 0


@dataclass(slots=True)
class _Measured:
    """The rows of one check, in order of recording: by label and the version that wrote that content, and so on."""

    by_content: dict[tuple[str | None, str], list[Evidence]] = field(default_factory=dict)
    by_label: dict[str | None, list[Evidence]] = field(default_factory=dict)
    by_version: dict[str, list[Evidence]] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """The evidence about one dataset, as one environment's readers saw it.

    `published` must be rows of that environment; the other rows are of any. Built in one pass; each question after
    that costs a binary search.
    """

    published: list[Evidence] = field(default_factory=list)
    versions: list[Evidence] = field(default_factory=list)
    partitions: list[Evidence] = field(default_factory=list)
    measured: list[Evidence] = field(default_factory=list)
    _since: list[datetime] = field(default_factory=list)
    _lives: list[Live] = field(default_factory=list)
    _states: dict[str, list[State]] = field(default_factory=dict)
    _lines: list[_Line] = field(default_factory=list)
    _places: dict[str, tuple[int, int]] = field(default_factory=dict)
    _content: dict[str, dict[int, tuple[list[int], list[Evidence]]]] = field(default_factory=dict)
    _by_check: dict[str, list[Evidence]] = field(default_factory=dict)
    _checks: dict[str, _Measured] = field(default_factory=dict)
    _parents: dict[str, str] = field(default_factory=dict)
    _changes: dict[str, list[Evidence]] = field(default_factory=dict)

    def index(self) -> History:
        """Build the indexes; returns itself. What was measured is indexed by check, when first asked for."""
        self.published.sort(key=lambda row: (row.at, row.id))
        self._since = [row.at for row in self.published]
        ends: list[datetime | None] = [*self._since[1:], None]
        self._lives = [Live(row.version, row.at, end, row) for row, end in zip(self.published, ends, strict=False)]
        for row in self.versions:
            if row.version is not None:
                self._states.setdefault(row.version, []).append(State(recorded(row), row))
        for found in self._states.values():
            found.sort(key=lambda state: (state.known_at, state.row.id))
        self._index_lines()
        self._index_content()
        for row in self.measured:
            check = row.facts.get("check")
            if check is not None and row.version is not None and row.outcome in _CONTENT:
                self._by_check.setdefault(check, []).append(row)
        return self

    def _index_lines(self) -> None:
        # A version is written again when its sources were looked at anew: only its first row tells its parent.
        for row in self.versions:
            parent = row.facts.get("parent")
            if row.version is not None and row.version not in self._parents and parent not in (None, row.version):
                self._parents[row.version] = parent
        for rows in (self.versions, self.partitions, self.measured, self.published):
            for row in rows:
                if row.version is not None and row.version not in self._places:
                    self._place(row.version)

    def _place(self, version: str) -> None:
        """Put a version, and the parents before it, on lines."""
        ancestry = [version]
        seen = {version}
        while (parent := self._parents.get(ancestry[-1])) and parent not in self._places and parent not in seen:
            ancestry.append(parent)
            seen.add(parent)
        for name in reversed(ancestry):
            fork = self._places.get(self._parents.get(name, ""))
            if fork is not None and self._lines[fork[0]].length == fork[1] + 1:
                line = fork[0]
            else:
                line = len(self._lines)
                self._lines.append(_Line(fork))
            self._places[name] = (line, self._lines[line].length)
            self._lines[line].length += 1

    def _index_content(self) -> None:
        found: dict[str, dict[int, list[tuple[int, Evidence]]]] = defaultdict(lambda: defaultdict(list))
        for row in self.partitions:
            if row.version is not None and row.label is not None:
                line, position = self._places[row.version]
                found[row.label][line].append((position, row))
                self._changes.setdefault(row.version, []).append(row)
        for label, lines in found.items():
            self._content[label] = {}
            for line, rows in lines.items():
                rows.sort(key=lambda pair: pair[0])
                self._content[label][line] = ([pair[0] for pair in rows], [pair[1] for pair in rows])

    def _check(self, check: str) -> _Measured:
        """What was measured under the id of a check."""
        found = self._checks.get(check)
        if found is None:
            found = self._checks[check] = _Measured()
            for row in self._by_check.get(check, ()):
                assert row.version is not None
                key = (row.label, self._content_key(row.version, row.label))
                found.by_content.setdefault(key, []).append(row)
                found.by_label.setdefault(row.label, []).append(row)
                found.by_version.setdefault(row.version, []).append(row)
        return found

    @property
    def first(self) -> Live | None:
        """The first publication; None if there was none."""
        return self.stretch(0) if self.published else None

    def stretch(self, number: int) -> Live:
        """The publication of that number, 0 the first."""
        return self._lives[number]

    def number_live(self, at: datetime) -> int | None:
        """The number of the publication that was live at an instant; None before the first."""
        number = bisect_right(self._since, at) - 1
        return number if number >= 0 else None

    def live(self, at: datetime) -> Live | None:
        """What readers had at an instant: the newest publication up to it; None before the first."""
        number = self.number_live(at)
        return None if number is None else self.stretch(number)

    def stretches(self, since: datetime, until: datetime) -> list[Live]:
        """Every publication that was live at any moment from `since` to before `until`, oldest first."""
        first = max(bisect_right(self._since, since) - 1, 0)
        found = self._lives[first : bisect_left(self._since, until)]
        return [live for live in found if live.until is None or live.until > max(live.since, since)]

    def publications_after(self, at: datetime) -> Iterable[Live]:
        """Publications later than an instant, oldest first."""
        return (self._lives[number] for number in range(bisect_right(self._since, at), len(self._lives)))

    def state(self, version: str, at: datetime) -> State | None:
        """The newest of what was known of a version by an instant; None if nothing was."""
        states = self._states.get(version, [])
        number = bisect_right(states, at, key=lambda state: state.known_at) - 1
        return states[number] if number >= 0 else None

    def reaches(self, version: str, as_of: datetime) -> datetime | None:
        """From when on the data of a version was known to be as of `as_of` or later; None if never."""
        for state in self._states.get(version, []):
            if state.as_of >= as_of:
                return state.known_at
        return None

    def partition(self, version: str, label: str) -> Evidence | None:
        """The newest partition row along the chain of parents, the one that tells what the version holds of a label.

        None if no version of the chain ever had that partition.
        """
        lines, place = self._content.get(label), self._places.get(version)
        while lines is not None and place is not None:
            line, position = place
            if line in lines:
                positions, rows = lines[line]
                number = bisect_right(positions, position) - 1
                if number >= 0:
                    return rows[number]
            place = self._lines[line].fork
        return None

    def changes(self, version: str) -> Sequence[Evidence]:
        """The partition rows that a version itself wrote."""
        return self._changes.get(version, ())

    def parent(self, version: str) -> str | None:
        """The version it was made from; None for a first one."""
        return self._parents.get(version)

    @property
    def has_skew(self) -> bool:
        """Whether any publication was written by a machine whose clock differs from the ledger's."""
        return any(row.skew_s for row in self.published)

    @property
    def has_partitions(self) -> bool:
        """Whether any partition was ever recorded."""
        return bool(self._content)

    def _content_key(self, version: str, label: str | None) -> str:
        """The version that wrote what a version holds of a label: equal key, equal content."""
        row = None if label is None else self.partition(version, label)
        return version if row is None or row.version is None else row.version

    def measurement(self, version: str, label: str | None, check: str, definition: str) -> Evidence | None:
        """How a version was measured: the newest row with a number, else the newest attempt that errored, else None.

        A measurement of any version in which that partition is the same counts, in whatever environment it was
        made. Rows of another definition do not count.
        """
        key = self._content_key(version, label)
        rows = self._check(check).by_content.get((label, key), [])
        errored = None
        for row in reversed(rows):
            if _is_of(row, definition):
                if row.outcome == "measured" and row.value is not None:
                    return row
                errored = errored or row
        if errored is None and label is not None:
            # An attempt that failed as a whole could not say for which partitions.
            errored = self.measurement(key, None, check, definition)
            return errored if errored is not None and errored.outcome == "errored" else None
        return errored

    def is_last_attempt_errored(self, version: str, check: str, definition: str) -> bool:
        """Whether the newest attempt to measure a version itself could not be carried out."""
        rows = [row for row in self._check(check).by_version.get(version, ()) if _is_of(row, definition)]
        return bool(rows) and rows[-1].outcome == "errored"

    def attempts(self, check: str, label: str | None) -> Sequence[Evidence]:
        """All rows of a check about a label, of any version, published or not, in order of recording."""
        return self._check(check).by_label.get(label, ())

    def labelled(self, version: str, check: str, definition: str) -> dict[str, Evidence]:
        """The newest rows with a number that were measured on a version itself, by label."""
        return {
            row.label: row
            for row in self._check(check).by_version.get(version, ())
            if row.label is not None and row.outcome == "measured" and _is_of(row, definition)
        }


def _is_of(row: Evidence, definition: str) -> bool:
    return row.definition is None or row.definition == definition
