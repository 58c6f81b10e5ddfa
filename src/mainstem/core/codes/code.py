"""What is said about a code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`title` is one line. `why` says what the rule protects.

    `mend` says how to get past it, with an example where one is short.
    """

    title: str
    why: str
    mend: str
