"""Codes O...: plans and runs."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "O001": Code(
        "A selection that matches nothing",
        "`plan` and `run` take names or globs of datasets, `tag:NAME`, `requirement:ID`, `stakeholder:ID` and "
        "`changed`, each with a `+` before it for what it is made of, behind it for what is made of it. A slip would "
        "otherwise run nothing and look like success.",
        'Correct the name. Globs match whole names: `mainstem run "marts.*"`.',
    ),
    "O002": Code(
        "A selection that leaves out what was never made",
        "A selected model reads the others as they are. One that was neither loaded nor built so far cannot be read.",
        "Put a `+` before the name to select what it is made of, or run everything once; from then on any selection "
        "works.",
    ),
    "O003": Code(
        "A step that was not tried",
        "A step reads only finished inputs. When one of them failed, building on yesterday's rows would mix two days.",
        "Mend the step that is named; the next run tries both.",
    ),
    "O004": Code(
        "Somebody else wrote to a table",
        "Each table of the lake is written by mainstem alone, version after version. Another writer's commit lies on "
        "top of the version that this run would build on.",
        "`mainstem doctor` says which table. Restore it, or roll back and run, which goes on in a table of its own.",
    ),
    "O005": Code(
        "A check of severity `error` failed",
        "Checks run before anything is committed: rows that fail one are in no table that can be read, and readers "
        "keep the release before.",
        "`mainstem why <dataset>` shows the measured numbers and a sample of the rows. Mend the data or the model, or "
        "lower the check's severity to `warning` if readers can live with it.",
    ),
    "O007": Code(
        "A load without rows and without columns",
        "A dataset has columns. They follow from the first rows that are read, or from the contract in the source's "
        "file; of this one there is neither.",
        "See that the source has something (`path`, the folder, the table), or list `columns:`, so that it can be "
        "empty.",
    ),
    "O006": Code(
        "A kind that cannot be loaded",
        "Kinds of sources, checks, measures, outputs and engines may come from other packages; one fails to import.",
        "Install what it needs, or remove the package that brings it.",
    ),
    "O020": Code(
        "Alerts from an environment that sends none",
        "Alerts reach people; a branch that is tried out must not wake anybody.",
        "Say `alerts: true` for the environment in mainstem.yml.",
    ),
    "O021": Code(
        "No alert is set up",
        "Alerts go to the addresses under `alerts:` in mainstem.yml.",
        'Add `alerts: [{to: "${ALERT_URL}"}]` and set ALERT_URL in the environment.',
    ),
    "O022": Code(
        "An alert that did not arrive",
        "The receiver could not be reached, or refused the message. Alerts that are due are tried again by themselves.",
        "See whether the address is right and the receiver runs: `mainstem alert --test`.",
    ),
}
