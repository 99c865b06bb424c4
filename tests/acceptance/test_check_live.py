"""`listsync check --live`, as a person tries the lists of a new configuration."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.acceptance.conftest import Home

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"


@pytest.fixture
def home(shared_home: Home) -> Home:
    return shared_home


class _Wall(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<html><head><title>Just a moment...</title></head></html>"
        self.send_response(403)
        self.send_header("cf-mitigated", "challenge")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as inherited
        pass


@pytest.fixture
def wall() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Wall) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_every_list_says_whether_it_can_be_read_and_what_to_do(home: Home, wall: str) -> None:
    home.write_config(
        [
            home.write_list("two.csv", _TWO),
            {"file": "missing.csv", "name": "lost"},
            {"letterboxd": "someone/watchlist", "name": "wishes"},
        ],
        providers={"letterboxd": {"base_url": wall, "browser": "never"}},
    )
    ran = home.run("check", "--live")
    assert ran.code == 8
    assert ran.out.splitlines() == [
        "The file is valid: 3 lists.",
        "  server  ok: Seerr 3.1.0, which accepts the key (of owner)",
        "  two.csv  complete: 2 titles",
        "  lost     not found",
        f"      {home.folder}/missing.csv does not exist",
        "      what you can do: check the path in the configuration",
        "  wishes   blocked",
        "      a bot wall answers in its place",
        (
            "      what you can do: let a browser try: providers.letterboxd.browser: auto, with "
            "Chromium and its chromedriver installed; where it does, only another network helps "
            "(providers.letterboxd.proxy)"
        ),
    ]
    assert ran.err == "2 of 3 lists cannot be read whole.\n"
    assert not home.state.exists()
    assert home.sandbox.admin("log")["requests"] == []


def test_when_all_is_well_it_says_so(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    ran = home.run("check", "--live")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("server", "code", "said"),
    [
        pytest.param({"api_key": "wrong"}, 78, "wrong: the API key is refused (403)", id="key"),
        pytest.param({"url": "http://127.0.0.1:1"}, 1, "failed: connection refused", id="down"),
    ],
)
def test_a_server_that_cannot_be_used_is_said_and_the_lists_are_read_all_the_same(
    home: Home, server: dict[str, str], code: int, said: str
) -> None:
    usual = {"url": home.sandbox.url, "api_key": home.sandbox.api_key}
    home.write_config([home.write_list("two.csv", _TWO)], server=usual | server)
    ran = home.run("check", "--live")
    assert ran.code == code
    assert f"  server  {said}" in ran.out
    assert "  two.csv  complete: 2 titles" in ran.out
    assert "good" not in ran.out + ran.err


def test_all_that_the_file_names_at_the_server_is_tried_and_no_application_asked(
    home: Home,
) -> None:
    two = home.write_list("two.csv", _TWO)
    usual = {"url": home.sandbox.url, "api_key": home.sandbox.api_key}
    home.write_config(
        [
            {**two, "name": "a", "profile": "hd-1080p", "root_folder": "/movies", "tags": [1]},
            {**two, "name": "b", "tags": ["lists"], "user": "family"},
            {**two, "name": "c", "service": "cellar", "user": "stranger", "approve": True},
            {**two, "name": "d", "four_k": True},
            {**two, "name": "e", "filters": {"genres": ["drama"], "languages": ["de"]}},
        ],
        server={**usual, "act_as": "ghost"},
    )
    ran = home.run("check", "--live")
    assert ran.code == 78
    lines = [line for line in ran.out.splitlines() if "complete" not in line]
    there = "the nearest are: "
    assert [line.partition(there)[0] for line in lines[2:]] == [
        "  server.act_as, 'ghost'  wrong: there is no user 'ghost'; ",
        "      what you can do: correct it, or add the user at the server",
        "  user of b, 'family'  ok",
        "  user of c, 'stranger'  wrong: there is no user 'stranger'; ",
        "      what you can do: correct it, or add the user at the server",
        "  d, films in 4K  wrong: the server has no default Radarr for 4K",
        "      what you can do: add one in the server's settings, or leave four_k out",
        "  e, genres  ok",
        "  e, languages  ok",
        "  a, films: profile hd-1080p, root folder /movies, tags 1  ok",
        "  b, films: tags lists  open: tag not looked up yet: 'lists'",
        (
            "      what you can do: nothing: the first sync looks it up; check --live --arr does "
            "it now"
        ),
        (
            "  c, films: service cellar  wrong: the server has no Radarr 'cellar'; there are: "
            "Radarr"
        ),
        "      what you can do: correct the name, or make it there",
    ]
    assert ran.err == "4 things are wrong.\n"
    assert not any("/service/" in call for call in home.sandbox.admin("log")["calls"])
    assert not home.state.exists()


def test_radarr_is_asked_on_demand_after_a_warning_and_what_it_says_is_remembered(
    home: Home,
) -> None:
    two = home.write_list("two.csv", _TWO)
    home.write_config([{**two, "name": "a", "tags": ["lists"]}, {**two, "tags": ["nix"]}])
    ran = home.run("check", "--live", "--arr")
    assert ran.code == 78
    assert "a, films: tags lists  ok" in ran.out
    assert "tags nix  wrong: Radarr has no tag 'nix'; there are: lists" in ran.out
    assert "Radarr and Sonarr are asked now" in ran.err
    calls = home.sandbox.admin("log")["calls"]
    assert calls["GET /service/radarr/{radarrId}"] == 1
    again = home.run("check", "--live")
    assert "a, films: tags lists  ok" in again.out
    assert "Radarr has no tag 'nix'" in again.out
    assert home.once().requested == ["movie/603", "movie/27205"]
    assert home.sandbox.admin("log")["calls"]["GET /service/radarr/{radarrId}"] == 1


def test_arr_without_live_is_a_slip(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    ran = home.run("check", "--arr")
    assert (ran.code, "--arr needs --live" in ran.err) == (2, True)
