"""Codes K...: the lake."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "K001": Code(
        "A type that the lake cannot store",
        "Tables are kept in Delta, which every engine reads; a type that it does not have would be changed or lost.",
        "Cast it in the SELECT: an INTERVAL to a number of seconds (`epoch(x)`), a BIT or a UNION to VARCHAR.",
    ),
    "K002": Code(
        "A column name that the lake cannot store",
        "Delta forbids blanks and any of `,;{}()=` in names, and names that differ by case only.",
        "Give the column a plain name: `count(*) as flights`.",
    ),
    "K003": Code(
        "A table that another writer left in a state that cannot be read or written rightly",
        "Tables of the lake are read as plain Parquet files. Deletion vectors, mapped column names, partition columns "
        "and the like change what those files mean; read as plain files they would give wrong answers.",
        "Rewrite the table with the other tool without that feature, or move its folder away and build it anew.",
    ),
    "K004": Code(
        "Somebody else committed to the table first",
        "A commit goes to exactly the version after the one it was computed from. When that version is taken, the "
        "result may be out of date, and nothing of it is kept.",
        "Run again. If another tool writes to this table, give it a table of its own.",
    ),
    "K005": Code(
        "A change does not fit the table",
        "Every file that a commit adds must exist with its size, every file that it removes must be in the version "
        "below it. Delta itself checks neither; a table that names missing files cannot be read.",
        "Run again. If it stays, `mainstem doctor` says which files are missing; restore them from a backup.",
    ),
    "K006": Code(
        "The lake's disk is full",
        "The commit could not be written. No table has changed; files of the attempt are swept by the next run.",
        "Free space on that disk and run again.",
    ),
    "K007": Code(
        "The lake may not be written",
        "The folder or the disk is read-only for this user.",
        "Give the user write permission on the lake's folder, or mount it writable.",
    ),
    "K008": Code(
        "The lake's disk cannot be read or written",
        "The operating system reports a fault of the disk, or the folder is gone.",
        "See that the disk is mounted and whole, then run again: what was committed stays.",
    ),
    "K009": Code(
        "A version that the table does not have",
        "Releases name versions of tables; this one is missing from the table's log, or lies above its newest.",
        "`mainstem doctor` compares the releases with the lake. Restore the table's folder from a backup.",
    ),
    "K010": Code(
        "A column would change its type within a table",
        "Old files hold the old type. Files of both types in one table cannot be read by other tools.",
        "Rewrite the whole table in one go (`write: replace`, or a full rebuild), or begin a new table.",
    ),
    "K011": Code(
        "A lake that belongs to another ledger",
        "Leases live in the ledger. Two ledgers over one lake would let two runs write the same table at once.",
        "Point `ledger:` at the lake's own ledger, or `lake:` at a folder of its own. If the lake's ledger is lost, "
        "and only then, rebuild it: `mainstem doctor --rebuild-ledger`.",
    ),
    "K012": Code(
        "A torn entry in a table's log",
        "Entries appear whole or not at all, unless the power fails or the disk loses data. What was published is on "
        "the disk before anybody is told, so a torn newest entry belongs to no release.",
        "If it is the newest entry of its folder, delete it and run again. Otherwise restore it from a backup.",
    ),
    "K013": Code(
        "A lake that is gone",
        "The ledger knows runs, and each of them found its mark in the lake. Without the mark this is an empty disk, "
        "another folder, or what is left of the lake. A run would call tables unchanged that are not there, and write "
        "others under the names of versions that are released.",
        "Mount the lake, restore it from a copy, or point `lake:` at it. If it is lost, move the ledger away too: the "
        "next run begins anew.",
    ),
}
