"""Macros that dbt and its package dbt_utils bring: what they mean, in the dialect of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mainstem.dataops.imports.refusal import NotCarriedError
from mainstem.sql.transpile import from_engine, type_from_engine

_NULL_KEY = "_dbt_utils_surrogate_key_null_"

_TYPES = {
    "string": "varchar",
    "int": "integer",
    "bigint": "bigint",
    "float": "double",
    "numeric": "decimal(28, 6)",
    "timestamp": "timestamp",
    "boolean": "boolean",
}

_PARTS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")


def dbt_macros(dialect: str) -> dict[str, Callable[..., Any]]:
    """What dbt itself brings, by name: types, and functions that databases call otherwise."""

    def written(expression: str, **pieces: Any) -> str:
        return from_engine(expression, dialect, **{name: str(piece) for name, piece in pieces.items()})

    def dateadd(datepart: str, interval: Any, from_date_or_timestamp: str) -> str:
        unit = _part(datepart)
        return (
            written(f"b + to_{unit}s(a)", a=interval, b=from_date_or_timestamp)
            if dialect == "duckdb"
            else (f"dateadd({unit}, {interval}, {from_date_or_timestamp})")
        )

    def datediff(first_date: str, second_date: str, datepart: str) -> str:
        return written(f"date_diff('{_part(datepart)}', a, b)", a=first_date, b=second_date)

    def date_trunc(datepart: str, date: str) -> str:
        return written(f"date_trunc('{_part(datepart)}', a)", a=date)

    def safe_cast(field: str, type: str) -> str:
        placeholder = type_from_engine("uuid", dialect)
        return written("try_cast(a as uuid)", a=field).replace(placeholder, type)

    types = {f"type_{name}": _constant(type_from_engine(kind, dialect)) for name, kind in _TYPES.items()}
    return {
        **types,
        "dateadd": dateadd,
        "datediff": datediff,
        "date_trunc": date_trunc,
        "concat": lambda fields: " || ".join(map(str, fields)),
        "hash": lambda field: written("md5(cast(a as varchar))", a=field),
        "safe_cast": safe_cast,
        "cast_bool_to_text": lambda field: written("cast(a as varchar)", a=field),
        "length": lambda expression: written("length(a)", a=expression),
        "replace": lambda field, old_chars, new_chars: f"replace({field}, {old_chars}, {new_chars})",
        "current_timestamp": _constant("current_timestamp"),
        "except": _constant("except"),
        "intersect": _constant("intersect"),
        "any_value": lambda expression: written("any_value(a)", a=expression),
        "bool_or": lambda expression: written("bool_or(a)", a=expression),
        "last_day": lambda date, datepart: written(
            f"cast(date_trunc('{_part(datepart)}', a) + interval 1 {_part(datepart)} - interval 1 day as date)", a=date
        ),
        "string_literal": lambda value: "'" + str(value).replace("'", "''") + "'",
        "escape_single_quotes": lambda value: str(value).replace("'", "''"),
    }


def utils_macros(dialect: str) -> dict[str, Callable[..., Any]]:
    """What dbt_utils brings and needs no look at the database."""

    def key(field_list: Sequence[str]) -> str:
        fields = [from_engine(f"coalesce(cast(a as varchar), '{_NULL_KEY}')", dialect, a=str(f)) for f in field_list]
        joined = " || '-' || ".join(fields)
        return from_engine("md5(a)", dialect, a=joined)

    def group_by(n: int) -> str:
        return "group by " + ", ".join(str(number) for number in range(1, n + 1))

    def safe_add(*fields: Any) -> str:
        return " + ".join(f"coalesce({field}, 0)" for field in _listed(fields))

    def safe_subtract(*fields: Any) -> str:
        return " - ".join(f"coalesce({field}, 0)" for field in _listed(fields))

    shared = dbt_macros(dialect)
    return {
        **shared,
        "generate_surrogate_key": key,
        "group_by": group_by,
        "safe_add": safe_add,
        "safe_subtract": safe_subtract,
        "safe_divide": lambda numerator, denominator: f"({numerator}) / nullif(({denominator}), 0)",
    }


def _listed(fields: Sequence[Any]) -> Sequence[Any]:
    return fields[0] if len(fields) == 1 and isinstance(fields[0], list | tuple) else fields


def _constant(text: str) -> Callable[[], str]:
    return lambda: text


def _part(datepart: str) -> str:
    unit = datepart.strip().strip("'\"").lower()
    if unit not in _PARTS:
        raise NotCarriedError(f'"{datepart}" is a part of a date that the importer does not know')
    return unit
