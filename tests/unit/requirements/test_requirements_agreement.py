from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
import yaml
from simulator import (
    FIRST,
    LAST,
    LONG_BEFORE,
    MART,
    MORNING,
    PLACE,
    SOURCE,
    Simulation,
    accurate_objective,
    agreed,
    complete_objective,
    dates,
    history,
    local,
    project,
    ready_objective,
    requirement,
    row_count,
)

from mainstem.core.canonical import digest
from mainstem.core.clock import parse_instant
from mainstem.core.problem import ProjectError
from mainstem.core.requirement import Agreement, Decision, Definition, Goal, Proof, Retired
from mainstem.lifecycle.requirements.agreement import agree, declare_exception, waive
from mainstem.lifecycle.requirements.digests import (
    agreed_promise,
    agreed_text,
    binding_digest,
    entry_problems,
    from_agreed,
    link_digests,
    parties,
    promise_digest,
)
from mainstem.lifecycle.requirements.evaluate import evaluate
from mainstem.lifecycle.requirements.force import in_force
from mainstem.lifecycle.requirements.restore import plain, plain_digest
from mainstem.lifecycle.requirements.spread import suspects
from mainstem.lifecycle.requirements.wanted import probes, totals

ID = "ops-morning-delays"
DECEMBER = local("2013-12-02", "09:00")


def one(objective=None, **given):
    return project(requirement(objective or ready_objective()), **given)


def codes(caught):
    return [problem.code for problem in caught.value.problems]


def promise(item, made=None):
    return promise_digest(agreed_text(item, made or project(item)))


def binding(item, made=None):
    return binding_digest(agreed_text(item, made or project(item)))


# what is agreed to


def test_an_entry_holds_who_when_digests_and_the_whole_text():
    entry = agree(one(), ID, "ops-duty-manager", DECEMBER, "data-platform")
    assert entry["agreed"] == "ops-duty-manager"
    assert entry["at"] == "2013-12-02T09:00:00-05:00"
    assert entry["recorded_by"] == "data-platform"
    assert set(entry["links"]) == {"morning-crew-moves", "protect-punctuality"}
    assert entry["promise"].startswith("sha256:")
    assert entry["text"]["objective"] == {
        "measure": "ready_by",
        "of": MART,
        "options": {"deadline": "+1d 05:15", "partition": "flight_date", "passing": ["row_count"]},
        "share": "1",
        "slice": "1d",
        "target": "0.95",
        "window": "28d",
        "zone": "America/New_York",
    }
    assert entry["text"]["checks"] == {
        "row_count": {"kind": "row_count", "options": {"at_least": "500"}, "per": "partition"}
    }
    assert entry["text"]["parties"] == ["ops-duty-manager"]


RICH = ready_objective(
    misses=2, days=(4, 0), hours=None, slice="1d", window="12w", starts=date(2013, 12, 1), passing=("row_count",)
)


@pytest.mark.parametrize(
    "objective",
    [ready_objective(), RICH, complete_objective(), accurate_objective(), ready_objective(target=None, window=None)],
)
def test_the_text_survives_yaml_and_is_enough_to_judge_by(objective):
    proofs = (Proof("returns", "dashboards/x#y", PLACE, {"rows": "5", "not_null": ("a", "b")}),)
    item = requirement(objective, proofs=proofs)
    made = project(item)
    text = agreed_text(item, made)
    for written in (
        yaml.load(yaml.safe_dump(text), yaml.BaseLoader),
        yaml.load(yaml.safe_dump(text, default_flow_style=True), yaml.BaseLoader),
        json.loads(json.dumps(text)),
    ):
        assert written == text
        again = from_agreed(written, requirement(None, statement="edited"))
        assert again.objective == replace(objective, days=tuple(sorted(objective.days)), place=PLACE)
        assert (again.statement, again.priority, again.binds) == (item.statement, "must", (MART,))
        assert again.proofs == tuple(replace(proof, options={"rows": "5", "not_null": ["a", "b"]}) for proof in proofs)
        assert promise_digest(written) == promise_digest(text)
        assert binding_digest(written) == binding_digest(text)
        assert agreed_promise(written, item, made).checks.keys() == agreed_promise(text, item, made).checks.keys()


def test_hours_are_agreed_to_as_well():
    objective = ready_objective(slice="1h", hours=(time(9), time(17, 30)))
    item = requirement(objective)
    assert from_agreed(agreed_text(item, project(item)), item).objective.hours == (time(9), time(17, 30))


def test_the_digest_of_plain_data_is_the_canonical_one():
    for value in ({"b": Decimal("0.950"), "a": "x  y"}, {"n": None, "l": [1, 2.5], "t": True}, {"é": "é"}):
        assert plain_digest(value) == digest(plain(value))


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"statement": "When a day ends, the mart shall be ready by 05:15."}, True),
        ({"priority": "should"}, True),
        ({"class_": "constraint"}, True),
        ({"characteristic": "freshness"}, True),
        ({"objective": ready_objective(deadline="+1d 05:16")}, True),
        ({"objective": ready_objective(misses=1)}, True),
        ({"objective": ready_objective(target=Decimal("0.96"))}, True),
        ({"objective": ready_objective(window="21d")}, True),
        ({"objective": ready_objective(zone="Europe/Berlin")}, True),
        ({"objective": ready_objective(days=(0, 1))}, True),
        ({"objective": ready_objective(passing=())}, True),
        ({"objective": ready_objective(share=Decimal("0.5"))}, True),
        ({"objective": ready_objective(starts=date(2013, 12, 1))}, True),
        ({"proofs": (Proof("test", "x", PLACE, {}),)}, True),
        ({"uses": ("late-departure",)}, True),
        ({"title": "Another title"}, False),
        ({"rationale": "Because"}, False),
        ({"text": "Notes"}, False),
        ({"needs": ("crew-lists",)}, False),
        ({"binds": ("marts.other",)}, False),
        ({"objective": replace(ready_objective(), of="operations.flights")}, False),
        ({"objective": ready_objective(target=Decimal("0.950"))}, False),
    ],
)
def test_the_promise_digest_asks_stakeholders_about_promises_only(change, asks):
    item = requirement(ready_objective())
    made = project(item)
    assert (promise(replace(item, **change), made) != promise(item, made)) == asks


def test_names_of_checks_do_not_matter_their_content_does():
    item = requirement(ready_objective())
    renamed = requirement(ready_objective(passing=("enough_rows",)))
    made = project(item)
    dataset = replace(made.datasets[MART], checks=(row_count(500, "enough_rows"),))
    with_new_name = replace(made, datasets={**made.datasets, MART: dataset})
    assert promise(renamed, with_new_name) == promise(item, made)
    weaker = replace(made, datasets={**made.datasets, MART: replace(dataset, checks=(row_count(1),))})
    assert promise(item, weaker) != promise(item, made)


def test_the_binding_digest_asks_the_engineer():
    item = requirement(accurate_objective())
    assert binding(replace(item, binds=("marts.other",))) != binding(item)
    assert binding(replace(item, objective=replace(item.objective, of="marts.other"))) != binding(item)
    options = replace(item.objective.options, against="staging.flights")
    against = replace(item, objective=replace(item.objective, options=options))
    assert binding(against) != binding(item)
    assert promise(against) == promise(item)
    assert binding(replace(item, binds=(MART, MART))) == binding(item)


def test_links_are_what_people_want_not_how_they_put_it():
    item = requirement(ready_objective(), uses=("late-departure",))
    made = project(item)
    before = link_digests(item, made)
    assert set(before) == {"morning-crew-moves", "protect-punctuality", "late-departure"}

    def after(kind, id, **change):
        items = {**getattr(made, kind), id: replace(getattr(made, kind)[id], **change)}
        return link_digests(item, replace(made, **{kind: items}))

    assert after("needs", "morning-crew-moves", today="Mail", pains=("late",), text="x") == before
    assert after("needs", "morning-crew-moves", action="Guess") != before
    assert after("goals", "protect-punctuality", measure={"metric": "x"}) != before
    assert after("definitions", "late-departure", sql="dep_delay >= 30") != before
    assert after("definitions", "late-departure", title="Late") == before


# refusals


def test_an_unknown_requirement_names_the_nearest():
    with pytest.raises(ProjectError, match=r'R060 .*"ops-morning-delay" does not exist .*"ops-morning-delays"\?'):
        agree(one(), "ops-morning-delay", "ops-duty-manager", DECEMBER)


def test_an_unknown_stakeholder_names_the_nearest():
    with pytest.raises(ProjectError, match=r'R061 .*"ops-duty-manger" does not exist .*"ops-duty-manager"\?'):
        agree(one(), ID, "ops-duty-manger", DECEMBER)


def test_who_has_no_part_in_it_cannot_agree():
    with pytest.raises(ProjectError, match=r'R062 "crew-planning" has no part .*who must agree: ops-duty-manager'):
        agree(one(), ID, "crew-planning", DECEMBER)


def test_a_must_that_nothing_measures_cannot_be_agreed_to():
    item = requirement(None, class_="functional", statement="The dashboard shall list five routes.")
    with pytest.raises(ProjectError) as caught:
        agree(project(item), ID, "ops-duty-manager", DECEMBER)
    assert codes(caught) == ["R063"]
    assert agree(project(replace(item, priority="should")), ID, "ops-duty-manager", DECEMBER)


def test_a_target_that_allows_no_miss_must_say_so():
    with pytest.raises(ProjectError, match=r"R064 target 0.99 over 28d allows no miss .*misses: 0"):
        agree(one(ready_objective(target=Decimal("0.99"))), ID, "ops-duty-manager", DECEMBER)
    assert agree(one(ready_objective(misses=0)), ID, "ops-duty-manager", DECEMBER)


def test_everything_that_is_wrong_is_said_at_once():
    item = requirement(ready_objective(target=Decimal("0.99")), statement="The mart is ready by 06:00.")
    with pytest.raises(ProjectError) as caught:
        agree(project(item), ID, "crew-planning", DECEMBER)
    assert sorted(codes(caught)) == ["R020", "R022", "R062", "R064"]


def test_a_definition_that_says_nothing_blocks_what_uses_it():
    item = requirement(ready_objective(), uses=("delay-cause",))
    empty = Definition("delay-cause", "Cause of a delay", PLACE, "cause", "To be agreed")
    with pytest.raises(ProjectError, match=r'R051 definition "delay-cause" has neither'):
        agree(project(item, definitions={empty.id: empty}), ID, "ops-duty-manager", DECEMBER)


def test_a_definition_is_agreed_to_by_those_who_use_it_and_its_owner():
    item = requirement(ready_objective(), uses=("late-departure",))
    made = project(item)
    owned = replace(made.definitions["late-departure"], owner="chief-operations-officer")
    made = replace(made, definitions={owned.id: owned})
    entry = agree(made, "late-departure", "ops-duty-manager", DECEMBER)
    assert entry["text"]["parties"] == ["chief-operations-officer", "ops-duty-manager"]
    kept = Agreement(owned.id, "agreed", DECEMBER, PLACE, promise=entry["promise"], text=entry["text"])
    assert entry_problems({owned.id: (kept,)}) == ()
    with pytest.raises(ProjectError, match="R062"):
        agree(made, "late-departure", "crew-planning", DECEMBER)


def test_a_retired_item_cannot_be_agreed_to():
    item = requirement(ready_objective(), retired=Retired(date(2013, 11, 1), "replaced"))
    with pytest.raises(ProjectError, match=r"R073 .* was retired on 2013-11-01: replaced"):
        agree(project(item), ID, "ops-duty-manager", DECEMBER)


def test_who_owes_it_must_agree_as_well():
    item = requirement(ready_objective(), owed_by="flight-operations-it")
    assert parties(item, project(item)) == ("ops-duty-manager", "flight-operations-it")
    assert parties(requirement(ready_objective(), needs=(), for_="crew-planning"), project()) == ("crew-planning",)


def test_an_edited_agreement_is_found():
    made = agreed(one(), DECEMBER)
    (entry,) = made.agreements[ID]
    assert entry_problems(made.agreements) == ()
    forged = replace(entry, text={**entry.text, "priority": "could"})
    (problem,) = entry_problems({ID: (forged,)})
    assert problem.code == "R066"
    assert (
        problem.what
        == 'the promise digest in an agreement to "ops-morning-delays" by "ops-duty-manager" does not fit its text'
    )
    rebound = replace(entry, text={**entry.text, "binds": ["marts.other"]})
    assert [problem.code for problem in entry_problems({ID: (rebound,)})] == ["R066"]


# waivers and exceptions


def test_a_waiver_says_until_when_and_why():
    until = local("2014-01-31")
    entry = waive(one(), ID, "chief-operations-officer", MORNING, until, "new radar")
    assert entry == {
        "waived": "chief-operations-officer",
        "at": "2013-12-31T06:00:00-05:00",
        "until": "2014-01-31T00:00:00-05:00",
        "because": "new radar",
    }
    assert waive(one(), ID, "ops-duty-manager", MORNING, until, "new radar")


def test_a_waiver_needs_an_end_a_reason_and_somebody_who_can():
    item = requirement(ready_objective(), owed_by="flight-operations-it")
    with pytest.raises(ProjectError) as caught:
        waive(project(item), ID, "flight-operations-it", MORNING, MORNING, "  ")
    assert sorted(codes(caught)) == ["R067", "R068", "R069"]
    assert "those who can are: ops-duty-manager, chief-operations-officer" in str(caught.value)


def test_a_waiver_is_shown_and_changes_no_status():
    made = agreed(one(), LONG_BEFORE)
    simulation = history(without=["2013-12-10", "2013-12-11"])
    until = local("2014-01-31")
    waiver = Agreement(
        ID, "waived", local("2013-12-20"), PLACE, by="chief-operations-officer", until=until, because="new radar",
        recorded_at=local("2013-12-20"),
    )  # fmt: skip
    waived = replace(made, agreements={ID: (*made.agreements[ID], waiver)})
    found = evaluate(waived, simulation.log(), MORNING)[ID]
    assert (found.status, found.flags) == ("violated", ("waived",))
    assert found.reasons[-1] == "waived by chief-operations-officer until 31 January 00:00: new radar"
    assert evaluate(waived, simulation.log(), local("2013-12-19"))[ID].flags == ()
    assert evaluate(waived, simulation.log(), until)[ID].flags == ()
    before = local("2013-12-19", "23:00")
    assert evaluate(waived, simulation.log(), MORNING, before)[ID].flags == ()


def test_an_exception_names_a_slice_that_has_not_opened():
    entry = declare_exception(one(), ID, "2014-01-01", MORNING, "holiday")
    assert entry == {"exception": "2014-01-01", "at": "2013-12-31T06:00:00-05:00", "because": "holiday"}
    with pytest.raises(ProjectError, match=r"R071 .*has been open since 31 December 00:00.*mainstem waive"):
        declare_exception(one(), ID, "2013-12-31", MORNING, "holiday")
    with pytest.raises(ProjectError, match=r'R070 "christmas" is no slice .*its label: 2014-01-01'):
        declare_exception(one(), ID, "christmas", MORNING, "holiday")
    with pytest.raises(ProjectError, match="R069"):
        declare_exception(one(), ID, "2014-01-01", MORNING, "")
    with pytest.raises(ProjectError, match=r"R070 .*has no slices"):
        declare_exception(project(requirement(None)), ID, "2014-01-01", MORNING, "holiday")


# what is in force


def force(made, at=MORNING, known=MORNING):
    return in_force(made, made.requirements[ID], at, known)


def test_a_draft_is_judged_and_not_counted():
    found = evaluate(one(), history(without=["2013-12-10", "2013-12-11"]).log(), MORNING)[ID]
    assert (found.status, found.would_be) == ("draft", "violated")
    assert found.reasons[0] == "not agreed yet by ops-duty-manager"


def test_a_promise_is_in_force_when_the_last_of_its_parties_has_agreed():
    made = project(requirement(ready_objective(), needs=("morning-crew-moves", "crew-lists")))
    half = agreed(made, local("2013-12-01"))
    assert force(half).is_draft
    assert force(half).missing == ("crew-planning",)
    whole = agreed(half, local("2013-12-10"), by="crew-planning")
    assert force(whole).epochs[-1].since == local("2013-12-10")
    assert force(whole).missing == ()


def test_who_is_added_later_does_not_undo_the_promise():
    made = agreed(one(), LONG_BEFORE)
    widened = replace(made.requirements[ID], needs=("morning-crew-moves", "crew-lists"))
    made = replace(made, requirements={ID: widened})
    found = evaluate(made, history().log(), MORNING)[ID]
    assert (found.status, found.flags) == ("met", ("suspect",))
    assert "not agreed yet by crew-planning" in found.reasons
    assert '"crew-lists" is behind it now, and was not when it was agreed to' in found.reasons


def test_agreeing_again_to_the_same_forgives_nothing():
    made = agreed(agreed(one(), LONG_BEFORE), local("2013-12-20"))
    assert force(made).epochs[-1].since == LONG_BEFORE
    found = evaluate(made, history(without=["2013-12-10", "2013-12-11"]).log(), MORNING)[ID]
    assert found.status == "violated"


def test_an_agreement_counts_from_when_it_was_known():
    made = agreed(one(), LONG_BEFORE)
    (entry,) = made.agreements[ID]
    late = replace(made, agreements={ID: (replace(entry, recorded_at=local("2013-12-20")),)})
    assert evaluate(late, history().log(), local("2013-12-19", "12:00"))[ID].status == "draft"
    assert evaluate(late, history().log(), MORNING)[ID].status == "met"


def test_an_exception_that_the_ledger_has_not_seen_does_not_count():
    made = agreed(one(), LONG_BEFORE)
    unseen = Agreement(ID, "exception", local("2013-12-01"), PLACE, label="2013-12-24")
    made = replace(made, agreements={ID: (*made.agreements[ID], unseen)})
    found = evaluate(made, history(without=["2013-12-24"]).log(), MORNING)[ID]
    assert found.budget is not None
    assert (found.budget.n, found.budget.bad) == (28, 1)


def test_a_changed_goal_makes_the_promise_suspect_and_no_less_kept():
    made = agreed(one(), LONG_BEFORE)
    goal = Goal("protect-punctuality", "Other", PLACE, measure={"metric": "x"})
    found = evaluate(replace(made, goals={goal.id: goal}), history().log(), MORNING)[ID]
    assert (found.status, found.flags, found.would_be) == ("met", ("suspect",), None)
    assert found.reasons[-1] == '"protect-punctuality" was changed after it was agreed to'


def test_a_renamed_dataset_bothers_nobody():
    made = agreed(one(), LONG_BEFORE)
    item = made.requirements[ID]
    renamed = replace(item, binds=("marts.delays",), objective=replace(item.objective, of="marts.delays"))
    dataset = replace(made.datasets[MART], name="marts.delays")
    made = replace(made, requirements={ID: renamed}, datasets={"marts.delays": dataset})
    simulation = Simulation(table="marts.delays").nights(dates(FIRST, LAST))
    found = evaluate(made, simulation.log(), MORNING)[ID]
    assert (found.status, found.flags) == ("met", ())
    assert not force(made).is_rebound
    reworded = replace(renamed, priority="should")
    found = evaluate(replace(made, requirements={ID: reworded}), simulation.log(), MORNING)[ID]
    assert (found.status, found.flags) == ("met", ("suspect",))


def shown_to(who):
    return (Proof("answers", "dashboards/x", PLACE, {"as": who}), Proof("accepted_by", who, PLACE, {}))


def test_a_renamed_stakeholder_or_need_bothers_nobody():
    made = agreed(project(requirement(ready_objective(), proofs=shown_to("ops-duty-manager"))), LONG_BEFORE)
    person = replace(made.stakeholders["ops-duty-manager"], id="duty-manager", aliases=("ops-duty-manager",))
    need = replace(
        made.needs["morning-crew-moves"], id="crew-moves", aliases=("morning-crew-moves",), stakeholder="duty-manager"
    )
    renamed = replace(made.requirements[ID], needs=("crew-moves",), proofs=shown_to("duty-manager"))
    made = replace(
        made,
        stakeholders={person.id: person},
        needs={need.id: need},
        requirements={ID: renamed},
    )
    found = evaluate(made, history().log(), MORNING)[ID]
    assert (found.status, found.flags) == ("unverified", ())
    assert force(made).missing == ()


def test_a_renamed_requirement_keeps_its_agreement():
    made = agreed(one(), LONG_BEFORE)
    renamed = replace(made.requirements[ID], id="morning-delays", aliases=(ID,))
    made = replace(made, requirements={renamed.id: renamed})
    assert evaluate(made, history().log(), MORNING)["morning-delays"].status == "met"
    assert list(evaluate(made, history().log(), MORNING, requirements=[ID])) == ["morning-delays"]


def test_an_unknown_requirement_is_refused():
    with pytest.raises(ProjectError, match="R060"):
        evaluate(one(), history().log(), MORNING, requirements=["nobody"])


def test_a_from_date_starts_earlier_or_later_than_the_agreement():
    simulation = history(without=["2013-12-10", "2013-12-11"])
    for starts, counted in ((date(2013, 12, 1), 28), (date(2013, 12, 26), 5)):
        made = agreed(one(ready_objective(starts=starts)), local("2013-12-20"))
        found = evaluate(made, simulation.log(), MORNING)[ID]
        assert found.budget is not None
        assert found.budget.n == counted


def test_a_retired_requirement_is_not_judged():
    item = requirement(ready_objective(), retired=Retired(date(2013, 11, 1), "replaced"))
    found = evaluate(project(item), history().log(), MORNING)[ID]
    assert (found.status, found.reasons) == ("retired", ("retired: replaced",))


# what has to be measured


def test_a_run_measures_what_today_s_text_and_the_agreed_one_ask_for():
    made = agreed(one(accurate_objective()), LONG_BEFORE)
    item = made.requirements[ID]
    edited = replace(item, objective=replace(item.objective, options=replace(item.objective.options, value="count(*)")))
    made = replace(made, requirements={ID: edited})
    assert [probe.id for probe in probes(made)[MART]] == ["count(*) by flight_date", "sum(flights) by flight_date"]
    assert [(total.id, total.expression, total.by) for total in totals(made)["operations.flights"]] == [
        ("count(*) by flight_date", "count(*)", "flight_date")
    ]


def test_a_run_goes_on_measuring_a_check_that_was_agreed_to_and_removed():
    made = agreed(one(), LONG_BEFORE)
    assert probes(made) == {}
    bare = {name: replace(dataset, checks=()) for name, dataset in made.datasets.items()}
    (probe,) = probes(replace(made, datasets=bare))[MART]
    assert (probe.id, probe.check.kind) == ("row_count", "row_count")


def test_an_entry_reads_back_as_it_was_written():
    entry = agree(one(), ID, "ops-duty-manager", DECEMBER)
    assert parse_instant(entry["at"]) == DECEMBER
    assert DECEMBER - parse_instant(entry["at"]) == timedelta(0)


def test_a_waiver_without_an_end_is_an_error():
    waiver = Agreement(ID, "waived", DECEMBER, PLACE, by="chief-operations-officer", because="new radar")
    (problem,) = entry_problems({ID: (waiver,)})
    assert problem.code == "R067"
    assert problem.what == 'the waiver of "ops-morning-delays" by "chief-operations-officer" has no end'


def test_a_draft_with_a_from_date_is_tried_on_all_there_is():
    draft = one(ready_objective(starts=date(2013, 12, 26)))
    found = evaluate(draft, history().log(), MORNING)[ID]
    assert found.budget is not None
    assert found.budget.n == 28


def test_what_counts_from_a_later_date_says_when_the_first_is_due():
    made = agreed(one(ready_objective(starts=date(2014, 1, 10))), LONG_BEFORE)
    found = evaluate(made, history().log(), MORNING)[ID]
    assert found.reasons[0] == "nothing counts yet: first one due on 11 January at 05:15"


def test_suspicion_spreads_one_link_and_not_through_what_is_met():
    made = agreed(one(), LONG_BEFORE)
    goal = Goal("protect-punctuality", "Other", PLACE, measure={"metric": "x"})
    decision = Decision("choose-mart-engine", "Engine", PLACE, requirements=(ID,))
    made = replace(made, goals={goal.id: goal}, decisions={decision.id: decision})
    verdicts = evaluate(made, history().log(), MORNING)
    assert suspects(made, verdicts, MORNING) == {
        ID: ('"protect-punctuality" was changed after it was agreed to',),
        "morning-crew-moves": ('its goal "protect-punctuality" was changed after "ops-morning-delays" was agreed to',),
    }
    verdicts = evaluate(made, history(without=["2013-12-30"]).log(), MORNING)
    assert suspects(made, verdicts, MORNING)[decision.id] == ('it was made for "ops-morning-delays", which is suspect',)
    assert suspects(agreed(made, MORNING), evaluate(agreed(made, MORNING), history().log(), MORNING), MORNING) == {}


def test_a_waiver_without_an_end_lifts_nothing():
    made = agreed(one(), LONG_BEFORE)
    waiver = Agreement(ID, "waived", DECEMBER, PLACE, by="chief-operations-officer", because="new radar")
    made = replace(made, agreements={ID: (*made.agreements[ID], waiver)})
    assert evaluate(made, history().log(), MORNING)[ID].flags == ()


def test_a_need_that_was_taken_away_makes_it_suspect():
    made = agreed(project(requirement(ready_objective(), needs=("morning-crew-moves", "crew-lists"))), LONG_BEFORE)
    made = agreed(made, LONG_BEFORE, by="crew-planning")
    narrowed = replace(made.requirements[ID], needs=("morning-crew-moves",))
    found = evaluate(replace(made, requirements={ID: narrowed}), history().log(), MORNING)[ID]
    assert (found.status, found.flags) == ("met", ("suspect",))
    assert '"crew-lists" is no longer behind it' in found.reasons


def test_an_entry_without_text_holds_for_the_text_with_its_digest():
    made = agreed(one(), LONG_BEFORE)
    (entry,) = made.agreements[ID]
    bare = replace(made, agreements={ID: (replace(entry, text=None, binding=None),)})
    assert evaluate(bare, history().log(), MORNING)[ID].status == "met"
    edited = replace(made.requirements[ID], priority="should")
    assert evaluate(replace(bare, requirements={ID: edited}), history().log(), MORNING)[ID].status == "draft"


def test_who_agreed_to_the_old_text_has_not_agreed_to_the_new_one():
    made = agreed(one(), LONG_BEFORE)
    edited = replace(made.requirements[ID], priority="should")
    found = evaluate(replace(made, requirements={ID: edited}), history().log(), MORNING)[ID]
    assert "not agreed yet by ops-duty-manager" in found.reasons


def test_a_goal_without_measure_is_its_title():
    made = agreed(one(), LONG_BEFORE)
    goal = replace(made.goals["protect-punctuality"], title="Depart when it suits")
    assert evaluate(replace(made, goals={goal.id: goal}), history().log(), MORNING)[ID].flags == ("suspect",)


def test_an_edited_promise_about_another_table_is_judged_on_the_table_agreed_to():
    made = agreed(one(), LONG_BEFORE)
    item = made.requirements[ID]
    moved = replace(item, priority="should", binds=(SOURCE,), objective=replace(item.objective, of=SOURCE))
    made = replace(made, requirements={ID: moved})
    found = evaluate(made, history().log(), MORNING)[ID]
    assert (found.status, found.would_be, found.flags) == ("met", "unverified", ("suspect",))


def test_a_promise_moved_to_an_easier_table_is_still_judged_on_the_one_agreed_to():
    made = agreed(one(), LONG_BEFORE)
    item = made.requirements[ID]
    moved = replace(item, binds=(SOURCE,), objective=replace(item.objective, of=SOURCE))
    broken = history(without=["2013-12-10", "2013-12-11"])
    Simulation(rows=broken.rows, table=SOURCE).nights(dates(FIRST, LAST))
    found = evaluate(replace(made, requirements={ID: moved}), broken.log(), MORNING)[ID]
    assert (found.status, found.would_be, found.flags) == ("violated", "met", ("suspect",))
    assert 'it was agreed to for "marts.route_delays", to which it is bound no more' in found.reasons


def test_another_output_may_be_bound_without_asking():
    made = agreed(one(), LONG_BEFORE)
    wider = replace(made.requirements[ID], binds=(MART, SOURCE))
    found = evaluate(replace(made, requirements={ID: wider}), history().log(), MORNING)[ID]
    assert (found.status, found.flags) == ("met", ())


def test_a_renamed_source_is_compared_with_under_its_new_name():
    made = agreed(one(accurate_objective()), LONG_BEFORE)
    item = made.requirements[ID]
    options = replace(item.objective.options, against="operations.departures", at_least=Decimal("0.5"))
    edited = replace(item, objective=replace(item.objective, options=options))
    renamed = replace(made.datasets[SOURCE], name="operations.departures")
    made = replace(made, requirements={ID: edited}, datasets={MART: made.datasets[MART], renamed.name: renamed})
    simulation = history()
    simulation.rows = [
        replace(row, subject="operations.departures") if row.subject == SOURCE else row for row in simulation.rows
    ]
    found = evaluate(made, simulation.log(), MORNING)[ID]
    assert (found.status, found.would_be, found.flags) == ("met", "met", ("suspect",))
