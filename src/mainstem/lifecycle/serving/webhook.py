"""Sends a message to an address: one POST of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mainstem.core.problem import Problem, WorldError

TIMEOUT_S = 10.0


def post(url: str, body: Mapping[str, Any], key: str, timeout_s: float = TIMEOUT_S) -> None:
    """Post the body; a receiver that has seen the header `Idempotency-Key` before may ignore it.

    A message goes where it was told to go: no redirection is followed. WorldError O022 where it does not arrive; its
    words never hold the address.
    """
    import httpx2  # a tenth of a run's start, for what most runs never do

    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "mainstem"}
    data = json.dumps(body, ensure_ascii=False).encode()
    try:
        with httpx2.stream("POST", url, content=data, headers=headers, timeout=timeout_s) as answer:
            status = answer.status_code
    except (httpx2.UnsupportedProtocol, httpx2.InvalidURL):
        raise _lost("the address is neither http nor https") from None
    except httpx2.TransportError as error:
        raise _lost(f"the receiver cannot be reached: {_reason(error)}") from None
    if status >= 300:
        raise _lost(f"the receiver answered {status}")


def _reason(error: BaseException) -> str:
    """What the operating system says, deep below; else the name of what happened."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.strerror:
            return found.strerror.lower()
        found = found.__cause__ or found.__context__
    return type(error).__name__.lower()


def _lost(why: str) -> WorldError:
    mend = "see whether its address in `alerts:` is right and the receiver runs"
    return WorldError(Problem("O022", f"an alert did not arrive: {why}", mend))
