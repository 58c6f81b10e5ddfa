"""Sources of kind `adbc`: any database that has an ADBC driver, by SELECTs whose results come as Arrow."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from mainstem.core.dataset import Condition, Dataset, Source
from mainstem.core.place import Place, Places
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, ProjectError, WorldError, nearest
from mainstem.core.release import Field
from mainstem.core.run import Look
from mainstem.lifecycle.generation.loads import continued, filter_of, load_of, name_at_source
from mainstem.lifecycle.generation.lookback import begin
from mainstem.lifecycle.generation.nulls import with_nulls
from mainstem.lifecycle.generation.server import ALIASES, family_of
from mainstem.project.pairing import at_source
from mainstem.sql.quote import literal, quote

EXTENSIONS = ()

_BYTEWISE = frozenset({"adbc_driver_sqlite", "adbc_driver_duckdb"})
"""Drivers of databases that compare texts by their bytes, as the engine does."""

_MAKES_UP_TYPES = frozenset({"adbc_driver_sqlite"})
"""Drivers that give columns without any value a type of no meaning."""

_DIALECTS = {
    "adbc_driver_bigquery": "bigquery",
    "adbc_driver_duckdb": "duckdb",
    "adbc_driver_postgresql": "postgres",
    "adbc_driver_snowflake": "snowflake",
    "adbc_driver_sqlite": "sqlite",
}
"""The SQL of databases whose drivers are known by name."""

_ENTRIES = {"adbc_driver_duckdb": "duckdb_adbc_init"}


@dataclass(frozen=True, slots=True)
class Options:
    """A database: `driver` is the Python package of its ADBC driver (`adbc_driver_snowflake`), or the path of a
    driver's library. `options` are the driver's own: `uri`, `username`, ... `quote` stands around names in its SQL.
    """

    driver: str
    options: Mapping[str, str] = field(default_factory=dict)
    quote: str = '"'

    def __post_init__(self) -> None:
        if self.quote not in ('"', "`", "[]"):
            what = f"`quote` is {self.quote!r}, in which no database puts its names"
            raise ProjectError(Problem("G086", what, "write one of: '\"', '`', '[]'"))


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`table` is the name at the source where it differs, each part of it between points quoted on its own; `query`,
    in place of it, is a SELECT in the database's own SQL. `where` is a condition in it: other rows are not read.
    `exclude` are columns that are not read. `null` are texts that mean NULL.
    """

    table: str | None = None
    query: str | None = None
    where: str | None = None
    exclude: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    places: Places = field(default_factory=Places, repr=False)

    def __post_init__(self) -> None:
        if self.table is not None and self.query is not None:
            raise ProjectError(Problem("G086", "both `table` and `query` say what is read", "keep one of them"))


def condition(source: Source, dataset: Dataset) -> Condition | None:
    """The filter of a table, in SQL of the database."""
    return filter_of(dataset, _DIALECTS.get(source.options.driver))


def look(source: Source, dataset: Dataset, position: Any, root: Path) -> Look:
    """Whether the database can be reached; what is new is seen when it is read. WorldError G008, G080, G081."""
    del root
    before = continued(dataset, position)
    with _connected(source):
        return Look(dataset.name, "new", "all of it" if before is None else "what is new is seen when it is read")


def read(source: Source, dataset: Dataset, position: Any, root: Path, session: Session) -> Reading:
    """Rows at or after the position's cursor, those without a cursor, or all, as the driver types them.

    They come by one statement, and so of one state of most databases, and are read here into a temporary table.
    WorldError G005, G006, G008, G009, G080, G081, G085.
    """
    del root
    before, name = continued(dataset, position), f"adbc_{next(ALIASES)}"
    load = load_of(dataset)
    with _connected(source) as statement:
        names = _names(statement, source, dataset)
        cursor = _cursor(dataset, names) if load.load == "incremental" else None
        with _complaints(source.place):
            statement.set_sql_query(_select(source, dataset, names, cursor, before))
            stream, _ = statement.execute_query()
            _take(session, name, stream, dataset)
    columns = session.describe(f"select * from {name}")
    after: dict[str, Any] = {"of": name_at_source(dataset), "by": load.cursor if cursor else None}
    if cursor:
        kept = before or {}
        found = next(each for each in columns if each.name == cursor)
        has_type = source.options.driver not in _MAKES_UP_TYPES or _has_values(session, name, cursor)
        family = _family(source, dataset, found) if has_type else None
        after |= {"cursor": kept.get("cursor"), "as": kept.get("as") or family}
    return Reading(
        select=f"select {_shown(dataset, columns)}{_origin(dataset, columns)} as _origin from {name}",
        columns=columns,
        position={**after, "set_aside": (before or {}).get("set_aside", [])},
        teardown=(f"drop table if exists {name}",),
        is_complete=cursor is None or (before or {}).get("cursor") is None,
    )


def _take(session: Session, name: str, stream: Any, dataset: Dataset) -> None:
    """The whole result as a temporary table; nothing is left of it where the database breaks off."""
    passing = _Passing(stream)
    session.count_by(lambda: passing.count)
    try:
        session.take(name, passing.reader())
    except WorldError as error:
        session.execute(f"drop table if exists {name}")
        raise _refused(passing.complaint or error.problems[0].what, dataset.place) from None


class _Passing:
    """The rows of an Arrow stream, counted as they pass; `complaint` is why it broke off, if it did."""

    def __init__(self, stream: Any) -> None:
        from arro3.core import RecordBatchReader

        self.count, self.complaint = 0, ""
        self._stream = RecordBatchReader.from_stream(stream)

    def reader(self) -> Any:
        """The same stream, batch by batch as it is asked for."""
        return type(self._stream).from_batches(self._stream.schema, self._batches())

    def _batches(self) -> Iterator[Any]:
        try:
            for batch in self._stream:
                self.count += batch.num_rows
                yield batch
        except Exception as error:
            self.complaint = str(error)
            raise


def _shown(dataset: Dataset, columns: Sequence[Field]) -> str:
    nulls = load_of(dataset).options.null
    return "".join(
        f"{with_nulls(quote(each.name), nulls) if each.type == 'VARCHAR' else quote(each.name)} as {quote(each.name)}, "
        for each in columns
    )


@contextmanager
def _connected(source: Source) -> Iterator[Any]:
    """A statement over a connection of the source's."""
    options: Options = source.options
    try:
        import adbc_driver_manager as manager
    except ImportError:
        mend = "install it: pip install 'mainstem[adbc]'"
        raise WorldError(Problem("G080", "the manager of ADBC drivers is not installed", mend, source.place)) from None
    library, more = _library(options.driver, source.place)
    with ExitStack() as stack, _complaints(source.place):
        given = {key: str.__str__(value) for key, value in options.options.items()}
        database = stack.enter_context(closing(manager.AdbcDatabase(driver=library, **more, **given)))
        connection = stack.enter_context(closing(manager.AdbcConnection(database)))
        yield stack.enter_context(closing(manager.AdbcStatement(connection)))


def _library(driver: str, place: Place) -> tuple[str, Mapping[str, str]]:
    """The driver's library, and the name of its entry where it is not the usual one."""
    if "/" in driver or driver.endswith((".so", ".dylib", ".dll")):
        return driver, {}
    try:
        package: ModuleType = importlib.import_module(driver)
        path = getattr(package, "_driver_path", None) or package.driver_path
    except (ImportError, AttributeError):
        what = f'ADBC driver "{driver}" is not installed'
        mend = f"install the package that has it, such as: pip install {driver.replace('_', '-')}"
        raise WorldError(Problem("G080", what, mend, place)) from None
    return str(path()), {"entrypoint": _ENTRIES[driver]} if driver in _ENTRIES else {}


@contextmanager
def _complaints(place: Place) -> Iterator[None]:
    """Complaints of the driver leave as WorldError G081, in its own words, without the statement."""
    import adbc_driver_manager as manager

    try:
        yield
    except manager.Error as error:
        raise _refused(str(error), place) from None


def _refused(words: str, place: Place) -> WorldError:
    said = words.partition("\nquery:")[0].strip().splitlines() or ["no reason is given"]
    mend = "correct the driver's options, the table or its rights, or run again when the database is back"
    return WorldError(Problem("G081", f"the database refuses: {said[0]}", mend, place))


def _relation(source: Source, dataset: Dataset) -> str:
    query = load_of(dataset).options.query
    if query is not None:
        return f"({query}) as asked"
    return ".".join(_quoted(source, part) for part in name_at_source(dataset).split("."))


def _quoted(source: Source, name: str) -> str:
    sign: str = source.options.quote
    first, last = sign[0], sign[-1]
    return first + name.replace(last, last * 2) + last


def _names(statement: Any, source: Source, dataset: Dataset) -> Sequence[str]:
    """The columns to read, by a SELECT of no rows. WorldError G006 and G009."""
    from arro3.core import RecordBatchReader

    excluded = load_of(dataset).options.exclude
    with _complaints(source.place):
        statement.set_sql_query(f"select * from {_relation(source, dataset)} where 1 = 0")
        names: Sequence[str] = RecordBatchReader.from_stream(statement.execute_query()[0]).schema.names
    for name in excluded:
        if name not in names:
            what = f'`exclude` names "{name}", which is no column of "{name_at_source(dataset)}"'
            raise WorldError(Problem("G006", what, nearest(name, names, kind="columns"), dataset.place))
    if "_origin" in names:
        what = f'"{name_at_source(dataset)}" has a column "_origin"'
        mend = "rename it at the source, or read a query that does"
        raise WorldError(Problem("G009", what, mend, dataset.place))
    return [name for name in names if name not in excluded]


def _cursor(dataset: Dataset, names: Sequence[str]) -> str:
    """The cursor's column at the source. WorldError G006."""
    wanted = load_of(dataset).cursor or ""
    (found,) = at_source([wanted], names, dataset.columns)
    if found is None:
        what = f'cursor "{wanted}" is not a column of "{name_at_source(dataset)}"'
        raise WorldError(Problem("G006", what, nearest(wanted, names, kind="columns"), dataset.place))
    return found


def _has_values(session: Session, table: str, column: str) -> bool:
    return bool(session.rows(f"select count({quote(column)}) > 0 from {table}")[0][0])


def _family(source: Source, dataset: Dataset, cursor: Field) -> str:
    """What the cursor's values are compared as. WorldError G085 where they may be ordered otherwise at the source."""
    wanted = load_of(dataset).cursor
    contract = next((each.type for each in dataset.columns if each.name == wanted), None)
    family = family_of(cursor.type)
    is_known = family != "text" or (cursor.type == "VARCHAR" and source.options.driver in _BYTEWISE)
    if family_of(contract or cursor.type) != family or not is_known:
        what = f'cursor "{wanted}" may be ordered otherwise at the source than in the lake'
        mend = "take a column that is a number, a date or a time there, if need be by a `query` that casts it"
        raise WorldError(Problem("G085", what, mend, dataset.place))
    return family


def _select(
    source: Source, dataset: Dataset, names: Sequence[str], cursor: str | None, before: Mapping[str, Any] | None
) -> str:
    """In the database's SQL: what is new."""
    conditions = [f"({load_of(dataset).options.where})"] if load_of(dataset).options.where else []
    position = (before or {}).get("cursor")
    if cursor is not None and before is not None and position is not None:
        name = _quoted(source, cursor)
        conditions.append(f"({name} >= {_constant(before['as'], begin(dataset, str(position)))} or {name} is null)")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"select {', '.join(_quoted(source, each) for each in names)} from {_relation(source, dataset)}{where}"


def _constant(family: str, text: str) -> str:
    if family == "number":
        return text
    return literal(text) if family == "text" else f"cast({literal(text)} as timestamp)"


def _origin(dataset: Dataset, columns: Sequence[Field]) -> str:
    key = at_source(dataset.key, [column.name for column in columns], dataset.columns)
    if not key or None in key:
        return "'row=' || (rowid + 1)"
    parts = (f"coalesce(cast({quote(name or '')} as varchar), 'NULL')" for name in key)
    return "'key=' || " + " || ',' || ".join(parts)
