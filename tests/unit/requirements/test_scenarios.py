"""The scenarios by which a status is defined, one test each, on a simulated log of the mornings of late 2013.

Numbers are those of the list of scenarios. These wait for evidence that nothing writes yet: 39 (requests: there is no
serving log before there is a server), 40 (usage: likewise), 41 (cost: runs are not priced). Unless a test says
otherwise: ready by 05:15 New York on the next day, passing `row_count`, target 0.95 of 28 days, agreed to long
before, judged on 31 December at 06:00.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from simulator import (
    FIRST,
    LAST,
    MART,
    MORNING,
    PLACE,
    SOURCE,
    Simulation,
    accurate_objective,
    agreed,
    complete_objective,
    dates,
    fresh_objective,
    history,
    local,
    project,
    ready_objective,
    requirement,
    row_count,
    verdict,
)

from mainstem.core.output import Output
from mainstem.core.requirement import Agreement, Proof
from mainstem.lifecycle.requirements.evaluate import evaluate
from mainstem.lifecycle.requirements.proofs import proof_definition


@pytest.fixture
def tokyo() -> Iterator[None]:
    """A process that lives in Tokyo."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    yield
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def slices(found, state):
    return [each.label for each in found.slices if each.state == state]


def test_01_all_in_time_is_met():
    found = verdict(history())
    assert (found.status, found.flags) == ("met", ())
    assert len(slices(found, "good")) == 28
    assert found.reasons[0] == "ready by 05:15 New York; last ready at 05:02, 13 minutes to spare"
    assert found.reasons[1] == "one late morning in four weeks is allowed; none used"


def test_01_all_in_time_is_met_in_a_process_in_tokyo(tokyo):
    assert verdict(history()) == verdict(history())
    assert verdict(history()).status == "met"
    assert verdict(history()).slices[-1].label == "2013-12-31"


def test_01_ready_at_the_very_second_of_the_deadline_is_in_time():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", "05:15:00")
    assert verdict(simulation).status == "met"
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", "05:15:00.000001")
    assert slices(verdict(simulation), "bad") == ["2013-12-30"]


def test_02_not_ready_before_the_usual_time_is_met():
    simulation = Simulation().nights(dates(FIRST, "2013-12-29"), "05:04")
    assert verdict(simulation, at=local("2013-12-31", "05:03")).status == "met"


def test_03_not_ready_later_than_on_any_good_day_is_at_risk():
    simulation = Simulation().nights(dates(FIRST, "2013-12-29"), "05:04")
    found = verdict(simulation, at=local("2013-12-31", "05:12"))
    assert found.status == "at_risk"
    assert found.reasons[0] == "30 December is not ready yet, and on every good day it was by 05:04"
    assert verdict(simulation, at=local("2013-12-31", "05:04")).status == "met"


def test_04_nothing_published_at_the_deadline_is_at_risk():
    found = verdict(history("2013-12-29"), at=local("2013-12-31", "05:15:00"))
    assert found.status == "at_risk"
    assert found.reasons[0] == (
        "one late morning in four weeks is allowed; used on 30 December; the next one breaks it"
    )
    assert found.reasons[1] == "the last morning was missed (30 December): not in the table at 05:15"


def test_05_one_late_run_leaves_no_budget():
    simulation = history("2013-12-16")
    simulation.night("2013-12-17", "05:26")
    simulation.nights(dates("2013-12-18", LAST))
    found = verdict(simulation)
    assert (found.status, found.flags) == ("at_risk", ())
    assert found.reasons == ("one late morning in four weeks is allowed; used on 17 December; the next one breaks it",)
    late = next(each for each in found.slices if each.state == "bad")
    assert late.reason == "ready at 05:26, eleven minutes late"
    assert late.ready_at == local("2013-12-18", "05:26")


def test_06_two_late_runs_are_violated_and_it_says_when_that_clears():
    simulation = history("2013-12-11")
    simulation.night("2013-12-12", "05:26")
    simulation.nights(dates("2013-12-13", "2013-12-16"))
    simulation.night("2013-12-17", "05:26")
    simulation.nights(dates("2013-12-18", LAST))
    found = verdict(simulation)
    assert (found.status, found.flags) == ("violated", ())
    assert found.reasons[0] == (
        "one late morning in four weeks is allowed; there were two, on 12 and 17 December; clears 10 January"
    )
    simulation.nights(dates("2013-12-31", "2014-01-09"))
    assert verdict(simulation, at=local("2014-01-10", "05:14")).status == "violated"
    assert verdict(simulation, at=local("2014-01-10", "05:15")).status == "at_risk"


def test_07_a_schedule_switched_off_for_three_days_is_violated():
    simulation = history(without=["2013-12-28", "2013-12-29", "2013-12-30"])
    found = verdict(simulation)
    assert found.status == "violated"
    assert slices(found, "bad") == ["2013-12-28", "2013-12-29", "2013-12-30"]


def test_08_switching_the_schedule_off_does_not_hide_a_broken_promise():
    simulation = history("2013-12-11")
    simulation.night("2013-12-12", "05:26")
    simulation.night("2013-12-13", "05:26")
    simulation.nights(dates("2013-12-14", "2013-12-15"))
    assert verdict(simulation).status == "violated"


def test_09_a_day_that_was_never_published_is_at_risk():
    assert verdict(history(without=["2013-12-10"])).status == "at_risk"


def test_10_a_backfill_does_not_turn_the_past():
    simulation = history("2013-12-27", without=["2013-12-10", "2013-12-11"])
    backfilled = local("2013-12-28", "14:00")
    simulation.build(backfilled, dict.fromkeys(dates("2013-12-10", "2013-12-11"), 900))
    simulation.publish(backfilled)
    simulation.nights(dates("2013-12-28", LAST))
    found = verdict(simulation)
    assert (found.status, found.flags) == ("violated", ("mended",))
    mended = [each for each in found.slices if each.mended]
    assert [each.label for each in mended] == ["2013-12-10", "2013-12-11"]
    assert mended[0].reason == "not in the table at 05:15; put right on 28 December 14:00"


def test_11_a_backfill_that_breaks_an_old_day_is_a_matter_of_content():
    simulation = history("2013-12-27")
    backfilled = local("2013-12-28", "14:00")
    simulation.build(backfilled, {dates("2013-12-10", "2013-12-10")[0]: 400}, good=(24000, 25000))
    simulation.publish(backfilled)
    simulation.nights(dates("2013-12-28", LAST))
    assert verdict(simulation).status == "met"
    content = verdict(simulation, complete_objective(misses=1))
    assert slices(content, "bad") == ["2013-12-28", "2013-12-29"]


def test_12_the_newest_check_errored_is_unverified():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", check="errored")
    found = verdict(simulation)
    assert found.status == "unverified"
    assert found.reasons[0] == ('30 December is not measured: the check "row_count" could not be run: the disk is full')


def test_13_a_check_that_errored_and_blocked_publication_is_a_bad_morning():
    simulation = history("2013-12-29")
    simulation.measure(local("2013-12-31", "05:02"), "attempt:marts/route_delays@99", None, None)
    found = verdict(simulation)
    assert found.status == "at_risk"
    assert found.slices[-2].reason == (
        'nothing was published: the check "row_count" could not be run: the disk is full'
    )


def test_14_one_errored_check_ten_days_ago_fits_into_one_miss_and_not_into_none():
    simulation = history("2013-12-19")
    simulation.night("2013-12-20", check="errored")
    simulation.nights(dates("2013-12-21", LAST))
    assert verdict(simulation).status == "met"
    found = verdict(simulation, ready_objective(misses=0))
    assert found.status == "unverified"
    assert found.budget is not None
    assert found.budget.coverage == Decimal(27) / 28


def test_15_loads_of_the_day_itself_do_not_make_the_day_ready():
    simulation = history("2013-12-29")
    for clock in ("13:00", "19:00"):
        simulation.build(local("2013-12-30", clock), {LAST: 600})
        simulation.publish(local("2013-12-30", clock))
    found = verdict(simulation)
    assert found.status == "at_risk"
    assert found.slices[-2].reason == (
        "what was there had been loaded on 30 December 19:00, before 30 December was over"
    )


def test_16_a_rebuild_from_an_old_load_does_not_make_the_day_ready():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", as_of=local("2013-12-30", "23:10"))
    assert verdict(simulation).status == "at_risk"


def test_16_a_second_look_that_finds_nothing_new_does():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", "04:00", as_of=local("2013-12-30", "23:10"))
    looked_at = local("2013-12-31", "05:05")
    facts = {"parent": simulation.head, "as_of": looked_at.isoformat()}
    simulation.write("version", looked_at, version=simulation.head, facts=facts)
    found = verdict(simulation)
    assert found.status == "met"
    assert found.slices[-2].ready_at == looked_at


def test_17_half_the_rows_are_not_ready():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", rows=400)
    found = verdict(simulation)
    assert found.status == "at_risk"
    assert found.slices[-2].reason == 'the check "row_count" failed (400)'


def test_18_rolled_back_before_the_deadline_is_a_bad_morning():
    simulation = history("2013-12-29")
    before = simulation.head
    simulation.night("2013-12-30")
    simulation.publish(local("2013-12-31", "05:10"), before, why="rollback")
    found = verdict(simulation)
    assert found.status == "at_risk"
    assert slices(found, "bad") == ["2013-12-30"]


def test_19_rolled_back_after_the_deadline_is_withdrawn_and_forward_again_is_met():
    simulation = history("2013-12-29")
    before = simulation.head
    after = simulation.night("2013-12-30")
    simulation.publish(local("2013-12-31", "05:20"), before, why="rollback")
    found = verdict(simulation)
    assert found.status == "at_risk"
    assert slices(found, "bad") == []
    assert found.reasons[0].startswith("30 December was ready in time and has been withdrawn since")
    simulation.publish(local("2013-12-31", "05:50"), after)
    assert verdict(simulation).status == "met"


def test_20_a_run_in_a_branch_counts_from_its_promotion():
    simulation = history("2013-12-29")
    version = simulation.night("2013-12-30", publish=False)
    simulation.publish(local("2013-12-31", "05:02"), version, env="dev")
    assert verdict(simulation).status == "at_risk"
    simulation.publish(local("2013-12-31", "05:12"), version, why="promote")
    found = verdict(simulation)
    assert found.status == "met"
    assert found.slices[-2].ready_at == local("2013-12-31", "05:12")


def test_21_misses_before_the_agreement_do_not_count():
    simulation = history(without=["2013-12-10", "2013-12-11"])
    found = verdict(simulation, since=local("2013-12-20", "09:00"))
    assert found.status == "met"
    assert found.reasons[1].endswith("; 10 of 28 days")
    assert len(slices(found, "before")) == 18
    assert len(slices(found, "good")) == 10


def test_22_agreed_this_morning_waits_for_the_first_slice():
    found = verdict(history(), since=local("2013-12-31"))
    assert found.status == "unverified"
    assert found.reasons[0] == "nothing counts yet: first one due tomorrow at 05:15"


def test_22_a_day_that_had_begun_before_the_agreement_does_not_count():
    found = verdict(history(), since=local("2013-12-31", "05:30"))
    assert found.reasons[0] == "nothing counts yet: first one due on 2 January at 05:15"
    assert [found.slices[position].label for position in (0, 27, 28)] == ["2013-12-03", "2013-12-30", "2013-12-31"]
    assert len(slices(found, "before")) == 29


def excepted(simulation, labels, **given):
    """The verdict with exceptions, each declared at a moment."""
    made = agreed(project(requirement(ready_objective(**given))), local("2013-10-01"))
    entries = tuple(
        Agreement("ops-morning-delays", "exception", seen, PLACE, label=label, recorded_at=seen, because="holiday")
        for label, seen in labels.items()
    )
    given_before = made.agreements["ops-morning-delays"]
    made = replace(made, agreements={"ops-morning-delays": (*given_before, *entries)})
    return evaluate(made, simulation.log(), MORNING)["ops-morning-delays"]


def test_23_only_an_exception_declared_before_its_slice_opened_takes_it_out():
    simulation = history(without=["2013-12-24", "2013-12-25"])
    labels = {"2013-12-24": local("2013-12-20"), "2013-12-25": local("2013-12-27")}
    found = excepted(simulation, labels)
    assert found.status == "at_risk"
    assert found.budget is not None
    assert (found.budget.n, found.budget.bad) == (27, 1)
    assert slices(found, "exception") == ["2013-12-24"]


def test_23_an_exception_declared_as_its_slice_opens_is_too_late():
    simulation = history(without=["2013-12-24"])
    assert slices(excepted(simulation, {"2013-12-24": local("2013-12-24")}), "bad") == ["2013-12-24"]


def test_24_a_holiday_does_not_make_the_promise_stricter():
    simulation = history(without=["2013-12-18", "2013-12-25"])
    found = excepted(simulation, {"2013-12-25": local("2013-12-01")}, days=(0, 1, 2, 3, 4))
    assert found.status == "at_risk"
    assert found.budget is not None
    assert (found.budget.nominal, found.budget.n, found.budget.allowed, found.budget.bad) == (20, 19, 1, 1)


@pytest.mark.parametrize(("last", "morning"), [("2013-11-13", "2013-11-14"), ("2014-03-14", "2014-03-15")])
def test_25_the_days_of_daylight_saving_are_days_like_others(last, morning):
    first = dates(last, last)[0] - timedelta(days=40)
    simulation = Simulation().nights(dates(first, last), "05:15")
    found = verdict(simulation, at=local(morning, "05:15"))
    assert found.status == "met"
    assert len(slices(found, "good")) == 28


def test_26_a_ledger_that_was_lost_is_not_a_promise_kept():
    simulation = Simulation().nights(dates("2013-12-19", LAST))
    simulation.write("gap", local("2013-10-01"), "ledger", until=local("2013-12-20", "03:00"))
    found = verdict(simulation)
    assert found.status == "unverified"
    assert "16 of 28 mornings could not be measured" in found.reasons[0]


def test_27_a_margin_that_shrinks_steadily_is_at_risk():
    simulation = history("2013-12-17")
    start = local("2013-12-19", "05:04")
    for number, day in enumerate(dates("2013-12-18", LAST)):
        ready = start + timedelta(days=number, minutes=0.7 * number)
        simulation.build(ready, {day: 900})
        simulation.publish(ready)
    found = verdict(simulation)
    assert found.status == "at_risk"
    assert found.reasons[0].startswith(
        "its margin shrinks steadily (2 minutes 36 seconds left): used up in about four mornings"
    )


def upstream(*, of=SOURCE, **given):
    return requirement(
        replace(ready_objective(**given), of=of),
        id="source-complete",
        needs=("crew-lists",),
        binds=(of,),
        title="Source",
    )


def test_28_a_violated_ancestor_puts_at_risk_and_only_its_own_sort():
    simulation = history()
    source = Simulation(rows=simulation.rows, table=SOURCE)
    source.night("2013-11-01")
    made = project(requirement(ready_objective()), upstream())
    made = agreed(made, local("2013-10-01"), ids=["ops-morning-delays"])
    made = agreed(made, local("2013-10-01"), by="crew-planning", ids=["source-complete"])
    above = {MART: frozenset({SOURCE})}
    found = evaluate(made, simulation.log(), MORNING, ancestors=above)
    assert found["source-complete"].status == "violated"
    assert found["ops-morning-delays"].status == "at_risk"
    assert found["ops-morning-delays"].reasons[0] == (
        'it rests on "operations.flights", which breaks a promise: Source (source-complete)'
    )
    alone = evaluate(made, simulation.log(), MORNING, ancestors=above, requirements=["ops-morning-delays"])
    assert alone == {"ops-morning-delays": found["ops-morning-delays"]}
    assert evaluate(made, simulation.log(), MORNING)["ops-morning-delays"].status == "met"
    content = replace(made, requirements={**made.requirements, "ops-morning-delays": requirement(complete_objective())})
    content = agreed(content, local("2013-10-02"), ids=["ops-morning-delays"])
    assert evaluate(content, simulation.log(), MORNING, ancestors=above)["ops-morning-delays"].status == "met"


def test_28_a_check_that_was_deleted_is_unverified():
    made = agreed(project(requirement(ready_objective())), local("2013-10-01"))
    bare = {name: replace(dataset, checks=()) for name, dataset in made.datasets.items()}
    found = evaluate(replace(made, datasets=bare), history().log(), MORNING)["ops-morning-delays"]
    assert found.status == "unverified"
    assert found.reasons[0] == 'the check "row_count", which it names, does not exist'


def test_29_never_published_is_unverified():
    found = verdict(Simulation())
    assert found.status == "unverified"
    assert found.reasons[0] == "nothing has been published yet: first one due tomorrow at 05:15"
    assert slices(found, "pending") == ["2013-12-31"]
    assert len(slices(found, "unbuilt")) == 28


def test_29_never_published_is_no_miss_at_the_very_deadline_either():
    found = verdict(Simulation(), at=local("2013-12-31", "05:15"))
    assert (found.status, slices(found, "bad")) == ("unverified", [])


def test_29_a_gap_over_the_window_is_unverified():
    simulation = history()
    simulation.write("gap", local("2013-11-20"), "ledger", until=local("2013-12-31", "05:59"))
    found = verdict(simulation)
    assert found.status == "unverified"
    assert len(slices(found, "unmeasured")) == 28


def test_30_freshness_is_lost_before_the_day_is_over():
    simulation = history(without=["2013-12-29", "2013-12-30"])
    found = verdict(simulation, fresh_objective())
    assert found.status == "violated"
    assert slices(found, "bad") == ["2013-12-30", "2013-12-31"]
    assert verdict(history(), fresh_objective()).status == "met"


def test_31_a_source_whose_clock_runs_ahead_is_unverified():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", newest=local("2013-12-31", "09:02"))
    found = verdict(simulation, fresh_objective(), at=local("2014-01-01", "00:30"))
    assert found.status == "unverified"
    assert "its newest event lies four hours after its publication" in found.reasons[0]


def test_32_content_stays_complete_without_a_schedule():
    assert verdict(history("2013-12-19"), complete_objective()).status == "met"


def test_33_accuracy_without_a_schedule_is_unverified():
    assert verdict(history(), accurate_objective()).status == "met"
    found = verdict(history("2013-12-19"), accurate_objective())
    assert found.status == "unverified"
    assert "nothing was compared with operations.flights" in found.reasons[0]


def test_34_an_incomplete_version_counts_were_it_live_for_four_minutes():
    simulation = history()
    good = simulation.head
    simulation.build(local("2013-12-20", "14:00"), {LAST: 900}, good=(800, 900))
    simulation.publish(local("2013-12-20", "14:00"))
    simulation.publish(local("2013-12-20", "14:04"), good, why="rollback")
    found = verdict(simulation, complete_objective())
    assert found.status == "violated"
    assert slices(found, "bad") == ["2013-12-20"]
    assert "only 800 of 900 rows have origin and dest (88.888%), seen from 20 December 14:00" in found.reasons[1]
    assert found.reasons[0] == (
        "no incomplete day in four weeks is allowed; there was one, on 20 December; clears 17 January"
    )


@pytest.mark.parametrize("day", ["2013-12-30", "2013-12-29"])
def test_35_a_completeness_check_that_errored_is_unverified(day):
    simulation = history((dates(day, day)[0] - timedelta(days=1)).isoformat())
    simulation.night(day, good="errored")
    simulation.nights(dates(dates(day, day)[0] + timedelta(days=1), LAST))
    assert verdict(simulation, complete_objective()).status == "unverified"


def test_36_measured_again_later_fills_the_slice_and_the_past_is_as_it_was():
    simulation = history("2013-12-29")
    version = simulation.night("2013-12-30", good="errored")
    simulation.complete(local("2013-12-31", "08:00"), version, (900, 900))
    now = local("2013-12-31", "09:00")
    assert verdict(simulation, complete_objective(), at=now).status == "met"
    assert verdict(simulation, complete_objective(), at=now, known=MORNING).status == "unverified"
    assert verdict(simulation, complete_objective(), at=MORNING).status == "unverified"


@pytest.mark.parametrize(("misses", "status"), [(0, "violated"), (1, "at_risk")])
def test_37_a_bad_version_that_is_live_now_counts_at_once(misses, status):
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", good=(800, 900))
    assert verdict(simulation, complete_objective(misses=misses)).status == status


def test_38_a_version_checked_in_a_branch_needs_no_new_checks():
    simulation = history("2013-12-29")
    version = simulation.night("2013-12-30", publish=False)
    simulation.publish(local("2013-12-31", "05:02"), version, env="dev")
    simulation.publish(local("2013-12-31", "05:05"), version, why="promote")
    assert verdict(simulation).status == "met"
    assert verdict(simulation, complete_objective()).status == "met"
    assert verdict(simulation, accurate_objective(), at=local("2014-01-01", "00:30")).status == "met"


def test_42_whitespace_and_trailing_zeros_change_nothing():
    made = agreed(project(requirement(ready_objective())), local("2013-10-01"))
    item = made.requirements["ops-morning-delays"]
    spaced = replace(
        item,
        statement="  " + item.statement.replace(" ", "\n  "),
        objective=replace(item.objective, target=Decimal("0.950")),
    )
    found = evaluate(replace(made, requirements={item.id: spaced}), history().log(), MORNING)[item.id]
    assert (found.status, found.flags) == ("met", ())


def test_42_the_limit_of_a_named_check_is_part_of_the_promise():
    made = agreed(project(requirement(ready_objective())), local("2013-10-01"))
    weaker = {name: replace(dataset, checks=(row_count(1),)) for name, dataset in made.datasets.items()}
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", rows=400)
    found = evaluate(replace(made, datasets=weaker), simulation.log(), MORNING)["ops-morning-delays"]
    assert found.flags == ("suspect",)
    assert (found.status, found.would_be) == ("at_risk", "met")
    assert found.slices[-2].reason == 'the check "row_count" failed (400)'


def test_43_an_edited_deadline_is_not_judged_before_it_is_agreed_to():
    made = agreed(project(requirement(ready_objective())), local("2013-10-01"))
    edited = replace(made.requirements["ops-morning-delays"], objective=ready_objective(deadline="+1d 06:00"))
    edited = replace(edited, statement=edited.statement.replace("05:15", "06:00"))
    simulation = history(without=[])
    late = Simulation().nights(dates(FIRST, LAST), "05:30")
    made = replace(made, requirements={edited.id: edited})
    found = evaluate(made, late.log(), MORNING)[edited.id]
    assert (found.status, found.would_be, found.flags) == ("violated", "met", ("suspect",))
    assert "its text was changed after it was agreed to" in found.reasons
    again = agreed(made, local("2013-12-20", "12:00"))
    found = evaluate(again, late.log(), MORNING)[edited.id]
    assert (found.status, found.would_be, found.flags) == ("met", None, ())
    assert found.reasons[1].endswith("10 of 28 days")
    assert found.slices[0].reason == "under the earlier wording: bad"
    assert evaluate(again, simulation.log(), MORNING)[edited.id].slices[0].reason == "under the earlier wording: good"


def functional(*held):
    """The functional requirement, with the proofs named held for the live release."""
    proofs = (
        Proof("answers", "dashboards/morning-delays", PLACE, {"as": "ops-duty-manager"}),
        Proof("returns", "dashboards/morning-delays#worst_routes", PLACE, {"rows": "5"}),
        Proof("accepted_by", "ops-duty-manager", PLACE, {}),
    )
    item = requirement(
        None,
        class_="functional",
        statement="The morning dashboard shall list the five routes with the highest delay.",
        proofs=proofs if "returns" in held or not held else (proofs[0], proofs[2]),
        binds=("dashboards/morning-delays", MART),
    )
    output = Output("dashboards/morning-delays", "dashboard", PLACE)
    made = agreed(project(item, outputs={output.name: output}), local("2013-10-01"))
    simulation = history()
    release = f"r{simulation.number:06d}"
    for proof in proofs:
        if proof.kind in held:
            definition = proof_definition(item, proof)
            simulation.write("proof", MORNING, item.id, version=release, outcome="ok", definition=definition)
    return evaluate(made, simulation.log(), MORNING)[item.id]


def test_44_a_page_that_answers_proves_nothing_of_its_sentence():
    found = functional("answers", "accepted_by")
    assert found.status == "unverified"
    assert found.reasons[0] == "answers, but nothing shows yet that it does what the sentence says"


def test_44_all_but_acceptance_is_unverified():
    found = functional("answers", "returns")
    assert found.status == "unverified"
    assert found.reasons[0] == "works as tested; not yet accepted by the operations duty manager"
    assert functional("answers", "returns", "accepted_by").status == "met"


def test_44_what_cannot_be_probed_yet_names_the_missing_rung():
    assert functional().reasons[0] == "not yet shown that it answers"
