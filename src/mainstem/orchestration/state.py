"""Where an environment stands before a run: released versions, finished but unpublished ones, and what to build on."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mainstem.core.dataset import Dataset, Model, SqlFacts
from mainstem.core.ports import Ledger
from mainstem.core.project import Macro
from mainstem.core.release import Field, Release, Version
from mainstem.orchestration.macros import used_macros
from mainstem.sql.clock import bind_clock


@dataclass(frozen=True, slots=True)
class State:
    """An environment at the beginning of a plan.

    `bases` maps each dataset to the version that the next run continues from: the newest finished one if no
    publication, promotion or rollback came after it, else the released one. `pending` are those whose base is
    finished but in no release. `forks` are those whose physical table has moved on past the base (a rollback), so
    that an appending step must go on in a table of its own. `held` has, by dataset and version id, the marks of the
    checks and probes that a version was held to. `looked` has, likewise, where the last read ended that found
    nothing beyond the version: a source may move without a row being another.
    """

    env: str
    release: Release | None
    bases: Mapping[str, Version]
    pending: frozenset[str]
    forks: frozenset[str]
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)
    looked: Mapping[tuple[str, str], Any] = field(default_factory=dict)

    def fields(self) -> dict[str, tuple[Field, ...]]:
        """The columns of every dataset that exists."""
        return {name: version.fields for name, version in self.bases.items()}


def read_state(ledger: Ledger, env: str) -> State:
    """The state of an environment; an empty one where nothing was ever published."""
    release = ledger.current(env)
    bases: dict[str, Version] = dict(release.versions) if release else {}
    pending: set[str] = set()
    forks: set[str] = set()
    for name, head in ledger.heads(env).items():
        if head.is_pending:
            bases[name] = head.version
            pending.add(name)
        elif (name in bases and head.version.table and head.version.id != bases[name].id) or name not in bases:
            forks.add(name)
    known = (*(release.versions.values() if release else ()), *(bases[name] for name in pending))
    held = ledger.held({(version.dataset, version.id) for version in known})
    looked = ledger.looked({(version.dataset, version.id) for version in known if version.position is not None})
    return State(env, release, bases, frozenset(pending), frozenset(forks), held, looked)


def skip_key(meaning: str, inputs: Mapping[str, str]) -> str:
    """Equal key, equal content: what is made, and of what."""
    text = repr((meaning, sorted(inputs.items())))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def model_skip_key(
    dataset: Dataset,
    facts: SqlFacts,
    inputs: Mapping[str, str],
    when: tuple[datetime, str, Sequence[Macro]],
) -> str:
    """The skip key of a model: what it reads, by name, and behind the last colon its own meaning.

    `when` is the run's clock, the zone and the macros: they count where the text reads them. A model that reads
    only the date is the same all day.
    """
    meaning = _meaning(dataset, facts, when)
    return f"{skip_key(meaning, inputs)}:{meaning}"


def means_the_same(
    version: Version, dataset: Dataset, facts: SqlFacts, when: tuple[datetime, str, Sequence[Macro]]
) -> bool:
    """Whether a model's version was made by what its text means today, over whatever inputs."""
    return version.skip_key.rpartition(":")[2] == _meaning(dataset, facts, when)


def _meaning(dataset: Dataset, facts: SqlFacts, when: tuple[datetime, str, Sequence[Macro]]) -> str:
    """A digest of a model's kind, text and time column, and of the macros, variables and clock that it uses."""
    model = dataset.made_by
    assert isinstance(model, Model)
    now, zone, macros = when
    clock = bind_clock(model.sql, now, zone) if facts.reads_clock else ""
    by = (dataset.key, model.effective) if model.as_load else ()
    values = [repr(each) for each in model.variables.values()]
    called = [macro.text for macro in used_macros(model.sql, macros)]
    text = repr((model.kind, facts.fingerprint, dataset.time_column, called, values, by, clock))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def only(state: State, chosen: Collection[str]) -> State:
    """The state for a run of some datasets: all others are as released, whatever is finished and unpublished."""
    released = state.release.versions if state.release else {}
    bases = {name: version for name, version in state.bases.items() if name in chosen}
    bases |= {name: version for name, version in released.items() if name not in chosen}
    return replace(state, bases=bases, pending=state.pending & frozenset(chosen))
