from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from simulator import local, ready_objective

from mainstem.core.problem import ProjectError
from mainstem.lifecycle.requirements.calendar import duration_s, parse_deadline, read_calendar


def calendar(**given):
    return read_calendar(ready_objective(**given))


def spans(found, first, number=1):
    return [found.span(found.number_at(first) + ahead) for ahead in range(number)]


def test_a_day_is_a_local_date_and_is_due_by_the_deadline_of_the_next():
    (span,) = spans(calendar(), local("2013-12-17", "13:00"))
    assert (span.label, span.partition) == ("2013-12-17", "2013-12-17")
    assert (span.opens, span.closes) == (local("2013-12-17"), local("2013-12-18"))
    assert span.due == local("2013-12-18", "05:15")


def test_days_have_23_and_25_hours_twice_a_year():
    short, long = spans(calendar(), local("2013-03-10")), spans(calendar(), local("2013-11-03"))
    assert short[0].closes - short[0].opens == timedelta(hours=23)
    assert long[0].closes - long[0].opens == timedelta(hours=25)


def test_a_deadline_in_the_gap_moves_later_by_the_gap():
    (span,) = spans(calendar(deadline="+1d 02:30"), local("2013-03-09"))
    assert span.due == datetime(2013, 3, 10, 7, 30, tzinfo=UTC)  # 03:30 in daylight saving time


def test_a_deadline_that_occurs_twice_is_the_first():
    (span,) = spans(calendar(deadline="+1d 01:30"), local("2013-11-02"))
    assert span.due == datetime(2013, 11, 3, 5, 30, tzinfo=UTC)  # still daylight saving time


def test_a_day_whose_midnight_does_not_exist_opens_when_it_does():
    (span,) = spans(calendar(zone="America/Sao_Paulo"), datetime(2013, 10, 20, 12, tzinfo=UTC))
    assert (span.label, span.opens) == ("2013-10-20", datetime(2013, 10, 20, 3, tzinfo=UTC))
    assert span.closes - span.opens == timedelta(hours=23)


def test_twenty_four_hours_are_not_a_day():
    (span,) = spans(calendar(slice="24h", deadline="+1d 05:15"), local("2013-12-17", "13:00"))
    assert (span.label, span.opens) == ("2013-12-17T00:00Z", datetime(2013, 12, 17, tzinfo=UTC))
    assert span.partition is None


def test_months_and_weeks_are_local_too():
    month = spans(calendar(slice="1mo", window="12mo", deadline="+1mo +2d 06:00"), local("2013-12-31", "23:00"), 2)
    assert [span.label for span in month] == ["2013-12", "2014-01"]
    assert (month[0].closes, month[0].due) == (local("2014-01-01"), local("2014-01-03", "06:00"))
    assert month[0].partition == "2013-12-01"
    (week,) = spans(calendar(slice="1w"), local("2013-12-18"))
    assert (week.label, week.opens, week.closes) == ("2013-12-16", local("2013-12-16"), local("2013-12-23"))


def test_windows_are_counted_in_labels():
    assert calendar().window == 28
    assert calendar(slice="1h").window == 28 * 24
    assert calendar(window="12w", slice="1w").window == 12
    assert calendar(window="12mo", slice="1mo").window == 12
    assert calendar(window=None, target=None).window is None


def test_regular_days_and_hours():
    weekdays = calendar(days=(0, 1, 2, 3, 4))
    last = weekdays.number_at(local("2013-12-29"))
    assert [span.label for span in weekdays.regular(last - 2, last)] == ["2013-12-27"]
    office = calendar(slice="1h", hours=(time(9), time(17)))
    first = office.number_at(local("2013-12-17"))
    assert len(list(office.regular(first, first + 23))) == 8


def test_a_label_finds_its_slice_and_nothing_else_does():
    for made in (calendar(), calendar(slice="1h"), calendar(slice="1mo", window="12mo"), calendar(slice="1w")):
        span = made.span(made.number_at(local("2013-12-17", "13:00")))
        assert made.labelled(span.label) == span
        assert made.labelled("christmas") is None
    assert calendar(slice="1w").labelled("2013-12-17") is None


@pytest.mark.parametrize("text", ["05:15", "+1d", "+1d 25:00", "+1 05:15", "tomorrow", "+1d 05:15 pm", "-1d 05:15"])
def test_a_deadline_says_of_which_day(text):
    with pytest.raises(ProjectError, match=r"R001 .*is no deadline \(mend: .*\+1d 05:15"):
        parse_deadline(text, None)


def test_a_deadline_more_than_a_year_later_is_a_slip():
    with pytest.raises(ProjectError, match="R001"):
        parse_deadline("+400d 05:15", None)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30h", 108000), ("45m", 2700), ("2d", 172800), ("90s", 90), ("1w", 604800)]
)
def test_durations(text, seconds):
    assert duration_s(text, None) == seconds


@pytest.mark.parametrize("text", ["30", "h", "0h", "1mo", "30 parsecs", ""])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ProjectError, match="R006"):
        duration_s(text, None)


def test_all_that_is_wrong_with_a_calendar_is_said_at_once():
    with pytest.raises(ProjectError) as caught:
        calendar(slice="2d", window="27h", deadline="05:15", hours=(time(9), time(17)))
    assert [problem.code for problem in caught.value.problems] == ["R002", "R004", "R003", "R001"]
    assert all(problem.place is not None for problem in caught.value.problems)
