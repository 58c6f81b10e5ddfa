"""Outputs below serving/: dashboards, data APIs, metrics, training sets, syncs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mainstem.core.dataset import Source
from mainstem.core.kinds import find, names
from mainstem.core.output import Chart, Output, Query
from mainstem.core.place import Place
from mainstem.core.problem import Problem, nearest
from mainstem.project.blocks import read_blocks
from mainstem.project.files import Written, kept, list_files, read_file
from mainstem.project.heads import Headed, split_markdown, split_select
from mainstem.project.names import file_problem
from mainstem.project.nodes import Items, Keys, Node, Text, plain, read_keys, texts
from mainstem.project.shape import keys_of, shape
from mainstem.sql.quote import quote


@dataclass(frozen=True, slots=True)
class OutputKeys:
    """What every output says; the other keys are options of its kind.

    `role` and `purpose` are those of the policy under which it is read; without a role nothing tagged leaves by it.
    """

    title: str = ""
    owner: str | None = None
    needs: tuple[str, ...] = ()
    description: str = ""
    role: str | None = None
    purpose: str | None = None


COMMON = frozenset(keys_of(OutputKeys))

FOLDERS: Mapping[str, tuple[str, str]] = {
    "dashboards": ("dashboard", ".md"),
    "apis": ("api", ".sql"),
    "metrics": ("metric", ".yml"),
    "training": ("training", ".yml"),
    "syncs": ("sync", ".yml"),
}
"""Folder below serving/: the kind of output that lies there, and how its files end."""

QUERY_KEYS: Mapping[str, tuple[str, ...]] = {"metric": ("sql",), "training": ("sql",), "sync": ("sql", "from")}
"""Keys of a kind that hold its SELECT, or the dataset that is read whole."""

_DATASET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ReadOutput:
    """An output, and its keys for the places of what they name. `output` is None after a problem."""

    output: Output | None
    keys: Keys


def read_outputs(root: Path, problems: list[Problem]) -> tuple[list[ReadOutput], frozenset[str]]:
    """Every output below serving/, and the names of those that cannot be read, or not all of them."""
    outputs: list[ReadOutput] = []
    lost: set[str] = set()
    by_folder: dict[str, list[str]] = {}
    for path in list_files(root, "serving", problems):
        parts = path.split("/")
        by_folder.setdefault(parts[1] if len(parts) > 2 else "", []).append(path)
    for folder, paths in by_folder.items():
        if folder not in FOLDERS:
            mend = nearest(folder, tuple(FOLDERS), kind="folders") if folder else f"move it to {', '.join(FOLDERS)}"
            stray = kept(paths, "", mend, problems)
            problems += [Problem("P014", "outputs of no kind lie here", mend, Place(path)) for path in stray]
            continue
        kind, suffix = FOLDERS[folder]
        for path in kept(paths, suffix, f"write it as a {suffix} file", problems):
            before = len(problems)
            output = _read_output(root, path, folder, kind, problems)
            if output:
                outputs.append(output)
            if len(problems) > before:
                lost.add(path.removeprefix("serving/").removesuffix(suffix))
    return outputs, frozenset(lost)


def _read_output(root: Path, path: str, folder: str, kind: str, problems: list[Problem]) -> ReadOutput | None:
    if path.count("/") > 2:
        mend = f'move it to "serving/{folder}/{path.rpartition("/")[2]}"'
        problems.append(Problem("P014", "an output lies in a folder of a folder", mend, Place(path)))
        return None
    written = read_file(root, path, problems)
    if written is None:
        return None
    wrong = file_problem(written.stem, "output", Place(path))
    if wrong:
        problems.append(wrong)
    headed = _head(written, kind, problems)
    if headed is None:
        return None
    charts: tuple[Chart, ...] = ()
    if kind == "dashboard":
        queries, charts = read_blocks(headed.body, headed.place, problems)
    else:
        queries = _queries(written, kind, headed, problems)
    return _output(f"{folder}/{written.stem}", kind, headed, queries, charts, problems)


def _head(written: Written, kind: str, problems: list[Problem]) -> Headed | None:
    if kind == "dashboard":
        return split_markdown(written.text, written.path, problems)
    if kind == "api":
        return split_select(written.text, written.path, problems)
    keys = read_keys(written.text, written.path, problems)
    return None if keys is None else Headed(keys, "", Place(written.path, 1, 1))


def _queries(written: Written, kind: str, headed: Headed, problems: list[Problem]) -> tuple[Query, ...]:
    if kind == "api":
        if headed.body.strip():
            return (Query(written.stem, headed.body, headed.place),)
        problems.append(Problem("P023", "the file has no SELECT", "write one SELECT below the head", headed.place))
        return ()
    found = [key for key in QUERY_KEYS[kind] if headed.keys.get(key) is not None]
    if len(found) > 1:
        mend = "keep one of them"
        problems.append(Problem("P050", "both `sql` and `from` say what is read", mend, headed.keys.key_place("from")))
    elif not found and kind == "sync":
        mend = "add `from: schema.table`, or `sql:` with a SELECT"
        problems.append(Problem("P050", "the sync does not say what it sends", mend, headed.keys.place))
    elif found:
        query = _query(written, found[0], headed.keys.get(found[0]), problems)
        return (query, *_lookups(written, headed.keys)) if query else ()
    return ()


def _query(written: Written, key: str, node: Any, problems: list[Problem]) -> Query | None:
    if not isinstance(node, Text):
        problems.append(Problem("P009", f'"{key}" is not a text', f"write `{key}: ...`", node.place))
        return None
    if key == "from":
        if _DATASET.fullmatch(node.value):
            return Query(written.stem, _reading(node), node.place)
        mend = "write schema.table; for anything else write `sql:` with a SELECT"
        problems.append(Problem("P009", f'"from" is "{node.value}", which names no dataset', mend, node.place))
        return None
    sql, place = padded(node, written.text)
    return Query(written.stem, sql, place)


def _lookups(written: Written, keys: Keys) -> Iterator[Query]:
    """What the `as_of` of a training set reads, a SELECT each, so that its names are bound and followed like others."""
    node = keys.get("as_of")
    for number, each in enumerate(node.items if isinstance(node, Items) else (node,), 1):
        source = each.get("from") if isinstance(each, Keys) else None
        if isinstance(each, Keys) and isinstance(source, Text) and _DATASET.fullmatch(source.value):
            named = [*_names(each.get("on")), *_names(each.get("time")), *_names(each.get("features"))]
            yield Query(f"{written.stem}-as-of-{number}", _selecting(source, named), source.place)


def _names(node: Node | None) -> Iterator[Text]:
    """Columns of the other side: the texts of a list, the keys of a mapping."""
    return (entry.key for entry in node.entries.values()) if isinstance(node, Keys) else texts(node)


def _selecting(source: Text, columns: Iterable[Text]) -> str:
    """`from source select columns`, each name in its line, and in its column where there is room."""
    text, sign = _reading(source), " select "
    for column in sorted(columns, key=lambda each: (each.place.line, each.place.column)):
        text += sign
        text += "\n" * (column.place.line - 1 - text.count("\n"))
        text += " " * (column.place.column - 1 - len(text.rpartition("\n")[2])) + quote(column.value)
        sign = ", "
    return text


def _reading(node: Text) -> str:
    """`from schema.table`, laid so that the name stands at its place in the file."""
    before = "\n" * (node.place.line - 1)
    gap = node.place.column - 1
    return before + ("from".ljust(gap) if gap > len("from") else " " * gap + "from ") + node.value


def padded(node: Text, text: str) -> tuple[str, Place]:
    """A SELECT that is a value in YAML, with blanks and empty lines before it so that its places are the file's.

    Exact for a block (`sql: |`) and for a value on one line; the lines of a folded value are approximate.
    """
    if node.style not in ("|", ">"):
        place = Place(node.place.file, node.place.line, node.place.column + len(node.style))
        return "\n" * (place.line - 1) + " " * (place.column - 1) + node.value, place
    lines = text.splitlines()[node.place.line :]
    first = next((line for line in lines if line.strip()), "")
    indent = len(first) - len(first.lstrip())
    sql = "\n".join(" " * indent + line if line.strip() else "" for line in node.value.split("\n"))
    skipped = len(node.value) - len(node.value.lstrip("\n"))
    return "\n" * node.place.line + sql, Place(node.place.file, node.place.line + 1 + skipped, indent + 1)


def _output(
    name: str,
    kind: str,
    headed: Headed,
    queries: tuple[Query, ...],
    charts: tuple[Chart, ...],
    problems: list[Problem],
) -> ReadOutput:
    keys = headed.keys
    said: OutputKeys | None = shape(OutputKeys, keys.only(*COMMON), problems)
    read_here = {*COMMON, *QUERY_KEYS.get(kind, ())}
    rest = keys.without(*read_here)
    options = getattr(find("outputs", kind), "Options", None)
    if options is not None:
        shape(options, keys.without(*(read_here - set(keys_of(options)))), problems, siblings=frozenset(read_here))
    if said is None:
        return ReadOutput(None, keys)
    place = Place(headed.place.file, 1, 1)
    text = said.description if kind != "dashboard" else headed.body
    title, owner, needs = said.title, said.owner, said.needs
    role, purpose = said.role, said.purpose
    output = Output(name, kind, place, title, owner, needs, queries, plain(rest), text, role, purpose, charts)
    return ReadOutput(output, keys)


def check_target(keys: Keys, sources: Mapping[str, Source], lost: AbstractSet[str], problems: list[Problem]) -> None:
    """The `to` of a sync names a source of a kind that can be written to (V030)."""
    writable = names("targets")
    for node in texts(keys.get("to")):
        source = sources.get(node.value)
        there = [name for name, each in sources.items() if each.kind in writable]
        kinds = ", ".join(writable)
        mend = nearest(node.value, there, kind=f"sources that can be written to ({kinds})")
        if not there:
            mend = f"write the system as a source of its own below sources/, of a kind that can be written to ({kinds})"
        if source is None and node.value not in lost:
            what = f'"{node.value}" is no source of the project, so nothing can be sent there'
            problems.append(Problem("V030", what, mend, node.place))
        elif source is not None and source.kind not in writable:
            what = f'source "{node.value}" is of kind "{source.kind}", which cannot be written to'
            problems.append(Problem("V030", what, mend, node.place))
