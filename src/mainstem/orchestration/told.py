"""What a run tells of steps that take long, kept in a file beside the ledger for whoever looks at it from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mainstem.core.reached import in_parts
from mainstem.orchestration.ground import Listener, Progress


@contextmanager
def telling(root: Path, run: str, listen: Listener) -> Iterator[Listener]:
    """A listener that hands on what it hears to `listen`, and keeps how far steps are for `told` while inside.

    No file is made of a run without a step that takes long; one that cannot be written hinders nothing.
    """
    file, steps = _file(root, run), dict[str, str]()

    def hear(progress: Progress) -> None:
        listen(progress)
        if progress.reached is not None:
            steps[progress.subject] = ", ".join(in_parts(progress.reached))
        elif steps.pop(progress.subject, None) is None:
            return
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            new = file.with_suffix(".new")
            new.write_text(json.dumps(steps), encoding="utf-8")
            new.replace(file)

    try:
        yield hear
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def told(root: Path, run: str) -> Mapping[str, str]:
    """How far the steps of a run are that take long, in words by dataset; what a run told last that was killed."""
    try:
        found: Mapping[str, str] = json.loads(_file(root, run).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _file(root: Path, run: str) -> Path:
    return root / ".mainstem" / "under_way" / f"{run}.json"
