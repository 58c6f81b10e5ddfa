"""Facts of texts kept in one file, so that SQLGlot is loaded only for texts that are new."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from mainstem import __version__
from mainstem.core.dataset import SqlFacts
from mainstem.core.place import Place
from mainstem.core.problem import Problem
from mainstem.sql.facts import Inputs, read_facts, read_inputs

SQLGLOT_VERSION = "30.30.0"
"""The parser that the facts come from; pinned exactly, and known here so that it need not be loaded."""

_FORMAT = 2  # raised when the same text means other facts to the same versions
_MAGIC = b"mainstem facts\n"
_SEAL_BYTES = 16
_ROOM = 5_000


class _Problem(msgspec.Struct, array_like=True, frozen=True, gc=False):
    code: str
    what: str
    mend: str
    line: int
    column: int


class _Inputs(msgspec.Struct, array_like=True, frozen=True):
    inputs: list[tuple[str, int, int]]
    fingerprint: str
    reads_clock: bool
    volatile: tuple[str, ...]
    problems: list[_Problem]


class _Facts(msgspec.Struct, array_like=True, frozen=True):
    columns: tuple[str, ...]
    lineage: dict[str, frozenset[str]]
    influences: frozenset[str]
    unresolved: frozenset[str]
    volatile: tuple[str, ...]
    problems: list[_Problem]
    is_settled: bool
    frame: str
    made: dict[str, str]


_Fields = list[tuple[str, str]]
_Entry = TypeVar("_Entry")

_INPUTS = msgspec.msgpack.Decoder(_Inputs)
_FACTS = msgspec.msgpack.Decoder(_Facts)
_FIELDS: msgspec.msgpack.Decoder[_Fields] = msgspec.msgpack.Decoder(_Fields)
_FILE = msgspec.msgpack.Decoder(dict[bytes, msgspec.Raw])


class FactsCache:
    """Facts of texts, by their content: the text, its file, the columns of what it reads, and our own version.

    `path` is the file; it need not exist. A file that is torn, of another version or of somebody else counts as empty.
    Readers and writers of other processes are safe: the file is replaced as a whole.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[bytes, msgspec.Raw | bytes] | None = None
        self._used: set[bytes] = set()
        self._is_changed = False
        self._inputs: dict[tuple[str, str, str], tuple[bytes, Inputs]] = {}

    def inputs(self, sql: str, place: Place, macros: frozenset[str] = frozenset()) -> Inputs:
        """What `read_inputs` says."""
        return self._inputs_of(sql, place, macros)[1]

    def facts(
        self,
        sql: str,
        place: Place,
        columns: Mapping[str, Sequence[str] | None],
        macros: frozenset[str] = frozenset(),
    ) -> SqlFacts:
        """What `read_facts` says. Columns of datasets that the text does not read play no part."""
        text_key, inputs = self._inputs_of(sql, place, macros)
        known = {name.lower(): names for name, names in columns.items()}
        scope = {name: known.get(name) for name in inputs.inputs}
        key = _key(b"facts", text_key, *(_spelled(name, names) for name, names in scope.items()))
        entry = self._find(key, _FACTS)
        if entry is None:
            facts = read_facts(sql, place, scope, macros)
            self._keep(key, _facts_entry(facts))
            return facts
        return _facts(entry, inputs, place.file)

    def fields(self, key: str) -> list[tuple[str, str]] | None:
        """Names and types remembered under `key`, None if there are none."""
        return self._find(_key(b"fields", key.encode()), _FIELDS)

    def remember_fields(self, key: str, fields: Sequence[tuple[str, str]]) -> None:
        """Keep names and types under `key`: the digest of everything that they depend on."""
        self._keep(_key(b"fields", key.encode()), list(fields))

    def save(self) -> None:
        """Write the file if anything is new; entries not used by this object go once there are many of them.

        A folder that cannot be written leaves the file as it is: the next reading is slower, nothing else.
        """
        kept = self._entries()
        if len(kept) > 2 * len(self._used) + _ROOM:
            kept = self._kept = {key: kept[key] for key in kept if key in self._used}
            self._is_changed = True
        if not self._is_changed:
            return
        payload = msgspec.msgpack.encode(kept)
        with suppress(OSError):
            _replace(self._path, _MAGIC + _seal(payload) + payload)
        self._is_changed = False

    def _inputs_of(self, sql: str, place: Place, macros: frozenset[str]) -> tuple[bytes, Inputs]:
        called = "\x01".join(sorted(macros))
        found = self._inputs.get((sql, place.file, called))
        if found is not None:
            return found
        key = _key(b"inputs", place.file.encode(), called.encode(), sql.encode())
        entry = self._find(key, _INPUTS)
        if entry is None:
            inputs = read_inputs(sql, place, macros)
            self._keep(key, _inputs_entry(inputs))
        else:
            inputs = _inputs(entry, place.file)
        self._inputs[sql, place.file, called] = (key, inputs)
        return key, inputs

    def _find(self, key: bytes, decoder: msgspec.msgpack.Decoder[_Entry]) -> _Entry | None:
        raw = self._entries().get(key)
        if raw is None:
            return None
        with suppress(msgspec.MsgspecError):
            entry = decoder.decode(raw)
            self._used.add(key)
            return entry
        return None

    def _keep(self, key: bytes, entry: Any) -> None:
        content = msgspec.Raw(msgspec.msgpack.encode(entry))
        self._used.add(key)
        if self._entries().get(key) != content:
            self._entries()[key] = content
            self._is_changed = True

    def _entries(self) -> dict[bytes, msgspec.Raw | bytes]:
        if self._kept is None:
            self._kept = _read(self._path)
        return self._kept


def _read(path: Path) -> dict[bytes, msgspec.Raw | bytes]:
    with suppress(OSError, msgspec.MsgspecError):
        content = path.read_bytes()
        begin = len(_MAGIC) + _SEAL_BYTES
        payload = content[begin:]
        if content[:begin] == _MAGIC + _seal(payload):
            return dict(_FILE.decode(payload))
    return {}


def _seal(payload: bytes) -> bytes:
    """A digest of the content and of the versions that made it: neither a torn file nor a foreign one has it."""
    made_by = f"{__version__} {SQLGLOT_VERSION} {_FORMAT}".encode()
    return hashlib.blake2b(payload, digest_size=_SEAL_BYTES, key=made_by).digest()


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_bytes(content)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _key(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"\x00".join(parts), digest_size=16).digest()


def _spelled(name: str, names: Sequence[str] | None) -> bytes:
    return ("\x01".join((name, *names)) if names is not None else f"{name}\x02").encode()


def _problem_entries(problems: Sequence[Problem]) -> list[_Problem]:
    places = [problem.place or Place("") for problem in problems]
    return [_Problem(p.code, p.what, p.mend, at.line, at.column) for p, at in zip(problems, places, strict=True)]


def _problems(entries: Sequence[_Problem], file: str) -> tuple[Problem, ...]:
    return tuple(Problem(e.code, e.what, e.mend, Place(file, e.line, e.column)) for e in entries)


def _inputs_entry(inputs: Inputs) -> _Inputs:
    mentions = [(name, at.line, at.column) for name, at in inputs.inputs.items()]
    problems = _problem_entries(inputs.problems)
    return _Inputs(mentions, inputs.fingerprint, inputs.reads_clock, inputs.volatile, problems)


def _inputs(entry: _Inputs, file: str) -> Inputs:
    return Inputs(
        {name: Place(file, line, column) for name, line, column in entry.inputs},
        entry.fingerprint,
        entry.reads_clock,
        entry.volatile,
        _problems(entry.problems, file),
    )


def _facts_entry(facts: SqlFacts) -> _Facts:
    return _Facts(
        facts.columns,
        {name: frozenset(bases) for name, bases in facts.lineage.items()},
        facts.influences,
        facts.unresolved,
        facts.volatile,
        _problem_entries(facts.problems),
        facts.is_settled,
        facts.frame,
        dict(facts.made),
    )


def _facts(entry: _Facts, inputs: Inputs, file: str) -> SqlFacts:
    return SqlFacts(
        inputs=inputs.inputs,
        columns=entry.columns,
        lineage=entry.lineage,
        influences=entry.influences,
        fingerprint=inputs.fingerprint,
        unresolved=entry.unresolved,
        reads_clock=inputs.reads_clock,
        volatile=entry.volatile,
        problems=_problems(entry.problems, file),
        is_settled=entry.is_settled,
        frame=entry.frame,
        made=entry.made,
    )
