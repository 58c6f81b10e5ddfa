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
}
