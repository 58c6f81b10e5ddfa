"""Charts and scales: what is drawn where, and what is said to those who do not see it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from mainstem.console import timeline
from mainstem.console.charts import drawn, points_of, vega_rows
from mainstem.console.look import cell
from mainstem.console.scale import Scale, clock_ticks, ticks, time_ticks
from mainstem.console.timeline import Graph
from mainstem.core.evidence import Slice
from mainstem.core.output import Chart
from mainstem.core.place import Place
from mainstem.core.release import Field
from mainstem.lifecycle.serving.request import Answer
from mainstem.security.audit import AuditRow

AT = datetime(2013, 12, 17, tzinfo=UTC)
COLUMNS = (Field("day", "DATE"), Field("who", "VARCHAR"), Field("n", "BIGINT"), Field("amount", "DECIMAL(9,2)"))


def answer(*rows: tuple[Any, ...]) -> Answer:
    return Answer(COLUMNS, rows, False, AuditRow(AT, "local", "dashboard", "allowed", "sha256:0"))


def chart(kind: str, x: str, *y: str, series: str | None = None) -> Chart:
    return Chart(kind, "rows", Place("serving/dashboards/a.md", 1, 1), "", x, y, series)


ROWS = answer(
    ("2013-12-02", "b & c", 2, 1.5),
    ("2013-12-01", "a", 5, "12345678901234567.89"),
    ("2013-12-01", "b & c", None, 0),
    (None, "a", 1, 1),
)


def test_a_line_runs_from_left_to_right_and_leaves_out_what_is_no_number() -> None:
    (only,) = points_of(chart("line", "day", "n"), ROWS)
    assert [(x.day, value) for x, value in only.points] == [(1, 5.0), (2, 2.0)]


def test_series_keep_the_order_of_their_rows() -> None:
    found = points_of(chart("line", "day", "n", series="who"), ROWS)
    assert [(each.name, each.colour, len(each.points)) for each in found] == [("b & c", 0, 1), ("a", 1, 1)]
    assert [each.name for each in points_of(chart("bar", "who", "n", "amount"), ROWS)] == ["n", "amount"]


@pytest.mark.parametrize("kind", ["line", "bar", "area", "point"])
def test_every_kind_is_drawn_with_words_for_those_who_do_not_see_it(kind: str) -> None:
    made = drawn(chart(kind, "day", "n", series="who"), ROWS)
    assert made is not None
    assert "<title>n by day</title><desc>" in made.picture
    assert f"{kind} chart of 2 points; n from 2 to 5" in made.picture
    assert "b &amp; c, 2013-12-02: 2" in made.picture or kind in ("line", "area")
    assert made.keys == (("b & c", 0), ("a", 1))
    assert "style=" not in made.picture


def test_bars_begin_at_nothing_and_go_below_it() -> None:
    made = drawn(chart("bar", "who", "n"), answer(("2013-12-01", "up", 4, 1), ("2013-12-01", "down", -4, 1)))
    assert made is not None
    (up, down) = re.findall(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', made.picture)
    assert float(up[0]) + float(up[1]) == pytest.approx(float(down[0]))


def test_nothing_to_draw_is_told_by_none() -> None:
    assert drawn(chart("line", "day", "n"), answer()) is None
    assert drawn(chart("line", "gone", "n"), ROWS) is None
    assert drawn(chart("point", "n", "n"), answer(("2013-12-01", "a", 1, 1))) is not None


def test_ticks_are_round_and_hold_all_values() -> None:
    assert ticks(0, 0) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert ticks(-3, 12) == [-5, 0, 5, 10, 15]
    assert ticks(99.2, 100, 4)[-1] == 100
    assert clock_ticks(302, 331) == [300, 310, 320, 330, 340]
    first, last = datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 12, 31, tzinfo=UTC)
    assert all(each.day == 1 for each in time_ticks(first, last))
    days = time_ticks(first, datetime(2013, 1, 3, tzinfo=UTC), by_day=True)
    assert [each.day for each in days] == [1, 2, 3]
    assert Scale(1, 1, 0, 10)(1) == 5


def test_cells_keep_years_ids_and_decimals_as_they_are() -> None:
    assert (cell(2013, "year"), cell(86126, "flight_id"), cell(86126, "flights")) == ("2013", "86126", "86,126")
    assert (cell(12.5, "amount", "DECIMAL(9,2)"), cell(True), cell(Decimal("1.50"))) == ("12.50", "true", "1.50")
    assert cell(0.1 + 0.2) == "0.3"


def test_rows_for_a_vega_picture_are_json_data() -> None:
    assert vega_rows(answer(("2013-12-01", "a", 1, Decimal("1.5")))) == [
        {"day": "2013-12-01", "who": "a", "n": 1, "amount": 1.5}
    ]


def test_the_words_of_a_limit_near_the_upper_edge_leave_the_crosses_free() -> None:
    slices = [
        Slice(f"2013-12-0{n}", "bad" if n == 3 else "good", AT, AT, AT, margin=None if n == 3 else 5.0)
        for n in range(1, 4)
    ]
    values = [310.0, 310.0, None]
    made = timeline.drawn(Graph("t", slices, values, 315.0, "due 05:15", True, str, clock_ticks))
    words = re.search(r'<text x="[\d.]+" y="([\d.]+)"[^>]*>due 05:15<', made)
    cross = re.search(r'<path d="M[\d.]+ ([\d.]+) l8 8', made)
    assert words is not None
    assert cross is not None
    assert float(words[1]) - 12 > float(cross[1]) + 8
