"""The record of one browser session, and the end of whatever one has left behind.

What lives outside of our memory: a temporary folder (profile, home, temporary files), the
browser's process, Chromium and its driver. The record names the folder and who is who, so that the
next start can clean up after a power failure or a kill -9. A process is ended only if its id, its
start time and the session's folder on its command line all agree; then with all that it started.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

logger = logging.getLogger(__name__)

PREFIX = "listsync-browser-"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PATIENCE_S = 5.0
_LONGEST_PLACE = 30
"""Chromium's socket lies 76 characters deeper, and an address has 107 (unix(7)); else it dies."""


@dataclass(frozen=True, slots=True)
class Member:
    """One process, for certain: ids are used again, together with the start time they are not.

    `started` counts clock ticks since the machine started (proc(5), field 22 of `stat`).
    """

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Look at a living process; a zombie does not count."""
        try:
            return cls.from_stat(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    @classmethod
    def from_stat(cls, text: str) -> Self | None:
        """Read a line of `/proc/PID/stat`; None for a zombie.

        Raises:
            ValueError: it is no such line.
        """
        head, _, tail = text.rpartition(")")
        fields = tail.split()
        if len(fields) < 20:
            raise ValueError("not a stat line")
        return None if fields[0] in "ZX" else cls(int(head.split()[0]), int(fields[19]))

    def is_alive(self) -> bool:
        return Member.of(self.pid) == self

    def works_in(self, folder: Path) -> bool:
        """Say whether it lives and has *folder* on its command line."""
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return any(os.fsencode(folder) in word for word in words) and self.is_alive()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session as its record has it. `owner` is the agent, `child` the browser's process."""

    path: Path
    folder: Path
    boot: str
    owner: Member
    child: Member | None = None

    @classmethod
    def new(cls, records: Path) -> Self:
        """Invent a session; nothing of it is on disk yet."""
        name = f"{PREFIX}{secrets.token_hex(6)}"
        owner = Member.of(os.getpid())
        if owner is None:
            raise OSError("cannot read /proc/self/stat")
        return cls(
            path=records / f"{name}.json",
            folder=_temporary() / name,
            boot=_boot(),
            owner=owner,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a record.

        Raises:
            ValueError: it is none of ours.
            OSError: it cannot be read.
        """
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        try:
            child = fields["child"]
            folder = Path(fields["folder"])
            session = cls(
                path=path,
                folder=folder,
                boot=str(fields["boot"]),
                owner=Member(*fields["owner"]),
                child=Member(*child) if child else None,
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not a record") from error
        if not folder.is_absolute() or folder.name != path.stem:
            raise ValueError("not a record")
        return session

    def write(self) -> None:
        """Put it on disk, whole or not at all."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fields = {
            "folder": str(self.folder),
            "boot": self.boot,
            "owner": [self.owner.pid, self.owner.started],
            "child": [self.child.pid, self.child.started] if self.child else None,
        }
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(fields), encoding="utf-8")
        draft.replace(self.path)

    def clear(self) -> bool:
        """End what is left of it and forget it; False if the folder could not be removed."""
        if self.boot == _boot():
            for member in (self.child, *named(self.folder).values()):
                if member is not None and member.works_in(self.folder):
                    _end(member)
        if not remove(self.folder):
            logger.warning(
                "cannot remove the browser's folder %s",
                self.folder,
                extra={"action": "browser_folder_kept"},
            )
            return False
        self.path.unlink(missing_ok=True)
        return True


def sweep(records: Path) -> int:
    """Clear the sessions whose agent is gone; returns how many there were.

    To be called once, when the agent starts.
    """
    swept = 0
    for path in sorted(records.glob(f"{PREFIX}*")):
        try:
            session = Session.read(path)
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
            continue
        if session.boot != _boot() or not session.owner.is_alive():
            swept += session.clear()
    if swept:
        logger.info(
            "cleaned up after %s browser sessions", swept, extra={"action": "browser_swept"}
        )
    return swept


def remove(folder: Path) -> bool:
    """Remove *folder*; what still ends may write into it meanwhile."""
    until = time.monotonic() + _PATIENCE_S
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(0.05)
    return not folder.exists()


def named(folder: Path) -> dict[str, Member]:
    """Read who "browser" and "driver" are: each said so itself before it began."""
    members = {}
    for path in folder.glob("*.stat"):
        with suppress(OSError, ValueError):
            member = Member.from_stat(path.read_text(encoding="utf-8"))
            if member is not None:
                members[path.stem] = member
    return members


def _end(member: Member) -> None:
    """Kill a process and all that it started, and wait until they are gone or zombies."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(member.pid)
        tree = [*root.children(recursive=True), root]
        members = [Member.of(process.pid) for process in tree]
        if not member.is_alive():  # it ended meanwhile: that may be the tree of somebody else
            return
        for process in tree:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.kill()  # compares the start time once more
        until = time.monotonic() + _PATIENCE_S
        while any(one and one.is_alive() for one in members) and time.monotonic() < until:
            time.sleep(0.01)


def _temporary() -> Path:
    place = Path(tempfile.gettempdir()).absolute()
    fits = len(os.fsencode(place)) <= _LONGEST_PLACE
    return place if fits else Path("/tmp")  # noqa: S108  # the folder in it gets a secret name


def _boot() -> str:
    return _BOOT.read_text(encoding="ascii").strip()
