"""Codes C...: the command line."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
