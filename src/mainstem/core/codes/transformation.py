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
    "T021": Code(
        "A Python model that cannot be read",
        "A file below `models/` is one model: one function marked by `@model(...)`. The file is read without being "
        "run, so that the plan is known before anything happens; therefore the mark is written in literals.",
        "Write `from mainstem import model`, and above one function "
        '`@model(inputs={"flights": "staging.flights"}, description="...")`.',
    ),
    "T022": Code(
        "Parameters and inputs that do not fit",
        "What a Python model reads is what it declares: each parameter is a dataset, or a variable.",
        'Map every parameter without a default: `@model(inputs={"flights": "staging.flights", "since": "$since"})`.',
    ),
    "T023": Code(
        "A lineage that names what is not there",
        "The map says from which columns of its inputs an output column comes; tags and requirements follow it.",
        'Name columns of inputs: `lineage={"p90": ["staging.flights.dep_delay"]}`. What is not in the map may '
        "come from every column of all inputs.",
    ),
    "T024": Code(
        "A Python model that fails",
        "The function raised an exception. Nothing of the attempt is kept, readers see the release before, and "
        "independent models are built. Where a column that it reads is tagged, its words are not told.",
        "Correct the line named. `mainstem run` then does only what is left.",
    ),
    "T025": Code(
        "A library that is not installed",
        "Python models run where mainstem runs, and import what is installed there.",
        "Install the library in the same environment, such as `pip install polars`.",
    ),
    "T026": Code(
        "What a Python model returns is no table",
        "Rows are taken from an Arrow table, a frame of Polars or pandas, or a DuckDB relation. Columns have names of "
        "their own, without blanks and commas.",
        "Return one of these; make a table of dictionaries with `polars.DataFrame(rows)`.",
    ),
    "T027": Code(
        "Columns other than declared",
        "Where every column is declared with a type, what reads the model is bound against that before it ever ran. So "
        "it returns these columns and no others, with values that their types hold exactly.",
        "Return what `columns` says, or correct `columns`.",
    ),
    "T028": Code(
        "A kind of model that lacks what it writes by",
        "`merge` puts rows in the place of those of their key, `scd2` keeps a history of each key. Without a key "
        "nobody could tell which rows belong together. `effective` means something only to a history.",
        "Add `key: [order_id]`; or write `kind: table`, which computes all rows anew.",
    ),
    "T029": Code(
        "Rows of a model that cannot be added to its table",
        "A model that adds to its rows (`append`, `merge`, `scd2`) is a table with one row a key; a load would set "
        "such rows aside, but a model has no quarantine: its SELECT is to be right. Nothing of the attempt is kept.",
        "One row a key: aggregate, or `qualify row_number() over (partition by key order by ...) = 1`. No NULL in the "
        "key. A column whose type has changed needs a wider type, or another name.",
    ),
}
