"""What must hold of every verdict, whatever the mornings were like."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from simulator import (
    MART,
    Simulation,
    accurate_objective,
    complete_objective,
    fresh_objective,
    local,
    project,
    ready_objective,
    requirement,
    row_count,
    verdict,
)

from mainstem.lifecycle.requirements.backtest import backtest
from mainstem.lifecycle.requirements.measures import completeness
from mainstem.lifecycle.requirements.probe import check_definition

MORNINGS = ("good", "good", "good", "late", "missing", "errored", "half", "rolled back", "early", "unprobed")
START = date(2013, 11, 20)
objectives = st.sampled_from(
    [
        *(ready_objective(misses=misses, window="14d") for misses in (0, 1, 3)),
        *(complete_objective(misses=misses, window="14d") for misses in (0, 2)),
        fresh_objective(misses=2, window="14d"),
        accurate_objective(misses=2, window="14d"),
    ]
)
mornings = st.lists(st.sampled_from(MORNINGS), min_size=3, max_size=24)


def simulate(kinds):
    """A log of such mornings, one after the other."""
    simulation = Simulation()
    for number, kind in enumerate(kinds):
        day = START + timedelta(days=number)
        after = day + timedelta(days=1)
        before = simulation.head
        if kind == "good":
            simulation.night(day)
        elif kind == "late":
            simulation.night(day, "05:26")
        elif kind == "errored":
            simulation.night(day, check="errored", good="errored")
        elif kind == "unprobed":
            simulation.night(day, check="", good=None)
        elif kind == "half":
            simulation.night(day, rows=400, good=(400, 900))
        elif kind == "early":
            simulation.night(day, as_of=local(day, "22:00"))
        elif kind == "rolled back":
            simulation.night(day)
            if before is not None:
                simulation.publish(local(after, "05:10"), before, why="rollback")
    return simulation


def filled(simulation, at, *, good):
    """The same log, with everything that was not measured measured at `at`, as good or as bad."""
    made = Simulation(rows=list(simulation.rows), head=simulation.head, number=simulation.number)
    probe = completeness.probes(complete_objective())[0]
    seen = {
        (row.version, row.facts.get("check")) for row in made.rows if row.kind == "measured" and row.value is not None
    }
    for row in list(made.rows):
        if row.kind != "partition":
            continue
        for id, definition in (("row_count", check_definition(row_count())), (probe.id, probe.definition)):
            if (row.version, id) in seen:
                continue
            label = row.label if id == "row_count" else None
            value = Decimal(900 if good else 0)
            made.write(
                "measured", at, version=row.version, label=label, value=value, outcome="measured",
                total=None if label else Decimal(900), definition=definition, facts={"check": id},
            )  # fmt: skip
    return made


def judged(simulation, objective, at):
    return backtest(project(), requirement(objective), simulation.log(), at)


@settings(max_examples=60, deadline=None)
@given(mornings, objectives, st.sampled_from(["05:03", "05:15", "05:30", "23:00"]))
def test_violated_stays_violated_were_everything_unmeasured_good(kinds, objective, clock):
    at = local(START + timedelta(days=len(kinds)), clock)
    simulation = simulate(kinds)
    if judged(simulation, objective, at).would_be == "violated":
        assert judged(filled(simulation, at, good=True), objective, at).would_be == "violated"


@settings(max_examples=60, deadline=None)
@given(mornings, objectives, st.sampled_from(["05:03", "05:15", "05:30", "23:00"]))
def test_met_is_kept_were_everything_unmeasured_bad(kinds, objective, clock):
    at = local(START + timedelta(days=len(kinds)), clock)
    simulation = simulate(kinds)
    if judged(simulation, objective, at).would_be in ("met", "at_risk"):
        counted = judged(filled(simulation, at, good=False), objective, at).would_be
        assert counted in ("met", "at_risk")


@settings(max_examples=60, deadline=None)
@given(mornings, mornings, objectives)
def test_the_past_does_not_change(kinds, later, objective):
    at = local(START + timedelta(days=len(kinds)), "06:00")
    then = verdict(simulate(kinds), objective, at=at, known=at)
    now = filled(simulate([*kinds, *later]), local("2014-06-01"), good=True)
    assert verdict(now, objective, at=at, known=at) == then
    assert verdict(now, objective, at=at) == then


@settings(max_examples=40, deadline=None)
@given(mornings, objectives)
def test_evidence_in_any_shape_is_judged_and_sums_add_up(kinds, objective):
    at = local(START + timedelta(days=len(kinds)), "06:00")
    found = judged(simulate(kinds), objective, at)
    assert found.budget is not None
    states = [each.state for each in found.slices]
    assert found.budget.bad == states.count("bad")
    assert found.budget.n == states.count("good") + states.count("bad") + states.count("unmeasured")
    assert [each.label for each in found.slices] == sorted(each.label for each in found.slices)
    assert found.reasons
    assert all(reason and reason[-1] != " " for reason in found.reasons)
    assert all(each.reason for each in found.slices)
    if found.would_be == "violated":
        assert found.budget.bad > found.budget.allowed
    if found.would_be in ("met", "at_risk"):
        assert found.budget.bad + found.budget.unmeasured <= found.budget.allowed


@settings(max_examples=30, deadline=None)
@given(mornings, st.randoms(use_true_random=False))
def test_rows_of_other_datasets_and_environments_change_nothing(kinds, random):
    simulation = simulate(kinds)
    at = local(START + timedelta(days=len(kinds)), "06:00")
    alone = judged(simulation, ready_objective(), at)
    other = Simulation(table="marts.other").nights(START + timedelta(days=number) for number in range(len(kinds)))
    rows = list(simulation.rows)
    for row in other.rows:
        rows.insert(random.randrange(len(rows) + 1), row)
    for row in simulation.rows:
        if row.kind == "published" and row.subject == MART:
            dev = Simulation()
            rows.append(dev.write("published", row.at, env="dev", version="marts/route_delays@1"))
    mixed = Simulation(rows=rows)
    assert judged(mixed, ready_objective(), at) == alone
