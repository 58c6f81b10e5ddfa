"""Lineage is walked in both directions, by value and by influence, to outputs, requirements and people."""

from __future__ import annotations

import pytest
from small_projects import load, model, output, project, requirement

from mainstem.core.dataset import SqlFacts
from mainstem.core.problem import ProjectError
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.governance.catalog import describe_dataset
from mainstem.governance.lineage import Branch, Edge, downstream, lineage_tree, upstream
from mainstem.governance.reach import reached, split_name
from mainstem.governance.tags import effective_tags


@pytest.fixture
def flights() -> tuple[Project, dict[str, SqlFacts]]:
    return project(
        load("ops.flights", {"id": [], "origin": [], "delay": [], "cancelled": [], "tail": ["aircraft"]}, key=("id",)),
        load("ops.airports", {"faa": [], "name": []}),
        model("staging.flights", "select id, origin, delay as minutes, tail from ops.flights where not cancelled"),
        model("marts.delays", "select origin, avg(minutes) as mean from staging.flights group by origin", kind="view"),
        model("marts.names", "select faa, name from ops.airports"),
        model("marts.named", "select n.name, d.mean from marts.delays d join marts.names n on n.faa = d.origin"),
        outputs=[output("dashboards/morning", worst="select name, mean from marts.named order by mean desc limit 5")],
        requirements=[
            requirement("ready", of="marts.named"),
            requirement("mean-is-right", binds=["marts.delays.mean"]),
            requirement("names", binds=["marts.names"]),
            requirement("page", proof="dashboards/morning"),
            requirement("elsewhere", binds=["ops.weather"]),
        ],
    )


def edges(found: tuple[Edge, ...]) -> set[tuple[str, str, str]]:
    return {(edge.origin, edge.target, edge.by) for edge in found}


def test_a_column_comes_from_values_and_from_what_decides_its_rows(
    flights: tuple[Project, dict[str, SqlFacts]],
) -> None:
    assert edges(upstream(flights[1], "marts.delays", "mean")) == {
        ("staging.flights.minutes", "marts.delays.mean", "value"),
        ("staging.flights.origin", "marts.delays.mean", "influence"),
        ("ops.flights.delay", "staging.flights.minutes", "value"),
        ("ops.flights.cancelled", "staging.flights.minutes", "influence"),
        ("ops.flights.origin", "staging.flights.origin", "value"),
        ("ops.flights.cancelled", "staging.flights.origin", "influence"),
    }


def test_a_column_reaches_only_what_uses_it(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    assert edges(downstream(flights[1], ("ops.airports", "name"))) == {
        ("ops.airports.name", "marts.names.name", "value"),
        ("marts.names.name", "marts.named.name", "value"),
        ("marts.named.name", "dashboards/morning#worst", "value"),
    }


def test_a_column_that_is_only_filtered_on_touches_all_that_follows(
    flights: tuple[Project, dict[str, SqlFacts]],
) -> None:
    found = edges(downstream(flights[1], ("ops.flights", "cancelled")))
    assert ("ops.flights.cancelled", "staging.flights", "influence") in found
    assert ("staging.flights", "marts.delays", "reads") in found
    assert ("marts.named", "dashboards/morning#worst", "reads") in found


def test_a_column_that_nobody_uses_reaches_nothing(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    assert edges(downstream(flights[1], ("staging.flights", "tail"))) == set()


def test_datasets_are_followed_as_a_whole(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    assert edges(upstream(flights[1], "marts.named")) == {
        ("marts.delays", "marts.named", "reads"),
        ("marts.names", "marts.named", "reads"),
        ("staging.flights", "marts.delays", "reads"),
        ("ops.flights", "staging.flights", "reads"),
        ("ops.airports", "marts.names", "reads"),
    }


def test_letter_case_does_not_count(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    assert upstream(flights[1], "marts.delays", "MEAN") == upstream(flights[1], "marts.delays", "mean")


def test_an_untraced_column_comes_from_everything_in_scope() -> None:
    _, facts = project(
        load("ops.flights", {"id": [], "delay": []}),
        model("marts.p", "select * from ops.flights pivot (sum(delay) for id in (1, 2))"),
    )
    assert ("ops.flights", "marts.p.1", "unresolved") in edges(upstream(facts, "marts.p", "1"))
    assert ("ops.flights.delay", "marts.p", "unresolved") in edges(downstream(facts, ("ops.flights", "delay")))


def test_the_tree_unfolds_a_thing_once_where_it_is_nearest() -> None:
    _, facts = project(
        load("ops.a", {"x": []}),
        model("main.b", "select x from ops.a"),
        model("main.c", "select x from b"),
        model("main.d", "select b.x, c.x as y from b join c on b.x = c.x"),
    )
    assert lineage_tree(facts, "up", "main.d") == Branch(
        "main.d",
        "",
        (
            Branch("main.b", "reads", (Branch("ops.a", "reads"),)),
            Branch("main.c", "reads", (Branch("main.b", "reads", (), is_repeated=True),)),
        ),
    )


def test_a_tree_goes_down_to_outputs(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    tree = lineage_tree(flights[1], "down", "ops.airports", "name")
    assert tree.branches[0].branches[0].branches == (Branch("dashboards/morning#worst", "value"),)


def test_a_change_reaches_requirements_and_people(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    made, facts = flights
    found = reached(made, facts, "ops.airports.name")
    assert found.datasets == ("marts.named", "marts.names", "ops.airports")
    assert found.columns == ("marts.named.name", "marts.names.name", "ops.airports.name")
    assert found.outputs == ("dashboards/morning",)
    assert found.requirements == ("names", "page", "ready")
    assert found.people == ("data-platform", "duty-manager")


def test_a_requirement_on_a_column_is_touched_by_what_influences_it(
    flights: tuple[Project, dict[str, SqlFacts]],
) -> None:
    made, facts = flights
    assert "mean-is-right" in reached(made, facts, "ops.flights.cancelled").requirements
    assert "mean-is-right" in reached(made, facts, "ops.flights.delay").requirements
    assert "mean-is-right" not in reached(made, facts, "ops.airports").requirements
    assert reached(made, facts, "ops.flights.tail").requirements == ()


def test_several_changes_are_judged_together(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    made, facts = flights
    assert set(reached(made, facts, "ops.flights", "ops.airports").requirements) == {
        "ready",
        "mean-is-right",
        "names",
        "page",
    }


def test_unknown_names_are_told_with_what_exists(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    made, facts = flights
    with pytest.raises(ProjectError) as refused:
        split_name(made, "marts.delay")
    assert refused.value.problems[0].code == "M004"
    assert 'did you mean "marts.delays"?' in refused.value.problems[0].mend
    with pytest.raises(ProjectError) as refused:
        upstream(facts, "marts.delays", "men")
    assert refused.value.problems[0].code == "M005"
    assert 'did you mean "mean"?' in refused.value.problems[0].mend


def test_names_without_a_schema_are_those_of_main() -> None:
    made, _ = project(model("main.a", "select 1 as one"), load("ops.a", {"x": []}))
    assert split_name(made, "a") == ("main.a", None)
    assert split_name(made, "ops.a__quarantine.row") == ("ops.a__quarantine", "row")
    with pytest.raises(ProjectError):
        split_name(made, "main.a__quarantine")


def test_the_catalog_says_what_is_known_of_a_dataset(flights: tuple[Project, dict[str, SqlFacts]]) -> None:
    made, facts = flights
    tags = effective_tags(made, facts)
    fields = [Field("id", "VARCHAR"), Field("origin", "VARCHAR"), Field("minutes", "BIGINT"), Field("tail", "VARCHAR")]
    found = describe_dataset(made, facts, tags["staging.flights"], "staging.flights", fields)
    assert (found.kind, found.owner, found.source) == ("table", "data-platform", None)
    assert (found.inputs, found.readers, found.outputs) == (("ops.flights",), ("marts.delays",), ())
    assert found.influences == ("ops.flights.cancelled",)
    minutes, tail = found.columns[2], found.columns[3]
    assert (minutes.name, minutes.type, minutes.origins) == ("minutes", "BIGINT", ("ops.flights.delay",))
    assert (tail.tags, tail.declared) == (("aircraft",), ())


def test_the_catalog_knows_loads_and_their_quarantines_before_the_first_run(
    flights: tuple[Project, dict[str, SqlFacts]],
) -> None:
    made, facts = flights
    tags = effective_tags(made, facts)
    load_ = describe_dataset(made, facts, tags["ops.flights"], "ops.flights")
    assert (load_.kind, load_.source, load_.key) == ("load", "ops", ("id",))
    assert [column.name for column in load_.columns] == ["id", "origin", "delay", "cancelled", "tail"]
    assert load_.columns[4].declared == ("aircraft",)
    assert load_.columns[0].type == "varchar"
    rejects = describe_dataset(
        made, facts, tags["ops.flights__quarantine"], "ops.flights__quarantine", [Field("row", "VARCHAR")]
    )
    assert (rejects.kind, rejects.columns[0].tags) == ("quarantine", ("aircraft",))
    named = describe_dataset(made, facts, tags["marts.named"], "marts.named")
    assert named.outputs == ("dashboards/morning",)
