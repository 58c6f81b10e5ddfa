"""What may be said of a source of kind `files`, and of one of its tables."""

from __future__ import annotations

import re
from codecs import lookup
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.secret import shown

Format = Literal["csv", "json", "jsonl", "parquet", "arrow", "excel"]

_FORMATS: Mapping[str, Format] = {
    "csv": "csv",
    "tsv": "csv",
    "json": "json",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "parquet": "parquet",
    "arrow": "arrow",
    "feather": "arrow",
    "xlsx": "excel",
    "xlsm": "excel",
    "xls": "excel",
    "ods": "excel",
}
PACKINGS = ("gz", "zst", "zip")
TEXTS = frozenset({"csv", "json", "jsonl"})

_ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "delimiter": ("csv",),
    "quote": ("csv",),
    "escape": ("csv",),
    "decimal": ("csv",),
    "dates": ("csv",),
    "skip": ("csv", "excel"),
    "header": ("csv", "excel"),
    "encoding": ("csv", "json", "jsonl"),
    "null": ("csv", "json", "jsonl", "excel"),
    "rows": ("json",),
    "explode": ("json", "jsonl"),
    "parent": ("json", "jsonl"),
    "sheet": ("excel",),
}


@dataclass(frozen=True, slots=True)
class Options:
    """Where the files lie: `path` is a folder relative to the project's, `s3://bucket/prefix`, or `https://host/folder`.

    For S3: `region`, `endpoint` where it is not Amazon's, and the credentials `key`, `secret` and, with temporary ones,
    `token`; without them requests are not signed, as public buckets allow.
    """

    path: str = "."
    endpoint: str | None = None
    region: str = "us-east-1"
    key: str | None = None
    secret: str | None = None
    token: str | None = None

    def __post_init__(self) -> None:
        if (self.key is None) != (self.secret is None):
            missing, there = ("secret", "key") if self.secret is None else ("key", "secret")
            what = f"`{there}` is said and `{missing}` is not"
            raise ProjectError(Problem("G016", what, f"add `{missing}: ${{NAME}}`, or remove `{there}`"))
        if self.path.startswith("s3://") and not urlsplit(self.path).netloc:
            mend = "write `s3://bucket/prefix`"
            raise ProjectError(Problem("G016", f'path "{shown(self.path)}" names no bucket', mend))


@dataclass(frozen=True, slots=True)
class TableOptions:
    """`path` is a glob below the source's folder (`orders/*.csv`, `**/*.parquet`). `format` None: by the ending.

    `null` are the texts that mean NULL; not said, that is the empty text of a CSV and nothing else. `hive`: folders
    named `key=value` are columns. `encoding` of texts; None: that of the byte order mark, else UTF-8, and a CSV that
    cannot be UTF-8 is windows-1252.

    For CSV: `delimiter` None is found in the first line; `quote` (`""`: none) and `escape` None are RFC 4180's;
    `decimal` is the sign before the fraction of a number, with `,` points part thousands; `dates` is how days or times
    are written (`%d.%m.%Y`). For CSV and Excel: `header` says whether the first line names the columns, `skip` how many
    lines come before it. For Excel: `sheet` None is the first.

    For JSON: `rows` is the path of the list of rows in a document (`data.items`). `explode` is the path of a list in
    each row: its elements are the rows of this table, `position` counts them from 1, and `parent` gives more columns:
    name here, path in the row around.
    """

    path: str
    format: Literal["csv", "json", "jsonl", "parquet", "arrow", "excel"] | None = None
    delimiter: str | None = None
    header: bool = True
    encoding: str | None = None
    null: tuple[str, ...] | None = None
    quote: str | None = None
    escape: str | None = None
    decimal: Literal[".", ","] = "."
    skip: int = 0
    dates: str | None = None
    rows: str | None = None
    explode: str | None = None
    parent: Mapping[str, str] = field(default_factory=dict)
    sheet: str | None = None
    hive: bool = False

    def __post_init__(self) -> None:
        if self.path.startswith("/") or ".." in Path(self.path).parts:
            what = f'path "{shown(self.path)}" leads out of the source\'s folder'
            raise ProjectError(Problem("G017", what, "give the source a `path` higher up, and the table one below it"))
        if self.format is None and format_of(self.path) is None:
            what = f'the format of "{shown(self.path)}" does not follow from its ending'
            raise ProjectError(
                Problem("G011", what, f"add `format:`, one of {', '.join(sorted(set(_FORMATS.values())))}")
            )
        if wrong := self._unfit():
            raise ProjectError(Problem("G016", *wrong))

    def _unfit(self) -> tuple[str, str] | None:
        """What of the options does not fit, with its mend."""
        for name in ("delimiter", "escape", "quote"):
            value = getattr(self, name)
            if value is not None and len(value) != 1 and not (name == "quote" and not value):
                example = {"delimiter": ";", "escape": "\\", "quote": "'"}[name]
                return f'{name} "{value}" is not one character', f'write one such as `{name}: "{example}"`'
        try:
            lookup(self.encoding or "utf-8")
        except LookupError:
            mend = nearest(self.encoding or "", ["utf-8", "utf-16", "latin-1", "cp1252"], kind="common encodings")
            return f'encoding "{self.encoding}" is unknown', mend
        for name, kinds in _ONLY_FOR.items():
            if self.kind not in kinds and getattr(self, name) != _DEFAULTS.get(name):
                return f"`{name}` says nothing of {self.kind} files", f"remove it; it is for {' and '.join(kinds)}"
        if self.dates is not None and not (_FORM.fullmatch(self.dates) and "%" in self.dates.replace("%%", "")):
            mend = 'write one such as `dates: "%d.%m.%Y"`, in the signs of strptime'
            return f'`dates` is "{self.dates}", which is no form of a date or a time', mend
        if packing(self.path) and self.kind not in TEXTS:
            return f"{self.kind} files are not read from .{packing(self.path)}", "unpack them first"
        if self.skip < 0:
            return f"`skip` is {self.skip}", "write the number of lines before the header"
        return self._unfit_parents()

    def _unfit_parents(self) -> tuple[str, str] | None:
        if self.parent and not self.explode:
            return "`parent` stands without `explode`", "add `explode:`, the list whose elements are rows"
        if any(name.lower() == POSITION for name in self.parent):
            return f'"{POSITION}" in `parent` is the number of the element already', "give the column another name"
        return None

    @property
    def kind(self) -> str:
        """csv, json, jsonl, parquet, arrow or excel."""
        return self.format or format_of(self.path) or ""


POSITION = "position"
"""The column that counts the elements of an exploded list."""

_FORM = re.compile(r"(?:[^%]|%-?[dmyHIMSj]|%[abcfghnpuwxzABGTUVWXYZ%])*")
"""What the engine's strptime takes."""

_DEFAULTS = {"header": True, "decimal": ".", "skip": 0, "parent": {}}


def packing(name: str) -> str | None:
    """How a file is packed, by its ending."""
    ending = _bare(name).rpartition(".")[2].lower()
    return ending if ending in PACKINGS else None


def format_of(name: str) -> Format | None:
    """The format of a file by its ending; that of a packed one by the ending before."""
    bare = _bare(name)
    if packing(name):
        bare = bare.rpartition(".")[0]
    return _FORMATS.get(bare.rpartition(".")[2].lower())


def _bare(name: str) -> str:
    """A name without what a web address says behind it."""
    return name.partition("?")[0] if "=" in name.partition("?")[2] else name
