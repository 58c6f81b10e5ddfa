"""Codes P...: project text."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "P001": Code(
        "A kind that does not exist",
        "Kinds of sources, checks, measures and outputs are found by name, among those that are installed.",
        "Use one of the listed kinds, or install the package that brings the kind.",
    ),
}
