"""Samples of failed rows: small files in the lake, redacted before they are written, read only through the gate."""

from __future__ import annotations

import re
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from mainstem.core.clock import Clock
from mainstem.core.ports import Engine, Ledger, Session
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Field
from mainstem.core.tags import REST, ColumnTags
from mainstem.lifecycle.serving.gate import read
from mainstem.lifecycle.serving.request import LOCAL, Answer, Offer, Request
from mainstem.security.redact import masked_select, redacted
from mainstem.sql.quote import literal, quote

FOLDER = "_mainstem/samples"
"""Where samples lie, below the lake: a folder a day."""

SAMPLE_ROWS = 20
"""Rows of a sample."""

KEPT_DAYS = 30
"""How long samples are kept."""

_NAME = "main.sample"
_PATH = re.compile(re.escape(FOLDER) + r"/\d{4}-\d{2}-\d{2}/[^/\\]+\.parquet")
UNTRACED: ColumnTags = {REST: frozenset({"untraced"})}
"""The tags of columns of which nobody knows where they come from."""


def write_sample(
    lake: Path,
    session: Session,
    failing: str,
    tags: ColumnTags | None,
    name: str,
    at: datetime,
) -> str | None:
    """Store a few rows of `failing` (a SELECT) and return the file's path below the lake; None if there are no rows.

    `tags` are the effective tags of the SELECT's columns: tagged ones are redacted in the file itself. None means that
    nothing is known of where the columns come from: all are redacted. All columns are stored as text. `name` is the
    beginning of the file's name, `at` the instant of the run. WorldError where the engine cannot run the SELECT.
    """
    fields = session.describe(failing)
    masked = masked_select(f"({failing}\n)", fields, redacted(fields, UNTRACED if tags is None else tags))
    shown = ", ".join(f"cast({quote(each.name)} as varchar) as {quote(each.name)}" for each in fields)
    folder = lake / FOLDER / at.date().isoformat()
    prefix = f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)}-{uuid4().hex[:8]}-"
    written = session.write(f"select {shown} from ({masked}) as masked limit {SAMPLE_ROWS}", folder, prefix)
    if not written.files:
        return None
    return f"{FOLDER}/{folder.name}/{written.files[0].path}"


def read_sample(
    engine: Engine,
    lake: Path,
    path: str,
    tags: ColumnTags,
    ledger: Ledger,
    clock: Clock,
    principal: str = LOCAL,
) -> Answer:
    """The rows of a sample, through the gate: what was tagged since is redacted, too.

    `path` is what `write_sample` returned, `tags` the present tags of the dataset. WorldError V002 where the sample
    is gone.
    """
    file = lake / path
    if not _PATH.fullmatch(path) or not file.is_file():
        raise WorldError(
            Problem(
                "V002",
                f'the sample "{path}" is not there',
                f"run the check again; samples are kept for {KEPT_DAYS} days",
            )
        )
    offers = {_NAME: Offer(*_relation(engine, file), (file,), tags)}
    request = Request("sample", "from sample", SAMPLE_ROWS, principal=principal)
    return read(engine, offers, request, ledger, clock)


def _relation(engine: Engine, file: Path) -> tuple[str, tuple[Field, ...]]:
    session = engine.session()
    try:
        fields = session.describe(f"select * from read_parquet([{literal(str(file))}])")
    finally:
        session.close()
    return engine.relation([file], fields), fields


def sweep_samples(lake: Path, now: datetime) -> int:
    """Remove samples older than `KEPT_DAYS`; returns the number of days removed."""
    oldest = now.date() - timedelta(days=KEPT_DAYS)
    removed = 0
    for day in sorted((lake / FOLDER).glob("????-??-??")):
        if _is_before(day.name, oldest):
            shutil.rmtree(day, ignore_errors=True)
            removed += 1
    return removed


def _is_before(name: str, oldest: date) -> bool:
    try:
        return date.fromisoformat(name) < oldest
    except ValueError:
        return False
