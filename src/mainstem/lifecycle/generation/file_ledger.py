"""Which files of a folder are known already, and in which state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from mainstem.core.clock import WallClock

_SETTLED_S = 2.0
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was seen: `name` relative to the source's folder, with forward slashes; `changed_ns` its time of
    change. Until it `is_settled` that proves nothing: a file may change twice within one tick."""

    name: str
    path: Path
    size_bytes: int
    changed_ns: int
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Differences:
    """Files against a ledger. `same` have the content that the ledger knows; `gone` are names that only it knows."""

    new: tuple[File, ...]
    changed: tuple[File, ...]
    same: tuple[File, ...]
    gone: tuple[str, ...]

    @property
    def words(self) -> str:
        """The differences as people say them, "" if there are none."""
        parts = ((len(self.new), "new"), (len(self.changed), "changed"), (len(self.gone), "removed"))
        return ", ".join(f"{n} {word} file{'s' if n > 1 else ''}" for n, word in parts if n)


def find(folder: Path, pattern: str) -> tuple[File, ...]:
    """Files below `folder` that match the glob `pattern`, by name; hidden ones only if it begins with a dot."""
    found = (path for path in folder.glob(pattern) if path.is_file())
    names = sorted((path.relative_to(folder).as_posix(), path) for path in found)
    hidden = pattern.startswith(".")
    return tuple(_seen(name, path) for name, path in names if hidden or not any(p[0] == "." for p in name.split("/")))


def _seen(name: str, path: Path) -> File:
    stat = path.stat()
    return File(name, path, stat.st_size, stat.st_mtime_ns, WallClock().elapsed() - stat.st_mtime >= _SETTLED_S)


def differences(files: Iterable[File], ledger: Mapping[str, Sequence[Any]]) -> Differences:
    """Compare by size and time of change; where only the time differs, by content. OSError if a file cannot be read."""
    new, changed, same, names = [], [], [], set()
    for file in files:
        names.add(file.name)
        known = ledger.get(file.name)
        if known is None:
            new.append(file)
        elif _is_same(file, known):
            same.append(file)
        else:
            changed.append(file)
    gone = tuple(name for name in ledger if name not in names)
    return Differences(tuple(new), tuple(changed), tuple(same), gone)


def _is_same(file: File, known: Sequence[Any]) -> bool:
    size_bytes, changed_ns, content = known
    if file.size_bytes != size_bytes:
        return False
    return bool(file.changed_ns == changed_ns or digest(file.path) == content)


def digest(path: Path) -> str:
    """A digest of the content, in hexadecimal."""
    found = blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()


def entry(file: File, content: str) -> list[Any]:
    """What the ledger keeps of a file: size, time of change (0: do not trust it), digest."""
    return [file.size_bytes, file.changed_ns if file.is_settled else 0, content]


def has_changed(file: File) -> bool:
    """Whether the file is not the one that was seen."""
    try:
        stat = file.path.stat()
    except OSError:
        return True
    return (stat.st_size, stat.st_mtime_ns) != (file.size_bytes, file.changed_ns)
