"""JSON documents as rows: the elements of a list, each in the words of its file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from json import JSONDecodeError, JSONDecoder

from mainstem.lifecycle.generation.file_parts import Part
from mainstem.lifecycle.generation.text_files import Record, is_undecoded, opened, readable

_DECODER = JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")


class NoRowsError(Exception):
    """A document has nothing at the path of its rows, or something else than rows; the message says which."""


def documents(part: Part, path: Sequence[str]) -> Iterator[Record]:
    """The rows of a file, numbered from 1 as `Record.line`: one JSON text a record.

    A file holds one document, or several with blanks between. Of each, what `path` leads to is the list of rows; an
    object there is one row, null is none. JSONDecodeError for a text that is no JSON, NoRowsError.
    """
    with opened(part.path, part.encoding) as stream:
        text = stream.read()
    for number, row in enumerate(_rows(text, path), 1):
        if is_undecoded(row):
            yield Record(number, readable(row), None, f"is not {part.encoding_name} text")
        else:
            yield Record(number, row, (row,))


def _rows(text: str, path: Sequence[str]) -> Iterator[str]:
    at = _past_blanks(text, 0)
    while at < len(text):
        if path:
            _, end = _DECODER.raw_decode(text, at)
            yield from (row for row, _ in _elements(text, _find(text, at, path), path))
        else:
            end = at
            for row, end in _elements(text, at, path):  # noqa: B007 - the last one is where the document ends
                if row:
                    yield row
        at = _past_blanks(text, end)


def _elements(text: str, at: int, path: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The rows of the value at `at`, each with its end; at last "" with that of the value where it is a list."""
    if text[at] != "[":
        value, end = _DECODER.raw_decode(text, at)
        if path and value is not None and not isinstance(value, dict):
            raise NoRowsError(f'"{".".join(path)}" is no list')
        yield ("" if path and value is None else text[at:end]), end
        return
    at = _past_blanks(text, at + 1)
    while text[at : at + 1] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield text[at:end], end
        at = _past_blanks(text, end)
        if text[at : at + 1] == ",":
            at = _past_blanks(text, at + 1)
            if text[at : at + 1] == "]":
                raise JSONDecodeError("a value is missing behind a comma", text, at)
        elif text[at : at + 1] != "]":
            raise JSONDecodeError("a list does not end", text, at)
    yield "", at + 1


def _find(text: str, at: int, path: Sequence[str]) -> int:
    """Where the value at a path begins, in a document that is whole."""
    for n, wanted in enumerate(path, 1):
        place = _member(text, at, wanted) if text[at] == "{" else None
        if place is None:
            raise NoRowsError(f'it has no "{".".join(path[:n])}"')
        at = place
    return at


def _member(text: str, at: int, wanted: str) -> int | None:
    at = _past_blanks(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _past_blanks(text, _past_blanks(text, at) + 1)
        if name == wanted:
            return at
        _, at = _DECODER.raw_decode(text, at)
        at = _past_blanks(text, at)
        if text[at] == ",":
            at = _past_blanks(text, at + 1)
    return None


def _past_blanks(text: str, at: int) -> int:
    found = _BLANKS.match(text, at)
    assert found is not None
    return found.end()
