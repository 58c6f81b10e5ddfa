"""Releases: published by compare-and-set, immutable, found by id, number or beginning; and heads beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger_world import AT, NOW_S, codes, fact, minutes, open_at, published, release, take, version

from mainstem.core.ports import Ledger
from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.release import Field, Release, Version
from mainstem.ledger.holder import this_holder


def commit(ledger: Ledger, run: str, made: Version) -> Version:
    """Record a version as a step of a run that is begun; its lease runs out at once."""
    lease = take(ledger, made.dataset, run=run, targets={made.dataset: made.table}, until_s=NOW_S)[made.dataset]
    ledger.record_step(lease, made, [], AT)
    return made


def begin(ledger: Ledger, number: int, env: str = "prod") -> str:
    ledger.begin_run(f"run-{number}", env, minutes(number), this_holder())
    return f"run-{number}"


def test_a_release_comes_back_as_it_was_published(where: str, ledger: Ledger) -> None:
    made = release(1, [version("marts.a", 3), version("marts.b", 4)])
    ledger.publish(made, [fact("marts.a", kind="published")], None)
    other = open_at(where)
    for opened in (ledger, other):
        assert opened.current("prod") == made
        assert opened.release("r000001") == made
        assert opened.releases("prod") == [made]
    other.close()
    (row,) = ledger.evidence()
    assert row.recorded_at == made.at


@pytest.mark.parametrize(
    "more",
    [
        {"table": "", "number": 0, "sql": 'select "x" from a\n-- twice\n', "skip_key": "sha256:" + "ab" * 32},
        {"fields": ()},
        {"fields": (Field("odd\x1fname", 'STRUCT("a b" INTEGER[], m MAP(VARCHAR, DECIMAL(18,3)))'), Field("[", "[]"))},
        {"inputs": {"staging.flights": "staging/flights@12", "odd\x1fname": "view:0123456789abcdef"}},
        {"position": {"cursor": "2013-12-17", "files": {"a.csv": [12, 3.5, None, "å\U0001f600"]}, "done": True}},
        {"position": 0},
        {"position": ""},
        {"position": []},
        {"rows": 0, "size_bytes": 0, "quarantine": 0, "attempt": 0},
        {"rows": 2**62, "size_bytes": 2**62, "quarantine": 3, "attempt": 9, "run": "run-7"},
        {"newest": minutes(-5), "as_of": AT.replace(year=999, microsecond=7)},
    ],
)
def test_every_part_of_a_version_survives(where: str, more: dict[str, Any]) -> None:
    made = release(1, [version("marts.a", **{"number": 2, **more})])
    ledger = open_at(where)
    ledger.publish(made, [], None)
    ledger.close()
    ledger = open_at(where)
    assert ledger.current("prod") == made
    ledger.close()


def test_an_environment_that_moved_meanwhile_is_not_moved_again(ledger: Ledger) -> None:
    first = published(ledger, 1, [version("marts.a", 1)])
    for expected in (None, "r000007"):
        with pytest.raises(WorldError) as caught:
            ledger.publish(release(2, [version("marts.a", 2)], first), [fact()], expected)
        assert codes(caught.value) == ["L003"]
        assert 'environment "prod" stands at release "r000001"' in str(caught.value)
    assert ledger.current("prod") == first
    assert ledger.evidence() == []
    assert ledger.release("r000002") is None


def test_the_first_release_expects_an_empty_environment(ledger: Ledger) -> None:
    with pytest.raises(WorldError, match=r'L003.*stands at no release, not at release "r000001"'):
        ledger.publish(release(2, []), [], "r000001")


@pytest.mark.parametrize("more", [{"number": 2}, {"number": 1, "id": "other"}])
def test_ids_and_numbers_are_given_out_once(ledger: Ledger, more: dict[str, Any]) -> None:
    first = published(ledger, 1, [version("marts.a", 1)])
    clash = release(more["number"], [], first, id=more.get("id", "r000001"))
    with pytest.raises(WorldError) as caught:
        ledger.publish(clash, [], "r000001")
    assert codes(caught.value) == ["L012"]
    assert ledger.current("prod") == first


def test_the_next_number_is_one_more_than_the_greatest_of_all_environments(ledger: Ledger) -> None:
    published(ledger, 1, [])
    published(ledger, 5, [], env="dev")
    assert ledger.next_release_number() == 6


def test_environments_move_apart(ledger: Ledger) -> None:
    prod = published(ledger, 1, [version("marts.a", 1)])
    dev = published(ledger, 2, [version("marts.a", 1), version("marts.b", 1)], env="dev")
    newer = published(ledger, 3, [version("marts.a", 2)], env="dev")
    assert ledger.current("prod") == prod
    assert ledger.releases("dev") == [newer, dev]


def test_releases_are_listed_newest_first(ledger: Ledger) -> None:
    made = [published(ledger, n, [version("marts.a", n)]) for n in (3, 1, 2)]
    assert ledger.releases("prod") == made[::-1]
    assert ledger.releases("prod", limit=2) == made[:0:-1]
    assert ledger.releases("prod", limit=0) == []


def test_a_release_is_found_by_id_number_and_beginning(ledger: Ledger) -> None:
    for n in (1, 2, 11, 40):
        published(ledger, n, [version("marts.a", n)])
    found = {
        text: (made := ledger.release(text)) and made.number
        for text in ("r000001", "2", "r2", "11", "40", "r00004", "r40", "r00001", "5", "x", "", "9" * 30, "²", "%")
    }
    assert found == {
        "r000001": 1,
        "2": 2,
        "r2": 2,
        "11": 11,
        "40": 40,
        "r00004": 40,
        "r40": 40,
        "r00001": 11,
        "5": None,
        "x": None,
        "": None,
        "9" * 30: None,
        "²": None,
        "%": None,
    }


def test_an_ambiguous_beginning_is_refused_with_what_there_is(ledger: Ledger) -> None:
    for n in range(1, 16):
        published(ledger, n, [])
    with pytest.raises(ProjectError) as caught:
        ledger.release("r00000")
    (problem,) = caught.value.problems
    assert problem.code == "L010"
    assert problem.mend == "write more of the id: " + ", ".join(f"r{n:06d}" for n in range(1, 10))
    with pytest.raises(ProjectError, match=r"r000012, \.\.\.\)"):
        ledger.release("r0000")


def test_datasets_come_and_go(ledger: Ledger) -> None:
    a, b, c = version("marts.a"), version("marts.b"), version("marts.c")
    made = [published(ledger, n, versions) for n, versions in enumerate([[a, b], [a], [], [a, c], [c, b]], start=1)]
    assert [ledger.release(m.id) for m in made] == made


def test_old_releases_stay_as_they_were_however_many_follow(ledger: Ledger, where: str) -> None:
    versions = {f"marts.m{n}": version(f"marts.m{n}") for n in range(7)}
    made: list[Release] = []
    for number in range(1, 60):
        name = f"marts.m{number * 5 % 7}"
        versions[name] = version(name, number)
        if number % 11 == 0:
            ledger.move("prod", made[number // 2].id, [], AT, made[-1].id)
        made.append(published(ledger, number, list(versions.values())))
    other = open_at(where)
    for opened in (ledger, other):
        assert [opened.release(m.id) for m in made] == made
        assert opened.releases("prod", 100) == made[::-1]
    other.close()
    assert ledger.check() == []


def test_a_ledger_grows_with_what_changed_not_with_what_there_is(where: str, ledger: Ledger) -> None:
    columns = tuple(Field(f"column_{n}", "VARCHAR") for n in range(30))
    versions = {f"marts.m{n}": version(f"marts.m{n}", fields=columns) for n in range(300)}
    published(ledger, 1, list(versions.values()))
    ledger.close()
    path = Path(where.partition(":")[2])
    before = path.stat().st_size
    ledger = open_at(where)
    for number in range(2, 202):
        name = f"marts.m{number}"
        versions[name] = version(name, number, fields=columns)
        published(ledger, number, list(versions.values()))
    ledger.close()
    assert path.stat().st_size - before < 200 * 1500


def test_the_instant_of_unchanged_data_moves_with_each_release(ledger: Ledger, where: str) -> None:
    made = [
        published(ledger, n, [version("marts.a", as_of=minutes(n)), version("marts.b", as_of=minutes(n % 2))])
        for n in range(1, 6)
    ]
    other = open_at(where)
    assert other.releases("prod") == ledger.releases("prod") == made[::-1]
    other.close()


def test_an_instant_in_local_time_is_the_same_instant(ledger: Ledger) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("America/New_York")
    early = AT.replace(month=11, day=3, hour=1, minute=30, tzinfo=zone)
    late = early.replace(fold=1)
    published(ledger, 1, [version("marts.a", as_of=early), version("marts.b", as_of=late)])
    current = ledger.current("prod")
    assert current is not None
    assert current.versions["marts.b"].as_of - current.versions["marts.a"].as_of == timedelta(hours=1)


@pytest.mark.parametrize("bad", [lambda: {"facts": {"x": object()}}, lambda: {"subject": None}])
def test_a_publication_that_fails_leaves_nothing(ledger: Ledger, bad: Callable[[], dict[str, Any]]) -> None:
    first = published(ledger, 1, [version("marts.a", 1)])
    with pytest.raises(Exception, match=r"JSON|NOT NULL"):
        ledger.publish(release(2, [version("marts.a", 2)], first), [fact(), fact(**bad())], first.id)
    assert ledger.current("prod") == first
    assert ledger.release("2") is None
    assert ledger.evidence() == []
    assert ledger.latest() == first.at


def test_an_environment_moves_back_and_forth(ledger: Ledger) -> None:
    first = published(ledger, 1, [version("marts.a", 1)])
    second = published(ledger, 2, [version("marts.a", 2)])
    ledger.move("prod", first.id, [fact(kind="published")], minutes(9), second.id)
    assert ledger.current("prod") == first
    (row,) = ledger.evidence()
    assert row.recorded_at == minutes(9)
    ledger.move("prod", second.id, [], minutes(10), first.id)
    assert ledger.current("prod") == second
    assert ledger.releases("prod") == [second, first]


def test_a_move_expects_where_the_environment_stands(ledger: Ledger) -> None:
    first = published(ledger, 1, [version("marts.a", 1)])
    second = published(ledger, 2, [version("marts.a", 2)])
    with pytest.raises(WorldError, match="L003"):
        ledger.move("prod", first.id, [fact()], AT, first.id)
    with pytest.raises(WorldError, match='L015 there is no release "r000009"'):
        ledger.move("prod", "r000009", [fact()], AT, second.id)
    assert ledger.current("prod") == second
    assert ledger.evidence() == []


def test_publication_goes_on_from_where_a_rollback_left(ledger: Ledger, where: str) -> None:
    first = published(ledger, 1, [version("marts.a", 1), version("marts.b", 1)])
    second = published(ledger, 2, [version("marts.a", 2), version("marts.b", 1)])
    ledger.move("prod", first.id, [], AT, second.id)
    third = published(ledger, 3, [version("marts.a", 1), version("marts.b", 3)])
    assert third.parent == first.id
    other = open_at(where)
    assert other.current("prod") == third
    assert other.releases("prod") == [third, second, first]
    other.close()


def test_finished_work_of_a_run_that_did_not_publish_is_pending(ledger: Ledger) -> None:
    commit(ledger, begin(ledger, 1), version("marts.a", 1, run="run-1"))
    published(ledger, 1, [version("marts.a", 1, run="run-1")])
    assert [head.is_pending for head in ledger.heads("prod").values()] == [False]
    begin(ledger, 2)
    commit(ledger, "run-2", version("marts.a", 2, run="run-2"))
    commit(ledger, "run-2", version("marts.b", 1, run="run-2"))
    heads = ledger.heads("prod")
    assert {name: (head.version.number, head.is_pending) for name, head in heads.items()} == {
        "marts.a": (2, True),
        "marts.b": (1, True),
    }


def test_work_that_a_publication_left_out_is_not_pending_after_it(ledger: Ledger) -> None:
    begin(ledger, 1)
    commit(ledger, "run-1", version("marts.a", 1, run="run-1"))
    commit(ledger, "run-1", version("marts.b", 1, run="run-1"))
    published(ledger, 1, [version("marts.a", 1, run="run-1")])
    assert not any(head.is_pending for head in ledger.heads("prod").values())


def test_work_from_before_a_rollback_is_not_pending_after_it(ledger: Ledger) -> None:
    first, second = (published(ledger, n, [version("marts.a", n)]) for n in (1, 2))
    commit(ledger, begin(ledger, 3), version("marts.a", 3, run="run-3"))
    ledger.move("prod", first.id, [], AT, second.id)
    assert not ledger.heads("prod")["marts.a"].is_pending
    commit(ledger, begin(ledger, 4), version("marts.a", 4, run="run-4"))
    assert ledger.heads("prod")["marts.a"].is_pending


def test_work_of_a_run_that_began_before_a_rollback_and_ended_after_it_is_not_pending(ledger: Ledger) -> None:
    first, second = (published(ledger, n, [version("marts.a", n)]) for n in (1, 2))
    begin(ledger, 3)
    ledger.move("prod", first.id, [], AT, second.id)
    commit(ledger, "run-3", version("marts.a", 3, run="run-3"))
    assert not ledger.heads("prod")["marts.a"].is_pending


def test_work_of_a_run_that_waited_for_another_to_publish_is_pending(ledger: Ledger) -> None:
    begin(ledger, 1)
    begin(ledger, 2)
    published(ledger, 1, [version("marts.a", 1)])
    commit(ledger, "run-2", version("marts.a", 2, run="run-2"))
    assert ledger.heads("prod")["marts.a"].is_pending


def test_an_older_run_that_publishes_late_revives_nothing(ledger: Ledger) -> None:
    begin(ledger, 1)
    begin(ledger, 2)
    commit(ledger, "run-2", version("marts.b", 2, run="run-2"))
    published(ledger, 2, [version("marts.a", 2)])
    published(ledger, 3, [version("marts.a", 3)], run="run-1")
    assert not ledger.heads("prod")["marts.b"].is_pending


def test_recovered_work_counts_for_the_run_that_committed_it(ledger: Ledger) -> None:
    sequence = ledger.begin_run("run-1", "prod", AT, this_holder())
    dead = take(ledger, "marts.a", run="run-1", holder="elsewhere:7:0")["marts.a"]
    begin(ledger, 2)
    mine = take(ledger, "marts.a", run="run-2", now_s=NOW_S + 60)["marts.a"]
    ledger.record_step(mine, version("marts.a", 1, attempt=dead.fence, run="run-1"), [], AT)
    assert ledger.heads("prod")["marts.a"].sequence == sequence


def test_a_released_view_is_not_pending(ledger: Ledger) -> None:
    begin(ledger, 1)
    view = version("marts.v", table="", sql="select 1", run="run-1")
    commit(ledger, "run-1", view)
    assert ledger.heads("prod")["marts.v"].is_pending
    published(ledger, 1, [view])
    begin(ledger, 2)
    commit(ledger, "run-2", version("marts.v", table="", sql="select 1", run="run-2"))
    assert not ledger.heads("prod")["marts.v"].is_pending
    assert ledger.heads("dev") == {}
