"""`listsync webhook install` against a Radarr and a Sonarr that really send their test."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listsync.cli.program import listsync
from tests.arr_server import KEY, ArrFake, arr_serving
from tests.integration.notify.receiver import CannedResponse, Receiver, receiving

TOKEN = "webhookTokenOfTheAgent"
Install = Callable[..., Result]


@pytest.fixture
def us() -> Iterator[Receiver]:
    """Give what stands where our agent would."""
    with receiving() as one:
        yield one


@pytest.fixture(params=[True, False], ids=["headers", "before-headers"])
def radarr(request: pytest.FixtureRequest) -> Iterator[ArrFake]:
    with arr_serving(has_headers=request.param) as one:
        yield one


@pytest.fixture
def install(us: Receiver, tmp_path: Path) -> Install:
    def run(arr: ArrFake, *arguments: str, url: str = us.url, **environ: str) -> Result:
        http = {"listen": "127.0.0.1:4222", "tokens": _TOKENS}
        config = tmp_path / "listsync.yaml"
        server = {"url": "http://localhost:5055", "api_key": "key"}
        config.write_text(json.dumps({"server": server, "http": http}))
        clear = {name: None for name in os.environ if name.startswith("LISTSYNC_")}
        env = {
            **clear,
            "LISTSYNC_CONFIG": str(config),
            "LISTSYNC_STATE_DIR": str(tmp_path / "state"),
            f"{arr.app.upper()}_API_KEY": KEY,
            **environ,
        }
        to = ("--url", url) if url else ()
        words = ("webhook", "install", arr.app, arr.url + arr.url_base, *to, *arguments)
        return CliRunner().invoke(listsync, words, env=env)

    return run


_TOKENS = [
    {"name": "all", "token": "aTokenThatIsGoodForAll"},
    {"name": "hooks", "token": TOKEN, "scopes": ["webhook"]},
    {"name": "feeds", "token": "aTokenThatReadsFeeds", "scopes": ["feed"]},
]


def secret_of(receiver: Receiver) -> str:
    headers = receiver.taken[-1].headers
    if "X-Api-Key" in headers:
        assert "Authorization" not in headers
        return headers["X-Api-Key"]
    pair = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode()
    return pair.partition(":")[2]


def test_it_is_put_in_and_tested_from_there(
    radarr: ArrFake, us: Receiver, install: Install
) -> None:
    done = install(radarr)
    assert done.exit_code == 0, done.output
    assert "Radarr 6.4.3.10000: the connection listsync was added." in done.stdout
    assert f"imports, upgrades, renames, deletes to {us.url}/sync/radarr" in done.stdout
    assert "Tested: Radarr reaches us." in done.stdout
    (sent,) = us.taken
    assert (sent.method, sent.path, sent.sent["eventType"]) == ("POST", "/sync/radarr", "Test")
    assert secret_of(us) == TOKEN
    connection = radarr.connection("listsync")
    ticked = {event for event, is_on in connection.items() if is_on is True and event[:2] == "on"}
    assert ticked == {"onDownload", "onUpgrade", "onRename", "onMovieDelete", "onMovieFileDelete"}
    assert TOKEN not in done.output
    assert KEY not in done.output


def test_sonarr_tells_when_an_import_is_complete_too(us: Receiver, install: Install) -> None:
    with arr_serving("sonarr") as sonarr:
        assert install(sonarr).exit_code == 0
        connection = sonarr.connection("listsync")
    assert connection["onImportComplete"] is True
    assert connection["onEpisodeFileDelete"] is True
    assert connection["onGrab"] is False
    assert us.taken[0].path == "/sync/sonarr"


def test_a_version_without_an_event_is_not_asked_for_it(install: Install) -> None:
    with arr_serving("sonarr") as sonarr:
        template = sonarr._template()
        del template["onImportComplete"]
        template["supportsOnRename"] = False
        sonarr._template = lambda: template  # type: ignore[method-assign]
        assert install(sonarr).exit_code == 0
        connection = sonarr.connection("listsync")
    assert "onImportComplete" not in connection
    assert connection["onRename"] is False


def test_a_second_time_changes_nothing(radarr: ArrFake, us: Receiver, install: Install) -> None:
    install(radarr)
    before = radarr.connection("listsync")
    done = install(radarr)
    assert done.exit_code == 0, done.output
    assert radarr.connection("listsync") == before
    assert len(radarr.connections) == 1
    assert len(us.taken) == 2  # tested each time
    if radarr.has_headers:
        assert "there already, as it should be" in done.stdout
        assert not any(one.startswith("PUT") for one in radarr.asked)


def test_what_is_different_is_put_right_and_what_else_is_ticked_stays(
    install: Install,
) -> None:
    with arr_serving() as radarr:
        install(radarr, url="http://127.0.0.1:1")
        connection = radarr.connection("listsync")
        connection["onHealthIssue"], connection["onRename"] = True, False
        headers = next(one for one in connection["fields"] if one["name"] == "headers")
        headers["value"] = [
            {"key": "X-Mine", "value": "1"},
            {"key": "x-api-key", "value": "anOldOne"},
        ]
        done = install(radarr)
        assert done.exit_code == 0, done.output
        assert "was changed" in done.stdout
        assert len(radarr.connections) == 1
        connection = radarr.connection("listsync")
        assert (connection["onHealthIssue"], connection["onRename"]) == (True, True)
        assert radarr.fields("listsync")["headers"] == [
            {"key": "X-Mine", "value": "1"},
            {"key": "X-Api-Key", "value": TOKEN},
        ]


def test_it_is_taken_out_again_and_only_it(radarr: ArrFake, install: Install) -> None:
    install(radarr)
    install(radarr, "--name", "other")
    done = install(radarr, "--remove")
    assert (done.exit_code, done.stdout) == (0, "Removed the connection listsync from Radarr.\n")
    assert [one["name"] for one in radarr.connections] == ["other"]
    again = install(radarr, "--remove")
    assert again.exit_code == 0
    assert "no connection listsync" in again.stdout


def test_a_connection_of_another_kind_is_left_alone(install: Install) -> None:
    with arr_serving() as radarr:
        radarr.connections.append(
            {"id": 77, "name": "Listsync", "implementation": "Discord", "fields": []}
        )
        for arguments in ((), ("--remove",)):
            done = install(radarr, *arguments)
            assert done.exit_code == 1
            assert "for Discord: choose another name (--name)" in done.stderr
        assert len(radarr.connections) == 1


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("http://127.0.0.1:1", "the machine (or container) of Radarr itself"),
        ("http://listsync.invalid:4222", "give --url with a name or address that it knows"),
    ],
)
def test_an_address_that_they_cannot_reach_is_named_with_what_to_do(
    install: Install, url: str, advice: str
) -> None:
    with arr_serving() as radarr:
        done = install(radarr, url=url)
        assert done.exit_code == 1
        assert f"Radarr could not reach {url}/sync/radarr: Unable to post" in done.stderr
        assert advice in done.stderr
        assert len(radarr.connections) == 1  # and a second try with another --url puts it right


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "refused the secret"),
        (400, "http.allowed_hosts"),
        (421, "http.allowed_hosts"),
        (404, "something else answers there"),
        (405, "something else answers there"),
    ],
)
def test_what_stands_at_our_address_is_told_by_its_answer(
    us: Receiver, install: Install, status: int, advice: str
) -> None:
    us.usual = CannedResponse(status)
    with arr_serving() as radarr:
        done = install(radarr)
    assert done.exit_code == 1
    assert advice in done.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hosts": frozenset({"radarr"})}, "add 127.0.0.1 to Allowed Hosts"),
        ({"status": 503}, "HTTP 503"),
        ({"answer": lambda *_: (200, {"appName": "Sonarr"})}, "there is Sonarr"),
    ],
    ids=["allowed-hosts", "down", "another-program"],
)
def test_why_it_cannot_be_put_in_is_said(
    install: Install, change: dict[str, object], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listsync.http.response.PAUSES_S", (0.0, 0.0))
    with arr_serving() as radarr:
        for name, value in change.items():
            setattr(radarr, name, value)
        done = install(radarr)
    assert done.exit_code == 1
    assert words in done.stderr
    assert not radarr.connections


def test_a_url_base_is_part_of_the_address_and_named_where_it_is_missing(
    install: Install,
) -> None:
    with arr_serving() as radarr:
        radarr.url_base = "/films"
        assert install(radarr).exit_code == 0
        radarr.url, radarr.url_base = f"{radarr.url}/other", ""
        done = install(radarr)
        assert done.exit_code == 1
        assert "is its URL Base (Settings, General) part of the address?" in done.stderr


def test_a_wrong_key_is_named(install: Install) -> None:
    with arr_serving() as radarr:
        done = install(radarr, RADARR_API_KEY="anotherKeyAltogether")
    assert done.exit_code == 1
    assert "refuses the API key (HTTP 401)" in done.stderr
    assert "anotherKeyAltogether" not in done.output


def test_no_key_is_taken_from_the_command_line(install: Install) -> None:
    with arr_serving() as radarr:
        for option in ("--key", "--api-key"):
            done = install(radarr, option, KEY)
            assert done.exit_code == 2
            assert "A key on a command line" in done.stderr
            assert KEY not in done.output
        assert not radarr.asked


def test_without_an_address_of_ours_that_of_the_configuration_is_taken(install: Install) -> None:
    with arr_serving() as radarr:
        done = install(radarr, url="")
        assert radarr.fields("listsync")["url"] == "http://127.0.0.1:4222/sync/radarr"
    assert done.exit_code == 1
