"""Where the nodes of a layered picture lie: ranks by longest path, few crossings, the same for the same input.

The method is Sugiyama's: ranks, an order within each rank by barycentres, then places (Sugiyama, Tagawa, Toda 1981).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[str, str]
_PASSES = "\0"
"""What the name of a place begins with where edges only pass."""

SWEEPS = 12
"""How often ranks are put in order, forth and back."""

PASSING = 0.3
"""The height that an edge takes where it passes a rank; a node takes 1."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`places` has rank (from 0, left to right) and height (from 0, in units of a row) of each node.

    `paths` has for each edge the heights that it passes, one for each rank from its first to its last.
    """

    places: Mapping[str, tuple[int, float]]
    paths: Mapping[Edge, tuple[float, ...]]
    rows: float

    @property
    def ranks(self) -> int:
        return 1 + max((rank for rank, _ in self.places.values()), default=-1)


def longest_path(nodes: Iterable[str], edges: Iterable[Edge], least: Mapping[str, int] | None = None) -> dict[str, int]:
    """The rank of each node: one more than the greatest of those that lead to it, and not below its `least`.

    >>> longest_path("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    {'a': 0, 'b': 1, 'c': 2}

    ValueError where edges lead in a circle.
    """
    names = list(nodes)
    above: dict[str, list[str]] = {name: [] for name in names}
    for origin, target in edges:
        above[target].append(origin)
    ranks: dict[str, int] = {}
    open_: set[str] = set()

    def rank(name: str) -> int:
        if name in ranks:
            return ranks[name]
        if name in open_:
            raise ValueError(f'"{name}" leads to itself')
        open_.add(name)
        found = max((rank(each) + 1 for each in above[name]), default=0)
        open_.discard(name)
        ranks[name] = max(found, (least or {}).get(name, 0))
        return ranks[name]

    for name in names:
        rank(name)
    return {name: ranks[name] for name in names}


def lay_out(ranks: Mapping[str, int], edges: Iterable[Edge]) -> Layout:
    """Places for nodes of known ranks. Each edge leads to a greater rank; where it passes others it gets a place there,
    one for all edges of the same origin, which part as late as they can.
    """
    wanted = list(dict.fromkeys(edge for edge in edges if ranks[edge[0]] < ranks[edge[1]]))
    columns: list[list[str]] = [[] for _ in range(1 + max(ranks.values(), default=-1))]
    for name, rank in ranks.items():
        columns[rank].append(name)
    chains: dict[Edge, list[str]] = {}
    links: list[Edge] = []
    for origin, target in wanted:
        chain = [origin]
        for rank in range(ranks[origin] + 1, ranks[target]):
            chain.append(f"{_PASSES}{rank}{_PASSES}{origin}")
            if chain[-1] not in columns[rank]:
                columns[rank].append(chain[-1])
        chain.append(target)
        chains[origin, target] = chain
        links += pairwise(chain)
    before, after = _beside(dict.fromkeys(links))
    order = _ordered(columns, before, after)
    heights = _heights(order, before, after)
    places = {name: (rank, heights[name]) for name, rank in ranks.items()}
    paths = {edge: tuple(heights[name] for name in chain) for edge, chain in chains.items()}
    return Layout(places, paths, 1 + max(heights.values(), default=-1))


def crossings(layout: Layout) -> int:
    """How many pairs of edges cross, where both lie between the same two ranks."""
    steps: dict[int, list[tuple[float, float]]] = {}
    for (origin, _), path in layout.paths.items():
        first = layout.places[origin][0]
        for number, (here, there) in enumerate(pairwise(path)):
            steps.setdefault(first + number, []).append((here, there))
    return sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for found in steps.values()
        for number, one in enumerate(found)
        for other in found[:number]
    )


def _beside(links: Iterable[Edge]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for origin, target in links:
        before.setdefault(target, []).append(origin)
        after.setdefault(origin, []).append(target)
    return before, after


def _ordered(
    columns: Sequence[list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> list[list[str]]:
    """The best of all sweeps: that with the fewest crossings, the first among equals."""
    order = [list(column) for column in columns]
    best, fewest = [list(column) for column in order], _crossed(order, after)
    for sweep in range(SWEEPS):
        is_forth = sweep % 2 == 0
        beside = before if is_forth else after
        numbers = range(1, len(order)) if is_forth else range(len(order) - 2, -1, -1)
        for number in numbers:
            fixed = order[number - 1 if is_forth else number + 1]
            at = {name: place for place, name in enumerate(fixed)}
            order[number] = _by_barycentre(order[number], beside, at)
        found = _crossed(order, after)
        if found < fewest:
            best, fewest = [list(column) for column in order], found
    return best


def _by_barycentre(column: list[str], beside: Mapping[str, list[str]], at: Mapping[str, int]) -> list[str]:
    def centre(entry: tuple[int, str]) -> tuple[float, int]:
        number, name = entry
        found = [at[each] for each in beside.get(name, ()) if each in at]
        return (sum(found) / len(found) if found else float(number), number)

    return [name for _, name in sorted(enumerate(column), key=centre)]


def _crossed(order: Sequence[Sequence[str]], after: Mapping[str, list[str]]) -> int:
    total = 0
    for here, there in pairwise(order):
        at = {name: place for place, name in enumerate(there)}
        ends = [sorted(at[each] for each in after.get(name, ()) if each in at) for name in here]
        seen: list[int] = []
        for found in ends:
            total += sum(1 for end in found for other in seen if other > end)
            seen += found
    return total


def _heights(
    order: Sequence[Sequence[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> dict[str, float]:
    """Each node as near to the middle of what it is linked to as its neighbours in the rank allow."""
    heights: dict[str, float] = {}
    tops = [_tops(column) for column in order]
    tallest = max((top[-1] for top in tops if top), default=0.0)
    for column, top in zip(order, tops, strict=True):
        heights |= {name: height + (tallest - top[-1]) / 2 for name, height in zip(column, top, strict=True)}
    for sweep in range(SWEEPS):
        columns = list(zip(order, tops, strict=True))
        for column, top in columns if sweep % 2 == 0 else reversed(columns):
            wanted = []
            for name in column:
                found = [heights[each] for each in (*before.get(name, ()), *after.get(name, ()))]
                wanted.append(sum(found) / len(found) if found else heights[name])
            heights |= zip(column, _apart(wanted, top), strict=True)
    least = min(heights.values(), default=0.0)
    return {name: round(height - least, 3) for name, height in heights.items()}


def _tops(column: Sequence[str]) -> list[float]:
    """The least heights of a rank's nodes, in order, so that none touches the next."""
    sizes = [PASSING if name.startswith(_PASSES) else 1.0 for name in column]
    found: list[float] = []
    for number, size in enumerate(sizes):
        found.append(found[-1] + (sizes[number - 1] + size) / 2 if found else 0.0)
    return found


def _apart(wanted: Sequence[float], tops: Sequence[float]) -> list[float]:
    """Heights nearest to the wanted ones, in their order, as far apart as `tops` are (pool adjacent violators)."""
    blocks: list[tuple[float, int]] = []
    for want, top in zip(wanted, tops, strict=True):
        total, count = want - top, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            other, others = blocks.pop()
            total, count = total + other, count + others
        blocks.append((total, count))
    shifts = [total / count for total, count in blocks for _ in range(count)]
    return [shift + top for shift, top in zip(shifts, tops, strict=True)]
