"""Made rows: the same for a seed, spread as said, with as many faults as said, and day by day what all at once is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mainstem.core.dataset import Column, Dataset, Load, Source
from mainstem.core.place import Place
from mainstem.core.ports import Reading
from mainstem.lifecycle.generation import synthetic
from mainstem.lifecycle.generation.synthetic_options import Drift, Faults, NewColumn, Options, Season, Value

PLACE = Place("sources/shop.yml", 3, 1)
ROWS = 100_000


def value(kind: str, **options: Any) -> Value:
    return Value(PLACE, kind, **options)  # type: ignore[arg-type]


def table(name: str, columns: Mapping[str, Any], *, load: str = "full", **options: Any) -> Dataset:
    """A table whose first column is its key."""
    made_by = Load("shop", name, synthetic.TableOptions(**options), load, write="merge")
    contract = tuple(
        Column(each, PLACE, **(said if isinstance(said, dict) else {"type": said})) for each, said in columns.items()
    )
    return Dataset(f"shop.{name}", PLACE, made_by, contract, key=(next(iter(columns)),))


def read(*tables: Dataset, seed: int = 1, at: datetime = datetime(2024, 2, 1, tzinfo=UTC), position: Any = None) -> Any:
    """A reading of the first table."""
    source = Source("shop", "synthetic", Options(seed), PLACE, tables=tuple(each.name for each in tables))
    by_name = {each.name.partition(".")[2]: each for each in tables}
    none: Any = None
    assert list(synthetic.problems(source, by_name, Path())) == []
    return synthetic.read_at(source, tables[0], position, Path(), none, at, by_name)


def ask(reading: Reading, select: str, threads: int = 2) -> list[tuple[Any, ...]]:
    with duckdb.connect(config={"threads": threads}) as database:
        return database.sql(f"with made as ({reading.select}) {select}").fetchall()


EVERY = table(
    "every",
    {
        "id": {"type": "bigint", "required": True},
        "key": {"type": "uuid", "unique": True},
        "email": {"type": "varchar", "unique": True},
        "code": {"type": "varchar", "matches": r"[A-Z]{2}-\d{3,5}x?"},
        "amount": {"type": "decimal(10,2)", "min": "1", "max": "50"},
        "big": "double",
        "small": {"type": "tinyint", "min": "-5", "max": "5"},
        "status": {"type": "varchar", "accepted": ("open", "paid")},
        "is_new": "boolean",
        "born": {"type": "date", "min": "1950-01-01", "max": "2005-12-31"},
        "at": "timestamptz",
        "note": "varchar",
        "phone": "varchar",
        "nested": "integer[]",
    },
    rows=1000,
    values={"big": Value(PLACE, "normal", mean=10, sigma=2)},
)


def test_a_seed_makes_the_same_rows_whatever_the_threads() -> None:
    digest = "select md5(string_agg(made::varchar, ';' order by id)) from made"
    one = ask(read(EVERY), digest, threads=1)

    assert ask(read(EVERY), digest, threads=8) == one
    assert one == [("1d3c116483e403055aadfacd17489096",)]
    assert ask(read(EVERY, seed=2), digest) != one


def test_rows_keep_their_contract() -> None:
    (found,) = ask(
        read(EVERY),
        r"""select count(*), count(distinct id), count(distinct key), count(distinct email),
        count(*) filter (not regexp_full_match(code, '[A-Z]{2}-\d{3,5}x?')), min(amount) >= 1 and max(amount) <= 50,
        list_sort(list(distinct small)), list_sort(list(distinct status)), min(born), max(born), count(nested)
        from made""",
    )
    assert found[:6] == (1000, 1000, 1000, 1000, 0, True)
    assert found[6] == list(range(-5, 6))
    assert found[7] == ["open", "paid"]
    assert date(1950, 1, 1) <= found[8] < date(1951, 1, 1)
    assert date(2005, 1, 1) <= found[9] <= date(2005, 12, 31)
    assert found[10] == 0


@pytest.mark.parametrize("kind", ["normal", "lognormal", "exponential", "number"])
def test_numbers_stay_within_what_is_said(kind: str) -> None:
    made = table("made", {"id": "bigint", "n": "double"}, rows=5000, values={"n": value(kind, min=0.0, max=50.0)})
    assert ask(read(made), "select min(n) >= 0, max(n) <= 50, count(distinct n) > 100 from made") == [
        (True, True, True)
    ]


def test_values_are_spread_as_said() -> None:
    hours = tuple(1.0 if 8 <= hour < 10 else 0.0 for hour in range(24))
    weekdays = (2.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    made = table(
        "made",
        {"id": "bigint", "bell": "double", "paid": "double", "wait": "double", "word": "varchar", "time": "timestamp"},
        rows=ROWS,
        values={
            "bell": value("normal", mean=100, sigma=15),
            "paid": value("lognormal", mean=3, sigma=0.5),
            "wait": value("exponential", mean=20),
            "word": value("choice", of={"often": 0.9, "seldom": 0.1}),
            "time": value("time", from_="2024-01-01", to="2024-07-01", season=Season(hours, weekdays)),
        },
    )
    (found,) = ask(
        read(made),
        "select avg(bell), stddev(bell), median(paid), stddev(ln(paid)), avg(wait), avg((word = 'often')::int), "
        "corr(bell, paid), min(hour(time)), max(hour(time)), list_sort(list(distinct isodow(time))), "
        "avg((isodow(time) = 1)::int), min(time)::date, max(time) < timestamp '2024-07-01' from made",
    )
    assert found[:7] == pytest.approx((100, 15, 20.09, 0.5, 20, 0.9, 0), rel=0.02, abs=0.01)
    assert found[7:10] == (8, 9, [1, 2, 3])
    assert found[10] == pytest.approx(0.5, abs=0.01)
    assert found[11:] == (date(2024, 1, 1), True)


@pytest.mark.parametrize(("zipf", "first"), [(None, 0.001), (1.0, 0.10), (1.2, 0.17)])
def test_references_hit_rows_that_are_there(zipf: float | None, first: float) -> None:
    customers = table("customers", {"id": {"type": "varchar"}, "name": "varchar"}, rows=1000)
    orders = table(
        "orders",
        {"id": "bigint", "customer": "varchar"},
        rows=ROWS,
        values={"customer": value("reference", to="customers.id", zipf=zipf)},
    )
    keys = {key for (key,) in ask(read(customers), "select id from made")}
    hits = dict(ask(read(orders, customers), "select customer, count(*) from made group by 1"))

    assert hits.keys() <= keys
    assert len(hits) > 900
    assert hits["id-1"] / ROWS == pytest.approx(first, rel=0.3)


def daily(**options: Any) -> Dataset:
    columns = {"id": "bigint", "day": {"type": "date", "required": True}, "amount": "double", "note": "varchar"}
    return table("daily", columns, load="incremental", per_day=2000, from_=date(2024, 1, 1), **options)


def test_days_come_when_they_are_over_and_once() -> None:
    faults = Faults(duplicates="1%", late="5%", bad="1%", nulls="2%")
    made, position, parts = daily(faults=faults), None, list[tuple[Any, ...]]()
    for day in (1, 2, 5, 12):
        reading = read(made, at=datetime(2024, 1, day, 6, tzinfo=UTC), position=position)
        parts += ask(reading, "select * from made")
        position = reading.position
        source = Source("shop", "synthetic", Options(), PLACE)
        seen = synthetic.look_at(source, made, position, Path(), datetime(2024, 1, day, 23, tzinfo=UTC))
        assert seen.state == "nothing"
    whole = ask(read(made, at=datetime(2024, 1, 12, 6, tzinfo=UTC)), "select * from made")

    assert sorted(map(str, parts)) == sorted(map(str, whole))
    assert len(whole) == pytest.approx(11 * 2000 * 1.01, rel=0.02)


def test_faults_are_as_many_as_said() -> None:
    faults = Faults(nulls="2%", duplicates="1%", late="5%", bad="3%")
    reading = read(daily(faults=faults), at=datetime(2024, 2, 20, tzinfo=UTC))
    (found,) = ask(
        reading,
        "select count(*) / count(distinct id), avg((note is null)::int), avg((day = '?' or amount = '?')::int), "
        "count(*) filter (day = '?' and amount = '?') from made",
    )
    assert found == pytest.approx((1.01, 0.02, 0.03, 0), rel=0.1)
    (missing,) = ask(reading, "select 1 - count(distinct id) / 2000 from made where id > 49 * 2000")
    assert missing == pytest.approx((0.05,), rel=0.3)


def test_a_column_comes_later() -> None:
    made = daily(faults=Faults(drift=Drift(date(2024, 1, 3), NewColumn("coupon"))))
    before = read(made, at=datetime(2024, 1, 3, tzinfo=UTC))
    after = read(made, at=datetime(2024, 1, 4, tzinfo=UTC))

    assert [field.name for field in before.columns] == ["id", "day", "amount", "note"]
    assert [field.name for field in after.columns] == ["id", "day", "amount", "note", "coupon"]
    assert ask(after, "select count(coupon) from made") == [(2000,)]


def test_more_rows_of_an_incremental_table_are_the_ones_that_were_missing() -> None:
    few, many = (
        table("rows", {"id": "bigint", "amount": "double"}, load="incremental", rows=count) for count in (100, 150)
    )
    first = read(few)
    rest = read(many, position=first.position)

    rows = ask(first, "select * from made") + ask(rest, "select * from made")
    assert sorted(rows) == sorted(ask(read(many), "select * from made"))
