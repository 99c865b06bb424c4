from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.response import Headers, Response, no_opinion, not_json, retry_after_s, verdict

CHALLENGE = "<html><head><title>Just a moment...</title></head></html>"


def response(
    status: int = 200, body: str = "[1]", *, path: str = "h/a", hops: int = 0, **headers: str
) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        service="demo",
        status=status,
        headers=Headers.of(named),
        body=body.encode(),
        path=path,
        hops=hops,
    )


def judged(given: Response) -> ListsyncError | None:
    return verdict(given, no_opinion, conditional=False)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        pytest.param(
            response(403, CHALLENGE, cf_mitigated="challenge"), "blocked", id="cloudflare"
        ),
        pytest.param(response(403, "", cf_mitigated="challenge"), "blocked", id="by-header-alone"),
        pytest.param(response(200, CHALLENGE), "blocked", id="challenge-with-200"),
        pytest.param(response(503, "<html>_cf_chl_opt"), "blocked", id="challenge-script"),
        pytest.param(
            response(403, "<html>no", server="cloudflare"), "blocked", id="cloudflare-403"
        ),
        pytest.param(
            response(202, "", x_amzn_waf_action="challenge"), "blocked", id="aws-challenge"
        ),
        pytest.param(
            response(405, "<html>", x_amzn_waf_action="captcha"), "blocked", id="captcha"
        ),
        pytest.param(response(202, "", server="awselb/2.0"), "blocked", id="awselb"),
        pytest.param(response(202, ""), "blocked", id="202-with-nothing"),
        pytest.param(response(451), "blocked", id="legal"),
        pytest.param(response(429, "<title>Denied</title>Error 1015"), "rate_limited", id="1015"),
        pytest.param(response(403, "error code: 1015"), "rate_limited", id="1015-as-text"),
        pytest.param(response(429), "rate_limited", id="429"),
        pytest.param(response(401), "credential", id="401"),
        pytest.param(response(403, ""), "private", id="403"),
        pytest.param(response(403, "{}", server="cloudflare"), "private", id="403-of-the-app"),
        pytest.param(response(404), "not_found", id="404"),
        pytest.param(response(404, "<html>no"), "not_found", id="404-page"),
        pytest.param(response(410), "not_found", id="410"),
        pytest.param(response(426), "subscription", id="426"),
        pytest.param(response(402), "subscription", id="402"),
    ],
)
def test_a_refusal_says_why(given: Response, kind: str) -> None:
    error = judged(given)
    assert isinstance(error, RefusedError)
    assert error.kind is Refusal(kind)


@pytest.mark.parametrize(
    "given",
    [response(status) for status in (500, 502, 503, 504, 520, 522, 530, 407, 408)]
    + [response(200, ""), response(200, " \r\n")],
    ids=lambda given: f"{given.status}-{len(given.body)}",
)
def test_no_usable_answer_is_unavailable(given: Response) -> None:
    assert isinstance(judged(given), UnavailableError)


@pytest.mark.parametrize("status", [201, 204, 206, 304, 400, 405, 418, 422])
def test_an_answer_that_should_not_come_has_changed(status: int) -> None:
    assert isinstance(judged(response(status)), ResponseChangedError)


def test_a_good_answer_has_no_verdict() -> None:
    assert judged(response()) is None


def test_a_bot_wall_is_seen_before_the_service_is_thought_to_speak() -> None:
    def judge(given: Response) -> ListsyncError | None:
        return RefusedError("demo", Refusal.NOT_FOUND, "403") if given.status == 403 else None

    error = verdict(response(403, CHALLENGE), judge, conditional=False)
    assert isinstance(error, RefusedError)
    assert error.kind is Refusal.BLOCKED


def test_a_title_about_a_moment_is_no_bot_wall() -> None:
    assert judged(response(200, "<title>Just a Moment (2019)</title>")) is None


@pytest.mark.parametrize(
    ("given", "error"),
    [
        pytest.param(response(200, "<html>hello"), ResponseChangedError, id="page"),
        pytest.param(
            response(200, "[]", content_type="text/html"), ResponseChangedError, id="header"
        ),
        pytest.param(
            response(200, "\ufeff\n <?xml version='1.0'?>"), ResponseChangedError, id="xml"
        ),
        pytest.param(
            response(200, "<html>", path="h/login", hops=1), RefusedError, id="sent-to-login"
        ),
        pytest.param(
            response(200, "<html><input type='password'>"), RefusedError, id="login-in-place"
        ),
    ],
)
def test_a_page_is_not_json(given: Response, error: type[ListsyncError]) -> None:
    assert type(not_json(given)) is error


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "binary/octet-stream"])
def test_json_is_known_by_what_it_is(kind: str) -> None:
    assert not_json(response(200, "[1]", content_type=kind)) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0), ("120", 120), ("1.5", 1.5), ("-5", None), ("soon", None), ("9" * 400, None)],
)
def test_retry_after_in_seconds(header: str, seconds: float | None) -> None:
    assert retry_after_s(Headers.of({"retry-after": header})) == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(60, 50, 61), (-60, 0, 0)])
def test_retry_after_as_a_date(ahead: int, least: int, most: int) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=ahead)
    wait = retry_after_s(Headers.of({"retry-after": format_datetime(moment, usegmt=True)}))
    assert wait is not None
    assert least <= wait <= most


def test_a_reset_time_stands_in_for_retry_after() -> None:
    at = str(int(time.time()) + 100)
    wait = retry_after_s(Headers.of({"x-ratelimit-reset": at}))
    assert wait is not None
    assert 90 <= wait <= 101
    assert retry_after_s(Headers.of({"x-ratelimit-reset": "30"})) == 30
    assert retry_after_s(Headers.of({})) is None


def test_the_longest_wait_is_bounded() -> None:
    wait = retry_after_s(Headers.of({"retry-after": "999999999999"}))
    assert wait == 366 * 86400


def test_headers_are_found_in_any_case_and_more_than_once() -> None:
    raw = [
        (b"Link", b"<a>"),
        (b"LINK", b"<b>"),
        (b"X-User", "Zoë".encode()),
        (b"X-Old", b"Zo\xeb"),
    ]
    headers = Headers(raw)
    assert (headers["link"], headers.all("Link")) == ("<a>, <b>", ["<a>", "<b>"])
    assert (headers["x-user"], headers["x-old"]) == ("Zoë", "Zoë")
    assert dict(headers).keys() == {"link", "x-user", "x-old"}
    assert "etag" not in headers
