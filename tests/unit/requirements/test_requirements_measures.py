from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import duckdb
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
    complete_objective,
    dates,
    fresh_objective,
    history,
    local,
    objective,
    project,
    ready_objective,
    requirement,
    row_count,
    verdict,
)

from mainstem.core.dataset import Check
from mainstem.core.kinds import find, names
from mainstem.lifecycle.requirements.backtest import backtest
from mainstem.lifecycle.requirements.measures import accuracy, completeness, conformity, freshness, ready_by
from mainstem.lifecycle.requirements.probe import Probe, check_definition

NOON = local("2014-01-01", "12:00")


def by_label(found):
    return {each.label: each for each in found.slices}


@pytest.mark.parametrize("name", names("measures"))
def test_every_measure_of_the_catalogue_says_what_it_is(name):
    measure = find("measures", name)
    assert measure.FAMILY in ("deadline", "age", "content", "outside")
    assert measure.RULE.startswith(f"{name}/")
    assert measure.TERM
    assert measure.UNIT
    assert measure.MISS
    assert measure.Options.__dataclass_params__.frozen


# freshness


def test_the_greatest_age_is_the_one_just_before_the_next_publication():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", "09:00")
    found = by_label(verdict(simulation, fresh_objective(), at=NOON))
    assert found["2013-12-31"].state == "bad"
    assert found["2013-12-31"].reason == "33 hours 1 minute old, 30 hours is the limit"
    assert found["2013-12-30"].state == "good"
    assert found["2013-12-30"].margin == pytest.approx(30 - (29 + 3 / 60))


def test_exactly_the_limit_is_fresh_enough():
    simulation = history("2013-12-29")
    limit = local("2013-12-31", "05:59")
    assert by_label(verdict(simulation, fresh_objective(), at=limit))["2013-12-31"].state == "pending"
    later = limit + timedelta(microseconds=1)
    assert by_label(verdict(simulation, fresh_objective(), at=later))["2013-12-31"].state == "bad"


def test_without_event_time_freshness_is_unmeasured():
    simulation = history("2013-12-29")
    version = simulation.night("2013-12-30", publish=False)
    simulation.rows = [
        replace(row, facts={**row.facts, "newest": None}) if row.kind == "version" and row.version == version else row
        for row in simulation.rows
    ]
    simulation.publish(local("2013-12-31", "05:02"), version)
    found = verdict(simulation, fresh_objective(misses=3), at=local("2014-01-01", "00:30"))
    assert found.status == "unverified"
    assert by_label(found)["2013-12-31"].reason == "the newest event time is not known"


@pytest.mark.parametrize(("newest", "state"), [("05:07:00", "good"), ("05:07:01", "unmeasured")])
def test_five_minutes_ahead_are_forgiven(newest, state):
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", newest=local("2013-12-31", newest))
    assert by_label(verdict(simulation, fresh_objective(), at=NOON))["2013-12-31"].state == state


@pytest.mark.parametrize("clocks", [("04:00", "08:00"), ("06:00", "08:00")])
def test_the_greatest_of_several_ages_decides(clocks):
    simulation = history("2013-12-29")
    simulation.build(local("2013-12-30", "20:00"), {}, newest=local("2013-12-30", "19:00"))
    simulation.publish(local("2013-12-30", "20:00"))
    for clock in clocks:
        simulation.night("2013-12-30", clock)
    found = by_label(verdict(simulation, fresh_objective(), at=NOON))
    at_midnight = 30 - (24 + 1 / 60)
    assert found["2013-12-31"].margin == pytest.approx(at_midnight)
    assert found["2013-12-30"].margin == pytest.approx(30 - (29 + 3 / 60))


def test_a_dataset_that_was_taken_away_keeps_no_promise_and_breaks_no_content():
    simulation = history("2013-12-29")
    simulation.write("published", local("2013-12-30", "12:00"), env="prod", outcome="gone")
    late = by_label(verdict(simulation))["2013-12-30"]
    assert (late.state, late.reason) == ("bad", "there was no table at 05:15")
    for measured in (fresh_objective(), complete_objective(), accurate_objective()):
        found = verdict(simulation, measured, at=NOON)
        assert found.status == "unverified"
        assert by_label(found)["2013-12-31"].state == "unmeasured"


def test_an_age_that_grew_in_a_gap_is_unmeasured_and_one_from_before_it_is_bad():
    simulation = history("2013-12-27")
    simulation.write("gap", local("2013-12-28", "12:00"), "ledger", until=local("2013-12-30", "12:00"))
    found = by_label(verdict(simulation, fresh_objective(misses=9), at=NOON))
    assert found["2013-12-29"].state == "unmeasured"
    late = history("2013-12-27")
    late.write("gap", local("2013-12-30", "12:00"), "ledger", until=local("2013-12-30", "13:00"))
    assert by_label(verdict(late, fresh_objective(misses=9), at=NOON))["2013-12-30"].state == "bad"


def test_ages_that_grow_from_day_to_day_are_foretold():
    simulation = history("2013-12-17")
    for number, day in enumerate(dates("2013-12-18", LAST)):
        at = local(day + timedelta(days=1), "05:02") + timedelta(minutes=4.5 * number)
        simulation.build(at, {day: 900})
        simulation.publish(at)
    found = verdict(simulation, fresh_objective())
    assert found.status == "at_risk"
    assert found.reasons[0].startswith("its margin shrinks steadily (")


def test_no_good_day_to_compare_with_is_no_reason_to_call_it_late():
    simulation = Simulation().nights(dates("2013-12-26", "2013-12-29"), "05:26")
    found = verdict(simulation, ready_objective(misses=9), at=local("2013-12-31", "05:12"))
    assert found.status == "at_risk"
    assert found.reasons[0].startswith("the last morning was missed")
    assert len(found.reasons) == 2


def test_shorter_slices_are_judged_by_the_hour():
    simulation = history()
    hourly = fresh_objective(slice="1h", window="2d", misses=3)
    found = verdict(simulation, hourly, at=local("2013-12-31", "05:30"))
    assert found.status == "met"
    assert found.budget is not None
    assert found.budget.nominal == 48
    assert found.budget.words == "three stale hours in two days are allowed; none used"


# content


def partitioned(simulation, day, good, *, total=900, at="05:02", publish=True):
    """A night whose completeness is measured on the partition that changed."""
    ready = local(day + timedelta(days=1), at)
    version = simulation.build(ready, {day: total}, good=None)
    probe = completeness.probes(complete_objective())[0]
    if good is not None:
        simulation.write(
            "measured", ready, version=version, label=day.isoformat(), value=Decimal(good), total=Decimal(total),
            outcome="measured", definition=probe.definition, facts={"check": probe.id},
        )  # fmt: skip
    if publish:
        simulation.publish(ready)
    return version


def test_measured_by_partition_the_shares_of_all_partitions_are_added_up():
    simulation = Simulation()
    for day in dates(FIRST, LAST):
        partitioned(simulation, day, 890 if day == LAST else 900)
    found = verdict(simulation, complete_objective())
    assert found.status == "met"
    assert found.slices[-1].value == Decimal(60 * 900 - 10) / Decimal(60 * 900)


def test_a_partition_that_was_repaired_counts_anew_and_one_that_vanished_not_at_all():
    simulation = Simulation()
    for day in dates("2013-12-20", "2013-12-28"):
        partitioned(simulation, day, 900)
    bad = dates("2013-12-29", "2013-12-29")[0]
    partitioned(simulation, bad, 0)
    assert verdict(simulation, complete_objective(), at=local("2013-12-30", "06:00")).status == "violated"
    partitioned(simulation, bad, 900, at="12:00")
    found = verdict(simulation, complete_objective(), at=local("2013-12-30", "13:00"))
    assert (found.status, found.flags) == ("violated", ("mended",))
    simulation = Simulation()
    for day in dates("2013-12-20", "2013-12-29"):
        partitioned(simulation, day, 900)
    partitioned(simulation, bad, 0, at="12:00", publish=False)
    gone = simulation.build(local("2013-12-31", "05:00"), {bad: 0}, good=None, check="")
    simulation.publish(local("2013-12-31", "05:00"), gone)
    assert verdict(simulation, complete_objective()).status == "met"


def test_a_rollback_brings_back_the_shares_of_the_old_version():
    simulation = Simulation()
    days = dates("2013-12-20", "2013-12-29")
    for day in days:
        partitioned(simulation, day, 900)
    before = simulation.head
    partitioned(simulation, days[0], 0, at="12:00")
    simulation.publish(local("2013-12-30", "12:30"), before, why="rollback")
    judged = backtest(project(), requirement(complete_objective(window=None, misses=None)), simulation.log(), MORNING)
    assert judged.would_be == "met"


def test_an_unmeasured_partition_makes_bad_only_what_is_bad_without_it():
    simulation = Simulation()
    days = dates("2013-12-20", LAST)
    for day in days[:-1]:
        partitioned(simulation, day, 900)
    partitioned(simulation, LAST, None)
    found = verdict(simulation, complete_objective())
    assert found.status == "unverified"
    assert "completeness was not measured on all of the table" in " ".join(found.reasons)
    worse = Simulation()
    for day in days[:-1]:
        partitioned(worse, day, 450)
    partitioned(worse, LAST, None)
    assert verdict(worse, complete_objective()).status == "violated"
    small = Simulation()
    partitioned(small, days[0], 890)
    for day in days[1:]:
        partitioned(small, day, None)
    found = verdict(small, complete_objective(misses=9))
    assert found.status == "unverified"
    assert [each.label for each in found.slices if each.state == "bad"] == ["2013-12-21", "2013-12-22"]


def test_bad_stays_bad_were_the_unmeasured_rows_good():
    simulation = Simulation()
    days = dates("2013-12-20", "2013-12-21")
    partitioned(simulation, days[0], 800)
    partitioned(simulation, days[1], None)
    found = by_label(verdict(simulation, complete_objective(misses=9), at=local("2013-12-25")))
    assert found["2013-12-23"].state == "bad"


@pytest.mark.parametrize("shares", [(900, 895, 898), (895, 900, 898)])
def test_the_worst_version_of_a_slice_is_shown(shares):
    simulation = history("2013-12-28")
    for hour, good in zip((5, 12, 18), shares, strict=True):
        simulation.build(local("2013-12-30", f"{hour:02}:00"), {}, good=(good, 900))
        simulation.publish(local("2013-12-30", f"{hour:02}:00"))
    found = by_label(verdict(simulation, complete_objective()))["2013-12-30"]
    assert (found.state, found.value) == ("good", Decimal(895) / 900)


def test_an_empty_table_is_complete():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", good=(0, 0))
    assert verdict(simulation, complete_objective()).status == "met"


def test_the_limit_itself_is_reached():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", good=(891, 900))
    assert verdict(simulation, complete_objective()).status == "met"
    simulation.night("2013-12-31", "05:30", good=(890, 900))
    assert verdict(simulation, complete_objective(), at=local("2014-01-01", "06:00")).status == "violated"


def test_content_of_a_version_that_may_have_gone_in_a_gap_is_unmeasured():
    simulation = history("2013-12-20")
    simulation.build(local("2013-12-21", "12:00"), {}, good=(0, 900))
    simulation.publish(local("2013-12-21", "12:00"))
    simulation.write("gap", local("2013-12-21", "13:00"), "ledger", until=local("2013-12-21", "14:00"))
    found = by_label(verdict(simulation, complete_objective()))
    assert found["2013-12-21"].state == "bad"
    assert found["2013-12-22"].state == "unmeasured"


def test_before_and_after_a_hard_rule_was_broken():
    simulation = history()
    hard = complete_objective(window=None, misses=None)
    assert verdict(simulation, hard).status == "met"
    before = simulation.head
    simulation.build(local("2013-12-31", "05:30"), {}, good=(800, 900))
    simulation.publish(local("2013-12-31", "05:30"))
    broken = verdict(simulation, hard)
    assert broken.status == "violated"
    assert broken.reasons[:2] == (
        "only 800 of 900 rows have origin and dest (88.888%)",
        "broken since 31 December 05:30",
    )
    simulation.publish(local("2013-12-31", "05:50"), before, why="rollback")
    mended = verdict(simulation, hard)
    assert mended.status == "met"
    assert "broken from 31 December 05:30 to 31 December 05:50" in mended.reasons
    assert mended.reasons[0] == "complete in origin and dest, at least 99%; now 900 of 900 rows have origin and dest"


def test_the_history_of_a_hard_rule_begins_with_the_agreement_and_joins_what_belongs_together():
    simulation = history("2013-12-19")
    for day, good in (
        ("2013-12-20", 1),
        ("2013-12-21", 2),
        ("2013-12-22", 900),
        ("2013-12-26", 3),
        ("2013-12-27", 900),
    ):
        simulation.night(day, good=(good, 900))
    hard = complete_objective(window=None, misses=None)
    all_of_it = verdict(simulation, hard)
    assert [each for each in all_of_it.reasons if each.startswith("broken")] == [
        "broken from 21 December 05:02 to 23 December 05:02",
        "broken from 27 December 05:02 to 28 December 05:02",
    ]
    later = verdict(simulation, hard, since=local("2013-12-24"))
    assert [each for each in later.reasons if each.startswith("broken")] == [
        "broken from 27 December 05:02 to 28 December 05:02"
    ]


def test_a_hard_deadline_is_decided_by_its_newest_slice():
    hard = ready_objective(window=None, target=None)
    assert verdict(history(without=["2013-12-29"]), hard).status == "met"
    assert verdict(history(without=["2013-12-30"]), hard).status == "violated"
    simulation = history("2013-12-29")
    before = simulation.head
    simulation.night("2013-12-30")
    simulation.publish(local("2013-12-31", "05:20"), before, why="rollback")
    assert verdict(simulation, hard).status == "at_risk"


def test_a_hard_rule_about_what_was_not_measured_is_unverified():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", good="errored")
    assert verdict(simulation, complete_objective(window=None, misses=None)).status == "unverified"
    assert verdict(Simulation(), complete_objective(window=None, misses=None)).status == "unverified"


def conforming(at_least="1", checks=("valid",), **given):
    return objective("conformity", {"checks": checks, "at_least": Decimal(at_least)}, **given)


def valid_check(**options):
    return Check("valid", "not_null", find("checks", "not_null").Options(columns=("origin",), **options), PLACE)


def conformity_verdict(measured, rows, *, check=None, at_least="1"):
    """The verdict where the check measured `rows` good of 900 in the newest partition."""
    check = check or valid_check()
    made = project(requirement(measured))
    dataset = replace(made.datasets[MART], checks=(check, row_count()))
    made = replace(made, datasets={**made.datasets, MART: dataset})
    simulation = Simulation()
    for day in dates("2013-12-20", LAST):
        version = simulation.build(local(day + timedelta(days=1), "05:02"), {day: 900}, good=None)
        good = rows if day == LAST else 900
        if good is not None:
            simulation.write(
                "measured", local(day + timedelta(days=1), "05:02"), version=version, label=day.isoformat(),
                value=Decimal(good), total=Decimal(900), outcome="measured", definition=check_definition(check),
                facts={"check": check.id},
            )  # fmt: skip
        simulation.publish(local(day + timedelta(days=1), "05:02"))
    return backtest(made, made.requirements["ops-morning-delays"], simulation.log(), MORNING)


def test_conformity_reads_the_rows_of_the_dataset_s_own_checks():
    assert conformity_verdict(conforming(), 900).would_be == "met"
    bad = conformity_verdict(conforming(), 899)
    assert bad.would_be == "violated"
    assert 'rows pass the check "valid" (99.989%)' in bad.reasons[1]
    assert conformity_verdict(conforming("0.99"), 899).would_be == "met"
    assert conformity_verdict(conforming(), None).would_be == "unverified"


def test_conformity_of_a_check_that_is_not_there_is_unverified():
    found = conformity_verdict(conforming(checks=("gone",)), 900)
    assert found.would_be == "unverified"
    assert 'the check "gone", which it names, does not exist' in found.reasons


def test_conformity_of_counts_asks_each_partition():
    measured = conforming(checks=("row_count",))
    simulation = history("2013-12-29")
    assert backtest(project(), requirement(measured), simulation.log(), MORNING).would_be == "met"
    simulation.night("2013-12-30", rows=400)
    found = backtest(project(), requirement(measured), simulation.log(), MORNING)
    assert found.would_be == "violated"
    assert 'the check "row_count" failed' in found.reasons[1]


# accuracy


def test_what_is_missing_and_what_is_too_much_are_both_inaccurate():
    for shown in (898, 902):
        simulation = history("2013-12-29")
        version = simulation.night("2013-12-30", publish=False)
        simulation.rows = [row for row in simulation.rows if not (row.version == version and row.label)]
        simulation.rows = [
            row for row in simulation.rows if row.run != f"run-{simulation.number}" or row.kind != "read"
        ]
        simulation.reconcile(local("2013-12-31", "05:02"), version, LAST, shown, 900)
        simulation.publish(local("2013-12-31", "05:02"), version)
        found = verdict(simulation, accurate_objective())
        assert found.status == "violated"
        assert f"{shown} of 900 in operations.flights for 30 December: 99.777%, 99.9% is promised" in found.reasons[1]


def test_a_day_that_the_source_has_and_the_table_has_not_is_inaccurate():
    simulation = history("2013-12-29")
    ready = local("2013-12-31", "05:02")
    simulation.build(ready, {})
    wanted = accuracy.totals(accurate_objective())[0]
    run = f"run-{simulation.number}"
    simulation.write("read", ready, SOURCE, value=Decimal(900), run=run)
    simulation.write(
        "read", ready, SOURCE, label="2013-12-30", total=Decimal(900), run=run, facts={"measure": wanted.id}
    )
    simulation.publish(ready)
    found = verdict(simulation, accurate_objective())
    assert found.status == "violated"
    assert "0 of 900 in operations.flights for 30 December" in found.reasons[1]


def test_totals_of_another_read_are_not_compared():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30")
    wanted = accuracy.totals(accurate_objective())[0]
    later = local("2013-12-31", "05:30")
    simulation.write("read", later, SOURCE, value=Decimal(60), run="another")
    simulation.write(
        "read", later, SOURCE, label="2013-12-30", total=Decimal(960), run="another", facts={"measure": wanted.id}
    )
    assert verdict(simulation, accurate_objective()).status == "met"


def test_a_look_that_finds_nothing_new_confirms_the_comparison_before():
    simulation = history()
    for day in dates("2013-12-31", "2014-01-02"):
        looked = local(day + timedelta(days=1), "05:00")
        run = f"look-{day}"
        simulation.write("read", looked, SOURCE, value=Decimal(0), run=run, facts={"rows": 0})
        facts = {"parent": simulation.head, "as_of": looked.isoformat()}
        simulation.write("version", looked, version=simulation.head, run=run, facts=facts)
    at = local("2014-01-03", "06:00")
    assert verdict(simulation, accurate_objective(), at=at).status == "met"
    read = Simulation(rows=list(simulation.rows), head=simulation.head)
    read.rows = [replace(row, value=Decimal(5)) if row.run == "look-2014-01-01" else row for row in read.rows]
    found = by_label(verdict(read, accurate_objective(misses=9), at=at))
    assert found["2014-01-02"].state == "unmeasured"


def test_a_comparison_counts_in_the_slice_in_which_readers_had_the_version():
    assert by_label(verdict(history(), accurate_objective()))["2013-12-30"].margin == pytest.approx(0.001)
    simulation = history("2013-12-29")
    version = simulation.build(local("2013-12-30", "23:58"), {LAST: 900})
    simulation.reconcile(local("2013-12-30", "23:58"), version, LAST, 100, 900)
    simulation.publish(local("2013-12-31", "00:03"), version)
    found = by_label(verdict(simulation, accurate_objective(misses=9)))
    assert (found["2013-12-30"].state, found["2013-12-31"].state) == ("good", "bad")


def test_a_version_that_was_never_published_is_not_compared():
    simulation = history()
    version = simulation.build(local("2013-12-31", "05:30"), {LAST: 100})
    simulation.reconcile(local("2013-12-31", "05:30"), version, LAST, 100, 900)
    assert verdict(simulation, accurate_objective()).status == "met"


def test_what_is_live_now_must_have_been_compared():
    simulation = history()
    simulation.build(local("2013-12-31", "05:30"), {})
    simulation.publish(local("2013-12-31", "05:30"))
    found = verdict(simulation, accurate_objective())
    assert found.status == "unverified"
    assert found.reasons[0] == (
        "what is shown now is not measured: what is shown now was not compared with operations.flights"
    )


def test_labels_that_are_no_partitions_count_on_the_version_they_were_measured_on():
    by_origin = objective(
        "accuracy",
        {"value": "sum(flights)", "against": SOURCE, "total": "count(*)", "by": "origin", "at_least": Decimal(1)},
    )
    probe, total = accuracy.probes(by_origin)[0], accuracy.totals(by_origin)[0]

    def morning(shown):
        simulation = history("2013-12-29")
        ready = local("2013-12-31", "05:02")
        version = simulation.build(ready, {LAST: 900})
        run = f"run-{simulation.number}"
        for label, value in shown.items():
            simulation.write(
                "measured", ready, version=version, label=label, value=Decimal(value), outcome="measured", run=run,
                definition=probe.definition, facts={"check": probe.id},
            )  # fmt: skip
        for label in ("EWR", "JFK"):
            simulation.write(
                "read", ready, SOURCE, label=label, total=Decimal(450), run=run, facts={"measure": total.id}
            )
        simulation.publish(ready)
        return by_label(backtest(project(), requirement(by_origin), simulation.log(), NOON))["2013-12-31"]

    assert morning({"EWR": 450, "JFK": 450}).state == "good"
    assert morning({"EWR": 450}).reason.startswith("0 of 450 in operations.flights for JFK")
    assert morning({}).state == "unmeasured"


# ready_by


def test_the_first_publication_of_all_counts_at_the_very_deadline():
    simulation = Simulation()
    simulation.night("2013-12-30", "05:15:00")
    assert by_label(verdict(simulation))["2013-12-30"].state == "good"
    simulation = Simulation()
    simulation.night("2013-12-30", "05:15:01")
    assert by_label(verdict(simulation))["2013-12-30"].state == "unbuilt"


def test_clocks_that_differ_by_more_than_the_margin_decide_nothing():
    for ready, state in (("05:14:58", "unmeasured"), ("05:15:02", "unmeasured"), ("05:02", "good"), ("05:26", "bad")):
        simulation = history("2013-12-29")
        simulation.night("2013-12-30", ready)
        simulation.rows = [replace(row, skew_s=3.0) if row.kind == "published" else row for row in simulation.rows]
        assert by_label(verdict(simulation))["2013-12-30"].state == state


def test_a_gap_between_close_and_deadline_hides_what_may_have_been():
    simulation = history("2013-12-29")
    simulation.write("gap", local("2013-12-31", "03:00"), "ledger", until=local("2013-12-31", "05:10"))
    assert by_label(verdict(simulation))["2013-12-30"].state == "unmeasured"
    simulation.night("2013-12-30", "05:12")
    assert by_label(verdict(simulation))["2013-12-30"].state == "good"
    early = history("2013-12-29")
    early.night("2013-12-30", "02:00")
    early.write("gap", local("2013-12-31", "03:00"), "ledger", until=local("2013-12-31", "05:10"))
    assert by_label(verdict(early))["2013-12-30"].state == "unmeasured"
    before = history("2013-12-29")
    before.write("gap", local("2013-12-30", "12:00"), "ledger", until=local("2013-12-30", "13:00"))
    assert by_label(verdict(before))["2013-12-30"].state == "bad"


def test_ready_at_is_the_start_of_the_unbroken_stretch():
    simulation = history("2013-12-29")
    before = simulation.head
    ready = simulation.night("2013-12-30", "04:00")
    simulation.publish(local("2013-12-31", "04:20"), before, why="rollback")
    simulation.publish(local("2013-12-31", "04:40"), ready)
    simulation.build(local("2013-12-31", "05:00"), {})
    simulation.publish(local("2013-12-31", "05:00"))
    assert by_label(verdict(simulation))["2013-12-30"].ready_at == local("2013-12-31", "04:40")


def test_a_pending_morning_shows_when_it_became_ready():
    judged = verdict(history(), at=local("2013-12-31", "05:10"))
    assert judged.status == "met"
    found = by_label(judged)
    assert found["2013-12-30"].state == "pending"
    assert found["2013-12-30"].ready_at == local("2013-12-31", "05:02")
    assert found["2013-12-30"].reason == "ready at 05:02"


def test_a_partition_that_vanished_or_is_empty_is_not_there():
    for rows in (0,):
        simulation = history()
        simulation.build(local("2013-12-31", "05:05"), {LAST: rows}, check="")
        simulation.publish(local("2013-12-31", "05:05"))
        assert by_label(verdict(simulation))["2013-12-30"].state == "bad"


def test_a_check_that_failed_and_blocked_publication_is_the_reason():
    simulation = history("2013-12-29")
    simulation.measure(local("2013-12-31", "05:02"), "attempt:marts/route_delays@99", "2013-12-30", 400)
    assert by_label(verdict(simulation))["2013-12-30"].reason == (
        'nothing was published: the check "row_count" failed (400)'
    )


def test_wrong_data_that_was_corrected_the_same_morning_is_mended():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", rows=400)
    simulation.night("2013-12-30", "05:40")
    found = verdict(simulation)
    assert found.flags == ("mended",)
    assert by_label(found)["2013-12-30"].reason == (
        'the check "row_count" failed (400); put right on 31 December 05:40'
    )


def test_when_its_data_was_loaded_must_be_recorded():
    simulation = history("2013-12-29")
    version = simulation.night("2013-12-30")
    simulation.rows = [row for row in simulation.rows if not (row.kind == "version" and row.version == version)]
    found = by_label(verdict(simulation))["2013-12-30"]
    assert (found.state, found.reason) == ("unmeasured", "when its data was loaded is not recorded")


def test_what_was_looked_at_later_made_nothing_ready_earlier():
    simulation = history("2013-12-29")
    simulation.night("2013-12-30", "04:00", as_of=local("2013-12-30", "23:10"))
    looked_at = local("2013-12-31", "05:05")
    facts = {"parent": simulation.head, "as_of": looked_at.isoformat()}
    simulation.write("version", looked_at, version=simulation.head, facts=facts)
    for clock, reason in (("05:04", "not ready yet"), ("05:06", "ready at 05:05")):
        at = local("2013-12-31", clock)
        found = backtest(project(), requirement(ready_objective()), simulation.log(), at)
        assert by_label(found)["2013-12-30"].reason == reason


def test_what_was_gone_at_the_deadline_and_came_back_is_late():
    simulation = history()
    simulation.build(local("2013-12-31", "05:10"), {LAST: 0}, check="")
    simulation.publish(local("2013-12-31", "05:10"))
    simulation.night("2013-12-30", "05:40")
    found = verdict(simulation)
    assert found.flags == ()
    assert by_label(found)["2013-12-30"].reason == "ready at 05:40, 25 minutes late"


# probes


def rows_of(sql):
    connection = duckdb.connect()
    connection.execute(
        "create table flights as select * from (values "
        "(date '2013-12-29', 'EWR', 'BOS', 3), (date '2013-12-30', null, 'BOS', 4), "
        "(date '2013-12-30', 'JFK', 'SFO', 5)"
        ") t(flight_date, origin, dest, flights)"
    )
    return sorted(connection.execute(sql).fetchall(), key=str)


def test_the_completeness_probe_counts_full_rows():
    (probe,) = completeness.probes(complete_objective())
    assert rows_of(probe.sql("flights")) == [(None, 2, 3)]
    label = "cast(flight_date as varchar)"
    assert rows_of(probe.sql("flights", label)) == [("2013-12-29", 1, 1), ("2013-12-30", 1, 2)]


def test_the_accuracy_probe_sums_by_its_own_column_or_by_partition():
    (probe,) = accuracy.probes(accurate_objective())
    expected = [("2013-12-29", 3, None), ("2013-12-30", 9, None)]
    assert rows_of(probe.sql("flights")) == expected
    assert rows_of(probe.sql("flights", "cast(flight_date as varchar)")) == expected


def test_a_probe_of_a_check_measures_what_the_check_measures():
    probe = Probe("row_count", MART, check=row_count())
    assert rows_of(probe.sql("flights")) == [(None, 3, None)]
    assert probe.definition == check_definition(row_count())


def test_a_limit_is_no_part_of_what_is_measured():
    assert check_definition(row_count(500)) == check_definition(row_count(1))
    other = Check("valid", "not_null", find("checks", "not_null").Options(columns=("dest",)), PLACE)
    assert check_definition(valid_check()) != check_definition(other)


def test_the_other_measures_ask_for_nothing():
    for measure, measured in (
        (ready_by, ready_objective()),
        (freshness, fresh_objective()),
        (conformity, conforming()),
    ):
        assert measure.probes(measured) == measure.totals(measured) == ()
    assert completeness.totals(complete_objective()) == ()


def test_measures_say_their_promise_in_a_few_words():
    assert ready_by.words(ready_objective()) == "ready by 05:15 New York"
    assert freshness.words(fresh_objective()) == "never older than 30 hours"
    assert completeness.words(complete_objective()) == "complete in origin and dest, at least 99%"
    assert conformity.words(conforming("0.5")) == "passes valid, at least 50%"
    assert conformity.words(conforming()) == "passes valid"
    assert accuracy.words(accurate_objective()) == "agrees with operations.flights, at least 99.9%"
