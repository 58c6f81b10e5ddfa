"""requirements/agreements/<id>.yml: what was agreed, waived, excepted; read, and appended to, never changed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem, ProjectError, nearest, raise_all
from mainstem.core.requirement import Agreement
from mainstem.project.files import kept, list_files, read_file
from mainstem.project.names import LABEL
from mainstem.project.nodes import Items, Keys, Node, as_keys, read_yaml
from mainstem.project.shape import shape

FOLDER = "requirements/agreements"

KINDS = ("agreed", "waived", "exception")


@dataclass(frozen=True, slots=True)
class Agreed:
    """A stakeholder agreed to a text."""

    agreed: str
    at: datetime
    recorded_by: str | None = None
    promise: str | None = None
    binding: str | None = None
    links: Mapping[str, str] | None = None
    text: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Waived:
    """Somebody lifted the promise for a while."""

    waived: str
    at: datetime
    because: str
    until: datetime | None = None
    recorded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Excepted:
    """A slice was taken out beforehand; `exception` is its label."""

    exception: str
    at: datetime
    because: str
    recorded_by: str | None = None


ENTRIES: Mapping[str, type] = {"agreed": Agreed, "waived": Waived, "exception": Excepted}
"""The sorts of entry, by the key that names them."""

_ODD_LINE_BREAKS = frozenset("\x85\u2028\u2029")
"""What YAML 1.1 takes for the end of a line: escaped, or it would not come back."""

_WIDTH = 2**20
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def read_agreements(root: Path, problems: list[Problem]) -> dict[str, tuple[Agreement, ...]]:
    """The entries of every file, in its order, by the id that the file is named after."""
    found = {}
    mend = "write agreements with `mainstem agree`"
    for path in kept(list_files(root, FOLDER, problems), ".yml", mend, problems):
        written = read_file(root, path, problems)
        if written is not None:
            found[written.stem] = parse_agreements(written.stem, written.text, path, problems)
    return found


def parse_agreements(id: str, text: str, file: str, problems: list[Problem]) -> tuple[Agreement, ...]:
    """The entries of one file's text."""
    node = read_yaml(text, file, problems)
    if node is None or (isinstance(node, Keys) and not node.entries):
        return ()
    if not isinstance(node, Items):
        mend = "begin each entry with `- `, as `mainstem agree` writes it"
        problems.append(Problem("P047", "the file is no list of entries", mend, node.place))
        return ()
    return tuple(entry for item in node.items if (entry := _read_entry(id, item, problems)))


def _read_entry(id: str, item: Node, problems: list[Problem]) -> Agreement | None:
    keys = as_keys(item, "an entry", problems)
    if keys is None:
        return None
    kinds = [name for name in keys.entries if name in ENTRIES]
    if len(kinds) != 1:
        what = f"an entry says {' and '.join(kinds)} at once" if kinds else "an entry does not say what happened"
        mend = f"write one of {', '.join(KINDS)}"
        problems.append(Problem("P047", what, mend, keys.place))
        return None
    kind = kinds[0]
    made: Any = shape(ENTRIES[kind], keys, problems)
    if made is None:
        return None
    said = {each.name: getattr(made, each.name) for each in fields(made)}
    named = said.pop(kind)
    text = keys.get("text")
    if text is not None:
        said["text"] = typed(text)
    said["label" if kind == "exception" else "by"] = named
    return Agreement(requirement=id, kind=kind, place=keys.place, **said)


def typed(node: Node) -> Any:
    """The node as the data that was appended: what is written without quotes and looks so is a number, truth or None.

    There is no schema for an agreed text, which must come back exactly as it was; quotes tell texts apart.
    """
    if isinstance(node, Items):
        return [typed(item) for item in node.items]
    if isinstance(node, Keys):
        return {key: typed(entry.value) for key, entry in node.entries.items()}
    if node.style:
        return node.value
    if node.value in ("true", "false"):
        return node.value == "true"
    if node.value in ("", "null"):
        return None
    if _NUMBER.fullmatch(node.value):
        return Decimal(node.value) if "." in node.value else int(node.value)
    return node.value


def append_agreement(root: Path, id: str, entry: Mapping[str, Any]) -> None:
    """Append an entry to `requirements/agreements/<id>.yml`, durably and all or nothing; what is there stays.

    The entry has the keys of the file: `agreed` (or `waived`, `exception`), `at`, ... Values are texts, truth values,
    whole numbers, Decimals, dates and instants, lists and mappings of them. ProjectError P047 when the file that is
    there cannot be read, or the entry would not come back as it is.
    """
    path = f"{FOLDER}/{id}.yml"
    if not LABEL.fullmatch(id):
        raise ProjectError(Problem("P015", f'"{id}" is no id', "write small letters, digits and -"))
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(file.parent):
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        if before and not before.endswith("\n"):
            before += "\n"
        after = before + _entry_text(entry)
        _require_same(id, path, before, after, entry)
        _replace(file, after)


def _require_same(id: str, path: str, before: str, after: str, entry: Mapping[str, Any]) -> None:
    problems: list[Problem] = []
    old = parse_agreements(id, before, path, problems)
    raise_all(problems)
    new = parse_agreements(id, after, path, problems)
    node = read_yaml(after, path, problems)
    last = node.items[-1] if isinstance(node, Items) else None
    written = {key: _written(value) for key, value in entry.items() if value is not None}
    if problems or new[:-1] != old or len(new) != len(old) + 1 or last is None or typed(last) != written:
        detail = problems[0].what if problems else "it would not come back as it is"
        place = Place(path, problems[0].place.line, 1) if problems and problems[0].place else Place(path)
        mend = f"an entry names one of {', '.join(KINDS)}, with `at` and what belongs to it"
        raise ProjectError(Problem("P047", f"the entry cannot be appended: {detail}", mend, place))


def _written(value: Any) -> Any:
    """A value as `typed` gives it back."""
    if isinstance(value, Mapping):
        return {str(key): _written(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    if isinstance(value, frozenset | set):
        return [_written(each) for each in sorted(value)]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float):
        return Decimal(str(value))
    return value


def _entry_text(entry: Mapping[str, Any]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Ours, so that the representer below is nobody else's."""

    def number(dumper: yaml.SafeDumper, value: Decimal) -> yaml.Node:
        return dumper.represent_scalar("tag:yaml.org,2002:float", format(value, "f"))

    Dumper.add_representer(Decimal, number)
    data = [{key: _written(value) for key, value in entry.items() if value is not None}]
    readable = yaml.dump(data, Dumper=Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH)
    if readable.isascii() or not _ODD_LINE_BREAKS & set(readable):
        return readable
    return yaml.dump(data, Dumper=Dumper, allow_unicode=False, sort_keys=False, width=_WIDTH)


def _replace(file: Path, text: str) -> None:
    """Write a new file beside the old one and put it in its place, on disk before it counts."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time appends in a folder; elsewhere than on POSIX systems nothing is locked."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def check_agreements(
    agreements: Mapping[str, tuple[Agreement, ...]], ids: Mapping[str, str], problems: list[Problem]
) -> dict[str, tuple[Agreement, ...]]:
    """The entries by the present id of what they are about; `ids` maps ids and aliases of what can be agreed."""
    found: dict[str, tuple[Agreement, ...]] = {}
    for name, entries in agreements.items():
        if name not in ids:
            what = f'"{name}" is no requirement or definition, and there is an agreement to it'
            mend = nearest(name, list(ids), kind="ids") + "; a rename keeps the old id in `aliases:`"
            problems.append(Problem("P042", what, mend, Place(f"{FOLDER}/{name}.yml")))
            continue
        id = ids[name]
        own = entries if id == name else tuple(replace(entry, requirement=id) for entry in entries)
        earlier = found.get(id)
        found[id] = tuple(sorted((*earlier, *own), key=lambda entry: entry.at)) if earlier else own
    return found
