"""Codes R...: requirements."""

from mainstem.core.codes.code import Code

CODES: dict[str, Code] = {
    "R001": Code(
        "A deadline that cannot be read",
        "A deadline says of which day it is: days after the slice, and a clock time in the objective's zone.",
        'Write it as `deadline: "+1d 05:15"`: quarter past five on the day after.',
    ),
    "R002": Code(
        "A slice that does not exist",
        "Slices are local days, weeks (from Monday) or months, or stretches of hours or minutes counted in UTC.",
        "Write `slice: 1d`, `1w`, `1mo`, or for example `1h` or `15m`.",
    ),
    "R003": Code(
        "A window that is not a whole number of slices",
        "The window is counted in slices, so that it holds as many in March as in November.",
        "Write for example `window: 28d` with `slice: 1d`, or `window: 12mo` with `slice: 1mo`.",
    ),
    "R004": Code(
        "Hours with slices of a day or longer",
        "`hours` name the regular slices within a day; a slice of a whole day has no hour.",
        "Remove `hours`, or judge shorter slices: `slice: 1h`.",
    ),
    "R005": Code(
        "A deadline before the end of its slice",
        "A partition is ready when its data is as of the end of its day: before that no slice can be good.",
        'Name a time after the slice: `deadline: "+1d 05:15"`.',
    ),
    "R006": Code(
        "A duration that cannot be read",
        "A greatest age is a number and a unit; a day is 24 hours here.",
        "Write for example `at_most: 30h`, `45m` or `2d`.",
    ),
    "R007": Code(
        "A share that is none",
        "Limits and targets are shares of all rows or slices: above 0, at most 1.",
        "Write `at_least: 0.99` for 99 per cent.",
    ),
    "R008": Code(
        "ready_by with slices shorter than a day",
        "Partitions are dates, so a deadline is judged by day, week or month.",
        "Write `slice: 1d`, or promise `freshness`, which is judged in slices of any length.",
    ),
    "R009": Code(
        "Misses that allow everything",
        "A promise that cannot be broken is none.",
        "Allow fewer misses than the window has slices.",
    ),
    "R010": Code(
        "A measure that names nothing",
        "Completeness needs columns, conformity needs checks: without any, everything would be good.",
        "Name them: `columns: [origin, dest]`, `checks: [origin_known]`.",
    ),
    "R020": Code(
        'A statement without "shall"',
        "A requirement says who shall do what; a description cannot be kept or broken.",
        'Write "When an operating day has ended, the delay mart shall be ready by 05:15 on the next day."',
    ),
    "R021": Code(
        'A statement with more than one "shall"',
        "Each promise is kept, broken, agreed to and waived by itself.",
        'Make one requirement of each "shall".',
    ),
    "R022": Code(
        "A clock time in the statement that is not the deadline",
        "People agree to the sentence, and the objective is what is judged: both must say the same.",
        "Correct the sentence or the deadline.",
    ),
    "R023": Code(
        "A time zone in the statement that is not the objective's",
        "People agree to the sentence, and the objective is what is judged: both must say the same.",
        "Correct the sentence, or write `timezone:` beside the measure.",
    ),
    "R024": Code(
        "A number in the statement that is not the objective's",
        "People agree to the sentence, and the objective is what is judged: both must say the same.",
        "Correct the sentence or the limit.",
    ),
    "R030": Code(
        "A statement in none of the forms of EARS",
        "The easy approach to requirements syntax keeps condition, system and duty apart: it reads the same to all.",
        '"When <this happens>, the <system> shall <do that>"; also While, If ... then, Where, or no condition at all.',
    ),
    "R031": Code(
        "A vague word",
        'Nobody can measure "fast" or "user-friendly", and everybody hears something else.',
        "Give a number, a time or a condition instead.",
    ),
    "R032": Code(
        "Every, all, each or no in a promise of time",
        "A table can be in time with half its rows: such a sentence promises completeness too.",
        "Split it in two requirements, or name checks in `passing`.",
    ),
    "R033": Code(
        "A non-functional statement without a number",
        "How much, by when or how often is what people agree to.",
        "Put the number that the objective measures into the sentence.",
    ),
    "R034": Code(
        "ready_by without passing",
        "Without checks of the partition a table with half its rows counts as ready.",
        "Name checks of the dataset: `passing: [row_count]`.",
    ),
    "R035": Code(
        "A target that allows no miss",
        "99% over 28 daily slices allows none of them to be bad: zero misses, said in a way that hides it.",
        "Write `misses: 0` if that is meant, else lower the target or lengthen the window.",
    ),
    "R040": Code(
        "A requirement that serves no need",
        "Without a need nobody knows what it is for, or when it may be dropped.",
        "Write the need (who does what with the data) and name it: `needs: [morning-crew-moves]`.",
    ),
    "R041": Code(
        "A need without a goal",
        "The goal says what the need is worth, and who decides when two needs collide.",
        "Add `goal:` to the need.",
    ),
    "R042": Code(
        "A must that nothing measures",
        "It stays unverified for ever: no evidence can tell whether it is kept.",
        "Add an `objective:` or `proofs:`.",
    ),
    "R043": Code(
        "An output that no requirement binds",
        "Who asked for this? Outputs that nobody asked for cost work and surprise people.",
        "Write the requirement that it serves and bind the output, or remove the output.",
    ),
    "R044": Code("A goal without a need", "Nobody works towards it with data.", "Name the goal in a need."),
    "R045": Code(
        "A need without a requirement",
        "Somebody said what they need, and nothing is promised to them.",
        "Write what must be true of the data, and name the need in it.",
    ),
    "R046": Code(
        "A decision that names no requirement",
        "A choice is good or bad for something.",
        "Name the requirements that it decides for.",
    ),
    "R047": Code(
        "Several stakeholders behind one requirement",
        "All of them must agree to it, and to each change of it.",
        "Keep it if they really want the same; else write one requirement for each.",
    ),
    "R048": Code(
        "The same promise twice",
        "Two requirements measure the same thing with the same limit.",
        "Let one requirement name the needs of both.",
    ),
    "R049": Code(
        "Promises that differ",
        "Two requirements measure the same thing with different limits: the stricter one decides.",
        "Settle it with both owners, and keep one.",
    ),
    "R050": Code(
        "A promise that rests on a weaker one",
        "What may fail twice upstream cannot carry what may fail once, and what is due later cannot carry the earlier.",
        "Tell both owners: promise less here, or ask for more there.",
    ),
    "R051": Code(
        "A definition that says nothing exact",
        'A word like "delayed" must be agreed before it can be measured.',
        "Give `sql:` or `metric:`.",
    ),
    "R060": Code(
        "A requirement that does not exist",
        "Requirements are named by the id in their front matter, or an alias of it.",
        "Use one of the listed ids.",
    ),
    "R061": Code(
        "A stakeholder who does not exist",
        "Who agrees is a stakeholder of the project, by id.",
        "Use one of the listed ids, or write the stakeholder.",
    ),
    "R062": Code(
        "A stakeholder who has no part in it",
        "Those agree whose need a requirement serves, and whoever owes it (`owed_by`).",
        "Let one of the listed stakeholders agree, or name the need in the requirement.",
    ),
    "R063": Code(
        "A must that cannot be agreed to",
        "Nobody can be held to what nothing measures.",
        "Add an `objective:` or `proofs:`, then agree.",
    ),
    "R064": Code(
        "A target that hides zero misses",
        "Who agrees to 99% of 28 days agrees to no miss at all; that must be said.",
        "Write `misses: 0` with the window (a miss is forgiven when it leaves the window), or a rule without a window.",
    ),
    "R066": Code(
        "An agreement whose digest does not fit its text",
        "The text of an agreement is what somebody agreed to; edited later, it is worth nothing.",
        "Undo the edit of the entry, and let the stakeholder agree to the new text.",
    ),
    "R067": Code(
        "A waiver without an end to come",
        "A waiver that has ended waives nothing, and one that never ends is a promise given up.",
        "Give a later moment: `until`.",
    ),
    "R068": Code(
        "A waiver by somebody who cannot give one",
        "Only those to whom something is promised, or who answer for the goal, can do without it for a while.",
        "Ask one of the listed stakeholders.",
    ),
    "R069": Code(
        "A waiver or exception without a reason",
        "Whoever reads it next year must understand why.",
        "Give a reason: `--because`.",
    ),
    "R070": Code(
        "A slice that does not exist",
        "Exceptions name slices by their labels: a date, a month, an instant.",
        "Write the label as in the message.",
    ),
    "R071": Code(
        "An exception declared too late",
        "A slice is taken out only if that was declared before it opened: else every miss would be declared away.",
        "Declare exceptions beforehand; for a slice already open ask the stakeholder for a waiver.",
    ),
    "R073": Code("A retired item", "It is kept for its history only.", "Write a new item, or remove `retired:`."),
    "R080": Code(
        "Somebody who was not asked to accept",
        "An acceptance is the word of the person who needs it, after looking: nobody else's can stand for it.",
        "Let one of those named under `proofs: - {accepted_by: ...}` accept, or add the person there.",
    ),
}
