"""Leases: one writer a dataset, fences that only grow, and attempts that are left to be looked after."""

from __future__ import annotations

import pytest
from ledger_world import AT, NOW_S, codes, dead_holder, fact, minutes, published, take, version

from mainstem.core.ports import Ledger
from mainstem.core.problem import WorldError
from mainstem.core.release import Lease
from mainstem.ledger.holder import this_holder


def test_a_lease_says_who_may_write_what_under_which_name(ledger: Ledger) -> None:
    lease = take(ledger, "marts.delays")["marts.delays"]
    assert lease == Lease("prod", "marts.delays", "run-1", 1, "marts/delays", lease.prefix, this_holder(), NOW_S + 60)


def test_no_attempts_prefix_begins_another_ones(ledger: Ledger) -> None:
    prefixes = []
    for n, run in enumerate(["x", "x-1", "x-1-2", "a/b c:d"] * 6):
        prefixes.append(take(ledger, "marts.delays", run=run, now_s=NOW_S + 100 * n)["marts.delays"].prefix)
    assert not [(a, b) for a in prefixes for b in prefixes if a is not b and a.startswith(b)]
    assert all(set(prefix) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.") for prefix in prefixes)


def test_a_held_dataset_is_refused_with_its_run_process_and_times(ledger: Ledger) -> None:
    take(ledger, "marts.delays", holder="elsewhere:4242:0")
    with pytest.raises(WorldError) as caught:
        take(ledger, "marts.delays", run="run-2", now_s=NOW_S + 12)
    (problem,) = caught.value.problems
    assert problem.code == "L001"
    assert problem.what == 'run "run-1" (process 4242 on "elsewhere") has been writing "marts.delays" for 12 s'
    assert "--wait" in problem.mend
    assert "kill 4242" in problem.mend
    assert "48 s" in problem.mend


def test_all_datasets_are_leased_or_none(ledger: Ledger) -> None:
    take(ledger, "marts.b")
    with pytest.raises(WorldError):
        take(ledger, "marts.a", "marts.b", run="run-2")
    assert take(ledger, "marts.a", run="run-3")["marts.a"].fence == 1


def test_every_run_that_is_in_the_way_is_named_once(ledger: Ledger) -> None:
    take(ledger, *(f"marts.a{n}" for n in range(9)), run="one")
    take(ledger, "marts.b", run="other", holder="elsewhere:7:0")
    with pytest.raises(WorldError) as caught:
        take(ledger, *(f"marts.a{n}" for n in range(9)), "marts.b", run="run-3")
    texts = [problem.what for problem in caught.value.problems]
    assert len(texts) == 2
    assert 'run "one"' in texts[0]
    assert "and 6 more" in texts[0]
    assert 'run "other"' in texts[1]


def test_another_dataset_and_another_environment_are_free(ledger: Ledger) -> None:
    take(ledger, "marts.a")
    assert take(ledger, "marts.b", run="run-2")["marts.b"].fence == 1
    leases = take(ledger, "marts.a", run="run-3", env="dev", targets={"marts.a": "dev/marts/a"})
    assert leases["marts.a"].fence == 1


def test_a_lease_that_has_run_out_may_be_taken(ledger: Ledger) -> None:
    take(ledger, "marts.a", holder="elsewhere:7:0")
    with pytest.raises(WorldError):
        take(ledger, "marts.a", run="run-2", now_s=NOW_S + 59.9)
    assert take(ledger, "marts.a", run="run-2", now_s=NOW_S + 60)["marts.a"].fence == 2


def test_the_lease_of_a_dead_process_may_be_taken_at_once(ledger: Ledger) -> None:
    take(ledger, "marts.a", holder=dead_holder())
    assert take(ledger, "marts.a", run="run-2", now_s=NOW_S + 1)["marts.a"].fence == 2


def test_renewing_prolongs_all_leases_of_a_run(ledger: Ledger) -> None:
    take(ledger, "marts.a", "marts.b")
    assert ledger.renew("run-1", NOW_S + 200)
    for name in ("marts.a", "marts.b"):
        with pytest.raises(WorldError):
            take(ledger, name, run="run-2", now_s=NOW_S + 199)


def test_a_run_learns_that_it_lost_a_lease(ledger: Ledger) -> None:
    take(ledger, "marts.a", "marts.b")
    take(ledger, "marts.b", run="run-2", now_s=NOW_S + 60)
    assert not ledger.renew("run-1", NOW_S + 200)
    assert ledger.renew("run-2", NOW_S + 200)


def test_renewing_late_is_fine_while_nobody_came(ledger: Ledger) -> None:
    take(ledger, "marts.a")
    assert ledger.renew("run-1", NOW_S + 500)
    with pytest.raises(WorldError):
        take(ledger, "marts.a", run="run-2", now_s=NOW_S + 400)


def test_a_run_that_gave_an_attempt_up_has_not_lost_it(ledger: Ledger) -> None:
    lease = take(ledger, "marts.a")["marts.a"]
    ledger.give_up(lease)
    take(ledger, "marts.a", run="run-2")
    assert ledger.renew("run-1", NOW_S + 200)


def test_the_end_of_a_run_releases_its_leases(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "prod", AT, this_holder())
    take(ledger, "marts.a", "marts.b")
    ledger.end_run("run-1", minutes(1), "failed", {})
    assert {lease.fence for lease in take(ledger, "marts.a", "marts.b", run="run-2").values()} == {2}


def test_a_run_may_try_again_under_a_higher_fence(ledger: Ledger) -> None:
    first = take(ledger, "marts.a")["marts.a"]
    second = take(ledger, "marts.a")["marts.a"]
    assert (first.fence, second.fence) == (1, 2)
    assert ledger.renew("run-1", NOW_S + 100)
    with pytest.raises(WorldError, match="L002"):
        ledger.record_step(first, version("marts.a", 0, attempt=1), [], AT)


def test_fences_only_grow_whatever_becomes_of_the_attempts(ledger: Ledger) -> None:
    fences = []
    for n in range(4):
        lease = take(ledger, "marts.a", run=f"given-up-{n}", now_s=NOW_S + 1000 * n)["marts.a"]
        ledger.give_up(lease)
        recorded = take(ledger, "marts.a", run=f"recorded-{n}", now_s=NOW_S + 1000 * n)["marts.a"]
        ledger.record_step(recorded, version("marts.a", n), [], AT)
        fences += [lease.fence, recorded.fence]
        fences.append(take(ledger, "marts.a", run=f"expired-{n}", now_s=NOW_S + 1000 * n + 500)["marts.a"].fence)
    assert fences == list(range(1, 13))


def test_a_physical_table_has_one_writing_environment(ledger: Ledger) -> None:
    take(ledger, "marts.a")
    assert ledger.table_owner("marts/a") == "prod"
    with pytest.raises(WorldError) as caught:
        take(ledger, "marts.a", "marts.b", run="run-2", env="dev")
    assert codes(caught.value) == ["L009"]
    assert '"marts/a" of "marts.a" is written by environment "prod", not by "dev"' in str(caught.value)
    assert ledger.table_owner("marts/b") is None


def test_views_have_no_table_and_no_owner(ledger: Ledger) -> None:
    take(ledger, "marts.a", targets={"marts.a": "", "marts.b": ""})
    take(ledger, "marts.a", env="dev", run="run-2", targets={"marts.a": "", "marts.b": ""})
    assert ledger.table_owner("") is None


def test_promotion_passes_the_table_on_and_its_fence_goes_on_growing(ledger: Ledger) -> None:
    for n in range(5):
        lease = take(ledger, "marts.a", env="dev", run=f"dev-{n}", now_s=NOW_S + 100 * n)["marts.a"]
        made = version("marts.a", n, attempt=lease.fence)
        ledger.record_step(lease, made, [], AT)
    published(ledger, 1, [made], why="promote")
    assert ledger.table_owner("marts/a") == "prod"
    with pytest.raises(WorldError, match=r"L002.*passed to another environment"):
        ledger.record_step(lease, version("marts.a", 9, attempt=lease.fence), [], AT)
    with pytest.raises(WorldError, match="L009"):
        take(ledger, "marts.a", env="dev", run="dev-9", now_s=NOW_S + 1000)
    assert take(ledger, "marts.a", run="run-2", now_s=NOW_S + 1000)["marts.a"].fence == lease.fence + 1


def test_publishing_what_another_environment_owns_leaves_it_with_the_owner(ledger: Ledger) -> None:
    lease = take(ledger, "marts.a")["marts.a"]
    ledger.record_step(lease, version("marts.a"), [], AT)
    published(ledger, 1, [version("marts.a")])
    published(ledger, 2, [version("marts.a")], env="dev")
    assert ledger.table_owner("marts/a") == "prod"


def test_what_is_being_written_is_not_promoted(ledger: Ledger) -> None:
    lease = take(ledger, "marts.a", env="dev", run="dev-1")["marts.a"]
    with pytest.raises(WorldError, match=r'L001 run "dev-1".*to be promoted'):
        published(ledger, 1, [version("marts.a")], why="promote")
    assert ledger.current("prod") is None
    ledger.give_up(lease)
    published(ledger, 1, [version("marts.a")], why="promote")


def test_a_step_is_recorded_with_its_evidence_and_becomes_the_head(ledger: Ledger) -> None:
    sequence = ledger.begin_run("run-1", "prod", AT, this_holder())
    lease = take(ledger, "marts.a")["marts.a"]
    made = version("marts.a", 3, attempt=lease.fence, run="run-1")
    ledger.record_step(lease, made, [fact("marts.a", label="x")], minutes(2))
    (head,) = ledger.heads("prod").values()
    assert (head.version, head.sequence, head.is_pending) == (made, sequence, True)
    (row,) = ledger.evidence(subjects=["marts.a"])
    assert (row.label, row.recorded_at) == ("x", minutes(2))


def test_a_lost_lease_records_nothing(ledger: Ledger) -> None:
    lost = take(ledger, "marts.a")["marts.a"]
    take(ledger, "marts.a", run="run-2", now_s=NOW_S + 60)
    with pytest.raises(WorldError) as caught:
        ledger.record_step(lost, version("marts.a", attempt=1), [fact("marts.a")], AT)
    assert codes(caught.value) == ["L002"]
    assert 'run "run-1" has no lease on "marts.a": run "run-2" took it over' in str(caught.value)
    assert ledger.heads("prod") == {}
    assert ledger.evidence() == []
    assert ledger.latest() is None


@pytest.mark.parametrize("change", [{"fence": 7}, {"dataset": "marts.b"}, {"run": "run-9"}, {"env": "dev"}])
def test_a_lease_that_was_never_given_records_nothing(ledger: Ledger, change: dict[str, object]) -> None:
    from dataclasses import replace

    lease = take(ledger, "marts.a")["marts.a"]
    with pytest.raises(WorldError, match=r"L002.*nobody ever gave it one"):
        ledger.record_step(replace(lease, **change), version("marts.a"), [], AT)


def test_an_attempt_that_was_given_up_records_nothing(ledger: Ledger) -> None:
    lease = take(ledger, "marts.a")["marts.a"]
    ledger.give_up(lease)
    with pytest.raises(WorldError, match=r"L002.*given up"):
        ledger.record_step(lease, version("marts.a", attempt=1), [], AT)


def test_recording_again_what_is_recorded_changes_nothing(ledger: Ledger) -> None:
    lease = take(ledger, "marts.a")["marts.a"]
    made = version("marts.a", attempt=lease.fence)
    for _ in range(3):
        ledger.record_step(lease, made, [fact("marts.a")], AT)
    assert len(ledger.evidence()) == 1


def test_a_recorded_attempt_is_not_given_up(ledger: Ledger) -> None:
    lease = take(ledger, "marts.a")["marts.a"]
    ledger.record_step(lease, version("marts.a", attempt=1), [], AT)
    ledger.give_up(lease)
    ledger.record_step(lease, version("marts.a", 0, attempt=1, quarantine=2), [], AT)
    assert ledger.heads("prod")["marts.a"].version.quarantine == 2


def test_only_attempts_of_runs_that_no_longer_live_are_unfinished(ledger: Ledger) -> None:
    ended, dead = this_holder(), dead_holder()
    for run, holder in (("ended", ended), ("dead", dead), ("alive", this_holder()), ("elsewhere", "elsewhere:7:0")):
        ledger.begin_run(run, "prod", AT, holder)
    leases = {run: take(ledger, f"marts.{run}", run=run)[f"marts.{run}"] for run in ("ended", "alive")}
    leases["dead"] = take(ledger, "marts.dead", run="dead", holder=dead)["marts.dead"]
    leases["elsewhere"] = take(ledger, "marts.elsewhere", run="elsewhere", holder="elsewhere:7:0")["marts.elsewhere"]
    ledger.end_run("ended", minutes(1), "failed", {})
    assert ledger.unfinished("prod") == [leases["dead"], leases["ended"]]
    assert ledger.unfinished("prod", NOW_S + 59) == [leases["dead"], leases["ended"]]
    assert len(ledger.unfinished("prod", NOW_S + 60)) == 4
    assert ledger.unfinished("dev") == []


def test_attempts_that_were_settled_are_not_unfinished(ledger: Ledger) -> None:
    leases = take(ledger, "marts.a", "marts.b", "marts.c", holder=dead_holder())
    ledger.record_step(leases["marts.a"], version("marts.a", attempt=1), [], AT)
    ledger.give_up(leases["marts.b"])
    assert ledger.unfinished("prod") == [leases["marts.c"]]


def test_an_attempt_whose_lease_was_taken_is_unfinished_though_its_process_lives(ledger: Ledger) -> None:
    lost = take(ledger, "marts.a")["marts.a"]
    take(ledger, "marts.a", run="run-2", now_s=NOW_S + 60)
    assert ledger.unfinished("prod") == [lost]


def test_a_living_runs_earlier_attempt_is_left_to_it(ledger: Ledger) -> None:
    take(ledger, "marts.a")
    take(ledger, "marts.a", now_s=NOW_S + 30)
    assert ledger.unfinished("prod", NOW_S + 61) == []


def test_what_a_dead_run_committed_can_be_recorded_under_its_own_lease(ledger: Ledger) -> None:
    lease = take(ledger, "marts.a", run="dead", holder=dead_holder())["marts.a"]
    (left,) = ledger.unfinished("prod")
    ledger.record_step(left, version("marts.a", attempt=lease.fence, run="dead"), [fact("marts.a")], AT)
    assert ledger.unfinished("prod") == []
    assert ledger.heads("prod")["marts.a"].version.attempt == lease.fence


def test_what_a_dead_run_committed_can_be_recorded_under_the_lease_of_its_successor(ledger: Ledger) -> None:
    dead = take(ledger, "marts.a", run="dead", holder=dead_holder())["marts.a"]
    mine = take(ledger, "marts.a", run="run-2")["marts.a"]
    ledger.record_step(mine, version("marts.a", 0, attempt=dead.fence, run="dead"), [], AT)
    ledger.record_step(mine, version("marts.a", 1, attempt=mine.fence, run="run-2"), [], AT)
    assert ledger.unfinished("prod") == []
    assert ledger.heads("prod")["marts.a"].version.number == 1


def test_successors_that_came_to_nothing_are_not_in_the_way_of_what_was_committed(ledger: Ledger) -> None:
    slept = take(ledger, "marts.a", run="slept", holder="elsewhere:7:0")["marts.a"]
    ledger.give_up(take(ledger, "marts.a", run="gave-up", now_s=NOW_S + 60)["marts.a"])
    take(ledger, "marts.a", run="died", holder=dead_holder(), now_s=NOW_S + 60)
    ledger.record_step(slept, version("marts.a", attempt=slept.fence), [], AT)
    assert [lease.run for lease in ledger.unfinished("prod")] == ["died"]


def test_a_recorded_successor_is_in_the_way(ledger: Ledger) -> None:
    slept = take(ledger, "marts.a", run="slept", holder="elsewhere:7:0")["marts.a"]
    mine = take(ledger, "marts.a", run="run-2", now_s=NOW_S + 60)["marts.a"]
    ledger.record_step(mine, version("marts.a", 1, attempt=mine.fence), [], AT)
    with pytest.raises(WorldError, match="L002"):
        ledger.record_step(slept, version("marts.a", 0, attempt=slept.fence), [], AT)
    ledger.give_up(slept)
    assert ledger.unfinished("prod") == []
    assert ledger.heads("prod")["marts.a"].version.number == 1


def test_a_thousand_leases_are_one_call(ledger: Ledger) -> None:
    names = [f"marts.m{n}" for n in range(1000)]
    assert len(take(ledger, *names)) == 1000
    assert ledger.renew("run-1", NOW_S + 200)
