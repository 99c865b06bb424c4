"""Which folders media servers are to look at after copies, and what they should show. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from listsync.domain.transfers import CopyResult, NewScan, TransferJob, TransferPlace
from listsync.transfers.mapping import as_media_server
from listsync.transfers.probe_program import VIDEOS

_EXTRA = re.compile(
    r"(-(trailer|featurette|behindthescenes|deleted|interview|scene|short|other)"
    r"|(^|[-. _])sample)\d*$",
    re.IGNORECASE,
)
"""Files that media servers take for something beside the film, ..."""
_OF_EXTRAS = frozenset(
    {
        *("extras", "featurettes", "trailers", "sample", "samples", "behind the scenes"),
        *("deleted scenes", "interviews", "scenes", "shorts", "other"),
    }
)
"""... and folders of such files."""


def scans_of(ended: Iterable[tuple[TransferJob, CopyResult]]) -> tuple[NewScan, ...]:
    """Say which folders are to be scanned after copies, each once, with all that it should show.

    Also where all was there already: the scan of it may have been lost.
    """
    found: dict[tuple[str, PurePosixPath], dict[str, None]] = {}
    for job, result in ended:
        if result.failure is None and not (result.is_dry_run or result.is_left_out):
            scan = scan_of(job.wanted.place, result)
            files = found.setdefault((scan.folder, scan.health_root), {})
            files.update(dict.fromkeys(scan.expects))
    return tuple(
        NewScan(folder=folder, health_root=root, expects=tuple(files))
        for (folder, root), files in found.items()
    )


def scan_of(place: TransferPlace, result: CopyResult | None = None) -> NewScan:
    """Say which folder is to be scanned for one thing: the one that it lies in, or is.

    A folder above it that is new to the media server takes its place: of a new series the season
    alone may be missed. Without *result* nothing was copied, and the thing is there.
    """
    files = () if result is None else result.files
    is_file = place.relative in files or is_video(place.relative)
    folder = place.relative.parent if is_file else place.relative
    new = None if result is None else result.new_folder
    if new is not None and folder.is_relative_to(new):
        folder = new
    expected = (place.relative,) if is_file else _shown_of(files)
    return NewScan(
        folder=as_media_server(place, _sayable(folder)),
        health_root=place.destination_root or place.source_root,
        expects=tuple(
            as_media_server(place, one) for one in expected if is_video(one) and is_sayable(one)
        ),
    )


def _shown_of(files: Iterable[PurePosixPath]) -> Iterator[PurePosixPath]:
    return (
        one
        for one in files
        if is_video(one)
        and not _EXTRA.search(one.stem)
        and one.parent.name.lower() not in _OF_EXTRAS
    )


def is_video(path: PurePosixPath) -> bool:
    """Tell whether media servers show such a file."""
    return path.suffix.lower() in VIDEOS


def is_sayable(path: PurePosixPath) -> bool:
    """Tell whether the name is text, which is all that a media server can be asked for."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _sayable(folder: PurePosixPath) -> PurePosixPath:
    """Find the closest folder that a media server can be told of."""
    return next(one for one in (folder, *folder.parents) if is_sayable(one))
