"""Copies the demo's project into a folder of the user's, and never over something else."""

from __future__ import annotations

import shutil
from pathlib import Path

from mainstem.cli.demo import inbox
from mainstem.cli.demo.database import FILE, SCHEMA
from mainstem.cli.secret_file import keep_secret
from mainstem.core.problem import Problem, ProjectError, WorldError

TEMPLATE = Path(__file__).parent / "project"
MARK = "mainstem.yml"
"""Copied first, so that a copy cut short is known as one. Its first line tells the demo from other projects."""
MADE_LATER = ("lake", ".mainstem", FILE, f"{FILE}-journal", Path(inbox.WEATHER).parts[0])
_RENAMED = {"gitignore": ".gitignore"}
_SOURCE = Path("sources/operations.yml")
_ON_SQLITE = f"kind: sqlite\npath: {FILE}\n"
_VARIABLE = "OPERATIONS_URL"
_ON_POSTGRES = (
    f"kind: postgres\nurl: ${{{_VARIABLE}}}          # its value is in .mainstem/secrets.env\nschema: {SCHEMA}\n"
)


def copy_project(folder: Path, url: str | None = None, *, force: bool = False) -> tuple[Path, ...]:
    """Copy the project into `folder`, which is made if need be; returns the files, relative to it.

    With the `url` of a PostgreSQL database the operations are read from there; it is written into a secrets file alone.

    With `force` an earlier demo in `folder` is removed first: its project, sources, lake and ledger; other files stay.
    ProjectError C010 if the folder is not empty (without `force`), C011 if it is a file, C012 if `force` meets anything
    but a demo. WorldError C013 if the folder cannot be written.
    """
    try:
        _make_room(folder, force=force)
        copied = tuple(_copy(path, folder) for path in template_files())
        if url:
            _read_from(url, folder)
    except OSError as error:
        what = f'"{folder}" cannot be written: {error.strerror or error}'
        mend = "choose a folder that you may write to, on a disk with space"
        raise WorldError(Problem("C013", what, mend)) from error
    return copied


def template_files() -> tuple[Path, ...]:
    """The files of the template, relative to it: `mainstem.yml`, then the others sorted."""
    found = (path.relative_to(TEMPLATE) for path in TEMPLATE.rglob("*") if path.is_file())
    return tuple(sorted(found, key=lambda path: (path != Path(MARK), path.as_posix())))


def _make_room(folder: Path, *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise ProjectError(Problem("C011", f'"{folder}" is a file', "give the name of a folder, new or empty"))
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not force:
        mend = "give another folder, or add --force to replace the demo in it" if _is_demo(folder) else _ELSEWHERE
        raise ProjectError(Problem("C010", f'the folder "{folder}" is not empty', mend))
    if not _is_demo(folder):
        what = f'the folder "{folder}" holds something else than a demo, which --force does not remove'
        raise ProjectError(Problem("C012", what, _ELSEWHERE))
    _remove_demo(folder)


_ELSEWHERE = "give the name of a folder that is new or empty"


def _is_demo(folder: Path) -> bool:
    mark = folder / MARK
    return mark.is_file() and _first_line(mark) == _first_line(TEMPLATE / MARK)


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]


def _remove_demo(folder: Path) -> None:
    """Remove what a demo consists of; its mark last, so that a removal cut short can be repeated."""
    copied = {_target(path).parts[0] for path in template_files()}
    for name in sorted({*copied, *MADE_LATER}, key=lambda name: (name == MARK, name)):
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _copy(path: Path, folder: Path) -> Path:
    target = _target(path)
    (folder / target).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(TEMPLATE / path, folder / target)
    return target


def _read_from(url: str, folder: Path) -> None:
    """The operations of the project are in this PostgreSQL database."""
    text = (folder / _SOURCE).read_text(encoding="utf-8")
    (folder / _SOURCE).write_text(text.replace(_ON_SQLITE, _ON_POSTGRES), encoding="utf-8")
    keep_secret(folder, _VARIABLE, url)


def _target(path: Path) -> Path:
    return path.with_name(_RENAMED.get(path.name, path.name))
