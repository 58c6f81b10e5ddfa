"""Codes S...: the access gate."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
