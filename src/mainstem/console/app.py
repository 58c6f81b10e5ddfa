"""The console as one ASGI application: pages, the data APIs, and what stands before both."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as Asked
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from mainstem.console import pages
from mainstem.console.api import Api
from mainstem.console.exits import declared
from mainstem.console.guard import LOOPBACK, Guard
from mainstem.console.site import STATIC, Site
from mainstem.core.problem import MainstemError
from mainstem.orchestration.desk import Desk

_LOG = logging.getLogger(__name__)
_STATUS = {"V025": 404, "M004": 404, "M005": 404, "C008": 503, "V022": 503, "V021": 504, "V020": 400}
_TITLES = {
    400: "The address is wrong",
    404: "There is no such page",
    405: "That cannot be done here",
    500: "This page could not be made",
    503: "Not now",
    504: "That took too long",
}


def make_app(desk: Desk, *, hosts: Iterable[str] = ()) -> Starlette:
    """The console over a desk. It answers under the names of this machine itself, and under `hosts`.

    It does not refresh the desk: `Desk.watch` does, in a thread of whoever starts the server.
    """
    site = Site(desk)
    api = Api(desk)

    def page(path: str, make: Callable[[Site, Asked], Response], name: str) -> Route:
        def endpoint(asked: Asked) -> Response:
            try:
                return make(site, asked)
            except MainstemError:
                raise
            except Exception:  # noqa: BLE001 - a bug of ours is told in the same look
                return _bug(site, asked)

        return Route(path, endpoint, name=name)

    async def query(asked: Asked) -> Response:
        try:
            return await pages.query(site, asked)
        except MainstemError:
            raise
        except Exception:  # noqa: BLE001 - as above
            return _bug(site, asked)

    routes = declared(
        [
            page("/", pages.board, "board"),
            page("/requirements/{id}", pages.requirement, "requirement"),
            page("/map", pages.map_, "map"),
            page("/catalog", pages.catalog, "catalog"),
            page("/catalog/{name}", pages.dataset, "dataset"),
            page("/runs", pages.runs, "runs"),
            page("/runs/{id}", pages.run, "run"),
            page("/dashboards", pages.dashboards, "dashboards"),
            page("/dashboards/{name}", pages.dashboard, "dashboard"),
            Route("/query", query, methods=["GET", "POST"], name="query"),
            page("/search", pages.search, "search"),
            page("/search.json", pages.search_json, "things"),
            Route("/healthz", _health, name="health"),
            Route("/openapi.json", api, name="openapi"),
            Mount("/api", app=api, name="api"),
            Mount("/static", app=StaticFiles(directory=STATIC), name="static"),
        ]
    )
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=(*LOOPBACK, *hosts))],
        exception_handlers={
            MainstemError: _told(site),
            HTTPException: _no_page(site),
        },
    )


async def _health(_: Asked) -> Response:
    return PlainTextResponse("ok\n")


Handler = Callable[[Asked, Exception], Awaitable[Response]]


def _told(site: Site) -> Handler:
    async def told(asked: Asked, error: Exception) -> Response:
        assert isinstance(error, MainstemError)
        status = min(_STATUS.get(problem.code, 500) for problem in error.problems)
        return _problem(site, asked, status, error)

    return told


def _no_page(site: Site) -> Handler:
    async def no_page(asked: Asked, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return _problem(site, asked, error.status_code, None)

    return no_page


def _bug(site: Site, asked: Asked) -> Response:
    """A bug of ours: told in the log of the server, and only there."""
    _LOG.exception("the page %s could not be made", asked.url.path)
    return _problem(site, asked, 500, None)


def _problem(site: Site, asked: Asked, status: int, error: MainstemError | None) -> Response:
    """An error as a page, without a word of any data: an error of ours is told in the server's log only."""
    words = "What went wrong is in the log of the server." if status == 500 else "Go on from the scoreboard, or search."
    problems = error.problems if error else ()
    title = _TITLES.get(status, _TITLES[404])
    return site.page(asked, "problem.html", "", title, status, code=status, problems=problems, words=words)
