"""Running agents, found by their command lines; psutil is imported only here."""

from __future__ import annotations

import logging
import os
import signal
import syslog
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import psutil

from listsync.protocol import YES, Exit
from listsyncctl.client import ClientError

if TYPE_CHECKING:
    from listsyncctl.views import AgentShape, SignalShape

logger = logging.getLogger(__name__)

_NONE = "no listsync agent found: start one with `listsync run` or `systemctl start listsync`"
_GONE = "the process has gone (pid {}): start the agent again, see `listsyncctl agents`"
_DENIED = (
    "permission denied: the agent with pid {} belongs to {}: run this as that user or with sudo"
)


@dataclass(frozen=True, slots=True)
class RunningAgent:
    """A process whose command line is an agent's; None: may not be seen. `uid`: whose it is."""

    process: psutil.Process
    uid: int
    uptime_s: float
    socket: str | None
    memory: int | None
    fds: int | None

    def as_dict(self) -> AgentShape:
        return {
            "pid": self.process.pid,
            "uptime_s": round(self.uptime_s),
            "socket": self.socket,
            "memory": self.memory,
            "fds": self.fds,
        }


def is_agent(command: Sequence[str]) -> bool:
    """Tell whether a command line is `listsync ... run` or `python -m listsync ... run`."""
    if not command:
        return False
    rest = list(command[1:])
    if PurePath(command[0]).name != "listsync":
        if not PurePath(command[0]).name.startswith("python"):
            return False
        arguments = _after_script(rest)
        if arguments is None:
            return False
        rest = arguments
    words = [one for one in rest if not one.startswith("-")]
    return words[:1] == ["run"]


def is_agent_process(process: psutil.Process) -> bool:
    """Tell whether *process* is an agent: by its command, or its wish to run without one."""
    command = process.cmdline()
    return is_agent(command) or (
        is_agent([*command, "run"])
        and process.environ().get("AUTOMATED_MODE", "").strip().lower() in YES
    )


def _after_script(rest: list[str]) -> list[str] | None:
    """Give what follows listsync as a module or script; None if Python runs something else."""
    while rest:
        first = rest.pop(0)
        if first == "-m":
            return rest[1:] if rest[:1] == ["listsync"] else None
        if first in {"-X", "-W"}:
            rest[:1] = []
        elif first == "-c":
            return None
        elif not first.startswith("-"):
            return rest if PurePath(first).name == "listsync" else None
    return None


def find_agents() -> list[RunningAgent]:
    """Find every agent; a child that has its parent's command line is not another one."""
    found = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and is_agent_process(process):
                found[process.pid] = process
    if any(_parent(process) == 1 for process in found.values()):
        found.pop(1, None)  # in a container it only hands on to the agent what it is told
    agents = []
    for process in found.values():
        with suppress(psutil.NoSuchProcess):
            if _parent(process) not in found and process.status() != psutil.STATUS_ZOMBIE:
                agents.append(_described(process))
    return agents


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def existing_agents(socket: str | Path | None) -> list[RunningAgent]:
    """Find the agents, only the one at *socket* if given; raises ClientError if there is none."""
    agents = find_agents()
    if socket is not None:
        named = str(Path(socket).absolute())
        agents = [one for one in agents if one.socket == named]
    if not agents:
        raise ClientError(Exit.NOT_RUNNING, _NONE + (f" (at {socket})" if socket else ""))
    return agents


def choose_agents(
    agents: Sequence[RunningAgent],
    *,
    places: Sequence[str],
    is_named: bool,
    uid: int,
    pid: int | None = None,
) -> list[RunningAgent]:
    """Choose the one agent that is meant.

    By *pid*, or at the first of the sockets *places*; or, unless the user named that socket
    (*is_named*), the only one that *uid* runs.

    Raises:
        ClientError: there is none, or it is not clear which.
    """
    if pid is not None:
        chosen = [one for one in agents if one.process.pid == pid]
        if not chosen:
            why = f"no listsync agent has the pid {pid}: see `listsyncctl agents`"
            raise ClientError(Exit.NOT_RUNNING, why)
        return chosen
    sockets = [str(Path(place).absolute()) for place in places]
    at_socket = [one for place in sockets for one in agents if one.socket == place]
    if at_socket:
        return at_socket[:1]
    own = [one for one in agents if one.uid == uid]
    if is_named or not agents:
        raise ClientError(Exit.NOT_RUNNING, _NONE + (f" (at {places[0]})" if is_named else ""))
    if len(own) == 1:
        return own
    pids = ", ".join(str(one.process.pid) for one in own or agents)
    which = "several agents of yours run" if own else "only agents of other users run"
    raise ClientError(
        Exit.USAGE, f"{which} (pid {pids}): name one with --socket or --pid, or say --all"
    )


def ask_to_sync(agents: Sequence[RunningAgent]) -> Iterator[SignalShape]:
    """Send SIGUSR1 to each; raises ClientError at the first that does not take it."""
    for agent in agents:
        process = agent.process
        try:
            if not _listens_to(process, signal.SIGUSR1):
                raise ClientError(
                    Exit.BUSY, f"the agent with pid {process.pid} is still starting: try again"
                )
            # psutil compares the start time first: a new process with this pid gets nothing.
            process.send_signal(signal.SIGUSR1)
        except psutil.AccessDenied:
            raise ClientError(
                Exit.FORBIDDEN, _DENIED.format(process.pid, _user(process))
            ) from None
        except psutil.NoSuchProcess:
            raise ClientError(Exit.NOT_RUNNING, _GONE.format(process.pid)) from None
        logger.info(
            "sent SIGUSR1 to pid %s",
            process.pid,
            extra={"action": "signal_sent", "pid": process.pid},
        )
        # Nobody keeps what a terminal shows: the system's log does.
        syslog.syslog(
            syslog.LOG_INFO, f"sent SIGUSR1 to the listsync agent with pid {process.pid}"
        )
        yield {"pid": process.pid}


def _listens_to(process: psutil.Process, number: signal.Signals) -> bool:
    """Look in /proc whether the signal is caught or blocked; else it would end the process."""
    try:
        text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return True
    masks = [
        int(line.split()[1], 16)
        for line in text.splitlines()
        if line.startswith(("SigBlk:", "SigCgt:"))
    ]
    return any(mask >> (number - 1) & 1 for mask in masks) or not masks


def _described(process: psutil.Process) -> RunningAgent:
    memory = fds = socket = None
    with suppress(psutil.AccessDenied):
        memory = process.memory_info().rss
    with suppress(psutil.AccessDenied):
        fds = process.num_fds()
    with suppress(psutil.AccessDenied):
        socket = _socket(process)
    up_s = time.time() - process.create_time()
    return RunningAgent(process, process.uids().real, up_s, socket, memory, fds)


def _socket(process: psutil.Process) -> str | None:
    places = {str(one.laddr) for one in process.net_connections(kind="unix")} - {""}
    named = sorted(places, key=lambda place: (not place.endswith(".sock"), place))
    return named[0] if named else None


def _user(process: psutil.Process) -> str:
    try:
        return process.username()
    except psutil.Error:
        return "another user"
