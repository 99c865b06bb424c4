from __future__ import annotations

import json

import pytest

from listsync.domain.media import MediaType
from listsync.providers.tmdb.source import parse
from tests.contract.providers.site import FIXTURES

KNOWN = json.loads((FIXTURES / "addresses/url-forms.json").read_text())["cases"]
OURS = {case["input"]: case["kind"] for case in KNOWN if case["provider"] == "tmdb"}
SITE = "https://www.themoviedb.org"


@pytest.mark.parametrize(("text", "kind"), OURS.items())
def test_every_known_address_is_a_list_or_refused_as_none(text: str, kind: str) -> None:
    if kind in ("title", "user"):
        words = "one title, not a list" if kind == "title" else "by its owner only"
        with pytest.raises(ValueError, match=f"{words}; accepted: 123, list/123"):
            parse(text)
    else:
        source = parse(text)
        assert parse(str(source)) == source


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" 8990001 ", "list/8990001"),
        ("list/08990001", "list/8990001"),
        ("list/8990001-synthetic-list", "list/8990001"),
        (f"{SITE}/list/8990001-synthetic-list?language=de", "list/8990001"),
        ("themoviedb.org/de-DE/list/8990001", "list/8990001"),
        ("collection/99001", "collection/99001"),
        (f"{SITE}/collection/99001-lantern-keeper-collection", "collection/99001"),
        ("collection/ Lantern  Keeper", "collection/Lantern Keeper"),
        ("collection/28 Days/Weeks Later Collection", "collection/28 Days/Weeks Later Collection"),
        ("keyword/9799", "keyword/9799/movie"),
        (f"{SITE}/keyword/9799-synthetic/tv", "keyword/9799/tv"),
        ("company/99010/tv", "company/99010/tv"),
        (f"{SITE}/company/99010", "company/99010/movie"),
        ("network/49", "network/49"),
        (f"{SITE}/network/49-sample", "network/49"),
        (f"{SITE}/movie", "movie/popular"),
        ("movie/top-rated", "movie/top_rated"),
        ("movie/now_playing", "movie/now_playing"),
        ("tv", "tv/popular"),
        (f"{SITE}/tv/on-the-air", "tv/on_the_air"),
        ("trending/movie", "trending/movie/week"),
        ("trending/all/day", "trending/all/day"),
        ("discover/movie?with_genres=27", "discover/movie?with_genres=27"),
        (
            "discover/tv?with_genres=18,35&vote_count.gte=100&page=3&air_date.gte=2026-01-01",
            "discover/tv?air_date.gte=2026-01-01&vote_count.gte=100&with_genres=18,35",
        ),
        (f"{SITE}/person/990001-ada-sample?language=de", "person/990001"),
        ("person/990001/director", "person/990001/director"),
        (f"{SITE}/discover/movie?with_genres=27#x", "discover/movie?with_genres=27"),
        (f"{SITE}/trending/tv/day", "trending/tv/day"),
        (f"{SITE}/tv/airing-today", "tv/airing_today"),
        ("discover/movie?with_genres=27%7C53", "discover/movie?with_genres=27|53"),
    ],
)
def test_accepted_forms_have_one_name(text: str, name: str) -> None:
    assert str(parse(text)) == name
    assert str(parse(name)) == name


@pytest.mark.parametrize(
    ("text", "path", "kind", "params"),
    [
        ("8990001", "list/8990001", None, ()),
        ("collection/99001", "collection/99001", MediaType.MOVIE, ()),
        ("keyword/9799", "discover/movie", MediaType.MOVIE, (("with_keywords", "9799"),)),
        ("company/99010/tv", "discover/tv", MediaType.TV, (("with_companies", "99010"),)),
        ("network/49", "discover/tv", MediaType.TV, (("with_networks", "49"),)),
        ("discover/tv?year=1", "discover/tv", MediaType.TV, (("year", "1"),)),
        ("discover/tv?api_key=0123&year=1&token=x", "discover/tv", MediaType.TV, (("year", "1"),)),
        ("tv/top-rated", "tv/top_rated", MediaType.TV, ()),
        ("trending/all", "trending/all/week", None, ()),
    ],
)
def test_each_form_has_its_place(
    text: str, path: str, kind: MediaType | None, params: tuple[tuple[str, str], ...]
) -> None:
    source = parse(text)
    assert (source.path, source.kind, source.params) == (path, kind, params)
    assert source.is_list is path.startswith("list/")
    assert source.is_chart is (path in ("tv/top_rated", "trending/all/week"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no list of TMDB"),
        ("0", "no list of TMDB"),
        ("list/0", "no list of TMDB"),
        ("9" * 400, "no list of TMDB"),
        (f"list/{'9' * 400}", "no list of TMDB"),
        ("a-name", "no list of TMDB"),
        ("list/name", "no list of TMDB"),
        ("../list/1", "no list of TMDB"),
        ("movie/airing-today", "no list of TMDB"),
        ("tv/upcoming", "no list of TMDB"),
        ("trending/person/week", "no list of TMDB"),
        ("discover/movie", "no list of TMDB"),
        ("discover/movie?", "no list of TMDB"),
        ("discover/movie?page=2", "no list of TMDB"),
        ("discover/movie?with_genres=27&with_genres=53", "no list of TMDB"),
        ("discover/movie?api_key=0123", "no list of TMDB"),
        ("discover/movie?../x=1", "no filter called ../x"),
        ("movie/9000011", "one title, not a list"),
        ("u/sample_user/watchlist", "read by its owner only"),
        ("https://www.themoviedb.org.example/list/1", "no known address of TMDB"),
        ("https://www.themoviedb.org/review/1", "no known address of TMDB"),
        ("person/0", "no list of TMDB"),
        ("person/1/stunts", "no list of TMDB"),
        ("https://www.imdb.com/list/ls990000001", "belongs to IMDb"),
        ("ls990000001", "belongs to IMDb"),
    ],
)
def test_other_forms_are_refused_with_those_that_are_not(text: str, words: str) -> None:
    with pytest.raises(
        ValueError, match=f"{words}; (accepted|leave)|{words}, not to TMDB; accepted"
    ):
        parse(text)
