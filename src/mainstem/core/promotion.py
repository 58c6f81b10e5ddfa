"""What a promotion is: the errand of a run that makes an environment's next release out of a branch's versions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promotion:
    """Versions of `branch` are adopted where they are what the text of today makes; the rest is built.

    `adopted` names their datasets, once that is known.
    """

    branch: str
    adopted: frozenset[str] = frozenset()
