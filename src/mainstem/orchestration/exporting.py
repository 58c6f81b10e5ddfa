"""Exports a training set from a release into a folder, or again from its manifest."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from mainstem.core.clock import Clock
from mainstem.core.dataset import QUARANTINE
from mainstem.core.evidence import Evidence
from mainstem.core.output import Output
from mainstem.core.ports import Ledger
from mainstem.core.problem import Problem, ProjectError, nearest
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.governance.lineage import query_name
from mainstem.lifecycle.serving.beside import whole
from mainstem.lifecycle.serving.examples import examples_sql
from mainstem.lifecycle.serving.manifest import Recipe, require_same, write_set
from mainstem.lifecycle.serving.request import Request
from mainstem.lifecycle.serving.training import options_of
from mainstem.orchestration.opening import open_engine
from mainstem.orchestration.reading import ask, bound_to, current_release


def export(
    project: Project, ledger: Ledger, clock: Clock, release: Release, name: str, folder: Path, *, force: bool = False
) -> Mapping[str, Any]:
    """Write the training set `name` of a release into `folder`, all or nothing; returns its manifest.

    ProjectError V044 for an unknown set, V048 for one that no rerun repeats, V045 for a folder in use, and what the
    gate refuses. WorldError V042, V043, V049.
    """
    output = _training(project, name)
    _require_repeatable(project, release, output)
    options = options_of(output.options or {})
    keys = {each.from_: project.datasets[each.from_].key for each in options.as_of if each.from_ in project.datasets}
    select = examples_sql(options, output.queries[0].sql.strip().rstrip(";"), project.timezone, keys)
    recipe = Recipe(
        output.name,
        release.env,
        release.id,
        select,
        output.options or {},
        project.timezone,
        output.role,
        output.purpose,
    )
    return _write(project, ledger, clock, release, recipe, folder, force=force)


def reproduce(
    project: Project, ledger: Ledger, clock: Clock, manifest: Mapping[str, Any], folder: Path, *, force: bool = False
) -> Mapping[str, Any]:
    """Make the set of a manifest again in `folder`: its SELECT, over its release, under the policy of today.

    WorldError V047 if that gives another set: nothing is left then. Otherwise as `export`, and ProjectError C007 if
    there is no such release.
    """
    output = _training(project, manifest["training"])
    release = current_release(ledger, manifest["env"], manifest["release"])
    recipe = Recipe(
        output.name,
        release.env,
        release.id,
        manifest["select"],
        manifest["definition"],
        manifest["parameters"]["timezone"],
        output.role,
        output.purpose,
    )
    return _write(project, ledger, clock, release, recipe, folder, force=force, wanted=manifest)


def _write(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    release: Release,
    recipe: Recipe,
    folder: Path,
    *,
    force: bool,
    wanted: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    # One thread, so that sums of floating point numbers are the same each time.
    calm = replace(project, settings=replace(project.settings, threads=1))
    with whole(folder, recipe.training, force=force) as made:
        rows = made / "rows.parquet"
        request = Request(
            "training",
            recipe.select,
            sys.maxsize // 2,
            release=release.id,
            role=recipe.role,
            purpose=recipe.purpose,
            action="export",
            into=rows,
        )
        answer = ask(calm, ledger, clock, release, request)
        versions = {name: release.versions[name.removesuffix(QUARANTINE)].id for name in answer.audit.datasets}
        with closing(open_engine(calm)) as engine, closing(engine.session()) as session:
            manifest = write_set(session, rows, made, recipe, versions)
        rows.unlink()
        if wanted is not None:
            require_same(manifest, wanted)
    at = clock.now()
    facts = {"digest": manifest["digest"], "rows": manifest["rows"]}
    count = Decimal(manifest["rows"])
    told = Evidence(
        "delivered", recipe.training, at, release.env, release.id, value=count, unit="rows", outcome="ok", facts=facts
    )
    ledger.record([told], at)
    return manifest


def _training(project: Project, name: str) -> Output:
    sets = {each.name: each for each in project.outputs.values() if each.kind == "training"}
    found = sets.get(name) or sets.get(f"training/{name}")
    if found is None:
        mend = nearest(f"training/{name.removeprefix('training/')}", list(sets), kind="training sets")
        raise ProjectError(Problem("V044", f'training set "{name}" does not exist', mend))
    return found


def _require_repeatable(project: Project, release: Release, output: Output) -> None:
    """What reads the clock, or draws at random, gives another set each time."""
    query = output.queries[0]
    facts = bound_to(project, release).facts.get(query_name(output.name, query.name))
    if facts is not None and (facts.reads_clock or facts.volatile):
        what = f'"{output.name}" reads the clock, or draws at random, and no rerun repeats it'
        mend = "compare with columns or dates in `sql`; derive what looks random from the key, such as md5(id)"
        raise ProjectError(Problem("V048", what, mend, query.place))
