"""What befalls mounts, each case in a namespace of its own (see `namespace`)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import repeat
from pathlib import Path, PurePosixPath

import pytest

from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import CopyScope, RootTrouble
from listsync.transfers.mount_table import mount_at, mount_of, read_mounts
from listsync.transfers.mounts import MountWatch
from listsync.transfers.probes import Probes
from listsync.transfers.roots import RootRules, RootUnavailableError
from listsync.transfers.settings import TransferSettings
from tests.fakes import FakeKeyValueStore
from tests.integration.transfers.namespace import (
    BIND,
    RDONLY,
    REMOUNT,
    dead_fuse,
    mount,
    unmount,
)

SOURCE = RootRules()
DESTINATION = RootRules(is_destination=True)
TRIES = RootRules(is_destination=True, tries_writing=True)
PATIENT_S = 60.0
HANG_S = 1.0
REACHED_S = 3.0
"""Until then a look has begun, on a slow machine, too."""
MEBIBYTE = 1024 * 1024

Found = RootTrouble | None


def look(root: Path, rules: RootRules, deadline_s: float = PATIENT_S) -> Found:
    return Probes().look(PurePosixPath(root), rules, deadline_s).trouble


def tmpfs(folder: Path, name: str = "share", data: str = "size=4m") -> Path:
    point = folder / name
    point.mkdir(exist_ok=True)
    mount(name, point, "tmpfs", data=data)
    return point


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        file.writelines(repeat(bytes(64 * 1024)))


def a_full_disk(folder: Path) -> None:
    point = tmpfs(folder)
    assert look(point, TRIES) is None
    fill(point / "film.mkv")
    health = Probes().look(PurePosixPath(point), DESTINATION, PATIENT_S)
    assert (health.trouble, health.why, health.free_bytes) == (RootTrouble.FULL, "it is full", 0)
    assert look(point, SOURCE) is None, "what is full can be read"
    (point / "film.mkv").unlink()
    assert look(point, DESTINATION) is None


def no_inodes_left(folder: Path) -> None:
    point = tmpfs(folder, data="size=4m,nr_inodes=3")
    (point / "one").touch()
    assert look(point, DESTINATION) is None
    (point / "two").touch()
    health = Probes().look(PurePosixPath(point), DESTINATION, PATIENT_S)
    assert (health.trouble, health.free_inodes) == (RootTrouble.FULL, 0)
    assert "inodes" in health.why


def remounted_read_only(folder: Path) -> None:
    point = tmpfs(folder)
    mount("share", point, "tmpfs", REMOUNT | RDONLY)
    health = Probes().look(PurePosixPath(point), DESTINATION, PATIENT_S)
    assert (health.trouble, health.is_writable) == (RootTrouble.READ_ONLY, False)
    assert look(point, TRIES) is RootTrouble.READ_ONLY
    assert look(point, SOURCE) is None
    mount("share", point, "tmpfs", REMOUNT)
    assert look(point, TRIES) is None
    assert not list(point.iterdir())


def a_read_only_bind_mount(folder: Path) -> None:
    """Its file system is writable, and so is the folder by another way."""
    place, point = folder / "place", folder / "bound"
    place.mkdir()
    point.mkdir()
    mount(str(place), point, "", BIND)
    rules = RootRules(is_destination=True, requires_mount=True)
    assert not os.path.ismount(point), "which is why the table is read"
    assert look(point, rules) is None
    mount("", point, "", REMOUNT | BIND | RDONLY)
    assert look(point, rules) is RootTrouble.READ_ONLY
    assert look(place, DESTINATION) is None


def a_folder_mounted_on_itself(folder: Path) -> None:
    """So systemd lets a service write to it: a share that is not there is missed all the same."""
    point = folder / "media"
    point.mkdir()
    root = PurePosixPath(point)
    before = mount_of(root, read_mounts())
    mount(str(point), point, "", BIND)
    assert mount_of(root, read_mounts()) == before
    rules = RootRules(is_destination=True, mount_points=frozenset({root}))
    assert look(point, rules) is RootTrouble.NOT_MOUNTED
    tmpfs(folder, "media")
    assert look(point, rules) is None


def unmounted_under_us(folder: Path) -> None:
    point = tmpfs(folder)
    marker = PurePosixPath(".listsync-marker")
    (point / marker).touch()
    (point / "Movies").mkdir()
    root = PurePosixPath(point)
    (known,) = [one.mount for one in Probes().look_all({root: DESTINATION}, PATIENT_S)]
    assert str(known) == "tmpfs share"
    remembers = RootRules(is_destination=True, known=known)
    marked = RootRules(is_destination=True, marker=marker)
    needs = RootRules(is_destination=True, requires_mount=True)
    needs_one = RootRules(is_destination=True, mount_points=frozenset({root}))
    for rules in (remembers, marked, needs, needs_one):
        assert look(point, rules) is None
    unmount(point)
    (point / "left here before").touch()
    assert look(point, remembers) is RootTrouble.NOT_MOUNTED
    assert look(point, marked) is RootTrouble.NO_MARKER
    assert look(point, needs_one) is RootTrouble.NOT_MOUNTED
    below = mount_of(root, read_mounts())
    lies_bare = below is None or below.is_root
    assert look(point, needs) is (RootTrouble.NOT_MOUNTED if lies_bare else None)
    assert look(point, DESTINATION) is None, "nothing tells it apart"
    assert look(point / "Movies", remembers) is RootTrouble.NOT_MOUNTED
    assert look(point / "Movies", DESTINATION) is RootTrouble.MISSING
    source = RootRules(known=known)
    assert look(point, source) is None, "what is there can be read"
    (point / "left here before").unlink()
    assert look(point, source) is RootTrouble.NOT_MOUNTED
    tmpfs(folder)
    assert look(point, remembers) is None


def another_disk_in_its_place(folder: Path) -> None:
    point = tmpfs(folder)
    root = PurePosixPath(point)
    (known,) = [one.mount for one in Probes().look_all({root: DESTINATION}, PATIENT_S)]
    remembers = RootRules(is_destination=True, known=known)
    unmount(point)
    mount("other", point, "tmpfs")
    health = Probes().look(root, remembers, PATIENT_S)
    assert health.trouble is RootTrouble.OTHER_MOUNT
    assert health.why == "it lay on tmpfs share before, and lies on tmpfs other now and is empty"
    (point / "film.mkv").touch()
    assert look(point, remembers) is None, "the letter of the disk is another one"


def names_with_odd_characters(folder: Path) -> None:
    for name in ("a b", "tab\there", "back\\slash", "line\nfeed", "é #1"):
        point = tmpfs(folder, name)
        assert mount_at(PurePosixPath(point), read_mounts()) is not None
        assert look(point, RootRules(requires_mount=True)) is None


def a_server_that_never_answers(folder: Path) -> None:
    dead, well = folder / "dead", tmpfs(folder, "well")
    dead.mkdir()
    probes, root = Probes(), PurePosixPath(dead)
    with dead_fuse(dead, answers_first=False):
        rules = {root: SOURCE, PurePosixPath(well): DESTINATION, root / "Films": SOURCE}
        first, other, second = [one.health for one in probes.look_all(rules, HANG_S)]
        assert (first.trouble, second.trouble) == (RootTrouble.HANGING, RootTrouble.HANGING)
        assert first.why == second.why == "it does not answer (1 s)"
        assert other.trouble in {None, RootTrouble.HANGING}  # where the machine is that slow
        with pytest.raises(RootUnavailableError) as caught:
            probes.list_each(root, [(PurePosixPath("a.mkv"), CopyScope.FILE)], HANG_S)
        assert caught.value.trouble is RootTrouble.HANGING
        assert not probes._hanging, "who waits there can be killed"
    health = probes.look(root, SOURCE, PATIENT_S)
    assert (health.trouble, health.why) == (
        RootTrouble.STALE,
        "Transport endpoint is not connected",
    )


def a_look_that_cannot_be_killed(folder: Path) -> None:
    dead = folder / "dead"
    dead.mkdir()
    probes, root = Probes(), PurePosixPath(dead)
    with dead_fuse(dead, answers_first=True):
        assert probes.look(root, SOURCE, REACHED_S).trouble is RootTrouble.HANGING
        ((child,),) = probes._hanging.values()
        assert child.is_alive
        since = time.monotonic()
        health = probes.look(root / "Films", SOURCE, PATIENT_S)
        assert health.why == "it does not answer, and a program that looks at it cannot be ended"
        assert time.monotonic() - since < PATIENT_S / 2, "another was started"
        ((same,),) = probes._hanging.values()
        assert same is child
    assert child.wait(PATIENT_S) is not None
    assert probes.look(root, SOURCE, PATIENT_S).trouble is RootTrouble.STALE
    assert not probes._hanging


def unmounted_while_nobody_watched(folder: Path) -> None:
    """What a root lay on is remembered over a restart, and by the watch that saw it go."""
    point, kept = tmpfs(folder), FakeKeyValueStore()
    root, told = PurePosixPath(point), list[RootTrouble | None]()
    mapping = PathMapping(sender="/movies", source=root.parent, destination=root)

    def watch() -> MountWatch:
        made = MountWatch(Probes(), kept, lambda health: told.append(health.trouble))
        made.follow(TransferSettings(mappings=(mapping,)))
        return made

    first = watch()
    assert first.healthy(root).is_healthy
    unmount(point)
    assert first.health(root).is_healthy, "nobody has looked"
    second = watch()
    health = second.healthy(root)
    assert health.why == f"tmpfs share is not mounted at {point} any more"
    tmpfs(folder)
    assert watch().healthy(root).is_healthy
    assert told == [None, RootTrouble.NOT_MOUNTED, None]
    assert not list(point.iterdir()), "what was tried is gone"


CASES: tuple[Callable[[Path], None], ...] = (
    a_full_disk,
    no_inodes_left,
    remounted_read_only,
    a_read_only_bind_mount,
    a_folder_mounted_on_itself,
    unmounted_under_us,
    another_disk_in_its_place,
    unmounted_while_nobody_watched,
    names_with_odd_characters,
    a_server_that_never_answers,
    a_look_that_cannot_be_killed,
)
