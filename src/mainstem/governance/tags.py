"""Sensitivity tags of every column: declared ones, and those that follow the lineage of values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from mainstem.core.dataset import QUARANTINE, Check, Dataset, Load, SqlFacts
from mainstem.core.kinds import find
from mainstem.core.project import Project
from mainstem.core.tags import REST, ColumnTags, column_tags

Tags = Mapping[str, ColumnTags]
"""Column tags by dataset."""


def effective_tags(project: Project, lineage: Mapping[str, SqlFacts]) -> Tags:
    """The tags of each column of each dataset and quarantine of the project.

    A column has its declared tags, those of its dataset, and those of every column whose values reach it. Columns
    that decide about rows without being shown pass on nothing. What lineage cannot explain inherits everything in
    scope: an unresolved column, a model without facts, and (under `REST`) a column that nobody has seen yet, where its
    dataset has tagged columns or ancestors. Models must not read one another in a circle.
    """
    found: dict[str, ColumnTags] = {}
    order = TopologicalSorter({name: _reads(dataset, lineage) for name, dataset in project.datasets.items()})
    for name in order.static_order():
        dataset = project.datasets.get(name)
        if dataset is None:
            continue
        facts = lineage.get(name)
        if dataset.is_load:
            found[name] = _with_declared(dataset, {})
            found[name + QUARANTINE] = _quarantine_tags(dataset, found[name])
        elif facts is not None:
            found[name] = _with_declared(dataset, select_tags(found, facts))
        else:
            found[name] = _with_declared(dataset, {REST: _declared(project)})
    return found


def failing_tags(check: Check, dataset: str, tags: Tags) -> ColumnTags | None:
    """The tags of the columns of a check's failing rows; None where nobody knows them, or where values of other
    datasets are among them and any of these, or the checked one, has a tag."""
    if check.kind == "sql":
        return None
    kind, own = find("checks", check.kind), tags.get(dataset, {})
    others = kind.reads(check.options)[1] if getattr(kind, "SHOWS_OTHERS", False) else ()
    return None if others and _all_tags((own, *(tags.get(name, {}) for name in others))) else own


def _reads(dataset: Dataset, lineage: Mapping[str, SqlFacts]) -> Iterable[str]:
    facts = None if dataset.is_load else lineage.get(dataset.name)
    return () if facts is None else {name.removesuffix(QUARANTINE) for name in facts.inputs}


def select_tags(tags: Tags, facts: SqlFacts) -> dict[str, frozenset[str]]:
    """The tags of the output columns of one SELECT, by the tags of the datasets that it reads.

    `REST` holds everything in scope.
    """
    scope = _all_tags(tags[name] for name in facts.inputs if name in tags)
    unresolved = {column.lower() for column in facts.unresolved}
    by_column = {column.lower(): bases for column, bases in facts.lineage.items()}
    found: dict[str, frozenset[str]] = {}
    for column in facts.columns:
        name = column.lower()
        inherited = (_base_tags(tags, base) for base in by_column.get(name, ()))
        is_traced = name in by_column and name not in unresolved
        found[name] = frozenset().union(*inherited) if is_traced else scope
    found[REST] = scope
    return found


def _base_tags(tags: Tags, base: str) -> frozenset[str]:
    schema, table, column = base.split(".", 2)
    return column_tags(tags.get(f"{schema}.{table}", {}), column)


def _all_tags(of: Iterable[ColumnTags]) -> frozenset[str]:
    return frozenset().union(*(tags for columns in of for tags in columns.values()))


def _with_declared(dataset: Dataset, inherited: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Inherited tags and those that the author wrote; the rest of a dataset with any tag has all of them."""
    found = dict(inherited)
    for column in dataset.columns:
        name = column.name.lower()
        found[name] = column_tags(found, name) | column.tags
    found = _with_added(dataset, found)
    found = {name: tags | dataset.tags for name, tags in found.items()}
    found[REST] = _all_tags((found,)) | dataset.tags
    return found


def _with_added(dataset: Dataset, found: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Columns that a write mode adds: an instant of the read, or a value of the column that says since when."""
    if not isinstance(dataset.made_by, Load) or not dataset.made_by.added:
        return found
    effective = dataset.made_by.effective
    tags = column_tags(found, effective.lower()) if effective else frozenset()
    return found | dict.fromkeys(dataset.made_by.added, tags)


def _declared(project: Project) -> frozenset[str]:
    own = (dataset.tags for dataset in project.datasets.values())
    columns = (column.tags for dataset in project.datasets.values() for column in dataset.columns)
    return frozenset().union(*own, *columns)


def _quarantine_tags(dataset: Dataset, tags: ColumnTags) -> ColumnTags:
    """Rejects quote the row: `row` and `reason` carry every tag of the load, `origin` those of the key in it."""
    everything = _all_tags((tags,))
    keys = [column_tags(tags, column) for column in dataset.key]
    return {
        "row": everything,
        "reason": everything,
        "origin": frozenset().union(*keys) if keys else everything,
        "run": frozenset(),
        "at": frozenset(),
        REST: everything,
    }
