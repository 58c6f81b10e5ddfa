"""Codes I...: loads and contracts."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "I001": Code(
        "Two columns that would get one name",
        "In the lake names are in snake_case, so that every engine reads them without quotes. Two columns at the "
        "source that differ only in what is lost by that cannot both be kept.",
        'Declare them under names of your own: `flight_no: {type: varchar, original: "Flight No."}`.',
    ),
    "I002": Code(
        "A load that cannot keep its promise",
        "A part of a table cannot replace the whole, and rows can only be merged by a key.",
        "Write `write: merge` with a `key`, or `load: full` with `write: replace`.",
    ),
    "I003": Code(
        "A type that the engine does not know",
        "Every value is cast to the type of the contract; a type that does not exist fits none.",
        "Use a SQL type such as BIGINT, DECIMAL(18,2), VARCHAR, DATE, TIMESTAMP.",
    ),
    "I004": Code(
        "A limit that does not fit its column",
        "`min`, `max` and `accepted` are compared as values of the column's type; `matches` is a regular expression.",
        "Write a value of that type: `min: 0` for a number, `min: 2013-01-01` for a date.",
    ),
    "I005": Code(
        "A new column at the source",
        "The contract is frozen: nothing is loaded that nobody has agreed to. The table stays as it was.",
        "Add the column to the contract, or write `on_schema_change: evolve` or `quarantine`.",
    ),
    "I006": Code(
        "A column of the contract that the source does not have",
        "The column is required, or the contract is frozen. Filling it with NULL would break the promise for all rows.",
        "Ask the owner of the source; or remove the column from the contract, or `required` from the column; "
        "`original:` leads to a column that was renamed.",
    ),
    "I007": Code(
        "A read that broke off",
        "The source, a file or the engine stopped in the middle. Nothing of it was loaded; the table and the position "
        "stay as they were.",
        "Run again; if it breaks off at the same place, the message says what stands in the way.",
    ),
    "I008": Code(
        "A type that the rows already loaded do not fit",
        "The contract's type has changed, and the table's rows would be changed or lost by the new one.",
        "Take the old type or a wider one, or load the table anew with `load: full` and `write: replace`.",
    ),
    "I009": Code(
        "A column that the load needs and the source does not have",
        "Key, cursor and time column say which row is which, which is newer, and which day it belongs to.",
        "Correct the name; `original:` leads from a name here to the one at the source.",
    ),
    "I020": Code(
        "A source that brings suspiciously few rows",
        "More than half of the table's rows would be deleted, marked or ended at once, or a table that is replaced "
        "would become empty. An export that broke off, or a filter that somebody set, looks just like that. Nothing "
        "was changed.",
        "Look at the source. If the rows are to go: `mainstem backfill DATASET --all --allow-deletes` once, or "
        "`allow_deletes: true` in the source's file.",
    ),
    "I021": Code(
        "A column that cannot say what is deleted",
        "`deleted:` names a boolean, a whole number (0: not deleted) or an instant (NULL: not deleted). A text could "
        'say anything: every one, even "no", would delete.',
        "Give the column such a type in `columns:`.",
    ),
    "I022": Code(
        "A column with the name of one that the load adds",
        "A history adds `valid_from` and `valid_to`, and `on_delete: mark` adds `deleted_at`.",
        "Declare the source's column under another name, with `original:`.",
    ),
    "I023": Code(
        "A history that would be merged",
        "The table holds several rows a key, each for its time. A load that keeps one row a key would have to throw "
        "the others away.",
        "Write `write: scd2` again, or give the table another name.",
    ),
    "I024": Code(
        "A history without an instant",
        "`effective:` names the column that says since when a row holds: a date, or an instant.",
        "Name such a column, or give it its type in `columns:`. Without `effective` rows hold since they were read.",
    ),
    "I025": Code(
        "A look-back that does not fit the cursor",
        "A length of time can be taken from dates and instants, a number from numbers.",
        "Write `lookback: 3d` for a cursor of dates or instants, `lookback: 1000` for one of numbers.",
    ),
    "I026": Code(
        "A backfill that brings fewer rows than are there",
        "Without a key the rows of the range are replaced as a whole. The source does not have all of them any more, "
        "so some would be lost. Nothing was changed.",
        "Look at the source. If the rows are to go, add `--allow-deletes`.",
    ),
    "I027": Code(
        "What cannot be read again",
        "A backfill reads rows of a load that were read before: by a range of one of its columns, or all of them.",
        "Do what the message says; `mainstem backfill --help` shows the options.",
    ),
    "I030": Code(
        "A dataset without a quarantine",
        "Rows are set aside when a table of a source is loaded. Models have no quarantine: their checks tell.",
        "Name a table of a source; `mainstem quarantine list` shows those with rows set aside.",
    ),
    "I031": Code(
        "A file that holds no mended rows",
        "Mended rows come as JSON objects with the `id` or `origin` of a row that was set aside and a `row`, as "
        "`mainstem quarantine show DATASET --json` prints them, one a line.",
        "Print the rows into a file, mend the `row` of each, and name that file.",
    ),
    "I032": Code(
        "A mended row with a redacted value",
        "The rows were printed redacted. Putting them into the table would write the redaction over the value.",
        "Print them with `--clear`, which is recorded, and mend those.",
    ),
    "I033": Code(
        "Mended rows for a table that is replaced",
        "Each load replaces the table by what is at the source. A row put there by hand would be gone.",
        "Mend the row at the source, or the contract, and run `mainstem run`.",
    ),
    "I034": Code(
        "A reference to what is not there yet",
        "Values are looked up when rows arrive, so what they refer to is made before. What is made from the column's "
        "own dataset, or that itself, comes too late.",
        "Write a check of kind `relationships` where both are made: it looks at rows that are there.",
    ),
    "I035": Code(
        "A load that does not bring what is expected",
        "The contract expects more rows, or about as many as usual, and says `on_breach: stop`: nothing is loaded, and "
        "the position stays.",
        "Ask the owner of the source. If it is right so, remove `on_breach: stop` for one run, or expect less.",
    ),
    "I036": Code(
        "Mended rows of which nobody knows the place",
        "Each line of the file takes the place of one row that was set aside. One names a row that never was, or two "
        "name the same one. No row of the file was tried.",
        "List what is set aside with `mainstem quarantine show DATASET`, and correct `id` or `origin` in the file.",
    ),
}
