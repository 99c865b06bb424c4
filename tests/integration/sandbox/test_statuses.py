"""The status numbers of titles and requests, and what each means for a new request."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.conftest import BREAKING_BAD, DUNE, FAMILY, Server, words


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        pytest.param(1, 201, id="1-unknown"),
        pytest.param(2, 201, id="2-pending-without-request"),
        pytest.param(3, 201, id="3-processing-without-request"),
        pytest.param(5, 201, id="5-available-nothing-checks-it"),
        pytest.param(7, 201, id="7-deleted"),
    ],
)
def test_a_status_alone_stops_no_film(seerr: Server, status: int, answer: int) -> None:
    seerr.shelve("movie", DUNE, status=status)
    assert seerr.status("movie", DUNE) == status
    assert seerr.film().status_code == answer


def test_status_4_leaves_the_missing_seasons_to_ask_for(each: Server) -> None:
    each.shelve("tv", BREAKING_BAD, status=4, seasons={1: 5, 2: 5, 0: 5})
    asked = each.series().json()
    assert [season["seasonNumber"] for season in asked["seasons"]] == [3, 4, 5]


@pytest.mark.parametrize(("user", "status"), [(FAMILY, 2), (1, 3)])
def test_the_status_of_a_series_does_not_say_which_seasons(
    each: Server, user: int, status: int
) -> None:
    each.series(BREAKING_BAD, [1], user=user)
    (row,) = each.read("/media")["results"]
    assert (row["status"], row["seasons"]) == (status, [])
    media = each.read(f"/tv/{BREAKING_BAD}")["mediaInfo"]
    assert media["seasons"] == []
    assert [[one["seasonNumber"] for one in row["seasons"]] for row in media["requests"]] == [[1]]
    rest = each.series(BREAKING_BAD, [1, 2, 3]).json()
    assert [season["seasonNumber"] for season in rest["seasons"]] == [2, 3]


@pytest.mark.parametrize("four_k", [False, True])
@pytest.mark.parametrize("kind", ["movie", "tv"])
def test_status_6_is_blocklisted_and_refused_also_in_4k(
    forked: Server, kind: str, four_k: bool
) -> None:
    forked.shelve(kind, 1396, status=6)
    body = {"mediaType": kind, "mediaId": 1396, "is4k": four_k, "seasons": [1]}
    answer = forked.order(body)
    word = "blacklisted" if forked.product == "jellyseerr" else "blocklisted"
    assert (answer.status_code, words(answer)) == (403, f"This media is {word}.")


def test_status_7_opens_a_series_again(forked: Server) -> None:
    forked.shelve("tv", BREAKING_BAD, status=5)
    assert forked.series().status_code == 202
    forked.shelve("tv", BREAKING_BAD, status=7)
    assert forked.series().status_code == 201


def test_overseerr_cannot_set_what_it_does_not_know(overseerr: Server) -> None:
    overseerr.film()
    assert overseerr.call("POST", "/media/1/deleted").status_code == 400


def test_a_title_that_was_never_asked_for_has_no_media_info(each: Server) -> None:
    assert "mediaInfo" not in each.read(f"/movie/{DUNE}")
    assert all("mediaInfo" not in found for found in each.search("dune")["results"])


def test_request_status_1_is_pending(each: Server) -> None:
    assert each.film(user=FAMILY).json()["status"] == 1
    assert each.status("movie", DUNE) == 2


def test_request_status_2_is_approved(each: Server) -> None:
    assert each.film().json()["status"] == 2


def test_request_status_3_is_declined(each: Server) -> None:
    number = each.film(user=FAMILY).json()["id"]
    assert each.call("POST", f"/request/{number}/decline").json()["status"] == 3
    assert each.status("movie", DUNE) == 1


def test_request_status_4_is_failed_and_comes_later(each: Server) -> None:
    each.admin("settings", {"sending_fails": True})
    number = each.film().json()["id"]
    assert each.read(f"/request/{number}")["status"] == 4
    assert each.status("movie", DUNE) == 3
    failed = each.read("/request?filter=failed")["results"]
    assert [row["id"] for row in failed] == [number]
    again = each.film()
    assert (again.status_code, words(again)) == (409, "Request for this media already exists.")


def test_a_retry_sends_again(each: Server) -> None:
    each.admin("settings", {"sending_fails": True})
    number = each.film().json()["id"]
    each.admin("settings", {"sending_fails": False})
    assert each.call("POST", f"/request/{number}/retry").json()["status"] == 2
    assert each.read(f"/request/{number}")["status"] == 2


def test_request_status_5_is_completed_in_the_forks_alone(
    overseerr: Server, forked: Server
) -> None:
    for server, status in ((overseerr, 2), (forked, 5)):
        number = server.film().json()["id"]
        server.read("/status")
        server.shelve("movie", DUNE, status=5)
        assert server.read(f"/request/{number}")["status"] == status


def test_a_completed_film_can_be_asked_for_without_end(seerr: Server, overseerr: Server) -> None:
    for server, answer in ((seerr, 201), (overseerr, 409)):
        server.film()
        server.read("/status")
        server.shelve("movie", DUNE, status=5)
        assert [server.film().status_code for _ in range(2)] == [answer, answer]
