"""Codes T...: binding and models."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "T001": Code(
        "A dataset that does not exist",
        "A model, a check or an output reads a name that is neither a table of a source nor a model.",
        "Correct the name, or add the model or the source table. `models/marts/x.sql` is `marts.x`; the tables in "
        "`sources/crm.yml` are `crm.<table>`.",
    ),
    "T002": Code(
        "Models that read each other in a circle",
        "Each model is made after all that it reads, so a circle has no beginning.",
        "Move what the models share into a model of its own that both read.",
    ),
    "T003": Code(
        "A check that compares with what is made later",
        "A check is run before its dataset is committed, so all that it compares with must be made by then. A dataset "
        "that reads the checked one, or whose own checks wait for it, is made afterwards: the check could never pass "
        "a first time.",
        "Write the check at the dataset that is made last, as a check of kind `sql`: its SELECT may read both, and "
        "every row that it returns is a failing row.",
    ),
    "T004": Code(
        "The engine refuses a model",
        "Every model is bound against the columns and types of what it reads before any data is touched: a wrong type, "
        "an unknown function or column is found here and not in the middle of a night's run.",
        "Mend the SQL at the place named. The text is the engine's own.",
    ),
    "T005": Code(
        "A column that does not exist",
        "A key, a time column, a check, a measure or a requirement names a column that its dataset does not have.",
        "Correct the name, or add the column to the SELECT or to the contract.",
    ),
    "T009": Code(
        "A function that gives another result at every run",
        "A model is a function of its inputs: equal inputs, equal table. Random values would make every comparison "
        "of versions, and every skipped step, untrue.",
        "Remove the function, or derive the value from columns: `md5(order_id)` instead of `uuid()`.",
    ),
    "T020": Code(
        "A value of a CSV model that its column's type does not hold",
        "A CSV file below `models/` is text of the project: what is wrong in it is told at its line before any data is "
        "touched, and no row is set aside. A cast that would change a value (`5.7` to an integer) is no fit.",
        "Correct the value, or give the column another type in the YAML file beside it. An empty value is NULL. At "
        "most 20 are told at once.",
    ),
}
