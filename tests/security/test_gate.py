"""Nothing leaves but what may leave: the corpora of the access gate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from guarded_lake import CANARIES, TABLES, Ask, Lake, cases

from mainstem.core.clock import SetClock
from mainstem.core.output import Grant, Policy, Role, RowFilter, Treatment
from mainstem.core.place import Place
from mainstem.core.problem import MainstemError, ProjectError
from mainstem.core.project import EngineSettings
from mainstem.engines import duckdb as embedded
from mainstem.lifecycle.serving.gate import read, read_each
from mainstem.lifecycle.serving.request import Answer, Request, Rules
from mainstem.security.functions import FUNCTIONS, TABLE_FUNCTIONS

REFUSED = cases("refused.sql.txt")
MASKED = cases("masked.sql.txt")
ANALYST = cases("analyst.sql.txt")
NOON = datetime(2013, 12, 17, 12, tzinfo=UTC)


def traces(folder: Path) -> dict[str, str]:
    """Every file below a folder with the digest of its content, the ledger apart."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("ledger.sqlite")
    }


def said(answer: Answer) -> str:
    """Every word that leaves with an answer."""
    return "\n".join([repr(answer.columns), repr(answer.rows), repr(answer.audit), repr(answer.audit.facts())])


def bare(type_: object) -> str:
    """A type without the quotes around names of fields, which come and go."""
    return str(type_).replace('"', "")


def newest_audit(lake: Lake) -> dict[str, object]:
    return dict(lake.ledger.audited()[-1]["row"])


@pytest.mark.parametrize(("title", "code", "sql"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_way_around_is_refused_and_touches_nothing(ask: Ask, lake: Lake, title: str, code: str, sql: str) -> None:
    before = traces(lake.outside.parent)
    with pytest.raises(ProjectError) as refused:
        ask(sql)
    assert [problem.code for problem in refused.value.problems][:1] == [code]
    assert not any(canary in str(refused.value) for canary in CANARIES if canary not in sql)
    assert traces(lake.outside.parent) == before
    assert newest_audit(lake)["decision"] == "refused"
    assert newest_audit(lake)["rows"] == 0


@pytest.mark.parametrize(("title", "code", "sql"), MASKED, ids=[case[0] for case in MASKED])
def test_no_canary_leaves_by_a_query_that_is_allowed(ask: Ask, title: str, code: str, sql: str) -> None:
    answer = ask(sql)
    assert answer.columns
    assert not any(canary in said(answer) for canary in CANARIES)


@pytest.mark.parametrize(("title", "code", "sql"), MASKED, ids=[case[0] for case in MASKED])
def test_the_canaries_are_there_to_be_seen_with_clear(ask: Ask, title: str, code: str, sql: str) -> None:
    answer = ask(sql, clear=True)
    hidden = (
        "a file's columns",
        "probing a value",
        "casting to an error",
        "through ORDER BY",
        "through IN",
        "a hash that would",
    )
    if not title.startswith(hidden) and title != "shadowing: a query of a subquery does not reach its neighbour":
        assert any(canary in said(answer) for canary in CANARIES), "the case proves something"
    assert answer.audit.columns
    assert {treatment for columns in answer.audit.columns.values() for treatment in columns.values()} == {"clear"}


@pytest.fixture(scope="module")
def plain(lake: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same tables without a gate."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, file in lake.files.items():
            schema, table = name.split(".")
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.\"{table}\" as from read_parquet('{file}')")
        yield connection


@pytest.mark.parametrize(("title", "code", "sql"), ANALYST, ids=[case[0] for case in ANALYST])
def test_an_ordinary_query_answers_as_if_there_were_no_gate(
    ask: Ask, plain: duckdb.DuckDBPyConnection, title: str, code: str, sql: str
) -> None:
    answer = ask(sql)
    found = plain.sql(sql)
    shown = ", ".join(
        f"cast(c{i} as varchar)" if "TIME ZONE" in str(kind) else f"c{i}" for i, kind in enumerate(found.types)
    )
    aliases = ", ".join(f"c{i}" for i in range(len(found.columns)))
    expected = plain.execute(f"select {shown} from ({sql.rstrip(';')}) q({aliases})").fetchall()
    assert list(answer.rows) == expected
    assert [bare(column.type) for column in answer.columns] == [bare(kind) for kind in found.types]
    # Names that the engine makes up are the text of the expression, which may be written in another way.
    named = [name for name in found.columns if name.isidentifier()]
    assert [column.name for column in answer.columns if column.name.isidentifier()] == named


def test_every_corpus_is_large_enough() -> None:
    assert len(REFUSED) > 100
    assert len(MASKED) > 60
    assert len(ANALYST) > 40
    assert all(code for _, code, _ in REFUSED)


def test_all_refusals_of_a_query_are_told_at_once_with_their_places(ask: Ask) -> None:
    with pytest.raises(ProjectError) as refused:
        ask("select getvariable('x')\nfrom marts.nothing, read_csv('é'), raw.peopel")
    assert [str(problem).partition(" (mend")[0] for problem in refused.value.problems] == [
        'query:1:8: S002 function "getvariable" may not be called',
        'query:2:6: S004 dataset "marts.nothing" does not exist in this release',
        'query:2:21: S003 "read_csv" may not be read from',
        'query:2:36: S004 dataset "raw.peopel" does not exist in this release',
    ]
    assert 'did you mean "raw.people"?' in refused.value.problems[3].mend


def test_a_syntax_error_names_its_place_in_the_query(ask: Ask) -> None:
    with pytest.raises(ProjectError) as refused:
        ask("select 1\nfrom from")
    assert str(refused.value).startswith("query:2:")


def test_a_column_that_does_not_exist_is_told_without_a_place_in_our_text(ask: Ask) -> None:
    with pytest.raises(MainstemError) as failed:
        ask("select emial from raw.people")
    problem = failed.value.problems[0]
    assert "emial" in problem.what
    assert problem.place is None


DEEP = {
    "parentheses": "select " + "(" * 300 + "1" + ")" * 300,
    "a long chain of OR": "select " + " or ".join(["flight_id = 1"] * 900) + " from staging.flights",
    "a long list": f"select 1 in ({', '.join(['1'] * 5000)})",
}
TOO_DEEP = {
    "a sum": "select " + "+".join(["1"] * 900),
    "functions": "select " + "abs(" * 600 + "1" + ")" * 600,
    "subqueries": "select * from " + "(select * from " * 300 + "(select 1)" + ")" * 300,
}


@pytest.mark.parametrize("sql", DEEP.values(), ids=DEEP.keys())
def test_a_long_query_is_answered(ask: Ask, sql: str) -> None:
    assert ask(sql).rows


@pytest.mark.parametrize("sql", TOO_DEEP.values(), ids=TOO_DEEP.keys())
def test_a_query_nested_beyond_measure_is_refused(ask: Ask, sql: str) -> None:
    with pytest.raises(ProjectError) as refused:
        ask(sql)
    assert refused.value.problems[0].code == "S007"


def test_text_that_is_no_text_is_refused(ask: Ask) -> None:
    with pytest.raises(ProjectError) as refused:
        ask("select '\udcff'")
    assert refused.value.problems[0].code == "S011"


def test_joins_that_the_engine_would_write_in_another_way_are_refused(ask: Ask) -> None:
    with pytest.raises(ProjectError) as refused:
        ask("select count(*) from raw.flights natural join (airports a join staging.flights f on f.origin = a.faa)")
    assert refused.value.problems[0].code == "S010"


def test_two_statements_are_refused_by_the_walk_as_well() -> None:
    from mainstem.security.tree import rewrite

    with pytest.raises(ProjectError) as refused:
        rewrite({"statements": [{}, {}]}, {})
    assert refused.value.problems[0].code == "S001"


def test_more_rows_than_the_limit_are_cut_and_said(ask: Ask) -> None:
    cut = ask("select flight_id from staging.flights order by flight_id", limit=7)
    assert [row[0] for row in cut.rows] == list(range(7))
    assert cut.truncated
    assert cut.audit.truncated
    whole = ask("select flight_id from staging.flights order by flight_id", limit=400)
    assert len(whole.rows) == 400
    assert not whole.truncated


def test_a_limit_below_one_is_refused(ask: Ask) -> None:
    with pytest.raises(ProjectError) as refused:
        ask("select 1", limit=0)
    assert refused.value.problems[0].code == "V001"


def test_columns_keep_their_names_and_types_when_they_are_redacted(ask: Ask, lake: Lake) -> None:
    answer = ask("select * from raw.people")
    assert answer.columns == lake.fields["raw.people"]
    row = dict(zip([column.name for column in answer.columns], answer.rows[0], strict=True))
    assert (row["email"], row["phone"], row["born"], row["notes"], row["labels"]) == ("[redacted]", *[None] * 4)
    assert row["city"] == "NYC"


def test_the_audit_says_who_asked_what_and_how_it_was_treated(ask: Ask, lake: Lake) -> None:
    ask("select email, city from raw.people join staging.flights using (flight_id)")
    row = newest_audit(lake)
    assert row["decision"] == "allowed"
    assert (row["principal"], row["exit"], row["release"], row["rows"]) == ("local", "query", "r000001", 20)
    assert row["datasets"] == ["raw.people", "staging.flights"]
    assert row["columns"] == {
        "raw.people": dict.fromkeys(("name", "email", "phone", "born", "notes", "labels"), "redact")
    }
    assert str(row["query"]).startswith("sha256:")
    assert lake.ledger.verify_audit() is None


def test_a_failure_in_the_engine_is_audited_and_nothing_leaves(ask: Ask, lake: Lake) -> None:
    with pytest.raises(MainstemError):
        ask("select cast(origin as integer) from staging.flights")
    row = newest_audit(lake)
    assert (row["decision"], row["rows"], row["reasons"]) == ("failed", 0, ["E003"])


def test_as_many_audit_rows_as_answers_and_refusals(ask: Ask, lake: Lake) -> None:
    before = len(lake.ledger.audited(limit=100_000))
    ask("select 1")
    with pytest.raises(ProjectError):
        ask("select * from nowhere")
    assert len(lake.ledger.audited(limit=100_000)) == before + 2


def test_an_exit_that_is_not_registered_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no way out"):
        Request("backdoor", "select 1", 1)


def test_the_engine_is_locked_when_the_query_runs(lake: Lake) -> None:
    engine = embedded.open(EngineSettings(), lake.outside.parent / "temp")
    clock = SetClock(datetime(2013, 12, 17, tzinfo=UTC))
    read(engine, lake.offers(engine), Request("query", "from main.airports", 10), lake.ledger, clock)
    session = engine.session()
    for statement in (
        f"select * from read_text('{lake.outside}/secret.txt')",
        f"select * from read_parquet('{lake.files['raw.people']}')",
        "select * from raw.people",
    ):
        with pytest.raises(MainstemError) as failed:
            session.rows(statement)
        assert failed.value.problems[0].code == "E012", "only the files of the datasets that were asked for"
    engine.close()


@pytest.mark.parametrize("function", ["read_text", "read_csv", "glob"])
def test_with_the_first_ring_broken_the_second_holds(ask: Ask, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    everything = frozenset((*TABLE_FUNCTIONS, function))
    monkeypatch.setattr("mainstem.security.tree.TABLE_FUNCTIONS", everything)
    monkeypatch.setattr("mainstem.security.expressions.FUNCTIONS", FUNCTIONS | everything)
    with pytest.raises(MainstemError) as failed:
        ask(f"select * from {function}('{{outside}}/secret.txt')")
    assert failed.value.problems[0].code == "E012"


def test_every_tagged_cell_of_the_fixture_holds_a_canary(lake: Lake) -> None:
    with duckdb.connect() as plain:
        for name, (_, tags) in TABLES.items():
            for column in tags:
                found = plain.execute(f"select \"{column}\" from read_parquet('{lake.files[name]}')").fetchall()
                assert all(any(canary in repr(row) for canary in CANARIES) for row in found)


def test_a_parameter_is_bound_and_never_becomes_text(lake: Lake) -> None:
    engine = embedded.open(EngineSettings(), lake.outside.parent / "temp")
    sql = "select id, city from raw.people where city = $city and id < $below order by id"
    hostile = "NYC' or true --"
    request = Request("api", sql, 10, release="r000001", parameters={"city": "BOS", "below": 4})
    try:
        answer = read(engine, lake.offers(engine), request, lake.ledger, SetClock(NOON))
    finally:
        engine.close()
    assert answer.rows == ((1, "BOS"), (3, "BOS"))
    engine = embedded.open(EngineSettings(), lake.outside.parent / "temp")
    request = Request("api", sql, 10, release="r000001", parameters={"city": hostile, "below": 4})
    try:
        assert read(engine, lake.offers(engine), request, lake.ledger, SetClock(NOON)).rows == ()
    finally:
        engine.close()
    assert hostile not in str(newest_audit(lake))


def test_a_role_sees_what_the_policy_grants_it_and_the_audit_says_so(lake: Lake) -> None:
    at = Place("policies/access.yml", 1, 1)
    roles = (Role("crew", (), ("planning",), at), Role("nobody", (), (), at))
    grants = (Grant("crew", ("raw.people",), ("read",), at),)
    treat = (Treatment("crew", "pii", "partial", at),)
    rules = Rules(Policy(roles, {"pii": "deny"}, grants, treat, (RowFilter("crew", ("raw.people",), "id < 2", at),)))
    sql = "select id, email, phone from raw.people"
    answers = {}
    for role in ("crew", "nobody"):
        engine = embedded.open(EngineSettings(), lake.outside.parent / "temp")
        try:
            request = Request("api", sql, 10, release="r000001", role=role)
            answers[role] = read(engine, lake.offers(engine), request, lake.ledger, SetClock(NOON), rules).rows
        except ProjectError as refused:
            answers[role] = refused.problems[0].code
        finally:
            engine.close()
    assert answers == {"crew": ((0, "c***", None), (1, "c***", None)), "nobody": "S013"}
    allowed, refused = (dict(each["row"]) for each in list(lake.ledger.audited(limit=100000))[-2:])
    assert (allowed["role"], allowed["decision"]) == ("crew", "allowed")
    assert allowed["columns"]["raw.people"]["email"] == "partial"
    assert (refused["role"], refused["decision"], refused["reasons"]) == ("nobody", "refused", ["S013"])


def test_what_is_written_into_a_file_is_what_may_be_seen(lake: Lake, tmp_path: Path) -> None:
    engine = embedded.open(EngineSettings(), tmp_path / "temp")
    file = tmp_path / "people.parquet"
    request = Request("training", "select id, name, phone, born, city from raw.people order by id", 5, into=file)
    answer = read(engine, lake.offers(engine), request, lake.ledger, SetClock(NOON))
    assert (answer.rows, answer.truncated, newest_audit(lake)["rows"]) == ((), False, 5)
    assert not any(canary.encode() in file.read_bytes() for canary in CANARIES)
    found = duckdb.sql(f"select * from read_parquet('{file}')")
    assert [str(each) for each in found.types] == ["BIGINT", "VARCHAR", "INTEGER", "DATE", "VARCHAR"]
    assert found.fetchall()[0] == (0, "[redacted]", None, None, "NYC")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["people.parquet"]
    with pytest.raises(MainstemError):
        engine.session().execute(f"copy (select 1) to '{tmp_path / 'other.parquet'}' (use_tmp_file false)")
    engine.close()


def test_a_refused_request_writes_no_file(lake: Lake, tmp_path: Path) -> None:
    engine = embedded.open(EngineSettings(), tmp_path / "temp")
    request = Request("training", "select * from read_csv('/etc/passwd')", 5, into=tmp_path / "x.parquet")
    with pytest.raises(ProjectError):
        read(engine, lake.offers(engine), request, lake.ledger, SetClock(NOON))
    engine.close()
    assert not (tmp_path / "x.parquet").exists()


def test_several_requests_are_answered_each_by_its_own_rules(lake: Lake, tmp_path: Path) -> None:
    engine = embedded.open(EngineSettings(), tmp_path / "temp")
    name = "select name from raw.people where id = 0"
    requests = [
        Request("probe", name, 1),
        Request("probe", name, 1, clear=True),
        Request("probe", "select * from nowhere", 1),
        Request("probe", "select count(*) as n from main.airports", 1),
        Request("probe", "select cast(faa as integer) as n from main.airports", 1),
    ]
    before = len(lake.ledger.audited(limit=100_000))
    found = read_each(engine, lake.offers(engine), requests, lake.ledger, SetClock(NOON))
    engine.close()
    said = [each.rows if isinstance(each, Answer) else each.problems[0].code for each in found]
    assert said == [(("[redacted]",),), (("canary-name-0",),), "S004", ((3,),), "E003"]
    rows = [dict(each["row"]) for each in lake.ledger.audited(limit=100_000)[before:]]
    decisions = sorted(str(row["decision"]) for row in rows)
    assert decisions == ["allowed", "allowed", "allowed", "failed", "refused"]
