"""Feeds over a real server, from syncs with a real state."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from jsonschema import Draft202012Validator

from listsync.commands.feeds import Feed, Feeds
from listsync.domain.feeds import FeedForm
from listsync.domain.list_rules import Filters, Span
from listsync.domain.lists import Fetched
from listsync.domain.media import Exclusion, TitleKey
from listsync.domain.report import Result
from listsync.domain.server import MediaStatus, TitleState
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.store.list_snapshots import SqliteConfiguredLists
from listsync.store.match_cache import SqliteFacts
from listsync.web import feed_routes
from listsync.web.application import Backend
from listsync.web.feed_routes import AGE, FeedRoutes
from listsync.web.routes import HttpRoute
from tests.builders import MOVIE, TV, entry, rules
from tests.fakes import DOWN, Reading, a_film, a_series
from tests.integration.web.conftest import ALL, FEEDER, READER, WebServer
from tests.integration.web.feed_house import DARK, DUNE, LOST, MATRIX, FeedHouse

SCHEMAS = Path(__file__).parents[2] / "fixtures" / "feeds"
DUNE_ROW = entry("Dune", 2021, MOVIE, rank=1)
LOST_ROW = entry("Lost", imdb="tt0411008", rank=2)
MATRIX_ROW = entry("The Matrix", 1999, MOVIE, tmdb=603, imdb="tt0133093", rank=3)
DARK_ROW = entry("Dark", 2017, TV, tmdb=70523, rank=4)
ROWS = (DUNE_ROW, LOST_ROW, MATRIX_ROW, DARK_ROW)
FILMS = [
    {"title": "Dune", "id": 438631, "release_year": "2021"},
    {"title": "The Matrix", "imdb_id": "tt0133093", "id": 603, "release_year": "1999"},
]
BLOCKED = RefusedError("imdb", Refusal.BLOCKED, "asked for a browser")
FAILURES: dict[str, Reading] = {
    "blocked": BLOCKED,
    "private": RefusedError("trakt", Refusal.PRIVATE, "is private"),
    "gone": RefusedError("imdb", Refusal.NOT_FOUND, "is not there"),
    "limited": RefusedError("trakt", Refusal.RATE_LIMITED, "too many requests"),
    "away": UnavailableError("imdb", "no answer within 30 s"),
    "changed": ResponseChangedError("imdb", "is in another form"),
    "unfounded": Fetched(entries=(), declared=None),
    "partial": Fetched(entries=(DUNE_ROW,), declared=4),
}


class LiveFeeds(Feeds):
    """Feeds of what is followed when they are asked for; remembers the threads that wrote."""

    def __init__(self, house: FeedHouse) -> None:
        self.house = house
        self.wrote_in: list[str] = []

    def find(self, name: str, form: FeedForm) -> Feed:
        return Feeds(self.house.context).find(name, form)

    def write(self, feed: Feed) -> list[bytes]:
        self.wrote_in.append(threading.current_thread().name)
        return Feeds(self.house.context).write(feed)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[FeedHouse]:
    one = FeedHouse(tmp_path)
    yield one
    one.database.close()


@pytest.fixture
def feeds(house: FeedHouse) -> LiveFeeds:
    return LiveFeeds(house)


@pytest.fixture
def routes(feeds: LiveFeeds) -> Callable[[Backend], tuple[HttpRoute, ...]]:
    return lambda backend: FeedRoutes(backend, feeds).routes()


def read(web: WebServer, path: str = "mine/radarr.json", **headers: str) -> httpx.Response:
    with web.client(FEEDER) as client:
        return client.get(f"/feeds/{path}", headers=headers)


def titles(web: WebServer, path: str = "mine/radarr.json") -> list[Any]:
    answer = read(web, path)
    assert answer.status_code == 200, answer.text
    return [one["title"] for one in answer.json()]


def refusal(web: WebServer, path: str = "mine/radarr.json", token: str = ALL) -> str:
    with web.client(token) as client:
        answer = client.get(f"/feeds/{path}")
    assert answer.status_code == 503
    assert 60 <= int(answer.headers["Retry-After"]) <= 86400
    message: str = answer.json()["message"]
    return message


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("radarr", FILMS),
        (
            "sonarr",
            [{"tvdbId": 73739, "title": "Lost"}, {"tvdbId": 334824, "title": "Dark"}],
        ),
        ("stevenlu", [{"title": "The Matrix", "imdb_id": "tt0133093"}]),
    ],
)
def test_each_form_is_as_its_reader_wants_it(
    web: WebServer, house: FeedHouse, form: str, expected: list[object]
) -> None:
    house.follow(*ROWS).sync()
    answer = read(web, f"mine/{form}.json")
    assert answer.headers["Content-Type"] == "application/json"
    Draft202012Validator(json.loads((SCHEMAS / f"{form}.json").read_text())).validate(
        answer.json()
    )
    assert answer.json() == expected


def test_what_is_at_the_server_already_is_in_the_feed_all_the_same(
    web: WebServer, house: FeedHouse
) -> None:
    house.server.set_status(MATRIX.key, MediaStatus.AVAILABLE)
    house.follow(*ROWS).sync()
    house.sync()
    assert read(web).json() == FILMS


def test_a_feed_says_when_it_changed_and_how_old_it_is(web: WebServer, house: FeedHouse) -> None:
    house.follow(*ROWS).sync()
    began = datetime.now(UTC)
    with house.database.write() as connection:
        old = (began - timedelta(hours=3)).isoformat(timespec="milliseconds")
        connection.execute("UPDATE feeds SET read_at = ?", (old,))
    answer = read(web)
    changed = parsedate_to_datetime(answer.headers["Last-Modified"])
    assert timedelta(0) <= began - changed < timedelta(minutes=1)
    assert 3 * 3600 <= int(answer.headers[AGE]) < 3 * 3600 + 60
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_who_has_a_feed_as_it_is_gets_no_body(
    web: WebServer, house: FeedHouse, feeds: LiveFeeds
) -> None:
    house.follow(*ROWS).sync()
    first = read(web)
    tag, changed = first.headers["ETag"], first.headers["Last-Modified"]
    asked = [
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", {tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": changed},
    ]
    house.sync()
    for headers in asked:
        again = read(web, **headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
    assert len(feeds.wrote_in) == 1
    assert read(web, **{"If-None-Match": '"other"', "If-Modified-Since": changed}).content
    for strange in ("yesterday", "Mon, 01 Jan 99999 00:00:00 GMT", "1 Jan 2024 00:00 +99999999"):
        assert read(web, **{"If-Modified-Since": strange}).status_code == 200
    house.follow(*ROWS[1:]).sync()
    assert read(web, **{"If-None-Match": tag}).status_code == 200


def test_a_feed_has_changed_when_what_is_in_it_has(web: WebServer, house: FeedHouse) -> None:
    house.follow(*ROWS).sync()
    with house.database.write() as connection:
        connection.execute("UPDATE feeds SET changed_at = '2026-01-01T00:00:00.000+00:00'")
    house.sync()
    assert read(web).headers["Last-Modified"] == "Thu, 01 Jan 2026 00:00:00 GMT"
    house.follow(*ROWS[1:], DUNE_ROW._replace(rank=9)).sync()
    assert read(web).headers["Last-Modified"] != "Thu, 01 Jan 2026 00:00:00 GMT"


def test_a_head_request_tells_the_same_without_the_feed(web: WebServer, house: FeedHouse) -> None:
    house.follow(*ROWS).sync()
    with web.client(FEEDER) as client:
        answer = client.head("/feeds/mine/radarr.json")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["ETag"] == read(web).headers["ETag"]


def test_a_list_that_was_never_read_has_no_feed(web: WebServer, house: FeedHouse) -> None:
    house.follow(*ROWS)
    assert refusal(web) == "the list mine was not read yet"


def test_a_list_that_was_never_read_whole_says_why(web: WebServer, house: FeedHouse) -> None:
    for name, failure in FAILURES.items():
        house.play(failure, of=rules(name))
    house.sync()
    for name in FAILURES:
        path = f"{name}/radarr.json"
        assert refusal(web, path).startswith(f"the list {name} was never read whole: "), name
    assert "asked for a browser" in refusal(web, "blocked/radarr.json")


def test_a_list_that_fails_stays_as_it_was(web: WebServer, house: FeedHouse) -> None:
    for name in FAILURES:
        house.follow(*ROWS, of=rules(name))
    house.sync()
    before = {name: read(web, f"{name}/radarr.json") for name in FAILURES}
    for name, failure in FAILURES.items():
        house.play(failure, of=rules(name))
    house.sync()
    for name in FAILURES:
        after = read(web, f"{name}/radarr.json")
        assert (after.status_code, after.json()) == (200, FILMS), name
        assert after.headers["ETag"] == before[name].headers["ETag"]


def test_the_age_of_a_list_that_fails_grows(web: WebServer, house: FeedHouse) -> None:
    house.follow(*ROWS).sync()
    old = "2026-01-01T00:00:00.000+00:00"
    with house.database.write() as connection:
        connection.execute("UPDATE followed SET last_success = ?", (old,))
    house.play(BLOCKED).sync()
    assert int(read(web).headers[AGE]) > 86400
    house.follow(*ROWS).sync()
    assert int(read(web).headers[AGE]) < 60


def test_all_lists_together_are_as_old_as_the_oldest(web: WebServer, house: FeedHouse) -> None:
    house.follow(DUNE_ROW, of=rules("first"))
    house.follow(MATRIX_ROW, of=rules("second")).sync()
    old = "2026-01-01T00:00:00.000+00:00"
    with house.database.write() as connection:
        connection.execute("UPDATE feeds SET read_at = ? WHERE list = 'first'", (old,))
    assert int(read(web, "all/radarr.json").headers[AGE]) > 86400


def test_a_row_in_doubt_takes_nothing_away(web: WebServer, house: FeedHouse) -> None:
    house.follow(*ROWS).sync()
    doubted = Fetched(entries=ROWS[1:], declared=4, broken=1, repeated=0)
    house.play(replace(doubted, declared=None)).sync()
    assert read(web).json() == FILMS


def test_a_list_that_shrank_stays_as_it_was_while_it_is_on_hold(
    web: WebServer, house: FeedHouse
) -> None:
    rows = tuple(entry(f"Film {n}", 2000, MOVIE, tmdb=n, rank=n) for n in range(1, 21))
    house.server.titles += [a_film(n, f"Film {n}", 2000) for n in range(1, 22)]
    house.follow(*rows).sync()
    assert len(titles(web)) == 20
    house.follow(*rows[:5], entry("Film 21", 2000, MOVIE, tmdb=21, rank=6)).sync()
    assert set(titles(web)) == {f"Film {n}" for n in range(1, 22)}
    house.play(Fetched(entries=(), declared=0)).sync()
    assert len(titles(web)) == 21


def test_only_a_list_that_its_service_calls_empty_is_empty(
    web: WebServer, house: FeedHouse
) -> None:
    house.play(Fetched(entries=(), declared=0)).sync()
    for form in FeedForm:
        answer = read(web, f"mine/{form}.json")
        assert (answer.status_code, answer.content) == (200, b"[]")
    house.follow(entry("No Such Film", 1950, MOVIE)).sync()
    assert refusal(web) == "the list mine has no films that can be served now"
    house.play(Fetched(entries=(), declared=0), of=rules("empty")).sync()
    assert read(web, "empty/sonarr.json").content == b"[]"
    assert refusal(web, "all/sonarr.json") == (
        "all lists together have no series that can be served now"
    )


def test_a_list_of_films_alone_has_no_feed_of_series(web: WebServer, house: FeedHouse) -> None:
    house.follow(*ROWS, of=rules(kind=MOVIE)).sync()
    assert read(web).json() == FILMS
    answer = read(web, "mine/sonarr.json")
    assert answer.status_code == 404
    assert answer.json()["message"].startswith("the list mine has no series: ")
    together = read(web, "all/sonarr.json").json()["message"]
    assert together.startswith("all lists together have no series: ")


def test_a_list_that_happens_to_hold_no_series_is_not_called_empty(
    web: WebServer, house: FeedHouse
) -> None:
    house.follow(DUNE_ROW).sync()
    assert refusal(web, "mine/sonarr.json") == "the list mine has no series that can be served now"


def test_limits_kinds_and_filters_hold_for_feeds(web: WebServer, house: FeedHouse) -> None:
    house.follow(DUNE_ROW, MATRIX_ROW, of=rules("short", limit=1))
    old = replace(rules("old"), filters=Filters(year=Span(high=2000)))
    house.server.set_status(MATRIX.key, MediaStatus.AVAILABLE)
    house.server.set_status(DUNE.key, MediaStatus.AVAILABLE)
    house.follow(DUNE_ROW, MATRIX_ROW, of=old).sync()
    assert titles(web, "short/radarr.json") == ["Dune"]
    assert titles(web, "old/radarr.json") == ["The Matrix"]


def test_what_passed_a_filter_stays_while_its_facts_cannot_be_read(
    web: WebServer, house: FeedHouse
) -> None:
    old = replace(rules("old"), filters=Filters(year=Span(high=2000)))
    house.server.set_status(MATRIX.key, MediaStatus.AVAILABLE)
    house.follow(MATRIX_ROW, of=old).sync()
    with house.database.write() as connection:
        connection.execute("DELETE FROM facts")
    house.server.on("facts", *[DOWN] * 9)
    house.follow(MATRIX_ROW, DUNE_ROW, of=old).sync()
    assert titles(web, "old/radarr.json") == ["The Matrix"]


@pytest.mark.parametrize(
    "exclusion",
    [
        Exclusion(key=MATRIX.key),
        Exclusion(imdb="tt0133093"),
        Exclusion(title="The Matrix", year=1999),
    ],
    ids=["key", "imdb", "title"],
)
def test_what_is_excluded_is_in_no_feed(
    web: WebServer, house: FeedHouse, exclusion: Exclusion
) -> None:
    house.exclusions.append(exclusion)
    house.follow(*ROWS).sync()
    assert titles(web) == ["Dune"]
    assert titles(web, "all/radarr.json") == ["Dune"]


def test_genres_and_lists_of_what_not_to_request_hold_for_feeds(
    web: WebServer, house: FeedHouse
) -> None:
    horror = replace(a_film(7, "It", 2017), genres=frozenset({"horror"}))
    house.server.titles.append(horror)
    house.server.set_status(horror.key, MediaStatus.AVAILABLE)
    house.exclusions.append(Exclusion(genre="horror"))
    house.follow(*ROWS, entry("It", 2017, MOVIE, tmdb=7, rank=5))
    house.follow(entry("The Matrix", 1999, MOVIE), of=rules("never", is_exclusion=True)).sync()
    assert titles(web) == ["Dune"]
    answer = read(web, "never/radarr.json")
    assert answer.status_code == 404
    assert "says what not to request" in answer.json()["message"]


def test_what_the_server_blocklists_is_in_no_feed(web: WebServer, house: FeedHouse) -> None:
    house.server.set_status(MATRIX.key, MediaStatus.BLOCKLISTED)
    house.follow(*ROWS).sync()
    assert titles(web) == ["Dune"]


@pytest.mark.parametrize("item", ["tmdb:movie/603", "imdb:tt0133093"])
def test_what_is_excluded_by_command_leaves_at_once(
    web: WebServer, house: FeedHouse, item: str
) -> None:
    house.follow(*ROWS).sync()
    tag = read(web).headers["ETag"]
    house.state.exclusions.add(item, datetime.now(UTC))
    answer = read(web, **{"If-None-Match": tag})
    assert [one["title"] for one in answer.json()] == ["Dune"]
    house.state.exclusions.add("tvdb:73739", datetime.now(UTC))
    assert titles(web, "mine/sonarr.json") == ["Dark"]


def test_what_is_left_out_is_counted(web: WebServer, house: FeedHouse) -> None:
    house.server.titles += [
        a_film(1, "Twin", 2000),
        a_film(2, "Twin", 2000),
        a_series(3, "No Number", 2000),
    ]
    house.exclusions.append(Exclusion(key=DUNE.key))
    rows = (
        *ROWS,
        entry("Twin", 2000, MOVIE, rank=5),
        entry("No Such Film", 1950, MOVIE, rank=6),
        entry("No Number", 2000, TV, tmdb=3, rank=7),
        entry("Too Large", 2001, MOVIE, tmdb=2**31, rank=8),
    )
    house.server.titles.append(a_film(2**31, "Too Large", 2001))
    house.follow(*rows).sync()
    record = house.state.feeds.find(rules())
    assert record is not None
    assert record.counts == {"radarr": 1, "sonarr": 2, "stevenlu": 1}
    assert record.left_out == {
        "excluded": 1,
        "waits for review": 1,
        "not found": 1,
        "without a TVDB id": 1,
        "without an id": 1,
    }
    assert titles(web) == ["The Matrix"]


def test_a_tvdb_id_costs_one_call_for_good(web: WebServer, house: FeedHouse) -> None:
    for one in (LOST, DARK):
        house.server.set_status(one.key, MediaStatus.AVAILABLE)
    house.follow(LOST_ROW, DARK_ROW).sync()
    assert house.server.counts["series"] == 2
    house.sync()
    house.follow(LOST_ROW, DARK_ROW, of=rules("again")).sync()
    assert house.server.counts["series"] == 2
    assert titles(web, "again/sonarr.json") == ["Lost", "Dark"]


def test_a_tvdb_id_that_the_index_or_the_list_has_costs_no_call(house: FeedHouse) -> None:
    house.server.states[DARK.key] = TitleState(MediaStatus.AVAILABLE, 1, tvdb_id=334824)
    house.server.set_status(LOST.key, MediaStatus.AVAILABLE)
    house.follow(DARK_ROW, entry("Lost", 2004, TV, tmdb=4607, tvdb=73739, rank=2)).sync()
    assert house.server.counts["series"] == 0
    record = house.state.feeds.find(rules())
    assert record is not None
    assert record.counts["sonarr"] == 2


def test_a_series_is_called_the_same_whether_or_not_its_details_were_read(
    web: WebServer, house: FeedHouse
) -> None:
    house.server.set_status(LOST.key, MediaStatus.AVAILABLE)
    house.follow(entry(tvdb=73739), entry(tvdb=334824, rank=2)).sync()
    assert house.server.counts["series"] == 1
    assert titles(web, "mine/sonarr.json") == ["Lost", "Dark"]
    assert [one.year for one in house.state.feeds.titles(rules())] == [2004, 2017]


def test_a_film_has_the_imdb_id_that_facts_tell_which_were_read_before(
    web: WebServer, house: FeedHouse
) -> None:
    recent = replace(rules(), filters=Filters(year=Span(low=2000)))
    house.server.set_status(DUNE.key, MediaStatus.AVAILABLE)
    SqliteFacts(house.database).put(DUNE.key, DUNE.facts)
    house.follow(DUNE_ROW, of=recent).sync()
    assert house.server.counts["facts"] == 0
    assert [one["imdb_id"] for one in read(web).json()] == ["tt1160419"]
    house.follow(DUNE_ROW).sync()
    assert [one["imdb_id"] for one in read(web).json()] == ["tt1160419"]


def test_a_series_without_a_tvdb_id_is_asked_for_again_in_a_week(house: FeedHouse) -> None:
    house.server.titles.append(a_series(3, "No Number", 2000))
    house.server.set_status(TitleKey(TV, 3), MediaStatus.AVAILABLE)
    row = entry("No Number", 2000, TV, tmdb=3)
    house.follow(row).sync()
    house.sync()
    assert house.server.counts["series"] == 1
    with house.database.write() as connection:
        connection.execute("UPDATE known_titles SET at = '2026-01-01T00:00:00.000+00:00'")
    house.sync()
    assert house.server.counts["series"] == 2


def test_a_catalogue_that_fails_is_not_asked_on_and_on(web: WebServer, house: FeedHouse) -> None:
    series = [a_series(n, f"Series {n}", 2000, tvdb=n) for n in range(1, 81)]
    house.server.titles += series
    for one in series:
        house.server.set_status(one.key, MediaStatus.AVAILABLE)
    house.server.on("series", *[DOWN] * 80)
    rows = [entry(f"Series {n}", 2000, TV, tmdb=n, rank=n) for n in range(1, 81)]
    assert house.follow(*rows).sync().result is Result.OK
    assert house.server.counts["series"] < 60
    assert "no series that can be served" in refusal(web, "mine/sonarr.json")


def test_a_server_that_is_away_leaves_feeds_as_they_are(web: WebServer, house: FeedHouse) -> None:
    house.server.on("identify", DOWN)
    assert house.follow(*ROWS).sync().result is Result.FAILED
    assert refusal(web) == "the list mine was not read yet"
    house.sync()
    before = read(web)
    house.server.on("read_index", DOWN)
    assert house.follow(DUNE_ROW).sync().result is Result.FAILED
    after = read(web)
    assert (after.json(), after.headers["ETag"]) == (FILMS, before.headers["ETag"])


def test_a_sync_that_could_not_match_leaves_the_first_feed_to_the_next(
    web: WebServer, house: FeedHouse
) -> None:
    house.server.on("read_index", DOWN)
    house.follow(*ROWS).sync()
    assert refusal(web).endswith("no sync has made its feed yet")


def test_all_lists_together_hold_each_title_once_in_their_order(
    web: WebServer, house: FeedHouse
) -> None:
    house.follow(MATRIX_ROW, LOST_ROW, of=rules("first"))
    house.follow(DUNE_ROW, entry(imdb="tt0133093", rank=2), DARK_ROW, of=rules("second")).sync()
    assert titles(web, "all/radarr.json") == ["The Matrix", "Dune"]
    assert titles(web, "all/sonarr.json") == ["Lost", "Dark"]
    house.play(BLOCKED, of=rules("third")).sync(only=["third"])
    assert refusal(web, "all/radarr.json").startswith("the list third was never read whole")
    house.unfollow("third")
    assert titles(web, "all/radarr.json") == ["The Matrix", "Dune"]


def test_a_sync_of_some_lists_leaves_the_others_as_they_are(
    web: WebServer, house: FeedHouse
) -> None:
    house.follow(DUNE_ROW, of=rules("first"))
    house.follow(MATRIX_ROW, of=rules("second")).sync()
    house.follow(MATRIX_ROW, of=rules("first"))
    house.follow(DUNE_ROW, of=rules("second")).sync(only=["second"])
    assert titles(web, "first/radarr.json") == ["Dune"]
    assert "Dune" in titles(web, "second/radarr.json")


def test_a_name_that_means_another_list_now_has_no_feed_yet(
    web: WebServer, house: FeedHouse
) -> None:
    house.follow(*ROWS).sync()
    house.follow(*ROWS, of=replace(rules(), source="file:another"))
    assert refusal(web) == "the list mine was not read yet"


NAMES = [
    "imdb: top",
    "a/b",
    "a//b",
    "Träume & Räume",
    "映画",
    "100%",
    "what?",
    "#1",
    "radarr.json",
    "feeds/x/radarr.json",
    "all/radarr.json",
    "a+b",
    "%2F",
    "t/abc",
]


def test_a_list_may_be_called_as_one_likes(web: WebServer, house: FeedHouse) -> None:
    for name in NAMES:
        house.follow(DUNE_ROW, of=rules(name))
    house.sync()
    with web.client(None) as client:
        for name in NAMES:
            path = f"/feeds/{quote(name, safe='')}/radarr.json"
            for url in (f"{path}?token={FEEDER}", f"/t/{FEEDER}{path}"):
                answer = client.get(url)
                assert answer.status_code == 200, (url, answer.text)
                assert [one["title"] for one in answer.json()] == ["Dune"]


def test_an_unknown_list_is_not_found_and_names_are_told_to_readers_alone(
    web: WebServer, house: FeedHouse
) -> None:
    house.follow(DUNE_ROW).sync()
    with web.client(FEEDER) as client:
        told = client.get("/feeds/nine/radarr.json")
    assert (told.status_code, told.json()) == (
        404,
        {"success": False, "reason": "not_found", "message": "no list is called 'nine'"},
    )
    with web.client(ALL) as client:
        assert client.get("/feeds/nine/radarr.json").json()["data"] == {"lists": ["mine"]}
        assert client.get("/feeds/mine/lidarr.json").status_code == 404
        assert len(client.get(f"/feeds/{'x' * 5000}/radarr.json").content) < 300


def test_why_there_is_no_feed_is_told_with_names_and_files_to_readers_alone(
    web: WebServer, house: FeedHouse
) -> None:
    house.follow(DUNE_ROW).sync()
    house.play(UnavailableError("file", "/home/me/secret.csv is gone"), rules("hidden"))
    house.sync()
    words = "one of the lists was never read whole: unavailable"
    assert refusal(web, "all/radarr.json", FEEDER) == words
    own = words.replace("one of the lists", "the list hidden")
    assert refusal(web, "hidden/radarr.json", FEEDER) == own
    told = refusal(web, "all/radarr.json")
    assert told == "the list hidden was never read whole: unavailable: /home/me/secret.csv is gone"
    with web.client(ALL) as client:
        assert "in_short" not in client.get("/feeds/all/radarr.json").text


def test_a_token_that_is_good_for_more_may_not_stand_in_an_address(
    web: WebServer, house: FeedHouse
) -> None:
    house.follow(DUNE_ROW).sync()
    path = "/feeds/mine/radarr.json"
    with web.client(None) as client:
        for url in (f"{path}?token={ALL}", f"/t/{ALL}{path}"):
            answer = client.get(url)
            assert answer.status_code == 403
            assert "use the one for feeds" in answer.json()["message"]
        assert client.get(path, headers={"X-Api-Key": ALL}).status_code == 200


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/feeds/mine/radarr.json", 401),
        ("/feeds/mine/radarr.json?token=wrong", 401),
        (f"/feeds/mine/radarr.json?token={READER}", 403),
        ("/t/wrong/feeds/mine/radarr.json", 401),
        (f"/t/{READER}/feeds/mine/radarr.json", 403),
    ],
)
def test_a_feed_needs_a_token_for_feeds(
    web: WebServer, house: FeedHouse, url: str, status: int
) -> None:
    house.follow(DUNE_ROW).sync()
    with web.client(None) as client:
        assert client.get(url).status_code == status


def test_a_feed_is_written_off_the_loop_and_packed_for_who_can_unpack(
    web: WebServer, house: FeedHouse, feeds: LiveFeeds
) -> None:
    count = 2345
    rows = [entry(f"Film {n}", 2000, MOVIE, tmdb=n, rank=n) for n in range(1, count + 1)]
    for n in range(1, count + 1):
        house.server.set_status(TitleKey(MOVIE, n), MediaStatus.AVAILABLE)
    house.follow(*rows).sync()
    plain = read(web, **{"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers
    assert [one["id"] for one in plain.json()] == list(range(1, count + 1))
    with web.client(FEEDER) as client, client.stream("GET", "/feeds/mine/radarr.json") as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert all(name.startswith("listsync-http") for name in feeds.wrote_in)


def test_a_feed_that_is_replaced_while_it_is_written_is_not_mixed(
    house: FeedHouse,
) -> None:
    house.follow(*ROWS).sync()
    feed = Feeds(house.context).find("mine", FeedForm.RADARR)
    house.follow(DUNE_ROW, DARK_ROW).sync()
    house.sync()
    with pytest.raises(Exception, match="replaced meanwhile"):
        Feeds(house.context).write(feed)


def test_an_exclusion_list_that_was_never_read_leaves_feeds_as_they_are(
    web: WebServer, house: FeedHouse
) -> None:
    never = rules("never", is_exclusion=True)
    house.play(BLOCKED, of=never)
    house.follow(*ROWS).sync()
    assert "no sync has made its feed" in refusal(web)
    house.follow(MATRIX_ROW, of=never).sync()
    assert titles(web) == ["Dune"]


def test_a_list_for_whose_rows_there_is_no_room_keeps_its_feed(
    web: WebServer, house: FeedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.follow(DUNE_ROW, of=rules("first"))
    house.follow(*ROWS, of=rules("second")).sync()
    monkeypatch.setattr("listsync.row_limit.MOST_OF_ALL", 2)
    house.sync()
    assert read(web, "second/radarr.json").json() == FILMS


def test_the_feed_of_a_list_that_is_followed_no_more_is_forgotten(house: FeedHouse) -> None:
    house.follow(DUNE_ROW, of=rules("first"))
    house.follow(MATRIX_ROW, of=rules("second")).sync()
    SqliteConfiguredLists(house.database).replace([rules("second")])
    assert house.state.feeds.find(rules("first")) is None
    assert house.state.feeds.find(rules("second")) is not None
    rest = house.database.read("SELECT count(*) FROM feed_pages")[0][0]
    assert rest == 1


def test_a_long_feed_is_packed_once_for_all_who_read_it(
    web: WebServer, house: FeedHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is another one."""
    written: list[str] = []
    write = Feeds.write

    def note(feeds: Feeds, feed: Feed) -> list[bytes]:
        written.append(feed.etag)
        return write(feeds, feed)

    monkeypatch.setattr(Feeds, "write", note)
    monkeypatch.setattr(feed_routes, "_WORTH_PACKING", 1)
    house.follow(DUNE_ROW).sync()
    first, again = read(web), read(web)
    assert first.headers["content-encoding"] == again.headers["content-encoding"] == "gzip"
    assert first.json() == again.json()
    assert len(written) == 1
    assert read(web, **{"Accept-Encoding": "identity"}).json() == first.json()
    house.follow(DUNE_ROW, MATRIX_ROW).sync()
    assert titles(web) == ["Dune", "The Matrix"]
    assert len({*written}) == 2


def test_what_is_packed_is_kept_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = feed_routes._KeptContents()
    monkeypatch.setattr(feed_routes, "_MOST_KEPT", 10)
    for tag in "ab":
        kept.put(tag, feed_routes._Content([b"12", b"34"], is_packed=True))
    assert kept.find("a")
    kept.put("c", feed_routes._Content([b"1234"], is_packed=True))
    assert [bool(kept.find(tag)) for tag in "abc"] == [True, False, True]
    kept.put("d", feed_routes._Content([b"x" * 11], is_packed=True))
    assert not any(kept.find(tag) for tag in "abcd")


def test_a_token_in_an_address_is_not_in_the_log(
    web: WebServer, house: FeedHouse, caplog: pytest.LogCaptureFixture
) -> None:
    house.follow(DUNE_ROW).sync()
    with caplog.at_level("DEBUG"), web.client(None) as client:
        client.get(f"/t/{FEEDER}/feeds/mine/radarr.json")
    own = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    assert all(FEEDER not in one.getMessage() for one in own)
