"""Tests that are proofs of requirements: what became of them is evidence, of the text that they were run on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from mainstem.core.clock import Clock
from mainstem.core.dataset import Model
from mainstem.core.evidence import Evidence
from mainstem.core.model_test import ModelTest
from mainstem.core.ports import Ledger
from mainstem.core.problem import ProjectError
from mainstem.core.project import Project
from mainstem.core.requirement import Proof, Requirement
from mainstem.dataops.model_tests import Tested, run_tests
from mainstem.lifecycle.requirements.log import Log
from mainstem.lifecycle.requirements.proofs import newest_row, proof_definition
from mainstem.lifecycle.requirements.tested import beneath, live_fingerprint
from mainstem.orchestration.bind import Bound
from mainstem.orchestration.macros import used_macros
from mainstem.orchestration.reading import bound_to

_OUTCOMES = {"passed": "ok", "failed": "refused", "errored": "errored"}


def proofs_by(project: Project, tests: Sequence[ModelTest]) -> list[tuple[Requirement, Proof]]:
    """The proofs that these tests can give, of requirements that are not retired."""
    names = {test.name for test in tests}
    return [
        (requirement, proof)
        for requirement in project.requirements.values()
        if requirement.retired is None
        for proof in requirement.proofs
        if proof.kind == "test" and proof.of in names
    ]


def record_proofs(
    project: Project, bound: Bound, ledger: Ledger, clock: Clock, done: Sequence[Tested]
) -> tuple[str, ...]:
    """Record what became of tests as evidence of the requirements that name them; returns the ids of these.

    What the newest row of a proof says already is not said again, unless the proof may become too old.
    """
    wanted = proofs_by(project, [each.test for each in done])
    if not wanted:
        return ()
    subjects = list(dict.fromkeys(requirement.id for requirement, _ in wanted))
    known = {(row.subject, row.definition): row for row in ledger.evidence(kinds=("proof",), subjects=subjects)}
    at, by_name = clock.now(), {each.test.name: each for each in done}
    rows = []
    for requirement, proof in wanted:
        row = _evidence(project, bound, requirement, proof, by_name[proof.of], at)
        before = known.get((row.subject, row.definition))
        is_new = before is None or (before.outcome, before.facts) != (row.outcome, row.facts)
        if is_new or "max_age" in proof.options:
            rows.append(row)
    ledger.record(rows, at)
    return tuple(subjects)


def prove(project: Project, ledger: Ledger, clock: Clock, env: str) -> None:
    """Run the tests that proofs name and that were not run on what is live now, and record what became of them.

    A model whose text is not the live one is left alone, and so are tests that are wrong themselves: `mainstem test`
    tells. WorldError only when the ledger cannot be used.
    """
    wanted = proofs_by(project, tuple(project.tests.values()))
    release = ledger.current(env) if wanted else None
    if release is None:
        return
    at = clock.now()
    names = {project.tests[proof.of].model for _, proof in wanted}
    subjects = [*names, *(requirement.id for requirement, _ in wanted)]
    log = Log(ledger.evidence(env=env, kinds=("proof", "published", "version"), subjects=subjects), env)
    due = [proof.of for requirement, proof in wanted if _is_due(newest_row(requirement, proof, project, log, at))]
    if not due:
        return
    bound = bound_to(project, release)
    with suppress(ProjectError):
        tests = [test for name in dict.fromkeys(due) if _is_live(test := project.tests[name], bound, log, at)]
        record_proofs(project, bound, ledger, clock, run_tests(project, bound, tests))


def _is_due(row: Evidence | None) -> bool:
    return row is None or row.outcome == "errored"


def _is_live(test: ModelTest, bound: Bound, log: Log, at: datetime) -> bool:
    facts = bound.facts.get(test.model)
    return facts is not None and facts.fingerprint == live_fingerprint(log, test.model, at)


def _evidence(
    project: Project, bound: Bound, requirement: Requirement, proof: Proof, tested: Tested, at: datetime
) -> Evidence:
    model = project.datasets[tested.test.model].made_by
    assert isinstance(model, Model)
    called = used_macros(model.sql, project.macros)
    facts = beneath(project, tested.test, bound.facts[tested.test.model].fingerprint, called)
    if tested.status != "passed":
        facts["reason"] = _reason(tested)
    return Evidence(
        "proof",
        requirement.id,
        at,
        label=proof.of,
        outcome=_OUTCOMES[tested.status],
        definition=proof_definition(requirement, proof),
        facts=facts,
    )


def _reason(tested: Tested) -> str:
    """Why a test does not pass, without a value: `1 missing, 2 different`."""
    if tested.problem is not None:
        return f"it cannot be run ({tested.problem.code})"
    return "of its rows " + ", ".join(f"{count} {kind}" for kind, count in tested.counts.items())
