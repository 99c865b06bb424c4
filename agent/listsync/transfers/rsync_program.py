"""Which rsync is installed here, and what it can do."""

from __future__ import annotations

import json
import os
import re
import shutil

from listsync.cancellation import CancelToken
from listsync.errors import ListsyncError
from listsync.lean_dataclasses import dataclass
from listsync.process.supervisor import Command, run

OLDEST = (3, 1, 0)
"""Of this version on it tells its progress over all files (--info=progress2)."""
_FSYNC, _REFUSES_LINKS = (3, 2, 4), (3, 5, 0)
_VERSION = re.compile(r"rsync\s+version\s+v?(\d+)\.(\d+)(?:\.(\d+))?")
_NUMBERS = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")
_PATIENCE_S = 10.0


class RsyncUnusableError(ListsyncError):
    """There is no rsync that could be used: copies wait until there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RsyncProgram:
    """One rsync, with what makes it disturb little; None where that is not installed."""

    path: str
    version: tuple[int, int, int]
    ionice: str | None = None
    nice: str | None = None

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def can_sync_to_disk(self) -> bool:
        """Whether it has --fsync."""
        return self.version >= _FSYNC

    @property
    def refuses_links_of_others(self) -> bool:
        """Whether links on the way to a root must belong to root or to us."""
        return self.version >= _REFUSES_LINKS

    def limitations(self) -> tuple[str, ...]:
        """Say for people what it cannot do that others can, or does otherwise."""
        said = []
        if not self.can_sync_to_disk:
            said.append("it cannot have copies written to the disk before they count (3.2.4 can)")
        if self.refuses_links_of_others:
            said.append(
                "it refuses symbolic links on the way to a folder that belong neither to root nor "
                "to the user of listsync"
            )
        if self.ionice is None:
            said.append("ionice is not installed: copies take their full share of the disk")
        return tuple(said)


def find_rsync(search_path: str | None = None) -> RsyncProgram:
    """Find the rsync that is on the *search_path* (None: that of the environment), and ask it.

    Raises:
        RsyncUnusableError: there is none, it is too old, or it does not tell its version.
    """
    path = shutil.which("rsync", path=search_path)
    if path is None:
        looked = search_path or os.environ.get("PATH", "")
        raise RsyncUnusableError(f"rsync is not installed (looked for in {looked})")
    version = _parse_version(_told(path, "-VV")) or _parse_version(_told(path, "--version"))
    if version is None:
        raise RsyncUnusableError(f"{path} does not tell its version: is it rsync?")
    found = RsyncProgram(
        path=path,
        version=version,
        ionice=shutil.which("ionice", path=search_path),
        nice=shutil.which("nice", path=search_path),
    )
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        why = f"{path} is version {found.version_text}, {oldest} or later is needed"
        raise RsyncUnusableError(why)
    return found


def _told(path: str, option: str) -> str:
    """Ask it for its version: -VV tells it as JSON, as text, or is not known, by its age."""
    command = Command(arguments=(path, option), purpose="rsync")
    try:
        done = run(command, _PATIENCE_S, CancelToken())
    except TimeoutError:
        raise RsyncUnusableError(f"{path} does not tell its version, and hangs") from None
    except OSError as error:
        raise RsyncUnusableError(f"{path} cannot be started: {error}") from error
    return done.output.decode("utf-8", "replace")


def _parse_version(text: str) -> tuple[int, int, int] | None:
    found = _VERSION.search(text)
    if found is None:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or data.get("program") != "rsync":
            return None
        found = _NUMBERS.match(str(data.get("version")))
    if found is None:
        return None
    major, minor, patch = (int(part or 0) for part in found.groups())
    return major, minor, patch
