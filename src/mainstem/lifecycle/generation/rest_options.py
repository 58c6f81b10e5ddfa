"""What may stand in a source of kind `rest`: address, credentials, patience; paths, pages, where to go on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal
from urllib.parse import urlsplit

from mainstem.core.place import Places
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.secret import shown
from mainstem.lifecycle.generation.file_options import POSITION
from mainstem.project.scalars import DURATION
from mainstem.project.shape import Data

_RATE = re.compile(r"([1-9][0-9]{0,5})\s*/\s*(s|min|h)")
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600}
_MOST_RETRIES = 20


@dataclass(frozen=True, slots=True)
class Basic:
    """A user and a password (RFC 7617)."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A header, or a parameter of the address, that carries a key."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Client credentials (RFC 6749, section 4.4). `client_in` says how the token's server takes them."""

    token_url: str
    client_id: str
    client_secret: str
    scope: str | None = None
    client_in: Literal["header", "body"] = "header"

    def __post_init__(self) -> None:
        _check_address("token_url", self.token_url)


@dataclass(frozen=True, slots=True)
class Auth:
    """How each request says who asks: exactly one of these."""

    bearer: str | None = None
    basic: Basic | None = None
    header: Pair | None = None
    query: Pair | None = None
    oauth2: OAuth2 | None = None

    def __post_init__(self) -> None:
        said = [each.name for each in fields(self) if getattr(self, each.name) is not None]
        if len(said) != 1:
            names = ", ".join(f"`{each.name}`" for each in fields(self))
            what = "`auth` says " + (" and ".join(f"`{name}`" for name in said) or "nothing")
            raise ProjectError(Problem("G057", what, f"write exactly one of {names}"))


@dataclass(frozen=True, slots=True)
class Options:
    """An API over HTTP: `url` is what all its paths begin with. `headers` go with every request.

    `rate` is the most requests (`10/s`, `100/min`), over all tables of the source. A request that fails for a reason
    that passes is made again up to `retries` times. `timeout` is how long an answer, or a pause that the API asks for,
    may take (`30s`, `2min`).
    """

    url: str
    auth: Auth | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    rate: str | None = None
    retries: int = 5
    timeout: str = "60s"

    def __post_init__(self) -> None:
        _check_address("url", self.url)
        if self.rate is not None and not _RATE.fullmatch(self.rate):
            what = f'`rate` is "{self.rate}", which is no number of requests in a time'
            raise ProjectError(Problem("G057", what, "write one such as 10/s, 100/min or 1000/h"))
        duration = DURATION.fullmatch(self.timeout)
        if duration is None or duration[2] not in _SECONDS:
            what = f'`timeout` is "{self.timeout}", which is no length of time'
            raise ProjectError(Problem("G057", what, "write one such as 30s or 2min"))
        if not 0 <= self.retries <= _MOST_RETRIES:
            what = f"`retries` is {self.retries}"
            raise ProjectError(Problem("G057", what, f"write a number from 0 to {_MOST_RETRIES}"))

    @property
    def timeout_s(self) -> float:
        found = DURATION.fullmatch(self.timeout)
        return float(found[1]) * _SECONDS[found[2]] if found else 0.0

    @property
    def pause_s(self) -> float:
        """The least time between two requests."""
        found = _RATE.fullmatch(self.rate) if self.rate else None
        return _SECONDS[found[2]] / float(found[1]) if found else 0.0


@dataclass(frozen=True, slots=True)
class Paginate:
    """How the pages of a table follow each other.

    `page`: `param` counts pages, from `start`. `offset`: `param` counts rows. `cursor`: the value at `path` of the
    answer goes into `param`. `next`: `path` of the answer is the next page's address. `link`: the answer's Link header
    (RFC 8288) has it. `size` goes into `size_param` with every request.

    `page` and `offset` end with an empty page, or, with `until: short`, with one of fewer rows than `size`, or when
    the rows at path `total` of the answer are there; the others end when nothing follows.
    """

    kind: Literal["page", "offset", "cursor", "link", "next"]
    param: str | None = None
    path: str | None = None
    start: int | None = None
    size: int | None = None
    size_param: str | None = None
    total: str | None = None
    until: Literal["empty", "short"] = "empty"

    def __post_init__(self) -> None:
        if self.kind in ("cursor", "next") and self.path is None:
            what = f"pages of kind `{self.kind}` need to know where the answer says what follows"
            raise ProjectError(Problem("G057", what, "add `path:`, such as meta.next"))
        if self.kind not in ("cursor", "next") and self.path is not None:
            raise ProjectError(Problem("G057", f"pages of kind `{self.kind}` have no `path`", "remove `path`"))
        if self.kind in ("link", "next") and self.param is not None:
            what = f"pages of kind `{self.kind}` have no `param`: the answer gives whole addresses"
            raise ProjectError(Problem("G057", what, "remove `param`"))
        if self.kind not in ("page", "offset") and self.start is not None:
            raise ProjectError(Problem("G057", f"pages of kind `{self.kind}` are not counted", "remove `start`"))
        if self.until == "short" and (self.size is None or self.kind not in ("page", "offset")):
            what = "`until: short` compares with the `size` of counted pages"
            raise ProjectError(Problem("G057", what, "add `size:` to pages of kind `page` or `offset`, or remove it"))
        if (self.size is not None and self.size < 1) or (self.size_param is not None and self.size is None):
            what = "a page has no size" if self.size is None else f"`size` is {self.size}"
            raise ProjectError(Problem("G057", what, "write `size:` with the rows of a page"))

    @property
    def counter(self) -> str:
        """The parameter that differs from page to page."""
        return self.param or self.kind

    @property
    def first(self) -> int:
        return self.start if self.start is not None else int(self.kind == "page")

    @property
    def size_name(self) -> str:
        return self.size_param or ("per_page" if self.kind == "page" else "limit")


@dataclass(frozen=True, slots=True)
class Since:
    """How an incremental load asks for what is new: `param` gets the position's cursor.

    `format` None: as the API writes it in its rows. `first` is the value of the first read; None asks for everything.
    """

    param: str
    format: Literal["iso", "date", "epoch", "epoch_ms"] | None = None
    first: str | None = None


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`path` follows the source's `url`, with `params`. `rows` is where the list is in the answer (`data.items`; `.` is
    the answer itself); not said, it is the answer, or its only list.

    `explode` is the path of a list in each row: its elements are the rows of this table, `position` counts them from 1,
    and `parent` gives more columns: paths in the row around. `body` are the keys of the JSON object that a `POST`
    sends; what `paginate` and `since` fill in goes there then. `null` are texts that mean NULL.
    """

    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    method: Literal["GET", "POST"] = "GET"
    body: Mapping[str, Data] | None = None
    rows: str | None = None
    explode: str | None = None
    parent: Mapping[str, str] = field(default_factory=dict)
    paginate: Paginate | None = None
    since: Since | None = None
    null: tuple[str, ...] = ()
    places: Places = field(default_factory=Places, repr=False)

    def __post_init__(self) -> None:
        if "://" in self.path:
            what = f'`path` is "{shown(self.path)}", a whole address'
            raise ProjectError(Problem("G057", what, "write what follows the source's `url`, or make another source"))
        if self.body is not None and self.method != "POST":
            raise ProjectError(Problem("G057", "a GET has no `body`", "add `method: POST`, or remove `body`"))
        if self.parent and not self.explode:
            mend = "add `explode:`, the list whose elements are rows"
            raise ProjectError(Problem("G057", "`parent` stands without `explode`", mend))
        if any(name.lower() == POSITION for name in self.parent):
            what = f'"{POSITION}" in `parent` is the number of the element already'
            raise ProjectError(Problem("G057", what, "give the column another name"))


def _check_address(key: str, address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        what = f'`{key}` is "{shown(address)}", which is no address of an API'
        raise ProjectError(Problem("G057", what, "write one such as https://api.example.com/v1"))
    if parts.username is not None or parts.password is not None:
        mend = "write them under `auth: {basic: {user: ..., password: ...}}`"
        raise ProjectError(Problem("G057", f"`{key}` holds a user and a password", mend))
