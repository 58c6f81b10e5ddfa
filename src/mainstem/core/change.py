"""What a plan says of a step beside its reason: what is another, whom that reaches, what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that is another than in the version before.

    `what`: added | removed | retyped | remade (made in another way, of the same type) | rows (of the column "*": which
    rows there are is decided in another way). `was` and `becomes` are types, None where there is no such column.
    """

    name: str
    what: str
    was: str | None = None
    becomes: str | None = None

    @property
    def is_breaking(self) -> bool:
        """Whoever reads it may not be able to any more."""
        return self.what in ("removed", "retyped")


@dataclass(frozen=True, slots=True)
class Breaking:
    """A column that vanishes or gets another type, and who read it: datasets, outputs, requirements, people."""

    dataset: str
    column: ColumnChange
    datasets: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a step, or all steps of a plan, came to the last time; None where that is not known.

    `rows` and `size_bytes` are those of the versions before, `seconds` those of the last time that it committed.
    `cost` of computing and `storage_month` are in the project's currency. `unknown` counts steps without seconds.
    """

    rows: int | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    cost: Decimal | None = None
    storage_month: Decimal | None = None
    unknown: int = 0
