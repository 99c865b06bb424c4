"""Feeds: what lists hold, in the forms that Radarr and Sonarr read as import lists."""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, NotRequired, TypedDict

from starlette.responses import Response, StreamingResponse

from listsync.commands.feeds import IN_SHORT
from listsync.domain.feeds import FeedForm
from listsync.lean_dataclasses import dataclass
from listsync.web.application import Backend
from listsync.web.routes import HttpError, HttpRoute, ResponseSpec, WebRequest
from listsync.web.settings import TokenScope

if TYPE_CHECKING:
    from listsync.commands.feeds import Feed, Feeds

PATHS = ("/feeds/{name:path}", "/t/{token}/feeds/{name:path}")
"""Where feeds stand; the second for clients of which the token must be a part of the address."""
AGE = "X-Listsync-Age"
_WORTH_PACKING = 1024
_MOST_KEPT = 4 * 1024 * 1024
"""Bytes: two feeds of 100,000 titles."""
_PACKED_AS, _GZIP = 5, 31
"""How hard it is tried, and in which format: for `zlib.compressobj`."""


class RadarrFilm(TypedDict):
    """A film as Radarr's custom lists have it; *id* is that of TMDB. One of the ids is there."""

    title: str
    imdb_id: NotRequired[str]
    id: NotRequired[int]
    release_year: NotRequired[str]


class SonarrSeries(TypedDict):
    """A series as Sonarr's custom lists have it."""

    tvdbId: int
    title: str


class StevenLuFilm(TypedDict):
    """A film as the lists of StevenLu have it."""

    title: str
    imdb_id: str


SHAPES: Mapping[FeedForm, object] = {
    FeedForm.RADARR: list[RadarrFilm],
    FeedForm.SONARR: list[SonarrSeries],
    FeedForm.STEVENLU: list[StevenLuFilm],
}


class FeedRoutes:
    """Answers `GET /feeds/{list or all}/{form}.json`.

    *feeds* is told what the configuration is when it is asked, from any thread. One feed is
    written at a time, as a second one would slow all else down and be no sooner there.
    """

    def __init__(
        self,
        backend: Backend,
        feeds: Feeds,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._backend = backend
        self._feeds = feeds
        self._now = now
        self._kept = _KeptContents()
        self._turn = asyncio.Lock()

    def routes(self) -> tuple[HttpRoute, ...]:
        return tuple(self._route(path, form) for path in PATHS for form in FeedForm)

    def _route(self, path: str, form: FeedForm) -> HttpRoute:
        return HttpRoute(
            method="GET",
            path=f"{path}/{form.value}.json",
            scope=TokenScope.FEED,
            handler=partial(self.answer, form),
            summary=f"What a list holds, for {form.value}; `all` names all lists together.",
            answers=(
                ResponseSpec(status=200, what="The list.", shapes=(SHAPES[form],)),
                ResponseSpec(status=304, what="It is as it was."),
                ResponseSpec(
                    status=404,
                    what="No such list, or none that takes such titles.",
                    is_refusal=True,
                ),
                ResponseSpec(
                    status=503,
                    what="The list was never read whole; or says nothing.",
                    is_refusal=True,
                ),
            ),
            tags=("feeds",),
        )

    async def answer(self, form: FeedForm, request: WebRequest) -> Response:
        """Give a feed; what the client has already is not written again."""
        name = request.request.path_params["name"]
        try:
            feed = await self._backend.run(self._feeds.find, name, form)
        except HttpError as error:
            raise _told_to(request, error) from None
        headers = self._headers(feed)
        if _has_it(request, feed):
            return Response(status_code=304, headers=headers)
        async with self._turn:
            content = await self._content(feed, packed=_takes_gzip(request))
        if content.is_packed:
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(content.size)
        return StreamingResponse(
            _each(content.parts), headers=headers, media_type="application/json"
        )

    async def _content(self, feed: Feed, *, packed: bool) -> _Content:
        if packed and (kept := self._kept.find(feed.etag)):
            return kept
        parts = await self._backend.run(self._feeds.write, feed)
        content = _Content(parts, is_packed=False)
        if packed and content.size >= _WORTH_PACKING:
            content = _Content(await self._backend.run(_packed, parts), is_packed=True)
            self._kept.put(feed.etag, content)
        return content

    def _headers(self, feed: Feed) -> dict[str, str]:
        age_s = (self._now() - feed.read_at).total_seconds()
        return {
            "ETag": f'W/"{feed.etag}"',
            "Last-Modified": format_datetime(feed.changed_at.astimezone(UTC), usegmt=True),
            AGE: f"{max(0, age_s):.0f}",
            "Cache-Control": "private, no-cache",
            "Vary": "Accept-Encoding",
        }


@dataclass(frozen=True, slots=True)
class _Content:
    """What an answer holds, in parts: to join megabytes would hold all other threads."""

    parts: list[bytes]
    is_packed: bool

    @property
    def size(self) -> int:
        return sum(map(len, self.parts))


class _KeptContents:
    """What was packed and is asked for again and again, by its tag; the least recent goes."""

    def __init__(self) -> None:
        self._by_tag: OrderedDict[str, _Content] = OrderedDict()

    def find(self, tag: str) -> _Content | None:
        if tag in self._by_tag:
            self._by_tag.move_to_end(tag)
        return self._by_tag.get(tag)

    def put(self, tag: str, content: _Content) -> None:
        self._by_tag[tag] = content
        while sum(one.size for one in self._by_tag.values()) > _MOST_KEPT:
            self._by_tag.popitem(last=False)


def _packed(parts: Iterable[bytes]) -> list[bytes]:
    packer = zlib.compressobj(_PACKED_AS, wbits=_GZIP)
    return [*filter(None, map(packer.compress, parts)), packer.flush()]


async def _each(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _told_to(request: WebRequest, error: HttpError) -> HttpError:
    """Leave names and files of lists out, unless the token may read them elsewhere."""
    in_short = error.data.pop(IN_SHORT, error.message)
    if TokenScope.READ not in request.identity.scopes:
        error.message = str(in_short)
        error.data.pop("lists", None)
    return error


def _has_it(request: WebRequest, feed: Feed) -> bool:
    """Tell whether the client has the feed as it is; a tag counts more than a time."""
    tags = request.request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
        return bool({feed.etag, "*"} & known)
    try:
        since = parsedate_to_datetime(request.request.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError, TypeError):  # whatever a client calls a time
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return feed.changed_at.replace(microsecond=0) <= since


def _takes_gzip(request: WebRequest) -> bool:
    for part in request.request.headers.get("accept-encoding", "").split(","):
        name, _, weight = part.partition(";")
        if name.strip().lower() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
