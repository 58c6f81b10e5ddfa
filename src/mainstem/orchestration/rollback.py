"""Moves an environment to another release: nothing is computed, no file is copied."""

from __future__ import annotations

from mainstem.core.clock import Clock
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError
from mainstem.core.release import Release
from mainstem.orchestration.publishing import published_evidence


def rollback(ledger: Ledger, clock: Clock, env: str, to: str | None) -> Release:
    """Move `env` to the release `to` (id, number or unambiguous beginning), by default the one it stood at before.

    ProjectError C007 when there is no such release of this environment, C008 when nothing was ever published, O045 for
    one whose files were cleaned away.
    """
    current = ledger.current(env)
    if current is None:
        raise ProjectError(Problem("C008", f'nothing is published in "{env}"', "publish with `mainstem run`"))
    wanted = current.parent if to is None else to
    target = ledger.release(wanted) if wanted is not None else None
    if target is None or target.env != env:
        of = f', but of "{target.env}"' if target else ""
        named = f'"{to}" is no release of "{env}"{of}' if to else f'"{current.id}" is the first release of "{env}"'
        raise ProjectError(Problem("C007", named, "list them with `mainstem rollback --list`"))
    if target.id == current.id:
        return current
    if target.cleaned_at is not None:
        mend = "list those that are there with `mainstem rollback --list`"
        raise ProjectError(Problem("O045", f'the files of "{target.id}" were cleaned away', mend))
    at = clock.now()
    ledger.move(env, target.id, published_evidence(target, current, at, why="rollback"), at, expected=current.id)
    return target
