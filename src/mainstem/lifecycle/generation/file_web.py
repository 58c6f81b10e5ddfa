"""Files on a web server, and how any file is brought over HTTP."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mainstem.core.problem import Problem, WorldError
from mainstem.core.secret import shown
from mainstem.lifecycle.generation.file_ledger import File

_WAITS_S = (0.2, 1.0)
_TIMEOUT_S = 30.0
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_NO_HEAD = frozenset({403, 405, 501})


class Website:
    """Files below an address. Each is asked for by its name: there is no list. Names and addresses are shown as they
    are written, since a secret may stand in them."""

    has_globs = False

    def __init__(self, address: str) -> None:
        self._address, self._written = address.rstrip("/"), shown(address)
        self._urls: dict[str, str] = {}

    def find(self, pattern: str) -> tuple[File, ...]:
        """The file, if it is there. WorldError G039 for a pattern."""
        name = shown(pattern)
        if "*" in name:
            raise WorldError(Problem("G039", f'"{name}" names no file on a web server', "name one file"))
        self._urls[name] = url = f"{self._address}/{pattern}"
        answer = request("HEAD", url, self._written)
        if answer.status_code in _NO_HEAD:
            answer = request("GET", url, self._written, is_read=False)
        if answer.status_code in (404, 410):
            return ()
        refuse(answer, self._written, name)
        stamp = stamp_of(answer.headers)
        return (File(name, None, int(answer.headers.get("content-length", -1)), stamp, bool(stamp)),)

    def fetch(self, file: File, folder: Path) -> Path:
        """The file in `folder`."""
        return download(self._urls[file.name], self._written, file, folder)

    def has_changed(self, file: File) -> bool:  # noqa: ARG002 - what was brought is one state
        return False


def stamp_of(headers: Mapping[str, str]) -> str:
    """What a server calls this state of a file; "" if it says nothing."""
    return headers.get("etag") or headers.get("last-modified") or ""


def download(
    url: str, written: str, file: File, folder: Path, sign: Callable[[], Mapping[str, str]] = dict[str, str]
) -> Path:
    """A file as it was seen. WorldError G014 if it is another one now, G030, G031, G032."""
    import httpx2

    target = folder / secrets.token_hex(8)
    for wait_s in (*_WAITS_S, None):
        try:
            with _client() as client, client.stream("GET", url, headers={**_headers(), **sign()}) as answer:
                if answer.status_code not in _PASSING or wait_s is None:
                    refuse(answer, written, file.name)
                    if file.stamp and stamp_of(answer.headers) != file.stamp:
                        mend = "run again when its writer is done"
                        raise WorldError(Problem("G014", f'file "{file.name}" changes while it is read', mend))
                    with target.open("wb") as out:
                        for block in answer.iter_bytes():
                            out.write(block)
                    return target
        except httpx2.ConnectError as error:
            if wait_s is None:
                raise _silent(written) from error
        except httpx2.HTTPError as error:
            if wait_s is None:
                what = f'the download of "{file.name}" breaks off'
                raise WorldError(Problem("G032", what, "run again when the connection is better")) from error
        if wait_s is not None:
            time.sleep(wait_s)
    raise AssertionError("the last attempt returns or raises")


def request(
    method: str, url: str, written: str, headers: Mapping[str, str] | None = None, *, is_read: bool = True
) -> Any:
    """An answer of a server, asked up to three times. `is_read`: with its body. WorldError G030."""
    import httpx2

    for wait_s in (*_WAITS_S, None):
        try:
            with _client() as client, client.stream(method, url, headers={**_headers(), **(headers or {})}) as answer:
                if is_read:
                    answer.read()
                if answer.status_code not in _PASSING or wait_s is None:
                    return answer
        except httpx2.HTTPError as error:
            if wait_s is None:
                raise _silent(written) from error
        time.sleep(wait_s or 0)
    raise AssertionError("the last attempt returns or raises")


def refuse(answer: Any, written: str, name: str) -> None:
    """WorldError for an answer that is no file: G031 refused, G018 not there, G030 anything else."""
    code = answer.status_code
    if code in (401, 403):
        mend = "correct the source's credentials, or ask for the right to read"
        raise WorldError(Problem("G031", f'"{written}" refuses to give "{name}" ({code})', mend))
    if code in (404, 410):
        raise WorldError(Problem("G018", f'file "{name}" is gone', "run again, or correct the table's `path`"))
    if code != 200:
        mend = "see what is wrong with the server, then run again"
        raise WorldError(Problem("G030", f'"{written}" answers {code} when asked for "{name}"', mend))


def _silent(written: str) -> WorldError:
    host = urlsplit(written).netloc or written
    mend = "see that it runs and the address is right, then run again"
    return WorldError(Problem("G030", f'"{host}" does not answer', mend))


def _client() -> Any:
    import httpx2

    return httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=True)


def _headers() -> dict[str, str]:
    """Bytes are wanted as they lie there: the length and the content of a file are compared."""
    return {"accept-encoding": "identity", "user-agent": "mainstem"}
