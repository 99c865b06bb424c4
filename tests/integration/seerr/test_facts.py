"""What the client reads of one title."""

from __future__ import annotations

from datetime import date

import pytest

from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.server import Production, TitleFacts
from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr

FILM = TitleKey(MediaType.MOVIE, 979_000_001)
SERIES = TitleKey(MediaType.TV, 979_000_002)
_PEOPLE = frozenset({"Ann Maker", "Bob Player"})
_COMPANIES = frozenset({"Fact Films"})


@pytest.fixture(autouse=True)
def titles(sandbox: SandboxProcess) -> None:
    common = {"language": "fr", "votes": 1200, "rating": 7.4, "date": "2021-03-04"}
    common |= {"people": ["Ann Maker", "Bob Player"], "companies": ["Fact Films"]}
    film = {"imdb_id": "tt9790001", "genres": ["Science Fiction", "Comedy"], "title": "Fact"}
    made = {"releases": {"FR": "2021-03-04", "US": "2023-01-02"}, "collection": 979}
    series = {"imdb_id": "tt9790002", "genres": ["Reality"], "title": "Facts", "tvdb_id": 979_002}
    for key, more in (
        (FILM, {**film, **made}),
        (SERIES, {**series, "seasons": 3, "announced": 1}),
    ):
        row = {"media_type": key.kind.value, "tmdb_id": key.tmdb_id, **common, **more}
        sandbox.admin("titles", row)


FACTS = {
    FILM: TitleFacts(
        ids=ExternalIds(imdb="tt9790001", tmdb=FILM.tmdb_id),
        year=2021,
        genres=frozenset({"science fiction", "comedy"}),
        rating=7.4,
        votes=1200,
        language="fr",
        title="Fact",
        original_title="Fact",
        production=Production(
            release_years=frozenset({2021, 2023}),
            people=_PEOPLE,
            companies=_COMPANIES,
            collection=979,
        ),
    ),
    SERIES: TitleFacts(
        ids=ExternalIds(imdb="tt9790002", tmdb=SERIES.tmdb_id, tvdb=979_002),
        year=2021,
        genres=frozenset({"reality"}),
        rating=7.4,
        votes=1200,
        language="fr",
        title="Facts",
        original_title="Facts",
        production=Production(
            release_years=frozenset({2021, 2022}), people=_PEOPLE, companies=_COMPANIES
        ),
    ),
}


@pytest.mark.parametrize("key", FACTS)
def test_facts_are_read_in_one_call_and_in_english(
    seerr: Seerr, sandbox: SandboxProcess, key: TitleKey
) -> None:
    sandbox.admin("settings", {"locale": "de"})
    try:
        assert seerr.facts(key) == FACTS[key]
    finally:
        sandbox.admin("settings", {"locale": "en"})
    assert seerr.calls == 1


def test_the_parts_of_a_film_series_are_in_the_order_of_their_release(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    later = {"media_type": "movie", "tmdb_id": 979_000_003, "title": "Fact: Again"}
    sandbox.admin("titles", {**later, "date": "2020-01-01", "collection": 979})
    assert [key.tmdb_id for key in seerr.parts(979)] == [979_000_003, FILM.tmdb_id]
    assert [key.tmdb_id for key in seerr.parts(2344)] == [603, 604, 605, 624860]
    assert seerr.calls == 2


def test_the_sandbox_knows_the_truth_of_a_few_titles(seerr: Seerr) -> None:
    paradiso, thing, peter_pan = (
        seerr.facts(TitleKey(MediaType.MOVIE, number)).production
        for number in (11216, 1091, 10693)
    )
    assert paradiso is not None
    assert thing is not None
    assert peter_pan is not None
    assert paradiso.release_years == {1988, 1990}
    assert "John Carpenter" in thing.people
    assert "Walt Disney Productions" in peter_pan.companies


def test_a_title_without_votes_has_no_rating(seerr: Seerr) -> None:
    facts = seerr.facts(TitleKey(MediaType.MOVIE, 20_000_001))
    assert (facts.rating, facts.votes) == (None, 0)


def test_a_series_brings_its_facts_and_when_its_seasons_air(seerr: Seerr) -> None:
    details = seerr.series(SERIES.tmdb_id)
    assert details.facts == FACTS[SERIES]
    assert details.ids == FACTS[SERIES].ids
    assert [(one.number, one.airs) for one in details.seasons] == [
        (0, date(2021, 3, 4)),
        (1, date(2021, 3, 4)),
        (2, date(2022, 3, 4)),
        (3, None),
    ]
    assert seerr.calls == 1


@pytest.mark.parametrize(("kind", "word"), [(MediaType.MOVIE, "film"), (MediaType.TV, "series")])
def test_a_title_that_does_not_exist_is_told(seerr: Seerr, kind: MediaType, word: str) -> None:
    with pytest.raises(UnavailableError, match=f"or knows no such {word}"):
        seerr.facts(TitleKey(kind, 2_000_000_000))
