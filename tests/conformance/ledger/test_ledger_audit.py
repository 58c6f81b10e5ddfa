"""Agreements as first seen, and the audit log."""

from __future__ import annotations

from ledger_world import AT, minutes, open_at

from mainstem.core.ports import Ledger


def test_an_agreement_is_seen_once(ledger: Ledger) -> None:
    assert ledger.see({"sha256:a": "text a", "sha256:b": "text b"}, minutes(1)) == {
        "sha256:a": minutes(1),
        "sha256:b": minutes(1),
    }
    assert ledger.see({"sha256:b": "other words", "sha256:c": "text c"}, minutes(2)) == {
        "sha256:b": minutes(1),
        "sha256:c": minutes(2),
    }
    assert ledger.see({"sha256:a": "text a"}, minutes(3)) == {"sha256:a": minutes(1)}


def test_seeing_nothing_new_records_nothing(ledger: Ledger) -> None:
    assert ledger.see({}, minutes(1)) == {}
    ledger.see({"sha256:a": "text a"}, minutes(1))
    ledger.see({"sha256:a": "text a"}, minutes(2))
    assert ledger.latest() == minutes(1)


def test_audit_rows_are_listed_in_the_order_of_writing(ledger: Ledger, where: str) -> None:
    rows = [{"who": "Ada", "columns": ["tailnum"], "n": n} for n in range(5)]
    for n, row in enumerate(rows):
        ledger.audit(row, minutes(-n))
    other = open_at(where)
    assert other.audited() == [{"id": n + 1, "at": minutes(-n), "row": row} for n, row in enumerate(rows)]
    assert [row["id"] for row in other.audited(after=2, limit=2)] == [3, 4]
    assert other.audited(after=5) == []
    assert other.verify_audit() is None
    other.close()


def test_audit_goes_on_after_reopening(ledger: Ledger, where: str) -> None:
    ledger.audit({"n": 1}, AT)
    other = open_at(where)
    other.audit({"n": 2}, AT)
    ledger.audit({"n": 3}, AT)
    assert ledger.verify_audit() is None
    assert len(other.audited()) == 3
    other.close()
