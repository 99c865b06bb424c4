"""Rows that say less than the truth, and rows that were answered with 201 and are gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.sandbox.conftest import (
    BREAKING_BAD,
    DUNE,
    FAMILY,
    Json,
    Server,
    until_seen,
    words,
)

FILMS = [20_000_001 + number for number in range(5)]
FILM: Json = {"kind": "movie", "tmdbId": DUNE}


def index(server: Server) -> set[int]:
    return {row["tmdbId"] for row in server.read("/media?take=100")["results"]}


def requested(server: Server) -> set[int]:
    return {row["media"]["tmdbId"] for row in server.read("/request?take=100")["results"]}


@pytest.mark.parametrize(("kind", "tmdb_id"), [("movie", DUNE), ("tv", BREAKING_BAD)])
def test_an_orphan_waits_without_a_request_and_can_be_requested(
    each: Server, kind: str, tmdb_id: int
) -> None:
    each.shelve(kind, tmdb_id, status=2)
    assert each.status(kind, tmdb_id) == 2
    assert each.read(f"/{kind}/{tmdb_id}")["mediaInfo"]["requests"] == []
    assert requested(each) == set()
    answer = each.film(tmdb_id) if kind == "movie" else each.series(tmdb_id, [1])
    assert answer.status_code == 201
    assert len(each.read(f"/{kind}/{tmdb_id}")["mediaInfo"]["requests"]) == 1


def test_the_newest_requests_are_rolled_back_with_their_rows(each: Server) -> None:
    for film in FILMS:
        each.film(film)
    assert each.admin("roll-back", {"last": 2}) == {"lost": 2}
    assert index(each) == requested(each) == set(FILMS[:3])
    assert each.admin("log")["lost"] == 2
    assert each.admin("roll-back", {}) == {"lost": 3}
    assert index(each) == set()


def test_one_request_is_rolled_back_and_what_was_there_before_stays(each: Server) -> None:
    each.series(seasons=[1])
    each.series(seasons=[2])
    each.film(user=FAMILY)
    order = {"kind": "tv", "tmdbId": BREAKING_BAD, "do": "roll_back"}
    each.admin("requests", order)
    (kept,) = each.read(f"/tv/{BREAKING_BAD}")["mediaInfo"]["requests"]
    assert [season["seasonNumber"] for season in kept["seasons"]] == [1]
    each.admin("requests", order)
    assert index(each) == requested(each) == {DUNE}


def test_a_post_that_is_rolled_back_answers_201_and_leaves_nothing(each: Server) -> None:
    each.admin("faults", {"kind": "roll_back", "method": "POST", "nth": [2, 4]})
    assert [each.film(film).status_code for film in FILMS] == [201] * 5
    assert index(each) == requested(each) == {FILMS[0], FILMS[2], FILMS[4]}
    assert each.admin("log")["lost"] == 2


def test_what_is_rolled_back_later_is_there_until_then(each: Server) -> None:
    each.admin("faults", {"kind": "roll_back", "method": "POST", "seconds": 60})
    each.film()
    assert requested(each) == {DUNE}


def test_a_request_that_failed_at_radarr_leaves_its_row_as_it_was(each: Server) -> None:
    each.film()
    assert each.status("movie", DUNE) == 3
    each.admin("requests", {**FILM, "do": "fail"})
    assert each.status("movie", DUNE) == 3
    (failed,) = each.read("/request?filter=failed")["results"]
    assert (failed["status"], failed["media"]["tmdbId"]) == (4, DUNE)
    assert each.film().status_code == 409


def test_everything_that_is_sent_to_a_radarr_that_fails_has_failed(each: Server) -> None:
    each.admin("settings", {"radarr": "errors"})
    each.film()
    each.series(seasons=[1])
    (failed,) = each.read("/request?filter=failed")["results"]
    assert failed["media"]["tmdbId"] == DUNE


def test_a_declined_and_a_deleted_film_look_as_if_never_requested(each: Server) -> None:
    each.film(user=FAMILY)
    each.film(FILMS[0])
    each.admin("requests", {**FILM, "do": "decline"})
    each.admin("requests", {"kind": "movie", "tmdbId": FILMS[0], "do": "delete"})
    assert [each.status("movie", film) for film in (DUNE, FILMS[0])] == [1, 1]
    (declined,) = each.read("/request")["results"]
    assert (declined["status"], declined["media"]["tmdbId"]) == (3, DUNE)


def test_a_completed_request_can_be_made_again(forked: Server) -> None:
    forked.film()
    forked.admin("requests", {**FILM, "do": "complete"})
    (completed,) = forked.read("/request?filter=completed")["results"]
    assert completed["status"] == 5
    assert forked.film().status_code == 201


def test_overseerr_does_not_complete(overseerr: Server) -> None:
    overseerr.film()
    answer = overseerr.http.post(
        f"{overseerr.process.url}/sandbox/requests", json={**FILM, "do": "complete"}
    )
    assert answer.status_code == 400
    assert "completed" in words(answer)


def test_a_deed_for_a_title_without_a_request_is_refused(server: Server) -> None:
    answer = server.http.post(
        f"{server.process.url}/sandbox/requests", json={**FILM, "do": "decline"}
    )
    assert answer.status_code == 400


def test_an_approval_that_fails_at_the_server_is_refused_in_its_words(overseerr: Server) -> None:
    overseerr.admin("titles", {"media_type": "tv", "tmdb_id": 77, "title": "X", "seasons": 1})
    overseerr.series(77, [1], user=FAMILY)
    order = {"kind": "tv", "tmdbId": 77, "do": "approve"}
    answer = overseerr.http.post(f"{overseerr.process.url}/sandbox/requests", json=order)
    assert answer.status_code == 400
    assert "any entity" in words(answer)


def test_an_approval_by_order_sends(each: Server) -> None:
    each.film(user=FAMILY)
    assert each.status("movie", DUNE) == 2
    each.admin("requests", {**FILM, "do": "approve"})
    assert each.status("movie", DUNE) == 3


def test_requests_name_the_services_that_do_not_answer(each: Server) -> None:
    each.admin("settings", {"sonarr": "errors"})
    errors = each.read("/request").get("serviceErrors")
    if each.product == "overseerr":
        assert errors is None
    else:
        assert (errors["radarr"], [one["name"] for one in errors["sonarr"]]) == ([], ["Sonarr"])


def test_a_post_whose_row_goes_while_it_runs_fails(each: Server) -> None:
    each.admin("faults", {"kind": "slow_midway", "method": "POST", "seconds": 0.3})
    with ThreadPoolExecutor(1) as pool:
        film = pool.submit(each.film)
        until_seen(each, 1)
        each.shelve("movie", DUNE, remove=True)
        answer = film.result()
    assert (answer.status_code, "FOREIGN KEY" in words(answer)) == (500, True)
    assert requested(each) == set()


def test_what_is_in_the_library_stays_when_its_request_is_rolled_back(each: Server) -> None:
    each.film()
    each.shelve("movie", DUNE, status=5)
    each.admin("roll-back", {})
    assert (each.status("movie", DUNE), requested(each)) == (5, set())
