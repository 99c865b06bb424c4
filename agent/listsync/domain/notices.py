"""What a person should learn of a sync or of the agent, and whether it waits for that person."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from listsync.domain.lists import ListOutcome
from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.shapes import NoticeShape


class NoticeKind(StrEnum):
    """What a notice is about; programs and notification rules go by it, not by the words."""

    SERVER_CHANGED = "server_changed"
    SERVER_REPLACED = "server_replaced"
    SERVER_UNREACHABLE = "server_unreachable"
    KEY_REFUSED = "key_refused"
    REQUESTS_GONE = "requests_gone"
    REQUESTS_UNCHECKED = "requests_unchecked"
    ON_HOLD = "on_hold"
    LIST_FAILED = "list_failed"
    LIST_BLOCKED = "list_blocked"
    LIST_PRIVATE = "list_private"
    LIST_GONE = "list_gone"
    LIST_DRIFT = "list_drift"
    LIST_SHRANK = "list_shrank"
    LIST_DOUBTED = "list_doubted"
    LOOK_UPS_FAILED = "look_ups_failed"
    TO_CANCEL = "to_cancel"
    REQUEST_FAILED = "request_failed"
    REVIEW = "review"
    SYNC_FAILED = "sync_failed"
    CONFIG_INVALID = "config_invalid"
    CONFIG_WARNING = "config_warning"
    CONFIG_PENDING = "config_pending"
    WATCHER_DEGRADED = "watcher_degraded"
    SERVICE_FAILED = "service_failed"
    TARGET_FAILED = "target_failed"
    STATE_TROUBLE = "state_trouble"
    OPEN_TO_OTHERS = "open_to_others"
    STATE_IN_DOUBT = "state_in_doubt"
    MOUNT_DOWN = "mount_down"
    MOUNT_UNUSABLE = "mount_unusable"
    MEDIA_SERVER_REFUSED = "media_server_refused"
    FLEET_TROUBLE = "fleet_trouble"
    FLEET_LISTS = "fleet_lists"
    FLEET_SPLIT = "fleet_split"
    POSTGRES_TROUBLE = "postgres_trouble"

    @property
    def needs_person(self) -> bool:
        """Tell whether it does not end by itself."""
        return self not in _ONLY_TOLD

    @property
    def subject(self) -> str:
        """Say what it is about where that is no list."""
        return _SUBJECTS.get(self, "sync")

    @property
    def is_unread_list(self) -> bool:
        """Tell whether it says that a list could not be read; `key_refused` may be of a list."""
        return self is NoticeKind.LIST_FAILED or self in _OF_OUTCOMES.values()

    @property
    def is_logged_where_found(self) -> bool:
        """Tell whether the log says it with more than the notice: each try, when and why."""
        return self.is_unread_list or self.is_failed_sync or self in _LOGGED_WHERE_FOUND

    @property
    def is_failed_sync(self) -> bool:
        """Tell whether it says, of no list, why a whole sync failed."""
        return self in _FAILURES


_ONLY_TOLD = (
    NoticeKind.SERVER_CHANGED,
    NoticeKind.CONFIG_WARNING,
    NoticeKind.LIST_DOUBTED,
    NoticeKind.LOOK_UPS_FAILED,
    NoticeKind.TO_CANCEL,
    NoticeKind.REQUESTS_UNCHECKED,
    NoticeKind.OPEN_TO_OTHERS,
    NoticeKind.WATCHER_DEGRADED,
    NoticeKind.FLEET_LISTS,
)
_LOGGED_WHERE_FOUND = (
    NoticeKind.LIST_SHRANK,
    NoticeKind.SERVICE_FAILED,
    NoticeKind.TARGET_FAILED,
    NoticeKind.STATE_TROUBLE,
    NoticeKind.POSTGRES_TROUBLE,
)
_FAILURES = (NoticeKind.SYNC_FAILED, NoticeKind.SERVER_UNREACHABLE, NoticeKind.KEY_REFUSED)
_SUBJECTS = {
    NoticeKind.SERVER_CHANGED: "server",
    NoticeKind.SERVER_REPLACED: "server",
    NoticeKind.SERVER_UNREACHABLE: "server",
    NoticeKind.KEY_REFUSED: "server",
    NoticeKind.REQUESTS_GONE: "server",
    NoticeKind.REQUESTS_UNCHECKED: "server",
    NoticeKind.REVIEW: "review",
    NoticeKind.CONFIG_INVALID: "configuration",
    NoticeKind.CONFIG_WARNING: "configuration",
    NoticeKind.CONFIG_PENDING: "configuration",
    NoticeKind.WATCHER_DEGRADED: "configuration",
    NoticeKind.SERVICE_FAILED: "agent",
    NoticeKind.TARGET_FAILED: "notifications",
    NoticeKind.STATE_TROUBLE: "state",
    NoticeKind.OPEN_TO_OTHERS: "files",
    NoticeKind.STATE_IN_DOUBT: "state",
    NoticeKind.MOUNT_DOWN: "mounts",
    NoticeKind.MOUNT_UNUSABLE: "mounts",
    NoticeKind.MEDIA_SERVER_REFUSED: "media servers",
    NoticeKind.FLEET_TROUBLE: "the fleet",
    NoticeKind.FLEET_LISTS: "the fleet",
    NoticeKind.FLEET_SPLIT: "the fleet",
    NoticeKind.POSTGRES_TROUBLE: "PostgreSQL",
}
_OF_OUTCOMES = {
    ListOutcome.NOT_FOUND: NoticeKind.LIST_GONE,
    ListOutcome.PRIVATE: NoticeKind.LIST_PRIVATE,
    ListOutcome.SUBSCRIPTION: NoticeKind.LIST_PRIVATE,
    ListOutcome.CREDENTIAL: NoticeKind.KEY_REFUSED,
    ListOutcome.BLOCKED: NoticeKind.LIST_BLOCKED,
    ListOutcome.DRIFT: NoticeKind.LIST_DRIFT,
}


def kind_of_outcome(outcome: ListOutcome) -> NoticeKind:
    """Say what kind of notice tells that a list was read so badly."""
    return _OF_OUTCOMES.get(outcome, NoticeKind.LIST_FAILED)


class Severity(StrEnum):
    """ERROR waits for a person; WARNING passes by itself, or only tells."""

    ERROR = "error"
    WARNING = "warning"


class Origin(StrEnum):
    """Who says a notice; nobody else says that it is over."""

    SYNC = "sync"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that a person should learn; `text` says what it is and what can be done.

    `list_name` is the list that it is about, if it is about one. `passes`: what it tells is tried
    again by itself, and has not lasted long. `titles` are those that it is about, or `count` says
    how many: what has more of them than before is news, whatever its words. None: not known.
    """

    kind: NoticeKind
    text: str
    list_name: str | None = None
    passes: bool = False
    titles: frozenset[str] | None = field(default=None, compare=False)
    count: int | None = field(default=None, compare=False)

    @property
    def needs_person(self) -> bool:
        return self.kind.needs_person and not self.passes

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.needs_person else Severity.WARNING

    @property
    def subject(self) -> str:
        """What it is about: a list by its name, or a part of the whole."""
        return self.list_name or self.kind.subject

    @property
    def is_failed_sync(self) -> bool:
        return self.list_name is None and self.kind.is_failed_sync

    def has_grown_since(self, before: Notice) -> bool:
        """Tell whether it is about a title that it was not about *before*, or about more."""
        if self.titles is not None and before.titles is not None:
            return not self.titles <= before.titles
        return self.count is not None and before.count is not None and self.count > before.count

    def __str__(self) -> str:
        return f"{self.list_name}: {self.text}" if self.list_name else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRecord:
    """A notice with the time since when it is open, and the run that said it last, if one did.

    `ended_at`: when it was over; None: it is open. `number` is what the state knows it by.
    """

    notice: Notice
    since: datetime
    run_id: str = ""
    ended_at: datetime | None = None
    number: int | None = field(default=None, compare=False)

    @property
    def is_about(self) -> tuple[NoticeKind, str | None]:
        """What makes it the same one, whatever its words: its kind and its list."""
        return self.notice.kind, self.notice.list_name


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncFindings:
    """What one real run found that a person should learn, and of which *lists* it found all.

    `is_whole`: the run came to its end, so that what it does not say is over.
    """

    run_id: str
    at: datetime
    notices: tuple[Notice, ...]
    lists: Collection[str]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeChanges:
    """What one emission changes: all that anybody must know who sends messages of notices.

    `opened` were not open before; `renewed` were, perhaps in other words or less severe; those of
    them that wait for a person now are `worsened`, too, and others that are about more titles are
    `grown`, each with what it was before. `ended` are over.
    """

    opened: tuple[NoticeRecord, ...] = ()
    renewed: tuple[NoticeRecord, ...] = ()
    worsened: tuple[NoticeRecord, ...] = ()
    grown: tuple[tuple[NoticeRecord, NoticeRecord], ...] = ()
    ended: tuple[NoticeRecord, ...] = ()


def changes(before: Iterable[NoticeRecord], now: Iterable[NoticeRecord]) -> NoticeChanges:
    """Compare what is open *now* with what was.

    Of several about the same, those of the same words are the same ones; the others go by their
    order.
    """
    before = tuple(before)
    same, others, old = _paired(before, now, lambda one: (one.is_about, one.notice.text))
    reworded, opened, ended = _paired(old, others, lambda one: one.is_about)
    renewed = (*same, *reworded)
    known = {one.number: one for one in before}
    return NoticeChanges(
        opened=opened,
        renewed=renewed,
        worsened=tuple(one for one in renewed if _is_worse(one, known[one.number])),
        grown=tuple(
            (one, was)
            for one, was in ((one, known[one.number]) for one in renewed)
            if one.notice.has_grown_since(was.notice) and not _is_worse(one, was)
        ),
        ended=ended,
    )


def _is_worse(now: NoticeRecord, before: NoticeRecord) -> bool:
    return now.notice.needs_person and not before.notice.needs_person


_Records = tuple[NoticeRecord, ...]


def _paired(
    before: Iterable[NoticeRecord],
    now: Iterable[NoticeRecord],
    key: Callable[[NoticeRecord], Hashable],
) -> tuple[_Records, _Records, _Records]:
    """Give those of *now* that were there *before*, those that were not, and what is left."""
    known: dict[Hashable, deque[NoticeRecord]] = defaultdict(deque)
    for one in before:
        known[key(one)].append(one)
    kept, new = [], []
    for one in now:
        if known[key(one)]:
            kept.append(replace(one, number=known[key(one)].popleft().number))
        else:
            new.append(one)
    return tuple(kept), tuple(new), tuple(one for same in known.values() for one in same)


_FEW = 3


def few(texts: Sequence[str], between: str = "; ") -> str:
    """Name the first of *texts*, and how many more there are."""
    more = [f"and {len(texts) - _FEW} more"] if len(texts) > _FEW else []
    return between.join([*texts[:_FEW], *more])


def open_after(
    before: Iterable[NoticeRecord], run: SyncFindings, followed: Collection[str] | None = None
) -> tuple[NoticeRecord, ...]:
    """Tell which notices are open after *run*; those of lists that it did not judge are kept.

    Of lists that are not *followed* any more (None: not known) nobody judges anything: theirs are
    over. Why the last sync failed is said once: the next failure takes its place.
    """
    before = tuple(before)
    own = renewed(before, run.notices, run.at, run.run_id)
    known = {one.is_about for one in own}
    has_failed = any(one.is_failed_sync for one in run.notices)
    kept = (
        one
        for one in before
        if not _is_judged(one.notice, run)
        and (followed is None or one.notice.list_name in {None, *followed})
        and one.is_about not in known
        and not (has_failed and one.notice.is_failed_sync)
    )
    return (*own, *kept)


def renewed(
    before: Iterable[NoticeRecord], found: Iterable[Notice], at: datetime, run_id: str = ""
) -> tuple[NoticeRecord, ...]:
    """Make records of what is *found* now; what was found *before* of the same keeps its time."""
    before = tuple(before)
    since = {one.is_about: one.since for one in before}
    since_of_words = {one.notice: one.since for one in before}
    return tuple(
        NoticeRecord(
            notice=one,
            since=since_of_words.get(one) or since.get((one.kind, one.list_name), at),
            run_id=run_id,
        )
        for one in found
    )


def _is_judged(notice: Notice, run: SyncFindings) -> bool:
    return run.is_whole and (notice.list_name is None or notice.list_name in run.lists)


def notice_shape(notice: Notice, since: datetime | None = None) -> NoticeShape:
    return {
        "kind": notice.kind.value,
        "text": cut(notice.text, 400),
        "list": notice.list_name,
        "subject": notice.subject,
        "severity": notice.severity.value,
        "since": since.isoformat(timespec="milliseconds") if since else None,
        "needs_person": notice.needs_person,
    }
