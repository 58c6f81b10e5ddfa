"""Who may speak to the console at all, and what browsers are told to refuse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""Names under which a machine calls itself."""

_READS = ("GET", "HEAD", "OPTIONS")
_CACHED = b"public, max-age=31536000, immutable"
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class Guard:
    """Refuses names that are not ours, writes that other sites send, and adds the security headers to every answer.

    A name that a stranger points at this machine (DNS rebinding) still stands in `Host`, so it is refused there; a form
    of another site still says its own `Origin` (Fetch standard), so it is refused there.
    """

    def __init__(self, app: Application, hosts: Iterable[str] = LOOPBACK) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        told = _with_headers(send, is_static=scope["path"].startswith("/static/"))
        if refused:
            body = refused.encode()
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
            await told({"type": "http.response.start", "status": 403, "headers": headers})
            await told({"type": "http.response.body", "body": body})
        else:
            await self._app(scope, receive, told)

    def _refused(self, scope: MutableMapping[str, Any]) -> str | None:
        """Why a request is not answered; None where it is."""
        named = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = named.get(b"host", "")
        if _name(host) not in self._hosts:
            return "This server does not answer under that name. Open it as localhost, or start it with --host NAME.\n"
        if scope["method"] in _READS:
            return None
        origin = named.get(b"origin")
        if origin is None:
            is_ours = named.get(b"sec-fetch-site", "none") in ("same-origin", "none")
        else:
            is_ours = urlsplit(origin).netloc.lower() == host.lower()
        return None if is_ours else "Another site sent this. Open the page here, and send it from there.\n"


def _name(host: str) -> str:
    """The name of a `Host` header, without its port.

    >>> _name("LocalHost:8080"), _name("[::1]:8080")
    ('localhost', '[::1]')
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() and name else host).lower()


def _with_headers(send: Send, *, is_static: bool) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", ()))
            there = {name.lower() for name, _ in own}
            own += [each for each in _HEADERS if each[0] not in there]
            if is_static and message["status"] in (200, 304):
                own = [each for each in own if each[0].lower() != b"cache-control"] + [(b"cache-control", _CACHED)]
            elif b"cache-control" not in there:
                own.append((b"cache-control", b"no-store"))
            message = {**message, "headers": own}
        await send(message)

    return told
