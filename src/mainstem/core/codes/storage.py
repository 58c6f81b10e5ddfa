"""Codes K...: the lake."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
