"""Resources written for dlt, as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from textwrap import dedent
from typing import Any

import pytest
from ingestion_world import PLACE, World, balanced, code_of, column, say
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.kinds import find
from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.secret import Secret

KIND = find("sources", "dlt")

SHOP = """
    import dlt
    from datetime import datetime, timedelta, timezone
    from decimal import Decimal

    START = datetime(2024, 1, 1, tzinfo=timezone.utc)
    DAYS = [0, 1, 1]

    @dlt.resource
    def orders(at=dlt.sources.incremental("at", initial_value=START)):
        rows = [{"id": n, "at": START + timedelta(days=day), "price": Decimal("1.10")} for n, day in enumerate(DAYS)]
        yield [row for row in rows if row["at"] >= at.last_value]

    @dlt.resource
    def plain():
        yield {"id": 1, "deep": {"a": [1, {"b": None}]}}
        yield [{"id": 2}]

    @dlt.source
    def shop(token: str = dlt.secrets.value, pages: int = 1):
        @dlt.resource
        def counted():
            state = dlt.current.resource_state()
            state["n"] = state.get("n", 0) + 1
            yield {"id": state["n"], "pages": pages, "token_length": len(token)}

        @dlt.transformer(data_from=counted)
        def more(item):
            yield {"id": item["id"] * 10}

        @dlt.resource
        def failing():
            yield {"id": 1}
            raise ValueError(f"{token} is wrong")

        return orders, counted, more, failing
"""


@dataclass
class Shop:
    """A file of the project with resources, and the world that loads from them."""

    world: World
    source_: str = "sources/shop.py:shop"
    config: dict[str, Any] = field(default_factory=lambda: {"token": Secret("hush-hush", "${TOKEN}"), "pages": 2})

    @property
    def source(self) -> Source:
        return Source("shop", "dlt", KIND.Options(self.source_, self.config), PLACE)

    def write(self, text: str) -> None:
        folder = self.world.root / "sources"
        folder.mkdir(exist_ok=True)
        (folder / "shop.py").write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def table(self, name: str, *columns: Column, key: tuple[str, ...] = (), **said: Any) -> Dataset:
        load, resource = said.get("load", "full"), said.pop("resource", None)
        write = said.pop("write", "replace" if load == "full" else "merge" if key else "append")
        made_by = Load("shop", name, KIND.TableOptions(resource), write=write, **said)
        return Dataset(f"shop.{name}", PLACE, made_by, columns, key)

    def refusal(self, dataset: Dataset) -> WorldError:
        with pytest.raises(WorldError) as found:
            self.world.load(dataset)
        assert self.world.session.rows("select table_name from duckdb_tables() where temporary") == []
        return found.value


@pytest.fixture
def shop(world: World, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(world)
    made.write(SHOP)
    monkeypatch.setattr(world, "source", lambda dataset: made.source)
    return made


def test_a_resource_goes_on_by_its_own_state(shop: Shop) -> None:
    table = shop.table("orders", load="incremental")
    assert shop.world.look(table).state == "new"
    assert shop.world.load(table).loaded == 3
    assert shop.world.load(table).is_empty, "ties at the last value are known"
    shop.write(SHOP.replace("[0, 1, 1]", "[0, 1, 1, 1, 2]"))
    change = shop.world.load(table)
    assert balanced(change)
    assert change.loaded == 2
    assert shop.world.rows(table, "id, price") == [(n, Decimal("1.10")) for n in range(5)]
    assert shop.world.types(table)["at"] == "TIMESTAMP WITH TIME ZONE"


def test_the_state_is_what_dlt_says_it_is(shop: Shop) -> None:
    """Where this fails, dlt keeps its state otherwise than positions in lakes have it: see that they still fit."""
    table = shop.table("orders", load="incremental")
    shop.world.load(table)
    position = json.loads(json.dumps(shop.world.positions["shop.orders"]))
    state = KIND.revived(position["state"])
    found = state["sources"]["shop"]["resources"]["orders"]["incremental"]["at"]
    assert {"initial_value", "last_value", "unique_hashes"} <= set(found)
    assert found["last_value"] == datetime(2024, 1, 2, tzinfo=UTC)
    assert len(found["unique_hashes"]) == 2
    assert KIND.written(state) == position["state"]


def test_a_state_of_the_resource_s_own(shop: Shop) -> None:
    table = shop.table("counted", load="incremental")
    for _ in range(3):
        shop.world.load(table)
    assert shop.world.rows(table) == [(1, 2, 9), (2, 2, 9), (3, 2, 9)]
    full = shop.table("more")
    shop.world.load(full)
    assert shop.world.load(full).is_empty
    assert shop.world.rows(full) == [(10,)]


def test_a_resource_without_state_is_loaded_in_full_or_by_its_key(shop: Shop) -> None:
    shop.source_, shop.config = "sources/shop.py:plain", {}
    assert code_of(shop.refusal(shop.table("plain", load="incremental"))) == "G063"
    for table in (shop.table("plain"), shop.table("keyed", key=("id",), load="incremental")):
        assert shop.world.load(table).loaded == 2
        assert shop.world.load(table).is_empty
        assert shop.world.rows(table, "id") == [(1,), (2,)]
    assert shop.world.rows(shop.table("plain"), "deep")[0] == ('{"a": [1, {"b": null}]}',)


def test_rows_are_held_to_the_contract(shop: Shop) -> None:
    table = shop.table("o", column("id", "bigint", max="1"), column("price", "decimal(10,1)"), resource="orders")
    change = shop.world.load(table)
    assert balanced(change)
    assert (change.loaded, change.rejected) == (2, 1)
    assert shop.world.reasons(table) == [("id: 2 is more than 1", "shop.orders batch 1 row 3")]


def test_a_failure_names_the_line_and_no_secret(shop: Shop) -> None:
    error = shop.refusal(shop.table("failing"))
    assert code_of(error) == "G061"
    assert "${TOKEN} is wrong" in say(error)
    assert error.problems[0].place is not None
    assert error.problems[0].place.file == "sources/shop.py"
    assert "hush" not in str(error)
    shop.config = {}
    error = shop.refusal(shop.table("counted"))
    assert "token" in say(error)
    assert code_of(error) == "G061"


def test_what_is_not_there_is_told(shop: Shop) -> None:
    assert say(shop.refusal(shop.table("ordres"))) == '"sources/shop.py:shop" has no resource "ordres"'
    for named, code in {
        "sources/shop.py:START": "G060",
        "sources/shop.py:timedelta": "G065",
        "sources/none.py:shop": "G060",
        "nothing.like_it:shop": "G060",
    }.items():
        shop.source_, shop.config = named, {}
        assert code_of(shop.refusal(shop.table("orders"))) == code
    with pytest.raises(ProjectError) as found:
        KIND.Options("dlt.sources.rest_api")
    assert code_of(found.value) == "G064"


def test_dlt_that_is_missing_is_named(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlt.common.configuration.container", None)
    with pytest.raises(WorldError, match=r"pip install 'mainstem\[dlt\]'") as found:
        shop.world.load(shop.table("orders"))
    assert code_of(found.value) == "G080"


def test_a_source_of_dlt_s_own(shop: Shop, httpserver: HTTPServer) -> None:
    rows = [{"id": 1, "at": "2024-01-01T00:00:00Z"}, {"id": 2, "at": "2024-01-02T00:00:00Z"}]

    def handle(request: Request) -> Response:
        found = [row for row in rows if row["at"] >= request.args.get("since", "")]
        return Response(json.dumps(found), content_type="application/json")

    httpserver.expect_request("/items").respond_with_handler(handle)
    incremental = {"cursor_path": "at", "initial_value": "2024-01-01T00:00:00Z"}
    endpoint = {"path": "items", "paginator": "single_page", "params": {"since": "{incremental.start_value}"}}
    shop.source_ = "dlt.sources.rest_api:rest_api_source"
    shop.config = {
        "config": {
            "client": {"base_url": httpserver.url_for("/")},
            "resources": [{"name": "items", "endpoint": {**endpoint, "incremental": incremental}}],
        }
    }
    table = shop.table("items", load="incremental")
    assert shop.world.load(table).loaded == 2
    rows.append({"id": 3, "at": "2024-01-02T00:00:00Z"})
    assert shop.world.load(table).loaded == 1
    assert shop.world.rows(table, "id") == [(1,), (2,), (3,)]


def test_nothing_is_written_outside_of_the_project(shop: Shop) -> None:
    """Without a HOME, and with a folder for dlt's own data that would show what it writes."""
    root = shop.world.root / "project"
    (root / "sources").mkdir(parents=True)
    (root / "sources" / "shop.py").write_text(dedent(SHOP), encoding="utf-8")
    (root / "mainstem.yml").write_text("name: small\n")
    (root / "sources" / "shop.yml").write_text(
        "kind: dlt\nsource: sources/shop.py:orders\ntables:\n  orders: {load: incremental}\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "HOME"}
    program = "import mainstem.__main__ as m; import sys; sys.argv = ['mainstem', 'run']; m.main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env=environment | {"DLT_DATA_DIR": str(root / "dlt-data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in root.iterdir()) == [".mainstem", "lake", "mainstem.yml", "sources"]
    assert sorted(path.name for path in (root / "sources").iterdir()) == ["shop.py", "shop.yml"]
