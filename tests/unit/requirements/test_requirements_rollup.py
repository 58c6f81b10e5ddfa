from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from simulator import (
    LONG_BEFORE,
    MART,
    MORNING,
    PLACE,
    SOURCE,
    TEXT,
    agreed,
    history,
    local,
    project,
    ready_objective,
    requirement,
)

from mainstem.core.evidence import Verdict
from mainstem.core.model_test import Cell, ModelTest, Rows
from mainstem.core.output import Output
from mainstem.core.project import Macro
from mainstem.core.requirement import Need, Proof
from mainstem.lifecycle.requirements.backtest import backtest
from mainstem.lifecycle.requirements.evaluate import evaluate
from mainstem.lifecycle.requirements.proofs import proof_definition
from mainstem.lifecycle.requirements.rollup import fails, roll_up
from mainstem.lifecycle.requirements.tested import beneath

STATUSES = ("violated", "unverified", "at_risk", "met")


def rolled(*given):
    """The roll-up of requirements given as (priority, status, flags)."""
    items = [requirement(ready_objective(), id=f"r{number}", priority=one[0]) for number, one in enumerate(given)]
    made = project(*items)
    verdicts = {
        item.id: Verdict(item.id, one[1], MORNING, (), one[2] if len(one) > 2 else ())
        for item, one in zip(items, given, strict=True)
    }
    return made, verdicts, roll_up(made, verdicts)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ([("must", status)], status) for status in STATUSES
    ]
    + [
        ([("should", "violated")], "at_risk"),
        ([("should", "unverified")], "at_risk"),
        ([("should", "met")], "met"),
        ([("could", "violated")], None),
        ([("wont", "violated")], None),
        ([("must", "draft")], "draft"),
        ([("must", "retired")], None),
        ([("must", "draft"), ("must", "met")], "met"),
        ([("must", "met"), ("must", "unverified"), ("must", "at_risk")], "unverified"),
        ([("must", "unverified"), ("must", "violated")], "violated"),
        ([("must", "violated", ("waived",))], "at_risk"),
        ([("must", "met", ("waived",))], "met"),
        ([("must", "met"), ("should", "violated")], "at_risk"),
        ([], None),
    ],
)  # fmt: skip
def test_the_gravest_of_what_somebody_has_a_right_to(given, status):
    _, _, found = rolled(*given)
    assert found.stakeholders["ops-duty-manager"] == status
    assert found.needs["morning-crew-moves"] == status
    assert found.goals["protect-punctuality"] == status
    assert found.stakeholders["crew-planning"] is None


def test_written_for_somebody_without_a_need():
    item = requirement(ready_objective(), needs=(), for_="crew-planning")
    found = roll_up(project(item), {item.id: Verdict(item.id, "violated", MORNING, ())})
    assert found.stakeholders["crew-planning"] == "violated"
    assert found.needs["crew-lists"] is None


def test_only_a_violated_must_that_is_not_waived_fails():
    made, verdicts, _ = rolled(
        ("must", "violated"), ("must", "violated", ("waived",)), ("should", "violated"), ("must", "unverified")
    )
    assert fails(made, verdicts) == ("r0",)


def test_a_backtest_needs_neither_agreement_nor_item():
    simulation = history(without=["2013-12-10", "2013-12-17"])
    item = requirement(ready_objective(deadline="+1d 05:01"), id="tried")
    found = backtest(project(), item, simulation.log(), MORNING)
    assert (found.status, found.would_be) == ("draft", "violated")
    assert found.budget is not None
    assert (found.budget.n, found.budget.bad) == (28, 28)
    kinder = backtest(project(), requirement(ready_objective(misses=2), id="tried"), simulation.log(), MORNING)
    assert kinder.would_be == "at_risk"
    assert backtest(project(), item, simulation.log(), MORNING, LONG_BEFORE).would_be == "unverified"


def test_a_contract_that_is_broken_puts_at_risk_what_rests_on_it():
    made = agreed(project(requirement(ready_objective())), LONG_BEFORE)
    above = {MART: frozenset({SOURCE, MART})}
    for sorts, status in (({"timing"}, "at_risk"), ({"content"}, "met")):
        broken = {SOURCE: frozenset(sorts), "elsewhere": frozenset({"timing"})}
        found = evaluate(made, history().log(), MORNING, ancestors=above, broken=broken)["ops-morning-delays"]
        assert found.status == status
    found = evaluate(made, history().log(), MORNING, ancestors=above, broken={MART: frozenset({"timing"})})
    assert found["ops-morning-delays"].status == "met"


def test_what_rests_on_a_draft_or_on_itself_is_not_at_risk():
    draft = requirement(replace(ready_objective(), of=SOURCE), id="source-complete", binds=(SOURCE,))
    made = agreed(project(requirement(ready_objective()), draft), LONG_BEFORE, ids=["ops-morning-delays"])
    above = {MART: frozenset({SOURCE, MART})}
    found = evaluate(made, history().log(), MORNING, ancestors=above)
    assert found["source-complete"].status == "draft"
    assert found["ops-morning-delays"].status == "met"


def test_what_is_bound_and_gone_is_unverified():
    made = agreed(project(requirement(ready_objective())), LONG_BEFORE)
    item = replace(made.requirements["ops-morning-delays"], binds=(MART, "dashboards/gone", "marts.route_delays.p90"))
    found = evaluate(replace(made, requirements={item.id: item}), history().log(), MORNING)[item.id]
    assert found.status == "unverified"
    assert found.reasons[0] == '"dashboards/gone", which it binds, does not exist'


def test_columns_blocks_and_outputs_can_be_bound():
    output = Output("dashboards/x", "dashboard", PLACE)
    item = requirement(ready_objective(), binds=(f"{MART}.p90_delay", "dashboards/x#worst", "dashboards/x"))
    made = agreed(project(item, outputs={output.name: output}), LONG_BEFORE)
    assert evaluate(made, history().log(), MORNING)[item.id].status == "met"


# proofs

PROOFS = (
    Proof("answers", "dashboards/x", PLACE, {"as": "ops-duty-manager"}),
    Proof("test", "worst_routes", PLACE, {}),
    Proof("accepted_by", "ops-duty-manager", PLACE, {}),
)


def a_test(text="1"):
    return ModelTest("worst_routes", PLACE, MART, PLACE, Rows({"n": PLACE}, ({"n": Cell(text, PLACE)},)))


TEST = a_test()
MACRO = Macro("late", PLACE, "late(x) as x >= 15", "create macro late(x) as x >= 15", ())


def proved(rows, *, proofs=PROOFS, binds=("dashboards/x",), at=MORNING, on=TEXT, then=(TEST, MACRO), **given):
    """The verdict with proof rows given as (position of the proof, outcome, hours ago, release).

    `on` is the fingerprint of the text that the test was run on, `then` the test and the macro that there were.
    """
    item = requirement(
        None,
        class_="functional",
        proofs=proofs,
        binds=binds,
        statement="The dashboard shall list five routes.",
        **given,
    )
    output = Output("dashboards/x", "dashboard", PLACE)
    made = project(item, outputs={output.name: output}, tests={TEST.name: TEST}, macros=(MACRO,))
    made = agreed(made, LONG_BEFORE)
    simulation = history()
    live = f"r{simulation.number:06d}"
    for position, outcome, hours, release in rows:
        facts = {"reason": "four rows"} if outcome == "refused" else {}
        facts |= beneath(made, then[0], on, then[1:]) if proofs[position].kind == "test" else {}
        simulation.write(
            "proof", MORNING - timedelta(hours=hours), item.id, version=release or live, outcome=outcome, facts=facts,
            definition=proof_definition(item, proofs[position]),
        )  # fmt: skip
    return evaluate(made, simulation.log(), at)[item.id]


ALL = [(0, "ok", 1, None), (1, "ok", 1, None), (2, "ok", 1, None)]


def test_all_rungs_climbed_is_met():
    assert proved(ALL).status == "met"


def test_a_proof_that_is_not_so_is_violated():
    found = proved([*ALL, (1, "refused", 0, None)])
    assert found.status == "violated"
    assert found.reasons[0] == 'what the test "worst_routes" expects is not so: four rows'
    assert proved([(1, "refused", 2, None), *ALL]).status == "met"


def test_a_proof_of_another_release_proves_nothing_of_this_one_an_acceptance_does():
    assert proved([(0, "ok", 1, "r000001"), *ALL[1:]]).reasons[0] == "not yet shown that it answers"
    assert proved([*ALL[:2], (2, "ok", 1, "r000001")]).status == "met"


def test_a_test_proves_the_text_that_it_was_run_on_in_whatever_release():
    untested = "answers, but nothing shows yet that it does what the sentence says: run `mainstem test worst_routes`"
    assert proved([ALL[0], (1, "ok", 1, "r000001"), ALL[2]]).status == "met"
    assert proved(ALL, on="sha256:another").reasons[0] == untested
    assert proved([*ALL, (1, "refused", 0, None)], on="sha256:another").reasons[0] == untested
    assert proved(ALL, then=(a_test("2"), MACRO)).reasons[0] == untested
    assert proved(ALL, then=(a_test(None), MACRO)).reasons[0] == untested
    assert proved(ALL, then=(TEST, replace(MACRO, text="late(x) as x > 15"))).reasons[0] == untested
    assert proved(ALL, then=(TEST, replace(MACRO, name="gone"))).reasons[0] == untested


def test_a_proof_that_could_not_be_shown_or_is_too_old_is_unverified():
    assert proved([*ALL, (1, "errored", 0, None)]).status == "unverified"
    aging = (PROOFS[0], replace(PROOFS[1], options={"max_age": "2h"}), PROOFS[2])
    assert proved([ALL[0], (1, "ok", 1, None), ALL[2]], proofs=aging).status == "met"
    assert proved([ALL[0], (1, "ok", 3, None), ALL[2]], proofs=aging).status == "unverified"


def test_where_people_read_it_somebody_must_have_accepted_it():
    found = proved(ALL[:2], proofs=PROOFS[:2])
    assert found.reasons[0] == "works as tested; nobody was asked to accept it"
    assert proved(ALL[:2], proofs=PROOFS[:2], binds=(MART,)).status == "met"


def test_without_objective_or_proofs_it_is_unverified():
    item = requirement(None, class_="functional", priority="should", statement="The dashboard shall list five routes.")
    found = evaluate(agreed(project(item), LONG_BEFORE), history().log(), MORNING)[item.id]
    assert found.status == "unverified"
    assert found.reasons[0] == "nothing says how it is measured: it has neither objective nor proofs"


def test_an_edited_sentence_asks_for_acceptance_again():
    item = requirement(None, proofs=PROOFS, statement="The dashboard shall list five routes.")
    edited = replace(item, statement="The dashboard shall list six routes.")
    assert proof_definition(item, PROOFS[2]) != proof_definition(edited, PROOFS[2])
    assert proof_definition(item, PROOFS[1]) == proof_definition(edited, PROOFS[1])


def test_a_promise_with_objective_and_proofs_needs_both():
    item = requirement(ready_objective(), proofs=PROOFS[:1], binds=(MART,))
    made = agreed(project(item), LONG_BEFORE)
    assert evaluate(made, history().log(), MORNING)[item.id].status == "unverified"
    broken = history(without=["2013-12-10", "2013-12-11"]).log()
    assert evaluate(made, broken, MORNING)[item.id].status == "violated"


def test_needs_may_serve_the_same_person_twice():
    item = requirement(ready_objective(), needs=("morning-crew-moves", "second"))
    made = project(item)
    second = Need("second", "Second", "ops-duty-manager", PLACE)
    made = replace(made, needs={**made.needs, "second": second})
    found = roll_up(made, {item.id: Verdict(item.id, "met", local("2013-12-31"), ())})
    assert found.needs == {"morning-crew-moves": "met", "crew-lists": None, "second": "met"}
