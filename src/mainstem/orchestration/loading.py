"""Reads one table of a source: the kind says how, ingestion does it, storage names the files that it meets."""

from __future__ import annotations

from datetime import datetime

from mainstem.core.dataset import Dataset
from mainstem.core.ports import Session
from mainstem.core.release import Change, Snapshot
from mainstem.orchestration.ground import Ground


def read_source(ground: Ground, session: Session, dataset: Dataset, base: Snapshot | None, at: datetime) -> Change:
    raise AssertionError
