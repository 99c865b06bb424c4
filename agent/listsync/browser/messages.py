"""What the agent and the browser's process say to each other: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict

from listsync.lean_dataclasses import dataclass

LIMIT = 64 * 1024 * 1024
"""Bytes of a line, and so of a page, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserStart:
    """The first order: all that the browser's process has to know."""

    folder: str
    record: str
    cache: str
    browser: str
    driver: str
    limit_mb: int
    no_sandbox: bool
    user_agent: str | None
    proxy: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOrder:
    """Every other order: one page."""

    url: str
    wait_for: str | None
    deadline_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A page as the browser has it; status None is unknown."""

    url: str
    status: int | None
    title: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserFailure:
    """No page. `refusal` is a `Refusal` or None; `over` means that the browser ends now."""

    why: str
    refusal: str | None = None
    over: bool = False


def line(message: BrowserStart | PageOrder | Loaded | BrowserFailure) -> bytes:
    """Render *message*.

    Raises:
        ValueError: it is longer than LIMIT.
    """
    text = json.dumps(asdict(message), ensure_ascii=False, separators=(",", ":"))
    data = text.encode("utf-8", "replace") + b"\n"
    if len(data) > LIMIT:
        raise ValueError("too long")
    return data


def read(data: bytes) -> Loaded | BrowserFailure:
    """Read a line of the browser's process.

    Raises:
        ValueError: it is neither a page nor a trouble.
    """
    try:
        fields = json.loads(data)
        return BrowserFailure(**fields) if "why" in fields else Loaded(**fields)
    except (TypeError, RecursionError) as error:
        raise ValueError("makes no sense") from error
