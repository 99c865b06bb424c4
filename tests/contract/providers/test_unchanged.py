"""What it costs to find a long list unchanged: one call, or one for each part of it.

So for every form of address that is known, but for what is named here, and why.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest

from listsync.ports.lists import ListProvider
from listsync.providers.trakt.source import parse as parse_trakt
from tests.contract.providers.cases import KEY, Handler, mdblist_provider
from tests.contract.providers.cases_tmdb import tmdb_provider
from tests.contract.providers.mdblist_official import OfficialLists
from tests.contract.providers.site import FIXTURES, answer
from tests.integration.providers.test_imdb import asked, imdb, titled
from tests.integration.providers.test_letterboxd import provider as letterboxd
from tests.integration.providers.test_letterboxd import site_with
from tests.integration.providers.test_tmdb import Service
from tests.integration.providers.test_trakt import Shelf, dated, trakt

_APART = {  # what is no list of a service's own pages, or is told otherwise
    "letterboxd": (
        *("someone/films", "someone/likes/films"),  # a film that comes stands anywhere
        *("someone/diary", "someone/watchlist", "boxd.it", "film/"),  # their own tests
        *("someone/list", "official/list"),
    ),
    "trakt": ("me/",),  # with a login: test_trakt
}


def _names(service: str) -> Iterator[str]:
    """Give what lists are called, one of each."""
    rows = (FIXTURES / "addresses" / "forms.tsv").read_text().splitlines()
    found = {row.split("\t")[1] for row in rows if row.startswith(f"{service}\t")}
    for name in sorted(found):
        if not name.startswith(_APART.get(service, ())):
            yield name


def _calls(
    read: Callable[[Handler, str], ListProvider], name: str, site: Handler
) -> tuple[int, int]:
    """Read a list twice; returns how many calls each took."""
    calls: list[httpx.Request] = []

    def count(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return site(request)

    fetched = read(count, name).fetch(None)
    first = len(calls)
    again = read(count, name).fetch(fetched.validators)
    assert again.is_unchanged or len(calls) == first + 1, "what is read anew is one call at most"
    return first, len(calls) - first


def _tmdb_site(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/combined_credits"):
        films = [{"id": n, "title": f"Film {n}", "media_type": "movie"} for n in range(1, 50)]
        return answer(json.dumps({"cast": films, "crew": []}).encode())
    service = Service(101)
    service.films = [
        {**film, "genre_ids": [27]} for film in service.films if isinstance(film, dict)
    ]
    return service(request)


def test_tmdb_says_unchanged_with_one_call() -> None:
    for name in (*_names("tmdb"), "person/287", "person/287/director", "movie/now-playing"):
        first, again = _calls(tmdb_provider, name, _tmdb_site)
        assert (first > 1 or name.startswith("person"), again) == (True, 1), name


def _imdb_site(request: httpx.Request) -> httpx.Response:
    wanted, query = asked(request), json.loads(request.content)["query"]
    start, size = int(str(wanted.get("after") or 0)), int(str(wanted.get("first") or 250))
    end = min(start + size, 600)
    rated = {"ratingsSummary": {"aggregateRating": 8.1, "voteCount": 900}}
    rows = [{**titled(number), **rated} for number in range(start, end)]
    cursor = {"hasNextPage": end < 600, "endCursor": str(end)}

    def found(edges: list[object], total: int = 600) -> dict[str, object]:
        return {"total": total, "pageInfo": cursor, "edges": edges}

    roots: dict[str, object] = {
        "userProfile": {"userId": "ur12345678"},
        "boxOfficeWeekendChart": {"entries": [{"title": row} for row in rows[:10]]},
        "chartTitles": found([{"node": row} for row in rows], 250),
        "advancedTitleSearch": found([{"node": {"title": row}} for row in rows]),
        "predefinedList": {"titleListItemSearch": found([{"title": row} for row in rows])},
        "list": {"titleListItemSearch": found([{"title": row} for row in rows])},
    }
    root = next(name for name in roots if f" {name}(" in query)
    return answer(json.dumps({"data": {root: roots[root]}}).encode())


def test_imdb_says_unchanged_with_one_call() -> None:
    searches = ("companies=co0002663", "keywords=heist", "groups=oscar_winners", "role=nm0000233")
    addresses = (f"https://www.imdb.com/search/title/?{one}" for one in searches)
    for name in (*_names("imdb"), *addresses):
        first, again = _calls(imdb, name, _imdb_site)
        assert again == 1, name
        assert first > 1 or any(word in name for word in ("chart", "search")), name


def _trakt_site(request: httpx.Request) -> httpx.Response:
    if "page" not in request.url.params:  # what a list is, and when it was changed
        about = {"item_count": 700, "updated_at": "2026-11-02T08:00:00.000Z"}
        return dated(answer(json.dumps(about).encode()))
    told = Shelf(700)(request)
    kind = "show" if "shows" in request.url.path else "movie"
    rows = [_trakt_row(kind, row["movie" if "movie" in row else "show"]) for row in told.json()]
    del told.headers["content-length"]
    return httpx.Response(200, headers=told.headers, content=json.dumps(rows).encode())


def _trakt_row(kind: str, media: dict[str, object]) -> dict[str, object]:
    return {"watchers": next(_moving), kind: {**media, "genres": ["horror"], "year": 1995}}


_moving = itertools.count()


@pytest.mark.parametrize("limit", [20, 600])
def test_trakt_says_unchanged_with_one_call_for_each_part(limit: int) -> None:
    for name in _names("trakt"):
        first, again = _calls(partial(trakt, limit=limit), name, _trakt_site)
        parts = len(parse_trakt(name).parts)
        assert again == parts, name
        assert first > parts or limit == 20, name


def test_letterboxd_says_unchanged_with_one_call() -> None:
    for name in _names("letterboxd"):
        site = site_with(name, 300, 72)
        _, again = _calls(letterboxd, name, site)
        assert again == 1, name


def test_mdblist_says_unchanged_with_one_call() -> None:
    lists = OfficialLists(films=250, series=250)
    for kind in ("movies", "shows"):
        for name in ("trending", "justwatch-streaming-charts?country=us"):
            place = f"official/{kind}/{name}"
            _, again = _calls(partial(mdblist_provider, key=KEY), place, lists)
            assert again == 1, place
