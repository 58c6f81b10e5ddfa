"""Tags reach every column that tagged values reach, and nothing that lineage cannot explain stays without them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from small_projects import HERE, load, model, project

from mainstem.core.tags import REST, column_tags
from mainstem.governance.tags import effective_tags, select_tags
from mainstem.sql.facts import read_facts

PEOPLE = load(
    "raw.people",
    {"id": [], "email": ["pii"], "phone": ["pii", "contact"], "seat": [], "born": ["health"]},
    key=("id",),
)


def tagged(sql: str) -> dict[str, list[str]]:
    """The tagged columns of a model over raw.people and raw.seats."""
    made, facts = project(PEOPLE, load("raw.seats", {"seat": [], "row_no": []}), model("marts.x", sql))
    tags = effective_tags(made, facts)["marts.x"]
    return {column: sorted(found) for column, found in tags.items() if found and column != REST}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select id, seat from raw.people", {}),
        ("select id, email from raw.people", {"email": ["pii"]}),
        ("select email as e, upper(phone) as p from raw.people", {"e": ["pii"], "p": ["contact", "pii"]}),
        ("select email || born as both_ from raw.people", {"both_": ["health", "pii"]}),
        ("select * exclude (phone) from raw.people", {"email": ["pii"], "born": ["health"]}),
        ("select p as whole from raw.people p", {"whole": ["contact", "health", "pii"]}),
        ("select to_json(p) as j from raw.people p", {"j": ["contact", "health", "pii"]}),
        ("select columns('^e') from raw.people", {"email": ["pii"]}),
        ("select count(distinct email) as n, seat from raw.people group by seat", {"n": ["pii"]}),
        ("select seat from raw.people where email like 'x%' order by phone", {}),
        ("select s.row_no, p.email from raw.seats s join raw.people p using (seat)", {"email": ["pii"]}),
        ("with a as (select email as e from raw.people), b as (select e as f from a) select f from b", {"f": ["pii"]}),
        ("select seat from raw.seats union all select email from raw.people", {"seat": ["pii"]}),
        ("select case when id = 1 then phone end as c from raw.people", {"c": ["contact", "pii"]}),
        ("select max(email) over (partition by seat) as m from raw.people", {"m": ["pii"]}),
        ("select {'a': email, 'b': id} as s from raw.people", {"s": ["pii"]}),
        ("select (select max(email) from raw.people) as m, seat from raw.seats", {"m": ["pii"]}),
    ],
)
def test_tags_follow_values(sql: str, expected: dict[str, list[str]]) -> None:
    assert tagged(sql) == expected


def test_tags_follow_a_chain_of_models_whatever_their_order() -> None:
    last, middle = (
        model("marts.last", "select m from marts.middle"),
        model("marts.middle", "select e as m from marts.first"),
    )
    first = model("marts.first", "select email as e, seat from raw.people")
    made, facts = project(PEOPLE, first, middle, last)
    shuffled = replace(made, datasets=dict(reversed(made.datasets.items())))
    tags = effective_tags(shuffled, facts)
    assert tags["marts.last"]["m"] == {"pii"}
    assert tags["marts.first"]["seat"] == frozenset()


def test_what_could_not_be_traced_inherits_everything_in_scope() -> None:
    made, facts = project(PEOPLE, model("marts.x", "select id, seat from raw.people"))
    facts["marts.x"] = replace(facts["marts.x"], unresolved=frozenset({"Seat"}))
    tags = effective_tags(made, facts)["marts.x"]
    assert tags["seat"] == {"pii", "contact", "health"}
    assert tags["id"] == frozenset()


def test_a_column_without_lineage_inherits_everything_in_scope() -> None:
    made, facts = project(PEOPLE, model("marts.x", "select id, seat from raw.people"))
    facts["marts.x"] = replace(facts["marts.x"], lineage={"id": facts["marts.x"].lineage["id"]})
    assert effective_tags(made, facts)["marts.x"]["seat"] == {"pii", "contact", "health"}


def test_a_model_without_facts_has_every_tag_of_the_project() -> None:
    made, _ = project(model("marts.a", "select 1 as one"), PEOPLE)
    assert column_tags(effective_tags(made, {})["marts.a"], "one") == {"pii", "contact", "health"}


def test_a_column_that_nobody_has_seen_yet_is_tagged_where_its_dataset_has_tags() -> None:
    made, facts = project(PEOPLE, load("raw.seats", {"seat": []}), model("marts.x", "select seat from raw.people"))
    tags = effective_tags(made, facts)
    assert column_tags(tags["raw.people"], "new_column") == {"pii", "contact", "health"}
    assert column_tags(tags["marts.x"], "new_column") == {"pii", "contact", "health"}
    assert column_tags(tags["raw.seats"], "new_column") == frozenset()


def test_tags_of_a_dataset_are_those_of_all_its_columns_and_of_what_is_made_of_them() -> None:
    secret = load("raw.wages", {"id": [], "wage": ["pay"]}, tags=frozenset({"confidential"}))
    made, facts = project(secret, model("marts.x", "select wage, id from raw.wages", tags=frozenset({"finance"})))
    tags = effective_tags(made, facts)
    assert tags["raw.wages"]["id"] == {"confidential"}
    assert tags["marts.x"] == {
        "wage": {"confidential", "pay", "finance"},
        "id": {"confidential", "finance"},
        REST: {"confidential", "pay", "finance"},
    }


def test_a_load_without_columns_has_its_own_tags_on_all_of_them() -> None:
    made, facts = project(load("raw.files", {}, tags=frozenset({"confidential"})))
    assert column_tags(effective_tags(made, facts)["raw.files"], "anything") == {"confidential"}


def test_tags_that_a_model_declares_are_added() -> None:
    made, facts = project(
        PEOPLE,
        replace(
            model("marts.x", "select seat as s, email from raw.people"), columns=load("a.b", {"S": ["seat"]}).columns
        ),
    )
    tags = effective_tags(made, facts)["marts.x"]
    assert (tags["s"], tags["email"]) == ({"seat"}, {"pii"})


def test_a_quarantine_quotes_its_rows_and_so_has_their_tags() -> None:
    made, facts = project(
        PEOPLE,
        load("raw.crew", {"badge": ["pii"], "base": []}, key=("badge",)),
        load("raw.notes", {"note": ["health"]}),
        model("marts.rejected", "select reason, origin, run from raw.people__quarantine"),
    )
    tags = effective_tags(made, facts)
    everything = {"pii", "contact", "health"}
    assert tags["raw.people__quarantine"]["row"] == tags["raw.people__quarantine"]["reason"] == everything
    assert tags["raw.people__quarantine"]["origin"] == frozenset(), "the key is not tagged"
    assert tags["raw.crew__quarantine"]["origin"] == {"pii"}, "the origin may name the key"
    assert tags["raw.notes__quarantine"]["origin"] == {"health"}, "without a key, nobody knows what it names"
    assert tags["raw.people__quarantine"]["at"] == frozenset()
    assert (tags["marts.rejected"]["reason"], tags["marts.rejected"]["run"]) == (everything, frozenset())


def test_the_tags_of_any_select_are_known_from_its_facts() -> None:
    made, facts = project(PEOPLE)
    tags = effective_tags(made, facts)
    found = select_tags(
        tags, read_facts("select email as seat, id from raw.people", HERE, {"raw.people": ["id", "email"]})
    )
    assert found["seat"] == {"pii"}
    assert found["id"] == frozenset()
    assert found[REST] == {"pii", "contact", "health"}


def test_columns_that_a_write_mode_adds_are_tagged_like_the_values_in_them() -> None:
    said = {
        "marked": {"write": "merge", "on_delete": "mark"},
        "read": {"write": "scd2"},
        "born": {"write": "scd2", "effective": "born"},
    }
    loads = [replace(PEOPLE, name=f"raw.{name}", made_by=replace(PEOPLE.made_by, **how)) for name, how in said.items()]
    tags = effective_tags(*project(*loads))

    def of(name: str, *columns: str) -> list[set[str]]:
        return [set(column_tags(tags[name], column)) for column in columns]

    assert of("raw.marked", "deleted_at") == [set()]
    assert of("raw.read", "valid_from", "valid_to") == [set(), set()]
    assert of("raw.born", "valid_from", "valid_to") == [{"health"}, {"health"}]
