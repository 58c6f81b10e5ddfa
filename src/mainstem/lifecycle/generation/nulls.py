"""Texts that mean NULL at a source."""

from __future__ import annotations

from collections.abc import Sequence

from mainstem.sql.quote import literal


def with_nulls(expression: str, texts: Sequence[str]) -> str:
    """SQL that is NULL where `expression` is one of the texts.

    >>> with_nulls("c0", ["NA", ""])
    "case when c0 in ('NA', '') then null else c0 end"
    """
    if not texts:
        return expression
    return f"case when {expression} in ({', '.join(map(literal, texts))}) then null else {expression} end"
