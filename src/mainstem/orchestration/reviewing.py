"""Rows of a quarantine in somebody's hands: shown through the gate, held to the contract again, discarded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mainstem.core.clock import Clock, instant_text
from mainstem.core.dataset import QUARANTINE, Dataset
from mainstem.core.ports import Engine, Ledger, Session
from mainstem.core.problem import MainstemError, Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.release import Field, Release, Snapshot
from mainstem.core.run import Mended, Review
from mainstem.lifecycle.ingestion import replaying
from mainstem.lifecycle.ingestion.exact_json import dumps, loads
from mainstem.lifecycle.ingestion.mended import match
from mainstem.lifecycle.ingestion.replaying import Reviewed, with_ids
from mainstem.lifecycle.serving.gate import read_each
from mainstem.lifecycle.serving.request import Answer, Offer, Request
from mainstem.lifecycle.storage import tables
from mainstem.lifecycle.storage.quarantine import FIELDS
from mainstem.orchestration.blame import may_quote
from mainstem.orchestration.ground import Ground
from mainstem.orchestration.loading import destination_of
from mainstem.orchestration.opening import open_engine
from mainstem.orchestration.reading import Offers, rules_of, tags_of
from mainstem.security.redact import REDACTED
from mainstem.sql.quote import literal, qualified

_VALUE = r': ("[^"]*"|[^" ,]+)(, ("[^"]*"|[^" ,]+))* (is|does|occurs)'
"""A value in a reason, which rows of the same fault do not share."""


def require_load(project: Project, release: Release | None, name: str) -> None:
    """ProjectError I030 for what has no quarantine: no table of a source, or one that was never loaded."""
    dataset = project.datasets.get(name)
    loads = [each.name for each in project.datasets.values() if each.is_load]
    if dataset is None or not dataset.is_load:
        raise ProjectError(Problem("I030", f'"{name}" is no table of a source', nearest(name, loads, kind="loads")))
    if release is None or name not in release.versions:
        raise ProjectError(Problem("I030", f'"{name}" was never loaded', f"load it with `mainstem run {name}`"))


def review(ground: Ground, session: Session, dataset: Dataset, base: Snapshot) -> Reviewed:
    """What `ground.errand` makes of the quarantine as it stands with `base`; who wanted it is audited before."""
    wanted = ground.errand
    assert isinstance(wanted, Review)
    lease = ground.leases[dataset.name]
    kept = tables.commit_rejects(ground.lake, base)
    files = [ground.lake / kept.table / file.path for file in kept.files] if kept else []
    relation = with_ids(ground.engine.relation(files, FIELDS) if files else _nothing(), ground.ledger.id)
    destination = destination_of(ground, session, lease, base)
    before = _settled_before(ground, session, wanted, relation, kept) if wanted.mended else 0
    if wanted.action == "discard":
        found = replaying.discard(session, relation, base, destination, wanted.reason)
    else:
        rows = None if wanted.mended is None else {name: each.row for name, each in wanted.mended.items()}
        found = replaying.replay(session, dataset, relation, base, destination, ground.clock.now(), rows)
    if before:
        found = replace(found, counts={**found.counts, "settled_before": before})
    if may_quote(ground.tags, (dataset.name,)) and found.reasons:
        found = replace(found, reasons={REDACTED: sum(found.reasons.values())})
    if not found.change.is_empty:
        ground.ledger.audit(_told(ground, wanted, found), ground.clock.now())
    return found


def _settled_before(ground: Ground, session: Session, wanted: Review, relation: str, kept: Snapshot | None) -> int:
    """How many of the mended rows were settled by an earlier replay or discard. ProjectError I036 for the others that
    are no row of the quarantine, and for two that are the same one."""
    mended = wanted.mended or {}
    files = tables.ever_set_aside(ground.lake, kept) if kept else []
    past = with_ids(ground.engine.relation(files, FIELDS) if files else _nothing(), ground.ledger.id)
    matched = match(session, relation, past, list(mended))
    place = ground.project.datasets[wanted.dataset].place
    mend = f"list what is set aside: `mainstem quarantine show {wanted.dataset}`, and correct `id` or `origin`"
    is_hushed = may_quote(ground.tags, (wanted.dataset,))

    def said(name: str) -> str:
        return f"line {mended[name].line}" + ("" if is_hushed else f' ("{name}")')

    problems = [
        Problem("I036", f"{said(name)} of the file names a row that was never set aside", mend, place)
        for name in matched.unknown
    ]
    for one, other in matched.twice:
        what = f"{said(one)} and {said(other)} of the file mend the same row"
        problems.append(Problem("I036", what, "leave one of them", place))
    if problems:
        raise ProjectError(*problems)
    return len(matched.before)


def _nothing() -> str:
    columns = ", ".join(f'cast(null as {each.type}) as "{each.name}"' for each in FIELDS)
    return f"(select {columns} where false)"


def _told(ground: Ground, wanted: Review, found: Reviewed) -> dict[str, Any]:
    return {
        "at": instant_text(ground.clock.now()),
        "principal": wanted.who,
        "exit": None,
        "decision": wanted.action,
        "datasets": [wanted.dataset + QUARANTINE],
        "why": wanted.why,
        "run": ground.run,
        "counts": dict(found.counts),
    }


def read_mended(path: Path) -> dict[str, Mended]:
    """Rows by id or origin, from a file of what `quarantine show --json` prints, one a line or as a list.

    ProjectError I031 where it is something else, I032 where a value is still redacted, I036 where two are the same row.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            _no_rows(path, f"cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8'}")
        ) from error
    mended: dict[str, Mended] = {}
    for number, line in _lines(path, text):
        row = line.get("row")
        which, row = line.get("id") or line.get("origin"), row if isinstance(row, str) else dumps(row)
        if not isinstance(which, str) or not isinstance(_object(row), dict):
            raise ProjectError(_no_rows(path, f'has no "id" or "origin", or no "row", in its row {number}'))
        if which in mended:
            what = f'"{path.name}" mends row "{which}" twice: in its rows {mended[which].line} and {number}'
            raise ProjectError(Problem("I036", what, "leave one of them"))
        if REDACTED in row:
            what, mend = (
                f'row "{which}" holds "{REDACTED}"',
                "print the rows with --clear, and mend those; it is recorded",
            )
            raise ProjectError(Problem("I032", what, mend))
        mended[which] = Mended(row, number)
    return mended


def _lines(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each object with the number of its line, or in the list that the file is."""
    whole = _object(text) if text.lstrip().startswith("[") else None
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    found = enumerate(whole, 1) if isinstance(whole, list) else ((number, _object(line)) for number, line in lines)
    for number, line in found:
        if not isinstance(line, dict):
            raise ProjectError(_no_rows(path, f"has no JSON object in its row {number}"))
        yield number, line


def _object(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return None


def _no_rows(path: Path, what: str) -> Problem:
    mend = "take what `mainstem quarantine show DATASET --clear --json` prints, and mend the `row` of each"
    return Problem("I031", f'"{path.name}" {what}', mend)


class _Shown(Offers):
    """Quarantines with the ids of their rows, which no tag hides: they tell nothing of a row."""

    def __init__(self, engine: Engine, project: Project, release: Release, salt: str) -> None:
        tags = tags_of(project, release)
        super().__init__(engine, project, release, tags)
        self._engine, self._salt = engine, salt

    def __getitem__(self, name: str) -> Offer:
        offer = super().__getitem__(name)
        if not name.endswith(QUARANTINE):
            raise KeyError(name)
        tags = {**offer.tags, "id": frozenset[str]()}
        return Offer(with_ids(offer.relation, self._salt), (Field("id", "VARCHAR"), *FIELDS), offer.files, tags)


def ask_quarantines(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    release: Release,
    sqls: Mapping[str, str],
    limit: int,
    *,
    clear: bool,
) -> dict[str, Answer]:
    """An answer of the gate for each dataset; `sqls` reads its quarantine, which has an `id`, too."""
    engine = open_engine(project)
    try:
        offers = _Shown(engine, project, release, ledger.id)
        asked = [Request("quarantine", sql, limit, clear=clear, release=release.id) for sql in sqls.values()]
        found = read_each(engine, offers, asked, ledger, clock, rules_of(project))
    finally:
        engine.close()
    for each in found:
        if isinstance(each, MainstemError):
            raise each
    return {name: each for name, each in zip(sqls, found, strict=True) if isinstance(each, Answer)}


def list_sql(name: str) -> str:
    """Kinds of reasons in a quarantine: how many rows, since when, and the run that set the newest aside."""
    kind = f"regexp_replace(reason, {literal(_VALUE)}, ': … \\4', 'g')"
    return (
        f'select {kind} as kind, count(*) as rows, min("at") as since, arg_max(run, "at") as run '
        f"from {qualified(name + QUARANTINE)} group by kind order by rows desc, kind"
    )


def show_sql(name: str, reason: str | None) -> str:
    """Rows of a quarantine, oldest first."""
    only = f" where contains(reason, {literal(reason)})" if reason is not None else ""
    return (
        f'select id, reason, origin, run, "at", row from {qualified(name + QUARANTINE)}{only} '
        'order by "at", length(origin), origin, id'
    )
