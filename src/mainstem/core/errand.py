"""What a run may be for, other than to bring everything up to date."""

from __future__ import annotations

from typing import TypeAlias

from mainstem.core.promotion import Promotion
from mainstem.core.run import Review
from mainstem.core.span import Again

Errand: TypeAlias = Again | Review | Promotion
"""Rows of one dataset that are read again, or were set aside and are looked at again, and what is made of it
follows; or versions that are adopted from a branch."""
