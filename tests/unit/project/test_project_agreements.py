"""Agreements: what is appended comes back exactly, what was there stays, and nothing is ever half written."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project_folders import loaded, refused, write

from mainstem.core.problem import ProjectError
from mainstem.core.requirement import Agreement
from mainstem.project import append_agreement, load
from mainstem.project.agreements import read_agreements

AT = datetime(2013, 12, 2, 9, tzinfo=timezone(timedelta(hours=-5)))
FOLDER = Path("requirements/agreements")
ITEM = "---\nkind: requirement\nid: delays\ntitle: Delays\nstatement: It shall.\naliases: [late]\n---\n"
TEXT = {
    "statement": "When an operating day has ended, it shall be ready.\nBy 05:15: „jetzt\" 'now' # no comment",
    "objective": {
        "misses": 1,
        "target": Decimal("0.950"),
        "days": ["0", "no", "17:15"],
        "hard": False,
        "none": None,
        "empty": "",
        "nothing": [],
    },
    "date": "2013-12-25",
}


def entries(root: Path, id: str = "delays") -> tuple[Agreement, ...]:
    problems: list[Any] = []
    found = read_agreements(root, problems)
    assert problems == []
    return found[id]


def test_what_is_appended_comes_back_exactly(tmp_path: Path) -> None:
    append_agreement(
        tmp_path,
        "delays",
        {
            "agreed": "duty-manager",
            "at": AT,
            "recorded_by": "data-platform",
            "promise": "sha256:ab",
            "binding": "sha256:cd",
            "links": {"morning": "sha256:ef"},
            "text": TEXT,
        },
    )
    append_agreement(
        tmp_path, "delays", {"waived": "boss", "at": AT, "until": datetime(2014, 1, 1, tzinfo=UTC), "because": "Moving"}
    )
    append_agreement(tmp_path, "delays", {"exception": date(2013, 12, 25), "at": AT, "because": "Christmas"})
    agreed, waived, exception = entries(tmp_path)
    assert (agreed.kind, agreed.by, agreed.at, agreed.recorded_by) == ("agreed", "duty-manager", AT, "data-platform")
    assert (agreed.promise, agreed.binding, agreed.links) == ("sha256:ab", "sha256:cd", {"morning": "sha256:ef"})
    assert agreed.text == TEXT
    assert agreed.text is not None
    assert isinstance(agreed.text["objective"]["target"], Decimal)
    assert (waived.kind, waived.by, waived.until, waived.because) == (
        "waived",
        "boss",
        datetime(2014, 1, 1, tzinfo=UTC),
        "Moving",
    )
    assert (exception.kind, exception.label, exception.because) == ("exception", "2013-12-25", "Christmas")
    assert exception.place.line > waived.place.line > agreed.place.line == 1


def test_what_people_wrote_stays_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / FOLDER / "delays.yml"
    file.parent.mkdir(parents=True)
    written = "# agreed by telephone\n- {agreed: duty-manager, at: 2013-12-02T09:00:00-05:00, text: {n: 1}}"
    file.write_text(written)
    append_agreement(tmp_path, "delays", {"waived": "boss", "at": AT, "because": "Moving"})
    assert file.read_text().startswith(written + "\n- waived: boss\n  at: '2013-12-02T09:00:00-05:00'\n")
    assert [entry.kind for entry in entries(tmp_path)] == ["agreed", "waived"]
    assert [path.name for path in file.parent.iterdir()] == ["delays.yml"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"at": AT}, "an entry does not say what happened"),
        ({"agreed": "a", "waived": "b", "at": AT}, "an entry says agreed and waived at once"),
        ({"agreed": "a"}, 'key "at" is missing'),
        ({"agreed": "a", "at": datetime(2013, 12, 2)}, "which is not an instant with its offset"),  # noqa: DTZ001
        ({"agreed": "a", "at": AT, "by": "b"}, 'key "by" does not exist here'),
        ({"waived": "a", "at": AT}, 'key "because" is missing'),
    ],
)
def test_an_entry_that_would_not_be_read_is_not_written(tmp_path: Path, entry: dict[str, Any], said: str) -> None:
    append_agreement(tmp_path, "delays", {"agreed": "duty-manager", "at": AT})
    before = (tmp_path / FOLDER / "delays.yml").read_bytes()
    with pytest.raises(ProjectError, match="P047 the entry cannot be appended") as caught:
        append_agreement(tmp_path, "delays", entry)
    assert said in caught.value.problems[0].what
    assert (tmp_path / FOLDER / "delays.yml").read_bytes() == before


@pytest.mark.parametrize("text", ["agreed: x\n", "- {agreed: x\n", "[]\n"])
def test_nothing_is_appended_to_a_file_that_cannot_be_read_or_continued(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"requirements/agreements/delays.yml": text})
    with pytest.raises(ProjectError):
        append_agreement(tmp_path, "delays", {"agreed": "duty-manager", "at": AT})
    assert (tmp_path / FOLDER / "delays.yml").read_text() == text


@pytest.mark.parametrize("id", ["../delays", "a/b", "A", "", "x" * 64])
def test_an_id_cannot_lead_out_of_the_folder(tmp_path: Path, id: str) -> None:
    with pytest.raises(ProjectError, match="P015"):
        append_agreement(tmp_path, id, {"agreed": "duty-manager", "at": AT})
    assert list(tmp_path.iterdir()) == []


SCALARS = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.decimals(-(10**6), 10**6, allow_nan=False, places=3)
    | st.none()
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc :#'-", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.lists(st.dictionaries(st.text(max_size=6), DATA, max_size=3), min_size=1, max_size=3))
def test_any_agreed_text_comes_back(texts: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        for text in texts:
            append_agreement(Path(folder), "a", {"agreed": "x", "at": AT, "text": text})
        assert [entry.text for entry in entries(Path(folder), "a")] == texts


def _append(root: Path, number: int) -> None:
    for step in range(5):
        append_agreement(root, "delays", {"agreed": f"by-{number}-{step}", "at": AT})


def test_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    workers = [spawn.Process(target=_append, args=(tmp_path, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert {entry.by for entry in entries(tmp_path)} == {f"by-{n}-{s}" for n in range(4) for s in range(5)}


def test_a_project_has_the_entries_by_the_present_id(tmp_path: Path) -> None:
    files = {
        "requirements/delays.md": ITEM,
        "requirements/agreements/late.yml": "- {agreed: a, at: 2013-12-02T09:00:00Z}\n",
        "requirements/agreements/delays.yml": "- {agreed: b, at: 2013-11-02T09:00:00Z}\n",
    }
    project = loaded(tmp_path, files)
    assert [(entry.requirement, entry.by) for entry in project.agreements["delays"]] == [
        ("delays", "b"),
        ("delays", "a"),
    ]
    append_agreement(tmp_path, "delays", {"agreed": "c", "at": AT})
    assert len(load(tmp_path).agreements["delays"]) == 3


def test_an_empty_file_holds_no_agreement(tmp_path: Path) -> None:
    files = {"requirements/delays.md": ITEM, "requirements/agreements/delays.yml": "# nothing yet\n"}
    assert loaded(tmp_path, files).agreements == {"delays": ()}
    assert refused(tmp_path, {**files, "requirements/agreements/delays.yml": "- x\n"}) == (
        "P009 an entry is not a mapping",
    )
