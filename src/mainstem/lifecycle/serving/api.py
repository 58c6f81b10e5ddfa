"""A SELECT with typed parameters, asked by programs: `serving/apis/*.sql`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mainstem.lifecycle.serving.parameter import Parameter, require_names


@dataclass(frozen=True, slots=True)
class Options:
    """Keys of an API's head beyond title, owner and needs. `key`: the columns that name a row of the answer."""

    params: Mapping[str, Parameter] = field(default_factory=dict)
    key: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_names(self.params)
