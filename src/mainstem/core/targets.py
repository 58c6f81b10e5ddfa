"""The port of systems that rows are written to. Implementations are found by name (`kinds.py`), never imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from mainstem.core.dataset import Source
from mainstem.core.delivery import Destination, Row


class Target(Protocol):
    """One table of another system, open for the rows of one sync. Rows and keys are in the order of the destination.

    `address` says which system it is, so that what was acknowledged by one is not taken for another's; it is the same
    when the project's folder moves together with the system.
    Every method raises WorldError V036 when the system cannot be used.
    """

    address: str

    def values(self, row: Row) -> Row:
        """A row of the answer as the system takes it: a date as text where it knows no dates."""
        ...

    def stored(self, keys: Sequence[Row]) -> list[Row]:
        """The keys as the table would give them back. Writes nothing that stays."""
        ...

    def keys_there(self) -> list[Row]:
        """The keys of all rows that are there, whoever wrote them."""
        ...

    def write(self, rows: Sequence[Row]) -> None:
        """All rows in one transaction, or none; twice does what once does. RowsRefusedError if one is not taken."""
        ...

    def delete(self, keys: Sequence[Row]) -> None:
        """The rows of these keys, in one transaction, or none; one that is gone is no error. RowsRefusedError."""
        ...

    def close(self) -> None: ...


class TargetKind(Protocol):
    """A kind of system that rows are written to, under the name of the kind of source that it is.

    One file in `lifecycle/serving/targets`, one entry point in group `mainstem.targets`.
    """

    def open(self, source: Source, destination: Destination, root: Path, *, writes: bool) -> Target:
        """The table, after everything about it was checked; without `writes` nothing can be changed.

        WorldError: V033 table or columns do not fit, V034 its key does not name one row, V036 it cannot be used.
        """
        ...
