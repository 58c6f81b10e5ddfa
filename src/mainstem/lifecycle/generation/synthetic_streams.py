"""Numbers as if by chance that follow from a seed, a name and the number of a row: the same on every machine.

Each stream is two rounds of a 32-bit integer hash (lowbias32, https://github.com/skeeto/hash-prospector) over the
number of the row, each keyed by the stream. Nothing depends on threads, order, or the engine's version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

_MASK = 4294967295
_STEPS = ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1))


@dataclass
class Streams:
    """The streams of one table; `of(name)` is the SQL name of one, a UBIGINT from 0 to 2^32 - 1."""

    seed: str
    _numbers: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> str:
        return f"h{self._numbers.setdefault(name, len(self._numbers))}"

    def unit(self, name: str) -> str:
        """SQL of a number between 0 and 1, neither of which it is."""
        return f"(({self.of(name)} + 0.5e0) * 2.3283064365386963e-10)"

    def below(self, name: str, share: float) -> str:
        """SQL that is true for a share of the rows."""
        return f"({self.of(name)} < {round(share * (_MASK + 1))})"

    def over(self, rows: str) -> str:
        """A SELECT of all columns of `rows` (a SELECT with `n`, the number of a row) and of every stream."""
        keys = [_keys(f"{self.seed}:{name}") for name in self._numbers]
        if not keys:
            return rows
        first = "".join(f", xor(n::ubigint & {_MASK}, {key}) as h{i}" for i, (key, _) in enumerate(keys))
        second = [f"xor(h{i}, ((n::ubigint >> 32) + {key}) & {_MASK})" for i, (_, key) in enumerate(keys)]
        query = _mixed(f"select *{first} from ({rows})", len(keys))
        return _mixed(_replaced(second, query), len(keys))


def _keys(name: str) -> tuple[int, int]:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")


def _mixed(query: str, count: int) -> str:
    """One round over every stream, a step a query, so that nothing is computed twice."""
    for shift, factor in _STEPS:
        query = _replaced([f"(xor(h{i}, h{i} >> {shift}) * {factor}) & {_MASK}" for i in range(count)], query)
    return query


def _replaced(values: Sequence[str], query: str) -> str:
    return f"select * replace ({', '.join(f'{value} as h{i}' for i, value in enumerate(values))}) from ({query})"
