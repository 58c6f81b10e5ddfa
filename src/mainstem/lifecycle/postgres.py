"""How PostgreSQL servers are spoken to: driver, address, settings. Stages that read or write connect by themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError

SETTINGS = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1"
"""Under these every value has one text, whatever the server's defaults are."""

_WAIT_S = 10
_FATAL = "FATAL:"
_PREFIX = re.compile(r"(connection failed: )?(connection to server .*? failed: )?(FATAL: *)?")


def address(url: str, place: Place | None) -> Mapping[str, Any]:
    """libpq's keywords of an address, with our settings. WorldError G081 for what is no address."""
    psycopg = driver(place)
    try:
        given = psycopg.conninfo.conninfo_to_dict(str(url))
    except psycopg.ProgrammingError:
        given = {"host": "@"}
    if "@" in str(given.get("host", "")):  # the rest of a password with an @ of its own
        mend = "write `url: postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, signs of a password percent-encoded"
        raise WorldError(Problem("G081", "the address is no PostgreSQL URL", mend, place)) from None
    options = " ".join(filter(None, (given.pop("options", ""), SETTINGS)))
    ours = {"connect_timeout": _WAIT_S, "application_name": "mainstem", "client_encoding": "UTF8"}
    return {**ours, **given, "options": options}


def driver(place: Place | None) -> Any:
    """psycopg; WorldError G080 where the extra is not installed."""
    try:
        import psycopg
        import psycopg.conninfo
    except ImportError:
        mend = "install it: pip install 'mainstem[postgres]'"
        raise WorldError(Problem("G080", "the driver for PostgreSQL is not installed", mend, place)) from None
    return psycopg


def said(error: Any) -> str:
    """What the server says of an error, in one line: without the details, in which values stand."""
    lines = (error.diag.message_primary or str(error)).strip().splitlines() or [type(error).__name__]
    return _PREFIX.sub("", lines[0]).strip()


def refusal(error: Any, keywords: Mapping[str, Any], source: str | None) -> tuple[str, str]:
    """What and mend of a connection that fails or breaks off: whose server, where it is, what it says."""
    whose = f' of source "{source}"' if source else ""
    server = f"the PostgreSQL server{whose} at {keywords.get('host') or 'localhost'}:{keywords.get('port') or 5432}"
    if _FATAL in str(error):
        return (
            f"{server} refuses: {said(error)}",
            "correct user, password and database in `url`",
        )
    if str(error).startswith(("connection failed", "connection to server", "failed to resolve host")):
        return f"{server} cannot be reached: {said(error)}", "start the server, or correct host and port in `url`"
    return f"{server} refuses: {said(error)}", "correct the table or its rights, or run again when the server is back"
