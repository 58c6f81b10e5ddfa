"""The map's nodes lie in layers, do not touch, and lie there again the next time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.console.layout import PASSING, crossings, lay_out, longest_path

DIAMOND = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]


def test_ranks_are_longest_paths() -> None:
    assert longest_path("abcd", [*DIAMOND, ("a", "d")]) == {"a": 0, "b": 1, "c": 1, "d": 2}
    assert longest_path("ab", [], {"b": 3}) == {"a": 0, "b": 3}
    with pytest.raises(ValueError, match="leads to itself"):
        longest_path("ab", [("a", "b"), ("b", "a")])


def test_crossings_are_undone() -> None:
    edges = [("a", "y"), ("b", "x"), ("c", "z")]
    layout = lay_out({"a": 0, "b": 0, "c": 0, "x": 1, "y": 1, "z": 1}, edges)
    assert crossings(layout) == 0


def test_a_node_lies_in_the_middle_of_what_it_is_linked_to() -> None:
    layout = lay_out(longest_path("abcd", DIAMOND), DIAMOND)
    heights = {name: height for name, (_, height) in layout.places.items()}
    assert heights["a"] == pytest.approx((heights["b"] + heights["c"]) / 2)
    assert abs(heights["b"] - heights["c"]) >= 1


def test_a_long_edge_has_a_place_in_each_rank_that_it_passes() -> None:
    edges = [("a", "b"), ("b", "c"), ("a", "c")]
    layout = lay_out(longest_path("abc", edges), edges)
    path = layout.paths["a", "c"]
    assert len(path) == 3
    assert abs(path[1] - layout.places["b"][1]) >= (1 + PASSING) / 2 - 1e-6


def test_nothing_is_a_layout_too() -> None:
    layout = lay_out({}, [])
    assert (layout.ranks, layout.rows) == (0, 0)


graphs = st.integers(1, 18).flatmap(
    lambda count: st.lists(
        st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] < pair[1]),
        max_size=40,
    ).map(lambda pairs: ([f"n{n}" for n in range(count)], [(f"n{a}", f"n{b}") for a, b in pairs]))
)


@settings(deadline=None)
@given(graphs)
def test_nodes_of_a_rank_never_touch_and_a_layout_is_repeatable(graph: tuple[list[str], list[tuple[str, str]]]) -> None:
    names, edges = graph
    ranks = longest_path(names, edges)
    layout = lay_out(ranks, edges)
    assert all(layout.places[origin][0] < layout.places[target][0] for origin, target in edges)
    by_rank: dict[int, list[float]] = {}
    for rank, height in layout.places.values():
        by_rank.setdefault(rank, []).append(height)
    for heights in by_rank.values():
        heights.sort()
        assert all(there - here >= 1 - 1e-3 for here, there in pairwise(heights))
    assert min(height for _, height in layout.places.values()) >= 0
    assert lay_out(ranks, edges) == layout
