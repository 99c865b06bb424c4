"""POST /request: every outcome, their order, and what becomes of a request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.sandbox.conftest import (
    BREAKING_BAD,
    COPPER_LEDGER,
    DUNE,
    FAMILY,
    NOBODY,
    QUOTA,
    SALT_ARCHIVE,
    SPECIALS_ONLY,
    Json,
    Server,
    numbers,
    words,
)

MOVIE = {"mediaType": "movie", "mediaId": DUNE, "is4k": False}
NO_SEASONS = "No seasons available to request"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            {"mediaType": None},
            "request.body should have required property 'mediaType'",
            id="no-mediaType",
        ),
        pytest.param(
            {"mediaId": None},
            "request.body should have required property 'mediaId'",
            id="no-mediaId",
        ),
        pytest.param(
            {"mediaType": "person"},
            "request.body.mediaType should be equal to one of the allowed values: movie, tv",
            id="other-mediaType",
        ),
        pytest.param(
            {"mediaId": "438631"}, "request.body.mediaId should be number", id="id-as-string"
        ),
        pytest.param({"is4k": "no"}, "request.body.is4k should be boolean", id="is4k-as-string"),
        pytest.param(
            {"tvdbId": "81189"}, "request.body.tvdbId should be number", id="tvdbId-as-string"
        ),
        pytest.param(
            {"userId": "2"}, "request.body.userId should be number", id="userId-as-string"
        ),
        pytest.param(
            {"seasons": [-1]},
            "request.body.seasons should match exactly one schema in oneOf",
            id="negative-season",
        ),
        pytest.param(
            {"seasons": "first"},
            "request.body.seasons should match exactly one schema in oneOf",
            id="seasons-as-word",
        ),
        pytest.param(
            {"rootFolder": 5}, "request.body.rootFolder should be string", id="rootFolder-number"
        ),
    ],
)
def test_schema(each: Server, change: Json, message: str) -> None:
    body = {**MOVIE, **change}
    body = {name: value for name, value in body.items() if value is not None}
    answer = each.order(body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert {"path", "message", "errorCode"} == set(answer.json()["errors"][0])


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"colour": "red"}, id="unknown-field"),
        pytest.param({"userId": None}, id="userId-null"),
        pytest.param({"tags": [1]}, id="tags-absent-from-the-spec"),
        pytest.param({"serverId": 77}, id="unknown-serverId"),
        pytest.param({"rootFolder": "/movies", "profileId": 4}, id="options"),
    ],
)
def test_what_does_not_stop_a_request(each: Server, more: Json) -> None:
    answer = each.film(**more)
    assert (answer.status_code, answer.json()["status"]) == (201, 2)
    for name in more.keys() & {"tags", "serverId", "rootFolder", "profileId"}:
        assert answer.json()[name] == more[name]


def test_user_id_is_for_managers(each: Server) -> None:
    answer = each.film(user=FAMILY, userId=QUOTA)
    message = "You do not have permission to modify the request user."
    assert (answer.status_code, words(answer)) == (403, message)


def test_an_unknown_user_id_is_a_500(each: Server) -> None:
    answer = each.film(userId=999)
    assert answer.status_code == 500
    assert words(answer).startswith('Could not find any entity of type "User" matching')


@pytest.mark.parametrize(
    ("kind", "four_k", "what"),
    [
        pytest.param("movie", False, "movie", id="movie"),
        pytest.param("tv", False, "series", id="series"),
        pytest.param("movie", True, "4K movie", id="movie-4k"),
        pytest.param("tv", True, "4K series", id="series-4k"),
    ],
)
def test_the_requester_needs_the_right(each: Server, kind: str, four_k: bool, what: str) -> None:
    body = {"mediaType": kind, "mediaId": 1396, "is4k": four_k, "seasons": [1]}
    answer = each.order(body, user=NOBODY)
    message = f"You do not have permission to make {what} requests."
    assert (answer.status_code, words(answer)) == (403, message)


@pytest.mark.parametrize(
    ("permissions", "kind", "four_k", "status"),
    [
        pytest.param(32, "movie", False, 201, id="REQUEST"),
        pytest.param(32, "movie", True, 403, id="REQUEST-is-not-4k"),
        pytest.param(262144, "movie", False, 201, id="REQUEST_MOVIE"),
        pytest.param(262144, "tv", False, 403, id="REQUEST_MOVIE-is-not-series"),
        pytest.param(524288, "tv", False, 201, id="REQUEST_TV"),
        pytest.param(1024, "tv", True, 201, id="REQUEST_4K"),
        pytest.param(2048, "movie", True, 201, id="REQUEST_4K_MOVIE"),
        pytest.param(4096, "tv", True, 201, id="REQUEST_4K_TV"),
        pytest.param(2, "movie", True, 201, id="ADMIN"),
    ],
)
def test_the_rights_to_request(
    seerr: Server, permissions: int, kind: str, four_k: bool, status: int
) -> None:
    seerr.admin("users", {"id": NOBODY, "permissions": permissions})
    body = {"mediaType": kind, "mediaId": 1396, "is4k": four_k, "seasons": [1]}
    assert seerr.order(body, user=NOBODY).status_code == status


def test_rights_are_checked_on_the_user_it_is_for(each: Server) -> None:
    answer = each.film(userId=NOBODY)
    message = "You do not have permission to make movie requests."
    assert (answer.status_code, words(answer)) == (403, message)


def test_film_quota(each: Server) -> None:
    assert [each.film(number, user=QUOTA).status_code for number in (841, DUNE)] == [201, 201]
    answer = each.film(1396, user=QUOTA)
    assert (answer.status_code, words(answer)) == (403, "Movie Quota exceeded.")


def test_quota_is_checked_on_the_user_it_is_for(each: Server) -> None:
    for number in (841, DUNE):
        each.film(number, userId=QUOTA)
    assert words(each.film(1396, userId=QUOTA)) == "Movie Quota exceeded."


def test_series_quota_used_up(each: Server) -> None:
    each.series(BREAKING_BAD, [1, 2, 3], user=QUOTA)
    answer = each.series(BREAKING_BAD, [4], user=QUOTA)
    assert (answer.status_code, words(answer)) == (403, "Series Quota exceeded.")


def test_a_series_with_more_seasons_than_quota_is_all_or_nothing(each: Server) -> None:
    answer = each.series(BREAKING_BAD, [1, 2, 3, 4], user=QUOTA)
    assert (answer.status_code, words(answer)) == (403, "Series Quota exceeded.")
    assert each.status("tv", BREAKING_BAD) is None


@pytest.mark.parametrize(("kind", "what"), [("movie", "movie"), ("tv", "TV show")])
def test_an_unknown_tmdb_id_is_a_500_with_404_in_its_words(
    each: Server, kind: str, what: str
) -> None:
    answer = each.order({"mediaType": kind, "mediaId": 999999999, "is4k": False, "seasons": [1]})
    message = f"[TMDB] Failed to fetch {what} details: Request failed with status code 404"
    assert (answer.status_code, words(answer)) == (500, message)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_when_tmdb_is_down_the_words_end_with_its_status(each: Server, status: int) -> None:
    each.admin("faults", {"kind": "tmdb_down", "method": "POST", "status": status})
    answer = each.film()
    assert answer.status_code == 500
    assert words(answer).endswith(f"Request failed with status code {status}")
    assert each.film().status_code == 201


def test_blocklisted(forked: Server) -> None:
    forked.shelve("movie", DUNE, status=6)
    assert forked.film().status_code == 403


@pytest.mark.parametrize("status", [1, 2, 4], ids=["pending", "approved", "failed"])
def test_a_film_that_is_asked_for_already_is_a_409(each: Server, status: int) -> None:
    number = each.film(user=FAMILY).json()["id"]
    each.admin("requests", {"id": number, "status": status})
    answer = each.film()
    assert (answer.status_code, words(answer)) == (409, "Request for this media already exists.")


def test_the_oldest_request_decides(each: Server) -> None:
    number = each.film(user=FAMILY).json()["id"]
    each.call("POST", f"/request/{number}/decline")
    assert [each.film(user=FAMILY).status_code for _ in range(3)] == [201, 201, 201]


def test_an_automatic_request_of_the_same_user_is_a_409(each: Server) -> None:
    number = each.series(BREAKING_BAD, [1], user=FAMILY).json()["id"]
    each.admin("requests", {"id": number, "isAuto": True})
    answer = each.series(BREAKING_BAD, [2], user=FAMILY)
    message = "Auto-request for this media and user already exists."
    assert (answer.status_code, words(answer)) == (409, message)
    assert each.series(BREAKING_BAD, [2]).status_code == 201


@pytest.mark.parametrize("seasons", [[1, 2], []], ids=["all-requested", "none-wanted"])
def test_no_season_left_is_a_202(each: Server, seasons: list[int]) -> None:
    each.series(BREAKING_BAD, [1, 2])
    answer = each.series(BREAKING_BAD, seasons)
    assert (answer.status_code, words(answer)) == (202, NO_SEASONS)


def test_specials_need_a_setting_in_the_forks(overseerr: Server, seerr: Server) -> None:
    assert overseerr.series(BREAKING_BAD, [0]).status_code == 201
    answer = seerr.series(BREAKING_BAD, [0])
    assert (answer.status_code, words(answer)) == (202, NO_SEASONS)
    seerr.admin("settings", {"special_episodes": True})
    assert seerr.read("/settings/public")["enableSpecialEpisodes"] is True
    assert seerr.series(BREAKING_BAD, [0]).status_code == 201


def test_a_series_without_seasons_is_a_500(each: Server) -> None:
    answer = each.order({"mediaType": "tv", "mediaId": BREAKING_BAD, "is4k": False})
    message = "Cannot read properties of undefined (reading 'filter')"
    assert (answer.status_code, words(answer)) == (500, message)


def test_a_tvdb_id_that_another_series_has_is_a_500(each: Server) -> None:
    each.series(BREAKING_BAD, [1])
    answer = each.series(COPPER_LEDGER, [1])
    message = "SQLITE_CONSTRAINT: UNIQUE constraint failed: media.tvdbId"
    assert (answer.status_code, words(answer)) == (500, message)
    assert each.status("tv", COPPER_LEDGER) is None


def test_a_tvdb_id_in_the_body_cures_that(each: Server) -> None:
    each.series(BREAKING_BAD, [1])
    answer = each.series(COPPER_LEDGER, [1], tvdbId=424242)
    assert (answer.status_code, answer.json()["media"]["tvdbId"]) == (201, 424242)


@pytest.mark.parametrize("kind", ["movie", "tv"])
def test_else_it_is_a_201(each: Server, kind: str) -> None:
    answer = each.order({"mediaType": kind, "mediaId": 1396, "is4k": False, "seasons": [1]})
    body = answer.json()
    assert answer.status_code == 201
    assert (body["type"], body["is4k"], body["requestedBy"]["id"]) == (kind, False, 1)
    assert (body["media"]["mediaType"], body["media"]["tmdbId"]) == (kind, 1396)
    assert numbers(body.get("seasons", [])) == ([1] if kind == "tv" else [])


def test_the_checks_come_in_order(each: Server) -> None:
    """Whoever fails several checks hears of the first."""
    unknown: dict[str, Any] = {"mediaType": "movie", "mediaId": 999999999, "is4k": False}
    assert each.order({**unknown, "userId": 999}, user=NOBODY).status_code == 403
    assert "User" in words(each.order({**unknown, "userId": 999}))
    assert "permission to make" in words(each.order({**unknown, "userId": NOBODY}))
    each.admin("users", {"id": NOBODY, "permissions": 32, "movieLimit": 1})
    each.film(user=NOBODY)
    assert words(each.order(unknown, user=NOBODY)) == "Movie Quota exceeded."
    assert "[TMDB]" in words(each.order(unknown))
    series = {"mediaType": "tv", "mediaId": BREAKING_BAD, "is4k": False}
    assert "permission" in words(each.order({**series, "userId": 4, "is4k": True}))
    assert each.order(series).status_code == 500


def test_the_blocklist_comes_before_duplicates(seerr: Server) -> None:
    seerr.film()
    seerr.shelve("movie", DUNE, status=6)
    assert words(seerr.film()) == "This media is blocklisted."


def test_without_is4k_the_duplicate_check_is_off(each: Server) -> None:
    body = {"mediaType": "movie", "mediaId": DUNE}
    assert [each.order(body).status_code for _ in range(3)] == [201, 201, 201]
    assert len(each.read("/request")["results"]) == 3
    series = {"mediaType": "tv", "mediaId": BREAKING_BAD, "seasons": [1, 2]}
    answers = [each.order(series) for _ in range(2)]
    assert [numbers(answer.json()["seasons"]) for answer in answers] == [[1, 2], [1, 2]]
    assert [answer.json()["is4k"] for answer in answers] == [False, False]


def test_without_is4k_seasons_of_the_library_are_still_dropped(each: Server) -> None:
    each.shelve("tv", BREAKING_BAD, status=4, seasons={1: 5})
    answer = each.order({"mediaType": "tv", "mediaId": BREAKING_BAD, "seasons": [1, 2]})
    assert numbers(answer.json()["seasons"]) == [2]


def test_4k_and_not_are_two_things(each: Server) -> None:
    each.film()
    assert each.film(is4k=True).status_code == 201
    assert each.film(is4k=True).status_code == 409
    each.series(BREAKING_BAD, [1, 2])
    assert numbers(each.series(BREAKING_BAD, [1, 3], is4k=True).json()["seasons"]) == [1, 3]
    assert each.status("movie", DUNE) == each.status("movie", DUNE, four_k=True) == 3


def test_4k_without_a_4k_server_is_accepted_all_the_same(each: Server) -> None:
    assert each.film(is4k=True).status_code == 201
    assert (each.status("movie", DUNE), each.status("movie", DUNE, four_k=True)) == (1, 3)


def test_seasons_that_are_covered_are_dropped(each: Server) -> None:
    each.series(BREAKING_BAD, [1, 2], user=FAMILY)
    assert numbers(each.series(BREAKING_BAD, [2, 3]).json()["seasons"]) == [3]
    left = [0, 4, 5] if each.product == "overseerr" else [4, 5]
    assert numbers(each.series(BREAKING_BAD, "all").json()["seasons"]) == left
    assert each.series(BREAKING_BAD, "all").status_code == 202


def test_seasons_of_a_declined_request_are_free_again(each: Server) -> None:
    number = each.series(BREAKING_BAD, [1, 2], user=FAMILY).json()["id"]
    each.call("POST", f"/request/{number}/decline")
    assert numbers(each.series(BREAKING_BAD, [1]).json()["seasons"]) == [1]


def test_seasons_that_do_not_exist_are_accepted(each: Server) -> None:
    assert numbers(each.series(BREAKING_BAD, [99]).json()["seasons"]) == [99]


def test_all_means_specials_too_for_overseerr_alone(overseerr: Server, forked: Server) -> None:
    assert numbers(overseerr.series().json()["seasons"]) == [0, 1, 2, 3, 4, 5]
    assert numbers(forked.series().json()["seasons"]) == [1, 2, 3, 4, 5]


def test_all_of_a_series_that_is_there_is_its_specials_for_overseerr(
    overseerr: Server, forked: Server
) -> None:
    for server in (overseerr, forked):
        server.shelve("tv", BREAKING_BAD, status=5)
    assert numbers(overseerr.series().json()["seasons"]) == [0]
    assert forked.series().status_code == 202


def test_all_of_a_series_with_specials_only(overseerr: Server, forked: Server) -> None:
    assert overseerr.series(SPECIALS_ONLY).status_code == 201
    assert forked.series(SPECIALS_ONLY).status_code == 202


def test_all_asks_for_announced_seasons_too(server: Server) -> None:
    title = {"media_type": "tv", "tmdb_id": 77, "title": "Later", "tvdb_id": 777}
    server.admin("titles", {**title, "seasons": 2, "announced": 1})
    assert numbers(server.series(77).json()["seasons"]) == [1, 2]


def test_without_a_tvdb_id_the_forks_answer_201_without_id(forked: Server) -> None:
    answer = forked.series(SALT_ARCHIVE)
    assert answer.status_code == 201
    assert "id" not in answer.json()
    assert forked.status("tv", SALT_ARCHIVE) is None
    assert forked.read("/request")["results"] == []


def test_without_a_tvdb_id_overseerr_fails_and_leaves_a_row(overseerr: Server) -> None:
    answer = overseerr.series(SALT_ARCHIVE)
    assert answer.status_code == 500
    assert words(answer).startswith('Could not find any entity of type "Media"')
    assert overseerr.status("tv", SALT_ARCHIVE) == 2
    assert overseerr.read("/request")["results"] == []


def test_without_a_tvdb_id_a_request_can_wait_for_approval(each: Server) -> None:
    answer = each.series(SALT_ARCHIVE, user=FAMILY)
    assert (answer.status_code, answer.json()["status"]) == (201, 1)
    verdict = each.call("POST", f"/request/{answer.json()['id']}/approve")
    assert verdict.status_code == (500 if each.product == "overseerr" else 200)
    assert "id" not in verdict.json()


def test_a_tvdb_id_in_the_body_cures_that_too(each: Server) -> None:
    answer = each.series(SALT_ARCHIVE, tvdbId=515151)
    assert answer.status_code == 201
    assert each.read(f"/request/{answer.json()['id']}")["media"]["tvdbId"] == 515151


def test_approval_follows_who_acts_not_whom_it_is_for(each: Server) -> None:
    by_body = each.film(841, userId=FAMILY).json()
    by_header = each.film(DUNE, user=FAMILY).json()
    assert by_body["requestedBy"]["id"] == by_header["requestedBy"]["id"] == FAMILY
    assert (by_body["status"], by_header["status"]) == (2, 1)
    assert by_body["modifiedBy"]["id"] == 1
    assert "modifiedBy" not in by_header


def test_the_owner_cannot_make_a_pending_request(each: Server) -> None:
    assert each.film(user=1).json()["status"] == 2


@pytest.mark.parametrize(
    ("permission", "kind", "four_k", "status"),
    [
        pytest.param(128, "movie", False, 2, id="AUTO_APPROVE"),
        pytest.param(256, "movie", False, 2, id="AUTO_APPROVE_MOVIE"),
        pytest.param(256, "tv", False, 1, id="AUTO_APPROVE_MOVIE-is-not-series"),
        pytest.param(512, "tv", False, 2, id="AUTO_APPROVE_TV"),
        pytest.param(128, "movie", True, 1, id="AUTO_APPROVE-is-not-4k"),
        pytest.param(32768, "movie", True, 2, id="AUTO_APPROVE_4K"),
        pytest.param(65536, "movie", True, 2, id="AUTO_APPROVE_4K_MOVIE"),
        pytest.param(131072, "tv", True, 2, id="AUTO_APPROVE_4K_TV"),
        pytest.param(16, "tv", True, 2, id="MANAGE_REQUESTS"),
    ],
)
def test_the_rights_to_approve(
    seerr: Server, permission: int, kind: str, four_k: bool, status: int
) -> None:
    seerr.admin("users", {"id": FAMILY, "permissions": 32 | 1024 | permission})
    body = {"mediaType": kind, "mediaId": 1396, "is4k": four_k, "seasons": [1]}
    assert seerr.order(body, user=FAMILY).json()["status"] == status


def test_the_answer_is_a_snapshot_from_before_sending(each: Server) -> None:
    assert each.film().json()["media"]["status"] == 2
    assert each.status("movie", DUNE) == 3


def test_an_undated_film_is_nothing_special(each: Server) -> None:
    assert each.film(9900004).status_code == 201


def test_a_film_that_is_there_is_accepted_and_stays_there(each: Server) -> None:
    each.shelve("movie", DUNE, status=5)
    assert each.film().status_code == 201
    assert each.status("movie", DUNE) == 5


def test_approving_sends(each: Server) -> None:
    number = each.film(user=FAMILY).json()["id"]
    assert each.status("movie", DUNE) == 2
    assert each.call("POST", f"/request/{number}/approve").json()["status"] == 2
    assert each.status("movie", DUNE) == 3


def test_a_request_cannot_be_put_back_to_pending(each: Server) -> None:
    number = each.film().json()["id"]
    answer = each.call("POST", f"/request/{number}/pending")
    what = "should be equal to one of the allowed values: approve, decline"
    assert (answer.status_code, answer.json()["message"]) == (400, f"request.params.status {what}")
    assert each.read(f"/request/{number}")["status"] == 2


@pytest.mark.parametrize("kind", ["movie", "tv"])
def test_declining_makes_a_title_unknown_again(each: Server, kind: str) -> None:
    body = {"mediaType": kind, "mediaId": 1396, "is4k": False, "seasons": [1]}
    number = each.order(body, user=FAMILY).json()["id"]
    each.call("POST", f"/request/{number}/decline")
    assert each.status(kind, 1396) == 1


def test_deleting_the_last_request_makes_a_title_unknown_again(each: Server) -> None:
    first = each.series(BREAKING_BAD, [1]).json()["id"]
    second = each.series(BREAKING_BAD, [2]).json()["id"]
    assert each.call("DELETE", f"/request/{first}").status_code == 204
    assert each.status("tv", BREAKING_BAD) == 3
    assert each.call("DELETE", f"/request/{second}").content == b""
    assert each.status("tv", BREAKING_BAD) == 1


def test_users_may_delete_what_is_theirs_and_pending(each: Server) -> None:
    own, other = each.film(user=FAMILY).json()["id"], each.film(841).json()["id"]
    assert each.call("DELETE", f"/request/{other}", user=FAMILY).status_code == 401
    assert each.call("DELETE", f"/request/{own}", user=FAMILY).status_code == 204


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/request/999"),
        ("DELETE", "/request/999"),
        ("PUT", "/request/999"),
        ("POST", "/request/999/approve"),
        ("POST", "/request/999/retry"),
    ],
)
def test_an_unknown_request_is_a_404(each: Server, method: str, path: str) -> None:
    answer = each.call(method, path, {"mediaType": "tv"})
    assert (answer.status_code, words(answer)) == (404, "Request not found.")


def test_a_request_can_be_edited(each: Server) -> None:
    number = each.series(BREAKING_BAD, [1], user=FAMILY).json()["id"]
    body = {"mediaType": "tv", "seasons": [2, 3], "profileId": 5}
    edited = each.call("PUT", f"/request/{number}", body).json()
    assert (numbers(edited["seasons"]), edited["profileId"]) == ([2, 3], 5)
    assert each.call("PUT", f"/request/{number}", body, user=QUOTA).status_code == 403
    assert each.call("PUT", f"/request/{number}", {"mediaType": "tv"}).status_code == 500


def test_an_unknown_verdict_is_refused(each: Server) -> None:
    number = each.film().json()["id"]
    assert each.call("POST", f"/request/{number}/maybe").status_code == 400


def test_requests_are_counted(each: Server) -> None:
    each.film()
    each.series(user=FAMILY)
    count = each.read("/request/count")
    shown = (count["total"], count["movie"], count["tv"], count["pending"], count["approved"])
    assert shown == (2, 1, 1, 1, 1)


def test_the_journal_lists_every_request_in_order(server: Server) -> None:
    server.film()
    server.film(userId=FAMILY)
    server.series(BREAKING_BAD, [1, 2], user=FAMILY)
    rows = server.admin("log")["requests"]
    assert [(row["status"], row["userId"], row["actingId"]) for row in rows] == [
        (201, 1, 1),
        (409, FAMILY, 1),
        (201, FAMILY, FAMILY),
    ]
    assert (rows[2]["kind"], rows[2]["tmdbId"], rows[2]["seasons"]) == ("tv", 1396, [1, 2])
    assert [row["requestId"] is None for row in rows] == [False, True, False]
