"""Which fields there are, in answers that a client might take for granted."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.conftest import BREAKING_BAD, DUNE, FAMILY, Json, Server, numbers

FILM: Json = {"mediaType": "movie", "mediaId": DUNE, "is4k": False}


@pytest.mark.parametrize(
    ("path", "place", "code"),
    [
        pytest.param("/search", ".query.query", "required", id="missing-parameter"),
        pytest.param("/media?skip=x", ".query.skip", "type", id="no-number"),
        pytest.param("/request?filter=declined", ".query.filter", "enum", id="unknown-word"),
        pytest.param("/movie/abc", ".params.movieId", "type", id="path"),
    ],
)
def test_a_parameter_that_a_schema_refuses_has_an_error_code(
    each: Server, path: str, place: str, code: str
) -> None:
    (error,) = each.get(path).json()["errors"]
    assert (error["path"], error["errorCode"]) == (place, f"{code}.openapi.validation")


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        pytest.param({"mediaId": 1}, ".body.mediaType", "required", id="missing"),
        pytest.param({**FILM, "mediaId": "603"}, ".body.mediaId", "type", id="text"),
        pytest.param(
            {**FILM, "mediaType": "person"}, ".body.mediaType", "enum", id="unknown-word"
        ),
    ],
)
def test_a_field_that_a_schema_refuses_has_an_error_code(
    each: Server, body: Json, place: str, code: str
) -> None:
    (error,) = each.order(body).json()["errors"]
    assert (error["path"], error["errorCode"]) == (place, f"{code}.openapi.validation")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/media?foo=1", id="unknown-parameter"),
        pytest.param("/media?take=", id="empty-parameter"),
        pytest.param("/search?query=a+b", id="reserved-character"),
    ],
)
def test_what_the_validator_refuses_itself_has_none(each: Server, path: str) -> None:
    (error,) = each.get(path).json()["errors"]
    assert set(error) == {"path", "message"}


def test_the_201_of_a_film_tells_nothing_of_seasons(each: Server) -> None:
    film = each.film().json()
    assert not {"seasons", "seasonCount"} & set(film)
    shown = each.read(f"/request/{film['id']}")
    assert (shown["seasons"], shown["seasonCount"]) == ([], 0)


def test_the_201_of_a_series_names_its_seasons_without_counting_them(each: Server) -> None:
    series = each.series(BREAKING_BAD, [1, 2]).json()
    assert numbers(series["seasons"]) == [1, 2]
    assert "seasonCount" not in series


@pytest.mark.parametrize(("specials", "taken"), [(False, [1]), (True, [0, 1])])
def test_the_201_names_the_seasons_that_were_really_taken(
    seerr: Server, specials: bool, taken: list[int]
) -> None:
    seerr.admin("settings", {"special_episodes": specials})
    answer = seerr.series(BREAKING_BAD, [0, 1])
    assert answer.status_code == 201
    assert numbers(answer.json()["seasons"]) == taken
    (request,) = seerr.read(f"/tv/{BREAKING_BAD}")["mediaInfo"]["requests"]
    assert numbers(request["seasons"]) == taken


def test_overseerr_takes_specials(overseerr: Server) -> None:
    assert numbers(overseerr.series(BREAKING_BAD, [0, 1]).json()["seasons"]) == [0, 1]


def test_what_is_pending_was_modified_by_nobody(each: Server) -> None:
    pending = each.film(user=FAMILY).json()
    assert "modifiedBy" not in pending
    assert each.read(f"/request/{pending['id']}")["modifiedBy"] is None
    assert each.film(841).json()["modifiedBy"]["id"] == 1


def test_the_201_for_a_known_title_shows_the_requests_that_were_there(each: Server) -> None:
    first = each.series(BREAKING_BAD, [1]).json()
    assert not {"requests", "seasons"} & set(first["media"])
    second = each.series(BREAKING_BAD, [2]).json()
    assert [request["id"] for request in second["media"]["requests"]] == [first["id"]]
    assert second["media"]["seasons"] == []


def test_a_title_that_was_sent_has_its_service(each: Server) -> None:
    each.film()
    each.film(841, serverId=77)
    sent, kept = each.read(f"/movie/{DUNE}")["mediaInfo"], each.read("/movie/841")["mediaInfo"]
    assert (sent["serviceId"], sent["externalServiceSlug"]) == (0, str(DUNE))
    assert sent["serviceUrl"].endswith(f"/movie/{DUNE}")
    assert (kept["serviceId"], kept.get("serviceUrl")) == (None, None)


def test_only_the_forks_date_a_row_that_nobody_scanned(each: Server) -> None:
    each.film()
    (row,) = each.read("/media")["results"]
    assert (row["mediaAddedAt"] is None) is (each.product == "overseerr")


def test_users_have_other_fields_in_the_forks(each: Server) -> None:
    user = each.read(f"/user/{FAMILY}")
    of_forks = {"warnings", "jellyfinUsername", "jellyfinUserId", "avatarETag", "avatarVersion"}
    assert of_forks & set(user) == (set() if each.product == "overseerr" else of_forks)
    assert not {"email", "plexId"} & set(each.read(f"/user/{FAMILY}", user=FAMILY))


def test_a_users_own_page_of_requests_tells_of_no_services(forked: Server) -> None:
    forked.film(user=FAMILY)
    own = forked.read(f"/user/{FAMILY}/requests")
    assert set(own) == {"pageInfo", "results"}
    (listed,) = forked.read("/request")["results"]
    assert listed["canRemove"] is False
    assert "canRemove" not in forked.read("/request", user=FAMILY)["results"][0]


def test_an_entry_of_the_blocklist_is_made_without_an_answer(seerr: Server) -> None:
    body = {"tmdbId": DUNE, "mediaType": "movie", "title": "x", "user": 1}
    answer = seerr.call("POST", "/blocklist", body)
    assert (answer.status_code, answer.content) == (201, b"")
    (entry,) = seerr.read("/blocklist?filter=all")["results"]
    assert (entry["id"], entry["title"], entry["user"]["id"]) == (1, "x", 1)


def test_a_watchlist_makes_a_row_that_says_nothing(seerr: Server) -> None:
    body = {"tmdbId": DUNE, "mediaType": "movie", "title": "Dune"}
    assert seerr.call("POST", "/watchlist", body, user=FAMILY).status_code == 201
    assert seerr.call("POST", "/watchlist", body, user=FAMILY).status_code == 409
    assert seerr.status("movie", DUNE) == 1
    assert seerr.read(f"/movie/{DUNE}", user=FAMILY)["onUserWatchlist"] is True
    assert seerr.read(f"/movie/{DUNE}")["onUserWatchlist"] is False
    assert seerr.call("DELETE", f"/watchlist/{DUNE}", user=FAMILY).status_code == 204
    assert seerr.call("DELETE", f"/watchlist/{DUNE}", user=FAMILY).status_code == 404


def test_overseerr_has_no_watchlist(overseerr: Server) -> None:
    assert overseerr.call("POST", "/watchlist", {}).status_code == 404


def test_a_new_key_ends_the_old_one(each: Server) -> None:
    old = each.process.api_key
    assert each.call("POST", "/settings/main/regenerate", user=FAMILY).status_code == 403
    fresh = each.call("POST", "/settings/main/regenerate").json()["apiKey"]
    assert each.get("/auth/me").status_code == 403
    assert each.get("/auth/me", headers={"X-Api-Key": fresh}).status_code == 200
    each.admin("settings", {"api_key": old})


def test_overseerr_gives_the_number_of_a_request_that_failed_to_the_next(each: Server) -> None:
    each.admin("titles", {"media_type": "tv", "tmdb_id": 77, "title": "No TVDB", "seasons": 1})
    lost = each.series(77, [1])
    assert lost.status_code == (500 if each.product == "overseerr" else 201)
    assert each.film().json()["id"] == (1 if each.product == "overseerr" else 2)
