"""The base install is enough for the demo: nothing that only an extra or the development tools bring is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_RUN = """
import json, sys
class Refused:
    names = set(json.loads(sys.argv[1]))
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} is not in the base install", name=name)
sys.meta_path.insert(0, Refused())
from mainstem.cli.app import run
run(sys.argv[2:])
"""


def base() -> set[str]:
    """The distributions of an install without extras."""
    found, open_ = {"mainstem"}, ["mainstem"]
    while open_:
        for text in _requires(open_.pop()):
            requirement = Requirement(text)
            extras = requirement.extras or {""}
            name = canonicalize_name(requirement.name)
            if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
                found.add(name)
                open_.append(name)
                open_ += [f"{name}[{extra}]" for extra in extras if extra]
    return found


def _requires(name: str) -> list[str]:
    plain, _, extra = name.partition("[")
    try:
        texts = requires(plain) or []
    except PackageNotFoundError:
        return []
    if not extra:
        return texts
    wanted = {"extra": extra.rstrip("]")}
    return [each for each in texts if (marker := Requirement(each).marker) is not None and marker.evaluate(wanted)]


def test_the_demo_needs_nothing_more(tmp_path: Path) -> None:
    ours = base()
    others = [
        module
        for module, owners in packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & ours
    ]
    assert {"pytest", "psycopg", "pytz", "dlt"} <= set(others)
    days = ["--from", "2013-12-16", "--to", "2013-12-17"]
    done = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps(others), "demo", "here", "--no-serve", *days],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "go on: cd here" in done.stdout
