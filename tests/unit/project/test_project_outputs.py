"""Outputs: their SELECTs lie where they lie in the file, their keys are those of their kind."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_folders import loaded

from mainstem.core.output import Output, Query
from mainstem.core.place import Place

PEOPLE = {
    "requirements/a.md": "---\nkind: stakeholder\nid: a\ntitle: A\naliases: [old-a]\n---\n",
    "requirements/n.md": "---\nkind: need\nid: n\ntitle: N\nstakeholder: a\naliases: [old-n]\n---\n",
    "models/x.sql": "select 1 as amount",
}


def output(tmp_path: Path, path: str, text: str) -> Output:
    outputs = loaded(tmp_path, {**PEOPLE, f"serving/{path}": text}).outputs
    assert list(outputs) == [path.rpartition(".")[0]]
    return next(iter(outputs.values()))


def stands_where_it_is_written(query: Query, text: str, word: str) -> None:
    """A word of the query has the line and column that it has in the file."""
    line = next(number for number, each in enumerate(text.split("\n")) if word in each and "#" not in each)
    column = text.split("\n")[line].index(word)
    assert query.sql.split("\n")[line][column:].startswith(word)
    assert query.sql.split("\n")[line][:column].strip() in text.split("\n")[line]
    assert not "".join(query.sql.split("\n")[: query.place.line - 1]).strip()


DASHBOARD = """---
title: Morning
owner: old-a
needs: [old-n]
---
# Heading

```sql name=first
select amount
from main.x
```

Text `inline`, and a block that is only shown:

```python
select = 1
```

- a list
   ~~~sql name=second chart=line
   select amount as indented
   ~~~

````sql name=third
select '```' as fence,
  amount as late
````
"""


def test_the_blocks_of_a_dashboard(tmp_path: Path) -> None:
    found = output(tmp_path, "dashboards/morning.md", DASHBOARD)
    assert (found.name, found.kind, found.title, found.owner, found.needs) == (
        "dashboards/morning",
        "dashboard",
        "Morning",
        "a",
        ("n",),
    )
    assert [(query.name, query.place.line) for query in found.queries] == [("first", 9), ("second", 21), ("third", 25)]
    stands_where_it_is_written(found.queries[0], DASHBOARD, "main.x")
    stands_where_it_is_written(found.queries[1], DASHBOARD, "amount as indented")
    stands_where_it_is_written(found.queries[2], DASHBOARD, "amount as late")
    assert found.text.startswith("# Heading")


def test_an_api_is_a_select_with_a_head(tmp_path: Path) -> None:
    text = "/* ---\ntitle: X\nparams:\n  day: {type: date, required: true}\n--- */\nselect amount from main.x\n"
    found = output(tmp_path, "apis/x.sql", text)
    assert found.queries[0].name == "x"
    stands_where_it_is_written(found.queries[0], text, "main.x")
    assert found.options == {"params": {"day": {"type": "date", "required": "true"}}}


@pytest.mark.parametrize(
    "text",
    [
        "title: T\nsql: |\n  select amount\n  from main.x\nmeasure: sum(amount)\n",
        "title: T\nsql: |\n\n\n    select amount\n      from main.x\nmeasure: sum(amount)\n",
        "title: T\nsql: select amount from main.x\nmeasure: sum(amount)\n",
        'title: T\nsql: "select amount from main.x"\nmeasure: sum(amount)\n',
        "title: T\nmeasure: sum(amount)\nsql:\n  select amount from main.x\n",
        "title: T\nmeasure: sum(amount)\nsql: |-\n     select 'ü', amount\n\n     from main.x",
    ],
)
def test_sql_in_yaml_stands_where_it_is_written(tmp_path: Path, text: str) -> None:
    found = output(tmp_path, "metrics/m.yml", text)
    (query,) = found.queries
    stands_where_it_is_written(query, text, "main.x")
    assert query.sql.split("\n")[query.place.line - 1][query.place.column - 1 :].startswith("select")
    assert found.options == {"measure": "sum(amount)"}


@pytest.mark.parametrize(
    "text",
    [
        "from: main.x\nto: crm\ntable: t\nkey: [amount]\n",
        "to: crm\ntable: t\nkey: [amount]\nfrom:\n  main.x\n",
        "to: crm\ntable: t\nkey: [amount]\nfrom:      'main.x'\n",
    ],
)
def test_from_reads_a_dataset_whole(tmp_path: Path, text: str) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "crm.yml").write_text("kind: sqlite\npath: crm.db\ntables: {t: {}}\n")
    found = output(tmp_path, "syncs/s.yml", text)
    (query,) = found.queries
    assert query.sql.split() == ["from", "main.x"]
    assert query.place == Place(
        "serving/syncs/s.yml",
        next(number for number, line in enumerate(text.split("\n"), 1) if "main.x" in line),
        query.place.column,
    )


def test_a_training_set(tmp_path: Path) -> None:
    text = "entity: [id]\nlabel: amount\nevent_time: at\nsql: select id, at, amount from main.x\n"
    found = output(tmp_path, "training/t.yml", text)
    assert (found.kind, found.options and found.options["label"]) == ("training", "amount")


LOOK_UP = """entity: [id]
label: amount
event_time: at
sql: select id, at, amount from main.x
as_of:
  - from: raw.weather
    on: {place: id}
    time: seen_at
    features:
      - temp
      - "wind speed"
"""


def test_what_a_training_set_looks_up_is_a_query_of_its_own(tmp_path: Path) -> None:
    query = output(tmp_path, "training/t.yml", LOOK_UP).queries[1]
    words = ['"place"', '"seen_at"', '"temp"', '"wind speed"']
    assert " ".join(query.sql.split()) == f"from raw.weather select {' , '.join(words)}".replace(" ,", ",")
    lines = query.sql.split("\n")
    for word in ("raw.weather", *words):
        line = next(number for number, each in enumerate(lines) if word in each)
        assert word.strip('"') in LOOK_UP.split("\n")[line]
    assert lines[9].index('"temp"') == LOOK_UP.split("\n")[9].index("temp")
