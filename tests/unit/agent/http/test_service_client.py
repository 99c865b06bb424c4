from __future__ import annotations

import gzip
import logging
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import httpx
import pytest

from listsync import __version__
from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr, ServiceOptions
from listsync.domain.lists import Validators
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http import rate_limit, response, service_client
from listsync.http.rate_limit import LARGE_BYTES, large_turn
from listsync.http.request import ServiceRequest
from listsync.http.response import Response
from listsync.http.service_client import ask, build_client
from tests.contract.providers.site import Site, answer, client

HOME = "https://lists.example"
OPTIONS = ServiceOptions(base_url=HOME)
SECRET = "s3cr3t-key-value"
Handler = Callable[[httpx.Request], httpx.Response]


CALL = ServiceRequest(service="demo", url=f"{HOME}/a")


def asked(handler: Handler, question: ServiceRequest = CALL) -> Response:
    with client(OPTIONS, handler) as http:
        return ask(http, question)


def streamed(*pieces: bytes, **headers: str) -> Handler:
    """Answer in pieces, as a server does."""

    def handler(_: httpx.Request) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(200, headers=named, content=_piecewise(pieces))

    return handler


def _piecewise(pieces: tuple[bytes, ...]) -> Iterator[bytes]:
    yield from pieces


def test_a_client_says_who_it_is() -> None:
    site = Site.of({"/a": answer(b"[]")})
    asked(site)
    expected = f"listsync/{__version__} (+https://github.com/listsync/listsync)"
    assert site.seen[0].headers["user-agent"] == expected


def test_the_user_can_name_another_agent_and_time() -> None:
    options = ServiceOptions(
        base_url=HOME,
        user_agent="mine/1",
        timeout_s=5,
    )
    with build_client(options) as http:
        assert http.headers["user-agent"] == "mine/1"
        assert http.timeout == httpx.Timeout(5)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ALL_PROXY", "socks5://me:s3cret@127.0.0.1:9", r"a proxy.*check HTTPS_PROXY"),
        ("HTTPS_PROXY", "ftp://me:s3cret@p", r"a proxy.*check HTTPS_PROXY"),
        ("SSL_CERT_FILE", "/nonexistent", "authorities.*check SSL_CERT_FILE"),
        ("SSL_CERT_FILE", "/dev/null", "authorities.*check SSL_CERT_FILE"),
    ],
)
def test_an_environment_that_leaves_no_way_out_is_said(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("listsync.http.transport._authorities", httpx.create_ssl_context)
    options = ServiceOptions(base_url=HOME)
    with build_client(options) as http, pytest.raises(UnavailableError, match=words) as caught:
        ask(http, CALL)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, UnavailableError), (502, UnavailableError), (521, UnavailableError)],
)
def test_a_server_out_of_order_is_asked_three_times(
    status: int, error: type[ListsyncError]
) -> None:
    site = Site.of({"/a": answer(status=status)})
    with pytest.raises(error, match="demo"):
        asked(site)
    assert len(site.seen) == 3


def test_what_is_large_and_no_good_answer_keeps_no_other_list_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = []

    def pause(token: CancelToken, _: float) -> bool:
        with large_turn() as other:
            free.append(other.take(token, 0))
        return False

    monkeypatch.setattr(response, "_pause", pause)
    large = answer(b" " * (LARGE_BYTES + 1), 503)
    with large_turn() as one:
        answered = asked(Site.of({"/a": [large, large, answer(b"[]")]}), replace(CALL, turn=one))
    assert (answered.body, free) == (b"[]", [True, True])


def test_a_second_try_that_works_is_enough() -> None:
    site = Site.of({"/a": [answer(status=503), answer(b"[1]")]})
    assert asked(site).body == b"[1]"
    assert len(site.seen) == 2


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429])
def test_a_refusal_is_not_asked_again(status: int) -> None:
    site = Site.of({"/a": answer(status=status)})
    with pytest.raises(RefusedError):
        asked(site)
    assert len(site.seen) == 1


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(status=429), "Rate limited: demo asks us to wait"),
        (answer(status=429, retry_after="3600"), "Rate limited: demo asks us to wait 3600 s"),
        (answer(status=503, retry_after="120"), "Rate limited: demo asks us to wait 120 s"),
        (answer(status=404), None),
        (answer(status=500), None),
    ],
    ids=["429", "429-with-time", "503-with-time", "404", "500"],
)
def test_a_wish_for_a_pause_is_logged_in_words_that_people_search_for(
    response: httpx.Response, said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ListsyncError):
        asked(Site.of({"/a": response}))
    assert [one for one in caplog.messages if "Rate limited" in one] == ([said] if said else [])


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_names_a_time_is_not_asked_earlier(status: int) -> None:
    site = Site.of({"/a": answer(status=status, retry_after="61")})
    with pytest.raises((UnavailableError, RefusedError)) as caught:
        asked(site)
    assert getattr(caught.value, "retry_after_s", None) == 61
    assert len(site.seen) == 1


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Wait as in earnest, but on a clock that a wait moves on; gives the waits."""
    slept: list[float] = []
    clock = time.monotonic

    def sleep(seconds: float) -> None:
        if seconds:
            slept.append(seconds)

    monkeypatch.setattr(rate_limit, "_hosts", {})
    monkeypatch.setattr(time, "monotonic", lambda: clock() + sum(slept))
    monkeypatch.setattr(response, "_pause", lambda _, seconds: sleep(seconds))
    return slept


@pytest.mark.parametrize("status", [429, 503])
def test_a_time_of_up_to_a_minute_is_waited_for(slept: list[float], status: int) -> None:
    slow = answer(status=status, retry_after="2")
    site = Site.of({"/a": [slow, slow, answer(b"[1]")]})
    assert asked(site).body == b"[1]"
    assert slept == [2, 2]


def test_the_longest_times_are_waited_for_twice(slept: list[float]) -> None:
    slow = answer(status=429, retry_after="60")
    site = Site.of({"/a": [slow, slow, answer(b"[1]")]})
    assert asked(site).body == b"[1]"
    assert slept == [60, 60]


def test_a_service_that_wants_to_be_waited_for_again_and_again_is_left_alone(
    slept: list[float],
) -> None:
    site = Site.of({"/a": answer(status=429, retry_after="2")})
    with pytest.raises(RefusedError) as caught:
        asked(site)
    assert caught.value.retry_after_s == 2
    assert (slept, len(site.seen)) == ([2, 2], 3)


def test_no_other_try_is_begun_when_the_first_ones_took_minutes(slept: list[float]) -> None:
    def slowly(_: httpx.Request) -> httpx.Response:
        slept.append(100)
        return answer(status=503)

    with pytest.raises(UnavailableError):
        asked(slowly)
    assert slept == [100, 0.5, 100]


def test_a_time_beyond_that_of_the_list_is_not_waited_for(slept: list[float]) -> None:
    site = Site.of({"/a": [answer(status=429, retry_after="30"), answer(b"[1]")]})
    options = ServiceOptions(base_url=HOME, list_timeout_s=20)
    with (
        build_client(options, transport=httpx.MockTransport(site)) as http,
        pytest.raises(RefusedError),
    ):
        ask(http, CALL)
    assert slept == []


def test_who_waits_by_itself_is_told_at_once(slept: list[float]) -> None:
    site = Site.of({"/a": [answer(status=429, retry_after="2"), answer(b"[1]")]})
    with pytest.raises(RefusedError):
        asked(site, replace(CALL, waits=False))
    assert slept == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("no route"), "cannot be reached"),
        (httpx.ConnectTimeout("slow"), "in time"),
        (httpx.ReadTimeout("slow"), "in time"),
        (httpx.ProxyError("407"), "proxy"),
        (httpx.ReadError("reset"), "connection broke"),
        (httpx.RemoteProtocolError("half"), "connection broke"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_broken_connection_is_unavailable(error: Exception, words: str) -> None:
    def broken(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(UnavailableError, match=f"demo: .*{words}"):
        asked(broken)


def test_a_name_that_is_unknown_is_told_without_the_number_of_the_error() -> None:
    def unknown(_: httpx.Request) -> httpx.Response:
        cause = socket.gaierror(-2, "Name or service not known")
        raise httpx.ConnectError(str(cause)) from cause

    with pytest.raises(UnavailableError, match=r"cannot be reached: Name or service not known$"):
        asked(unknown)


def test_an_address_that_is_none_is_an_error_of_ours() -> None:
    with client(OPTIONS, Site.of({})) as http, pytest.raises(UnavailableError):
        ask(http, ServiceRequest(service="demo", url="http://host:port/"))


@pytest.mark.parametrize(
    "place", ["http://a..b/", "http://xn--a/", f"http://{'a' * 64}/", "http://xn--e28h.com/"]
)
def test_a_redirect_to_no_host_is_unavailable(place: str) -> None:
    """By real connections: who resolves the name says so in its own way."""

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", place)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        try:
            with build_client(OPTIONS) as http, pytest.raises(UnavailableError, match="demo"):
                ask(http, replace(CALL, url=url))
        finally:
            server.shutdown()
            thread.join()


def test_an_answer_over_the_limit_is_not_read_to_its_end() -> None:
    served = []

    def endless() -> Iterator[bytes]:
        for number in range(1000):
            served.append(number)
            yield b"x" * 1000

    with pytest.raises(ResponseChangedError, match="larger"):
        asked(lambda _: httpx.Response(200, content=endless()), replace(CALL, limit_bytes=10_000))
    assert len(served) < 20


def test_a_packed_answer_is_unpacked() -> None:
    packed = gzip.compress(b"[1, 2, 3]")
    response = asked(streamed(packed[:7], packed[7:], content_encoding="gzip"))
    assert response.body == b"[1, 2, 3]"


def test_a_bomb_is_refused_while_it_unpacks() -> None:
    bomb = gzip.compress(b" " * 20_000_000, compresslevel=1)
    tracemalloc.start()
    with pytest.raises(ResponseChangedError, match="larger"):
        asked(streamed(bomb, content_encoding="gzip"), replace(CALL, limit_bytes=100_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("size", [3, 20, 1000])
def test_a_packed_answer_in_several_parts_is_unpacked_wherever_its_pieces_end(size: int) -> None:
    packed = gzip.compress(b"[1, 2, ") + gzip.compress(b"3]")
    pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert asked(streamed(*pieces, content_encoding="gzip")).body == b"[1, 2, 3]"


def test_what_follows_a_packed_answer_and_is_not_packed_is_refused_at_once() -> None:
    served = []

    def endless() -> Iterator[bytes]:
        yield gzip.compress(b"[]")
        for _ in range(1000):
            served.append(1)
            yield bytes(1000)

    headers = {"content-encoding": "gzip"}
    with pytest.raises(ResponseChangedError, match="packing"):
        asked(lambda _: httpx.Response(200, headers=headers, content=endless()))
    assert len(served) == 1


def test_a_packed_answer_that_is_cut_off_is_unavailable() -> None:
    packed = gzip.compress(b"[1, 2, 3]" * 100)
    with pytest.raises(UnavailableError, match="cut off"):
        asked(streamed(packed[:-12], content_encoding="gzip"))


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "deflate, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(ResponseChangedError, match="packing"):
        asked(streamed(b"abc", content_encoding=coding))


def test_a_packing_that_is_none_is_refused() -> None:
    with pytest.raises(ResponseChangedError, match="packing"):
        asked(streamed(b"[1, 2, 3]", content_encoding="gzip"))


def test_a_deflated_answer_is_unpacked() -> None:
    response = asked(streamed(zlib.compress(b"[1]"), content_encoding="deflate"))
    assert response.body == b"[1]"


def test_an_answer_that_drips_is_given_up() -> None:
    with pytest.raises(UnavailableError, match="takes too long"):
        asked(streamed(b"[", b"1", b"]"), replace(CALL, deadline_s=-1))


def test_a_list_has_so_much_time_for_all_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    options = ServiceOptions(base_url=HOME, list_timeout_s=60)
    with client(options, Site.of({"/a": answer(b"[]")})) as http:
        ask(http, CALL)
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + 60)
        monkeypatch.setattr(service_client, "time", later)
        with pytest.raises(UnavailableError, match="the list takes longer than 60 s altogether"):
            ask(http, CALL)


def test_redirects_are_followed() -> None:
    moved = answer(status=301, location="/b")
    response = asked(Site.of({"/a": moved, "/b": answer(b"[7]")}))
    assert (response.body, response.path, response.hops) == (b"[7]", "lists.example/b", 1)


def test_redirects_in_a_circle_come_to_an_end() -> None:
    site = Site.of({"/a": answer(status=302, location="/a")})
    with pytest.raises(UnavailableError, match="place to place"):
        asked(site)


def test_a_redirect_never_leaves_https() -> None:
    site = Site.of({"*": answer(status=302, location="http://lists.example/b")})
    with pytest.raises(UnavailableError, match="https"):
        asked(site)
    assert {request.url.scheme for request in site.seen} == {"https"}


def test_headers_of_ours_do_not_go_to_another_host() -> None:
    moved = answer(status=302, location="https://elsewhere.example/b")
    site = Site.of({"/a": moved, "/b": answer(b"[]")})
    asked(site, replace(CALL, headers={"X-Client-Key": SECRET}))
    assert site.seen[0].headers["x-client-key"] == SECRET
    assert "x-client-key" not in site.seen[1].headers


def test_a_conditional_question_may_be_answered_with_304() -> None:
    site = Site.of({"/a": answer(status=304)})
    with client(OPTIONS, site) as http:
        response = ask(http, CALL, Validators(etag='"x"', last_modified="Sat, 21 Nov 2026"))
    assert response.status == 304
    assert site.seen[0].headers["if-none-match"] == '"x"'
    assert site.seen[0].headers["if-modified-since"] == "Sat, 21 Nov 2026"


@pytest.mark.parametrize(
    "previous", [None, Validators(), Validators(digest="1:ab"), Validators(etag="\u2603")]
)
def test_304_without_having_asked_for_it_is_no_answer(previous: Validators | None) -> None:
    site = Site.of({"/a": answer(status=304)})
    with client(OPTIONS, site) as http, pytest.raises(ResponseChangedError, match="304"):
        ask(http, CALL, previous)


def test_the_key_is_sent_and_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    question = replace(CALL, params={"limit": 5}, secrets={"apikey": SecretStr(SECRET)})

    def echo(request: httpx.Request) -> httpx.Response:
        assert request.url.params["apikey"] == SECRET
        assert request.url.params["limit"] == "5"
        return answer(f"you asked {request.url}".encode(), 418, "text/plain")

    with pytest.raises(ResponseChangedError) as caught:
        asked(echo, question)
    assert "***" in caught.value.sample
    shown = f"{question!r} {caught.value!r} {caught.value} {caught.value.sample} {caplog.text}"
    assert SECRET not in shown


def test_no_header_brings_a_secret_back_and_a_short_one_breaks_no_number() -> None:
    headers = {"etag": f'"{SECRET}"', "x-pages": "1234", "content-type": "application/json"}
    question = replace(CALL, secrets={"apikey": SecretStr(SECRET), "pin": SecretStr("1234")})
    response = asked(
        Site.of({"/a": httpx.Response(200, headers=headers, content=b"[1234]")}), question
    )
    assert response.validators.etag == '"***"'
    assert (response.headers["x-pages"], response.body) == ("1234", b"[1234]")


def test_a_key_does_not_show_in_retries(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset", request=request)

    with pytest.raises(UnavailableError) as caught:
        asked(broken, replace(CALL, secrets={"apikey": SecretStr(SECRET)}))
    assert SECRET not in f"{caught.value!r} {caught.value.__cause__!r} {caplog.text}"


def test_the_judge_speaks_before_the_general_rules() -> None:
    def judge(response: Response) -> ListsyncError | None:
        return RefusedError("demo", Refusal.QUOTA, "no more") if response.status == 404 else None

    with pytest.raises(RefusedError) as caught:
        asked(Site.of({"/a": answer(status=404)}), replace(CALL, judge=judge))
    assert caught.value.kind is Refusal.QUOTA
