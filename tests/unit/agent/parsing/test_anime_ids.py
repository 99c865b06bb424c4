from __future__ import annotations

import json

import pytest

from listsync.domain.media import ExternalIds, MediaType
from listsync.parsing.anime_ids import AnimeTitle, MapRow, merged, title_of
from listsync.parsing.decoding import convert
from tests.contract.providers.site import FIXTURES

MOVIE, TV = MediaType.MOVIE, MediaType.TV


def title(**row: object) -> AnimeTitle:
    return title_of(convert(row, MapRow))


def test_every_shape_of_the_sample_is_read() -> None:
    rows = json.loads((FIXTURES / "anilist" / "id-map.mixed-shapes.json").read_text())
    assert [title(**row) for row in rows] == [
        AnimeTitle(TV, ExternalIds("tt90000041", 9000041, 800041), 1),
        AnimeTitle(MOVIE, ExternalIds("tt90000042", 9000042)),
        AnimeTitle(MOVIE, ExternalIds("tt90000043", 9000043)),
        AnimeTitle(TV, ExternalIds(None, 9000044, 800044)),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"type": "TV", "themoviedb_id": 7}, AnimeTitle(TV, ExternalIds(tmdb=7))),
        ({"type": "movie", "themoviedb_id": 7}, AnimeTitle(MOVIE, ExternalIds(tmdb=7))),
        ({"type": "TV", "thetvdb_id": "8"}, AnimeTitle(TV, ExternalIds(tvdb=8))),
        ({"type": "MOVIE", "tvdb_id": 8}, AnimeTitle(MOVIE)),
        ({"type": "MOVIE", "themoviedb_id": {"tv": 7}}, AnimeTitle(MOVIE)),
        (
            {"type": "TV", "themoviedb_id": {"movie": [7]}, "tvdb_id": 8},
            AnimeTitle(TV, ExternalIds(tvdb=8)),
        ),
        (
            {"type": "SPECIAL", "tvdb_id": 8, "season": {"tvdb": 0}},
            AnimeTitle(TV, ExternalIds(tvdb=8), 0),
        ),
        (
            {"type": "MOVIE", "themoviedb_id": {"movie": 7}, "season": {"tvdb": 0}},
            AnimeTitle(MOVIE, ExternalIds(tmdb=7)),
        ),
        ({"themoviedb_id": 7}, AnimeTitle(None, ExternalIds(tmdb=7))),
        ({"themoviedb_id": {"tv": 7}}, AnimeTitle(TV, ExternalIds(tmdb=7))),
        (
            {"type": "TV", "tvdb_id": 8, "season": {"tvdb": "a"}},
            AnimeTitle(TV, ExternalIds(tvdb=8)),
        ),
        (
            {"type": "TV", "tvdb_id": 8, "season": {"tmdb": 2}},
            AnimeTitle(TV, ExternalIds(tvdb=8), 2),
        ),
        (
            {"type": "TV", "imdb_id": ["tt0000001", "tt0000002"], "tvdb_id": 8},
            AnimeTitle(TV, ExternalIds(tvdb=8)),
        ),
        ({"type": "TV", "tvdb_id": [8]}, AnimeTitle(TV, ExternalIds(tvdb=8))),
        ({"type": "TV", "tvdb_id": -1, "themoviedb_id": "unknown"}, AnimeTitle(TV)),
    ],
)
def test_a_row_means_what_its_type_and_its_ids_say(
    row: dict[str, object], expected: AnimeTitle
) -> None:
    assert title(**row) == expected


def test_an_ova_that_tmdb_has_as_a_film_alone_is_one() -> None:
    row = {"type": "OVA", "tvdb_id": 8, "themoviedb_id": {"movie": [7]}}
    assert title(**row, season={"tvdb": 0}) == AnimeTitle(MOVIE, ExternalIds(tmdb=7))
    assert title(**row, season={"tvdb": 2}) == AnimeTitle(TV, ExternalIds(tvdb=8), 2)


@pytest.mark.parametrize(
    "row",
    [
        {"type": "MOVIE", "themoviedb_id": {"movie": [7, 9]}, "imdb_id": ["tt0000001"]},
        {"type": "MOVIE", "themoviedb_id": "7,9"},
        {"type": "MOVIE", "imdb_id": "tt0000001,tt0000002"},
        {"type": "TV", "tvdb_id": 8, "themoviedb_id": {"tv": [7, 9]}},
    ],
)
def test_of_several_titles_none_is_guessed(row: dict[str, object]) -> None:
    found = title(**row)
    assert not found.ids
    assert found.doubt == "the map of anime ids names 2 titles for it"


def test_a_season_that_is_counted_in_two_ways_is_in_doubt() -> None:
    found = title(type="TV", tvdb_id=8, season={"tvdb": 3, "tmdb": 1})
    assert (found.ids.tvdb, found.seasons) == (8, ())
    assert found.doubt == "it is season 3 at TheTVDB and season 1 at TMDB"


def test_rows_of_one_number_that_say_the_same_are_one() -> None:
    one = AnimeTitle(TV, ExternalIds(tvdb=8), 1)
    assert merged([one, one]) == one


def test_rows_of_one_number_that_differ_are_in_doubt() -> None:
    first, second = (AnimeTitle(TV, ExternalIds(tvdb=8), n) for n in (1, 2))
    doubt = "the map of anime ids names seasons 1 and 2 for it"
    assert merged([first, second]) == AnimeTitle(TV, ExternalIds(tvdb=8), doubt=doubt)
    other = AnimeTitle(MOVIE, ExternalIds(tmdb=7))
    assert merged([first, other]) == AnimeTitle(doubt="the map of anime ids names 2 titles for it")
