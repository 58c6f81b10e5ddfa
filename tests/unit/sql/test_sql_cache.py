"""Facts from the cache are those that reading gives, or none at all."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from sql_world import COLUMNS

from mainstem.core.place import Place
from mainstem.sql import cache as cache_module
from mainstem.sql.cache import SQLGLOT_VERSION, FactsCache
from mainstem.sql.facts import read_facts, read_inputs

PLACE = Place("models/x.sql")
TEXTS = [
    "with c as (select a, count(*) as n from t where b > 1 group by a) select c.*, d, now() as n from c join u on true",
    "select amout, random() as r from raw.orders",
    "select * from raw.unknown",
    "select p.* from t pivot (sum(a) for b in (1, 2)) p",
    "select a from 'x.csv'",
    "selekt 1",
    "select 'ü\U0001f600' as \"ß\" from t",
]


def _fill(path: Path) -> FactsCache:
    cache = FactsCache(path)
    for sql in TEXTS:
        cache.facts(sql, PLACE, COLUMNS)
    cache.remember_fields("key", [("a", "INTEGER")])
    cache.save()
    return cache


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "facts.msgpack"
    _fill(path)
    return path


@pytest.fixture
def no_reading(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the cache is filled, reading a text again is a failure."""

    def fail(*_: object) -> None:
        raise AssertionError("the text was read again")

    monkeypatch.setattr(cache_module, "read_inputs", fail)
    monkeypatch.setattr(cache_module, "read_facts", fail)


@pytest.mark.parametrize("sql", TEXTS)
def test_what_comes_back_is_what_was_read(sql: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, facts = read_inputs(sql, PLACE), read_facts(sql, PLACE, COLUMNS)
    monkeypatch.setattr(cache_module, "read_inputs", None)
    monkeypatch.setattr(cache_module, "read_facts", None)
    again = FactsCache(path)
    assert again.inputs(sql, PLACE) == inputs
    assert again.facts(sql, PLACE, COLUMNS) == facts
    assert hash(again.facts(sql, PLACE, COLUMNS).problems) == hash(facts.problems)


@pytest.mark.usefixtures("no_reading")
def test_columns_of_datasets_that_are_not_read_play_no_part(path: Path) -> None:
    FactsCache(path).facts(TEXTS[0], PLACE, {**COLUMNS, "raw.orders": ["other"], "main.new": None})


@pytest.mark.parametrize(
    ("sql", "place", "columns"),
    [
        (TEXTS[0] + " ", PLACE, COLUMNS),
        (TEXTS[0], Place("models/y.sql"), COLUMNS),
        (TEXTS[0], PLACE, {**COLUMNS, "main.t": ("a", "b")}),
        (TEXTS[0], PLACE, {**COLUMNS, "main.t": None}),
        (TEXTS[2], PLACE, {**COLUMNS, "raw.unknown": ()}),
    ],
)
@pytest.mark.usefixtures("no_reading")
def test_another_text_file_or_column_is_read_anew(
    path: Path, sql: str, place: Place, columns: dict[str, tuple[str, ...] | None]
) -> None:
    with pytest.raises(AssertionError, match="read again"):
        FactsCache(path).facts(sql, place, columns)


def test_facts_follow_the_columns(path: Path) -> None:
    cache = FactsCache(path)
    sql = "select * from t"
    assert cache.facts(sql, PLACE, {"main.t": ["a"]}).columns == ("a",)
    assert cache.facts(sql, PLACE, {"main.t": ["a", "z"]}).columns == ("a", "z")
    assert cache.facts(sql, PLACE, {"main.t": ["a"]}).columns == ("a",)


def test_fields_are_remembered(path: Path) -> None:
    assert FactsCache(path).fields("key") == [("a", "INTEGER")]
    assert FactsCache(path).fields("other") is None


@pytest.mark.parametrize("keep", [0, 1, 20, 40, -1])
def test_a_torn_file_counts_as_empty_and_is_replaced(path: Path, keep: int) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:keep])
    assert FactsCache(path).fields("key") is None
    _fill(path)
    assert FactsCache(path).fields("key") == [("a", "INTEGER")]


@pytest.mark.parametrize("at", [0, 16, 35, 200])
def test_a_file_with_one_wrong_byte_is_not_trusted(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))
    assert FactsCache(path).fields("key") is None


@pytest.mark.parametrize("name", ["__version__", "SQLGLOT_VERSION", "_FORMAT"])
def test_facts_of_another_version_are_not_trusted(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, name, "another")
    assert FactsCache(path).fields("key") is None


def test_the_version_of_the_parser_is_the_installed_one() -> None:
    assert version("sqlglot") == SQLGLOT_VERSION


def test_a_folder_instead_of_a_file_is_no_cache_and_no_failure(tmp_path: Path) -> None:
    cache = _fill(tmp_path)
    assert cache.fields("key") == [("a", "INTEGER")]
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    _fill(tmp_path / "file" / "facts.msgpack")
    assert (tmp_path / "file").read_text() == "in the way"


def test_nothing_new_leaves_the_file_alone(path: Path) -> None:
    before = path.stat()
    _fill(path)
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_entries_not_used_go_when_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "facts.msgpack"
    monkeypatch.setattr(cache_module, "_ROOM", 10)
    old = FactsCache(path)
    for number in range(30):
        old.remember_fields(f"old {number}", [("a", "INTEGER")])
    old.save()
    new = FactsCache(path)
    assert new.fields("old 1") is not None
    new.remember_fields("new", [("b", "DATE")])
    new.save()
    last = FactsCache(path)
    assert last.fields("old 1") is not None
    assert last.fields("new") is not None
    assert last.fields("old 2") is None


def test_a_hit_loads_no_parser(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mainstem.core.place import Place;"
        "from mainstem.sql.cache import FactsCache;"
        f"cache = FactsCache(Path({str(path)!r})); place = Place('models/x.sql');"
        f"facts = cache.facts({TEXTS[0]!r}, place, {dict(COLUMNS)!r}); cache.save();"
        "print(facts.columns[0], 'sqlglot' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "a False\n"
    )
