"""Ways out (outputs) and who may see what (policies), as people wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstem.core.place import Place


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT inside an output; `name` is the block's name, or the output's own. `sql` is padded with blank
    lines and spaces so that its places are those of the file."""

    name: str
    sql: str
    place: Place


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture in a dashboard, of the rows of one of its blocks.

    `kind`: line | bar | area | point, or vega-lite, whose `spec` says all but the data. `data` is a block's name. `x`,
    `y` and `series` are columns of it, each with its place in `places`. `text` is what stands between the fences.
    """

    kind: str
    data: str
    place: Place
    text: str
    x: str = ""
    y: tuple[str, ...] = ()
    series: str | None = None
    title: str = ""
    spec: Mapping[str, Any] | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Output:
    """A way out of the lake. `name` is folder and stem, such as `dashboards/morning-delays`.

    `kind`: dashboard | api | metric | training | sync. `needs` are the ids of the needs it serves.
    `queries` are its SELECTs and `charts` pictures of their rows; `options` everything else of its file, as written.
    `role` and `purpose` are those of the policy under which it is read; without a role nothing tagged leaves by it.
    """

    name: str
    kind: str
    place: Place
    title: str = ""
    owner: str | None = None
    needs: tuple[str, ...] = ()
    queries: tuple[Query, ...] = ()
    options: Mapping[str, Any] | None = None
    text: str = ""
    role: str | None = None
    purpose: str | None = None
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    name: str
    members: tuple[str, ...]
    purposes: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Grant:
    role: str
    on: tuple[str, ...]
    actions: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a role sees columns of a tag. `as_`: clear | null | redact | partial | hash | bucket | drop."""

    role: str
    tag: str
    as_: str
    place: Place
    purposes: tuple[str, ...] = ()
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowFilter:
    role: str
    on: tuple[str, ...]
    where: str
    place: Place


@dataclass(frozen=True, slots=True)
class Policy:
    """The content of `policies/access.yml`. `tags` maps each declared tag to its default (`deny` or a treatment)."""

    roles: tuple[Role, ...] = ()
    tags: Mapping[str, str] | None = None
    grants: tuple[Grant, ...] = ()
    treat: tuple[Treatment, ...] = ()
    rows: tuple[RowFilter, ...] = ()
