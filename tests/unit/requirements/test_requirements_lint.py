from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from simulator import (
    MART,
    PLACE,
    SOURCE,
    accurate_objective,
    agreed,
    complete_objective,
    fresh_objective,
    local,
    objective,
    project,
    ready_objective,
    requirement,
)

from mainstem.core.codes import CODES
from mainstem.core.codes import requirements as own
from mainstem.core.output import Output
from mainstem.core.place import Place
from mainstem.core.requirement import Decision, Definition, Goal, Need, Retired
from mainstem.lifecycle.requirements.lint import lint

GOOD = "When an operating day has ended, the delay mart shall be ready by 05:15 America/New_York on the next day."


def errors(objective=None, statement=GOOD, **given):
    made = project(requirement(objective or ready_objective(), statement=statement, **given))
    return [problem.code for problem in lint(made)[0]]


def advice(objective=None, statement=GOOD, made=None, ancestors=None, **given):
    made = made or project(requirement(objective or ready_objective(), statement=statement, **given))
    return {problem.code: problem for problem in lint(made, ancestors)[1]}


def said(objective, statement):
    made = project(requirement(objective, statement=statement))
    return [str(problem.what) for problem in lint(made)[0]]


def test_a_good_requirement_has_nothing_to_mend():
    assert lint(project(requirement(ready_objective())))[0] == ()
    assert set(advice()) == {"R045"}  # the other need of the project has no requirement


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("The delay mart is ready by 05:15.", "R020"),
        ("The mart shall be ready by 05:15, and the dashboard shall answer.", "R021"),
        ("The delay mart shall be ready by 06:15.", "R022"),
        ("The delay mart shall be ready by 5:15 pm.", "R022"),
        ("The delay mart shall be ready by 05:15 Europe/Berlin.", "R023"),
        ("The delay mart shall be ready by 05:15 UTC.", "R023"),
    ],
)
def test_errors_of_sentences(statement, code):
    assert errors(statement=statement) == [code]


@pytest.mark.parametrize(
    "statement",
    [
        "The delay mart shall be ready by 5:15 am.",
        "The delay mart shall be ready by 05:15, before the meeting at 05:30.",
        "The delay mart of EWR/JFK shall be ready by 05:15.",
        "When a day has ended, marts.route_delays shall hold that day by 05:15 America/New_York on the next day.",
    ],
)
def test_sentences_without_errors(statement):
    assert errors(statement=statement) == []


@pytest.mark.parametrize(
    ("measured", "statement", "is_right"),
    [
        (fresh_objective(), "The mart shall never be older than 30 hours.", True),
        (fresh_objective(), "The mart shall never be older than thirty hours.", True),
        (fresh_objective(), "The mart shall never be older than 30h on 28 days.", True),
        (fresh_objective(), "The mart shall never be older than 24 hours.", False),
        (fresh_objective(), "The mart shall never be older than two days.", False),
        (complete_objective(), "The mart shall have 99% of its origins.", True),
        (complete_objective(), "The mart shall have 99.0 per cent of its origins.", True),
        (complete_objective(), "The mart shall have 98 % of its origins.", False),
        (accurate_objective(), "The mart shall hold 99.9% of flights.", True),
        (accurate_objective(), "The mart shall hold 100% of flights.", False),
    ],
)
def test_numbers_of_sentence_and_objective_are_the_same(measured, statement, is_right):
    assert errors(measured, statement) == ([] if is_right else ["R024"])


def test_what_differs_is_quoted():
    assert said(ready_objective(), "The mart shall be ready by 06:15 or 6:20 am.") == [
        'the statement of "ops-morning-delays" says 06:15, 6:20 am, the objective "+1d 05:15"'
    ]
    assert said(fresh_objective(), "The mart shall be younger than 24 hours.") == [
        'the statement of "ops-morning-delays" says 24 hours, the objective `at_most: 30h`'
    ]


@pytest.mark.parametrize(
    ("measured", "code"),
    [
        (ready_objective(deadline="05:15"), "R001"),
        (ready_objective(slice="3d"), "R002"),
        (ready_objective(slice="0d"), "R002"),
        (ready_objective(window="10h"), "R003"),
        (ready_objective(slice="1h", window="7d", hours=None), "R008"),
        (ready_objective(deadline="+0d 05:15"), "R005"),
        (replace(fresh_objective(), options=type(fresh_objective().options)("30 moons")), "R006"),
        (ready_objective(target=Decimal("1.5")), "R007"),
        (objective("completeness", {"columns": ("a",), "at_least": Decimal(99)}), "R007"),
        (objective("completeness", {"columns": ()}), "R010"),
        (objective("conformity", {"checks": ()}), "R010"),
        (ready_objective(misses=28), "R009"),
        (ready_objective(misses=4, window="7d", days=(0, 1, 2, 3)), "R009"),
    ],
)
def test_errors_of_objectives(measured, code):
    assert errors(measured, "The mart shall be kept by 05:15.") == [code]


def test_an_objective_with_hours_needs_shorter_slices():
    from datetime import time

    assert errors(ready_objective(hours=(time(9), time(17)))) == ["R004"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("By 05:15, when ready, fast, shall the mart be there.", "R030"),
        ("The delay mart shall be ready quickly, by 05:15.", "R031"),
        ("The delay mart shall be user-friendly by 05:15.", "R031"),
        ("The delay mart shall be ready in time.", "R033"),
    ],
)
def test_advice_on_sentences(statement, code):
    assert code in advice(statement=statement)
    assert errors(statement=statement) == []


@pytest.mark.parametrize(
    "statement",
    [
        "The mart shall be ready by 05:15.",
        "While the airport is open, the mart shall be ready by 05:15.",
        "When a day has ended, the mart shall be ready by 05:15.",
        "If the source is late, then the mart shall be ready by 05:15.",
        "Where crews are planned, the mart shall be ready by 05:15.",
        "While the airport is open, when a day has ended, the mart shall be ready by 05:15.",
    ],
)
def test_the_forms_of_ears(statement):
    assert "R030" not in advice(statement=statement)


def test_every_flight_in_time_promises_completeness_too():
    statement = "When a day has ended, the mart shall hold every flight by 05:15."
    found = advice(ready_objective(passing=()), statement)
    assert found["R032"].what.endswith('says "every": you promise completeness too')
    assert found["R032"].mend == "split it, or name `passing`"
    assert "R034" in found
    assert not {"R032", "R034"} & set(advice(statement=statement))
    assert "R032" in advice(fresh_objective(), "All flights shall be younger than 30 hours.")


def test_a_target_that_allows_no_miss_is_said_when_it_is_written():
    found = advice(ready_objective(target=Decimal("0.99")))
    assert found["R035"].what == "target 0.99 allows none of 28 slices in 28d to be bad"
    assert found["R035"].mend == "write `misses: 0` if that is meant; `misses: 1` needs a target of 0.96 or less"
    assert "R035" not in advice(ready_objective(target=Decimal("0.95")))
    assert "R035" in advice(ready_objective(target=Decimal("0.95"), days=(0, 1)))


def test_what_leads_nowhere():
    made = project(
        requirement(ready_objective(), needs=(), for_="crew-planning"),
        requirement(
            None, id="worst-routes", class_="functional", statement="It shall list.", needs=("idle",), binds=()
        ),
        needs={
            "idle": Need("idle", "Idle", "crew-planning", PLACE),
            "unheard": Need("unheard", "Unheard", "crew-planning", PLACE, goal="alone"),
        },
        goals={"alone": Goal("alone", "Alone", PLACE), "nobody": Goal("nobody", "Nobody", PLACE)},
        outputs={"apis/x": Output("apis/x", "api", Place("serving/apis/x.sql"))},
        decisions={"choose": Decision("choose", "Choose", PLACE)},
        definitions={"cause": Definition("cause", "Cause", PLACE, "cause", "?")},
    )
    found = advice(made=made)
    assert {code: found[code].what for code in found} == {
        "R040": 'requirement "ops-morning-delays" serves no need',
        "R041": 'requirement "worst-routes" leads to no goal: need "idle" has none',
        "R042": 'requirement "worst-routes" is a must, and nothing says how it is measured',
        "R043": 'no requirement binds output "apis/x": who asked for this?',
        "R044": 'goal "nobody" has no need',
        "R045": 'need "unheard" has no requirement',
        "R046": 'decision "choose" names no requirement',
        "R051": 'definition "cause" has neither `sql` nor `metric`',
    }


def test_retired_items_lead_nowhere_and_may():
    gone = Retired(date(2013, 1, 1), "replaced")
    item = requirement(None, retired=gone, statement="Broken and shall shall")
    made = project(item, needs={}, goals={"old": Goal("old", "Old", PLACE, retired=gone)}, definitions={})
    assert lint(made) == ((), ())


def test_several_stakeholders_must_all_agree():
    found = advice(needs=("morning-crew-moves", "crew-lists"))
    assert found["R047"].what == (
        'requirement "ops-morning-delays" serves 2 stakeholders: ops-duty-manager, crew-planning'
    )


def test_the_same_promise_twice_and_promises_that_differ():
    first = requirement(ready_objective())
    made = project(first, replace(first, id="again"))
    assert "R048" in advice(made=made)
    assert "R049" not in advice(made=made)
    other = replace(first, id="again", objective=ready_objective(deadline="+1d 05:16"), statement="It shall be 05:16.")
    found = advice(made=project(first, other))
    assert found["R049"].what == '"ops-morning-delays" and "again" promise different ready_by of marts.route_delays'
    elsewhere = replace(first, id="again", objective=replace(ready_objective(), of=SOURCE))
    assert not {"R048", "R049"} & set(advice(made=project(first, elsewhere)))


def test_a_promise_cannot_rest_on_a_weaker_one():
    below = requirement(ready_objective(misses=1))
    above = replace(ready_objective(misses=2), of=SOURCE)
    made = project(below, requirement(above, id="source-complete"))
    both = [problem.what for problem in lint(made, {MART: frozenset({SOURCE})})[1] if problem.code == "R050"]
    assert both == [
        '"ops-morning-delays" rests on "source-complete", which may fail 2 times where it may fail 1 times',
        '"ops-morning-delays" rests on "source-complete", which is not due any earlier',
    ]
    earlier = replace(ready_objective(misses=1, deadline="+1d 04:30"), of=SOURCE)
    item = requirement(earlier, id="source-complete", statement="The source shall be complete by 04:30.")
    assert "R050" not in advice(made=project(below, item), ancestors={MART: frozenset({SOURCE})})
    assert "R050" not in advice(made=made)


def test_a_forged_agreement_is_an_error():
    made = agreed(project(requirement(ready_objective())), local("2013-12-01"))
    (entry,) = made.agreements["ops-morning-delays"]
    forged = replace(made, agreements={"ops-morning-delays": (replace(entry, promise="sha256:0"),)})
    assert [problem.code for problem in lint(forged)[0]] == ["R066"]


def test_problems_come_in_the_order_of_their_places():
    late = replace(requirement(ready_objective(), statement="x"), id="a", place=Place("b.md", 1))
    early = replace(requirement(ready_objective(), statement="x"), id="b", place=Place("a.md", 1))
    assert [problem.place.file for problem in lint(project(late, early))[0]] == ["a.md", "b.md"]


def test_every_code_says_why_and_how_to_get_past_it():
    for code, text in own.CODES.items():
        assert CODES[code] is text
        assert text.title
        assert text.why.endswith(".")
        assert text.mend.endswith((".", '"', "`."))
