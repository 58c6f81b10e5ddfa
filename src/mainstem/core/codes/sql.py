"""Codes Q...: SQL text."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "Q001": Code(
        "A text that is no SQL",
        "Every SELECT is read before any data is touched: what it reads, which columns it makes and where their values "
        "come from all follow from its text.",
        "Correct the text at the place shown. SQL is written in the DuckDB dialect.",
    ),
    "Q002": Code(
        "A text that is not one SELECT",
        "A model is one SELECT; mainstem makes the table, its versions and its checks around it. A text that creates, "
        "inserts or sets would go past all of that.",
        "Keep one SELECT (a semicolon at its end is fine). Move a second statement into a model of its own, and leave "
        "`create table ... as` away.",
    ),
    "Q003": Code(
        "Something read that is no dataset",
        "A file or a function in FROM is not versioned: its rows may change without anybody knowing, no contract "
        "guards it, and lineage ends there.",
        "Make a source of it: `sources/prices.yml` with `kind: files`, and read `prices.<table>`. Functions that "
        "depend on their arguments alone, such as `range(10)` and `unnest(list)`, are fine.",
    ),
    "Q004": Code(
        "A text that is not one expression",
        "An `expression` check is a condition over one row: true for good rows.",
        "Write a condition such as `amount >= 0 and currency is not null`. For a whole SELECT there are checks of kind "
        "`sql`.",
    ),
    "Q005": Code(
        "An expression that looks beyond its row",
        "An `expression` check is asked of each row by itself, so that failing rows can be counted by partition and "
        "shown. Aggregates, window functions and subqueries speak of many rows.",
        "Use `unique`, `row_count` or `relationships` where one of them says it; otherwise a check of kind `sql`.",
    ),
    "Q010": Code(
        "A column that does not exist",
        "Names are compared with the columns of what the SELECT reads, before it is run. Letter case does not count.",
        "Correct the name; the nearest one and those that exist are listed. A column that is new at the source comes "
        "with the next load, or with the contract in the source's file.",
    ),
    "Q011": Code(
        "A name that can mean two columns",
        "Where two tables of a FROM have a column of that name, the engine refuses to choose. `current_date` and its "
        "like are columns to the engine if a table has such a column, and the clock otherwise.",
        "Write the table before the name: `o.id`. For a column called like the clock write it in quotes: "
        '`o."current_date"`.',
    ),
    "Q012": Code(
        "Two output columns of one name",
        "A table has one column of a name; letter case does not count.",
        "Name one of them with `as`. After a join on equal columns use `using (id)` or `b.* exclude (id)`.",
    ),
    "Q013": Code(
        "An output column without a usable name",
        "Column names of a table hold no blank, comma, semicolon, brace, parenthesis, tab, line break or equals sign. "
        "The engine calls an unnamed expression by its text, which mostly does.",
        "Name the column: `count(*) as flights`.",
    ),
}
