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
        "Environments are listed in mainstem.yml, or are branches; without any there is `prod`.",
        "Correct the name, add it under `environments:`, or make a branch: `mainstem branch create NAME`.",
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
    "C009": Code(
        "A file is in the way",
        "A new project never overwrites what is there; only a `.gitignore` gets the lines that it lacks.",
        "Choose an empty folder: `mainstem init my-project`.",
    ),
    "C010": Code(
        "The demo's folder is not empty",
        "The demo is a project of its own and never mixes with files that are there already.",
        "Give the name of a folder that is new or empty; `--force` replaces an earlier demo.",
    ),
    "C011": Code(
        "The demo's folder is a file",
        "The demo is a project: a folder with files in it.",
        "Give the name of a folder, new or empty.",
    ),
    "C012": Code(
        "--force would remove something else than a demo",
        "`--force` removes the demo that is in the folder: its project, sources, lake and ledger. It knows a demo by "
        "the first line of its mainstem.yml, and removes nothing where that line differs.",
        "Give the name of a folder that is new or empty.",
    ),
    "C013": Code(
        "The demo's folder cannot be written",
        "The project and its sources are files on this machine.",
        "Choose a folder that you may write to, on a disk with 100 MB to spare.",
    ),
    "C014": Code(
        "A day that the demo has no flights of",
        "The demo replays the flights that left New York in 2013.",
        "Choose days from 2013-01-01 to 2013-12-31.",
    ),
    "C015": Code(
        "A replay that ends before it begins",
        "Days are replayed in their order, from the first to the last, both included.",
        "Give the earlier day to `--from` and the later one to `--to`.",
    ),
    "C016": Code(
        "Facts would be recorded before those that there are",
        "Evidence, releases and agreements are in the order of the clock. A fact dated before what the ledger knows "
        "already would change what was true at moments that were judged.",
        "Leave `--now` away, or give an instant that is not before the ledger's latest. `mainstem status --now` and "
        "`mainstem why --now` record nothing and may look at any moment.",
    ),
    "C017": Code(
        "A demo in the database already",
        "With `--operations` the demo's operations database is a schema of its own, `mainstem_demo`, in the database "
        "that is named; one that is there is another demo's, which still reads from it.",
        "Name another database, or add `--force` to replace it.",
    ),
    "C018": Code(
        "--force would remove a schema that is no demo's",
        "The demo makes the schema `mainstem_demo` and knows it by its comment. What has none, or another one, is "
        "somebody else's, and nothing of it is removed.",
        "Name another database.",
    ),
    "C020": Code(
        "A port that somebody else uses",
        "Only one program can listen at an address; it may be another `mainstem up`.",
        "End the other one, or choose a port: `mainstem up --port 8643`.",
    ),
    "C021": Code(
        "An address that others could reach",
        "Nobody is asked who he is yet, so only this machine may read what is served.",
        "Leave `--host` at 127.0.0.1; from elsewhere, use a tunnel: `ssh -L 8642:127.0.0.1:8642 HOST`.",
    ),
    "C022": Code(
        "Served already",
        "One `mainstem up` keeps an environment of a project: two would start its runs twice, and alert twice.",
        "Use the one that runs, or end it.",
    ),
    "C030": Code(
        "An address whose tables cannot be listed",
        "`mainstem source discover` asks a database what tables it has; other sources do not know.",
        "Give it postgresql://..., mysql://..., sqlite:///FILE, or the path of a SQLite database.",
    ),
    "C031": Code(
        "A database without the table that is asked for",
        "Only tables and views that may be read are listed.",
        "Use one of the listed names, or grant the right to select.",
    ),
    "C032": Code(
        "A source's file that is there already",
        "What a person has written is never replaced by a draft.",
        "Give the new source another --name, or leave --write away and compare.",
    ),
}
