"""Codes O...: plans and runs."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {}
