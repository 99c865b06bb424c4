"""A real `listsync run` in a person's folder, and the real `listsyncctl` beside it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest

from listsync.protocol import MAX_PATH_BYTES
from listsyncctl.client import ClientError, ask
from tests.acceptance.conftest import Home
from tests.fork_server import bow_to_file_rights

_T = TypeVar("_T")
_PATIENCE_S = 60.0
"""How long to wait for what a quiet machine does at once."""
_OURS = ("LISTSYNC_", "XDG_", "OVERSEERR_", "WATCHDOG_", "MDBLIST_")
_SYSTEMD = {
    "NOTIFY_SOCKET",
    "AUTOMATED_MODE",
    "JOURNAL_STREAM",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
}


def until(
    what: str | Callable[[], str], look: Callable[[], _T], *, within_s: float = _PATIENCE_S
) -> _T:
    """Look again and again until there is something, the longer the more seldom; returns it.

    *what* says what was waited for, in a call: how it stands where that was in vain.
    """
    began = time.monotonic()
    while not (found := look()):
        passed = time.monotonic() - began
        if passed > within_s:
            pytest.fail(f"not within {within_s:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(min(0.02 + passed / 10, 0.1))
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """What a finished command has said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error of a command that was asked for JSON."""
        return json.loads(self.err)["error"]


class AgentProcess:
    """One `listsync run`; `until_ready` waits for it, `close` ends it if nobody did."""

    def __init__(
        self,
        home: Home,
        *options: str,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = ("run",),
        as_nobody_special: bool = False,
        socket: Path | None = None,
        executable: Sequence[str] | None = None,
    ) -> None:
        self.home = home
        self.socket = socket or socket_of(home)
        assert len(os.fsencode(self.socket)) <= MAX_PATH_BYTES
        self.log_file = home.folder / "agent.log"
        self._log_begins = self.log_file.stat().st_size if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            self._child = subprocess.Popen(
                executable or home.command(*command, *options),
                env=agent_environment(home, LISTSYNC_SOCKET=str(self.socket))
                | dict(environment or {}),
                cwd=home.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # It makes two calls of the C library, and takes no lock.
                preexec_fn=bow_to_file_rights if as_nobody_special else None,  # noqa: PLW1509
            )
        self.process = psutil.Process(self._child.pid)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._child.poll()

    @property
    def log(self) -> str:
        """What this process, and not an earlier one, has logged."""
        text = self.log_file.read_bytes()[self._log_begins :]
        return text.decode(errors="replace")

    def until_ready(self) -> AgentProcess:
        def answers() -> bool:
            assert self.code is None, f"ended with {self.code}: {self.log}"
            with suppress(ClientError):
                # Asking costs more than looking.
                return self.socket.is_socket() and bool(self.ask("ping")["pid"] == self.pid)
            return False

        until("the agent answers", answers)
        return self

    # -- asking ------------------------------------------------------------------------------

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        """Ask without a process of its own: polling with the real client would take long."""
        return ask([self.socket], method, params, timeout_s=_PATIENCE_S)

    def ctl(self, *arguments: str, **environment: str) -> Told:
        """Call the real `listsyncctl`."""
        done = subprocess.run(
            ctl_command(self, *arguments),
            env=agent_environment(self.home, **environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Told(done.returncode, done.stdout, done.stderr)

    def ctl_json(self, *arguments: str) -> Any:
        """Call the real `listsyncctl -o json`, which must succeed."""
        told = self.ctl(*arguments, "-o", "json")
        assert told.code == 0, told.err
        return told.json

    @property
    def status(self) -> dict[str, Any]:
        return self.ask("status")

    @property
    def runs(self) -> list[dict[str, Any]]:
        """All runs that have begun, the first one first."""
        runs: list[dict[str, Any]] = self.ask("runs", limit=200)["runs"]
        return runs[::-1]

    def due_in_s(self) -> float:
        """Give the seconds until the next run is due."""
        return datetime.fromisoformat(self.status["next_due"]).timestamp() - time.time()

    def is_at_rest(self) -> bool:
        status = self.status
        return status["running"] is None and status["pending"] is None

    def until_synced(
        self, count: int, *, within_s: float = 2 * _PATIENCE_S
    ) -> list[dict[str, Any]]:
        """Wait until *count* runs have ended and none goes on; gives them."""

        def ended() -> list[dict[str, Any]]:
            assert self.code is None, f"ended with {self.code}: {self.log}"
            runs = self.runs
            is_over = len(runs) >= count and all(one["ended_at"] for one in runs)
            return runs if is_over and self.is_at_rest() else []

        runs = until(f"{count} ended runs", ended, within_s=within_s)
        assert len(runs) == count, runs
        return runs

    def until_logged(self, words: str) -> None:
        until(f"{words!r} in the log", lambda: words in self.log)

    # -- ending ------------------------------------------------------------------------------

    def signal(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def wait(self, within_s: float = _PATIENCE_S) -> int:
        try:
            return self._child.wait(within_s)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the agent still runs after {within_s:g} s: {self.log}")

    def terminate(self, within_s: float = _PATIENCE_S) -> int:
        self._child.terminate()
        return self.wait(within_s)

    def kill(self) -> None:
        """End it as a power failure would."""
        self._child.kill()
        self._child.wait()

    def close(self) -> None:
        if self.code is None:
            self.kill()


def ctl_command(agent: AgentProcess, *arguments: str) -> list[str]:
    module = [sys.executable, "-m", "listsyncctl"]
    return [*module, "--socket", str(agent.socket), *arguments]


def socket_of(home: Home) -> Path:
    return home.folder / "a.sock"


def agent_environment(home: Home, **more: str) -> dict[str, str]:
    """Give an environment in which nothing points outside of the folder of *home*."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS) and name not in _SYSTEMD
    }
    return {
        **kept,
        "HOME": str(home.folder),
        "XDG_CONFIG_HOME": str(home.folder / "config"),
        "XDG_STATE_HOME": str(home.folder / "xdg-state"),
        "XDG_CACHE_HOME": str(home.folder / "cache"),
        "XDG_RUNTIME_DIR": str(home.folder / "run"),
        "LISTSYNC_CONFIG": str(config_of(home)),
        "LISTSYNC_STATE_DIR": str(home.state),
        "LISTSYNC_SOCKET": str(socket_of(home)),
        **more,
    }


def config_of(home: Home) -> Path:
    return home.folder / "listsync.yaml"


def replace_file(path: Path, text: str) -> None:
    """Save as most editors do: a new file takes the place of the old one."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def requested(home: Home) -> list[int]:
    """Give the TMDB ids of all requests that the server was sent, in order."""
    return [one["tmdbId"] for one in home.sandbox.admin("log")["requests"]]


def until_requested(home: Home, count: int) -> None:
    until(f"{count} requests", lambda: len(requested(home)) >= count, within_s=2 * _PATIENCE_S)


def as_if_left_so(home: Home) -> None:
    """Let listsync believe that nobody else has written to its state."""
    (home.state / "listsync.db.sha256").write_text("between")


def set_latency(home: Home, latency_ms: float) -> None:
    home.sandbox.admin("settings", {"latency_ms": latency_ms})


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Run a command beside the test; it does not outlive the block."""
    child = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


def on_a_terminal(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command on a pty to its end; gives its exit code and what was to be seen."""
    leader, follower = os.openpty()
    child = subprocess.Popen(
        command,
        env={**environment, "TERM": "xterm", "COLUMNS": "120"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    seen, end = b"", time.monotonic() + 40
    try:
        while time.monotonic() < end:
            if not select.select([leader], [], [], 0.2)[0]:
                continue
            try:
                seen += os.read(leader, 65536)
            except OSError:  # the other end is closed
                break
        return child.wait(30), seen.decode(errors="replace")
    finally:
        os.close(leader)
        if child.poll() is None:
            child.kill()
            child.wait()
