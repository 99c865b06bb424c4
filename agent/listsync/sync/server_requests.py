"""What the server's list of requests tells of a title that its index does not. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.server import MediaStatus, RequestStatus, ServerRequest, TitleState

_READ_AGAIN_AFTER = timedelta(days=1)
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

    declined: Mapping[Definition, frozenset[int]] = field(default_factory=dict)
    failed: AbstractSet[Definition] = frozenset()
    removed: AbstractSet[Definition] = frozenset()

    @classmethod
    def of(cls, remembered: Iterable[ServerRequest]) -> RequestsSeen:
        by_status: dict[int, dict[Definition, frozenset[int]]] = defaultdict(dict)
        for one in remembered:
            by_status[one.status][one.definition] = one.seasons
        return cls(
            by_status[RequestStatus.DECLINED],
            by_status[RequestStatus.FAILED].keys(),
            by_status[RequestStatus.NONE].keys(),
        )


NOTHING_SEEN = RequestsSeen()


def is_reading_due(
    read_at: datetime | None, now: datetime, *, is_unexplained: bool, has_failed: bool
) -> bool:
    """Tell whether the server's requests are to be read.

    At first, and later at most once a day: where titles that we requested have vanished from the
    index and nobody knows why, and while a request has failed, which may have been mended since.
    """
    if read_at is None:
        return True
    is_long_ago = abs(now - read_at) >= _READ_AGAIN_AFTER
    return is_long_ago and (is_unexplained or has_failed)


def are_failures_open(
    remembered: Iterable[ServerRequest], index: Mapping[TitleKey, TitleState]
) -> bool:
    """Tell whether a request that failed is not at an end yet."""
    return any(
        one.status == RequestStatus.FAILED
        and one.definition.key in index
        and index[one.definition.key].of(four_k=one.definition.four_k) in _IN_WORK
        for one in remembered
    )


def digest(
    requests: Iterable[ServerRequest], vanished: Collection[Definition]
) -> list[ServerRequest]:
    """Say what is worth remembering: the newest request of a title or season counts.

    Of what has *vanished* from the index it is also worth knowing that there is no request.
    """
    newest: dict[Definition, dict[int, ServerRequest]] = defaultdict(dict)
    for one in sorted(requests, key=lambda row: row.request_id or 0):
        is_film = one.definition.key.kind is MediaType.MOVIE
        for number in (_FILM,) if is_film else one.seasons:
            newest[one.definition][number] = one
    found = [row for seasons in newest.values() for row in _told(seasons)]
    none = (one for one in vanished if one not in newest)
    return [
        *found,
        *(ServerRequest(definition=one, status=RequestStatus.NONE) for one in none),
    ]


def _told(seasons: Mapping[int, ServerRequest]) -> Iterator[ServerRequest]:
    for status in _TOLD:
        fitting = {number: one for number, one in seasons.items() if one.status == status}
        if fitting:
            first = next(iter(fitting.values()))
            is_film = first.definition.key.kind is MediaType.MOVIE
            yield ServerRequest(
                definition=first.definition,
                status=status,
                request_id=max(one.request_id or 0 for one in fitting.values()),
                seasons=frozenset() if is_film else frozenset(fitting),
            )


def clear_orphans(
    index: dict[TitleKey, TitleState],
    removed: Iterable[Definition],
    handled: AbstractSet[Definition],
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
