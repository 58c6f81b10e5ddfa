"""Physical tables of the lake: the door of this package. Each name's promise stands where it is defined."""

from mainstem.lifecycle.storage.attempts import committed, fence, sweep
from mainstem.lifecycle.storage.cleaning import data_files, needed_files, remove_table
from mainstem.lifecycle.storage.committing import commit, needs_new_table
from mainstem.lifecycle.storage.copies import keep_copy, read_copies
from mainstem.lifecycle.storage.durability import sync
from mainstem.lifecycle.storage.facts import identity_of as facts
from mainstem.lifecycle.storage.forking import fork
from mainstem.lifecycle.storage.inventory import releases, traces
from mainstem.lifecycle.storage.merging import files_touched
from mainstem.lifecycle.storage.places import (
    claim,
    forget_manifest,
    is_left,
    manifests,
    next_table,
    owner_of,
    paths,
    read_manifest,
    table_folder,
    write_manifest,
)
from mainstem.lifecycle.storage.quarantine import commit_rejects, ever_set_aside, quarantine_at, replay_rejects
from mainstem.lifecycle.storage.reading import has_version, snapshot

__all__ = [
    "claim",
    "commit",
    "commit_rejects",
    "committed",
    "data_files",
    "ever_set_aside",
    "facts",
    "fence",
    "files_touched",
    "forget_manifest",
    "fork",
    "has_version",
    "is_left",
    "keep_copy",
    "manifests",
    "needed_files",
    "needs_new_table",
    "next_table",
    "owner_of",
    "paths",
    "quarantine_at",
    "read_copies",
    "read_manifest",
    "releases",
    "remove_table",
    "replay_rejects",
    "snapshot",
    "sweep",
    "sync",
    "table_folder",
    "traces",
    "write_manifest",
]
