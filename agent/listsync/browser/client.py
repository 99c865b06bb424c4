"""The agent's side of the browser: asks its process for pages, and leaves nothing behind."""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast
from urllib.parse import urlsplit

from listsync.browser.executables import installed
from listsync.browser.messages import Lines, Loaded, Order, Start, Trouble, answer, line
from listsync.browser.sessions import Member, Session
from listsync.errors import Refusal, RefusedError, UnavailableError

logger = logging.getLogger(__name__)

_GRACE_S = 5.0
"""How much later than promised the browser's process may answer, or end."""

_HANDED_ON = ("PATH", "PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ")
_SYSTEMD = (
    "; under systemd its unit needs MemoryDenyWriteExecute=no and RestrictNamespaces=user pid net"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """How the browser is run.

    `cache` keeps the patched driver (25 MB); it must allow programs to be run from it. `records`
    belongs to the agent's state: `sessions.sweep(records)` at its start. `limit_mb` bounds the
    memory of Chromium's whole tree. `no_sandbox` takes Chromium's own protection away, which only
    the user may ask for. `proxy` is as Chromium's --proxy-server has it: it cannot hold a
    password. `command` is the interpreter; something like setpriv may stand before it.
    """

    cache: Path
    records: Path
    limit_mb: int = 1024
    no_sandbox: bool = False
    user_agent: str | None = None
    proxy: str | None = None
    start_s: float = 60
    command: tuple[str, ...] = (sys.executable,)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserPage:
    """A page after its scripts ran. `url` is where it ended; `status` None is unknown."""

    url: str
    status: int | None
    title: str
    html: str


class Browser:
    """Loads pages of one service, one after the other; cookies last as long as it is open.

    Chromium starts with the first page and stays for the next ones; where it ended, the next page
    starts it anew. Used by one thread at a time.
    """

    def __init__(self, service: str, settings: BrowserSettings) -> None:
        self._service = service
        self._settings = settings
        self._child: _Child | None = None
        self._is_killed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End Chromium; doing it twice does no harm."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def kill(self) -> None:
        """End Chromium while another thread waits for it; for good."""
        self._is_killed = True
        child = self._child
        if child is not None:
            child.kill()

    def page(
        self, url: str, *, wait_for: str | None = None, deadline_s: float = 60
    ) -> BrowserPage:
        """Load *url* (http or https).

        With *wait_for* (a CSS selector) the page is ready when it shows such an element, else
        when it is loaded; one that is not there (404) is ready at once. *deadline_s* holds for
        the page, challenge included; the start of Chromium (about 3 s) comes on top of it.

        Raises:
            UnavailableError: no browser is installed, it does not start, it ended, or the page
                is not ready in time.
            RefusedError: a bot wall answers, also to a browser (BLOCKED), or the service asks
                us to slow down (RATE_LIMITED).
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("not a web address")
        try:
            if self._child is None or not self._child.is_alive:
                self.close()
                self._child = _start(self._service, self._settings)
            if self._is_killed:
                self._child.kill()
            order = Order(url=url, wait_for=wait_for, deadline_s=deadline_s)
            said = self._child.ask(order, deadline_s + _GRACE_S)
        except _ChildError as error:
            self.close()
            raise UnavailableError(self._service, str(error)) from error
        except OSError as error:
            self.close()
            why = f"the browser's folders cannot be used ({error})"
            raise UnavailableError(self._service, why) from error
        except BaseException:
            self.close()
            raise
        if isinstance(said, Loaded):
            return BrowserPage(url=said.url, status=said.status, title=said.title, html=said.html)
        if said.over:
            self.close()
        if said.refusal is not None:
            raise RefusedError(self._service, Refusal(said.refusal), said.why)
        raise UnavailableError(self._service, said.why)


class _ChildError(Exception):
    """The browser's process does not do what it should; says so in words for the user."""


class _Child:
    """The browser's process."""

    def __init__(self, session: Session, settings: BrowserSettings) -> None:
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own module
            [*settings.command, "-P", "-m", __package__, str(session.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_environment(session.folder),
            start_new_session=True,
            bufsize=0,
        )
        self._session = replace(session, child=Member.of(self._process.pid))
        self._lines = Lines(self._output.fileno())

    def record(self) -> None:
        self._session.write()

    @property
    def is_alive(self) -> bool:
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT  # it keeps its number until `end`
        return os.waitid(os.P_PID, self._process.pid, how) is None

    def ask(self, message: Start | Order, deadline_s: float) -> Loaded | Trouble:
        """Give an order and wait for what comes of it.

        Raises:
            _ChildError: nothing usable comes.
        """
        try:
            self._input.write(line(message))
            said = self._lines.next(deadline_s)
        except TimeoutError as error:
            raise _ChildError(f"the browser does not answer within {deadline_s:.0f} s") from error
        except (OSError, ValueError) as error:
            raise _ChildError(f"the browser cannot be talked to ({error})") from error
        if said is None:
            raise _ChildError("the browser has ended unexpectedly")
        try:
            return answer(said)
        except TypeError as error:
            raise _ChildError("the browser's process does not make sense") from error

    def kill(self) -> None:
        """End the process itself; who waits for it sees that, and ends the rest."""
        with suppress(OSError):
            held = os.pidfd_open(self._process.pid)
            try:
                # Raises where that number belongs to somebody else by now.
                os.waitid(os.P_PIDFD, held, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                signal.pidfd_send_signal(held, signal.SIGKILL)
            finally:
                os.close(held)

    def end(self) -> None:
        """End all of it: it does that itself when its input ends; else it is killed.

        As long as nobody waited for the process, the number of its group is its own.
        """
        for pipe in (self._input, self._output):
            with suppress(OSError):
                pipe.close()
        if not _ended(self._process.pid, _GRACE_S):
            logger.warning("killing a browser that hangs", extra={"action": "browser_killed"})
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._session.clear()

    @property
    def _input(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)

    @property
    def _output(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdout)


def _ended(pid: int, deadline_s: float) -> bool:
    """Wait until our child *pid* has ended, without taking its number from it."""
    try:
        watch = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        return bool(poll.poll(1000 * deadline_s))
    finally:
        os.close(watch)


def _start(service: str, settings: BrowserSettings) -> _Child:
    programs = installed(service)
    session = Session.new(settings.records)
    session.write()
    try:
        child = _Child(session, settings)
    except OSError as error:
        session.clear()
        raise _ChildError(f"the browser's process cannot be started ({error})") from error
    try:
        child.record()
        said = child.ask(
            Start(
                folder=str(session.folder),
                record=str(session.path),
                cache=str(settings.cache.absolute()),
                browser=str(programs.browser),
                driver=str(programs.driver),
                limit_mb=settings.limit_mb,
                no_sandbox=settings.no_sandbox,
                user_agent=settings.user_agent,
                proxy=settings.proxy,
            ),
            settings.start_s,
        )
    except _ChildError as error:
        child.end()
        raise _ChildError(f"{error}, when it should start{_SYSTEMD}") from error
    except BaseException:
        child.end()
        raise
    if isinstance(said, Trouble):
        child.end()
        raise _ChildError(said.why)
    logger.debug("browser started: %s", said.title, extra={"action": "browser_started"})
    return child


def _environment(folder: Path) -> dict[str, str]:
    """Make the environment of the child: no secrets, and all that it writes in *folder*."""
    handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    return handed_on | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "SE_OFFLINE": "true",  # selenium must not look for drivers in the net
        "SE_AVOID_STATS": "true",
    }
