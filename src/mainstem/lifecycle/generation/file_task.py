"""The work of one read: which files become which dataset, and what all formats have in common."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from json import JSONDecodeError
from zipfile import BadZipFile

from mainstem.core.dataset import Dataset
from mainstem.core.ports import Reading, Session
from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.core.release import Field
from mainstem.lifecycle.generation import partitions
from mainstem.lifecycle.generation.file_options import TableOptions
from mainstem.lifecycle.generation.file_parts import Part
from mainstem.lifecycle.generation.json_documents import NoRowsError
from mainstem.lifecycle.generation.sniff import suggested
from mainstem.project.pairing import at_source
from mainstem.sql.quote import literal, quote


@dataclass(frozen=True, slots=True)
class Task:
    """Parts of files to read for a dataset, in order. `rows` is the name of a temporary table."""

    dataset: Dataset
    options: TableOptions
    parts: tuple[Part, ...]
    session: Session
    rows: str

    @property
    def broken(self) -> str:
        """The table of what is no row."""
        return f"{self.rows}_broken"

    @property
    def origin(self) -> str:
        """SQL over the table of rows that says where a row comes from."""
        return self.origin_of("f", "n")

    def origin_of(self, number: str, line: str) -> str:
        """SQL that says where the row of a part (`number` from 0) and line comes from."""
        return f"[{', '.join(literal(part.name) for part in self.parts)}][{number} + 1] || ':' || {line}"

    @property
    def contract_names(self) -> list[str]:
        """The names at the source of the contract's columns."""
        return [column.original or column.name for column in self.dataset.columns]

    def path_columns(self, number: str = "f") -> dict[str, str]:
        """SQL of the columns that stand in paths; `number` is that of a row's part."""
        if not self.options.hive:
            return {}
        return partitions.columns([part.name for part in self.parts], number)

    def make_tables(self, columns: str) -> tuple[str, ...]:
        """Make the tables of rows and of what is no row; returns how to drop them."""
        self.session.execute(f"create temp table {self.rows} ({columns})")
        self.session.execute(f"create temp table {self.broken} (_origin varchar, raw varchar, reason varchar)")
        return self.teardown

    @property
    def teardown(self) -> tuple[str, ...]:
        """How to drop the tables."""
        names = [self.rows, self.broken]
        if self.options.kind == "arrow":
            names += [f"{self.rows}_{number}" for number in range(len(self.parts))]
        return tuple(f"drop table if exists {name}" for name in names)

    def refuse_names(self, names: Sequence[str], taken: Sequence[str] = ("_origin",)) -> None:
        """WorldError G009 for a column that has a name of ours, G036 for one that stands in the paths too."""
        lower = {name.lower() for name in names}
        for name in taken:
            if name in names:
                mend = "give the column another name in the files"
                raise WorldError(Problem("G009", f'the files have a column "{name}"', mend, self.dataset.place))
        for name in self.path_columns():
            if name.lower() in lower:
                what, mend = f'column "{name}" stands in the files and in their paths', "write `hive: false`"
                raise WorldError(Problem("G036", what, mend, self.dataset.place))

    def refuse_keyless(self, part: str, names: Sequence[str]) -> None:
        """WorldError I009 for a file without a column of the key: beside others its rows would be those of no key."""
        there = [*names, *self.path_columns()]
        columns = {column.name: column for column in self.dataset.columns}
        found = at_source(self.dataset.key, there, self.dataset.columns)
        for key, here in zip(self.dataset.key, found, strict=True):
            if here is None:
                wanted = (columns[key].original if key in columns else None) or key
                what = f'file "{part}" has no column "{wanted}", which is of the key'
                mend = f"correct `key`, or the file; {nearest(wanted, there, kind='columns')}"
                raise WorldError(Problem("I009", what, mend, self.dataset.place))

    def text_reading(
        self,
        values: dict[str, str],
        types: Sequence[str] | None = None,
        origin: str | None = None,
        relation: str | None = None,
    ) -> Reading:
        """A reading of texts: SQL of each column over the table of rows, or over `relation`. Without `types` and
        without a contract they are those that all values show."""
        self.refuse_names(list(values))
        values = {**values, **self.path_columns()}
        shown = "".join(f"{value} as {quote(name)}, " for name, value in values.items())
        select = f"select {shown}{origin or self.origin} as _origin from {relation or self.rows}"
        kinds = [*types, *self.path_types] if types is not None else ["VARCHAR"] * len(values)
        if types is None and not self.dataset.columns:
            kinds = list(suggested(self.session, select, list(values)))
        return Reading(
            select,
            tuple(map(Field, values, kinds)),
            None,
            teardown=self.teardown,
            broken=f"select _origin, raw, reason from {self.broken}",
        )

    @property
    def path_types(self) -> tuple[str, ...]:
        """The types that the columns in paths show."""
        found = self.path_columns("f")
        if not found or self.dataset.columns:
            return ("VARCHAR",) * len(found)
        shown = ", ".join(f"{value} as {quote(name)}" for name, value in found.items())
        return suggested(self.session, f"select {shown} from range({len(self.parts)}) as t(f)", list(found))

    def nothing(self) -> Reading:
        """No file to read: no rows, with the contract's columns."""
        fields = tuple(Field(name, "VARCHAR") for name in self.contract_names)
        shown = "".join(f"cast(null as varchar) as {quote(field.name)}, " for field in fields)
        return Reading(f"select {shown}cast(null as varchar) as _origin where false", fields, None)


@contextmanager
def complaints(name: str, dataset: Dataset) -> Iterator[None]:
    """What the operating system, a codec or the engine says of one file leaves as WorldError G012."""
    try:
        yield
    except csv.Error as error:
        mend = "correct that line, or say the file's `encoding`"
        raise unreadable(name, str(error), dataset, mend) from error
    except JSONDecodeError as error:
        reason = f"it is no JSON at line {error.lineno}, column {error.colno}: {error.msg.lower()}"
        raise unreadable(name, reason, dataset) from error
    except NoRowsError as error:
        raise WorldError(
            Problem("G034", f'file "{name}": {error}', "correct `rows`, the path of the list of rows", dataset.place)
        ) from error
    except (OSError, EOFError, UnicodeError, BadZipFile, zlib.error, RecursionError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
        raise unreadable(name, str(reason).lower(), dataset) from error
    except WorldError as error:
        problem = error.problems[0]
        if problem.code.startswith("E"):
            raise unreadable(name, problem.what.lower(), dataset) from error
        if problem.place is not None:
            raise
        what = f'file "{name}" cannot be read: {problem.what}'
        raise WorldError(replace(problem, what=what, place=dataset.place)) from error


def unreadable(
    name: str, reason: str, dataset: Dataset, first_mend: str = "restore the file or make it readable"
) -> WorldError:
    """WorldError G012."""
    mend = f"{first_mend}, or move it out of the way for now"
    return WorldError(Problem("G012", f'file "{name}" cannot be read: {reason}', mend, dataset.place))
