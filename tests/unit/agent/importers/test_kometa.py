from __future__ import annotations

from pathlib import Path

import pytest

from listsync.errors import ConfigError, ListsyncError
from listsync.importers.kometa import plan_of_kometa
from listsync.importers.plan import MovePlan

TEXT = """
collections:
  Best:
    imdb_chart: top_movies, popular_movies
    sort_title: "!010"
    sync_mode: sync
  Lists:
    imdb_list:
      - list_id: ls000024621
        limit: 50
      - https://www.imdb.com/search/title/?genres=drama,crime
    trakt_list: https://trakt.tv/users/dave/lists/halloween?sort=rank,asc
    letterboxd_list: https://letterboxd.com/dave/list/best/
    mdblist_list: {url: https://mdblist.com/lists/dave/best, limit: 20, sort_by: rank.asc}
  Own:
    trakt_watchlist: [me, anna]
    tmdb_collection: 1241
    tmdb_collection_details: 1241, 10
    stevenlu_popular: true
    plex_watchlist: added.desc
  Titles:
    tmdb_movie: 603, 27205
  Others:
    tmdb_popular: 20
    trakt_chart: {chart: trending}
    anilist_top_rated: 10
    anilist_userlist: {username: dave, list_name: Planning, sort_by: score}
    mal_userlist: [{username: dave, status: on_hold, limit: 5}]
    tvdb_list: https://thetvdb.com/lists/synthetic-list
    mal_season: 10
    imdb_search: {genre: horror}
    imdb_chart: no_chart
    plex_search: {any: {genre: x}}
    radarr_add_missing: true
"""


def plan_of(tmp_path: Path, text: str) -> MovePlan:
    path = tmp_path / "movies.yml"
    path.write_text(text)
    return plan_of_kometa(path)


def test_lists_that_collections_name_are_taken_over(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, TEXT)
    assert [str(one) for one in plan.lists] == [
        "imdb: top",
        "imdb: moviemeter",
        "imdb: ls000024621, limit: 50",
        "imdb: search?genres=drama,crime",
        "trakt: dave/lists/halloween",
        "letterboxd: https://letterboxd.com/dave/list/best/",
        "mdblist: https://mdblist.com/lists/dave/best, limit: 20",
        "trakt: me/watchlist",
        "trakt: anna/watchlist",
        "tmdb: collection/1241",
        "tmdb: collection/10",
        "stevenlu: popular",
        "plex: watchlist",
        f"file: {tmp_path / 'movies.yml'}",
        "anilist: top-100, limit: 10",
        "anilist: dave/Planning",
        "myanimelist: dave/on_hold, limit: 5",
        "tvdb: https://thetvdb.com/lists/synthetic-list",
    ]
    assert "here their lists request what is missing" in plan.found[0]


def test_what_is_not_taken_over_is_named(tmp_path: Path) -> None:
    left = "\n".join(plan_of(tmp_path, TEXT).left)
    for said in (
        "Others, tmdb_popular: says neither films nor series: write `tmdb: movie/popular`",
        "Others, trakt_chart: says neither films nor series: write `trakt: trending:movies`",
        "Others, mal_season: is not read here",
        "Others, imdb_search: is not read here",
        "Others, imdb_chart: 'no_chart' is no list of IMDb",
        "settings of collections: plex_search, radarr_add_missing, sort_title, sync_mode",
    ):
        assert said in left


def test_a_watchlist_named_by_its_user_is_taken_over(tmp_path: Path) -> None:
    text = "collections: {Mine: {imdb_watchlist: {user_id: ur12345678, limit: 50}}}"
    assert [str(one) for one in plan_of(tmp_path, text).lists] == ["imdb: ur12345678, limit: 50"]


@pytest.mark.parametrize("value", ["{number: 5, limit: 50}", "", "[{number: 5}]"])
def test_a_builder_that_names_no_list_is_named(tmp_path: Path, value: str) -> None:
    plan = plan_of(tmp_path, f"collections:\n  Mine:\n    trakt_list: {value}\n")
    assert (plan.lists, plan.left) == ((), ("Mine, trakt_list: names no list that is understood",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("libraries: {Movies: {}}", "is Kometa's configuration: give the files"),
        ("metadata: {}", "expected a collection file of Kometa"),
        ("- a", "expected a collection file of Kometa"),
        ("collections:", "expected a collection file of Kometa"),
        ("collections: {A: text, B: {imdb_list: }}", ""),
    ],
)
def test_another_file_is_told(tmp_path: Path, text: str, said: str) -> None:
    if not said:
        assert plan_of(tmp_path, text).is_empty
        return
    with pytest.raises(ListsyncError, match=said):
        plan_of(tmp_path, text)


@pytest.mark.parametrize("text", ["", "a: [", "\x00", "collections: &a {A: *a}"])
def test_what_is_no_yaml_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises((ConfigError, ListsyncError)):
        plan_of(tmp_path, text)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        plan_of_kometa(tmp_path / "nowhere.yml")
