"""Cells of an .xlsx whose formula failed: the reader of workbooks gives them as empty ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from xml.etree import ElementTree as ET
from zipfile import ZipFile, is_zipfile

_WORKBOOK, _LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELL = re.compile(
    rb"""<(?:\w+:)?c\b(?=[^>]*\st=["']e["'])[^>]*\sr=["']([A-Z]+)([0-9]+)["'][^>]*(?<!/)>"""
    rb"""(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<""",
    re.DOTALL,
)
"""A cell of type `e`, its place and its value."""


def failed_cells(path: Path, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Row and column, from 1, and the error (`#DIV/0!`) of each failed cell of a sheet (ECMA-376, 18.18.11 `e`)."""
    if not is_zipfile(path):
        return
    with ZipFile(path) as book:
        member = _member(book, sheet) if _WORKBOOK in book.namelist() else None
        text = book.read(member) if member else b""
    for column, row, error in _CELL.findall(text):
        yield int(row), reduce(lambda number, letter: number * 26 + letter - 64, column, 0), error.decode()


def _member(book: ZipFile, sheet: str) -> str | None:
    """The file of a sheet in the archive."""
    links = {each.get("Id"): each.get("Target") or "" for each in _elements(book, _LINKS, "Relationship")}
    for each in _elements(book, _WORKBOOK, "sheet"):
        if each.get("name") == sheet:
            target = links.get(each.get(_ID), "")
            name = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return name if name in book.namelist() else None
    return None


def _elements(book: ZipFile, member: str, name: str) -> Iterator[ET.Element]:
    root = ET.fromstring(book.read(member))  # noqa: S314 - expat expands no external entity, and bounds internal ones
    return (each for each in root.iter() if each.tag.rpartition("}")[2] == name)
