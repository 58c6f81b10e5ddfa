"""The line that tells how far a run is: what stands in it, and that it fits."""

from __future__ import annotations

import pytest

from mainstem.cli.progress import Standing, after, bar_line, lines
from mainstem.core.reached import Reached, in_parts
from mainstem.orchestration.ground import Progress


def heard(*told: Progress) -> Standing:
    standing = Standing()
    for progress in told:
        standing = after(standing, progress)
    return standing


def test_what_runs_is_named_and_not_what_ended() -> None:
    standing = heard(
        Progress("step-begun", "marts.a", "", 0, 3),
        Progress("step-begun", "marts.b", "", 0, 3),
        Progress("step-done", "marts.a", "committed", 1, 3),
    )
    assert bar_line(standing, 10, 80) == "━━━━━━┄┄┄┄┄┄┄┄┄┄┄┄┄┄  1/3  0:10  about 0:20 left  marts.b"


def test_a_failure_is_seen_at_once() -> None:
    standing = heard(Progress("step-begun", "marts.a", "", 0, 2), Progress("step-failed", "marts.a", "no", 1, 2))
    assert "1 failed" in bar_line(standing, 10, 80)


def test_a_failure_stays_seen_while_others_go_on() -> None:
    standing = heard(Progress("step-failed", "marts.a", "no", 1, 3), Progress("step-begun", "marts.b", "", 1, 3))
    assert bar_line(standing, 3, 80).endswith("1 failed  marts.b")


def test_several_are_counted() -> None:
    standing = Standing(0, 4, running=("marts.a", "marts.b", "marts.c"))
    assert bar_line(standing, 0, 80).endswith("0/4  0:00  marts.a and 2 more")


def test_no_time_is_guessed_before_a_step_has_ended_nor_after_the_last() -> None:
    assert "left" not in bar_line(Standing(0, 4), 3600, 80)
    assert bar_line(Standing(4, 4, phase="publishing"), 3725, 80).endswith("4/4  1:02:05  publishing")


def test_a_wait_says_for_whom() -> None:
    assert bar_line(heard(Progress("waiting", 'run "r1" writes')), 5, 80) == '0:05  waiting: run "r1" writes'


@pytest.mark.parametrize("width", [20, 40, 59, 60, 80, 120])
def test_it_fits_and_a_long_name_keeps_its_end(width: int) -> None:
    standing = Standing(3, 12, running=("marts." + "long_" * 30 + "end", "marts.b"))
    line = bar_line(standing, 75, width)
    assert len(line) <= width
    assert line.endswith("end and 1 more") or width < 60


@pytest.mark.parametrize("running", [("a",), ("marts.a_longer_name", "b"), ()])
def test_nothing_before_the_name_moves(running: tuple[str, ...]) -> None:
    assert bar_line(Standing(1, 9, running=running), 9, 80).startswith(
        "━━┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄  1/9  0:09  about 1:12 left"
    )


READING = Reached("reading", 31, 0.38, 30)


def told(name: str, reached: Reached) -> Progress:
    return Progress("step-at", name, "", 0, 3, reached)


def test_a_step_that_takes_long_has_a_line_of_its_own_while_it_runs() -> None:
    begun = heard(Progress("step-begun", "raw.a", "", 0, 3), Progress("step-begun", "raw.b", "", 0, 3))
    standing = after(begun, told("raw.b", READING))
    bar, line = lines(standing, 31, 80)
    assert bar.endswith("0/3  0:31  raw.a and 1 more")
    assert line == "  raw.b  reading for 0:31, 38%, about 0:48 left"
    assert len(lines(after(standing, Progress("step-done", "raw.b", "committed", 1, 3)), 32, 80)) == 1


def test_what_takes_long_is_no_step_that_has_ended() -> None:
    standing = heard(Progress("step-begun", "raw.a", "", 0, 3), told("raw.a", READING))
    assert standing.running == ("raw.a",)
    assert standing.failed == 0


def test_rows_that_come_are_counted_and_nothing_is_made_up() -> None:
    assert in_parts(Reached("fetching", 12, rows=4_200_000)) == [
        "fetching for 0:12",
        "4,200,000 rows",
        "350,000 rows/s",
    ]
    assert in_parts(Reached("reading", 3725, rows=None)) == ["reading for 1:02:05"]
    assert in_parts(Reached("writing", 4, size_bytes=1_500_000)) == ["writing for 0:04", "1.5 MB written"]


def test_no_time_is_guessed_where_another_query_may_follow_nor_at_once() -> None:
    assert in_parts(Reached("fetching", 9, 0.5, 9)) == ["fetching for 0:09", "50%"]
    assert in_parts(Reached("reading", 9, 0.5, 1)) == ["reading for 0:09", "50%"]


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120])
def test_a_step_line_fits_and_says_first_what_it_does(width: int) -> None:
    standing = Standing(0, 1, running=("raw." + "long_" * 30 + "end",))
    reached = Reached("writing", 75, 0.4, 60, size_bytes=1_200_000_000)
    line = lines(after(standing, told(standing.running[0], reached)), 80, width)[1]
    assert len(line) <= width
    assert "end  writing" in line or width < 40
