"""Every kind of check, found by its entry point: what it measures, on which rows, and that no option breaks out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from mainstem.core.kinds import find, names
from mainstem.core.ports import Session
from mainstem.core.problem import MainstemError, ProjectError
from mainstem.core.project import EngineSettings
from mainstem.engines import duckdb as embedded
from mainstem.sql.quote import quote

RELATION = '"marts"."delays"'
LABEL = 'cast("flight day" as varchar)'

ODD = 'it\'s "odd"'
ROWS = f"""
    select * from (values
        (date '2013-01-01', 1, 'JFK', 10.5, 'AA1'),
        (date '2013-01-01', 2, 'LGA', -3.0, 'AA2'),
        (date '2013-01-01', 3, 'XXX', 99.0, 'AA'),
        (date '2013-01-02', 3, 'JFK', null, 'BB3'),
        (date '2013-01-02', null, null, 4.0, null),
        (date '2013-01-02', null, 'EWR', 7.0, 'bb4'),
        (date '2013-01-03', 4, 'JFK', 2.0, 'CC5'),
        (null, 5, 'EWR', 200.0, 'DD6')
    ) v("flight day", "select", {quote(ODD)}, delay, code)
"""


@dataclass(frozen=True)
class Example:
    """Options of a kind, and what it must find in `ROWS`: (value, total) of the whole, ids of the failing rows."""

    kind: str
    options: dict[str, Any]
    whole: tuple[int, int | None]
    failing: int | None


DAYS = {"to": "reference.days", "by": ("flight day",), "other_by": ("day",)}

EXAMPLES = [
    Example("not_null", {"columns": ("select",)}, (6, 8), 2),
    Example("not_null", {"columns": ("select", ODD, "delay")}, (5, 8), 3),
    Example("unique", {"columns": ("select",)}, (6, 8), 2),
    Example("unique", {"columns": (ODD,)}, (3, 8), 5),
    Example("unique", {"columns": ("select", ODD)}, (8, 8), 0),
    Example("accepted_values", {"column": ODD, "values": ("JFK", "LGA", "EWR")}, (7, 8), 1),
    Example("accepted_values", {"column": ODD, "values": ("JFK", "LGA", "EWR"), "nulls": "fail"}, (6, 8), 2),
    Example("accepted_values", {"column": "select", "values": ("1", "2", "3")}, (6, 8), 2),
    Example("range", {"column": "delay", "min": "-3", "max": "99"}, (7, 8), 1),
    Example("range", {"column": "delay", "min": "0"}, (7, 8), 1),
    Example("range", {"column": "select", "max": "2.5"}, (4, 8), 4),
    Example("range", {"column": "flight day", "min": "2013-01-02"}, (5, 8), 3),
    Example("range", {"column": "code", "min": "AA2", "max": "DD"}, (4, 8), 4),
    Example("matches", {"column": "code", "pattern": "[A-Z]{2}[0-9]"}, (6, 8), 2),
    Example("matches", {"column": "select", "pattern": "[1-4]"}, (7, 8), 1),
    Example("relationships", {"column": ODD, "to": "reference.airports", "field": "faa code"}, (7, 8), 1),
    Example("relationships", {"column": "select", "to": "reference.numbers"}, (5, 8), 3),
    Example("reconciles", {**DAYS, "other": "sum(n)"}, (3, 5), 2),
    Example("reconciles", {**DAYS, "value": "sum(delay)", "other": "sum(total)"}, (2, 5), 3),
    Example("reconciles", {**DAYS, "value": "sum(delay) -- all", "other": "sum(total)", "within": "0.2"}, (3, 5), 2),
    Example("reconciles", {**DAYS, "value": "sum(delay)", "other": "sum(total)", "within": "2 %"}, (3, 5), 2),
    Example("reconciles", {"to": "reference.days", "value": "sum(delay)", "other": "sum(total)"}, (0, 1), 1),
    Example("reconciles", {"to": "reference.days", "value": "1 + max(delay)", "other": "1 + max(total)"}, (1, 1), 0),
    Example("row_count", {"at_least": 1}, (8, None), None),
    Example("expression", {"expression": "delay >= -2.5"}, (7, 8), 1),
    Example("expression", {"expression": "delay >= -2.5", "nulls": "fail"}, (6, 8), 2),
    Example("expression", {"expression": f"\"select\" > 1 or {quote(ODD)} = 'JFK' -- the rest"}, (8, 8), 0),
    Example("sql", {"query": "select * from marts.delays where delay > 90;"}, (0, 2), 2),
    Example("sql", {"query": "select 1 from marts.delays having count(*) > 100"}, (0, 0), 0),
]
IDS = [f"{example.kind} {number}" for number, example in enumerate(EXAMPLES)]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    engine = embedded.open(EngineSettings())
    session = engine.session()
    engine.bind_view("marts.delays", ROWS)
    engine.bind_view("marts.empty", f"select * from ({ROWS}) where false")
    engine.bind_view("reference.airports", "select unnest(['JFK', 'LGA', 'EWR', 'EWR', null]) as \"faa code\"")
    days = "(date '2013-01-01', 3, 106.5), (date '2013-01-02', 3, 11.2), (date '2013-01-04', 1, 1.0), (null, 1, 200.0)"
    engine.bind_view("reference.days", f"select * from (values {days}) v(day, n, total)")
    engine.bind_view("reference.numbers", 'select unnest([1, 2, 5, 5]) as "select"')
    yield session
    session.close()
    engine.close()


def options_of(example: Example) -> Any:
    return find("checks", example.kind).Options(**example.options)


def measured(session: Session, kind: Any, options: Any, relation: str, label: str | None) -> list[tuple[Any, ...]]:
    measure = kind.sql(options, relation, label).measure
    found = session.describe(measure)
    assert [each.name for each in found] == ["label", "value", "total"]
    assert found[0].type == "VARCHAR"
    return session.rows(measure)


def test_every_kind_has_an_example() -> None:
    assert {example.kind for example in EXAMPLES} == set(names("checks"))


@pytest.mark.parametrize("kind", names("checks"))
def test_a_kind_has_what_the_port_asks_for(kind: str) -> None:
    module = find("checks", kind)
    assert module.__doc__
    assert is_dataclass(module.Options)
    assert module.SHORTHAND is None or module.SHORTHAND in {each.name for each in fields(module.Options)}
    assert isinstance(module.BY_PARTITION, bool)


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_the_whole_table_is_one_row_without_label(session: Session, example: Example) -> None:
    kind, options = find("checks", example.kind), options_of(example)
    assert measured(session, kind, options, RELATION, None) == [(None, *example.whole)]


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_failing_rows_are_as_many_as_are_not_good(session: Session, example: Example) -> None:
    kind, options = find("checks", example.kind), options_of(example)
    failing = kind.sql(options, RELATION, None).failing
    if example.failing is None:
        assert failing is None
        return
    value, total = example.whole
    assert len(session.rows(failing)) == example.failing == (total or 0) - value
    if kind.BY_PARTITION:
        assert session.describe(failing) == session.describe(f"select * from {RELATION}")


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_partitions_sum_to_the_whole(session: Session, example: Example) -> None:
    kind, options = find("checks", example.kind), options_of(example)
    if not kind.BY_PARTITION:
        return
    rows = measured(session, kind, options, RELATION, LABEL)
    assert [row[0] for row in sorted(rows, key=str)] == ["2013-01-01", "2013-01-02", "2013-01-03", None]
    assert sum(row[1] for row in rows) == example.whole[0]
    if example.whole[1] is not None:
        assert sum(row[2] for row in rows) == example.whole[1]


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_an_empty_table_is_measured_and_has_no_bad_rows(session: Session, example: Example) -> None:
    kind, options = find("checks", example.kind), options_of(example)
    if example.kind in ("sql", "reconciles"):
        return  # what they find there depends on the other dataset
    [(label, value, total)] = measured(session, kind, options, '"marts"."empty"', None)
    assert (label, value, total) == (None, 0, None if example.kind == "row_count" else 0)
    if kind.BY_PARTITION:
        assert measured(session, kind, options, '"marts"."empty"', LABEL) == []
    if example.kind != "row_count":
        assert kind.passes(options, Decimal(0), Decimal(0))


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_a_relation_may_be_a_select_in_parentheses(session: Session, example: Example) -> None:
    kind, options = find("checks", example.kind), options_of(example)
    assert measured(session, kind, options, f"(select * from {RELATION})", None) == [(None, *example.whole)]


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_it_passes_exactly_when_there_is_no_failing_row(example: Example) -> None:
    kind, options = find("checks", example.kind), options_of(example)
    value, total = example.whole
    is_good = kind.passes(options, Decimal(value), None if total is None else Decimal(total))
    assert is_good == (not example.failing)


@pytest.mark.parametrize(
    ("example", "columns", "datasets"),
    [
        (EXAMPLES[1], ("select", ODD, "delay"), ()),
        (EXAMPLES[2], ("select",), ()),
        (EXAMPLES[5], (ODD,), ()),
        (EXAMPLES[8], ("delay",), ()),
        (EXAMPLES[13], ("code",), ()),
        (EXAMPLES[15], (ODD,), ("reference.airports",)),
        (EXAMPLES[17], ("flight day",), ("reference.days",)),
        (EXAMPLES[18], ("flight day", "delay"), ("reference.days",)),
        (EXAMPLES[21], ("delay",), ("reference.days",)),
        (EXAMPLES[23], (), ()),
        (EXAMPLES[24], ("delay",), ()),
        (EXAMPLES[27], (), ("marts.delays",)),
    ],
)
def test_it_tells_what_it_reads(example: Example, columns: tuple[str, ...], datasets: tuple[str, ...]) -> None:
    assert find("checks", example.kind).reads(options_of(example)) == (columns, datasets)


HOSTILE = (
    "x' or true or '",
    '"; drop view marts.delays; --',
    "'; copy (select 1) to '/tmp/out.csv'; --",
    'x") or (1=1) --',
    "\\'; select 1",
    "/*",
    "ä'\"😀",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_hostile_option_text_stays_text(session: Session, example: Example, text: str) -> None:
    """Each text option in turn: it names nothing, equals nothing or is refused, and the data are still there."""
    kind, options = find("checks", example.kind), options_of(example)
    for each in fields(options):
        value = getattr(options, each.name)
        if each.name == "nulls" or not isinstance(value, str | tuple):
            continue
        found = None
        with suppress(MainstemError):
            hostile = replace(options, **{each.name: text if isinstance(value, str) else (text,)})
            sql = kind.sql(hostile, RELATION, LABEL if kind.BY_PARTITION else None)
            found = session.rows(sql.measure)
        if found is not None:
            assert each.name in {"values", "min", "max", "pattern"}, "a name or expression like this does not exist"
            assert sum(row[2] for row in found) == example.whole[1]
    assert session.rows(f"select count(*) from {RELATION}") == [(8,)]


def test_a_share_of_bad_rows_may_be_allowed() -> None:
    not_null = find("checks", "not_null")
    options = not_null.Options(("a",), at_least=Decimal("0.99"))
    assert not_null.passes(options, Decimal(990), Decimal(1000))
    assert not not_null.passes(options, Decimal(989), Decimal(1000))
    assert not_null.passes(options, Decimal(0), Decimal(0))


def test_a_share_is_exact_where_floats_are_not() -> None:
    options = find("checks", "unique").Options(("a",), at_least=Decimal("0.7"))
    assert find("checks", "unique").passes(options, Decimal(7), Decimal(10))


def test_row_counts_are_bounded_on_both_sides_and_a_missing_partition_counts_as_none() -> None:
    row_count = find("checks", "row_count")
    both = row_count.Options(at_least=2, at_most=3)
    assert [row_count.passes(both, Decimal(n), None) for n in range(5)] == [False, False, True, True, False]
    assert not row_count.passes(row_count.Options(at_least=1), Decimal(0), None)
    assert row_count.passes(row_count.Options(at_most=1), Decimal(0), None)


def test_a_key_with_a_null_is_never_a_duplicate(session: Session) -> None:
    relation = "(select * from (values (1, null), (1, null), (1, 2), (1, 2)) v(a, b))"
    unique = find("checks", "unique")
    assert measured(session, unique, unique.Options(("a", "b")), relation, None) == [(None, 2, 4)]


def test_a_duplicate_counts_in_the_partition_of_each_of_its_rows(session: Session) -> None:
    relation = "(select * from (values ('x', 1), ('x', 2), ('y', 1), ('y', 3)) v(day, id))"
    unique = find("checks", "unique")
    rows = measured(session, unique, unique.Options(("id",)), relation, "day")
    assert sorted(rows) == [("x", 1, 2), ("y", 1, 2)]


@pytest.mark.parametrize(
    ("kind", "options", "good"),
    [
        ("not_null", {"columns": ("total",)}, 1),
        ("unique", {"columns": ("k0", "label")}, 2),
        ("unique", {"columns": ("value",)}, 0),
        ("expression", {"expression": "value > 0 and total > 0 and label = 'd1' and good", "nulls": "fail"}, 1),
        ("accepted_values", {"column": "label", "values": ("d1",)}, 2),
        ("relationships", {"column": "value", "to": "reference.numbers", "field": "select"}, 2),
    ],
)
def test_columns_named_like_the_measure_are_no_trap(
    session: Session, kind: str, options: dict[str, Any], good: int
) -> None:
    rows = "values ('d1', 1, 10, true, 5), ('d1', 1, null, false, 6)"
    relation = f"(select * from ({rows}) v(label, value, total, good, k0))"
    module = find("checks", kind)
    assert measured(session, module, module.Options(**options), relation, "label") == [("d1", good, 2)]


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("not_null", {"columns": ()}, "M001"),
        ("unique", {"columns": ()}, "M001"),
        ("accepted_values", {"column": "a", "values": ()}, "M001"),
        ("range", {"column": "a"}, "M001"),
        ("row_count", {}, "M001"),
        ("not_null", {"columns": ("a",), "at_least": Decimal(99)}, "M002"),
        ("matches", {"column": "a", "pattern": "x", "at_least": Decimal("-0.1")}, "M002"),
        ("relationships", {"column": "a", "to": "airports"}, "M003"),
        ("relationships", {"column": "a", "to": "a.b.c"}, "M003"),
        ("relationships", {"column": "a", "to": ".b"}, "M003"),
        ("reconciles", {"to": "airports"}, "M003"),
        ("reconciles", {"to": "a.b", "by": ("x", "y"), "other_by": ("x",)}, "M006"),
        ("reconciles", {"to": "a.b", "within": "a little"}, "M006"),
        ("reconciles", {"to": "a.b", "at_least": Decimal(2)}, "M002"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(kind: str, options: dict[str, Any], code: str) -> None:
    with pytest.raises(ProjectError) as refused:
        find("checks", kind).Options(**options)
    assert [problem.code for problem in refused.value.problems] == [code]


@pytest.mark.parametrize(
    "text",
    ["true) or (1 = 1", "1; select 2", "a > 1, b > 2", "(select 1)", "count(*) > 1", "", "a >", "x = 'open", "/* open"],
)
def test_only_one_expression_over_one_row_is_an_expression(text: str) -> None:
    expression = find("checks", "expression")
    options = expression.Options(text)
    for ask in (lambda: expression.reads(options), lambda: expression.sql(options, RELATION, None)):
        with pytest.raises(ProjectError) as refused:
            ask()
        assert refused.value.problems[0].code.startswith("Q")


@pytest.mark.parametrize(
    "text",
    [
        *(
            "delay",
            "count(*) over ()",
            "sum((select 1))",
            "sum(delay), 1",
            "sum(delay) from x",
            "*",
            "",
            "sum(a) )",
            "a *",
        ),
        *("exists (select 1)", "count(*); select 1", "sum(columns(*))", "1"),
    ],
)
def test_only_one_aggregate_is_reconciled(text: str) -> None:
    reconciles = find("checks", "reconciles")
    for options in (reconciles.Options("a.b", text), reconciles.Options("a.b", other=text or "x y")):
        with pytest.raises(ProjectError) as refused:
            reconciles.sql(options, RELATION, None)
        assert refused.value.problems[0].code.startswith("Q")


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("count(*)", ()),
        ('sum(a * b) / count(distinct "C d")', ("a", "b", "c d")),
        ("count(*) filter (where a > 0)", ("a",)),
        ("round(sum(a), 2)", ("a",)),
        ("quantile_cont(a, 0.9)", ("a",)),
        ("arg_max(a, b)", ("a", "b")),
    ],
)
def test_an_aggregate_reads_its_columns(text: str, columns: tuple[str, ...]) -> None:
    reconciles = find("checks", "reconciles")
    assert reconciles.reads(reconciles.Options("a.b", text)) == (columns, ("a.b",))
    assert reconciles.reads_of_others(reconciles.Options("a.b", other=text)) == {"a.b": columns}


@pytest.mark.parametrize("text", ["select 1; select 2", "drop table x", "select * from read_csv('x')", "", "select 1)"])
def test_only_one_select_over_datasets_is_a_query(text: str) -> None:
    sql = find("checks", "sql")
    options = sql.Options(text)
    for ask in (lambda: sql.reads(options), lambda: sql.sql(options, RELATION, None)):
        with pytest.raises(ProjectError) as refused:
            ask()
        assert refused.value.problems[0].code.startswith("Q")


def test_quoting_is_that_of_the_language() -> None:
    failing = find("checks", "not_null").sql(find("checks", "not_null").Options((ODD,)), RELATION, None).failing
    assert quote(ODD) in failing
