"""Where the browser keeps its things, and how it is started; nothing is imported before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from listsync.config.schema import ChromiumOptions
from listsync.config_types import PageOptions
from listsync.errors import UnavailableError

if TYPE_CHECKING:
    from listsync.http.browser_fallback import BrowserFallback, PageLoader

# An agent that waits has no use for any of it.
# ruff: noqa: PLC0415

_FOLDER = "browser"


def browser_fallback_for(
    service: str, options: PageOptions, chromium: ChromiumOptions, state_dir: Path
) -> BrowserFallback:
    """Build the way past a service's bot wall; the browser starts when it is needed."""
    from listsync.http.browser_fallback import BrowserFallback

    def start() -> PageLoader:
        from listsync.browser.client import Browser, BrowserSettings

        proxy = options.proxy.get_secret_value() if options.proxy else None
        if proxy and "@" in proxy:  # a command line, which everybody here may read, shows it
            why = f"Chromium cannot log in at a proxy (providers.{service}.proxy)"
            raise UnavailableError(service, why)
        return Browser(
            service,
            BrowserSettings(
                cache=state_dir / _FOLDER / "driver",
                records=_records(state_dir),
                limit_mb=chromium.memory_mb,
                no_sandbox=chromium.no_sandbox,
                user_agent=options.user_agent,
                proxy=proxy,
            ),
        )

    return BrowserFallback(service, start)


def sweep(state_dir: Path) -> None:
    """End what browsers of a killed listsync have left behind."""
    records = _records(state_dir)
    if not records.is_dir() or not any(records.iterdir()):
        return
    from listsync.process.records import sweep as sweep_children

    sweep_children(records)


def _records(state_dir: Path) -> Path:
    return state_dir / _FOLDER / "sessions"
