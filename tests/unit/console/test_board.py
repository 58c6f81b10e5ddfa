"""The scoreboard's figures: which deadline is the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mainstem.console.board import next_due
from mainstem.console.site import Site
from mainstem.orchestration.desk import Desk


def test_the_deadline_of_a_draft_binds_nobody(opened: Desk) -> None:
    now = Site(opened).now()
    verdicts, at = dict(now.judged.verdicts), now.judged.at
    due = next_due(now.project, verdicts, at)
    assert due is not None
    assert due.requirement.id == "ready-early"
    assert at < due.at <= at + timedelta(days=1)
    verdicts["ready-early"] = replace(verdicts["ready-early"], status="draft")
    assert next_due(now.project, verdicts, at) is None
