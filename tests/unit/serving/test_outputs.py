"""Options of outputs: what contradicts itself is refused when it is read, and the kinds are found by name."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import pytest

from mainstem.core.kinds import find, names
from mainstem.core.problem import ProjectError
from mainstem.lifecycle.serving.parameter import Parameter


def test_every_kind_of_output_is_found_and_says_what_it_is() -> None:
    assert names("outputs") == ("api", "dashboard", "metric", "sync", "training")
    for name in names("outputs"):
        assert is_dataclass(find("outputs", name).Options)
        assert find("outputs", name).__doc__


def refusal(make: Any, *arguments: Any, **options: Any) -> list[str]:
    with pytest.raises(ProjectError) as refused:
        make(*arguments, **options)
    return [problem.code for problem in refused.value.problems]


def test_a_parameter_has_a_type_and_a_default_that_fits() -> None:
    assert Parameter("date", default="2013-12-17").default == "2013-12-17"
    for type_, default in (
        ("date", "17.12.2013"),
        ("integer", "1.5"),
        ("boolean", "maybe"),
        ("decimal", "x"),
        ("timestamp", "noon"),
    ):
        assert refusal(Parameter, type_, default=default) == ["V003"]


def test_a_required_parameter_has_no_default() -> None:
    assert refusal(Parameter, "date", default="2013-12-17", required=True) == ["V003"]


@pytest.mark.parametrize("kind", ["api", "dashboard"])
def test_every_parameter_that_cannot_be_named_in_sql_is_told(kind: str) -> None:
    wrong = {"day of week": Parameter("date"), "day": Parameter("date"), "1st": Parameter("date")}
    assert refusal(find("outputs", kind).Options, params=wrong) == ["V004", "V004"]


def test_a_metric_measures_something() -> None:
    assert refusal(find("outputs", "metric").Options, measure=" ") == ["V005"]


def test_a_training_set_does_not_give_its_answer_away() -> None:
    options = {"entity": ("id",), "event_time": "at", "label": "late"}
    assert find("outputs", "training").Options(**options, features=("carrier",)).label == "late"
    assert refusal(find("outputs", "training").Options, **options, features=("carrier", "LATE")) == ["V006"]


def test_a_sync_has_a_key_and_writes_each_column_once() -> None:
    sync = find("outputs", "sync").Options
    assert sync(to="crm", table="t", key=("id",)).mode == "upsert"
    assert refusal(sync, to="crm", table="t", key=()) == ["V007"]
    assert refusal(sync, to="crm", table="t", key=("id",), columns={"a": "x", "b": "x"}) == ["V008"]
