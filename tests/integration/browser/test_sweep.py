"""Sweeping ends nothing that is not certainly ours."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from listsync.browser.sessions import Member, Session, sweep

SLEEPS = "import time; print(flush=True); time.sleep(60)"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session whose agent is gone."""
    session = Session.new(tmp_path / "records")
    folder = tmp_path / session.folder.name
    folder.mkdir()
    return replace(session, folder=folder, owner=Member(2**22 + 1, 1))


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    yield from _sleeper("elsewhere")


@pytest.fixture
def ours(session: Session) -> Iterator[subprocess.Popen[bytes]]:
    yield from _sleeper(f"--user-data-dir={session.folder}/profile")


def _sleeper(word: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", SLEEPS, word]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def member(process: subprocess.Popen[bytes]) -> Member:
    found = Member.of(process.pid)
    assert found is not None
    return found


def is_running(process: subprocess.Popen[bytes]) -> bool:
    return Member.of(process.pid) is not None


def test_ours_is_ended(session: Session, ours: subprocess.Popen[bytes]) -> None:
    replace(session, child=member(ours)).write()
    assert sweep(session.path.parent) == 1
    assert not is_running(ours)
    assert not session.folder.exists()
    assert not session.path.exists()


def test_the_browser_says_who_it_is(session: Session, ours: subprocess.Popen[bytes]) -> None:
    session.write()
    stat = Path(f"/proc/{ours.pid}/stat").read_text(encoding="utf-8")
    (session.folder / "browser.stat").write_text(stat, encoding="utf-8")
    assert sweep(session.path.parent) == 1
    assert not is_running(ours)


def test_a_process_without_the_folder_is_left_alone(
    session: Session, stranger: subprocess.Popen[bytes]
) -> None:
    replace(session, child=member(stranger)).write()
    assert sweep(session.path.parent) == 1
    assert is_running(stranger)


def test_another_start_time_is_left_alone(session: Session, ours: subprocess.Popen[bytes]) -> None:
    replace(session, child=Member(ours.pid, member(ours).started - 1)).write()
    assert sweep(session.path.parent) == 1
    assert is_running(ours)


def test_after_a_restart_of_the_machine_only_folders_are_left(
    session: Session, ours: subprocess.Popen[bytes]
) -> None:
    replace(session, child=member(ours), boot="before").write()
    assert sweep(session.path.parent) == 1
    assert is_running(ours)
    assert not session.folder.exists()


def test_a_session_of_a_living_agent_is_left_alone(
    session: Session, ours: subprocess.Popen[bytes]
) -> None:
    replace(session, owner=member(ours), child=member(ours)).write()
    assert sweep(session.path.parent) == 0
    assert is_running(ours)
    assert session.path.exists()


def test_a_folder_that_is_not_named_like_its_record_is_left_alone(
    session: Session, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    replace(session, folder=precious).write()
    assert sweep(session.path.parent) == 0
    assert precious.exists()
    assert not session.path.exists()


def test_nothing_to_sweep(tmp_path: Path) -> None:
    assert sweep(tmp_path / "none") == 0


def test_a_temporary_place_with_a_long_name_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/short")
    assert Session.new(tmp_path).folder.parent == Path("/short")
    monkeypatch.setattr(tempfile, "tempdir", "/" + "x" * 30)
    assert Session.new(tmp_path).folder.parent == Path("/tmp")
