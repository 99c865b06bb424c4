"""One look at the agent a second for all browsers that watch, and none while nobody does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import field

from listsync.lean_dataclasses import dataclass

logger = logging.getLogger(__name__)

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Of a response that goes on: nobody between keeps it back."""
Look = Callable[[], Awaitable[Mapping[str, str]]]
"""Renders what may have changed: by the id of an element, what it holds now."""
_EVERY_S = 1.0
_HEARTBEAT_S = 15.0
"""Keeps proxies from closing what is quiet, and finds out who has gone."""
_LONGEST_S = 3600.0
"""Then a browser asks anew, and whether it still may is decided anew."""
_HEARTBEAT = b": still here\n\n"
_END = b"\n"


@dataclass(frozen=True, slots=True)
class _Part:
    """What an element holds since *version*, as lines of an event."""

    html: str
    version: int
    lines: bytes


@dataclass
class Broadcaster:
    """Tells all viewers what changed; each is sent the newest only, however slow it is."""

    look: Look
    every_s: float = _EVERY_S
    looks: int = 0
    _viewers: int = 0
    _is_over: bool = False
    _version: int = 0
    _beats: int = 0
    _parts: dict[str, _Part] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _pulse: asyncio.TimerHandle | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    def look_who_may(self) -> None:
        """Have it seen at once who may watch no more; from any thread."""
        if (loop := self._loop) is not None:
            with suppress(RuntimeError):  # it has ended since
                loop.call_soon_threadsafe(self._wake)

    def end(self) -> None:
        """End all events, as the server stops."""
        self._is_over = True
        self._wake()

    async def events(self, is_allowed: Callable[[], bool]) -> AsyncGenerator[bytes]:
        """Give events for one viewer, until *is_allowed* says no or the looking has failed."""
        self._viewers += 1
        self._loop = asyncio.get_running_loop()
        try:
            if self._task is None:
                self._task = asyncio.create_task(self._keep_looking())
                self._beat_later(self._loop)
            async with aclosing(self._events(self._task, is_allowed)) as events:
                async for one in events:
                    yield one
        finally:
            self._viewers -= 1
            if not self._viewers:
                self._rest()

    async def _events(
        self, task: asyncio.Task[None], is_allowed: Callable[[], bool]
    ) -> AsyncGenerator[bytes]:
        loop, seen, beats = asyncio.get_running_loop(), 0, self._beats
        ends = loop.time() + _LONGEST_S
        while not self._is_over and is_allowed() and not task.done() and loop.time() < ends:
            changed, news = self._changed, self._since(seen)
            seen = self._version
            if news or beats != self._beats:
                beats = self._beats
                yield news or _HEARTBEAT
            else:
                await changed.wait()

    def _since(self, version: int) -> bytes:
        lines = b"".join(one.lines for one in self._parts.values() if one.version > version)
        return lines + _END if lines else b""

    def _rest(self) -> None:
        for one in (self._task, self._pulse):
            if one is not None:
                one.cancel()
        self._task = self._pulse = None
        self._parts.clear()

    def _beat_later(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have one timer for all: one for each viewer costs more than what it is told."""
        self._pulse = loop.call_later(_HEARTBEAT_S, self._beat, loop)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beats += 1
        self._beat_later(loop)
        self._wake()

    async def _keep_looking(self) -> None:
        try:
            while True:
                self._publish(await self.look())
                self.looks += 1
                await asyncio.sleep(self.every_s)
        except Exception:
            logger.exception("the dashboard cannot follow the agent", extra={"action": "http"})
            self._wake()

    def _publish(self, found: Mapping[str, str]) -> None:
        fresh = {
            name: html
            for name, html in found.items()
            if name not in self._parts or self._parts[name].html != html
        }
        if not fresh:
            return
        self._version += 1
        for name, html in fresh.items():
            self._parts[name] = _Part(html, self._version, _lines(name, html))
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _lines(name: str, html: str) -> bytes:
    whole = f'<hx-partial hx-target="#{name}" hx-swap="innerMorph">\n{html}\n</hx-partial>'
    lines = (line.strip() for line in whole.splitlines())
    return "".join(f"data: {line}\n" for line in lines if line).encode()
