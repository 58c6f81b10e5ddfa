"""Requirement items: Markdown for people, with front matter that says what kind of item it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.core.requirement import (
    Decision,
    Definition,
    Goal,
    Item,
    Need,
    Objective,
    Proof,
    Requirement,
    Stakeholder,
)
from mainstem.project.files import kept, list_files, read_file
from mainstem.project.heads import Headed, split_markdown
from mainstem.project.names import LABEL, snake_case
from mainstem.project.nodes import Keys, Text, plain, texts
from mainstem.project.objectives import read_objective
from mainstem.project.proofs import read_proofs
from mainstem.project.shape import Form, shape

CATALOGUE = (
    "access_rule",
    "accuracy",
    "auditability",
    "availability",
    "classification",
    "completeness",
    "conformity",
    "consistency",
    "cost_per_month",
    "cost_per_run",
    "coverage",
    "erasure_time",
    "error_rate",
    "freshness",
    "latency_e2e",
    "portability",
    "query_latency",
    "ready_by",
    "recovery_point",
    "recovery_time",
    "reproducibility",
    "retention",
    "throughput",
    "uniqueness",
    "update_frequency",
    "usage",
    "volume_headroom",
)
"""What a requirement can be about, whether or not it can be measured yet."""

_TEXT = frozenset({"text"})
_NO_STATUS = "remove it: `mainstem agree` writes agreements to requirements/agreements/, the item carries no status"
_AGREED = {"status": _NO_STATUS, "agreed": _NO_STATUS}
_BODY = ("must", "criteria", "options", "revisit")


def _characteristic() -> Any:
    return Literal[CATALOGUE] | None


FORMS: Mapping[str, Form] = {
    "goal": Form(Goal, _TEXT, also={"kind": Literal["goal"]}),
    "stakeholder": Form(
        Stakeholder,
        _TEXT,
        narrowed={
            "side": Literal["downstream", "upstream", "sponsor", "governance"],
            "technical": Literal["low", "medium", "high"],
        },
        also={"kind": Literal["stakeholder"]},
    ),
    "need": Form(Need, _TEXT, also={"kind": Literal["need"]}),
    "requirement": Form(
        Requirement,
        _TEXT | {"objective", "proofs"},
        narrowed={
            "class_": Literal["functional", "non-functional", "constraint"],
            "characteristic": _characteristic(),
            "priority": Literal["must", "should", "could", "wont"],
        },
        also={"kind": Literal["requirement"], "objective": Any, "proofs": Any},
        hints={**_AGREED, "evidence": "write `proofs:`"},
    ),
    "definition": Form(Definition, _TEXT, also={"kind": Literal["definition"]}, hints=_AGREED),
    "decision": Form(
        Decision,
        _TEXT | {"body"},
        narrowed={"status": Literal["proposed", "accepted", "rejected", "superseded"]},
        also={"kind": Literal["decision"], **dict.fromkeys(_BODY, Any)},
    ),
}
"""How each kind of item is written."""

_ID_LINE = re.compile(r"^(?:id|aliases):\s*(.+)$", re.MULTILINE)
_WORD = re.compile(r"[a-z0-9-]+")
_NOT_ITEMS = ("requirements/interviews/", "requirements/agreements/")


@dataclass(frozen=True, slots=True)
class ReadItem:
    """What a file says of an item. `item` is None after a problem; `keys` tell the places of what it names."""

    kind: str
    keys: Keys
    item: Item | None
    objective: Objective | None = None
    proofs: tuple[Proof, ...] = ()

    def names(self, *keys: str) -> tuple[str, ...]:
        """The texts behind keys."""
        return tuple(node.value for key in keys for node in texts(self.keys.get(key)))


def read_items(root: Path, zone: str, problems: list[Problem]) -> tuple[list[ReadItem], frozenset[str]]:
    """Every item below `requirements/`, and the ids that seem to stand in files that cannot be read.

    Ids and aliases are unique over all kinds.
    """
    paths = [path for path in list_files(root, "requirements", problems) if not path.startswith(_NOT_ITEMS)]
    items: list[ReadItem] = []
    lost: set[str] = set()
    for path in kept(paths, ".md", "write an item as Markdown with front matter: a .md file", problems):
        written = read_file(root, path, problems)
        headed = split_markdown(written.text, path, problems) if written else None
        item = read_item(headed, path, zone, problems) if headed else None
        if item:
            items.append(item)
        elif written:
            lost.update(word for line in _ID_LINE.findall(written.text) for word in _WORD.findall(line))
    _check_unique(items, problems)
    return items, frozenset(lost)


def read_item(headed: Headed, path: str, zone: str, problems: list[Problem]) -> ReadItem | None:
    """What a file says of an item; None where it does not say of which kind."""
    keys = headed.keys
    kind = _kind(keys, problems)
    if kind is None:
        return None
    place = next((node.place for node in texts(keys.get("id"))), Place(path, 1, 1))
    given: dict[str, Any] = {"text": headed.body.strip(), "place": place}
    objective: Objective | None = None
    proofs: tuple[Proof, ...] = ()
    before = len(problems)
    if kind == "requirement":
        node = keys.get("objective")
        objective = read_objective(node, zone, problems) if node else None
        proofs = read_proofs(keys.get("proofs"), problems)
        given.update(objective=objective, proofs=proofs)
    if kind == "decision":
        given["body"] = plain(keys.only(*_BODY))
    item: Item | None = shape(FORMS[kind], keys, problems, **given)
    _check_ids(keys, problems)
    return ReadItem(kind, keys, item if len(problems) == before else None, objective, proofs)


def _kind(keys: Keys, problems: list[Problem]) -> str | None:
    node = keys.get("kind")
    if isinstance(node, Text) and node.value in FORMS:
        return node.value
    if isinstance(node, Text):
        what, mend = f'"{node.value}" is no kind of item', nearest(node.value, tuple(FORMS), kind="kinds of item")
        problems.append(Problem("P010", what, mend, node.place))
    else:
        mend = f"add `kind: requirement`, or one of {', '.join(FORMS)}"
        problems.append(Problem("P008", 'key "kind" is missing', mend, keys.key_place("kind")))
    return None


def _check_ids(keys: Keys, problems: list[Problem]) -> None:
    for key in ("id", "aliases"):
        for node in texts(keys.get(key)):
            if not LABEL.fullmatch(node.value):
                what = f'"{node.value}" is no id'
                named = snake_case(node.value).strip("_").replace("_", "-")
                mend = f'write "{named}": small letters, digits and -, at most 63'
                problems.append(Problem("P015", what, mend, node.place))


def _check_unique(items: list[ReadItem], problems: list[Problem]) -> None:
    seen: dict[str, Place] = {}
    for each in items:
        for key in ("id", "aliases"):
            for node in texts(each.keys.get(key)):
                if node.value in seen:
                    what = f'id "{node.value}" is taken, by "{seen[node.value].file}"'
                    mend = "give this item another id; ids are unique over all kinds"
                    problems.append(Problem("P041", what, mend, node.place))
                else:
                    seen[node.value] = node.place
