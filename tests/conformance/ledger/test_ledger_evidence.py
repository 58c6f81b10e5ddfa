"""Evidence: exact, in order, never lost, and cheap to read for a few subjects."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from ledger_world import AT, fact, minutes

from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger

FULL = Evidence(
    kind="measured",
    subject="marts.delays",
    at=AT,
    env="prod",
    version="marts/delays@3",
    label="2013-12-16",
    until=minutes(5),
    value=Decimal("0.950"),
    total=Decimal("123456789012345678901234567890.000000001"),
    unit="rows",
    outcome="measured",
    definition="sha256:1",
    run="run-1",
    step="marts.delays",
    attempt=4,
    skew_s=-0.25,
    facts={"check": "not_null", "nested": {"list": [1, 2.5, None, True, "é\n"]}},
)


def stored(ledger: Ledger, row: Evidence) -> Evidence:
    ledger.record([row], AT)
    return ledger.evidence()[-1]


def test_a_fact_comes_back_as_it_was_written_with_its_place_in_the_record(ledger: Ledger) -> None:
    from dataclasses import replace

    bare = Evidence("gap", "ledger", AT)
    ledger.record([FULL, bare], minutes(7))
    assert ledger.evidence() == [
        replace(FULL, id=1, recorded_at=minutes(7)),
        replace(bare, id=2, recorded_at=minutes(7)),
    ]


@pytest.mark.parametrize("text", ["0.95", "0.950", "1E+3", "-0", "0", "872", "1e-30", "NaN", "Infinity"])
def test_numbers_stay_exact_to_the_last_digit(ledger: Ledger, text: str) -> None:
    assert str(stored(ledger, fact(value=Decimal(text), total=None)).value) == str(Decimal(text))


def test_instants_keep_their_microseconds_and_become_utc(ledger: Ledger) -> None:
    at = datetime(2013, 12, 17, 5, 9, 0, 123456, tzinfo=ZoneInfo("America/New_York"))
    row = stored(ledger, fact(at=at))
    assert row.at == at
    assert row.at.utcoffset() == timedelta(0)


def test_both_half_past_ones_of_an_autumn_night_stay_apart(ledger: Ledger) -> None:
    first = datetime(2013, 11, 3, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    ledger.record([fact(at=first), fact(at=first.replace(fold=1))], AT)
    early, late = ledger.evidence()
    assert late.at - early.at == timedelta(hours=1)


def test_facts_may_be_any_mapping(ledger: Ledger) -> None:
    facts = MappingProxyType({"a": MappingProxyType({"b": (1, 2)})})
    assert stored(ledger, fact(facts=facts)).facts == {"a": {"b": [1, 2]}}


def test_facts_that_are_no_json_are_refused_and_nothing_is_written(ledger: Ledger) -> None:
    with pytest.raises(TypeError, match="datetime is no JSON data"):
        ledger.record([fact(), fact(facts={"at": AT})], AT)
    assert ledger.evidence() == []


def test_rows_come_in_the_order_of_recording_not_of_time(ledger: Ledger) -> None:
    ledger.record([fact(at=minutes(9), label="a"), fact(at=minutes(1), label="b")], AT)
    ledger.record([fact(at=minutes(5), label="c")], AT)
    assert [row.label for row in ledger.evidence(since=AT)] == ["a", "b", "c"]
    assert [row.id for row in ledger.evidence(subjects=["marts.delays"])] == [1, 2, 3]


def test_recording_nothing_is_fine(ledger: Ledger) -> None:
    ledger.record([], AT)
    assert ledger.evidence() == []


def test_evidence_may_be_given_as_it_is_made_and_ask_the_ledger_meanwhile(ledger: Ledger) -> None:
    ledger.record((fact(label=str(n), facts={"before": len(ledger.evidence())}) for n in range(3)), AT)
    assert len(ledger.evidence()) == 3


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Facts whose labels tell them apart."""
    rows = [
        fact("a", kind="measured", label="1"),
        fact("a", kind="version", label="2", at=minutes(10)),
        fact("b", kind="measured", label="3", env="prod", at=minutes(20)),
        fact("b", kind="published", label="4", env="dev", at=minutes(30)),
        fact("c", kind="gap", label="5", at=minutes(-60), until=minutes(15)),
    ]
    for n, row in enumerate(rows):
        ledger.record([row], minutes(100 + n))
    return ledger


@pytest.mark.parametrize(
    ("filters", "labels"),
    [
        ({}, "12345"),
        ({"env": "prod"}, "1235"),
        ({"env": "dev"}, "1245"),
        ({"env": "nowhere"}, "125"),
        ({"kinds": ["measured"]}, "13"),
        ({"kinds": ["measured", "gap", "measured", "unheard-of"]}, "135"),
        ({"subjects": ["a"]}, "12"),
        ({"subjects": ["b", "c", "nowhere"]}, "345"),
        ({"subjects": ["a", "b"], "kinds": ["measured"]}, "13"),
        ({"known": minutes(102)}, "123"),
        ({"known": minutes(99)}, ""),
        ({"since": minutes(10)}, "2345"),
        ({"since": minutes(10), "subjects": ["a", "c"]}, "25"),
        ({"since": minutes(15), "kinds": ["gap", "version"]}, "5"),
        ({"since": minutes(16), "kinds": ["gap", "version"]}, ""),
        (
            {
                "since": minutes(1),
                "kinds": ["measured", "published"],
                "subjects": ["b"],
                "env": "prod",
                "known": AT + timedelta(days=1),
            },
            "3",
        ),
    ],
)
def test_filters_narrow_together(filled: Ledger, filters: dict[str, object], labels: str) -> None:
    assert "".join(row.label or "" for row in filled.evidence(**filters)) == labels  # type: ignore[arg-type]


def test_any_number_of_subjects_may_be_asked_for(filled: Ledger) -> None:
    many = [f"nowhere-{n}" for n in range(50_000)]
    assert len(filled.evidence(subjects=[*many, "a"])) == 2


def test_what_is_known_later_does_not_change_what_was_known(filled: Ledger) -> None:
    then = filled.evidence(known=minutes(103))
    filled.record([fact("a", at=minutes(1))], minutes(200))
    assert filled.evidence(known=minutes(103)) == then


def test_what_a_version_was_last_held_to(ledger: Ledger) -> None:
    def told(version: str, held_to: str | None, kind: str = "version", subject: str = "m.a") -> Evidence:
        return Evidence(kind, subject, AT, version=version, definition=held_to)

    rows = [
        told("m/a@1", "one"),
        told("m/a@1", "one two"),
        told("m/a@1", None),
        told("m/a@1", "a check", kind="measured"),
        told("m/a@2", ""),
        told("m/a@3", None),
        told("view:1", "three"),
        told("view:1", "four", subject="m.b"),
    ]
    ledger.record(rows, AT)
    wanted = [("m.a", "m/a@1"), ("m.a", "m/a@2"), ("m.a", "m/a@3"), ("m.a", "view:1"), ("m.b", "view:1"), ("m.b", "?")]
    assert ledger.held(wanted) == {
        ("m.a", "m/a@1"): "one two",
        ("m.a", "m/a@2"): "",
        ("m.a", "view:1"): "three",
        ("m.b", "view:1"): "four",
    }
    assert ledger.held([]) == {}


def test_what_the_columns_of_a_version_follow_from(ledger: Ledger) -> None:
    def told(version: str, held_to: str | None, **facts: object) -> Evidence:
        return Evidence("version", "m.a", AT, version=version, definition=held_to, facts=facts)

    rows = [
        told("m/a@1", "", made={"rows": "old"}),
        told("m/a@1", "", made={"rows": "new"}),
        told("m/a@1", None, made={"rows": "never held to anything"}),
        told("m/a@2", "", parent="m/a@1"),
    ]
    ledger.record(rows, AT)
    assert ledger.made([("m.a", "m/a@1"), ("m.a", "m/a@2"), ("m.a", "?")]) == {("m.a", "m/a@1"): {"rows": "new"}}
    assert ledger.made([]) == {}


def test_where_the_last_read_of_a_version_ended(ledger: Ledger) -> None:
    def told(version: str, position: object, number: int, **facts: object) -> Evidence:
        return Evidence("read", "s.a", minutes(number), version=version, facts={"position": position, **facts})

    rows = [
        told("s/a@1", {"state": [1, 2]}, 1, is_whole=True),
        told("s/a@1", {"state": [3, 4]}, 2, is_whole=True),
        replace(told("s/a@1", None, 3), label="2024-01-01"),
        told("s/a@1", None, 4, is_whole=False),
        told("s/a@2", {"files": 2}, 4, is_whole=False),
        told("s/a@3", {"state": None}, 5),
    ]
    for row in rows:
        ledger.record([row], row.at)
    wanted = [("s.a", "s/a@1"), ("s.a", "s/a@2"), ("s.a", "s/a@3"), ("s.b", "s/a@1")]
    assert ledger.looked(wanted) == {("s.a", "s/a@1"): {"state": [3, 4]}}
