from __future__ import annotations

import pytest

from listsync.domain.lists import Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import ResponseChangedError
from listsync.providers.stevenlu.source import StevenLuSource, parse
from tests.contract.providers.cases import stevenlu_provider
from tests.contract.providers.site import Site, answer, sample


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("popular", "movies"),
        (" movies ", "movies"),
        ("all", "all-movies"),
        ("movies-imdb-min7", "movies-imdb-min7"),
        ("movies-metacritic-min80", "movies-metacritic-min80"),
        ("movies-20261121", "movies-20261121"),
        ("https://popular-movies-data.stevenlu.com/movies-imdb-min7.json", "movies-imdb-min7"),
        ("https://s3.amazonaws.com/popular-movies/movies.json", "movies"),
        ("https://movies.stevenlu.com/", "movies"),
    ],
)
def test_accepted_forms(text: str, name: str) -> None:
    assert parse(text) == StevenLuSource(name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no list of StevenLu"),
        ("populer", "no list of StevenLu"),
        ("movies-imdb-min9", "no list of StevenLu"),
        ("../movies", "no list of StevenLu"),
        ("https://example.com/movies.json", "no known address"),
        ("https://popular-movies-data.stevenlu.com.example/movies.json", "no known address"),
        ("https://trakt.tv/movies/trending", "belongs to Trakt"),
    ],
)
def test_other_forms_are_refused_with_those_that_are_not(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"{words}.*accepted: popular, all, movies-imdb-min7"):
        parse(text)


def test_films_come_best_first_with_their_ids() -> None:
    site = Site.of({"*": sample("stevenlu/movies.json")})
    fetched = stevenlu_provider(site, "all").fetch(None)
    first = fetched.entries[0]
    assert (first.title, first.kind, first.rank) == ("The Lantern Keeper", MediaType.MOVIE, 1)
    assert first.ids == ExternalIds(imdb="tt90000011", tmdb=9000011)
    assert site.paths == ["/all-movies.json"]


def test_the_next_question_is_conditional() -> None:
    first = stevenlu_provider(Site.of({"*": sample("stevenlu/movies.json")})).fetch(None)
    assert first.validators is not None
    assert first.validators.etag == '"5f2b6c1d0e9a4a7b8c"'
    site = Site.of({"*": sample("stevenlu/not-modified-304.json")})
    second = stevenlu_provider(site).fetch(first.validators)
    assert second.is_unchanged
    assert second.validators == first.validators
    assert site.seen[0].headers["if-none-match"] == first.validators.etag


def test_no_rows_are_no_empty_list() -> None:
    with pytest.raises(ResponseChangedError, match="movies has no rows"):
        stevenlu_provider(Site.of({"*": answer(b"[]")})).fetch(Validators())


def test_a_bad_id_costs_the_id_and_not_the_row() -> None:
    body = b'[{"title": "A", "imdb_id": "N/A", "tmdb_id": "x"}]'
    fetched = stevenlu_provider(Site.of({"*": answer(body)})).fetch(None)
    assert fetched.entries[0].title == "A"
    assert not fetched.entries[0].ids
