"""Seasons that words tell: behind a year, an id or an address, and in the titles of series."""

from __future__ import annotations

import json
import time

import pytest

from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType
from tests.integration.providers.reader import Reader


def of_line(read: Reader, line: str) -> ListEntry:
    return read(f"Heat (1995)\n{line}\n").entries[1]


@pytest.mark.parametrize(
    ("words", "seasons"),
    [
        ("Staffel 3", (3,)),
        ("Saison 3", (3,)),
        ("3. Staffel", (3,)),
        ("- 3. Staffel", (3,)),
        ("| Staffel 3", (3,)),
        ("seasons 2-3", (2, 3)),
        (", Staffeln 1 bis 3", (1, 2, 3)),
        ("series 2", (2,)),
        ("SEASON 3", (3,)),
        ("s3", (3,)),
        ("T3", (3,)),
        ("#s03", (3,)),
        ("s\u00e4song 2", (2,)),
        ("S\u00e6son 2", (2,)),
        ("\u0441\u0435\u0437\u043e\u043d 3", (3,)),
        ("\u7b2c3\u5b63", (3,)),
        ("\u30b7\u30fc\u30ba\u30f33", (3,)),
        ("\uc2dc\uc98c 3", (3,)),
        ("Specials", (0,)),
        ("{tvdb-79126} Season 3", (3,)),
    ],
)
def test_a_season_behind_the_year_is_that_season(
    read: Reader, words: str, seasons: tuple[int, ...]
) -> None:
    entry = of_line(read, f"The Wire (2002) {words}")
    told = (entry.label, entry.kind, entry.seasons, entry.doubt)
    assert told == ("The Wire (2002)", MediaType.TV, seasons, None)


@pytest.mark.parametrize(
    "words",
    [
        *("(3 seasons)", "\u2013 5 Staffeln", "nur Staffel 1", "up to season 2", "seen S1"),
        *("Season Three", "last season", "only the second season", "S1 seen, S2-3 open"),
    ],
)
def test_words_about_seasons_that_are_not_understood_are_in_doubt(
    read: Reader, words: str
) -> None:
    entry = of_line(read, f"The Wire (2002) {words}")
    assert (entry.label, entry.kind, entry.seasons) == ("The Wire (2002)", MediaType.TV, ())
    assert "is not understood" in (entry.doubt or "")


@pytest.mark.parametrize("words", ["ep 5", "Episode 3", "Folge 5", "2x05", "Season 3 Episode 4"])
def test_an_episode_behind_the_year_is_skipped(read: Reader, words: str) -> None:
    assert [row.why for row in read(f"Heat\nThe Wire (2002) {words}\n").skipped] == ["an episode"]


@pytest.mark.parametrize(
    "words",
    [
        *("great series", "tv series 9/10", "10/10 series", "spooky season", "special edition"),
        *("(T2 before)", "16x9", "- The Complete Series", "christmas special", "2nd time"),
    ],
)
def test_other_words_behind_the_year_say_nothing_of_seasons(read: Reader, words: str) -> None:
    entry = of_line(read, f"Fargo (1996) {words}")
    told = (entry.label, entry.kind, entry.seasons, entry.doubt)
    assert told == ("Fargo (1996)", None, (), None)


def test_a_part_behind_the_year_is_one_of_a_film_and_never_a_whole_series(read: Reader) -> None:
    entry = of_line(read, "Kill Bill (2003) Vol. 1")
    assert (entry.label, entry.kind, entry.doubt) == ("Kill Bill (2003)", MediaType.MOVIE, None)


@pytest.mark.parametrize(
    "line",
    [
        *("The Wire (Staffel 3, 2002)", "The Wire (2002, season 3)", "The Wire [S03] (2002)"),
        *(
            "The Wire (S03) (2002)",
            "**The Wire** (2002) Staffel 3",
            "The Wire (2002\u20132008) T3",
        ),
        "/tv/The Wire (2002)/Season 03",
        "D:\\tv\\The Wire (2002)\\Staffel 3\\",
        "/tv/The Wire (2002) {tvdb-79126}/S03/",
    ],
)
def test_a_season_may_stand_in_brackets_or_be_a_folder(read: Reader, line: str) -> None:
    entry = of_line(read, line)
    assert (entry.label, entry.kind, entry.seasons) == ("The Wire (2002)", MediaType.TV, (3,))


@pytest.mark.parametrize(
    "line",
    [
        *("tt0306414 Staffel 3", "tt0306414 season 3", "imdb:tt0306414 (Season 3)"),
        *("tmdb:tv/1438 season 3", "tv/1438 Staffel 3", "tvdb:79126 T3"),
        "https://www.imdb.com/title/tt0306414/ season 3",
        "https://www.imdb.com/title/tt0306414/ S03",
        "[The Wire](https://www.imdb.com/title/tt0306414/) Season 3",
        "The Wire: https://www.imdb.com/title/tt0306414/ Season 3",
        "https://www.themoviedb.org/tv/1438-the-wire - 3. Staffel",
        "https://trakt.tv/shows/the-wire season 3",
        "https://www.justwatch.com/us/tv-show/the-wire/season-3",
        "https://simkl.com/tv/2090/the-wire/season-3/",
        "https://thetvdb.com/dereferrer/series/79126 season 3",
    ],
)
def test_a_season_behind_an_id_or_an_address_is_that_season(read: Reader, line: str) -> None:
    entry = of_line(read, line)
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.TV, (3,), None)
    assert (entry.title or "The Wire").casefold() == "the wire"


_OF_SERIES = [
    *("Dark (S02)", "Dark [S2]", "Dark s2", "Dark.S02", "Dark_S02", "Dark Staffel 2"),
    *("Dark 2. Staffel", "Dark / Season 2", "Dark (2 \u0441\u0435\u0437\u043e\u043d)"),
]
_NOT_UNDERSTOOD = [
    *("Dark: The Complete Second Season", "Dark (final season)", "Dark: The Final Season"),
    *("Dark (season finale)", "Dark - new episodes", "Dark: Christmas Special", "Dark Season Two"),
]


@pytest.mark.parametrize("title", [*_OF_SERIES, *_NOT_UNDERSTOOD])
def test_the_title_of_a_series_tells_its_season(read: Reader, title: str) -> None:
    is_told = title in _OF_SERIES
    for content, name in (
        (f"Title,Type,Year\n{title},tv,2017\n", "a.csv"),
        (f"Title,tvdb_id\n{title},334824\n", "a.csv"),
        (json.dumps([{"title": title, "type": "series"}]), "a.json"),
        (f"# Shows\nHeat\n{title} (2017)\n", "a.md"),
    ):
        entry = read(content, name).entries[-1]
        assert (entry.kind, entry.seasons) == (MediaType.TV, (2,) if is_told else ()), content
        assert is_told == (entry.doubt is None), content
        assert entry.title in ("Dark", "Dark: The", "Dark: The Complete"), content


@pytest.mark.parametrize("title", ["The Four Seasons", "The Last Season", "Special", "Episodes"])
def test_the_title_of_a_series_keeps_what_is_its_own(read: Reader, title: str) -> None:
    (entry,) = read(f"Title,Type\n{title},tv\n", "a.csv").entries
    assert (entry.title, entry.seasons, entry.doubt) == (title, (), None)


def test_a_title_with_an_id_that_ends_with_its_season_can_only_be_a_film(read: Reader) -> None:
    """The id of a series then contradicts its row, and is not taken for the whole of it."""
    for title in ("Open Season 2", "The Wire season 3"):
        entry = of_line(read, f"tt0306414 {title}")
        assert (entry.title, entry.kind, entry.seasons) == (title, MediaType.MOVIE, ())


@pytest.mark.parametrize(
    ("title", "seasons"),
    [("Dark S02 - S03", (2, 3)), ("Dark S2 S3", (2, 3)), ("Dark S1-2", (1, 2))],
)
def test_a_range_of_seasons_may_have_blanks(
    read: Reader, title: str, seasons: tuple[int, ...]
) -> None:
    entry = of_line(read, title)
    assert (entry.title, entry.seasons) == ("Dark", seasons)


@pytest.mark.parametrize(
    "part", [" S1,", " (2002) season", "first ", "(special", " - S1", "S1x01e"]
)
def test_a_hostile_line_takes_little_time(read: Reader, part: str) -> None:
    line = (part * 1000)[:990]
    start = time.process_time()
    read("# Shows\n" + f"Heat {line}\n" * 5, "a.md")
    assert time.process_time() - start < 2


# Columns of seasons


@pytest.mark.parametrize(
    "name",
    [
        *(
            "S\u00e4song",
            "S\u00e6son",
            "Sesong",
            "Kausi",
            "\u00c9vad",
            "Staffelnummer",
            "Staffel Nr.",
        ),
        *("N\u00ba temporada", "Num\u00e9ro de saison", "N\u00famero de temporada", "N. stagione"),
        *("Which season", "Season to watch", "Seasons to get", "Seasons I want", "Seasons needed"),
        "Missing seasons",
    ],
)
def test_a_column_that_is_called_otherwise_names_seasons_all_the_same(
    read: Reader, name: str
) -> None:
    (entry,) = read(f"Serie,{name},Year\nDark,2,2017\n", "a.csv").entries
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.TV, (2,), None)
    (entry,) = read(json.dumps([{"title": "Dark", name: "2"}]), "a.json").entries
    assert (entry.kind, entry.seasons) == (MediaType.TV, (2,))


@pytest.mark.parametrize(
    "name", ["From season", "Up to season", "Season / Episode", "Ab Staffel", "S/E"]
)
def test_a_column_that_is_about_seasons_and_not_understood_is_in_doubt(
    read: Reader, name: str
) -> None:
    dark, lost = read(f"Show,Year,{name}\nDark,2017,2\nLost,2004,\n", "a.csv").entries
    assert dark.doubt == f'the season "{name}: 2" is not understood'
    assert (lost.seasons, lost.doubt) == ((), None)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Number of seasons",
            "Seasons watched",
            "Season count",
            "Anzahl Staffeln",
            "Total Seasons",
        ),
        *(
            "Current season",
            "seasonFolder",
            "seasonCount",
            "lastSeasonChange",
            "Nombre de saisons",
        ),
        *("N\u00famero de temporadas", "Favourite season", "Season 1"),
    ],
)
def test_a_column_that_counts_seasons_or_says_where_one_is_names_none(
    read: Reader, name: str
) -> None:
    (entry,) = read(f"Title,Type,{name}\nDark,tv,2\n", "a.csv").entries
    assert (entry.title, entry.seasons, entry.doubt) == ("Dark", (), None)
    (entry,) = read(json.dumps([{"title": "Dark", name: True}]), "a.json").entries
    assert (entry.seasons, entry.doubt) == ((), None)


@pytest.mark.parametrize(
    ("cells", "seasons", "doubt"),
    [
        ("x,,x", (1, 3), None),
        ("FALSE,TRUE,FALSE", (2,), None),
        ("\u2705,\u2705,-", (1, 2), None),
        (",,", (), None),
        ("x,seen,", (), 'the season "Season 2: seen" is not understood'),
    ],
)
def test_of_a_column_for_each_season_those_with_a_mark_are_wanted(
    read: Reader, cells: str, seasons: tuple[int, ...], doubt: str | None
) -> None:
    table = f"Show,Season 1,Season 2,Season 3\nDark,{cells}\n"
    (entry,) = read(table, "a.csv").entries
    assert (entry.seasons, entry.doubt) == (seasons, doubt)
    rule = "|---|---|---|---|\n"
    lines = [f"|{line.replace(',', '|')}|\n" for line in table.splitlines()]
    (entry,) = read(lines[0] + rule + lines[1], "a.md").entries
    assert (entry.seasons, entry.doubt) == (seasons, doubt)


def test_kodi_counts_the_seasons_and_episodes_of_a_series(read: Reader) -> None:
    show = {"label": "Dark", "tvshowid": 5, "title": "Dark", "year": 2017, "season": 3}
    rows = [{**show, "episode": 26, "watchedepisodes": 0}, show]
    for entry in read(json.dumps({"result": {"tvshows": rows}}), "a.json").entries:
        assert (entry.title, entry.seasons, entry.doubt) == ("Dark", (), None)
    part = {**show, "episode": 2, "episodeid": 9}
    assert [row.why for row in read(json.dumps([part]), "a.json").skipped] == ["an episode"]


def test_a_number_in_a_column_called_s_is_that_of_a_season(read: Reader) -> None:
    (entry,) = read("Show,Year,S\nDark,2017,2\n", "a.csv").entries
    assert (entry.kind, entry.seasons, entry.doubt) == (MediaType.TV, (2,), None)
