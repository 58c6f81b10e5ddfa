"""Codes G...: sources."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
