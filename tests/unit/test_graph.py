"""The order of datasets."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from mainstem.orchestration.graph import ancestors, below, in_order, one_cycle

graphs = st.dictionaries(
    st.sampled_from("abcdefgh"), st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True), max_size=8
).map(lambda found: {name: tuple(found.get(name, ())) for name in {*found, *chain.from_iterable(found.values())}})


@given(graphs)
def test_every_name_comes_after_its_inputs_or_there_is_a_cycle(inputs: dict[str, tuple[str, ...]]) -> None:
    order = in_order(inputs)
    for position, name in enumerate(order):
        assert set(inputs[name]) <= set(order[:position])
    assert (len(order) == len(inputs)) == (one_cycle(inputs) == ())


@given(graphs)
def test_a_cycle_is_one(inputs: dict[str, tuple[str, ...]]) -> None:
    cycle = one_cycle(inputs)
    for name, reader in zip(cycle, (*cycle[1:], *cycle[:1]), strict=True):
        assert name in inputs[reader]


def test_ancestors_are_all_above() -> None:
    inputs = {"a": (), "b": ("a",), "c": ("b",), "d": ()}
    order = in_order(inputs)
    assert ancestors(inputs, order)["c"] == {"a", "b"}
    assert below(inputs, ["a"], order) == {"a", "b", "c"}
