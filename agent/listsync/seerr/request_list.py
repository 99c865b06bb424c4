"""The server's list of requests, newest first: what was declined or has failed is only here."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from msgspec import Raw, field

from listsync.decoding import Answer, readable
from listsync.domain.media import Definition, TitleKey
from listsync.domain.server import RequestStatus, ServerRequest
from listsync.seerr.pages import KINDS, Page
from listsync.seerr.transport import Wire

logger = logging.getLogger(__name__)

PAGE = 1000
MOST_PAGES = 20
"""Beyond them are requests of years ago."""


class _Media(Answer, frozen=True):
    tmdb_id: int | None = field(name="tmdbId", default=None)


class _Season(Answer, frozen=True):
    number: int = field(name="seasonNumber")
    status: int = int(RequestStatus.PENDING)


class _Row(Answer, frozen=True):
    id: int
    status: int
    kind: str = field(name="type")
    media: _Media
    four_k: bool = field(name="is4k", default=False)
    seasons: list[Raw] | None = None


def read_requests(wire: Wire) -> tuple[ServerRequest, ...]:
    """Read the requests of all users, up to a bound.

    Only parameters that all three products take: Overseerr 1.34.0 answers 400 to the others.

    Raises:
        UnavailableError, RefusedError, AnswerChangedError: as `Wire.get`.
    """
    found: list[ServerRequest] = []
    for number in range(MOST_PAGES):
        reply = wire.get(f"/request?take={PAGE}&skip={number * PAGE}&sort=added")
        page = wire.trouble.read(reply, Page, "a page of the requests")
        if len(page.results) > PAGE:
            raise wire.trouble.changed(f"a page of more than {PAGE:,} requests", reply.content)
        rows = readable(page.results, _Row)
        if len(rows) * 2 < len(page.results):
            raise wire.trouble.changed("most of the requests", reply.content)
        found += _requests(rows)
        if (number + 1) * PAGE >= page.info.results:
            break
    else:
        logger.warning("only the newest %d requests at the server were read", MOST_PAGES * PAGE)
    return tuple(found)


def _requests(rows: Iterable[_Row]) -> Iterator[ServerRequest]:
    for row in rows:
        kind, number = KINDS.get(row.kind), row.media.tmdb_id
        if kind is not None and number is not None:
            yield from _parts(row, Definition(TitleKey(kind, number), row.four_k))


def _parts(row: _Row, definition: Definition) -> Iterator[ServerRequest]:
    """Tell the seasons that were declined from the others of a request, which stands."""
    seasons = readable(row.seasons, _Season)
    declined = frozenset(
        one.number for one in seasons if one.status == RequestStatus.DECLINED != row.status
    )
    left = frozenset(one.number for one in seasons) - declined
    if left or not declined:
        yield ServerRequest(
            definition=definition, status=row.status, request_id=row.id, seasons=left
        )
    if declined:
        yield ServerRequest(
            definition=definition,
            status=RequestStatus.DECLINED,
            request_id=row.id,
            seasons=declined,
        )
