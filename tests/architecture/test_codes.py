"""Every code that is raised is explained, and every code that is explained is raised."""

from __future__ import annotations

import re
from pathlib import Path

from mainstem.core.codes import CODES

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "mainstem"


def raised() -> dict[str, Path]:
    """Codes that occur in the source outside the registry."""
    found: dict[str, Path] = {}
    for path in SOURCE.rglob("*.py"):
        if "codes" not in path.parts:
            for code in re.findall(r'"([A-Z]\d{3})"', path.read_text(encoding="utf-8")):
                found[code] = path
    return found


def test_every_raised_code_is_explained() -> None:
    assert {code: path for code, path in raised().items() if code not in CODES} == {}


def test_every_explained_code_is_raised() -> None:
    assert sorted(set(CODES) - set(raised())) == []


def test_every_code_has_a_test_that_triggers_it() -> None:
    texts = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("*")
        if path.suffix in {".py", ".case", ".txt"} and path.name != "test_codes.py"
    )
    assert [code for code in CODES if code not in texts] == []


def test_every_explanation_is_whole() -> None:
    thin = [code for code, text in CODES.items() if not (text.title and len(text.why) > 20 and len(text.mend) > 10)]
    assert thin == []
