"""The map: from sources to people, and from column to column, as a picture and as a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

from markupsafe import Markup

from mainstem.console import look
from mainstem.console.layout import Layout, lay_out, longest_path
from mainstem.console.site import Now
from mainstem.console.svg import el, picture
from mainstem.core.dataset import QUARANTINE, Load
from mainstem.core.project import Project
from mainstem.governance.lineage import dataset_of, downstream, is_query, upstream
from mainstem.governance.reach import split_name
from mainstem.orchestration.judge import people_of

STEP, GAP, ROW, HIGH, TOP = 214, 40, 46, 36, 40
"""Width from rank to rank, of it between nodes; height of a row, of it the node; space above for names of ranks."""


@dataclass(frozen=True, slots=True)
class Node:
    """A thing on the map. `kind`: source | dataset | output | requirement | person | column."""

    id: str
    kind: str
    name: str
    small: str
    address: str
    status: str | None = None
    is_root: bool = False

    @property
    def full(self) -> str:
        """Its name where nothing beside it tells the rest."""
        return self.id if self.kind in ("dataset", "column") else self.name


@dataclass(frozen=True, slots=True)
class Chart:
    """Nodes and what leads where. `edges` has for each the word of its class, or "". `ranks` are numbers of columns."""

    nodes: Mapping[str, Node]
    edges: Mapping[tuple[str, str], str]
    ranks: Mapping[str, int]
    titles: Mapping[int, str]


def whole(now: Now) -> Chart:
    """Everything: sources, datasets in the order of their making, outputs, requirements, people."""
    project = now.project
    nodes = {node.id: node for node in (*_sources(project), *_datasets(now), *_outputs(now))}
    edges: dict[tuple[str, str], str] = {}
    for name, dataset in project.datasets.items():
        if isinstance(dataset.made_by, Load):
            edges[f"source:{dataset.made_by.source}", name] = ""
    for name, inputs in now.bound.inputs.items():
        edges |= {(each, name): "" for each in inputs}
    for name, inputs in now.bound.outputs.items():
        edges |= {(each.removesuffix(QUARANTINE), name): "" for each in inputs}
    made = longest_path(nodes, edges)
    last = max((made[name] for name in project.datasets if name in made), default=0)
    ranks = {name: last + 1 if node.kind == "output" else made[name] for name, node in nodes.items()}
    _add_requirements(now, nodes, edges, ranks, last + 2)
    titles = {0: "sources", last + 1: "outputs", last + 2: "requirements", last + 3: "people"}
    titles |= dict.fromkeys(range(2, last + 1), "models") | ({1: "loaded"} if last >= 1 else {})
    return Chart(nodes, edges, ranks, {rank: title for rank, title in titles.items() if rank in ranks.values()})


def _sources(project: Project) -> Iterable[Node]:
    for name, source in project.sources.items():
        yield Node(f"source:{name}", "source", name, source.kind, f"/catalog#source-{quote(name)}")


def _datasets(now: Now) -> Iterable[Node]:
    for name, dataset in now.project.datasets.items():
        kind = "load" if isinstance(dataset.made_by, Load) else dataset.made_by.kind
        yield Node(
            name,
            "dataset",
            name.partition(".")[2],
            f"{dataset.schema} · {kind}",
            f"/catalog/{quote(name)}",
            _worst(now, name),
        )


def _outputs(now: Now) -> Iterable[Node]:
    for name, output in now.project.outputs.items():
        stem = name.partition("/")[2]
        address = (
            f"/dashboards/{quote(stem)}"
            if output.kind == "dashboard"
            else "/openapi.json"
            if output.kind == "api"
            else "/dashboards"
        )
        yield Node(name, "output", output.title or stem, output.kind, address, _worst(now, name))


def _worst(now: Now, name: str) -> str | None:
    """How the requirements stand that measure or bind a thing; None where none does."""
    found = [
        now.judged.verdicts[id].status
        for id, requirement in now.project.requirements.items()
        if not requirement.retired
        and (name in requirement.binds or (requirement.objective and requirement.objective.of == name))
    ]
    return min(found, key=look.ORDER.index, default=None)


def _add_requirements(
    now: Now, nodes: dict[str, Node], edges: dict[tuple[str, str], str], ranks: dict[str, int], rank: int
) -> None:
    for id, requirement in now.project.requirements.items():
        if requirement.retired:
            continue
        status = now.judged.verdicts[id].status
        key = f"requirement:{id}"
        nodes[key] = Node(
            key, "requirement", requirement.title, f"{look.word(status)} · {id}", f"/requirements/{quote(id)}", status
        )
        ranks[key] = rank
        word = status if status in ("violated", "at_risk") else ""
        named = [requirement.objective.of] if requirement.objective else []
        for name in dict.fromkeys((*named, *requirement.binds, *(proof.of for proof in requirement.proofs))):
            found = name.partition("#")[0] if name.partition("#")[0] in nodes else dataset_of(name)
            if found in nodes:
                edges[found, key] = word
        for person in people_of(now.project, id):
            who = f"person:{person}"
            if who not in nodes:
                nodes[who] = _person(now, person)
                ranks[who] = rank + 1
            edges[key, who] = word


def _person(now: Now, id: str) -> Node:
    status = now.judged.stakeholders.get(id)
    item = now.project.stakeholders.get(id)
    title = item.title if item else id
    return Node(f"person:{id}", "person", title, look.word(status or "draft"), f"/#who-{quote(id)}", status)


def columns(now: Now, name: str) -> Chart:
    """One column: what its values come from, what they reach. ProjectError M004, M005 for an unknown name."""
    dataset, column = split_name(now.project, name)
    facts = now.bound.facts
    up, down = upstream(facts, dataset, column), downstream(facts, (dataset, column))
    root = f"{dataset}.{column.lower()}" if column else dataset
    edges: dict[tuple[str, str], str] = {}
    for edge in (*up, *down):
        if edge.origin != edge.target:
            word = f"e-{edge.by}" if edge.by in ("influence", "unresolved") else ""
            edges.setdefault((edge.origin, edge.target), word)
    names = list(dict.fromkeys((root, *(end for edge in edges for end in edge))))
    ranks = longest_path(names, edges)
    nodes = {each: _column(each, is_root=each == root) for each in names}
    return Chart(nodes, edges, ranks, {})


def _column(name: str, *, is_root: bool) -> Node:
    if is_query(name):
        output, _, query = name.partition("#")
        kind, _, stem = output.partition("/")
        address = f"/dashboards/{quote(stem)}" if kind == "dashboards" else "/map"
        return Node(name, "output", query, output, address, is_root=is_root)
    dataset = dataset_of(name)
    column = name[len(dataset) + 1 :]
    address = f"/map?column={quote(name)}" if column else f"/catalog/{quote(dataset)}"
    return Node(name, "column", column or dataset.partition(".")[2], dataset, address, is_root=is_root)


def drawn(chart: Chart, title: str) -> Markup:
    """The chart as a picture whose nodes are links."""
    layout = lay_out(chart.ranks, chart.edges)
    width, height = layout.ranks * STEP - GAP + 2, TOP + layout.rows * ROW
    parts = [el("text", words, x=rank * STEP + 1, y=18, class_="rank") for rank, words in chart.titles.items()]
    pale_first = sorted(layout.paths, key=lambda edge: chart.edges[edge] in ("at_risk", "violated"))
    parts += [_edge(chart, layout, edge) for edge in pale_first]
    parts += [_node(node, *layout.places[id]) for id, node in chart.nodes.items()]
    made = picture(width, height, title, *parts)
    # A picture of links is no image: a reader must be able to walk through them.
    sized = str(made).replace('role="img"', f'role="group" width="{width}" height="{height:.0f}"', 1)
    return Markup(sized)  # noqa: S704 - every part of it was escaped by `el`


def _edge(chart: Chart, layout: Layout, edge: tuple[str, str]) -> Markup:
    rank = layout.places[edge[0]][0]
    heights = [TOP + height * ROW + HIGH / 2 for height in layout.paths[edge]]
    x = rank * STEP + STEP - GAP + 1
    path = f"M{x} {heights[0]:.1f}"
    for number, (here, there) in enumerate(pairwise(heights)):
        if number:
            path += f" H{x}"
            x = (rank + number + 1) * STEP - GAP + 1
            path += f" H{x}"
        path += f" C{x + GAP / 2:.0f} {here:.1f} {x + GAP / 2:.0f} {there:.1f} {x + GAP} {there:.1f}"
        x += GAP
    word = chart.edges[edge]
    named = word if word.startswith("e-") else f"e-{word}" if word else ""
    return el("path", d=path, class_=f"edge {named}".strip(), data_from=edge[0], data_to=edge[1])


def _node(node: Node, rank: int, height: float) -> Markup:
    x, y, width = rank * STEP + 1.0, TOP + height * ROW, float(STEP - GAP)
    root = " root" if node.is_root else ""
    inside = (
        el("title", f"{node.name} ({node.small})"),
        el("rect", x=x, y=y, width=width, height=HIGH, rx=8),
        el("rect", x=x + 5, y=y + 8, width=3, height=HIGH - 16, rx=1.5, class_="tab"),
        el("text", _cut(node.name, 23), x=x + 16, y=y + 16),
        el("text", _cut(node.small, 27), x=x + 16, y=y + 29, class_="small"),
    )
    link = el("a", *inside, href=node.address)
    return el("g", link, class_=f"node n-{node.status or 'none'}{root}", data_id=node.id)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def listed(chart: Chart) -> list[tuple[str, list[tuple[Node, list[str]]]]]:
    """The same as a list: for each rank its nodes, each with the names of what leads to it."""
    above: dict[str, list[str]] = {}
    for origin, target in chart.edges:
        above.setdefault(target, []).append(chart.nodes[origin].full)
    found: dict[str, list[tuple[Node, list[str]]]] = {}
    for id, node in sorted(chart.nodes.items(), key=lambda entry: chart.ranks[entry[0]]):
        title = chart.titles.get(chart.ranks[id], f"step {chart.ranks[id] + 1}")
        found.setdefault(title, []).append((node, above.get(id, [])))
    return list(found.items())
