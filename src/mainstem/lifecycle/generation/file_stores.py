"""Where files lie: a folder of this machine, a bucket, a web server."""

from __future__ import annotations

from glob import has_magic
from pathlib import Path
from typing import Protocol

from mainstem.core.clock import WallClock
from mainstem.core.dataset import Source
from mainstem.core.problem import Problem, WorldError
from mainstem.core.secret import shown
from mainstem.lifecycle.generation.file_ledger import File, is_wanted

_SETTLED_S = 2.0


class Store(Protocol):
    """Finds files and brings them here. `has_globs`: a pattern may stand for many files.

    WorldError without a place: G010 no such folder or bucket, G030 no answer, G031 refused, G032 a download that
    breaks off; OSError where the operating system refuses.
    """

    has_globs: bool

    def find(self, pattern: str) -> tuple[File, ...]:
        """Files that match, by name; hidden ones only if the pattern begins with a dot."""
        ...

    def fetch(self, file: File, folder: Path) -> Path:
        """The file on this machine, in the state that was seen; below `folder` if it has to be brought.

        WorldError G014 if it is in another state now.
        """
        ...

    def has_changed(self, file: File) -> bool:
        """Whether what was fetched may have been another state than the one seen."""
        ...


class Folder:
    """A folder of this machine."""

    has_globs = True

    def __init__(self, source: Source, root: Path) -> None:
        self._path, self._said, self._place = root / source.options.path, source.options.path, source.place

    def find(self, pattern: str) -> tuple[File, ...]:
        if not self._path.is_dir():
            what = f'folder "{shown(self._said)}" ' + ("is a file" if self._path.is_file() else "does not exist")
            mend = "correct `path` in the source's file, or make the folder"
            raise WorldError(Problem("G010", what, mend, self._place))
        if not has_magic(pattern) and (self._path / pattern).is_dir():
            mend = 'name a file, or all in the folder with `path: "folder/*.csv"`'
            raise WorldError(Problem("G018", f'file "{shown(pattern)}" is a folder', mend))
        found = (path for path in self._path.glob(pattern) if path.is_file())
        names = sorted((path.relative_to(self._path).as_posix(), path) for path in found)
        return tuple(_seen(name, path) for name, path in names if is_wanted(name, pattern))

    def fetch(self, file: File, folder: Path) -> Path:  # noqa: ARG002 - it is here already
        assert file.path is not None
        return file.path

    def has_changed(self, file: File) -> bool:
        assert file.path is not None
        try:
            stat = file.path.stat()
        except OSError:
            return True
        return (stat.st_size, stat.st_mtime_ns) != (file.size_bytes, file.stamp)


def _seen(name: str, path: Path) -> File:
    stat = path.stat()
    return File(name, path, stat.st_size, stat.st_mtime_ns, WallClock().elapsed() - stat.st_mtime >= _SETTLED_S)


def store_of(source: Source, root: Path) -> Store:
    """Where the files of a source lie."""
    path = source.options.path
    if path.startswith("s3://"):
        from mainstem.lifecycle.generation.file_bucket import Bucket

        return Bucket(source.options)
    if path.startswith(("http://", "https://")):
        from mainstem.lifecycle.generation.file_web import Website

        return Website(path)
    return Folder(source, root)
