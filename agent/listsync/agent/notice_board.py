"""What the agent itself has to say to a person: from when it is so until it is over."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from listsync.agent.active_config import InForce
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord, Origin, renewed
from listsync.domain.runs import Condition, ServiceStatus
from listsync.ports.runs import NoticeLog

_LASTS = timedelta(hours=1)
"""What has failed for so long hardly mends itself."""


class NoticeBoard:
    """Holds the agent's open notices in memory, and has them written down. Any thread may use it.

    What is wrong with the state is a notice, too, so that nobody waits for the state to be told.
    """

    def __init__(self, log: NoticeLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._open = self._written = log.open(Origin.AGENT)
        self._over: list[NoticeRecord] = []
        """What was open and is over, while nothing could be written."""

    def keep(self, said: Iterable[Notice]) -> tuple[NoticeRecord, ...]:
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
            self._log.replace(Origin.AGENT, (*notices, *over), now)
        if over or notices != self._written:
            self._log.replace(Origin.AGENT, notices, now)
        with self._lock:
            self._written, self._over = notices, [one for one in self._over if one not in over]


def _key(one: NoticeRecord) -> tuple[NoticeKind, str]:
    return one.notice.kind, one.notice.text


def agent_notices(
    in_force: InForce[object],
    *,
    doubts: Iterable[str],
    troubles: Iterable[str],
    watcher: str,
    services: Iterable[ServiceStatus] = (),
) -> Iterator[Notice]:
    """Say what a person should learn of the agent.

    *doubts* tell which places others may change, *troubles* what is wrong with the state,
    *watcher* why changes of the configuration may be seen late; *services* are all others.
    """
    if in_force.problems:
        text = "the configuration is invalid; the last good one is in force"
        yield Notice(kind=NoticeKind.CONFIG_INVALID, text=text)
    for warning in in_force.following.warnings:
        yield Notice(kind=NoticeKind.CONFIG_WARNING, text=str(warning))
    for pending in in_force.pending:
        yield Notice(kind=NoticeKind.CONFIG_PENDING, text=f"not in force yet: {pending}")
    if watcher:
        yield Notice(kind=NoticeKind.WATCHER_DEGRADED, text=watcher)
    for doubt in doubts:
        yield Notice(kind=NoticeKind.OPEN_TO_OTHERS, text=doubt)
    for trouble in troubles:
        yield Notice(kind=NoticeKind.STATE_TROUBLE, text=trouble)
    for one in services:
        since = one.since if one.condition is Condition.FAILED else None
        if (since := one.failing_since or since) is not None:
            passes = datetime.now(UTC) - since < _LASTS
            text = f"the {one.name} service has failed: {one.why}"
            yield Notice(kind=NoticeKind.SERVICE_FAILED, text=text, passes=passes)
