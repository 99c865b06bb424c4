from __future__ import annotations

import pytest

from listsync.sync.titles.title_forms import Alike, Spelling, compare, folded

SAME, WRITTEN, TRIMMED = Alike.SAME, Alike.WRITTEN, Alike.TRIMMED
SUBTITLE, CLOSE, WITHIN, NONE = Alike.SUBTITLE, Alike.CLOSE, Alike.WITHIN, Alike.NONE


def alike(one: str, other: str) -> Alike:
    likeness = compare(folded(one), folded(other))
    assert likeness == compare(folded(other), folded(one))
    return likeness.alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Blue Nine", "Blue 9", id="number-in-words"),
        pytest.param("Twenty One Tales", "21 Tales", id="tens-and-units"),
        pytest.param("Twenty Tales", "20 Tales", id="tens-alone"),
        pytest.param("Two Hundred Nights", "200 Nights", id="hundreds"),
        pytest.param("Two Hundred and Two Nights", "202 Nights", id="hundreds-and-units"),
        pytest.param("Two Hundred Nights and One", "200 Nights and 1", id="and-of-its-own"),
        pytest.param("Blue 09 Nights", "Blue 9 Nights", id="leading-zero"),
        pytest.param("Blue 9", "Blue: Part IX", id="part-word-left-out"),
        pytest.param("Blue 2", "Blue, Vol. 2", id="volume-left-out"),
        pytest.param("Port '75", "Port 1975", id="short-year"),
        pytest.param("Port '15", "Port 2015", id="short-year-of-this-century"),
        pytest.param("Dr. Blue", "Doctor Blue", id="doctor"),
        pytest.param("Mr. Blue", "Mister Blue", id="mister"),
        pytest.param("St. Blue's Eve", "Saint Blue's Eve", id="saint"),
        pytest.param("Blue St.", "Blue Street", id="street"),
        pytest.param("Blue vs. Red", "Blue versus Red", id="versus"),
        pytest.param("Blue und Red", "Blue & Red", id="german-and"),
        pytest.param("Blue et Red", "Blue and Red", id="french-and"),
        pytest.param("Blue y Red", "Blue + Red", id="spanish-and"),
        pytest.param("The Colour of Blue", "The Color of Blue", id="british-our"),
        pytest.param("Blue Theatre", "Blue Theater", id="british-re"),
        pytest.param("Blue Licence", "Blue License", id="british-ence"),
        pytest.param("Blue Grey", "Blue Gray", id="british-grey"),
        pytest.param("The Blue Traveller", "The Blue Traveler", id="british-ll"),
        pytest.param("Mädchen", "Maedchen", id="umlaut"),
        pytest.param("Ærøskøbing Blues", "Aeroeskoebing Blues", id="nordic"),
        pytest.param("Bl7e", "Blue", id="digit-for-a-letter"),
        pytest.param("Blue Ωne", "Blue One", id="greek-for-a-letter"),
        pytest.param("Blue Five-O", "Blue Five-0", id="letter-o-for-zero"),
        pytest.param("I ♥ Blue", "I Heart Blue", id="heart"),
        pytest.param("Boot, Das", "Das Boot", id="article-behind"),
        pytest.param("Onda, L'", "L'Onda", id="elided-article-behind"),
        pytest.param("Blue, The: Red", "The Blue: Red", id="article-behind-the-head"),
    ],
)
def test_a_title_may_be_written_otherwise(one: str, other: str) -> None:
    assert alike(one, other) in {SAME, WRITTEN}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Amour", "Amor", id="no-british-spelling"),
        pytest.param("Blue Four", "Blue For", id="our-is-not-or"),
        pytest.param("Poe", "Po", id="no-umlaut"),
        pytest.param("Bl77e", "Blue", id="two-digits-for-one-letter"),
        pytest.param("B7", "Be", id="a-digit-at-the-end"),
        pytest.param("7B", "EB", id="a-digit-in-front"),
        pytest.param("B7ue", "B8ue", id="another-digit"),
        pytest.param("One Two", "12", id="two-numbers"),
        pytest.param("Blue Part", "Blue", id="a-part-word-alone"),
        pytest.param("Chapter 2", "2", id="a-part-word-in-front"),
        pytest.param("Et Blue", "And Blue", id="no-and-in-front"),
        pytest.param("Ωμέγα", "Omega", id="a-greek-title"),
    ],
)
def test_other_titles_are_not_the_same(one: str, other: str) -> None:
    assert alike(one, other) < WRITTEN


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("Blue", "Blue: The Red One", SUBTITLE, id="head"),
        pytest.param("The Blue", "Blue: The Red One", SUBTITLE, id="head-but-for-an-article"),
        pytest.param("Blue: Red", "Blue: Red - Green", SUBTITLE, id="longer-head"),
        pytest.param("Blue", "Blue (and the Red One)", SUBTITLE, id="brackets"),
        pytest.param("Blue", "Blue Part One", SUBTITLE, id="first-part"),
        pytest.param("Blue 3", "Blue: Chapter 3 - Red", SUBTITLE, id="number-of-the-part"),
        pytest.param("Blue 3", "Blue: Red Part III", SUBTITLE, id="number-after-the-subtitle"),
        pytest.param("Blue: Red Snow", "Blue Two: Red Snow", SUBTITLE, id="longer-head-same-rest"),
        pytest.param("Blue Part 1: Red Snow", "Blue: Red Snow", SUBTITLE, id="part-with-a-name"),
        pytest.param("Blue: Red Snow", "Deep Blue: Red Snow", WITHIN, id="head-of-another-begin"),
        pytest.param("Blue: Red", "Blue Two: Red", NONE, id="short-rest"),
        pytest.param(
            "Blue: The Storm in the Glass", "The Storm in the Glass", SUBTITLE, id="name"
        ),
        pytest.param("Blue: Buried Alive", "Buried Alive", WITHIN, id="two-words-are-no-name"),
        pytest.param(
            "Blue: In the Redwood", "In the Redwood", WITHIN, id="small-words-are-no-name"
        ),
        pytest.param("Blue: A Hen in I", "A Hen in I", WITHIN, id="few-letters-are-no-name"),
        pytest.param(
            "The Making of Blue: The Storm in the Glass",
            "The Storm in the Glass",
            WITHIN,
            id="name-behind-a-film-about-it",
        ),
        pytest.param("Blue", "Blue: The Making", WITHIN, id="a-film-about-it"),
        pytest.param("Blue", "Blue Wonder", WITHIN, id="longer-name"),
        pytest.param("Wonder", "Blue Wonder", WITHIN, id="longer-name-behind"),
        pytest.param("Blue", "Blues", NONE, id="longer-word"),
        pytest.param("Thelong Blackout", "Thelong Blackouts", CLOSE, id="one-letter"),
        pytest.param("The Blue Wonder", "Blue Wonder", TRIMMED, id="article"),
        pytest.param("Marvel's Blue", "Blue", TRIMMED, id="studio"),
        pytest.param("Giger's Blue", "Blue", WITHIN, id="another-name-in-front"),
    ],
)
def test_what_is_alike_has_its_grade(one: str, other: str, expected: Alike) -> None:
    assert alike(one, other) is expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Blue", "Blue: Part One", True, id="first-part"),
        pytest.param("Blue", "Blue: Part Two", False, id="second-part"),
        pytest.param("Blue", "Blue Part Two", False, id="second-part-without-a-colon"),
        pytest.param("Blue 20", "Blue 20: 20 Years Later", True, id="number-said-twice"),
        pytest.param("Blue", "Blue: 20 Years Later", False, id="number-said-once"),
        pytest.param("Blue 2 Red", "The Blue 3 Red", False, id="other-number"),
        pytest.param("Blue: Eight Nights", "Blue", True, id="a-word-is-no-part-number"),
        pytest.param("The Blue Two", "Blue 2", True, id="number-in-words"),
    ],
)
def test_numbers_are_evidence(one: str, other: str, *, same: bool) -> None:
    assert compare(folded(one), folded(other)).same_numbers is same


@pytest.mark.parametrize(
    ("one", "other", "spelling"),
    [
        ("Dune", "DUNE", Spelling.EXACT),
        ("Schindler\u2019s List", "Schindler's List", Spelling.EXACT),
        ("Blue & Red", "Blue and Red", Spelling.EXACT),
        ("Drácula", "Dracula", Spelling.WORDS),
        ("50-50", "50/50", Spelling.WORDS),
        ("Spider-Man", "Spiderman", Spelling.LETTERS),
    ],
)
def test_the_same_title_may_be_spelt_nearer(one: str, other: str, spelling: Spelling) -> None:
    assert compare(folded(one), folded(other)).spelling is spelling
