"""Which files of a folder are known already, and in which state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was seen: `name` relative to the source's folder, with forward slashes.

    `stamp` is another one whenever the content is: the time of change in ns, or what a server calls this state of the
    file. Until it `is_settled` that proves nothing: a file may change twice within one tick. `path` is None for a file
    that does not lie on this machine. `size_bytes` is -1 where nobody says it.
    """

    name: str
    path: Path | None
    size_bytes: int
    stamp: int | str
    is_settled: bool


@dataclass(frozen=True, slots=True)
class Differences:
    """Files against a ledger. `same` have the content that the ledger knows; `gone` are names that only it knows. Of
    those that are `unsure` nobody says whether they have changed: reading tells."""

    new: tuple[File, ...]
    changed: tuple[File, ...]
    same: tuple[File, ...]
    gone: tuple[str, ...]
    unsure: tuple[File, ...] = ()

    @property
    def words(self) -> str:
        """The differences as people say them, "" if there are none."""
        parts = ((len(self.new), "new"), (len(self.changed), "changed"), (len(self.gone), "removed"))
        return ", ".join(f"{n} {word} file{'s' if n > 1 else ''}" for n, word in parts if n)


def is_wanted(name: str, pattern: str) -> bool:
    """Whether a file is no hidden one, or the pattern asks for those."""
    return pattern.startswith(".") or not any(part.startswith(".") for part in name.split("/"))


def differences(files: Iterable[File], ledger: Mapping[str, Sequence[Any]]) -> Differences:
    """Compare by size and stamp; where only the stamp differs, by content, if that is here to look at.

    OSError if a file cannot be read.
    """
    new, changed, same, unsure, names = [], [], [], [], set()
    for file in files:
        names.add(file.name)
        known = ledger.get(file.name)
        if known is None:
            new.append(file)
        elif _is_same(file, known):
            same.append(file)
        elif file.path is None and not file.stamp and file.size_bytes == known[0]:
            unsure.append(file)
        else:
            changed.append(file)
    gone = tuple(name for name in ledger if name not in names)
    return Differences(tuple(new), tuple(changed), tuple(same), gone, tuple(unsure))


def _is_same(file: File, known: Sequence[Any]) -> bool:
    size_bytes, stamp, content = known
    if file.size_bytes != size_bytes:
        return False
    if file.stamp == stamp and file.stamp:
        return True
    return file.path is not None and digest(file.path) == content


def digest(path: Path) -> str:
    """A digest of the content, in hexadecimal."""
    found = blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()


def entry(file: File, content: str) -> list[Any]:
    """What the ledger keeps of a file: size, stamp (0: do not trust it), digest."""
    return [file.size_bytes, file.stamp if file.is_settled else 0, content]
