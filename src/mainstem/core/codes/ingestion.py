"""Codes I...: loads and contracts."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
