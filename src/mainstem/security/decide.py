"""Who sees what of a dataset: the rules of `policies/access.yml` applied to one reader. Pure; deny beats all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from mainstem.core.output import Policy, Role, Treatment
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.release import Field
from mainstem.core.tags import ColumnTags, column_tags

REVEALING = ("clear", "bucket", "partial", "hash", "redact", "null", "drop")
"""Treatments, from the most revealing to the least: of several, the last one counts."""


STAND_IN = "stand in"
"""The treatment of what is recorded; no policy asks for it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever asks. `role` None is the operator of this machine, to whom no grant applies: tagged columns are redacted,
    unless `clear`. With a role, `purpose` None is the role's only purpose. `action`: read | export | record; what is
    recorded (into the text of a project) has made-up values in the place of tagged ones."""

    role: str | None = None
    purpose: str | None = None
    action: str = "read"
    clear: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What a reader sees of one dataset: the treatment of each tagged column by name, and conditions, in SQL, that a
    row must fulfil."""

    treated: Mapping[str, str] = field(default_factory=dict)
    where: tuple[str, ...] = ()


def decide(policy: Policy, reader: Reader, dataset: str, fields: Sequence[Field], tags: ColumnTags) -> Access:
    """What `reader` sees of a dataset with these columns and effective tags.

    ProjectError S012 for a role or purpose that the policy does not have, S013 without a grant, S014 for a condition
    that asks for an attribute of the reader.
    """
    tagged = {each.name: found for each in fields if (found := column_tags(tags, each.name))}
    if reader.role is None:
        if reader.action == "record":
            return Access(dict.fromkeys(tagged, STAND_IN))
        return Access(dict.fromkeys(tagged, "clear" if reader.clear else "redact"))
    role = _role(policy, reader.role)
    purpose = _purpose(role, reader.purpose)
    if not _is_granted(policy, role, reader.action, dataset):
        what = f'role "{role.name}" may not {reader.action} "{dataset}"'
        raise ProjectError(Problem("S013", what, f"grant it in policies/access.yml: on: [{dataset}]"))
    treated = {name: _treatment(policy, role, purpose, dataset, found) for name, found in tagged.items()}
    return Access(treated, _conditions(policy, role, dataset))


def _role(policy: Policy, name: str) -> Role:
    for role in policy.roles:
        if role.name == name:
            return role
    what = f'role "{name}" is not in policies/access.yml'
    raise ProjectError(Problem("S012", what, nearest(name, [role.name for role in policy.roles], kind="roles")))


def _purpose(role: Role, purpose: str | None) -> str | None:
    if purpose is None and len(role.purposes) <= 1:
        return role.purposes[0] if role.purposes else None
    if purpose in role.purposes:
        return purpose
    said = f'"{purpose}" is no purpose of role "{role.name}"' if purpose else f'role "{role.name}" has several purposes'
    raise ProjectError(Problem("S012", said, f"name one of them: {', '.join(role.purposes) or 'it has none'}"))


def _is_granted(policy: Policy, role: Role, action: str, dataset: str) -> bool:
    return any(
        grant.role == role.name and action in grant.actions and _matches(grant.on, dataset) for grant in policy.grants
    )


def _matches(patterns: Iterable[str], dataset: str) -> bool:
    return any(fnmatchcase(dataset.lower(), pattern.lower()) for pattern in patterns)


def _treatment(policy: Policy, role: Role, purpose: str | None, dataset: str, tags: Iterable[str]) -> str:
    """The least revealing of what the tags of one column ask for."""
    return max((_of_tag(policy, role, purpose, dataset, tag) for tag in tags), key=REVEALING.index)


def _of_tag(policy: Policy, role: Role, purpose: str | None, dataset: str, tag: str) -> str:
    """What the most specific rule says; the tag's default without one. Among equals the least revealing counts."""
    rules = [
        rule
        for rule in policy.treat
        if (rule.role, rule.tag) == (role.name, tag)
        and (not rule.purposes or purpose in rule.purposes)
        and (not rule.on or _matches(rule.on, dataset))
    ]
    if not rules:
        default = (policy.tags or {}).get(tag, "deny")
        return "redact" if default == "deny" else default
    most = max(_specific(rule, dataset) for rule in rules)
    return max((rule.as_ for rule in rules if _specific(rule, dataset) == most), key=REVEALING.index)


def _specific(rule: Treatment, dataset: str) -> tuple[int, int]:
    """A rule that names the dataset is more specific than a pattern, a pattern more than none; then purposes."""
    named = 2 if dataset.lower() in {name.lower() for name in rule.on} else 1 if rule.on else 0
    return named, 1 if rule.purposes else 0


def _conditions(policy: Policy, role: Role, dataset: str) -> tuple[str, ...]:
    found = [rule for rule in policy.rows if rule.role == role.name and _matches(rule.on, dataset)]
    for rule in found:
        if "user.attribute" in rule.where:
            what = f'a row of "{dataset}" depends on an attribute of the reader, and readers have none here'
            raise ProjectError(Problem("S014", what, "compare with a value, or with a column", rule.place))
    return tuple(rule.where for rule in found)
