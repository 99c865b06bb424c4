"""Sweeping ends nothing that is not certainly ours."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from listsync.process.records import ChildRecord, ProcessIdentity, sweep

SLEEPS = "import time; print(flush=True); time.sleep(60)"


@pytest.fixture
def record(tmp_path: Path) -> ChildRecord:
    """A child whose agent is gone."""
    record = ChildRecord.new(tmp_path / "records", "browser")
    folder = tmp_path / record.folder.name
    folder.mkdir()
    return replace(record, folder=folder, owner=ProcessIdentity(2**22 + 1, 1))


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    yield from _sleeper("elsewhere")


@pytest.fixture
def ours(record: ChildRecord) -> Iterator[subprocess.Popen[bytes]]:
    yield from _sleeper(f"--user-data-dir={record.folder}/profile")


def _sleeper(word: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", SLEEPS, word]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def member(process: subprocess.Popen[bytes]) -> ProcessIdentity:
    found = ProcessIdentity.of(process.pid)
    assert found is not None
    return found


def is_running(process: subprocess.Popen[bytes]) -> bool:
    return ProcessIdentity.of(process.pid) is not None


def test_ours_is_ended(record: ChildRecord, ours: subprocess.Popen[bytes]) -> None:
    replace(record, child=member(ours)).write()
    assert sweep(record.path.parent) == 1
    assert not is_running(ours)
    assert not record.folder.exists()
    assert not record.path.exists()


def test_the_browser_says_who_it_is(record: ChildRecord, ours: subprocess.Popen[bytes]) -> None:
    record.write()
    stat = Path(f"/proc/{ours.pid}/stat").read_text(encoding="utf-8")
    (record.folder / "browser.stat").write_text(stat, encoding="utf-8")
    assert sweep(record.path.parent) == 1
    assert not is_running(ours)


def test_a_process_without_the_folder_is_left_alone(
    record: ChildRecord, stranger: subprocess.Popen[bytes]
) -> None:
    replace(record, child=member(stranger)).write()
    assert sweep(record.path.parent) == 1
    assert is_running(stranger)


def test_another_start_time_is_left_alone(
    record: ChildRecord, ours: subprocess.Popen[bytes]
) -> None:
    replace(record, child=ProcessIdentity(ours.pid, member(ours).started - 1)).write()
    assert sweep(record.path.parent) == 1
    assert is_running(ours)


def test_after_a_restart_of_the_machine_only_folders_are_left(
    record: ChildRecord, ours: subprocess.Popen[bytes]
) -> None:
    replace(record, child=member(ours), boot="before").write()
    assert sweep(record.path.parent) == 1
    assert is_running(ours)
    assert not record.folder.exists()


def test_a_session_of_a_living_agent_is_left_alone(
    record: ChildRecord, ours: subprocess.Popen[bytes]
) -> None:
    replace(record, owner=member(ours), child=member(ours)).write()
    assert sweep(record.path.parent) == 0
    assert is_running(ours)
    assert record.path.exists()


def test_a_folder_that_is_not_named_like_its_record_is_left_alone(
    record: ChildRecord, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    replace(record, folder=precious).write()
    assert sweep(record.path.parent) == 0
    assert precious.exists()
    assert not record.path.exists()


def test_nothing_to_sweep(tmp_path: Path) -> None:
    assert sweep(tmp_path / "none") == 0


def test_a_temporary_place_with_a_long_name_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/short")
    assert ChildRecord.new(tmp_path, "browser").folder.parent == Path("/short")
    monkeypatch.setattr(tempfile, "tempdir", "/" + "x" * 30)
    assert ChildRecord.new(tmp_path, "browser").folder.parent == Path("/tmp")
