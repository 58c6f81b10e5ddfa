"""When what happens in the world of the demo."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from mainstem.cli.demo.schedule import LATE, agreed_at, judged_at, nights
from mainstem.core.problem import ProjectError


def test_four_weeks_by_default_each_published_the_morning_after():
    default = nights()
    assert [night.day for night in default] == [date(2013, 12, 4) + timedelta(days=n) for n in range(28)]
    assert all(night.publishes_at.date() == night.day + timedelta(days=1) for night in default)
    assert default[-1].publishes_at.date() == date(2014, 1, 1)


def test_ordinary_mornings_are_ready_nine_minutes_past_five():
    for night in nights(date(2013, 1, 1), date(2013, 12, 31)):
        if night.day == LATE:
            continue
        assert time(4, 40) <= night.fills_at.time() < time(5, 0)
        assert night.fills_at < night.run_at < night.publishes_at
        assert time(5, 7, 30) <= night.publishes_at.time() <= time(5, 10, 30)


def test_the_seventeenth_of_december_is_late():
    (night,) = nights(date(2013, 12, 17), date(2013, 12, 17))
    assert night.fills_at.astimezone(UTC) == datetime(2013, 12, 18, 10, 20, tzinfo=UTC)
    assert night.publishes_at.astimezone(UTC) == datetime(2013, 12, 18, 10, 26, 10, tzinfo=UTC)
    assert night.fills_at < night.run_at < night.publishes_at


def test_the_last_two_mornings_are_those_that_the_texts_name():
    *_, before, last = nights()
    assert before.publishes_at.strftime("%H:%M:%S") == "05:08:02"
    assert last.publishes_at.strftime("%H:%M:%S") == "05:09:41"


def test_a_wish_for_ten_past_five_would_have_been_missed_five_times():
    late = [night.day.day for night in nights() if night.publishes_at.time() > time(5, 10)]
    assert late == [8, 17, 20, 22, 27]


def test_the_same_night_is_the_same_in_any_replay():
    whole_year = {night.day: night for night in nights(date(2013, 1, 1), date(2013, 12, 31))}
    assert all(whole_year[night.day] == night for night in nights())


def test_summer_time_moves_the_instants_and_not_the_clock():
    before, after = nights(date(2013, 11, 1), date(2013, 11, 2))
    assert before.run_at.time() == after.run_at.time()
    assert after.run_at.astimezone(UTC) - before.run_at.astimezone(UTC) == timedelta(hours=25)


def test_judged_when_the_deadlines_of_the_last_morning_are_over():
    assert judged_at(nights()[-1]) == datetime(2014, 1, 1, 10, 20, tzinfo=UTC)
    (late,) = nights(LATE, LATE)
    assert judged_at(late) == late.publishes_at


def test_agreed_before_the_first_slice_opens():
    assert agreed_at() == datetime(2013, 12, 2, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "last"), [(date(2012, 12, 31), date(2013, 1, 2)), (date(2013, 12, 1), date(2014, 1, 1))]
)
def test_other_years_are_refused(first, last):
    with pytest.raises(ProjectError, match=r"C014 the demo has no flights of 201[24]"):
        nights(first, last)


def test_a_replay_does_not_run_backwards():
    with pytest.raises(ProjectError, match=r"C015 the replay ends on 2013-12-03, before it begins on 2013-12-04"):
        nights(date(2013, 12, 4), date(2013, 12, 3))
