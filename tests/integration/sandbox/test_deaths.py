"""A server whose process ends, and that is started again."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from listsync.sandbox.process import SandboxProcess
from tests.conftest import forking
from tests.fork_server import ForkServer
from tests.integration.sandbox.conftest import DUNE, FAMILY, Server

FILM = {"mediaType": "movie", "mediaId": DUNE, "is4k": False}


@pytest.fixture(scope="module")
def saved(
    tmp_path_factory: pytest.TempPathFactory, fork_server: ForkServer
) -> Iterator[SandboxProcess]:
    """Run a server with a state file."""
    process = SandboxProcess(state=tmp_path_factory.mktemp("sandbox") / "state.json")
    with forking(fork_server):
        process.__enter__()
    yield process
    process.close()


@pytest.fixture
def mortal(saved: SandboxProcess) -> SandboxProcess:
    """Give a server that may die, emptied; it lives again for the next test."""
    if saved.exit_code is not None:
        saved.restart()
    saved.admin("reset", {"sending_ms": 0, "arr_timeout_ms": 50})
    return saved


def dies(process: SandboxProcess, method: str, path: str, body: object = None) -> None:
    """Call it: the connection breaks, the process has ended, nobody listens any more."""
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        process.api(method, path, body)
    assert process.wait(30) == 1
    with pytest.raises(ConnectionRefusedError):
        process.api("GET", "/status")


def rows(process: SandboxProcess) -> list[tuple[int, int]]:
    """Give the index as TMDB numbers and statuses."""
    _, index = process.api("GET", "/media?take=100")
    return [(row["tmdbId"], row["status"]) for row in index["results"]]


def test_it_dies_of_a_radarr_that_fails(mortal: SandboxProcess) -> None:
    mortal.api("POST", "/request", FILM)
    settings = mortal.admin("settings", {"radarr": "errors"})
    assert mortal.api("GET", "/service/radarr")[0] == 200
    assert mortal.api("GET", "/service/radarr/7")[0] == 404
    key, address = mortal.api_key, mortal.url
    dies(mortal, "GET", "/service/radarr/0")
    with socket.socket() as other, pytest.raises(OSError, match="in use"):  # its port is kept
        other.bind(("127.0.0.1", urlsplit(address).port))
    mortal.restart()
    assert (mortal.api_key, mortal.url) == (key, address)
    assert rows(mortal) == [(DUNE, 3)]
    assert mortal.admin("settings", {}) == settings  # Radarr is as it was
    mortal.admin("settings", {"radarr": "up"})
    assert mortal.api("GET", "/service/radarr/0")[0] == 200


def test_overseerr_dies_of_a_slow_one_and_without_a_state_file_all_is_lost() -> None:
    with SandboxProcess("overseerr") as process:
        key = process.api_key
        process.api("POST", "/request", FILM)
        process.admin("settings", {"radarr": "slow", "arr_timeout_ms": 10})
        dies(process, "GET", "/service/radarr/0")
        process.restart()
        assert (process.api_key, rows(process)) == (key, [])
        process.admin("faults", {"kind": "die", "method": "GET", "path": "/media"})
        dies(process, "GET", "/media")


@pytest.mark.parametrize("how", ["errors", "slow"])
def test_a_sonarr_that_fails_or_is_slow_is_a_500(each: Server, how: str) -> None:
    each.admin("settings", {"sonarr": how, "arr_timeout_ms": 10})
    assert each.get("/service/sonarr/0").status_code == 500
    assert each.get("/service/radarr/0").status_code == 200


def test_the_settings_of_a_radarr_that_fails_can_be_read(each: Server) -> None:
    each.admin("settings", {"radarr": "errors", "movie_4k": True})
    shown = each.read("/settings/radarr")
    names = ("id", "name", "is4k", "isDefault", "activeProfileId", "activeProfileName", "tags")
    assert [tuple(one[name] for name in names) for one in shown] == [
        (0, "Radarr", False, True, 4, "HD-1080p", []),
        (1, "Radarr 4K", True, True, 5, "Ultra-HD", []),
    ]
    assert {one["activeDirectory"] for one in shown} == {"/movies"}
    assert each.get("/settings/radarr", user=FAMILY).status_code == 403


def test_the_test_of_the_settings_fails_with_a_radarr_that_fails(each: Server) -> None:
    assert each.call("POST", "/settings/radarr/test", {}).json()["profiles"]
    each.admin("settings", {"radarr": "errors"})
    assert each.call("POST", "/settings/radarr/test", {}).status_code == 500


def test_overseerr_lives_through_the_test_of_a_slow_radarr(overseerr: Server) -> None:
    overseerr.admin("settings", {"radarr": "slow", "arr_timeout_ms": 10})
    assert overseerr.call("POST", "/settings/radarr/test", {}).status_code == 500


def test_seerr_dies_of_the_test_of_a_slow_radarr(mortal: SandboxProcess) -> None:
    mortal.admin("settings", {"radarr": "slow"})
    dies(mortal, "POST", "/settings/radarr/test", {})


def test_killed_inside_a_post_it_leaves_a_row_without_a_request(mortal: SandboxProcess) -> None:
    mortal.admin("faults", {"kind": "die_midway", "method": "POST"})
    dies(mortal, "POST", "/request", FILM)
    mortal.restart()
    assert rows(mortal) == [(DUNE, 2)]
    assert mortal.api("GET", f"/movie/{DUNE}")[1]["mediaInfo"]["requests"] == []
    mortal.admin("settings", {"sending_ms": 0})
    assert mortal.api("POST", "/request", FILM)[0] == 201
    assert rows(mortal) == [(DUNE, 3)]


def test_it_dies_after_it_has_written_and_what_was_ordered_is_there(
    mortal: SandboxProcess,
) -> None:
    mortal.admin("titles", method="DELETE")
    mortal.admin("titles", {"media_type": "movie", "tmdb_id": 77, "title": "New", "votes": 3})
    mortal.admin("services", {"program": "radarr", "id": 3, "profiles": {"7": "Any"}})
    mortal.admin("services", {"program": "sonarr", "id": 0, "remove": True})
    body = {"tmdbId": 77, "mediaType": "movie", "title": "New"}
    mortal.api("POST", "/watchlist", body)
    mortal.admin("faults", {"kind": "die_after", "path": "/request$"})
    dies(mortal, "POST", "/request", {**FILM, "mediaId": 77})
    mortal.restart()
    assert mortal.api("POST", "/request", {**FILM, "mediaId": 77})[0] == 409
    film = mortal.api("GET", "/movie/77")[1]
    assert (film["voteCount"], film["onUserWatchlist"]) == (3, True)
    assert mortal.api("GET", "/search?query=tmdb%3A77")[1]["totalResults"] == 1
    assert mortal.api("GET", f"/movie/{DUNE}")[0] == 500
    assert mortal.api("GET", "/service/radarr/3")[1]["profiles"] == [{"id": 7, "name": "Any"}]
    assert mortal.api("GET", "/service/sonarr")[1] == []


def test_it_dies_by_order_when_that_was_answered(mortal: SandboxProcess) -> None:
    assert mortal.admin("die", {}) == {}
    assert mortal.wait(30) == 1
