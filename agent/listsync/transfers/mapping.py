r"""From a path as Radarr or Sonarr sees it to where it lies here. Pure: nothing is looked at.

Paths come from the network. What is hostile is refused before a mapping is looked for; what comes
out lies below the roots of a mapping, by its text (links are for who copies).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import TransferPlace
from listsync.lean_dataclasses import dataclass

SenderPath = PurePosixPath | PureWindowsPath

_LONGEST_PATH = 4096
_LONGEST_NAME = 255
"""Bytes, as Linux has it."""
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_HALVES = re.compile("[\ud800-\udfff]")


def is_windows_path(text: str) -> bool:
    r"""Tell `D:\Media`, also with slashes, and `\\server\share`."""
    return bool(_DRIVE.match(text)) or text.startswith("\\\\")


def sender_path(text: str) -> SenderPath | None:
    """Read an absolute path by the rules of the system it comes from; None: it is none.

    What it looks like tells the system. Paths of Windows compare without regard to case.
    """
    if is_windows_path(text):
        windows = PureWindowsPath(text)
        # To Python 3.13 a server without a share is absolute, too.
        is_whole = _DRIVE.match(text) or "\\" in windows.drive.strip("\\")
        return windows if is_whole and windows.is_absolute() else None
    return PurePosixPath("/" + text.lstrip("/")) if text.startswith("/") else None


def parent_of(text: str) -> str:
    """Give the folder that a path of a sender lies in; "" where there is none."""
    path = sender_path(text)
    return str(path.parent) if path is not None and path != path.parent else ""


def join(root: str, relative: PurePosixPath) -> str:
    """Write a path below *root* as the program does that sees it there."""
    if is_windows_path(root):
        return str(PureWindowsPath(root, *relative.parts))
    return str(PurePosixPath(root) / relative)


def as_media_server(place: TransferPlace, relative: PurePosixPath) -> str:
    """Write what lies at *relative*, below the roots of *place*, as media servers see it."""
    here = place.destination_root or place.source_root
    return join(place.media_server_root or str(here), relative)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRefusal:
    """Why nothing is done with a path; *nearest* is the mapping that is most like it."""

    why: str
    nearest: PathMapping | None = None


def find_place(
    text: str, mappings: Sequence[PathMapping], instances: Collection[str] = ()
) -> TransferPlace | PathRefusal:
    """Map a path of a sender that is called by any of *instances*."""
    if problem := problem_of(text):
        return PathRefusal(why=problem)
    path = sender_path(text)
    assert path is not None  # noqa: S101 - as there is no problem
    for mapping in in_order(mappings):
        if is_of(mapping, instances) and (relative := below(path, mapping)) is not None:
            if not relative.parts:
                return PathRefusal(why="is the library itself", nearest=mapping)
            return _place(mapping, relative)
    return PathRefusal(why="is under no mapping", nearest=nearest_to(path, mappings))


def find_place_here(
    text: str, mappings: Sequence[PathMapping], instances: Collection[str] = ()
) -> TransferPlace | PathRefusal:
    """Map a path that a person gives: as a sender sees it, or as this machine sees its source."""
    found = find_place(text, mappings, instances)
    if isinstance(found, PathRefusal):
        here = [replace(one, sender=str(one.source)) for one in mappings]
        place = find_place(text, here, instances)
        return place if isinstance(place, TransferPlace) else found
    return found


def in_order(mappings: Iterable[PathMapping]) -> list[PathMapping]:
    """Sort them as they are tried: the longest first, of these the ones of an instance first."""

    def rank(mapping: PathMapping) -> tuple[int, bool]:
        root = sender_path(mapping.sender)
        return (-len(root.parts) if root else 0, not mapping.instance)

    return sorted(mappings, key=rank)


def is_of(mapping: PathMapping, instances: Collection[str]) -> bool:
    """Tell whether a mapping holds for who is called by any of *instances*."""
    names = {one.casefold() for one in instances}
    return not mapping.instance or mapping.instance.casefold() in names


def below(path: SenderPath, mapping: PathMapping) -> PurePosixPath | None:
    """Give where a path is below the library, by whole components; None: it is not."""
    root = sender_path(mapping.sender)
    if isinstance(path, PureWindowsPath) and isinstance(root, PureWindowsPath):
        is_below = path.is_relative_to(root)
        return PurePosixPath(*path.relative_to(root).parts) if is_below else None
    if isinstance(path, PurePosixPath) and isinstance(root, PurePosixPath):
        return path.relative_to(root) if path.is_relative_to(root) else None
    return None


def problem_of(text: str) -> str:
    """Say why a path cannot be of a library, whatever is mapped; "": it can."""
    if "\0" in text or _HALVES.search(text):
        return "holds a NUL" if "\0" in text else "holds half a character"
    path = sender_path(text)
    if path is None:
        return "is not absolute" if text else "is empty"
    if len(text.encode()) > _LONGEST_PATH:
        return f"is longer than {_LONGEST_PATH:,} bytes"
    return _problem_of_names(path)


def _problem_of_names(path: SenderPath) -> str:
    names = path.parts[1:]
    if ".." in names:
        return "goes up (..)"
    if any(len(one.encode()) > _LONGEST_NAME for one in names):
        return f"has a name of more than {_LONGEST_NAME} bytes"
    has_colon = isinstance(path, PureWindowsPath) and any(":" in one for one in names)
    return "has a colon in a name, which Windows does not allow" if has_colon else ""


def nearest_to(path: SenderPath, mappings: Iterable[PathMapping]) -> PathMapping | None:
    """Find the mapping whose library begins as *path* does, whatever the case of letters."""

    def common(mapping: PathMapping) -> int:
        root = sender_path(mapping.sender)
        names = zip(path.parts[1:], root.parts[1:] if root else (), strict=False)
        same = [one.casefold() == other.casefold() for one, other in names]
        return same.index(False) if False in same else len(same)

    best = max(mappings, key=common, default=None)
    return best if best is not None and common(best) else None


def _place(mapping: PathMapping, relative: PurePosixPath) -> TransferPlace:
    return TransferPlace(
        source_root=mapping.source,
        destination_root=mapping.destination,
        relative=relative,
        media_server_root=mapping.media_server,
    )
