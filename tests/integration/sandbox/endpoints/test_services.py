"""Radarr, Sonarr and the blocklist."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.conftest import DUNE, FAMILY, Json, Server, words

ENTRY = {"tmdbId": DUNE, "mediaType": "movie", "title": "Dune", "user": 1}


@pytest.mark.parametrize(
    ("name", "more"), [("radarr", set()), ("sonarr", {"activeLanguageProfileId"})]
)
def test_servers_are_listed_from_0(each: Server, name: str, more: set[str]) -> None:
    (shown,) = each.read(f"/service/{name}", user=FAMILY)
    assert (shown["id"], shown["is4k"], shown["isDefault"]) == (0, False, True)
    assert {"activeDirectory", "activeProfileId", "activeTags"} | more <= set(shown)
    assert not {"hostname", "apiKey"} & set(shown)


@pytest.mark.parametrize("name", ["radarr", "sonarr"])
def test_a_server_shows_its_choices(each: Server, name: str) -> None:
    shown = each.read(f"/service/{name}/0")
    profiles = {profile["id"] for profile in shown["profiles"]}
    assert shown["server"]["activeProfileId"] in profiles
    assert shown["rootFolders"][0]["path"] == shown["server"]["activeDirectory"]
    assert ("languageProfiles" in shown) is (name == "sonarr")
    assert each.get(f"/service/{name}/7").status_code == 404


def test_a_4k_server_is_the_second(server: Server) -> None:
    server.admin("settings", {"series_4k": True})
    assert [one["is4k"] for one in server.read("/service/sonarr")] == [False, True]
    assert [one["is4k"] for one in server.read("/service/radarr")] == [False]
    assert server.read("/service/sonarr/1")["server"]["is4k"] is True


@pytest.mark.parametrize("path", ["/blocklist", "/blacklist", f"/blocklist/{DUNE}"])
def test_overseerr_has_no_blocklist(overseerr: Server, path: str) -> None:
    assert overseerr.get(path).status_code == 404


def test_jellyseerr_has_the_old_name_alone(forked: Server) -> None:
    assert forked.get("/blacklist").status_code == 200
    expected = 404 if forked.product == "jellyseerr" else 200
    assert forked.get("/blocklist").status_code == expected


def test_blocking_sets_status_6_and_unblocking_frees(seerr: Server) -> None:
    assert seerr.call("POST", "/blocklist", ENTRY).status_code == 201
    assert seerr.call("POST", "/blocklist", ENTRY).status_code == 412
    assert seerr.status("movie", DUNE) == 6
    assert seerr.read(f"/blocklist/{DUNE}")["title"] == "Dune"
    listed = seerr.read("/blocklist?filter=all&search=dun&take=5&skip=0")
    assert [entry["tmdbId"] for entry in listed["results"]] == [DUNE]
    assert seerr.film().status_code == 403
    assert seerr.call("DELETE", f"/blocklist/{DUNE}").status_code == 204
    assert seerr.film().status_code == 201


def test_what_is_not_blocked_is_a_401(seerr: Server) -> None:
    answer = seerr.get("/blocklist/1")
    assert answer.status_code == 401
    assert words(answer)


def test_the_body_of_a_blocklist_entry_is_checked(seerr: Server) -> None:
    assert seerr.call("POST", "/blocklist", {"mediaType": "movie"}).status_code == 400


def test_the_blocklist_has_its_own_rights(seerr: Server) -> None:
    assert seerr.get("/blocklist", user=FAMILY).status_code == 403
    seerr.admin("users", {"id": FAMILY, "permissions": 1073741824})
    assert seerr.get("/blocklist", user=FAMILY).status_code == 200
    assert seerr.call("POST", "/blocklist", ENTRY, user=FAMILY).status_code == 403
    seerr.admin("users", {"id": FAMILY, "permissions": 268435456})
    assert seerr.call("POST", "/blocklist", ENTRY, user=FAMILY).status_code == 201


def test_services_can_be_ordered_and_removed(each: Server) -> None:
    kids = {"program": "radarr", "id": 3, "name": "Kids", "profiles": {"7": "Any"}}
    each.admin("services", {**kids, "rootFolders": {"2": "/kids"}, "tags": {"9": "kids"}})
    assert [one["name"] for one in each.read("/service/radarr")] == ["Radarr", "Kids"]
    shown = each.read("/service/radarr/3", user=FAMILY)
    assert shown["profiles"] == [{"id": 7, "name": "Any"}]
    assert [folder["path"] for folder in shown["rootFolders"]] == ["/kids"]
    assert shown["tags"] == [{"id": 9, "label": "kids"}]
    assert not shown["server"]["isDefault"]
    each.admin("services", {"program": "radarr", "id": 3, "remove": True})
    assert each.get("/service/radarr/3").status_code == 404
    assert [one["name"] for one in each.read("/service/sonarr")] == ["Sonarr"]


def test_a_sonarr_4_has_no_language_profiles(server: Server) -> None:
    server.admin("services", {"program": "sonarr", "id": 0, "name": "Four"})
    assert server.read("/service/sonarr/0")["languageProfiles"] is None


@pytest.mark.parametrize(("is_default", "enabled"), [(True, True), (False, False)])
def test_4k_needs_a_default_4k_service(server: Server, is_default: bool, enabled: bool) -> None:
    server.admin("services", {"program": "radarr", "id": 9, "is4k": True, "isDefault": is_default})
    public = server.read("/settings/public")
    assert (public["movie4kEnabled"], public["series4kEnabled"]) == (enabled, False)


def test_a_request_keeps_where_it_is_to_be_sent(each: Server) -> None:
    place: Json = {"serverId": 0, "profileId": 5, "rootFolder": "/movies", "tags": [1]}
    number = each.film(user=FAMILY, **place).json()["id"]
    for shown in (each.read(f"/request/{number}"), each.read("/request")["results"][0]):
        assert place.items() <= shown.items()
        assert shown["languageProfileId"] is None
    assert each.admin("log")["requests"][0]["options"] == place
    each.film(841)
    assert each.admin("log")["requests"][1]["options"] == {}


def test_nobody_checks_where_a_request_is_to_be_sent(each: Server) -> None:
    each.admin("settings", {"sending_fails": True})
    answer = each.film(serverId=77, profileId=99)
    assert (answer.status_code, answer.json()["status"]) == (201, 2)
    assert each.read(f"/request/{answer.json()['id']}")["status"] == 2  # never sent, never failed
    sent = each.film(841, serverId=0).json()["id"]
    assert each.read(f"/request/{sent}")["status"] == 4
