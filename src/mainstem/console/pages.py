"""One function a page: what was asked for, in, and the page out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.requests import Request as Asked
from starlette.responses import JSONResponse, Response

from mainstem.console import catalog as datasets
from mainstem.console import dashboard as one_dashboard
from mainstem.console import look
from mainstem.console import map as charted
from mainstem.console import requirement as one
from mainstem.console.board import board as made_board
from mainstem.console.exits import exit_of
from mainstem.console.fresh import fresh
from mainstem.console.site import SHOWN_RUNS, Now, Site, unknown
from mainstem.core.dataset import QUARANTINE
from mainstem.core.evidence import Evidence
from mainstem.core.output import Output
from mainstem.core.problem import MainstemError, Problem
from mainstem.core.requirement import Requirement
from mainstem.core.words import counted
from mainstem.ledger.holder import is_alive
from mainstem.lifecycle.serving.request import Answer, Request
from mainstem.orchestration.judge import people_of
from mainstem.orchestration.passed import check_of, in_words, passed
from mainstem.orchestration.told import told
from mainstem.sql.quote import qualified

QUERY_ROWS = 500
QUERY_BYTES = 100_000
"""What is read of a visitor's query at most."""


@fresh
def board(site: Site, asked: Asked, seen: str) -> Response:
    """The scoreboard; `?status=` shows only those that stand so."""
    chosen = asked.query_params.get("status")
    chosen = chosen if chosen in look.ORDER else None
    now = site.now()
    made = made_board(now, site.ledger.runs(site.desk.env, 1), chosen)
    said = run_word(made.run) if made.run else ""
    return site.page(asked, "board.html", "/", "Scoreboard", board=made, chosen=chosen, run_word=said, seen=seen)


def run_word(run: Mapping[str, Any]) -> str:
    """How a run stands, in a few words."""
    if run["finished_at"] is None:
        return "under way" if is_alive(run["holder"]) else "killed; the next run carries on"
    summary = run["summary"] or {}
    if run["status"] == "published" and summary.get("release"):
        return f"published {summary['release']}"
    return {"unchanged": "nothing new"}.get(str(run["status"]), str(run["status"]))


def requirement(site: Site, asked: Asked) -> Response:
    """One requirement. ProjectError V025 for an id that nothing has."""
    now = site.now()
    id = asked.path_params["id"]
    item = now.project.item(id)
    if not isinstance(item, Requirement):
        raise unknown("requirement", id, list(now.project.requirements))
    made = one.page(now, item.id)
    return site.page(asked, "requirement.html", "/", item.title, page=made, counted=one.counted, facts=one.facts)


def map_(site: Site, asked: Asked) -> Response:
    """From sources to people; `?column=schema.table.column` follows one column."""
    now = site.now()
    column = asked.query_params.get("column", "").strip()
    chart = charted.columns(now, column) if column else charted.whole(now)
    names = [f"{name}.{field.name}" for name, fields in now.bound.fields.items() for field in fields or ()]
    title = f"Lineage of {column}" if column else "Map"
    picture = charted.drawn(chart, title)
    listed = charted.listed(chart)
    return site.page(asked, "map.html", "/map", title, picture=picture, listed=listed, column=column, names=names)


def catalog(site: Site, asked: Asked) -> Response:
    """All datasets, or with `?q=` those in whose name, meaning or columns every word occurs."""
    said = asked.query_params.get("q", "").strip()
    found = datasets.entries(site.now(), site.ledger, said.lower().split())
    return site.page(asked, "catalog.html", "/catalog", "Catalog", entries=found, words=said)


def dataset(site: Site, asked: Asked) -> Response:
    """One dataset, with a few rows of it through the gate."""
    now = site.now()
    name = asked.path_params["name"]
    made = datasets.page(now, site.ledger, name)
    answer: Answer | None = None
    refused: tuple[Problem, ...] = ()
    is_there = made.version is not None and (not name.endswith(QUARANTINE) or made.version.quarantine is not None)
    if is_there:
        request = Request(
            exit_of("/catalog/{name}"), f"select * from {qualified(made.described.name)}", datasets.SAMPLE
        )
        try:
            answer = site.timed(made.described.name, request, lambda: site.desk.ask(request))
        except MainstemError as error:
            refused = _without_places(error)
    treated = one_dashboard.treated(answer) if answer else {}
    given: dict[str, Any] = {"page": made, "answer": answer, "refused": refused, "treated": treated}
    return site.page(asked, "dataset.html", "/catalog", made.described.name, **given)


@fresh
def runs(site: Site, asked: Asked, seen: str) -> Response:
    """The newest runs."""
    found = site.ledger.runs(site.desk.env, SHOWN_RUNS)
    given: dict[str, Any] = {"runs": found, "run_word": run_word, "run_status": _run_status, "lengths": _lengths(site)}
    return site.page(asked, "runs.html", "/runs", "Runs", **given, seen=seen)


def _told(site: Site, asked: Asked) -> str:
    """How far a run's steps are, as one word."""
    steps = told(site.desk.root, asked.path_params["id"])
    return sha256(repr(steps).encode()).hexdigest()[:8] if steps else ""


@partial(fresh, also=_told)
def run(site: Site, asked: Asked, seen: str) -> Response:
    """One run: its steps with their reasons, and what its checks found. ProjectError V025 for an unknown id.

    While it is under way, what is ready so far, and how far steps are that take long.
    """
    id = asked.path_params["id"]
    found = site.ledger.runs(site.desk.env, 100_000)
    wanted = next((each for each in found if each["run"] == id), None)
    if wanted is None:
        raise unknown("run", id, [each["run"] for each in found[:50]])
    now = site.now()
    is_under_way = wanted["finished_at"] is None
    given: dict[str, Any] = {
        "run": wanted,
        "run_word": run_word,
        "long": told(site.desk.root, id) if is_under_way and is_alive(wanted["holder"]) else {},
        "ready": _ready(site, id) if is_under_way else [],
        "seen": seen if is_under_way else None,
        "length": _lengths(site).get(id),
        "steps": _steps(wanted["summary"] or {}),
        "kept": _kept(wanted["summary"] or {}),
        "measured": _measured(now, id),
    }
    return site.page(asked, "run.html", "/runs", f"Run {id}", **given)


def _measured(now: Now, run: str) -> list[tuple[str, str, str, str]]:
    """Dataset, check, status and words of what a run measured; partitions that came out alike are one, the newest."""
    found: dict[tuple[str, str, str], list[Evidence]] = {}
    for row in now.judged.evidence.values():
        check = check_of(now.project, row) if row.run == run and row.kind == "measured" else None
        if check is not None:
            key = row.subject, check.id, datasets.status_of(check, passed(check, row))
            found.setdefault(key, []).append(row)
    said = [(*key, _in_words(rows, holds=key[2] == "met")) for key, rows in found.items()]
    return sorted(said, key=lambda each: look.ORDER.index(each[2]))


def _in_words(rows: list[Evidence], *, holds: bool) -> str:
    newest = max(rows, key=lambda row: row.label or "")
    others = f", and on {len(rows) - 1} more" if len(rows) > 1 else ""
    return in_words(newest, holds=holds) + others


def _ready(site: Site, run: str) -> list[Evidence]:
    """The versions that a run has made or looked at so far."""
    return [row for row in site.ledger.evidence(env=site.desk.env, kinds=["version"]) if row.run == run]


def _steps(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    rejected = summary.get("rejected") or {}
    return [{**step, "rejected": rejected.get(step["dataset"])} for step in summary.get("did") or ()]


def _kept(summary: Mapping[str, Any]) -> str:
    counts = summary.get("steps") or {}
    same = sum(counts.get(each, 0) for each in ("unchanged", "kept"))
    return f"{counted(same, 'step')} more had nothing new." if same else ""


def _lengths(site: Site) -> dict[str, Any]:
    """Seconds of work by run."""
    rows = site.ledger.evidence(env=site.desk.env, kinds=["run"])
    return {row.run: row.value for row in rows if row.run is not None}


def _run_status(run: Mapping[str, Any]) -> str:
    if run["finished_at"] is None:
        return "at_risk" if is_alive(run["holder"]) else "violated"
    return {"published": "met", "failed": "violated"}.get(str(run["status"]), "draft")


def dashboards(site: Site, asked: Asked) -> Response:
    """All outputs; dashboards can be opened."""
    now = site.now()
    found: dict[str, list[tuple[Output, list[tuple[str, str]]]]] = {}
    for output in now.project.outputs.values():
        found.setdefault(output.kind, []).append((output, _served_by(site, output)))
    return site.page(asked, "dashboards.html", "/dashboards", "Dashboards", kinds=found)


def _served_by(site: Site, output: Output) -> list[tuple[str, str]]:
    """Requirements that an output serves, each with how it stands."""
    now = site.now()
    return [
        (id, now.judged.verdicts[id].status)
        for id, each in now.project.requirements.items()
        if not each.retired
        and (output.name in each.binds or any(proof.of.partition("#")[0] == output.name for proof in each.proofs))
    ]


def dashboard(site: Site, asked: Asked) -> Response:
    """One dashboard. ProjectError V025 for a name that nothing has."""
    now = site.now()
    name = asked.path_params["name"]
    output = now.project.outputs.get(f"dashboards/{name}")
    if output is None:
        known = [each.partition("/")[2] for each in now.project.outputs if each.startswith("dashboards/")]
        raise unknown("dashboard", name, known)
    made = one_dashboard.page(site, now, output, dict(asked.query_params))
    serves = _served_by(site, output)
    ids = dict.fromkeys(person for id, _ in serves for person in people_of(now.project, id))
    needed = (now.project.needs[need].stakeholder for need in output.needs if need in now.project.needs)
    people = [
        now.project.stakeholders[id].title for id in dict.fromkeys((*ids, *needed)) if id in now.project.stakeholders
    ]
    title = output.title or name
    status = 400 if any(problem.code == "V020" for problem in made.problems) else 200
    return site.page(asked, "dashboard.html", "/dashboards", title, status, page=made, serves=serves, people=people)


async def query(site: Site, asked: Asked) -> Response:
    """A visitor's SELECT: written down by GET, run by POST."""
    if asked.method != "POST":
        return await asyncio.to_thread(_query_page, site, asked, asked.query_params.get("sql", ""), None, ())
    body = b""
    async for part in asked.stream():
        body += part
        if len(body) > QUERY_BYTES:
            problem = Problem("V026", f"the query is longer than {QUERY_BYTES:,} bytes", "ask for less at once")
            return await asyncio.to_thread(_query_page, site, asked, "", None, (problem,))
    sql = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).get("sql", [""])[0]
    return await asyncio.to_thread(_run_query, site, asked, sql)


def _run_query(site: Site, asked: Asked, sql: str) -> Response:
    sql = sql.replace("\r\n", "\n")
    if not sql.strip():
        return _query_page(site, asked, sql, None, ())
    request = Request(exit_of("/query"), sql, QUERY_ROWS)
    try:
        return _query_page(site, asked, sql, site.timed("console", request, lambda: site.desk.ask(request)), ())
    except MainstemError as error:
        return _query_page(site, asked, sql, None, error.problems)


def _query_page(site: Site, asked: Asked, sql: str, answer: Answer | None, problems: tuple[Problem, ...]) -> Response:
    served = site.desk.newest
    schemas: dict[str, list[str]] = {}
    for name in served.release.versions if served else ():
        schemas.setdefault(name.partition(".")[0], []).append(name)
    given: dict[str, Any] = {
        "sql": sql,
        "answer": answer,
        "treated": one_dashboard.treated(answer) if answer else {},
        "problems": [_taught(problem, sql) for problem in problems],
        "limit": QUERY_ROWS,
        "schemas": schemas,
    }
    return site.page(asked, "query.html", "/query", "Query", 400 if problems else 200, **given)


def _taught(problem: Problem, sql: str) -> str:
    """A problem as the command line teaches it: fact, the line it is about, the way out."""
    place = problem.place
    lines = sql.split("\n")
    said = [f"{problem.code} {problem.what}"]
    if place is not None and 0 < place.line <= len(lines):
        line = lines[place.line - 1]
        said += [f"{place.line:>5} | {line}", f"      | {' ' * max(0, place.column - 1)}^"]
    return "\n".join([*said, f"   mend: {problem.mend}"])


def _without_places(error: MainstemError) -> tuple[Problem, ...]:
    return tuple(Problem(each.code, each.what, each.mend) for each in error.problems)


def things(site: Site) -> list[dict[str, str]]:
    """Everything that can be searched for, with its address."""
    project = site.now().project
    found = [
        _thing("requirement", id, each.title, f"/requirements/{quote(id)}") for id, each in project.requirements.items()
    ]
    found += [_thing("dataset", name, name, f"/catalog/{quote(name)}") for name in project.datasets]
    for name, output in project.outputs.items():
        address = f"/{quote(name)}" if output.kind == "dashboard" else "/dashboards"
        found.append(_thing(output.kind, name, output.title, address))
    return found


def search_json(site: Site, asked: Asked) -> Response:  # noqa: ARG001 - a page like the others
    """Everything that can be searched for, as JSON data: the names that people wrote, no rows."""
    return JSONResponse({"things": things(site)})


def _thing(kind: str, name: str, title: str, address: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "title": title, "address": address}


def search(site: Site, asked: Asked) -> Response:
    """What is called so: every word must occur in its name or title."""
    said = asked.query_params.get("q", "").strip()
    words = said.lower().split()
    found = [
        each
        for each in things(site)
        if words and all(word in f"{each['name']} {each['title']}".lower() for word in words)
    ]
    return site.page(asked, "search.html", "", "Search", words=said, found=found)
