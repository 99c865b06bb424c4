"""What became of requests at the server that its index does not tell. Pure but for the log.

A request that is still being worked on at the server looks like one that was never made: only when
the server's whole time-out has passed since it may have been sent, is it known that nothing comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field, replace
from datetime import datetime, timedelta

from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import Retry, SyncRun
from listsync.domain.run_notes import Intent, Notes, Sent
from listsync.domain.server import (
    ABSENT,
    FoundRequests,
    MediaStatus,
    RequestResponse,
    RequestStatus,
    ResponseKind,
    ServerRequest,
    TitleState,
)
from listsync.errors import ResponseChangedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.ports.server import RequestServer

_READ_AGAIN_AFTER = timedelta(days=1)
_NO_SEASONS: frozenset[int] = frozenset()
_TOLD = (RequestStatus.DECLINED, RequestStatus.FAILED)
_IN_WORK = (MediaStatus.PENDING, MediaStatus.PROCESSING)
_MOST_NAMED = 10
_FILM = 0
"""Stands for the film itself where series have seasons."""


@dataclass(frozen=True, slots=True)
class RequestsSeen:
    """What is known of requests beside the index.

    `declined` gives the seasons (empty for a film); `failed`: Radarr or Sonarr did not take it;
    `removed`: there is no request at all any more.
    """

    declined: Mapping[Edition, frozenset[int]] = field(default_factory=dict)
    failed: AbstractSet[Edition] = frozenset()
    removed: AbstractSet[Edition] = frozenset()

    @classmethod
    def of(cls, remembered: Iterable[ServerRequest]) -> RequestsSeen:
        by_status: dict[int, dict[Edition, frozenset[int]]] = defaultdict(dict)
        for one in remembered:
            by_status[one.status][one.edition] = one.seasons
        return cls(
            by_status[RequestStatus.DECLINED],
            by_status[RequestStatus.FAILED].keys(),
            by_status[RequestStatus.NONE].keys(),
        )


NOTHING_SEEN = RequestsSeen()


def may_be_due(read_at: datetime | None, now: datetime) -> bool:
    """Tell whether the server's requests may be read again, if there is a reason."""
    return read_at is None or abs(now - read_at) >= _READ_AGAIN_AFTER


def is_reading_due(
    read_at: datetime | None, now: datetime, *, is_unexplained: bool, has_failed: bool
) -> bool:
    """Tell whether the server's requests are to be read.

    At first, and later at most once a day: where titles that we requested have vanished from the
    index and nobody knows why, where others are pending that may have no request, and while a
    request has failed, which may have been mended since.
    """
    if read_at is None:
        return True
    return may_be_due(read_at, now) and (is_unexplained or has_failed)


def are_failures_open(
    remembered: Iterable[ServerRequest], index: Mapping[TitleKey, TitleState]
) -> bool:
    """Tell whether a request that failed is not at an end yet."""
    return any(
        one.status == RequestStatus.FAILED
        and one.edition.key in index
        and index[one.edition.key].of(four_k=one.edition.four_k) in _IN_WORK
        for one in remembered
    )


def pending_of_others(
    index: Mapping[TitleKey, TitleState], handled: AbstractSet[Edition]
) -> Iterator[Edition]:
    """Name what waits by the *index*, and no list of ours has brought about."""
    for key, state in index.items():
        for four_k in (False, True):
            if state.of(four_k=four_k) == MediaStatus.PENDING:
                one = Edition(key, four_k)
                if one not in handled:
                    yield one


def digest(requests: Iterable[ServerRequest], odd: Collection[Edition]) -> list[ServerRequest]:
    """Say what is worth remembering: the newest request of a title or season counts.

    Of what is *odd* in the index it is also worth knowing that there is no request.
    """
    newest: dict[Edition, dict[int, ServerRequest]] = defaultdict(dict)
    for one in sorted(requests, key=lambda row: row.request_id or 0):
        is_film = one.edition.key.kind is MediaType.MOVIE
        of_title = newest[one.edition]  # also where no season is told
        for number in (_FILM,) if is_film else one.seasons:
            of_title[number] = one
    found = [row for seasons in newest.values() for row in _by_newest(seasons)]
    none = (one for one in odd if one not in newest)
    return [
        *found,
        *(ServerRequest(edition=one, status=RequestStatus.NONE) for one in none),
    ]


def _by_newest(seasons: Mapping[int, ServerRequest]) -> Iterator[ServerRequest]:
    for status in _TOLD:
        fitting = {number: one for number, one in seasons.items() if one.status == status}
        if fitting:
            first = next(iter(fitting.values()))
            is_film = first.edition.key.kind is MediaType.MOVIE
            yield ServerRequest(
                edition=first.edition,
                status=status,
                request_id=max(one.request_id or 0 for one in fitting.values()),
                seasons=_NO_SEASONS if is_film else frozenset(fitting),
            )


def clear_orphans(
    index: dict[TitleKey, TitleState],
    removed: Iterable[Edition],
    handled: AbstractSet[Edition],
) -> None:
    """Take titles without any request out of *index* where it says that they are pending.

    The servers save the row of a title before its request; when they are stopped in between, or
    fail, the row stays for good. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
    """
    for one in removed:
        state = index.get(one.key)
        if state is None or one in handled:
            continue
        if state.of(four_k=one.four_k) == MediaStatus.PENDING:
            name = "status_4k" if one.four_k else "status"
            index[one.key] = replace(state, **{name: int(MediaStatus.UNKNOWN)})


def notice_of_failures(labels: Collection[str]) -> Notice | None:
    """Say which requests need a person, if any."""
    if not labels:
        return None
    named = ", ".join(list(labels)[:_MOST_NAMED])
    more = f" and {len(labels) - _MOST_NAMED} more" if len(labels) > _MOST_NAMED else ""
    text = (
        f"requests that failed at Radarr or Sonarr: {named}{more}; "
        "retry them on the page Requests of the server, which says why"
    )
    return Notice(kind=NoticeKind.REQUEST_FAILED, text=text)


_UNSEEN = "what came of a request that was cut off cannot be seen"
_NOTHING_THERE = FoundRequests()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIntents:
    """What was found out of them.

    `on_hold` says why a title must not be requested yet. `misdated` were written by a clock that
    was ahead of ours; their time begins anew.
    """

    notes: Notes = field(default_factory=Notes)
    on_hold: dict[Edition, str] = field(default_factory=dict)
    misdated: list[Intent] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentReview:
    """Looks what became of intents; of a title that the index does not have, that is nothing."""

    run: SyncRun
    server: RequestServer
    index: Mapping[TitleKey, TitleState]
    now: datetime
    timeout: timedelta

    def review(self, intents: Iterable[Intent]) -> OpenIntents:
        """Look at each intent once; at most one call for each."""
        result = OpenIntents()
        for intent in intents:
            edition = Edition(intent.body.key, intent.body.four_k)
            try:
                found = self._find(intent)
            except (ResponseChangedError, UnavailableError) as error:
                result.on_hold[edition] = f"{_UNSEEN}: {error.why}"
                continue
            self._judge(intent, edition, found, result)
        return result

    def _find(self, intent: Intent) -> FoundRequests:
        is_known = intent.body.key in self.index
        return self.server.find_requests(intent.body) if is_known else _NOTHING_THERE

    def _judge(
        self, intent: Intent, edition: Edition, found: FoundRequests, result: OpenIntents
    ) -> None:
        if found.covering is not None:
            result.notes.sent.append(_found_again(self.run, intent, found.covering))
            return
        due = due_at(intent, self.now, self.timeout)
        if due > self.now and not self._is_there(edition):
            result.on_hold[edition] = _words_of_hold(due)
            if intent.at > self.now:
                result.misdated.append(intent)
            return
        result.notes.dropped.append(intent.body)
        result.notes.seen.extend(digest(found.requests, ()))
        if not found.requests and self._is_pending(edition):
            result.notes.seen.append(ServerRequest(edition=edition, status=RequestStatus.NONE))

    def _is_there(self, edition: Edition) -> bool:
        """Tell a film of which nothing is missing, whatever became of the request."""
        is_film = edition.key.kind is MediaType.MOVIE
        return is_film and self._status(edition) == MediaStatus.AVAILABLE

    def _is_pending(self, edition: Edition) -> bool:
        return self._status(edition) == MediaStatus.PENDING

    def _status(self, edition: Edition) -> int:
        return self.index.get(edition.key, ABSENT).of(four_k=edition.four_k)


def due_at(intent: Intent, now: datetime, timeout: timedelta) -> datetime:
    """Say when a request that may have been sent is over; a time ahead of ours means now."""
    return min(intent.at, now) + timeout


def retry_for(intents: Sequence[Intent], now: datetime, timeout: timedelta) -> Retry | None:
    """Say when to look again at what is open."""
    if not intents:
        return None
    due = max(due_at(intent, now, timeout) for intent in intents)
    why = "a request whose answer was lost may still be running at the server"
    return Retry(why=why, not_before=max(due, now), titles=len(intents))


def _words_of_hold(due: datetime) -> str:
    at = f"{due.astimezone():%H:%M:%S}"
    return f"a request that was cut off may still be running; looked at again after {at}"


def _found_again(run: SyncRun, intent: Intent, number: int) -> Sent:
    detail = "sent by a run that was cut off; found at the server"
    answered = RequestResponse(kind=ResponseKind.REQUESTED, detail=detail, request_id=number)
    label = intent.label or str(intent.body.key)
    return Sent(run.run_id, label, intent.lists, intent.body, answered)
