"""The map: from sources to people, and from column to column, as a picture and as a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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

GAP, ROW, HIGH, TOP = 22, 60, 52, 40
"""Width between ranks; height of a row, of it the node; space that the names of ranks take above."""

LETTER, SMALL, BESIDE = 6.7, 6.1, 22
"""Width of a letter of a name and of the small words below it, and of what stands beside them in a node."""

LEAST, MOST = 84, 132
"""How narrow and how wide a rank may be."""

WIDEST = {"requirement": 196, "output": 142, "column": 170}
"""How wide a rank may be for nodes of these kinds."""

SHRINKS = 1_230
"""A picture up to this width shrinks to a laptop's screen and can be read there; a wider one is moved sideways."""


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

    @property
    def top(self) -> int:
        """The space above, for the names of ranks where there are any."""
        return TOP if self.titles else 4


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
        stem, status = name.partition(".")[2], _worst(now, name)
        yield Node(name, "dataset", stem, dataset.schema, f"/catalog/{quote(name)}", status)


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


Ranks = Sequence[tuple[float, float]]
"""Left and right end of each rank."""


def drawn(chart: Chart, title: str) -> Markup:
    """The chart as a picture whose nodes are links."""
    layout = lay_out(chart.ranks, chart.edges)
    ranks = _ranks(chart, layout.ranks)
    width, height = (ranks[-1][1] if ranks else 0) + 2, chart.top + layout.rows * ROW
    parts = [el("text", words, x=ranks[rank][0], y=18, class_="rank") for rank, words in chart.titles.items()]
    pale_first = sorted(layout.paths, key=lambda edge: chart.edges[edge] in ("at_risk", "violated"))
    parts += [_edge(chart, layout, ranks, edge) for edge in pale_first]
    parts += [_node(node, ranks[chart.ranks[id]], layout.places[id][1], chart.top) for id, node in chart.nodes.items()]
    made = picture(width, height, title, *parts, class_="shrinks" if width <= SHRINKS else "")
    # A picture of links is no image: a reader must be able to walk through them.
    sized = str(made).replace('role="img"', f'role="group" width="{width:.0f}" height="{height:.0f}"', 1)
    return Markup(sized)  # noqa: S704 - every part of it was escaped by `el`


def _ranks(chart: Chart, count: int) -> Ranks:
    """As wide as the names in a rank need in two lines, within bounds."""
    widths = [float(LEAST)] * count
    for id, node in chart.nodes.items():
        rank = chart.ranks[id]
        widths[rank] = max(widths[rank], min(_wanted(node), WIDEST.get(node.kind, MOST)))
    found, left = [], 1.0
    for width in widths:
        found.append((left, left + width))
        left += width + GAP
    return found


def _wanted(node: Node) -> float:
    """The width with which a node's name fits into two lines, and the words below it into one."""
    words = node.name.split()
    ends = range(len(words) + 1)
    longest = min(max(len(" ".join(words[:end])), len(" ".join(words[end:]))) for end in ends)
    small = 0 if node.kind == "requirement" else len(node.small)
    return BESIDE + max(longest * LETTER, small * SMALL)


def _edge(chart: Chart, layout: Layout, ranks: Ranks, edge: tuple[str, str]) -> Markup:
    """A line that bends between ranks, and runs level where it passes one."""
    first = layout.places[edge[0]][0]
    heights = [chart.top + height * ROW + HIGH / 2 for height in layout.paths[edge]]
    path = f"M{ranks[first][1]:.0f} {heights[0]:.1f}"
    for number, (here, there) in enumerate(pairwise(heights), first):
        right, left = ranks[number][1], ranks[number + 1][0]
        middle = (right + left) / 2
        path += f" H{right:.0f} C{middle:.0f} {here:.1f} {middle:.0f} {there:.1f} {left:.0f} {there:.1f}"
    word = chart.edges[edge]
    named = word if word.startswith("e-") else f"e-{word}" if word else ""
    return el("path", d=path, class_=f"edge {named}".strip(), data_from=edge[0], data_to=edge[1])


def _node(node: Node, ends: tuple[float, float], height: float, top: int) -> Markup:
    x, y, width = ends[0], top + height * ROW, ends[1] - ends[0]
    lines = _lines(node.name, int((width - BESIDE) / LETTER + 0.01))
    fits = int((width - BESIDE) / SMALL + 0.01)
    small = _cut(node.small if len(node.small) <= fits else node.small.partition(" · ")[0], fits)
    first = y + HIGH / 2 - 7 * len(lines) + 4
    inside = (
        el("title", f"{node.name} ({node.small})"),
        el("rect", x=x, y=y, width=width, height=HIGH, rx=8),
        el("rect", x=x + 5, y=y + 8, width=3, height=HIGH - 16, rx=1.5, class_="tab"),
        *(el("text", line, x=x + 14, y=first + 14 * number) for number, line in enumerate(lines)),
        el("text", small, x=x + 14, y=first + 14 * len(lines) - 1, class_="small"),
    )
    link = el("a", *inside, href=node.address)
    return el("g", link, class_=f"node n-{node.status or 'none'}{' root' if node.is_root else ''}", data_id=node.id)


def _lines(text: str, longest: int) -> list[str]:
    """A name in one line or two, the second one cut where it is still too long.

    >>> _lines("Every scheduled departure is in the table", 18)
    ['Every scheduled', 'departure is in…']
    """
    words = text.split()
    first = words[:1]
    while len(first) < len(words) and len(" ".join(words[: len(first) + 1])) <= longest:
        first = words[: len(first) + 1]
    rest = " ".join(words[len(first) :])
    return [_cut(line, longest) for line in (" ".join(first), rest) if line]


def _cut(text: str, longest: int) -> str:
    """A text that is too long ends before the word that does not fit, or within the only one."""
    if len(text) <= longest:
        return text
    fitting = text[: longest - 1]
    return (fitting.rpartition(" ")[0] or fitting).rstrip() + "…"


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
