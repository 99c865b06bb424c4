"""What is copied of what was found, and how it is judged; that it works is tried with rsync."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from listsync.domain.transfers import RootHealth
from listsync.transfers.copy_plan import is_same, tolerance_s
from listsync.transfers.roots import FoundFile
from listsync.transfers.rsync import RsyncTask, StallWatch, arguments
from listsync.transfers.rsync_program import RsyncProgram


def file(size: int = 1, mtime: float = 100.0) -> FoundFile:
    return FoundFile(relative=PurePosixPath("a"), size=size, mtime=mtime)


@pytest.mark.parametrize(
    ("one", "other", "within_s", "expected"),
    [
        (file(), file(), 1.0, True),
        (file(), file(mtime=100.9), 1.0, True),
        (file(), file(mtime=101.5), 1.0, False),
        (file(), file(mtime=98.0), 2.0, True),
        (file(), file(size=2), 1.0, False),
        (file(), None, 1.0, False),
        (None, None, 1.0, False),
    ],
)
def test_files_are_the_same_by_size_and_time(
    one: FoundFile | None, other: FoundFile | None, within_s: float, expected: bool
) -> None:
    assert is_same(one, other, within_s) is expected


def test_a_folder_or_link_is_never_the_same_as_a_file() -> None:
    folder = FoundFile(relative=PurePosixPath("a"), size=1, mtime=100.0, kind="other")
    assert not is_same(file(), folder, 1.0)


@pytest.mark.parametrize(
    ("mount", "seconds"),
    [("", 1.0), ("ext4 /dev/vda", 1.0), ("nfs4 nas:/m", 1.0), ("cifs //nas/m", 2.0)],
)
def test_some_file_systems_count_in_two_seconds(mount: str, seconds: float) -> None:
    health = RootHealth(root=PurePosixPath("/d"), is_healthy=True, mount=mount)
    assert tolerance_s(health) == seconds


def test_what_stands_still_for_the_whole_time_is_stalled() -> None:
    watch = StallWatch(100, now=0)
    moved = iter([1, 2, 2, 2, 3, 3, 3, 3, 3])
    said = [watch.is_stalled(now, lambda: next(moved)) for now in range(25, 226, 25)]
    assert said == [False] * 8 + [True]


def test_it_is_looked_only_now_and_then() -> None:
    watch = StallWatch(100, now=0)
    looks = list[float]()
    for now in range(100):
        watch.is_stalled(now, lambda now=now: looks.append(now))  # type: ignore[misc]  # a default
    assert len(looks) == 3


def test_the_command_line_is_what_was_decided() -> None:
    program = RsyncProgram(path="/usr/bin/rsync", version=(3, 2, 7), nice="/nice", ionice="/io")
    task = RsyncTask(
        source_root=PurePosixPath("/s"),
        destination_root=PurePosixPath("/d"),
        files=(),
        bandwidth="40m",
        excludes=("--exclude=- #recycle",),
    )
    assert " ".join(arguments(program, task)) == (
        "/nice -n 10 /io -t -c 3 /usr/bin/rsync -rt --no-h --partial-dir=.rsync-partial "
        "--info=progress2,stats2 --no-inc-recursive --outbuf=L --bwlimit=40m --fsync "
        "--exclude=- #recycle --from0 --files-from=- -- /s/ /d/"
    )
    old = RsyncProgram(path="/usr/bin/rsync", version=(3, 1, 3))
    assert "--fsync" not in arguments(old, task)
    assert arguments(old, task)[0] == "/usr/bin/rsync"
