from __future__ import annotations

import pytest

from listsync.domain.lists import Fetched, ListOutcome
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import ResponseChangedError
from tests.integration.providers.reader import FILM, HEADER, Reader


def whys(fetched: Fetched) -> list[tuple[int, str]]:
    return [(row.rank, row.why) for row in fetched.skipped]


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("tt90000011,Movie", MediaType.MOVIE),
        ("tt90000011,tvMovie", MediaType.MOVIE),
        ("tt90000011,TV Movie", MediaType.MOVIE),
        ("tt90000011,Fernsehfilm", MediaType.MOVIE),
        ("tt90000011,short", MediaType.MOVIE),
        ("tt90000011,TV Special", MediaType.MOVIE),
        ("tt90000011,video", MediaType.MOVIE),
        ("tt90000011,Spielfilm", MediaType.MOVIE),
        ("tt90000011,tvSeries", MediaType.TV),
        ("tt90000011,tvMiniSeries", MediaType.TV),
        ("tt90000011,TV Mini Series", MediaType.TV),
        ("tt90000011,Série télévisée", MediaType.TV),
        ("tt90000011,Minissérie de televisão", MediaType.TV),
        ("tt90000011,Game Show", MediaType.TV),
        ("tt90000011,telenovela", MediaType.TV),
        ("tt90000011,Music film", MediaType.MOVIE),
        ("tt90000011,anime", None),
        ("tt90000011,something new", None),
        ("tt90000011,", None),
    ],
)
def test_the_type_of_a_title(read: Reader, row: str, kind: MediaType | None) -> None:
    assert read(f"Const,Title Type\n{row}\n", "a.csv").entries[0].kind is kind


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("tt90000011,tvEpisode", "an episode"),
        ("tt90000011,Épisode télévisé", "an episode"),
        ("tt90000011,videoGame", "a game"),
        ("tt90000011,Videospiel", "a game"),
        ("tt90000011,Jeu vidéo", "a game"),
        ("tt90000011,musicVideo", "a music video"),
        ("tt90000011,podcastSeries", "a podcast"),
        ("tt90000011,podcastEpisode", "a podcast"),
        ("nm90000011,", "a person"),
        ("?,person", "a person"),
        ("tt90000011,book", "a book"),
        ("tt90000011,Audio-Book", "a book"),
        ("tt90000011,light_novel", "a book"),
        ("tt90000011,Buch", "a book"),
        ("tt90000011,comic", "a comic"),
        ("tt90000011,Manga series", "a comic"),
        ("tt90000011,visual_novel", "a game"),
        ("tt90000011,boardgame", "a game"),
        ("tt90000011,musicAlbum", "music"),
        ("tt90000011,Music", "music"),
        ("tt90000011,adult", "for adults only"),
    ],
)
def test_what_nobody_can_request_is_skipped(read: Reader, row: str, why: str) -> None:
    fetched = read(f"Const,Title Type\n{row}\n", "a.csv")
    assert (fetched.entries, whys(fetched)) == ((), [(1, why)])
    assert fetched.outcome is ListOutcome.COMPLETE


def test_a_kind_that_nobody_knows_is_a_doubt_of_a_row_that_has_no_id(read: Reader) -> None:
    rows = "Heat,1995,opera,\nDune,2021,opera,tt90000011\nJaws,1975,anime,\n"
    heat, dune, jaws = read(f"title,year,type,imdb\n{rows}", "a.csv").entries
    assert heat.doubt == "the row calls its kind 'opera', which is not understood"
    assert (dune.doubt, jaws.doubt) == (None, None)


def test_columns_are_found_by_name(read: Reader) -> None:
    fetched = read(
        "IMDb ID;Media Type;Release Year;Original Title;TITLE;Season\n"
        "tt90000021;show;2016;Hafenstraße;Harbour Street;2\n"
    )
    entry = fetched.entries[0]
    assert (entry.title, entry.original_title, entry.year) == (
        "Harbour Street",
        "Hafenstraße",
        2016,
    )
    assert (entry.kind, entry.seasons, entry.ids.imdb) == (MediaType.TV, (2,), "tt90000021")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("head", ["", "\ufeff", "sep=,\n", "# exported\n\n"])
def test_tables_of_any_program(read: Reader, delimiter: str, end: str, head: str) -> None:
    table = (HEADER + FILM).replace(",", delimiter).replace("\n", end)
    fetched = read(head + table, "a.csv")
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 1)
    assert fetched.entries[0].ids == ExternalIds(imdb="tt90000011", tmdb=9000011)


_OF_LIST = "Date,Name,Tags,URL,Description\n2024-01-05,My list,,https://boxd.it/abc,Words\n"
_FILMS = "Position,Name,Year,URL,Description\n1,Alien,1979,https://boxd.it/a,\n2,Heat,1995,,x\n"
_EXPORT = "Letterboxd list export v7"


@pytest.mark.parametrize(
    "table",
    [
        f"{_EXPORT}\n{_OF_LIST}\n{_FILMS}",
        f"{_EXPORT},,,,\n{_OF_LIST},,,,\n{_FILMS}",
        f'"{_EXPORT}",,,,\n\n{_OF_LIST},,,,\n,,,,\n{_FILMS}',
        f"{_OF_LIST}\n{_FILMS}",
        f"{_OF_LIST}{_FILMS}",
        _FILMS,
        f",,,,\n{_FILMS}",
    ],
    ids=["untouched", "padded", "quoted", "older", "no gap", "films", "blank"],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_of_letterboxd_is_read_however_it_was_saved_again(
    read: Reader, table: str, delimiter: str, encoding: str
) -> None:
    fetched = read(table.replace(",", delimiter).encode(encoding), "a.csv")
    assert [entry.label for entry in fetched.entries] == ["Alien (1979)", "Heat (1995)"]
    assert (fetched.skipped, fetched.outcome) == ((), ListOutcome.COMPLETE)


@pytest.mark.parametrize(
    ("table", "label", "imdb"),
    [
        ("Alien (1979)\nHeat (1995)\n", "Alien (1979)", None),
        ("tt0078748\ntt0113277\n", "imdb:tt0078748", "tt0078748"),
        ("https://www.imdb.com/title/tt0078748/\n", "imdb:tt0078748", "tt0078748"),
        ("Alien,1979\nHeat,1995\n", "Alien (1979)", None),
        ("1;tt0078748;Alien;1979\n2;tt0113277;Heat;1995\n", "Alien (1979)", "tt0078748"),
        ("Alien\t(1979)\tmovie\nHeat\t(1995)\tmovie\n", "Alien (1979)", None),
    ],
)
def test_a_table_without_a_header_is_told_by_what_is_in_it(
    read: Reader, table: str, label: str, imdb: str | None
) -> None:
    entry = read(table, "a.csv").entries[0]
    assert (entry.label, entry.ids.imdb) == (label, imdb)


@pytest.mark.parametrize(
    ("table", "ids"),
    [
        ("URL\nhttps://www.imdb.com/title/tt0078748/\n", ExternalIds(imdb="tt0078748")),
        ("Title,Link\nA,https://www.themoviedb.org/movie/348-alien\n", ExternalIds(tmdb=348)),
        ("imdb\nhttps://m.imdb.com/title/tt0078748/?ref_=x\n", ExternalIds(imdb="tt0078748")),
        ("Title,TMDB\nA,themoviedb.org/tv/1396\n", ExternalIds(tmdb=1396)),
    ],
)
def test_an_id_may_be_given_as_an_address(read: Reader, table: str, ids: ExternalIds) -> None:
    assert read(table, "a.csv").entries[0].ids == ids


def test_the_address_of_a_person_is_no_title(read: Reader) -> None:
    fetched = read("Name,Year,URL\nA,1979,https://www.imdb.com/name/nm0000631/\n", "a.csv")
    assert whys(fetched) == [(1, "a person")]


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Film_title,Release_year", MediaType.MOVIE),
        ("Movie,Year", MediaType.MOVIE),
        ("Titel,Jahr", None),
        ("Original Title,Year", None),
        ("primaryTitle,startYear", None),
        ("TV Show,Release Date", MediaType.TV),
    ],
)
def test_titles_of_tables_have_many_names(
    read: Reader, header: str, kind: MediaType | None
) -> None:
    (entry,) = read(f"{header}\nAlien,1979\n", "a.csv").entries
    assert (entry.label, entry.kind) == ("Alien (1979)", kind)


def test_a_bad_id_costs_the_id_and_a_bad_year_the_year(read: Reader) -> None:
    fetched = read(f"{HEADER}Dune,1021,movie,tt1,abc,0\nHeat,x,tv,-,-5,9.0\n", "a.csv")
    dune, heat = fetched.entries
    assert (dune.title, dune.year, bool(dune.ids)) == ("Dune", None, False)
    assert (heat.year, heat.ids) == (None, ExternalIds(tvdb=9))


def test_rows_that_say_nothing_are_skipped_and_counted(read: Reader) -> None:
    fetched = read(f"{HEADER}{FILM},2019,movie,,,\n,,,,,\n{FILM}", "a.csv")
    assert [entry.rank for entry in fetched.entries] == [1, 3]
    assert whys(fetched) == [(2, "no title and no id")]


def test_a_row_of_too_many_fields_is_not_guessed_at(read: Reader) -> None:
    fetched = read(
        f"{HEADER}{FILM}Crime, and Punishment,2019,movie,tt90000012,1,\n{FILM}", "a.csv"
    )
    assert whys(fetched) == [(2, "7 fields, the header has 6")]


@pytest.mark.parametrize(
    ("rest", "entries"),
    [
        ('"The Lantern', 1),
        ('"The Lantern Keeper,2019,movie,tt90000012\nA,2019,movie,tt90000013,1,\n', 1),
        ("Blåfjell,2021,mov", 1),
        ("Blåfjell,2021,mov\n", 1),
        ("Blåfjell", 1),
    ],
    ids=["quote", "quote-over-rows", "fields", "fields-with-line-end", "first-field"],
)
def test_half_a_table_is_partial(read: Reader, rest: str, entries: int) -> None:
    fetched = read(HEADER + FILM + rest, "a.csv")
    assert fetched.outcome is ListOutcome.PARTIAL
    assert len(fetched.entries) == entries
    assert fetched.skipped[-1].why.startswith("cut off")
    assert fetched.declared == fetched.read + 1
    assert fetched.validators is None


def test_short_rows_of_a_table_made_by_hand_are_whole(read: Reader) -> None:
    fetched = read(f"{HEADER}Dune,2021\n{FILM}Heat,1995\n", "a.csv")
    assert (fetched.outcome, len(fetched.entries)) == (ListOutcome.COMPLETE, 3)


@pytest.mark.parametrize(
    "header",
    [
        "русскоязычное название;оригинальное название;год",
        "Название;Оригинальное название;Год",
        "标题;原名;年份",
        "タイトル;原題;公開年",
        "제목;원제;연도",
        "Título;Título original;Año",
        "Titre;Titre original;Année",
        "Tytuł;Tytuł oryginalny;Rok",
        "Titolo;Titolo originale;Anno",
        "Τίτλος;Original title;Έτος",
        "Name;originalName;Production Year",
        "Item Title;Original Name;Show Year",
        "影片标题;原名;年份",
        "片名;又名;年份",
        "Titre;Titre VO;Année",
        "Nome;Nome original;Ano",
        "Название;Оригинал;Год",
        "nameRu;nameOriginal;year",
    ],
)
def test_columns_are_named_in_many_languages(read: Reader, header: str) -> None:
    entry = read(f"{header}\nMatriks;The Matrix;1999\n", "a.csv").entries[0]
    assert (entry.title, entry.original_title, entry.year) == ("Matriks", "The Matrix", 1999)


@pytest.mark.parametrize(
    ("table", "ids"),
    [
        ("title,guid\nA,imdb://tt90000011\n", ExternalIds(imdb="tt90000011")),
        ('title,guids\nA,"imdb://tt90000011, tmdb://603"\n', ExternalIds("tt90000011", 603)),
        ("title,guid\nA,com.plexapp.agents.themoviedb://603?lang=en\n", ExternalIds(tmdb=603)),
        ('title,ProviderIds\nA,"Tmdb=603;TmdbCollection=7"\n', ExternalIds(tmdb=603)),
        ("title,source,media_id\nA,tmdb,603\n", ExternalIds(tmdb=603)),
        ("title,source,media_id\nA,igdb,603\n", ExternalIds()),
        ("title,My IMDb Id,IMDb Rating\nA,tt90000011,8\n", ExternalIds(imdb="tt90000011")),
        ("title,movieTmdbId,TMDB Rating\nA,603,8\n", ExternalIds(tmdb=603)),
        ("title,imdbId\nA,0114709\n", ExternalIds(imdb="tt0114709")),
        ("title,imdbnumber\nA,334824\n", ExternalIds()),
    ],
)
def test_ids_are_found_in_the_forms_of_other_programs(
    read: Reader, table: str, ids: ExternalIds
) -> None:
    assert read(table, "a.csv").entries[0].ids == ids


@pytest.mark.parametrize(
    ("word", "kind"),
    [("Movies", MediaType.MOVIE), ("TV Shows", MediaType.TV), ("Action", None), ("Blu-ray", None)],
)
def test_a_category_says_a_kind_only_where_it_is_one(
    read: Reader, word: str, kind: MediaType | None
) -> None:
    entry = read(f"Item Title,Category\nDune,{word}\n", "a.csv").entries[0]
    assert (entry.kind, entry.doubt) == (kind, None)
    skipped = read("Item Title,Category\nDune,Books\n", "b.csv").skipped
    assert [row.why for row in skipped] == ["a book"]


@pytest.mark.parametrize(
    ("column", "word", "kind", "why"),
    [
        ("universe", "movie", MediaType.MOVIE, None),
        ("universe", "tvShow", MediaType.TV, None),
        ("universe", "Marvel", None, None),
        ("universe", "comicBook", None, "a comic"),
        ("entity", "serial", MediaType.TV, None),
        ("类型", "电视剧", MediaType.TV, None),
        ("类型", "综艺", MediaType.TV, None),
        ("类型", "喜剧", None, None),
        ("Тип", "Книга", None, "a book"),
        ("type", "Scripted", MediaType.TV, None),
        ("type", "Creator", None, "a person"),
        ("type", "BoxSet", None, "no title, but what holds some"),
        ("type", "collection", None, "no title, but what holds some"),
        ("Tipologia", "Serie TV", MediaType.TV, None),
        ("type", "Juego", None, "a game"),
        ("種類", "漫画", None, "a comic"),
    ],
)
def test_kinds_are_told_in_the_words_of_many_programs(
    read: Reader, column: str, word: str, kind: MediaType | None, why: str | None
) -> None:
    fetched = read(f"title,year,{column}\nThe Lantern Keeper,2019,{word}\n", "a.csv")
    assert [row.why for row in fetched.skipped] == ([] if why is None else [why])
    assert [(one.kind, one.doubt) for one in fetched.entries] == ([] if why else [(kind, None)])


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("The Lantern Keeper (film)", (MediaType.MOVIE, None)),
        ("The Lantern Keeper (2019 film)", (MediaType.MOVIE, 2019)),
        ("The Lantern Keeper (TV)", (MediaType.TV, None)),
        ("The Lantern Keeper [TV Series]", (MediaType.TV, None)),
        ("The Lantern Keeper (TV Mini Series 2019\u20132021)", (MediaType.TV, 2019)),
    ],
)
def test_a_title_may_be_followed_by_its_kind(
    read: Reader, title: str, expected: tuple[MediaType, int | None]
) -> None:
    for content, name in ((f"title,format\n{title},DVD\n", "a.csv"), (f"{title}\n", "a.txt")):
        (entry,) = read(content, name).entries
        assert (entry.kind, entry.year) == expected
        assert entry.title == "The Lantern Keeper"


@pytest.mark.parametrize("title", ["Dune (book)", "Berserk (Manga)", "Fallout (video game)"])
def test_a_title_that_is_followed_by_another_kind_is_none(read: Reader, title: str) -> None:
    fetched = read(f"{title}\nThe Wire (series)\n")
    assert ([one.kind for one in fetched.entries], len(fetched.skipped)) == ([MediaType.TV], 1)


@pytest.mark.parametrize("title", ["The Lantern (Keeper)", "Birdman (or The Series of It)"])
def test_what_stands_in_brackets_and_is_no_kind_belongs_to_the_title(
    read: Reader, title: str
) -> None:
    assert read(f"title,format\n{title},DVD\n", "a.csv").entries[0].title == title


@pytest.mark.parametrize("cell", ["31.03.1999", "03/31/1999", "31 March 1999", "March 31, 1999"])
def test_a_date_in_the_column_of_years_has_its_year(read: Reader, cell: str) -> None:
    assert read(f'Title,Year\nHeat,"{cell}"\n', "a.csv").entries[0].year == 1999


def test_a_table_whose_columns_nobody_knows_is_refused_whatever_parts_them(read: Reader) -> None:
    with pytest.raises(ResponseChangedError, match="no column that names titles"):
        read("Ciao;Bello;Mondo\nHeat;1995;x\nAlien;1979;y\n", "a.csv")


@pytest.mark.parametrize(
    "cell",
    [
        "[Alien](https://www.imdb.com/title/tt0078748/)",
        '**[Alien](<https://www.imdb.com/title/tt0078748/> "IMDb")**',
        '=HYPERLINK("https://www.imdb.com/title/tt0078748/","Alien")',
    ],
)
def test_a_title_may_be_a_link(read: Reader, cell: str) -> None:
    quoted = cell.replace('"', '""')
    (entry,) = read(f'Title,Year\n"{quoted}",1979\n', "a.csv").entries
    assert (entry.label, entry.ids) == ("Alien (1979)", ExternalIds(imdb="tt0078748"))


def test_of_two_columns_for_a_kind_the_one_of_the_title_counts(read: Reader) -> None:
    table = "type,entity_type,movie_name,series_name\ntowatch,movie,Alien,\n"
    table += "watch,episode,,Dark\n" * 5
    fetched = read(table, "a.csv")
    assert [(one.title, one.kind) for one in fetched.entries] == [("Alien", MediaType.MOVIE)]
    assert {row.why for row in fetched.skipped} == {"an episode"}


@pytest.mark.parametrize(
    "table",
    [
        "| # | Title | Year |\n|---|---|---|\n|  | Salt | 1994 |\n| 2 | Copper | 2009 |\n",
        "|  | Title | Year |\n|:-:|:--|-|\n| 1 | Salt | 1994 |\n| | | |\n|  | Copper | 2009 |\n",
        "| Title | Year |  |\n| - | - | - |\n| Salt | 1994 |  |\n| Copper | 2009 | x\n",
        "|Title|Seen|Year|\n|--|--|--|\n|[[Salt\\|a note]]||1994|\n|[[Copper]]| |2009\n",
        "| Year | Title |\n|--|--|\n| 1994 | Salt |\n| 2009 | Copper |\n",
    ],
)
@pytest.mark.parametrize("around", ["# Films\n\n{}", "# Films\n{}\n# More\n\nDunes (1972)\n"])
def test_cells_of_markdown_stay_in_their_columns(read: Reader, table: str, around: str) -> None:
    fetched = read(around.format(table), "notes.md")
    found = [entry.label for entry in fetched.entries if entry.title != "Dunes"]
    assert (found, fetched.skipped) == (["Salt (1994)", "Copper (2009)"], ())


def test_a_row_of_dashes_is_no_second_header(read: Reader) -> None:
    table = "# Films\n| Title | Year |\n|--|--|\n| Salt | 1994 |\n| - | - |\n| Copper | 2009 |\n"
    labels = [entry.label for entry in read(table, "notes.md").entries]
    assert {"Salt (1994)", "Copper (2009)"} <= {*labels}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_empty_field_beyond_the_header_says_nothing(read: Reader, delimiter: str) -> None:
    table = "title,year\nSalt,1994,\nCopper,2009, ,\nDunes,1972\n"
    fetched = read(table.replace(",", delimiter), "a.csv")
    labels = [entry.label for entry in fetched.entries]
    assert (labels, fetched.broken) == (["Salt (1994)", "Copper (2009)", "Dunes (1972)"], 0)


def test_a_field_beyond_the_header_that_says_something_is_told(read: Reader) -> None:
    rows = "Salt,1994\nCopper,2009\nDunes,1972\n" * 3
    fetched = read(f"title,year\n{rows}Salt,1994,x\n", "a.csv")
    assert whys(fetched) == [(10, "3 fields, the header has 2")]


@pytest.mark.parametrize("row", ["Salt, Copper, 1994", "Salt, Copper,(1994)"])
def test_a_year_behind_the_comma_of_the_only_column(read: Reader, row: str) -> None:
    assert read(f"Title\nDunes\n{row}\n", "a.csv").entries[1].label == "Salt, Copper (1994)"


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("Movies,Shows\nSalt (1994),Harbour S2\n,Dunes\nCopper (2009),\n", "a.csv"),
        (
            "Movie,Year,Show,Year,Season\nSalt,1994,Harbour,,2\n,,Dunes,,\nCopper,2009,,,\n",
            "a.csv",
        ),
        ("Filme;Serien\nSalt (1994);Harbour S2\nx;Dunes\nCopper (2009);-\n", "a.csv"),
        (
            "# A\n|N|Films|Series|\n|-|-|-|\n|1|Salt (1994)|Harbour S2|\n||Copper (2009)|Dunes|",
            "a.md",
        ),
    ],
)
def test_films_and_series_side_by_side_are_all_read(read: Reader, table: str, name: str) -> None:
    fetched = read(table, name)
    found = {(entry.label, entry.kind, entry.seasons) for entry in fetched.entries}
    assert found == {
        ("Salt (1994)", MediaType.MOVIE, ()),
        ("Copper (2009)", MediaType.MOVIE, ()),
        ("Harbour", MediaType.TV, (2,)),
        ("Dunes", MediaType.TV, ()),
    }
    assert fetched.skipped == ()


def test_books_between_films_and_series_are_told(read: Reader) -> None:
    fetched = read("Movies,Books,Author,Shows\nSalt,Dunes,F. H.,Harbour\n", "a.csv")
    assert [entry.label for entry in fetched.entries] == ["Salt", "Harbour"]
    assert whys(fetched) == [(2, "a book")]


@pytest.mark.parametrize(
    "table", ["Movie,Year,Series\nSalt,1994,Minerals\n", "Film;Jahr;Serie\nSalt;1994;Minerals\n"]
)
def test_the_series_that_a_film_belongs_to_is_no_title_and_told(read: Reader, table: str) -> None:
    fetched = read(table, "a.csv")
    assert [entry.label for entry in fetched.entries] == ["Salt (1994)"]
    assert whys(fetched) == [(2, "a second column that may name titles, and is not read")]


@pytest.mark.parametrize("table", ["Name,Movie,Show\nSalt,x,\n", "Title,Series\nSalt,yes\n"])
def test_marks_for_the_kind_beside_a_title_are_no_titles(read: Reader, table: str) -> None:
    assert [entry.label for entry in read(table, "a.csv").entries] == ["Salt"]
