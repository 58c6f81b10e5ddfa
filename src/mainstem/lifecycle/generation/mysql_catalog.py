"""A MySQL or MariaDB server as its information schema describes it, seen through a connection of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mainstem.core.dataset import Dataset
from mainstem.core.found import FoundColumn, FoundTable
from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.lifecycle.generation import mysql_types as dialect
from mainstem.lifecycle.generation.loads import name_at_source, refused_filter
from mainstem.lifecycle.generation.mysql_types import Declared, quote_name
from mainstem.lifecycle.generation.server import Ask, ServerTable, filtered, table_of
from mainstem.project.pairing import pair

_WAIT_S = 10
_UNREACHED, _DENIED, _LOST = (2002, 2003, 2005), (1044, 1045, 1049), (2006, 2013)
"""Numbers of errors: nobody answers; user, password or database are not accepted; the connection breaks off."""

_SESSION = "set time_zone = '+00:00'"


def address(url: str, place: Place) -> Mapping[str, Any]:
    """host, port, user, password, database, and what stands behind `?`. WorldError G081 for what is no address."""
    try:
        parts = urlsplit(str(url))
        found: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 3306,
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "database": unquote(parts.path.removeprefix("/")),
            **dict(parse_qsl(parts.query)),
        }
    except ValueError:
        found = {}
    if not found.get("host") or not found.get("database") or parts.scheme not in ("mysql", "mariadb"):
        mend = "write `url: mysql://USER:PASSWORD@HOST:PORT/DATABASE`, signs of a password percent-encoded"
        raise WorldError(Problem("G081", "the address is no MySQL URL", mend, place))
    return found


@contextmanager
def connected(keywords: Mapping[str, Any], place: Place, source: str | None = None) -> Iterator[Any]:
    """A connection that only reads; `source` is whose. WorldError G080 without the extra, G081 where the server refuses
    or breaks off."""
    try:
        import pymysql
    except ImportError:
        mend = "install it: pip install 'mainstem[mysql]'"
        raise WorldError(Problem("G080", "what MySQL is read with is not installed", mend, place)) from None
    known = {key: keywords[key] for key in ("host", "port", "user", "password", "database")}
    secure: Mapping[str, Any] = {"ssl": {}} if keywords.get("ssl_mode", "").upper() in ("REQUIRED", "VERIFY_CA") else {}
    connection = None
    try:
        connection = pymysql.connect(
            **known, **secure, charset="utf8mb4", connect_timeout=_WAIT_S, init_command=_SESSION, autocommit=True
        )
        yield connection
    except (pymysql.Error, OSError) as error:
        raise WorldError(Problem("G081", *_refusal(error, keywords, source), place)) from None
    finally:
        if connection is not None:
            with suppress(pymysql.Error):
                connection.close()


def _refusal(error: Exception, keywords: Mapping[str, Any], source: str | None) -> tuple[str, str]:
    """What and mend of a connection that fails or breaks off: whose server, where it is, what it says."""
    whose = f' of source "{source}"' if source else ""
    server = f"the MySQL server{whose} at {keywords['host']}:{keywords['port']}"
    said = str(error.args[-1] if error.args else error)
    if error.args and error.args[0] in _UNREACHED:
        return f"{server} cannot be reached: {said}", "start the server, or correct host and port in `url`"
    if error.args and error.args[0] in _DENIED:
        return f"{server} refuses: {said}", "correct user, password and database in `url`"
    return f"{server} refuses: {said}", "correct the table or its rights, or run again when the server is back"


def asking(connection: Any) -> Ask:
    """Runs SELECTs of ours."""

    def ask(query: str) -> Sequence[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(query)
            rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
            return rows

    return ask


def table(ask: Ask, dataset: Dataset, database: str) -> ServerTable:
    """The table that a dataset is loaded from. WorldError G005, G006, G009, G087."""
    shown = name_at_source(dataset)
    schema, _, name = shown.rpartition(".")
    schema = schema or database
    where = f"where table_schema = {_text(schema)} and table_name = {_text(name)}"
    rows = ask(
        "select column_name, lower(data_type), lower(column_type), numeric_precision, numeric_scale "
        f"from information_schema.columns {where} order by ordinal_position"
    )
    if not rows:
        there = f"select table_name from information_schema.tables where table_schema = {_text(schema)}"
        mend = nearest(shown, [name for (name,) in ask(there)], kind="tables")
        raise WorldError(Problem("G005", f'table "{shown}" is not in the database', mend, dataset.place))
    contract = [column.type if column else None for _, column in pair([row[0] for row in rows], dataset.columns)]
    columns = [
        dialect.column_of(Declared(name, base, words, digits, scale, wanted))
        for (name, base, words, digits, scale), wanted in zip(rows, contract, strict=True)
    ]
    statistics = f"information_schema.statistics {where} and index_name = 'PRIMARY'"
    key = [name for (name,) in ask(f"select column_name from {statistics} order by seq_in_index")]
    found = table_of(dataset, shown, f"{quote_name(schema)}.{quote_name(name)}", columns, key, None)
    _try_filter(ask, found)
    return found


def _try_filter(ask: Ask, table: ServerTable) -> None:
    """WorldError G087 where the server refuses the filter."""
    import pymysql

    query = filtered(table)
    try:
        if query is not None:
            ask(query)
    except pymysql.Error as error:
        if error.args and error.args[0] in _LOST:
            raise
        raise refused_filter(table.dataset, str(error.args[-1] if error.args else error)) from None


_SAMPLED = 200
_ENUM = re.compile(r"'((?:[^']|'')*)'")


def found_tables(ask: Ask, database: str, only: frozenset[str]) -> list[FoundTable]:
    """The tables and views of the database, or those that are named, as the information schema describes them."""
    tables = ask(
        "select table_name, table_rows, if(table_type = 'VIEW', '', table_comment) from information_schema.tables "
        f"where table_schema = {_text(database)} order by table_name"
    )
    return [_found_table(ask, database, *table) for table in tables if not only or table[0] in only]


def _found_table(ask: Ask, database: str, name: str, rows: int | None, words: str) -> FoundTable:
    where = f"where table_schema = {_text(database)} and table_name = {_text(name)}"
    columns = ask(
        "select column_name, lower(data_type), column_type, numeric_precision, numeric_scale, is_nullable, "
        f"column_comment from information_schema.columns {where} order by ordinal_position"
    )
    single = "group by index_name having count(*) = 1"
    unique = ask(f"select max(column_name) from information_schema.statistics {where} and non_unique = 0 {single}")
    primary = f"{where} and index_name = 'PRIMARY' order by seq_in_index"
    key = tuple(each for (each,) in ask(f"select column_name from information_schema.statistics {primary}"))
    texts = [column[0] for column in columns if column[1] in ("char", "varchar", "text", "longtext", "mediumtext")]
    relation = f"{quote_name(database)}.{quote_name(name)}"
    asked = ", ".join(map(quote_name, texts)) or "1"
    sampled = ask(f"select {asked} from {relation} limit {_SAMPLED}") if texts else ()
    samples = {each: tuple(str(row[i]) for row in sampled if row[i] is not None) for i, each in enumerate(texts)}
    found = [
        FoundColumn(
            column,
            dialect.column_of(Declared(column, base, shown.lower(), digits, scale)).type,
            required=nullable == "NO",
            unique=(column,) in unique,
            accepted=tuple(each.replace("''", "'") for each in _ENUM.findall(shown)) if base == "enum" else None,
            description=comment,
            samples=samples.get(column, ()),
        )
        for column, base, shown, digits, scale, nullable, comment in columns
    ]
    return FoundTable(name, tuple(found), key, rows, words)


def _text(text: str) -> str:
    return f"convert(x'{text.encode().hex()}' using utf8mb4)"
