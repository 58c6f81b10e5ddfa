"""Codes E...: engines."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "E001": Code(
        "The engine cannot parse a SQL text",
        "The engine reads SQL in the DuckDB dialect; a text that it cannot parse has no meaning to run.",
        "Correct the text at the place shown.",
    ),
    "E002": Code(
        "The engine finds no such table, column or function, or no such combination of types",
        "Every name in a SELECT must belong to something that exists, and every function must take the types it gets.",
        "Use one of the names listed, or cast the argument: `sum(amount::decimal(12, 2))`.",
    ),
    "E003": Code(
        "A value does not fit its type",
        "A cast that cannot be done exactly stops the step: a value that is silently changed or dropped is worse.",
        "Use `try_cast(x as type)` where NULL is the right answer, or a wider type.",
    ),
    "E004": Code(
        "The engine ran out of memory",
        "The engine keeps within its memory limit and moves what does not fit to its temporary folder; some "
        "operations (a list of a whole column) cannot be moved.",
        "Raise `memory_limit` or lower `threads` under `engines: {duckdb: ...}` in mainstem.yml, free space in the "
        "temporary folder, or split the query.",
    ),
    "E005": Code(
        "The query was interrupted",
        "A time-out, a stop of the run, or Ctrl-C ended it; nothing of it was committed.",
        "Run it again, or raise the time-out.",
    ),
    "E006": Code(
        "A constraint of a temporary table is broken",
        "A key that must be unique occurs twice, or a value that must be present is missing.",
        "Remove the duplicates before the write, or mend the data at its source.",
    ),
    "E007": Code(
        "A file cannot be read or written",
        "The engine was told to read or write a file that is missing, unreadable, or not of its format.",
        "Restore the file or its permissions; `mainstem doctor` lists files of the lake that are missing.",
    ),
    "E008": Code(
        "The disk is full",
        "The files of this attempt could not be written; they were removed, and no table has changed.",
        "Free space on that disk and run again.",
    ),
    "E009": Code(
        "The engine refuses for another reason",
        "The engine's own words are in the message.",
        "Correct what the message names; if it speaks of an internal error, report it with the query.",
    ),
    "E010": Code(
        "An extension of the engine is not installed",
        "Extensions are loaded from installed Python packages, so that nothing is downloaded behind your back.",
        "Install the package that the message names.",
    ),
    "E011": Code(
        "A text is not exactly one SELECT",
        "Where data is read, one SELECT is run and nothing else: no second statement, no INSERT, no ATTACH.",
        "Leave one SELECT in the text. A `pivot` needs its values written out: `pivot t on year in (2012, 2013) ...`.",
    ),
    "E012": Code(
        "The engine is locked",
        "A query that comes from outside may read the files it was given and nothing else, and change no setting.",
        "Read datasets by their names; `mainstem show` lists them.",
    ),
    "E013": Code(
        "A schema name that the engine keeps for itself",
        "Names such as `temp.x` would be read as the engine's own tables.",
        "Rename the source file or the folder under `models/`.",
    ),
    "E014": Code(
        "A setting of the engine is wrong",
        "`memory_limit`, `threads` and `temp_directory` are handed to the engine as they stand.",
        'Write `memory_limit` like "4GB", `threads` as a whole number above 0, `temp_directory` as a folder that can '
        "be written.",
    ),
}
