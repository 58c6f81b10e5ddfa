"""A kind from a stranger's package takes the same door as our own: one file and one entry point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CHECK = '''
"""`even`: every value of a column is even."""

from dataclasses import dataclass
from decimal import Decimal

from mainstem.core.ports import CheckSql
from mainstem.sql.quote import quote

SHORTHAND = "column"
BY_PARTITION = False


@dataclass(frozen=True, slots=True)
class Options:
    column: str


def sql(options, relation, label):
    good = f"{quote(options.column)} % 2 = 0"
    return CheckSql(
        f"select cast(null as varchar), count(*) filter (where {good}), count(*) from {relation}",
        f"select * from {relation} where not {good}",
    )


def passes(options, value, total):
    return value == (total or Decimal(0))


def reads(options):
    return (options.column,), ()
'''


def package(folder: Path, entry: str) -> Path:
    """A folder that Python takes for an installed package with that entry point."""
    made = folder / "site"
    info = made / "even-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: even\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mainstem.checks]\n{entry}\n")
    (made / "even_check.py").write_text(CHECK)
    return made


def mainstem(folder: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "mainstem", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def project(folder: Path, number: int) -> Path:
    (folder / "models").mkdir(parents=True)
    (folder / "mainstem.yml").write_text("name: toy\nlake: lake/\n")
    (folder / "models" / "a.sql").write_text(f"/* ---\nchecks:\n  - even: n\n--- */\nselect {number} as n\n")
    return folder


def test_a_stranger_s_check_is_run(tmp_path: Path) -> None:
    site = package(tmp_path, "even = even_check")
    good = mainstem(project(tmp_path / "good", 2), site, "run", "--json")
    bad = mainstem(project(tmp_path / "bad", 3), site, "run", "--json")
    assert good.returncode == 0, good.stderr
    assert bad.returncode == 1
    assert [failure["code"] for failure in json.loads(bad.stdout)["failures"]] == ["O005"]


def test_a_stranger_s_check_is_in_the_schema(tmp_path: Path) -> None:
    site = package(tmp_path, "even = even_check")
    shown = mainstem(tmp_path, site, "schema")
    assert '"even"' in shown.stdout


def test_a_kind_that_cannot_be_loaded_is_found_by_doctor(tmp_path: Path) -> None:
    site = package(tmp_path, "odd = odd_check")
    found = mainstem(project(tmp_path / "project", 2), site, "doctor", "--json")
    assert found.returncode == 1
    kinds = next(each for each in json.loads(found.stdout) if each["what"] == "kinds")
    assert kinds["detail"] == "check \"odd\" cannot be loaded: No module named 'odd_check'"  # O006
