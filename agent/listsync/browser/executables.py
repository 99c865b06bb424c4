"""Which browser and which driver are installed here."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from listsync.errors import UnavailableError

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
