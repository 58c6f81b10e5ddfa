"""What may be a name: of datasets, sources, columns, outputs, items, environments."""

from __future__ import annotations

import re
import unicodedata

from mainstem.core.dataset import QUARANTINE
from mainstem.core.place import Place
from mainstem.core.problem import Problem

IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
"""Sources, folders, models, tables, columns of contracts: snake_case, as SQL takes it without quotes."""

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""Ids of requirement items: labels of RFC 1123."""

FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Outputs, environments, checks."""

_SPELLED = str.maketrans({"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})
"""Letters that are no accented ones, so that taking accents off would drop them."""

RESERVED_SCHEMAS = ("information_schema", "main", "pg_catalog", "system", "temp")
"""Schemas that the engine keeps for itself; `main` is that of the models that lie in no folder."""


def snake_case(name: str) -> str:
    """The nearest name that `IDENTIFIER` takes.

    >>> snake_case("Crew-Base №2")
    'crew_base_no2'
    >>> snake_case("Größe")
    'grosse'
    """
    ascii_name = unicodedata.normalize("NFKD", name.translate(_SPELLED)).encode("ascii", "ignore").decode()
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_name)
    words = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_") or "x"
    return words if not words[0].isdigit() else f"_{words}"


def identifier_problem(name: str, noun: str, place: Place) -> Problem | None:
    """What is wrong with the name of a source, folder, model, table or column; None if it is fine."""
    if IDENTIFIER.fullmatch(name):
        return None
    what = f'{noun} "{name}" is not in snake_case'
    return Problem("P015", what, f'name it "{snake_case(name)}": small letters, digits and _', place)


def dataset_problem(name: str, noun: str, place: Place) -> Problem | None:
    """Like `identifier_problem`, for what becomes the second part of a dataset's name."""
    if name.endswith(QUARANTINE):
        what = f'{noun} "{name}" ends in "{QUARANTINE}", the name of a quarantine'
        return Problem("P017", what, "give it another name", place)
    return identifier_problem(name, noun, place)


def file_problem(name: str, noun: str, place: Place | None) -> Problem | None:
    """What is wrong with the name of an output or an environment; None if it is fine."""
    if FILE.fullmatch(name):
        return None
    mend = f'name it "{snake_case(name).strip("_").replace("_", "-")}": small letters, digits, - and _'
    return Problem("P015", f'{noun} "{name}" is not a plain name', mend, place)
