from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from listsync.config_types import SecretStr
from listsync.errors import ListsyncError
from listsync.importers.arr import App, plan_of_arr
from listsync.importers.plan import MovePlan

KEY = "keyofradarr"


class Arr:
    """Answers as Radarr or Sonarr do, on loopback."""

    def __init__(self) -> None:
        self.lists: object = []
        self.exclusions: object = []
        self.status = 200
        self.asked: list[str] = []
        arr = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                arr.asked.append(self.path)
                body, status = arr.response(self.path, self.headers.get("X-Api-Key"))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def response(self, path: str, key: str | None) -> tuple[bytes, int]:
        if key != KEY:
            return b'{"error": "Unauthorized"}', 401
        data = self.lists if path.endswith("/importlist") else self.exclusions
        return data if isinstance(data, bytes) else json.dumps(data).encode(), self.status


@pytest.fixture
def arr() -> Iterator[Arr]:
    made = Arr()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def plan_of(app: App, arr: Arr, key: str = KEY) -> MovePlan:
    return plan_of_arr(app, arr.url, SecretStr(key))


def entry(implementation: str, /, enabled: bool = True, **fields: object) -> dict[str, Any]:
    return {
        "name": f"My {implementation}",
        "implementation": implementation,
        "enabled": enabled,
        "enableAuto": True,
        "fields": fields_of(fields),
    }


def fields_of(fields: Mapping[str, object]) -> list[dict[str, object]]:
    return [{"name": name, "value": value} for name, value in fields.items()]


@pytest.mark.parametrize(
    ("implementation", "fields", "ours"),
    [
        (
            "TraktListImport",
            {"username": "dave", "listname": "Best Of!", "limit": 100},
            "trakt: dave/lists/best-of, kind: movie, limit: 100",
        ),
        (
            "TraktUserImport",
            {"username": "", "authUser": "dave", "traktListType": 0},
            "trakt: me/watchlist/movies, kind: movie",
        ),
        (
            "TraktUserImport",
            {"username": "anna", "traktListType": 2},
            "trakt: anna/collection/movies, kind: movie",
        ),
        ("TraktPopularImport", {"traktListType": 3}, "trakt: boxoffice:movies, kind: movie"),
        ("IMDbListImport", {"listId": "ls000024621"}, "imdb: ls000024621, kind: movie"),
        ("IMDbListImport", {"listId": "top250"}, "imdb: top, kind: movie"),
        ("TMDbListImport", {"listId": "8136"}, "tmdb: list/8136, kind: movie"),
        ("TMDbCollectionImport", {"collectionId": 1241}, "tmdb: collection/1241, kind: movie"),
        ("TMDbKeywordImport", {"keywordId": "123"}, "tmdb: keyword/123/movie, kind: movie"),
        ("TMDbCompanyImport", {"companyId": "123"}, "tmdb: company/123/movie, kind: movie"),
        ("TMDbPopularImport", {"tMDbListType": 3}, "tmdb: movie/top-rated, kind: movie"),
        (
            "StevenLuImport",
            {"link": "https://s3.amazonaws.com/popular-movies/movies.json"},
            "stevenlu: https://s3.amazonaws.com/popular-movies/movies.json, kind: movie",
        ),
        (
            "StevenLu2Import",
            {"source": 1, "minScore": 7},
            "stevenlu: movies-imdb-min7, kind: movie",
        ),
        (
            "StevenLu2Import",
            {"source": 2, "minScore": 7},
            "stevenlu: movies-metacritic-min70, kind: movie",
        ),
        ("PlexImport", {"accessToken": "secret"}, "plex: watchlist, kind: movie"),
        (
            "PlexRssImport",
            {"url": "https://rss.plex.tv/01234567-89ab-4cde-8f01-23456789abcd"},
            "plex: rss.plex.tv (614b27b7), kind: movie",
        ),
        (
            "RadarrListImport",
            {"url": "https://mdblist.com/lists/dave/best/json"},
            "mdblist: https://mdblist.com/lists/dave/best, kind: movie",
        ),
    ],
)
def test_a_list_of_radarr_is_written_in_our_words(
    arr: Arr, implementation: str, fields: dict[str, object], ours: str
) -> None:
    arr.lists = [entry(implementation) | {"fields": fields_of(fields)}]
    plan = plan_of("radarr", arr)
    assert [str(one) for one in plan.lists] == [ours]
    assert plan.left == ()
    assert arr.asked == ["/api/v3/importlist", "/api/v3/exclusions"]


def test_lists_of_sonarr_are_of_series(arr: Arr) -> None:
    arr.lists = [
        entry("TraktPopularImport", traktListType=10),
        entry("TraktUserImport", username="dave", traktListType=0),
        entry("MDBListImport", listUrl="https://mdblist.com/lists/dave/best", apiKey="secret"),
    ]
    arr.exclusions = [{"id": 1, "tvdbId": 81189, "title": "Breaking Bad"}, {"tvdbId": 0}]
    plan = plan_of("sonarr", arr)
    assert [str(one) for one in plan.lists] == [
        "trakt: favorited:shows:all, kind: tv",
        "trakt: dave/watchlist/shows, kind: tv",
        "mdblist: https://mdblist.com/lists/dave/best, kind: tv",
    ]
    assert plan.exclude == ("tvdb:81189",)
    assert arr.asked[-1] == "/api/v3/importlistexclusion"


def test_a_list_that_is_named_by_its_address_shows_no_key_of_it(arr: Arr) -> None:
    arr.lists = [{**entry("RSSImport"), "name": "https://rss.example/?apikey=planted"}]
    (left,) = plan_of("radarr", arr).left
    assert left.startswith('the list "https://rss.example/" (RSSImport)')


def test_exclusions_with_numbers_that_no_title_has_are_left_out(arr: Arr) -> None:
    arr.exclusions = [{"tmdbId": 10**12}, {"tmdbId": -1, "tvdbId": 10**12}, {"tmdbId": 603}]
    assert plan_of("radarr", arr).exclude == ("tmdb:movie/603",)


def test_exclusions_of_radarr_are_films(arr: Arr) -> None:
    arr.exclusions = [{"tmdbId": 603, "movieTitle": "The Matrix", "movieYear": 1999}]
    plan = plan_of("radarr", arr)
    assert plan.exclude == ("tmdb:movie/603",)
    assert plan.found == ("Radarr: 0 import lists, 1 exclusion",)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (entry("PlexRssImport", url="https://example.com/x"), "PlexRss lists are not read here"),
        (entry("SimklUserImport"), "SimklUser lists are not read here"),
        (entry("TMDbListImport", enabled=False, listId="1"), "is switched off there"),
        (entry("IMDbListImport", listId="worst"), "is no list of IMDb"),
        (entry("TraktPopularImport", traktListType=99), "TraktPopular lists are not read here"),
        (entry("TraktListImport"), "Trakt lists are not read here"),
        (entry("RSSImport", link="https://u:hunter2@host/x?apikey=hunter2"), "RSS lists are not"),
        ({"name": "\x1b[31m", "implementation": ""}, "such lists are not read here"),
    ],
)
def test_what_is_not_taken_over_is_named(arr: Arr, one: dict[str, Any], said: str) -> None:
    arr.lists = [one]
    plan = plan_of("radarr", arr)
    (left,) = plan.left
    assert said in left
    assert "hunter2" not in left
    assert left.isprintable()
    assert plan.lists == ()


@pytest.mark.parametrize("suffix", ["/", "/api", "/api/v3", "/api/v3/"])
def test_the_address_may_end_in_the_api(arr: Arr, suffix: str) -> None:
    plan_of_arr("radarr", arr.url + suffix, SecretStr(KEY))
    assert arr.asked[0] == "/api/v3/importlist"


def test_a_wrong_key_is_told_and_not_shown(arr: Arr) -> None:
    with pytest.raises(ListsyncError) as caught:
        plan_of("radarr", arr, "wrongkey")
    assert "Radarr" in str(caught.value)
    assert "wrongkey" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>", b'{"a": 1}', b"", b'[{"implementation": 5}]'])
def test_what_is_no_radarr_is_told(arr: Arr, body: bytes) -> None:
    arr.lists = body
    with pytest.raises(ListsyncError):
        plan_of("radarr", arr)


@pytest.mark.parametrize("address", ["localhost:7878", "", "ftp://x", "http://a b"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(ListsyncError, match="expected an address"):
        plan_of_arr("radarr", address, SecretStr(KEY))


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, b"<h2>Bad Request - Invalid Hostname</h2>", r"add 127\.0\.0\.1 to Allowed Hosts"),
        (307, b"", "URL Base"),
        (404, b"", "URL Base"),
        (401, b"", "refuses the API key"),
    ],
)
def test_what_a_person_must_change_there_is_said(
    arr: Arr, status: int, body: bytes, words: str
) -> None:
    arr.lists, arr.status = body, status
    with pytest.raises(ListsyncError, match=words):
        plan_of("radarr", arr)
