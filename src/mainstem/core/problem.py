"""What is wrong, where, and what to do about it: the one shape of every message.

    MainstemError            carries one or more Problems
      ProjectError           wrong text: the project, an option, an id; raised before data is touched (exit code 2)
      WorldError             wrong world: network, rows, engine, lock; becomes a Failure of one step (exit code 1)

Any other exception is a bug of ours and is shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from mainstem.core.place import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `what` is a fact in the present tense, names in double quotes. `mend` is an order that the reader can carry
    out, or a list of what exists. `place` is None where no text is to blame. `code` is a key of `codes.CODES`.
    """

    code: str
    what: str
    mend: str
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.code} {self.what} (mend: {self.mend})"


class MainstemError(Exception):
    """Carries every problem found; never empty."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems: tuple[Problem, ...] = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class ProjectError(MainstemError):
    """The text is wrong: the project, an option, an id. Nothing was touched."""


class WorldError(MainstemError):
    """The world is wrong: a file, a server, a row, a lock. What was done before stays."""


def raise_all(problems: Iterable[Problem]) -> None:
    """Raise one ProjectError with all problems, in the order of their places, or return if there is none."""
    found = tuple(sorted(problems, key=lambda problem: (problem.place or Place(""), problem.code)))
    if found:
        raise ProjectError(*found)


def nearest(word: str, known: Sequence[str], *, kind: str) -> str:
    """A mend for a word that does not exist: the nearest name, and what there is.

    >>> nearest("amout", ["amount", "id"], kind="columns")
    'did you mean "amount"? columns are: amount, id'
    """
    names = ", ".join(sorted(known)[:12]) + (", ..." if len(known) > 12 else "")
    listed = f"{kind} are: {names}" if known else f"there are no {kind}"
    close = get_close_matches(word, known, n=1)
    return f'did you mean "{close[0]}"? {listed}' if close else listed
