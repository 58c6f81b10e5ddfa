"""Pages that keep themselves up to date: each says what it has seen, and is made again only where that is another."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request as Asked
from starlette.responses import Response

from mainstem.console.site import Site

SEEN = "Seen"
"""The header in which a page says what it has seen."""


def nothing(_: Site, __: Asked) -> str:
    """A page that hangs on nothing but what all of them do."""
    return ""


def fresh(
    make: Callable[[Site, Asked, str], Response], also: Callable[[Site, Asked], str] = nothing
) -> Callable[[Site, Asked], Response]:
    """The page that `make` makes, given what it will have seen; 204 to one that has seen just that.

    `also` tells what this page hangs on beside what all of them do. What was seen is looked up first, so that what
    changes while the page is made is shown by the next one.
    """

    def page(site: Site, asked: Asked) -> Response:
        seen = site.seen() + also(site, asked)
        return Response(status_code=204) if asked.headers.get(SEEN) == seen else make(site, asked, seen)

    return page
