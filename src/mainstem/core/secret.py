"""Texts that came from outside the project: usable as what they are, shown only as they were written."""

from __future__ import annotations

from typing import Self


class Secret(str):
    """The value of an option in which `${NAME}` stood.

    It is the real text wherever it is used (joined, formatted, handed to a driver); its `repr`, and so the repr of
    whatever holds it, is the text as written, `'${NAME}'`. Words for people take `shown(value)` instead.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, value: str, written: str = "${...}") -> Self:
        secret = super().__new__(cls, value)
        secret.written = written
        return secret

    def __repr__(self) -> str:
        return repr(self.written)

    def __reduce__(self) -> tuple[type[Secret], tuple[str, str]]:
        return (Secret, (str.__str__(self), self.written))


def shown(text: str) -> str:
    """`text` as it may be shown: a Secret as it was written, any other text as it is."""
    return text.written if isinstance(text, Secret) else text
