from __future__ import annotations

import pytest

from listsync.domain.media import ExternalIds, MediaType
from tests.integration.providers.reader import Reader


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
        ("- 1984", "1984"),
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


@pytest.mark.parametrize(
    "line",
    [
        "[The Matrix](https://www.example.org/x) (1999)",
        "**The Matrix** (1999)",
        "*The Matrix* (1999)",
        "_The Matrix_ (1999)",
        "`The Matrix (1999)`",
        '"The Matrix" (1999)',
        "\u201cThe Matrix\u201d (1999)",
        "The Matrix, 1999",
        "(1999) The Matrix",
        "The Matrix (film, 1999)",
        "The Matrix (1999 film)",
        "The Matrix (1999, USA)",
        "The Matrix (1999-03-31)",
        "The Matrix \uff081999\uff09",
        "The Matrix (1999) - Lana Wachowski",
        "The Matrix (1999) 8.7/10",
        "The Matrix (1999) (rewatch)",
        "#1 The Matrix (1999)",
        "1: The Matrix (1999)",
        "\u2013 The Matrix (1999)",
        "\u2705 The Matrix (1999)",
        "[ ] The Matrix (1999)",
        "The Matrix (1999).mkv",
        "The.Matrix.1999.1080p.BluRay.x264-GRP.mkv",
        "The Matrix (1999)/",
        "/media/movies/The Matrix (1999)/The Matrix (1999).mkv",
        "D:\\Movies\\The Matrix (1999)\\",
        "Movie: The Matrix (1999)",
        "https://simkl.com/movies/53992/the-matrix-1999",
    ],
)
def test_a_line_in_another_form_names_the_same_film(read: Reader, line: str) -> None:
    entry = read(f"{line}\nHeat (1995)\n").entries[0]
    assert entry.label.casefold() == "the matrix (1999)"


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("*batteries not included (1987)", "*batteries not included (1987)"),
        ("Blade Runner - 2049", "Blade Runner - 2049"),
        ("2012 (2009)", "2012 (2009)"),
        ("Two for One (1975) and Another (1976)", "Two for One (1975) and Another (1976)"),
        ("https://letterboxd.com/film/the-matrix/", "the matrix"),
        ("9 - 5", "9 - 5"),
        ("Face/Off (1997)", "Face/Off (1997)"),
        ("Series 7: The Contenders (2001)", "Series 7: The Contenders (2001)"),
    ],
)
def test_a_title_keeps_what_is_its_own(read: Reader, line: str, label: str) -> None:
    assert read(f"Heat (1995)\n{line}\n").entries[1].label == label


@pytest.mark.parametrize(
    ("line", "kind", "ids"),
    [
        (
            "[X](https://www.imdb.com/title/tt0133093/)",
            None,
            ExternalIds(imdb="tt0133093"),
        ),
        ("<https://www.imdb.com/title/tt0133093/>", None, ExternalIds(imdb="tt0133093")),
        ("movie/603", "movie", ExternalIds(tmdb=603)),
        ("tmdb 603", None, ExternalIds(tmdb=603)),
        ("imdb://tt0133093", None, ExternalIds(imdb="tt0133093")),
        ("https://thetvdb.com/dereferrer/series/334824", "tv", ExternalIds(tvdb=334824)),
    ],
)
def test_a_line_in_another_form_has_the_same_ids(
    read: Reader, line: str, kind: str | None, ids: ExternalIds
) -> None:
    entry = read(f"{line}\n").entries[0]
    assert (entry.kind, entry.ids) == (kind, ids)


def test_headings_and_rules_are_no_titles(read: Reader) -> None:
    fetched = read("Watchlist\n=====\nMovies:\nHeat (1995)\n---\n* * *\nTitle\n")
    assert [entry.label for entry in fetched.entries] == ["Heat (1995)", "Title"]
    assert [row.why for row in fetched.skipped] == ["a heading", "a heading"]


def test_a_table_of_markdown_is_a_table(read: Reader) -> None:
    fetched = read(
        "| Title | Year |\n| :--- | ---: |\n| Heat | 1995 |\n| Alien | 1979 |\n", "a.md"
    )
    assert [entry.label for entry in fetched.entries] == ["Heat (1995)", "Alien (1979)"]


_NOTES = """# Watchlist
Things to see.

## Books
- Dune
| Title | Year |
|---|---|
| The Trial | 1925 |

## Movies to watch
- [ ] Heat (1995)
| Title | Year |
|---|---|
| Ronin | 1998 |
### Old ones
- M

## Anime
- Monster
"""


def test_headings_say_what_stands_under_them(read: Reader) -> None:
    fetched = read(_NOTES, "notes.md")
    kinds = [(one.title, one.kind) for one in fetched.entries[1:]]
    assert kinds == [
        *((name, MediaType.MOVIE) for name in ("Heat", "Ronin", "M")),
        ("Monster", None),
    ]
    assert [(one.what, one.why) for one in fetched.skipped] == [
        ("Dune", "a book"),
        ("The Trial", "a book"),
    ]


@pytest.mark.parametrize("heading", ["Books:", "**Games**:", "# Mangas", "## \U0001f4da My books"])
def test_what_stands_under_another_kind_is_not_requested(read: Reader, heading: str) -> None:
    fetched = read(f"{heading}\nDune\nTV Shows:\nFargo\n")
    assert [(one.title, one.kind) for one in fetched.entries] == [("Fargo", MediaType.TV)]


def test_an_id_is_what_it_is_under_any_heading(read: Reader) -> None:
    lines = "# Books\ntt0133093\n# Movies\nhttps://trakt.tv/shows/dark\nDark S2\n"
    film, show, season = read(lines, "a.md").entries
    assert (film.ids, film.kind) == (ExternalIds(imdb="tt0133093"), None)
    assert (show.kind, season.kind, season.seasons) == (MediaType.TV, MediaType.TV, (2,))


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Heat `movie`", MediaType.MOVIE),
        ("- [ ] Heat #movie #crime", MediaType.MOVIE),
        ("* Heat #tv", MediaType.TV),
        ("Heat #towatch", None),
        ("- [x] [[Heat|the film by Mann]]", None),
        ("[[Heat#Notes]]", None),
        ("2024-01-05 Heat", None),
        ("[2024-01-05]: Heat", None),
        ("Heat \u2605\u2605\u2605\u00bd", None),
    ],
)
def test_tags_and_stars_are_no_part_of_a_title(
    read: Reader, line: str, kind: MediaType | None
) -> None:
    (entry,) = read(f"{line}\n").entries
    assert (entry.title, entry.kind) == ("Heat", kind)


_TABLES = """My list, from *anywhere*

| Movie/Show Name | Rating |
| --- | :---: |
| [Heat](https://www.imdb.com/title/tt0113277/) | :smile: | loved it |
| **Ronin** |

| Where | When |
|---|---|
| Here | Now |
| Name | Year |
|---|---|
| ~~Alien~~ | 1979 |
"""


def test_tables_of_markdown_are_read_wherever_they_stand(read: Reader) -> None:
    fetched = read(_TABLES, "a.md")
    assert [(one.title, one.year) for one in fetched.entries][1:4] == [
        ("Heat", None),
        ("Ronin", None),
        ("Alien", 1979),
    ]
    assert fetched.entries[1].ids == ExternalIds(imdb="tt0113277")
    assert [row.what for row in fetched.skipped] == ["| Here | Now |"]


def test_numbers_may_begin_anew_under_each_heading(read: Reader) -> None:
    fetched = read("Movies:\n1. Heat\n2. Alien\n# Shows\n1) Dark\n2) 2. Broke Girls\n7. Seven\n")
    titles = [entry.title for entry in fetched.entries]
    assert titles == ["Heat", "Alien", "Dark", "2. Broke Girls", "7. Seven"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("搏击俱乐部 / Fight Club", ("搏击俱乐部", "Fight Club", None)),
        ("Начало / Inception (2010)", ("Начало", "Inception", 2010)),
        ("Amélie / Le Fabuleux", ("Amélie / Le Fabuleux", None, None)),
        ("Heat / Ronin", ("Heat / Ronin", None, None)),
    ],
)
def test_a_title_in_another_alphabet_may_be_told_in_two_languages(
    read: Reader, title: str, expected: tuple[str, str | None, int | None]
) -> None:
    for content, name in ((f"{title}\n", "a.txt"), (f"title,format\n{title},DVD\n", "a.csv")):
        (entry,) = read(content, name).entries
        assert (entry.title, entry.original_title, entry.year) == expected


@pytest.mark.parametrize(
    ("line", "label", "imdb"),
    [
        ("Heat - https://www.imdb.com/title/tt0113277/", "Heat", "tt0113277"),
        (
            "Heat (1995): <https://www.imdb.com/title/tt0113277/?ref_=x>",
            "Heat (1995)",
            "tt0113277",
        ),
        ("https://www.imdb.com/title/tt0113277/ | Heat", "Heat", "tt0113277"),
        ("Heat (1995) https://www.example.org/watch/5", "Heat (1995)", None),
    ],
)
def test_a_title_may_stand_beside_an_address(
    read: Reader, line: str, label: str, imdb: str | None
) -> None:
    (entry,) = read(f"{line}\n").entries
    assert (entry.label, entry.ids.imdb) == (label, imdb)


@pytest.mark.parametrize(
    "line",
    ["Source: https://www.example.org/list", "Heat https://www.imdb.com/list/ls000000001/"],
)
def test_words_beside_an_address_that_is_no_title_are_none(read: Reader, line: str) -> None:
    assert [row.why for row in read(f"{line}\n# end\n").skipped] == [
        "an address that is not known"
    ]


def test_a_list_that_is_numbered_after_other_lines_is_numbered(read: Reader) -> None:
    lines = "- Heat\n- Alien\n1. Dark\n2. Dune\n10. Cloverfield Lane\n3. Seven\n"
    titles = [entry.title for entry in read(lines).entries]
    assert titles == ["Heat", "Alien", "Dark", "Dune", "10. Cloverfield Lane", "3. Seven"]


def test_a_table_in_quotes_is_one_whatever_its_file_is_called(read: Reader) -> None:
    fetched = read('"Heat","1995"\n"Good, the Bad and the Ugly, The","1966"\n')
    assert [(entry.title, entry.year) for entry in fetched.entries] == [
        ("Heat", 1995),
        ("Good, the Bad and the Ugly, The", 1966),
    ]


@pytest.mark.parametrize(
    "line",
    ["Dark (Netflix)", "Dark [Apple TV+]", "Dark - HBO Max", "Dark \u2014 on Prime Video"],
)
def test_where_a_title_is_to_be_seen_is_no_part_of_it(read: Reader, line: str) -> None:
    for content, name in ((f"- [ ] {line}\n", "a.md"), (f"title,format\n{line},x\n", "a.csv")):
        assert [entry.title for entry in read(content, name).entries] == ["Dark"]


@pytest.mark.parametrize("line", ["Amazon", "(Netflix)", "The Sky - Fall", "Sky High (Max)"])
def test_a_title_like_a_service_is_kept(read: Reader, line: str) -> None:
    assert [entry.title for entry in read(f"{line}\n").entries] == [line]


def test_a_year_below_a_title_is_its_year_and_alone_no_title(read: Reader) -> None:
    text = (
        "Inception\n2010\n\n2001: A Space Odyssey\n(1968)\nUp\n2009 \u00b7 1h 36m\n1984\nSeven\n"
    )
    fetched = read(f"{text}19951h 36mR\nSalt (1994)\n1994\nTT90000011\n1960\n")
    assert [entry.label for entry in fetched.entries] == [
        *("Inception (2010)", "2001: A Space Odyssey (1968)", "Up (2009)", "Seven (1995)"),
        *("Salt (1994)", "imdb:tt90000011"),
    ]
    assert [row.what for row in fetched.skipped] == ["1984", "1994", "1960"]
    assert "a year without a title" in fetched.skipped[0].why


def test_a_film_called_by_a_year_is_no_year_of_the_title_above(read: Reader) -> None:
    fetched = read("Heat\n1917\nAlien\nPsycho\n")
    assert [entry.label for entry in fetched.entries] == ["Heat", "Alien", "Psycho"]
    assert [row.what for row in fetched.skipped] == ["1917"]


def test_years_over_titles_are_headings(read: Reader) -> None:
    fetched = read("1999\nThe Matrix\nFight Club\n2000\nGladiator\n")
    assert [entry.label for entry in fetched.entries] == ["The Matrix", "Fight Club", "Gladiator"]
    assert [row.what for row in fetched.skipped] == ["1999", "2000"]


@pytest.mark.parametrize("end", ["---", "..."])
def test_the_properties_of_a_note_are_no_titles(read: Reader, end: str) -> None:
    head = f"---\ntags: [movies]\naliases:\n  - Movies\ndate created: 2024-01-05\n{end}\n"
    fetched = read(f"{head}- Salt (1994)\n", "a.md")
    assert ([entry.label for entry in fetched.entries], fetched.skipped) == (["Salt (1994)"], ())


@pytest.mark.parametrize("titles", ["Salt\nUp", "Salt: Copper (1994)\nUp (2009)"])
def test_titles_between_lines_of_dashes_are_titles(read: Reader, titles: str) -> None:
    assert len(read(f"---\n{titles}\n---\nHeat\n", "a.md").entries) == 3
    assert len(read(f"---\n{titles}\n", "a.md").entries) == 2


@pytest.mark.parametrize(
    "line",
    [
        "tt90000011, tt90000012",
        "tt90000011 tt90000012",
        "tt90000011; TT90000012",
        "tt90000011,tt90000012",
        "https://www.imdb.com/title/tt90000011/ https://www.imdb.com/title/tt90000012/",
        "https://www.imdb.com/title/tt90000011/, imdb:tt90000012",
    ],
)
def test_each_of_several_ids_on_a_line_is_read(read: Reader, line: str) -> None:
    fetched = read(f"{line}\n")
    assert [entry.ids.imdb for entry in fetched.entries] == ["tt90000011", "tt90000012"]
    assert {entry.title for entry in fetched.entries} == {None}


def test_a_line_of_several_ids_and_words_is_told(read: Reader) -> None:
    fetched = read("Salt tt90000011 Copper tt90000012\nDunes (1972)\n")
    assert [entry.title for entry in fetched.entries] == ["Dunes"]
    assert fetched.skipped[0].why == "several ids among words; give each a line of its own"


@pytest.mark.parametrize(
    "line",
    [
        "Salt (1994) tt90000011 https://www.imdb.com/title/tt90000011/",
        "https://www.imdb.com/title/tt90000011/?ref_=tt90000012,tt90000013",
        "Salt: Copper: a film (1994) tt90000011",
    ],
)
def test_one_id_that_is_given_twice_is_one(read: Reader, line: str) -> None:
    assert [entry.ids.imdb for entry in read(f"{line}\n").entries] == ["tt90000011"]
