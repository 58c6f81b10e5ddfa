"""Runs a Python model: loads its text, hands it rows as what it asks for, and takes what it returns."""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from mainstem.core.dataset import Program, Variable
from mainstem.core.place import Place
from mainstem.core.ports import Session
from mainstem.core.problem import Problem, WorldError
from mainstem.sql.quote import qualified

_VALUES: Mapping[str, Callable[[str], Any]] = {
    "bigint": int,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "decimal": Decimal,
    "double": float,
    "integer": int,
    "timestamp": datetime.fromisoformat,
    "varchar": str,
}
_RETURN = "return an Arrow table, a frame of Polars or pandas, or a DuckDB relation"
_FORBIDDEN = frozenset(" ,;{}()\n\t=")


def take_rows(
    session: Session,
    reading: Session,
    program: Program,
    variables: Mapping[str, Variable],
    root: Path,
    table: str,
    *,
    quotes: bool,
) -> None:
    """Run the function, and put the rows that it returns into the temporary table `table` of `session`.

    Its inputs are read by `reading`, which is open as long as it runs. WorldError T024 for what it raises (its words
    are told only where `quotes`), T025 for a library that is not installed, T026 for what is no table.
    """
    try:
        function = getattr(_loaded(program, root), program.function)
        values = {name: _VALUES[(v := variables[each]).type](v.value) for name, each in program.variables.items()}
        frames = {name: _frame(reading, each, function, name) for name, each in program.inputs.items()}
        made = function(**frames, **values)
        if type(made).__name__ == "LazyFrame":
            made = made.collect()
        _refuse(made, program)
        session.take(table, made)
    except WorldError as error:
        raise _placed(error, program, quotes=quotes) from error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises
        raise _complaint(error, program, root, quotes=quotes) from None


def _loaded(program: Program, root: Path) -> ModuleType:
    """The file's text, run anew; nothing is written beside it."""
    file = str(root / program.module)
    module = ModuleType(program.module.removesuffix(".py").replace("/", "."))
    module.__file__ = file
    linecache.cache[file] = (len(program.text), None, program.text.splitlines(keepends=True), file)
    exec(compile(program.text, file, "exec"), vars(module))  # noqa: S102 - it is the project's own text
    return module


def _frame(reading: Session, dataset: str, function: Callable[..., Any], parameter: str) -> Any:
    """A dataset as what the parameter's annotation names."""
    wanted = inspect.get_annotations(function, eval_str=True).get(parameter)
    library, name = str(getattr(wanted, "__module__", "")).partition(".")[0], getattr(wanted, "__name__", "")
    select = f"select * from {qualified(dataset)}"
    if library in ("duckdb", "_duckdb"):
        return reading.handed(select, "relation")
    if library == "pandas":
        return reading.handed(select, "pandas")
    if library == "polars":
        frame = import_module("polars").DataFrame(reading.query(select))
        return frame.lazy() if name == "LazyFrame" else frame
    if library == "pyarrow":
        return import_module("pyarrow").table(reading.query(select))
    from arro3.core import Table

    return Table.from_arrow(reading.query(select))


def _refuse(made: Any, program: Program) -> None:
    """T026 for what is no table, or one whose columns no table of the lake can have."""
    columns = getattr(made, "columns", None) if not hasattr(made, "column_names") else made.column_names
    if not hasattr(made, "__arrow_c_stream__") or columns is None:
        raise WorldError(_unfit(program, f"is of type {type(made).__name__}", _RETURN))
    names = [str(name) for name in columns]
    if not names:
        raise WorldError(_unfit(program, "has no columns", "give it some"))
    if len({name.lower() for name in names}) < len(names):
        raise WorldError(_unfit(program, "has two columns of one name", "rename one; letter case does not count"))
    wrong = [name for name in names if not name.strip() or _FORBIDDEN & set(name)]
    if wrong:
        raise WorldError(_unfit(program, f'has a column "{wrong[0]}"', "name it with letters, digits and underscores"))


def _unfit(program: Program, words: str, mend: str) -> Problem:
    what = f'what "{program.function}" returns {words}'
    return Problem("T026", what, mend, Place(program.module, program.line, 1))


def _placed(error: WorldError, program: Program, *, quotes: bool) -> WorldError:
    """What the engine says of the rows returned; it knows no place in Python."""
    mend = f"look at what it returns; {_RETURN}"
    words = [each.what if quotes else "[redacted]" for each in error.problems if each.code.startswith("E")]
    said = [_unfit(program, f"cannot be read: {each}", mend) for each in words]
    return WorldError(*said) if said else error


def _complaint(error: BaseException, program: Program, root: Path, *, quotes: bool) -> WorldError:
    file = str(root / program.module)
    lines = [frame.lineno or 1 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    place = Place(program.module, lines[-1] if lines else program.line, 1)
    if isinstance(error, ModuleNotFoundError):
        library = str(error.name).partition(".")[0]
        what, mend = f'"{library}" is not installed', f"install it where mainstem is: pip install {library}"
        return WorldError(Problem("T025", what, mend, place))
    words = " ".join(str(error).split()) if quotes else "[redacted]"
    came = "".join(f", called in line {line}" for line in reversed(lines[:-1]))
    what = f'"{program.function}" fails: {type(error).__name__}{f": {words}" if words else ""}{came}'
    return WorldError(Problem("T024", what, "correct it there; nothing of this attempt is kept", place))
