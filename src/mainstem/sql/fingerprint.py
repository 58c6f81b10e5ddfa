"""The fingerprint of a text: equal for texts that differ in comments, blanks and the case of keywords only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from sqlglot.tokenizer_core import TokenType

_EXACT = frozenset(
    kind
    for kind in TokenType
    if kind is TokenType.IDENTIFIER or kind.name.endswith("STRING") or kind.name in ("PARAMETER", "NUMBER")
)
_SEMICOLON = TokenType.SEMICOLON


def words_of(sql: str, tokens: Iterable[Any], names: AbstractSet[int]) -> list[str]:
    """The tokens of a text as they count: one text each, "" for a semicolon.

    `names` are the indices at which identifiers begin: an unquoted identifier keeps its case, since a column is
    spelled in the table as it is in the SELECT.
    """
    words: list[str] = []
    for token in tokens:
        start = token.start
        word = sql[start : token.end + 1]
        kind = token.token_type
        words.append("" if kind is _SEMICOLON else word if start in names or kind in _EXACT else word.upper())
    return words


def fingerprint(words: Iterable[str]) -> str:
    """`sha256:` and the digest of the words of a text."""
    return "sha256:" + hashlib.sha256("\x00".join(word for word in words if word).encode()).hexdigest()
