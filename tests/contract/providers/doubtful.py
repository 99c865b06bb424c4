"""Lists of every service, of which rows come again, never come or come broken.

Each is of films by number; a None among them is a row that came broken.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from listsync.domain.lists import Fetched, Validators
from listsync.ports.lists import ListProvider
from listsync.providers.imdb.reader import read_site_pages
from tests.contract.providers.cases import (
    KEY,
    imdb_provider,
    mdblist_provider,
    stevenlu_provider,
)
from tests.contract.providers.cases_anilist import anilist_provider
from tests.contract.providers.cases_letterboxd import letterboxd_provider
from tests.contract.providers.cases_myanimelist import myanimelist_provider
from tests.contract.providers.cases_plex import plex_provider
from tests.contract.providers.cases_seerr import OWNERS, seerr_provider
from tests.contract.providers.cases_simkl import simkl_provider
from tests.contract.providers.cases_tmdb import tmdb_provider
from tests.contract.providers.cases_trakt import trakt_provider
from tests.contract.providers.cases_tvdb import tvdb_provider
from tests.contract.providers.simkl_account import Account
from tests.contract.providers.site import Site
from tests.integration.providers.test_letterboxd import html, page_of

Numbers = Sequence[int | None]
DATE = "Sun, 22 Nov 2026 06:00:00 GMT"
_PATH = "sample_user/list/synthetic-list"
_BARE = '<li class="posteritem"><div data-component-class="LazyPoster"></div></li>'


@dataclass(frozen=True, slots=True)
class Listed:
    """What a service gives: the films of each page, and the count that it tells of all."""

    pages: tuple[Numbers, ...]
    declared: int


def _json(content: object, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, json=content, headers=named)


def trakt(told: Listed, tidy: Listed | None = None) -> Callable[[], ListProvider]:
    """Read a list that is *told* in its owner's order, and is *tidy* in that of its ranks."""
    items = "/users/sample_user/lists/synthetic-list/items"
    pages = {items: _trakt_pages(told)}
    if tidy is not None:
        pages[f"{items}/movie,show,season,episode/rank/asc"] = _trakt_pages(tidy)
    return lambda: trakt_provider(Site.of({**pages}))


def _trakt_pages(told: Listed) -> list[httpx.Response]:
    size = len(told.pages[0])
    return [
        _json(
            [
                None if n is None else {"type": "movie", "movie": {"ids": {"tmdb": n}}, "rank": r}
                for r, n in enumerate(numbers, start=1 + place * size)
            ],
            date=DATE,
            x_pagination_page=str(place + 1),
            x_pagination_limit=str(size),
            x_pagination_page_count=str(len(told.pages)),
            x_pagination_item_count=str(told.declared),
        )
        for place, numbers in enumerate(told.pages)
    ]


def tmdb(told: Listed) -> Callable[[], ListProvider]:
    pages = [
        _json(
            {
                "page": place,
                "total_pages": len(told.pages),
                "total_results": told.declared,
                "results": [
                    None if n is None else {"id": n, "media_type": "movie", "title": f"Film {n}"}
                    for n in numbers
                ],
            }
        )
        for place, numbers in enumerate(told.pages, start=1)
    ]

    def by_page(request: httpx.Request) -> httpx.Response:
        return pages[int(request.url.params.get("page", "1")) - 1]

    return lambda: tmdb_provider(by_page)


def _items(numbers: Numbers) -> list[object]:
    return [
        None if n is None else {"id": n, "title": f"Film {n}", "mediatype": "movie"}
        for n in numbers
    ]


def mdblist(told: Listed) -> Callable[[], ListProvider]:
    path = "/lists/sample_user/synthetic-list"
    about = _json([{"items": told.declared, "updated": "2026-11-21T04:30:11Z"}])
    last = len(told.pages) - 1
    pages = [
        _json(_items(numbers), x_has_more=str(place < last).lower())
        for place, numbers in enumerate(told.pages)
    ]
    return lambda: mdblist_provider(Site.of({path: about, f"{path}/items": pages}), key=KEY)


def mdblist_open(told: Listed) -> Callable[[], ListProvider]:
    rows = [row for numbers in told.pages for row in _items(numbers)]
    return lambda: mdblist_provider(Site.of({"*": _json(rows, etag='"a"')}))


def plex(told: Listed) -> Callable[[], ListProvider]:
    size = len(told.pages[0])
    pages = {
        place * size: _json(
            {
                "MediaContainer": {
                    "offset": place * size,
                    "totalSize": told.declared,
                    "Metadata": [
                        n
                        and {
                            "type": "movie",
                            "title": f"Film {n}",
                            "Guid": [{"id": f"tmdb://{n}"}],
                        }
                        for n in numbers
                    ],
                }
            },
            etag='"a"',
        )
        for place, numbers in enumerate(told.pages)
    }

    def by_start(request: httpx.Request) -> httpx.Response:
        return pages[int(request.url.params["X-Plex-Container-Start"])]

    return lambda: plex_provider(by_start)


def simkl(told: Listed) -> Callable[[], ListProvider]:
    rows = [
        None if n is None else {"movie": {"title": f"Film {n}", "ids": {"tmdb": str(n)}}}
        for numbers in told.pages
        for n in numbers
    ]
    return lambda: simkl_provider(Account({"movies/plantowatch": rows}), "movies")


def stevenlu(told: Listed) -> Callable[[], ListProvider]:
    rows = [
        None if n is None else {"title": f"Film {n}", "tmdb_id": n}
        for numbers in told.pages
        for n in numbers
    ]
    return lambda: stevenlu_provider(Site.of({"*": _json(rows, etag='"a"')}))


def _title(number: int | None) -> dict[str, object] | None:
    if number is None:
        return None
    return {
        "id": f"tt{90_000_000 + number}",
        "titleText": {"text": f"Film {number}"},
        "titleType": {"id": "movie"},
    }


def imdb(told: Listed) -> Callable[[], ListProvider]:
    """Read a list; what came broken comes with an error that says so."""
    last = len(told.pages) - 1
    pages = []
    for place, numbers in enumerate(told.pages):
        info = {"hasNextPage": place < last, "endCursor": f"after-{place}"}
        edges = [{"title": _title(n)} for n in numbers]
        found = {"total": told.declared, "pageInfo": info, "edges": edges}
        errors = [
            {
                "message": "internal error",
                "path": ["list", "titleListItemSearch", "edges", index, "title"],
                "extensions": {"code": "INTERNAL_SERVER_ERROR"},
            }
            for index, n in enumerate(numbers)
            if n is None
        ]
        beside = {"errors": errors} if errors else {}
        pages.append(_json({"data": {"list": {"titleListItemSearch": found}}, **beside}))
    return lambda: imdb_provider(Site.of({"/": pages}))


@dataclass(frozen=True, slots=True)
class _ImdbSite:
    """Reads the pages of IMDb's site as a browser brings them; behind the last it comes again."""

    told: Listed

    def fetch(self, previous: Validators | None) -> Fetched:  # noqa: ARG002 - of the port
        return read_site_pages(self._load)

    def _load(self, number: int) -> str:
        numbers = self.told.pages[min(number, len(self.told.pages)) - 1]
        edges = [{"listItem": _title(n)} for n in numbers]
        found = {"titleListItemSearch": {"total": self.told.declared, "edges": edges}}
        content = {"props": {"pageProps": {"mainColumnData": {"list": found}}}}
        return f'<script id="__NEXT_DATA__">{json.dumps(content)}</script>'


def imdb_site(told: Listed) -> Callable[[], ListProvider]:
    return lambda: _ImdbSite(told)


def letterboxd(told: Listed) -> Callable[[], ListProvider]:
    last = len(told.pages)
    pages = {}
    for place, numbers in enumerate(told.pages, start=1):
        films = [n for n in numbers if n is not None]
        text = page_of(_PATH, place, films, last, told.declared)
        bare = _BARE * (len(numbers) - len(films))
        path = f"/{_PATH}/" if place == 1 else f"/{_PATH}/page/{place}/"
        pages[path] = html(text.replace("</ul>", f"{bare}</ul>", 1))
    return lambda: letterboxd_provider(Site.of({**pages}))


def seerr(told: Listed) -> Callable[[], ListProvider]:
    pages = [
        _json(
            {
                "page": place,
                "totalPages": len(told.pages),
                "totalResults": told.declared,
                "results": [
                    None if n is None else {"id": 90 + n, "tmdbId": n, "mediaType": "movie"}
                    for n in numbers
                ],
            },
            etag=f'W/"{place}"',
        )
        for place, numbers in enumerate(told.pages, start=1)
    ]
    return lambda: seerr_provider(Site.of({OWNERS: pages}))


def anilist(told: Listed) -> Callable[[], ListProvider]:
    last = len(told.pages) - 1
    pages = []
    for place, numbers in enumerate(told.pages):
        entries = [
            {
                "status": "PLANNING",
                "media": None if n is None else {"id": n, "title": {"romaji": f"Film {n}"}},
            }
            for n in numbers
        ]
        lists = [{"name": "Planning", "entries": entries}]
        found = {"hasNextChunk": place < last, "lists": lists}
        pages.append(_json({"data": {"MediaListCollection": found}}))
    return lambda: anilist_provider(Site.of({"*": pages}))


def myanimelist(told: Listed) -> Callable[[], ListProvider]:
    last = len(told.pages) - 1
    pages = [
        _json(
            {
                "data": [
                    {"node": None if n is None else {"id": n, "title": f"Film {n}"}}
                    for n in numbers
                ],
                "paging": {"next": "there"} if place < last else {},
            }
        )
        for place, numbers in enumerate(told.pages)
    ]
    return lambda: myanimelist_provider(Site.of({"*": pages}))


def tvdb(told: Listed) -> Callable[[], ListProvider]:
    numbers = [n for page in told.pages for n in page]
    rows = [{"seriesId": None, "movieId": n, "order": place} for place, n in enumerate(numbers)]
    pages = {"/v4/lists/990001/extended": _json({"data": {"entities": rows}})}
    for n in filter(None, numbers):
        remote = [{"id": str(n), "sourceName": "TheMovieDB.com"}]
        pages[f"/v4/movies/{n}/extended"] = _json({"data": {"id": n, "remoteIds": remote}})
    return lambda: tvdb_provider(Site.of({**pages}))


COUNTED: dict[str, Callable[[Listed], Callable[[], ListProvider]]] = {
    "trakt": trakt,
    "tmdb": tmdb,
    "mdblist": mdblist,
    "plex": plex,
    "seerr": seerr,
    "imdb": imdb,
    "imdb-site": imdb_site,
    "letterboxd": letterboxd,
}
UNCOUNTED: dict[str, Callable[[Listed], Callable[[], ListProvider]]] = {
    "anilist": anilist,
    "myanimelist": myanimelist,
    "mdblist-open": mdblist_open,
    "simkl": simkl,
    "stevenlu": stevenlu,
    "tvdb": tvdb,
}
