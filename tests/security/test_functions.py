"""Every function of the engine was looked at: it is on the list of those that may be called, or named here."""

from __future__ import annotations

import re

import duckdb

from mainstem.security.functions import FUNCTIONS, TABLE_FUNCTIONS

LEFT_OUT = re.compile(
    r"__internal_.*|icu_collate_.*|icu_sort_key|st_.*|has_.*_privilege|inet_.*|variant_.*|"
    r"pg_(?!typeof$|size_pretty$).*"
)
"""Families: the engine's own helpers, collations (COLLATE is allowed), geometry, privileges, PostgreSQL's catalogue."""

_REFUSED = """
col_description combine create_sort_key current_catalog current_connection_id current_database current_query
current_query_id current_role current_schema current_schemas current_setting current_transaction_id current_user
currval error finalize format_pg_type format_type get_block_size get_type getvariable in_search_path
json_deserialize_sql json_serialize_plan json_serialize_sql make_type map_to_pg_oid nextval obj_description
parse_duckdb_log_message replace_type session_user setseed shobj_description sleep_ms stats switch txid_current
unpivot_list user vector_type version write_log
"""
REFUSED = frozenset(_REFUSED.split())
"""They touch files, settings, variables, sequences, the log, the catalogue or the connection, or are of no use."""

OF_THE_GRAMMAR = frozenset(
    ("coalesce", "if", "ifnull", "overlay", "percentile_cont", "percentile_disc", "unnest", "->")
)
"""Allowed names that the engine's parser knows, but not its catalogue."""


def functions_of_the_engine() -> set[str]:
    with duckdb.connect() as plain:
        found = plain.execute(
            "select distinct lower(function_name) from duckdb_functions() "
            "where function_type in ('scalar', 'aggregate', 'macro')"
        ).fetchall()
    return {name for (name,) in found}


def test_no_function_of_the_engine_went_unseen() -> None:
    unseen = {name for name in functions_of_the_engine() - FUNCTIONS - REFUSED if not LEFT_OUT.fullmatch(name)}
    assert unseen == set()


def test_what_may_be_called_exists() -> None:
    assert FUNCTIONS - functions_of_the_engine() - OF_THE_GRAMMAR == set()


def test_nothing_is_both_allowed_and_refused() -> None:
    assert not FUNCTIONS & REFUSED
    assert not {name for name in FUNCTIONS if LEFT_OUT.fullmatch(name)}


def test_only_three_functions_may_stand_in_from() -> None:
    assert sorted(TABLE_FUNCTIONS) == ["generate_series", "range", "unnest"]
