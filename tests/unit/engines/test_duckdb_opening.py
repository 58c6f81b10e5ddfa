"""Opening: wrong settings are the project's fault, extensions come from wheels, spill space of the dead is cleared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mainstem.core.kinds import find
from mainstem.core.problem import ProjectError, WorldError
from mainstem.core.project import EngineSettings
from mainstem.engines.duckdb import Engine
from mainstem.engines.duckdb import open as open_engine


@pytest.mark.parametrize(
    "settings",
    [EngineSettings(memory_limit="much"), EngineSettings(threads=0), EngineSettings(temp_directory="/dev/null/x")],
)
def test_a_wrong_setting_is_named(settings: EngineSettings, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="E014"):
        open_engine(settings, tmp_path)


def test_the_engine_is_found_by_its_name() -> None:
    engine = find("engines", "duckdb").open(EngineSettings())
    assert engine.capabilities.dialect == "duckdb"
    engine.close()


def test_settings_are_those_of_the_project(tmp_path: Path) -> None:
    engine = open_engine(EngineSettings(memory_limit="300MB", threads=1, temp_directory=str(tmp_path / "here")))
    asked = "select current_setting('threads'), current_setting('memory_limit'), current_setting('temp_directory')"
    threads, memory, temp = engine.session().rows(asked)[0]
    assert (threads, memory) == (1, "286.1 MiB")
    assert Path(temp).parent == tmp_path / "here"
    engine.close()


def test_nothing_is_left_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "system"))
    engine = open_engine(EngineSettings(memory_limit="64MB", threads=1))
    engine.session().rows("select count(*) from (select i from range(10000000) r(i) order by hash(i) limit 9000000)")
    engine.close()
    assert [path.name for path in tmp_path.iterdir() if path.name != "system"] == []


def test_the_space_of_a_killed_process_is_cleared(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], check=True, stdout=subprocess.PIPE)
    dead = tmp_path / f"duckdb-{int(done.stdout)}-0a"
    mine = tmp_path / f"duckdb-{os.getpid()}-0b"
    for folder in (dead, mine):
        folder.mkdir()
        (folder / "spilled").write_text("x")
    open_engine(EngineSettings(), tmp_path).close()
    assert not dead.exists()
    assert mine.exists()


def test_a_missing_extension_says_how_to_install_it(engine: Engine) -> None:
    with pytest.raises(WorldError, match=r"E010 .*pip install duckdb-extension-no-such-thing==1\.5\.5"):
        engine.load_extension("no_such_thing")


def test_an_extension_loads_without_a_home(tmp_path: Path) -> None:
    script = (
        "from mainstem.engines.duckdb import open; from mainstem.core.project import EngineSettings\n"
        "engine = open(EngineSettings()); engine.load_extension('sqlite_scanner')\n"
        "print(engine.session().rows(\"select loaded from duckdb_extensions() where extension_name ^@ 'sqlite_sc'\"))"
    )
    environment = {"HOME": str(tmp_path / "no home"), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, text=True, stdout=subprocess.PIPE
    )
    assert done.stdout.strip() == "[(True,)]"
    assert not (tmp_path / "no home").exists()
