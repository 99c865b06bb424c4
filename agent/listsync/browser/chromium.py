"""Chromium, driven by undetected-chromedriver 3.5.5; only the browser's own process has this.

What the library does is in its source; where that differs from what we need it says so below.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import undetected_chromedriver as uc  # type: ignore[import-untyped]  # has no types
from selenium.common.exceptions import (
    InvalidSessionIdException,
    NoSuchWindowException,
    TimeoutException,
    WebDriverException,
)
from urllib3.exceptions import HTTPError

from listsync.browser.driver import UnknownDriverError, prepare
from listsync.browser.messages import BrowserFailure, BrowserStart, Loaded, PageOrder
from listsync.browser.page_state import ARGUMENTS_LIMIT, SCRIPT, PageState
from listsync.process.records import named

_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/{major}.0.0.0 Safari/537.36"
)
_FLAGS = (
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disk-cache-size=33554432",
    "--mute-audio",
    "--no-pings",
    "--password-store=basic",
)
_SMALL_SHM = 512 * 1024 * 1024
_LOOK_EVERY_S = 0.1
_GRACE_S = 2.0
_NOT_STARTED = (
    (
        "as root without --no-sandbox",
        "Chromium will not run as root: give listsync a user of its own",
    ),
    (
        "sandbox",
        (
            "Chromium's sandbox cannot be used here: user namespaces are forbidden (sysctl"
            " kernel.unprivileged_userns_clone, user.max_user_namespaces or AppArmor; systemd:"
            " RestrictNamespaces)"
        ),
    ),
    ("only supports chrome version", "Chromium and its chromedriver are of different versions"),
)


class _Options(uc.ChromeOptions):  # type: ignore[misc]  # has no types
    """Chromium's flags; the library adds --no-sandbox whatever it is told (3.5.5)."""

    keeps_sandbox = True

    def add_argument(self, argument: str) -> None:
        if not (self.keeps_sandbox and argument == "--no-sandbox"):
            super().add_argument(argument)


class Chromium:
    """One Chromium with one tab."""

    def __init__(self, driver: Any, version: str) -> None:
        self._driver = driver
        self.version = version

    @classmethod
    def launch(cls, start: BrowserStart) -> Chromium | BrowserFailure:
        """Start it; a trouble says in words for the user why not."""
        folder = Path(start.folder)
        if os.geteuid() == 0 and not start.no_sandbox:
            return BrowserFailure(
                why=f"{_NOT_STARTED[0][1]} (or allow it to run without its sandbox)"
            )
        try:
            prepared = prepare(
                folder=folder,
                cache=Path(start.cache),
                browser=Path(start.browser),
                driver=Path(start.driver),
            )
        except UnknownDriverError as error:
            return BrowserFailure(why=str(error))
        except OSError as error:
            return BrowserFailure(why=f"the browser's driver cannot be prepared ({error})")
        try:
            with _failing_early(folder):
                driver = uc.Chrome(
                    options=_options(start, prepared.major),
                    driver_executable_path=str(prepared.driver),
                    browser_executable_path=str(prepared.browser),
                    user_data_dir=str(folder / "profile"),
                    headless=True,
                    no_sandbox=start.no_sandbox,
                    version_main=prepared.major,  # else it prints a line, and guesses
                )
        except (WebDriverException, HTTPError, OSError) as error:
            return BrowserFailure(why=_why_not(folder, error))
        version = str(driver.capabilities.get("browserVersion", ""))
        return cls(driver, version)

    def load(self, order: PageOrder) -> Loaded | BrowserFailure:
        """Load a page and wait until it is ready."""
        try:
            return self._load(order)
        except (InvalidSessionIdException, NoSuchWindowException):
            return BrowserFailure(why="the browser has crashed", over=True)
        except HTTPError:
            return BrowserFailure(why="the page makes the browser hang", over=True)
        except WebDriverException as error:
            return _trouble(error)

    def _load(self, order: PageOrder) -> Loaded | BrowserFailure:
        until = time.monotonic() + order.deadline_s
        self._be_patient(order.deadline_s)
        self._driver.set_page_load_timeout(order.deadline_s)
        self._driver.set_script_timeout(order.deadline_s)
        try:
            self._driver.get(order.url)
        except TimeoutException:  # the driver has cut the document off, and calls it complete
            return self._too_late(None, order)
        while True:
            self._be_patient(until - time.monotonic())
            look = self._look(order.wait_for)
            result = look.result() if look else None
            if result is not None:
                return result
            if time.monotonic() > until:
                return self._too_late(look, order)
            time.sleep(_LOOK_EVERY_S)

    def _be_patient(self, seconds: float) -> None:
        """Bound every call to the driver; by itself it answers in time, if it answers at all."""
        self._driver.command_executor.client_config.timeout = max(seconds, 0) + _GRACE_S

    def _too_late(self, look: PageState | None, order: PageOrder) -> BrowserFailure:
        """Say what is wrong; a tab that computes for ever is good for nothing any more."""
        self._be_patient(0)
        try:
            self._driver.execute_script("return 1")
        except (WebDriverException, HTTPError):
            return BrowserFailure(why="the page makes the browser hang", over=True)
        if look is None:
            return BrowserFailure(why=f"the page does not come within {order.deadline_s:.0f} s")
        return look.too_late(order.deadline_s)

    def _look(self, wait_for: str | None) -> PageState | None:
        """Look at the page; None between two documents."""
        try:
            answer = self._driver.execute_script(SCRIPT, wait_for, ARGUMENTS_LIMIT)
        except (InvalidSessionIdException, NoSuchWindowException):
            raise
        except WebDriverException as error:
            if _trouble(error).over:
                raise
            return None
        return PageState.of(answer, wait_for) if isinstance(answer, dict) else None


@contextmanager
def _failing_early(folder: Path) -> Iterator[None]:
    """End the driver if Chromium ends while it starts: the driver would look for it for 60 s."""
    started = threading.Event()

    def watch() -> None:
        while not started.wait(_LOOK_EVERY_S):
            members = named(folder)
            browser, driver = members.get("browser"), members.get("driver")
            if browser and driver and driver.is_alive() and not browser.is_alive():
                os.kill(driver.pid, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        started.set()


def _options(start: BrowserStart, major: int) -> _Options:
    options = _Options()
    options.keeps_sandbox = not start.no_sandbox
    for flag in _FLAGS:
        options.add_argument(flag)
    # Headless calls itself so; the library changes that only where navigator.webdriver is true.
    options.add_argument(f"--user-agent={start.user_agent or _AGENT.format(major=major)}")
    if start.proxy is not None:
        options.add_argument(f"--proxy-server={start.proxy}")
    if _shared_memory() < _SMALL_SHM:
        options.add_argument("--disable-dev-shm-usage")
    options.page_load_strategy = "eager"
    options.unhandled_prompt_behavior = "dismiss"
    return options


def _shared_memory() -> int:
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108  # Chromium's own choice
    except OSError:
        return 0
    return room.f_bavail * room.f_frsize


def _trouble(error: WebDriverException) -> BrowserFailure:
    """Put what the driver says into words."""
    words = (error.msg or "").partition("\n")[0].strip()
    if "tab crashed" in words or "not reachable" in words or "disconnected" in words:
        return BrowserFailure(why="the page made the browser crash", over=True)
    code = words.partition("net::")[2].split(" ")[0]
    if code:
        return BrowserFailure(why=f"the browser cannot load the page ({code})")
    return BrowserFailure(why=f"the browser cannot load the page ({words[:200]})")


def _why_not(folder: Path, error: Exception) -> str:
    """Find out why Chromium does not start: the library only says that it cannot reach it."""
    try:
        printed = (folder / "browser.log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        printed = ""
    words = f"{error} {printed}".lower()
    for mark, why in _NOT_STARTED:
        if mark in words:
            return why
    fatal = [text for text in printed.splitlines() if "FATAL" in text]
    reason = " ".join((fatal[-1] if fatal else str(error)).split())
    return f"Chromium does not start ({reason[:200]})"
