"""What leaves is written down first: answers that are made at once together, and none of them waits for a slow one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from mainstem.console.scribe import Scribe
from mainstem.core.evidence import Evidence
from mainstem.core.ports import Ledger

AT = datetime(2013, 12, 31, tzinfo=UTC)
REQUEST = Evidence("request", "apis/things", AT, outcome="ok")


class Book:
    """Stands for the ledger: the transactions, each with the numbers of its rows."""

    def __init__(self) -> None:
        self.pages: list[list[int]] = []

    def note(self, rows: Iterable[tuple[Mapping[str, Any], datetime]], evidence: Iterable[Evidence]) -> None:
        assert sum(int(row.total or 0) for row in evidence) > 0
        self.pages.append([row["number"] for row, _ in rows])


async def answer(scribe: Scribe, book: Book, number: int) -> bool:
    """Whether its row was there when the answer could leave."""
    scribe.expect()
    for _ in range(number):
        await asyncio.sleep(0)
    await scribe.write([({"number": number}, AT)], REQUEST)
    return any(number in page for page in book.pages)


def test_answers_that_are_made_at_once_are_one_transaction() -> None:
    book = Book()

    async def readers() -> list[bool]:
        scribe = Scribe(cast("Ledger", book))
        return await asyncio.gather(*(answer(scribe, book, number) for number in range(4)))

    assert asyncio.run(readers()) == [True] * 4
    assert book.pages == [[0, 1, 2, 3]]


def test_an_answer_leaves_while_another_one_is_still_made() -> None:
    book = Book()

    async def readers() -> bool:
        scribe = Scribe(cast("Ledger", book))
        scribe.expect()
        return await answer(scribe, book, 1)

    assert asyncio.run(readers())
    assert book.pages == [[1]]
