"""Where an installed extension of DuckDB lies: a file in site-packages, signed, loaded without a network or a HOME."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from mainstem.core.problem import Problem, WorldError

BUILT_IN = frozenset({"core_functions", "icu", "json", "parquet"})
"""Extensions that are part of the engine's own wheel."""

BEFORE = {"iceberg": ("avro",)}
"""Extensions that must be loaded before another, else the engine would try to download them."""


def extension_file(name: str) -> Path:
    """The file to LOAD; WorldError E010 with the install command where its wheel is not installed."""
    package = f"duckdb_extension_{name}"
    spec = find_spec(package)
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
        if file.is_file():
            return file
    wheel = package.replace("_", "-")
    raise WorldError(
        Problem(
            "E010",
            f'extension "{name}" for DuckDB {duckdb.__version__} is not installed',
            f"install it: pip install {wheel}=={duckdb.__version__}",
        )
    )
