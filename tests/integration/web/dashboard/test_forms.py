"""What a person does with a form: by whom, with which right, and what is said to it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

import httpx
import pytest

from listsync.protocol import Reason, RefusedCommand
from listsync.web import application
from listsync.web.authorization import COOKIE
from listsync.web.settings import EVERYTHING, AccessToken, TokenScope, parse_network
from tests.integration.web.conftest import ALL, TOKENS, WebServer
from tests.integration.web.dashboard.test_pages import FORMS, logged_in

HTMX = {"HX-Request": "true"}
FEED = "a-token-for-feeds-in-tests-only"


def csrf_of(client: httpx.Client) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', client.get("/").text)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "case",
    [
        ("sync", {}, ("trigger", {"origin": "the dashboard"}), "/?said=started"),
        (
            "sync",
            {"list": "a & b", "force": "yes"},
            ("trigger", {"origin": "the dashboard", "force": True, "lists": ["a & b"]}),
            "/ui/list?name=a+%26+b&said=started",
        ),
        ("cancel", {}, ("cancel", {}), "/?said=cancelled"),
        ("pause", {}, ("pause", {}), "/?said=paused"),
        ("resume", {}, ("resume", {}), "/?said=resumed"),
        ("reload", {}, ("reload", {}), "/ui/settings?said=reloaded"),
        (
            "exclude",
            {"item": "movie/348"},
            ("exclude", {"item": "movie/348"}),
            "/ui/item?q=movie%2F348&said=excluded",
        ),
        (
            "forget",
            {"item": "movie/348"},
            ("forget", {"item": "movie/348"}),
            "/ui/item?q=movie%2F348&said=forgotten",
        ),
        (
            "review",
            {"id": "a1b2c3", "choice": "movie/1091"},
            ("review_decide", {"id": "a1b2c3", "choice": "movie/1091"}),
            "/ui/review?said=decided",
        ),
        ("jobs/retry", {"id": "12"}, ("job_retry", {"id": 12}), "/ui/jobs?said=copy_queued"),
        (
            "jobs/cancel",
            {"id": "12", "back": "12"},
            ("job_cancel", {"id": 12}),
            "/ui/jobs/12?said=copy_cancelled",
        ),
        ("jobs/retry-failed", {}, ("jobs_retry_failed", {}), "/ui/jobs?said=copies_queued"),
        ("jobs/scan", {"id": "7"}, ("scan_retry", {"id": 7}), "/ui/jobs?said=scan_queued"),
    ],
)
def test_a_form_asks_one_command_leads_back_and_says_who_it_was(
    web: WebServer,
    caplog: pytest.LogCaptureFixture,
    case: tuple[str, dict[str, str], tuple[str, Mapping[str, object]], str],
) -> None:
    form, fields, asked, leads_to = case
    caplog.set_level(logging.INFO)
    with logged_in(web) as client:
        csrf = csrf_of(client)
        web.commands.asked.clear()
        answer = client.post(f"/ui/{form}", data={"csrf": csrf, **fields})
        assert web.commands.asked == [asked]
        assert answer.status_code == 303
        assert answer.headers["location"] == leads_to
        assert 'role="status"' in client.get(leads_to).text
    assert f"{asked[0]}, asked in the dashboard with the token me" in caplog.text


@pytest.mark.parametrize(
    ("form", "fields", "command", "said"),
    [
        ("cancel", {}, "cancel", "No sync is running."),
        ("forget", {"item": "movie/1"}, "forget", "Nothing was stored about it."),
        ("review", {"id": "a1b2c3", "choice": "undo"}, "review_decide", "It is undecided again."),
    ],
)
def test_nothing_is_said_that_did_not_happen(
    web: WebServer, form: str, fields: dict[str, str], command: str, said: str
) -> None:
    nothing = {"ok": True, "message": "", "count": 0, "id": "a1b2c3"}
    web.commands.answers[command] = lambda _: nothing
    with logged_in(web) as client:
        answer = client.post(f"/ui/{form}", data={"csrf": csrf_of(client), **fields})
        assert said in client.get(answer.headers["location"]).text


def test_htmx_gets_a_part_of_the_page_and_the_session_s_word_may_be_a_header(
    web: WebServer,
) -> None:
    with logged_in(web) as client:
        headers = {**HTMX, "X-CSRF-Token": csrf_of(client)}
        answer = client.post("/ui/sync", headers=headers)
        card = client.post("/ui/review", headers=headers, data={"id": "a1b2c3", "choice": "1"})
    assert answer.status_code == card.status_code == 200
    assert "Sync started." in answer.text
    assert "<html" not in answer.text + card.text
    assert "The Thing (1982)" in card.text


@pytest.mark.parametrize(
    ("spoilt", "csrf"),
    [
        ({}, "wrong"),
        ({}, ""),
        ({"X-CSRF-Token": "wrong"}, None),
        ({"Origin": "https://elsewhere.example"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
    ],
)
def test_a_form_of_another_page_changes_nothing(
    web: WebServer, spoilt: dict[str, str], csrf: str | None
) -> None:
    with logged_in(web) as client:
        fields = {"csrf": csrf_of(client) if csrf is None else csrf}
        web.commands.asked.clear()
        for name in (*FORMS, "logout"):
            answer = client.post(f"/ui/{name}", data=fields, headers=spoilt)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
    assert not web.commands.asked


def test_the_api_takes_the_session_of_a_page_and_of_no_other(web: WebServer) -> None:
    with logged_in(web) as client:
        word = {"X-CSRF-Token": csrf_of(client)}
        web.commands.asked.clear()
        for spoilt in (
            {},
            {"X-CSRF-Token": "wrong"},
            {**word, "Origin": "https://elsewhere.example"},
            {**word, "Sec-Fetch-Site": "cross-site"},
        ):
            answer = client.post("/api/sync", headers=spoilt, json={"source": "x"})
            assert answer.status_code == 403, spoilt
            assert answer.json()["success"] is False
        assert not web.commands.asked
        answer = client.post("/api/sync", headers=word, json={"source": "the dashboard"})
        assert answer.json()["message"] == "Sync trigger notification sent to worker"
        assert web.commands.asked == [
            ("trigger", {"await_resume": True, "origin": "the dashboard"})
        ]


def test_nothing_is_done_with_get(web: WebServer) -> None:
    with logged_in(web) as client:
        web.commands.asked.clear()
        for form in (*FORMS, "logout"):
            client.get(f"/ui/{form}", params={"choice": "1", "id": "a1b2c3"})
        assert client.get("/").status_code == 200
    assert {name for name, _ in web.commands.asked} == {"review", "status", "lists"}


def test_a_refusal_is_told_on_a_page_or_where_htmx_shows_it_with_the_next_step(
    web: WebServer,
) -> None:
    def refuse(_: object) -> RefusedCommand:
        return RefusedCommand(Reason.PAUSED, "the agent is paused")

    web.commands.answers["trigger"] = refuse
    with logged_in(web) as client:
        csrf = csrf_of(client)
        page = client.post("/ui/sync", data={"csrf": csrf})
        part = client.post("/ui/sync", data={"csrf": csrf}, headers=HTMX)
    assert page.status_code == part.status_code == 409
    assert part.headers["hx-retarget"] == "#said"
    for text in (page.text, part.text):
        assert "The agent is paused." in text
        assert "Resume first, or sync once anyway." in text
    assert 'role="alert"' in part.text


def test_a_session_that_is_over_sends_htmx_to_the_login(web: WebServer) -> None:
    with logged_in(web) as client:
        csrf = csrf_of(client)
        web.follow(tokens=(AccessToken(name="me", secret="another-token", scopes=EVERYTHING),))
        answer = client.post("/ui/sync", data={"csrf": csrf}, headers=HTMX)
        assert answer.headers["hx-redirect"] == "/ui/login"
        assert client.get("/ui/live").status_code == 303


def test_a_login_gives_a_cookie_that_scripts_and_other_sites_cannot_use(web: WebServer) -> None:
    with web.client(None) as client:
        answer = client.post("/ui/login", data={"token": ALL, "then": "/ui/review"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/ui/review"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/;" in cookie
    assert "secure" not in cookie
    assert ALL not in answer.headers["set-cookie"]


@pytest.mark.parametrize(("proxies", "is_secure"), [((), False), (("127.0.0.1",), True)])
def test_only_a_trusted_proxy_can_say_that_it_is_https(
    web: WebServer, proxies: tuple[str, ...], is_secure: bool
) -> None:
    web.follow(trusted_proxies=tuple(map(parse_network, proxies)), base_path="/below")
    with web.client(None) as client:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.9"}
        answer = client.post("/below/ui/login", data={"token": ALL}, headers=headers)
    assert answer.headers["location"] == "/below/"
    cookie = answer.headers["set-cookie"].lower()
    assert ("secure" in cookie) == is_secure
    assert "path=/below;" in cookie


@pytest.mark.parametrize(
    "then", ["https://elsewhere.example/", "//elsewhere.example", "/ui/logout", "/\\elsewhere", ""]
)
def test_a_login_leads_to_pages_of_ours_only(web: WebServer, then: str) -> None:
    with web.client(None) as client:
        answer = client.post("/ui/login", data={"token": ALL, "then": then})
        assert answer.headers["location"] == "/"
        assert "elsewhere" not in client.get("/ui/login", params={"then": then}).text


def test_who_is_logged_in_is_led_on_from_the_login(web: WebServer) -> None:
    with logged_in(web) as client:
        assert client.get("/ui/login").headers["location"] == "/"


def test_a_wrong_token_is_said_and_too_many_of_them_wait(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "_SLOWED_S", 0.01)
    with web.client(None) as client:
        first = client.post("/ui/login", data={"token": "wrong"})
        statuses = [
            client.post("/ui/login", data={"token": "wrong"}).status_code for _ in range(10)
        ]
        last = client.post("/ui/login", data={"token": "wrong"})
        right = client.post("/ui/login", data={"token": ALL})
    assert right.status_code == 303, "a right one is never kept out"
    assert first.status_code == 401
    assert "No such token." in first.text
    assert 'value="wrong"' not in first.text
    assert statuses[-1] == last.status_code == 429
    assert "retry-after" in last.headers
    assert "set-cookie" not in last.headers


def test_a_token_for_feeds_opens_no_session(web: WebServer) -> None:
    feed = AccessToken(name="feed", secret=FEED, scopes=frozenset({TokenScope.FEED}))
    web.follow(tokens=(*TOKENS, feed))
    with web.client(None) as client:
        answer = client.post("/ui/login", data={"token": FEED})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_page_elsewhere_logs_nobody_in(web: WebServer) -> None:
    with web.client(None) as client:
        headers = {"Sec-Fetch-Site": "cross-site"}
        answer = client.post("/ui/login", data={"token": ALL}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_who_logs_out_is_not_known_any_more(web: WebServer) -> None:
    with logged_in(web) as client:
        answer = client.post("/ui/logout", data={"csrf": csrf_of(client)})
        assert answer.headers["location"] == "/ui/login"
        assert COOKIE not in client.cookies
        assert client.get("/").status_code == 303
