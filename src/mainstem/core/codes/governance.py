"""Codes M...: checks, tags, lineage."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "M001": Code(
        "A check that asks for nothing",
        "A check without a column, a bound or a value would pass whatever the data are, and look like a promise.",
        "Name at least one column, bound or accepted value, or remove the check.",
    ),
    "M002": Code(
        "A share outside 0 to 1",
        "`at_least` of a check over rows is the share of rows that must be good, not a percentage and not a count.",
        "Write 0.99 for 99 of 100 rows; leave it out if every row must be good.",
    ),
    "M003": Code(
        "A relationship to something that is no dataset",
        "`to` names the dataset that is referred to, and datasets have a schema and a name.",
        "Write it as `schema.table`, such as `reference.airports`; a model at the top of `models/` is `main.name`.",
    ),
    "M004": Code(
        "A dataset that does not exist",
        "Lineage, catalog and plans know the datasets of the project by `schema.table`.",
        "Use one of the listed names.",
    ),
    "M005": Code(
        "A column that does not exist",
        "Lineage of a column can only be followed for a column that the dataset's SELECT really gives.",
        "Use one of the listed columns.",
    ),
    "M006": Code(
        "A reconciliation that cannot be meant",
        "`reconciles` compares an aggregate by groups: each column of `by` has one of the other dataset, and `within` "
        "is a distance.",
        "Name as many columns in `other_by` as in `by`. Write `within: 0.01` for an amount, or `within: 0.1%` for a "
        "share of the other value.",
    ),
}
