"""Codes P...: project text."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "P001": Code(
        "A kind that does not exist",
        "Kinds of sources, checks, measures and outputs are found by name, among those that are installed.",
        "Use one of the listed kinds, or install the package that brings the kind.",
    ),
    "P002": Code(
        "No project in this folder",
        "A project is a folder with a `mainstem.yml`; all else in it is optional, and the file itself may be empty.",
        "`mainstem init` makes a small project; `mainstem demo` a complete one.",
    ),
    "P003": Code(
        "A file that cannot be read",
        "Files of a project are UTF-8 texts that the user who runs mainstem may read.",
        "Save the file as UTF-8, or give yourself the right to read it.",
    ),
    "P004": Code(
        "Not YAML",
        "The YAML of a file cannot be read beyond the place shown, so what follows it was not looked at.",
        "Mend the place shown. Most often a value with a colon, a `#` or a sign such as `@`, `*`, `%` wants quotes, or "
        "the indentation of a line does not fit the lines above it.",
    ),
    "P005": Code(
        "A key that is written twice",
        "In YAML the second value silently replaces the first: what was written there would be lost.",
        "Keep one of the two.",
    ),
    "P006": Code(
        "YAML that is not used here",
        "Tags, merge keys, keys that are lists, and several documents in a file make a text hard to read and its "
        "places unsure. Anchors and aliases are fine, as long as they do not multiply.",
        "Write the value out.",
    ),
    "P007": Code(
        "A key that does not exist",
        "A misspelt key would be ignored, and what it was meant to say would not happen.",
        "Use one of the keys listed. `mainstem schema FOLDER` writes JSON Schemas with which an editor completes them.",
    ),
    "P008": Code(
        "A key that is missing",
        "Without it the thing cannot be understood.",
        "Add the key that is named.",
    ),
    "P009": Code(
        "A value of the wrong sort",
        "Values are texts until their key says what they are: a number, a date, a list. This one cannot be read so.",
        "Write a value of the sort that is named. `true`, `yes`, `false`, `no` are truth values; dates are "
        "`2014-06-30`, instants `2013-12-02T09:00:00-05:00`, lengths of time `28d`, `30h`, `15m`.",
    ),
    "P010": Code(
        "A value that is not among the possible ones",
        "The key takes one of a few words. Words for what this version cannot do are not among them.",
        "Use one of the listed values.",
    ),
    "P011": Code(
        "A variable that has no value, or an empty one",
        "`${NAME}` keeps addresses and passwords out of the project's text. The value comes from the environment of "
        "the process, or from `.mainstem/secrets.env` (or `secrets.env`), lines of `NAME=value`. It is never shown.",
        "`export NAME=...` before the command, or add the line to the secrets file, and keep that file out of git.",
    ),
    "P012": Code(
        "A variable where none is read",
        "In `mainstem.yml`, variables stand in `environments: ... sources:` and in alerts. Elsewhere they would hide "
        "what the project is.",
        "Write the value itself.",
    ),
    "P013": Code(
        "A line of the secrets file that is not NAME=value",
        "Each line gives one variable its value; empty lines and lines that begin with `#` are passed over.",
        "Write `NAME=value`. Quotes around the value are removed. The line itself is never shown.",
    ),
    "P014": Code(
        "A file or folder that would not be read",
        "Each folder holds files of one sort, because the path gives the name. A file that looks as if it was meant to "
        "be read, and would not be, is an error and not a silence.",
        "Rename or move it as the message says, or keep it outside of the project's folders.",
    ),
    "P015": Code(
        "A name that cannot be used",
        "Names of sources, folders, models, tables and columns are snake_case, so that SQL takes them without quotes. "
        "Ids of requirement items are labels of small letters, digits and `-`.",
        "Use the name that the message proposes. A column keeps its name at the source in `original:`.",
    ),
    "P016": Code(
        "A name that is taken",
        "The table of a source and a model would be the same dataset, or two columns differ in letter case only, which "
        "SQL does not tell apart.",
        "Rename one of the two.",
    ),
    "P017": Code(
        "A name that is reserved",
        "Names that end in `__quarantine` are those of rows set aside. `main` is the schema of models that lie in no "
        "folder; a few more schemas belong to the engine.",
        "Choose another name.",
    ),
    "P020": Code(
        "`*/` inside the head of a model",
        "The head is a comment of SQL, and `*/` ends it: what follows would be run as SQL. It hides in cron texts "
        "(`*/15 * * * *`) and in paths (`raw/*/x`).",
        'In double quotes write `*\\/`, which is the same text: `cron: "*\\/15 * * * *"`. Or say it without a star: '
        "`0,15,30,45 * * * *`.",
    ),
    "P021": Code(
        "A head that is not closed, or not opened alone",
        "The head of a SELECT is what stands between a line `/* ---` and a line `--- */`.",
        "Write both on lines of their own. A comment that is no head begins without `---`.",
    ),
    "P022": Code(
        "A head that is not at the top",
        "A head further down would be an ordinary comment, and nothing that it says would hold.",
        "Move it above everything but blank lines.",
    ),
    "P023": Code(
        "A file without a SELECT",
        "A model, and a data API, is one SELECT.",
        "Write it, or remove the file.",
    ),
    "P030": Code(
        "Load, write, cursor and key do not fit together",
        "An incremental load needs to know what is new; a merge needs to know which row is which; a full load that is "
        "appended, or an incremental one that replaces, would double rows or lose them.",
        "`load: full` with `write: replace`; `load: incremental` with `cursor`, and `write: merge` with `key`, or "
        "`write: append`. Without `write` the fitting one is taken.",
    ),
    "P031": Code(
        "How rows are kept does not fit together",
        "Older revisions, deletions, look-back and history each need something to go by: a key, a cursor, a column, or "
        "a source that is read in full.",
        "`docs/how-to/write-modes.md` shows which keys go together.",
    ),
    "P032": Code(
        "A type that does not exist",
        "Types are those of SQL in the DuckDB dialect: BIGINT, INTEGER, DOUBLE, DECIMAL(18,2), VARCHAR, BOOLEAN, DATE, "
        "TIMESTAMP, TIMESTAMPTZ, and lists (`VARCHAR[]`), STRUCT(...), MAP(...) of them.",
        "Correct the type.",
    ),
    "P033": Code(
        "A type that cannot be stored",
        "Tables of the lake are read by several engines; these types have no form that all of them keep.",
        "Store the value in the form that the message proposes.",
    ),
    "P034": Code(
        "A column that the contract does not have, or a key that names one twice",
        "Where a table's columns are declared, its cursor, key and time column are among them; a key names each once.",
        "Correct the name, or add the column to `columns:`.",
    ),
    "P035": Code(
        "A column that orders rows, of a type without an order",
        "A cursor and a revision grow with each change: of two values one must be the greater. Truth values, JSON, "
        "lists and structs do not say which row is newer.",
        "Name a column that is a number, a date, an instant or a text that sorts.",
    ),
    "P036": Code(
        "A check, measure or proof that is not one thing",
        "Each is named by one key. Ids of checks are unique within a dataset, and without `id:` the kind is the id. "
        "Only a check that can be counted by partition, of a dataset with a `time_column`, can be `per: partition`.",
        "Split it into several, name one of the listed kinds, or give it an `id:` of its own.",
    ),
    "P040": Code(
        "Markdown without front matter",
        "What mainstem reads of a requirement item or a dashboard stands between two lines `---` at its top.",
        "Add them. A file whose name begins with README is for people only.",
    ),
    "P041": Code(
        "An id that is taken",
        "Ids of goals, stakeholders, needs, requirements, definitions and decisions are unique together, aliases "
        "included: one name, one thing.",
        "Give one of them another id.",
    ),
    "P042": Code(
        "A name that leads nowhere",
        "Every requirement leads to a need, a stakeholder and a goal, and to data that exists. A name that leads to "
        "nothing breaks that chain, and nobody would notice.",
        "Correct the name, or write what it names. After a rename keep the old id under `aliases:`.",
    ),
    "P043": Code(
        "A source that is not owned upstream",
        "The owner of a source is who answers for the system: a stakeholder with `side: upstream`.",
        "Name that stakeholder, or correct the side.",
    ),
    "P044": Code(
        "An objective that cannot be counted",
        "An objective says in which window (`28d`), by which slices (`1d`), and how many may be bad: `misses: 1` or "
        "`target: 0.95`, exactly one of them. Without a window it is a rule that must always hold, and says neither.",
        "Correct the key shown.",
    ),
    "P045": Code(
        "A CSV model that is no table",
        "A CSV file below `models/` is small and kept by hand: a header with the names of the columns, values "
        "separated by commas, one for each column in every row.",
        "Correct the line named. A value with a comma, a line break or a quote in it goes in double quotes, and a "
        'quote inside it is doubled: `"5"" pipe"`. Files that others write are loaded by a source of kind `files`.',
    ),
    "P046": Code(
        "A check that is not counted by partition",
        "`passing` asks whether one day's rows are right, so its checks are measured by day. A check over the whole "
        "table cannot say that.",
        "Remove `per: table`, give the dataset a `time_column`, or name another check.",
    ),
    "P047": Code(
        "An agreement that cannot be read or written",
        "`requirements/agreements/<id>.yml` is a list of entries: `agreed`, `waived` or `exception`, each with `at`. "
        "The file is only ever appended to.",
        "Let `mainstem agree` write it. After a merge in git keep the entries of both sides.",
    ),
    "P048": Code(
        "A time zone that does not exist",
        "Dates and deadlines are local; the zone says where. Abbreviations such as EST do not know summer time.",
        "Use a name of the IANA list, such as America/New_York.",
    ),
    "P049": Code(
        "A CSV model that is too large",
        "CSV files below `models/` are text of the project, read by each command. Beyond five million characters they "
        "are data.",
        "Move the file out of `models/` and load it by a source of kind `files`.",
    ),
    "P050": Code(
        "An output whose SQL is not clear",
        "Each SQL block of a dashboard has a name, under which charts, proofs and lineage know it. A sync says what it "
        "sends, once.",
        "Open a block with ```` ```sql name=worst_routes ````; SQL that is only shown goes into a `text` block.",
    ),
    "P051": Code(
        "Keys of a model that is not there",
        "`models/x.yml` says of `models/x.csv` what a SELECT's head says of the SELECT. Without the rows it is about "
        "nothing.",
        "Give both files the same name, or write the keys at the head of the SELECT: `/* --- ... --- */`.",
    ),
    "P052": Code(
        "A statement that is no macro",
        "`macros/` is run before models are. Whatever else stood there would run unseen.",
        "Keep `create macro` statements only.",
    ),
    "P053": Code(
        "A lake or ledger that cannot lie there",
        "This version keeps lake and ledger on a local disk, each in a place of its own, so that no file of the "
        "project is taken for one of theirs.",
        "Give a path: `lake: lake/`.",
    ),
    "P054": Code(
        "Two macros of one name",
        "A model calls a macro by its name, whichever file of `macros/` it is written in.",
        "Remove one of them, or give it another name. Variants with other parameters are written in one statement: "
        "`create macro f(a) as a, (a, b) as a + b`.",
    ),
    "P055": Code(
        "A chart that cannot be drawn",
        "A chart shows the rows of one SQL block of its page: `type: line` (or bar, area, point), `data` the name of "
        "the block, `x` and `y` its columns, `series` the column that splits it. A `vega-lite` block is JSON whose "
        '`"data": {"name": ...}` names the block; it fetches nothing.',
        "Name a block of the page, and columns that its SELECT has.",
    ),
    "P056": Code(
        "A schedule in a replay",
        "A project of `clock: replay` is judged at the latest instant of its ledger; time passes there only with runs.",
        "Leave the schedule to a project that goes by the wall clock.",
    ),
    "P057": Code(
        "A variable that does not exist",
        "`$name` in a model, a check or a macro is a variable that mainstem.yml declares; so are the names below "
        "`environments: ... variables:` and behind `--var`.",
        "Correct the name, or declare it: `variables: {since: {type: date, default: 2026-01-01}}`. In an output "
        "`$name` is a parameter of its own.",
    ),
    "P058": Code(
        "A variable that nothing uses",
        "Who sets it would believe that something changes.",
        "Name it as `$name` in a model, a check or a macro, or remove it from mainstem.yml.",
    ),
    "P059": Code(
        "A variable without a value of its type",
        "A variable is put into SQL as a literal of its type, so its value is one before anything runs.",
        "Write a value of the type: a `date` as 2026-01-31, a `timestamp` as 2026-01-31T06:00 without an offset, a "
        "`boolean` as true or false. It comes from `--var NAME=VALUE`, else from the environment, else from `default`.",
    ),
    "P060": Code(
        "Two tests of one name",
        "Proofs of requirements and `mainstem test` name tests, so one name means one test.",
        "Give one of them another name.",
    ),
    "P061": Code(
        "A line of a test's CSV file that is no row",
        "The first line names the columns; every other one has a field for each of them. An empty field is NULL, and "
        '`""` an empty text.',
        "Add what is missing, or put a field that holds a comma, a quote or a line break into double quotes.",
    ),
    "P062": Code(
        "Expected rows that do not say the same columns",
        "Columns that no expected row names are not compared. Where only some rows name a column, nobody could tell "
        "whether it matters in the others.",
        "Write the column in every row, with `null` where it is NULL, or in none.",
    ),
}
