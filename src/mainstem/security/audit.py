"""What is written down about data that left, or was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from mainstem.core.canonical import digest
from mainstem.core.clock import instant_text


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One answer, or one refusal, of the access gate.

    `decision`: allowed | refused (by a rule) | failed (in the engine, before anything left). `reasons` are the codes
    of a refusal or failure. `release` is its id, None where the exit reads none. `columns` has the tagged columns of
    each dataset read, with their treatment. `query` is the digest of the text, which may quote values itself.
    `rows` is the number of rows that left. `role` and `purpose` are None for the operator of this machine.
    """

    at: datetime
    principal: str
    exit: str
    decision: str
    query: str
    release: str | None = None
    datasets: tuple[str, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rows: int = 0
    truncated: bool = False
    reasons: tuple[str, ...] = ()
    role: str | None = None
    purpose: str | None = None

    def facts(self) -> dict[str, Any]:
        """The row as JSON data, for the ledger."""
        facts = {each.name: getattr(self, each.name) for each in fields(self)}
        columns = {name: dict(treated) for name, treated in self.columns.items()}
        lists = {"datasets": list(self.datasets), "reasons": list(self.reasons)}
        return {**facts, **lists, "columns": columns, "at": instant_text(self.at)}


@lru_cache(maxsize=1024)
def query_digest(text: str) -> str:
    """The digest that stands for a query's text; white space does not count."""
    return digest(text.encode(errors="replace").decode())
