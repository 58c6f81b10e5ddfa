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
    "V003": Code(
        "A parameter that contradicts itself",
        "A default is used when a reader gives no value; it must fit the type, and a required parameter has none.",
        "Write `{type: date, default: 2013-12-17}` or `{type: date, required: true}`.",
    ),
    "V004": Code(
        "A parameter whose name cannot be used",
        "Parameters stand in SQL as `$name` and in addresses as `?name=`.",
        "Use lower-case letters, digits and underscores, a letter first.",
    ),
    "V005": Code(
        "A metric that measures nothing",
        "A metric is one aggregate, defined once, so that everybody who names it gets the same number.",
        "Write an aggregate over the rows of `sql`, such as `measure: sum(flights)`.",
    ),
    "V006": Code(
        "A training set that gives the answer away",
        "A model that sees its label among the features learns to copy it, and fails on the first real day.",
        "Remove the label from `features`.",
    ),
    "V007": Code(
        "A sync without a key",
        "Rows are sent at least once; only a key makes the second time the same row.",
        "Name the columns that identify a row in both systems: `key: [id]`.",
    ),
    "V008": Code(
        "Two columns into one",
        "What a column of the other system holds must come from one column here.",
        "Give each column its own name under `columns`.",
    ),
    "V020": Code(
        "A parameter that is unknown, missing, or no value of its type",
        "Parameters are declared with a type in the output; what is not declared would be ignored, and the reader "
        "would believe that it counted.",
        "Give every required parameter, in the form of its type, and no other.",
    ),
    "V021": Code(
        "A query that took too long",
        "Readers share a few processes; one that holds its process for long is ended, so that others are served.",
        "Ask for less: a shorter range of days, fewer columns, an aggregate instead of rows.",
    ),
    "V022": Code(
        "All readers are busy",
        "Every process that reads is at work, and has been for as long as a request waits.",
        "Ask again in a moment.",
    ),
    "V023": Code(
        "The process that ran a query ended",
        "A query can need more memory than its process may have; the process dies, and nothing else with it.",
        "Ask for less at once.",
    ),
    "V024": Code(
        "No such data API",
        "Data APIs are the files of `serving/apis`; the name in the address is that of the file.",
        "See them at `/openapi.json`.",
    ),
    "V025": Code(
        "No such page",
        "Pages of the console are named after what the project has: requirements, datasets, runs, dashboards.",
        "Search with `/`, or go on from the scoreboard.",
    ),
    "V026": Code(
        "A query too long to be read",
        "A query of a visitor is a sentence, not a file.",
        "Ask for less at once; a long query belongs in a model.",
    ),
    "V030": Code(
        "A sync to what cannot be written to",
        "Rows go to a system that the project knows as a source, so that its address and owner are written once; "
        "what kinds can be written to is listed in docs/reference/kinds.md under targets.",
        "Name a source of the project below `to`, of a kind that can be written to.",
    ),
    "V031": Code(
        "An environment from which nothing leaves",
        "A branch or a test must not write into somebody's system; so syncs leave only from environments that say so.",
        "Write `environments: {prod: {deliver: true}}` in mainstem.yml, for the environment that is meant.",
    ),
    "V032": Code(
        "No such sync",
        "Syncs are the files of `serving/syncs`; their names are those of the files.",
        "Name one that is there, or none to deliver all.",
    ),
    "V033": Code(
        "A table that does not fit its sync",
        "Table and columns of the other system are looked at before anything is sent, so that nothing arrives in part.",
        "Create the table or column there, or name the one that is meant below `table` and `columns`.",
    ),
    "V034": Code(
        "A key that the other system does not keep",
        "A row is sent at least once. The second time is the same row only where the other system holds each key once.",
        "Make the key the primary key or a unique index there, or name another `key` in the sync.",
    ),
    "V035": Code(
        "The memory of a delivery cannot be used",
        "Digests of what was acknowledged are kept below `.mainstem/deliveries/`, so that only changed rows go out.",
        "Make the file readable and writable; or remove it, and every row is sent once more, with the same end.",
    ),
    "V036": Code(
        "The system that rows go to cannot be used",
        "It is busy, full, gone or closed to this user. What it acknowledged is remembered; the rest goes out later.",
        "Mend what is said of it, then run `mainstem deliver`.",
    ),
    "V037": Code(
        "Too many rows for a sync",
        "A sync that stopped at a limit would leave the other system with a part that looks like the whole.",
        "Select fewer rows: the days that change, or one row a thing.",
    ),
    "V038": Code(
        "Rows of a sync that their key does not tell apart",
        "Each row that goes out is one row there, found by its key; a missing or doubled key would hit another one.",
        "Name columns in `key` that the SELECT yields, and that are never NULL and never twice the same.",
    ),
    "V039": Code(
        "A delivery that would take most away",
        "An empty result is mostly a mistake upstream, and a deleted row is hard to get back.",
        "Look at what the sync reads; if it is meant, `mainstem deliver --allow-deletes`.",
    ),
    "V040": Code(
        "Columns of a training set that are named twice, or not at all",
        "Each column of the set comes from one place, and a look-up by time needs columns to find the row by and "
        "columns to take.",
        "Name each column once; `features: {theirs: name}` renames what `as_of` takes.",
    ),
    "V041": Code(
        "Parts of a training set that do not follow one another",
        "What a model is tried on must be later than what it learnt from, as it will be on the day it is used.",
        "Write local dates or times, the later one under `test_from`: "
        "`split: {valid_from: 2013-12-20, test_from: 2013-12-27}`.",
    ),
    "V042": Code(
        "An example without entity or event time",
        "Without the time of its event nobody can tell what was known before it.",
        "Leave such rows out in `sql`; where the policy hides the column, give the training set a `role` that sees it.",
    ),
    "V043": Code(
        "Two examples of the same entity and time",
        "A model would learn them twice, and the order of rows, and so the files' bytes, would be left to chance.",
        "Keep one row of each in `sql`, or add the column that tells them apart to `entity`.",
    ),
    "V044": Code(
        "A training set that does not exist",
        "Training sets are the files in `serving/training/`.",
        "Correct the name; `mainstem validate` reads them all.",
    ),
    "V045": Code(
        "A folder that holds something else",
        "An export replaces only an earlier export of the same training set, so that no work of anybody's is lost.",
        "Name a folder that is new or empty; `--force` replaces another training set, and nothing else.",
    ),
    "V046": Code(
        "Not a manifest of a training set",
        "A set is made again from the `manifest.json` that its export wrote: release, SELECT, columns, parts.",
        "Name that file as it was written.",
    ),
    "V047": Code(
        "Another training set than that of the manifest",
        "The promise of a manifest is the same bytes. Another version of the engine writes other files, another policy "
        "shows other values; then nothing is left behind that could be taken for the set.",
        "Compare `made_with` and `parameters` in the manifest with what is installed and with `policies/access.yml`.",
    ),
    "V048": Code(
        "A training set that no rerun repeats",
        "What reads the clock or draws at random gives other examples each time; no manifest could bring them back.",
        "Compare with columns or written dates; take `md5(id)` for a random choice that stays.",
    ),
    "V049": Code(
        "A folder that cannot be written",
        "An export is made beside its place and moved there at the end: whole or not at all.",
        "Name a folder that you may write to, on a disk with space.",
    ),
}
