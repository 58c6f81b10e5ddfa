"""policies/access.yml: who may see what."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mainstem.core.dataset import QUARANTINE
from mainstem.core.output import Grant, Policy, Role, RowFilter, Treatment
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.project.files import list_files, read_file
from mainstem.project.nodes import Items, Keys, Node, as_keys, read_keys, texts
from mainstem.project.references import Known
from mainstem.project.shape import Form, list_of, mapping_of, shape

FILE = "policies/access.yml"

_AS = Literal["clear", "null", "redact", "partial", "hash", "bucket", "drop"]


@dataclass(frozen=True, slots=True)
class TagKeys:
    """What becomes of a column of a tag where no rule speaks of it: `deny`, or a treatment."""

    default: Literal["deny", "clear", "null", "redact", "partial", "hash", "bucket", "drop"] = "deny"


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """Who is in a role, and for what it may be used."""

    members: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()


GRANT = Form(Grant, narrowed={"actions": tuple[Literal["read", "export"], ...]})
TREATMENT = Form(Treatment, narrowed={"as_": _AS})
ROW_FILTER = Form(RowFilter)


@dataclass(frozen=True, slots=True)
class PolicyKeys:
    """The keys of access.yml."""


POLICY = Form(
    PolicyKeys,
    also={
        "roles": mapping_of(RoleKeys),
        "tags": mapping_of(TagKeys),
        "grants": list_of(GRANT),
        "treat": list_of(TREATMENT),
        "rows": list_of(ROW_FILTER),
    },
)


@dataclass(frozen=True, slots=True)
class ReadPolicy:
    """The policy, and its rules as they are written."""

    policy: Policy = field(default_factory=Policy)
    rules: tuple[Keys, ...] = ()


def read_policy(root: Path, problems: list[Problem]) -> ReadPolicy:
    """The policy; an empty one where no file says anything."""
    paths = list_files(root, "policies", problems)
    for path in paths:
        if path != FILE and not path.rpartition("/")[2].lower().startswith("readme"):
            mend = f'put all rules into "{FILE}"'
            problems.append(Problem("P014", "only access.yml is read here", mend, Place(path)))
    if FILE not in paths:
        return ReadPolicy()
    written = read_file(root, FILE, problems)
    keys = read_keys(written.text, FILE, problems) if written else None
    if keys is None:
        return ReadPolicy()
    shape(POLICY, keys, problems)
    roles = _roles(keys, problems)
    tags = _tags(keys, problems)
    grants = _rules(GRANT, keys, "grants", problems)
    treat = _rules(TREATMENT, keys, "treat", problems)
    rows = _rules(ROW_FILTER, keys, "rows", problems)
    purposes = {role.name: role.purposes for role in roles}
    written_rules = tuple(
        rule for key in ("grants", "treat", "rows") for rule in _items(keys.get(key)) if isinstance(rule, Keys)
    )
    for rule in written_rules:
        _check_rule(rule, purposes, tags, problems)
    return ReadPolicy(Policy(roles, tags, grants, treat, rows), written_rules)


def _named(keys: Keys, key: str, problems: list[Problem]) -> list[tuple[str, Place, Keys]]:
    node = keys.get(key)
    mapping = as_keys(node, f'"{key}"', problems) if node else None
    found = []
    for name, entry in mapping.entries.items() if mapping else ():
        value = as_keys(entry.value, f'"{name}"', problems)
        if value is not None:
            found.append((name, entry.key.place, value))
    return found


def _roles(keys: Keys, problems: list[Problem]) -> tuple[Role, ...]:
    roles = []
    for name, place, value in _named(keys, "roles", problems):
        made: RoleKeys | None = shape(RoleKeys, value, problems)
        roles.append(Role(name, made.members if made else (), made.purposes if made else (), place))
    return tuple(roles)


def _tags(keys: Keys, problems: list[Problem]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for name, _, value in _named(keys, "tags", problems):
        made: TagKeys | None = shape(TagKeys, value, problems)
        tags[name] = made.default if made else "deny"
    return tags


def _items(node: Node | None) -> tuple[Node, ...]:
    return () if node is None else node.items if isinstance(node, Items) else (node,)


def _rules(form: Form, keys: Keys, key: str, problems: list[Problem]) -> tuple[Any, ...]:
    made = []
    for item in _items(keys.get(key)):
        mapping = as_keys(item, f'a rule of "{key}"', problems)
        rule = shape(form, mapping, problems) if mapping else None
        if rule is not None:
            made.append(rule)
    return tuple(made)


def _check_rule(
    rule: Keys, purposes: dict[str, tuple[str, ...]], tags: Collection[str], problems: list[Problem]
) -> None:
    """Role, tag and purposes of a rule are declared."""
    role = next((node.value for node in texts(rule.get("role"))), None)
    for key, names in (("role", purposes), ("tag", tags), ("purposes", purposes.get(role or "", ()))):
        if key == "purposes" and role not in purposes:
            continue
        for node in texts(rule.get(key)):
            if node.value not in names:
                noun = "purpose" if key == "purposes" else key
                of = f' of role "{role}"' if key == "purposes" else ""
                what = f'{noun} "{node.value}"{of} is not declared in this file'
                problems.append(Problem("P042", what, nearest(node.value, list(names), kind=f"{noun}s"), node.place))


def check_subjects(rules: Iterable[Keys], there: Known, problems: list[Problem]) -> None:
    """What the rules are `on` exists; a pattern may match nothing yet."""
    names = {name.lower() for name in there.datasets}
    for node in (node for rule in rules for node in texts(rule.get("on"))):
        name = node.value.lower()
        is_lost = {node.value, node.value.partition(".")[0]} & there.lost
        if not is_lost and name.removesuffix(QUARANTINE) not in names and not set("*?[") & set(name):
            what = f'dataset "{node.value}" does not exist'
            mend = nearest(node.value, list(there.datasets), kind="datasets")
            problems.append(Problem("P042", what, mend, node.place))


def check_reader(keys: Keys, policy: Policy, problems: list[Problem]) -> None:
    """The role and purpose under which an output is read are those of access.yml."""
    roles = {role.name: role for role in policy.roles}
    role = next(iter(texts(keys.get("role"))), None)
    purpose = next(iter(texts(keys.get("purpose"))), None)
    if role is not None and role.value not in roles:
        what = f'role "{role.value}" is not declared in {FILE}'
        problems.append(Problem("P042", what, nearest(role.value, list(roles), kind="roles"), role.place))
    elif purpose is not None and role is None:
        mend = "name the `role` whose purpose it is, or leave the purpose away"
        problems.append(Problem("P042", f'purpose "{purpose.value}" stands without a role', mend, purpose.place))
    elif role is not None and purpose is not None and purpose.value not in roles[role.value].purposes:
        what = f'purpose "{purpose.value}" of role "{role.value}" is not declared in {FILE}'
        mend = nearest(purpose.value, list(roles[role.value].purposes), kind="purposes")
        problems.append(Problem("P042", what, mend, purpose.place))
