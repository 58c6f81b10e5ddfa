"""Sends changes batch by batch, so that a kill between any two lines leads to the same end.

intend -> send -> acknowledge. A batch that was sent and not acknowledged is sent once more, which changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from mainstem.core import crash
from mainstem.core.delivery import Row, RowsRefusedError
from mainstem.core.targets import Target
from mainstem.lifecycle.serving.acknowledged import Acknowledged
from mainstem.lifecycle.serving.changes import Changes

BATCH_ROWS = 500

T = TypeVar("T")
Keyed = tuple[bytes, Row]
"""Digest of key, and what is sent: a row, or the key of one that is deleted."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Rows that arrived, and rows that were not taken by the words of the other system."""

    inserts: int
    updates: int
    deletes: int
    refused: Mapping[str, int]


def send(changes: Changes, target: Target, sent: Acknowledged, output: str, digest_of: Callable[[Row], bytes]) -> Sent:
    """Deletes first, since a new row may take the place of one that is gone; then rows, in batches.

    Rows that are not taken are found by halving their batch; the others of it arrive. WorldError ends it where it is:
    what was acknowledged stays so.
    """
    refused: Counter[str] = Counter()
    deletes = inserts = updates = 0
    no_rows: dict[bytes, bytes | None] = dict.fromkeys(changes.deletes)
    for keys in _batches(_there(changes.deletes, target, sent, digest_of)):
        taken, words = _send_batch(keys, target.delete, no_rows, sent, output)
        deletes += len(taken)
        refused.update(words)
    wanted = {**changes.inserts, **changes.updates}
    digests = {key: each.digest for key, each in wanted.items()}
    held = changes.unsure & {digest_of(row) for row in target.keys_there()} if changes.unsure else frozenset[bytes]()
    for rows in _batches([(key, each.row) for key, each in wanted.items()]):
        taken, words = _send_batch(rows, target.write, digests, sent, output)
        inserts += len(taken & changes.inserts.keys() - held)
        updates += len(taken & changes.updates.keys() | taken & held)
        refused.update(words)
    return Sent(inserts, updates, deletes, dict(refused))


def _send_batch(
    batch: Sequence[Keyed],
    write: Callable[[Sequence[Row]], None],
    after: Mapping[bytes, bytes | None],
    sent: Acknowledged,
    output: str,
) -> tuple[set[bytes], Counter[str]]:
    """One batch by the three steps; the keys that were taken. `after` is the digest of each row then, None: gone.

    What was known of those that are refused is known of them still.
    """
    before = sent.intend(key for key, _ in batch)
    crash.point("before-send", output)
    taken, words = _halved(write, batch)
    crash.point("after-send", output)
    keys = {key for key, _ in taken}
    known = {key: digest for key, digest in before.items() if key not in keys}
    held = {key: digest for key in keys if (digest := after[key]) is not None}
    sent.acknowledge(held | known, {key for key, _ in batch} - held.keys() - known.keys())
    crash.point("after-acknowledge", output)
    return keys, words


def _there(
    gone: frozenset[bytes], target: Target, sent: Acknowledged, digest_of: Callable[[Row], bytes]
) -> list[Keyed]:
    """The keys that are to be deleted, from the table itself; those that it does not hold any more are forgotten."""
    if not gone:
        return []
    found = [(key, row) for key, row in ((digest_of(row), row) for row in target.keys_there()) if key in gone]
    sent.acknowledge({}, gone - {key for key, _ in found})
    return found


def _halved(write: Callable[[Sequence[Row]], None], rows: Sequence[Keyed]) -> tuple[list[Keyed], Counter[str]]:
    """Rows that were taken, and how many were not, by why; a batch that is refused is halved until one row is left."""
    try:
        write([row for _, row in rows])
    except RowsRefusedError as error:
        if len(rows) == 1:
            return [], Counter([str(error)])
        middle = len(rows) // 2
        first, words = _halved(write, rows[:middle])
        second, more = _halved(write, rows[middle:])
        return first + second, words + more
    return list(rows), Counter()


def _batches(items: Sequence[T]) -> Iterator[list[T]]:
    left = iter(items)
    while batch := list(islice(left, BATCH_ROWS)):
        yield batch
