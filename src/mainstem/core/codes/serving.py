"""Codes V...: outputs."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "V001": Code(
        "A limit below one row",
        "Every answer has a greatest number of rows, and says when there are more.",
        "Ask for at least one row.",
    ),
    "V002": Code(
        "A sample that is gone",
        "A few failing rows of a check are kept for 30 days, so that somebody can look at them; the evidence that "
        "names them stays for good.",
        "Run the check again to get a new sample.",
    ),
}
