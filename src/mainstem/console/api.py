"""The data APIs: `GET /api/NAME?parameter=value`, and `/openapi.json`."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from mainstem.console.scribe import Held, Scribe
from mainstem.core.clock import Clock, SetClock, instant_text
from mainstem.core.evidence import Evidence
from mainstem.core.output import Output
from mainstem.core.problem import MainstemError, Problem, ProjectError, nearest
from mainstem.lifecycle.serving.gate import again, refuse
from mainstem.lifecycle.serving.openapi import PROBLEM, Described, document
from mainstem.lifecycle.serving.parameter import parameters_of, texts_given
from mainstem.lifecycle.serving.request import Request
from mainstem.orchestration.desk import Desk, Values
from mainstem.orchestration.served import Served
from mainstem.security.audit import AuditRow

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

LIMIT, LARGEST = 1_000, 10_000
"""Rows of an answer by default, and at most."""

KEPT_BYTES = 64 * 1024 * 1024
"""Of answers that are kept for the next reader who asks the same."""

_STATUS = {"V020": 400, "V024": 404, "C008": 503, "V022": 503, "V021": 504, "V023": 503, "S012": 403, "S013": 403}
_WORDS = {
    400: "The request is wrong",
    403: "The role of this API may not read that",
    404: "There is no such data API",
    405: "Data APIs are read with GET",
    500: "The request could not be answered",
    503: "Not now",
    504: "The query took too long",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it left, and its audit row: it may leave again while its release is served."""

    body: bytes
    row: AuditRow
    request: Request


class Api:
    """The ASGI application of the data APIs. Answers are kept while their release is served, and all are audited."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._scribe: Scribe | None = None
        self._kept: OrderedDict[tuple[str, str, str], Kept] = OrderedDict()
        self._kept_bytes = 0
        self._document: tuple[Served | None, bytes] | None = None

    async def __call__(self, scope: MutableMapping[str, Any], _: Receive, send: Send) -> None:
        if self._scribe is None:
            self._scribe = Scribe(self._desk.ledger)
        path: str = scope["path"]
        try:
            if scope["method"] not in ("GET", "HEAD"):
                await _problems(send, 405, ())
            elif path == "/openapi.json":
                await _send(send, 200, await self._openapi(), "application/json")
            else:
                await self._get(path.removeprefix("/api/"), scope, send)
        except MainstemError as error:
            await _problems(send, min(_STATUS.get(each.code, 500) for each in error.problems), error.problems)

    async def _get(self, name: str, scope: MutableMapping[str, Any], send: Send) -> None:
        assert self._scribe is not None
        loop = asyncio.get_running_loop()
        started_s, at = loop.time(), self._desk.clock.now()
        clock = SetClock(at)
        output = self._output(name)
        request = Request("api", output.queries[0].sql, LIMIT)
        held, outcome = Held(), "refused"
        version = None
        self._scribe.expect()
        try:
            served = self._desk.served
            version = served.release.id
            tag = f'"{served.tag(output)}"'
            if _is_held(scope, tag):
                again(AuditRow(at, request.principal, "api", "unchanged", tag, version), request, held, clock)
                status, body, outcome = 304, b"", "ok"
            else:
                status, body = 200, await self._answer(served, output, request, _query(scope), held, clock)
                outcome = "ok"
        except MainstemError as error:
            outcome = "refused" if isinstance(error, ProjectError) else "errored"
            if not held.rows:
                refuse(replace(request, release=version), held, clock, error)
            raise
        finally:
            milliseconds = Decimal(round((loop.time() - started_s) * 1000))
            facts = {"principal": request.principal, "by": "user"}
            row = Evidence("request", output.name, at, self._desk.env, version, value=milliseconds, unit="ms")
            await self._scribe.write(held.rows, replace(row, outcome=outcome, facts=facts))
        await _send(send, status, body, "application/json", (b"etag", tag.encode()), (b"cache-control", b"no-cache"))

    def _output(self, name: str) -> Output:
        outputs = self._desk.project.outputs
        output = outputs.get(f"apis/{name}")
        if output is None or not output.queries:
            known = [each.removeprefix("apis/") for each in outputs if each.startswith("apis/")]
            raise ProjectError(
                Problem("V024", f'there is no data API "{name}"', nearest(name, known, kind="data APIs"))
            )
        return output

    async def _answer(
        self, served: Served, output: Output, request: Request, query: dict[str, str], held: Held, clock: Clock
    ) -> bytes:
        values, limit = parameters(output, query)
        key = (served.tag(output), output.name, repr((values, limit)))
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            again(kept.row, kept.request, held, clock)
            return kept.body
        request = replace(request, limit=limit)
        block, only = self._desk.block, output.queries[0]
        found = await asyncio.get_running_loop().run_in_executor(
            None, block, served, output, only, values, request, held, clock
        )
        names = [column.name for column in found.columns]
        body = msgspec.json.encode(
            {
                "release": served.release.id,
                "as_of": _as_of(served, output),
                "rows": [dict(zip(names, row, strict=True)) for row in found.rows],
                "truncated": found.truncated,
            }
        )
        self._keep(key, Kept(body, found.audit, request))
        return body

    def _keep(self, key: tuple[str, str, str], kept: Kept) -> None:
        """Keep an answer; the ones asked for longest ago make room."""
        if len(kept.body) > KEPT_BYTES // 8:
            return
        self._kept[key] = kept
        self._kept_bytes += len(kept.body)
        while self._kept_bytes > KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.body)

    async def _openapi(self) -> bytes:
        served = self._desk.newest
        if self._document is None or self._document[0] is not served:
            self._document = (served, await asyncio.to_thread(self._described, served))
        return self._document[1]

    def _described(self, served: Served | None) -> bytes:
        project = served.project if served else self._desk.project
        apis = [_described(self._desk, served, each) for each in project.outputs.values() if each.kind == "api"]
        return msgspec.json.encode(document(project.name, served.release.id if served else None, apis))


def parameters(output: Output, query: dict[str, str]) -> tuple[Values, int]:
    """The values of an API's parameters, and the limit. ProjectError V020 where one is wrong."""
    params = parameters_of(output.options or {})
    own = dict(query)
    asked = own.pop("limit", None) if "limit" not in params else None
    problems: list[Problem] = []
    limit = LIMIT
    if asked is not None:
        limit = int(asked) if asked.isascii() and asked.isdigit() else 0
        if not 1 <= limit <= LARGEST:
            what = f'parameter "limit" is "{asked}"'
            problems.append(Problem("V020", what, f"write a whole number from 1 to {LARGEST}"))
    try:
        values = texts_given(params, own)
    except ProjectError as error:
        raise ProjectError(*problems, *error.problems) from error
    if problems:
        raise ProjectError(*problems)
    return values, limit


def _described(desk: Desk, served: Served | None, output: Output) -> Described:
    """An API with the columns of its rows, asked of the serving copy with no row in it."""
    name = output.name.removeprefix("apis/")
    columns = None
    if served is not None and output.queries:
        columns = desk.columns(served, output, output.queries[0])
    return Described(name, output.title, parameters_of(output.options or {}), columns, output.owner)


def _is_held(scope: MutableMapping[str, Any], tag: str) -> bool:
    """Whether the reader holds what would be sent (RFC 9110, 13.1.2)."""
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            tags = [each.strip().removeprefix("W/") for each in value.decode("latin-1").split(",")]
            return tag in tags or tags == ["*"]
    return False


def _query(scope: MutableMapping[str, Any]) -> dict[str, str]:
    """Parameters of the address. ProjectError V020 for one that is given twice."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ProjectError(Problem("V020", f'parameter "{twice}" is given twice', "give it once"))
    return found


def _as_of(served: Served, output: Output) -> str | None:
    """The instant of the data: the smallest over all that the output reads."""
    read = served.bound.outputs.get(output.name, ())
    instants: list[datetime] = [served.release.versions[name].as_of for name in read if name in served.release.versions]
    return instant_text(min(instants)) if instants else None


async def _send(send: Send, status: int, body: bytes, kind: str, *headers: tuple[bytes, bytes]) -> None:
    said = [(b"x-content-type-options", b"nosniff"), *headers]
    if status != 304:
        said += [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})


async def _problems(send: Send, status: int, problems: tuple[Problem, ...]) -> None:
    """The answer of RFC 9457, every problem at once; places of the project's own files are not a reader's business."""
    body = {
        "type": "about:blank",
        "title": _WORDS.get(status, _WORDS[500]),
        "status": status,
        "problems": [{"code": each.code, "what": each.what, "mend": each.mend} for each in problems],
    }
    allow = ((b"allow", b"GET, HEAD"),) if status == 405 else ()
    await _send(send, status, msgspec.json.encode(body), PROBLEM, *allow)
