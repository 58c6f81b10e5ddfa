"""The engine's exceptions as Problems: a code per class, its own first sentence, what exists instead, and where."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import duckdb

from mainstem.core.place import Place
from mainstem.core.problem import Problem, WorldError, nearest

_NO_SPACE = {str(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)}
"""A full disk, a used-up quota, a limit on the size of files."""

_MISSING = re.compile(r"([\w ]+?) with name (.+) does not exist")
_OUR_QUERY = re.compile(r'(Failed to .* query) ".*"(?=:|$)', re.DOTALL)
"""What a scanner says of a query that it was given, and that nobody wrote."""
_CANDIDATES_SHOWN = 300

_CODES: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.ParserException, "E001"),
    (duckdb.SyntaxException, "E001"),
    (duckdb.CatalogException, "E002"),
    (duckdb.BinderException, "E002"),
    (duckdb.ConversionException, "E003"),
    (duckdb.OutOfRangeException, "E003"),
    (duckdb.TypeMismatchException, "E003"),
    (duckdb.OutOfMemoryException, "E004"),
    (duckdb.InterruptException, "E005"),
    (duckdb.ConstraintException, "E006"),
    (duckdb.PermissionException, "E012"),
    (duckdb.IOException, "E007"),
)

_MENDS: Mapping[str, str] = {
    "E001": "correct the SQL at this place",
    "E002": "use names and types that exist",
    "E003": "use try_cast(x as type) where NULL is the right answer, or a wider type",
    "E004": "raise memory_limit or lower threads in mainstem.yml, or free space in the temporary folder",
    "E005": "run it again, or raise the time-out",
    "E006": "remove the duplicates or fill the missing values before the write",
    "E007": "restore the file or its permissions, then run again",
    "E008": "free space on this disk, then run again",
    "E009": "correct what the message names",
    "E012": "read datasets by their names",
}


def world_error(error: duckdb.Error, text: str = "", start: int = 0) -> WorldError:
    """The WorldError (E001 to E009, E012) for an exception of the engine.

    `text` is the SQL that the caller wrote, `start` the number of bytes that stood before it in the statement that
    was run. With them `Problem.place` is a Place whose file is "" and whose line and column are those of `text`: the
    caller, who knows the file, puts it in.
    """
    details = _details(error)
    message = str(details["exception_message"])
    code = _code(error, message, details)
    return WorldError(Problem(code, _sentence(message), _mend(code, details), _place(details, text, start)))


def _details(error: duckdb.Error) -> Mapping[str, Any]:
    """The JSON object after the class name (setting `errors_as_json`), or the bare words where there is none."""
    words = str(error)
    begin = words.find('{"exception_type"')
    if begin >= 0:
        try:
            found: Mapping[str, Any] = json.loads(words[begin:])
        except ValueError:
            pass
        else:
            return found
    return {"exception_message": words.partition("Error: ")[2] or words}


def _code(error: duckdb.Error, message: str, details: Mapping[str, Any]) -> str:
    if details.get("errno") in _NO_SPACE or "No space left on device" in message:
        return "E008"
    if "configuration has been locked" in message or "disabled by configuration" in message:
        return "E012"
    if isinstance(error, duckdb.InvalidInputException) and "No magic bytes found" in message:
        return "E007"
    return next((code for kind, code in _CODES if isinstance(error, kind)), "E009")


def _sentence(message: str) -> str:
    """The first line, without the exclamation and without the candidates, which belong into the mend."""
    first = _OUR_QUERY.sub(r"\1", message.strip()).split("\n", 1)[0].rstrip(".!: ")
    missing = _MISSING.fullmatch(first)
    if missing:
        return f'{missing[1].lower()} "{missing[2]}" does not exist'
    return first.partition(" You might need to add explicit type casts")[0].rstrip(".!")


def _mend(code: str, details: Mapping[str, Any]) -> str:
    candidates = [word.strip() for word in str(details.get("candidates", "")).split(",") if word.strip()]
    if details.get("error_subtype") == "MISSING_ENTRY":
        candidates = _alike(str(details.get("name", "")), candidates)
    if code != "E002" or not candidates:
        return _MENDS[code]
    if details.get("error_subtype") != "NO_MATCHING_FUNCTION" and "name" in details:
        return nearest(str(details["name"]), candidates, kind="the nearest names")
    listed = str(details["candidates"])
    cut = listed if len(listed) <= _CANDIDATES_SHOWN else listed[:_CANDIDATES_SHOWN].rpartition(",")[0] + ", ..."
    return f"cast the arguments; the engine knows: {cut}"


def _alike(name: str, candidates: list[str]) -> list[str]:
    """Without what is like the name in nothing: of all that its catalog has the engine names one at any rate."""
    word = name.lower()
    return [each for each in candidates if get_close_matches(word, (each.lower(), each.lower().rpartition(".")[2]))]


def _place(details: Mapping[str, Any], text: str, start: int) -> Place | None:
    """The engine counts bytes of the statement; a Place counts characters of `text`."""
    if "position" not in details:
        return None
    offset = int(details["position"]) - start
    raw = text.encode()
    if not text or not 0 <= offset <= len(raw):
        return None
    before = raw[:offset].decode(errors="ignore")
    return Place("", before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
