from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

import pytest
from simulator import (
    FIRST,
    LAST,
    MORNING,
    Simulation,
    complete_objective,
    dates,
    fresh_objective,
    history,
    local,
    objective,
    ready_objective,
    verdict,
)

from mainstem.lifecycle.requirements import words as say
from mainstem.lifecycle.requirements.budget import allowance, allows_no_miss, nominal, noun
from mainstem.lifecycle.requirements.forecast import mann_kendall, slices_left, theil_sen


def missing(*days, **given):
    """The verdict where these mornings were never published."""
    return verdict(history(without=[f"2013-12-{day}" for day in days]), ready_objective(**given))


def test_allowances_are_whole_and_counted_in_decimals():
    assert allowance(ready_objective(target=Decimal("0.9")), 10) == 1
    assert allowance(ready_objective(target=Decimal("0.95")), 28) == 1
    assert allowance(ready_objective(target=Decimal("0.95")), 20) == 1
    assert allowance(ready_objective(target=Decimal("0.95")), 19) == 0
    assert allowance(ready_objective(target=Decimal("0.99")), 28) == 0
    assert allowance(ready_objective(target=Decimal("0.7")), 10) == 3
    assert allowance(ready_objective(misses=2), 28) == 2
    assert allowance(ready_objective(target=None, window=None), 1) == 0


def test_a_nominal_window_counts_regular_slices():
    assert nominal(ready_objective()) == 28
    assert nominal(ready_objective(days=(0, 1, 2, 3, 4))) == 20
    assert nominal(fresh_objective(slice="1h", hours=(time(9), time(17)), window="7d")) == 56
    assert allows_no_miss(ready_objective(target=Decimal(1)))
    assert not allows_no_miss(ready_objective(misses=0))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (ready_objective(), "morning"),
        (ready_objective(deadline="+1d 14:00"), "day"),
        (complete_objective(), "day"),
        (ready_objective(slice="1mo", window="12mo", deadline="+1mo +2d 06:00"), "month"),
        (ready_objective(slice="1w", window="12w", deadline="+1w 06:00"), "week"),
        (fresh_objective(slice="1h"), "hour"),
        (fresh_objective(slice="15m"), "15m slice"),
    ],
)
def test_what_a_slice_is_called(given, words):
    assert noun(given) == words


NONE = "no late morning in four weeks is allowed"
ONE = "one late morning in four weeks is allowed"
TWO = "two late mornings in four weeks are allowed"
THREE_USED = "there were three, on 10, 12 and 17 December; clears 10 January"
WEEKDAYS = (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("days", "given", "status", "words"),
    [
        ((), {"misses": 0}, "met", f"{NONE}; none so far"),
        ((17,), {"misses": 0}, "violated", f"{NONE}; there was one, on 17 December; clears 15 January"),
        (
            (17,),
            {"misses": 0, "days": WEEKDAYS},
            "violated",
            f"{NONE}; there was one, on 17 December; clears 15 January",
        ),
        ((10, 12, 17), {"misses": 1}, "violated", f"{ONE}; {THREE_USED}"),
        ((), {"misses": 2}, "met", f"{TWO}; none used"),
        ((17,), {"misses": 2}, "met", f"{TWO}; one used, on 17 December; one is left"),
        ((12, 17), {"misses": 2}, "at_risk", f"{TWO}; used on 12 and 17 December; the next one breaks it"),
        (
            (17,),
            {"misses": 5},
            "met",
            "five late mornings in four weeks are allowed; one used, on 17 December; four are left",
        ),
        (
            (17,),
            {"misses": 1, "window": "30d"},
            "at_risk",
            "one late morning in 30 days is allowed; used on 17 December; the next one breaks it",
        ),
    ],
)
def test_the_budget_in_words(days, given, status, words):
    found = missing(*days, **given)
    assert found.status == status
    assert found.budget is not None
    assert found.budget.words == words
    assert words in found.reasons


def test_many_misses_are_not_all_listed():
    found = missing(*range(20, 30), misses=0)
    assert found.budget is not None
    assert "there were ten, on 27, 28 and 29 December, and seven earlier; clears 27 January" in found.budget.words


def test_it_clears_when_it_says_it_clears():
    simulation = history(without=["2013-12-29"]).nights(dates("2013-12-31", "2014-01-27"))
    broken = verdict(simulation, ready_objective(misses=0), at=local("2014-01-27", "05:14"))
    assert broken.status == "violated"
    assert broken.reasons[0].endswith("clears 27 January")
    assert verdict(simulation, ready_objective(misses=0), at=local("2014-01-27", "05:15")).status == "met"
    content = history("2013-12-29")
    content.night("2013-12-30", good=(1, 900))
    content.night("2013-12-31", "05:02")
    broken = verdict(content, complete_objective(), at=local("2014-01-02"))
    assert broken.reasons[0].endswith("on 31 December and 1 January; clears 29 January")
    assert verdict(content, complete_objective(), at=local("2014-01-29", "23:59")).status == "violated"
    assert verdict(content, complete_objective(), at=local("2014-01-30")).status == "met"


def test_a_quarter_of_the_budget_left_is_not_yet_at_risk():
    assert missing(12, 13, 14, misses=4).status == "met"
    assert missing(12, 13, 14, 15, misses=4).status == "at_risk"
    assert missing(12, 13, 14, 15, misses=5).status == "at_risk"
    assert missing(12, 13, 14, misses=5).status == "met"


def test_the_last_slice_bad_is_at_risk_however_much_is_left():
    found = missing(30, misses=9)
    assert found.status == "at_risk"
    assert found.reasons[0] == "the last morning was missed (30 December): not in the table at 05:15"


def test_what_is_only_bad_before_the_window_is_forgotten():
    assert missing("02", misses=0).status == "met"
    assert missing("03", misses=0).status == "violated"


def test_coverage_is_shown_and_decides_nothing():
    simulation = history("2013-12-12")
    for day in dates("2013-12-13", "2013-12-16"):
        simulation.night(day, check="errored")
    simulation.nights(dates("2013-12-17", LAST))
    for misses, status in ((4, "met"), (3, "unverified")):
        found = verdict(simulation, ready_objective(misses=misses))
        assert found.status == status
        assert found.budget is not None
        assert found.budget.coverage == Decimal(24) / 28


def test_a_trend_is_found_and_noise_is_not():
    random = Random(7)
    falling = [(day, 12 - 0.7 * day + random.gauss(0, 0.5)) for day in range(14)]
    assert slices_left(falling) is not None
    assert slices_left([(day, 12 + random.gauss(0, 3)) for day in range(14)]) is None
    assert slices_left([(day, 12 + 0.7 * day) for day in range(14)]) is None


def test_a_forecast_needs_ten_good_slices_and_a_near_crossing():
    steady = [(day, 10 - 0.7 * day) for day in range(14)]
    assert slices_left(steady[:9]) is None
    assert slices_left(steady[:10]) is not None
    assert slices_left([(day, 100 - 0.7 * day) for day in range(14)]) is None
    assert slices_left([(day, 14 - day) for day in range(7)] + [(day, 8.0) for day in range(7, 21)]) is None


def test_a_forecast_crosses_within_seven_slices():
    for start, is_foretold in ((20.0, True), (20.1, False)):
        found = slices_left([(day, start - day) for day in range(14)])
        assert (found is not None) == is_foretold
    assert slices_left([(day, 20.0 - day) for day in range(14)]) == pytest.approx(7)


def test_pure_noise_seldom_raises_a_false_alarm():
    random = Random(2013)
    alarms = sum(slices_left([(day, 12 + random.gauss(0, 3)) for day in range(14)]) is not None for _ in range(1000))
    assert alarms <= 10


def test_theil_sen_and_mann_kendall_on_known_data():
    assert theil_sen([(0, 1.0), (1, 3.0), (2, 5.0), (3, 100.0)]) == (17.5, -6.75)
    assert theil_sen([(0, 1.0), (1, 3.0), (2, 5.0)]) == (2.0, 1.0)
    assert mann_kendall([1, 2, 3, 4, 5]) == pytest.approx(2.2045, abs=1e-4)
    assert mann_kendall([5, 4, 3, 2, 1]) == pytest.approx(-2.2045, abs=1e-4)
    assert mann_kendall([1.0] * 10) == 0.0
    assert mann_kendall([1, 1, 2, 2, 3]) == pytest.approx((8 - 1) / ((5 * 4 * 15 - 2 * 2 * 1 * 9) / 18) ** 0.5)


def test_hourly_ages_that_grow_until_the_next_run_foretell_nothing():
    found = verdict(
        Simulation().nights(dates(FIRST, LAST)),
        fresh_objective(slice="1h", window="2d", misses=3),
        at=local("2013-12-31", "04:30"),
    )
    assert found.status == "met"


# words


def test_dates_in_words():
    beside = date(2013, 12, 31)
    assert say.days([date(2013, 12, 12)], beside) == "12 December"
    assert say.days([date(2013, 11, 30), date(2013, 12, 2)], beside) == "30 November and 2 December"
    assert say.days([date(2013, 12, day) for day in (1, 2, 3)], beside) == "1, 2 and 3 December"
    assert say.day(date(2014, 1, 14), beside) == "14 January"
    assert say.day(date(2012, 12, 31), beside) == "31 December 2012"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        ({"minutes": 11}, "eleven minutes"),
        ({"minutes": 1}, "one minute"),
        ({"minutes": 13}, "13 minutes"),
        ({"seconds": 20}, "20 seconds"),
        ({"minutes": 1, "seconds": 5}, "1 minute 5 seconds"),
        ({"hours": 30}, "30 hours"),
        ({"hours": 29, "minutes": 2, "seconds": 59}, "29 hours 2 minutes"),
        ({"hours": 5, "seconds": 5}, "five hours"),
        ({"days": 3, "hours": 5}, "3 days 5 hours"),
        ({"days": 2}, "48 hours"),
        ({}, "no time"),
        ({"minutes": -3}, "three minutes"),
    ],
)
def test_lengths_in_words(length, words):
    assert say.length(timedelta(**length)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("28d", "four weeks"),
        ("7d", "one week"),
        ("30d", "30 days"),
        ("12mo", "twelve months"),
        ("2w", "two weeks"),
        ("48h", "48 hours"),
    ],
)
def test_periods_in_words(text, words):
    assert say.period(text) == words


def test_moments_and_labels_in_words():
    zone, beside = "America/New_York", local("2013-12-31", "06:00")
    assert say.moment(local("2013-12-17", "05:26:10"), beside, zone) == "17 December 05:26:10"
    assert say.label("2013-12-17", beside, zone) == "17 December"
    assert say.label("2013-12", beside, zone) == "December 2013"
    assert say.label("2013-12-17T10:00Z", beside, zone) == "17 December 05:00"
    assert say.labels(["2013-11", "2013-12"], beside, zone) == "November 2013 and December 2013"
    assert say.due(local("2013-12-31", "07:00"), beside, zone) == "today at 07:00"
    assert say.due(local("2014-01-02", "05:15"), beside, zone) == "on 2 January at 05:15"


def test_shares_are_never_rounded_up_to_all():
    assert say.share(Decimal("0.999999")) == "99.999%"
    assert say.share(Decimal(1)) == "100%"
    assert say.share(Decimal("0.5")) == "50%"


def test_a_weekly_and_a_monthly_promise_are_judged_too():
    simulation = Simulation()
    for month in (date(2013, 8, 1), date(2013, 9, 1), date(2013, 10, 1), date(2013, 11, 1)):
        ready = datetime(month.year, month.month + 1, 2, 10, tzinfo=UTC)
        simulation.build(ready, {month: 900})
        simulation.publish(ready)
    monthly = ready_objective(slice="1mo", window="3mo", misses=0, deadline="+1mo +2d 06:00")
    found = verdict(simulation, monthly, at=MORNING, since=local("2012-01-01"))
    assert [each.label for each in found.slices] == ["2013-09", "2013-10", "2013-11", "2013-12"]
    assert found.status == "met"
    assert verdict(simulation, monthly, at=local("2014-01-03", "06:00"), since=local("2012-01-01")).status == "violated"
    weekly = objective("freshness", {"at_most": "9d"}, slice="1w", window="4w", misses=1)
    assert verdict(Simulation().nights(dates(FIRST, LAST)), weekly).status == "met"
