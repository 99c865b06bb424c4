"""The device flow of RFC 8628; Trakt's form of it is in `providers/test_trakt_login`."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import httpx
import pytest

from listsync.config_types import SecretStr
from listsync.errors import Refusal, RefusedError, ResponseChangedError
from listsync.http.device_login import DeviceCode, LoginService, begin, poll, refresh
from listsync.http.login_store import LoginTokens
from listsync.providers.mdblist.account import login_service
from listsync.providers.mdblist.source import MdbListOptions
from tests.contract.providers.site import Site, answer, client
from tests.integration.providers.test_trakt_login import NOW, Clock

OPTIONS = MdbListOptions(client_id=SecretStr("an-id"))
SERVICE: LoginService = login_service(OPTIONS)
CODE = DeviceCode(
    user_code="ABCD",
    verification_url="https://mdblist.com/oauth/device/",
    device_code=SecretStr("a-device-code"),
    interval_s=5,
    expires_in_s=60,
)


def said(error: str, status: int = 400) -> httpx.Response:
    return answer(json.dumps({"error": error}).encode(), status=status)


def given(**more: object) -> httpx.Response:
    login = {"access_token": "an-access", "refresh_token": "a-refresh", "expires_in": 60}
    return answer(json.dumps(login | more).encode())


def polled(*answers: httpx.Response, clock: Clock | None = None) -> LoginTokens:
    clock = clock or Clock()
    site = Site.of({"*": [*answers]})
    return poll(client(OPTIONS, site), SERVICE, CODE, clock=clock, sleep=clock.sleep)


def test_a_person_is_waited_for_ever_slower_where_that_is_asked() -> None:
    clock = Clock()
    pending, slower = said("authorization_pending"), said("slow_down")
    assert polled(pending, slower, pending, given(), clock=clock).refresh == SecretStr("a-refresh")
    assert clock.slept == [5, 5, 10, 10]


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (said("access_denied"), "was denied"),
        (said("expired_token"), "the code has ended"),
        (said("invalid_client", 401), "does not accept providers.mdblist.client_id"),
        (said("invalid_client"), "does not accept providers.mdblist.client_id"),
        (answer(status=404), "HTTP 404"),
    ],
)
def test_a_login_that_will_not_be_says_why(response: httpx.Response, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        polled(response)
    assert caught.value.kind is Refusal.CREDENTIAL


@pytest.mark.parametrize("response", [said("invalid_request"), answer(status=400)])
def test_where_no_code_is_given_no_login_is_said_to_have_ended(response: httpx.Response) -> None:
    words = r"gives no code to log in with \(400\): check providers\.mdblist\.client_id$"
    with pytest.raises(RefusedError, match=words) as caught:
        begin(client(OPTIONS, Site.of({"*": response})), SERVICE)
    assert caught.value.kind is Refusal.CREDENTIAL


def test_a_login_that_could_never_be_renewed_is_none() -> None:
    with pytest.raises(ResponseChangedError, match="never be renewed"):
        polled(given(refresh_token=None))


@pytest.mark.parametrize(("new", "kept"), [(None, "the-old"), ("the-new", "the-new")])
def test_a_refresh_token_stays_good_where_no_new_one_comes(new: str | None, kept: str) -> None:
    old = LoginTokens(access=SecretStr("a"), refresh=SecretStr("the-old"), expires_at=NOW)
    site = Site.of({"/oauth/token/": given(refresh_token=new)})
    renewed = refresh(client(OPTIONS, site), SERVICE, old, now=lambda: NOW)
    assert renewed.refresh.get_secret_value() == kept
    sent = {name: one[0] for name, one in parse_qs(site.seen[0].content.decode()).items()}
    assert sent == {
        "client_id": "an-id",
        "refresh_token": "the-old",
        "grant_type": "refresh_token",
    }


def test_a_code_without_an_address_is_no_code() -> None:
    body = json.dumps({"device_code": "a", "user_code": "b", "expires_in": 60}).encode()
    with pytest.raises(ResponseChangedError):
        begin(client(OPTIONS, Site.of({"*": answer(body)})), SERVICE)
