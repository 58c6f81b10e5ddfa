"""A redacted column is one constant, keeps its name and type, and never lets a value through."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

import duckdb
import pytest

from mainstem.core.release import Field
from mainstem.security.decide import Access
from mainstem.security.redact import Key, masked_select, redacted
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
        masked = plain.sql(masked_select(relation, fields, redacted(fields, {ODD: PII})))
        assert masked.columns == [ODD, "id"]
        assert masked.types == opened.types
        constant = "[redacted]" if kind == "VARCHAR" else None
        assert sorted(masked.fetchall(), key=str) == [(constant, 7), (constant, 8)]


def test_a_column_with_the_alias_of_the_relation_is_still_a_column() -> None:
    with duckdb.connect() as plain:
        text = masked_select("(select 'x' as source, 'y' as other)", [Field("source", "VARCHAR")], Access())
        assert plain.sql(text).fetchall() == [("x",)]


PHONE = Field("phone", "VARCHAR")
TREATED = [
    (PHONE, "'0171 42'", "clear", "0171 42"),
    (PHONE, "'0171 42'", "null", None),
    (PHONE, "'0171 42'", "redact", "[redacted]"),
    (PHONE, "'0171 42'", "partial", "0***"),
    (PHONE, "'0171 42'", "bucket", "[redacted]"),
    (Field("age", "INTEGER"), "47", "partial", None),
    (Field("age", "INTEGER"), "47", "bucket", 40),
    (Field("born", "DATE"), "date '1911-11-11'", "bucket", date(1911, 11, 1)),
]


@pytest.mark.parametrize(("field", "value", "treatment", "expected"), TREATED)
def test_each_treatment_reveals_what_it_says(field: Field, value: str, treatment: str, expected: object) -> None:
    with duckdb.connect() as plain:
        text = masked_select(f"(select {value} as {field.name})", [field], Access({field.name: treatment}))
        assert plain.sql(text).fetchall() == [(expected,)]


def test_a_dropped_column_is_not_there_and_a_condition_leaves_rows_out() -> None:
    fields = [Field("id", "BIGINT"), PHONE]
    access = Access({"phone": "drop"}, ("id > 1", "id < 3 -- and no more"))
    with duckdb.connect() as plain:
        shown = plain.sql(masked_select("(select i as id, 'x' as phone from range(5) t(i))", fields, access))
        assert (shown.columns, shown.fetchall()) == (["id"], [(2,)])


def test_a_hash_is_the_standard_hmac_and_nothing_without_a_key() -> None:
    secret = b"k" * 32
    with duckdb.connect() as plain:
        relation = "(select unnest(['0171 42', null]) as phone)"
        hashed = plain.sql(masked_select(relation, [PHONE], Access({"phone": "hash"}), Key(secret))).fetchall()
        assert hashed == [(hmac.new(secret, b"0171 42", hashlib.sha256).hexdigest(),), (None,)]
        assert "k" * 8 not in repr(Key(secret))
        unkeyed = plain.sql(masked_select(relation, [PHONE], Access({"phone": "hash"}))).fetchall()
        assert unkeyed == [("[redacted]",), ("[redacted]",)]
