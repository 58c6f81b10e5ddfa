"""`mainstem test`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from mainstem.cli.naming import naming
from mainstem.cli.opening import Opened, dataset_name, open_project, open_text, with_ledger
from mainstem.cli.options import env_option, json_option, project_option, variables_option
from mainstem.core.problem import raise_all
from mainstem.core.project import Project
from mainstem.core.release import Field
from mainstem.dataops.comparing import Difference, Row, is_equal
from mainstem.dataops.model_tests import Tested

SHOWN = 10
"""Rows of a difference in a terminal; `--json` has all."""

_SIGNS = {"missing": "-", "unexpected": "+", "different": "~"}
_GLYPHS = {"passed": ("✓", "green"), "failed": ("✕", "red"), "errored": ("!", "red")}


@click.command("test")
@click.argument("names", nargs=-1, shell_complete=naming("test", "dataset"))
@project_option
@env_option
@json_option
@variables_option
@click.option("--record", "model", metavar="MODEL", shell_complete=naming("dataset"), help="Write a test of real rows.")
@click.option("--rows", default=5, show_default=True, type=click.IntRange(1, 100), help="About so many, with --record.")
def command(
    names: tuple[str, ...],
    folder: Path | None,
    env: str,
    as_json: bool,
    variables: Mapping[str, str],
    model: str | None,
    rows: int,
) -> None:
    """Tests of models: rows that a model is given, and rows that are expected of it (`tests/*.yml`).

    NAMES are tests or models, or globs of them; all by default. Nothing of the lake is read or written. Checks of data
    are no part of it: `mainstem run` holds every new version to them. What became of a test that is a proof of a
    requirement is recorded. Exit code 1 when a test does not pass.

    --record writes a test instead, into `tests/`: rows of the release that MODEL reads, and what it makes of them.
    Tagged columns get made-up values, equal where the true ones are. NAMES is then the name of the test.
    """
    if model is not None:
        record_test(open_project(folder, env, variables=variables), model, names, rows)
        return
    from mainstem.cli.screen import print_json
    from mainstem.dataops.model_tests import chosen, run_tests
    from mainstem.dataops.test_proofs import proofs_by, record_proofs
    from mainstem.orchestration.known import known_fields
    from mainstem.orchestration.opening import bind_project

    project = open_text(folder, env, variables)
    tests = chosen(project, names)
    bound = bind_project(project, known_fields(project, env))
    done = run_tests(project, bound, tests)
    proved: tuple[str, ...] = ()
    if proofs_by(project, tests):
        opened = with_ledger(project, env)
        proved = record_proofs(project, bound, opened.ledger, opened.clock, done)
    if as_json:
        print_json(as_facts(done) | {"evidence_for": proved})
    else:
        show(done, project.root)
        if proved:
            click.echo(f"recorded as evidence for {', '.join(proved)}")
    if any(each.status != "passed" for each in done):
        sys.exit(1)


def record_test(opened: Opened, model: str, names: Sequence[str], rows: int) -> None:
    """Write a test of what a model makes of rows of the release, under a name that is given or free."""
    from mainstem.core.words import counted
    from mainstem.dataops.recording import record
    from mainstem.orchestration.reading import current_release
    from mainstem.project.model_test_text import written_test
    from mainstem.project.names import file_problem

    project, release = opened.project, current_release(opened.ledger, opened.env)
    model = dataset_name(project, model)
    name = next(iter(names), f"{model.rpartition('.')[2]}_recorded")
    raise_all(filter(None, [file_problem(name, "test", None)]))
    file = _free_file(project, name)
    done = record(project, opened.ledger, opened.clock, release, model, file.stem, rows)
    file.parent.mkdir(exist_ok=True)
    file.write_text(written_test(done.test, f"Recorded from {release.id}: read it, and keep what matters."), "utf-8")
    given = ", ".join(f"{counted(len(each.rows.cells), 'row')} of {each.name}" for each in done.test.given)
    click.echo(f"wrote {file.relative_to(project.root).as_posix()}: {given or 'nothing given'}")
    click.echo(f"{counted(len(done.test.expect.cells), 'row')} expected, as {model} makes them now")
    if done.made_up:
        click.echo(f"made up, since they are tagged: {', '.join(done.made_up)}")


def _free_file(project: Project, name: str) -> Path:
    """The file of a new test; a number tells it from what is there."""
    free = (name if number == 1 else f"{name}_{number}" for number in itertools.count(1))
    files = ((each, project.root / "tests" / f"{each}.yml") for each in free)
    return next(file for each, file in files if each not in project.tests and not file.exists())


def as_facts(done: Sequence[Tested]) -> dict[str, object]:
    """Tests as JSON data."""
    return {
        "passed": sum(each.status == "passed" for each in done),
        "failed": sum(each.status == "failed" for each in done),
        "errored": sum(each.status == "errored" for each in done),
        "tests": [
            {
                "name": each.test.name,
                "model": each.test.model,
                "cte": each.test.cte,
                "place": each.test.place,
                "status": each.status,
                "rows": each.rows,
                "differences": [_difference_facts(one, each.columns) for one in each.differences],
                "problem": each.problem,
            }
            for each in done
        ],
    }


def _difference_facts(difference: Difference, columns: Sequence[Field]) -> dict[str, object]:
    return {
        "kind": difference.kind,
        "expected": _by_column(difference.expected, columns),
        "actual": _by_column(difference.actual, columns),
    }


def _by_column(row: Row | None, columns: Sequence[Field]) -> dict[str, object] | None:
    return None if row is None else {field.name: value for field, value in zip(columns, row, strict=True)}


def show(done: Sequence[Tested], root: Path) -> None:
    """A line a test; below one that does not pass, what differs."""
    from mainstem.cli.screen import console, escaped, styled
    from mainstem.core.words import counted
    from mainstem.project.render import render_problem

    out = console()
    if not done:
        click.echo("no test yet: write given and expected rows of a model into tests/*.yml")
        return
    for each in done:
        sign, style = _GLYPHS[each.status]
        of = f"{each.test.model}, CTE {each.test.cte}" if each.test.cte else each.test.model
        out.print(f"{styled(sign, style)} {escaped(each.test.name)}  {styled(of, 'bright_black')}{_said(each)}")
        if each.problem is not None:
            click.echo(render_problem(each.problem, root))
        for line in _table(each):
            click.echo(line)
    bad = [f"{count} {status}" for status in ("failed", "errored") if (count := sum(t.status == status for t in done))]
    click.echo(
        f"\n{counted(len(done), 'test')}: {', '.join(bad) or 'all passed'} (checks of data run in `mainstem run`)"
    )


def _said(tested: Tested) -> str:
    said = ", ".join(f"{count} {kind}" for kind, count in tested.counts.items())
    return f": {said}  ({tested.test.place})" if said else ""


def _table(tested: Tested) -> list[str]:
    """The rows that differ: `-` is missing, `+` unexpected, `~` different, as `expected → actual`."""
    from mainstem.cli.screen import table

    if not tested.differences:
        return []
    rows = [["", *(field.name for field in tested.columns)]]
    rows += [[_SIGNS[each.kind], *_cells(each)] for each in tested.differences[:SHOWN]]
    more = len(tested.differences) - SHOWN
    return [*table(rows, indent=4), *([f"    and {more} more; --json shows all"] if more > 0 else [])]


def _cells(difference: Difference) -> list[str]:
    from mainstem.cli.query import cell

    if difference.expected is None or difference.actual is None:
        return [cell(value) for value in difference.expected or difference.actual or ()]
    pairs = zip(difference.expected, difference.actual, strict=True)
    return [cell(mine) if is_equal(mine, came) else f"{cell(mine)} → {cell(came)}" for mine, came in pairs]
