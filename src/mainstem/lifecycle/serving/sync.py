"""Changed rows, written into an operational system: `serving/syncs/*.yml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mainstem.core.problem import Problem, ProjectError


@dataclass(frozen=True, slots=True)
class Options:
    """Keys of a sync beyond title, owner, needs and `sql` or `from`.

    `to` names the system, `table` its table, `key` the columns that name a row in both. `mode`: upsert (insert new
    rows, update changed ones), insert (new rows only), mirror (as upsert, and delete rows that this sync wrote and that
    are gone). `columns` maps columns here to columns there; those not named keep their names.
    """

    to: str
    table: str
    key: tuple[str, ...]
    mode: Literal["insert", "mirror", "upsert"] = "upsert"
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.key:
            what = "the sync has no key, so a row that is sent again would be there twice"
            raise ProjectError(Problem("V007", what, "name the columns of the key, such as `key: [id]`"))
        doubled = sorted({name for name in self.columns.values() if list(self.columns.values()).count(name) > 1})
        if doubled:
            what = f'two columns are written into "{doubled[0]}"'
            raise ProjectError(Problem("V008", what, 'give each column its own in "columns"'))
