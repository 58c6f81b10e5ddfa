"""The project's own secret: made once, the same for all, readable by its owner only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mainstem.core.problem import WorldError
from mainstem.security.secret import own_secret


def test_it_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "hash.key"
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: own_secret(file), range(32)))
    assert len(found) == 1
    assert len(found.pop()) == 32
    assert file.stat().st_mode & 0o077 == 0
    assert [each.name for each in file.parent.iterdir()] == ["hash.key"]


def test_a_torn_secret_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hash.key"
    file.write_bytes(b"short")
    with pytest.raises(WorldError) as refused:
        own_secret(file)
    assert refused.value.problems[0].code == "S015"
    assert "5 bytes long" in refused.value.problems[0].what
