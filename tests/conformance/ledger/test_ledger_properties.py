"""Whatever the history of publications and rollbacks, an environment holds what a plain mapping would."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_world import AT, KINDS, address, minutes, open_at, release, version

from mainstem.core.release import Release

NAMES = [f"marts.{letter}" for letter in "abcd"]

publications = st.tuples(
    st.just("publish"),
    st.sampled_from(["prod", "dev"]),
    st.dictionaries(st.sampled_from(NAMES), st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=4),
)
moves = st.tuples(st.just("move"), st.sampled_from(["prod", "dev"]), st.integers(0, 30))
reopenings = st.tuples(st.just("reopen"), st.none(), st.none())


@dataclass
class Model:
    """What the ledger should say."""

    made: list[Release] = field(default_factory=list)
    stands: dict[str, Release] = field(default_factory=dict)

    def of(self, env: str) -> list[Release]:
        return [release for release in self.made if release.env == env]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.one_of(publications, publications, moves, reopenings), max_size=14))
def test_current_and_past_releases_equal_a_plain_model(kind: str, steps: list[tuple[str, str, object]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        where = address(kind, Path(folder))
        ledger, model = open_at(where), Model()
        for action, env, what in steps:
            before = model.stands.get(env)
            if action == "reopen":
                ledger.close()
                ledger = open_at(where)
            elif action == "publish":
                assert isinstance(what, dict)
                versions = [version(name, number, as_of=minutes(at)) for name, (number, at) in what.items()]
                made = release(len(model.made) + 1, versions, before, env=env)
                ledger.publish(made, [], before.id if before else None)
                model.made.append(made)
                model.stands[env] = made
            elif before is not None:
                assert isinstance(what, int)
                target = model.of(env)[what % len(model.of(env))]
                ledger.move(env, target.id, [], AT, before.id)
                model.stands[env] = target
            for name in ("prod", "dev"):
                assert ledger.current(name) == model.stands.get(name)
        for name in ("prod", "dev"):
            assert ledger.releases(name, 100) == model.of(name)[::-1]
        assert [ledger.release(made.id) for made in model.made] == model.made
        assert ledger.next_release_number() == len(model.made) + 1
        assert ledger.check() == []
        ledger.close()
