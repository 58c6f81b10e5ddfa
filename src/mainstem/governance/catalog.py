"""What is known of one dataset: the answer of `show`, without a single row of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mainstem.core.dataset import QUARANTINE, Column, Dataset, Load
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.core.tags import ColumnTags, column_tags
from mainstem.governance.lineage import Facts, is_query
from mainstem.governance.reach import split_name


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """One column. `type` is None where nobody said and nothing was loaded. `original` is its name at the source where
    that differs and is known.

    `tags` are all of its tags, `declared` those written at the column itself. `origins` are the base columns whose
    values reach it, one step up; `is_unresolved`: they could not be traced.
    """

    name: str
    type: str | None
    description: str
    tags: tuple[str, ...]
    declared: tuple[str, ...]
    origins: tuple[str, ...]
    is_unresolved: bool = False
    original: str | None = None


@dataclass(frozen=True, slots=True)
class Described:
    """One dataset. `kind`: load | view | table | incremental | quarantine. `source` is None for models.

    `inputs` and `readers` are datasets, and `outputs` the ways out that read it; all one step away.
    """

    name: str
    kind: str
    description: str
    owner: str | None
    source: str | None
    key: tuple[str, ...]
    time_column: str | None
    columns: tuple[DescribedColumn, ...]
    checks: tuple[str, ...]
    inputs: tuple[str, ...]
    readers: tuple[str, ...]
    outputs: tuple[str, ...]
    influences: tuple[str, ...]


def describe_dataset(
    project: Project, facts: Facts, tags: ColumnTags, name: str, fields: Sequence[Field] | None = None
) -> Described:
    """Everything known of a dataset or quarantine. `fields` are the columns of its released version, None without one.

    `tags` are its effective tags. ProjectError M004 where there is no such dataset.
    """
    dataset_name, _ = split_name(project, name)
    dataset = project.datasets[dataset_name.removesuffix(QUARANTINE)]
    is_quarantine = dataset.name != dataset_name
    own = facts.get(dataset_name)
    readers = [reader for reader, each in facts.items() if dataset_name in each.inputs]
    return Described(
        name=dataset_name,
        kind="quarantine" if is_quarantine else _kind(dataset),
        description=f"Rows that {dataset.name} rejected." if is_quarantine else dataset.description,
        owner=_owner(project, dataset),
        source=dataset.made_by.source if isinstance(dataset.made_by, Load) else None,
        key=() if is_quarantine else dataset.key,
        time_column=None if is_quarantine else dataset.time_column,
        columns=_columns(dataset_name, () if is_quarantine else dataset.columns, facts, tags, fields),
        checks=() if is_quarantine else tuple(check.id for check in dataset.checks),
        inputs=tuple(own.inputs) if own else (),
        readers=tuple(sorted(reader for reader in readers if not is_query(reader))),
        outputs=tuple(sorted({reader.partition("#")[0] for reader in readers if is_query(reader)})),
        influences=tuple(sorted(own.influences)) if own else (),
    )


def _kind(dataset: Dataset) -> str:
    return "load" if isinstance(dataset.made_by, Load) else dataset.made_by.kind


def _owner(project: Project, dataset: Dataset) -> str | None:
    if dataset.owner or not isinstance(dataset.made_by, Load):
        return dataset.owner or project.owner
    source = project.sources.get(dataset.made_by.source)
    return (source.owner if source else None) or project.owner


def _columns(
    name: str, declared: Sequence[Column], facts: Facts, tags: ColumnTags, fields: Sequence[Field] | None
) -> tuple[DescribedColumn, ...]:
    own = facts.get(name)
    written = {column.name.lower(): column for column in declared}
    loaded = {field.name.lower(): field for field in fields or ()}
    names = [field.name for field in fields] if fields is not None else []
    names = names or list(own.columns if own else (column.name for column in declared))
    lineage = {column.lower(): bases for column, bases in own.lineage.items()} if own else {}
    unresolved = {column.lower() for column in own.unresolved} if own else set()
    found = []
    for shown in names:
        key = shown.lower()
        column = written.get(key)
        found.append(
            DescribedColumn(
                name=shown,
                type=loaded[key].type if key in loaded else column.type if column else None,
                description=column.description if column else "",
                tags=tuple(sorted(column_tags(tags, key))),
                declared=tuple(sorted(column.tags)) if column else (),
                origins=tuple(sorted(lineage.get(key, ()))),
                is_unresolved=own is not None and (key in unresolved or key not in lineage),
                original=loaded[key].original if key in loaded else column.original if column else None,
            )
        )
    return tuple(found)
