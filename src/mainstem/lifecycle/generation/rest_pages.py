"""Pages of an API: the rows in an answer, and which call follows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urljoin

import msgspec

from mainstem.lifecycle.generation.rest_calls import Answer, Call, Caller
from mainstem.lifecycle.generation.rest_options import Paginate, TableOptions

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\",;\s]+))*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\",;\s]+))", re.IGNORECASE)
_NO_CONTENT = 204


@dataclass(frozen=True)
class Page:
    """An answer that is JSON. Rows are JSON texts as the API wrote them: no digit of a number is lost."""

    answer: Answer
    text: bytes
    options: TableOptions
    words: str

    @property
    def call(self) -> Call:
        return self.answer.call

    @cached_property
    def rows(self) -> Sequence[str]:
        """The rows. LookupError, with words, where they are not."""
        if not self.text:
            return ()
        found = self._list()
        if found == b"null":
            return ()
        if found.startswith(b"{"):
            return (found.decode(),)
        return [bytes(each).decode() for each in msgspec.json.decode(found, type=list[msgspec.Raw])]

    def _list(self) -> bytes:
        path = self.options.rows
        if path is None:
            return self._only_list()
        found = self.text if path == "." else at(self.text, path)
        if found is None:
            raise LookupError(f'has nothing at "{path}"; {_described(self.text, path)}')
        if found[:1] not in (b"[", b"{") and found != b"null":
            raise LookupError(f'has a plain value at "{path}", no list')
        return found

    def _only_list(self) -> bytes:
        if self.text.startswith(b"["):
            return self.text
        keys = msgspec.json.decode(self.text, type=dict[str, msgspec.Raw]) if self.text.startswith(b"{") else {}
        lists = [bytes(each) for each in keys.values() if bytes(each).startswith(b"[")]
        if len(lists) != 1:
            count = "no list" if not lists else f"{len(lists)} lists"
            raise LookupError(f"has {count}; {_described(self.text)}")
        return lists[0]

    def value(self, path: str) -> Any:
        """A value beside the rows; None where there is none."""
        found = at(self.text, path)
        return None if found is None else json.loads(found, parse_float=str)


def _described(text: bytes, path: str = "") -> str:
    """What there is, as far as a path leads."""
    begun, keys = "", path.split(".")
    while keys and (inner := at(text, keys[0])) is not None:
        text, begun = inner, f"{begun}.{keys.pop(0)}"
    whose = f'"{begun[1:]}"' if begun else "it"
    if not text.startswith(b"{"):
        return f"{whose} is a {'list' if text.startswith(b'[') else 'plain value'}"
    names = ", ".join(msgspec.json.decode(text, type=dict[str, msgspec.Raw])) or "none"
    return f"{f'the keys of {whose}' if begun else 'its keys'} are: {names}"


def at(text: bytes, path: str) -> bytes | None:
    """The JSON text at a path of keys and numbers between points; None where the path leads to nothing."""
    for key in path.split("."):
        if text.startswith(b"{"):
            found = msgspec.json.decode(text, type=dict[str, msgspec.Raw]).get(key)
        elif text.startswith(b"[") and key.isdigit():
            items = msgspec.json.decode(text, type=list[msgspec.Raw])
            found = items[int(key)] if int(key) < len(items) else None
        else:
            return None
        if found is None:
            return None
        text = bytes(found)
    return text


def pages(caller: Caller, options: TableOptions, first: Call) -> Iterator[Page]:
    """Every page of a table, one after the other; each call is made once.

    WorldError G050 to G056, and G059 where rows are missing in the end.
    """
    walk = _Walk(caller, options.paginate, first)
    call: Call | None = walk.first_call(first)
    while call is not None:
        page = _page(caller, options, call)
        walk.take(page)
        yield page
        call = walk.following(page)


def _page(caller: Caller, options: TableOptions, call: Call) -> Page:
    """The answer to a call, held to be JSON with rows in it."""
    answer = caller.ask(call)
    words = caller.words(call)
    text = b"" if answer.status == _NO_CONTENT else answer.content.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        text.decode()
        if answer.status != _NO_CONTENT:
            msgspec.json.decode(text, type=msgspec.Raw)
        page = Page(answer, text, options, words)
        page.rows  # noqa: B018 - looks for them
    except LookupError as error:
        mend = "write where the list is: `rows: data.items`, or `rows: .` for the whole answer"
        raise caller.problem("G055", f"{words} {error.args[0]}", mend) from None
    except (UnicodeDecodeError, msgspec.DecodeError):
        raise _no_json(caller, words, answer) from None
    return page


def _no_json(caller: Caller, words: str, answer: Answer) -> Exception:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    is_page = "html" in kind or answer.content.lstrip()[:1] == b"<"
    came = "a page for people" if is_page else "text that is no JSON" if answer.content else "nothing"
    mend = "correct the table's `path`" + (", or `auth`: it may be a page to log in" if is_page else "")
    return caller.problem("G054", f"{words} answers {came}{f' ({kind})' if kind else ''}", mend)


class _Walk:
    """From page to page. It stops with a problem where pages go round in circles."""

    def __init__(self, caller: Caller, paginate: Paginate | None, first: Call) -> None:
        self._caller, self._paginate = caller, paginate
        self._seen: set[tuple[str, str]] = {_identity(first)}
        self._before: Sequence[str] = ()
        self._count = 0
        self._number = paginate.first if paginate else 0

    def first_call(self, call: Call) -> Call:
        if self._paginate is None:
            return call
        if self._paginate.size is not None:
            call = call.with_params({self._paginate.size_name: self._paginate.size})
        if self._paginate.kind in ("page", "offset"):
            call = call.with_params({self._paginate.counter: self._number})
        return call

    def take(self, page: Page) -> None:
        if page.rows and page.rows == self._before:
            mend = "correct `paginate`: the API may know its parameters by other names"
            raise self._caller.problem("G056", f"{page.words} brings the same rows as the page before", mend)
        self._before = page.rows
        self._count += len(page.rows)

    def following(self, page: Page) -> Call | None:
        paginate = self._paginate
        if paginate is None:
            return None
        if paginate.kind in ("page", "offset"):
            return self._counted(paginate, page)
        call = self._named(paginate, page)
        if call is None:
            return None
        if _identity(call) in self._seen:
            mend = "correct `paginate`, or tell the owner of the API"
            what = f"{page.words} leads to a page that was read before"
            raise self._caller.problem("G056", what, mend)
        self._seen.add(_identity(call))
        return call

    def _counted(self, paginate: Paginate, page: Page) -> Call | None:
        total = page.value(paginate.total) if paginate.total and page.text else None
        if paginate.total is not None and not _is_count(total):
            what = f'{page.words} has no number at "{paginate.total}"'
            mend = "correct `total`, the path of the number of all rows"
            raise self._caller.problem("G055", what, mend)
        if total is not None and self._count >= int(total):
            return None
        if not page.rows or (paginate.until == "short" and len(page.rows) < (paginate.size or 0)):
            if total is not None:
                what = f"{page.words} ends after {self._count} rows, and says that there are {total}"
                mend = "run again; if it stays so, correct `paginate`, or remove `total`"
                raise self._caller.problem("G059", what, mend)
            return None
        self._number += 1 if paginate.kind == "page" else len(page.rows)
        return page.call.with_params({paginate.counter: self._number})

    def _named(self, paginate: Paginate, page: Page) -> Call | None:
        """The call that the answer itself names."""
        if paginate.kind == "link":
            target: Any = next_link(page.answer.headers.get("link", ""))
        else:
            target = page.value(paginate.path or "") if page.text else None
        if target in (None, "", False):
            return None
        if isinstance(target, dict | list | bool):
            what = f'{page.words} has no plain value at "{paginate.path}"'
            raise self._caller.problem("G055", what, "correct `path` of `paginate`")
        if paginate.kind == "cursor":
            return page.call.with_params({paginate.counter: target})
        url = urljoin(page.call.url, str(target))
        if not url.startswith(("http://", "https://")):
            what = f"{page.words} leads to what is no address of an API"
            raise self._caller.problem("G053", what, "correct `path` of `paginate`")
        call = Call(page.call.method, url, page.call.body, page.call.filled)
        if call.body is not None and call.origin != page.call.origin:
            what = f"{page.words} leads to another host, which gets no `body`"
            raise self._caller.problem("G053", what, "read that host as a source of its own")
        return call


def _identity(call: Call) -> tuple[str, str]:
    return call.url, json.dumps(call.body)


def _is_count(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdigit())


def next_link(header: str) -> str | None:
    """The address of relation "next" in a Link header (RFC 8288).

    >>> next_link('<https://a.example/i?page=1>; rel="prev", <https://a.example/i?page=3>; rel="next last"')
    'https://a.example/i?page=3'
    """
    for found in _LINK.finditer(header):
        relation = _RELATION.search(found[2])
        if relation and "next" in (relation[1] or relation[2]).lower().split():
            return found[1]
    return None
