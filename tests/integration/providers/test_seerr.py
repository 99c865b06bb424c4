from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from listsync.config.configuration import Config, load
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import ConfigError, RefusedError
from listsync.providers.seerr.reader import ServerWatchlist
from listsync.providers.seerr.source import SeerrSource, parse
from tests.contract.providers.cases_seerr import DISCOVER, OWNERS, seerr_provider
from tests.contract.providers.site import Site, answer, sample


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("watchlist", None),
        (" Watchlist ", None),
        ("watchlist/3", "3"),
        ("watchlist/anna", "anna"),
        ("watchlist/anna@example.org", "anna@example.org"),
        ("watchlist/Ännchen Müller", "Ännchen Müller"),
        ("watchlist/a/b", "a/b"),
    ],
)
def test_accepted_forms(text: str, user: str | None) -> None:
    assert parse(text) == SeerrSource(user)
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no watchlist of the request server"),
        ("watchlist/", "no watchlist of the request server"),
        ("watchlist/a\x00b", "no watchlist of the request server"),
        ("watchlist/" + "a" * 201, "no watchlist of the request server"),
        ("requests", "no watchlist of the request server"),
        ("https://seerr.example/users/3/watchlist", "server.url: write watchlist/3;"),
        ("http://box:5055/base/profile/watchlist?page=2", "server.url: write watchlist;"),
        ("https://trakt.tv/movies/trending", "belongs to Trakt"),
        ("https://trakt.tv/users/3/watchlist", "belongs to Trakt"),
    ],
)
def test_other_forms_are_refused_with_those_that_are_not(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"{words}.*accepted: watchlist "):
        parse(text)


def configured(folder: Path, text: str) -> Config:
    path = folder / "listsync.yaml"
    path.write_text(text)
    return load(path, {})


def test_the_watchlist_is_that_of_whom_its_titles_are_requested_as(tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        """\
server: {url: sandbox, request_as: anna}
lists:
  - seerr: watchlist
  - {seerr: watchlist, name: of ben, request_as: 3}
  - {seerr: watchlist/carl, request_as: ben}
""",
    )
    sources = [one.rules.source for one in config.lists]
    assert sources == ["seerr:watchlist/anna", "seerr:watchlist/3", "seerr:watchlist/carl"]
    owners = configured(tmp_path, "server: {url: sandbox}\nlists: [{seerr: watchlist}]\n")
    assert owners.lists[0].rules.source == "seerr:watchlist"


def test_without_a_server_there_is_no_watchlist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no server is named"):
        configured(tmp_path, "http: {listen: '127.0.0.1:8099'}\nlists: [{seerr: watchlist}]\n")
    with pytest.raises(RefusedError, match="no request server"):
        ServerWatchlist(SeerrSource(), None).fetch(None)


def test_the_number_of_an_entry_is_not_taken_for_that_of_tmdb() -> None:
    pages = [sample("watchlists/own.page1.json"), sample("watchlists/own.page2.json")]
    first, _, series, *_ = seerr_provider(Site.of({OWNERS: pages})).fetch(None).entries
    assert (first.title, first.kind) == ("The Lantern Keeper", MediaType.MOVIE)
    assert first.ids == ExternalIds(tmdb=9000001)
    assert series.kind is MediaType.TV


def test_each_page_is_asked_for_by_its_number() -> None:
    pages = [sample("watchlists/own.page1.json"), sample("watchlists/own.page2.json")]
    site = Site.of({OWNERS: pages})
    seerr_provider(site).fetch(None)
    assert [one.url.query for one in site.seen] == [b"page=1", b"page=2"]


def test_overseerr_is_asked_as_the_user_whose_watchlist_it_is() -> None:
    site = Site.of({DISCOVER: sample("watchlists/overseerr.json")})
    seerr_provider(site, "watchlist/7", "Overseerr").fetch(None)
    assert site.seen[0].headers["x-api-user"] == "7"


def test_a_server_that_does_not_heed_the_number_of_a_page_is_not_read_for_ever() -> None:
    site = Site.of({OWNERS: sample("watchlists/own.page1.json")})
    fetched = seerr_provider(site).fetch(None)
    assert (fetched.read, fetched.declared, len(site.seen)) == (3, 5, 2)


def test_rows_that_are_no_titles_are_skipped_with_the_reason() -> None:
    rows = [
        {"id": 1, "tmdbId": 5, "mediaType": "person", "title": "Somebody"},
        {"id": 2, "tmdbId": "603", "mediaType": "movie"},
        {"id": 3, "tmdbId": None, "mediaType": "tv", "title": "By its name"},
    ]
    page = {"page": 1, "totalPages": 1, "totalResults": 3, "results": rows}
    fetched = seerr_provider(Site.of({OWNERS: httpx.Response(200, json=page)})).fetch(None)
    assert [one.label for one in fetched.entries] == ["tmdb:movie/603", "By its name"]
    assert [one.why for one in fetched.skipped] == ["neither a film nor a series"]


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"page":1,"totalPages":1,"totalResults":-1,"results":[]}',
        b'{"page":1,"totalPages":1,"totalResults":1,"results":{}}',
        b'{"page":1,"totalPages":null,"totalResults":null,"results":[]}',
    ],
)
def test_what_is_no_page_of_a_watchlist_is_not_taken_for_an_empty_one(body: bytes) -> None:
    with pytest.raises(Exception, match="a page of a watchlist is not of the known shape"):
        seerr_provider(Site.of({OWNERS: answer(body)})).fetch(None)
