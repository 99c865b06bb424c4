"""The agent's side of the browser: asks its process for pages, and leaves nothing behind."""

from __future__ import annotations

import logging
import shutil
import sys
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

from listsync.browser.messages import (
    LIMIT,
    BrowserFailure,
    BrowserStart,
    Loaded,
    PageOrder,
    line,
    read,
)
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.process.child import Child
from listsync.process.records import ChildRecord
from listsync.process.supervisor import FOLDER, Command, NotStartedError, start

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_DRIVERS = ("chromedriver", "chromium.chromedriver")


@dataclass(frozen=True, slots=True)
class BrowserPrograms:
    """Absolute paths of what is installed."""

    browser: Path
    driver: Path


def installed(service: str) -> BrowserPrograms:
    """Find both on PATH; nothing is ever downloaded.

    Raises:
        UnavailableError: one of them is missing; says what to install.
    """
    browser, driver = _first(_BROWSERS), _first(_DRIVERS)
    if browser is None or driver is None:
        missing = " and ".join(
            name
            for name, path in (("Chromium", browser), ("its chromedriver", driver))
            if path is None
        )
        raise UnavailableError(
            service,
            f"wants a browser, and {missing} cannot be found on PATH"
            " (Debian, Ubuntu: apt install chromium chromium-driver)",
        )
    return BrowserPrograms(browser, driver)


def _first(names: tuple[str, ...]) -> Path | None:
    found = next(filter(None, map(shutil.which, names)), None)
    return Path(found).absolute() if found else None


logger = logging.getLogger(__name__)

_GRACE_S = 5.0
"""How much later than promised the browser's process may answer."""

# Selenium must not look for drivers in the net, nor tell anybody what it does.
_ENVIRONMENT = {"LANG": "C.UTF-8", "SE_OFFLINE": "true", "SE_AVOID_STATS": "true"}
_SYSTEMD = (
    "; under systemd its unit needs MemoryDenyWriteExecute=no and RestrictNamespaces=user pid net"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """How the browser is run.

    `cache` keeps the patched driver (25 MB); it must allow programs to be run from it. `records`
    belongs to the agent's state, which sweeps them at its start. `limit_mb` bounds the
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
        self._child: Child | None = None
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
            RefusedError: bot protection answers, also to a browser (BLOCKED), or the service asks
                us to slow down (RATE_LIMITED).
        """
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError("not a web address")
        try:
            child = self._child
            if child is None or not child.is_alive:
                self.close()
                child = self._start()
            order = PageOrder(url=url, wait_for=wait_for, deadline_s=deadline_s)
            reply = _ask(child, order, deadline_s + _GRACE_S)
        except _BrowserError as error:
            self.close()
            raise UnavailableError(self._service, str(error)) from error
        except OSError as error:
            self.close()
            why = f"the browser's folders cannot be used ({error})"
            raise UnavailableError(self._service, why) from error
        except BaseException:
            self.close()
            raise
        if isinstance(reply, Loaded):
            return BrowserPage(
                url=reply.url, status=reply.status, title=reply.title, html=reply.html
            )
        if reply.over:
            self.close()
        if reply.refusal is not None:
            raise RefusedError(self._service, Refusal(reply.refusal), reply.why)
        raise UnavailableError(self._service, reply.why)

    def _start(self) -> Child:
        """Start its process, then Chromium in it; `kill` reaches it before it has said a word."""
        programs = installed(self._service)
        self._child = child = _started(self._settings)
        if self._is_killed:
            child.kill()
        try:
            order = _first_order(child, programs, self._settings)
            reply = _ask(child, order, self._settings.start_s)
        except _BrowserError as error:
            raise _BrowserError(f"{error}, when it should start{_SYSTEMD}") from error
        if isinstance(reply, BrowserFailure):
            raise _BrowserError(reply.why)
        logger.debug("browser started: %s", reply.title, extra={"action": "browser_started"})
        return child


class _BrowserError(Exception):
    """The browser's process does not do what it should; says so in words for the user."""


def _ask(
    child: Child, message: BrowserStart | PageOrder, deadline_s: float
) -> Loaded | BrowserFailure:
    """Give an order and wait for what comes of it.

    Raises:
        _BrowserError: nothing usable comes.
    """
    try:
        child.send(line(message))
        reply = child.line(deadline_s)
        if reply is not None:
            return read(reply)
    except TimeoutError as error:
        raise _BrowserError(f"the browser does not answer within {deadline_s:.0f} s") from error
    except (OSError, ValueError) as error:
        raise _BrowserError(f"the browser cannot be talked to ({error})") from error
    raise _BrowserError("the browser has ended unexpectedly")


def _started(settings: BrowserSettings) -> Child:
    command = Command(
        arguments=(*settings.command, "-P", "-m", __package__, FOLDER),
        purpose="browser",
        records=settings.records,
        is_ours=True,
        environment=_ENVIRONMENT,
        most_of_line=LIMIT,
    )
    try:
        return start(command)
    except NotStartedError as error:
        raise _BrowserError(f"the browser's process cannot be started ({error})") from error


def _first_order(
    child: Child, programs: BrowserPrograms, settings: BrowserSettings
) -> BrowserStart:
    record = cast("ChildRecord", child.record)
    return BrowserStart(
        folder=str(record.folder),
        record=str(record.path),
        cache=str(settings.cache.absolute()),
        browser=str(programs.browser),
        driver=str(programs.driver),
        limit_mb=settings.limit_mb,
        no_sandbox=settings.no_sandbox,
        user_agent=settings.user_agent,
        proxy=settings.proxy,
    )
