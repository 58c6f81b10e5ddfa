"""Variables of a project: declared in mainstem.yml, given there, by environment or by command; named by SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from mainstem.core.dataset import Check, Dataset, Model, Variable
from mainstem.core.kinds import find
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.core.project import Macro
from mainstem.project.names import identifier_problem
from mainstem.project.nodes import Keys, Text, as_keys
from mainstem.project.scalars import SCALARS
from mainstem.project.shape import shape
from mainstem.sql.text import Text as SqlText
from mainstem.sql.variables import named, put_in, used


@dataclass(frozen=True, slots=True)
class VariableKeys:
    """How a variable is declared. Without `default` each environment, or the command, has to give a value."""

    type: Literal["bigint", "boolean", "date", "decimal", "double", "integer", "timestamp", "varchar"]
    default: str | None = None
    description: str = ""


_READ: Mapping[str, Any] = {
    "bigint": int,
    "boolean": bool,
    "date": date,
    "decimal": Decimal,
    "double": float,
    "integer": int,
    "varchar": str,
}
"""By type the annotation by which a text is read as one."""

_LIMITS = {"bigint": 2**63, "integer": 2**31}


@dataclass(frozen=True, slots=True)
class Variables:
    """The variables that have a value, and where each is declared. `lost` are those without."""

    by_name: Mapping[str, Variable]
    places: Mapping[str, Place]
    lost: frozenset[str] = frozenset()


def read_variables(keys: Keys, env: str, given: Mapping[str, str], problems: list[Problem]) -> Variables:
    """The variables as they are in an environment; `given` are values that a command says, which win.

    P057 for a value of a variable that is not declared, P059 for one without a value, or one that is none of its type.
    """
    node = keys.get("variables")
    declared = as_keys(node, '"variables"', problems) if node else None
    said: dict[str, VariableKeys] = {}
    places: dict[str, Place] = {}
    for name, entry in declared.entries.items() if declared else ():
        wrong = identifier_problem(name, "variable", entry.key.place)
        value = as_keys(entry.value, f'variable "{name}"', problems)
        made: VariableKeys | None = shape(VariableKeys, value, problems) if value else None
        places[name] = entry.key.place
        if wrong:
            problems.append(wrong)
        elif made:
            said[name] = made
    texts = {name: _default(declared, name) for name in places}
    texts |= _of_environment(keys, env, places, problems)
    problems += [_unknown(name, places, None) for name in given if name not in places]
    texts |= {name: Text(text, Place("")) for name, text in given.items()}
    found = {name: _variable(name, each, texts.get(name), places[name], problems) for name, each in said.items()}
    by_name = {name: variable for name, variable in found.items() if variable}
    return Variables(by_name, places, frozenset(places) - by_name.keys())


def _default(declared: Keys | None, name: str) -> Text | None:
    value = declared.entries[name].value if declared else None
    default = value.get("default") if isinstance(value, Keys) else None
    return default if isinstance(default, Text) else None


def _of_environment(keys: Keys, env: str, known: Collection[str], problems: list[Problem]) -> dict[str, Text | None]:
    """The values that the environment gives; those of other environments are held to exist, too."""
    found: dict[str, Text | None] = {}
    environments = keys.get("environments")
    for name, entry in environments.entries.items() if isinstance(environments, Keys) else ():
        given = entry.value.get("variables") if isinstance(entry.value, Keys) else None
        for variable, each in given.entries.items() if isinstance(given, Keys) else ():
            if variable not in known:
                problems.append(_unknown(variable, known, each.key.place))
            elif name == env and isinstance(each.value, Text):
                found[variable] = each.value
    return found


def _unknown(name: str, known: Collection[str], place: Place | None) -> Problem:
    mend = nearest(name, list(known), kind="variables")
    mend = mend if known else "declare it in mainstem.yml: `variables: {name: {type: date, default: ...}}`"
    return Problem("P057", f'variable "{name}" does not exist', mend, place)


def _variable(
    name: str, keys: VariableKeys, text: Text | None, declared_at: Place, problems: list[Problem]
) -> Variable | None:
    if text is None:
        what = f'variable "{name}" has no value'
        mend = f"write `default:`, give it below `environments:`, or say `--var {name}=...`"
        problems.append(Problem("P059", what, mend, declared_at))
        return None
    try:
        value = _read(keys.type, text.value)
    except ValueError:
        example = "2026-01-31T06:00" if keys.type == "timestamp" else SCALARS[_READ[keys.type]].example
        what = f'variable "{name}" is "{text.value}", which is no {keys.type}'
        problems.append(Problem("P059", what, f"write one such as {example}", text.place if text.place.file else None))
        return None
    return Variable(name, keys.type, value, keys.description)


def _read(type_: str, text: str) -> str:
    """The text in the form that SQL reads. ValueError where it is no value of the type."""
    if type_ == "timestamp":
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            raise ValueError(text)
        return at.isoformat(sep=" ")
    value = SCALARS[_READ[type_]].read(text)
    if type_ in _LIMITS and not -_LIMITS[type_] <= value < _LIMITS[type_]:
        raise ValueError(text)
    if type_ == "boolean":
        return str(value).lower()
    return format(value, "f") if type_ == "decimal" else text


def given_variables(
    datasets: Mapping[str, Dataset],
    macros: tuple[Macro, ...],
    variables: Variables,
    problems: list[Problem],
    *,
    is_whole: bool,
) -> tuple[dict[str, Dataset], tuple[Macro, ...]]:
    """Models and checks that know the variables they name, macros with these put in.

    P057 at each name that is none; P058 for a variable that nothing names, told where the project `is_whole`.
    """
    texts = [(macro.sql, Place(macro.place.file)) for macro in macros]
    texts += [each for dataset in datasets.values() for each in _texts(dataset)]
    problems += [problem for text, place in texts for problem in _strange(text, place, variables)]
    seen = {name for text, _ in texts for name, _ in named(text)}
    for name, place in variables.places.items():
        if is_whole and name not in seen:
            mend = f"name it as `${name}` in a model, a check or a macro, or remove it"
            problems.append(Problem("P058", f'variable "{name}" is not used', mend, place))
    known = variables.by_name
    found = {name: _with_values(dataset, known) for name, dataset in datasets.items()}
    return found, tuple(_macro(macro, known) for macro in macros)


def _texts(dataset: Dataset) -> Iterator[tuple[str, Place]]:
    """What of a dataset is SQL."""
    if isinstance(dataset.made_by, Model):
        yield from _model_texts(dataset.made_by)
    yield from ((text, check.place) for check in dataset.checks if (text := _sql_of(check)))


def _model_texts(model: Model) -> Iterator[tuple[str, Place]]:
    """A model's SELECT, with the lines of its file, and what its program names."""
    yield model.sql, Place(model.place.file)
    if model.program is not None:
        for parameter, name in model.program.variables.items():
            yield f"${name}", model.program.places[parameter]


def _strange(text: str, place: Place, variables: Variables) -> Iterable[Problem]:
    for name, start in named(text):
        if name not in variables.places:
            at = place if place.line else SqlText(text, place.file).place(start)
            yield _unknown(name, variables.places, at)


def _sql_of(check: Check) -> str:
    option = getattr(find("checks", check.kind), "SQL", None)
    return str(getattr(check.options, option)) if option else ""


def _with_values(dataset: Dataset, known: Mapping[str, Variable]) -> Dataset:
    if not known:
        return dataset
    model = dataset.made_by
    if isinstance(model, Model) and (own := used((text for text, _ in _model_texts(model)), known)):
        dataset = replace(dataset, made_by=replace(model, variables=own))
    if any("$" in _sql_of(check) for check in dataset.checks):
        dataset = replace(dataset, checks=tuple(_check(check, known) for check in dataset.checks))
    return dataset


def _check(check: Check, known: Mapping[str, Variable]) -> Check:
    text = _sql_of(check)
    if "$" not in text:
        return check
    option = find("checks", check.kind).SQL
    return replace(check, options=replace(check.options, **{option: put_in(text, known)}))


def _macro(macro: Macro, known: Mapping[str, Variable]) -> Macro:
    if "$" not in macro.sql:
        return macro
    bodies = tuple(put_in(body, known) for body in macro.bodies)
    return replace(macro, text=put_in(macro.text, known), sql=put_in(macro.sql, known), bodies=bodies)
