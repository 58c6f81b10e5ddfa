"""What the steps of a plan may cost, from what they came to the last time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from mainstem.core.change import Estimate
from mainstem.core.ports import Ledger
from mainstem.core.release import Version

_RUNS = 10
"""Runs that are looked back at, however many there were: what did nothing in them is not known."""

_GB = Decimal(10**9)
_HOUR_S = Decimal(3600)


def last_seconds(ledger: Ledger, env: str) -> dict[str, float]:
    """How long each dataset's step took when it committed last, in the newest runs of an environment."""
    found: dict[str, float] = {}
    for run in ledger.runs(env, limit=_RUNS):
        for did in run["summary"].get("did") or ():
            if did["outcome"] == "committed" and did.get("seconds") is not None:
                found.setdefault(did["dataset"], did["seconds"])
    return found


def estimated(base: Version | None, seconds: float | None, prices: Mapping[str, Any] | None) -> Estimate:
    """A step that makes the version after `base`; what was never made is not known."""
    hour, month = (Decimal(prices[name]) if prices and name in prices else None for name in _PRICES)
    size = base.size_bytes if base else None
    return Estimate(
        base.rows if base else None,
        size,
        seconds,
        hour * Decimal(str(seconds)) / _HOUR_S if hour is not None and seconds is not None else None,
        month * size / _GB if month is not None and size is not None else None,
        int(seconds is None),
    )


_PRICES = ("compute_hour", "storage_gb_month")


def added_up(estimates: Iterable[Estimate]) -> Estimate:
    """All of what is known; `unknown` says of how many steps no seconds are."""
    every = tuple(estimates)
    return Estimate(
        _sum(each.rows for each in every),
        _sum(each.size_bytes for each in every),
        _sum(each.seconds for each in every),
        _sum(each.cost for each in every),
        _sum(each.storage_month for each in every),
        sum(each.unknown for each in every),
    )


def _sum(values: Iterable[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None
