"""Codes V...: outputs."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
