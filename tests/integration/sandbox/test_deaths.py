"""A server whose process ends, and that is started again."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from listsync.sandbox.process import SandboxProcess

DUNE = 438631
FILM = {"mediaType": "movie", "mediaId": DUNE, "is4k": False}


@pytest.fixture(params=["overseerr", "seerr"])
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SandboxProcess]:
    """Give a server that may die, with a state file."""
    with SandboxProcess(request.param, state=tmp_path / "state.json") as process:
        process.admin("settings", {"sending_ms": 0, "arr_timeout_ms": 50})
        yield process


def dies(process: SandboxProcess, method: str, path: str, body: object = None) -> bool:
    """Call it, and tell whether the connection broke, the process ended, and nobody listens."""
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        process.api(method, path, body)
    assert process.wait(5) == 1
    with pytest.raises(ConnectionRefusedError):
        process.api("GET", "/status")
    return True


def rows(process: SandboxProcess) -> list[tuple[int, int]]:
    """Give the index as TMDB numbers and statuses."""
    _, index = process.api("GET", "/media?take=100")
    return [(row["tmdbId"], row["status"]) for row in index["results"]]


@pytest.mark.parametrize("how", ["errors", "slow"])
def test_it_dies_of_a_radarr_that_fails_or_is_slow(mortal: SandboxProcess, how: str) -> None:
    mortal.api("POST", "/request", FILM)
    mortal.admin("settings", {"radarr": how})
    assert mortal.api("GET", "/service/radarr")[0] == 200
    assert mortal.api("GET", "/service/radarr/7")[0] == 404
    assert dies(mortal, "GET", "/service/radarr/0")
    key, address = mortal.api_key, mortal.url
    mortal.restart()
    assert (mortal.api_key, mortal.url) == (key, address)
    assert rows(mortal) == [(DUNE, 3)]
    assert dies(mortal, "GET", "/service/radarr/0")  # Radarr is as it was
    mortal.restart()
    mortal.admin("settings", {"radarr": "up"})
    assert mortal.api("GET", "/service/radarr/0")[0] == 200


@pytest.mark.parametrize("how", ["errors", "slow"])
def test_a_sonarr_that_fails_or_is_slow_is_a_500(mortal: SandboxProcess, how: str) -> None:
    mortal.admin("settings", {"sonarr": how})
    assert mortal.api("GET", "/service/sonarr/0")[0] == 500
    assert mortal.api("GET", "/service/radarr/0")[0] == 200


def test_settings_of_a_radarr_that_fails_can_be_read(mortal: SandboxProcess) -> None:
    mortal.admin("settings", {"radarr": "errors", "movie_4k": True})
    status, shown = mortal.api("GET", "/settings/radarr")
    assert status == 200
    assert [(one["id"], one["is4k"], one["activeProfileName"]) for one in shown] == [
        (0, False, "HD-1080p"),
        (1, True, "Ultra-HD"),
    ]
    assert mortal.api("GET", "/settings/radarr", user=2)[0] == 403


def test_the_test_of_the_settings_dies_in_seerr_of_a_slow_radarr(mortal: SandboxProcess) -> None:
    assert mortal.api("POST", "/settings/radarr/test", {})[1]["profiles"]
    mortal.admin("settings", {"radarr": "errors"})
    assert mortal.api("POST", "/settings/radarr/test", {})[0] == 500
    mortal.admin("settings", {"radarr": "slow"})
    if mortal.product == "seerr":
        assert dies(mortal, "POST", "/settings/radarr/test", {})
    else:
        assert mortal.api("POST", "/settings/radarr/test", {})[0] == 500


def test_killed_inside_a_post_it_leaves_a_row_without_a_request(mortal: SandboxProcess) -> None:
    mortal.admin("faults", {"kind": "die_midway", "method": "POST"})
    assert dies(mortal, "POST", "/request", FILM)
    mortal.restart()
    assert rows(mortal) == [(DUNE, 2)]
    assert mortal.api("GET", f"/movie/{DUNE}")[1]["mediaInfo"]["requests"] == []
    assert mortal.api("POST", "/request", FILM)[0] == 201
    assert rows(mortal) == [(DUNE, 3)]


@pytest.mark.parametrize(("kind", "left"), [("die", []), ("die_after", [DUNE])])
def test_it_dies_before_or_after_it_has_written(
    mortal: SandboxProcess, kind: str, left: list[int]
) -> None:
    mortal.admin("faults", {"kind": kind, "path": "/request$"})
    assert dies(mortal, "POST", "/request", FILM)
    mortal.restart()
    _, listed = mortal.api("GET", "/request")
    assert [one["media"]["tmdbId"] for one in listed["results"]] == left


def test_what_was_ordered_is_there_after_a_restart(mortal: SandboxProcess) -> None:
    mortal.admin("titles", {"media_type": "movie", "tmdb_id": 77, "title": "New", "votes": 3})
    mortal.admin("services", {"program": "radarr", "id": 3, "profiles": {"7": "Any"}})
    mortal.admin("services", {"program": "sonarr", "id": 0, "remove": True})
    mortal.admin("die", {})
    assert mortal.wait(5) == 1
    mortal.restart()
    assert mortal.api("GET", "/movie/77")[1]["voteCount"] == 3
    assert mortal.api("GET", "/search?query=tmdb%3A77")[1]["totalResults"] == 1
    assert mortal.api("GET", "/service/radarr/3")[1]["profiles"] == [{"id": 7, "name": "Any"}]
    assert mortal.api("GET", "/service/sonarr")[1] == []


def test_without_a_state_file_a_restart_is_an_empty_server() -> None:
    with SandboxProcess() as process:
        process.api("POST", "/request", FILM)
        key = process.api_key
        process.restart()
        assert process.api_key == key
        assert rows(process) == []
