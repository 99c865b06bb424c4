"""What the client reads of one title."""

from __future__ import annotations

from datetime import date

import pytest

from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.server import TitleFacts
from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr

FILM = TitleKey(MediaType.MOVIE, 979_000_001)
SERIES = TitleKey(MediaType.TV, 979_000_002)


@pytest.fixture(autouse=True)
def titles(sandbox: SandboxProcess) -> None:
    common = {"language": "fr", "votes": 1200, "rating": 7.4, "date": "2021-03-04"}
    film = {"imdb_id": "tt9790001", "genres": ["Science Fiction", "Comedy"], "title": "Fact"}
    series = {"imdb_id": "tt9790002", "genres": ["Reality"], "title": "Facts", "tvdb_id": 979_002}
    for key, more in ((FILM, film), (SERIES, {**series, "seasons": 3, "announced": 1})):
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
