"""Text into nouns: reads a project's folder, and says what may be written in its files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mainstem.project.agreements import append_agreement
from mainstem.project.folder import load, read

__all__ = ["append_agreement", "load", "read", "schemas", "write_schemas"]


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each sort of file, by name (`mainstem`, `source`, `model`, `requirement`, ...)."""
    from mainstem.project.schema import schemas as made

    return made()


def write_schemas(folder: Path) -> list[Path]:
    """Write `<name>.schema.json` for every schema into a folder, made where it is missing; the paths."""
    from mainstem.project.schema import write_schemas as write

    return write(folder)
