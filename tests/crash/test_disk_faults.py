"""A disk that refuses while an attempt is noted: one message, nothing lost, and the next run goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.crash.project import make, run, second_day, tables

NOTES = Path("_mainstem", "attempts")


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [
        (errno.ENOSPC, "K006", "is full"),
        (errno.EROFS, "K007", "may not be written by this user"),
        (errno.EIO, "K008", "cannot be read or written: input/output error"),
    ],
)
def test_a_note_that_the_disk_refuses_fails_its_step_and_nothing_else(
    number: int, code: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = make(tmp_path / "undisturbed")
    folder = make(tmp_path / "project")
    for each in (undisturbed, folder):
        run(each, 3)
        second_day(each)
    run(undisturbed, 4)
    before, files = tables(folder), data_files(folder)

    with monkeypatch.context() as patch:
        refuse_notes(patch, number, "staging.orders")
        failed = run(folder, 4)

    assert failed.release is None
    (failure,) = [each for each in failed.failures if each.blocked_by is None]
    assert failure.dataset == "staging.orders"
    assert failure.problem.code == code
    assert words in failure.problem.what
    assert failure.others == ()
    assert tables(folder) == before
    assert data_files(folder)["staging/orders"] == files["staging/orders"]
    assert list((folder / "lake" / NOTES).iterdir()) == []

    again = run(folder, 4)

    assert not again.failures
    assert {step.dataset for step in again.done if step.outcome == "kept"} == {"shop.orders", "feed.prices"}
    assert tables(folder) == tables(undisturbed)


def refuse_notes(patch: pytest.MonkeyPatch, number: int, dataset: str) -> None:
    """Half of each note about `dataset` reaches the disk."""
    write = Path.write_text

    def write_half(path: Path, text: str, *arguments: Any, **more: Any) -> int:
        if path.parent.parts[-2:] == NOTES.parts and path.name.startswith(dataset):
            write(path, text[: len(text) // 2], *arguments, **more)
            raise OSError(number, os.strerror(number), str(path))
        return write(path, text, *arguments, **more)

    patch.setattr(Path, "write_text", write_half)


def data_files(folder: Path) -> dict[str, set[str]]:
    """The files of each table's folder that hold rows."""
    found: dict[str, set[str]] = {}
    for path in (folder / "lake").glob("*/*/*.parquet"):
        found.setdefault(path.parent.relative_to(folder / "lake").as_posix(), set()).add(path.name)
    return found
