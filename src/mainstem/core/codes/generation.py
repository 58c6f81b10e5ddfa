"""Codes G...: sources."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "G001": Code(
        "A source that names no database",
        "A source of kind `sqlite` is one database file.",
        "Add `path: operations.db`, relative to the project's folder, or `url: sqlite:///operations.db`.",
    ),
    "G002": Code(
        "A database file that does not exist",
        "An empty database is never made in its place: a wrong path would look like a source without rows.",
        "Correct `path` in the source's file, or bring the file back.",
    ),
    "G003": Code(
        "A file that is not a SQLite database",
        "The file is there, but holds something else, or is damaged.",
        "Correct `path`, or restore the database; `sqlite3 FILE 'pragma integrity_check'` says what is damaged.",
    ),
    "G004": Code(
        "A database that is locked",
        "Another program holds the database for writing for longer than a reader waits. Nothing was read.",
        "Run again when it is done. `pragma journal_mode=wal` lets readers and one writer work at the same time.",
    ),
    "G005": Code(
        "A table that the source does not have",
        "A table is read under its name in the source's file, or under the name given by `table:`.",
        "Use one of the listed names, or `table:` where the name at the source differs.",
    ),
    "G006": Code(
        "A column that a read needs and the source does not have",
        "The cursor tells which rows are new; without it nothing would be read, or everything.",
        "Name a column that exists; a contract's `original:` leads from its name here to that at the source.",
    ),
    "G007": Code(
        "A database that cannot be read",
        "The operating system or the database refuses to read: permissions, a failing disk.",
        "Make the file readable for this user, then run again.",
    ),
    "G008": Code(
        "A position that another cursor left",
        "What was appended so far is known by the old cursor. Reading all rows again would append them twice.",
        "Put the old cursor back, or add a `key` and write `write: merge`.",
    ),
    "G009": Code(
        "A column name that is taken",
        "`_origin` says where each row comes from.",
        "Give the column another name at the source, or read a view that does.",
    ),
    "G010": Code(
        "A folder that does not exist",
        "No file is not the same as no folder: a wrong path would look like a source without rows.",
        "Correct `path` in the source's file, or make the folder.",
    ),
    "G011": Code(
        "Files of an unknown format",
        "The format of a table's files follows from the ending of its path: .csv, .tsv, .json, .jsonl, .ndjson, "
        ".parquet, .arrow, .feather, .xlsx, .xls, .ods; that of texts also with .gz, .zst or .zip behind it.",
        "Add `format: csv`, `json`, `jsonl`, `parquet`, `arrow` or `excel`, or write a `path` with such an end.",
    ),
    "G012": Code(
        "A file that cannot be read",
        "One file of the table is damaged, or closed to this user. Nothing was loaded, so nothing is missing in part.",
        "Restore the file or make it readable; or move it out of the way, and its rows are loaded once it is back.",
    ),
    "G013": Code(
        "A loaded file that has changed",
        "With `write: append` the rows of a file cannot be told from others, so its old rows cannot be replaced.",
        "Restore the file; or add a `key` and write `write: merge`; or load all files anew with `load: full`.",
    ),
    "G014": Code(
        "A file that changes while it is read",
        "Half of an old file and half of a new one may have been read. Nothing was loaded.",
        "Let the writer finish under another name and rename the file into place; then run again.",
    ),
    "G015": Code(
        "A file with two columns of one name",
        "Values could not be told apart.",
        "Give each column in the file's first line a name of its own.",
    ),
    "G016": Code(
        "An option of files that does not fit",
        "A delimiter is one character, an encoding one that Python knows, and each option is for certain formats.",
        'Write `delimiter: ";"`, or `encoding: latin-1`; remove an option that is for other formats.',
    ),
    "G017": Code(
        "A path that leads out of the source's folder",
        "A source reads below its own folder only, so that its files can be found, moved and named by relative paths.",
        "Give the source a `path` higher up, and the table a path below it.",
    ),
    "G018": Code(
        "A named file that does not exist",
        "A `path` without `*` names one file. No such file is not the same as a file without rows: a table loaded in "
        "full would be empty, and look up to date. Nor is it when no file at all matches where some did. A loaded file "
        "of an incremental load may go; its rows stay.",
        "Correct the table's `path`, or bring the file back.",
    ),
    "G050": Code(
        "An API that cannot be reached",
        "It does not answer, breaks off, or fails, each time that it was asked. Nothing of the load was kept; the "
        "position stays.",
        "See that the API is there and the source's `url` is right; `retries` says how often it is asked again.",
    ),
    "G051": Code(
        "Credentials that an API refuses",
        "It knows the caller, but does not let it read, or does not know it. This does not pass, so it is not tried "
        "again.",
        "Correct `auth` in the source's file, the secret that it names, or the caller's rights.",
    ),
    "G052": Code(
        "An API that asks to wait longer than the source allows",
        "The limit of requests is used up. Asking again too early would only make it longer.",
        "Run again after that time; lower `rate`, so that the limit is not reached; or raise `timeout`.",
    ),
    "G053": Code(
        "A request that an API refuses",
        "The path, a parameter, or where it is redirected to is wrong. The API's own words follow where they are "
        "short.",
        "Correct the table's `path`, `params` or `paginate`. If this is how the API says that no page follows, tell "
        "the end apart with `total` or `until: short`.",
    ),
    "G054": Code(
        "An answer that is no JSON",
        "A page to log in or a message of a proxy is not a table without rows.",
        "Correct the table's `path`, or `auth`.",
    ),
    "G055": Code(
        "Something that is not where the answer should have it",
        "`rows`, `total` and the `path` of `paginate` are paths of keys between points, from the top of the answer.",
        "Correct the path by the keys that the message lists.",
    ),
    "G056": Code(
        "Pages that go round in circles",
        "A page that repeats another would be loaded for ever: most often the API does not know the parameter.",
        "Correct `paginate`: the names of its parameters, or its kind.",
    ),
    "G057": Code(
        "Options of an API that do not fit together",
        "Each option says one thing; two that contradict each other would leave open which one holds.",
        "Change the options as the message says.",
    ),
    "G058": Code(
        "`load: incremental` and `since` that do not stand together",
        "`since` names the parameter that takes the position's cursor; without it every read would be of everything. A "
        "full load has no cursor to give.",
        "Add `since: {param: updated_since}` with the API's own name to `load: incremental`; or write `load: full` "
        "without `since`.",
    ),
    "G059": Code(
        "Fewer rows than the API says there are",
        "The pages end before the number at `total` is reached: rows are missing, or the number is of something else.",
        "Run again, since rows may be deleted while pages are read; if it stays so, correct `paginate` or `total`.",
    ),
    "G060": Code(
        "Python that cannot be found",
        "A source of kind `python` is a function in a file of the project; one of kind `dlt` may also be in an "
        "installed package.",
        "Make the file or the function, or correct its name.",
    ),
    "G061": Code(
        "Python of the project that fails",
        "A function of the project raised an error while it was read. Nothing of the load was kept; the position "
        "stays.",
        "Correct it at the line that the message names.",
    ),
    "G062": Code(
        "A batch that is none",
        "A function yields lists of dictionaries, Arrow tables, or frames; values are of types with one exact text.",
        "Yield rows in one of these forms, and turn other values into texts or numbers first.",
    ),
    "G063": Code(
        "A position that cannot be gone on from",
        "The position is committed with the rows, as JSON; what is yielded after it would come again.",
        "Yield it with the last rows, made of texts, numbers, lists and dictionaries.",
    ),
    "G064": Code(
        "A source of dlt that names no function",
        "`source` is `module:function`: a file of the project, or an installed module, and a function in it.",
        "Write one such as `sources/shop.py:orders` or `dlt.sources.rest_api:rest_api_source`.",
    ),
    "G065": Code(
        "A resource of dlt that is not there",
        "A table is a resource of dlt, under the table's name or the one that `resource` gives.",
        "Use one of the listed names, or name a function with `@dlt.source` or `@dlt.resource`.",
    ),
    "G080": Code(
        "A source whose reader is not installed",
        "The base install reads SQLite and files; other sources bring libraries of their own.",
        "Install the extra that the message names.",
    ),
    "G081": Code(
        "A database server that refuses, or is not there",
        "It is down, or does not let this role in, or broke off. Nothing of the load was kept; the position stays.",
        "Start the server, correct the address, the role or its rights; then run again.",
    ),
    "G082": Code(
        "A number of connections that makes no sense",
        "A large table is read by several connections at once; each costs the server memory.",
        "Write `parts` from 1 to 32, or leave it away.",
    ),
    "G084": Code(
        "A table that may not be read",
        "The role that the address names has no right to select from it.",
        "Let the owner of the table run the GRANT of the message.",
    ),
    "G085": Code(
        "A cursor that the source orders otherwise",
        "What is new is asked for by comparing at the source, and the greatest value is found in the lake: both must "
        "order alike, or rows would be lost.",
        "Take a number, a date or a time; give a number without precision a type in the contract.",
    ),
    "G086": Code(
        "Options of a database that contradict each other",
        "A table is read by its name or by a query, and names stand in one sort of quotes.",
        "Keep the one that is meant.",
    ),
    "G087": Code(
        "A filter that is no condition, or that the database refuses",
        "`where` stands between parentheses in the queries that read the table: it is one condition over its columns, "
        "closes what it opens, and has no comment, which would hide what follows.",
        "Correct the condition; it is written in the SQL of the database.",
    ),
    "G030": Code(
        "A server that does not answer",
        "Nobody answers at the address, or the answer is that something is wrong there. It was asked three times. "
        "Nothing was loaded, so nothing is missing in part.",
        "See that the server runs and the address is right, then run again.",
    ),
    "G031": Code(
        "A server that refuses",
        "The server is there and does not give the file: credentials are missing, wrong, or not allowed to read it.",
        "Correct `key` and `secret` of the source, or ask the owner of the files for the right to list and read them.",
    ),
    "G032": Code(
        "A download that breaks off",
        "The connection ended before the file did, three times. Nothing of it was loaded.",
        "Run again; if it breaks off each time, fetch the file by other means and read it from a folder.",
    ),
    "G034": Code(
        "A JSON document without its rows",
        '`rows` is the path of the list of rows in a document: `data.items` is the list "items" in the object "data". '
        "A document without it may be an error message of whoever wrote it. `explode` is such a path inside a row.",
        "Correct `rows` or `explode`, or move the document out of the way.",
    ),
    "G035": Code(
        "A format whose reader is not installed",
        "Some formats need a package that not everybody wants.",
        "Install the extra that is named: `pip install 'mainstem[files]'`.",
    ),
    "G036": Code(
        "A column in the files and in their paths",
        'With `hive: true` a folder `year=2024` gives a column "year". The files have one of that name, and the two '
        "may differ.",
        "Write `hive: false` to take the files' own column.",
    ),
    "G037": Code(
        "A workbook without the sheet",
        "A sheet is read by its exact name; without `sheet:` the first one is read.",
        "Use one of the names that are listed.",
    ),
    "G038": Code(
        "Two columns of one name in an exploded list",
        "`parent` gives columns of the row around to each element, and `position` counts them. An element has a key of "
        "that name already.",
        "Give the column another name: `parent: {order_id: id}`.",
    ),
    "G039": Code(
        "A pattern that a web server cannot answer",
        "A web server has no list of its files. One table is one file there.",
        "Name the file: `path: prices.csv`.",
    ),
    "G070": Code(
        "How many rows are made",
        "A made table has `rows` in all; or `per_day` rows with each day since `from`.",
        "Say one of them, `per_day` together with `from`.",
    ),
    "G071": Code(
        "A made table without a contract",
        "Rows are made from the contract: the names, types and promises of its columns.",
        "Add `columns:` to the table.",
    ),
    "G072": Code(
        "Values of a column that is not there",
        "`values` says how a column of the contract is made.",
        "Use one of the names that are listed, or add the column to the contract.",
    ),
    "G073": Code(
        "A column that nobody knows how to make",
        "Types, accepted values and simple patterns suggest values by themselves. Nested types and patterns with "
        "groups or alternatives do not.",
        "Say it under `values:`, or do not require the column.",
    ),
    "G074": Code(
        "A made reference that leads nowhere",
        "A reference takes values of a column that numbers the rows of another table of the same source.",
        "Use one of the names that are listed, or make that column of kind `sequence` or `uuid`.",
    ),
    "G075": Code(
        "A way to make values that does not fit",
        "Each kind of value has its own options, and makes values of some types only.",
        "Correct the option, the kind, or the type of the column.",
    ),
    "G076": Code(
        "A share that is none",
        "A share is written as a percentage or as a number from 0 to 1.",
        "Write one such as 1% or 0.01.",
    ),
    "G077": Code(
        "A fault that cannot be",
        "Rows are late, and columns come later, only where rows come day by day; a row is bad only where the contract "
        "promises something.",
        "Remove the fault, or change the table so that it can be.",
    ),
}
