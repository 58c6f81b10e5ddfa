"""Nouns as rows, and rows as nouns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from mainstem.core.clock import instant_text, parse_instant
from mainstem.core.evidence import Evidence
from mainstem.core.release import Field

_text = lru_cache(4096)(instant_text)


def text_of(at: datetime) -> str:
    """An instant as text; rows written together mostly share their instants."""
    return _text(at.astimezone(UTC))  # before the cache: the two 01:30 of an autumn night are equal in local time


instant_of = lru_cache(4096)(parse_instant)
"""The inverse of `text_of`."""

_field = lru_cache(16384)(Field)
_MARK = "\x1f"


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON data")


to_json = json.JSONEncoder(separators=(",", ":"), default=_plain).encode
"""JSON data as text. Mappings of any kind are objects; TypeError for what JSON cannot hold."""

from_json = json.JSONDecoder().decode
"""The inverse of `to_json`."""


def _joined(parts: Sequence[str]) -> str:
    """Texts as one, a mark before each: read three times as fast as JSON, which is used where one holds that mark."""
    if any(_MARK in part for part in parts):
        return to_json(parts)
    return "".join(_MARK + part for part in parts)


def _parts(text: str) -> Iterator[str]:
    return iter(from_json(text) if text.startswith("[") else text.split(_MARK)[1:])


def fields_text(fields: Iterable[Field]) -> str:
    """Columns as one text: names and types in turn; names at the source, too, where one differs."""
    fields = tuple(fields)
    if any(field.original is not None for field in fields):
        return to_json([(field.name, field.type, field.original) for field in fields])
    return _joined([part for field in fields for part in (field.name, field.type)])


def fields_of(text: str) -> tuple[Field, ...]:
    """The inverse of `fields_text`."""
    if text.startswith("[["):
        return tuple(Field(*each) for each in from_json(text))
    parts = _parts(text)
    return tuple(map(_field, parts, parts))


def inputs_text(inputs: Mapping[str, str]) -> str:
    """Input datasets and versions as one text, in turn."""
    return _joined([part for pair in inputs.items() for part in pair])


def inputs_of(text: str) -> dict[str, str]:
    """The inverse of `inputs_text`."""
    parts = _parts(text)
    return dict(zip(parts, parts, strict=True))


EVIDENCE = (
    "kind, env, subject, version, label, at, until, value, total, unit, outcome, definition, run, step, attempt, "
    "skew_s, recorded_at, facts"
)
"""Columns of the table `evidence`, in the order of the tuples that `evidence_rows` gives."""


def evidence_rows(evidence: Iterable[Evidence], recorded_at: datetime) -> list[tuple[Any, ...]]:
    """Evidence as rows of the table, recorded at that instant."""
    recorded = text_of(recorded_at)
    return [
        (
            fact.kind,
            fact.env,
            fact.subject,
            fact.version,
            fact.label,
            text_of(fact.at),
            fact.until and text_of(fact.until),
            _decimal_text(fact.value),
            _decimal_text(fact.total),
            fact.unit,
            fact.outcome,
            fact.definition,
            fact.run,
            fact.step,
            fact.attempt,
            fact.skew_s,
            recorded,
            to_json(fact.facts) if fact.facts else "{}",
        )
        for fact in evidence
    ]


def _decimal_text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def evidence_of(row: tuple[Any, ...]) -> Evidence:
    """A row of `id` and the columns of EVIDENCE."""
    id, kind, env, subject, version, label, at, until, value, total = row[:10]
    unit, outcome, definition, run, step, attempt, skew_s, recorded_at, facts = row[10:]
    return Evidence(
        kind,
        subject,
        instant_of(at),
        env,
        version,
        label,
        until and instant_of(until),
        None if value is None else Decimal(value),
        None if total is None else Decimal(total),
        unit,
        outcome,
        definition,
        run,
        step,
        attempt,
        skew_s,
        instant_of(recorded_at),
        {} if facts == "{}" else from_json(facts),
        id,
    )
