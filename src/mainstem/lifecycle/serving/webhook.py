"""Sends a message to an address: one POST of JSON."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from mainstem.core.problem import Problem, WorldError

TIMEOUT_S = 10.0


class _NoRedirect(HTTPRedirectHandler):
    """A message goes where it was told to go, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def post(url: str, body: Mapping[str, Any], key: str, timeout_s: float = TIMEOUT_S) -> None:
    """Post the body; a receiver that has seen the header `Idempotency-Key` before may ignore it.

    WorldError O022 where it does not arrive; its words never hold the address.
    """
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "mainstem"}
    data = json.dumps(body, ensure_ascii=False).encode()
    try:
        request = Request(url, data, headers, method="POST")  # noqa: S310 - the scheme is looked at below
        if request.type not in ("http", "https"):
            raise _lost("the address is neither http nor https")
        with build_opener(_NoRedirect).open(request, timeout=timeout_s) as answer:
            answer.read(1 << 16)
    except HTTPError as error:
        raise _lost(f"the receiver answered {error.code}") from None
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        words = reason.strerror if isinstance(reason, OSError) and reason.strerror else type(reason).__name__
        raise _lost(f"the receiver cannot be reached: {words.lower()}") from None


def _lost(why: str) -> WorldError:
    mend = "see whether its address in `alerts:` is right and the receiver runs"
    return WorldError(Problem("O022", f"an alert did not arrive: {why}", mend))
