from __future__ import annotations

import pytest

from listsync.domain.media import ExternalIds
from tests.unit.agent.providers.reader import Reader


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("The Lantern Keeper (2019)", "The Lantern Keeper (2019)"),
        ("Harbour Street (2016\u20132019)", "Harbour Street (2016)"),
        ("Harbour Street [2016]", "Harbour Street (2016)"),
        ("Salt & Copper (1994)  # seen at the fair", "Salt & Copper (1994)"),
        ("The Lantern Keeper (9999)", "The Lantern Keeper"),
        ("Blåfjell", "Blåfjell"),
        ("[REC] (2007)", "[REC] (2007)"),
        ("1984", "1984"),
        ("(500) Days of Summer (2009)", "(500) Days of Summer (2009)"),
        ("\\#Alive (2020)", "#Alive (2020)"),
        ("1) Psycho (1960)", "Psycho (1960)"),
        ("1. Psycho (1960)", "Psycho (1960)"),
        ("7. Kogustaki Mucize (2019)", "7. Kogustaki Mucize (2019)"),
        ("[X] Psycho (1960)", "Psycho (1960)"),
        ("- [ ] Psycho", "Psycho"),
        ("\u2022 Psycho (1960)", "Psycho (1960)"),
        ("Psycho|1960", "Psycho (1960)"),
        ("Psycho - 1960", "Psycho (1960)"),
        ("9 - 5", "9 - 5"),
        ("Rosemary&apos;s Baby &amp; Co (1968)", "Rosemary's Baby & Co (1968)"),
        ("Movies, Year by Year", "Movies, Year by Year"),
        ("https://letterboxd.com/film/salt-copper/", "salt copper"),
        ("https://trakt.tv/movies/the-lantern-keeper-2019", "the lantern keeper (2019)"),
        ("trakt.tv/shows/harbour-street", "harbour street"),
    ],
)
def test_a_line_with_a_title(read: Reader, line: str, label: str) -> None:
    entry = read(f"# mine\n{line}\n").entries[0]
    assert entry.label == label
    assert not entry.ids


@pytest.mark.parametrize(
    ("line", "kind", "ids"),
    [
        ("TT90000011", None, ExternalIds(imdb="tt90000011")),
        ("tt90000011 # later", None, ExternalIds(imdb="tt90000011")),
        ("imdb:tt90000011", None, ExternalIds(imdb="tt90000011")),
        ("https://m.imdb.com/title/tt90000011/?x", None, ExternalIds(imdb="tt90000011")),
        ("tmdb:603", None, ExternalIds(tmdb=603)),
        ("tmdb:movie:603", "movie", ExternalIds(tmdb=603)),
        ("tmdb:movie/603", "movie", ExternalIds(tmdb=603)),
        ("TMDB: tv/1396", "tv", ExternalIds(tmdb=1396)),
        ("https://www.themoviedb.org/tv/1396-x", "tv", ExternalIds(tmdb=1396)),
        ("tvdb:81189", "tv", ExternalIds(tvdb=81189)),
        ("https://thetvdb.com/series/81189", "tv", ExternalIds(tvdb=81189)),
    ],
)
def test_a_line_with_an_id(read: Reader, line: str, kind: str | None, ids: ExternalIds) -> None:
    entry = read(f"# mine\n{line}\n").entries[0]
    assert (entry.title, entry.kind, entry.ids) == (None, kind, ids)


@pytest.mark.parametrize(
    ("line", "label", "ids"),
    [
        ("Psycho (1960) {tmdb-539}", "Psycho (1960)", ExternalIds(tmdb=539)),
        ("Psycho (1960) [imdbid-tt0054215]", "Psycho (1960)", ExternalIds(imdb="tt0054215")),
        ("Dark (2017) {tvdb-334824}", "Dark (2017)", ExternalIds(tvdb=334824)),
        ("Psycho [tmdbid=539] (1960)", "Psycho (1960)", ExternalIds(tmdb=539)),
        ("tt0054215 Psycho", "Psycho", ExternalIds(imdb="tt0054215")),
        ("Psycho (1960) - tt0054215", "Psycho (1960)", ExternalIds(imdb="tt0054215")),
    ],
)
def test_a_line_with_a_title_and_an_id(
    read: Reader, line: str, label: str, ids: ExternalIds
) -> None:
    entry = read(f"# mine\n{line}\n").entries[0]
    assert (entry.label, entry.ids) == (label, ids)


def test_a_line_from_trakt_says_its_kind(read: Reader) -> None:
    film, series = read("trakt.tv/movies/dune-2021\ntrakt.tv/shows/dark\n").entries
    assert (film.kind, series.kind) == ("movie", "tv")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nm0000206", "a person"),
        ("https://www.imdb.com/name/nm0000206/", "a person"),
        ("https://trakt.tv/users/sample_user/lists/x", "put a list under `lists:`"),
        ("https://www.imdb.com/list/ls990000001/", "an address of IMDb, not a title"),
        ("https://boxd.it/zaK1", "short address"),
        ("https://thetvdb.com/series/harbour-street", "without the number"),
        ("https://example.com/film", "not known"),
        ("tvdb:movie:5", "TVDB number"),
        ("tmdb:abc", "no number of TMDB"),
        ("x" * 1001, "too long"),
    ],
)
def test_a_line_that_is_no_title_says_why(read: Reader, line: str, why: str) -> None:
    fetched = read(f"Dune (2021)\n{line}\nHeat (1995)\n")
    assert [entry.rank for entry in fetched.entries] == [1, 3]
    assert why in fetched.skipped[0].why
