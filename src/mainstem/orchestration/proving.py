"""Shows what functional requirements promise: after each release, through the gate, in the role of who needs it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from mainstem.core.canonical import digest
from mainstem.core.clock import Clock
from mainstem.core.evidence import Evidence
from mainstem.core.output import Output, Policy
from mainstem.core.ports import Ledger
from mainstem.core.problem import MainstemError, WorldError
from mainstem.core.project import Project
from mainstem.core.release import Release
from mainstem.core.requirement import Proof, Requirement
from mainstem.lifecycle.requirements.calendar import duration_s
from mainstem.lifecycle.requirements.proofs import proof_definition
from mainstem.lifecycle.serving.parameter import Parameter, parameters_of, value_of
from mainstem.lifecycle.serving.probe import Expected, shortfall
from mainstem.lifecycle.serving.request import LOCAL, Answer, Request
from mainstem.orchestration.reading import Tags, ask_each, tags_of

LIMIT = 10_000
"""Rows of a probe; an output that shows more is compared no further."""

_Ask = Callable[[Sequence[Request]], list[Answer | MainstemError]]
_SELECT = re.compile(r"\s*(select|with|from)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Probe:
    """One proof being shown. `sqls` are the output's SELECTs, `same_as` the independent one; `asked` the SELECTs of its
    parameters; `reason` is why it is not so, or could not be shown."""

    requirement: Requirement
    proof: Proof
    output: Output
    sqls: Sequence[str]
    same_as: str | None
    role: str | None
    purpose: str | None
    values: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    outcome: str = "ok"
    reason: str = ""

    def fail(self, outcome: str, reason: str) -> None:
        """The first thing that went wrong counts."""
        if not self.reason:
            self.outcome, self.reason = outcome, reason


def prove(project: Project, ledger: Ledger, clock: Clock, env: str, run: str | None = None) -> None:
    """Record what the live release shows of each proof that a probe can give, where that is not recorded yet.

    Each is one `proof` row: outcome ok, refused (it is not so) or errored (it could not be shown; tried again by the
    next run). A proof is given again for another release, another text of its output or policy, or at its `max_age`.
    WorldError only when the ledger cannot be used.
    """
    release = ledger.current(env)
    wanted = [(each, proof) for each in project.requirements.values() if not each.retired for proof in _probed(each)]
    if release is None or not wanted:
        return
    subjects = list(dict.fromkeys(requirement.id for requirement, _ in wanted))
    known = ledger.evidence(env=env, kinds=("proof",), subjects=subjects, since=release.at)
    newest = {(row.subject, row.definition): row for row in known if row.version == release.id}
    probes = [probe for each, proof in wanted if (probe := _probe(project, each, proof)) is not None]
    due = [probe for probe in probes if _is_due(project, probe, newest, clock.now())]
    if not due:
        return
    ask = _asking(project, ledger, clock, release)
    _fill(release, due, ask)
    _show(release, due, ask)
    at = clock.now()
    ledger.record([_evidence(project, probe, release, at, run) for probe in due], at)


def _probed(requirement: Requirement) -> Iterator[Proof]:
    return (proof for proof in requirement.proofs if proof.kind in ("answers", "returns"))


def _probe(project: Project, requirement: Requirement, proof: Proof) -> _Probe | None:
    name, _, block = proof.of.partition("#")
    output = project.outputs.get(name)
    if output is None:
        return None
    sqls = [query.sql for query in output.queries if not block or query.name == block]
    person = project.item(proof.options.get("as") or "")
    role, purpose = _role(project.policy, person.id if person else None, output)
    return _Probe(requirement, proof, output, sqls, proof.options.get("same_as"), role, purpose)


def _role(policy: Policy, stakeholder: str | None, output: Output) -> tuple[str | None, str | None]:
    """The role and purpose in which a stakeholder reads an output; those of the output where nobody is named."""
    if stakeholder is None:
        return output.role, output.purpose
    roles = [role for role in policy.roles if f"stakeholder:{stakeholder}" in role.members]
    role = next((role for role in roles if role.name == output.role), roles[0] if roles else None)
    if role is None:
        return None, None
    return role.name, output.purpose if output.purpose in role.purposes else None


def _beneath(project: Project, probe: _Probe) -> str:
    """The digest of what the proof rests on besides the release and its own text."""
    params = (probe.output.options or {}).get("params")
    return digest([probe.sqls, params, probe.role, probe.purpose, project.policy])


def _is_due(project: Project, probe: _Probe, newest: Mapping[tuple[str, str | None], Evidence], now: datetime) -> bool:
    row = newest.get((probe.requirement.id, proof_definition(probe.requirement, probe.proof)))
    if row is None or row.outcome == "errored" or row.facts.get("beneath") != _beneath(project, probe):
        return True
    age = probe.proof.options.get("max_age")
    return age is not None and now - row.at > timedelta(seconds=duration_s(str(age), probe.proof.place))


def _asking(project: Project, ledger: Ledger, clock: Clock, release: Release) -> _Ask:
    """Asks the release; what keeps all of it from being read is the answer to each, since the run itself went well."""
    tags: list[Tags] = []

    def ask(requests: Sequence[Request]) -> list[Answer | MainstemError]:
        try:
            tags[:] = tags or [tags_of(project, release)]
            return ask_each(project, ledger, clock, release, requests, tags[0])
        except MainstemError as error:
            return [WorldError(*error.problems)] * len(requests)

    return lambda requests: _once(requests, ask)


def _once(requests: Sequence[Request], ask: _Ask) -> list[Answer | MainstemError]:
    """The answers, each asked for once, however many proofs rest on it; no engine is opened for none."""
    different = {_key(request): request for request in requests}
    found = dict(zip(different, ask(list(different.values())), strict=True)) if different else {}
    return [found[_key(request)] for request in requests]


def _fill(release: Release, probes: Sequence[_Probe], ask: _Ask) -> None:
    """Give every parameter its value: as written, by default, or as a SELECT finds it."""
    for probe in probes:
        given: Mapping[str, str] = probe.proof.options.get("with") or {}
        for name, parameter in parameters_of(probe.output.options or {}).items():
            _give(probe, name, parameter, given.get(name, parameter.default))
    asked = [(probe, name, sql) for probe in probes for name, sql in probe.asked.items()]
    answers = ask([_request(probe, release, sql, 1) for probe, _, sql in asked])
    for (probe, name, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, MainstemError):
            probe.fail(*_said(answer))
        elif not answer.rows or len(answer.columns) != 1:
            probe.fail("errored", f'no one value is found for parameter "{name}"')
        else:
            probe.values[name] = answer.rows[0][0]


def _give(probe: _Probe, name: str, parameter: Parameter, text: str | None) -> None:
    if text is not None and _SELECT.match(text):
        probe.asked[name] = text
    elif text is None and parameter.required:
        probe.fail("errored", f'parameter "{name}" has no value: the proof needs `with: {{{name}: ...}}`')
    else:
        try:
            probe.values[name] = None if text is None else value_of(parameter.type, text)
        except ValueError:
            probe.fail("errored", f'parameter "{name}" is no {parameter.type}')


def _show(release: Release, probes: Sequence[_Probe], ask: _Ask) -> None:
    """Ask for everything at once, and judge the answers."""
    able = [probe for probe in probes if not probe.reason]
    wanted = [list(_requests(probe, release)) for probe in able]
    found = iter(ask([request for requests in wanted for request in requests]))
    for probe, requests in zip(able, wanted, strict=True):
        answers = list(islice(found, len(requests)))
        failed = next((each for each in answers if isinstance(each, MainstemError)), None)
        if failed is not None:
            probe.fail(*_said(failed))
        elif probe.proof.kind == "returns":
            _judge(probe, [each for each in answers if isinstance(each, Answer)])


def _requests(probe: _Probe, release: Release) -> Iterator[Request]:
    """The output's queries as the stakeholder asks them, then the independent one, which nobody is shown."""
    for sql in probe.sqls:
        yield _request(probe, release, sql, LIMIT)
    if probe.same_as is not None:
        asked = _request(probe, release, probe.same_as, LIMIT)
        yield replace(asked, principal=LOCAL, role=None, purpose=None)


def _judge(probe: _Probe, answers: Sequence[Answer]) -> None:
    expected = Expected.of(probe.proof.options)
    other = answers[-1] if probe.same_as is not None else None
    for answer in answers[: len(probe.sqls)]:
        reason = shortfall(expected, answer, other)
        if reason:
            probe.fail("refused", reason)


def _request(probe: _Probe, release: Release, sql: str, limit: int) -> Request:
    values = {name: value for name, value in probe.values.items() if re.search(rf"\${name}\b", sql)}
    person = probe.proof.options.get("as")
    return Request(
        "probe",
        sql,
        limit,
        principal=f"stakeholder:{person}" if person else LOCAL,
        release=release.id,
        role=probe.role,
        purpose=probe.purpose,
        parameters=values,
    )


def _key(request: Request) -> tuple[object, ...]:
    values = sorted((name, repr(value)) for name, value in request.parameters.items())
    return request.sql, request.limit, request.principal, request.role, request.purpose, *values


def _said(error: MainstemError) -> tuple[str, str]:
    """Outcome and reason; the engine's own words could hold values, and the ledger never does."""
    problem = error.problems[0]
    words = problem.what if problem.code[0] in "SVT" else "the engine cannot run it"
    return "errored" if isinstance(error, WorldError) else "refused", f"{words} ({problem.code})"


def _evidence(project: Project, probe: _Probe, release: Release, at: datetime, run: str | None) -> Evidence:
    facts = {"proof": probe.proof.kind, "beneath": _beneath(project, probe), "role": probe.role}
    if probe.reason:
        facts["reason"] = probe.reason
    return Evidence(
        "proof",
        probe.requirement.id,
        at,
        release.env,
        release.id,
        label=probe.proof.of,
        outcome=probe.outcome,
        definition=proof_definition(probe.requirement, probe.proof),
        run=run,
        facts=facts,
    )
