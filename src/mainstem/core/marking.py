"""The mark of a Python model: what stands in it is read from the file's text, and does nothing when it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def model(function: F | None = None, /, **said: Any) -> Any:
    """Mark the function of a file below `models/` as the model that the file is.

    `inputs` maps its parameters to the datasets that it reads (`"staging.flights"`), or to variables (`"$since"`). It
    gets each as what the parameter's annotation names: a DuckDB relation, a frame of Polars or pandas, an Arrow table
    (also without annotation); and returns its rows as one of these. `lineage` maps output columns to the columns that
    reach them; without it each may come from every column of all inputs. `kind`, `description`, `key`, `time_column`,
    `owner`, `tags`, `columns` and `checks` are as in the head of a SELECT. All of it is written in literals: the file
    is read without being run.
    """
    del said

    def mark(marked: F) -> F:
        return marked

    return mark if function is None else function
