"""JavaScript of others is what was put there, and its licences lie beside it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

import mainstem.console

VENDORED = (
    Path(mainstem.console.__file__).parent / "static" / "vendor",
    Path(__file__).parents[2] / "browser" / "axe",
)


@pytest.mark.parametrize("folder", VENDORED, ids=["console", "axe"])
def test_every_file_is_unchanged_and_licensed(folder: Path) -> None:
    said = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())
    there = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    told = {"README.md", "SHA256SUMS"}
    assert {name: digest for name, digest in there.items() if name not in told} == said
    assert any(name.startswith("LICENSE") for name in said)
