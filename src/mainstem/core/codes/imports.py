"""Codes of projects of other tools that are brought over."""

from mainstem.core.codes.code import Code

CODES = {
    "C040": Code(
        "A folder without a project of that tool",
        "A dbt project is a folder with a `dbt_project.yml`; a SQLMesh project is one with a `config.yaml`, "
        "`config.yml` or `config.py`.",
        "Name the folder in which that file lies.",
    ),
    "C041": Code(
        "Files that are there already",
        "What is brought over is written into a folder of its own; nothing that somebody wrote is replaced unasked.",
        "Choose another folder with --to, or add --force to replace the files that are named.",
    ),
    "C042": Code(
        "A new project inside the old one",
        "Both tools read a folder `models`; in one folder they would read each other's files.",
        "Name a folder outside with --to.",
    ),
    "C043": Code(
        "A project that does not say which SQL it is written in",
        "The text of models is rewritten for the engine, so the dialect it is in must be known. dbt says it in a "
        "`profiles.yml` in the project's folder, SQLMesh in its configuration; neither names one that can be read.",
        "Say it: `--dialect snowflake`, or another of the names listed.",
    ),
    "C044": Code(
        "Settings of another tool that cannot be read",
        "The file that makes the folder a project of that tool is read before everything else, as text; no program in "
        "it is run.",
        "Mend the file at the place that is named, or write what it says as plain YAML.",
    ),
}
