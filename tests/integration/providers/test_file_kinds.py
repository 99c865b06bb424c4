"""What a column or a heading says that titles are, in whatever language and form."""

from __future__ import annotations

import pytest

from listsync.domain.media import MediaType
from tests.integration.providers.reader import Reader


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Titelart",
            "Type de titre",
            "Type de m\u00e9dia",
            "Tipo de t\u00edtulo",
            "Tipo di titolo",
        ),
        *("Art", "Soort", "Rodzaj", "Clase", "T\u00fcr", "Medium", "Category", "Format"),
    ],
)
def test_a_column_of_kinds_is_heard_in_other_languages(read: Reader, header: str) -> None:
    rows = "A;Videospiel;2001\nB;Buch;2002\nC;Novel;2003\nD;Board game;2004\nE;TV-avsnitt;2005\n"
    fetched = read(f"Titel;{header};Jahr\n{rows}F;Film;2006\nG;Serie;2007\n", "a.csv")
    assert [row.why for row in fetched.skipped] == [
        *("a game", "a book", "a book", "a game", "an episode"),
    ]
    assert [entry.kind for entry in fetched.entries] == [MediaType.MOVIE, MediaType.TV]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("\u042d\u043f\u0438\u0437\u043e\u0434", "an episode"),
        ("\u30a8\u30d4\u30bd\u30fc\u30c9", "an episode"),
        ("\u5355\u96c6", "an episode"),
        ("\u0412\u0438\u0434\u0435\u043e\u0438\u0433\u0440\u0430", "a game"),
    ],
)
def test_kinds_of_imdb_are_known_in_other_alphabets(read: Reader, word: str, why: str) -> None:
    assert [row.why for row in read(f"Title,Type\nA,{word}\n", "a.csv").skipped] == [why]


@pytest.mark.parametrize("category", ["Horror", "Music", "Based on a book", "Blu-ray", "Roman"])
def test_a_genre_is_no_kind(read: Reader, category: str) -> None:
    (entry,) = read(f"Title,Category,Year\nA,{category},2000\n", "a.csv").entries
    assert (entry.label, entry.doubt) == ("A (2000)", None)


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "# Boeken",
            "# Ksi\u0105\u017cki",
            "# B\u00f6cker",
            "# Kitaplar",
            "# \u672c",
            "# Board games",
        ),
        *("# Livres \u00e0 lire", "## B\u00fccher zum Lesen", "# Comics & Manga", "Books\n====="),
        *("Books to read\n---", "**Books**", "__B\u00fccher__"),
    ],
)
def test_what_stands_under_a_heading_of_another_kind_is_skipped(
    read: Reader, heading: str
) -> None:
    fetched = read(f"A (1999)\n{heading}\n- B (2000)\n# Movies\n- C (2001)\n", "a.md")
    assert [(entry.label, entry.kind) for entry in fetched.entries] == [
        ("A (1999)", None),
        ("C (2001)", MediaType.MOVIE),
    ]
    assert [row.what for row in fetched.skipped] == ["B"]


def test_all_headings_of_a_form_are_such_once_one_is(read: Reader) -> None:
    fetched = read("Books\n===\n- A (1999)\n\nHorror\n===\n- B (2000)\n", "a.md")
    assert [entry.label for entry in fetched.entries] == ["B (2000)"]


@pytest.mark.parametrize(
    "text",
    ["A (1999)\n---\nB\n===\nC", "**A**\n**The Game**\n**C**", "**The Game**\n\nB\n---\nC"],
)
def test_lines_between_titles_and_bold_titles_make_no_headings(read: Reader, text: str) -> None:
    fetched = read(text, "a.md")
    assert (len(fetched.entries), fetched.skipped) == (3, ())
