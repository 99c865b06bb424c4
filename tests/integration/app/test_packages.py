"""The wheel and the sdist hold what they should, and nothing else."""

from __future__ import annotations

import email
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from listsync.cli.files import FILES, SCHEMA

_ROOT = Path(__file__).parents[3]
_BUILD = "import sys; from hatchling import build; print(getattr(build, sys.argv[1])(sys.argv[2]))"


def _build(what: str, source: Path, to: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, f"build_{what}", to],
        cwd=source,
        capture_output=True,
        text=True,
        check=True,
    )
    return to / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    return _build("wheel", _ROOT, folder)


@pytest.fixture(scope="module")
def sdist(folder: Path) -> Path:
    return _build("sdist", _ROOT, folder)


def _contents(wheel: Path) -> dict[str, int]:
    with zipfile.ZipFile(wheel) as opened:
        return {one.filename: one.CRC for one in opened.infolist()}


def test_the_wheel_holds_what_is_needed_to_run(wheel: Path) -> None:
    names = _contents(wheel).keys()
    for package, root in (("listsync", "agent"), ("listsyncctl", "ctl")):
        there = {
            path.relative_to(_ROOT / root).as_posix()
            for path in (_ROOT / root / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert there <= names
        assert f"{package}/py.typed" in there
    assert {f"listsync/shipped/{name}" for name in FILES.keys() - {SCHEMA}} <= names
    assert "listsync/sandbox/lists/traps.csv" in names
    data = {name.partition(".data/data/")[2] for name in names if ".data/" in name}
    assert data == {
        "share/man/man1/listsync.1",
        "share/man/man1/listsyncctl.1",
        "share/man/man5/listsync.yaml.5",
    }


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    names = _contents(wheel).keys()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "listsync",
        "listsyncctl",
    }
    assert [name for name in names if "test" in name or name.endswith((".pyc", ".pyo", "~"))] == []


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        [metadata] = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(opened.read(metadata))
        assert f"{Path(metadata).parent}/licenses/LICENSE" in opened.namelist()
        programs = opened.read(metadata.replace("METADATA", "entry_points.txt")).decode()
    assert (told["Name"], told["License-Expression"]) == ("listsync", "MIT")
    assert told["Description-Content-Type"] == "text/markdown"
    assert "# listsync" in told.get_payload()
    assert told.get_all("Project-URL") is None, "there is no public address yet"
    assert programs.split("\n", 1)[0] == "[console_scripts]"
    assert {line.split()[0] for line in programs.splitlines()[1:]} == {"listsync", "listsyncctl"}


def test_the_sdist_holds_what_the_wheel_is_made_of_and_no_tests(sdist: Path) -> None:
    with tarfile.open(sdist) as opened:
        names = [name.partition("/")[2] for name in opened.getnames()]
    for name in ("LICENSE", "README.md", "CHANGELOG.md", "constraints.txt", "pyproject.toml"):
        assert name in names
    assert [
        name for name in names if name.startswith(("tests/", ".ci")) or "__pycache__" in name
    ] == []


def test_the_sdist_builds_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as opened:
        opened.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    assert _contents(_build("wheel", source, tmp_path)) == _contents(wheel)


def test_ci_runs_the_pythons_that_are_promised() -> None:
    """CI has the one Python of its machine; whoever adds a classifier lets CI run it."""
    text = (_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert text.count('"Programming Language :: Python :: 3.') == 1
    assert '"Programming Language :: Python :: 3.11"' in text
