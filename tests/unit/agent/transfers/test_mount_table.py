"""The kernel's table of mounts, and what it tells of a root that it changes below."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from listsync.domain.transfers import RootTrouble
from listsync.transfers.mount_table import Mount, mount_at, mount_of, parse_mounts
from listsync.transfers.root_health import judge
from listsync.transfers.roots import RootFacts, RootRules

TABLE = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 22 0:40 / /mnt/my\040films rw,relatime shared:2 master:7 - nfs4 nas:/export/my\040films rw
31 22 8:17 /a /mnt/bound ro,nosuid - ext4 /dev/sdb1 rw
32 22 0:50 / /mnt/auto rw - autofs /etc/auto.nas rw,fd=6
33 32 0:51 / /mnt/auto rw - nfs4 nas:/auto rw
34 22 0:52 / /mnt/b\134s\011t rw - tmpfs tmpfs rw
35 22 0:53 / /mnt/café rw - fuse.mergerfs a:b rw
nonsense
36 22 - x
"""


def test_a_table_is_read_with_its_escapes_and_without_its_nonsense() -> None:
    mounts = parse_mounts(TABLE)
    assert [(str(one.point), one.kind, one.source) for one in mounts] == [
        ("/", "ext4", "/dev/sda1"),
        ("/mnt/my films", "nfs4", "nas:/export/my films"),
        ("/mnt/bound", "ext4", "/dev/sdb1"),
        ("/mnt/auto", "autofs", "/etc/auto.nas"),
        ("/mnt/auto", "nfs4", "nas:/auto"),
        ("/mnt/b\\s\tt", "tmpfs", "tmpfs"),
        ("/mnt/café", "fuse.mergerfs", "a:b"),
    ]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/mnt/my films/a/b", "nas:/export/my films"),
        ("/mnt/my films", "nas:/export/my films"),
        ("/mnt/my films 2", "/dev/sda1"),
        ("/mnt/auto/x", "nas:/auto"),
    ],
)
def test_a_path_lies_on_the_nearest_mount_and_on_the_one_on_top(path: str, source: str) -> None:
    mount = mount_of(PurePosixPath(path), parse_mounts(TABLE))
    assert mount is not None
    assert mount.source == source


def test_a_folder_that_is_mounted_on_itself_lies_where_it_lay_before() -> None:
    mounts = parse_mounts(r"""
22 1 8:1 /@ / rw - btrfs /dev/sda1 rw
23 22 8:1 /@/mnt/media /mnt/media rw - btrfs /dev/sda1 rw
24 22 8:1 /@/srv /mnt/bound rw - btrfs /dev/sda1 rw
25 22 0:40 / /mnt/nas rw - nfs4 nas:/export rw
26 25 0:40 /films /mnt/nas/films rw - nfs4 nas:/export rw
27 22 0:41 / /mnt/nas/films/new rw - nfs4 nas:/new rw
""")
    assert [str(one.point) for one in mounts] == [
        "/",
        "/mnt/bound",
        "/mnt/nas",
        "/mnt/nas/films/new",
    ]


def test_only_what_is_mounted_at_just_that_place_is_found_there() -> None:
    mounts = parse_mounts(TABLE)
    assert mount_at(PurePosixPath("/mnt"), mounts) is None
    assert str(mount_at(PurePosixPath("/mnt/auto"), mounts)) == "nfs4 nas:/auto"


POINT = PurePosixPath("/mnt/media")
NFS = Mount(point=POINT, kind="nfs4", source="nas:/media")
OTHER_NFS = Mount(point=POINT, kind="nfs", source="10.0.0.2:/media")
DISK = Mount(point=POINT, kind="ext4", source="/dev/sdb1")
OTHER_DISK = Mount(point=POINT, kind="ext4", source="/dev/sdc1")
SYSTEM = Mount(point=PurePosixPath("/"), kind="ext4", source="/dev/sda1")
GONE, OTHER = RootTrouble.NOT_MOUNTED, RootTrouble.OTHER_MOUNT


@pytest.mark.parametrize(
    ("known", "now", "full", "empty"),
    [
        pytest.param(NFS, NFS, None, None, id="the same"),
        pytest.param(NFS, SYSTEM, GONE, GONE, id="gone"),
        pytest.param(NFS, DISK, OTHER, OTHER, id="a share that became a folder of the host"),
        pytest.param(NFS, OTHER_NFS, None, OTHER, id="another address"),
        pytest.param(DISK, OTHER_DISK, None, OTHER, id="another letter"),
        pytest.param(DISK, NFS, None, None, id="a share where a folder was"),
        pytest.param(SYSTEM, DISK, None, None, id="mounted after the first look"),
    ],
)
def test_what_lies_under_a_mount_that_is_gone_is_not_taken_for_it(
    known: Mount, now: Mount, full: RootTrouble | None, empty: RootTrouble | None
) -> None:
    rules = RootRules(is_destination=True, known=known)
    assert [trouble(rules, now, is_empty=is_empty) for is_empty in (False, True)] == [full, empty]
    assert trouble(RootRules(known=known), now, is_empty=False) is None, "it is only read"


def test_a_marker_that_is_there_tells_more_than_what_is_mounted() -> None:
    rules = RootRules(is_destination=True, known=NFS, marker=PurePosixPath("marker"))
    assert trouble(rules, DISK, is_empty=False) is None


def trouble(rules: RootRules, mount: Mount, *, is_empty: bool) -> RootTrouble | None:
    facts = RootFacts(
        path=POINT,
        device=1,
        inode=1,
        free_bytes=None,
        free_inodes=None,
        is_read_only=False,
        is_readable=True,
        is_writable=True,
        is_empty=is_empty,
        has_marker=True,
    )
    return judge(POINT, rules, facts, (SYSTEM, mount), datetime.now(UTC)).trouble
