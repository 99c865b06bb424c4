from __future__ import annotations

import pytest

from listsync.domain.list_rules import Filters, Seasons, Span, Which
from listsync.domain.media import NO_IDS
from listsync.domain.notices import NoticeKind
from listsync.domain.server import Season, SeriesDetails, TitleFacts
from listsync.domain.server_knowledge import (
    ServerDoubt,
    doubt_of_index,
    doubt_of_server,
    doubt_of_state,
)

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
    ("lost", "requested", "is_doubted"),
    [(50, 100, False), (51, 100, True), (9, 9, False), (10, 10, True), (0, 0, False)],
)
def test_an_index_that_lacks_many_of_the_requests_is_in_doubt(
    lost: int, requested: int, *, is_doubted: bool
) -> None:
    doubt = doubt_of_index(lost=lost, requested=requested)
    assert (doubt is not None) == is_doubted


@pytest.mark.parametrize(
    ("doubt", "kind", "why"),
    [
        (doubt_of_state("it was mended"), NoticeKind.STATE_IN_DOUBT, "it was mended"),
        (
            doubt_of_server(3),
            NoticeKind.SERVER_REPLACED,
            "this is another server; 3 titles were handled at the last",
        ),
        (
            doubt_of_index(lost=51, requested=100),
            NoticeKind.REQUESTS_GONE,
            "the server has lost 51 of the 100 titles requested",
        ),
    ],
    ids=["state", "server", "index"],
)
def test_a_doubt_says_why_and_how_to_go_on(doubt: ServerDoubt, kind: NoticeKind, why: str) -> None:
    assert doubt.kind is kind
    assert doubt.text.startswith(f"{why}: requests are on hold until you confirm: ")
    assert "--confirm" in doubt.text


def test_nothing_speaks_against_a_server_that_is_known_and_a_whole_state() -> None:
    assert (doubt_of_state(""), doubt_of_server(0)) == (None, None)
