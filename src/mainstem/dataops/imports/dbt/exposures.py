"""dbt's exposures and owners: who uses what, and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mainstem.dataops.imports.dbt.evaluator import Evaluator
from mainstem.dataops.imports.dbt.properties import Described
from mainstem.dataops.imports.draft import LeftOut, Person, Use
from mainstem.dataops.imports.naming import item_id, person
from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.project.nodes import Text, texts, typed


def use_of(exposure: Described, evaluator: Evaluator) -> tuple[Use, Person, tuple[LeftOut, ...]]:
    """What an exposure says, its owner, and which of the things it reads are none of the project's."""
    owner = owner_of(exposure.node.get("owner"), "downstream") or person("Users of the data", None, "downstream")
    reads: list[str] = []
    left_out: list[LeftOut] = []
    for node in texts(exposure.node.get("depends_on")):
        try:
            reads.append(evaluator.render(f"{{{{ {node.value} }}}}", node.place.file, node.place.line).text)
        except NotCarriedError as error:
            left_out.append(LeftOut("reading", f"{node.value} of {exposure.name}", node.place, error.why))
    label, kind, url = (_text(exposure, key) for key in ("label", "type", "url"))
    title = label or exposure.name.replace("_", " ").capitalize()
    use = Use(
        item_id(exposure.name),
        title,
        exposure.place,
        owner.id,
        tuple(dict.fromkeys(reads)),
        exposure.description,
        url,
        kind == "dashboard",
    )
    return use, owner, tuple(left_out)


def owner_of(node: Any, side: str = "governance") -> Person | None:
    """Somebody as dbt writes owners: `{name, email}`, or a bare name."""
    said = typed(node) if node is not None and not isinstance(node, str | Mapping) else node
    if isinstance(said, str) and said.strip():
        return person(said, said if "@" in said else None, side)
    if isinstance(said, Mapping) and (said.get("name") or said.get("email")):
        name, email = said.get("name"), said.get("email")
        email = email[0] if isinstance(email, list) and email else email
        return person(None if name is None else str(name), None if email is None else str(email), side)
    return None


def _text(described: Described, key: str) -> str | None:
    node = described.node.get(key)
    return node.value if isinstance(node, Text) and node.value else None
