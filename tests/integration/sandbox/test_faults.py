"""Every kind of fault, latency, and how faults are ordered."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from listsync.errors import UnavailableError
from tests.integration.sandbox.conftest import BREAKING_BAD, DUNE, Json, Server, until_seen


@pytest.mark.parametrize("status", [429, 500, 502])
def test_status_answers_with_that_status_and_headers(server: Server, status: int) -> None:
    server.admin("faults", {"kind": "status", "status": status, "headers": {"Retry-After": "1"}})
    answer = server.get("/media")
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "1")
    assert "message" in answer.json()
    assert server.get("/media").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "content_type"),
    [
        pytest.param("html", 502, "text/html", id="a-proxys-error"),
        pytest.param("login_page", 200, "text/html", id="a-proxys-login"),
        pytest.param("garbage", 200, "application/json", id="json-that-breaks-off"),
    ],
)
def test_answers_that_are_none(server: Server, kind: str, status: int, content_type: str) -> None:
    server.admin("faults", {"kind": kind})
    answer = server.get("/media")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(content_type)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_drop_before_cuts_the_connection_and_writes_nothing(server: Server) -> None:
    server.admin("faults", {"kind": "drop_before", "method": "POST"})
    with pytest.raises(httpx.RemoteProtocolError):
        server.film()
    assert server.read("/request")["results"] == []


def test_drop_after_writes_and_cuts_the_connection(server: Server) -> None:
    server.admin("faults", {"kind": "drop_after", "method": "POST"})
    with pytest.raises(httpx.RemoteProtocolError):
        server.film()
    assert server.status("movie", DUNE) == 3
    assert server.admin("log")["requests"][0]["status"] == 201


def test_drop_midway_breaks_the_body_off(server: Server) -> None:
    server.admin("faults", {"kind": "drop_midway"})
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        server.get("/media")


@pytest.mark.parametrize(("kind", "rows"), [("hang", 0), ("hang_after", 1)])
def test_hang_answers_never(server: Server, kind: str, rows: int) -> None:
    server.admin("faults", {"kind": kind, "method": "POST"})
    with pytest.raises(httpx.ReadTimeout):
        server.http.post(
            "/request",
            json={"mediaType": "movie", "mediaId": DUNE, "is4k": False},
            headers={"X-Api-Key": server.process.api_key},
            timeout=0.2,
        )
    assert len(server.read("/request")["results"]) == rows


def test_hang_is_bounded(server: Server) -> None:
    server.admin("faults", {"kind": "hang", "seconds": 0.1})
    with pytest.raises(httpx.RemoteProtocolError):
        server.get("/media")


def test_slow_answers_late(server: Server) -> None:
    server.admin("faults", {"kind": "slow", "seconds": 0.15})
    started = time.monotonic()
    assert server.get("/media").status_code == 200
    assert time.monotonic() - started >= 0.15


def test_slow_before_writes_at_the_end_alone(server: Server) -> None:
    server.admin("faults", {"kind": "slow_before", "method": "POST", "seconds": 1.5})
    with ThreadPoolExecutor(1) as pool:
        film = pool.submit(server.film)
        until_seen(server, 1)
        assert server.status("movie", DUNE) is None
        assert film.result().status_code == 201
    assert server.status("movie", DUNE) == 3


def test_slow_midway_looks_like_an_orphan_until_it_is_done(each: Server) -> None:
    each.admin("faults", {"kind": "slow_midway", "method": "POST", "seconds": 1.5})
    with ThreadPoolExecutor(1) as pool:
        film = pool.submit(each.film)
        until_seen(each, 1)
        assert each.status("movie", DUNE) == 2
        assert each.read("/request")["results"] == []
        assert film.result().status_code == 201
    assert each.status("movie", DUNE) == 3


@pytest.mark.parametrize("kind", ["slow", "slow_before", "slow_midway"])
def test_a_slow_post_is_done_though_nobody_waits_for_it(server: Server, kind: str) -> None:
    server.admin("faults", {"kind": kind, "method": "POST", "seconds": 0.2})
    with pytest.raises(httpx.ReadTimeout):
        server.http.post(
            "/request",
            json={"mediaType": "movie", "mediaId": DUNE, "is4k": False},
            headers={"X-Api-Key": server.process.api_key},
            timeout=httpx.Timeout(30, read=0.05),
        )
    deadline = time.monotonic() + 30
    while server.status("movie", DUNE) != 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(server.read("/request")["results"]) == 1


def test_searches_fail_one_by_one_the_same_ones_in_any_order(server: Server) -> None:
    def empty(numbers: list[int]) -> set[int]:
        server.admin("faults", method="DELETE")
        server.admin("faults", order)
        queries = {number: f"sandbox film {number:06}" for number in numbers}
        return {number for number in numbers if not server.search(queries[number])["results"]}

    order = {"kind": "tmdb_down", "path": "/search", "share": 0.3, "seed": 1, "perCall": 1}
    films = list(range(1, 51))
    failed = empty(films)
    assert 8 <= len(failed) <= 22
    assert empty(films[::-1]) == failed
    assert all(server.search(f"sandbox film {film:06}")["results"] for film in failed)
    order["seed"] = 2
    assert empty(films) != failed


def test_searches_by_foreign_id_fail_openly(server: Server) -> None:
    server.admin("faults", {"kind": "tmdb_down", "path": "/search", "share": 1})
    queries = ("dune", "tmdb%3A438631", "dune%20year%3A2021", "imdb%3Att1160419", "tvdb%3A81189")
    answers = [server.get(f"/search?query={query}") for query in queries]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 500, 500]
    assert [answer.json()["results"] for answer in answers[:3]] == [[], [], []]


def test_tmdb_down_is_tested_with_search_details_and_requests(server: Server) -> None:
    server.admin("faults", {"kind": "tmdb_down", "times": 3})
    answers = [server.get("/search?query=dune"), server.get(f"/tv/{BREAKING_BAD}"), server.film()]
    assert [answer.status_code for answer in answers] == [200, 500, 500]
    assert server.film().status_code == 201


@pytest.mark.parametrize(
    ("order", "statuses"),
    [
        pytest.param({"times": 2}, [500, 500, 200, 200], id="times"),
        pytest.param({"times": None}, [500, 500, 500, 500], id="for-ever"),
        pytest.param({"after": 1}, [200, 500, 200, 200], id="after"),
        pytest.param({"nth": [2, 4]}, [200, 500, 200, 500], id="nth"),
        pytest.param(
            {"after": 1, "nth": [1, 3], "times": 1}, [200, 500, 200, 200], id="nth-after"
        ),
        pytest.param({"share": 1}, [500, 500, 500, 500], id="all-of-them"),
        pytest.param({"share": 0}, [200, 200, 200, 200], id="none-of-them"),
        pytest.param({"method": "POST"}, [200, 200, 200, 200], id="other-method"),
        pytest.param({"path": "skip=2"}, [200, 200, 500, 200], id="path-and-query"),
        pytest.param({"path": "^/api/v1/search"}, [200, 200, 200, 200], id="other-path"),
    ],
)
def test_which_calls_a_fault_strikes(server: Server, order: Json, statuses: list[int]) -> None:
    server.admin("faults", {"kind": "status", **order})
    assert [server.get(f"/media?skip={n}").status_code for n in range(4)] == statuses


def test_faults_are_listed_and_taken_back(server: Server) -> None:
    server.admin("faults", {"kind": "status", "path": "media", "times": 5})
    server.get("/media")
    server.get("/auth/me")
    (fault,) = server.admin("faults")
    assert (fault["kind"], fault["path"]) == ("status", "media")
    assert (fault["seen"], fault["struck"]) == (1, 1)
    server.admin("faults", method="DELETE")
    assert server.get("/media").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "what"),
    [
        pytest.param("faults", {"kind": "earthquake"}, "earthquake", id="unknown-kind"),
        pytest.param("faults", {"kind": "hang", "path": "("}, "pattern", id="broken-regex"),
        pytest.param("settings", {"colour": 1}, "colour", id="unknown-setting"),
        pytest.param("settings", {"csrf": "perhaps"}, "csrf", id="wrong-setting"),
        pytest.param("media", {"kind": "tv", "tmdbId": 1}, "tv/1", id="unknown-title"),
        pytest.param("requests", {"id": 77}, "77", id="unknown-request"),
    ],
)
def test_a_mistaken_order_is_refused_in_words(
    server: Server, path: str, body: Json, what: str
) -> None:
    with pytest.raises(UnavailableError, match=what):
        server.process.admin(path, body)


def test_latency_delays_every_call_and_lets_reads_overlap(server: Server) -> None:
    server.admin("settings", {"latency_ms": 1000})
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.get("/media"), range(8)))
    assert all(answer.status_code == 200 for answer in answers)
    assert 1 <= time.monotonic() - started < 8


def test_a_changed_key_makes_the_old_one_wrong(server: Server) -> None:
    server.admin("settings", {"api_key": "other="})
    assert server.get("/auth/me").status_code == 403
    server.admin("settings", {"api_key": server.process.api_key})
    assert server.get("/auth/me").status_code == 200


def test_a_row_is_removed_as_if_the_title_had_never_been_known(server: Server) -> None:
    server.film()
    server.shelve("movie", DUNE, remove=True)
    assert server.status("movie", DUNE) is None
    assert server.read("/request")["results"] == []


def test_the_log_counts_by_route_and_starts_anew(server: Server) -> None:
    server.get("/tv/1")
    server.get(f"/tv/{BREAKING_BAD}")
    log = server.admin("log")
    assert log["calls"] == {"GET /tv/{tvId}": 2}
    assert (log["statuses"], log["total"]) == ({"500": 1, "200": 1}, 2)
    server.admin("reset-log", {})
    assert server.admin("log")["total"] == 0
