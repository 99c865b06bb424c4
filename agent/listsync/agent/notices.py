"""What a person should learn of the agent itself: from when it is so until it is over."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from listsync.agent.active_config import ConfigState
from listsync.domain.fleet import FleetStatus
from listsync.domain.fleet_notices import notices_of_fleet
from listsync.domain.messages import TargetStatus
from listsync.domain.notices import (
    Notice,
    NoticeKind,
    NoticeRecord,
    Origin,
    Severity,
    changes,
    few,
    renewed,
)
from listsync.domain.postgres_triggers import PostgresStatus, notices_of_postgres
from listsync.domain.runs import Condition, ServiceStatus
from listsync.domain.transfers import MediaServerTrouble, RootHealth, RootTrouble
from listsync.lean_dataclasses import dataclass
from listsync.ports.runs import Notices

logger = logging.getLogger(__name__)

_LASTS = timedelta(hours=1)
"""What has failed for so long hardly mends itself."""


_LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING}


def log_notice(notice: Notice, run_id: str = "") -> None:
    """Say it in the log, unless the log says it where it is found."""
    if not notice.kind.is_logged_where_found:
        extra = _facts(notice) | ({"run": run_id} if run_id else {})
        level = _LEVELS[notice.severity]
        logger.log(level, "%s: %s", notice.subject, notice.text, extra=extra)


def _log_end(notice: Notice) -> None:
    if not notice.kind.is_logged_where_found:
        extra = _facts(notice) | {"action": "notice_over"}
        logger.info("%s: resolved: %s", notice.subject, notice.text, extra=extra)


def _facts(notice: Notice) -> dict[str, str | None]:
    return {"action": "notice", "kind": notice.kind.value, "list": notice.list_name}


class AgentNotices:
    """The one way for what the agent has to say: logs it and has it written down.

    What is open is held in memory, too: what is wrong with the state is a notice, so nobody waits
    for the state to be told. Any thread may use it.
    """

    def __init__(self, kept: Notices) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._open = self._written = kept.open(Origin.AGENT)
        self._logged: tuple[NoticeRecord, ...] = ()
        """What this process has said of it: what is open from before is said again."""
        self._over: list[NoticeRecord] = []
        """What was open and is over, while nothing could be written."""

    def emit(self, found: Iterable[Notice]) -> tuple[NoticeRecord, ...]:
        """Take what is so now, in place of what was; returns it with the times since when.

        What is new is logged once as long as it is open, in whatever words, and that it is over.
        """
        now = datetime.now(UTC)
        with self._lock:
            before, self._open = self._open, renewed(self._open, found, now)
            known = {_key(one) for one in (*self._open, *self._written)}
            ended = changes(before, self._open).ended
            self._over = [one for one in (*self._over, *ended) if _key(one) not in known]
            news, self._logged = changes(self._logged, self._open), self._open
            for one in news.ended:
                _log_end(one.notice)
            for one in news.opened:
                log_notice(one.notice)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFindings:
    """What the agent sees of itself, beside its configuration; all is well where it says nothing.

    `permission_warnings` tell which places others may change, `watcher` why changes of the
    configuration may be seen late; `waiting` counts titles for review; `services` are all others.
    """

    permission_warnings: Iterable[str] = ()
    state_errors: Iterable[str] = ()
    watcher: str = ""
    services: Iterable[ServiceStatus] = ()
    targets: Iterable[TargetStatus] = ()
    roots: Iterable[RootHealth] = ()
    postgres: PostgresStatus | None = None
    media_servers: Iterable[MediaServerTrouble] = ()
    waiting: int = 0
    fleet: FleetStatus | None = None


def notices_of_agent(current: ConfigState[object], found: AgentFindings) -> Iterator[Notice]:
    """Say what a person should learn of the agent."""
    if current.problems:
        text = "the configuration is invalid; the last good one is in force"
        yield Notice(kind=NoticeKind.CONFIG_INVALID, text=text)
    for problem in current.snapshot.warnings:
        yield Notice(kind=NoticeKind.CONFIG_WARNING, text=str(problem))
    for pending in current.pending:
        yield Notice(kind=NoticeKind.CONFIG_PENDING, text=f"not in force yet: {pending}")
    if found.watcher:
        yield Notice(kind=NoticeKind.WATCHER_DEGRADED, text=found.watcher)
    for warning in found.permission_warnings:
        yield Notice(kind=NoticeKind.OPEN_TO_OTHERS, text=warning)
    for error in found.state_errors:
        yield Notice(kind=NoticeKind.STATE_TROUBLE, text=error)
    for one in found.services:
        yield from _of_service(one)
    for target in found.targets:
        yield from _of_target(target)
    yield from notices_of_postgres(found.postgres)
    yield from notices_of_roots(found.roots)
    yield from notices_of_media_servers(found.media_servers)
    yield from notices_of_fleet(found.fleet)
    if found.waiting:
        waits = "1 title waits" if found.waiting == 1 else f"{found.waiting} titles wait"
        text = f"{waits} for you to choose: `listsyncctl review`"
        yield Notice(kind=NoticeKind.REVIEW, text=text, count=found.waiting)


def _of_service(one: ServiceStatus) -> Iterator[Notice]:
    since = one.since if one.condition is Condition.FAILED else None
    if (since := one.failing_since or since) is not None:
        passes = datetime.now(UTC) - since < _LASTS
        text = f"the {one.name} service has failed: {one.why}"
        yield Notice(kind=NoticeKind.SERVICE_FAILED, text=text, passes=passes)


def _of_target(one: TargetStatus) -> Iterator[Notice]:
    if one.failing_since is None and not one.dead:
        return
    lost = f"{one.dead:,} of its messages could not be delivered and were given up; "
    text = f"notifications to {one.name} fail: {lost if one.dead else ''}{one.answer}"
    since = one.failing_since or datetime.now(UTC)
    passes = not one.dead and datetime.now(UTC) - since < _LASTS
    yield Notice(kind=NoticeKind.TARGET_FAILED, text=text, passes=passes)


_UNUSABLE = frozenset({RootTrouble.READ_ONLY, RootTrouble.FULL, RootTrouble.FORBIDDEN})
"""What does not pass by itself: somebody must make room, or say who may write."""


def notices_of_roots(roots: Iterable[RootHealth]) -> Iterator[Notice]:
    """Say what is wrong with mapped roots; those of which it is the same, in one notice."""
    troubled: dict[tuple[RootTrouble, str], list[RootHealth]] = {}
    for one in roots:
        if one.trouble is not None:
            troubled.setdefault((one.trouble, one.why), []).append(one)
    now = datetime.now(UTC)
    for (trouble, why), ones in troubled.items():
        is_unusable = trouble in _UNUSABLE
        lasts = any(now - (one.since or now) >= _LASTS for one in ones)
        yield Notice(
            kind=NoticeKind.MOUNT_UNUSABLE if is_unusable else NoticeKind.MOUNT_DOWN,
            text=f"{few([str(one.root) for one in ones], ', ')}: {why}; what needs it waits",
            passes=not is_unusable and not lasts,
        )


def notices_of_media_servers(found: Iterable[MediaServerTrouble]) -> Iterator[Notice]:
    """Say which media servers refuse our key; what else fails is tried again by itself."""
    for one in found:
        if one.needs_person:
            text = f"{one.server} {one.why}; what it was to scan is sent when that is mended"
            yield Notice(kind=NoticeKind.MEDIA_SERVER_REFUSED, text=text)
