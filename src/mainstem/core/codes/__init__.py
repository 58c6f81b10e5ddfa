"""Every code of a Problem, with its explanation: the registry behind `mainstem explain` and `docs/errors/`.

A code is the letter of its owner and three digits, and is never reused.
"""

from __future__ import annotations

from collections.abc import Mapping

from mainstem.core.codes import (
    branches,
    cli,
    dataops,
    engines,
    generation,
    governance,
    imports,
    ingestion,
    ledger,
    orchestration,
    project,
    requirements,
    security,
    serving,
    sql,
    storage,
    transformation,
)
from mainstem.core.codes.code import Code

_OWNERS = (
    branches,
    cli,
    dataops,
    engines,
    generation,
    governance,
    imports,
    ingestion,
    ledger,
    orchestration,
    project,
    requirements,
    security,
    serving,
    sql,
    storage,
    transformation,
)

CODES: Mapping[str, Code] = dict(sorted((code, text) for owner in _OWNERS for code, text in owner.CODES.items()))
"""Every code, sorted."""
