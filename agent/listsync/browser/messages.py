"""What the agent and the browser's process say to each other: one JSON object a line."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LIMIT = 64 * 1024 * 1024
"""Bytes of a line, and so of a page, at most."""

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
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
class Order:
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
class Trouble:
    """No page. `refusal` is a `Refusal` or None; `over` means that the browser ends now."""

    why: str
    refusal: str | None = None
    over: bool = False


def line(message: Start | Order | Loaded | Trouble) -> bytes:
    """Render *message*.

    Raises:
        ValueError: it is longer than LIMIT.
    """
    text = json.dumps(asdict(message), ensure_ascii=False, separators=(",", ":"))
    data = text.encode("utf-8", "replace") + b"\n"
    if len(data) > LIMIT:
        raise ValueError("too long")
    return data


def answer(fields: Mapping[str, Any]) -> Loaded | Trouble:
    """Read what the browser's process said.

    Raises:
        TypeError: it is neither a page nor a trouble.
    """
    return Trouble(**fields) if "why" in fields else Loaded(**fields)


class Lines:
    """Reads lines from *fd*, which stays the caller's to close, never beyond a deadline."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._held = bytearray()

    def next(self, deadline_s: float) -> dict[str, Any] | None:
        """Wait for the next line; None when there will be none.

        Raises:
            TimeoutError: *deadline_s* went by.
            ValueError: the line is too long, or no JSON object.
        """
        until = time.monotonic() + deadline_s
        looked = 0
        while (end := self._held.find(b"\n", looked)) < 0:
            looked = len(self._held)
            if looked > LIMIT:
                raise ValueError("too long")
            if not self._poll.poll(1000 * max(0.0, until - time.monotonic())):
                raise TimeoutError
            piece = os.read(self._fd, _PIECE)
            if not piece:
                return None
            self._held += piece
        message = json.loads(self._held[:end])
        del self._held[: end + 1]
        if not isinstance(message, dict):
            raise ValueError("not an object")  # noqa: TRY004  # a wrong line, not a wrong call
        return message
