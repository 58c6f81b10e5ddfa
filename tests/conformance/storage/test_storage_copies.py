"""The ledger's copy in a lake: appended, torn, cut, left behind."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mainstem.core.copy import Batch, Kept, Rows
from mainstem.lifecycle.storage import copies, tables

AT = datetime(2024, 1, 1, tzinfo=UTC)


def batch(number: int) -> Batch:
    rows = Rows(["id", "kind"], [[number, "measured"]], number - 1)
    return Batch("id", AT, {"prod": "r000001"}, number, {"evidence": rows})


def numbers(lake: Path) -> list[int]:
    return [found.releases for _, found in tables.read_copies(lake)]


def kept(lake: Path, *wanted: int) -> Kept:
    last = Kept()
    for number in wanted:
        found = tables.keep_copy(lake, last, batch(number))
        assert found is not None
        last = found
    return last


def parts(lake: Path) -> list[str]:
    return sorted(path.name for path in (lake / "_mainstem/ledger").iterdir())


def test_batches_come_back_in_order_with_their_ends(tmp_path: Path) -> None:
    last = kept(tmp_path, 1, 2, 3)
    found = list(tables.read_copies(tmp_path))
    assert [b for _, b in found] == [batch(1), batch(2), batch(3)]
    assert found[-1][0] == last
    assert parts(tmp_path) == ["00000001.jsonl.gz"]


def test_a_lake_without_a_copy_has_none(tmp_path: Path) -> None:
    assert numbers(tmp_path) == []


def test_what_was_appended_by_somebody_who_died_stays(tmp_path: Path) -> None:
    last = kept(tmp_path, 1)
    assert tables.keep_copy(tmp_path, last, batch(2)) is not None
    assert tables.keep_copy(tmp_path, last, batch(3)) is not None
    assert numbers(tmp_path) == [1, 2, 3]
    assert len(parts(tmp_path)) == 2


def test_a_torn_end_is_left_out_and_the_next_part_read(tmp_path: Path) -> None:
    last = kept(tmp_path, 1)
    with (tmp_path / "_mainstem/ledger/00000001.jsonl.gz").open("ab") as file:
        file.write(b"\x1f\x8b\x08 torn")
    assert numbers(tmp_path) == [1]
    tables.keep_copy(tmp_path, last, batch(2))
    assert numbers(tmp_path) == [1, 2]


@pytest.mark.parametrize("cut", [1, 30])
def test_a_copy_that_was_cut_is_asked_for_again(cut: int, tmp_path: Path) -> None:
    last = kept(tmp_path, 1, 2)
    os.truncate(tmp_path / "_mainstem/ledger/00000001.jsonl.gz", last.size_bytes - cut)
    assert tables.keep_copy(tmp_path, last, batch(3)) is None
    assert numbers(tmp_path) == [1]


def test_a_copy_that_is_gone_is_asked_for_again(tmp_path: Path) -> None:
    assert tables.keep_copy(tmp_path, Kept(3, 100), batch(1)) is None


def test_a_large_part_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_BYTES", 100)
    kept(tmp_path, 1, 2, 3)
    assert len(parts(tmp_path)) == 3
    assert numbers(tmp_path) == [1, 2, 3]
