"""A user's Python: loaded from a file of the project, or by the name of a package, and blamed by its own lines."""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError, nearest
from mainstem.core.secret import Secret
from mainstem.lifecycle.generation.hiding import hidden

Told = Callable[[BaseException], WorldError]


def text_of(root: Path, path: str, place: Place) -> str:
    """The text of a file of the project. WorldError G060."""
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise _missing(f'"{path}" leads out of the project', "write a path below the project's folder", place)
    try:
        return (root / path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        mend = "make the file, or name the right one with `module:`"
        raise _missing(f'file "{path}" does not exist', mend, place) from None
    except (OSError, UnicodeDecodeError):
        raise _missing(f'file "{path}" cannot be read as UTF-8 text', "check its rights and encoding", place) from None


def unwritten(root: Path, path: str, name: str, at: Place, named_at: Place) -> list[Problem]:
    """What of a function of a file of the project can be seen to be missing without running anything: the file (G060,
    at `at`), its syntax (G061), a function of that name (G060, at `named_at`)."""
    try:
        tree = ast.parse(text_of(root, path, at), path)
    except WorldError as error:
        return list(error.problems)
    except (SyntaxError, ValueError, RecursionError) as error:
        place = Place(path, getattr(error, "lineno", 1) or 1, getattr(error, "offset", 1) or 1)
        what = f'"{path}" is no Python: {getattr(error, "msg", error)}'
        return [Problem("G061", what, "correct it there", place)]
    names = _names(tree)
    if name in names or "*" in names or "__getattr__" in names:
        return []
    functions = [each.name for each in tree.body if isinstance(each, _FUNCTIONS) and not each.name.startswith("_")]
    mend = nearest(name, functions, kind="functions")
    return [Problem("G060", f'"{path}" has no function "{name}"', mend, named_at)]


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _names(tree: ast.AST) -> set[str]:
    """The names that a text may bind outside of its functions and classes; "*" where it takes all of another's."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        else:
            found |= _names(node)
    return found


def function_of(root: Path, module: str, name: str, place: Place) -> Callable[..., Any]:
    """A function of a file (`sources/crm.py`) or of an installed module (`shop.orders`). WorldError G060 and G061.

    The file's text is run anew each time, in this process; nothing is written beside it.
    """
    loaded = _of_file(root, module, place) if module.endswith(".py") else _of_package(module, place)
    function = getattr(loaded, name, None)
    if not callable(function):
        functions = [key for key, value in vars(loaded).items() if callable(value) and not key.startswith("_")]
        raise _missing(f'"{module}" has no function "{name}"', nearest(name, functions, kind="functions"), place)
    made: Callable[..., Any] = function
    return made


def _of_file(root: Path, path: str, place: Place) -> ModuleType:
    text = text_of(root, path, place)
    file = str(root / path)
    name = ".".join(["mainstem_project", *PurePosixPath(path).with_suffix("").parts])
    module = ModuleType(name)
    module.__file__ = file
    sys.modules[name] = module  # dataclasses look there; dlt keeps state under the name's last part
    try:
        exec(compile(text, file, "exec"), vars(module))  # noqa: S102 - it is the user's own project that says so
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises
        raise complaint(error, root, path, f'"{path}" cannot be loaded', place, {}) from None
    return module


def _of_package(name: str, place: Place) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        mend = "install it beside mainstem, or name a file of the project, such as sources/crm.py"
        raise _missing(f'module "{name}" cannot be imported: {error}', mend, place) from None


def _missing(what: str, mend: str, place: Place) -> WorldError:
    return WorldError(Problem("G060", what, mend, place))


def opened(value: Any) -> Any:
    """An argument with its secrets as plain texts."""
    if isinstance(value, Secret):
        return str.__str__(value)
    if isinstance(value, list):
        return [opened(each) for each in value]
    return {key: opened(each) for key, each in value.items()} if isinstance(value, dict) else value


def called(function: Callable[..., Any], given: tuple[Any, ...], arguments: Mapping[str, Any], told: Told) -> Any:
    """What a function returns; what it raises leaves as the WorldError that `told` makes of it."""
    try:
        return function(*given, **arguments)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises
        raise told(error) from None


def watched(batches: Iterable[Any], told: Told) -> Iterator[Any]:
    """The batches; what their maker raises leaves as the WorldError that `told` makes of it."""
    source = iter(batches)
    while True:
        try:
            batch = next(source)
        except StopIteration:
            return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a user's code raises
            raise told(error) from None
        yield batch


def complaint(
    error: BaseException, root: Path, module: str, what: str, place: Place, secrets: Mapping[str, str]
) -> WorldError:
    """What a user's code raised, at the user's own line; at `place` where none of the project's files is to blame."""
    if isinstance(error, WorldError):
        return error
    words = hidden(" ".join(str(error).split()), secrets)
    said = f"{type(error).__name__}{f': {words}' if words else ''}"
    mend = "correct it there; nothing of this read was kept, and the position stays"
    return WorldError(Problem("G061", f"{what}: {said}", mend, _line(error, root, module) or place))


def _line(error: BaseException | None, root: Path, module: str) -> Place | None:
    """The last line of the user's file that an error came by, or the error behind it."""
    file = str(root / module)
    while error is not None:
        if isinstance(error, SyntaxError) and error.filename == file:
            return Place(module, error.lineno or 1, error.offset or 1)
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
        if lines:
            return Place(module, lines[-1] or 1, 1)
        error = error.__cause__ or error.__context__
    return None
