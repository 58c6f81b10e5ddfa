"""Where things lie in a lake: table folders, the ledger's mark, the manifests of releases."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from mainstem.core.clock import instant_text, parse_instant
from mainstem.core.dataset import QUARANTINE
from mainstem.core.problem import Problem, WorldError
from mainstem.core.release import Field, Release, Snapshot, Version
from mainstem.lifecycle.storage.durability import write_durably
from mainstem.lifecycle.storage.reading import snapshot
from mainstem.lifecycle.storage.refusals import disk_refused

HOUSE = "_mainstem"
"""Folder of the lake for what is no table."""

_SUCCESSOR = re.compile(r"\.\d+$")


def table_folder(dataset: str) -> str:
    """The first physical table of a dataset: `schema/table` for `schema.table`."""
    return dataset.replace(".", "/", 1)


def next_table(lake: Path, table: str, is_taken: Callable[[str], bool] = lambda _: False) -> str:
    """A physical table of the same dataset whose folder nobody has used: `schema/table.2`, `.3` ...

    `is_taken` tells of tables that are somebody's and have no folder (yet, or any more). A dot, since some readers
    cannot open a folder whose name they would have to encode in a URL.
    """
    first = _SUCCESSOR.sub("", table)
    number = 2
    while _is_used(lake, f"{first}.{number}") or is_taken(f"{first}.{number}"):
        number += 1
    return f"{first}.{number}"


def _is_used(lake: Path, table: str) -> bool:
    return (lake / table).exists() or (lake / (table + QUARANTINE)).exists()


def is_left(lake: Path, table: str) -> bool:
    """Whether a table lay there that was cleaned away: its folder stays, empty, so that its name is not used again."""
    try:
        return next((lake / table).iterdir(), None) is None
    except OSError:
        return False


def paths(lake: Path, at: Snapshot | Version) -> tuple[Path, ...]:
    """The files of a snapshot or of a version (none for a view); absolute if the lake is. Errors as `snapshot`."""
    found = at if isinstance(at, Snapshot) else snapshot(lake, at.table, at.number) if at.table else None
    return tuple(lake / found.table / file.path for file in found.files) if found else ()


def claim(lake: Path, ledger_id: str, *, is_new: bool = True) -> None:
    """Mark the lake as this ledger's, if it is nobody's yet; WorldError K011 when it is another's.

    Two ledgers over one lake would hand out leases that protect nothing. Of two that claim at once one wins.
    A ledger that is not new has a lake already: where its mark is missing the lake is gone or is not this one
    (WorldError K013), and an empty one would give the names of old versions to new tables.
    """
    path = lake / HOUSE / "ledger.json"
    owner = owner_of(lake)
    if owner is None and not is_new:
        what = f'the lake "{lake}" is gone: it has no mark, and ledger "{ledger_id}" knows runs that wrote there'
        mend = (
            "mount the lake, restore it from a copy, or point `lake:` in mainstem.yml at it; if it is lost, move the "
            "ledger away too and begin anew"
        )
        raise WorldError(Problem("K013", what, mend))
    if owner is None:
        _mark(path, ledger_id)
        owner = owner_of(lake)
    if owner != ledger_id:
        what = f'the lake "{lake}" belongs to ledger "{owner}", this project\'s ledger is "{ledger_id}"'
        mend = (
            "point `ledger:` in mainstem.yml at the lake's own ledger, or `lake:` at a folder of its own; after the "
            "ledger was lost, bring back a backup of it, or rebuild it: `mainstem doctor --rebuild-ledger`"
        )
        raise WorldError(Problem("K011", what, mend))


def owner_of(lake: Path) -> str | None:
    """The id of the ledger that the lake belongs to; None where it is nobody's. WorldError K011 for a torn mark."""
    path = lake / HOUSE / "ledger.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["ledger"])
    except FileNotFoundError:
        return None
    except OSError as error:
        raise disk_refused(error, path) from error
    except (ValueError, KeyError, TypeError) as error:
        what = f'"{path}" does not name a ledger'
        raise WorldError(Problem("K011", what, "restore it from a backup of the lake")) from error


def _mark(path: Path, ledger_id: str) -> None:
    draft = path.with_name(f"ledger-{secrets.token_hex(8)}.tmp")
    try:
        write_durably(draft, json.dumps({"format": 1, "ledger": ledger_id}))
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:
            with path.open("x", encoding="utf-8") as file:
                file.write(draft.read_text(encoding="utf-8"))
    except FileExistsError:
        return
    except OSError as error:
        raise disk_refused(error, path) from error
    finally:
        draft.unlink(missing_ok=True)


def write_manifest(lake: Path, release: Release) -> None:
    """Write the release to `_mainstem/releases/<id>.json`, whole and durably; what is rebuilt after a lost ledger."""
    text = json.dumps(_plain(release), ensure_ascii=False, indent=1, sort_keys=True, default=str)
    write_durably(_manifest(lake, release.id), text + "\n")


def read_manifest(lake: Path, id: str) -> Release | None:
    """The release as its manifest has it; None where there is no whole manifest of that id."""
    try:
        found = json.loads(_manifest(lake, id).read_text(encoding="utf-8"))
        versions = {name: _version(body) for name, body in found["versions"].items()}
        return Release(**{**found, "at": parse_instant(found["at"]), "versions": versions})
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None


def manifests(lake: Path) -> frozenset[str]:
    """The ids of releases that have a manifest."""
    return frozenset(path.stem for path in (lake / HOUSE / "releases").glob("*.json"))


def forget_manifest(lake: Path, id: str) -> None:
    """A release whose files are given up: nothing is rebuilt from it any more."""
    with suppress(OSError):
        _manifest(lake, id).unlink(missing_ok=True)


def _manifest(lake: Path, id: str) -> Path:
    return lake / HOUSE / "releases" / f"{id}.json"


def _version(body: dict[str, Any]) -> Version:
    instants = {name: body[name] and parse_instant(body[name]) for name in ("as_of", "newest")}
    return Version(**{**body, **instants, "fields": tuple(Field(**field) for field in body["fields"])})


def _plain(value: Any) -> Any:
    if isinstance(value, Release | Version | Field):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return instant_text(value) if hasattr(value, "astimezone") else value
