"""Titles that hardly anybody knows, beside those that everybody knows."""

from __future__ import annotations

import pytest

from listsync.domain.decisions import Found, Match
from listsync.domain.media import MediaType
from listsync.domain.server import Candidate
from listsync.sync.titles.evidence import sought
from listsync.sync.titles.matching import choose
from tests.builders import MOVIE, TV, offer

UNKNOWN, KNOWN, FAMOUS = 60, 900, 9000


def chosen(
    title: str, year: int | None, *offered: Candidate, kind: MediaType | None = MOVIE
) -> Match:
    return choose(sought(title, None, year, kind), offered, is_complete=True)


def film(
    title: str, year: int, votes: int, *, tmdb: int = 1, kind: MediaType = MOVIE
) -> Candidate:
    return offer(title, year, kind, tmdb=tmdb, votes=votes)


@pytest.mark.parametrize(
    ("unknown", "famous"),
    [
        pytest.param(("Social Network", 2010), ("The Social Network", 2010), id="article"),
        pytest.param(("Social Network", 2010), ("The Social Networks", 2010), id="similar"),
        pytest.param(("Social Network", 2010), ("Mark", 2010), id="offered-for-another-name"),
        pytest.param(("The Social Network", 2010), ("Social Network", 1999), id="the-very-name"),
        pytest.param(("Social Network: A Fan Film", 2010), ("Facebook", 2010), id="companion"),
    ],
)
def test_a_title_that_nobody_knows_does_not_stand_in_for_a_famous_one(
    unknown: tuple[str, int], famous: tuple[str, int]
) -> None:
    little, much = film(*unknown, UNKNOWN), film(*famous, FAMOUS, tmdb=2)
    match = chosen("Social Network", 2010, little, much)
    assert match.found is Found.REVIEW
    assert {one.key for one in match.candidates} == {little.key, much.key}


def test_a_famous_title_of_the_year_comes_before_the_very_name_of_another() -> None:
    offered = film("Hunger Games", 2013, UNKNOWN), film("The Hunger Games", 2012, FAMOUS, tmdb=2)
    assert chosen("Hunger Games", 2012, *offered).key == offered[1].key


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param(film("Whiplash", 2014, FAMOUS, tmdb=2), id="the-name-in-another-year"),
        pytest.param(film("Whip", 2014, FAMOUS, tmdb=2), id="another-name-in-another-year"),
        pytest.param(film("The Whiplash", 2013, KNOWN, tmdb=2), id="known-a-little-better"),
        pytest.param(film("9", 2013, FAMOUS, tmdb=2), id="digits"),
        pytest.param(film("Cinderella", 2013, 5000, tmdb=2), id="another-name"),
        pytest.param(
            film("Whiplash", 2014, FAMOUS, tmdb=2, kind=TV), id="a-series-of-another-year"
        ),
    ],
)
def test_a_little_known_title_of_that_name_and_year_is_taken(beside: Candidate) -> None:
    assert chosen("Whiplash", 2013, film("Whiplash", 2013, 100), beside).found is Found.FOUND


def test_a_number_within_another_is_no_name() -> None:
    offered = film("$9.99", 2009, 600), film("9", 2009, 20_000, tmdb=2)
    assert chosen("$9.99", 2009, *offered).key == offered[0].key


def test_a_namesake_of_the_other_kind_and_of_that_year_may_be_meant() -> None:
    series = film("M*A*S*H", 1972, KNOWN, kind=TV)
    of_the_year = film("M*A*S*H", 1970, KNOWN, tmdb=2)
    assert chosen("M*A*S*H", 1971, series, kind=TV).found is Found.FOUND
    assert chosen("M*A*S*H", 1971, series, film("M*A*S*H", 1971, 9), kind=TV).found is Found.REVIEW
    assert chosen("M*A*S*H", 1972, series, of_the_year, kind=TV).found is Found.FOUND


@pytest.mark.parametrize(
    ("twin", "found"), [(90, Found.FOUND), (300, Found.REVIEW), (5000, Found.REVIEW)]
)
def test_of_twins_one_that_nobody_knows_is_left_out(twin: int, found: Found) -> None:
    twins = film("Nope", 2022, 6000), film("Nope", 2022, twin, tmdb=2)
    assert chosen("Nope", 2022, *twins).found is found


def test_twins_that_nobody_knows_are_for_review() -> None:
    twins = film("Nope", 2022, 0), film("Nope", 2022, 0, tmdb=2)
    assert chosen("Nope", 2022, *twins).found is Found.REVIEW


def test_what_is_new_is_known_by_its_popularity() -> None:
    coming = offer("The Odyssey", 2026, tmdb=1, popularity=700.0)
    twin = offer("The Odyssey", 2026, tmdb=2, popularity=0.5)
    assert chosen("The Odyssey", 2026, coming, twin).key == coming.key


@pytest.mark.parametrize(
    ("title", "found"),
    [
        pytest.param("Pulp Ficton", Found.FOUND, id="a-letter-left-out"),
        pytest.param("Pulp Fiktion", Found.FOUND, id="another-letter"),
        pytest.param("Pulp Fixation", Found.REVIEW, id="more-than-a-slip"),
    ],
)
def test_a_famous_title_of_the_year_may_be_misspelt(title: str, found: Found) -> None:
    assert chosen(title, 1994, film("Pulp Fiction", 1994, FAMOUS)).found is found


@pytest.mark.parametrize(
    "offered",
    [
        pytest.param([film("Pulp Fiction", 1994, KNOWN)], id="not-famous"),
        pytest.param([film("Pulp Fiction", 1995, FAMOUS)], id="another-year"),
        pytest.param(
            [film("Pulp Fiction", 1994, FAMOUS), film("Pulp Friction", 1994, KNOWN, tmdb=2)],
            id="a-rival",
        ),
    ],
)
def test_a_misspelt_title_is_taken_only_where_nothing_else_is_near(
    offered: list[Candidate],
) -> None:
    assert chosen("Pulp Ficton", 1994, *offered).found is Found.REVIEW


def test_a_short_title_is_not_misspelt() -> None:
    assert chosen("Jawes", 1975, film("Jaws", 1975, FAMOUS)).found is Found.REVIEW


@pytest.mark.parametrize(
    ("votes", "found"), [(3000, Found.FOUND), (6000, Found.FOUND), (8000, Found.REVIEW)]
)
def test_without_a_year_the_name_must_mean_this_title_first(votes: int, found: Found) -> None:
    longer = film("The Star Wars Story", 2017, votes, tmdb=2)
    match = chosen("Star Wars", None, film("Star Wars", 1977, 10_000), longer)
    assert (match.found, longer in match.candidates) == (found, True)


def test_without_a_year_a_shorter_title_says_nothing() -> None:
    match = chosen(
        "Drive My Car", None, film("Drive My Car", 2021, KNOWN), film("Drive", 2011, 9000)
    )
    assert match.found is Found.FOUND


def test_both_halves_of_a_title_could_be_meant() -> None:
    whole, half = film("Grindhouse", 2007, 3000), film("Planet Terror", 2007, 4500, tmdb=2)
    assert chosen("Grindhouse: Planet Terror", 2007, whole, half).found is Found.REVIEW
    assert chosen("Grindhouse: Planet Terror", 2007, whole).found is Found.FOUND


def test_the_very_name_of_a_near_year_rivals_a_subtitle_of_the_year() -> None:
    sequel, first = film("Crank: High Voltage", 2009, 3000), film("Crank", 2006, 5000, tmdb=2)
    assert chosen("Crank", 2009, sequel, first).found is Found.REVIEW
    assert chosen("Crank", 2009, sequel).found is Found.FOUND


@pytest.mark.parametrize(
    ("countries", "found"),
    [(("AU",), Found.FOUND), (("US",), Found.REVIEW), ((), Found.REVIEW)],
)
def test_a_country_must_be_that_of_a_series_of_another_year(
    countries: tuple[str, ...], found: Found
) -> None:
    made = offer("MasterChef", 2010, TV, countries=countries)
    assert chosen("MasterChef (AU)", 2009, made, kind=TV).found is found


def test_a_country_is_part_of_the_name_of_many_a_series() -> None:
    offered = offer("MasterChef Australia", 2009, TV), offer("MasterChef", 2010, TV, tmdb=2)
    assert chosen("MasterChef (AU)", 2009, *offered, kind=TV).key == offered[0].key


def test_a_title_in_latin_letters_is_that_of_another_script() -> None:
    hero = offer("Hero", 2002, original="英雄")
    assert chosen("Ying xiong", 2002, hero).found is Found.FOUND
    assert chosen("Nochnoy dozor", 2004, offer("Night Watch", 2004, original="Ночной дозор")).key
    assert chosen("Ying xiong", 2004, hero).found is not Found.FOUND


def test_the_words_of_a_candidate_say_where_it_is_from_and_who_knows_it() -> None:
    made = offer("MasterChef", 2010, TV, countries=("AU", "GB"), votes=1234)
    match = chosen("MasterChef", 2010, made, kind=TV)
    assert "same title, same year, AU/GB, 1,234 votes" in match.reasons[0]


UNHEARD_OF, LITTLE = 5, 120


@pytest.mark.parametrize(
    "offered",
    [
        pytest.param(
            [film("Jaws", 1974, UNHEARD_OF), film("Jaws", 2012, KNOWN, tmdb=2)], id="remake"
        ),
        pytest.param([film("The Jaws", 1975, LITTLE)], id="article"),
        pytest.param([film("Jaws: The Inside Story", 1975, LITTLE)], id="subtitle"),
        pytest.param([film("Jaws: The Making of a Legend", 1975, 300)], id="about-it"),
        pytest.param([film("Jaws Movie", 1975, LITTLE)], id="movie"),
        pytest.param(
            [film("Jaws", 1975, UNHEARD_OF), film("Jaws", 1976, FAMOUS, tmdb=2)], id="slip"
        ),
        pytest.param(
            [film("Jaws", 1975, UNHEARD_OF), film("Ed: Jaws", 1975, 300, tmdb=2)], id="maker"
        ),
    ],
)
def test_what_hardly_anybody_knows_needs_the_very_name_and_year(offered: list[Candidate]) -> None:
    assert chosen("Jaws", 1975, *offered).found is not Found.FOUND


@pytest.mark.parametrize(
    "offered",
    [
        pytest.param([film("Jaws", 1974, UNHEARD_OF)], id="alone-a-year-off"),
        pytest.param([film("Jaws", 1975, UNHEARD_OF)], id="alone"),
        pytest.param([film("The Jaws", 1975, KNOWN)], id="known-article"),
        pytest.param([film("Jaws: A Tale of the Sea", 1975, KNOWN)], id="known-subtitle"),
        pytest.param([film("The Jaws Movie", 1975, KNOWN)], id="known-movie"),
        pytest.param(
            [film("Jaws", 1975, UNHEARD_OF), film("Sharks", 1975, KNOWN, tmdb=2)],
            id="another-film",
        ),
    ],
)
def test_what_hardly_anybody_knows_is_taken_where_nothing_speaks_against_it(
    offered: list[Candidate],
) -> None:
    assert chosen("Jaws", 1975, *offered).key == offered[0].key


def test_a_season_listed_as_a_series_is_not_a_series_that_nobody_has_heard_of() -> None:
    offered = (
        film("Titans: The Final Season", 2020, UNHEARD_OF, kind=TV),
        film("Titans", 2013, FAMOUS, kind=TV, tmdb=2),
    )
    assert chosen("Titans: The Final Season", 2020, *offered, kind=TV).found is Found.REVIEW


def test_a_known_film_written_otherwise_is_taken_beside_its_famous_remake() -> None:
    offered = film("Ocean's 11", 1960, 400), film("Ocean's Eleven", 2001, FAMOUS, tmdb=2)
    assert chosen("Ocean's Eleven", 1960, *offered).key == offered[0].key
