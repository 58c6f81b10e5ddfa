"""Codes L...: the ledger."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
