"""Changed rows, written into an operational system: `serving/syncs/*.yml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mainstem.core.delivery import Destination
from mainstem.core.output import Output
from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError, nearest


@dataclass(frozen=True, slots=True)
class Options:
    """Keys of a sync beyond title, owner, needs and `sql` or `from`.

    `to` names the system: a source of the project, of a kind that can be written to. `table` is its table, `key` the
    columns that name a row in both. `mode`: upsert (insert new rows, update changed ones), insert (new rows only),
    mirror (as upsert, and delete rows that this sync wrote and that are gone). `columns` maps columns here to columns
    there; those not named keep their names.
    """

    to: str
    table: str
    key: tuple[str, ...]
    mode: Literal["insert", "mirror", "upsert"] = "upsert"
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.key:
            what = "the sync has no key, so a row that is sent again would be there twice"
            raise ProjectError(Problem("V007", what, "name the columns of the key, such as `key: [id]`"))
        doubled = sorted({name for name in self.columns.values() if list(self.columns.values()).count(name) > 1})
        if doubled:
            what = f'two columns are written into "{doubled[0]}"'
            raise ProjectError(Problem("V008", what, 'give each column its own in "columns"'))


def options_of(output: Output) -> Options:
    """The options of a sync, which were looked at when the project was loaded."""
    said = dict(output.options or {})
    key = said.pop("key")
    return Options(key=(key,) if isinstance(key, str) else tuple(key), **said)


def destination(options: Options, columns: Sequence[str], place: Place) -> Destination:
    """Where rows with these columns go; ProjectError V038 for options that name others."""
    problems = column_problems(options, columns, place)
    if problems:
        raise ProjectError(*problems)
    there = {name.lower(): to for name, to in options.columns.items()}
    names = {name.lower(): there.get(name.lower(), name) for name in columns}
    key = tuple(names[name.lower()] for name in options.key)
    return Destination(options.table, tuple(names.values()), key, options.mode, place)


def output_problems(output: Output, columns: Sequence[str]) -> list[Problem]:
    """`column_problems` of an output, if it is a sync."""
    return column_problems(options_of(output), columns, output.place) if output.kind == "sync" else []


def column_problems(options: Options, columns: Sequence[str], place: Place) -> list[Problem]:
    """V038 for each column that the options name and the rows do not have, and for two of one name."""
    known = [name.lower() for name in columns]
    wanted = [("key", name) for name in options.key] + [("columns", name) for name in options.columns]
    problems = [
        Problem(
            "V038",
            f'"{said}" names "{name}", which is no column of what the sync sends',
            nearest(name, list(columns), kind="columns"),
            place,
        )
        for said, name in wanted
        if name.lower() not in known
    ]
    mend = "give each column a name of its own in the SELECT"
    problems += [Problem("V038", f'two columns are called "{name}"', mend, place) for name in _doubled(known)]
    there = {name.lower(): to for name, to in options.columns.items()}
    targets = [there.get(name, name).lower() for name in dict.fromkeys(known)]
    mend = 'give each column its own in "columns"'
    return problems + [Problem("V008", f'two columns are written into "{n}"', mend, place) for n in _doubled(targets)]


def _doubled(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
