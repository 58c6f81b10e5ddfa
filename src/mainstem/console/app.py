"""The application that `mainstem up` serves: pages, data APIs, health."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from mainstem.console.api import Api
from mainstem.orchestration.desk import Desk


def make_app(desk: Desk) -> Starlette:
    """The application over a desk."""
    api = Api(desk)
    return Starlette(routes=[Route("/healthz", _health), Mount("/", api)])


def _health(_: Request) -> Response:
    return PlainTextResponse("ok\n")
