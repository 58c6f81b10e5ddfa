from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from simulator import MART, MORNING, Simulation, dates, history, local

from mainstem.lifecycle.requirements.log import Log


def test_the_live_version_is_the_newest_publication_of_that_environment():
    simulation = Simulation()
    first = simulation.build(local("2013-12-01"), {})
    second = simulation.build(local("2013-12-02"), {})
    simulation.publish(local("2013-12-01"), first)
    simulation.publish(local("2013-12-02"), second, env="dev")
    prod, dev = simulation.log().history(MART), simulation.log("dev").history(MART)
    assert prod.live(local("2013-12-03")).version == first
    assert dev.live(local("2013-12-03")).version == second
    assert prod.live(local("2013-12-01") - timedelta(microseconds=1)) is None


def test_between_equal_instants_the_order_of_recording_decides():
    simulation = Simulation()
    versions = [simulation.build(local("2013-12-01"), {}) for _ in range(3)]
    for version in versions:
        simulation.publish(local("2013-12-01"), version)
    found = simulation.log().history(MART)
    assert found.live(local("2013-12-01")).version == versions[-1]
    shown = found.stretches(local("2013-11-30"), local("2013-12-05"))
    assert [live.version for live in shown] == [versions[-1]]


def test_a_stretch_that_ended_as_another_began_was_not_live_then():
    simulation = Simulation()
    for day in dates("2013-12-01", "2013-12-03"):
        simulation.build(local(day), {})
        simulation.publish(local(day))
    found = simulation.log().history(MART)
    shown = found.stretches(local("2013-12-02"), local("2013-12-03"))
    assert [live.since for live in shown] == [local("2013-12-02")]


def test_a_dataset_that_was_taken_away_is_not_there():
    simulation = history("2013-12-29")
    simulation.write("published", MORNING, env="prod", outcome="gone")
    assert simulation.log().history(MART).live(MORNING).version is None


def test_a_partition_is_the_newest_along_the_chain_of_parents():
    simulation = Simulation()
    days = dates("2013-12-01", "2013-12-02")
    first = simulation.build(local("2013-12-02"), {days[0]: 900})
    second = simulation.build(local("2013-12-03"), {days[1]: 800})
    other = simulation.build(local("2013-12-03"), {days[0]: 700}, parent=first)
    last = simulation.build(local("2013-12-04"), {}, parent=second)
    found = simulation.log().history(MART)
    assert found.partition(last, "2013-12-01").version == first
    assert found.partition(last, "2013-12-02").version == second
    assert found.partition(other, "2013-12-01").value == 700
    assert found.partition(other, "2013-12-02") is None
    assert found.partition("never/made@1", "2013-12-01") is None


def test_a_version_that_was_looked_at_again_keeps_its_parent():
    simulation = history("2013-12-29")
    before = simulation.log().history(MART).partition(simulation.head, "2013-12-10")
    facts = {"parent": simulation.head, "as_of": MORNING.isoformat()}
    simulation.write("version", MORNING, version=simulation.head, facts=facts)
    assert simulation.log().history(MART).partition(simulation.head, "2013-12-10") == before


def test_parents_that_name_each_other_end_nowhere():
    simulation = Simulation()
    for version, parent in (("t@1", "t@2"), ("t@2", "t@1")):
        simulation.write("version", MORNING, version=version, facts={"parent": parent})
    assert simulation.log().history(MART).partition("t@1", "2013-12-01") is None


def measured(simulation, version, label):
    check = simulation.checks[0]
    from mainstem.lifecycle.requirements.probe import check_definition

    return simulation.log().history(MART).measurement(version, label, check.id, check_definition(check))


def test_a_measurement_holds_as_long_as_the_partition_does_not_change():
    simulation = Simulation()
    day = dates("2013-12-01", "2013-12-01")[0]
    simulation.build(local("2013-12-02"), {day: 900})
    later = simulation.build(local("2013-12-03"), {})
    changed = simulation.build(local("2013-12-04"), {day: 900}, check="")
    assert measured(simulation, later, "2013-12-01").value == 900
    assert measured(simulation, changed, "2013-12-01") is None


def test_a_number_counts_before_an_attempt_that_errored():
    simulation = Simulation()
    day = dates("2013-12-01", "2013-12-01")[0]
    version = simulation.build(local("2013-12-02"), {day: 900}, check="errored")
    assert measured(simulation, version, "2013-12-01").outcome == "errored"
    simulation.measure(local("2013-12-02", "08:00"), version, "2013-12-01", 900)
    simulation.measure(local("2013-12-02", "09:00"), version, "2013-12-01", None)
    assert measured(simulation, version, "2013-12-01").value == 900


def test_a_measurement_by_another_definition_does_not_count():
    simulation = history("2013-12-01")
    found = simulation.log().history(MART)
    assert found.measurement(simulation.head, "2013-12-01", "row_count", "sha256:other") is None


def test_only_what_was_recorded_by_then_is_known():
    simulation = history("2013-12-29")
    early = simulation.log()
    simulation.night("2013-12-30")
    late = simulation.log()
    assert late.as_known(MORNING) is late
    then = late.as_known(local("2013-12-31", "05:00"))
    assert then.history(MART).live(MORNING) == early.history(MART).live(MORNING)


def test_rows_that_came_late_are_known_late():
    simulation = Simulation()
    simulation.write(
        "published", local("2013-12-01"), env="prod", version="t@1", recorded_at=local("2013-12-05"), value=Decimal(1)
    )
    assert simulation.log().as_known(local("2013-12-04")).history(MART).first is None
    assert simulation.log().as_known(local("2013-12-05")).history(MART).first is not None


def test_a_gap_is_about_everything_unless_it_names_something():
    simulation = Simulation()
    simulation.write("gap", local("2013-12-01"), "marts.other", until=local("2013-12-02"))
    assert simulation.log().gap(MART, local("2013-12-01"), local("2013-12-03")) is None
    simulation.write("gap", local("2013-12-01"), "ledger", until=local("2013-12-02"))
    log = simulation.log()
    assert log.gap(MART, local("2013-11-01"), local("2013-12-03")) is not None
    assert log.gap(MART, local("2013-12-02"), local("2013-12-03")) is None
    assert log.gap(MART, local("2013-11-30"), local("2013-12-01")) is None


def test_an_empty_log_has_an_answer_to_everything():
    log = Log([], "prod")
    assert log.as_known(MORNING) is log
    assert log.history(MART).live(MORNING) is None
    assert log.history(MART).stretches(MORNING, MORNING) == []
    assert log.release(MORNING) is None
    assert list(log.reads(MART)) == []
