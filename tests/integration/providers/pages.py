"""Good pages of each service, with any titles in them."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence

from listsync.row_limit import MOST_ROWS
from tests.integration.providers.lists import LETTERBOXD, MDBLIST
from tests.integration.providers.test_letterboxd import page_of
from tests.integration.providers.trap import HeardRequest, said

MANY = MOST_ROWS  # of more, nothing is read at all
Row = tuple[int, str]
"""A number that no other film has, and the title."""


def page(
    service: str, question: HeardRequest, rows: Sequence[Row], *, more: bool = False
) -> bytes:
    """Answer *question* as *service* does, with *rows*; say that *more* follow, without an end."""
    return _PAGES[service](question, rows, more)


def number_of(question: HeardRequest) -> int:
    """Say which page is asked for, where pages have numbers."""
    _, found, number = question.path.partition("/page/")
    return int(number.strip("/") if found else question.query.get("page", "1"))


def _anilist(_: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    entries = [
        {
            "status": "PLANNING",
            "media": {
                "id": number,
                "format": "MOVIE",
                "title": {"romaji": title},
                "startDate": {"year": 2019},
            },
        }
        for number, title in rows
    ]
    found = {"hasNextChunk": more, "lists": [{"name": "Planning", "entries": entries}]}
    return _json({"data": {"MediaListCollection": found}})


def _custom(_: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    assert not more
    return _json([{"title": title, "tmdb_id": number, "type": "movie"} for number, title in rows])


def _imdb(_: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    edges = [
        {
            "title": {
                "id": f"tt{90_000_000 + number}",
                "titleText": {"text": title},
                "originalTitleText": {"text": title},
                "titleType": {"id": "movie"},
                "releaseYear": {"year": 2019},
            }
        }
        for number, title in rows
    ]
    info = {"hasNextPage": more, "endCursor": f"after-{rows[-1][0]}"}
    found = {"total": MANY if more else len(rows), "pageInfo": info, "edges": edges}
    return _json({"data": {"list": {"titleListItemSearch": found}}})


def _letterboxd(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    page_number = number_of(question)
    last = page_number + 1 if more else page_number
    text = page_of(LETTERBOXD, page_number, [number for number, _ in rows], last)
    for number, title in rows:
        text = text.replace(f'"Film {number} (2019)"', f'"{html.escape(title)} (2019)"')
    return said(text.encode(), "text/html; charset=utf-8")


def _mdblist(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    if question.path == f"/lists/{MDBLIST}":
        items = MANY if more else len(rows)
        return _json([{"items": items, "updated": "2026-11-21T04:30:11Z"}])
    content = [
        {"id": number, "rank": number, "title": title, "mediatype": "movie", "release_year": 2019}
        for number, title in rows
    ]
    return _json(content, x_has_more=str(more).lower())


def _plex(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    start = int(question.query["X-Plex-Container-Start"])
    content = {
        "offset": start,
        "totalSize": MANY if more else start + len(rows),
        "Metadata": [
            {
                "type": "movie",
                "title": title,
                "year": 2019,
                "ratingKey": f"{number:024x}",
                "Guid": [{"id": f"tmdb://{number}"}],
            }
            for number, title in rows
        ],
    }
    return _json({"MediaContainer": content}, etag='"a"')


def _myanimelist(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    data = [
        {"node": {"id": number, "title": title, "media_type": "movie", "start_date": "2019-05"}}
        for number, title in rows
    ]
    return _json({"data": data, "paging": {"next": question.path} if more else {}})


def _simkl(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    assert not more
    if question.path.endswith("/activities"):
        stamps = {"all": "2026-11-02T10:00:00Z", "plantowatch": "2026-11-02T10:00:00Z"}
        return _json({"movies": stamps, "tv_shows": stamps, "anime": stamps})
    films = [
        {
            "status": "plantowatch",
            "movie": {"title": title, "year": 2019, "ids": {"tmdb": str(number)}},
        }
        for number, title in rows
    ]
    return _json({"movies": films})


def _stevenlu(_: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    assert not more
    return _json([{"title": title, "tmdb_id": number} for number, title in rows])


def _tmdb(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    number = number_of(question)
    content = {
        "page": number,
        "total_pages": max(MANY, number + 1) if more else number,
        "total_results": MANY if more else len(rows),
        "results": [
            {"id": id_, "media_type": "movie", "title": title, "release_date": "2019-05-01"}
            for id_, title in rows
        ],
    }
    return _json(content)


def _trakt(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    number = number_of(question)
    last = max(min(1000, MANY // len(rows)), number + 1) if more else number
    content = [
        {
            "type": "movie",
            "movie": {"title": title, "year": 2019, "ids": {"tmdb": id_}},
        }
        for id_, title in rows
    ]
    return _json(
        content,
        x_pagination_page=str(number),
        x_pagination_limit=str(len(rows)),
        x_pagination_page_count=str(last),
        x_pagination_item_count=str(last * len(rows)),
    )


def _tvdb(question: HeardRequest, rows: Sequence[Row], more: bool) -> bytes:
    assert not more
    if question.path == "/login":
        data: object = {"token": "SYNTHETIC.JWT.TOKEN"}
    elif question.path == "/lists/990001/extended":
        data = {"entities": [{"order": number, "movieId": number} for number, _ in rows]}
    else:
        asked = int(question.path.split("/")[2])
        remote = [{"id": str(asked), "type": 10, "sourceName": "TheMovieDB.com"}]
        name = next(title for number, title in rows if number == asked)
        data = {"id": asked, "name": name, "year": "2019", "remoteIds": remote}
    return _json({"status": "success", "data": data})


_PAGES: dict[str, Callable[[HeardRequest, Sequence[Row], bool], bytes]] = {
    "anilist": _anilist,
    "custom": _custom,
    "imdb": _imdb,
    "letterboxd": _letterboxd,
    "mdblist": _mdblist,
    "mdblist-with-key": _mdblist,
    "plex": _plex,
    "myanimelist": _myanimelist,
    "simkl": _simkl,
    "stevenlu": _stevenlu,
    "tmdb": _tmdb,
    "trakt": _trakt,
    "tvdb": _tvdb,
}


def _json(content: object, **headers: str) -> bytes:
    # Not escaped: a service may send any character as it is.
    return said(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"), **headers
    )
