"""dbt's unit tests as tests of models."""

from __future__ import annotations

from collections.abc import Mapping

from mainstem.dataops.imports.dbt.evaluator import Evaluator
from mainstem.dataops.imports.dbt.properties import Described
from mainstem.dataops.imports.draft import DraftTest, Row
from mainstem.dataops.imports.naming import item_id
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.dataops.imports.rows import rows_of
from mainstem.project.nodes import Items, Keys, Text, typed


def test_of(described: Described, refs: Mapping[str, str], evaluator: Evaluator) -> DraftTest:
    """A unit test with its rows; `NotCarriedError` where it gives them otherwise than as rows, or replaces macros."""
    node, model = described.node, described.node.get("model")
    if not isinstance(model, Text) or model.value not in refs:
        raise NotCarriedError("its model is none of the project")
    if node.get("overrides") is not None:
        raise NotCarriedError("it replaces macros or variables")
    given, expect = node.get("given"), node.get("expect")
    rows: dict[str, tuple[Row, ...]] = {}
    for item in given.items if isinstance(given, Items) else ():
        named = item.get("input") if isinstance(item, Keys) else None
        if not isinstance(item, Keys) or not isinstance(named, Text):
            raise NotCarriedError("what it gives has no input")
        rows[evaluator.render(f"{{{{ {named.value} }}}}", named.place.file, named.place.line).text] = _rows(item)
    if not isinstance(expect, Keys):
        raise NotCarriedError("it expects nothing")
    return DraftTest(
        item_id(described.name),
        described.name,
        described.place,
        refs[model.value],
        rows,
        _rows(expect),
        described.description,
    )


def _rows(keys: Keys) -> tuple[Row, ...]:
    form = keys.get("format")
    if keys.get("fixture") is not None or (form is not None and typed(form) == "sql"):
        raise NotCarriedError("its rows stand in a file of their own, or are a SELECT")
    return rows_of(keys.get("rows"))
