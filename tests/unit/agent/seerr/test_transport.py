from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import httpcore
import httpx
import pytest

from listsync import __version__
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.transport import TooLargeError
from tests.unit.agent.seerr.playback import (
    GUARD,
    KEY,
    URL,
    Playback,
    Reply,
    html_reply,
    json_reply,
    message,
)

GOOD = json_reply({"page": 1, "results": []})


def server(*replies: Reply) -> Playback:
    return Playback().on("GET /search", *replies)


def ask(playback: Playback, url: str = URL) -> None:
    playback.seerr(url).search("Dune")


def caused(error: httpcore.ConnectError, cause: BaseException) -> httpcore.ConnectError:
    error.__cause__ = OSError("httpcore's own")
    error.__cause__.__cause__ = cause
    return error


def connect_error(cause: BaseException) -> httpcore.ConnectError:
    return caused(httpcore.ConnectError("All connection attempts failed"), cause)


def certificate_error() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.verify_message = "self-signed certificate"
    return error


PASSING: list[Reply] = [
    httpcore.ConnectError("x"),
    httpcore.ConnectTimeout("x"),
    httpcore.ReadError("x"),
    httpcore.RemoteProtocolError("x"),
    httpcore.ProxyError("x"),
    message(500, "x"),
    html_reply(502),
    html_reply(503),
    message(429, "x"),
]


@pytest.mark.parametrize("reply", PASSING)
def test_a_read_is_tried_again(reply: Reply) -> None:
    playback = server(reply, reply, GOOD)
    ask(playback)
    assert playback.stop.pauses == [0.5, 1.5]


@pytest.mark.parametrize("reply", PASSING)
def test_a_read_is_tried_three_times_only(reply: Reply) -> None:
    playback = server(reply)
    with pytest.raises(UnavailableError):
        ask(playback)
    assert len(playback.asked) == 3


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        pytest.param(
            httpcore.ReadTimeout("x"), UnavailableError, "no answer within 30 s", id="slow"
        ),
        pytest.param(
            connect_error(certificate_error()),
            UnavailableError,
            "not trusted .self-signed certificate.: .*server.ca_file",
            id="certificate",
        ),
        pytest.param(
            connect_error(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")),
            UnavailableError,
            "start with http://",
            id="no-tls",
        ),
        pytest.param(
            httpcore.UnsupportedProtocol("x"), UnavailableError, "cannot be sent", id="unsendable"
        ),
        pytest.param(json_reply(GUARD, 403), RefusedError, "API key is refused", id="wrong-key"),
        pytest.param(
            message(401, "cookie 'connect.sid' required"), RefusedError, "no API key", id="no-key"
        ),
        pytest.param(html_reply(401), RefusedError, "let /api/v1 pass it", id="proxy-login"),
        pytest.param(html_reply(403), RefusedError, "let /api/v1 pass it", id="firewall"),
        pytest.param(html_reply(407), RefusedError, "HTTP_PROXY", id="proxy-auth"),
        pytest.param(html_reply(200), UnavailableError, "web page .status 200.", id="login-page"),
        pytest.param(message(404, "not found"), UnavailableError, "base path", id="wrong-path"),
        pytest.param(
            message(400, "Unknown query parameter 'foo'"),
            ResponseChangedError,
            "400: Unknown query parameter 'foo'",
            id="not-understood",
        ),
        pytest.param(html_reply(400), UnavailableError, "web page", id="proxy-400"),
        pytest.param(httpx.Response(204), UnavailableError, "web page", id="nothing"),
    ],
)
def test_what_will_not_pass_is_named_at_once(
    reply: Reply, error: type[ListsyncError], words: str
) -> None:
    playback = server(reply)
    with pytest.raises(error, match=words) as caught:
        ask(playback)
    assert len(playback.asked) == 1
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"server {URL}: ")


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        pytest.param(
            ConnectionRefusedError(111, "x"), "connection refused: is the server", id="ref"
        ),
        pytest.param(socket.gaierror(-2, "x"), "the name seerr.test is not known", id="dns"),
        pytest.param(OSError(113, "No route to host"), "No route to host.: check", id="route"),
    ],
)
def test_what_keeps_us_from_connecting_is_named(cause: OSError, words: str) -> None:
    with pytest.raises(UnavailableError, match=words):
        ask(server(connect_error(cause)))


@pytest.mark.parametrize(
    ("after", "pauses"),
    [
        pytest.param("7", [7.0, 7.0], id="seconds"),
        pytest.param("0", [0.5, 1.5], id="none"),
        pytest.param("soon", [0.5, 1.5], id="odd"),
        pytest.param(
            "Mon, 01 Jan 2020 00:00:00 +99999999999999", [0.5, 1.5], id="zone-of-no-world"
        ),
    ],
)
def test_a_wish_for_a_pause_is_obeyed(after: str, pauses: list[float]) -> None:
    playback = server(json_reply({}, 429, Retry_After=after))
    with pytest.raises(UnavailableError, match="slow down"):
        ask(playback)
    assert playback.stop.pauses == pauses


def test_a_wish_for_a_pause_is_logged_in_words_that_people_search_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    playback = server(json_reply({}, 429, Retry_After="3"), json_reply({}, 429), GOOD)
    ask(playback)
    said = [one for one in caplog.records if one.levelname == "WARNING"]
    assert [one.getMessage().partition(":")[0] for one in said] == ["Rate limited"] * 2
    assert said[0].getMessage().endswith("asks us to wait 3 s")
    assert said[1].getMessage().endswith("asks us to wait")


@pytest.mark.parametrize("after", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_long_pause_is_left_to_the_next_run(after: str) -> None:
    playback = server(json_reply({}, 429, Retry_After=after))
    with pytest.raises(UnavailableError) as caught:
        ask(playback)
    assert playback.stop.pauses == []
    assert (caught.value.retry_after_s or 0) >= 3600


def test_a_pause_ends_when_we_are_told_to_stop() -> None:
    playback = server(httpcore.ReadError("x"))
    playback.stop.set()
    with pytest.raises(UnavailableError, match="stopped while waiting"):
        ask(playback)
    assert len(playback.asked) == 1


def test_server_text_is_one_short_clean_line() -> None:
    playback = server(message(400, "a\nb\x1b[31m\u202e" + "x" * 999))
    with pytest.raises(ResponseChangedError) as caught:
        ask(playback)
    assert "a b[31mx" in str(caught.value)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def redirect(location: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers={b"Location": location.encode()})


def test_a_redirect_on_the_same_server_is_followed() -> None:
    playback = server(redirect("/moved/search")).on("GET /moved/search", GOOD)
    ask(playback)
    assert playback.targets[-1] == "GET /moved/search"
    assert playback.asked[-1].headers["x-api-key"] == KEY


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("https://seerr.test/api/v1/search?query=x", "https://seerr.test:"),
        ("https://user:pw@other.test/seerr/api/v1/search", "https://other.test/seerr:"),
        ("//auth.test/login?next=1", "http://auth.test/login:"),
    ],
    ids=["https", "elsewhere", "login"],
)
def test_the_key_never_follows_a_redirect_elsewhere(location: str, place: str) -> None:
    playback = server(redirect(location))
    with pytest.raises(UnavailableError, match=f"redirects to {place} set server.url"):
        ask(playback)
    assert len(playback.asked) == 1


@pytest.mark.parametrize(
    "location", ["http://[1", "ftp://seerr.test/", "http://a:x/", f"http://[{'z' * 3000}]/"]
)
def test_a_redirect_to_no_place_is_named(location: str) -> None:
    playback = server(redirect(location))
    with pytest.raises(UnavailableError, match="redirects to a place that") as caught:
        ask(playback)
    assert len(playback.asked) == 1
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("http://seerr.test:5055", "/"),
        ("http://seerr.test:5055#x", "/"),
        ("http://seerr.test:5055?x=1", "/?x=1"),
        ("http://seerr.test:5055/../x", "/x"),
        ("/a/../../b", "/b"),
        ("../../../../../x", "/x"),
        ("other", "/api/v1/other"),
        ("//seerr.test:5055//evil/y", "//evil/y"),
    ],
)
def test_a_redirect_is_followed_to_where_it_says(location: str, target: str) -> None:
    playback = server(redirect(location)).on(f"GET {target}", GOOD)
    with suppress(UnavailableError):
        ask(playback)
    assert playback.targets[1] == f"GET {target}"


def test_two_slashes_before_a_base_path_are_no_host() -> None:
    playback = Playback().on("GET //dbl/search", redirect("/other")).on("GET /other", GOOD)
    ask(playback, f"{URL}//dbl")
    assert playback.targets == ["GET //dbl/api/v1/search?query=Dune&language=en", "GET /other"]


def test_an_answer_that_cannot_be_read_is_told_as_such() -> None:
    with pytest.raises(UnavailableError, match="its answer is larger than 16 MiB"):
        ask(server(TooLargeError("is larger than 16 MiB")))


def test_a_redirect_keeps_its_query_and_its_letters() -> None:
    there = "http://SEERR.test:5055/s\u00e9/search?q=a%2Cb#top"
    playback = server(redirect(there)).on("GET /s%C3%A9/search", GOOD)
    ask(playback)
    assert playback.targets[-1] == "GET /s%C3%A9/search?q=a%2Cb"


def test_a_circle_ends() -> None:
    with pytest.raises(UnavailableError, match="in a circle"):
        ask(server(redirect("/api/v1/search")))


def test_a_login_page_behind_a_redirect_is_named() -> None:
    playback = server(redirect("/login")).on("GET /login", html_reply())
    with pytest.raises(UnavailableError, match="a login stand in front"):
        ask(playback)


def test_every_call_carries_key_and_name() -> None:
    playback = server(GOOD)
    ask(playback)
    headers = playback.asked[0].headers
    assert headers["x-api-key"] == KEY
    assert headers["user-agent"] == f"listsync/{__version__}"
    assert headers["accept"] == "application/json"
    assert "cookie" not in headers


def test_a_login_for_a_proxy_is_sent_and_not_shown() -> None:
    playback = server(message(500, "x"))
    with pytest.raises(UnavailableError) as caught:
        ask(playback, "http://user:pa55@seerr.test:5055")
    assert playback.asked[0].headers["authorization"].startswith("Basic ")
    assert "pa55" not in str(caught.value)


def test_cookies_are_not_kept() -> None:
    with_cookie = httpx.Response(
        200, json={"results": []}, headers={"Set-Cookie": "connect.sid=x"}
    )
    playback = server(with_cookie)
    seerr = playback.seerr()
    seerr.search("a")
    seerr.search("b")
    assert "cookie" not in playback.asked[1].headers


@pytest.mark.parametrize("key", ["", "  ", "ключ", "a\nb"])
def test_what_cannot_be_a_key_is_refused(key: str) -> None:
    with pytest.raises(RefusedError, match="the API key") as caught:
        Playback().seerr(key=key)
    assert caught.value.kind is Refusal.CREDENTIAL
    assert key.strip() == "" or key not in str(caught.value)


def test_a_bad_address_is_named() -> None:
    with pytest.raises(UnavailableError, match=r"server\.url must start with http"):
        Playback().seerr("nas:5055")


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield


def test_no_secret_is_shown_anywhere(caplog: pytest.LogCaptureFixture) -> None:
    playback = server(message(500, "x"))
    seerr = playback.seerr()
    with everything_logged(caplog), pytest.raises(UnavailableError) as caught:
        seerr.search("private title")
    shown = f"{seerr!r} {vars(seerr)!r} {caught.value!r} {caplog.text}"
    assert KEY not in shown
    assert "private" not in shown
    assert "trying again" in caplog.text


def test_calls_are_counted_from_all_threads() -> None:
    playback = server(GOOD)
    seerr = playback.seerr()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(seerr.search, [f"title {n}" for n in range(200)]))
    assert seerr.calls == 200
