from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from listsync.config_types import SecretStr
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.device_login import DeviceCode, LoginService, access_token, begin, poll, refresh
from listsync.http.login_store import FileTokens, LoginTokens
from listsync.providers.trakt.api import login_service
from listsync.providers.trakt.reader import Trakt
from listsync.providers.trakt.source import TraktOptions, parse
from tests.contract.providers.site import Site, answer, client, sample
from tests.fakes import TRAKT_REFRESH as REFRESH
from tests.fakes import KeptTokens
from tests.integration.providers.test_trakt import (
    CLIENT_ID,
    CLIENT_SECRET,
    Shelf,
    options,
)

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
GIVEN = sample("trakt/device-token.200.json")
PENDING = answer(status=400)
CODE = DeviceCode(
    user_code="5055CC52",
    verification_url="https://auth.trakt.tv/activate",
    device_code=SecretStr("not-a-real-device-code"),
    interval_s=5,
    expires_in_s=600,
)


class Clock:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


def asked(site: Site, clock: Clock | None = None) -> LoginTokens:
    chosen, clock = options(), clock or Clock()
    return poll(client(chosen, site), login_service(chosen), CODE, clock=clock, sleep=clock.sleep)


def body_of(request: httpx.Request) -> dict[str, str]:
    body: dict[str, str] = json.loads(request.content)
    return body


def test_a_code_is_asked_for_with_the_client_id() -> None:
    site = Site.of({"/oauth/device/code": sample("trakt/device-code.json")})
    code = begin(client(options(), site), login_service(options()))
    assert (code.user_code, code.verification_url) == (CODE.user_code, CODE.verification_url)
    assert (code.interval_s, code.expires_in_s) == (5, 600)
    request = site.seen[0]
    assert (request.method, request.url.host) == ("POST", "auth.trakt.tv")
    assert body_of(request) == {"client_id": CLIENT_ID}
    assert "synth" not in repr(code)


def test_a_person_is_waited_for() -> None:
    site, clock = Site.of({"/oauth/device/token": [PENDING, PENDING, GIVEN]}), Clock()
    tokens = asked(site, clock)
    assert tokens.access.get_secret_value() == "SYNTHETIC-ACCESS"
    assert tokens.refresh.get_secret_value() == "SYNTHETIC-REFRESH"
    assert timedelta(hours=23) < tokens.expires_at - datetime.now(UTC) <= timedelta(days=1)
    assert clock.slept == [5, 5, 5]
    assert body_of(site.seen[0]) == {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "code": "not-a-real-device-code",
    }


@pytest.mark.parametrize(
    ("slower", "slept"),
    [(answer(status=429), [5, 10]), (answer(status=429, retry_after="30"), [5, 30])],
)
def test_who_asks_too_often_asks_less_often(slower: httpx.Response, slept: list[float]) -> None:
    clock = Clock()
    asked(Site.of({"*": [slower, GIVEN]}), clock)
    assert clock.slept == slept


def test_the_pause_stays_bearable() -> None:
    clock = Clock()
    asked(Site.of({"*": [answer(status=429, retry_after="86400"), GIVEN]}), clock)
    assert clock.slept == [5, 60]


def test_an_outage_is_waited_out() -> None:
    asked(Site.of({"*": [*[answer(status=502)] * 4, GIVEN]}))


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer(status=404), "does not know the code"),
        (answer(status=409), "used already"),
        (answer(status=410), "has ended"),
        (answer(status=418), "was denied"),
        (sample("trakt/token.401-invalid-client.json", 401), "client_secret"),
        (answer(status=403), "client_secret"),
        (answer(status=422), "HTTP 422"),
    ],
)
def test_a_login_that_will_not_be_says_why(response: httpx.Response, words: str) -> None:
    site = Site.of({"*": [PENDING, response]})
    with pytest.raises(RefusedError, match=words) as caught:
        asked(site)
    assert caught.value.kind is Refusal.CREDENTIAL
    assert len(site.seen) == 2


def test_cloudflare_in_between_is_named() -> None:
    with pytest.raises(RefusedError) as caught:
        asked(Site.of({"*": sample("trakt/cloudflare-403.html")}))
    assert caught.value.kind is Refusal.BLOCKED


def test_a_code_that_nobody_enters_ends() -> None:
    clock = Clock()
    with pytest.raises(RefusedError, match="not entered in time"):
        asked(Site.of({"*": PENDING}), clock)
    assert clock.time < 1600


@pytest.mark.parametrize(
    "change",
    [
        {"access_token": None},
        {"access_token": "two words"},
        {"refresh_token": 5},
        {"expires_in": 0},
        {"expires_in": "soon"},
        {"expires_in": 10**20},
    ],
)
def test_an_answer_that_is_no_login_is_not_shown(change: dict[str, object]) -> None:
    body = json.dumps({**json.loads(GIVEN.content), **change}).encode()
    with pytest.raises(ResponseChangedError, match="something unknown") as caught:
        asked(Site.of({"*": answer(body)}))
    error = caught.value
    assert "SYNTHETIC" not in f"{error!r}{error.sample}{error.__cause__!r}{error.__context__!r}"


@pytest.mark.parametrize("length", [0, 1, 20, 60, 150])
def test_a_login_that_is_cut_off_is_not_shown(length: int) -> None:
    with pytest.raises((ResponseChangedError, RefusedError)) as caught:
        asked(Site.of({"*": answer(GIVEN.content[:length])}))
    assert "SYNTHETIC" not in f"{caught.value!r}{vars(caught.value)}"


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_logging_in_needs_the_whole_app(missing: str) -> None:
    chosen = replace(options(), **{missing: None})
    site = Site.of({})
    with pytest.raises(RefusedError, match=missing):
        begin(client(chosen, site), login_service(chosen))
    assert site.seen == []


def test_a_login_is_renewed_with_its_refresh_token() -> None:
    site = Site.of({"/oauth/token": GIVEN})
    renewed = refresh(client(options(), site), login_service(options()), old(), now=lambda: NOW)
    assert renewed.expires_at == NOW + timedelta(seconds=86400)
    assert body_of(site.seen[0]) == {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH,
        "grant_type": "refresh_token",
        "redirect_uri": "urn:ietf:wg:oauth:2.0:oob",
    }


def old() -> LoginTokens:
    tokens = KeptTokens(timedelta(minutes=1)).load()
    assert tokens
    return tokens


class Login:
    """Renews logins as the service does: each refresh token once, then never again."""

    def __init__(self) -> None:
        self.valid = REFRESH
        self.access = ""
        self.renewed = 0
        self.shelf = Shelf(3)
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/oauth/token":
            assert request.headers["authorization"] == f"Bearer {self.access}"
            return self.shelf(request)
        with self._lock:
            if body_of(request)["refresh_token"] != self.valid:
                return sample("trakt/token.400-invalid-grant.json", 400)
            self.renewed += 1
            self.valid, self.access = f"refresh-{self.renewed}", f"access-{self.renewed}"
            given = {
                "access_token": self.access,
                "refresh_token": self.valid,
                "expires_in": 604800,
            }
            return answer(json.dumps(given).encode())


def watchlist(handler: Callable[[httpx.Request], httpx.Response], tokens: FileTokens) -> Trakt:
    chosen = options()
    return Trakt(parse("me/watchlist"), chosen, client(chosen, handler), tokens)


def kept(path: Path) -> FileTokens:
    tokens = FileTokens(path / "trakt.json")
    tokens.save(old())
    return tokens


def test_a_login_that_ends_is_renewed_saved_and_used(tmp_path: Path) -> None:
    service, tokens = Login(), kept(tmp_path)
    assert watchlist(service, tokens).fetch(None).read == 3
    saved = tokens.load()
    assert saved is not None
    assert saved.refresh.get_secret_value() == "refresh-1"
    assert watchlist(service, FileTokens(tmp_path / "trakt.json")).fetch(None).read == 3
    assert service.renewed == 1


def test_lists_that_are_read_at_once_renew_the_login_once(tmp_path: Path) -> None:
    service = Login()
    kept(tmp_path)
    ready = threading.Barrier(8)

    def read(_: int) -> int:
        provider = watchlist(service, FileTokens(tmp_path / "trakt.json"))
        ready.wait(timeout=30)
        return provider.fetch(None).read

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [3] * 8
    assert service.renewed == 1


class FullDisk(FileTokens):
    """Cannot save from the *nth* time on."""

    def __init__(self, path: Path, nth: int) -> None:
        super().__init__(path)
        self._left = nth

    def save(self, tokens: LoginTokens) -> None:
        self._left -= 1
        if self._left <= 0:
            raise UnavailableError("trakt", "the disk is full")
        super().save(tokens)


def test_a_login_that_could_not_be_saved_is_not_used(tmp_path: Path) -> None:
    kept(tmp_path)
    service = Login()
    with pytest.raises(UnavailableError, match="disk is full"):
        watchlist(service, FullDisk(tmp_path / "trakt.json", nth=2)).fetch(None)
    assert service.renewed == 1
    assert service.shelf.seen == []


def test_a_login_is_not_spent_when_the_next_one_cannot_be_saved(tmp_path: Path) -> None:
    kept(tmp_path)
    service = Login()
    with pytest.raises(UnavailableError, match="disk is full"):
        watchlist(service, FullDisk(tmp_path / "trakt.json", nth=1)).fetch(None)
    assert service.renewed == 0
    assert watchlist(service, FileTokens(tmp_path / "trakt.json")).fetch(None).read == 3


def test_after_a_crash_between_renewing_and_saving_the_user_is_told(tmp_path: Path) -> None:
    tokens = kept(tmp_path)
    service = Login()
    refresh(client(options(), service), login_service(options()), old())
    for _ in range(2):
        with pytest.raises(RefusedError, match="run `listsync login trakt`") as caught:
            watchlist(service, tokens).fetch(None)
        assert caught.value.kind is Refusal.CREDENTIAL
    assert service.shelf.seen == []


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (sample("trakt/token.400-invalid-grant.json", 400), Refusal.CREDENTIAL),
        (sample("trakt/token.401-invalid-client.json", 401), Refusal.CREDENTIAL),
        (sample("trakt/cloudflare-403.html"), Refusal.BLOCKED),
        (sample("trakt/ratelimit-429.json"), Refusal.RATE_LIMITED),
        (sample("trakt/server-502.html"), UnavailableError),
        (answer(b"<html>"), ResponseChangedError),
    ],
)
def test_a_login_that_is_not_renewed_stays_as_it_was(
    tmp_path: Path, response: httpx.Response, expected: Refusal | type[ListsyncError]
) -> None:
    tokens = kept(tmp_path)
    before = (tmp_path / "trakt.json").read_bytes()
    site = Site.of({"*": response})
    with pytest.raises(ListsyncError, match=r"^trakt: ") as caught:
        watchlist(site, tokens).fetch(None)
    if isinstance(expected, Refusal):
        assert isinstance(caught.value, RefusedError)
        assert caught.value.kind is expected
    else:
        assert type(caught.value) is expected
    assert (tmp_path / "trakt.json").read_bytes() == before
    assert set(site.paths) == {"/oauth/token"}


def no_service() -> LoginService:
    raise AssertionError("nobody is logged in")


def test_who_never_logged_in_has_no_token() -> None:
    tokens = KeptTokens()
    tokens.kept = None
    assert access_token(client(options(), Site.of({})), no_service, tokens) is None


def test_an_address_of_its_own_for_logging_in() -> None:
    chosen = replace(options(), auth_url="http://127.0.0.1:9/")
    site = Site.of({"*": sample("trakt/device-code.json")})
    begin(client(chosen, site), login_service(chosen))
    assert str(site.seen[0].url) == "http://127.0.0.1:9/oauth/device/code"
    assert isinstance(chosen, TraktOptions)
