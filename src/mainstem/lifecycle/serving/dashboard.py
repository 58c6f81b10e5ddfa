"""A page of Markdown with SQL blocks: `serving/dashboards/*.md`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mainstem.lifecycle.serving.parameter import Parameter, require_names


@dataclass(frozen=True, slots=True)
class Options:
    """Keys of a dashboard's front matter beyond title, owner and needs."""

    params: Mapping[str, Parameter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_names(self.params)
