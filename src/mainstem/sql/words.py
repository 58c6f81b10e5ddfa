"""Words of the DuckDB dialect that mean more than their syntax says: clock, chance, tables made by functions."""

from __future__ import annotations

CLOCK_WORDS: frozenset[str] = frozenset(
    {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
)
"""Read the clock without parentheses."""

CLOCK_TYPES: dict[str, str] = {
    "current_date": "DATE",
    "current_time": "TIMETZ",
    "current_timestamp": "TIMESTAMPTZ",
    "localtime": "TIME",
    "localtimestamp": "TIMESTAMP",
    "today": "DATE",
    "now": "TIMESTAMPTZ",
    "transaction_timestamp": "TIMESTAMPTZ",
    "get_current_timestamp": "TIMESTAMPTZ",
    "get_current_time": "TIMETZ",
    "current_localtime": "TIME",
    "current_localtimestamp": "TIMESTAMP",
}
"""What reads the clock with empty parentheses, and the type of the result."""

AGES: frozenset[str] = frozenset({"age", "ago"})
"""Read the clock when they are called with one argument."""

VOLATILE: frozenset[str] = frozenset(
    {
        "current_connection_id",
        "current_query",
        "current_query_id",
        "current_transaction_id",
        "currval",
        "gen_random_uuid",
        "nextval",
        "pg_conf_load_time",
        "pg_postmaster_start_time",
        "random",
        "setseed",
        "sleep_ms",
        "stats",
        "txid_current",
        "uuid",
        "uuidv4",
        "uuidv7",
        "write_log",
    }
)
"""Functions whose result no rerun repeats, and that no clock can be bound to."""

SESSION_WORDS: frozenset[str] = frozenset(
    {"current_catalog", "current_role", "current_schema", "current_user", "session_user", "user"}
)
"""Read the session without parentheses."""

HIDDEN_COLUMNS: frozenset[str] = frozenset({"rowid", "filename", "file_row_number", "file_index"})
"""Columns that the engine may have without listing them."""

TABLE_FUNCTIONS: dict[str, tuple[str, ...] | None] = {
    "generate_series": ("generate_series",),
    "range": ("range",),
    "unnest": ("unnest",),
    "json_each": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
    "json_tree": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
    "repeat": None,
    "repeat_row": None,
}
"""Table functions that depend on nothing but their arguments, and their columns; None: the arguments decide."""

AGGREGATES: frozenset[str] = frozenset(
    {
        "arbitrary",
        "arg_max_null",
        "arg_max_nulls_last",
        "arg_min_null",
        "arg_min_nulls_last",
        "bitstring_agg",
        "count_star",
        "entropy",
        "favg",
        "fsum",
        "histogram",
        "histogram_exact",
        "kahan_sum",
        "kurtosis_pop",
        "mad",
        "mean",
        "product",
        "reservoir_quantile",
        "sem",
        "sum_no_overflow",
        "sumkahan",
    }
)
"""Aggregates that the parser does not know as such."""
