"""Which column of a contract a column at the source is."""

from __future__ import annotations

from mainstem.core.dataset import Column
from mainstem.core.place import Place
from mainstem.project.pairing import at_source, pair

PLACE = Place("sources/ops.yml")


def named(*names: str) -> list[Column]:
    return [Column(name, PLACE) for name in names]


def test_names_are_matched_exactly_then_in_any_case_then_as_snake_case() -> None:
    columns = named("tailnum", "dep_delay")
    assert [name for name, _ in pair(["TailNum", "depDelay", "Dep Delay"], columns)] == [
        "tailnum",
        "dep_delay",
        "dep_delay",
    ]


def test_an_original_is_the_only_name_that_counts() -> None:
    column = Column("word", PLACE, original="Wort")
    assert pair(["word", "Wort"], [column]) == (("word", None), ("word", column))


def test_names_without_a_contract_become_snake_case() -> None:
    assert [name for name, _ in pair(["Flight ID", "userID", "2013", "Größe", "日本"], ())] == [
        "flight_id",
        "user_id",
        "_2013",
        "grosse",
        "x",
    ]


def test_the_way_back_leads_to_the_first_column_of_that_name() -> None:
    assert at_source(["flight_id", "gone"], ["Flight ID", "flightId"], ()) == ("Flight ID", None)
