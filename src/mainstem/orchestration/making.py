"""The rows of a model as a SELECT that a session can run, whatever language the model is written in."""

from __future__ import annotations

from mainstem.core.dataset import Dataset, Model
from mainstem.core.ports import Session
from mainstem.orchestration import bound_rows
from mainstem.orchestration.ground import Ground
from mainstem.sql.clock import bind_clock
from mainstem.sql.variables import put_in


def select_of(ground: Ground, session: Session, dataset: Dataset, model: Model) -> str:
    """A SELECT of the model's rows, in this session; what a SELECT of its own reads has to be ready."""
    if model.rows is not None:
        return bound_rows.select_of(session, dataset, model.rows, ground.bound.fields[dataset.name] or ())
    return bind_clock(put_in(model.sql, model.variables), ground.started_at, ground.project.timezone)
