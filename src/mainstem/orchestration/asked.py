"""What is asked of each version of a dataset today: its checks, the probes of requirements; and what of it is new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mainstem.core.canonical import digest
from mainstem.core.dataset import Check, Dataset
from mainstem.lifecycle.requirements.probe import Probe
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.state import State
from mainstem.orchestration.waits import compared_by


@dataclass(frozen=True, slots=True)
class Asked:
    """Checks and probes of a dataset. `again` are ids of checks that only compare with other rows than before."""

    checks: tuple[Check, ...] = ()
    probes: tuple[Probe, ...] = ()
    again: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.checks or self.probes)


def marks(dataset: Dataset, bound: Bound, ids: Mapping[str, str]) -> str:
    """What a version is held to, as one text: a short digest each of the checks and probes of today.

    `ids` are the versions of the datasets that the checks compare with: a check is another one beside other rows.
    """
    found = [_check_mark(check, ids) for check in dataset.checks]
    return " ".join(sorted((*found, *map(_probe_mark, bound.probes.get(dataset.name, ())))))


def unheld(dataset: Dataset, bound: Bound, state: State, ids: Mapping[str, str]) -> Asked:
    """What is asked today, and the version that the run continues from was never held to; all, where there is none."""
    base = state.bases.get(dataset.name)
    held = set(state.held.get((base.dataset, base.id), "").split()) if base else set()
    beside = {mark.partition(":")[0] for mark in held}
    checks = tuple(check for check in dataset.checks if _check_mark(check, ids) not in held)
    again = tuple(check.id for check in checks if compared_by(check) and _own_mark(check) in beside)
    probes = tuple(probe for probe in bound.probes.get(dataset.name, ()) if _probe_mark(probe) not in held)
    return Asked(checks, probes, again)


def _own_mark(check: Check) -> str:
    return _short([check.id, check.kind, check.options, check.severity, check.per])


def _check_mark(check: Check, ids: Mapping[str, str]) -> str:
    others = sorted(compared_by(check))
    return f"{_own_mark(check)}:{_short([(name, ids.get(name)) for name in others])}" if others else _own_mark(check)


def _probe_mark(probe: Probe) -> str:
    return _short([probe.id, probe.definition])


def _short(value: object) -> str:
    """Sixteen digits of a digest: enough for the few checks of one dataset."""
    return digest(value)[7:23]


def in_words(asked: Asked) -> str:
    """Why a version is measured that stays as it is."""
    new = [check for check in asked.checks if check.id not in asked.again]
    if new:
        return f"held to {'a new check' if len(new) == 1 else 'new checks'} {listed([check.id for check in new])}"
    if asked.again:
        others = dict.fromkeys(name for check in asked.checks for name in compared_by(check))
        return f"its checks compare with {listed(list(others))}, which moves"
    return f"a requirement asks for {listed([probe.id for probe in asked.probes])}"


def listed(names: Sequence[str]) -> str:
    """The first three names, and how many more there are."""
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
