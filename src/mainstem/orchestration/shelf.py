"""What can be read during one run: each dataset at exactly one version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import RLock

from mainstem.core.dataset import QUARANTINE
from mainstem.core.ports import Engine, Session
from mainstem.core.problem import WorldError
from mainstem.core.project import Macro
from mainstem.core.release import DataFile, Field, Version
from mainstem.orchestration.blame import in_file
from mainstem.orchestration.macros import used_macros


class Shelf:
    """Datasets at their versions, and macros, in an engine from when somebody first reads them.

    Safe for many threads. `files(table, number)` gives the files of a version (paths below the table's folder).
    """

    def __init__(
        self,
        engine: Engine,
        lake: Path,
        versions: Mapping[str, Version],
        files: Callable[[str, int], Sequence[DataFile]],
        macros: Sequence[Macro] = (),
    ) -> None:
        self._engine = engine
        self._lake = lake
        self._files = files
        self._versions = dict(versions)
        self._bound: dict[str, str] = {}
        self._macros = macros
        self._made: set[str] = set()
        self._lock = RLock()

    def version(self, name: str) -> Version | None:
        """The version that readers of this run see."""
        with self._lock:
            return self._versions.get(name)

    def versions(self, names: Iterable[str]) -> dict[str, Version]:
        """The versions of those names that have one."""
        with self._lock:
            return {name: self._versions[name] for name in names if name in self._versions}

    def put(self, version: Version) -> None:
        """From now on this is the version of its dataset."""
        with self._lock:
            self._versions[version.dataset] = version

    def offer(self, version: Version, files: Sequence[DataFile]) -> None:
        """Bind a version whose files are known, before it is anybody's: checks read it under its own name."""
        with self._lock:
            self._bind_files(version.dataset, version.table, files, version.fields)
            self._bound[version.dataset] = version.id

    def withdraw(self, name: str) -> None:
        """Forget an offer that came to nothing; the version before is bound again when somebody reads it."""
        with self._lock:
            self._bound.pop(name, None)

    def ready(self, names: Iterable[str]) -> None:
        """Bind what is not bound yet."""
        for name in names:
            base = name.removesuffix(QUARANTINE)
            version = self.version(base)
            if version is None:
                continue
            with self._lock:
                if self._bound.get(name) == version.id:
                    continue
                if name != base:
                    self._bind_quarantine(version)
                elif version.sql is not None:
                    self._ready_inputs(version.inputs, version.sql)
                    self.make_macros(version.sql)
                    self._engine.bind_view(name, version.sql)
                else:
                    self._bind_files(name, version.table, self._files(version.table, version.number), version.fields)
                self._bound[name] = version.id

    def make_macros(self, *texts: str) -> None:
        """Make the macros that texts call; what these read has to be ready. WorldError where the engine refuses one."""
        used = used_macros("\n".join(texts), self._macros)
        with self._lock:
            wanted = [macro for macro in used if macro.name not in self._made]
            if not wanted:
                return
            session = self._engine.session()
            try:
                for macro in wanted:
                    _make(session, macro)
                    self._made.add(macro.name)
            finally:
                session.close()

    def _ready_inputs(self, inputs: Iterable[str], sql: str) -> None:
        """What a view reads: its inputs, and where its text names one, their quarantines."""
        self.ready(inputs)
        if QUARANTINE in sql:
            self.ready(name + QUARANTINE for name in inputs)

    def _bind_files(self, name: str, table: str, files: Sequence[DataFile], fields: Sequence[Field]) -> None:
        self._engine.bind(name, [self._lake / table / file.path for file in files], fields)

    def _bind_quarantine(self, version: Version) -> None:
        """An empty one where no row was ever set aside."""
        from mainstem.lifecycle.storage.quarantine import FIELDS

        table = version.table + QUARANTINE
        files = () if version.quarantine is None else self._files(table, version.quarantine)
        self._bind_files(version.dataset + QUARANTINE, table, files, FIELDS)


def _make(session: Session, macro: Macro) -> None:
    try:
        session.execute(macro.sql)
    except WorldError as error:
        raise in_file(error, macro.place.file) from error
