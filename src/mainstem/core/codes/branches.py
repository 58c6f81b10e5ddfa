"""Codes O040 to O049: branches, promotion, cleaning."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "O040": Code(
        "Not a name of a branch",
        "The name of a branch is that of an environment: it stands in commands, in paths and in mainstem.yml.",
        "Use small letters, digits, `-` and `_`, beginning with a letter or a digit.",
    ),
    "O041": Code(
        "A branch that exists already",
        "A branch begins at a release. One of that name stands at a release of its own, which would be lost.",
        "Work in it with `--env NAME`, take another name, or remove it first: `mainstem branch drop NAME`.",
    ),
    "O042": Code(
        "Not a branch",
        "Only what `mainstem branch create` made can be dropped: an environment that people read from is never thrown "
        "away by a slip.",
        "`mainstem branch list` shows the branches.",
    ),
    "O043": Code(
        "A branch of another text",
        "A promotion brings to readers what somebody could look at before. This branch was built of another text than "
        "the one that lies here: it was not run since the last change, or another state of the files is checked out.",
        "Check out the right text, run the branch once more, compare with `mainstem diff`, then promote.",
    ),
    "O044": Code(
        "An environment promoted to itself",
        "A promotion takes versions over from a branch into another environment.",
        "Name the branch, and with `--to` the environment that gets its versions: `mainstem promote dev --to prod`.",
    ),
    "O045": Code(
        "A release that was cleaned away",
        "`mainstem clean` removes the files of releases that are older than what is to be kept. What they were is "
        "known still, their rows are gone.",
        "`mainstem rollback --list` shows the releases that are there. Keep more of them with `mainstem clean --keep`.",
    ),
    "O046": Code(
        "No branch of git",
        "With `branches: git` commands work in the environment that is named like the branch of git. Here git stands "
        "at a commit of no branch, as in many builds: it is not clear which environment is meant.",
        "Say it: `--env prod`, or the name of a branch.",
    ),
    "O047": Code(
        "Not a length of time or a number of releases",
        "`mainstem clean --keep` says what is kept beside what readers see now: releases of the last days, or so many "
        "of them.",
        "Write `--keep 30d`, `--keep 12h` or `--keep 5`.",
    ),
    "O048": Code(
        "Nothing to compare",
        "`mainstem diff` compares two environments, or two releases, dataset by dataset.",
        "Name environments (`prod`, a branch) or releases (`r000012`), and a dataset that one of them holds.",
    ),
}
