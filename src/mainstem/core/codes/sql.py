"""Codes Q...: SQL text."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
