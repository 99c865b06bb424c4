"""Stands between the agent and a program of others: `python guard.py AGENT FD FOLDER PROGRAM ...`.

A parent-death signal reaches a program itself, not what it has started. This process adopts all
of that, whichever session or group it is in; when the agent ends, or closes its end of the
pipe FD, it kills the whole tree, removes FOLDER (`-`: none) and ends as
the program did. SIGUSR1 is handed on as SIGTERM to all of the program's group, and nothing more
is done then. It needs nothing but the standard library, so that it starts within 20 ms.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import NoReturn

_SET_DEATH_SIGNAL, _SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_PATIENCE_S = 1.5
_CAUGHT = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)

PARENT = "LISTSYNC_PARENT"
"""Names the variable that tells a program of ours who has started it."""


def attach(agent: int | None = None, number: int = signal.SIGKILL) -> None:
    """Have this process get signal *number* when the thread that started it ends.

    *agent* is who should have started it: where that is gone by now, the signal comes at once.
    None: the environment says it; does nothing where it does not.
    """
    agent = agent or int(os.environ.get(PARENT, "0"))
    if not agent:
        return
    ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, int(number), 0, 0, 0)
    if os.getppid() != agent:
        os.kill(os.getpid(), number)


def adopt_orphans() -> None:
    """Become the parent of all descendants whose own parent ends."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> list[int]:
    """Find the children of this process, the adopted ones too."""
    return _who_have(1, os.getpid())


def end_group() -> None:
    """Ask all others of the group of this process to end."""
    for pid in _who_have(2, os.getpgrp()):
        if pid != os.getpid():
            with suppress(OSError):
                os.kill(pid, signal.SIGTERM)


def _who_have(field: int, number: int) -> list[int]:
    """Find the processes whose parent (field 1 behind the name) or group (2) is *number*."""
    found = []
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib would double the time of the start
        if name.isdecimal():
            with suppress(OSError, IndexError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                if int(file.read().rpartition(b")")[2].split()[field]) == number:
                    found.append(int(name))
    return found


def kill_all(patience_s: float = _PATIENCE_S) -> None:
    """Kill and reap all descendants: those of a child that is gone become children in turn."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        for pid in children():
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.002)


def main(agent: str, lifeline: str, folder: str, *command: str) -> NoReturn:
    """Run *command* until it or the agent ends."""
    adopt_orphans()
    ended, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    for number in _CAUGHT:
        signal.signal(number, lambda *_: None)
    attach(int(agent), signal.SIGTERM)
    line = int(lifeline)
    if folder != "-":
        os.mkdir(folder, 0o700)  # noqa: PTH102 - pathlib takes long to be imported
    status = _watch(_spawn(command, line), ended, line)
    kill_all()
    if folder != "-":
        import shutil  # noqa: PLC0415 - a fifth of the time of a start, and not needed for that

        shutil.rmtree(folder, ignore_errors=True)
    os._exit(status)


def _spawn(command: tuple[str, ...], lifeline: int) -> int:
    """Start the program, in the group of this process; it dies with this process."""
    guard = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.close(lifeline)
        for number in _CAUGHT:
            signal.signal(number, signal.SIG_DFL)
        attach(guard)
        os.execvp(command[0], command)  # noqa: S606 - that is what it is for
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.stderr.flush()
    os._exit(127)


def _watch(program: int, ended: int, lifeline: int) -> int:
    """Wait for the program's end, or for that of the agent; returns the exit code."""
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(lifeline, 0)  # its other end is closed: POLLHUP
    while True:
        events = dict(poll.poll())
        signals = os.read(ended, 64) if ended in events else b""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                if found[0] == program:
                    code = os.waitstatus_to_exitcode(found[1])
                    return code if code >= 0 else 128 - code
        if signal.SIGUSR1 in signals:
            end_group()
        if lifeline in events or set(signals) - {signal.SIGCHLD, signal.SIGUSR1}:
            return 128 + signal.SIGKILL


if __name__ == "__main__":
    main(*sys.argv[1:])
