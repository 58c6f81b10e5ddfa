"""Every code of a Problem, with its explanation: the registry behind `mainstem explain` and `docs/errors/`.

A code is the letter of its owner and three digits, and is never reused: P project, Q sql, S security, M governance,
E engines, L ledger, R requirements, G generation, I ingestion, K storage, T binding and transformation, V serving,
O orchestration, C command line.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`title` is one line. `why` says what the rule protects. `mend` says how to get past it, with an example if short."""

    title: str
    why: str
    mend: str


CODES: dict[str, Code] = {
    # P: project text
    "P001": Code(
        "A kind that does not exist",
        "Kinds of sources, checks, measures and outputs are found by name, among those that are installed.",
        "Use one of the listed kinds, or install the package that brings the kind.",
    ),
    # Q: SQL text
    # S: security
    # M: governance (checks)
    # E: engines
    # L: ledger
    # R: requirements
    # G: generation (sources)
    # I: ingestion
    # K: storage
    # T: binding and transformation
    # V: serving
    # O: orchestration
    # C: command line
}
