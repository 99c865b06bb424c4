from __future__ import annotations

import logging

import httpx
import pytest

from listsync.config_types import SecretStr, sendable
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.request import ServiceRequest
from listsync.providers.trakt.api import ClientIdCheck
from listsync.providers.trakt.reader import Trakt
from listsync.providers.trakt.source import parse
from tests.contract.providers.site import Site, answer, client, sample
from tests.fakes import TRAKT_ACCESS as ACCESS
from tests.fakes import TRAKT_REFRESH as REFRESH
from tests.fakes import KeptTokens
from tests.integration.providers.test_trakt import (
    CLIENT_ID,
    CLIENT_SECRET,
    ITEMS,
    PAGES,
    options,
    trakt,
)


def refused(response: httpx.Response) -> ListsyncError:
    with pytest.raises(ListsyncError, match=r"^trakt: ") as caught:
        trakt(Site.of({"*": response})).fetch(None)
    return caught.value


@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("private-401.json", 200, Refusal.PRIVATE),
        ("bad-key-403.json", 200, Refusal.CREDENTIAL),
        ("cloudflare-403.html", 200, Refusal.BLOCKED),
        ("missing-404.json", 200, Refusal.NOT_FOUND),
        ("locked-423.json", 200, Refusal.CREDENTIAL),
        ("vip-426.json", 200, Refusal.SUBSCRIPTION),
        ("ratelimit-429.json", 200, Refusal.RATE_LIMITED),
        ("cloudflare-1015-429.html", 200, Refusal.RATE_LIMITED),
        ("server-502.html", 200, UnavailableError),
        ("cloudflare-522.html", 522, UnavailableError),
        ("cloudflare-522.html", 200, ResponseChangedError),
        ("watchlist.json", 503, UnavailableError),
    ],
)
def test_each_refusal_is_told_from_the_others(
    name: str, status: int, expected: Refusal | type[ListsyncError]
) -> None:
    error = refused(sample(f"trakt/{name}", status))
    if isinstance(expected, Refusal):
        assert isinstance(error, RefusedError)
        assert error.kind is expected
    else:
        assert type(error) is expected


@pytest.mark.parametrize(
    ("response", "expected", "words"),
    [
        pytest.param(answer(status=401), Refusal.CREDENTIAL, "listsync login trakt", id="401"),
        pytest.param(answer(status=403), Refusal.CREDENTIAL, "client_id", id="403-bare"),
        pytest.param(
            answer(b"<html>", 403, "text/html", x_request_id="1"),
            Refusal.CREDENTIAL,
            "client_id",
            id="403-page-of-theirs",
        ),
        pytest.param(
            answer(b"<html>", 403, "text/html", server="cloudflare"),
            Refusal.BLOCKED,
            "Cloudflare",
            id="403-cloudflare",
        ),
        pytest.param(answer(status=410), Refusal.NOT_FOUND, "closed", id="410"),
    ],
)
def test_refusals_by_their_small_differences(
    response: httpx.Response, expected: Refusal, words: str
) -> None:
    error = refused(response)
    assert isinstance(error, RefusedError)
    assert error.kind is expected
    assert words in error.why


@pytest.mark.parametrize("status", [405, 412, 420])
def test_a_question_that_the_service_does_not_understand_has_changed(status: int) -> None:
    assert type(refused(answer(status=status))) is ResponseChangedError


@pytest.mark.parametrize(
    ("name", "wait"), [("ratelimit-429.json", 10), ("cloudflare-1015-429.html", 54)]
)
def test_who_is_too_fast_is_told_how_long_to_wait(name: str, wait: float) -> None:
    error = refused(sample(f"trakt/{name}"))
    assert isinstance(error, RefusedError)
    assert error.retry_after_s == wait


def test_a_refusal_of_a_later_page_is_one_of_the_list() -> None:
    site = Site.of({ITEMS: [sample(PAGES[0]), sample("trakt/ratelimit-429.json")]})
    with pytest.raises(RefusedError) as caught:
        trakt(site).fetch(None)
    assert caught.value.kind is Refusal.RATE_LIMITED


def test_a_page_that_is_out_of_order_for_a_moment_is_asked_for_again() -> None:
    site = Site.of({ITEMS: [sample(PAGES[0]), answer(status=502), sample(PAGES[1])]})
    assert trakt(site).fetch(None).read == 7


def test_secrets_are_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = KeptTokens()
    chosen = options()
    provider = trakt(Site.of({"*": answer(status=502)}), "me/watchlist", tokens)
    with pytest.raises(UnavailableError) as caught:
        provider.fetch(None)
    extras = " ".join(repr(vars(record)) for record in caplog.records)
    shown = f"{caught.value!r} {extras} {chosen!r} {provider!r} {tokens.kept!r} {caplog.text}"
    for secret in (CLIENT_ID, CLIENT_SECRET, ACCESS, REFRESH):
        assert secret not in shown


def test_a_question_does_not_show_what_it_carries() -> None:
    call = ServiceRequest(
        service="trakt",
        url="https://x",
        headers={"a": CLIENT_ID},
        secret_headers={"b": SecretStr(ACCESS)},
        body=REFRESH.encode(),
    )
    assert "https://x" in repr(call)
    assert repr(call) == str(call)
    for secret in (CLIENT_ID, ACCESS, REFRESH):
        assert secret not in repr(call)


def test_an_answer_that_quotes_our_login_does_not_show_it() -> None:
    quoting = answer(f"Bearer {ACCESS} {CLIENT_ID} is no JSON".encode())
    with pytest.raises(ResponseChangedError) as caught:
        trakt(Site.of({"*": quoting}), "me/watchlist", KeptTokens()).fetch(None)
    assert "***" in caught.value.sample
    assert not {ACCESS, CLIENT_ID} & set(caught.value.sample.split())


@pytest.mark.parametrize("secret", ["", "two words", "schlüssel", "a\nb"])
def test_a_client_id_that_no_header_can_carry_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="expected ASCII"):
        sendable(SecretStr(secret))


NEUTRAL = "/movies/trending"


def forbidden(neutral: httpx.Response) -> Site:
    return Site.of({"*": sample("trakt/bad-key-403.json"), NEUTRAL: neutral})


def test_a_list_that_is_not_visible_is_told_from_a_refused_client_id() -> None:
    site = forbidden(sample("trakt/movies-trending.json"))
    with pytest.raises(RefusedError, match="does not show this list to you") as caught:
        trakt(site).fetch(None)
    assert caught.value.kind is Refusal.PRIVATE
    assert site.paths == [ITEMS, NEUTRAL]
    assert site.seen[-1].url.params["limit"] == "1"


def test_a_refused_client_id_is_refused_for_what_everybody_may_read_too() -> None:
    site = forbidden(sample("trakt/bad-key-403.json"))
    with pytest.raises(RefusedError, match=r"providers\.trakt\.client_id") as caught:
        trakt(site).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL
    assert site.paths == [ITEMS, NEUTRAL]


@pytest.mark.parametrize(
    ("neutral", "words", "wait"),
    [
        pytest.param(sample("trakt/server-502.html"), "out of order", None, id="down"),
        pytest.param(sample("trakt/cloudflare-403.html"), "bot protection", None, id="wall"),
        pytest.param(answer(status=429, retry_after="3600"), "slow down", 3600, id="too-fast"),
        pytest.param(answer(b"<html>"), "web page", None, id="page"),
        pytest.param(answer(status=404), "HTTP 404", None, id="missing"),
    ],
)
def test_where_the_doubt_stays_it_is_said_as_what_may_pass(
    neutral: httpx.Response, words: str, wait: float | None
) -> None:
    with pytest.raises(UnavailableError, match="could not be seen now") as caught:
        trakt(forbidden(neutral)).fetch(None)
    assert words in caught.value.why
    assert caught.value.retry_after_s == wait


def test_the_neutral_question_shows_no_login() -> None:
    site = forbidden(sample("trakt/movies-trending.json"))
    with pytest.raises(RefusedError, match="the account that is logged in"):
        trakt(site, "me/watchlist", KeptTokens()).fetch(None)
    assert ["Authorization" in request.headers for request in site.seen] == [True, False]


def test_a_chart_that_is_forbidden_leaves_no_doubt() -> None:
    site = Site.of({"*": sample("trakt/bad-key-403.json")})
    with pytest.raises(RefusedError, match=r"providers\.trakt\.client_id"):
        trakt(site, "popular:movies").fetch(None)
    assert len(site.seen) == 1


@pytest.mark.parametrize("neutral", ["trakt/movies-trending.json", "trakt/server-502.html"])
def test_the_lists_of_one_sync_share_the_neutral_answer(neutral: str) -> None:
    site, check = forbidden(sample(neutral)), ClientIdCheck()
    told, alone = set(), 0
    for name in ("one", "two", "three"):
        chosen = options()
        source = parse(f"user/lists/{name}")
        provider = Trakt(source, chosen, client(chosen, site), None, check)
        with pytest.raises(ListsyncError) as caught:
            provider.fetch(None)
        told.add(str(caught.value))
        alone = alone or site.paths.count(NEUTRAL)
    assert len(told) == 1
    assert site.paths.count(NEUTRAL) == alone


def test_a_list_that_is_visible_costs_no_neutral_question() -> None:
    site = Site.of({ITEMS: [sample(page) for page in PAGES]})
    trakt(site).fetch(None)
    assert NEUTRAL not in site.paths
