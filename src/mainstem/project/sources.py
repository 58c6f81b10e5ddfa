"""Sources: systems that make data, the tables loaded from them, and the contract of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mainstem.core.dataset import Dataset, Expectation, Load, Source
from mainstem.core.kinds import find, names
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.project.checks import read_checks
from mainstem.project.column_roles import check_roles
from mainstem.project.columns import read_contract
from mainstem.project.files import kept, list_files, read_file
from mainstem.project.names import RESERVED_SCHEMAS, dataset_problem, identifier_problem
from mainstem.project.nodes import Entry, Keys, as_keys, read_keys, texts
from mainstem.project.scalars import DURATION
from mainstem.project.shape import Form, keys_of, shape
from mainstem.project.variables import filled_keys


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """What every source says; the other keys are options of its kind."""

    kind: str
    owner: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class TableKeys:
    """What every table of a source says; the other keys are options of the source's kind.

    `write` None: `merge` for an incremental load with a key, `append` for one without, `replace` for a full one.
    `on_delete` None: `delete` where `deleted` names a column, `mark` for the history of a full load, else `keep`.
    """

    load: Literal["full", "incremental"] = "full"
    cursor: str | None = None
    key: tuple[str, ...] = ()
    write: Literal["replace", "append", "merge", "scd2"] | None = None
    revision: str | None = None
    deleted: str | None = None
    on_delete: Literal["keep", "delete", "mark"] | None = None
    allow_deletes: bool = False
    effective: str | None = None
    lookback: str | None = None
    on_schema_change: Literal["evolve", "freeze", "quarantine"] = "evolve"
    time_column: str | None = None
    expect: Expectation | None = None
    owner: str | None = None
    description: str = ""
    tags: frozenset[str] = frozenset()


SOURCE = Form(SourceKeys, also={"tables": Any})
TABLE = Form(TableKeys, also={"columns": Any, "checks": Any})

_SHARE = re.compile("[1-9][0-9]{0,2}%")

_WITHOUT_CURSOR = frozenset({"dlt", "files", "python", "synthetic"})
"""Kinds that know by themselves what is new."""

_PROGRAM = ".py"
"""The ending of files that sources of kind `python` and `dlt` name; they are not the project's text."""


@dataclass(frozen=True, slots=True)
class ReadSource:
    """A source with the datasets loaded from it. `source` is None after a problem.

    `keys` is its file, `tables` the keys of each table: for the places of what they name.
    """

    source: Source | None
    datasets: tuple[Dataset, ...]
    keys: Keys
    tables: tuple[Keys, ...]


def read_sources(
    root: Path, overrides: Mapping[str, Keys], values: Mapping[str, str], problems: list[Problem]
) -> tuple[list[ReadSource], frozenset[str]]:
    """Every source below `sources/`, and the names of those that cannot be read, or not all of them.

    `overrides` are keys that replace keys of a source (by its name); `values` those of `${NAME}`.
    """
    sources: list[ReadSource] = []
    lost: set[str] = set()
    mend = "write a source as a .yml file"
    files = [path for path in list_files(root, "sources", problems) if not path.endswith(_PROGRAM)]
    for path in kept(files, ".yml", mend, problems):
        if not _name_is_fine(path, problems):
            continue
        before = len(problems)
        name = path.rpartition("/")[2].removesuffix(".yml")
        written = read_file(root, path, problems)
        keys = read_keys(written.text, path, problems) if written else None
        if keys is not None and name in overrides:
            keys = Keys({**keys.entries, **overrides[name].entries}, keys.place)
        source = _read_source(name, Place(path, 1, 1), keys, values, root, problems) if keys else None
        if source:
            sources.append(source)
        if len(problems) > before:
            lost.add(name)
    return sources, frozenset(lost)


def _name_is_fine(path: str, problems: list[Problem]) -> bool:
    place, name = Place(path), path.rpartition("/")[2].removesuffix(".yml")
    if path.count("/") > 1:
        mend = f'move it to "sources/{name}.yml"'
        problems.append(Problem("P014", "a source lies in a folder below sources/", mend, place))
    elif name in RESERVED_SCHEMAS:
        what = f'"{name}" is a schema that the engine keeps for itself'
        problems.append(Problem("P017", what, "rename the file", place))
    elif wrong := identifier_problem(name, "source", place):
        problems.append(wrong)
    else:
        return True
    return False


def _read_source(
    name: str, place: Place, keys: Keys, values: Mapping[str, str], root: Path, problems: list[Problem]
) -> ReadSource:
    own: SourceKeys | None = shape(SourceKeys, keys.only(*keys_of(SourceKeys)), problems)
    kind = _kind(own, keys, problems) if own else None
    if own is None or kind is None:
        return ReadSource(None, (), keys, ())
    common = frozenset({*keys_of(SourceKeys), *SOURCE.also})
    rest = filled_keys(keys.without(*common), values, problems)
    options = shape(kind.Options, rest, problems, siblings=common)
    tables = _tables(keys, problems)
    read = [_read_table(name, own, table, entry, values, problems) for table, entry in tables]
    datasets = tuple(dataset for dataset in read if dataset)
    written = tuple(entry.value for _, entry in tables if isinstance(entry.value, Keys))
    if options is None:
        return ReadSource(None, datasets, keys, written)
    source = Source(name, own.kind, options, place, own.owner, own.description, tuple(d.name for d in datasets))
    if hasattr(kind, "problems") and all(read):
        problems += kind.problems(source, {dataset.name.partition(".")[2]: dataset for dataset in datasets}, root)
    return ReadSource(source, datasets, keys, written)


def _kind(own: SourceKeys, keys: Keys, problems: list[Problem]) -> Any:
    if own.kind in names("sources"):
        return find("sources", own.kind)
    place = next((node.place for node in texts(keys.get("kind"))), keys.place)
    mend = nearest(own.kind, names("sources"), kind="kinds of source")
    problems.append(Problem("P001", f'"{own.kind}" is no kind of source', mend, place))
    return None


def _tables(keys: Keys, problems: list[Problem]) -> list[tuple[str, Entry]]:
    node = keys.get("tables")
    tables = as_keys(node, '"tables"', problems) if node else None
    if tables and tables.entries:
        return list(tables.entries.items())
    if node is not None and not tables:
        return []
    what, mend = "the source has no tables", "add `tables:` and under it the name of each table to load"
    problems.append(Problem("P008", what, mend, keys.key_place("tables")))
    return []


def _read_table(
    source: str, own: SourceKeys, table: str, entry: Entry, values: Mapping[str, str], problems: list[Problem]
) -> Dataset | None:
    place = entry.key.place
    wrong = dataset_problem(table, "table", place)
    if wrong:
        problems.append(wrong)
    keys = as_keys(entry.value, f'table "{table}"', problems)
    if keys is None:
        return None
    said: TableKeys | None = shape(TableKeys, keys.only(*keys_of(TableKeys)), problems)
    common = frozenset({*keys_of(TableKeys), *TABLE.also})
    rest = filled_keys(keys.without(*common), values, problems)
    options = shape(find("sources", own.kind).TableOptions, rest, problems, siblings=common)
    columns = read_contract(keys.get("columns"), problems)
    checks = read_checks(keys.get("checks"), said.time_column if said else None, problems)
    check_roles(keys, problems)
    _check_expectation(keys, problems)
    if said is None or options is None:
        return None
    write = said.write or ("replace" if said.load == "full" else "merge" if said.key else "append")
    _check_loading(own.kind, said, write, keys, place, problems)
    load = Load(
        source,
        table,
        options,
        said.load,
        said.cursor,
        write,
        said.on_schema_change,
        said.expect,
        on_delete=_on_delete(said, write),
        deleted=said.deleted,
        revision=said.revision,
        effective=said.effective,
        lookback=said.lookback,
        allow_deletes=said.allow_deletes,
    )
    _check_keeping(load, said, keys, place, problems)
    return Dataset(
        f"{source}.{table}",
        place,
        load,
        columns=columns,
        key=said.key,
        time_column=said.time_column,
        checks=checks,
        owner=said.owner or own.owner,
        description=said.description,
        tags=said.tags,
    )


def _check_loading(kind: str, said: TableKeys, write: str, keys: Keys, place: Place, problems: list[Problem]) -> None:
    """What does not fit together: load, cursor, write and key."""

    def report(key: str, what: str, mend: str) -> None:
        problems.append(Problem("P030", what, mend, keys.key_place(key) if key in keys.entries else place))

    if said.load == "incremental" and said.cursor is None and kind not in _WITHOUT_CURSOR:
        report("load", "an incremental load needs a cursor", "add `cursor:`, a column that grows with each change")
    if said.load == "full" and said.cursor is not None:
        report("cursor", "a full load has no use for a cursor", "write `load: incremental`, or remove `cursor`")
    if write in ("merge", "scd2") and not said.key:
        what = "merging needs a key" if write == "merge" else "a history needs a key"
        report("write", what, "add `key:`, the columns that name a row")
    if write == "replace" and said.load == "incremental":
        what = "replacing the table with only what is new loses the rest"
        report("write", what, "write `write: merge` with a `key`, or `write: append`")
    if write == "append" and said.load == "full":
        what = "appending a full load adds every row again each time"
        report("write", what, "write `write: replace`, or `load: incremental`")


def _on_delete(said: TableKeys, write: str) -> str:
    if said.on_delete is not None:
        return said.on_delete
    if write == "scd2":
        return "mark" if said.load == "full" or said.deleted else "keep"
    return "delete" if said.deleted else "keep"


def _check_keeping(load: Load, said: TableKeys, keys: Keys, place: Place, problems: list[Problem]) -> None:
    """What does not fit together: how rows are written, and which of them are older, gone, or late."""

    def report(key: str, what: str, mend: str) -> None:
        problems.append(Problem("P031", what, mend, keys.key_place(key) if key in keys.entries else place))

    is_merged = load.write in ("merge", "scd2")
    by_key = "write `write: merge` or `write: scd2` with a `key`"
    for name in ("deleted", "on_delete"):
        if getattr(said, name) is not None and not is_merged:
            report(name, f"`{name}` means nothing for `write: {load.write}`", by_key)
    if load.revision is not None and not said.key:
        report("revision", "revisions are those of a key", "add `key:`, the columns that name a row")
    if load.effective is not None and load.write != "scd2":
        report("effective", "only a history has rows that hold since an instant", "write `write: scd2`, or remove it")
    if is_merged and load.on_delete != "keep" and load.load == "incremental" and load.deleted is None:
        what = "an incremental load does not see what is gone"
        report("on_delete", what, "name the column that says so with `deleted:`, or write `load: full`")
    if load.write == "scd2" and load.on_delete == "delete":
        report("on_delete", "a history keeps what was", "write `on_delete: mark`, which ends the row, or `keep`")
    if is_merged and load.deleted is not None and load.on_delete == "keep":
        report("deleted", "the column that says what is gone has no use with `on_delete: keep`", "remove one of them")
    if load.allow_deletes and load.on_delete == "keep" and load.write != "replace":
        report("allow_deletes", "nothing is deleted from this table", "write `on_delete: delete` or `mark`")
    _check_lookback(load, report)
    contract = keys.get("columns")
    for column in load.added:
        if isinstance(contract, Keys) and column in contract.entries:
            report("columns", f'column "{column}" is added by the load itself', "rename it, with `original:`")


def _check_lookback(load: Load, report: Callable[[str, str, str], None]) -> None:
    if load.lookback is None:
        return
    if load.load == "full":
        report("lookback", "a full load reads everything anyway", "write `load: incremental`, or remove `lookback`")
    elif load.cursor is None:
        report("lookback", "there is no cursor to look back from", "add `cursor:`, or remove `lookback`")
    if not DURATION.fullmatch(load.lookback) and not re.fullmatch(r"[0-9]+(\.[0-9]+)?", load.lookback):
        what = f'"lookback" is "{load.lookback}", which is neither a length of time nor a number'
        report("lookback", what, "write one such as 3d or 6h; or 1000, where the cursor is a number")


def _check_expectation(keys: Keys, problems: list[Problem]) -> None:
    expect = keys.get("expect")
    for node in texts(expect.get("every")) if isinstance(expect, Keys) else ():
        if not DURATION.fullmatch(node.value):
            what = f'"every" is "{node.value}", which is no length of time'
            problems.append(Problem("P009", what, "write one such as 1d or 6h", node.place))
    counts = texts(expect.get("rows_at_least")) if isinstance(expect, Keys) else ()
    least = [node for node in counts if re.fullmatch("-[0-9]+", node.value)]
    problems += [Problem("P009", f'"rows_at_least" is "{node.value}"', "write 0 or more", node.place) for node in least]
    volume = expect.get("volume") if isinstance(expect, Keys) else None
    for key, pattern, mend in (("of", DURATION, "write one such as 28d"), ("within", _SHARE, "write one such as 50%")):
        said = texts(volume.get(key)) if isinstance(volume, Keys) else ()
        wrong = (node for node in said if not pattern.fullmatch(node.value))
        problems += [Problem("P009", f'"{key}" is "{node.value}"', mend, node.place) for node in wrong]
