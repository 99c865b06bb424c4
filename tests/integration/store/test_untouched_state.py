"""A large file that the kernel says nobody has written to is not read for its checksum."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from listsync.store import integrity
from listsync.store.database import FILE_NAME
from listsync.store.integrity import Left, compare_with_checksum
from listsync.store.key_value import load_doubt
from listsync.store.state_folder import close_state, open_state, opened_state
from tests.integration.store.test_recovery import fill, kill_one


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Take a file of any size for a large one; which files were read for their checksum."""
    found: list[Path] = []
    digest = integrity._digest

    def noted(path: Path) -> str:
        found.append(path)
        return digest(path)

    monkeypatch.setattr(integrity, "_digest", noted)
    monkeypatch.setattr(integrity, "_LARGE", 0)
    return found


@pytest.fixture
def path(memory_path: Path, read: list[Path]) -> Path:
    """Give a state that was left in good order."""
    with opened_state(memory_path) as database:
        fill(database)
    read.clear()
    return memory_path / FILE_NAME


def test_a_file_that_nobody_has_written_to_is_not_read(path: Path, read: list[Path]) -> None:
    database = open_state(path.parent)
    assert read == []
    assert load_doubt(database) is None
    close_state(database, path.parent)
    assert read == [path], "what it is now is noted"


def _alter(path: Path) -> None:
    """Change what no structure tells, and set the time of the last change as it was."""
    before = path.stat()
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(content.rindex(b"Film"))
        file.write(b"Fylm")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_change_is_found_though_size_and_time_are_as_they_were(path: Path) -> None:
    _alter(path)
    assert compare_with_checksum(path) is Left.OTHER


def _touched(path: Path, _: pytest.MonkeyPatch) -> None:
    path.touch()


def _another_file(path: Path, _: pytest.MonkeyPatch) -> None:
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    copy.replace(path)


def _another_boot(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "boot_id", lambda: "another")


def _no_boot(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise PermissionError("/proc is hidden")

    monkeypatch.setattr(integrity, "boot_id", fail)


@pytest.mark.parametrize("what", [_touched, _another_file, _another_boot, _no_boot])
def test_where_the_kernel_cannot_vouch_for_it_it_is_read(
    path: Path,
    read: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    what: Callable[[Path, pytest.MonkeyPatch], None],
) -> None:
    what(path, monkeypatch)
    assert compare_with_checksum(path) is Left.SAME
    assert read == [path]


def test_a_file_system_that_knows_full_seconds_alone_vouches_for_nothing(
    path: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def coarse(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        facts = stat(self, follow_symlinks=follow_symlinks)
        values = [*facts]
        return os.stat_result(values, {"st_mtime_ns": 10**9, "st_ctime_ns": 10**9})

    monkeypatch.setattr(Path, "stat", coarse)
    integrity.note_left(path)
    assert compare_with_checksum(path) is Left.SAME
    assert read == [path, path]


def test_a_small_file_is_read(
    path: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "_LARGE", path.stat().st_size + 1)
    integrity.note_left(path)
    assert compare_with_checksum(path) is Left.SAME
    assert read == [path, path]


def test_that_nobody_has_looked_through_it_is_still_known(path: Path, read: list[Path]) -> None:
    kill_one(path.parent, lambda database: fill(database, 6, 1))
    for _ in range(2):
        database = open_state(path.parent, reads_later=True)
        assert database.is_unread.is_set()
        close_state(database, path.parent)
    assert read == [path, path], "at each end, and at no start"
