"""Files as they can be read: unpacked, on this machine, in an encoding that is known."""

from __future__ import annotations

import codecs
import gzip
import re
import secrets
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any

from mainstem.core.problem import Problem, WorldError
from mainstem.lifecycle.generation.file_options import TEXTS, TableOptions, format_of, packing
from mainstem.lifecycle.generation.text_files import ENGINE_ENCODINGS

WINDOWS = "cp1252"

_BLOCK_BYTES = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MANY_BYTES = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
"""A character that UTF-8 writes in several bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is read as one file: a file, or a file in a packed one. `name` is what rows say they come from.

    `path` leads to a plain file; a text of another encoding than UTF-8 was written anew in UTF-8 if all of it could be
    read, and `written_in` is then the encoding that it had. `encoding` is that of `path`.
    """

    name: str
    path: Path
    encoding: str = "utf-8"
    written_in: str = "utf-8"

    @property
    def encoding_name(self) -> str:
        """The encoding as people say it."""
        return {WINDOWS: "windows-1252", "utf-8": "UTF-8"}.get(self.encoding, self.encoding)


def parts(name: str, path: Path, options: TableOptions, folder: Callable[[], Path]) -> Iterator[Part]:
    """The parts of a file. What has to be written anew goes below `folder()`, under names of ours.

    OSError, EOFError, UnicodeError or a codec's error if it cannot be read; WorldError G035 without a codec.
    """
    if options.kind not in TEXTS:
        yield Part(name, path)
        return
    for inside, plain in _unpacked(name, path, options, folder):
        yield _readable(inside, plain, options, folder)


def _new(folder: Callable[[], Path]) -> Path:
    return folder() / secrets.token_hex(8)


def _unpacked(name: str, path: Path, options: TableOptions, folder: Callable[[], Path]) -> Iterator[tuple[str, Path]]:
    how = packing(name)
    if how is None:
        yield name, path
    elif how == "zip":
        yield from _members(name, path, options, folder)
    else:
        target = _new(folder)
        with target.open("wb") as out:
            if how == "gz":
                with gzip.open(path) as stream:
                    copyfileobj(stream, out, _BLOCK_BYTES)
            else:
                _unpack_zstandard(path, out)
        yield name, target


def _members(name: str, path: Path, options: TableOptions, folder: Callable[[], Path]) -> Iterator[tuple[str, Path]]:
    """The files in an archive that are of the format; where none is by its ending, and `format:` says which it is,
    those whose ending says nothing."""
    with zipfile.ZipFile(path) as archive:
        shown = [each for each in archive.infolist() if not each.is_dir() and not _is_hidden(each.filename)]
        kinds = {each.filename: format_of(each.filename) for each in shown}
        asked = None if options.format is not None and options.kind not in kinds.values() else options.kind
        for member in sorted(shown, key=lambda each: each.filename):
            if kinds[member.filename] != asked:
                continue
            target = _new(folder)
            try:
                with archive.open(member) as stream, target.open("wb") as out:
                    copyfileobj(stream, out, _BLOCK_BYTES)
            except (RuntimeError, LZMAError) as error:  # a password, an unknown method
                raise OSError(f'"{member.filename}" cannot be unpacked: {error}') from error
            yield f"{name}/{member.filename}", target


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _unpack_zstandard(path: Path, out: IO[bytes]) -> None:
    """All frames of a file; EOFError if the last one is not whole, of which the codec says nothing by itself."""
    zstandard = extra("zstandard", "files")
    decoder, is_whole = zstandard.ZstdDecompressor(), True
    frame = decoder.decompressobj()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            while block:
                try:
                    out.write(frame.decompress(block))
                except zstandard.ZstdError as error:
                    raise OSError(str(error)) from error
                is_whole, block = frame.eof, frame.unused_data
                if is_whole:
                    frame = decoder.decompressobj()
    if not is_whole:
        raise EOFError("it ends before its end")


def extra(module: str, name: str) -> Any:
    """A package that only an extra of ours brings. WorldError G035 where it is not installed."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError:
        what, mend = f'package "{module}" is not installed', f"pip install 'mainstem[{name}]'"
        raise WorldError(Problem("G035", what, mend)) from None


def _readable(name: str, path: Path, options: TableOptions, folder: Callable[[], Path]) -> Part:
    encoding = options.encoding or _detected(path, guesses=options.kind == "csv")
    if encoding.lower() in ENGINE_ENCODINGS:
        return Part(name, path, encoding, encoding)
    target = _new(folder)
    try:
        with path.open(encoding=encoding, newline="") as stream, target.open("w", encoding="utf-8", newline="") as out:
            copyfileobj(stream, out, _BLOCK_BYTES)
    except UnicodeDecodeError:  # some of it cannot be read: which lines, the exact reader finds out
        return Part(name, path, encoding, encoding)
    return Part(name, target, "utf-8", encoding)


def _detected(path: Path, *, guesses: bool) -> str:
    """The encoding of a text: its byte order mark's, else UTF-8; with `guesses` windows-1252 if it cannot be that.

    Text with some characters in UTF-8 and some in nothing is UTF-8 with broken lines: to take it for windows-1252 would
    change the whole ones.
    """
    with path.open("rb") as stream:
        head = stream.read(4096)
        for mark, encoding in _BOMS:
            if head.startswith(mark):
                return encoding
        if not guesses:
            return "utf-8"
        if (half := len(head) // 2) and (zeros := head.count(0)) > half // 2:
            return "utf-16-le" if head[1::2].count(0) * 2 > zeros else "utf-16-be"
        stream.seek(0)
        return "utf-8" if _may_be_utf8(stream) else WINDOWS


def _may_be_utf8(stream: IO[bytes]) -> bool:
    """Whether some character is written in several bytes as UTF-8 does, or none needs to be."""
    is_plain, tail = True, b""
    while block := stream.read(_BLOCK_BYTES):
        if not (tail + block).isascii():
            is_plain = False
            if _MANY_BYTES.search(tail + block):
                return True
        tail = block[-3:]
    return is_plain
