"""Records of text files, and where they stand."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from mainstem.lifecycle.generation.text_files import Dialect, Record, count_lines, records


def read(text: str) -> list[Record]:
    return list(records(iter(io.StringIO(text, newline="")), Dialect()))


def test_a_record_stands_at_its_first_line() -> None:
    found = [(record.line, record.values) for record in read('a,b\n"x\ny",1\n\nlast,2')]
    assert found == [(1, ["a", "b"]), (2, ["x\ny", "1"]), (5, ["last", "2"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_line_ends_a_line(end: str) -> None:
    assert [(record.line, record.raw) for record in read(f"a{end}b{end}")] == [(1, "a"), (2, "b")]


def test_an_open_quote_costs_its_line_only() -> None:
    found = read('1,"open\n2,b\n3,c\n')
    assert [(record.line, record.values) for record in found] == [(1, None), (2, ["2", "b"]), (3, ["3", "c"])]
    assert found[0].reason == "has a quote that does not close"


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\nb", 3)])
def test_lines_are_counted_with_a_last_one_that_has_no_end(tmp_path: Path, content: bytes, lines: int) -> None:
    (tmp_path / "a").write_bytes(content)
    assert count_lines(tmp_path / "a") == lines
