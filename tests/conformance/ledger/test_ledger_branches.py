"""Branches, and what is kept: where an environment began, which releases are given up, which versions stay needed."""

from __future__ import annotations

import random

import pytest
from ledger_world import AT, NOW_S, codes, minutes, open_at, published, release, take, version

from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.release import Version
from mainstem.ledger.holder import this_holder


def begun(ledger: Ledger, number: int, name: str, of: str = "prod") -> None:
    base = ledger.current(of)
    assert base is not None
    made = release(number, list(base.versions.values()), base, env=name, why="branch", run="")
    ledger.publish(made, [], None)


def needed(ledger: Ledger, *without: str) -> set[str]:
    return {each.id for each in ledger.needed(without).versions}


def test_a_branch_is_known_by_where_it_began(where: str, ledger: Ledger) -> None:
    published(ledger, 1, [version("marts.a")])
    assert ledger.branches() == []
    begun(ledger, 2, "dev")
    published(ledger, 3, [version("marts.a", 1)], env="dev")
    for opened in (ledger, open_at(where)):
        (found,) = opened.branches()
        assert (found.name, found.of, found.release, found.stands_at) == ("dev", "prod", "r000001", "r000003")
        assert (found.began_at, found.moved_at) == (minutes(2), minutes(3))


def test_a_branch_does_not_begin_where_something_stands(ledger: Ledger) -> None:
    published(ledger, 1, [version("marts.a")])
    begun(ledger, 2, "dev")
    with pytest.raises(WorldError) as caught:
        begun(ledger, 3, "dev")
    assert codes(caught.value) == ["L003"]


def test_a_dropped_branch_stands_nowhere_and_may_begin_again(ledger: Ledger) -> None:
    published(ledger, 1, [version("marts.a")])
    begun(ledger, 2, "dev")
    ledger.begin_run("dev-1", "dev", AT, this_holder())
    lease = take(ledger, "marts.a", env="dev", run="dev-1", targets={"marts.a": "marts/a.2"})["marts.a"]
    ledger.record_step(lease, version("marts.a", 0, table="marts/a.2", attempt=lease.fence), [], AT)
    ledger.drop("dev", minutes(3))
    assert ledger.branches() == []
    assert ledger.current("dev") is None
    assert ledger.heads("dev") == {}
    assert [each.id for each in ledger.releases("dev")] == ["r000002"]
    assert needed(ledger) == {"marts/a@0"}
    begun(ledger, 4, "dev")
    assert ledger.current("dev") is not None


def test_given_up_releases_are_told_so_and_cannot_be_moved_to(ledger: Ledger) -> None:
    made = [published(ledger, number, [version("marts.a", number)]) for number in (1, 2, 3)]
    ledger.give_up_releases([each.id for each in made], minutes(9))
    assert [each.id for each in ledger.outlines()] == ["r000003"]
    found = ledger.release("r000001")
    assert found is not None
    assert found.cleaned_at == minutes(9)
    assert ledger.current("prod") == made[2]
    with pytest.raises(WorldError, match="L015"):
        ledger.move("prod", "r000001", [], AT, "r000003")
    assert needed(ledger) == {"marts/a@3"}


def test_what_is_needed_is_what_kept_releases_hold_whatever_was_published(ledger: Ledger) -> None:
    dice = random.Random(7)
    names = [f"marts.t{n}" for n in range(6)]
    holds: dict[str, dict[str, set[str]]] = {"prod": {}, "dev": {}}
    for number in range(1, 60):
        env = dice.choice(("prod", "dev"))
        before = ledger.current(env)
        versions: dict[str, Version] = dict(before.versions) if before else {}
        for name in dice.sample(names, dice.randint(1, 3)):
            if name in versions and dice.random() < 0.2:
                del versions[name]
            else:
                versions[name] = version(name, number)
        made = published(ledger, number, list(versions.values()), env=env)
        holds[env][made.id] = {each.id for each in versions.values()}
        if dice.random() < 0.2:
            target = dice.choice(list(holds[env]))
            ledger.move(env, target, [], AT, made.id)
    current = {env: ledger.current(env) for env in holds}
    every = [id for found in holds.values() for id in found]
    assert needed(ledger) == {id for found in holds.values() for each in found.values() for id in each}
    for _ in range(20):
        without = dice.sample(every, 30)
        kept = {id for f in holds.values() for name, each in f.items() if name not in without for id in each}
        assert needed(ledger, *without) == kept
    ledger.give_up_releases(every, AT)
    standing = {each.id for each in current.values() if each is not None}
    assert {each.id for each in ledger.outlines() if each.is_current} == standing
    assert needed(ledger) == {id for f in holds.values() for name, each in f.items() if name in standing for id in each}


def test_only_a_table_that_nobody_writes_or_has_newest_is_retired(ledger: Ledger) -> None:
    written = take(ledger, "marts.a", "marts.b", "marts.c", "marts.d")
    ledger.record_step(written["marts.b"], version("marts.b", attempt=written["marts.b"].fence), [], AT)
    for name in ("marts.c", "marts.d"):
        ledger.give_up(written[name])
    every = ["marts/a", "marts/b", "marts/c", "marts/never"]
    assert ledger.needed().tables == {"marts/a", "marts/b", "marts/c", "marts/d"}
    assert ledger.needed().open == {"marts/a"}
    assert ledger.retire(every) == {"marts/c"}
    assert ledger.needed().retired == {"marts/c"}
    assert ledger.table_owner("marts/c") == ""
    with pytest.raises(WorldError, match=r'L009 physical table "marts/c" of "marts.c" was cleaned away'):
        take(ledger, "marts.c", run="run-2", now_s=NOW_S + 100)


def test_promotion_brings_how_far_the_table_has_come(ledger: Ledger) -> None:
    ledger.begin_run("run-0", "prod", AT, this_holder())
    old = take(ledger, "marts.a", run="run-0")["marts.a"]
    ledger.record_step(old, version("marts.a", 0, attempt=old.fence, run="run-0"), [], AT)
    published(ledger, 1, [version("marts.a")], run="run-0")
    begun(ledger, 2, "dev")
    ledger.begin_run("dev-1", "dev", AT, this_holder())
    lease = take(ledger, "marts.a", env="dev", run="dev-1", targets={"marts.a": "marts/a.2"})["marts.a"]
    made = version("marts.a", 5, table="marts/a.2", attempt=lease.fence, run="dev-1")
    ledger.record_step(lease, made, [], AT)
    published(ledger, 3, [made], env="dev", run="dev-1")
    published(ledger, 4, [made], why="promote", run="")
    assert ledger.heads("prod")["marts.a"].version == made
    assert not ledger.heads("prod")["marts.a"].is_pending
    assert ledger.heads("dev")["marts.a"].version == made
