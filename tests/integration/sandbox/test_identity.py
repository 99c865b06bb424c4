"""Who the server says it is."""

from __future__ import annotations

import pytest

from tests.integration.sandbox.conftest import FAMILY, Server


def test_status_needs_no_key(any_product: Server) -> None:
    answer = any_product.ask("/api/v1/status")
    assert answer.status_code == 200
    assert set(answer.json()) == {
        "version",
        "commitTag",
        "updateAvailable",
        "commitsBehind",
        "restartRequired",
    }


@pytest.mark.parametrize("path", ["", "/"])
def test_the_root_names_the_product_without_a_key(any_product: Server, path: str) -> None:
    answer = any_product.ask(f"/api/v1{path}")
    assert answer.json() == {"api": f"{any_product.product.capitalize()} API", "version": "1.0"}


def test_releases_carry_their_number(any_product: Server) -> None:
    versions = {"overseerr": "1.34.0", "jellyseerr": "2.7.3", "seerr": "3.1.0"}
    assert any_product.read("/status")["version"] == versions[any_product.product]


def test_public_settings_need_no_key(any_product: Server) -> None:
    shown = any_product.ask("/api/v1/settings/public").json()
    assert shown["initialized"] is True
    assert shown["movie4kEnabled"] is shown["series4kEnabled"] is False
    assert {"partialRequestsEnabled", "hideAvailable", "locale"} <= set(shown)


@pytest.mark.parametrize("field", ["mediaServerType"])
def test_only_the_forks_name_a_media_server(overseerr: Server, forked: Server, field: str) -> None:
    assert field not in overseerr.read("/settings/public")
    assert field in forked.read("/settings/public")


@pytest.mark.parametrize("field", ["enableSpecialEpisodes", "hideBlocklisted"])
def test_seerr_alone_tells_of_specials_and_blocklist(
    overseerr: Server, seerr: Server, field: str
) -> None:
    assert field not in overseerr.read("/settings/public")
    assert seerr.read("/settings/public")[field] is False


def test_a_4k_server_shows_in_the_public_settings(server: Server) -> None:
    server.admin("settings", {"movie_4k": True})
    shown = server.read("/settings/public")
    assert (shown["movie4kEnabled"], shown["series4kEnabled"]) == (True, False)


def test_me_is_the_owner(server: Server) -> None:
    me = server.read("/auth/me")
    assert (me["id"], me["displayName"], me["permissions"]) == (1, "owner", 2)
    assert me["movieQuotaLimit"] is None


def test_me_is_the_acting_user(server: Server) -> None:
    me = server.read("/auth/me", user=FAMILY)
    assert (me["id"], me["displayName"], me["permissions"]) == (2, "family", 32)


def test_about_counts_rows(server: Server) -> None:
    server.shelve("movie", 841, status=5)
    server.film()
    about = server.read("/settings/about")
    assert (about["totalMediaItems"], about["totalRequests"]) == (2, 1)
    assert {"version", "tz", "appDataPath"} <= set(about)


def test_about_is_for_admins(server: Server) -> None:
    assert server.get("/settings/about", user=FAMILY).status_code == 403


def test_outside_the_api_there_are_web_pages(server: Server) -> None:
    for path, status in (("/", 200), ("/api/v2/status", 404)):
        answer = server.ask(path)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
