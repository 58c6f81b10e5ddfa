"""Codes T...: binding and models."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
