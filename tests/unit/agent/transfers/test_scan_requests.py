"""Which folders are scanned after copies, and what they should show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from listsync.domain.transfers import (
    CopyResult,
    CopyScope,
    FailureClass,
    JobKind,
    JobState,
    NewJob,
    NewScan,
    TransferJob,
    TransferPlace,
)
from listsync.transfers.scan_requests import scan_of, scans_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
DISK = PurePosixPath("/mnt/disk/tv")
EPISODE = "Dark/Season 01/Dark - S01E01.mkv"


def place(relative: str, root: str = "/data/tv", *, is_copied: bool = True) -> TransferPlace:
    return TransferPlace(
        source_root=PurePosixPath("/mnt/nas/tv"),
        destination_root=DISK if is_copied else None,
        relative=PurePosixPath(relative),
        media_server_root=root,
    )


def copied(
    relative: str,
    files: Sequence[str] = (),
    new: str | None = None,
    failure: FailureClass | None = None,
    *,
    is_dry_run: bool = False,
) -> tuple[TransferJob, CopyResult]:
    wanted = NewJob(kind=JobKind.EPISODE, place=place(relative), scope=CopyScope.SIDECARS)
    job = TransferJob(number=1, state=JobState.SUCCEEDED, wanted=wanted, created_at=AT, next_at=AT)
    return job, CopyResult(
        number=1,
        failure=failure,
        files=tuple(map(PurePosixPath, files)),
        new_folder=None if new is None else PurePosixPath(new),
        is_dry_run=is_dry_run,
    )


def test_a_season_of_files_is_one_scan_of_its_folder() -> None:
    names = [f"Dark/Season 01/Dark - S01E{number:02}.mkv" for number in range(1, 25)]
    (scan,) = scans_of(copied(name, [name, name.replace(".mkv", ".srt")]) for name in names)
    assert scan == NewScan(
        folder="/data/tv/Dark/Season 01",
        health_root=DISK,
        expects=tuple(f"/data/tv/{name}" for name in names),
    )


@pytest.mark.parametrize(
    ("new", "folder"),
    [
        ("Dark", "/data/tv/Dark"),
        ("Dark/Season 01", "/data/tv/Dark/Season 01"),
        (None, "/data/tv/Dark/Season 01"),
        ("Other", "/data/tv/Dark/Season 01"),
    ],
)
def test_a_series_that_is_new_is_scanned_as_a_whole(new: str | None, folder: str) -> None:
    (scan,) = scans_of([copied(EPISODE, [EPISODE], new)])
    assert (scan.folder, scan.expects) == (folder, (f"/data/tv/{EPISODE}",))


def test_what_failed_or_was_only_tried_is_not_scanned() -> None:
    failed = copied(EPISODE, failure=FailureClass.TRANSIENT)
    assert scans_of([failed, copied(EPISODE, [EPISODE], is_dry_run=True)]) == ()
    job, result = copied(EPISODE)
    assert scans_of([(job, replace(result, is_left_out=True))]) == ()


def test_a_folder_shows_its_films_and_not_what_is_beside_them() -> None:
    folder = "Alien (1979)"
    names = ["Alien.mkv", "Alien.srt", "Alien-trailer.mp4", "sample.mkv", "Extras/Making.mkv"]
    (scan,) = scans_of([copied(folder, [f"{folder}/{name}" for name in names])])
    assert (scan.folder, scan.expects) == (f"/data/tv/{folder}", (f"/data/tv/{folder}/Alien.mkv",))


@pytest.mark.parametrize(
    ("root", "folder", "file"),
    [
        ("", "/mnt/disk/tv/Dark", "/mnt/disk/tv/Dark/a.mkv"),
        ("/data/tv/", "/data/tv/Dark", "/data/tv/Dark/a.mkv"),
        (r"D:\TV", r"D:\TV\Dark", r"D:\TV\Dark\a.mkv"),
        (r"\\nas\tv", r"\\nas\tv\Dark", r"\\nas\tv\Dark\a.mkv"),
    ],
)
def test_paths_are_those_of_the_media_server(root: str, folder: str, file: str) -> None:
    scan = scan_of(place("Dark/a.mkv", root))
    assert (scan.folder, scan.expects) == (folder, (file,))


def test_without_a_copy_the_source_must_be_there() -> None:
    scan = scan_of(place("Dark/a.mkv", "", is_copied=False))
    assert (scan.folder, scan.health_root) == ("/mnt/nas/tv/Dark", PurePosixPath("/mnt/nas/tv"))


def test_a_name_that_is_no_text_is_scanned_by_the_folder_above_it() -> None:
    (scan,) = scans_of([copied("Dark/S\udce9ason/a.mkv"), copied("Dark/b\udcff.mkv")])
    assert (scan.folder, scan.expects) == ("/data/tv/Dark", ())
