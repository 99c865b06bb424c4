"""Pages as browsers without JavaScript and programs see them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from listsync.protocol import Reason, RefusedCommand
from listsync.protocol.shapes import QuotaShape
from tests.integration.web.conftest import ALL, READER, TOKENS, FakeCommands, Responder, WebServer
from tests.integration.web.dashboard import facts
from tests.integration.web.dashboard.conftest import dashboard, table

PAGES = (
    "/",
    "/ui/lists",
    "/ui/list?name=imdb-top",
    "/ui/items",
    "/ui/items?q=ali&list=imdb-top",
    "/ui/item?q=alien",
    "/ui/review",
    "/ui/review?decided=yes",
    "/ui/runs",
    "/ui/runs/0123456789ab",
    "/ui/jobs",
    "/ui/jobs?show=failed",
    "/ui/jobs/12",
    "/ui/notices",
    "/ui/notices?open=yes",
    "/ui/stats",
    "/ui/settings",
    "/ui/settings?defaults=yes",
)


class Links(HTMLParser):
    """Gathers the addresses in a page, and what is open at its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = {"href", "src", "action", "hx-get", "hx-post", "hx-sse:connect"}
        self.links += [value or "" for name, value in attrs if name in names]


@contextmanager
def logged_in(web: WebServer, token: str = ALL) -> Iterator[httpx.Client]:
    with web.client(None) as client:
        answer = client.post("/ui/login", data={"token": token})
        assert answer.status_code == 303, answer.text
        yield client


def test_pages_are_whole_and_kept_by_nobody(web: WebServer) -> None:
    with logged_in(web) as client:
        for path in PAGES:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert answer.text.rstrip().endswith("</html>"), path
            assert answer.headers["cache-control"] == "no-store"
            assert "unsafe" not in answer.headers["content-security-policy"]


def test_who_is_not_known_is_sent_to_the_login_and_nothing_is_asked(web: WebServer) -> None:
    with web.client(None) as client:
        for path in PAGES:
            answer = client.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/ui/login")
    assert not web.commands.asked


def test_foreign_text_is_text_and_nothing_else() -> None:
    commands = FakeCommands(hostile(table()))
    with dashboard(commands) as web, logged_in(web) as client:
        quiet = Links(client.get("/ui/nothing").text).tags.count("script")
        for path in PAGES:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert "<script>alert" not in answer.text, path
            assert "\u202e" not in answer.text, path
            assert "img" not in Links(answer.text).tags, path
            assert Links(answer.text).tags.count("script") == quiet, path
            assert "&lt;script&gt;" in answer.text, path


def hostile(answers: dict[str, Responder]) -> dict[str, Responder]:
    """Put the hostile text wherever somebody else may write."""

    def spoilt(value: object) -> Any:
        if isinstance(value, dict):
            return {
                key: facts.HOSTILE if isinstance(one, str) and key in SPOILT else spoilt(one)
                for key, one in value.items()
            }
        return [spoilt(one) for one in value] if isinstance(value, list) else value

    def of(answer: Responder) -> Responder:
        return lambda asked: spoilt(answer(asked))

    return {name: of(answer) for name, answer in answers.items()}


SPOILT = {
    "name", "title", "label", "list", "lists", "why", "text", "message", "advice", "origin",
    "product", "version", "source", "service", "original_title", "evidence", "requested_as",
    "detail", "outcome", "status", "result", "answer", "verdict", "watcher", "id", "run_id", "key",
    "url", "imdb_id", "brought_by", "kind", "found", "destination", "state", "server", "folder",
    "errors", "quality", "instance", "event", "path", "app", "blocked_on",
}  # fmt: skip


def test_every_link_stands_below_the_base_path() -> None:
    with dashboard(FakeCommands(table()), "/below") as web, logged_in(web) as client:
        for path in PAGES:
            links = Links(client.get(path).text).links
            assert len(links) > 8
            assert [one for one in links if not re.match(r"/below(/|$)|#", one)] == []


def test_every_link_of_a_page_leads_to_a_page(web: WebServer) -> None:
    with logged_in(web) as client:
        links = {link for path in PAGES for link in Links(client.get(path).text).links}
        forms = {"/api/sync", "/ui/logout", *(f"/ui/{name}" for name in FORMS)}
        live = {"/ui/live", "/ui/jobs/live"}
        wanted = [one for one in links if urlsplit(one).path not in {*forms, *live}]
        assert {one: client.get(one).status_code for one in wanted if one[:1] == "/"} == {
            one: 200 for one in wanted if one[:1] == "/"
        }


FORMS = (
    *("sync", "cancel", "pause", "resume", "reload", "exclude", "forget", "review"),
    *("jobs/retry", "jobs/cancel", "jobs/retry-failed", "jobs/scan"),
)


def test_no_page_shows_a_token(web: WebServer) -> None:
    with logged_in(web) as client:
        for path in PAGES:
            text = client.get(path).text
            assert not [one.name for one in TOKENS if one.secret in text]


def test_a_reader_sees_all_and_changes_nothing(web: WebServer) -> None:
    with logged_in(web, READER) as client:
        page = client.get("/").text
        csrf = re.search(r'name="csrf" value="(\w+)"', page)
        assert csrf
        assert '<body class="reader"' in page
        web.commands.asked.clear()
        for name in FORMS:
            answer = client.post(f"/ui/{name}", data={"csrf": csrf[1]})
            assert answer.status_code == 403
            assert "lacks the scope control" in answer.text
    assert not web.commands.asked


def test_pages_follow_the_cursors_of_the_commands(web: WebServer) -> None:
    with logged_in(web) as client:
        page = client.get("/ui/items", params={"q": "a & b"}).text
        (following,) = re.findall(r'rel="next" href="([^"]+)"', page)
        client.get(following.replace("&amp;", "&"))
    assert web.commands.asked[-1] == (
        "items",
        {"query": "a & b", "limit": 50, "cursor": "a-cursor"},
    )


@pytest.mark.parametrize(
    ("reason", "status"),
    [(Reason.NOT_FOUND, 404), (Reason.INVALID, 400), (Reason.UNAVAILABLE, 503)],
)
def test_a_refusal_is_said_to_people_on_a_page(
    web: WebServer, reason: Reason, status: int
) -> None:
    def refuse(_: object) -> RefusedCommand:
        return RefusedCommand(reason, f"no list is called {facts.HOSTILE}")

    web.commands.answers["lists"] = refuse
    with logged_in(web) as client:
        answer = client.get("/ui/list?name=x")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "No list is called &lt;script&gt;" in answer.text
    assert ("retry-after" in answer.headers) == (status == 503)


def test_a_page_that_is_not_there_says_so_with_the_menu(web: WebServer) -> None:
    with logged_in(web) as client:
        answer = client.get("/ui/nothing")
    assert answer.status_code == 404
    assert "There is no such page." in answer.text
    assert "Settings" in answer.text


@pytest.mark.parametrize(
    ("command", "reply", "path", "words"),
    [
        ("lists", {"total": 0, "next": None, "lists": []}, "/", "Add a list to"),
        ("lists", {"total": 0, "next": None, "lists": []}, "/ui/lists", "add one"),
        ("items", {"total": 0, "next": None, "items": []}, "/ui/items", "the first sync reads"),
        ("items", {"total": 0, "next": None, "items": []}, "/ui/items?q=x", "a part of the title"),
        ("explain", {"total": 0, "next": None, "titles": []}, "/ui/item?q=x", "Search for it"),
        ("review", {"total": 0, "next": None, "reviews": []}, "/ui/review", "Nothing waits"),
        ("runs", {"total": 0, "next": None, "runs": []}, "/ui/runs", "Sync Now"),
        ("notices", {"total": 0, "next": None, "notices": []}, "/ui/notices", "Nothing has"),
        ("jobs", {"total": 0, "next": None, "jobs": [], "active": 0}, "/ui/jobs", "once <code>"),
        ("stats", facts.no_stats(), "/ui/stats", "add one to"),
        ("stats", facts.no_stats(), "/ui/stats", "0 requests in 30 days"),
    ],
)
def test_a_page_with_nothing_says_what_to_do(
    web: WebServer, command: str, reply: dict[str, object], path: str, words: str
) -> None:
    web.commands.answers[command] = lambda _: reply
    with logged_in(web) as client:
        assert words in client.get(path).text


def test_the_chart_has_a_bar_for_each_day_on_which_anything_was_requested(web: WebServer) -> None:
    with logged_in(web) as client:
        page = client.get("/ui/stats").text
    bars = re.findall(
        r'<rect x="(\d+)" y="([\d.]+)" width="16" height="([\d.]+)"><title>(.+?)<', page
    )
    days = facts.stats()["days"]
    assert [int(x) // 20 for x, *_ in bars] == [
        n for n, one in enumerate(days) if one["requested"]
    ]
    assert {float(y) + float(height) for _, y, height, _ in bars} == {120.0}
    assert max(float(height) for _, _, height, _ in bars) == 120.0
    assert min(float(height) for _, _, height, _ in bars) == 2.0
    assert bars[-1][3] == "30 Sep: 1,200"
    assert "1,434 requests in 30 days, the most on 30 Sep: 1,200" in page
    for one in days:
        assert f'<th scope="row">{one["day"]}</th>' in page
    assert 'href="/ui/stats" aria-current="page"' in page
    assert "style=" not in page


def test_later_pages_of_statistics_hold_lists_alone(web: WebServer) -> None:
    first = facts.stats()
    web.commands.answers["stats"] = lambda _: {**first, "periods": [], "days": [], "services": []}
    with logged_in(web) as client:
        page = client.get("/ui/stats?cursor=a-cursor").text
    assert web.commands.asked[-1] == ("stats", {"limit": 50, "cursor": "a-cursor"})
    assert "By list" in page
    assert "<svg role" not in page
    assert "By service" not in page


def test_the_overview_shows_what_quotas_have_left(web: WebServer) -> None:
    quota: QuotaShape = {"user": "kid", "kind": "movie", "limit": 10, "remaining": 3, "days": 7}
    server = {"product": "Seerr", "version": "3", "url": "http://seerr", "quotas": [quota]}
    web.commands.answers["status"] = lambda _: facts.status(server=server)
    with logged_in(web) as client:
        assert "3 of 10 films left in 7 days to kid" in client.get("/").text


def test_the_overview_shows_who_leads_and_how_triggers_arrive(web: WebServer) -> None:
    at = "2026-06-01T10:00:00Z"
    member = {"name": "attic", "version": "1", "seen_at": at, "leads": True, "other_lists": False}
    fleet = {
        "role": "standby",
        "name": "cellar",
        "leader": "attic",
        "epoch": 7,
        "since": at,
        "why": "",
        "schema": "public",
        "other_schemas": ["theirs"],
        "members": [member],
    }
    postgres = {
        "connected": True,
        "since": at,
        "where": "db",
        "channel": "sync_trigger",
        "why": "a pooler in between",
        "pooled": True,
        "table": False,
        "triggers": 3,
        "last_trigger": at,
        "last_source": "api",
    }
    web.commands.answers["status"] = lambda _: facts.status(fleet=fleet, postgres=postgres)
    with logged_in(web) as client:
        page = client.get("/").text
    cards = [one.split("</div>")[0] for one in page.split('<div class="card">')[1:]]
    (agents,) = (one for one in cards if "<dt>Agents</dt>" in one)
    (triggers,) = (one for one in cards if "<dt>PostgreSQL</dt>" in one)
    assert "attic leads" in agents
    assert "This agent stands by." in agents
    assert "In the schema public; there are tables of a fleet in theirs, too" in agents
    assert "3 triggers, the last one from api" in triggers
    assert "Connected, but nothing arrives," in triggers
    assert "db, channel sync_trigger" in triggers
    assert "a pooler in between" in triggers


def test_a_running_sync_shows_every_list_however_many(web: WebServer) -> None:
    rows = [{**facts.progress()["lists"][0], "name": f"list-{n:03}"} for n in range(250)]

    def progress(asked: Mapping[str, object]) -> Mapping[str, object]:
        begin = int(str(asked.get("cursor", 0)))
        more = str(begin + 200) if begin + 200 < len(rows) else None
        return {**facts.progress(), "lists": rows[begin : begin + 200], "next": more}

    running = {**facts.progress(), "lists": rows[:190]}
    web.commands.answers["progress"] = progress
    web.commands.answers["status"] = lambda _: facts.status(running=running, next="more")
    with logged_in(web) as client:
        page = client.get("/").text
    assert all(f"list-{n:03}" in page for n in range(250))
    assert "226 other lists" in page


def test_settings_show_what_is_set_and_of_a_secret_only_that_it_is(web: WebServer) -> None:
    with logged_in(web) as client:
        short, long = (client.get(f"/ui/settings{query}").text for query in ("", "?defaults=yes"))
    for page in (short, long):
        assert "<code>server.url</code></dt><dd><code>http://seerr:5055</code></dd>" in page
        assert "<code>server.api_key</code></dt><dd>is set" in page
        assert "by OVERSEERR_API_KEY" in page
    assert "sync.every" not in short
    assert "<code>24h</code>" in long


def test_settings_show_problems_with_their_line_and_column(web: WebServer) -> None:
    problem = "/etc/listsync/listsync.yaml:4:12: sync.every: expected a duration such as 12h"
    config = {**facts.status()["config"], "valid": False, "problems": [problem]}
    web.commands.answers["status"] = lambda _: facts.status(config=config)
    with logged_in(web) as client:
        assert problem in client.get("/ui/settings").text
        assert "The configuration has a mistake" in client.get("/").text
