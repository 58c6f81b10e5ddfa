"""Codes D...: tests of models."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "D001": Code(
        "A test of something that is no model",
        "A test gives rows to a SELECT of the project and looks at what comes out. A table of a source has no SELECT: "
        "what comes in is held to its contract.",
        "Name a model, as `schema.name`; `models/marts/x.sql` is `marts.x`.",
    ),
    "D002": Code(
        "Rows for a dataset that the model does not read",
        "They could change nothing, so the test would show less than it says.",
        "Correct the name, or remove the rows. A model reads what its SELECT names, and what its macros name.",
    ),
    "D003": Code(
        "A column that does not exist, in a test",
        "Given rows have the columns of their dataset, expected rows those of the model's SELECT, or of the CTE "
        "that is tested.",
        "Correct the name. Columns that do not matter may be left out: given ones are NULL then, expected ones are not "
        "compared.",
    ),
    "D004": Code(
        "A value that is none of its column's type, in a test",
        "A value is cast to the type of its column exactly. What would be rounded, cut or guessed would make the test "
        "show something else than what is written.",
        "Write the value as the column holds it: `10.50` for DECIMAL(10,2), `2026-01-31` for DATE, `null` for NULL.",
    ),
    "D005": Code(
        "A CTE that does not exist, in a test",
        "`cte:` names one of the common table expressions in the WITH at the top of the model; those of a subquery "
        "depend on what is around them.",
        "Use one of the listed names, or leave `cte:` out to test the model as a whole.",
    ),
    "D006": Code(
        "A test of a model that reads unknown columns",
        "Every dataset that a test does not speak of is an empty table, and even an empty table has columns. Of a "
        "table that promises none and was never loaded nobody knows them.",
        "List `columns:` with their types in the source's file, or load the table once: `mainstem run schema.table`.",
    ),
    "D007": Code(
        "A test without a clock, of a model that reads it",
        "The result would be another one every day, and the test would fail one day for no reason.",
        "Write `now:` with the instant that the model shall see, offset included: `now: 2026-01-31T09:00:00+01:00`.",
    ),
    "D008": Code(
        "No test of that name",
        "`mainstem test` takes names of tests or of models, or globs of them; a slip would otherwise test nothing and "
        "look like success.",
        "Use one of the listed names, or none to run all tests.",
    ),
    "D009": Code(
        "A test recorded of what is not published",
        "`mainstem test --record` takes rows of the release that readers see. What the model reads must be in it.",
        "Publish first with `mainstem run`, or name another environment with --env.",
    ),
}
