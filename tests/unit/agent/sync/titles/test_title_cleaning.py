"""What stands around a title."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.sync.titles.evidence import sought
from listsync.sync.titles.lookups import queries
from listsync.sync.titles.title_folding import cleaned


@pytest.mark.parametrize(
    ("title", "name"),
    [
        pytest.param("Fast &amp; Furious", "Fast & Furious", id="entity"),
        pytest.param("Schindler&amp;#39;s List", "Schindler's List", id="entity-twice"),
        pytest.param("Am\u00c3\u00a9lie", "Am\u00e9lie", id="mojibake"),
        pytest.param("1. Alien", "Alien", id="rank"),
        pytest.param("12) Alien", "Alien", id="rank-in-brackets"),
        pytest.param("#7 Alien", "Alien", id="rank-with-a-sign"),
        pytest.param("[KR] Parasite", "Parasite", id="language"),
        pytest.param("EN - Parasite", "Parasite", id="language-with-a-dash"),
        pytest.param("Film: Parasite", "Parasite", id="kind"),
        pytest.param("Alien (4K UHD)", "Alien", id="4k"),
        pytest.param("Alien [Criterion Collection]", "Alien", id="edition"),
        pytest.param("Alien (a.k.a. Star Beast)", "Alien", id="aka"),
        pytest.param("Alien aka Star Beast", "Alien", id="aka-in-words"),
        pytest.param("My Bloody Valentine 3-D", "My Bloody Valentine", id="3d"),
        pytest.param("3. [KR] Parasite (4K)", "Parasite", id="several"),
    ],
)
def test_what_surrounds_a_title_is_taken_off(title: str, name: str) -> None:
    assert cleaned(title) == name


@pytest.mark.parametrize(
    "title",
    [
        "[Rec] 2",
        "[REC]",
        "2012",
        "9",
        "1.",
        "3D",
        "#Alive",
        "21 & Over",
        "(500) Days of Summer",
        "A.I.",
        "Movie 43",
        "Film",
        "Mad Max 2",
        "Se7en",
        "Ão",
        "M - Eine Stadt sucht",
        "Critters 4",
        "47",
    ],
)
def test_what_belongs_to_a_title_stays(title: str) -> None:
    assert cleaned(title) == title


@given(st.text())
def test_something_is_always_left(title: str) -> None:
    assert cleaned(title).strip() or not title.strip() or not any(map(str.isalnum, title))
    cleaned(cleaned(title))


def test_a_search_uses_the_name_without_what_surrounds_it() -> None:
    assert queries(sought("#7 Alien", None, 1979, None)) == [("Alien", 1979), ("Alien", None)]
    assert queries(sought("MasterChef (AU)", None, 2009, None))[2] == (
        "MasterChef Australia",
        2009,
    )


def test_a_title_is_searched_for_without_its_year_too() -> None:
    assert ("Dune", 2021) in queries(sought("Dune 2021", None, 2021, None))
