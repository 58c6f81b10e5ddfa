"""Opens what a project computes with: its names bound, its engine."""

from __future__ import annotations

from collections.abc import Mapping

from mainstem.core.kinds import find
from mainstem.core.ports import Engine
from mainstem.core.project import Project
from mainstem.orchestration.bind import Bound, bind


def bind_project(project: Project, known: Mapping[str, tuple[object, ...]]) -> Bound:
    """`bind`, with the facts of unchanged texts from the project's cache."""
    from mainstem.sql.cache import FactsCache

    texts = FactsCache(project.root / ".mainstem" / "facts.msgpack")
    try:
        return bind(project, known, texts, lambda: open_engine(project))  # type: ignore[arg-type]
    finally:
        texts.save()


def open_engine(project: Project) -> Engine:
    """The project's engine, with its settings."""
    engine: Engine = find("engines", project.engine).open(project.settings)
    return engine
