"""The project's secrets file: commands add the addresses that they were given."""

from __future__ import annotations

import os
import re
from pathlib import Path

SECRETS = Path(".mainstem") / "secrets.env"


def keep_secret(root: Path, variable: str, value: str) -> None:
    """Append a line that only its owner can read, and git does not see, unless the name has a value there."""
    file = root / SECRETS
    file.parent.mkdir(exist_ok=True)
    unseen = file.parent / ".gitignore"
    if not unseen.exists():
        unseen.write_text("*\n", encoding="utf-8")
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    if re.search(rf"(?m)^\s*(export\s+)?{variable}\s*=", before):
        return
    end = "\n" if before and not before.endswith("\n") else ""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as out:
        out.write(f"{end}{variable}={value}\n")
