"""The access gate: the one function through which data leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from mainstem.core.clock import Clock
from mainstem.core.place import Place
from mainstem.core.ports import Engine
from mainstem.core.problem import MainstemError, Problem, ProjectError
from mainstem.core.release import Field
from mainstem.lifecycle.serving.request import (
    EXITS,
    NO_RULES,
    Allowed,
    Answer,
    Columns,
    Offer,
    Request,
    Rows,
    Rules,
    Run,
)
from mainstem.security.audit import AuditRow, query_digest
from mainstem.security.decide import Access, Reader, decide
from mainstem.security.redact import masked_select
from mainstem.security.same import says_the_same
from mainstem.security.tree import Rewritten, rewrite, too_deep
from mainstem.security.walk import Tree
from mainstem.sql.quote import literal


class Audit(Protocol):
    """Where audit rows are written: the ledger, or what stands before it."""

    def audit(self, row: Mapping[str, Any], at: datetime) -> None: ...


def read(
    engine: Engine,
    offers: Mapping[str, Offer],
    request: Request,
    ledger: Audit,
    clock: Clock,
    rules: Rules = NO_RULES,
    run: Run | None = None,
) -> Answer:
    """Answer a request from the offered datasets, as far as `rules` let its reader see them, or refuse it.

    Both are audited. The text is parsed by the engine itself, allowed as a whole or refused, its datasets are replaced
    by what may be seen of them, and only the rendered tree is run, by `run`; without it on `engine`, a fresh one, which
    is locked then and good for nothing else. Of `offers` (`schema.table`) only those named in the query are looked up.
    ProjectError (S0.., E0..) for a query that is refused, V001 for a limit below 1; WorldError when the engine or the
    ledger fails: then nothing leaves.
    """
    if run is not None:
        return answer(admit(engine, offers, request, ledger, clock, rules), request, ledger, clock, run)
    found = read_each(engine, offers, [request], ledger, clock, rules)[0]
    if isinstance(found, MainstemError):
        raise found
    return found


def read_each(
    engine: Engine,
    offers: Mapping[str, Offer],
    requests: Sequence[Request],
    ledger: Audit,
    clock: Clock,
    rules: Rules = NO_RULES,
) -> list[Answer | MainstemError]:
    """Answer several requests with one engine, each as `read` does; what `read` raises stands in its place.

    The engine can read the files of all of them, and what each may see is in its text alone.
    """
    admitted = [_or_error(partial(admit, engine, offers, each, ledger, clock, rules)) for each in requests]
    pairs = list(zip(admitted, requests, strict=True))
    run = _locked(engine, [(each, request) for each, request in pairs if isinstance(each, Allowed)])
    return [
        _or_error(partial(answer, each, request, ledger, clock, run)) if isinstance(each, Allowed) else each
        for each, request in pairs
    ]


T = TypeVar("T")


def _or_error(call: Callable[[], T]) -> T | MainstemError:
    try:
        return call()
    except MainstemError as error:
        return error


def _locked(engine: Engine, allowed: Sequence[tuple[Allowed, Request]]) -> Run:
    """Runs on an engine that can read the files of these alone, and write the ones that they go into."""
    into = {request.into for _, request in allowed if request.into is not None}
    try:
        if allowed:
            engine.lock(sorted({file for each, _ in allowed for file in each.files} | into))
    except MainstemError as error:
        return partial(_fail, error)
    return partial(_run, engine)


def _fail(error: MainstemError, _: Allowed, __: Request) -> tuple[Columns, Rows, int]:
    raise error


def admit(
    engine: Engine, offers: Mapping[str, Offer], request: Request, ledger: Audit, clock: Clock, rules: Rules
) -> Allowed:
    """What `allow` allows; a refusal is audited."""
    try:
        return allow(engine, offers, request, rules)
    except MainstemError as error:
        refuse(request, ledger, clock, error)
        raise


def allow(engine: Engine, offers: Mapping[str, Offer], request: Request, rules: Rules) -> Allowed:
    """What would run for a request; `engine` only reads and writes text. ProjectError S0.., V001 where nothing may."""
    if request.limit < 1:
        raise ProjectError(Problem("V001", f"the limit is {request.limit} rows", "ask for at least one row"))
    permitted = _Permitted(engine, offers, request.reader, rules)
    rewritten, text = _allowed(engine, permitted, request)
    named = rewritten.datasets
    return Allowed(text, named, {name: permitted.treated(name) for name in named}, permitted.files(named))


def answer(allowed: Allowed, request: Request, ledger: Audit, clock: Clock, run: Run) -> Answer:
    """The answer to a request whose query was allowed before; audited before it leaves, and where it fails."""
    try:
        columns, rows, count = run(allowed, request)
    except MainstemError as error:
        row = replace(_row(request, clock, "failed", allowed), reasons=_codes(error))
        ledger.audit(row.facts(), row.at)
        raise
    leaving = tuple(rows[: request.limit])
    truncated = count > request.limit
    row = replace(_row(request, clock, "allowed", allowed), rows=min(count, request.limit), truncated=truncated)
    ledger.audit(row.facts(), row.at)
    return Answer(columns, leaving, truncated, row)


def again(row: AuditRow, request: Request, ledger: Audit, clock: Clock) -> None:
    """Write down that an answer that was kept leaves once more."""
    row = replace(row, at=clock.now(), principal=request.principal)
    ledger.audit(row.facts(), row.at)


def say(exit: str, text: str, principal: str, ledger: Audit, at: datetime, release: str | None = None) -> None:
    """Write down that words leave which hold no row of any dataset, before they do. `exit` is a key of `EXITS`."""
    if exit not in EXITS:
        raise ValueError(f'"{exit}" is no way out that is registered in EXITS')
    row = AuditRow(at, principal, exit, "allowed", query_digest(text), release)
    ledger.audit(row.facts(), at)


def refuse(request: Request, ledger: Audit, clock: Clock, error: MainstemError) -> None:
    """Write down that a request was refused, and why."""
    row = replace(_row(request, clock, "refused"), reasons=_codes(error))
    ledger.audit(row.facts(), row.at)


def _row(request: Request, clock: Clock, decision: str, allowed: Allowed | None = None) -> AuditRow:
    return AuditRow(
        at=clock.now(),
        principal=request.principal,
        exit=request.exit,
        decision=decision,
        query=query_digest(request.sql),
        release=request.release,
        role=request.role,
        purpose=request.purpose,
        datasets=allowed.datasets if allowed else (),
        columns={name: each for name, each in allowed.treated.items() if each} if allowed else {},
    )


def _codes(error: MainstemError) -> tuple[str, ...]:
    return tuple(problem.code for problem in error.problems)


def _allowed(engine: Engine, permitted: _Permitted, request: Request) -> tuple[Rewritten, str]:
    """The rewritten query and the text to run; ProjectError where it may not run."""
    try:
        tree = _parsed(engine, request.sql)
        rewritten = rewrite(tree, permitted, request.sql, frozenset(request.parameters))
        text = engine.render_tree(rewritten.tree)
        is_same = says_the_same(rewritten.tree, _read_back(engine, text))
    except RecursionError:
        raise too_deep() from None
    if not is_same:
        raise ProjectError(
            Problem(
                "S010",
                "the query reads differently once its datasets are replaced",
                "write joins inside joins, and other nested parts, as subqueries of their own",
            )
        )
    return rewritten, text


def _parsed(engine: Engine, sql: str) -> Tree:
    try:
        sql.encode()
    except UnicodeEncodeError:
        raise ProjectError(Problem("S011", "the query is not Unicode text", "send it as UTF-8")) from None
    try:
        return engine.parse_tree(sql)
    except ProjectError as error:
        raise ProjectError(*(_in_query(problem) for problem in error.problems)) from error


def _read_back(engine: Engine, text: str) -> Tree:
    """The tree of the rendered text; an empty one where the engine cannot read what it wrote."""
    try:
        return engine.parse_tree(text)
    except ProjectError:
        return {}


def _in_query(problem: Problem) -> Problem:
    place = problem.place
    return problem if place is None else replace(problem, place=Place("query", place.line, place.column))


def _run(engine: Engine, allowed: Allowed, request: Request) -> tuple[Columns, Rows, int]:
    return (_select if request.into is None else _write)(engine, allowed.text, request)


def _select(engine: Engine, text: str, request: Request) -> tuple[Columns, Rows, int]:
    """Columns, up to one row more than the limit, and how many that are."""
    session = engine.session()
    try:
        columns = session.describe(text, request.parameters)
        names = [f"c{position}" for position in range(len(columns))]
        shown = ", ".join(_readable(name, column) for name, column in zip(names, columns, strict=True))
        answer = f"select {shown} from ({text}) as answer({', '.join(names)}) limit {request.limit + 1}"
        rows = session.rows(answer, request.parameters)
    except MainstemError as error:
        raise _unplaced(error) from error
    else:
        return columns, rows, len(rows)
    finally:
        session.close()


def _write(engine: Engine, text: str, request: Request) -> tuple[Columns, Rows, int]:
    """Columns, no rows, and how many were written: the file is all that can be written, by the one COPY here."""
    file = literal(str(request.into))
    session = engine.session()
    try:
        columns = session.describe(text)
        answer = f"select * from ({text}) as answer limit {request.limit}"
        session.execute(f"copy ({answer}) to {file} (format parquet, use_tmp_file false)")
        count = int(session.rows(f"select count(*) from read_parquet([{file}])")[0][0])
    except MainstemError as error:
        raise _unplaced(error) from error
    else:
        return columns, [], count
    finally:
        session.close()


def _unplaced(error: MainstemError) -> MainstemError:
    """Without places: they are those of the rendered text, which nobody wrote."""
    return type(error)(*(replace(problem, place=None) for problem in error.problems))


def _readable(name: str, column: Field) -> str:
    return f"cast({name} as varchar)" if "WITH TIME ZONE" in column.type.upper() else name


class _Permitted(Mapping[str, Tree]):
    """The trees of what may be seen of each offered dataset, made when a query names it."""

    def __init__(self, engine: Engine, offers: Mapping[str, Offer], reader: Reader, rules: Rules) -> None:
        self._engine = engine
        self._offers = offers
        self._reader = reader
        self._rules = rules
        self._trees: dict[str, Tree] = {}
        self._named: dict[str, tuple[Offer, Access]] = {}

    def __getitem__(self, name: str) -> Tree:
        if name not in self._trees:
            offer = self._offers[name]
            access = decide(self._rules.policy, self._reader, name, offer.fields, offer.tags)
            select = masked_select(offer.relation, offer.fields, access, self._rules.key)
            self._named[name] = (offer, access)
            self._trees[name] = self._engine.parse_tree(select)
        return self._trees[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._offers)

    def __len__(self) -> int:
        return len(self._offers)

    def treated(self, name: str) -> Mapping[str, str]:
        """The tagged columns of a dataset that was named, with their treatment."""
        return self._named[name][1].treated

    def files(self, names: Sequence[str]) -> tuple[Path, ...]:
        """Every file of the datasets that were named."""
        return tuple(sorted({file for name in names for file in self._named[name][0].files}))
