"""Lints the sentence of a requirement: its form, its words, and whether it says what the objective measures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

from mainstem.core.problem import Problem, ProjectError
from mainstem.core.requirement import Objective, Requirement
from mainstem.lifecycle.requirements.calendar import duration_s, parse_deadline

_SHALL = re.compile(r"\bshall\b", re.IGNORECASE)
_EARS = re.compile(
    r"((?:while|when|where|if|after|before)\b[^,]+,\s*(?:then\s+)?)*[^,]{2,120}?\bshall\b.+", re.IGNORECASE | re.DOTALL
)
"""Easy Approach to Requirements Syntax (Mavin 2009): conditions, each closed by a comma; who; shall; what."""
_VAGUE = re.compile(
    r"\b(fast|quick(?:ly)?|real[- ]time|near[- ]real[- ]time|user[- ]friendly|easy|easily|simple|flexible|robust|"
    r"scalable|efficient(?:ly)?|appropriate(?:ly)?|adequate(?:ly)?|sufficient(?:ly)?|timely|up[- ]to[- ]date|recent|"
    r"regular(?:ly)?|normally|usually|generally|as soon as possible|asap|if possible|where possible|etc|and so on|"
    r"high[- ]quality|state[- ]of[- ]the[- ]art|reasonable|soon|often|many|some|several|good|bad|correct(?:ly)?)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\b(every|all|each|no)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s*([ap])\.?m\b)?", re.IGNORECASE)
_ZONE = re.compile(r"\b(UTC|GMT|[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]*)+)")
_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_GREATER = {"fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60}
_NUMBERS = {**{word: number for number, word in enumerate(_SMALL)}, **_GREATER}
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|per\s?cent\b)", re.IGNORECASE)
_LENGTH = re.compile(
    rf"\b(\d+|{'|'.join(_NUMBERS)})[\s-]+(second|minute|hour|day|week)s?\b|\b(\d+)\s?(s|min|h|d|w)\b", re.IGNORECASE
)
_NUMBER = re.compile(rf"\d|\b(?:{'|'.join(_NUMBERS)}|once|twice)\b", re.IGNORECASE)


def sentence_problems(requirement: Requirement) -> list[Problem]:
    """What must be mended: not exactly one *shall*; a clock time, zone or number that the objective does not have."""
    found: list[Problem] = []
    shalls = len(_SHALL.findall(requirement.statement))
    if shalls == 0:
        mend = 'say who shall do what: "When ..., the delay mart shall ..."'
        found.append(Problem("R020", f'the statement of "{requirement.id}" has no "shall"', mend, requirement.place))
    if shalls > 1:
        what = f'the statement of "{requirement.id}" has {shalls} "shall"'
        found.append(Problem("R021", what, "make a requirement of each", requirement.place))
    objective = requirement.objective
    if objective is not None:
        found += _different_time(requirement, objective)
        found += _different_zone(requirement, objective)
        found += _different_number(requirement, objective)
    return found


def sentence_advice(requirement: Requirement) -> list[Problem]:
    """What could be said better: no EARS form, vague words, whole words in a promise of time, no number."""
    found: list[Problem] = []
    text, place = requirement.statement.strip(), requirement.place

    def advise(code: str, what: str, mend: str) -> None:
        found.append(Problem(code, f'the statement of "{requirement.id}" {what}', mend, place))

    if _SHALL.search(text) and not _EARS.fullmatch(text):
        advise("R030", "is in none of the forms of EARS", '"When <this happens>, the <system> shall <do that>"')
    vague = sorted({word.lower() for word in _VAGUE.findall(text)})
    if vague:
        words = ", ".join(f'"{word}"' for word in vague)
        advise("R031", f"says {words}, which nobody can measure", "give a number, a time or a condition instead")
    whole = sorted({word.lower() for word in _WHOLE.findall(text)})
    if whole and _promises_time_only(requirement):
        words = ", ".join(f'"{word}"' for word in whole)
        advise("R032", f"says {words}: you promise completeness too", "split it, or name `passing`")
    if requirement.class_ == "non-functional" and not _NUMBER.search(text):
        advise("R033", "has no number", "say how much, by when, or how often: the number that the objective measures")
    return found


def _promises_time_only(requirement: Requirement) -> bool:
    objective = requirement.objective
    if objective is None or objective.kind not in ("ready_by", "freshness"):
        return False
    return not getattr(objective.options, "passing", ())


def _different_time(requirement: Requirement, objective: Objective) -> list[Problem]:
    said = [_time(*groups) for groups in _CLOCK.findall(requirement.statement)]
    deadline = getattr(objective.options, "deadline", None)
    if deadline is None or not said:
        return []
    try:
        wanted = parse_deadline(deadline, objective.place).at
    except ProjectError:
        return []
    if wanted in said:
        return []
    what = f'the statement of "{requirement.id}" says {_listed(_CLOCK, requirement)}, the objective "{deadline}"'
    return [Problem("R022", what, "make both say the same", objective.place)]


def _time(hour: str, minute: str, second: str, half: str) -> time | None:
    number = int(hour)
    if half:
        number = number % 12 + (12 if half.lower() == "p" else 0)
    try:
        return time(number, int(minute), int(second or 0))
    except ValueError:
        return None


def _different_zone(requirement: Requirement, objective: Objective) -> list[Problem]:
    said = [name for name in _ZONE.findall(requirement.statement) if _is_zone(name)]
    if not said or objective.zone in said:
        return []
    what = f'the statement of "{requirement.id}" says {said[0]}, the objective is judged in {objective.zone}'
    return [Problem("R023", what, f"make both say the same: timezone: {said[0]}", objective.place)]


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _different_number(requirement: Requirement, objective: Objective) -> list[Problem]:
    options = objective.options
    if hasattr(options, "at_least"):
        said = {Decimal(number) for number in _PERCENT.findall(requirement.statement)}
        allowed = {options.at_least * 100, (objective.target or options.at_least) * 100}
        if said and not said & allowed:
            return [_differs(requirement, objective, _listed(_PERCENT, requirement), f"at_least: {options.at_least}")]
    if hasattr(options, "at_most"):
        try:
            wanted = duration_s(options.at_most, objective.place)
        except ProjectError:
            return []
        lengths = set(_lengths(requirement.statement))
        if objective.window and not objective.window.endswith("mo"):
            lengths.discard(duration_s(objective.window, objective.place))
        if lengths and wanted not in lengths:
            return [_differs(requirement, objective, _listed(_LENGTH, requirement), f"at_most: {options.at_most}")]
    return []


def _lengths(text: str) -> Iterable[int]:
    for words, unit, digits, short in _LENGTH.findall(text):
        number = words or digits
        amount = int(number) if number.isdigit() else _NUMBERS[number.lower()]
        size = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
        yield amount * size[(unit or short)[0].lower()]


def _differs(requirement: Requirement, objective: Objective, said: str, measured: str) -> Problem:
    what = f'the statement of "{requirement.id}" says {said}, the objective `{measured}`'
    return Problem("R024", what, "make both say the same", objective.place)


def _listed(pattern: re.Pattern[str], requirement: Requirement) -> str:
    return ", ".join(found[0].strip() for found in pattern.finditer(requirement.statement))
