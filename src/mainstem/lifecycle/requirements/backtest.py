"""Owns the backtest: what a wording would have made of the evidence there is."""

from __future__ import annotations

from datetime import datetime

from mainstem.core.evidence import Verdict
from mainstem.core.project import Project
from mainstem.core.requirement import Requirement
from mainstem.lifecycle.requirements.judging import judge
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.promise import promise_of
from mainstem.lifecycle.requirements.window import Terms


def backtest(
    project: Project, requirement: Requirement, log: Log, at: datetime, known: datetime | None = None
) -> Verdict:
    """The verdict that `requirement`, in whatever wording, would have at `at` had it been agreed to from the beginning.

    It need not be in the project. `known` defaults to all that the log knows. Status `draft`, with `would_be`.
    """
    seen = log if known is None else log.as_known(known)
    found = judge(project, promise_of(project, requirement), seen, at, Terms())
    return Verdict(
        requirement.id,
        "draft",
        at,
        found.reasons,
        ("mended",) if found.is_mended else (),
        found.status,
        found.budget,
        found.slices,
        found.evidence,
        found.rule,
    )
