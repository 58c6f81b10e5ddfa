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


def fingerprint(sql: str, tokens: Iterable[Any], names: AbstractSet[int]) -> str:
    """`sha256:` and the digest of the tokens.

    `names` are the indices at which identifiers begin: an unquoted identifier keeps its case, since a column is
    spelled in the table as it is in the SELECT.
    """
    parts: list[str] = []
    for token in tokens:
        start = token.start
        word = sql[start : token.end + 1]
        kind = token.token_type
        if kind is not _SEMICOLON:
            parts.append(word if start in names or kind in _EXACT else word.upper())
    return "sha256:" + hashlib.sha256("\x00".join(parts).encode()).hexdigest()
