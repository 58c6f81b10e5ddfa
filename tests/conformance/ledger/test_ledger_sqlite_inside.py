"""The inside of a SQLite ledger: tampering, missing rows, how rows are found, and what has reached the disk."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger_file import change, filled, opened
from ledger_world import AT, fact, release
from tests.tools import forbidden, needs

from mainstem.ledger.sqlite import SqliteLedger

TAMPERING: list[tuple[str, int]] = [
    ("update audit set body = replace(body, '2', '7') where id = 3", 3),
    ("update audit set at = '2013-01-01T00:00:00.000000Z' where id = 1", 1),
    ("update audit set previous = 'x' where id = 4", 4),
    ("update audit set digest = 'x' where id = 2", 2),
    ("delete from audit where id = 3", 3),
    ("delete from audit where id = 5", 5),
    ("delete from audit", 1),
    ("update audit set id = id + 10 where id = 5", 5),
    ("insert into audit select 6, at, body, digest, digest from audit where id = 5", 6),
    ("update ledger set audit_digest = 'x'", 5),
    ("update ledger set audit_rows = 4", 5),
]


@pytest.mark.parametrize(("statement", "row"), TAMPERING)
def test_tampering_with_the_audit_log_shows_at_its_row(path: Path, statement: str, row: int) -> None:
    filled(path)
    change(path, statement)
    ledger = opened(path)
    assert ledger.verify_audit() == row
    assert any(f"audit log is broken at row {row}" in text for text in ledger.check())
    ledger.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("delete from release where id = 'r000002'", 'environment "prod" stands at release number 2'),
        ("delete from entry where dataset = 'marts.b'", 'release "r000002" should hold 2 datasets, and holds 1'),
        ("delete from version where dataset = 'marts.b'", 'a row of "entry" refers to a row of "version"'),
    ],
)
def test_a_check_finds_what_is_missing(path: Path, statement: str, words: str) -> None:
    filled(path)
    change(path, statement)
    ledger = opened(path)
    assert any(words in text for text in ledger.check())
    ledger.close()


def plan_of(path: Path, read: Callable[[SqliteLedger], object]) -> str:
    """How SQLite finds the rows of the last statement that a read sends."""
    ledger = opened(path)
    sent: list[str] = []
    reader = ledger._connections._reader()
    reader.set_trace_callback(sent.append)
    ledger._connections._idle.append(reader)
    read(ledger)
    reader.set_trace_callback(None)
    select = next(text for text in reversed(sent) if text.startswith("select"))
    found = "\n".join(row[3] for row in reader.execute(f"explain query plan {select}"))
    ledger.close()
    return found


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"subjects": ["a"], "since": AT}, r"SEARCH evidence USING INDEX evidence_of \(subject=\? AND <expr>>\?\)"),
        ({"subjects": ["a"], "kinds": ["b"], "since": AT}, r"USING INDEX evidence_of \(subject=\? AND <expr>>\?\)"),
        ({"subjects": ["a"]}, r"SEARCH evidence USING INDEX evidence_of \(subject=\?\)"),
        ({"kinds": ["a"], "since": AT}, r"USING INDEX evidence_kind \(kind=\? AND <expr>>\?\)"),
        ({"since": AT}, r"USING INDEX evidence_since \(<expr>>\?\)"),
    ],
)
def test_reading_evidence_costs_what_is_asked_for_not_the_history(
    path: Path, filters: dict[str, object], wanted: str
) -> None:
    found = plan_of(path, lambda ledger: ledger.evidence(**filters))  # type: ignore[arg-type]
    assert re.search(wanted, found), found


def test_opening_reads_no_sqlite_before_a_ledger_is_opened() -> None:
    script = "import sys, mainstem.ledger.sqlite; print([m for m in sys.modules if 'sqlite3' in m])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_publications_and_moves_wait_for_the_disk_and_other_writes_do_not(path: Path) -> None:
    ledger = opened(path)
    sent: list[str] = []
    ledger._connections._writer.set_trace_callback(sent.append)

    def mode(write: Callable[[], object]) -> str:
        sent.clear()
        write()
        before = sent[: next(n for n, text in enumerate(sent) if text.startswith("begin"))]
        return next(text.rpartition(" ")[2] for text in reversed(before) if "synchronous" in text)

    assert mode(lambda: ledger.record([fact()], AT)) == "normal"
    assert mode(lambda: ledger.publish(release(1, []), [], None)) == "full"
    assert mode(lambda: ledger.record([fact()], AT)) == "normal"
    assert mode(lambda: ledger.publish(release(2, []), [], "r000001")) == "full"
    assert mode(lambda: ledger.move("prod", "r000001", [], AT, "r000002")) == "full"
    ledger.close()


def test_a_publication_has_reached_the_disk_when_it_returns(path: Path) -> None:
    filled(path)
    script = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from ledger_world import AT, fact, release, version
from mainstem.ledger.sqlite import open_ledger
ledger = open_ledger(Path({str(path)!r}))
ledger.record([fact()], AT)
def mark(text): os.write(2, text)
mark(b"mark record\\n"); ledger.record([fact()], AT)
mark(b"mark publish\\n"); ledger.publish(release(3, [version("marts.a", 3)], ledger.current("prod")), [], "r000002")
mark(b"mark end\\n"); os._exit(0)
"""
    trace = path.parent / "trace"
    command = [
        needs("strace"),
        "-f",
        "-o",
        str(trace),
        "-e",
        "trace=write,pwrite64,fsync,fdatasync",
        sys.executable,
        "-c",
        script,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr:
        forbidden("tracing")
    _, recorded, published_, _ = re.split(r"mark \w+", trace.read_text())
    assert "sync(" not in recorded
    assert re.search(r"pwrite64\(.*\n.*f(data)?sync\(\d+\) += 0", published_)
    assert published_.rindex("sync(") > published_.rindex("pwrite64(")


def test_missing_folders_are_made(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "one" / "two" / "ledger.sqlite")
    ledger.close()
    assert [file.name for file in (tmp_path / "one" / "two").iterdir()] == ["ledger.sqlite"]
