"""Renders the Jinja of dbt as far as it can be known without a database, and records what it asks for."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.ext import do
from jinja2.sandbox import SandboxedEnvironment

from mainstem.core.place import Place
from mainstem.dataops.imports.dbt.known import dbt_macros, utils_macros
from mainstem.dataops.imports.dbt.macros import Macro, Package, callables
from mainstem.dataops.imports.refusal import NotCarriedError, Refusing, Returned

_ASKS = "asks the database while the text is made"
_REFUSED = {
    "execute": f'"execute" {_ASKS}',
    "run_query": f'"run_query" {_ASKS}',
    "statement": f'"statement" {_ASKS}',
    "load_result": f'"load_result" {_ASKS}',
    "graph": '"graph" is dbt\'s own list of the project',
    "model": '"model" is dbt\'s own description of the file',
    "builtins": '"builtins" replaces what dbt means by a name',
    "modules": '"modules" are libraries of Python',
    "flags": '"flags" are options of dbt\'s command',
    "invocation_id": '"invocation_id" is another at each run',
    "run_started_at": '"run_started_at" is another at each run; write current_timestamp',
    "this": '"this" is the table that the model makes; a model does not read itself here',
    "schema": '"schema" is that of the database',
    "database": '"database" is that of the database',
    "exceptions": "it raises an error of its own",
}


@dataclass(slots=True)
class Rendered:
    """What a text became, and what it asked for: settings, and `taken`, values that were put in as text."""

    text: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    taken: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """What texts of a project may ask for.

    `refs` has the dataset of each model and seed, `sources` that of each table of a source; `package` is the name of
    the project itself; `severity` is that of tests that say none, `error` or `warn`.
    """

    package: str
    adapter: str
    dialect: str
    refs: Mapping[str, str]
    sources: Mapping[tuple[str, str], str]
    variables: Mapping[str, Any]
    macros: tuple[Macro, ...] = ()
    severity: str = "error"


class Evaluator:
    """Renders texts of one project, one after another."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._now = Rendered()
        self._environment = SandboxedEnvironment(undefined=StrictUndefined, extensions=[do])
        self._macros = callables(world.macros, self._environment)
        self._environment.globals.update(self._globals())
        self._environment.filters.update(
            dict.fromkeys(("as_bool", "as_number", "as_native", "as_text"), _same), tojson=json.dumps
        )

    def render(self, text: str, file: str, line: int = 1, **named: Any) -> Rendered:
        """A text that begins at a line of a file; `NotCarriedError` with the line where it cannot be known."""
        self._now = Rendered()
        try:
            code = self._environment.compile("\n" * (line - 1) + text, file, file)
            template = Template.from_code(self._environment, code, self._environment.globals)
            self._now.text = template.render(**named)
        except TemplateSyntaxError as error:
            raise NotCarriedError(f"it is no Jinja that can be read: {error.message}", error.lineno, file) from None
        except NotCarriedError as error:
            raise _placed(error, error.why, file) from None
        except UndefinedError as error:
            raise _placed(error, _undefined(error), file) from None
        except (TemplateError, Returned) as error:
            raise _placed(error, f"its Jinja cannot be followed: {error}", file) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
            raise _placed(error, f"its Jinja fails: {error}", file) from None
        self._now.text = self._now.text.removeprefix("\n" * (line - 1))
        return self._now

    def call(self, name: str, file: str, line: int, **named: Any) -> Rendered:
        """What a macro gives, `package.name` or a name of the project; `NotCarriedError` like `render`."""
        arguments = ", ".join(f"{key}={key}" for key in named)
        return self.render(f"{{{{ {name}({arguments}) }}}}", file, line, **named)

    def has(self, name: str) -> bool:
        """Whether there is a macro of this name, `package.name` or a name of the project."""
        package, _, plain = name.rpartition(".")
        return plain in self._macros.get(package or self._world.package, {})

    @property
    def dialect(self) -> str:
        """The dialect of the project's SQL."""
        return self._world.dialect

    @property
    def severity(self) -> str:
        """The severity of tests that say none: `error` or `warn`."""
        return self._world.severity

    def _globals(self) -> dict[str, Any]:
        world = self._world
        packages: dict[str, dict[str, Callable[..., Any]]] = {
            "dbt": dbt_macros(world.dialect),
            "dbt_utils": utils_macros(world.dialect),
        }
        for name, macros in self._macros.items():
            packages[name] = {**macros, **packages.get(name, {})}
        plain = {name: macro for each in packages.values() for name, macro in each.items() if name != "except"}
        return {
            **{name: Package(name, macros) for name, macros in packages.items()},
            **plain,
            **self._macros.get(world.package, {}),
            **{name: Refusing(why) for name, why in _REFUSED.items()},
            "ref": self._ref,
            "source": self._source,
            "var": self._var,
            "env_var": self._env_var,
            "config": _Config(self),
            "is_incremental": lambda: False,
            "target": _Target(world.adapter),
            "adapter": _Adapter(packages, world),
            "return": _return,
            "log": _silent,
            "print": _silent,
            "tojson": json.dumps,
            "fromjson": json.loads,
            "zip": lambda *lists: list(zip(*lists, strict=False)),
            "set": lambda values: list(dict.fromkeys(values)),
            "project_name": world.package,
        }

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Record settings of the text that is rendered."""
        self._now.config.update(settings)

    def configured(self, name: str, otherwise: Any) -> Any:
        """A setting that the text made before."""
        return self._now.config.get(name, otherwise)

    def _ref(self, *names: str, **how: Any) -> str:
        name = names[-1]
        if len(names) > 1 and names[0] != self._world.package:
            raise NotCarriedError(f'it reads "{name}" of the package "{names[0]}"')
        if how.get("v", how.get("version")) is not None:
            name = f"{name}.v{how.get('v', how.get('version'))}"
        if name not in self._world.refs:
            raise NotCarriedError(f'it reads "{name}", which is no model or seed of the project')
        return self._world.refs[name]

    def _source(self, source: str, table: str) -> str:
        found = self._world.sources.get((source, table))
        if found is None:
            raise NotCarriedError(f'it reads the table "{table}" of the source "{source}", which no file declares')
        return found

    def _var(self, name: str, *otherwise: Any, **named: Any) -> Any:
        default = (*otherwise, *named.values())
        if name not in self._world.variables and not default:
            raise NotCarriedError(f'the variable "{name}" has no value in dbt_project.yml')
        value = self._world.variables.get(name, *default)
        self._now.taken[f'variable "{name}"'] = value
        return value

    def _env_var(self, name: str, *otherwise: Any) -> Any:
        if not otherwise:
            raise NotCarriedError(f'"{name}" is a variable of the environment, and has no default')
        self._now.taken[f'environment variable "{name}"'] = otherwise[0]
        return otherwise[0]


class _Config:
    """`config(...)`, and `config.get`."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def __call__(self, *mappings: Mapping[str, Any], **settings: Any) -> str:
        for each in (*mappings, settings):
            self._evaluator.configure(each)
        return ""

    def get(self, name: str, default: Any = None, validator: Any = None) -> Any:
        del validator
        return self._evaluator.configured(name, default)

    def require(self, name: str, validator: Any = None) -> Any:
        del validator
        return self._evaluator.configured(name, None)


class _Target:
    """`target`: the environment is always prod, its other facts are those of a database."""

    def __init__(self, adapter: str) -> None:
        self.name = self.target_name = "prod"
        self.type = adapter

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotCarriedError(f'"target.{name}" is a fact of the database')


class _Adapter:
    """`adapter`: chooses the macro for the database; whatever else it knows, it asks the database."""

    def __init__(self, packages: Mapping[str, Mapping[str, Any]], world: World) -> None:
        self._packages = packages
        self._world = world

    def dispatch(self, macro_name: str, macro_namespace: str | None = None) -> Any:
        wanted = dict.fromkeys((self._world.package, macro_namespace or "", *self._packages))
        for prefix in (self._world.adapter, "default"):
            for package in wanted:
                found = self._packages.get(package, {}).get(f"{prefix}__{macro_name}")
                if found is not None:
                    return found
        raise NotCarriedError(f'there is no macro "default__{macro_name}"')

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotCarriedError(f'"adapter.{name}" {_ASKS}')


def _return(value: Any = None) -> NoReturn:
    raise Returned(value)


def _silent(*said: Any, **how: Any) -> str:
    del said, how
    return ""


def _same(value: Any) -> Any:
    return value


def _undefined(error: UndefinedError) -> str:
    name = str(error.message or "").partition("'")[2].partition("'")[0]
    return f'it uses "{name}", which nothing in the project defines' if "is undefined" in str(error) else str(error)


def _placed(error: Exception, why: str, file: str) -> NotCarriedError:
    """The error with the line of the text that led to it, and the macro in which it came to pass."""
    if isinstance(error, NotCarriedError) and error.line:
        why, inner = error.why, Place(error.file, error.line)
        return NotCarriedError(
            why if inner.file == file else f"{why} ({inner.file}:{inner.line})", _line(error, file), file
        )
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if each.filename.endswith((".sql", ".yml", ".yaml"))
    ]
    last = frames[-1] if frames else None
    if last is not None and last.filename != file:
        why = f"{why} ({last.filename}:{last.lineno})"
    return NotCarriedError(why, _line(error, file), file)


def _line(error: Exception, file: str) -> int:
    lines: Iterable[int | None] = (
        each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == file
    )
    return next((line for line in lines if line), 0)
