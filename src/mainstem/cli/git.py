"""The environment that a branch of git stands for, from the files of its repository alone."""

from __future__ import annotations

import re
from pathlib import Path

from mainstem.core.problem import Problem, ProjectError

MAIN = "prod"
"""The environment of the main branch."""

_SAID = re.compile(r"""^branches:\s*["']?git["']?\s*(#.*)?$""", re.MULTILINE)
_USUAL = ("main", "master")


def default_environment(folder: Path | None) -> str:
    """Where a command works that names no environment: that of the branch of git in a project that says so.

    ProjectError O046 where git stands at no branch.
    """
    start = (folder or Path.cwd()).resolve()
    for root in (start,) if folder else (start, *start.parents):
        settings = root / "mainstem.yml"
        if settings.is_file():
            text = settings.read_text(encoding="utf-8", errors="replace")
            return environment_of(root) if _SAID.search(text) else MAIN
    return MAIN


def environment_of(root: Path) -> str:
    """The environment of the branch of git around a folder; that of the main branch where there is no repository."""
    from mainstem.dataops.branches import plain_name

    found = next((above / ".git" for above in (root, *root.parents) if (above / ".git").exists()), None)
    if found is None:
        return MAIN
    git = _pointed_to(found)
    branch = _named(git / "HEAD", "refs/heads/")
    if branch is None:
        what = "git stands at no branch, and `branches: git` names the environment by it"
        raise ProjectError(Problem("O046", what, f"say which is meant: `--env {MAIN}`, or a branch"))
    common = git / "commondir"
    shared = (git / common.read_text(encoding="utf-8").strip()) if common.is_file() else git
    main = _named(shared / "refs" / "remotes" / "origin" / "HEAD", "refs/remotes/origin/")
    return MAIN if branch == main or (main is None and branch in _USUAL) else plain_name(branch)


def _pointed_to(git: Path) -> Path:
    """The repository's folder; of a work tree `.git` is a file that says where it lies."""
    if git.is_dir():
        return git
    return (git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()


def _named(file: Path, kind: str) -> str | None:
    """What a symbolic reference names, None where it names nothing of that kind."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    before, _, name = text.partition(f"ref: {kind}")
    return name if name and not before else None
