"""What became of an attempt: found in the table's log, or fenced off and swept."""

from __future__ import annotations

from pathlib import Path

from mainstem.core.dataset import QUARANTINE
from mainstem.core.release import Snapshot
from mainstem.lifecycle.storage.actions import Parts
from mainstem.lifecycle.storage.committing import append
from mainstem.lifecycle.storage.facts import FORMAT
from mainstem.lifecycle.storage.log import LOG, read_entry
from mainstem.lifecycle.storage.reading import read_state, snapshot
from mainstem.lifecycle.storage.refusals import disk_refused
from mainstem.lifecycle.storage.state import NOTHING
from mainstem.lifecycle.storage.types import delta_schema


def committed(lake: Path, table: str, attempt: int) -> Snapshot | None:
    """The version that our attempt made, from the table's own log; None if it made none.

    Looks for *our* attempt, not for the table's last commit: maintenance and later attempts may lie above it.
    """
    state = read_state(lake, table)
    if state is None or state.txns.get(table, 0) < attempt:
        return None
    for number in range(state.number, -1, -1):
        entry = read_entry(lake / table, number)
        if entry is None:
            return None
        kind, found = entry.facts.get("kind"), entry.facts.get("attempt", 0)
        if kind == "data" and found == attempt:
            return snapshot(lake, table, number)
        if kind in {"data", "fence"} and found < attempt:
            return None
    return None


def fence(lake: Path, table: str, attempt: int, run: str, now_ms: int) -> None:
    """An empty commit of a higher attempt: whoever computed for an older one finds its base stale, and is refused.

    Where there is no table yet, a blank one without columns is put in its place, for the same end.
    """
    while True:
        state = read_state(lake, table) or NOTHING
        if state.txns.get(table, 0) >= attempt:
            return
        facts = {"format": FORMAT, "kind": "fence", "run": run, "attempt": attempt}
        schema = None if state.metadata else delta_schema(())
        entry, _ = append(lake / table, state, Parts(facts, schema=schema, txn=(table, attempt)), now_ms)
        if entry is not None:
            return


def sweep(lake: Path, table: str, prefix: str) -> tuple[str, ...]:
    """Remove the files of an abandoned attempt, rejects included, and return their names.

    A file that any entry of the log names stays, whatever it is called. Fence first: else a process thought dead
    commits files that are gone.
    """
    named = _named(lake / table, prefix) | _named(lake / (table + QUARANTINE), prefix)
    swept: list[str] = []
    for folder in (lake / table, lake / (table + QUARANTINE)):
        for name in _files(folder, prefix):
            if name not in named:
                (folder / name).unlink(missing_ok=True)
                swept.append(name)
    return tuple(swept)


def _files(folder: Path, prefix: str) -> list[str]:
    try:
        return [f.name for f in folder.iterdir() if f.name.startswith(prefix) and f.suffix == ".parquet"]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise disk_refused(error, folder) from error


def _named(folder: Path, prefix: str) -> frozenset[str]:
    """Names beginning with `prefix` that a table's log mentions: as data, or as rejects in our metadata."""
    try:
        entries = [path for path in (folder / LOG).iterdir() if path.suffix == ".json"]
    except FileNotFoundError:
        return frozenset()
    found: set[str] = set()
    for path in entries:
        text = path.read_text(encoding="utf-8")
        if prefix in text:
            found.update(part for part in text.replace("\\", "").split('"') if part.startswith(prefix))
    return frozenset(found)
