"""A training set as files: parts by time, and a manifest with which the same bytes can be made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mainstem.core.canonical import digest
from mainstem.core.ports import Session
from mainstem.core.problem import MainstemError, Problem, ProjectError, WorldError
from mainstem.lifecycle.serving.examples import earliest
from mainstem.lifecycle.serving.training import Options, options_of
from mainstem.sql.quote import literal, quote

FILE = "manifest.json"
"""The manifest's name, beside the parts."""

FORMAT = 1

_PARQUET = "format parquet, compression zstd, row_group_size 122880, use_tmp_file false"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what is in a set: the release, the SELECT, what its columns are, under which rules it is read.

    `definition` has the options as written, `zone` is that of local times.
    """

    training: str
    env: str
    release: str
    select: str
    definition: Mapping[str, Any]
    zone: str
    role: str | None = None
    purpose: str | None = None

    @property
    def options(self) -> Options:
        return options_of(self.definition)


def write_set(
    session: Session, rows: Path, folder: Path, recipe: Recipe, versions: Mapping[str, str]
) -> dict[str, Any]:
    """Write the set whose rows are in the Parquet file `rows` into `folder`; returns the manifest.

    The rows of a part are in the order of event and entity. For one recipe and one `session` with one thread the bytes
    are the same each time. `versions` are those that were read, by dataset. WorldError V042 for an example without
    entity or time, V043 for two of the same.
    """
    options = recipe.options
    source = f"read_parquet([{literal(str(rows))}])"
    columns = session.describe(f"select * from {source}")
    _check(session, source, options)
    part = _part(options, recipe.zone)
    parts = [_write_part(session, source, part, name, folder, options) for name in _parts(options)]
    taken = {name: each.from_ for each in options.as_of for name in each.taken.values()}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "training": recipe.training,
        "env": recipe.env,
        "release": recipe.release,
        "versions": dict(sorted(versions.items())),
        "definition": recipe.definition,
        "parameters": {"timezone": recipe.zone, "role": recipe.role, "purpose": recipe.purpose},
        "select": recipe.select,
        "select_digest": digest(recipe.select),
        "columns": [
            {"name": each.name, "type": each.type, "is": _is(options, each.name), "as_of": taken.get(each.name)}
            for each in columns
        ],
        "rows": sum(each["rows"] for each in parts),
        "parts": parts,
        "overlap": _overlap(session, source, part, options),
        "made_with": {"mainstem": version("mainstem"), "duckdb": str(session.rows("select version()")[0][0])},
    }
    manifest["digest"] = digest(manifest)
    text = json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n"
    (folder / FILE).write_text(text, encoding="utf-8")
    return manifest


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest as it was written; ProjectError V046 if it cannot be read, or is none of ours."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _no_manifest(path) from None
    wanted = {"format", "training", "env", "release", "definition", "parameters", "select", "digest"}
    if not isinstance(found, dict) or not wanted <= found.keys() or found["format"] != FORMAT:
        raise _no_manifest(path)
    try:
        ZoneInfo(found["parameters"]["timezone"])
        options_of(found["definition"])
    except (MainstemError, AttributeError, KeyError, OSError, TypeError, ValueError):
        raise _no_manifest(path) from None
    return found


def require_same(made: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """WorldError V047 unless both manifests have one digest."""
    if made["digest"] == wanted["digest"]:
        return
    differing = [key for key in made if key != "digest" and digest(made[key]) != digest(wanted.get(key))]
    what = f"the set that was made is not that of the manifest: {', '.join(differing) or 'its digest'} differ"
    mend = "read `made_with` and `parameters` there: install those versions, restore that policy"
    raise WorldError(Problem("V047", what, mend))


def _no_manifest(path: Path) -> ProjectError:
    what = f'"{path}" is no manifest of a training set'
    return ProjectError(Problem("V046", what, f"name the {FILE} that an export wrote"))


def _check(session: Session, source: str, options: Options) -> None:
    """Examples have an entity and a time, and no two have the same."""
    names = (*options.entity, options.event_time)
    shown = ", ".join(names)
    unknown = " or ".join(f"{quote(name)} is null" for name in names)
    grouped = ", ".join(quote(name) for name in names)
    lacking = int(session.rows(f"select count(*) from {source} where {unknown}")[0][0])
    if lacking:
        what = f"there are examples without a value in one of {shown}: {lacking}"
        mend = (
            "leave such rows out in `sql`; if a rule of policies/access.yml hides the column, read under another role"
        )
        raise WorldError(Problem("V042", what, mend))
    twice = f"select {grouped} from {source} group by all having count(*) > 1"
    doubled = int(session.rows(f"select count(*) from ({twice})")[0][0])
    if doubled:
        what = f"there is more than one example of the same {shown}, so often: {doubled}"
        raise WorldError(Problem("V043", what, "keep one row of each in `sql`, or add a column to `entity`"))


def _parts(options: Options) -> tuple[str, ...]:
    return tuple(name for name, _ in options.split.bounds) if options.split else ("examples",)


def _part(options: Options, zone: str) -> str:
    """The part that a row belongs to, as SQL."""
    if options.split is None:
        return literal("examples")
    event = earliest(f"source.{quote(options.event_time)}", zone)
    bounds = [(name, end) for name, end in options.split.bounds if end is not None]
    cases = (f"when {event} < {literal(end.replace(tzinfo=ZoneInfo(zone)))} then {literal(n)}" for n, end in bounds)
    return f"case {' '.join(cases)} else 'test' end"


def _write_part(session: Session, source: str, part: str, name: str, folder: Path, options: Options) -> dict[str, Any]:
    file = folder / f"{name}.parquet"
    order = ", ".join(quote(each) for each in (options.event_time, *options.entity))
    select = f"select source.* from {source} as source where {part} = {literal(name)} order by {order}"
    session.execute(f"copy ({select}) to {literal(str(file))} ({_PARQUET})")
    event = f"cast({quote(options.event_time)} as varchar)"
    seen = f"select count(*), min({event}), max({event}) from read_parquet([{literal(str(file))}])"
    rows, first, last = session.rows(seen)[0]
    content = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            content.update(block)
    return {
        "file": file.name,
        "rows": int(rows),
        "first": first,
        "last": last,
        "sha256": content.hexdigest(),
    }


def _overlap(session: Session, source: str, part: str, options: Options) -> dict[str, int]:
    """Entities that are in several parts, by parts: a model may know them again instead of what it should learn."""
    if options.split is None:
        return {}
    entity = ", ".join(f"source.{quote(name)}" for name in options.entity)
    inside = f"select string_agg(distinct {part}, ' and ' order by {part} desc) as parts, count(distinct {part}) as n"
    grouped = f"{inside} from {source} as source group by {entity}"
    rows = session.rows(f"select parts, count(*) from ({grouped}) where n > 1 group by parts order by parts")
    return {str(parts): int(count) for parts, count in rows}


def _is(options: Options, name: str) -> str:
    folded = name.lower()
    if folded in {each.lower() for each in options.entity}:
        return "entity"
    return {options.event_time.lower(): "event_time", options.label.lower(): "label"}.get(folded, "feature")
