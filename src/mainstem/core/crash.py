"""Named crash points, so that tests can kill the process between any two lines of the step's protocol."""

from __future__ import annotations

import os
import signal

POINTS = (
    "after-lease",
    "after-compute",
    "after-check",
    "after-sync",
    "after-commit",
    "after-quarantine",
    "after-record",
    "before-publish",
    "inside-publish",
    "after-publish",
    "inside-copy",
    "after-copy",
    "after-evaluate",
)
"""Every point, in the order of a run. The first seven happen once a step, the others once a run."""

DELIVERY_POINTS = ("before-send", "after-send", "after-acknowledge")
"""Points of a delivery; they happen once a batch, and their subject is the sync."""


CLEANING_POINTS = ("after-give-up", "after-retire", "inside-remove")
"""Points of a cleaning; the last one happens once a table, and its subject is the table."""


def point(name: str, subject: str = "") -> None:
    """Kill this process, as `kill -9` would, if MAINSTEM_CRASH_AT is `name` or `name:subject`."""
    wanted = os.environ.get("MAINSTEM_CRASH_AT")
    if wanted and wanted in (name, f"{name}:{subject}"):
        os.kill(os.getpid(), signal.SIGKILL)
