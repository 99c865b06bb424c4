"""What is asked of Plex, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import pytest

from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.providers.plex.source import parse
from listsync.redaction import tokens_in, with_marks, without_secrets
from tests.contract.providers.cases import KEY
from tests.contract.providers.cases_plex import (
    ETAG,
    FEED,
    LIST,
    TITLE,
    UUID,
    plex_provider,
)
from tests.contract.providers.plex_watchlist import Watchlist, film
from tests.contract.providers.site import FIXTURES, Site, answer, sample

KEY_OF_THE_LAST = "5f0000000000000000000013"


def _server(title: httpx.Response | None = None) -> Watchlist:
    told = sample("plex/title.json") if title is None else title
    return Watchlist(KEY, titles={KEY_OF_THE_LAST: told})


def _xml(items: str) -> httpx.Response:
    text = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
    return answer(text.encode(), content_type="application/xml")


def _item(title: str, *guids: str, category: str = "movie") -> str:
    ids = "".join(f"<guid>{one}</guid>" for one in guids)
    return f"<item><title>{title}</title>{ids}<category>{category}</category></item>"


def _feed(*items: str) -> Fetched:
    return plex_provider(Site.of({"*": _xml("".join(items))}), FEED).fetch(None)


def test_the_watchlist_is_asked_for_by_pages_of_a_hundred_with_the_token_in_a_header() -> None:
    site = Watchlist(KEY, [film(n) for n in range(1, 251)])
    fetched = plex_provider(site).fetch(None)
    assert [one.ids.tmdb for one in fetched.entries] == [*range(1, 251)]
    first, *rest = site.seen
    assert first.headers["X-Plex-Token"] == KEY
    assert KEY not in str(first.url)
    assert dict(first.url.params) == {
        "includeGuids": "1",
        "sort": "watchlistedAt:desc",
        "X-Plex-Container-Start": "0",
        "X-Plex-Container-Size": "100",
    }
    assert {one.url.params["X-Plex-Container-Start"] for one in rest} == {"100", "200"}


def test_pages_may_be_smaller_than_was_asked_for() -> None:
    site = Watchlist(KEY, [film(n) for n in range(1, 8)], most_of_a_page=3)
    assert plex_provider(site).fetch(None).outcome is ListOutcome.COMPLETE


def test_films_and_series_come_with_their_ids_and_years() -> None:
    lantern, series, _ = plex_provider(_server()).fetch(None).entries
    assert (lantern.title, lantern.year, lantern.kind) == (
        "The Lantern Keeper",
        2019,
        MediaType.MOVIE,
    )
    assert lantern.ids == ExternalIds(imdb="tt90000011", tmdb=9000011)
    assert series.kind is MediaType.TV
    assert series.ids == ExternalIds(imdb="tt90000021", tmdb=9000021, tvdb=800021)


def test_a_title_without_ids_is_asked_for_them_once() -> None:
    site = _server()
    provider = plex_provider(site)
    ids = [provider.fetch(None).entries[2].ids for _ in range(2)]
    assert ids == [ExternalIds(imdb="tt90000013", tmdb=9000013)] * 2
    assert site.calls(TITLE) == 1


def test_a_few_titles_a_sync_are_asked_for_their_ids_until_all_are_known() -> None:
    site = Watchlist(KEY, [film(n, has_ids=False) for n in range(1, 6)])
    provider = plex_provider(site, id_calls=2)
    validators = [provider.fetch(None).validators is not None for _ in range(3)]
    assert (validators, len(site.seen)) == ([False, False, True], 3 + 5)


def test_an_unchanged_watchlist_costs_one_call_and_any_change_is_seen() -> None:
    site = Watchlist(KEY, [film(n) for n in range(1, 251)])
    provider = plex_provider(site)
    validators = provider.fetch(None).validators
    site.seen.clear()
    assert provider.fetch(validators).is_unchanged
    assert len(site.seen) == 1
    site.rows = [film(251), *site.rows]
    assert provider.fetch(validators).read == 251


def test_what_goes_from_a_later_page_is_seen_though_the_first_has_the_same_titles() -> None:
    rows = [film(n) for n in range(1, 251)]
    site = Watchlist(KEY, rows)
    provider = plex_provider(site)
    validators = provider.fetch(None).validators
    site.rows = [one for one in rows if one is not rows[200]]
    fetched = provider.fetch(validators)
    assert (fetched.read, fetched.is_sure) == (249, True)


def test_a_token_that_is_revoked_between_two_pages_takes_nothing_off_the_list() -> None:
    site = Watchlist(KEY, [film(n) for n in range(1, 251)])

    def revoked(request: httpx.Request) -> httpx.Response:
        if request.url.params["X-Plex-Container-Start"] == "200":
            site.token = "another"
        return site(request)

    with pytest.raises(RefusedError, match=r"does not accept providers\.plex\.token") as caught:
        plex_provider(revoked).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL


@pytest.mark.parametrize(("change", "read"), [("added", 250), ("removed", 249)])
def test_a_list_that_changes_between_two_pages_is_not_sure(change: str, read: int) -> None:
    site = Watchlist(KEY, [film(n) for n in range(1, 251)])

    def changing(request: httpx.Request) -> httpx.Response:
        given = site(request)
        if len(site.seen) == 1:
            rows = [*site.rows]
            site.rows = [film(900), *rows] if change == "added" else rows[1:]
        return given

    fetched = plex_provider(changing).fetch(None)
    assert (fetched.distinct, fetched.is_sure) == (read, False)
    assert fetched.validators is None


def test_an_unchanged_watchlist_keeps_its_mark() -> None:
    site = Site.of({LIST: answer(status=304, etag=ETAG)})
    fetched = plex_provider(site).fetch(Validators(etag=ETAG))
    assert (fetched.outcome, fetched.validators) == (ListOutcome.UNCHANGED, Validators(etag=ETAG))


@pytest.mark.parametrize(
    ("title", "calls", "remark"),
    [
        pytest.param(answer(status=503), 50, "no title could be asked for its ids", id="down"),
        pytest.param(sample("plex/title.json"), 0, "", id="not-wanted"),
        pytest.param(
            sample("plex/watchlist.page1.json"), 50, "no title could be", id="another-title"
        ),
    ],
)
def test_without_its_ids_a_title_is_on_the_list_all_the_same(
    title: httpx.Response, calls: int, remark: str
) -> None:
    fetched = plex_provider(_server(title), id_calls=calls).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 3)
    assert fetched.entries[2].title == "Salt & Copper"
    assert not fetched.entries[2].ids
    assert fetched.remark.startswith(remark)
    assert (fetched.validators is None) == bool(calls)


def test_what_plex_does_not_know_the_ids_of_is_not_asked_for_at_each_sync() -> None:
    site = Watchlist(KEY)
    provider = plex_provider(site)
    assert provider.fetch(None).validators is not None
    provider.fetch(None)
    assert site.calls(TITLE) == 1


def test_of_ids_that_contradict_each_other_none_is_taken() -> None:
    fetched = _feed(_item("A (2001)", "imdb://tt0000001", "imdb://tt0000002", "tmdb://7"))
    assert fetched.entries[0].ids == ExternalIds(tmdb=7)


def test_without_a_token_nothing_is_asked() -> None:
    site = Watchlist(KEY)
    with pytest.raises(RefusedError, match=r"needs providers\.plex\.token") as caught:
        plex_provider(site, token=None).fetch(None)
    assert (caught.value.kind, site.seen) == (Refusal.CREDENTIAL, [])


def test_the_old_place_is_told() -> None:
    moved = sample("plex/error-404-old-host.json", 404)
    with pytest.raises(RefusedError, match=r"moved to discover\.provider\.plex\.tv"):
        plex_provider(Site.of({"*": moved})).fetch(None)


def test_an_unknown_type_is_a_broken_row() -> None:
    with pytest.raises(ResponseChangedError, match="an unknown type 'artist'"):
        _feed(_item("A", category="artist"))


# -- feeds ----------------------------------------------------------------------------------------


def test_a_feed_never_says_what_has_left_the_list() -> None:
    fetched = plex_provider(Site.of({"*": sample("plex/watchlist.rss.xml")}), FEED).fetch(None)
    assert (fetched.outcome, fetched.is_sure) == (ListOutcome.COMPLETE, False)
    assert (fetched.newest_only, fetched.doubt) == (True, "")
    lantern, series = fetched.entries
    assert (lantern.title, lantern.year, lantern.kind) == (
        "The Lantern Keeper",
        2019,
        MediaType.MOVIE,
    )
    assert series.ids == ExternalIds(imdb="tt90000021", tvdb=800021)


def test_json_says_the_same_as_rss() -> None:
    as_json = sample("plex/watchlist.rss.format-json.json")
    [read] = plex_provider(Site.of({"*": as_json}), FEED).fetch(None).entries
    rss = sample("plex/watchlist.rss.xml")
    assert read == plex_provider(Site.of({"*": rss}), FEED).fetch(None).entries[0]


def test_a_title_that_comes_twice_in_a_feed_is_no_doubt_of_its_own() -> None:
    fetched = _feed(*[_item("A (2001)", "tmdb://7")] * 2)
    assert (fetched.repeated, fetched.doubt) == (1, "")


def test_an_unchanged_feed_is_not_read_again() -> None:
    told = answer((FIXTURES / "plex/watchlist.rss.xml").read_bytes(), etag='"a"')
    site = Site.of({"*": [told, answer(status=304, etag='"a"')]})
    provider = plex_provider(site, FEED)
    validators = provider.fetch(None).validators
    assert validators == Validators(etag='"a"')
    assert provider.fetch(validators).is_unchanged
    assert site.seen[1].headers["If-None-Match"] == '"a"'


def test_a_feed_without_titles_is_not_an_empty_list() -> None:
    assert _feed().outcome is ListOutcome.PARTIAL


def test_a_feed_is_followed_to_the_object_that_it_leads_to_without_anything_of_ours() -> None:
    there = "https://objects.example.com/feed?X-Amz-Signature=abc"
    site = Site.of(
        {
            f"/rss/{UUID}": answer(status=302, content_type=None, location=there),
            "/feed": _xml(_item("A (2001)", "tmdb://7")),
        }
    )
    assert plex_provider(site, FEED).fetch(None).read == 1
    assert [one.url.host for one in site.seen] == [
        "discover.provider.plex.tv",
        "objects.example.com",
    ]
    assert all("X-Plex-Token" not in one.headers for one in site.seen)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html><title>Sign in</title><p>", 'a web page "Sign in" came where a feed'),
        (b"<rss><channel><item><title>A", "no well-formed XML"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><rss><channel></channel></rss>", "came where a feed"),
        (b"<rss><item><title>A</title></item></rss>", "not of the known form"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><rss></rss>", "entities of its own"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is no feed"),
        (b'{"title": "x"}', "not of the known form"),
    ],
    ids=["page", "cut", "doctype", "no-channel", "json-without-items"],
)
def test_what_is_no_feed_is_told(body: bytes, why: str) -> None:
    site = Site.of({"*": answer(body, content_type="application/xml")})
    with pytest.raises(ResponseChangedError, match=why):
        plex_provider(site, FEED).fetch(None)


@pytest.mark.parametrize("status", [401, 404, 500])
def test_the_address_of_a_feed_is_in_no_error(status: int) -> None:
    body = f"no feed {UUID}".encode()
    with pytest.raises((RefusedError, UnavailableError)) as caught:
        plex_provider(Site.of({"*": answer(body, status)}), FEED).fetch(None)
    assert UUID not in str(caught.value)


# -- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["watchlist", "me/watchlist", "https://watch.plex.tv/watchlist", "watch.plex.tv/de/watchlist"],
)
def test_ones_own_watchlist_is_meant(text: str) -> None:
    assert str(parse(text)) == "watchlist"


@pytest.mark.parametrize(
    "text", [FEED, f"https://rss.plex.tv/{UUID}", f"https://rss.plex.tv/{UUID}?format=json"]
)
def test_a_feed_is_the_same_list_at_either_host_and_shows_nothing_of_its_address(
    text: str,
) -> None:
    source = parse(text)
    assert str(source) == str(parse(FEED))
    assert str(source).startswith("rss.plex.tv (")
    assert UUID not in repr(source)
    assert not set(UUID.split("-")) & set(str(source).strip(")").split("("))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "https://watch.plex.tv/u/somebody",
            "watchlists of friends are read by their RSS address",
        ),
        ("friends", "watchlists of friends are read by their RSS address"),
        ("https://watch.plex.tv/movie/dune-2021", "is one title, not a list"),
        ("https://app.plex.tv/desktop", "is no known address of Plex"),
        ("https://rss.plex.tv/", "is no known address of Plex"),
        ("friend", "is no list of Plex"),
    ],
)
def test_what_is_no_watchlist_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


@pytest.mark.parametrize("text", [FEED, f"https://rss.plex.tv/{UUID}", f"RSS.Plex.TV/{UUID}"])
def test_the_address_of_a_feed_is_known_as_a_secret(text: str) -> None:
    assert tokens_in(text) == {UUID}
    shown: Mapping[str, str] = {"a": without_secrets(text), "b": with_marks(f"see {text} there")}
    assert all(UUID not in one for one in shown.values())
    assert shown["b"] == f"see {text.replace(UUID, '…')} there"
