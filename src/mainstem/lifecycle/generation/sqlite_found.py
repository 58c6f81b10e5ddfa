"""The tables of a SQLite database, as it describes them itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote as percent_quoted

from mainstem.core.found import FoundColumn, FoundTable
from mainstem.lifecycle.generation.sqlite_text import SourceColumn
from mainstem.sql.quote import literal, quote

_SAMPLED = 200


def found_tables(file: Path, only: frozenset[str]) -> list[FoundTable]:
    """The tables and views, or those that are named. sqlite3.Error where the file is none."""
    with closing(sqlite3.connect(f"file:{percent_quoted(str(file))}?mode=ro", uri=True)) as connection:
        tables = connection.execute(
            "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\' "
            "order by name"
        ).fetchall()
        return [_table(connection, name) for (name,) in tables if not only or name in only]


def _table(connection: sqlite3.Connection, name: str) -> FoundTable:
    rows = connection.execute(f'select name, type, "notnull", pk from pragma_table_info({literal(name)})').fetchall()
    unique = connection.execute(
        f"select max(i.name) from pragma_index_list({literal(name)}) as l, pragma_index_info(l.name) as i "
        'where l."unique" and not l.partial group by l.name having count(*) = 1'
    ).fetchall()
    (count,) = connection.execute(f"select count(*) from {quote(name)}").fetchone()
    samples = connection.execute(f"select * from {quote(name)} limit {_SAMPLED}").fetchall()
    key = tuple(row[0] for row in sorted(rows, key=lambda row: row[3]) if row[3])
    columns = tuple(
        FoundColumn(
            column,
            SourceColumn(column, declared or "").suggested,
            required=bool(needed) or column in key,
            unique=(column,) in unique or key == (column,),
            samples=tuple(row[i] for row in samples if isinstance(row[i], str)),
        )
        for i, (column, declared, needed, _) in enumerate(rows)
    )
    return FoundTable(name, columns, key, count)
