"""Keys, acting users, rights, the validator, CSRF: one test for each thing that goes wrong."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest

from listsync.sandbox.process import SandboxProcess
from tests.integration.sandbox.conftest import (
    BREAKING_BAD,
    DUNE,
    FAMILY,
    NOBODY,
    QUOTA,
    Server,
    words,
)

GUARD = {"status": 403, "error": "You do not have permission to access this endpoint"}
NO_CREDENTIALS = "cookie 'connect.sid' required"


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": ""}], ids=["no-key", "empty-key"])
def test_without_a_key_there_is_a_misleading_401(each: Server, headers: dict[str, str]) -> None:
    answer = each.ask("/api/v1/auth/me", headers)
    assert answer.status_code == 401
    assert answer.json()["message"] == NO_CREDENTIALS
    assert set(answer.json()["errors"][0]) == {"path", "message"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-Api-Key": "wrong="}, id="wrong-key"),
        pytest.param({"X-API-User": "999"}, id="unknown-user"),
        pytest.param({"X-API-User": "0"}, id="user-0"),
    ],
)
def test_a_refused_key_or_user_meets_the_guard(each: Server, headers: dict[str, str]) -> None:
    answer = each.get("/auth/me", headers=headers)
    assert (answer.status_code, answer.json()) == (403, GUARD)


def test_keys_end_in_an_equals_sign_that_matters(server: Server) -> None:
    assert server.process.api_key.endswith("=")
    short = server.process.api_key.rstrip("=")
    assert server.get("/auth/me", headers={"X-Api-Key": short}).status_code == 403


def test_a_missing_right_meets_the_guard_on_a_route(server: Server) -> None:
    answer = server.call("DELETE", "/media/1", user=FAMILY)
    assert (answer.status_code, answer.json()) == (403, GUARD)


def test_a_missing_right_is_said_in_words_inside_post_request(server: Server) -> None:
    answer = server.film(user=NOBODY)
    assert answer.status_code == 403
    assert words(answer) == "You do not have permission to make movie requests."


@pytest.mark.parametrize("product", ["overseerr", "seerr"])
def test_a_user_number_that_is_none_ends_the_server(product: str) -> None:
    with SandboxProcess(product) as process:
        headers = {"X-Api-Key": process.api_key, "X-API-User": "abc"}
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{process.url}/api/v1/auth/me", headers=headers)
        assert process.wait(30) != 0


def test_a_user_number_that_is_none_does_nothing_with_a_wrong_key(server: Server) -> None:
    headers = {"X-Api-Key": "wrong=", "X-API-User": "abc"}
    assert server.get("/auth/me", headers=headers).status_code == 403
    assert server.read("/auth/me")["id"] == 1


def test_an_empty_user_number_is_ignored(each: Server) -> None:
    assert each.read("/auth/me", headers={"X-API-User": ""})["id"] == 1


@pytest.mark.parametrize("key", ["", "wrong="], ids=["no-key", "wrong-key"])
def test_an_unknown_path_is_a_404_before_the_key_is_looked_at(each: Server, key: str) -> None:
    answer = each.get("/nowhere", headers={"X-Api-Key": key})
    assert (answer.status_code, answer.json()["message"]) == (404, "not found")


def test_a_wrong_method_is_a_405(each: Server) -> None:
    answer = each.call("PATCH", "/request", headers={"X-Api-Key": ""})
    assert answer.status_code == 405
    assert answer.json()["message"] == "PATCH method not allowed"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("/media?foo=1", "Unknown query parameter 'foo'", id="unknown"),
        pytest.param("/auth/me?foo=1", "Unknown query parameter 'foo'", id="none-allowed"),
        pytest.param("/media?take=", "Empty value found for query parameter 'take'", id="empty"),
        pytest.param(
            "/search?query=a&page=x", "request.query.page should be number", id="wrong-type"
        ),
        pytest.param(
            "/media?sort=title",
            "request.query.sort should be equal to one of the allowed values: "
            "added, modified, mediaAdded",
            id="no-such-choice",
        ),
        pytest.param(
            "/search", "request.query should have required property 'query'", id="missing"
        ),
        pytest.param(
            "/user/abc", "request.params.userId should be number", id="path-not-a-number"
        ),
    ],
)
def test_a_wrong_parameter_is_a_400(each: Server, path: str, message: str) -> None:
    answer = each.get(path)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_parameters_are_checked_before_the_key_and_after_its_presence(server: Server) -> None:
    assert server.get("/media?foo=1", headers={"X-Api-Key": "wrong="}).status_code == 400
    assert server.get("/media?foo=1", headers={"X-Api-Key": ""}).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/user?q=fam", id="user-q"),
        pytest.param("/media?filter=deleted", id="media-filter-deleted"),
        pytest.param("/request?sortDirection=asc", id="request-sortDirection"),
        pytest.param("/request?mediaType=tv", id="request-mediaType"),
        pytest.param("/request?filter=completed", id="request-filter-completed"),
    ],
)
def test_overseerr_refuses_what_the_forks_added(
    overseerr: Server, forked: Server, path: str
) -> None:
    assert overseerr.get(path).status_code == 400
    assert forked.get(path).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_a_415(each: Server, content_type: str) -> None:
    headers = {"X-Api-Key": each.process.api_key, "Content-Type": content_type}
    answer = each.http.post("/request", content=b"mediaId=1", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["message"] == f"unsupported media type {content_type}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            b"{oops}", "Expected property name or '}' in JSON at position 1", id="broken"
        ),
        pytest.param(
            b'{"a" 1}', "Expected ':' after property name in JSON at position 5", id="no-colon"
        ),
        pytest.param(b'{"a":x}', 'Unexpected token \'x\', "{"a":x}" is not valid JSON', id="word"),
        pytest.param(b'{"a":', "Unexpected end of JSON input", id="cut-short"),
        pytest.param(b"5", "Unexpected token '5', \"5\" is not valid JSON", id="bare-number"),
    ],
)
def test_broken_json_is_a_400_in_the_parsers_words(
    server: Server, body: bytes, message: str
) -> None:
    headers = {"X-Api-Key": server.process.api_key, "Content-Type": "application/json"}
    answer = server.http.post("/request", content=body, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_csrf_protection_lets_reads_pass_and_stops_writes(each: Server) -> None:
    each.admin("settings", {"csrf": True})
    assert each.get("/auth/me").status_code == 200
    answer = each.film()
    assert (answer.status_code, words(answer)) == (403, "invalid csrf token")
    assert each.call("DELETE", "/request/1").status_code == 403


@pytest.mark.parametrize("header", ["X-XSRF-TOKEN", "X-CSRF-Token"])
def test_csrf_protection_is_passed_with_both_cookies_and_the_decoded_token(
    each: Server, header: str
) -> None:
    each.admin("settings", {"csrf": True})
    cookies = each.get("/status").headers.get_list("set-cookie")
    assert all("Secure" in cookie for cookie in cookies)
    pairs = dict(cookie.split(";")[0].split("=", 1) for cookie in cookies)
    assert set(pairs) == {"_csrf", "XSRF-TOKEN"}
    sent = {
        "X-Api-Key": each.process.api_key,
        "Cookie": "; ".join(f"{name}={value}" for name, value in pairs.items()),
        header: unquote(pairs["XSRF-TOKEN"]),
    }
    body = {"mediaType": "movie", "mediaId": DUNE, "is4k": False}
    assert each.http.post("/request", json=body, headers=sent).status_code == 201
    without = {name: value for name, value in sent.items() if name != header}
    for wrong in (without, {**sent, header: "x-y"}):
        assert each.http.post("/request", json=body, headers=wrong).status_code == 403


def test_the_user_list_stops_at_ten_by_default(each: Server) -> None:
    page = each.read("/user")
    assert len(page["results"]) == 10
    assert page["pageInfo"]["results"] == 12
    assert len(each.read("/user?take=1000")["results"]) == 12


def test_the_forks_search_users(forked: Server) -> None:
    assert [user["id"] for user in forked.read("/user?q=famil")["results"]] == [FAMILY]


def test_addresses_are_for_those_who_manage_users(server: Server) -> None:
    assert "email" in server.read("/user")["results"][0]
    assert "email" not in server.read("/user", user=FAMILY)["results"][0]


def test_users_count_their_requests(server: Server) -> None:
    server.film(user=FAMILY)
    counts = {user["id"]: user["requestCount"] for user in server.read("/user")["results"]}
    assert (counts[1], counts[FAMILY]) == (0, 1)


def test_one_user_can_be_read_and_an_unknown_one_is_a_404(each: Server) -> None:
    assert each.read(f"/user/{QUOTA}")["displayName"] == "quota"
    answer = each.get("/user/999")
    assert (answer.status_code, words(answer)) == (404, "User not found.")


@pytest.mark.parametrize(
    "path",
    [
        "/search?query=dune",
        f"/movie/{DUNE}",
        f"/tv/{BREAKING_BAD}",
        "/media",
        "/service/radarr",
        "/service/sonarr",
        "/user",
        "/request",
    ],
)
def test_reading_is_open_to_a_user_without_any_right(each: Server, path: str) -> None:
    assert each.get(path, user=NOBODY).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("POST", "/request/1/approve", id="approve"),
        pytest.param("POST", "/request/1/decline", id="decline"),
        pytest.param("POST", "/request/1/retry", id="retry"),
        pytest.param("POST", "/media/1/available", id="set-media-status"),
        pytest.param("DELETE", "/media/1", id="delete-media"),
        pytest.param("GET", "/settings/about", id="about"),
        pytest.param("GET", "/settings/main", id="settings"),
    ],
)
def test_managing_is_not_for_a_user_who_may_only_request(
    each: Server, method: str, path: str
) -> None:
    each.film(user=FAMILY)
    answer = each.call(method, path, user=FAMILY)
    assert (answer.status_code, answer.json()) == (403, GUARD)


def test_users_see_their_own_requests_alone(each: Server) -> None:
    each.film(DUNE, user=FAMILY)
    each.film(841)
    assert len(each.read("/request")["results"]) == 2
    own = each.read("/request", user=FAMILY)["results"]
    assert [row["media"]["tmdbId"] for row in own] == [DUNE]
    assert each.get("/request?requestedBy=1", user=FAMILY).status_code == 403
    assert each.get(f"/request?requestedBy={FAMILY}", user=FAMILY).status_code == 200


def test_the_quota_of_others_is_for_managers(server: Server) -> None:
    assert server.get(f"/user/{QUOTA}/quota", user=FAMILY).status_code == 403
    assert server.get(f"/user/{QUOTA}/quota", user=QUOTA).status_code == 200
    assert server.get(f"/user/{QUOTA}/quota").status_code == 200
