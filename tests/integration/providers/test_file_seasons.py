"""Seasons and episodes that only a column, the end of a line or an address tells."""

from __future__ import annotations

import json

import pytest

from listsync.domain.lists import Fetched, ListEntry, ListOutcome
from listsync.domain.media import ExternalIds, MediaType
from tests.integration.providers.reader import Reader

_CELLS: list[tuple[str, tuple[int, ...]]] = [
    ("3", (3,)),
    ("03", (3,)),
    ("3.0", (3,)),
    ("Season 3", (3,)),
    ("season 03", (3,)),
    ("Season: 3", (3,)),
    ("season_3", (3,)),
    ("Season #3", (3,)),
    ("season no. 3", (3,)),
    ("S01", (1,)),
    ("s1", (1,)),
    ("Series 2", (2,)),
    ("Staffel 2", (2,)),
    ("2. Staffel", (2,)),
    ("Saison 2", (2,)),
    ("2ème saison", (2,)),
    ("Temporada 2", (2,)),
    ("2ª temporada", (2,)),
    ("Stagione 2", (2,)),
    ("Seizoen 2", (2,)),
    ("Sezon 2", (2,)),
    ("3rd season", (3,)),
    ("1,2", (1, 2)),
    ("2;1;2", (1, 2)),
    ("1,", (1,)),
    ("1 & 2", (1, 2)),
    ("1+2", (1, 2)),
    ("1, 2 and 4", (1, 2, 4)),
    ("1 und 3", (1, 3)),
    ("1-3", (1, 2, 3)),
    ("1 \u2013 3", (1, 2, 3)),
    ("1 to 3", (1, 2, 3)),
    ("Seasons 1-3", (1, 2, 3)),
    ("S01-S03", (1, 2, 3)),
    ("S1,S3", (1, 3)),
    ("S1 S2", (1, 2)),
    ("1-2, 5", (1, 2, 5)),
    ("0", (0,)),
    ("S00", (0,)),
    ("specials", (0,)),
    ("Specials, 1", (0, 1)),
    ("2008", (2008,)),
]
_ALL = ["all", "All seasons", "complete", "Complete Series", "any", "alle Staffeln", "*"]
_NOTHING = ["", " ", "-", "\u2013", "n/a", "N/A", "none", "null", "NaN"]
_UNKNOWN = [
    *("latest", "first", "half of 3", "1-", "-1", "1&", "3-1", "999999", "250", "1-500", "3.5"),
    *("3 seasons", "1 season", "1/2", "Jan-03", "season three", "?", "Winter 2021", "3 (2008)"),
]
_EPISODES = ["S01E02", "s1 e2", "1x02", "Season 1 Episode 2", "Staffel 1, Folge 2", "S1E1-E3"]


def read_cell(read: Reader, cell: str) -> Fetched:
    return read(f'Title,Year,Season\nBreaking Bad,2008,"{cell}"\nDark,2017,1\n', "a.csv")


def first(fetched: Fetched) -> ListEntry:
    return fetched.entries[0]


def whys(fetched: Fetched) -> list[tuple[int, str, str]]:
    return [(row.rank, row.what, row.why) for row in fetched.skipped]


# What a season cell tells


@pytest.mark.parametrize(("cell", "seasons"), _CELLS, ids=[cell for cell, _ in _CELLS])
def test_a_season_is_read_in_peoples_words(
    read: Reader, cell: str, seasons: tuple[int, ...]
) -> None:
    entry = first(read_cell(read, cell))
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.TV, seasons, None)


@pytest.mark.parametrize("cell", _ALL)
def test_all_seasons_are_those_of_a_series(read: Reader, cell: str) -> None:
    entry = first(read_cell(read, cell))
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.TV, (), None)


@pytest.mark.parametrize("cell", _NOTHING)
def test_a_cell_for_nothing_tells_nothing(read: Reader, cell: str) -> None:
    entry = first(read_cell(read, cell))
    assert (entry.kind, entry.seasons, entry.doubt) == (None, (), None)


@pytest.mark.parametrize("cell", [*_UNKNOWN, "x" * 300])
def test_what_is_not_understood_is_in_doubt_and_never_all_seasons(read: Reader, cell: str) -> None:
    fetched = read_cell(read, cell)
    entry = first(fetched)
    assert (entry.kind, entry.seasons) == (MediaType.TV, ())
    assert entry.doubt == f'the season "{cell[:60]}" is not understood'
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 2)


@pytest.mark.parametrize("cell", _EPISODES)
def test_an_episode_in_the_season_cell_is_skipped(read: Reader, cell: str) -> None:
    fetched = read_cell(read, cell)
    assert whys(fetched) == [(1, "Breaking Bad", "an episode")]
    assert (fetched.read, first(fetched).rank) == (2, 2)


@pytest.mark.parametrize(
    ("value", "seasons"),
    [
        (2, (2,)),
        (2.0, (2,)),
        (0, (0,)),
        ("S2", (2,)),
        ([1, 2], (1, 2)),
        (["S1", 3], (1, 3)),
        ([2, None], (2,)),
        ({"number": 2, "ids": {"tmdb": 3572}}, (2,)),
        ([{"number": 1}, {"number": 3}], (1, 3)),
    ],
    ids=str,
)
def test_a_season_in_json(read: Reader, value: object, seasons: tuple[int, ...]) -> None:
    entry = first(read(json.dumps([{"title": "Dark", "season": value}]), "a.json"))
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.TV, seasons, None)


@pytest.mark.parametrize("value", [None, False, "", [], [None], ["-"]], ids=str)
def test_nothing_in_json(read: Reader, value: object) -> None:
    entry = first(read(json.dumps([{"title": "Dark", "season": value}]), "a.json"))
    assert (entry.kind, entry.seasons, entry.doubt) == (None, (), None)


@pytest.mark.parametrize(
    "value",
    [
        -1,
        2.5,
        True,
        10**30,
        ["latest"],
        [1, "S01E02"],
        [True],
        {"name": "x"},
        [[1]],
        list(range(150)),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_doubt_in_json(read: Reader, value: object) -> None:
    entry = first(read(json.dumps([{"title": "Dark", "season": value}]), "a.json"))
    assert (entry.kind, entry.seasons) == (MediaType.TV, ())
    assert "is not understood" in (entry.doubt or "")


@pytest.mark.parametrize("value", [["all"], [1, "all"]], ids=str)
def test_all_seasons_in_json(read: Reader, value: object) -> None:
    entry = first(read(json.dumps([{"title": "Dark", "season": value}]), "a.json"))
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.TV, (), None)


def test_objects_that_describe_the_seasons_of_a_series_choose_none(read: Reader) -> None:
    """Sonarr's own series, and TMDB's, list all seasons that there are."""
    row = {"title": "Dark", "tvdbId": 334824, "seasons": [{"seasonNumber": 1, "monitored": True}]}
    entry = first(read(json.dumps([row]), "a.json"))
    assert (entry.seasons, entry.doubt) == ((), None)


@pytest.mark.parametrize(
    "row",
    [
        {"title": "Dark", "season": 0, "seasons": None},
        {"title": "Dark", "season": "", "season_number": 0},
    ],
    ids=str,
)
def test_a_season_of_0_is_not_lost_to_an_empty_twin(read: Reader, row: object) -> None:
    assert first(read(json.dumps([row]), "a.json")).seasons == (0,)


# Where it is told


@pytest.mark.parametrize(
    "name",
    [
        *("season", "Season", "seasons", "season_number", "Season Number", "seasonNumber"),
        *("Staffeln", "Saisons", "Temporadas", "season_name", "Monitored Seasons"),
        *("Season No.", "Season #", "season nr", "Staffel", "Saison", "Temporada"),
    ],
)
def test_columns_of_seasons(read: Reader, name: str) -> None:
    entry = first(read(f"Title,Year,{name}\nDark,2017,S2\n", "a.csv"))
    assert (entry.kind, entry.seasons) == (MediaType.TV, (2,))
    entry = first(read(json.dumps([{"title": "Dark", name: "1,2"}]), "a.json"))
    assert (entry.kind, entry.seasons) == (MediaType.TV, (1, 2))


@pytest.mark.parametrize(
    "name",
    [
        *("episode", "Episode Number", "episode_number", "episodeNumber", "Episode No", "ep"),
        *("Ep #", "episode_title", "Folge"),
    ],
)
@pytest.mark.parametrize("cell", ["1", "1.0", "E05", "3-4", "Pilot"])
def test_a_row_with_an_episode_is_skipped(read: Reader, name: str, cell: str) -> None:
    fetched = read(f"Title,Type,{name}\nDark,tv,{cell}\nLost,tv,\n", "a.csv")
    assert whys(fetched) == [(1, "Dark", "an episode")]
    assert (first(fetched).title, first(fetched).rank, fetched.read) == ("Lost", 2, 2)


@pytest.mark.parametrize("cell", ["", "0", "0.0", "00", "-", "—", "n/a", "null", "None", "all"])
def test_an_episode_cell_for_nothing_is_no_episode(read: Reader, cell: str) -> None:
    fetched = read(f"Title,Type,Season,Episode\nDark,tv,2,{cell}\n", "a.csv")
    assert (whys(fetched), first(fetched).seasons) == ([], (2,))


@pytest.mark.parametrize("value", [1, "1", {"number": 1}, [1]], ids=str)
def test_an_episode_in_json_is_skipped(read: Reader, value: object) -> None:
    rows = [{"title": "Dark", "episode": value}, {"title": "Lost", "episode": 0}]
    fetched = read(json.dumps(rows), "a.json")
    assert whys(fetched) == [(1, "Dark", "an episode")]
    assert first(fetched).title == "Lost"


def test_episodes_of_trakts_export_in_json_are_skipped(read: Reader) -> None:
    show = {"title": "Dark", "ids": {"tmdb": 70523}}
    episode = {"season": 1, "number": 2, "ids": {"tmdb": 1}}
    rows = [{"type": "episode", "show": show, "episode": episode}]
    assert [row.why for row in read(json.dumps(rows), "a.json").skipped] == ["an episode"]


def test_the_number_of_episodes_makes_no_episode(read: Reader) -> None:
    fetched = read("Title,Type,Episodes\nDark,tv,26\n", "a.csv")
    assert (len(fetched.entries), whys(fetched)) == (1, [])


def test_the_title_of_an_episode_is_skipped(read: Reader) -> None:
    fetched = read("Title,Type\nFriends S1E1,tv\nLost s01e02,\nX S1E1,movie\n", "a.csv")
    assert [row.what for row in fetched.skipped] == ["Friends S1E1", "Lost s01e02"]
    assert first(fetched).title == "X S1E1"


def test_an_episode_without_a_title_is_told_by_its_number(read: Reader) -> None:
    fetched = read("imdb_id,season,episode\ntt0959621,1,1\n", "a.csv")
    assert whys(fetched) == [(1, "tt0959621 1 1", "an episode")]


def test_each_season_of_a_cell_counts_in_one_row(read: Reader) -> None:
    fetched = read('Title,Season\nDark,"1,2,3"\nLost,"1-2"\n', "a.csv")
    assert [(one.rank, one.seasons) for one in fetched.entries] == [(1, (1, 2, 3)), (2, (1, 2))]
    assert (fetched.read, fetched.declared) == (2, 2)


# Whose season, and whose ids


@pytest.mark.parametrize("cell", ["2", "latest"])
def test_a_film_with_a_season_is_in_doubt(read: Reader, cell: str) -> None:
    entry = first(read(f"Title,Type,tmdb_id,Season\nDune,movie,438631,{cell}\n", "a.csv"))
    assert (entry.kind, entry.seasons) == (MediaType.MOVIE, ())
    assert entry.doubt == "the row says that it is a film, and names a season"


@pytest.mark.parametrize("cell", ["", "0", "-", "n/a", "all"])
def test_a_film_with_a_season_of_nothing_is_a_film(read: Reader, cell: str) -> None:
    entry = first(read(f"Title,Type,Season\nDune,movie,{cell}\n", "a.csv"))
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.MOVIE, (), None)


def test_a_series_in_a_list_that_numbers_films_is_in_doubt(read: Reader) -> None:
    rows = [{"title": "Dune", "clean_title": "x"}, {"title": "Dark", "season": 2}]
    film, series = read(json.dumps(rows), "a.json").entries
    assert (film.kind, film.doubt) == (MediaType.MOVIE, None)
    assert "film" in (series.doubt or "")


@pytest.mark.parametrize("name", ["season_number", "episode_number", "seasons"])
def test_a_list_that_speaks_of_seasons_does_not_number_films(read: Reader, name: str) -> None:
    rows = [{"id": 1, "title": "Dark", name: None}]
    assert first(read(json.dumps(rows), "a.json")).kind is None


@pytest.mark.parametrize("word", ["season", "Seasons", "TV Season", "Staffel", "saison"])
def test_a_row_about_a_season_that_is_not_told_is_in_doubt(read: Reader, word: str) -> None:
    entry = first(read(f"Title,Type,Season\nDark,{word},\n", "a.csv"))
    assert (entry.kind, entry.seasons) == (MediaType.TV, ())
    assert entry.doubt == "the row is about one season, and does not say which"


@pytest.mark.parametrize("word", ["series", "tvSeries", "TV Mini Series", "show", "tv"])
def test_a_word_for_series_is_none_for_one_season(read: Reader, word: str) -> None:
    assert first(read(f"Title,Type\nDark,{word}\n", "a.csv")).doubt is None


_TMDB = "TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Your Rating\n"
_TRAKT = "type,title,year,trakt_id,imdb_id,tmdb_id,tvdb_id,season_number,episode_number"
_PARTS = ",episode_trakt_id,episode_imdb_id,episode_tmdb_id,episode_tvdb_id"


def test_tmdbs_account_export_numbers_what_the_row_is_about(read: Reader) -> None:
    fetched = read(
        f"{_TMDB}603,tt0133093,movie,The Matrix,1999-03-31,,,9\n"
        "70523,tt5753856,tv,Dark,2017-12-01,,,9\n"
        "83135,,tv,Dark,2017-12-01,1,,9\n"
        "1399,tt0583459,tv,Friends S1E1,1994-09-22,1,1,8\n",
        "tmdb.csv",
    )
    film, series, season = fetched.entries
    assert (film.ids.tmdb, series.ids.tmdb, series.seasons) == (603, 70523, ())
    assert (season.title, season.kind, season.ids, season.seasons) == (
        "Dark",
        MediaType.TV,
        ExternalIds(),
        (1,),
    )
    assert whys(fetched) == [(4, "Friends S1E1", "an episode")]


def test_trakts_export_of_a_list_numbers_what_the_row_is_about(read: Reader) -> None:
    fetched = read(
        f"{_TRAKT}\nshow,Dark,2017,1,tt5753856,70523,334824,,\n"
        "season,Dark,2017,2,,83135,684535,1,\n"
        "episode,Dark,2017,3,tt6298222,1278117,6229265,1,1\n",
        "trakt.csv",
    )
    show, season = fetched.entries
    assert show.ids == ExternalIds(imdb="tt5753856", tmdb=70523, tvdb=334824)
    assert (season.year, season.ids, season.seasons) == (2017, ExternalIds(), (1,))
    assert whys(fetched) == [(3, "Dark", "an episode")]


def test_trakts_other_exports_number_the_series(read: Reader) -> None:
    fetched = read(
        f"{_TRAKT}{_PARTS}\nseason,Dark,2017,1,tt5753856,70523,334824,1,,,,,\n"
        "episode,Dark,2017,1,tt5753856,70523,334824,1,1,3,tt6298222,1278117,6229265\n",
        "trakt.csv",
    )
    assert first(fetched).ids == ExternalIds(imdb="tt5753856", tmdb=70523, tvdb=334824)
    assert (first(fetched).seasons, len(fetched.skipped)) == ((1,), 1)


@pytest.mark.parametrize(
    ("row", "ids", "doubt"),
    [
        ("season,Dark,tt5753856,83135", ExternalIds(imdb="tt5753856"), False),
        ("season,,tt5753856,83135", ExternalIds(imdb="tt5753856"), False),
        ("season,,,83135", ExternalIds(tmdb=83135), True),
        ("tv,Dark,,70523", ExternalIds(tmdb=70523), False),
    ],
)
def test_the_number_of_a_season_is_not_taken_for_that_of_its_series(
    read: Reader, row: str, ids: ExternalIds, *, doubt: bool
) -> None:
    entry = first(read(f"type,title,imdb_id,tmdb_id,season\n{row},2\n", "a.csv"))
    assert (entry.ids, entry.seasons, bool(entry.doubt)) == (ids, (2,), doubt)


@pytest.mark.parametrize("title", ["Dark", "Dark S02", "Dark: Season 2", "Dark (Season 2)"])
def test_a_season_that_the_title_repeats_is_no_part_of_the_title(read: Reader, title: str) -> None:
    entry = first(read(f"type,title,season\nseason,{title},2\n", "a.csv"))
    assert (entry.title, entry.seasons) == ("Dark", (2,))
    other = first(read(f"type,title,season\nseason,{title},3\n", "a.csv"))
    assert (other.title, other.seasons) == (title, (3,))


# Lines


@pytest.mark.parametrize(
    ("line", "title", "seasons"),
    [
        ("The Wire S02", "The Wire", (2,)),
        ("The Wire (2002) S02", "The Wire", (2,)),
        ("The Wire S01-S03", "The Wire", (1, 2, 3)),
        ("The Wire (2002) - Season 2", "The Wire", (2,)),
        ("The Wire: Staffel 2", "The Wire", (2,)),
        ("The Wire (Season 1-2)", "The Wire", (1, 2)),
        ("The Wire S02 # the docks", "The Wire", (2,)),
        ("https://trakt.tv/shows/the-wire/seasons/2", "the wire", (2,)),
        ("https://trakt.tv/shows/the-wire/seasons/all", "the wire", ()),
    ],
)
def test_a_line_may_end_with_its_season(
    read: Reader, line: str, title: str, seasons: tuple[int, ...]
) -> None:
    entry = first(read(f"{line}\n"))
    assert (entry.title, entry.kind, entry.seasons) == (title, MediaType.TV, seasons)


@pytest.mark.parametrize("line", ["Open Season 2", "Open Season 2 (2008)", "Class of 1984", "S04"])
def test_a_title_that_ends_with_a_number_keeps_it(read: Reader, line: str) -> None:
    entry = first(read(f"{line}\n"))
    assert (entry.label, entry.seasons, entry.kind) == (line, (), None)


@pytest.mark.parametrize(
    ("line", "ids", "seasons"),
    [
        ("tt0306414 S02", ExternalIds(imdb="tt0306414"), (2,)),
        ("imdb:tt0306414 S02", ExternalIds(imdb="tt0306414"), (2,)),
        ("tvdb:79126 S2", ExternalIds(tvdb=79126), (2,)),
        ("tmdb:tv/1438 S2-3", ExternalIds(tmdb=1438), (2, 3)),
        ("https://www.themoviedb.org/tv/1438/season/2", ExternalIds(tmdb=1438), (2,)),
        ("https://www.themoviedb.org/tv/1438-the-wire/season/0", ExternalIds(tmdb=1438), (0,)),
        (
            "https://www.imdb.com/title/tt0306414/episodes/?season=2",
            ExternalIds(imdb="tt0306414"),
            (2,),
        ),
    ],
)
def test_an_id_may_be_followed_by_its_season(
    read: Reader, line: str, ids: ExternalIds, seasons: tuple[int, ...]
) -> None:
    entry = first(read(f"{line}\n"))
    assert (entry.ids, entry.kind, entry.seasons) == (ids, MediaType.TV, seasons)


def test_a_season_of_an_address_that_is_not_understood_is_in_doubt(read: Reader) -> None:
    entry = first(read("https://www.imdb.com/title/tt0306414/episodes/?season=unknown\n"))
    assert entry.doubt == 'the season "unknown" is not understood'


@pytest.mark.parametrize(
    "line",
    [
        "The Wire S01E02",
        "https://www.themoviedb.org/tv/1438-the-wire/season/1/episode/2",
        "https://trakt.tv/shows/the-wire/seasons/1/episodes/2",
    ],
)
def test_a_line_of_an_episode_is_skipped(read: Reader, line: str) -> None:
    assert whys(read(f"{line}\n")) == [(1, line, "an episode")]


@pytest.mark.parametrize("deep", ["[" * 900 + "]" * 900, '{"number":' * 900 + "1" + "}" * 900])
def test_a_season_buried_deeply_in_json_is_in_doubt(read: Reader, deep: str) -> None:
    entry = first(read('[{"title": "Dark", "season": ' + deep + "}]", "a.json"))
    assert "is not understood" in (entry.doubt or "")


@pytest.mark.parametrize(
    ("title", "bare", "seasons"),
    [
        ("Dark: Season 2", "Dark", (2,)),
        ("Dark, Staffel 1", "Dark", (1,)),
        ("Dark (Season 3)", "Dark", (3,)),
        ("Dark S1", "Dark", (1,)),
        ("Open Season 2", "Open Season 2", ()),
    ],
)
def test_a_title_in_a_table_may_end_with_its_season(
    read: Reader, title: str, bare: str, seasons: tuple[int, ...]
) -> None:
    entry = first(read(f'Title,Format\n"{title}",DVD\n', "a.csv"))
    assert (entry.title, entry.seasons) == (bare, seasons)
    entry = first(read(json.dumps([{"name": title, "imdb_id": "tt5753856"}]), "a.json"))
    assert (entry.title, entry.seasons) == (bare, seasons)


def test_the_title_of_a_film_keeps_its_season(read: Reader) -> None:
    entry = first(read("title,type\nThe Rink: Season 2,movie\n", "a.csv"))
    assert (entry.title, entry.seasons) == ("The Rink: Season 2", ())
