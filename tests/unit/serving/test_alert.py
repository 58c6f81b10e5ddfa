"""Who is told what: once when it breaks, once when it is kept again, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mainstem.core.evidence import Evidence
from mainstem.core.project import Alert
from mainstem.lifecycle.serving.alert import RUN, Notice, State, due, message

AT = datetime(2013, 12, 17, 10, 15, tzinfo=UTC)
ALERTS = (Alert("https://a.example/", ("violated", "failed")), Alert("https://b.example/", ("violated", "at_risk")))


def state(status: str, subject: str = "morning") -> State:
    return State(subject, status, "Ready before the meeting", "two late mornings", ("duty-manager",))


class Told:
    """Evidence of what was sent, as it grows."""

    def __init__(self) -> None:
        self.rows: list[Evidence] = []

    def sent(self, notices: list[Notice], at: datetime = AT, outcome: str = "ok") -> None:
        for notice in notices:
            facts = {"requirement": notice.state.subject, "status": notice.state.status, "key": notice.key}
            row = Evidence("delivered", f"alerts/{notice.target}", at, "prod", outcome=outcome, facts=facts)
            self.rows.append(replace(row, id=len(self.rows) + 1))

    def due(self, *states: State, at: datetime = AT) -> list[Notice]:
        return due(ALERTS, states, self.rows, "prod", at)


def said(notices: list[Notice]) -> list[tuple[int, str]]:
    return [(notice.target, notice.kind) for notice in notices]


def test_one_alert_and_one_recovery() -> None:
    told = Told()
    assert said(told.due(state("met"))) == []
    told.sent(told.due(state("violated")))
    assert [row.subject for row in told.rows] == ["alerts/1", "alerts/2"]
    assert said(told.due(state("violated"))) == []
    assert said(told.due(state("unverified"))) == []
    told.sent(told.due(state("met")))
    assert len(told.rows) == 4
    assert said(told.due(state("met"))) == []
    assert said(told.due(state("violated"))) == [(1, "alert"), (2, "alert")]


def test_each_receiver_hears_what_it_asked_for() -> None:
    told = Told()
    assert said(told.due(state("at_risk"))) == [(2, "alert")]
    told.sent(told.due(state("violated")))
    assert said(told.due(state("at_risk"))) == [(1, "recovery"), (2, "alert")]
    assert said(told.due(state("failed", RUN))) == [(1, "alert")]


def test_what_did_not_arrive_is_sent_again_under_its_key_and_ever_more_seldom() -> None:
    told = Told()
    first = told.due(state("violated"))[0]
    told.sent([first], AT, "errored")
    assert (1, "alert") not in said(told.due(state("violated"), at=AT + timedelta(seconds=9)))
    again = next(each for each in told.due(state("violated"), at=AT + timedelta(seconds=10)) if each.target == 1)
    assert (again.key, again.attempt) == (first.key, 1)
    told.sent([again], AT + timedelta(seconds=10), "errored")
    assert (1, "alert") not in said(told.due(state("violated"), at=AT + timedelta(seconds=29)))
    assert (1, "alert") in said(told.due(state("violated"), at=AT + timedelta(seconds=30)))


def test_what_was_never_told_needs_no_recovery() -> None:
    told = Told()
    told.sent(told.due(state("violated"))[:1], outcome="errored")
    assert said(told.due(state("met"), at=AT + timedelta(hours=1))) == []


def test_a_second_break_has_another_key() -> None:
    told = Told()
    first = told.due(state("violated"))
    told.sent(first)
    told.sent(told.due(state("met")))
    second = told.due(state("violated"))
    assert {each.key for each in first}.isdisjoint({each.key for each in second})


@pytest.mark.parametrize(("status", "kind", "words"), [("violated", "alert", "✕"), ("met", "recovery", "●")])
def test_a_message_says_what_and_where(status: str, kind: str, words: str) -> None:
    body = message(Notice(1, kind, state(status), "k"), "flights", "prod", AT, "http://x/requirements/morning")
    assert body["text"] == f"{words} Ready before the meeting: {status}. two late mornings"
    assert (body["requirement"], body["status"], body["key"]) == ("morning", status, "k")
    assert message(Notice(1, "alert", state("failed", RUN), "k"), "f", "prod", AT, None)["requirement"] is None
