"""Which releases a cleaning gives up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mainstem.core.problem import ProjectError
from mainstem.core.release import Outline
from mainstem.dataops.branches import plain_name
from mainstem.dataops.cleaning import Keep, given_up, keep_of

NOW = datetime(2026, 3, 31, tzinfo=UTC)
HOUR = timedelta(hours=1)


def days_ago(*days: float, env: str = "prod", stands: int = -1) -> list[Outline]:
    """Releases of so many days ago, each after the one before; the environment stands at one of them."""
    made = [
        Outline(f"{env}-{number}", env, NOW - timedelta(days=day), f"{env}-{number - 1}", False)
        for number, day in enumerate(days)
    ]
    found = made[stands]
    made[stands] = Outline(found.id, found.env, found.at, found.parent, True)
    return made


def kept(releases: list[Outline], keep: Keep) -> list[str]:
    gone = given_up(releases, keep, NOW)
    return [each.id.rpartition("-")[2] for each in releases if each.id not in gone]


def test_a_release_counts_until_the_next_one_came() -> None:
    releases = days_ago(90, 60, 20, 10, 1)
    assert kept(releases, Keep(timedelta(days=30), None, HOUR)) == ["1", "2", "3", "4"]


def test_what_it_stands_at_and_stood_at_before_and_its_newest_stay() -> None:
    nothing = Keep(None, 0, timedelta(0))
    assert kept(days_ago(90, 80, 70, 60), nothing) == ["2", "3"]
    assert kept(days_ago(90, 80, 70, 60, stands=1), nothing) == ["0", "1", "3"]
    assert kept(days_ago(90), nothing) == ["0"]


def test_so_many_of_each_environment() -> None:
    releases = [*days_ago(90, 80, 70, 60, 50), *days_ago(9, 8, env="dev")]
    assert kept(releases, Keep(None, 3, HOUR)) == ["2", "3", "4", "0", "1"]


def test_grace_holds_for_a_number_too() -> None:
    releases = days_ago(5, 4, 3, 0.02, 0.01)
    assert kept(releases, Keep(None, 0, timedelta(0))) == ["3", "4"]
    assert kept(releases, Keep(None, 0, HOUR)) == ["2", "3", "4"]


def test_what_a_person_may_write() -> None:
    assert keep_of("30d", "1h") == Keep(timedelta(days=30), None, HOUR)
    assert keep_of("12", "90s") == Keep(None, 12, timedelta(seconds=90))
    for wrong in ("", "-1", "1.5d", "soon", "3 d"):
        with pytest.raises(ProjectError, match="O047"):
            keep_of(wrong, "1h")


def test_names_of_git_become_names_of_branches() -> None:
    assert plain_name("feature/Crew-Base") == "feature-crew-base"
    assert plain_name("Größe_1") == "gr-e_1"
    assert plain_name("///") == "branch"
    assert len(plain_name("x" * 300)) == 63
