"""SQLMesh's tests as tests of models: one for the SELECT, and one for each CTE that has rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mainstem.core.place import Place
from mainstem.dataops.imports.draft import DraftTest, Row
from mainstem.dataops.imports.naming import item_id
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.dataops.imports.rows import rows_of
from mainstem.dataops.imports.sqlmesh.project import dataset_of, full_name
from mainstem.project.nodes import Keys, Node, Text


def tests_of(name: str, keys: Keys, place: Place, names: Mapping[str, str]) -> Iterator[DraftTest]:
    """The tests that one is; `NotCarriedError` where rows are given otherwise. `names` are those of tables here."""
    model, outputs = keys.get("model"), keys.get("outputs")
    if not isinstance(model, Text) or not isinstance(outputs, Keys):
        raise NotCarriedError("it has no model, or no outputs")

    def here(table: str) -> str:
        return names.get(full_name(table)) or dataset_of(table)

    inputs = keys.get("inputs")
    given = {here(table): _rows(e.value) for table, e in inputs.entries.items()} if isinstance(inputs, Keys) else {}
    said, now = keys.get("description"), _now(keys)
    description = said.value if isinstance(said, Text) else ""

    def test(rows: Node, cte: str | None) -> DraftTest:
        label = name if cte is None else f"{name}_{cte}"
        return DraftTest(item_id(label), label, place, here(model.value), given, _rows(rows), description, cte, now)

    ctes, query = outputs.get("ctes"), outputs.get("query")
    for cte, entry in ctes.entries.items() if isinstance(ctes, Keys) else ():
        yield test(entry.value, cte)
    if query is not None:
        yield test(query, None)


def _rows(node: Node) -> tuple[Row, ...]:
    if not isinstance(node, Keys):
        return rows_of(node)
    if set(node.entries) - {"rows", "columns", "partial"}:
        raise NotCarriedError("its rows stand in a file of their own, or are a SELECT", node.place.line)
    return rows_of(node.get("rows"))


def _now(keys: Keys) -> str | None:
    """What the clock shows: an instant, in UTC where none is said."""
    variables = keys.get("vars")
    said = variables.get("execution_time") if isinstance(variables, Keys) else None
    if not isinstance(said, Text):
        return None
    instant = said.value.strip().replace(" ", "T")
    instant = instant if "T" in instant else f"{instant}T00:00:00"
    return instant if instant.endswith("Z") or "+" in instant else f"{instant}+00:00"
