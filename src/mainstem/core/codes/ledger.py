"""Codes L...: the ledger."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "L001": Code(
        "A dataset that another run is writing",
        "A dataset of an environment has one writer at a time: the run that holds its lease. Two at once would each "
        "continue from the same version, and one of them would work in vain.",
        "Wait until the other run ends, let `mainstem run --wait` do the waiting, or end the process that is named. "
        "The lease of a process that has died, or that no longer renews it, is taken over without asking.",
    ),
    "L002": Code(
        "A run that lost its lease",
        "A run that slept past the end of its lease (a suspended laptop, a stopped process) may have been replaced. "
        "What it brings now is not recorded, so that two runs never speak for one dataset.",
        "Run again. The next run looks into the table, keeps what was committed, and does the rest.",
    ),
    "L003": Code(
        "An environment that moved meanwhile",
        "A release follows the one that its run began from. If another run, a promotion or a rollback moved the "
        "environment in between, publishing would silently undo that move.",
        "Run again: the next run begins from where the environment stands now, and keeps finished work.",
    ),
    "L004": Code(
        "A ledger that stays locked",
        "One process writes to the ledger at a time, for a few milliseconds. Somebody kept it locked for as long as "
        "this process was ready to wait.",
        "Run again. If it stays so, see who has the file open (`fuser .mainstem/ledger.sqlite`): a stopped process, a "
        "database browser with an open transaction, or a backup tool that locks files.",
    ),
    "L005": Code(
        "A ledger that cannot be read",
        "The file of the ledger is damaged, or is no SQLite database. Nothing is written to it, so that nothing that "
        "can still be saved is lost.",
        "Keep a copy of the file and of its neighbours `-wal` and `-shm`. Then bring back a backup, or rebuild the "
        "ledger from the lake, which has a copy of it up to the last publication: `mainstem doctor --rebuild-ledger`.",
    ),
    "L006": Code(
        "A ledger that cannot be opened or written",
        "The ledger is a file that mainstem creates and writes, with two more beside it while it is in use; its folder "
        "must be writable too.",
        "Give this user the right to write in the folder, or name another path: `ledger: path/ledger.sqlite` in "
        "mainstem.yml.",
    ),
    "L007": Code(
        "A ledger of a newer mainstem",
        "A newer version has added tables to this ledger. An older one that wrote to it could leave them incomplete.",
        "Upgrade mainstem on this machine to the version that is named, or a later one.",
    ),
    "L008": Code(
        "No room left for the ledger",
        "The disk, or the quota of this user, is full. What was recorded before is whole; what was being written now "
        "was taken back.",
        "Free some space on the disk of the ledger, then run again: finished steps are kept.",
    ),
    "L009": Code(
        "A physical table of another environment",
        "A physical table has one writing environment. If a second one wrote to it, the versions of both would mix in "
        "one log and neither could be rolled back alone.",
        "Run again: the plan then sees who owns the table, and this environment goes on in a table of its own.",
    ),
    "L010": Code(
        "An id that fits several releases",
        "The beginning of an id names a release only if no other release begins so.",
        "Write the whole id, or the release's number: `42` or `r42`.",
    ),
    "L011": Code(
        "A run that the ledger knows otherwise",
        "A run begins once and ends once. A second beginning under the same name, or an end that contradicts the one "
        "recorded, would falsify the history.",
        "Run again, which begins a run of a new name. `mainstem status` shows what was recorded of the old one.",
    ),
    "L012": Code(
        "A release that exists already",
        "A release never changes once it is published, and ids and numbers are given out once.",
        "Run again: the next run is given an id of its own.",
    ),
    "L013": Code(
        "A disk that refuses",
        "The operating system could not read or write the ledger. What was recorded before is whole; what was being "
        "written now was taken back.",
        "Look at the disk and the system's log. If the ledger lies on a network share, move it to a local disk: shares "
        "do not lock reliably.",
    ),
    "L014": Code(
        "A database that is no ledger",
        "The path of the ledger leads to a SQLite database of somebody else. Nothing is written to it.",
        "Name another path in mainstem.yml: `ledger: .mainstem/ledger.sqlite` is the default.",
    ),
    "L015": Code(
        "A release that does not exist",
        "An environment can only stand at a release of this ledger.",
        "Take one of those that `mainstem rollback --list` shows.",
    ),
    "L016": Code(
        "A ledger that is missing while its lake is there",
        "The lake has published releases, and says whose ledger it belongs to; the ledger's file is missing or empty. "
        "A new ledger in place of the lost one would forget them, and its leases would protect nothing.",
        "If the ledger lies elsewhere, point `ledger:` in mainstem.yml at it. If it is lost, bring back a backup, or "
        "rebuild it from what each publication copied into the lake: `mainstem doctor --rebuild-ledger`. What lay "
        "between the last copy and now is a gap: requirements that hang on it are unverified.",
    ),
    "L017": Code(
        "A sound ledger that would be replaced",
        "A ledger is rebuilt only where it is missing or broken: what is rebuilt knows less than the ledger itself.",
        "Keep it. To rebuild all the same, move the file and its neighbours `-wal` and `-shm` to another folder first.",
    ),
    "L018": Code(
        "A lake from which no ledger can be rebuilt",
        "The lake carries no mark of a ledger: no run ever wrote to it.",
        "See that `lake:` in mainstem.yml names the right folder. A project that never ran needs no ledger.",
    ),
}
