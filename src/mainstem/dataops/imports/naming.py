"""What things of other tools are called here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mainstem.dataops.imports.draft import Person
from mainstem.project.names import IDENTIFIER, RESERVED_SCHEMAS, snake_case

_SENSITIVE = re.compile(
    r"pii|phi|gdpr|hipaa|sensitive|confidential|restricted|secret|personal.*|private", re.IGNORECASE
)


def plain_name(name: str) -> str:
    """The name of a column or a table: in small letters where that is one, since SQL does not tell them apart.

    >>> plain_name("createdAt"), plain_name("_synced"), plain_name("Unit Price")
    ('createdat', '_synced', 'unit_price')
    """
    return name.lower() if IDENTIFIER.fullmatch(name.lower()) else snake_case(name)


def dataset_name(folders: Sequence[str], stem: str) -> str:
    """The dataset of a file: its first folder is the schema, `main` where it lies in none."""
    schema = plain_name(folders[0]) if folders else "main"
    if schema in RESERVED_SCHEMAS and schema != "main":
        schema = f"{schema}_"
    return f"{schema}.{plain_name(stem)}"


def item_id(text: str) -> str:
    """The id of an item of requirements, from a name or a sentence.

    >>> item_id("Weekly Jaffle Report")
    'weekly-jaffle-report'
    """
    return snake_case(text).strip("_").replace("_", "-")[:62].rstrip("-")


def person(name: str | None, contact: str | None, side: str = "governance") -> Person:
    """Somebody, by name or address."""
    title = (name or contact or "").strip()
    return Person(item_id(title.partition("@")[0] if "@" in title else title), title, side, contact)


def sensitive(tags: Iterable[str]) -> tuple[str, ...]:
    """Those of the tags that mark data as sensitive, as tags do here; elsewhere tags sort models, too."""
    return tuple(dict.fromkeys(snake_case(tag) for tag in tags if _SENSITIVE.fullmatch(tag)))
