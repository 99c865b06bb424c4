from __future__ import annotations

import pytest

from listsync.domain.list_rules import Filters, Seasons, Span, Which
from listsync.domain.media import NO_IDS
from listsync.domain.server import Season, SeriesDetails, TitleFacts
from listsync.domain.server_knowledge import Trust

FACTS = TitleFacts(
    ids=NO_IDS,
    year=1999,
    genres=frozenset({"action", "science fiction"}),
    rating=8.2,
    votes=26_000,
    language="en",
)
UNKNOWN = TitleFacts(ids=NO_IDS)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(), None),
        (Filters(year=Span(1999, 1999)), None),
        (Filters(year=Span(2000, None)), "year 1999, the list takes >=2000"),
        (Filters(year=Span(None, 1998)), "year 1999, the list takes <=1998"),
        (Filters(year=Span(1980, 1989)), "year 1999, the list takes 1980-1989"),
        (Filters(rating=Span(8.2, None)), None),
        (Filters(rating=Span(8.3, 9)), "rating 8.2, the list takes 8.3-9"),
        (Filters(votes=Span(30_000, None)), "votes 26000, the list takes >=30000"),
        (Filters(genres=frozenset({"action", "war"})), None),
        (Filters(genres=frozenset({"war", "drama"})), "none of the genres drama, war"),
        (Filters(genres_not=frozenset({"action"})), "genre action"),
        (Filters(languages=frozenset({"en", "de"})), None),
        (Filters(languages=frozenset({"de"})), "language en, not de"),
        (Filters(languages_not=frozenset({"en"})), "language en"),
    ],
)
def test_a_filter_says_what_it_has_against_a_title(filters: Filters, said: str | None) -> None:
    assert filters.objection(FACTS) == said


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(year=Span(1990, None)), "year unknown, the list takes >=1990"),
        (Filters(rating=Span(None, 9)), "rating unknown, the list takes <=9"),
        (Filters(languages=frozenset({"en"})), "language unknown, not en"),
        (Filters(genres_not=frozenset({"war"}), languages_not=frozenset({"en"})), None),
    ],
)
def test_what_the_catalogue_does_not_say_does_not_fit(filters: Filters, said: str | None) -> None:
    assert filters.objection(UNKNOWN) == said


def test_no_filters_are_none() -> None:
    assert not Filters()
    assert Filters(votes=Span(1, None))


def series(*numbers: int, announced: tuple[int, ...] = ()) -> SeriesDetails:
    seasons = [Season(number=n, episodes=0 if n in announced else 8) for n in numbers]
    return SeriesDetails(ids=NO_IDS, seasons=tuple(seasons))


@pytest.mark.parametrize(
    ("seasons", "wanted"),
    [
        (Seasons(), {1, 2, 3}),
        (Seasons(which=Which.FIRST), {1}),
        (Seasons(which=Which.LATEST), {3}),
        (Seasons(which=Which.LATEST, count=2), {2, 3}),
        (Seasons(which=Which.LATEST, count=9), {1, 2, 3}),
        (Seasons(which=Which.NAMED, numbers=frozenset({0, 2})), {0, 2}),
    ],
)
def test_seasons_of_a_series(seasons: Seasons, wanted: set[int]) -> None:
    assert seasons.of(series(0, 1, 2, 3, 4, announced=(4,))) == wanted


@pytest.mark.parametrize(
    ("seasons", "said"),
    [
        (Seasons(), "all"),
        (Seasons(which=Which.FIRST), "first"),
        (Seasons(which=Which.LATEST, count=2), "latest:2"),
        (Seasons(which=Which.NAMED, numbers=frozenset({10, 2, 0})), "0,2,10"),
    ],
)
def test_a_rule_of_seasons_has_a_name_for_good(seasons: Seasons, said: str) -> None:
    assert str(seasons) == said


def test_announced_seasons_count_where_none_has_episodes_and_specials_never_do() -> None:
    assert Seasons().of(series(0, 1, announced=(1,))) == {1}
    assert Seasons(which=Which.LATEST).of(series(0)) == set()


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        (Trust(asked=100, gone=50), None),
        (Trust(asked=100, gone=51), "the server has lost 51 of the 100 titles requested"),
        (Trust(asked=9, gone=9), None),
        (Trust(asked=10, gone=10), "the server has lost 10 of the 10"),
        (Trust(asked_elsewhere=3), "this is another server; 3 titles were handled at the last"),
    ],
    ids=str,
)
def test_a_server_that_may_not_be_meant(trust: Trust, said: str | None) -> None:
    doubt = trust.doubt
    assert bool(doubt) == bool(said)
    assert (doubt or "").startswith(said or "")
    assert doubt is None or "--confirm" in doubt
