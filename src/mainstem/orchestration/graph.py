"""The graph of datasets: who reads whom, and an order in which all of them can be made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def in_order(inputs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Every name after all of its inputs; ties keep the order of `inputs`. Names in a cycle are left out."""
    waiting = {name: {parent for parent in parents if parent in inputs} for name, parents in inputs.items()}
    children: dict[str, list[str]] = {name: [] for name in inputs}
    for name, parents in waiting.items():
        for parent in parents:
            children[parent].append(name)
    ready = [name for name, parents in waiting.items() if not parents]
    order: list[str] = []
    for name in ready:  # grows while it is walked
        order.append(name)
        for child in children[name]:
            waiting[child].discard(name)
            if not waiting[child]:
                ready.append(child)
    return tuple(order)


def one_cycle(inputs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """A cycle as a path whose last name reads its first, () where there is none."""
    left = set(inputs) - set(in_order(inputs))
    # Every name left has an input that is left too, or hangs below such a name: walking up must come round.
    path: list[str] = []
    name = next((n for n in inputs if n in left and any(parent in left for parent in inputs[n])), None)
    while name is not None and name not in path:
        path.append(name)
        name = next(parent for parent in inputs[name] if parent in left)
    return tuple(reversed(path[path.index(name) :])) if name is not None else ()


def ancestors(inputs: Mapping[str, Sequence[str]], order: Sequence[str]) -> dict[str, frozenset[str]]:
    """The strict ancestors of every name; `order` as from `in_order`."""
    found: dict[str, frozenset[str]] = {}
    for name in order:
        above: set[str] = set()
        for parent in inputs[name]:
            above |= {parent} | found.get(parent, frozenset())
        found[name] = frozenset(above)
    return found


def below(inputs: Mapping[str, Sequence[str]], names: Iterable[str], order: Sequence[str]) -> frozenset[str]:
    """`names` and everything that reads them, directly or not."""
    found = set(names)
    for name in order:
        if not found.isdisjoint(inputs[name]):
            found.add(name)
    return frozenset(found)


def above(inputs: Mapping[str, Sequence[str]], names: Iterable[str], order: Sequence[str]) -> frozenset[str]:
    """`names` and everything that they read, directly or not."""
    found = set(names)
    for name in reversed(order):
        if name in found:
            found.update(inputs[name])
    return frozenset(found)
