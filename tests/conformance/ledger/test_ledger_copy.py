"""The copy of a ledger: what is handed over, how often, and that a ledger made from it is the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_world import AT, minutes

from mainstem.core.copy import Batch, Kept, Past
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger
from mainstem.ledger import copying
from mainstem.ledger.sqlite import open_ledger


class Shelf:
    """Keeps batches as a lake does; `is_lost` says once that it has none any more."""

    def __init__(self) -> None:
        self.kept: list[tuple[Kept, Batch]] = []
        self.is_lost = False

    def keep(self, last: Kept, batch: Batch) -> Kept | None:
        if self.is_lost:
            self.is_lost, self.kept = False, []
            return None
        self.kept.append((Kept(1, last.size_bytes + 10), batch))
        return self.kept[-1][0]


def facts(*subjects: str) -> list[Evidence]:
    return [Evidence("measured", subject, AT, facts={"check": "c"}) for subject in subjects]


def fill(ledger: Ledger) -> None:
    ledger.begin_run("one", "prod", AT, "h:1:0")
    ledger.record(facts("main.a", "main.b"), AT)
    ledger.audit({"who": "me"}, AT)
    ledger.see({"digest": "content"}, AT)


def restored(shelf: Shelf, id: str, path: Path) -> Ledger:
    ledger = open_ledger(path)
    ledger.restore(Past(id, shelf.kept, (), (), "prod"))
    return ledger


def test_nothing_new_is_nothing_handed_over(ledger: Ledger) -> None:
    shelf = Shelf()
    fill(ledger)
    ledger.copy(shelf.keep, AT)
    ledger.copy(shelf.keep, AT)
    assert len(shelf.kept) == 1


def test_only_what_is_new_is_handed_over(ledger: Ledger) -> None:
    shelf = Shelf()
    fill(ledger)
    ledger.copy(shelf.keep, AT)
    ledger.record(facts("main.c"), minutes(1))
    ledger.end_run("one", minutes(1), "published", {})
    ledger.copy(shelf.keep, minutes(1))
    batch = shelf.kept[-1][1]
    assert {name: len(rows.rows) for name, rows in batch.tables.items()} == {
        "evidence": 1,
        "audit": 0,
        "seen": 0,
        "run": 1,
    }


def test_what_is_made_from_a_copy_is_the_same(ledger: Ledger, path: Path) -> None:
    shelf = Shelf()
    fill(ledger)
    ledger.copy(shelf.keep, AT)
    ledger.end_run("one", minutes(1), "failed", {"steps": {}})
    ledger.audit({"who": "you"}, minutes(2))
    ledger.copy(shelf.keep, minutes(2))

    again = restored(shelf, ledger.id, path)

    assert again.id == ledger.id
    assert again.evidence() == ledger.evidence()
    assert again.runs() == ledger.runs()
    assert again.audited() == ledger.audited()
    assert again.see({"digest": "content"}, minutes(3)) == {"digest": AT}
    assert again.latest() == minutes(2)
    assert again.check() == []
    again.copy(shelf.keep, minutes(3))
    assert len(shelf.kept) == 2, "its copy is complete"
    again.close()


def test_the_same_rows_twice_count_once(ledger: Ledger, path: Path) -> None:
    shelf = Shelf()
    fill(ledger)
    with pytest.raises(KeyboardInterrupt):
        ledger.copy(lambda last, batch: _interrupted(shelf, last, batch), AT)
    ledger.record(facts("main.c"), minutes(1))
    ledger.copy(shelf.keep, minutes(1))

    again = restored(shelf, ledger.id, path)

    assert len(shelf.kept) == 2
    assert again.evidence() == ledger.evidence()
    assert again.verify_audit() is None
    again.close()


def _interrupted(shelf: Shelf, last: Kept, batch: Batch) -> Kept:
    shelf.keep(last, batch)
    raise KeyboardInterrupt


def test_a_copy_that_is_gone_is_made_anew(ledger: Ledger, path: Path) -> None:
    shelf = Shelf()
    fill(ledger)
    ledger.copy(shelf.keep, AT)
    ledger.record(facts("main.c"), minutes(1))
    shelf.is_lost = True
    ledger.copy(shelf.keep, minutes(1))
    again = restored(shelf, ledger.id, path)
    assert again.evidence() == ledger.evidence()
    assert again.runs() == ledger.runs()
    again.close()


def test_much_is_handed_over_in_pieces(ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying.copy, "__kwdefaults__", {"most": 2})
    shelf = Shelf()
    ledger.record(facts(*"abcdefg"), AT)
    ledger.copy(shelf.keep, AT)
    assert [len(batch.tables["evidence"].rows) for _, batch in shelf.kept] == [2, 2, 2, 1]
    again = restored(shelf, ledger.id, path)
    assert again.evidence() == ledger.evidence()
    again.close()


def test_a_batch_that_is_missing_is_told(ledger: Ledger, path: Path) -> None:
    shelf = Shelf()
    for at in (AT, minutes(1), minutes(2)):
        ledger.record(facts("main.a"), at)
        ledger.copy(shelf.keep, at)
    del shelf.kept[1]
    again = open_ledger(path)
    told = again.restore(Past(ledger.id, shelf.kept, (), (), "prod"))
    assert told.holes == ((AT, minutes(2)),)
    assert [row.id for row in again.evidence()] == [1, 3]
    again.close()


def test_a_changed_audit_row_of_the_copy_shows(ledger: Ledger, path: Path) -> None:
    shelf = Shelf()
    fill(ledger)
    ledger.audit({"who": "you"}, AT)
    ledger.copy(shelf.keep, AT)
    rows = shelf.kept[0][1].tables["audit"].rows
    rows[0] = (*rows[0][:2], '{"who":"nobody"}', *rows[0][3:])  # type: ignore[index]
    again = restored(shelf, ledger.id, path)
    assert again.verify_audit() == 1
    again.close()
