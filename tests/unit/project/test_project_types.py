"""Column types: what is accepted is a type of the engine and can be stored; what is refused says why."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from mainstem.core.release import Field
from mainstem.lifecycle.storage.types import stored_fields
from mainstem.project import sql_types
from mainstem.project.sql_types import type_problem

COMPOSED = [
    "DECIMAL(18,2)",
    "numeric( 38 , 0 )",
    "dec(4)",
    "varchar(10)",
    "integer[]",
    "varchar[][]",
    "int[3]",
    "struct(a int, b varchar[])",
    'STRUCT("from" date, b struct(c time))[]',
    "map(varchar, decimal(4, 1))",
    "map(int, struct(a map(int, int)))",
    "enum('a', 'b''c')",
    "timestamp with time zone",
    "TIMESTAMP WITHOUT TIME ZONE",
    " bigint ",
]


@pytest.mark.parametrize("text", [*sorted(sql_types._SIMPLE), *COMPOSED])
def test_an_accepted_type_exists_in_the_engine_and_can_be_stored(text: str) -> None:
    assert type_problem(text) is None
    with duckdb.connect() as connection:
        connection.execute(f"select cast(null as {text})")
    assert stored_fields([Field("x", text)])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bigintt",
        "bigint x",
        "integer(",
        "integer)",
        "integer[",
        "decimal(39,1)",
        "decimal(0)",
        "decimal(4,5)",
        "decimal(a)",
        "map(int)",
        "struct()",
        "struct(a)",
        "int; drop table x",
        "varchar -- x",
        "geometry",
    ],
)
def test_a_text_that_is_no_type_is_refused(text: str) -> None:
    problem = type_problem(text)
    assert problem is not None
    assert problem[0] == "P032"


@pytest.mark.parametrize(
    "text", ["interval", "struct(a interval)", "bit[]", "union(a int, b varchar)", "map(int, bit)"]
)
def test_a_type_without_a_storable_form_is_refused_with_the_way_out(text: str) -> None:
    problem = type_problem(text)
    assert problem is not None
    assert problem[0] == "P033"
    assert "store it as" in problem[2] or "store a number" in problem[2] or "column of its own" in problem[2]


def test_numbers_keep_their_exact_value() -> None:
    from mainstem.project.scalars import SCALARS

    assert SCALARS[Decimal].read("0.10") == Decimal("0.10")
    for text in ("1e3", "1_000", "0x1f", "nan", "", "1.", ".5", "1,5"):
        with pytest.raises(ValueError, match=r".*"):
            SCALARS[Decimal].read(text)
