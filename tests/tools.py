"""Programs and rights that a few tests need: where one is missing a test is skipped and says why; in CI it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest


def needs(program: str) -> str:
    """The path of a program; a test that calls this goes on only where the program is installed."""
    path = shutil.which(program)
    return path or _lacking(f"{program} is not installed; .ci/install installs it", grave=True)


def forbidden(what: str) -> NoReturn:
    """End a test since the system refuses `what` to this user; root is refused nothing in CI, so there it fails."""
    _lacking(f"this system does not allow {what}", grave=os.geteuid() == 0)


def small_disk(folder: Path, size: str) -> list[str]:
    """The words to put before a command, so that to it alone `folder` is a disk of `size` (as `1m`)."""
    isolated = [needs("unshare"), "--user", "--map-root-user", "--mount", "sh", "-c"]
    mount = f'mount -t tmpfs -o size={size} none "$0"'
    if subprocess.run([*isolated, mount, str(folder)], capture_output=True, check=False).returncode:
        forbidden("to mount a small disk (unshare --user --mount)")
    return [*isolated, f'{mount} && exec "$@"', str(folder)]


def _lacking(why: str, *, grave: bool) -> NoReturn:
    if grave and os.environ.get("CI") == "true":
        pytest.fail(f"nothing is skipped in CI: {why}", pytrace=False)
    pytest.skip(why)
