"""Codes S...: the access gate."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "S001": Code(
        "More or less than one statement",
        "A query is one SELECT: what stands behind it would run unseen.",
        "Send each SELECT by itself.",
    ),
    "S002": Code(
        "A function that may not be called",
        "Only functions that compute from their arguments alone may be called. Others can read files, settings, "
        "other tables, or run text as SQL, and so go past the gate.",
        "Use one of the functions of the engine's manual that need nothing but their arguments.",
    ),
    "S003": Code(
        "A function in FROM that reads from somewhere",
        "Queries read the datasets of a release, so that everything that leaves is known, treated and audited. "
        "A file or another database that is read on the way is not.",
        "Make a source of the file and read its dataset; `range`, `generate_series` and `unnest` are allowed.",
    ),
    "S004": Code(
        "A dataset that the release does not have",
        "Names in FROM are datasets of the release that is read, or queries named in WITH. A name without a schema "
        "is that of a model at the top of `models/`.",
        "Use one of the listed names, or run the project so that the dataset is published.",
    ),
    "S005": Code(
        "A part of SQL that is not known to be safe",
        "The gate allows what is known to read nothing but its inputs, and refuses everything else, so that a new "
        "feature of the engine is never a way around it.",
        "Write that part of the query in another way.",
    ),
    "S006": Code(
        "A parameter without a value",
        "A query on the command line has no place that its parameters could get their values from.",
        "Write the value into the query.",
    ),
    "S007": Code(
        "A query that is nested too deeply",
        "The gate reads the whole query before it runs; one that is nested hundreds of levels deep is refused.",
        "Name the parts of the query in WITH, use IN for long chains of OR, or split it.",
    ),
    "S008": Code(
        "DESCRIBE, SHOW or SUMMARIZE",
        "They answer from the engine's catalogue and statistics, not from rows that can be treated one by one.",
        "Use `mainstem show NAME` for columns, types and tags, or write the SELECT for the figures that you need.",
    ),
    "S009": Code(
        "A version asked for inside a query",
        "All datasets of a query are read from one release, so that its parts fit each other.",
        "Ask for the release as a whole.",
    ),
    "S010": Code(
        "A query that reads differently once its datasets are replaced",
        "What runs is the text of the treated query, and it must mean exactly what was allowed. For a few unusual "
        "nestings of joins the engine writes a text that means something else.",
        "Put each nested join into a subquery of its own: `from a join (select * from b cross join c) as d on ...`.",
    ),
    "S011": Code(
        "A query that is no text",
        "A query is Unicode text; bytes that are none cannot be read the same way by everybody.",
        "Send it as UTF-8.",
    ),
    "S012": Code(
        "A role or purpose that the policy does not have",
        "Data is read in one role and for one of its purposes, as `policies/access.yml` lists them.",
        "Name a role of the file; name the purpose where the role has several.",
    ),
    "S013": Code(
        "A role without a grant",
        "What is not granted to a role is denied to it.",
        "Add a grant for the role in `policies/access.yml`, or leave the dataset out of what it is given.",
    ),
    "S014": Code(
        "A row filter that asks who is reading",
        "Readers have no attributes here, so nobody can tell which rows are theirs; nothing is shown.",
        "Compare with a value or a column in `where`.",
    ),
    "S015": Code(
        "A secret of the project that cannot be had",
        "The key of hashed columns lies in `.mainstem/hash.key`, readable by its owner only. Without it nothing is "
        "hashed, and nothing leaves.",
        "Make the folder writable, or restore the file from a copy.",
    ),
}
