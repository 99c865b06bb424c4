"""What users ask such programs for, and what goes wrong elsewhere, at both kinds of servers.

What could not differ between those is tried at one of them, and at both with THOROUGH=1.
Each test is named after what the user wanted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from listsync.sandbox.process import SandboxProcess
from tests.acceptance.conftest import Home, Ran
from tests.thorough import IS_THOROUGH

pytestmark = pytest.mark.usefixtures("home")
Lists = dict[str, tuple[str, dict[str, object]]]
"""Rows and rules by name."""
_HEAD = "kind,tmdb_id,tvdb_id,imdb_id,title,year\n"
_REQUEST, _AUTO, _ADVANCED = 32, 128, 8192
_FILMS = "".join(f"movie,{number},,,,\n" for number in (11, 12, 13, 603, 680, 27205))


_PRODUCTS = ["overseerr", "seerr"]
by_lists_alone = pytest.mark.parametrize(
    "_sandbox", _PRODUCTS if IS_THOROUGH else ["seerr"], indirect=True, scope="session"
)
"""What follows from the lists, and of the server from what all products answer alike."""


@pytest.fixture(scope="session", params=_PRODUCTS)
def _sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxProcess]:
    with SandboxProcess(request.param) as sandbox:
        yield sandbox


@pytest.fixture
def home(tmp_path: Path, _sandbox: SandboxProcess) -> Home:
    _sandbox.admin("reset", {})
    one = Home(tmp_path, _sandbox)
    _user(one, 2, "family", _REQUEST)
    _user(one, 3, "guests", _REQUEST | _AUTO)
    return one


@pytest.fixture
def server(home: Home) -> Iterator[httpx.Client]:
    """Give the server as its owner uses it."""
    url, headers = f"{home.sandbox.url}/api/v1", {"X-Api-Key": home.sandbox.api_key}
    with httpx.Client(base_url=url, headers=headers) as client:
        yield client


def _user(home: Home, number: int, name: str, rights: int, **more: object) -> None:
    home.sandbox.admin("users", {"id": number, "name": name, "permissions": rights, **more})


def follow(home: Home, rows: str, **rules: object) -> None:
    follow_all(home, {"mine": (rows, rules)})


def follow_all(home: Home, lists: Lists, **more: object) -> None:
    entries = []
    for name, (rows, rules) in lists.items():
        entries.append({**home.write_list(f"{name}.csv", _HEAD + rows), "name": name, **rules})
    home.write_config(entries, **more)


def posted(home: Home) -> list[dict[str, Any]]:
    """Give every request that the server got."""
    requests: list[dict[str, Any]] = home.sandbox.admin("log")["requests"]
    return requests


def asked(home: Home) -> list[str]:
    return [f"{one['kind']}/{one['tmdbId']}" for one in posted(home)]


def only(ran: Ran, verdict: str) -> str:
    (why,) = ran.verdicts(verdict).values()
    return why


# Deleted titles come back


def test_what_i_deleted_stays_deleted(home: Home, server: httpx.Client) -> None:
    follow(home, "movie,603,,,The Matrix,\ntv,1396,,,Breaking Bad,\n")
    home.once()
    for one in server.get("request?take=100").json()["results"]:
        server.delete(f"request/{one['id']}").raise_for_status()
    home.sandbox.admin("media", [{"kind": "movie", "tmdbId": 603, "remove": True}])
    for _ in range(3):
        assert home.once().requested == []
    assert sorted(asked(home)) == ["movie/603", "tv/1396"]


def test_what_the_server_calls_deleted_is_not_asked_for(home: Home) -> None:
    home.sandbox.admin("media", {"kind": "movie", "tmdbId": 603, "status": 7})
    follow(home, "movie,603,,,The Matrix,\n")
    assert only(home.once(), "handled_before") == "deleted at the server"


def test_what_i_declined_stays_declined(home: Home, server: httpx.Client) -> None:
    follow(home, "movie,603,,,The Matrix,\n", user="family")
    home.once()
    (one,) = server.get("request?take=100").json()["results"]
    server.post(f"request/{one['id']}/decline").raise_for_status()
    for _ in range(2):
        assert home.once().requested == []


# Wrong title requested


@by_lists_alone
def test_the_dune_of_the_year_on_my_list(home: Home) -> None:
    follow(home, "movie,,,,Dune,1984\n")
    assert home.once().requested == ["movie/841"]


@by_lists_alone
def test_the_series_and_not_the_film_of_that_name(home: Home) -> None:
    title = {"media_type": "movie", "tmdb_id": 90000001, "title": "Lost", "date": "2004-01-01"}
    home.sandbox.admin("titles", {**title, "popularity": 999})
    follow(home, "tv,,,,Lost,2004\n")
    assert home.once().requested == ["tv/4607"]


@by_lists_alone
def test_the_id_on_my_list_and_not_a_title_like_it(home: Home) -> None:
    follow(home, "movie,,,tt0087182,Dune,2021\n")
    assert home.once().requested == ["movie/841"]


@by_lists_alone
def test_what_could_be_two_titles_waits_for_me(home: Home) -> None:
    follow(home, "tv,,,,The Office,\n")
    ran = home.once()
    assert ran.requested == []
    assert "2 titles of this name" in only(ran, "review")


@by_lists_alone
def test_a_list_that_says_film_of_a_series_waits_for_me(home: Home) -> None:
    follow(home, "movie,,,tt0903747,Breaking Bad,2008\n")
    ran = home.once()
    assert ran.requested == []
    assert "says film" in only(ran, "review")


@by_lists_alone
def test_lists_that_contradict_each_other_wait_for_me(home: Home) -> None:
    lists: Lists = {
        "a": ("movie,603,,tt0133093,The Matrix,1999\n", {}),
        "b": ("movie,604,,tt0133093,The Matrix,1999\n", {}),
    }
    follow_all(home, lists)
    ran = home.once()
    assert ran.requested == []
    assert "contradict" in only(ran, "review")


# All seasons of a long series


@pytest.mark.parametrize(
    ("seasons", "wanted"),
    [
        ("first", [1]),
        ("latest", [20]),
        ({"latest": 2}, [19, 20]),
        ([1, 3], [1, 3]),
        ([0], [0]),
    ],
    ids=str,
)
def test_only_some_seasons_of_a_long_series(
    home: Home, seasons: object, wanted: list[int]
) -> None:
    follow(home, "tv,1416,,,Grey's Anatomy,\n", seasons=seasons)
    home.once()
    assert [one["seasons"] for one in posted(home)] == [wanted]


def test_all_seasons_never_means_specials(home: Home) -> None:
    follow(home, "tv,1396,,,Breaking Bad,\n")
    home.once()
    assert [one["seasons"] for one in posted(home)] == [[1, 2, 3, 4, 5]]


# Exclusion


@by_lists_alone
def test_not_these_titles(home: Home) -> None:
    exclude = ["tmdb:movie/603", "imdb:tt0076759", {"title": "Finding Nemo"}]
    follow_all(home, {"mine": (_FILMS, {})}, exclude=exclude)
    home.once()
    assert "movie/603" not in asked(home)
    assert "movie/11" not in asked(home)


@by_lists_alone
def test_not_what_is_on_that_list(home: Home) -> None:
    lists: Lists = {
        "mine": (_FILMS, {}),
        "not these": ("movie,603,,,,\nmovie,,,tt0076759,,\n", {"exclude": True}),
    }
    follow_all(home, lists)
    home.once()
    assert sorted(asked(home)) == ["movie/12", "movie/13", "movie/27205", "movie/680"]


@by_lists_alone
def test_nothing_of_that_genre(home: Home) -> None:
    _title(home, 90000001, "Loud", genres=["Reality"])
    _title(home, 90000002, "Quiet", genres=["Drama"])
    rows = "movie,90000001,,,Loud,\nmovie,90000002,,,Quiet,\n"
    follow_all(home, {"mine": (rows, {})}, exclude=[{"genre": "Reality"}])
    ran = home.once()
    assert ran.requested == ["movie/90000002"]
    assert only(ran, "excluded") == "excluded: genre reality"


def _title(home: Home, number: int, name: str, **facts: object) -> None:
    row = {"media_type": "movie", "tmdb_id": number, "title": name, "date": "2020-02-02"}
    home.sandbox.admin("titles", {**row, **facts})


@by_lists_alone
def test_only_good_and_new_titles_and_each_is_looked_up_once(home: Home) -> None:
    _title(home, 90000001, "Good", votes=900, rating=8.0, language="en")
    _title(home, 90000002, "Bad", votes=900, rating=4.0, language="en")
    _title(home, 90000003, "Unknown", votes=3, rating=9.0, language="en")
    _title(home, 90000004, "Foreign", votes=900, rating=8.0, language="xx")
    rows = "".join(f"movie,9000000{number},,,,\n" for number in (1, 2, 3, 4))
    filters = {"year": ">=2000", "rating": ">=6.5", "votes": ">=100", "languages": ["en"]}
    follow(home, rows, filters=filters)
    ran = home.once()
    assert ran.requested == ["movie/90000001"]
    assert len(ran.verdicts("skipped")) == 3
    before = home.sandbox.admin("log")["total"]
    assert home.once().requested == []
    assert home.sandbox.admin("log")["total"] - before <= 6


# Per-user, per-list identity and quality


def test_each_list_asks_in_the_name_of_its_own_user(home: Home) -> None:
    lists: Lists = {
        "theirs": ("movie,11,,,,\n", {"user": "family"}),
        "guests": ("movie,12,,,,\n", {"user": 3}),
        "mine": ("movie,11,,,,\nmovie,13,,,,\n", {}),
    }
    follow_all(home, lists)
    home.once()
    assert [(one["tmdbId"], one["userId"]) for one in posted(home)] == [(11, 2), (12, 3), (13, 1)]


def test_each_list_has_its_own_profile_folder_and_tags(home: Home) -> None:
    home.sandbox.admin(
        "services",
        {
            "program": "radarr",
            "id": 7,
            "name": "Attic",
            "profiles": {1: "Any", 6: "HD-720p"},
            "rootFolders": {1: "/attic"},
            "tags": {4: "listsync"},
        },
    )
    rules = {"service": "attic", "profile": "hd-720p", "root_folder": "/attic"}
    follow(home, "movie,11,,,,\n", **rules, tags=["listsync"])
    home.once()
    (one,) = posted(home)
    assert one["status"] == 201
    assert one["options"] == {
        "serverId": 7,
        "profileId": 6,
        "rootFolder": "/attic",
        "tags": [4],
    }


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"user": "stranger"}, "stranger"),
        ({"profile": "HD-9000"}, "HD-9000"),
        ({"service": "Cellar"}, "Cellar"),
        ({"root_folder": "/nowhere"}, "/nowhere"),
        ({"tags": ["none"]}, "none"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_user_or_profile_that_does_not_exist_holds_that_list_only(
    home: Home, rules: dict[str, object], words: str
) -> None:
    follow_all(home, {"wrong": ("movie,11,,,,\n", rules), "right": ("movie,12,,,,\n", {})})
    ran = home.once()
    assert ran.requested == ["movie/12"]
    assert words in only(ran, "on_hold")


def test_a_quota_that_is_used_up_stops_that_user_and_nobody_else(home: Home) -> None:
    _user(home, 2, "family", _REQUEST, movieLimit=2)
    lists: Lists = {
        "theirs": ("".join(f"movie,{n},,,,\n" for n in (11, 12, 13, 680)), {"user": "family"}),
        "mine": ("movie,603,,,,\n", {}),
    }
    follow_all(home, lists)
    ran = home.once()
    assert ran.requested == ["movie/11", "movie/12", "movie/603"]
    refused = [one for one in posted(home) if one["status"] == 403]
    assert refused == []
    _user(home, 2, "family", _REQUEST, movieLimit=0)
    assert home.once().requested == ["movie/13", "movie/680"]


@by_lists_alone
def test_a_dry_run_shows_what_would_be_asked_for_as_whom_and_how(home: Home) -> None:
    follow(home, "tv,1396,,,Breaking Bad,\nmovie,11,,,,\n", user="family", seasons=[1, 3])
    lines = home.run("once", "--dry-run").out.splitlines()
    assert "+ Breaking Bad [tv/1396]  for mine, as family, seasons 1, 3" in lines
    assert "+ tmdb:movie/11 [movie/11]  for mine, as family" in lines
    assert posted(home) == []


# Limits and gradual intake


@by_lists_alone
def test_a_few_new_titles_a_sync(home: Home) -> None:
    follow(home, _FILMS, max_per_run=2)
    assert [len(home.once().requested) for _ in range(4)] == [2, 2, 2, 0]


@by_lists_alone
def test_a_few_new_titles_a_day_by_all_lists_together(home: Home) -> None:
    lists: Lists = {
        "a": (_FILMS, {"max_per_day": 2}),
        "b": ("movie,155,,,,\nmovie,238,,,,\n", {}),
    }
    follow_all(home, lists, sync={"max_per_day": 3})
    assert home.once().requested == ["movie/11", "movie/12", "movie/155"]
    ran = home.once()
    assert ran.requested == []
    assert set(ran.verdicts("skipped").values()) == {
        'left for a later sync: the list "a": at most 2 in 24 hours',
        "left for a later sync: all lists together: at most 3 in 24 hours",
    }


@by_lists_alone
def test_a_limit_counts_the_first_titles_of_the_list(home: Home) -> None:
    follow(home, _FILMS, limit=2)
    assert [home.once().requested for _ in range(2)] == [["movie/11", "movie/12"], []]


# Approval


def test_my_family_asks_and_i_approve(home: Home, server: httpx.Client) -> None:
    lists: Lists = {
        "theirs": ("movie,11,,,,\n", {"user": "family"}),
        "trusted": ("movie,12,,,,\n", {"user": "family", "approve": True}),
    }
    follow_all(home, lists)
    home.once()
    found = server.get("request?take=100").json()["results"]
    pending = {one["media"]["tmdbId"]: one["status"] == 1 for one in found}
    assert pending == {11: True, 12: False}
    assert {one["requestedBy"]["id"] for one in found} == {2}


# Removal


def test_what_left_my_list_is_not_waited_for(home: Home, server: httpx.Client) -> None:
    follow(home, _FILMS, user="family", cancel_removed=True)
    home.once()
    server.post("request", json={"mediaType": "movie", "mediaId": 155, "is4k": False})
    follow(home, _FILMS.replace("movie,11,,,,\n", ""), user="family", cancel_removed=True)
    home.once()
    dry = home.once("--dry-run")
    assert len(dry.verdicts("cancelled")) == 1
    left = {one["media"]["tmdbId"] for one in server.get("request?take=100").json()["results"]}
    assert 11 in left
    home.once()
    left = {one["media"]["tmdbId"] for one in server.get("request?take=100").json()["results"]}
    assert left == {12, 13, 603, 680, 27205, 155}


def test_a_list_that_cannot_be_read_takes_nothing_back(home: Home, server: httpx.Client) -> None:
    follow(home, _FILMS, user="family", cancel_removed=True)
    home.once()
    for content in ("", "<html>", _HEAD):
        (home.folder / "mine.csv").write_text(content, encoding="utf-8")
        for _ in range(3):
            home.once()
    assert len(server.get("request?take=100").json()["results"]) == 6


# New seasons that do not exist, available ones fetched again


def test_only_the_seasons_that_are_missing(home: Home) -> None:
    seasons = {1: 5, 2: 5, 3: 1, 4: 1, 5: 3}
    media = {"kind": "tv", "tmdbId": 1396, "status": 4, "seasons": seasons}
    home.sandbox.admin("media", media)
    follow(home, "tv,1396,,,Breaking Bad,\n")
    home.once()
    assert [one["seasons"] for one in posted(home)] == [[3, 4]]


# Odd titles


def test_a_series_without_a_tvdb_id_is_said_and_not_lost(home: Home) -> None:
    row = {"media_type": "tv", "tmdb_id": 90000001, "title": "Nameless", "date": "2020-02-02"}
    home.sandbox.admin("titles", {**row, "seasons": 1})
    follow(home, "tv,90000001,,,Nameless,\nmovie,603,,,,\n")
    ran = home.once()
    assert ran.requested == ["movie/603"]
    assert "TVDB" in only(ran, "failed")


def test_two_series_of_one_tvdb_id_wait_for_me(home: Home) -> None:
    for number, name in ((90000001, "One"), (90000002, "Other")):
        row = {"media_type": "tv", "tmdb_id": number, "title": name, "tvdb_id": 9999991}
        home.sandbox.admin("titles", {**row, "date": "2020-02-02", "seasons": 1})
    follow(home, "tv,,9999991,,,\n")
    ran = home.once()
    assert ran.requested == []
    assert "2 titles" in only(ran, "review")


def test_a_title_that_makes_the_server_fail_does_not_stop_the_others(home: Home) -> None:
    home.sandbox.admin("faults", {"kind": "status", "status": 500, "path": "tv/1396", "times": 9})
    follow(home, "tv,1396,,,Breaking Bad,\nmovie,603,,,,\n")
    ran = home.once()
    assert ran.requested == ["movie/603"]
    assert len(ran.verdicts("failed")) == 1
    home.sandbox.admin("faults", method="DELETE")
    assert home.once().requested == ["tv/1396"]


# Another server


def test_a_wrong_server_is_not_flooded(home: Home, start_home: Callable[..., Home]) -> None:
    follow(home, _FILMS)
    home.once()
    time.sleep(1.1)  # the second in which its owner came tells one server from another
    other = start_home("seerr")
    moved = Home(home.folder, other.sandbox)
    follow(moved, _FILMS)
    ran = moved.once()
    assert ran.requested == []
    assert ran.code == 8
    assert [one["kind"] for one in ran.report["notices"]][-2:] == ["server_replaced", "on_hold"]
    assert len(moved.once("--confirm").requested) == 6
