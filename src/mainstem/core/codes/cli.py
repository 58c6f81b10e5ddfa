"""Codes C...: the command line."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "C001": Code(
        "No project here",
        "A project is a folder with a `mainstem.yml`. Commands look for it in the current folder and upward.",
        "`mainstem init` makes a small one, `mainstem demo` a complete one; `-C FOLDER` names another.",
    ),
    "C002": Code(
        "The clock cannot be set by hand",
        "Facts carry the time at which they were recorded. In a project that goes by the wall clock, a command that "
        "records facts must not choose that time: what is agreed and measured could be dated back.",
        "Leave `--now` away. A project that replays history says `clock: replay` in mainstem.yml.",
    ),
    "C003": Code(
        "An environment that does not exist",
        "Environments are listed in mainstem.yml; without any there is `prod`.",
        "Correct the name, or add it under `environments:`.",
    ),
    "C004": Code(
        "Not an instant",
        "Instants are written in ISO 8601; without an offset they are local times of the project's zone.",
        "Write `2013-12-31T06:00-05:00` or `2013-12-31T06:00`.",
    ),
    "C005": Code(
        "Nothing of that name",
        "`why` explains requirements, datasets, runs, releases and single pieces of evidence.",
        "Use a requirement's id, a dataset's name, a run or release id (`mainstem why` lists the latest), or `e` and "
        "the number of a piece of evidence.",
    ),
    "C006": Code(
        "No such error code",
        "Every message carries a code that `mainstem explain` knows.",
        "Copy the code from the message, such as `T001`.",
    ),
    "C007": Code(
        "No such release",
        "Releases are named like `r000012`; a number or an unambiguous beginning is enough.",
        "`mainstem rollback --list` shows the releases of the environment.",
    ),
    "C008": Code(
        "Nothing published yet",
        "Questions are answered from a release, and the environment has none.",
        "`mainstem run` publishes the first one.",
    ),
}
