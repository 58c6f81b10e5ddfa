"""Options classes are filled from YAML by their annotations; every problem is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import pytest

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.secret import Secret
from mainstem.project.nodes import Keys, read_keys
from mainstem.project.shape import Form, mapping_of, shape
from mainstem.project.variables import filled_keys


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    place: Place
    count: int = 0


@dataclass(frozen=True, slots=True)
class Options:
    text: str
    place: Place
    number: int = 0
    truth: bool = False
    exact: Decimal = Decimal(1)
    day: date | None = None
    at: datetime | None = None
    clock: time | None = None
    names: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    tags: frozenset[str] = frozenset()
    pair: tuple[int, str] | None = None
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    mode: Literal["a", "b"] = "a"
    colour: Colour = Colour.RED
    either: int | Literal["all"] | None = None
    class_: str = ""
    anything: Any = None


def keys(text: str) -> Keys:
    problems: list[Problem] = []
    found = read_keys(text, "a.yml", problems)
    assert found is not None
    assert problems == []
    return found


def shaped(text: str, form: Any = Options) -> Any:
    problems: list[Problem] = []
    made = shape(form, keys(text), problems)
    assert problems == []
    return made


def problems_of(text: str, form: Any = Options) -> list[str]:
    problems: list[Problem] = []
    assert shape(form, keys(text), problems) is None
    return [problem.what for problem in problems]


def test_each_annotation_reads_its_texts() -> None:
    made = shaped(
        """
text: 017
number: -12
truth: yes
exact: 0.950
day: 2014-06-30
at: 2013-12-02T09:00:00-05:00
clock: 05:15
names: [no, on]
numbers: [1, 2]
tags: [pii, pii]
pair: [1, b]
shares: {a: 0.5, 1: 1}
inner: {name: x, count: 3}
inners: [{name: y}]
mode: b
colour: blue
either: all
class: c
anything: {a: [1, {b: null}]}
"""
    )
    assert made == Options(
        text="017",
        place=Place("a.yml", 2, 1),
        number=-12,
        truth=True,
        exact=Decimal("0.950"),
        day=date(2014, 6, 30),
        at=datetime(2013, 12, 2, 9, tzinfo=timezone(timedelta(hours=-5))),
        clock=time(5, 15),
        names=("no", "on"),
        numbers=(1, 2),
        tags=frozenset({"pii"}),
        pair=(1, "b"),
        shares={"a": Decimal("0.5"), "1": Decimal(1)},
        inner=Inner("x", Place("a.yml", 14, 8), 3),
        inners=(Inner("y", Place("a.yml", 15, 10)),),
        mode="b",
        colour=Colour.BLUE,
        either="all",
        class_="c",
        anything={"a": ["1", {"b": "null"}]},
    )


def test_one_value_is_a_list_of_one() -> None:
    made = shaped("text: a\nnames: b\ninners: {name: c}\n")
    assert made.names == ("b",)
    assert [inner.name for inner in made.inners] == ["c"]


def test_a_key_with_nothing_behind_it_is_not_said() -> None:
    made = shaped("text: a\nnumber:\nday:\ninner:\n")
    assert (made.number, made.day, made.inner) == (0, None, None)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("number: 1", 'key "text" is missing'),
        ("text:", 'key "text" has no value'),
        ("text: [a]", '"text" is a list, not a text'),
        ("text: {a: b}", '"text" is a mapping, not a text'),
        ("{text: a, number: 1_000}", '"number" is "1_000", which is not a whole number'),
        ("{text: a, number: 0x1f}", '"number" is "0x1f", which is not a whole number'),
        ("{text: a, number: 1.0}", '"number" is "1.0", which is not a whole number'),
        ("{text: a, truth: maybe}", '"truth" is "maybe", which is not true or false'),
        ("{text: a, exact: 95%}", '"exact" is "95%", which is not a number'),
        ("{text: a, day: 30.6.2014}", '"day" is "30.6.2014", which is not a date'),
        ("{text: a, day: 2014-02-30}", '"day" is "2014-02-30", which is not a date'),
        (
            "{text: a, at: 2013-12-02T09:00:00}",
            '"at" is "2013-12-02T09:00:00", which is not an instant with its offset',
        ),
        ("{text: a, clock: 5:15}", '"clock" is "5:15", which is not a time of day'),
        ("{text: a, clock: 25:15}", '"clock" is "25:15", which is not a time of day'),
        ("{text: a, names: [b, [c]]}", '"names" is a list, not a text'),
        ("{text: a, names: [b, ]}", None),
        ("{text: a, pair: [1]}", '"pair" is a list, not a list of 2 values'),
        ("{text: a, shares: [1]}", '"shares" is a list, not a mapping'),
        ("{text: a, shares: {b: c}}", '"b" is "c", which is not a number'),
        ("{text: a, inner: b}", '"inner" is "b", which is not a mapping'),
        ("{text: a, inner: {count: 1}}", 'key "name" is missing'),
        ("{text: a, mode: c}", '"c" is no value of "mode"'),
        ("{text: a, mode: [a]}", '"mode" is a list, not one of a, b'),
        ("{text: a, colour: green}", '"green" is no value of "colour"'),
        ("{text: a, either: some}", '"either" is "some", which is not a whole number or one of all'),
        ("{text: a, numbr: 1}", 'key "numbr" does not exist here'),
        ("{text: a, class_: 1}", 'key "class_" does not exist here'),
        ("{text: a, place: 1}", 'key "place" does not exist here'),
    ],
)
def test_a_wrong_value_is_told(text: str, what: str | None) -> None:
    if what is None:
        assert shaped(text).names == ("b",)
    else:
        assert problems_of(text) == [what]


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert problems_of("{number: a, truth: b, inner: {count: c}, numbr: 1}") == [
        'key "numbr" does not exist here',
        'key "text" is missing',
        '"number" is "a", which is not a whole number',
        '"truth" is "b", which is not true or false',
        'key "name" is missing',
        '"count" is "c", which is not a whole number',
    ]


def test_a_form_gives_narrows_and_hints() -> None:
    form = Form(
        Inner,
        given=frozenset({"name"}),
        narrowed={"count": Literal["1", "2"]},
        also={"extra": Any},
        hints={"size": "write `count`"},
    )
    problems: list[Problem] = []
    made = shape(form, keys("{count: 2, extra: [x]}"), problems, name="given")
    assert (made.name, made.count, problems) == ("given", "2", [])
    assert shape(form, keys("{size: 2, name: x}"), problems, name="given") is None
    assert [(problem.what, problem.mend) for problem in problems] == [
        ('key "size" does not exist here', "write `count`"),
        ('key "name" does not exist here', "keys are: count, extra"),
    ]


def test_a_form_may_stand_in_an_annotation() -> None:
    named = Form(Inner, given=frozenset({"count"}))
    made = shaped("a: {x: {name: y}}", Form(Holder, narrowed={"a": mapping_of(named)}))
    assert made.a["x"].name == "y"
    assert problems_of("a: {x: {count: 1}}", Form(Holder, narrowed={"a": mapping_of(named)})) == [
        'key "count" does not exist here',
        'key "name" is missing',
    ]


@dataclass(frozen=True, slots=True)
class Holder:
    a: Any


@dataclass(frozen=True, slots=True)
class Strict:
    url: str
    level: int = 0

    def __post_init__(self) -> None:
        if self.level > 9:
            raise ValueError(f"level {self.level} of {self.url} is above 9")
        if not self.url.startswith("https://"):
            raise ProjectError(Problem("G001", f"{self.url} is not encrypted", f"instead of {self.url} use https"))


def test_what_a_class_refuses_itself_gets_the_place_of_its_mapping() -> None:
    problems: list[Problem] = []
    for text in ("\nurl: http://x", "{url: https://x, level: 10}"):
        assert shape(Strict, keys(text), problems) is None
    assert problems == [
        Problem("G001", "http://x is not encrypted", "instead of http://x use https", Place("a.yml", 2, 1)),
        Problem("P009", "level 10 of https://x is above 9", "change the value", Place("a.yml", 1, 1)),
    ]


def test_no_message_shows_the_value_of_a_variable() -> None:
    problems: list[Problem] = []
    values = {"URL": "http://hunter2", "LEVEL": "hunter2", "BIG": "10"}
    for text in ("{url: '${URL}'}", "{url: a, level: '${LEVEL}'}", "{url: 'https${URL}', level: '${BIG}'}"):
        assert shape(Strict, filled_keys(keys(text), values, problems), problems) is None
    assert shape(Options, filled_keys(keys("{text: a, mode: '${URL}'}"), values, problems), problems) is None
    assert shape(Options, filled_keys(keys("{text: a, either: '${URL}'}"), values, problems), problems) is None
    assert len(problems) == 5
    assert "hunter2" not in repr(problems) + "".join(map(str, problems))


def test_a_secret_is_its_value_in_use_and_what_was_written_when_shown() -> None:
    problems: list[Problem] = []
    made = shape(Strict, filled_keys(keys("url: 'https://${HOST}/x'"), {"HOST": "hunter2"}, problems), problems)
    assert made.url == "https://hunter2/x"
    assert isinstance(made.url, Secret)
    assert repr(made) == "Strict(url='https://${HOST}/x', level=0)"
