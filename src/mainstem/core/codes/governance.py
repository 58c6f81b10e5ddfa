"""Codes M...: checks and tags."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
