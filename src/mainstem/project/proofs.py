"""Proofs of a functional requirement: how what it promises is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mainstem.core.problem import Problem, nearest
from mainstem.core.requirement import Proof
from mainstem.project.nodes import Items, Node, Text, as_keys, plain
from mainstem.project.scalars import DURATION
from mainstem.project.shape import shape


@dataclass(frozen=True, slots=True)
class Answers:
    """`as_` is the stakeholder in whose role it is asked. `max_age` is how old the proof may become.

    `with_` gives parameters their values: a value as a reader would write it, or a SELECT of one value, such as
    `{day: select max(flight_date) from marts.worst_routes}`. The others have their defaults.
    """

    answers: str
    as_: str | None = None
    with_: Mapping[str, str] | None = None
    max_age: str | None = None


@dataclass(frozen=True, slots=True)
class Returns:
    """What the rows of an output, or of one of its blocks (`output#block`), must be like.

    `rows`: how many there are. `not_null`: columns that have a value in every row, and there is a row; a value that is
    hidden from the reader is none. `same_as`: another SELECT, which gives the same rows of its columns, in any order.
    """

    returns: str
    rows: int | None = None
    not_null: tuple[str, ...] = ()
    same_as: str | None = None
    as_: str | None = None
    with_: Mapping[str, str] | None = None
    max_age: str | None = None


@dataclass(frozen=True, slots=True)
class Tested:
    """A unit test of a model, by its name."""

    test: str
    max_age: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stakeholder has looked at it and said that it is what was asked for."""

    accepted_by: str
    max_age: str | None = None


PROOFS: Mapping[str, type] = {"answers": Answers, "returns": Returns, "test": Tested, "accepted_by": Accepted}
"""The sorts of proof, by the key that names them."""


def read_proofs(node: Node | None, problems: list[Problem]) -> tuple[Proof, ...]:
    """The proofs of a requirement, in order."""
    if node is None:
        return ()
    items = node.items if isinstance(node, Items) else (node,)
    return tuple(proof for item in items if (proof := _read_proof(item, problems)))


def _read_proof(item: Node, problems: list[Problem]) -> Proof | None:
    keys = as_keys(item, "a proof", problems)
    if keys is None:
        return None
    kinds = [name for name in keys.entries if name in PROOFS]
    if len(kinds) != 1:
        first = next(iter(keys.entries), "")
        what = "a proof names what shows it, and just one thing" if kinds else f'"{first}" is no sort of proof'
        problems.append(Problem("P036", what, nearest(first, tuple(PROOFS), kind="sorts of proof"), keys.place))
        return None
    kind = kinds[0]
    made = shape(PROOFS[kind], keys, problems)
    of = keys.get(kind)
    if made is None or not isinstance(of, Text):
        return None
    if made.max_age is not None and (not DURATION.fullmatch(made.max_age) or made.max_age.endswith("mo")):
        what = f'"max_age" is "{made.max_age}", which is no fixed length of time'
        problems.append(Problem("P009", what, "write one such as 90d", keys.key_place("max_age")))
        return None
    return Proof(kind, of.value, keys.place, plain(keys.without(kind)))
