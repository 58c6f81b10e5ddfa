"""Files in a bucket of an S3 service: lists and downloads, signed by AWS Signature Version 4."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

from mainstem.core.clock import WallClock
from mainstem.core.problem import Problem, WorldError
from mainstem.core.secret import shown
from mainstem.lifecycle.generation.file_ledger import File, is_wanted
from mainstem.lifecycle.generation.file_options import Options
from mainstem.lifecycle.generation.file_web import download, refuse, request

_NOTHING = sha256(b"").hexdigest()


class Bucket:
    """Files below a prefix of a bucket. A name goes on where the prefix ends."""

    has_globs = True

    def __init__(self, options: Options) -> None:
        where = urlsplit(options.path)
        self._written = shown(options.path)
        self._prefix = where.path.strip("/") + "/" if where.path.strip("/") else ""
        endpoint = (options.endpoint or f"https://s3.{options.region}.amazonaws.com").rstrip("/")
        self._address = f"{endpoint}/{where.netloc}"
        self._sign = Signature(options.region, options.key, options.secret, options.token)

    def find(self, pattern: str) -> tuple[File, ...]:
        """Files that match, from a list of what begins like the pattern."""
        begin = self._prefix + re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        is_match = re.compile(_regex(pattern)).fullmatch
        found = []
        for item in self._listed(begin):
            name = (item.findtext("Key") or "").removeprefix(self._prefix)
            if is_match(name) and is_wanted(name, pattern):
                found.append(
                    File(name, None, int(item.findtext("Size") or -1), item.findtext("ETag") or "", is_settled=True)
                )
        return tuple(sorted(found, key=lambda file: file.name))

    def _listed(self, prefix: str) -> Iterator[ET.Element]:
        """ListObjectsV2, page by page."""
        more: dict[str, str] = {}
        while True:
            query = {"list-type": "2", "prefix": prefix, **more}
            url = f"{self._address}?{_query(query)}"
            answer = request("GET", url, self._written, self._sign(url))
            if answer.status_code == 404:
                mend = "correct `path` in the source's file"
                raise WorldError(Problem("G010", f'bucket of "{self._written}" does not exist', mend))
            refuse(answer, self._written, "a list of files")
            page = _parsed(answer.content)
            yield from page.iterfind("Contents")
            token = page.findtext("NextContinuationToken")
            if not token:
                return
            more = {"continuation-token": token}

    def fetch(self, file: File, folder: Path) -> Path:
        """The file in `folder`."""
        url = f"{self._address}/{quote(self._prefix + file.name, safe='/-_.~')}"
        return download(url, self._written, file, folder, lambda: self._sign(url))

    def has_changed(self, file: File) -> bool:  # noqa: ARG002 - what was brought is one state
        return False


def _parsed(content: bytes) -> ET.Element:
    """The root of an answer, its names without the namespace."""
    root = ET.fromstring(content)  # noqa: S314 - expat expands no external entity, and bounds internal ones
    for each in root.iter():
        each.tag = each.tag.rpartition("}")[2]
    return root


def _regex(pattern: str) -> str:
    """A glob as pathlib reads it, as a regular expression.

    >>> _regex("**/day=*/[ab]?.csv")
    '(?:[^/]+/)*day=[^/]*/[ab][^/]\\\\.csv'
    """
    parts = pattern.split("/")
    texts = []
    for n, part in enumerate(parts, 1):
        if part == "**":
            texts.append("(?:[^/]+/)*" if n < len(parts) else ".*")
            continue
        pieces = re.split(r"(\*|\?|\[[^\]]+\])", part)
        texts.append("".join(map(_piece, pieces)) + ("/" if n < len(parts) else ""))
    return "".join(texts)


def _piece(text: str) -> str:
    if text.startswith("[") and text.endswith("]"):
        return "[^" + text[2:] if text.startswith("[!") else text
    return {"*": "[^/]*", "?": "[^/]"}.get(text, re.escape(text))


def _query(values: Mapping[str, str]) -> str:
    return "&".join(f"{quote(key, safe='-_.~')}={quote(values[key], safe='-_.~')}" for key in sorted(values))


@dataclass(frozen=True, slots=True)
class Signature:
    """Signs GET requests without a body (AWS General Reference, Signature Version 4). Without a key, not at all."""

    region: str
    key: str | None
    secret: str | None
    token: str | None

    def __call__(self, url: str, at: datetime | None = None) -> dict[str, str]:
        """The headers of a request. The query of `url` is in order and quoted already."""
        if self.key is None:
            return {}
        when = f"{at or WallClock().now():%Y%m%dT%H%M%SZ}"
        target = urlsplit(url)
        headers = {"host": target.netloc, "x-amz-content-sha256": _NOTHING, "x-amz-date": when}
        if self.token:
            headers["x-amz-security-token"] = self.token
        names = ";".join(sorted(headers))
        lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
        asked = "\n".join(["GET", target.path, target.query, *lines, "", names, _NOTHING])
        scope = f"{when[:8]}/{self.region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", when, scope, sha256(asked.encode()).hexdigest()])
        begin = b"AWS4" + (self.secret or "").encode()
        signing = reduce(_mac, scope.split("/"), begin)
        found = f"Credential={self.key}/{scope}, SignedHeaders={names}, Signature={_mac(signing, text).hex()}"
        return {**headers, "authorization": f"AWS4-HMAC-SHA256 {found}"}


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()
