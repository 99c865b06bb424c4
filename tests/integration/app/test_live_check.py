"""`listsync check --live` in this process, against a server process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from listsync.cli.check_live import check_live
from listsync.config.configuration import load
from listsync.config.secret_forms import SecretKeeper
from listsync.protocol import Exit
from listsync.sandbox.process import SandboxProcess
from listsync.secrets.vault import open_vault
from listsync.seerr.client import Seerr
from listsync.store.database import FILE_NAME, Database
from listsync.store.state_folder import locked

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"
Check = Callable[..., tuple[Exit, list[str], str]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess("seerr", state=tmp_path_factory.mktemp("server") / "state") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.admin("reset", {})
    return running


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def check(
    sandbox: SandboxProcess, tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Check a configuration; gives the exit code, what was printed of the server, the errors."""

    def run(
        *lists: dict[str, object],
        ask_arr: bool = False,
        keeper: SecretKeeper | None = None,
        **server: object,
    ) -> tuple[Exit, list[str], str]:
        (tmp_path / "two.csv").write_text(_TWO, encoding="utf-8")
        usual = {"url": sandbox.url, "api_key": sandbox.api_key}
        named = [{"file": "two.csv", "name": f"l{n}", **one} for n, one in enumerate(lists)]
        path = tmp_path / "listsync.yaml"
        path.write_text(json.dumps({"server": usual | server, "lists": named}), encoding="utf-8")
        code = check_live(load(path, {}, keeper=keeper), state, ask_arr=ask_arr)
        told = capsys.readouterr()
        lines = [line for line in told.out.splitlines() if "complete: 2 titles" not in line]
        return code, lines, told.err

    return run


def calls_of_services(sandbox: SandboxProcess) -> list[int]:
    calls: dict[str, int] = sandbox.admin("log")["calls"]
    return [count for call, count in calls.items() if call.startswith("GET /service/")]


@pytest.mark.parametrize(
    ("server", "code", "said"),
    [
        pytest.param({"api_key": "wrong"}, Exit.CONFIG, "wrong: the API key is", id="key"),
        pytest.param({"url": "http://127.0.0.1:1"}, Exit.FAILED, "failed: connection", id="down"),
    ],
)
def test_a_server_that_cannot_be_used_is_said_and_nothing_else_tried_there(
    check: Check, server: dict[str, str], code: Exit, said: str
) -> None:
    found, lines, _ = check({"tags": ["x"], "user": "family", "four_k": True}, **server)
    assert (found, len(lines)) == (code, 1)
    assert lines[0].startswith(f"  server  {said}")


@pytest.mark.parametrize(
    ("is_stored", "advice"),
    [
        pytest.param(
            True,
            "; store it by `listsync secret set mine`, then `listsyncctl reload`",
            id="stored",
        ),
        pytest.param(False, "", id="in-the-file"),
    ],
)
def test_of_a_refused_key_it_is_said_how_that_one_is_replaced(
    check: Check, tmp_path: Path, *, is_stored: bool, advice: str
) -> None:
    keeper = SecretKeeper(lambda: open_vault(tmp_path / "listsync.yaml", tmp_path / "keys", {}))
    keeper.open_vault().set("mine", "wrong")
    form = {"encrypted": "mine"} if is_stored else "wrong"
    _, (line, *_), _ = check({}, keeper=keeper, api_key=form)
    assert line.endswith(f"which is easily lost{advice}")


def test_all_that_the_file_names_is_tried_and_no_application_asked(
    check: Check, sandbox: SandboxProcess, state: Path
) -> None:
    code, lines, errors = check(
        {"profile": "hd-1080p", "root_folder": "/movies", "tags": [1]},
        {"tags": ["lists"], "user": "family"},
        {"service": "cellar", "user": "stranger", "approve": True},
        {"four_k": True},
        {"filters": {"genres": ["drama"], "languages": ["de"]}},
        request_as="ghost",
    )
    assert code is Exit.CONFIG
    assert [line.partition("the nearest are: ")[0] for line in lines] == [
        "  server  ok: Seerr 3.1.0, which accepts the key (of owner)",
        "  server.request_as, 'ghost'  wrong: there is no user 'ghost'; ",
        "      what now: correct it, or add the user at the server",
        "  user of l1, 'family'  ok",
        "  user of l2, 'stranger'  wrong: there is no user 'stranger'; ",
        "      what now: correct it, or add the user at the server",
        "  l3, films in 4K  wrong: the server has no default Radarr for 4K",
        "      what now: add one in the server's settings, or leave four_k out",
        "  l4, genres  ok",
        "  l4, languages  ok",
        "  l0, films: profile hd-1080p, root folder /movies, tags 1  ok",
        "  l1, films: tags lists  not checked: tag not looked up yet: 'lists'",
        ("      what now: the first sync looks it up; check --live --arr does it now"),
        (
            "  l2, films: service cellar  wrong: the server has no Radarr 'cellar'; there are: "
            "Radarr"
        ),
        "      what now: correct the name, or make it there",
    ]
    assert errors == "4 things are wrong.\n"
    assert calls_of_services(sandbox) == []
    assert not state.exists()


def test_users_who_may_not_request_what_their_lists_hold_are_said(
    check: Check, sandbox: SandboxProcess
) -> None:
    sandbox.admin("users", {"id": 7, "name": "kids", "permissions": 524288})  # series alone
    code, lines, _ = check({"user": "kids"}, {"user": "kids", "kind": "tv"}, {}, request_as="7")
    assert code is Exit.CONFIG
    assert lines[3:] == [
        "  l0, films  wrong: kids has no permission to request films",
        "      what now: give it to the user at the server",
        "  l2, films  wrong: kids has no permission to request films",
        "      what now: give it to the user at the server",
    ]


def test_genres_and_languages_that_the_catalogue_does_not_know_are_said(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Seerr, "genres", lambda _, kind: {"drama"} if kind == "tv" else {"war"})
    monkeypatch.setattr(Seerr, "languages", lambda _: {"en"})
    filters = {"genres_not": ["drama", "war"], "languages": ["de"]}
    code, lines, _ = check({"filters": filters, "kind": "movie"}, {"filters": filters})
    assert code is Exit.CONFIG
    assert [line for line in lines if "what now" not in line][1:] == [
        "  l0, genres  wrong: the server's catalogue does not know 'drama'",
        "  l0, languages  wrong: the server's catalogue does not know 'de'",
        "  l1, genres  ok",
        "  l1, languages  wrong: the server's catalogue does not know 'de'",
    ]


def test_a_catalogue_that_does_not_answer_is_no_fault_of_the_file(
    check: Check, sandbox: SandboxProcess
) -> None:
    sandbox.admin("faults", {"kind": "tmdb_down", "path": "/genres/tv", "times": None})
    code, lines, _ = check({"filters": {"genres": ["drama"]}})
    assert code is Exit.FAILED
    assert "  l0, genres  failed: answered 500: Unable to retrieve series genres." in lines


def test_radarr_is_asked_on_demand_after_a_warning_and_what_it_says_is_remembered(
    check: Check, sandbox: SandboxProcess
) -> None:
    lists: tuple[dict[str, object], ...] = ({"tags": ["lists"]}, {"tags": ["nix"]})
    code, lines, errors = check(*lists, ask_arr=True)
    assert code is Exit.CONFIG
    assert "  l0, films: tags lists  ok" in lines
    assert "  l1, films: tags nix  wrong: Radarr has no tag 'nix'; there are: lists" in lines
    assert errors.startswith("Radarr and Sonarr are asked now, by the server.")
    assert calls_of_services(sandbox) == [1]
    _, again, errors = check(*lists)
    assert again[:-1] == lines[:-1]
    assert again[-1].endswith("; check --live --arr looks whether it is there now")
    assert errors == "1 thing is wrong.\n"
    assert calls_of_services(sandbox) == [1]


def test_a_server_that_ends_on_it_is_waited_for_and_may_be_asked_again(
    check: Check, sandbox: SandboxProcess
) -> None:
    sandbox.admin("settings", {"radarr": "errors"})
    starter = threading.Thread(target=lambda: (sandbox.wait(30), sandbox.restart()))
    starter.start()
    code, lines, _ = check({"tags": ["lists"]}, ask_arr=True)
    starter.join()
    assert code is Exit.FAILED
    assert "could not be asked for tag 'lists': the server went away" in lines[1]
    assert lines[2] == "      what now: test Radarr in the server's settings"
    sandbox.admin("settings", {"radarr": "up"})
    code, lines, _ = check({"tags": ["lists"]}, ask_arr=True)
    assert (code, lines[1]) == (Exit.OK, "  l0, films: tags lists  ok")


def test_beside_an_agent_nothing_is_kept_and_that_is_said(
    check: Check, sandbox: SandboxProcess, state: Path
) -> None:
    with locked(state):
        Database(state / FILE_NAME).close()
        code, _, errors = check({"tags": ["lists"]}, ask_arr=True)
        assert code is Exit.OK
        assert "What they said is not remembered: an agent is running" in errors
    _, lines, _ = check({"tags": ["lists"]})
    assert "not checked: tag not looked up yet" in lines[1]
    assert calls_of_services(sandbox) == [1]


def test_a_state_that_cannot_be_read_is_taken_for_an_empty_one(check: Check, state: Path) -> None:
    state.mkdir()
    (state / FILE_NAME).write_bytes(b"no database at all" * 100)
    code, lines, _ = check({"tags": ["lists"]})
    assert code is Exit.OK
    assert "not checked: tag not looked up yet" in lines[1]


def test_only_the_kinds_on_a_list_are_looked_for(check: Check, tmp_path: Path) -> None:
    (tmp_path / "any.csv").write_text("title,year\nDune,2021\n", encoding="utf-8")
    _, lines, _ = check({"profile": "Any"}, {"file": "any.csv", "profile": "Any"})
    subjects = [line.partition(": profile")[0] for line in lines if ": profile" in line]
    assert subjects == ["  l0, films", "  l1, films", "  l1, series"]


def test_a_folder_of_one_program_is_not_that_of_the_other_and_check_says_how_to_name_both(
    check: Check, tmp_path: Path
) -> None:
    (tmp_path / "any.csv").write_text("title,year\nDune,2021\n", encoding="utf-8")
    words = "to name one for each, write {movies: ..., series: ...} in its place"
    _, lines, _ = check({"file": "any.csv", "root_folder": "/movies"})
    assert "  l0, films: root folder /movies  ok" in lines
    assert any("series: root folder /movies  not checked" in line for line in lines)
    assert words in lines[-1]
    code, lines, _ = check({"file": "any.csv", "root_folder": "/movies"}, ask_arr=True)
    assert code is Exit.CONFIG
    assert any("series: root folder /movies  wrong" in line for line in lines)
    assert words in lines[-1]
    _, lines, _ = check({"root_folder": "/nowhere"})
    assert not any("kind: movie" in line for line in lines)


class _KeyRefused(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as inherited
        pass


def test_a_key_that_a_list_service_refuses_is_said_with_its_place(
    sandbox: SandboxProcess,
    tmp_path: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _KeyRefused) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        config = {
            "server": {"url": sandbox.url, "api_key": sandbox.api_key},
            "lists": [{"mdblist": "somebody/films", "name": "films"}],
            "providers": {
                "mdblist": {
                    "base_url": f"http://127.0.0.1:{server.server_port}",
                    "api_key": "wrong-key",
                }
            },
        }
        path = tmp_path / "listsync.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")
        code = check_live(load(path, {}), state)
        server.shutdown()
        serving.join()
    told = capsys.readouterr()
    assert code is Exit.PARTLY
    assert "films  credential" in told.out
    assert "what now: run `listsync login mdblist`" in told.out
    assert "wrong-key" not in told.out + told.err


def test_a_watchlist_of_the_server_itself_is_read_there(
    sandbox: SandboxProcess, tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    titles = [{"kind": "movie", "tmdbId": number} for number in range(1, 26)]
    sandbox.admin("watchlists", {"userId": 2, "titles": titles})
    server = {"url": sandbox.url, "api_key": sandbox.api_key}
    path = tmp_path / "listsync.yaml"
    lists = [{"seerr": "watchlist/family"}, {"seerr": "watchlist"}]
    path.write_text(json.dumps({"server": server, "lists": lists}), encoding="utf-8")
    assert check_live(load(path, {}), state) is Exit.OK
    told = capsys.readouterr().out
    assert "seerr: watchlist/family  complete: 25 titles" in told
    assert "it would be empty as well where the service itself cannot see the list" in told


def test_a_server_that_cannot_be_reached_costs_its_watchlists_only(
    tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two.csv").write_text(_TWO, encoding="utf-8")
    path = tmp_path / "listsync.yaml"
    server = {"url": "http://127.0.0.1:9"}
    lists = [{"seerr": "watchlist"}, {"file": "two.csv"}]
    path.write_text(json.dumps({"server": {**server, "api_key": "key"}, "lists": lists}))
    assert check_live(load(path, {}), state) is Exit.FAILED
    told = capsys.readouterr().out
    assert "complete: 2 titles" in told
    assert "seerr: watchlist  unavailable" in told
