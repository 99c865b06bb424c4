"""What befalls copies on real mounts, each case in a namespace of its own (see `namespace`)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from listsync.domain.transfer_rules import TransferLimits
from listsync.domain.transfers import CopyResult, FailureClass
from listsync.transfers import copy_batch
from tests.integration.transfers.copies import Library
from tests.integration.transfers.namespace import RDONLY, REMOUNT, dead_fuse, mount, unmount

MEBIBYTE = 1024 * 1024


def library_on(folder: Path, data: str) -> Library:
    library = Library(folder)
    mount("share", library.destination, "tmpfs", data=data)
    return library


def waits_for_destination(library: Library, result: CopyResult) -> None:
    assert result.failure is FailureClass.ENVIRONMENT, result
    assert result.blocked_on == str(library.destination)


def a_disk_that_fills_up_while_it_is_copied_to(folder: Path) -> None:
    library = library_on(folder, "size=3m")
    library.write("1.mkv", os.urandom(2 * MEBIBYTE))
    library.write("2.mkv", os.urandom(2 * MEBIBYTE))
    first, second = library.copy("1.mkv", "2.mkv")
    assert first.failure is None
    waits_for_destination(library, second)
    assert "No space left on device" in second.errors
    mount("share", library.destination, "tmpfs", REMOUNT, "size=9m")
    assert library.copy_one(library.job("2.mkv", failure=second.failure)).failure is None
    assert library.copies() == {
        name: (library.source / name).read_bytes() for name in ("1.mkv", "2.mkv")
    }


def a_disk_without_inodes(folder: Path) -> None:
    library = library_on(folder, "nr_inodes=3")
    for n in range(3):
        library.write(f"{n}.mkv")
    found = library.copy(*(f"{n}.mkv" for n in range(3)))
    assert found[0].failure is None
    waits_for_destination(library, found[-1])


def a_disk_that_is_read_only(folder: Path) -> None:
    library = library_on(folder, "size=3m")
    library.write("1.mkv")
    mount("share", library.destination, "tmpfs", REMOUNT | RDONLY)
    waits_for_destination(library, library.copy_one("1.mkv"))
    mount("share", library.destination, "tmpfs", REMOUNT)
    assert library.copy_one("1.mkv").failure is None


def a_share_that_stops_answering_before_it_is_looked_at(folder: Path) -> None:
    """Its server takes what is asked, and never answers: nothing of ours hangs for ever."""
    library = Library(folder)
    library.write("1.mkv")
    with dead_fuse(library.destination, answers_first=True):
        results: list[CopyResult] = []
        library.token.set()
        stopped = library.copy_one("1.mkv")
        assert stopped.failure is FailureClass.STOPPED
        library.token.clear()
        copy_batch._LOOK_S = 3.0
        copying = threading.Thread(target=lambda: results.append(library.copy_one("1.mkv")))
        copying.start()
        copying.join(120)
        assert not copying.is_alive()
        waits_for_destination(library, results[0])


def a_share_that_is_gone_while_it_is_copied_to(folder: Path) -> None:
    """What lies below it is not filled in its place."""
    library = library_on(folder, "size=30m")
    library.set(limits=TransferLimits(bandwidth="2m"))
    library.write("1.mkv", os.urandom(6 * MEBIBYTE))
    library.on_progress = lambda _: _unmounted(library)
    result = library.copy_one("1.mkv")
    assert result.failure is not None
    assert list(library.destination.iterdir()) == []


def _unmounted(library: Library) -> None:
    library.on_progress = lambda _: None
    unmount(library.destination)


CASES: tuple[Callable[[Path], None], ...] = (
    a_disk_that_fills_up_while_it_is_copied_to,
    a_disk_without_inodes,
    a_disk_that_is_read_only,
    a_share_that_stops_answering_before_it_is_looked_at,
    a_share_that_is_gone_while_it_is_copied_to,
)
