"""Requests to an API: who asks, how often, how long to wait, what to do when it fails; and words without secrets."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from mainstem.core.dataset import Dataset, Source
from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.generation.hiding import hidden, secrets_of
from mainstem.lifecycle.generation.rest_options import Options

FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_MOST_REDIRECTS = 10
_SHOWN_CHARACTERS = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNAUTHORIZED = 401
_ERRNO = re.compile(r"^\[Errno -?\d+\]\s*")
_THROTTLES = frozenset({429, 503})
_PASSING = frozenset({408, 425, *_THROTTLES})


@dataclass(frozen=True, slots=True)
class Call:
    """One request: an address with its query, and the JSON body of a POST. `filled` is what was put into the body."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None
    filled: Mapping[str, Any] = field(default_factory=dict)

    @property
    def origin(self) -> tuple[str, str | None, int | None]:
        return origin_of(self.url)

    def with_params(self, params: Mapping[str, Any]) -> Call:
        """The same request with these values in place of others of their names: in the body, if it has one."""
        if self.body is not None:
            return replace(self, body={**self.body, **params}, filled={**self.filled, **params})
        parts = urlsplit(self.url)
        pairs = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in params]
        query = urlencode([*pairs, *((name, str.__str__(str(value))) for name, value in params.items())])
        return replace(self, url=urlunsplit(parts._replace(query=query)))


def origin_of(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port: what credentials belong to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for a call: status, headers, the whole body."""

    call: Call
    status: int
    headers: Mapping[str, str]
    content: bytes


class Caller:
    """Calls to one API over one pool of connections, for one table; every failure names the table or the source."""

    def __init__(self, source: Source, dataset: Dataset) -> None:
        import httpx2

        self.source, self.dataset = source, dataset
        self.options: Options = source.options
        self.secrets = secrets_of(source.options, dataset.made_by)
        self._pace = _pace(source.name, self.options.url, self.options.pause_s)
        self._client = httpx2.Client(timeout=self.options.timeout_s, follow_redirects=False)
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def words(self, call: Call) -> str:
        """A call as people may see it: `GET /items?page=3`."""
        parts = urlsplit(call.url)
        base = urlsplit(self.options.url).path.rstrip("/")
        path = parts.path.removeprefix(base) if call.origin == origin_of(self.options.url) else call.url
        query = f"?{parts.query}" if parts.query and path == parts.path.removeprefix(base) else ""
        filled = ", ".join(f"{name}={value}" for name, value in call.filled.items())
        return self.hidden(f"{call.method} {path or '/'}{query}{f' ({filled})' if filled else ''}")

    def hidden(self, text: str) -> str:
        """Without secrets: each as it is written in the project."""
        return hidden(text, self.secrets)

    def problem(self, code: str, what: str, mend: str) -> WorldError:
        """A problem of the table."""
        return WorldError(Problem(code, self.hidden(what), mend, self.dataset.place))

    def ask(self, call: Call) -> Answer:
        """The answer to a call, redirects followed, failures that pass waited out. WorldError G050 to G053."""
        for attempt in range(self.options.retries + 1):
            wait_s, failure = None, ""
            answer = self._attempted(call)
            if isinstance(answer, Answer):
                if answer.status not in _PASSING and answer.status < 500:
                    return self._accepted(answer)
                wait_s = self._asked_pause(answer) if answer.status in _THROTTLES else None
                failure = f"answers {answer.status}{self._said(answer)}"
            else:
                failure = answer
            if attempt == self.options.retries:
                break
            time.sleep(wait_s if wait_s is not None else _backoff_s(attempt))
        mend = "see that the API is there, correct the source's `url`, or raise `retries`; then run again"
        times = f" {attempt + 1} times" if attempt else ""
        raise self.problem("G050", f"{self.words(call)} {failure}{times}", mend)

    def _attempted(self, call: Call) -> Answer | str:
        """One attempt, made with a new token where the old one is no longer taken."""
        had_token = self._token is not None
        answer = self._sent(call)
        if had_token and isinstance(answer, Answer) and answer.status == _UNAUTHORIZED:
            self._token = None
            return self._sent(call)
        return answer

    def _sent(self, call: Call) -> Answer | str:
        """What comes of a call, with its redirects; words for a failure of the network."""
        import httpx2

        try:
            if self.options.auth is not None and self.options.auth.oauth2 is not None and self._token is None:
                self._token = self._fetched_token()
            for _ in range(_MOST_REDIRECTS):
                answer = self._once(call)
                target = answer.headers.get("location")
                if answer.status not in _REDIRECTS or target is None:
                    return answer
                call = self._redirected(answer.call, answer.status, target)
        except httpx2.InvalidURL as error:
            return f"leads to what is no address: {error}"
        except httpx2.HTTPError as error:
            words = _ERRNO.sub("", str(error)).strip() or type(error).__name__
            return f"{'reaches nobody' if isinstance(error, httpx2.ConnectError) else 'breaks off'}: {words}"
        mend = "correct the source's `url` or the table's `path`"
        raise self.problem("G053", f"{self.words(call)} is redirected again and again", mend)

    def _once(self, call: Call) -> Answer:
        self._pace.wait()
        url, headers = call.url, {"accept": "application/json", "user-agent": "mainstem"}
        if call.origin == origin_of(self.options.url):
            headers |= self.options.headers
            url, more = self._signed(call)
            headers |= more
        spelled = {name.encode(): value.encode() for name, value in headers.items()}
        answer = self._client.request(call.method, url, headers=spelled, json=call.body)
        return Answer(call, answer.status_code, answer.headers, answer.content)

    def _signed(self, call: Call) -> tuple[str, Mapping[str, str]]:
        """The address and the headers that say who asks."""
        import httpx2

        auth = self.options.auth
        if auth is None:
            return call.url, {}
        if auth.query is not None:
            return replace(call, body=None).with_params({auth.query.name: auth.query.value}).url, {}
        if auth.header is not None:
            return call.url, {auth.header.name: auth.header.value}
        if auth.basic is not None:
            basic = httpx2.BasicAuth(str.__str__(auth.basic.user), str.__str__(auth.basic.password))
            signed = next(basic.auth_flow(httpx2.Request("GET", call.url)))
            self.secrets[signed.headers["authorization"]] = "..."
            return call.url, {"authorization": signed.headers["authorization"]}
        return call.url, {"authorization": f"Bearer {self._token if auth.oauth2 else auth.bearer}"}

    def _redirected(self, call: Call, status: int, target: str) -> Call:
        """Elsewhere without credentials (another host gets none), and without a body."""
        url = urljoin(call.url, target)
        method = "GET" if status in (301, 302, 303) else call.method
        moved = Call(method, url, call.body if method == "POST" else None)
        if moved.origin[0] not in ("http", "https") or (moved.body is not None and moved.origin != call.origin):
            mend = "correct the source's `url`"
            raise self.problem("G053", f"{self.words(call)} is redirected to {urlsplit(url).hostname or url}", mend)
        return moved

    def _accepted(self, answer: Answer) -> Answer:
        if answer.status < 300:
            return answer
        asked = self.words(answer.call)
        if answer.status in (401, 403):
            mend = "correct `auth` in the source's file or the secret that it names, or ask for the right to read"
            if answer.call.origin != origin_of(self.options.url):
                mend = "write this address as the source's `url`: credentials go to its scheme, host and port alone"
            what = f"{asked} is refused ({answer.status}){self._said(answer)}"
            raise WorldError(Problem("G051", what, mend, self.source.place))
        mend = "correct the table's `path`, `params` or `paginate`"
        raise self.problem("G053", f"{asked} answers {answer.status}{self._said(answer)}", mend)

    def _said(self, answer: Answer) -> str:
        """The API's own words, if they are short and no page for people."""
        text = " ".join(answer.content[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace").split())
        if not text or text.startswith("<"):
            return ""
        return self.hidden(f": {text[:_SHOWN_CHARACTERS]}{'...' if len(text) > _SHOWN_CHARACTERS else ''}")

    def _asked_pause(self, answer: Answer) -> float | None:
        """How long the API asks to wait. WorldError G052 for longer than `timeout`."""
        asked_s = pause_of(answer.headers.get("retry-after"), datetime.now(UTC))
        if asked_s is not None and asked_s > self.options.timeout_s:
            what = f"{self.words(answer.call)} answers {answer.status} and asks to wait {asked_s:.0f} s"
            mend = "run again then, lower `rate`, or let the source wait longer with `timeout`"
            raise self.problem("G052", what, mend)
        return asked_s

    def _fetched_token(self) -> str:
        """An access token for the client credentials. WorldError G051."""
        assert self.options.auth is not None
        oauth = self.options.auth.oauth2
        assert oauth is not None
        form = {"grant_type": "client_credentials", **({"scope": oauth.scope} if oauth.scope else {})}
        pair: Any = (str.__str__(oauth.client_id), str.__str__(oauth.client_secret))
        if oauth.client_in == "body":
            form |= {"client_id": pair[0], "client_secret": pair[1]}
            pair = None
        answer = self._client.post(str.__str__(oauth.token_url), data=form, auth=pair)
        try:
            token = answer.json()["access_token"] if answer.is_success else None
        except (ValueError, KeyError, TypeError):
            token = None
        if answer.status_code >= 500:
            answer.raise_for_status()
        if not isinstance(token, str) or not token:
            what = f"the token's server gives no token ({answer.status_code})"
            mend = "correct `oauth2` in the source's file or the secrets that it names"
            raise WorldError(Problem("G051", what, mend, self.source.place))
        self.secrets[token] = "..."
        return token


class _Pace:
    """Keeps two requests apart, whoever makes them."""

    def __init__(self, pause_s: float) -> None:
        self._pause_s, self._next_s, self._lock = pause_s, 0.0, threading.Lock()

    def wait(self) -> None:
        if not self._pause_s:
            return
        with self._lock:
            now_s = time.monotonic()
            turn_s = max(now_s, self._next_s)
            self._next_s = turn_s + self._pause_s
        time.sleep(turn_s - now_s)


@cache
def _pace(source: str, url: str, pause_s: float) -> _Pace:
    """The pace of a source, shared by its tables."""
    del source, url
    return _Pace(pause_s)


def pause_of(header: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for (RFC 9110, section 10.2.3), a number or a date; None if it is neither.

    >>> pause_of("120", datetime.now(UTC)), pause_of("soon", datetime.now(UTC))
    (120.0, None)
    """
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _backoff_s(attempt: int) -> float:
    """Twice as long each time, less some chance, so that many readers do not come back at once."""
    return float(min(FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S) * random.uniform(0.5, 1.0))  # noqa: S311
