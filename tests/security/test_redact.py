"""A redacted column is one constant, keeps its name and type, and never lets a value through."""

from __future__ import annotations

import duckdb
import pytest

from mainstem.core.release import Field
from mainstem.core.tags import REST
from mainstem.security.redact import masked_select, treatments
from mainstem.sql.quote import quote

PII = frozenset({"pii"})
VALUES = {
    "VARCHAR": "'canary'",
    "BIGINT": "1",
    "DECIMAL(9,2)": "1.5",
    "DOUBLE": "1.5",
    "BOOLEAN": "true",
    "DATE": "date '2013-01-01'",
    "TIMESTAMP": "timestamp '2013-01-01 05:00:00'",
    "TIMESTAMP WITH TIME ZONE": "timestamptz '2013-01-01 05:00:00+00'",
    "BLOB": "'canary'::blob",
    "VARCHAR[]": "['canary']",
    'STRUCT(note VARCHAR, "no te" BIGINT[])': "{'note': 'canary', 'no te': [1]}",
    "MAP(VARCHAR, DATE)": "map {'canary': date '2013-01-01'}",
    "STRUCT(deep STRUCT(deeper VARCHAR)[])": "{'deep': [{'deeper': 'canary'}]}",
}
ODD = 'e "mail", select'


@pytest.mark.parametrize("kind", VALUES)
def test_every_type_is_kept_and_every_value_goes(kind: str) -> None:
    relation = f"(select {VALUES[kind]} as {quote(ODD)}, 7 as id union all select null, 8)"
    with duckdb.connect() as plain:
        opened = plain.sql(f"select * from {relation}")
        fields = [Field(name, str(type_)) for name, type_ in zip(opened.columns, opened.types, strict=True)]
        masked = plain.sql(masked_select(relation, fields, {ODD: PII}))
        assert masked.columns == [ODD, "id"]
        assert masked.types == opened.types
        constant = "[redacted]" if kind == "VARCHAR" else None
        assert sorted(masked.fetchall(), key=str) == [(constant, 7), (constant, 8)]


def test_only_tagged_columns_are_treated_whatever_the_case_of_their_letters() -> None:
    fields = [Field("Id", "BIGINT"), Field("EMail", "VARCHAR"), Field("phone", "VARCHAR")]
    tags = {"email": PII, "id": frozenset[str](), REST: frozenset({"new"})}
    assert treatments(fields, tags) == {"EMail": "redact", "phone": "redact"}
    assert treatments(fields, tags, clear=True) == {"EMail": "clear", "phone": "clear"}


def test_clear_shows_everything() -> None:
    assert masked_select("t", [Field("a", "VARCHAR")], {"a": PII}, clear=True) == 'select "a" from t as source'


def test_a_column_with_the_alias_of_the_relation_is_still_a_column() -> None:
    with duckdb.connect() as plain:
        text = masked_select("(select 'x' as source, 'y' as other)", [Field("source", "VARCHAR")], {})
        assert plain.sql(text).fetchall() == [("x",)]
