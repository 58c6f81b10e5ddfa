"""The files of a table's Delta log on a local file system: one entry a version, written once, by one winner."""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mainstem.lifecycle.storage.refusals import disk_refused, torn

LOG = "_delta_log"
OURS = "mainstem"
"""The key of our metadata inside an entry's commitInfo."""

Action = Mapping[str, Any]
"""One line of an entry: `{"add": {...}}`, `{"remove": {...}}`, `{"txn": {...}}` ... (Delta protocol, "Actions")."""

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of the log. `facts` is what we wrote about our own commit, empty for commits of others."""

    number: int
    protocol: Mapping[str, Any] | None = None
    metadata: Mapping[str, Any] | None = None
    adds: tuple[Mapping[str, Any], ...] = ()
    removes: tuple[Mapping[str, Any], ...] = ()
    txns: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def entry_path(folder: Path, number: int) -> Path:
    """Where version `number` of the table in `folder` lies."""
    return folder / LOG / f"{number:020d}.json"


def read_entry(folder: Path, number: int) -> Entry | None:
    """Version `number`, None where there is none (yet, or any more). WorldError K012 where it is torn."""
    try:
        text = entry_path(folder, number).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise disk_refused(error, entry_path(folder, number)) from error
    try:
        actions = [json.loads(line) for line in text.splitlines() if line.strip()]
        if actions:
            return entry_of(number, actions)
    except (ValueError, AttributeError, KeyError, TypeError):
        pass
    raise torn(entry_path(folder, number))


def entry_of(number: int, actions: Sequence[Action]) -> Entry:
    """The entry that these actions make."""

    def every(kind: str) -> list[Any]:
        return [action[kind] for action in actions if action.get(kind) is not None]

    info: Mapping[str, Any] = next(iter(every("commitInfo")), {})
    facts = info.get(OURS)
    return Entry(
        number,
        next(iter(every("protocol")), None),
        next(iter(every("metaData")), None),
        tuple(every("add")),
        tuple(every("remove")),
        {txn["appId"]: int(txn["version"]) for txn in every("txn")},
        facts if isinstance(facts, dict) else {},
    )


def write_entry(folder: Path, number: int, actions: Sequence[Action]) -> bool:
    """Write version `number` whole, if it does not exist; False if somebody was faster.

    The name appears with its full content or not at all: the text goes to a file of its own, which is then linked to
    the final name (a link never replaces a file). WorldError K006 to K008 when the disk refuses; nothing is left then.
    """
    final = entry_path(folder, number)
    text = "\n".join(json.dumps(action, ensure_ascii=False, separators=(",", ":")) for action in actions) + "\n"
    draft = final.parent / f"_commit_{secrets.token_hex(8)}.json.tmp"
    try:
        return _put(draft, final, text.encode())
    except FileNotFoundError:
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            return _put(draft, final, text.encode())
        except OSError as error:
            raise disk_refused(error, final) from error
    except OSError as error:
        raise disk_refused(error, final) from error


def _put(draft: Path, final: Path, text: bytes) -> bool:
    try:
        with draft.open("xb") as file:
            file.write(text)
        return _name(draft, final)
    finally:
        draft.unlink(missing_ok=True)


def _name(draft: Path, final: Path) -> bool:
    """Give the draft its final name unless that is taken."""
    try:
        os.link(draft, final)
    except FileExistsError:
        return draft.stat().st_nlink > 1  # a network file system may report a link that it did make
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _copy_exclusively(draft, final)
    return True


def _copy_exclusively(draft: Path, final: Path) -> bool:
    """For file systems without links: the name is taken first, then filled."""
    try:
        with final.open("xb") as file:
            file.write(draft.read_bytes())
    except FileExistsError:
        return False
    return True
