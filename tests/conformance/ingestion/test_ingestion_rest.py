"""APIs over HTTP: a real server that pages, throttles, fails, refuses and lies."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from email.utils import formatdate
from typing import Any

import pytest
from ingestion_world import PLACE, World, balanced, code_of, column, say
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.kinds import find
from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.secret import Secret
from mainstem.lifecycle.generation import rest_calls
from mainstem.lifecycle.generation.rest_options import Auth, Basic, OAuth2, Paginate, Pair, Since

KIND = find("sources", "rest")


@dataclass
class Api:
    """A server, what it was asked, and the world that loads from it."""

    world: World
    server: HTTPServer
    options: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def source(self) -> Source:
        url = self.options.get("url", self.server.url_for("/v1"))
        return Source("api", "rest", KIND.Options(**{"retries": 2, **self.options, "url": url}), PLACE)

    def answers(self, answer: Callable[[Request], Any], path: str = "/v1/items") -> None:
        """What `answer` gives is a Response, or a value that goes out as JSON."""

        def handle(request: Request) -> Response:
            self.asked.append(request.full_path.rstrip("?").removeprefix("/v1"))
            made = answer(request)
            return made if isinstance(made, Response) else Response(json.dumps(made), content_type="application/json")

        self.server.expect_request(path).respond_with_handler(handle)

    def table(self, *columns: Column, key: tuple[str, ...] = (), **said: Any) -> Dataset:
        names = [each.name for each in fields(KIND.TableOptions)]
        options = {"path": "items", **{name: said.pop(name) for name in names if name in said}}
        load = said.get("load", "full")
        write = said.pop("write", "replace" if load == "full" else "merge" if key else "append")
        return Dataset(
            "api.items", PLACE, Load("api", "items", KIND.TableOptions(**options), write=write, **said), columns, key
        )

    def refusal(self, dataset: Dataset) -> WorldError:
        with pytest.raises(WorldError) as found:
            self.world.load(dataset)
        assert self.world.session.rows("select table_name from duckdb_tables() where temporary") == []
        return found.value


@pytest.fixture
def api(world: World, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    made = Api(world, httpserver)
    monkeypatch.setattr(world, "source", lambda dataset: made.source)
    monkeypatch.setattr(rest_calls, "FIRST_WAIT_S", 0.001)
    yield made
    httpserver.check_assertions()


def items(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [{"id": i, "name": f"n{i}"} for i in range(first, first + count)]


def part(rows: Sequence[Any], first: int, size: int) -> list[Any]:
    return list(rows[first : first + size])


# pages

PAGES: dict[str, tuple[dict[str, Any], Callable[[Request], Any], int]] = {
    "none": ({}, lambda _: items(7), 1),
    "page": (
        {"paginate": Paginate("page", size=3)},
        lambda r: part(items(7), (int(r.args["page"]) - 1) * 3, int(r.args["per_page"])),
        4,
    ),
    "page from 0, short": (
        {"paginate": Paginate("page", param="p", start=0, size=3, size_param="n", until="short")},
        lambda r: part(items(7), int(r.args["p"]) * 3, int(r.args["n"])),
        3,
    ),
    "offset, capped by the API": (
        {"paginate": Paginate("offset", size=100)},
        lambda r: part(items(7), int(r.args["offset"]), min(3, int(r.args["limit"]))),
        4,
    ),
    "offset, total": (
        {"paginate": Paginate("offset", total="meta.total"), "rows": "data"},
        lambda r: {"meta": {"total": 7}, "data": part(items(7), int(r.args["offset"]), 3)},
        3,
    ),
    "cursor": (
        {"paginate": Paginate("cursor", param="after", path="page.end"), "rows": "data.items"},
        lambda r: {
            "data": {"items": part(items(7), int(r.args.get("after", 0)), 3)},
            "page": {"end": str(int(r.args.get("after", 0)) + 3) if int(r.args.get("after", 0)) < 6 else None},
        },
        3,
    ),
    "next": (
        {"paginate": Paginate("next", path="next")},
        lambda r: {
            "results": part(items(7), int(r.args.get("at", 0)), 3),
            "next": f"/v1/items?at={int(r.args.get('at', 0)) + 3}" if int(r.args.get("at", 0)) < 6 else None,
        },
        3,
    ),
    "link": (
        {"paginate": Paginate("link")},
        lambda r: Response(
            json.dumps(part(items(7), int(r.args.get("at", 0)), 3)),
            headers={
                "link": f'<{r.base_url}?at={int(r.args.get("at", 0)) + 3}>; rel="next", <{r.base_url}>; rel="first"'
                if int(r.args.get("at", 0)) < 6
                else f'<{r.base_url}>; rel="first"'
            },
        ),
        3,
    ),
    "search": (
        {
            "method": "POST",
            "body": {"status": "open"},
            "paginate": Paginate("page", size=3, size_param="size"),
        },
        lambda r: (
            part(items(7), (r.get_json()["page"] - 1) * 3, r.get_json()["size"])
            if r.get_json()["status"] == "open"
            else []
        ),
        4,
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_row_of_every_page_arrives_once(api: Api, name: str) -> None:
    said, answer, calls = PAGES[name]
    api.answers(answer)
    table = api.table(**said)
    change = api.world.load(table)
    assert balanced(change)
    assert api.world.rows(table) == [(i, f"n{i}") for i in range(1, 8)]
    assert len(api.asked) == calls
    assert api.world.load(table).is_empty


def test_pages_that_repeat_are_told(api: Api) -> None:
    api.answers(lambda _: items(3))
    assert code_of(api.refusal(api.table(paginate=Paginate("page")))) == "G056"
    api.asked.clear()
    api.answers(
        lambda r: {"rows": items(2, 1 + 2 * len(api.asked)), "next": "a" if "b" in r.query_string.decode() else "b"},
        "/v1/ring",
    )
    error = api.refusal(api.table(path="ring", paginate=Paginate("cursor", path="next")))
    assert code_of(error) == "G056"
    assert "leads to a page that was read before" in say(error)
    assert len(api.asked) == 3


def test_fewer_rows_than_promised_are_told(api: Api) -> None:
    api.answers(lambda r: {"n": 5, "rows": items(3) if r.args["page"] == "1" else []})
    error = api.refusal(api.table(paginate=Paginate("page", total="n")))
    assert (code_of(error), say(error)) == (
        "G059",
        "GET /items?page=2 ends after 3 rows, and says that there are 5",
    )


# rows

ANSWERS = {
    "html": (Response("<html>log in", content_type="text/html"), None, "G054"),
    "no JSON": (Response("id,name\n1,a"), None, "G054"),
    "half": (Response('[{"id": 1}, {"id"'), None, "G054"),
    "nothing": (Response(""), None, "G054"),
    "latin-1": (Response('[{"name": "é"}]'.encode("latin-1")), None, "G054"),
    "two lists": ({"a": [], "b": []}, None, "G055"),
    "no list": ({"a": 1}, None, "G055"),
    "wrong path": ({"data": {"items": []}}, "data.rows", "G055"),
    "plain": ({"data": 5}, "data", "G055"),
    "taken": ([{"_origin": 1}], None, "G009"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_list_of_rows_is_told(api: Api, name: str) -> None:
    answer, rows, code = ANSWERS[name]
    api.answers(lambda _: answer)
    error = api.refusal(api.table(rows=rows))
    assert code_of(error) == code
    assert error.problems[0].place == PLACE


@pytest.mark.parametrize("answer", [[], {"rows": []}, Response(status=204)], ids=["list", "in an object", "204"])
def test_an_empty_answer_is_no_rows(api: Api, answer: Any) -> None:
    api.answers(lambda _: answer)
    table = api.table(column("id", "bigint"))
    assert api.world.load(table).rows_in == 0
    assert api.world.rows(table) == []


def test_numbers_keep_their_digits_and_nested_values_are_json(api: Api) -> None:
    text = (
        '[{"id": 9007199254740993, "price": 0.1234567890123456789, "big": 12345678901234567890123, '
        '"tags": ["a", {"b": 1}], "none": null, "text": "x\\u0000\\"\\n\\ud83d\\ude00", "on": true}]'
    )
    api.answers(lambda _: Response(text))
    types = {"id": "bigint", "price": "decimal(38,19)", "big": "decimal(38,0)", "text": "varchar"}
    table = api.table(*(column(name, type_) for name, type_ in types.items()), column("tags", "json"))
    api.world.load(table)
    (row,) = api.world.rows(table, 'id, price::varchar, big::varchar, tags, text, none, "on"')
    assert row[:3] == (9007199254740993, "0.1234567890123456789", "12345678901234567890123")
    assert json.loads(row[3]) == ["a", {"b": 1}]
    assert row[4:] == ('x\x00"\n\U0001f600', None, "true")


def test_without_a_contract_types_are_those_of_all_values(api: Api) -> None:
    api.answers(lambda _: [{"i": 1, "d": 0.5, "b": True, "m": 1}, {"i": 2, "d": 1, "b": False, "m": "x"}])
    api.world.load(api.table())
    assert api.world.types(api.table()) == {"i": "BIGINT", "d": "DOUBLE", "b": "BOOLEAN", "m": "VARCHAR"}


def test_a_huge_value_arrives_whole(api: Api) -> None:
    api.answers(lambda _: [{"id": 1, "body": "é" * 6_000_000}, {"id": 2, "body": "x"}])
    table = api.table()
    api.world.load(table)
    assert api.world.rows(table, "id, length(body)") == [(1, 6_000_000), (2, 1)]


def test_rows_are_held_to_the_contract_and_know_where_they_come_from(api: Api) -> None:
    api.answers(
        lambda r: [{"id": 1, "n": "5"}, {"id": 2, "n": "x"}, 7, {"id": 3, "n": 99}] if r.args["page"] == "1" else []
    )
    table = api.table(
        column("id", "bigint"), column("n", "integer", max="50"), key=("id",), write="merge", paginate=Paginate("page")
    )
    change = api.world.load(table)
    assert balanced(change)
    assert (change.loaded, change.rejected) == (1, 3)
    assert sorted(api.world.reasons(table)) == [
        ("is not a JSON object", "GET /items?page=1 row 3"),
        ('n: "x" is not an INTEGER', "GET /items?page=1 row 2"),
        ("n: 99 is more than 50", "GET /items?page=1 row 4"),
    ]


def test_lists_in_rows_are_tables_of_their_own(api: Api) -> None:
    api.answers(
        lambda _: [
            {"id": 1, "at": 5, "lines": [{"sku": "a", "price": 1.10}, {"sku": "b", "price": "?"}, "c"]},
            {"id": 2, "at": 6, "lines": []},
            {"id": 3, "at": 7, "lines": "none"},
            {"id": 4, "at": 7},
        ]
    )
    names = {"id": "bigint", "position": "integer", "sku": "varchar", "price": "decimal(10,2)", "value": "varchar"}
    table = api.table(
        *(column(name, type_) for name, type_ in names.items()), column("at", "bigint"),
        explode="lines", parent={"id": "id", "at": "at"}, key=("id", "position"),
        load="incremental", cursor="at", since=Since("since"),
    )  # fmt: skip
    change = api.world.load(table)
    assert balanced(change)
    assert api.world.rows(table, "id, position, sku, price, value") == [
        (1, 1, "a", Decimal("1.10"), None),
        (1, 3, None, None, "c"),
    ]
    assert sorted(api.world.reasons(table)) == [
        ("lines: is not a list", "GET /items row 3"),
        ('price: "?" is not a DECIMAL(10,2)', "GET /items row 1/2"),
    ]
    api.answers(lambda _: [{"id": 1, "lines": [{"id": 5}]}], "/v1/taken")
    assert code_of(api.refusal(api.table(path="taken", explode="lines", parent={"id": "id"}))) == "G038"


# what is new


def test_only_what_is_new_is_asked_for(api: Api) -> None:
    rows = [{"id": 1, "at": "2024-01-09T10:00:00Z"}, {"id": 2, "at": "2024-01-09T12:00:00+01:00"}]
    api.answers(lambda r: [row for row in rows if r.args.get("since", "") <= row["at"]])
    table = api.table(
        column("id", "bigint"), column("at", "timestamptz"), load="incremental", cursor="at", since=Since("since")
    )
    assert api.world.load(table).loaded == 2
    assert api.world.load(table).is_empty
    rows += [{"id": 3, "at": "2024-01-09T12:00:00+01:00"}, {"id": 4, "at": "2024-01-10T00:00:00Z"}]
    change = api.world.load(table)
    assert balanced(change)
    assert (change.loaded, change.unchanged) == (2, 1)
    assert api.world.positions[table.name]["cursor"] == "2024-01-10T00:00:00Z"
    assert api.world.load(table).is_empty
    assert api.asked[0] == "/items"
    assert api.asked[-1] == "/items?since=2024-01-10T00%3A00%3A00Z"
    assert api.world.rows(table, "id") == [(1,), (2,), (3,), (4,)]


@pytest.mark.parametrize(
    ("format_", "wanted"),
    [("date", "2024-01-10"), ("epoch", "1704888000"), ("epoch_ms", "1704888000500"), (None, None)],
)
def test_the_cursor_is_written_as_the_api_wants_it(api: Api, format_: Any, wanted: str | None) -> None:
    day = "2024-01-10T12:00:00.5Z"
    api.answers(lambda _: [{"id": 1, "at": day}, {"id": 2, "at": "2024-01-10T01:00:00Z"}])
    since = Since("since", format=format_, first="start")
    table = api.table(column("at", "timestamptz"), load="incremental", cursor="at", since=since)
    api.world.load(table)
    assert api.world.load(table).is_empty, "what comes again is not doubled"
    assert api.asked[0] == "/items?since=start"
    assert api.asked[1].endswith(wanted or "2024-01-10T12%3A00%3A00.5Z")


def test_an_api_that_brings_more_than_asked_for_doubles_nothing(api: Api) -> None:
    rows = [{"id": 1, "at": 5}, {"id": "x", "at": 6}, {"id": 3, "at": 7}]
    api.answers(lambda _: rows)
    table = api.table(
        column("id", "bigint"), column("at", "bigint"), load="incremental", cursor="at", since=Since("since")
    )
    assert api.world.load(table).rejected == 1
    assert api.world.load(table).is_empty
    rows += [{"id": 4, "at": 8}, {"id": "y", "at": 4}]
    change = api.world.load(table)
    assert balanced(change)
    assert (change.loaded, change.rejected) == (1, 1)
    assert api.world.load(table).is_empty
    assert api.world.rows(table, "id") == [(1,), (3,), (4,)]
    assert len(api.world.reasons(table)) == 2


def test_a_look_back_asks_for_late_rows(api: Api) -> None:
    rows = [{"id": 1, "at": "2024-01-09T10:00:00Z"}, {"id": 2, "at": "2024-01-10T10:00:00Z"}]
    api.answers(lambda r: [row for row in rows if row["at"] >= r.args.get("since", "")])
    table = api.table(
        column("id", "bigint"), column("at", "timestamptz"), load="incremental", cursor="at", since=Since("since"),
        lookback="12h",
    )  # fmt: skip
    api.world.load(table)
    rows += [{"id": 3, "at": "2024-01-09T23:00:00Z"}, {"id": 4, "at": "2024-01-09T21:00:00Z"}]
    change = api.world.load(table)
    assert (change.loaded, change.unchanged) == (1, 1)
    assert api.world.positions[table.name]["cursor"] == "2024-01-10T10:00:00Z"
    assert api.asked[-1] == "/items?since=2024-01-09T22%3A00%3A00Z"


def test_changed_rows_are_merged(api: Api) -> None:
    rows = [{"id": 1, "at": 5, "v": "a"}, {"id": 2, "at": 6, "v": "b"}]
    api.answers(lambda r: [row for row in rows if row["at"] >= int(r.args.get("since", 0))])
    table = api.table(
        column("id", "bigint"), column("at", "bigint"), column("v"),
        key=("id",), load="incremental", cursor="at", since=Since("since"),
    )  # fmt: skip
    api.world.load(table)
    rows[0] = {"id": 1, "at": 7, "v": "A"}
    assert api.world.load(table).loaded == 1
    assert api.world.rows(table) == [(1, 7, "A"), (2, 6, "b")]


def test_an_incremental_load_says_how_it_asks(api: Api) -> None:
    for table in (
        api.table(load="incremental", cursor="id"),
        api.table(load="incremental", cursor="name", since=Since("s", format="epoch")),
    ):
        api.answers(lambda _: items(1))
        api.world.positions[table.name] = {"of": "items", "by": table.made_by.cursor, "cursor": "n1"}  # type: ignore[union-attr]
        assert code_of(api.refusal(table)) == "G058"


# who asks

AUTHS: dict[str, tuple[Auth, Callable[[Request], bool]]] = {
    "bearer": (Auth(bearer=Secret("hush-hush", "${KEY}")), lambda r: r.headers["authorization"] == "Bearer hush-hush"),
    "basic": (
        Auth(basic=Basic("ann", Secret("hush-hush", "${KEY}"))),
        lambda r: (
            r.authorization is not None and (r.authorization.username, r.authorization.password) == ("ann", "hush-hush")
        ),
    ),
    "header": (Auth(header=Pair("x-key", Secret("hush-hush", "${KEY}"))), lambda r: r.headers["x-key"] == "hush-hush"),
    "query": (Auth(query=Pair("key", Secret("hush hush", "${KEY}"))), lambda r: r.args["key"] == "hush hush"),
}


@pytest.mark.parametrize("name", AUTHS)
def test_credentials_go_with_each_request_and_are_never_shown(api: Api, name: str) -> None:
    auth, is_right = AUTHS[name]
    api.options["auth"] = auth
    broken = [7]
    api.answers(
        lambda r: part([*items(2), *broken], 2 * int(r.args["page"]), 2) if is_right(r) else Response(status=401)
    )
    table = api.table(paginate=Paginate("page", start=0))
    assert api.world.load(table).loaded == 2
    assert "hush" not in repr(api.source)
    assert "hush" not in str(api.world.quarantine(table)) + str(api.world.positions)
    api.answers(lambda r: Response(f"bad key {r.full_path} {r.headers}", status=403), "/v1/closed")
    error = api.refusal(api.table(path="closed"))
    assert code_of(error) == "G051"
    assert "hush" not in str(error)


@pytest.mark.parametrize("token", ["hush-hush\n", "hush\r\nx: y", "hush-\u00e9\u0142", "hush\x00"])
def test_a_secret_that_no_header_can_carry_is_not_shown(api: Api, token: str) -> None:
    api.options |= {"auth": Auth(bearer=Secret(token, "${KEY}")), "retries": 0}
    api.answers(lambda _: Response(status=401))
    error = api.refusal(api.table())
    assert "hush" not in str(error)
    assert code_of(error) in ("G050", "G051")


def test_secrets_in_paths_and_bodies_are_not_shown(api: Api) -> None:
    api.answers(lambda r: [5, r.get_json()["key"]], "/v1/k-5ecret/items")
    body = {"key": Secret("s3cret", "${BODY}")}
    table = api.table(column("id"), path=Secret("k-5ecret/items", "${KEY}/items"), method="POST", body=body)
    api.world.load(table)
    assert [origin for _, origin in api.world.reasons(table)] == [
        "POST /${KEY}/items row 1",
        "POST /${KEY}/items row 2",
    ]
    assert "5ecret" not in str(api.world.positions)


@pytest.mark.parametrize("client_in", ["header", "body"])
def test_a_token_is_fetched_and_renewed(api: Api, client_in: Any) -> None:
    tokens: list[str] = []

    def token(request: Request) -> Any:
        if client_in == "header":
            assert request.authorization is not None
            assert request.authorization.password == "hush-hush"
        else:
            assert request.form["client_secret"] == "hush-hush"
        assert request.form["grant_type"] == "client_credentials"
        tokens.append(f"token-{len(tokens)}")
        return {"access_token": tokens[-1], "token_type": "Bearer"}

    def rows(request: Request) -> Any:
        if request.headers["authorization"] != f"Bearer {tokens[-1]}" or (
            request.args["page"] == "2" and len(tokens) < 2
        ):
            return Response(status=401)
        return part(items(3), 2 * (int(request.args["page"]) - 1), 2)

    api.answers(token, "/token")
    api.answers(rows)
    oauth = OAuth2(api.server.url_for("/token"), "me", Secret("hush-hush", "${SECRET}"), client_in=client_in)
    api.options["auth"] = Auth(oauth2=oauth)
    table = api.table(paginate=Paginate("page"))
    assert api.world.load(table).loaded == 3
    assert tokens == ["token-0", "token-1"]
    api.answers(lambda _: Response(status=401), "/v1/closed")
    assert code_of(api.refusal(api.table(path="closed"))) == "G051"
    api.answers(lambda _: Response("{}", status=400), "/refused")
    api.options["auth"] = Auth(oauth2=OAuth2(api.server.url_for("/refused"), "me", "hush-hush"))
    assert code_of(api.refusal(table)) == "G051"


def test_credentials_never_go_to_another_host(api: Api) -> None:
    elsewhere = api.server.url_for("/v1/moved").replace("localhost", "127.0.0.1")
    seen: list[Request] = []

    def moved(request: Request) -> Any:
        seen.append(request)
        return [{"id": 1}]

    api.answers(moved, "/v1/moved")
    api.answers(lambda _: Response(status=302, headers={"location": elsewhere}))
    api.answers(lambda _: Response(status=307, headers={"location": "/v1/moved"}), "/v1/near")
    api.options |= {"auth": Auth(bearer="hush-hush"), "headers": {"x-team": "hush-hush"}}
    api.world.load(api.table())
    assert "hush" not in str(seen[-1].headers)
    api.world.load(api.table(path="near"))
    assert seen[-1].headers["authorization"] == "Bearer hush-hush"
    assert seen[-1].headers["x-team"] == "hush-hush"
    api.answers(lambda _: {"rows": items(1), "next": elsewhere}, "/v1/leaving")
    api.world.load(api.table(path="leaving", paginate=Paginate("next", path="next"), rows=None))
    assert "hush" not in str(seen[-1].headers)


def test_what_another_host_refuses_is_told_as_such(api: Api) -> None:
    elsewhere = api.server.url_for("/v1/closed").replace("localhost", "127.0.0.1")
    api.answers(lambda _: Response(status=401), "/v1/closed")
    api.answers(lambda _: Response(status=301, headers={"location": elsewhere}))
    api.answers(lambda _: {"rows": items(1), "next": elsewhere}, "/v1/search")
    api.options["auth"] = Auth(bearer="hush-hush")
    error = api.refusal(api.table())
    assert code_of(error) == "G051"
    assert error.problems[0].mend.startswith("write this address as the source's `url`")
    search = api.table(path="search", method="POST", body={"key": "hush-hush"}, paginate=Paginate("next", path="next"))
    error = api.refusal(search)
    assert (code_of(error), say(error)) == ("G053", "POST /search leads to another host, which gets no `body`")


def test_a_cursor_of_many_digits_goes_back_as_it_came(api: Api) -> None:
    following = "123456789012345678901234567890"
    api.answers(
        lambda r: Response(f'{{"rows": [{{"id": {len(api.asked)}}}], "next": {"null" if r.args else following}}}')
    )
    api.world.load(api.table(paginate=Paginate("cursor", path="next")))
    assert api.asked[-1] == f"/items?cursor={following}"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "/v1/items", "http://"])
def test_redirects_that_lead_nowhere(api: Api, target: str) -> None:
    api.answers(lambda _: Response(status=302, headers={"location": target}))
    assert code_of(api.refusal(api.table())) in ("G050", "G053")


# patience


@pytest.mark.parametrize("pause", ["0", formatdate(usegmt=True), None, "soon"])
@pytest.mark.parametrize("status", [408, 429, 503, 500])
def test_what_passes_is_waited_out(api: Api, status: int, pause: str | None) -> None:
    headers = {"retry-after": pause} if pause else {}
    api.answers(lambda _: Response("wait", status=status, headers=headers) if len(api.asked) < 3 else items(2))
    assert api.world.load(api.table()).loaded == 2
    assert len(api.asked) == 3


def test_what_does_not_pass_fails_after_some_attempts(api: Api) -> None:
    api.answers(lambda _: Response('{"error": "tired"}', status=500))
    error = api.refusal(api.table())
    assert (code_of(error), say(error)) == ("G050", 'GET /items answers 500: {"error": "tired"} 3 times')
    assert len(api.asked) == 3


@pytest.mark.parametrize(("status", "code"), [(400, "G053"), (404, "G053"), (401, "G051"), (403, "G051")])
def test_what_will_not_pass_is_not_tried_again(api: Api, status: int, code: str) -> None:
    api.answers(lambda _: Response("no such thing", status=status))
    error = api.refusal(api.table())
    assert code_of(error) == code
    assert "no such thing" in say(error)
    assert len(api.asked) == 1


def test_a_long_pause_ends_the_run(api: Api) -> None:
    api.answers(lambda _: Response(status=429, headers={"retry-after": "3600"}))
    error = api.refusal(api.table())
    assert (code_of(error), say(error)) == ("G052", "GET /items answers 429 and asks to wait 3600 s")
    assert len(api.asked) == 1


def test_requests_keep_to_the_rate(api: Api) -> None:
    api.options["rate"] = "1000/s"
    api.answers(lambda r: part(items(5), int(r.args["offset"]), 1))
    assert api.world.load(api.table(paginate=Paginate("offset"))).loaded == 5


def test_a_server_that_dies_in_the_middle_leaves_nothing(api: Api) -> None:
    api.answers(lambda r: part(items(4), 2 * (int(r.args["page"]) - 1), 2))
    table = api.table(column("id", "bigint"), key=("id",), write="merge", paginate=Paginate("page"))
    api.world.load(table)
    before = dict(api.world.positions)
    with breaking_off(good=1) as url:
        api.options["url"] = url
        error = api.refusal(table)
    assert code_of(error) == "G050"
    assert "breaks off" in say(error)
    assert error.problems[0].place == PLACE
    assert api.world.positions == before
    assert api.world.rows(table, "id") == [(1,), (2,), (3,), (4,)]
    assert code_of(api.refusal(table)) == "G050", "and nobody is there any more"


class breaking_off:  # noqa: N801 - used like a function
    """A server that gives `good` whole pages, then always half of one."""

    def __init__(self, good: int) -> None:
        self.good = good
        self.socket = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                body = json.dumps([{"id": 100 + self.good}])
                sent = body if self.good > 0 else body[:5]
                self.good -= 1
                head = f"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
                connection.sendall((head + sent).encode())

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


# options


@pytest.mark.parametrize(
    "make",
    [
        lambda: KIND.Options("ftp://example.org"),
        lambda: KIND.Options("https://ann:pw@example.org"),
        lambda: KIND.Options("https://example.org", rate="fast"),
        lambda: KIND.Options("https://example.org", timeout="1mo"),
        lambda: KIND.Options("https://example.org", retries=-1),
        Auth,
        lambda: Auth(bearer="a", basic=Basic("b", "c")),
        lambda: OAuth2("example.org", "a", "b"),
        lambda: Paginate("cursor"),
        lambda: Paginate("page", path="x"),
        lambda: Paginate("link", param="x"),
        lambda: Paginate("cursor", path="x", start=1),
        lambda: Paginate("page", until="short"),
        lambda: Paginate("page", size_param="n"),
        lambda: KIND.TableOptions("https://example.org/items"),
        lambda: KIND.TableOptions("items", body={}),
        lambda: KIND.TableOptions("items", parent={"id": "id"}),
        lambda: KIND.TableOptions("items", explode="lines", parent={"position": "id"}),
    ],
)
def test_options_that_do_not_fit(make: Callable[[], Any]) -> None:
    with pytest.raises(ProjectError) as found:
        make()
    assert code_of(found.value) == "G057"


def test_a_look_asks_for_nothing(api: Api) -> None:
    assert api.world.look(api.table()).state == "new"
