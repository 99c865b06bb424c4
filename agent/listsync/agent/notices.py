"""What a person should learn of the agent itself: from when it is so until it is over."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from listsync.agent.active_config import ConfigState
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin, renewed
from listsync.domain.runs import Condition, ServiceStatus
from listsync.ports.runs import Notices

_LASTS = timedelta(hours=1)
"""What has failed for so long hardly mends itself."""


class AgentNotices:
    """Holds what is open of them in memory, and has it written down. Any thread may use it.

    What is wrong with the state is a notice, too, so that nobody waits for the state to be told.
    """

    def __init__(self, kept: Notices) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._open = self._written = kept.open(Origin.AGENT)
        self._over: list[NoticeRecord] = []
        """What was open and is over, while nothing could be written."""

    def emit(self, said: Iterable[Notice]) -> tuple[NoticeRecord, ...]:
        """Take what is so now, in place of what was; returns it with the times since when."""
        now = datetime.now(UTC)
        with self._lock:
            before, self._open = self._open, renewed(self._open, said, now)
            known = {_key(one) for one in (*self._open, *self._written)}
            self._over = [one for one in (*self._over, *before) if _key(one) not in known]
            return self._open

    def write(self) -> None:
        """Write down what has changed; raises StateError."""
        with self._lock:
            now, notices, over = datetime.now(UTC), self._open, tuple(self._over)
        if over:
            self._kept.emit(Origin.AGENT, (*notices, *over), now)
        if over or notices != self._written:
            self._kept.emit(Origin.AGENT, notices, now)
        with self._lock:
            self._written, self._over = notices, [one for one in self._over if one not in over]


def _key(one: NoticeRecord) -> tuple[NoticeKind, str]:
    return one.notice.kind, one.notice.text


def notices_of_agent(
    current: ConfigState[object],
    *,
    permission_warnings: Iterable[str],
    state_errors: Iterable[str],
    watcher: str,
    services: Iterable[ServiceStatus] = (),
) -> Iterator[Notice]:
    """Say what a person should learn of the agent.

    *permission_warnings* tell which places others may change, *watcher* why changes of the
    configuration may be seen late; *services* are all others.
    """
    if current.problems:
        text = "the configuration is invalid; the last good one is in force"
        yield Notice(kind=NoticeKind.CONFIG_INVALID, text=text)
    for problem in current.snapshot.warnings:
        yield Notice(kind=NoticeKind.CONFIG_WARNING, text=str(problem))
    for pending in current.pending:
        yield Notice(kind=NoticeKind.CONFIG_PENDING, text=f"not in force yet: {pending}")
    if watcher:
        yield Notice(kind=NoticeKind.WATCHER_DEGRADED, text=watcher)
    for warning in permission_warnings:
        yield Notice(kind=NoticeKind.OPEN_TO_OTHERS, text=warning)
    for error in state_errors:
        yield Notice(kind=NoticeKind.STATE_TROUBLE, text=error)
    for one in services:
        since = one.since if one.condition is Condition.FAILED else None
        if (since := one.failing_since or since) is not None:
            passes = datetime.now(UTC) - since < _LASTS
            text = f"the {one.name} service has failed: {one.why}"
            yield Notice(kind=NoticeKind.SERVICE_FAILED, text=text, passes=passes)
