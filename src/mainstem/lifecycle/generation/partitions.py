"""Columns that stand in the path of a file: `year=2024/month=01/x.parquet`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from mainstem.sql.quote import literal

_NULL = "__HIVE_DEFAULT_PARTITION__"


def partition(name: str) -> dict[str, str | None]:
    """The columns of one file, as texts.

    >>> partition("year=2024/city=New%20York/__HIVE_DEFAULT_PARTITION__/a=b.csv")
    {'year': '2024', 'city': 'New York'}
    """
    folders = [part.partition("=") for part in name.split("/")[:-1]]
    return {unquote(key): None if value == _NULL else unquote(value) for key, sign, value in folders if sign and key}


def columns(names: Sequence[str], number: str) -> dict[str, str]:
    """SQL of each column that some file has in its path; `number` is that of a row's file, from 0."""
    found = [partition(name) for name in names]
    keys = dict.fromkeys(key for each in found for key in each)
    return {key: f"[{', '.join(_text(each.get(key)) for each in found)}][{number} + 1]" for key in keys}


def _text(value: str | None) -> str:
    return "cast(null as varchar)" if value is None else literal(value)
