"""The demo's project: copied whole, never over something else."""

from __future__ import annotations

import re

import pytest

from mainstem.cli.demo.schedule import LEFT_DRAFT
from mainstem.cli.demo.template import TEMPLATE, copy_project, template_files
from mainstem.core.problem import ProjectError, WorldError


def test_every_file_arrives_as_it_is(tmp_path):
    copied = copy_project(tmp_path / "flights")
    assert len(copied) == len(template_files()) > 40
    for path in copied:
        source = TEMPLATE / ("gitignore" if path.name == ".gitignore" else path)
        assert (tmp_path / "flights" / path).read_bytes() == source.read_bytes()
    assert (tmp_path / "flights" / ".gitignore").is_file()


def test_an_empty_folder_will_do(tmp_path):
    assert copy_project(tmp_path)


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.md").write_text("years of work")
    with pytest.raises(ProjectError, match=r'C010 the folder ".*" is not empty .*new or empty'):
        copy_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.md"]


def test_a_second_demo_names_the_way_to_replace_the_first(tmp_path):
    copy_project(tmp_path)
    with pytest.raises(ProjectError, match=r"C010 .*--force"):
        copy_project(tmp_path)


def test_force_replaces_a_demo_and_keeps_what_is_not_of_it(tmp_path):
    copy_project(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "operations.db").write_text("old")
    for folder in ("lake/marts", "inbox/weather", ".mainstem", "requirements/agreements"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "old").write_text("old")
    (tmp_path / "models/staging/flights.sql").write_text("select 1")
    copied = copy_project(tmp_path, force=True)
    left = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert {str(path) for path in left - set(copied)} == {"notes.txt"}
    assert "from operations.flights" in (tmp_path / "models/staging/flights.sql").read_text()


def test_force_does_not_follow_links_out_of_the_folder(tmp_path):
    copy_project(tmp_path / "flights")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/kept").write_text("kept")
    (tmp_path / "flights/lake").symlink_to(tmp_path / "elsewhere")
    copy_project(tmp_path / "flights", force=True)
    assert (tmp_path / "elsewhere/kept").read_text() == "kept"
    assert not (tmp_path / "flights/lake").exists()


def test_force_removes_nothing_that_is_no_demo(tmp_path):
    (tmp_path / "mainstem.yml").write_text("name: flights\nclock: replay\n")
    (tmp_path / "lake").mkdir()
    with pytest.raises(ProjectError, match=r"C012 .*something else than a demo"):
        copy_project(tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake", "mainstem.yml"]


def test_a_copy_that_was_cut_short_can_be_forced(tmp_path):
    (tmp_path / "mainstem.yml").write_bytes((TEMPLATE / template_files()[0]).read_bytes())
    assert copy_project(tmp_path, force=True)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "flights").write_text("")
    with pytest.raises(ProjectError, match=r"C011 .* is a file"):
        copy_project(tmp_path / "flights")


def test_a_folder_that_cannot_be_made_is_told_as_it_is(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorldError, match=r"C013 .* cannot be written: Not a directory"):
        copy_project(tmp_path / "file" / "flights")


def test_the_requirement_that_stays_a_draft_is_there():
    ids = {path.stem for path in (TEMPLATE / "requirements").glob("*.md")}
    assert ids >= LEFT_DRAFT


def test_cited_lines_are_in_the_interview():
    said = (TEMPLATE / "requirements/interviews/2013-11-25-duty-manager.txt").read_text().splitlines()
    cited = 0
    for path in (TEMPLATE / "requirements").rglob("*.md"):
        found = re.search(r"interview: 2013-11-25-duty-manager, lines: \[([\d, ]+)\]", path.read_text())
        for line in found[1].split(", ") if found else ():
            assert said[int(line) - 1].strip()
            cited += 1
    assert cited > 20


def test_files_are_short():
    longest = {path: (TEMPLATE / path).read_text().count("\n") for path in template_files()}
    assert max(longest.values()) < 70
    assert sum(longest.values()) < 1500
