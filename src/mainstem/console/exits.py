"""Every address of the console, and by which way out of the gate its rows leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.routing import BaseRoute, Mount, Route

from mainstem.lifecycle.serving.request import EXITS

EXIT_OF: Mapping[str, str | None] = {
    "/": None,
    "/requirements/{id}": None,
    "/map": None,
    "/catalog": None,
    "/catalog/{name}": "catalog",
    "/runs": None,
    "/runs/{id}": None,
    "/dashboards": None,
    "/dashboards/{name}": "dashboard",
    "/query": "console",
    "/search": None,
    "/search.json": None,
    "/healthz": None,
    "/static": None,
    "/openapi.json": None,
    "/api": "api",
}
"""Address to exit; None where no row of any dataset leaves, only what people wrote and what was measured."""


def declared(routes: Iterable[BaseRoute]) -> list[BaseRoute]:
    """The routes, each of which is declared above. ValueError for one that is not: nobody knows what leaves by it."""
    found = list(routes)
    for route in found:
        path = route.path if isinstance(route, Route | Mount) else ""
        if path not in EXIT_OF:
            raise ValueError(f'the address "{path}" is not declared in EXIT_OF')
        exit_ = EXIT_OF[path]
        if exit_ is not None and exit_ not in EXITS:
            raise ValueError(f'"{exit_}" is no way out that is registered in EXITS')
    return found


def exit_of(path: str) -> str:
    """The exit by which rows leave at an address. ValueError where none may."""
    exit_ = EXIT_OF[path]
    if exit_ is None:
        raise ValueError(f'no rows leave by "{path}"')
    return exit_
