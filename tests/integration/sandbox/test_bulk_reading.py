"""Pages of media rows and requests, quotas, ETags, keep-alive."""

from __future__ import annotations

import re
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.integration.sandbox.conftest import (
    BREAKING_BAD,
    DUNE,
    FAMILY,
    QUOTA,
    Server,
    words,
)

FIRST_FILM = 20_000_001
SHELF = {1: 11, 2: 12, 3: 13, 4: 14, 5: 15}
"""Status -> the film that has it; all are in the catalogue."""


def shelf(server: Server) -> None:
    for status, number in SHELF.items():
        server.shelve("movie", number, status=status)


def listed(server: Server, query: str) -> list[int]:
    return [row["tmdbId"] for row in server.read(f"/media{query}")["results"]]


def test_the_index_takes_twenty_by_default(each: Server) -> None:
    rows = [{"kind": "movie", "tmdbId": FIRST_FILM + n, "status": 5} for n in range(50)]
    each.admin("media", rows)
    page = each.read("/media")
    assert len(page["results"]) == 20
    assert page["pageInfo"] == {"pages": 3, "pageSize": 20, "results": 50, "page": 1}


def test_pages_follow_each_other_newest_first(server: Server) -> None:
    shelf(server)
    assert listed(server, "?take=2") == [15, 14]
    assert listed(server, "?take=2&skip=2") == [13, 12]
    assert server.read("/media?take=2&skip=2")["pageInfo"]["page"] == 2
    assert listed(server, "?take=2&skip=99") == []


@pytest.mark.parametrize(
    ("take", "count"),
    [
        pytest.param("40000", 5, id="no-maximum"),
        pytest.param("0", 5, id="0-is-the-default"),
        pytest.param("-1", 5, id="minus-1-is-all"),
        pytest.param("3", 3, id="3"),
    ],
)
def test_take(server: Server, take: str, count: int) -> None:
    shelf(server)
    assert len(listed(server, f"?take={take}")) == count


@pytest.mark.parametrize(("take", "status"), [("1.5", 500), ("", 400), ("x", 400)])
def test_a_take_that_is_no_whole_number(each: Server, take: str, status: int) -> None:
    assert each.get(f"/media?take={take}").status_code == status


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        pytest.param("all", [1, 2, 3, 4, 5], id="all"),
        pytest.param("available", [5], id="available"),
        pytest.param("partial", [4], id="partial"),
        pytest.param("allavailable", [4, 5], id="allavailable"),
        pytest.param("processing", [3], id="processing"),
        pytest.param("pending", [2], id="pending"),
    ],
)
def test_filters_of_the_index(each: Server, name: str, statuses: list[int]) -> None:
    shelf(each)
    assert sorted(listed(each, f"?filter={name}")) == [SHELF[status] for status in statuses]


def test_the_filter_deleted_lists_everything(forked: Server) -> None:
    shelf(forked)
    assert len(listed(forked, "?filter=deleted")) == 5


def test_sorting_by_modification_is_of_use_in_overseerr_alone(
    overseerr: Server, seerr: Server
) -> None:
    for server, first in ((overseerr, 11), (seerr, 15)):
        shelf(server)
        before = server.read("/media?sort=added&skip=4")["results"][0]
        time.sleep(0.01)
        server.shelve("movie", 11, status=5)
        after = server.read("/media?sort=added&skip=4")["results"][0]
        assert (before["updatedAt"] != after["updatedAt"]) is (first == 11)
        assert listed(server, "?sort=modified")[0] == first
        assert listed(server, "?sort=added")[0] == 15


def test_sorting_by_arrival(server: Server) -> None:
    shelf(server)
    assert set(listed(server, "?sort=mediaAdded")[:2]) == {14, 15}


def test_a_row_has_no_title_and_no_requests(each: Server) -> None:
    each.shelve("tv", BREAKING_BAD, status=5)
    each.series()
    (row,) = each.read("/media")["results"]
    assert not {"title", "name", "requests"} & set(row)
    assert {
        "id", "mediaType", "tmdbId", "tvdbId", "imdbId", "status", "status4k", "createdAt",
        "updatedAt", "mediaAddedAt", "lastSeasonChange", "serviceId", "externalServiceId",
        "downloadStatus",
    } <= set(row)  # fmt: skip
    assert (row["tvdbId"], row["imdbId"]) == (81189, None)
    assert [season["status"] for season in row["seasons"]] == [5, 5, 5, 5, 5]


def test_film_and_series_with_one_number_are_two_rows(each: Server) -> None:
    each.film(1396)
    each.series(1396)
    keys = {(row["mediaType"], row["tmdbId"]) for row in each.read("/media")["results"]}
    assert keys == {("movie", 1396), ("tv", 1396)}


def test_the_index_is_open_to_any_user(each: Server) -> None:
    each.film()
    assert len(each.read("/media", user=FAMILY)["results"]) == 1


def test_a_row_can_be_set_and_deleted_by_managers(each: Server) -> None:
    each.film()
    assert each.call("POST", "/media/1/available", {"is4k": False}).json()["status"] == 5
    assert each.call("POST", "/media/1/available", {"is4k": True}).json()["status4k"] == 5
    assert each.call("DELETE", "/media/1").status_code == 204
    assert each.read("/media")["results"] == each.read("/request")["results"] == []
    assert each.call("DELETE", "/media/1").status_code == 404


def test_setting_a_series_available_fills_its_seasons(each: Server) -> None:
    each.series()
    each.call("POST", "/media/1/available", {})
    seasons = each.read("/media")["results"][0]["seasons"]
    assert [season["seasonNumber"] for season in seasons] == [1, 2, 3, 4, 5]


def test_an_unchanged_page_is_a_bodyless_304(each: Server) -> None:
    each.film()
    each.read("/status")
    first = each.get("/media?take=5")
    tag = first.headers["etag"]
    assert re.fullmatch(r'W/"[0-9a-f]+-[A-Za-z0-9+/]{27}"', tag)
    again = each.get("/media?take=5", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    each.film(841)
    assert each.get("/media?take=5", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/status", "/auth/me", f"/movie/{DUNE}", "/user", "/request"])
def test_every_read_has_an_etag(each: Server, path: str) -> None:
    tag = each.get(path).headers["etag"]
    assert each.get(path, headers={"If-None-Match": f'"x", {tag}'}).status_code == 304


def test_an_error_is_never_a_304(each: Server) -> None:
    answer = each.get("/movie/999999999", headers={"If-None-Match": "*"})
    assert answer.status_code == 500


def test_requests_come_ten_a_page_newest_first(each: Server) -> None:
    numbers = [each.film(FIRST_FILM + n).json()["id"] for n in range(12)]
    page = each.read("/request")
    assert [row["id"] for row in page["results"]] == numbers[:1:-1]
    assert page["pageInfo"] == {"pages": 2, "pageSize": 10, "results": 12, "page": 1}
    assert len(each.read("/request?take=100")["results"]) == 12


def test_a_row_of_requests_has_its_media_without_seasons(each: Server) -> None:
    each.series(BREAKING_BAD, [1, 2])
    (row,) = each.read("/request")["results"]
    assert {"id", "status", "type", "is4k", "requestedBy", "modifiedBy", "createdAt"} <= set(row)
    assert {"tags", "serverId", "profileId", "rootFolder", "isAutoRequest"} <= set(row)
    assert {"tmdbId", "tvdbId", "status", "status4k"} <= set(row["media"])
    assert "seasons" not in row["media"]
    assert [season["seasonNumber"] for season in row["seasons"]] == [1, 2]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        pytest.param("all", {"pending", "approved", "declined", "failed", "there"}, id="all"),
        pytest.param("approved", {"approved", "there"}, id="approved"),
        pytest.param("pending", {"pending"}, id="pending"),
        pytest.param("processing", {"approved"}, id="processing"),
        pytest.param("available", {"there"}, id="available"),
        pytest.param("unavailable", {"pending", "approved"}, id="unavailable"),
        pytest.param("failed", {"failed"}, id="failed"),
    ],
)
def test_filters_of_requests(overseerr: Server, name: str, found: set[str]) -> None:
    states = ("pending", "approved", "declined", "failed", "there")
    numbers = {
        state: overseerr.film(FIRST_FILM + n, user=FAMILY).json()["id"]
        for n, state in enumerate(states)
    }
    for state in ("approved", "there"):
        overseerr.call("POST", f"/request/{numbers[state]}/approve")
    overseerr.call("POST", f"/request/{numbers['declined']}/decline")
    overseerr.admin("requests", {"id": numbers["failed"], "status": 4})
    overseerr.shelve("movie", FIRST_FILM + 4, status=5)
    rows = overseerr.read(f"/request?filter={name}")["results"]
    assert {row["id"] for row in rows} == {numbers[state] for state in found}


def test_the_forks_filter_and_sort_requests_further(forked: Server) -> None:
    first, second = forked.film().json()["id"], forked.series().json()["id"]
    rising = forked.read("/request?sortDirection=asc")["results"]
    assert [row["id"] for row in rising] == [first, second]
    assert len(forked.read("/request?mediaType=tv")["results"]) == 1
    forked.read("/status")
    forked.shelve("movie", DUNE, status=5)
    assert [row["id"] for row in forked.read("/request?filter=completed")["results"]] == [first]


def test_requests_on_blocklisted_titles_are_left_out(seerr: Server) -> None:
    seerr.film()
    seerr.shelve("movie", DUNE, status=6)
    assert seerr.read("/request")["results"] == []


def test_the_forks_report_service_errors(overseerr: Server, forked: Server) -> None:
    assert "serviceErrors" not in overseerr.read("/request")
    assert forked.read("/request")["serviceErrors"] == {"radarr": [], "sonarr": []}


def test_requests_of_one_user(each: Server) -> None:
    each.film(user=FAMILY)
    each.film(841)
    assert len(each.read(f"/user/{FAMILY}/requests")["results"]) == 1
    assert len(each.read(f"/request?requestedBy={FAMILY}")["results"]) == 1
    assert each.get("/user/1/requests", user=FAMILY).status_code == 403
    assert words(each.get("/user/999/requests")) == "User not found."


def test_quota_without_a_limit_has_neither_limit_nor_days_nor_rest(each: Server) -> None:
    quota = each.read("/user/1/quota")
    assert quota["movie"] == {"used": 0, "restricted": False}


def test_quota_counts_films_and_seasons(each: Server) -> None:
    each.film(user=QUOTA)
    each.film(841, user=FAMILY)
    each.series(BREAKING_BAD, [1, 2], user=QUOTA)
    quota = each.read(f"/user/{QUOTA}/quota")
    assert quota["movie"] == {
        "days": 7, "limit": 2, "used": 1, "remaining": 1, "restricted": False,
    }  # fmt: skip
    assert (quota["tv"]["used"], quota["tv"]["remaining"]) == (2, 1)


def _ask(connection: socket.socket) -> bytes:
    """Ask for the status and read one whole answer."""
    connection.sendall(b"GET /api/v1/status HTTP/1.1\r\nHost: sandbox\r\n\r\n")
    answer = b""
    while not answer.endswith(b"}"):
        answer += connection.recv(65536)
    return answer


def test_connections_are_kept_and_say_for_how_long(server: Server) -> None:
    address = urlsplit(server.process.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        assert all(b"keep-alive: timeout=5" in _ask(connection) for _ in range(2))


def test_idle_connections_are_closed_after_five_seconds(server: Server) -> None:
    address = urlsplit(server.process.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        _ask(connection)
        started = time.monotonic()
        assert connection.recv(1) == b""
        assert 4.5 < time.monotonic() - started < 30
