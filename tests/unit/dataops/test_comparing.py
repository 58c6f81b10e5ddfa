"""What a test of a model says of rows that are not as expected."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from mainstem.dataops.comparing import differences, is_equal


def kinds(expected, actual, key=(), *, ordered=False):
    return [(each.kind, each.expected, each.actual) for each in differences(expected, actual, key, ordered=ordered)]


def test_rows_are_counted_and_their_order_does_not_matter():
    assert kinds([(1, "a"), (2, "b"), (1, "a")], [(1, "a"), (1, "a"), (2, "b")]) == []
    assert kinds([(1, "a"), (1, "a")], [(1, "a")]) == [("missing", (1, "a"), None)]
    assert kinds([(1, "a")], [(1, "a"), (1, "a")]) == [("unexpected", None, (1, "a"))]


def test_the_key_tells_which_row_is_meant():
    assert kinds([(1, "a", 1), (2, "b", 2)], [(2, "x", 9), (3, "a", 1)], [0]) == [
        ("missing", (1, "a", 1), None),
        ("different", (2, "b", 2), (2, "x", 9)),
        ("unexpected", None, (3, "a", 1)),
    ]


def test_without_a_key_the_most_alike_row_is_meant_if_half_of_it_is_equal():
    assert kinds([(1, "a", 1)], [(2, "b", 2), (1, "a", 2)]) == [
        ("different", (1, "a", 1), (1, "a", 2)),
        ("unexpected", None, (2, "b", 2)),
    ]
    assert [kind for kind, _, _ in kinds([(1, "a", 1)], [(1, "b", 2)])] == ["missing", "unexpected"]


def test_in_order_rows_are_held_against_each_other_one_by_one():
    assert kinds([(1,), (2,)], [(1,), (2,)], ordered=True) == []
    assert kinds([(1,), (2,)], [(2,), (1,), (3,)], ordered=True) == [
        ("different", (1,), (2,)),
        ("different", (2,), (1,)),
        ("unexpected", None, (3,)),
    ]


@pytest.mark.parametrize(
    ("mine", "came"),
    [
        (0.1 + 0.2, 0.3),
        (math.nan, math.nan),
        (None, None),
        (Decimal("1.0"), Decimal("1.00")),
        ([0.1 + 0.2, None], [0.3, None]),
        ({"a": [math.nan]}, {"a": [math.nan]}),
        (1e308 * 10, math.inf),
    ],
)
def test_equal_values(mine, came):
    assert is_equal(mine, came)
    assert kinds([(mine, 1)], [(came, 1)]) == []


@pytest.mark.parametrize(
    ("mine", "came"),
    [
        (0.1, 0.1001),
        (None, 0),
        (None, ""),
        ("a", "A"),
        ([1], [1, 2]),
        ({"a": 1}, {"b": 1}),
        (Decimal("0.01"), Decimal(0)),
    ],
)
def test_different_values(mine, came):
    assert not is_equal(mine, came)
    assert [kind for kind, _, _ in kinds([(mine, 1)], [(came, 1)])] == ["different"]


def test_floating_numbers_on_two_sides_of_a_rounded_digit_are_equal_all_the_same():
    mine, came = 0.12345678901251, 0.12345678901249
    assert f"{mine:.12g}" != f"{came:.12g}"
    assert kinds([(mine,)], [(came,)]) == []
