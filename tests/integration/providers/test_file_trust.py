"""How far the ids of a list file are believed, by its form."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from listsync.domain.lists import ListEntry
from listsync.domain.media import NO_IDS, ExternalIds, MediaType
from listsync.errors import ResponseChangedError
from tests.integration.providers.reader import Reader

_IMDB = "Position,Const,Title,URL,Title Type,Year,Your Rating\n1,tt0133093,A,,Movie,1999,8\n"
_OLD_IMDB = "Const,Your Rating,Date Rated,Title,Year\ntt0133093,8,2024-01-01,A,1999\n"
_TRAKT = "rated_at,type,title,year,trakt_id,imdb_id,tmdb_id\n,movie,A,1999,481,tt0133093,603\n"
_TMDB = (
    "TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Your Rating\n"
    "603,tt0133093,movie,A,1999-03-31,,,9\n"
)
_MDBLIST = {
    "id": 603,
    "rank": 1,
    "title": "A",
    "imdb_id": "tt0133093",
    "mediatype": "movie",
    "release_year": 1999,
}
_STEVENLU = {"title": "A (1999)", "imdb_id": "tt0133093", "poster_url": "x"}
_LETTERBOXD = {
    "id": 603,
    "title": "A",
    "imdb_id": "tt0133093",
    "release_year": "1999",
    "clean_title": "/film/a/",
    "adult": False,
}
_TRAKT_IDS = {
    "title": "A",
    "year": 1999,
    "ids": {"trakt": 1, "slug": "a-1999", "imdb": "tt0133093", "tmdb": 603},
}


def only(read: Reader, content: object, name: str | None = None) -> ListEntry:
    text = content if isinstance(content, str) else json.dumps([content])
    suffix = "csv" if isinstance(content, str) else "json"
    (entry,) = read(text, name or f"list.{suffix}").entries
    return entry


@pytest.mark.parametrize(
    "content",
    [_IMDB, _OLD_IMDB, _TRAKT, _TMDB, _MDBLIST, _STEVENLU, _LETTERBOXD, _TRAKT_IDS],
    ids=["imdb", "old imdb", "trakt", "tmdb", "mdblist", "stevenlu", "letterboxd", "trakt json"],
)
def test_exports_of_services_are_believed(read: Reader, content: object) -> None:
    entry = only(read, content)
    assert entry.ids.imdb == "tt0133093"
    assert not entry.check_ids
    assert entry.bare_id is None


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "name": "The Matrix", "year": 1999},
        {"id": 1, "original_title": "The Matrix", "year": 1999},
        {"id": 1, "movie_title": "The Matrix", "year": 1999},
        {"id": 1, "primaryTitle": "The Matrix", "startYear": "1999"},
        {"id": 1, "title": "The Matrix", "poster_url": "x", "imdb_id": None},
    ],
)
def test_a_number_beside_a_title_of_any_name_is_weak(read: Reader, row: object) -> None:
    entry = only(read, row)
    assert (entry.title, entry.ids.tmdb, entry.bare_id) == ("The Matrix", None, 1)


def test_an_id_by_its_name_is_checked_against_any_name_of_the_title(read: Reader) -> None:
    entry = only(read, {"tmdb_id": 1, "name": "The Matrix", "year": 1999})
    assert (entry.title, entry.ids.tmdb, entry.check_ids) == ("The Matrix", 1, True)


@pytest.mark.parametrize("name", ["caption", "heading", "slug"])
def test_a_number_beside_words_that_are_not_understood_is_a_doubt(read: Reader, name: str) -> None:
    entry = only(read, {"id": 1, name: "The Matrix", "year": 1999})
    assert entry.doubt == "the row gives its title under a name that is not understood"


@pytest.mark.parametrize("more", [{}, {"poster": "/a.jpg"}, {"link": "https://x/abc"}])
def test_a_number_alone_is_that_of_tmdb(read: Reader, more: dict[str, str]) -> None:
    entry = only(read, {"id": 603, **more})
    assert (entry.ids.tmdb, entry.doubt) == (603, None)


def test_rows_that_came_broken_are_a_doubt(read: Reader) -> None:
    rows = [{"title": title} for title in "ABCDEF"]
    fetched = read(json.dumps([*rows, None, {"oops": 1}]), "list.json")
    assert (fetched.read, fetched.broken, fetched.is_sure) == (8, 2, False)
    assert fetched.doubt == "2 rows came broken"
    assert fetched.validators is None


def test_one_row_of_an_export_vouches_for_no_other(read: Reader) -> None:
    own = {"id": 1, "title": "The Matrix", "year": 1999}
    first, second = read(json.dumps([own, _MDBLIST]), "list.json").entries
    assert (first.ids, first.bare_id) == (NO_IDS, 1)
    assert second.ids.tmdb == 603


def test_the_id_of_an_export_is_that_of_tmdb(read: Reader) -> None:
    assert only(read, _MDBLIST).ids.tmdb == 603


@pytest.mark.parametrize(
    "content",
    [
        "title,year,imdb_id\nA,1999,tt0133093\n",
        "title,year,tmdb_id\nA,1999,603\n",
        "const,title,year\ntt0133093,A,1999\n",
        "title,type,tmdb_id\nA (1999),movie,603\n",
        {"title": "A", "year": 1999, "imdbId": "tt0133093"},
        {"title": "A", "year": "1999", "ids": {"imdb": "tt0133093"}},
        {"title": "A", "year": 1999, "id": "tt0133093"},
    ],
)
def test_other_tables_are_checked_where_a_row_says_title_and_year(
    read: Reader, content: object
) -> None:
    assert only(read, content).check_ids


@pytest.mark.parametrize(
    "content",
    [
        "title,year,imdb_id\nA,,tt0133093\n",
        "title,year,imdb_id,tmdb_id\n,1999,tt0133093,603\n",
        "title,year,imdb_id\nA,1999,\n",
        {"imdb_id": "tt0133093", "year": 1999},
        {"id": 603},
        "tt0133093",
        "tmdb:movie:603",
    ],
)
def test_there_is_nothing_to_check_in_a_row_that_says_only_one(
    read: Reader, content: object
) -> None:
    name = "list.txt" if content in ("tt0133093", "tmdb:movie:603") else None
    assert not only(read, content, name).check_ids


@pytest.mark.parametrize(
    ("row", "ids", "bare_id"),
    [
        ({"id": 603}, ExternalIds(tmdb=603), None),
        ({"id": 1, "title": "A"}, ExternalIds(), 1),
        ({"id": "1", "title": "A", "type": "movie", "year": 1999}, ExternalIds(), 1),
        ({"id": 1, "title": "A", "imdb_id": "tt0133093"}, ExternalIds(imdb="tt0133093"), None),
        ({"id": 1, "imdb_id": "tt0133093"}, ExternalIds(imdb="tt0133093"), None),
        ({"id": 1, "title": "A", "tmdb_id": 603}, ExternalIds(tmdb=603), None),
        ({"id": 1, "title": "A", "tvdb_id": 8, "type": "tv"}, ExternalIds(tvdb=8), None),
        ({"id": "x-1", "title": "A"}, ExternalIds(), None),
    ],
)
def test_a_number_that_is_called_only_id_is_no_id_beside_a_title(
    read: Reader, row: dict[str, object], ids: ExternalIds, bare_id: int | None
) -> None:
    entry = only(read, row)
    assert (entry.ids, entry.bare_id) == (ids, bare_id)


def test_a_bare_id_beside_a_title_says_nothing_of_the_kind(read: Reader) -> None:
    assert only(read, {"id": 1, "title": "A"}).kind is None
    assert only(read, {"id": 603}).kind is MediaType.MOVIE
    assert only(read, {"id": 1, "title": "A", "poster_url": "x"}).kind is MediaType.MOVIE


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("release_date", "1999-03-31"),
        ("Released", "31 Mar 1999"),
        ("premiered", "3/31/1999"),
        ("first_air_date", "1999"),
        ("firstAired", 1999),
    ],
)
def test_the_date_of_a_title_says_its_year_where_an_id_is_to_be_checked(
    read: Reader, name: str, date: object
) -> None:
    checked = only(read, {"title": "A", "tmdb_id": 603, name: date})
    assert (checked.year, checked.check_ids) == (1999, True)
    bare = only(read, {"title": "A", "id": 603, name: date})
    assert (bare.year, bare.bare_id) == (1999, 603)
    table = only(read, f"title,imdb_id,{name}\nA,tt0133093,{date}\n")
    assert (table.year, table.check_ids) == (1999, True)


@pytest.mark.parametrize(
    "row",
    [
        {"title": "A", "tmdb_id": 603, "type": "tv", "season": 2, "release_date": "1999-03-31"},
        {"title": "A", "tmdb_id": 603, "release_date": "1999-03-31 to 2001-01-01"},
        {"title": "A", "tmdb_id": 603, "released": True},
        {**_TRAKT_IDS, "year": None, "released": "1999-03-31"},
    ],
    ids=["a season", "two years", "no date", "an export"],
)
def test_a_date_says_nothing_where_it_is_not_that_of_a_title_to_be_checked(
    read: Reader, row: dict[str, object]
) -> None:
    entry = only(read, row)
    assert (entry.year, entry.check_ids) == (None, False)


def test_a_year_counts_more_than_a_date(read: Reader) -> None:
    row = {"title": "A", "tmdb_id": 603, "release_date": "2000-01-01", "year": 1999}
    assert only(read, row).year == 1999


def test_an_unknown_word_for_a_kind_is_told_of_rows_with_ids(read: Reader) -> None:
    fetched = read("title,type,imdb_id\nHeat,heist,tt0113277\nAlien,movie,tt0078748\n", "a.csv")
    assert fetched.remark == (
        "kinds that are not understood, of rows taken by their ids: 'heist' (1)"
    )
    assert not any(entry.doubt for entry in fetched.entries)


@pytest.mark.parametrize(
    ("member", "words"),
    [("xl/workbook.xml", "Excel; save it as CSV"), ("content.xml", "LibreOffice or Google")],
)
def test_a_spreadsheet_is_named(read: Reader, member: str, words: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, "<a/>")
    with pytest.raises(ResponseChangedError, match=words):
        read(file.getvalue(), "a.csv")


@pytest.mark.parametrize(
    ("content", "kind", "ids"),
    [
        (
            'title,year,guids\nA,1999,"imdb://tt0133093, tmdb://603, tvdb://169"\n',
            None,
            ExternalIds(imdb="tt0133093", tmdb=603),
        ),
        ("title,year,tmdb_id,tvdb_id\nA,1999,603,169\n", None, ExternalIds(tmdb=603)),
        ("tmdb_id,tvdb_id\n1396,81189\n", MediaType.TV, ExternalIds(tmdb=1396, tvdb=81189)),
        ("title,tvdb_id\nA,81189\n", MediaType.TV, ExternalIds(tvdb=81189)),
        (
            {"title": "A", "tvdbId": 8, "imdbId": "tt0133093", "seriesType": "standard"},
            MediaType.TV,
            ExternalIds(imdb="tt0133093", tvdb=8),
        ),
    ],
    ids=["media server", "table", "ids alone", "tvdb alone", "sonarr"],
)
def test_a_number_at_thetvdb_beside_other_ids_says_of_no_film_that_it_is_a_series(
    read: Reader, content: object, kind: MediaType | None, ids: ExternalIds
) -> None:
    entry = only(read, content, None if isinstance(content, dict) else "a.csv")
    assert (entry.kind, entry.ids) == (kind, ids)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "tvdb_id,title,year,watched_at,is_watched,rewatch_count\n113,A,2010,,false,0\n"),
        ("a.csv", "uuid,imdb_id,tvdb_id,title,is_watched\nu1,,113,A,false\n"),
        ("a.json", '[{"uuid": "u1", "id": {"tvdb": 113}, "title": "A", "is_watched": false}]'),
    ],
    ids=["csv", "csv with ids", "json"],
)
def test_the_films_that_tv_time_gives_out_are_films(read: Reader, name: str, content: str) -> None:
    (entry,) = read(content, name).entries
    assert (entry.kind, entry.ids) == (MediaType.MOVIE, ExternalIds())


def test_episodes_that_tv_time_gives_out_are_none(read: Reader) -> None:
    table = "series_tvdb_id,title,season,episode,is_watched,rewatch_count\n8,A,1,2,true,1\n"
    assert [row.why for row in read(table, "a.csv").skipped] == ["an episode"]


def test_the_picture_of_a_title_is_not_its_id(read: Reader) -> None:
    row = {
        "Name": "A",
        "IMDB_Poster": "x.jpg",
        "IMDB_URL": "https://www.imdb.com/title/tt0133093/",
    }
    assert only(read, row).ids == ExternalIds(imdb="tt0133093")
