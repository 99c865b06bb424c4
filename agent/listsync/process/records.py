"""Who is who among processes, what is on disk about a child, and the end of what is left of one.

The record names the agent, the child and its folder. The next start ends what is provably of it:
a process whose id and start time are recorded and that bears the child's mark, with all below it;
and whatever else bears the mark, a random word in its environment that nobody else can have.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Self

from listsync.file_access import boot_id, replace_whole
from listsync.lean_dataclasses import dataclass

logger = logging.getLogger(__name__)


_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
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
        pid = head.partition(" ")[0]
        return None if fields[0] in "ZX" else cls(int(pid), int(fields[19]))

    def is_alive(self) -> bool:
        return type(self).of(self.pid) == self

    def bears(self, mark: str) -> bool:
        """Say whether it lives and has *mark* on its command line or in its environment."""
        facts = _read(self.pid, "cmdline") + _read(self.pid, "environ")
        return mark.encode() in facts and self.is_alive()

    def kill_tree(self) -> None:
        """Kill it and all that it has started, and wait until they are gone or zombies."""
        tree = [*descendants(self.pid), self]
        if not self.is_alive():  # it ended meanwhile: that may be the tree of somebody else
            return
        kill_each(tree)


def kill_each(processes: list[ProcessIdentity]) -> None:
    """Kill processes, and wait until they are gone or zombies."""
    for one in processes:
        _kill(one)
    until = time.monotonic() + _PATIENCE_S
    while any(one.is_alive() for one in processes) and time.monotonic() < until:
        time.sleep(0.01)


def _kill(one: ProcessIdentity) -> None:
    with suppress(OSError):
        pidfd = os.pidfd_open(one.pid)
        try:
            if one.is_alive():  # and stays whom it is as long as it is held
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        finally:
            os.close(pidfd)


def descendants(pid: int) -> list[ProcessIdentity]:
    """Find what *pid* has started, and what those have, the lowest first."""
    below: dict[int, list[int]] = {}
    for other in living():
        with suppress(OSError, IndexError, ValueError):
            text = Path(f"/proc/{other}/stat").read_text(encoding="utf-8")
            below.setdefault(int(text.rpartition(")")[2].split()[1]), []).append(other)
    found, todo = list[ProcessIdentity](), [pid]
    while todo:
        for child in below.get(todo.pop(), ()):
            todo.append(child)
            identity = ProcessIdentity.of(child)
            found += [identity] if identity is not None else []
    return found[::-1]


def bearers(mark: str) -> list[ProcessIdentity]:
    """Find every process but this one that has *mark* in its environment.

    Not on its command line: somebody may type that.
    """
    word = mark.encode()
    found = (ProcessIdentity.of(pid) for pid in living() if word in _read(pid, "environ"))
    return [one for one in found if one is not None and one.pid != os.getpid()]


def living() -> Iterator[int]:
    return (
        int(name) for name in map(attrgetter("name"), Path("/proc").iterdir()) if name.isdecimal()
    )


def bytes_moved(group: int) -> int:
    """Add up what the living processes of *group* have read and written, as far as one may see.

    Source: proc_pid_io(5), rchar and wchar: whatever goes through read(2) and write(2) counts.
    """
    moved = 0
    for pid in living():
        fields = _read(pid, "stat").rpartition(b")")[2].split()
        if len(fields) > 2 and int(fields[2]) == group:
            moved += sum(int(line.split()[1]) for line in _read(pid, "io").splitlines()[:2])
    return moved


def _read(pid: int, name: str) -> bytes:
    """Read what the kernel says of a process, as far as one may."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


PREFIX = "listsync-"
_LONGEST_PLACE = 30
"""Chromium's socket lies 76 characters deeper, and an address has 107 (unix(7)); else it dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRecord:
    """One child as its record has it. `folder` is its own, with a secret name: the mark."""

    path: Path
    folder: Path
    boot: str
    owner: ProcessIdentity
    child: ProcessIdentity | None = None

    @classmethod
    def new(cls, records: Path, purpose: str) -> Self:
        """Invent one; nothing of it is on disk yet."""
        name = f"{PREFIX}{purpose}-{secrets.token_hex(6)}"
        owner = ProcessIdentity.of(os.getpid())
        if owner is None:
            raise OSError("cannot read /proc/self/stat")
        return cls(
            path=records / f"{name}.json",
            folder=_temporary() / name,
            boot=boot_id(),
            owner=owner,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a record.

        Raises:
            ValueError: it is none of ours.
            OSError: it cannot be read.
        """
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            child = fields["child"]
            folder = Path(fields["folder"])
            record = cls(
                path=path,
                folder=folder,
                boot=str(fields["boot"]),
                owner=ProcessIdentity(*fields["owner"]),
                child=ProcessIdentity(*child) if child else None,
            )
        except (KeyError, TypeError, RecursionError) as error:
            raise ValueError("not a record") from error
        if not folder.is_absolute() or folder.name != path.stem:
            raise ValueError("not a record")
        return record

    @property
    def mark(self) -> str:
        return self.folder.name

    def write(self) -> None:
        """Put it on disk, whole or not at all."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fields = {
            "folder": str(self.folder),
            "boot": self.boot,
            "owner": [self.owner.pid, self.owner.started],
            "child": [self.child.pid, self.child.started] if self.child else None,
        }
        beside = self.path.with_suffix(".new")
        # What it tells of is over after a power cut.
        replace_whole(self.path, json.dumps(fields).encode(), beside=beside, is_durable=False)

    def clear(self) -> bool:
        """End what is left of it and forget it; False if the folder could not be removed."""
        if self.boot == boot_id():
            for one in (self.child, *named(self.folder).values()):
                if one is not None and one.bears(self.mark):
                    one.kill_tree()
            kill_each(bearers(self.mark))
        if not remove(self.folder):
            logger.warning(
                "cannot remove the folder %s of a child process",
                self.folder,
                extra={"action": "child_folder_kept"},
            )
            return False
        self.path.unlink(missing_ok=True)
        return True


def sweep(records: Path) -> int:
    """Clear the children whose agent is gone; returns how many there were.

    To be called once, when the agent starts.
    """
    swept = 0
    for path in sorted(records.glob(f"{PREFIX}*")):
        try:
            record = ChildRecord.read(path)
        except (OSError, ValueError):
            path.unlink(missing_ok=True)
            continue
        if record.boot != boot_id() or not record.owner.is_alive():
            swept += record.clear()
    if swept:
        logger.info(
            "cleaned up after %s child processes", swept, extra={"action": "children_swept"}
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


def named(folder: Path) -> dict[str, ProcessIdentity]:
    """Read who is who in the child's tree: each has said so in *folder* before it began."""
    members = {}
    for path in folder.glob("*.stat"):
        try:
            member = ProcessIdentity.from_stat(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if member is not None:
            members[path.stem] = member
    return members


def _temporary() -> Path:
    place = Path(tempfile.gettempdir()).absolute()
    fits = len(os.fsencode(place)) <= _LONGEST_PLACE
    return place if fits else Path("/tmp")  # noqa: S108 - the folder in it gets a secret name
