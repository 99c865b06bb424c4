from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from listsync.sync.titles.title_folding import (
    country_of,
    cuts,
    fold,
    main_title,
    maker_and_title,
    series_and_part,
    without_suffixes,
)
from listsync.sync.titles.title_forms import folded
from tests.thorough import tries

_ODD = "aAeVIx12&+.·*:-()[]'!³½Ⅱßガはदिไก่éI\u2019\u0627\u0301\u200d "
_TITLES = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from(_ODD), max_size=30),
    st.lists(st.sampled_from(["part", "pt", "vol.", "ii", "two", "x", "i", "the", "&"])).map(
        " ".join
    ),
)

FEW = settings(max_examples=tries(15, 500))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("THE MATRIX", "the matrix", id="case"),
        pytest.param("Straße", "STRASSE", id="sharp-s"),
        pytest.param("Amélie", "Amelie", id="accent"),
        pytest.param("Ame\u0301lie", "Am\u00e9lie", id="composed-accent"),
        pytest.param("Den brysomme mannen Ø", "Den brysomme mannen O", id="stroke"),
        pytest.param("Łódź", "Lodz", id="polish"),
        pytest.param("Æon Flux", "AEon Flux", id="ligature"),
        pytest.param("İstanbul", "istanbul", id="dotted-i"),
        pytest.param("M*A*S*H", "MASH", id="stars"),
        pytest.param("S.W.A.T.", "SWAT", id="dotted-initials"),
        pytest.param("E.T. the Extra-Terrestrial", "ET the Extra Terrestrial", id="initials"),
        pytest.param("50/50", "50 / 50", id="slash"),
        pytest.param("Face/Off", "Face Off", id="words-with-slash"),
        pytest.param("Mr. & Mrs. Smith", "Mr and Mrs Smith", id="ampersand"),
        pytest.param("Romeo + Juliet", "Romeo and Juliet", id="plus"),
        pytest.param("Schindler's List", "Schindlers List", id="apostrophe"),
        pytest.param("Schindler\u2019s List", "Schindler's List", id="curly-apostrophe"),
        pytest.param("Rocky II", "Rocky 2", id="roman"),
        pytest.param("Rocky Ⅱ", "Rocky II", id="roman-character"),
        pytest.param("Rocky V", "Rocky 5", id="lone-roman-at-the-end"),
        pytest.param("Saw IX", "Saw 9", id="roman-nine"),
        pytest.param("Star Wars: Episode IV", "Star Wars Ep. 4", id="short-part-word"),
        pytest.param("Kill Bill: Vol. 2", "Kill Bill Volume II", id="volume"),
        pytest.param("Dune: Part Two", "Dune Part 2", id="number-word"),
        pytest.param("Part I", "Part One", id="first-part"),
        pytest.param("[REC]²", "REC 2", id="superscript-after-bracket"),
        pytest.param("\uff2d\uff41\uff54\uff52\uff49\uff58", "Matrix", id="full-width"),
        pytest.param("soft\u00adhyphen", "softhyphen", id="soft-hyphen"),
        pytest.param("क्\u200dष", "क्ष", id="zero-width-joiner"),
        pytest.param("2001:  a\tspace odyssey", "2001 A Space Odyssey", id="blanks"),
    ],
)
def test_spellings_of_one_title_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("WALL·E", "WALL-E", id="middle-dot"),
        pytest.param("WALL·E", "Walle", id="no-dot"),
        pytest.param("Alien³", "Alien 3", id="superscript"),
        pytest.param("Spider-Man", "Spiderman", id="hyphen"),
        pytest.param("8½", "8 1/2", id="fraction"),
        pytest.param("10,000 BC", "10.000 BC", id="thousands"),
        pytest.param("10,000 BC", "10000 BC", id="no-mark-of-thousands"),
    ],
)
def test_titles_that_differ_in_spaces_are_alike_when_compact(one: str, other: str) -> None:
    assert folded(one).compact == folded(other).compact


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Rocky II", "Rocky III", id="numerals"),
        pytest.param("$9.99", "999", id="decimals"),
        pytest.param("50/50", "5050", id="two-numbers"),
        pytest.param("xXx", "30", id="a-title-that-looks-roman"),
        pytest.param("Dune: Part One", "Dune: Part Two", id="parts"),
        pytest.param("!!!", "???", id="symbols-only"),
        pytest.param("दिल", "दाल", id="hindi-vowel-signs"),
        pytest.param("ば", "は", id="japanese-voicing"),
        pytest.param("ไก่", "ไก", id="thai-tone"),
        pytest.param("기생충", "기생", id="korean"),
        pytest.param("Солярис", "Сталкер", id="cyrillic"),
    ],
)
def test_titles_that_differ_fold_differently(one: str, other: str) -> None:
    assert folded(one).compact != folded(other).compact


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("V for Vendetta", "v for vendetta", id="letter-in-front"),
        pytest.param("I, Robot", "i robot", id="pronoun"),
        pytest.param("X", "x", id="a-letter-alone"),
        pytest.param("!!!", "!!!", id="symbols"),
        pytest.param("  ", "", id="blank"),
        pytest.param("", "", id="empty"),
        pytest.param("기생충", "기생충", id="korean"),
        pytest.param("千と千尋の神隠し", "千と千尋の神隠し", id="japanese"),
        pytest.param("Сталкер", "сталкер", id="cyrillic"),
    ],
)
def test_fold_keeps_what_is_the_title(title: str, expected: str) -> None:
    assert fold(title) == expected


@FEW
@given(_TITLES)
def test_folding_twice_changes_nothing(title: str) -> None:
    once = fold(title)
    assert fold(once) == once


@FEW
@given(_TITLES)
def test_every_form_of_any_title_can_be_computed(title: str) -> None:
    forms = folded(title)
    assert forms.compact.replace(" ", "") == forms.whole.replace(" ", "")
    assert main_title(title) != ""
    bare, year = without_suffixes(title)
    assert len(bare) <= len(title)
    assert year is None or 1800 <= year < 2100


@FEW
@example(piece=" ", times=20_000)
@given(
    piece=st.sampled_from(
        [" ", "(", " (", " -", "a.", "(19", "\u0301", "ii ", ",", ", ", ", the", "a: ", " (US)"]
    ),
    times=st.integers(1, tries(4000, 20_000)),
)
def test_a_long_odd_title_takes_no_long_time(piece: str, times: int) -> None:
    title = "x" + piece * times + "y"
    folded(title)
    main_title(title)
    without_suffixes(title)
    country_of(title)


@pytest.mark.parametrize(
    ("title", "bare"),
    [
        pytest.param("The Matrix", "matrix", id="english"),
        pytest.param("Matrix, The", "matrix", id="sorted-by-name"),
        pytest.param("Matrix (The)", "matrix", id="in-brackets-behind"),
        pytest.param("Le Samouraï", "samourai", id="french"),
        pytest.param("L'Avventura", "avventura", id="elided"),
        pytest.param("Das Boot", "boot", id="german"),
        pytest.param("The", "the", id="an-article-alone"),
        pytest.param("A A", "a", id="two-articles"),
        pytest.param("Marvel's Daredevil", "daredevil", id="studio"),
        pytest.param("The Office US", "office", id="country"),
        pytest.param("The Office (US)", "office", id="country-in-brackets"),
    ],
)
def test_a_trimmed_form_is_without_article_studio_and_country(title: str, bare: str) -> None:
    assert bare in folded(title).trimmed


@pytest.mark.parametrize("title", ["JUST US", "US", "Just us"])
def test_a_word_is_no_country(title: str) -> None:
    assert len(folded(title).trimmed) == 1


@pytest.mark.parametrize(
    ("title", "numbers"),
    [
        pytest.param("Ocean's 11", ("11",), id="one"),
        pytest.param("007: Part 2", ("2", "7"), id="leading-zeros"),
        pytest.param("Dune: Part One", (), id="a-lone-part-one"),
        pytest.param("1", ("1",), id="one-alone"),
        pytest.param("Area 00", ("0",), id="zeros"),
        pytest.param("Rocky III", ("3",), id="roman"),
        pytest.param("Heat", (), id="none"),
    ],
)
def test_numbers_are_read_out_of_a_title(title: str, numbers: tuple[str, ...]) -> None:
    assert folded(title).numbers == numbers


@pytest.mark.parametrize(
    ("title", "main"),
    [
        pytest.param("Alien: Romulus", "Alien", id="colon"),
        pytest.param("Mission - Fallout", "Mission", id="dash"),
        pytest.param("Mission \u2013 Fallout", "Mission", id="en-dash"),
        pytest.param("Spider-Man", None, id="hyphen"),
        pytest.param("Heat", None, id="none"),
        pytest.param(": Romulus", None, id="nothing-before"),
        pytest.param("Alien:", None, id="nothing-after"),
        pytest.param("3:10 to Yuma", None, id="time-of-day"),
        pytest.param("50 / 50", None, id="no-words-after"),
        pytest.param("Gallery / Alien", "Gallery", id="slash"),
        pytest.param("Borat, or How to Learn", "Borat", id="or"),
        pytest.param("Borat or: How to Learn", "Borat", id="or-colon"),
        pytest.param("Borat or (How to Learn)", "Borat", id="or-in-brackets"),
        pytest.param("Borat (Once More)", "Borat", id="brackets"),
        pytest.param("Now or Never", None, id="a-plain-or"),
    ],
)
def test_the_main_title_stands_before_a_subtitle(title: str, main: str | None) -> None:
    assert main_title(title) == main


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("Dune (1984)", ("Dune", 1984), id="year"),
        pytest.param("Dune [1984]", ("Dune", 1984), id="square-brackets"),
        pytest.param("The Office (US)", ("The Office", None), id="country"),
        pytest.param("The Office (US) (2005)", ("The Office", 2005), id="country-and-year"),
        pytest.param("The Office (2005) (US)", ("The Office", 2005), id="year-and-country"),
        pytest.param("Dune (1984) (2021)", ("Dune (1984)", 2021), id="only-one-year-goes"),
        pytest.param("(1984)", ("(1984)", None), id="a-year-is-the-title"),
        pytest.param("(US)", ("(US)", None), id="a-country-is-the-title"),
        pytest.param("2012", ("2012", None), id="a-number-is-the-title"),
        pytest.param("Movie (1234)", ("Movie (1234)", None), id="no-year-of-films"),
    ],
)
def test_a_year_or_country_in_brackets_is_no_part_of_the_title(
    title: str, expected: tuple[str, int | None]
) -> None:
    assert without_suffixes(title) == expected


def test_a_title_is_cut_at_each_subtitle() -> None:
    assert cuts("Star Wars: Episode IV - A New Hope") == [
        ("Star Wars", "Episode IV - A New Hope"),
        ("Star Wars: Episode IV", "A New Hope"),
    ]


@pytest.mark.parametrize(
    ("title", "country"),
    [("Wilfred (AU)", "AU"), ("Ghosts (UK) (2019)", "GB"), ("Wilfred", None), ("(US)", None)],
)
def test_a_country_in_brackets_tells_of_a_namesake(title: str, country: str | None) -> None:
    assert country_of(title) == country


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("John Carpenter's The Thing", ("John Carpenter", "The Thing")),
        ("JOHN CARPENTER\u2019S  The Thing", ("JOHN CARPENTER", "The Thing")),
        ("Dr. Seuss' The Grinch", ("Dr. Seuss", "The Grinch")),
        ("Conan O'Brien's Show", ("Conan O'Brien", "Show")),
        (
            "William Shakespeare's A Midsummer Night's Dream",
            ("William Shakespeare", "A Midsummer Night's Dream"),
        ),
        ("Schindler's List", None),
        ("A Bug's Life", None),
        ("The King's Speech", None),
        ("Harry Potter and the Philosopher's Stone", None),
        ("Ann Bee's", None),
        ("Rock 'n' Roll", None),
        ("x " * 400 + "'s y", None),
    ],
)
def test_a_makers_name_in_front_of_a_title(title: str, parts: tuple[str, str] | None) -> None:
    assert maker_and_title(title) == parts


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("Beverly Hills Cop 4", ("Beverly Hills Cop", 4)),
        ("Beverly Hills Cop IV", ("Beverly Hills Cop", 4)),
        ("Rocky V", ("Rocky", 5)),
        ("Wicked: Part Two", ("Wicked", 2)),
        ("Foo - Vol. 3", ("Foo", 3)),
        ("Rogue One", None),
        ("Blade Runner 2049", None),
        ("Suddenly 30", None),
        ("Dune: Part One", None),
        ("4", None),
        ("Part 2", ("Part", 2)),
        (": 4", None),
        ("- " * 400 + "!", None),
    ],
)
def test_a_number_behind_a_title(title: str, parts: tuple[str, int] | None) -> None:
    assert series_and_part(title) == parts
