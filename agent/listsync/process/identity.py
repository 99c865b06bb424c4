"""Which process is which, for certain, and the end of one with all that it has started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Self

_BOOT = Path("/proc/sys/kernel/random/boot_id")
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
        return None if fields[0] in "ZX" else cls(int(head.split()[0]), int(fields[19]))

    def is_alive(self) -> bool:
        return type(self).of(self.pid) == self

    def bears(self, mark: str) -> bool:
        """Say whether it lives and has *mark* on its command line or in its environment."""
        said = _read(self.pid, "cmdline") + _read(self.pid, "environ")
        return mark.encode() in said and self.is_alive()

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
        held = os.pidfd_open(one.pid)
        try:
            if one.is_alive():  # and stays whom it is as long as it is held
                signal.pidfd_send_signal(held, signal.SIGKILL)
        finally:
            os.close(held)


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


def boot_id() -> str:
    """Name this start of the machine: process ids of another one mean nothing."""
    return _BOOT.read_text(encoding="ascii").strip()


def _read(pid: int, name: str) -> bytes:
    """Read what the kernel says of a process, as far as one may."""
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
