"""What a plan asks of the ledger grows with the project and with what moves, not with the length of its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sized
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mainstem.core.clock import SetClock
from mainstem.ledger.sqlite import open_ledger
from mainstem.orchestration.changes import explained
from mainstem.orchestration.run import prepare, run
from mainstem.orchestration.text import read_text

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LOOKED_BACK = 12


class Asked:
    """A ledger that counts what it is asked, and how much it answers."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.calls: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._ledger, name)
        if not callable(value):
            return value
        return self._counted(name, value)

    def _counted(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **options: Any) -> Any:
            answer = method(*args, **options)
            self.calls[name] += 1
            self.answered[name] += len(answer) if isinstance(answer, Sized) else 1
            return answer

        return asked


def made(root: Path, models: int) -> Path:
    (root / "models").mkdir(parents=True)
    (root / "mainstem.yml").write_text("name: grows\nclock: replay\n")
    (root / "models" / "m0.sql").write_text("select 1 as n, 0 as edition")
    for number in range(1, models):
        (root / "models" / f"m{number}.sql").write_text(f"select n, edition from m{number - 1}")
    return root


def edit(root: Path, edition: int) -> None:
    (root / "models" / "m0.sql").write_text(f"select 1 as n, {edition} as edition")


def planned(root: Path) -> Asked:
    project = read_text(root, "prod")
    asked = Asked(open_ledger(project.ledger))
    prepared = prepare(project, asked, SetClock(BEGIN), "prod")  # type: ignore[arg-type]
    plan = explained(prepared.plan, project, prepared.bound, prepared.state, asked, BEGIN)  # type: ignore[arg-type]
    assert plan.estimate is not None
    assert plan.estimate.unknown == 0
    asked.close()
    return asked


def grown(root: Path, first: int, last: int) -> None:
    for edition in range(first, last):
        edit(root, edition)
        project = read_text(root, "prod")
        ledger = open_ledger(project.ledger)
        run(project, ledger, SetClock(BEGIN + timedelta(hours=edition)))
        ledger.close()


def test_a_longer_history_is_not_asked_for(tmp_path: Path) -> None:
    root = made(tmp_path, 3)
    grown(root, 0, LOOKED_BACK)
    edit(root, 1000)
    before = planned(root)
    grown(root, LOOKED_BACK, 3 * LOOKED_BACK)
    edit(root, 1000)
    after = planned(root)
    assert after.calls == before.calls
    assert after.answered == before.answered


def test_a_greater_project_is_asked_for_as_often(tmp_path: Path) -> None:
    small, great = made(tmp_path / "small", 4), made(tmp_path / "great", 16)
    asked = []
    for root in (small, great):
        grown(root, 0, 2)
        edit(root, 1000)
        asked.append(planned(root))
    assert asked[0].calls == asked[1].calls
    assert asked[1].answered.total() <= 4 * asked[0].answered.total()
