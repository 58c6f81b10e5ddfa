"""Who sees what: every rule of the policy, and that nothing is granted by chance."""

from __future__ import annotations

from itertools import product

import pytest

from mainstem.core.output import Grant, Policy, Role, RowFilter, Treatment
from mainstem.core.place import Place
from mainstem.core.problem import ProjectError
from mainstem.core.release import Field
from mainstem.core.tags import REST
from mainstem.security.decide import REVEALING, Reader, decide

AT = Place("policies/access.yml", 1, 1)
FIELDS = [Field("Id", "BIGINT"), Field("EMail", "VARCHAR"), Field("phone", "VARCHAR")]
TAGS = {"email": frozenset({"pii"}), "phone": frozenset({"pii", "contact"}), "id": frozenset[str]()}


def policy(*treat: Treatment, rows: tuple[RowFilter, ...] = ()) -> Policy:
    roles = (Role("crew", (), ("planning", "billing"), AT), Role("analysts", (), ("reporting",), AT))
    grants = (Grant("crew", ("marts.*",), ("read",), AT), Grant("analysts", ("marts.people",), ("read", "export"), AT))
    return Policy(roles, {"pii": "deny", "contact": "partial"}, grants, treat, rows)


def treated(found: Policy, reader: Reader, dataset: str = "marts.people") -> dict[str, str]:
    return dict(decide(found, reader, dataset, FIELDS, TAGS).treated)


def test_the_operator_sees_tagged_columns_redacted_unless_clear_is_asked_for() -> None:
    assert treated(policy(), Reader()) == {"EMail": "redact", "phone": "redact"}
    assert treated(policy(), Reader(clear=True)) == {"EMail": "clear", "phone": "clear"}
    unknown = decide(policy(), Reader(), "marts.people", FIELDS, {REST: frozenset({"new"})})
    assert unknown.treated == {"Id": "redact", "EMail": "redact", "phone": "redact"}


def test_a_tag_without_a_rule_takes_its_default_and_the_least_revealing_counts() -> None:
    assert treated(policy(), Reader("analysts")) == {"EMail": "redact", "phone": "redact"}
    clear = Treatment("analysts", "pii", "clear", AT)
    assert treated(policy(clear), Reader("analysts")) == {"EMail": "clear", "phone": "partial"}


@pytest.mark.parametrize(("one", "other"), list(product(REVEALING, REVEALING)))
def test_of_two_tags_the_least_revealing_treatment_counts(one: str, other: str) -> None:
    rules = (Treatment("analysts", "pii", one, AT), Treatment("analysts", "contact", other, AT))
    wanted = REVEALING[max(REVEALING.index(one), REVEALING.index(other))]
    assert treated(policy(*rules), Reader("analysts"))["phone"] == wanted


def test_a_rule_that_names_the_dataset_beats_a_pattern_and_a_pattern_beats_none() -> None:
    general = Treatment("analysts", "pii", "clear", AT)
    pattern = Treatment("analysts", "pii", "hash", AT, on=("marts.*",))
    named = Treatment("analysts", "pii", "null", AT, on=("marts.people",))
    elsewhere = Treatment("analysts", "pii", "drop", AT, on=("staging.*",))
    for rules, wanted in (((general,), "clear"), ((general, pattern), "hash"), ((named, pattern, general), "null")):
        assert treated(policy(*rules, elsewhere), Reader("analysts"))["EMail"] == wanted


def test_a_rule_for_a_purpose_counts_for_that_purpose_only() -> None:
    rule = Treatment("crew", "pii", "clear", AT, purposes=("planning",))
    assert treated(policy(rule), Reader("crew", "planning"))["EMail"] == "clear"
    assert treated(policy(rule), Reader("crew", "billing"))["EMail"] == "redact"


@pytest.mark.parametrize(
    ("reader", "dataset", "code", "words"),
    [
        (Reader("pilots"), "marts.people", "S012", 'role "pilots" is not in'),
        (Reader("crew"), "marts.people", "S012", 'role "crew" has several purposes'),
        (Reader("analysts", "planning"), "marts.people", "S012", '"planning" is no purpose of role "analysts"'),
        (Reader("analysts"), "marts.routes", "S013", 'role "analysts" may not read "marts.routes"'),
        (Reader("crew", "planning", "export"), "marts.people", "S013", 'role "crew" may not export "marts.people"'),
        (Reader("analysts"), "marts.people", "S014", "depends on an attribute of the reader"),
    ],
)
def test_what_is_not_granted_is_denied(reader: Reader, dataset: str, code: str, words: str) -> None:
    mine = RowFilter("analysts", ("marts.people",), "base = user.attribute('base')", AT)
    with pytest.raises(ProjectError) as refused:
        decide(policy(rows=(mine,)), reader, dataset, FIELDS, TAGS)
    assert refused.value.problems[0].code == code
    assert words in refused.value.problems[0].what


def test_conditions_of_a_role_are_joined() -> None:
    rows = (RowFilter("crew", ("marts.*",), "day > 1", AT), RowFilter("analysts", ("marts.*",), "day > 2", AT))
    access = decide(policy(rows=rows), Reader("crew", "planning"), "marts.people", FIELDS, TAGS)
    assert access.where == ("day > 1",)
