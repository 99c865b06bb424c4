"""`listsync once` as a person runs it, and with things going wrong."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from listsync import __version__
from listsync.domain.notices import Origin
from listsync.secrets.places import KEY_NAME
from listsync.secrets.vault import open_vault
from listsync.store.database import FILE_NAME, Database
from listsync.store.history import SqliteNotices
from listsync.store.state_folder import locked
from tests.acceptance.agent_process import started, until
from tests.acceptance.conftest import Home, titles_csv

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"


def _digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_dry_run_says_what_would_be_requested_and_changes_nothing(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    before = _digest(home.folder)
    ran = home.run("once", "--dry-run")
    assert ran.code == 0
    assert "Dry run complete: 2 would be requested" in ran.out
    assert _digest(home.folder) == before
    assert not home.state.exists()
    assert home.sandbox.admin("log")["requests"] == []


def test_where_several_agents_share_the_work_a_single_sync_is_only_tried(home: Home) -> None:
    dsn = "host=127.0.0.1 port=1"
    home.write_config([home.write_list("two.csv", _TWO)], postgres={"dsn": dsn, "fleet": True})
    ran = home.run("once")
    assert ran.code == 5
    assert "`listsyncctl sync-now` at any of them starts a sync" in ran.err
    assert home.once("--dry-run").requested == ["movie/603", "movie/27205"]
    assert home.sandbox.admin("log")["requests"] == []


def test_dry_run_leaves_an_existing_state_as_it_is(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    report = home.once().report
    assert (report["schema_version"], report["version"]) == (2, __version__)
    home.write_list("two.csv", _TWO + "movie,680,Pulp Fiction\n")
    before = _digest(home.state)
    assert home.once("--dry-run").requested == ["movie/680"]
    assert _digest(home.state) == before


def test_the_table_says_read_new_requested_and_the_last_line_sums_up(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    lines = home.run("once").out.splitlines()
    assert lines[0].split() == [
        *("list", "read", "new", "requested"),
        *("already", "there", "review"),
    ]
    assert lines[1].split() == ["two.csv", "2", "2", "2", "0", "0"]
    assert lines[-1].startswith("Sync complete: 2 requested, 0 already there, 0 to review (")


def test_what_was_declined_or_deleted_stays_so_until_it_leaves_its_list_and_returns(
    home: Home,
) -> None:
    entry = home.write_list("two.csv", _TWO)
    home.write_config([entry])
    home.once()
    _delete_all_requests(home)
    ran = home.once()
    assert ran.requested == []
    assert set(ran.verdicts("handled_before")) == {"The Matrix", "Inception"}
    home.write_list("two.csv", _TWO.replace("movie,603,The Matrix\n", ""))
    home.once()
    home.once()
    home.write_list("two.csv", _TWO)
    assert home.once().requested == ["movie/603"]


def _delete_all_requests(home: Home) -> None:
    import httpx  # noqa: PLC0415 - only here

    with httpx.Client(
        base_url=f"{home.sandbox.url}/api/v1", headers={"X-Api-Key": home.sandbox.api_key}
    ) as client:
        for request in client.get("request?take=100").json()["results"]:
            client.delete(f"request/{request['id']}").raise_for_status()


def test_a_killed_sync_asks_for_nothing_twice(start_home: Callable[..., Home]) -> None:
    home = start_home(titles=300, latency_ms=5)
    numbers = range(20_000_001, 20_000_301)
    server = {"url": home.sandbox.url, "api_key": home.sandbox.api_key, "timeout_s": 1}
    home.write_config([home.write_list("long.csv", titles_csv(numbers))], server=server)
    for count in (40, 120, 200):
        child = subprocess.Popen(
            home.command("once"), env=home.environment(), stdout=subprocess.DEVNULL
        )
        _wait_for_requests(home, count)
        child.kill()
        child.wait()
    # What was cut off is on hold until it cannot be running any more.
    until("all is requested", lambda: home.once().code == 0)
    asked = [one["tmdbId"] for one in home.sandbox.admin("log")["requests"]]
    assert sorted(asked) == list(numbers)


def _wait_for_requests(home: Home, count: int) -> None:
    for _ in range(600):
        if len(home.sandbox.admin("log")["requests"]) >= count:
            return
        time.sleep(0.03)
    pytest.fail(f"never saw {count} requests")


def test_term_ends_a_sync_between_two_titles_and_says_so(
    start_home: Callable[..., Home],
) -> None:
    home = start_home(titles=2000, latency_ms=10)
    numbers = range(20_000_001, 20_002_001)
    home.write_config([home.write_list("long.csv", titles_csv(numbers))])
    child = subprocess.Popen(
        home.command("once"), env=home.environment(), stdout=subprocess.PIPE, text=True
    )
    _wait_for_requests(home, 10)
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Sync stopped" in out.splitlines()[-1]


def test_a_second_signal_ends_what_hangs_at_once(home: Home) -> None:
    home.write_config([home.write_list("one.csv", titles_csv([603]))])
    home.sandbox.admin("faults", {"kind": "hang", "path": "/api/", "times": None})
    with started(home.command("once"), home.environment()) as child:
        until("the call that hangs", lambda: home.sandbox.admin("faults")[0]["struck"])
        child.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param({"kind": "html"}, "502", id="html"),
        pytest.param({"kind": "login_page"}, "login", id="login-page"),
        pytest.param({"kind": "status", "status": 502}, "502", id="bad-gateway"),
        pytest.param({"kind": "garbage"}, "", id="garbage"),
    ],
)
def test_a_server_that_answers_nonsense_is_one_clear_line(
    home: Home, fault: dict[str, object], words: str
) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    home.sandbox.admin("faults", {"path": ".*", "times": 100, **fault})
    ran = home.run("once")
    assert ran.code == 1
    assert ran.out.splitlines()[-1].startswith("Sync failed: ")
    assert words in ran.out
    assert "Traceback" not in ran.err


def test_a_wrong_key_is_named_as_such_and_not_shown(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    config = home.folder / "listsync.yaml"
    config.write_text(config.read_text().replace(home.sandbox.api_key, "wrongkeywrongkey"))
    ran = home.run("once")
    assert ran.code == 1
    assert "key" in ran.out
    assert "wrongkey" not in ran.out + ran.err


def test_a_server_that_is_down_is_one_clear_line(home: Home) -> None:
    home.write_config([home.write_list("two.csv", _TWO)])
    home.sandbox.close()
    ran = home.run("once")
    assert ran.code == 1
    assert len(ran.out.splitlines()) == 1
    assert home.sandbox.url.removeprefix("http://") in ran.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"", "0 bytes", id="0-bytes"),
        pytest.param(b"<!DOCTYPE html><html><body>Log in</body></html>", "web page", id="html"),
        pytest.param(b"\x00\x01\x02\x03" * 100, "", id="binary"),
        pytest.param(b'[{"title": "Al', "", id="half-json"),
    ],
)
def test_a_bad_list_is_named_and_the_others_go_on(home: Home, content: bytes, words: str) -> None:
    home.write_config([home.write_list("bad.csv", content), home.write_list("two.csv", _TWO)])
    ran = home.run("once", "--json")
    assert ran.code == 8
    assert len(ran.requested) == 2
    bad = ran.report["lists"][0]
    assert bad["outcome"] not in ("complete", "empty")
    assert words in bad["why"]
    assert bad["why"]


def test_a_list_that_fails_keeps_its_last_good_reading(home: Home) -> None:
    entry = home.write_list("two.csv", _TWO)
    home.write_config([entry])
    home.once()
    home.write_list("two.csv", b"")
    for _ in range(3):
        assert home.once().report["lists"][0]["from_memory"]
    home.write_list("two.csv", _TWO)
    _delete_all_requests(home)
    assert home.once().requested == []


def test_half_a_csv_is_read_as_far_as_it_goes(home: Home) -> None:
    home.write_config([home.write_list("half.csv", 'title,year,kind\nAlien,1979,movie\n"Hea')])
    ran = home.once()
    assert ran.code == 8
    assert ran.requested == ["movie/348"]
    assert ran.report["lists"][0]["outcome"] == "partial"


def test_contradicting_rows_are_held_for_review(home: Home) -> None:
    rows = "kind,tmdb_id,imdb_id,title\nmovie,603,tt0133093,A\nmovie,604,tt0133093,B\n"
    home.write_config([home.write_list("odd.csv", rows)])
    ran = home.once()
    assert ran.requested == []
    assert "contradict" in ran.verdicts("review")["A"]


def test_excluded_titles_and_lists_are_never_requested(home: Home) -> None:
    not_these = home.write_list("not.csv", "imdb_id\ntt1375666\n") | {"exclude": True}
    home.write_config([home.write_list("two.csv", _TWO), not_these], exclude=["imdb:tt0133093"])
    ran = home.once()
    assert ran.requested == []
    assert set(ran.verdicts("excluded")) == {"The Matrix", "Inception"}


def test_a_second_listsync_on_the_same_state_is_refused_with_5(
    start_home: Callable[..., Home],
) -> None:
    home = start_home(titles=500, latency_ms=20)
    numbers = range(20_000_001, 20_000_501)
    home.write_config([home.write_list("long.csv", titles_csv(numbers))])
    child = subprocess.Popen(
        home.command("once"), env=home.environment(), stdout=subprocess.DEVNULL
    )
    try:
        _wait_for_requests(home, 1)
        ran = home.run("once")
        assert ran.code == 5
        assert f"pid {child.pid}" in ran.err
    finally:
        child.kill()
        child.wait()


def test_a_wrong_configuration_is_told_with_its_places_and_78(home: Home) -> None:
    path = home.folder / "listsync.yaml"
    path.write_text("server:\n  url: sandbox\nlists:\n  - file: a.csv\n    limt: 3\n")
    ran = home.run("once")
    assert ran.code == 78
    assert f"{path}:5:5: " in ran.err
    assert 'did you mean "limit"' in ran.err


def test_lists_that_all_want_a_key_are_refused_in_words_before_anything_is_asked(
    home: Home,
) -> None:
    home.write_config([{"mdblist": "external/12345"}, {"tmdb": "list/1", "enabled": False}])
    for command in ("check", "once"):
        ran = home.run(command)
        assert ran.code == 78
        assert "mdblist wants providers.mdblist.api_key" in ran.err
    home.write_config([{"mdblist": "external/12345"}, home.write_list("two.csv", _TWO)])
    assert home.run("check").code == 0


def test_the_word_sandbox_is_a_server_that_remembers(home: Home) -> None:
    home.write_list("two.csv", _TWO)
    config = home.folder / "listsync.yaml"
    config.write_text("server: {url: sandbox}\nlists: [{file: two.csv}]\n")
    assert len(home.once().requested) == 2
    second = home.once()
    assert second.requested == []
    assert second.report["lists"][0]["already_there"] == 2


def test_titles_from_outside_cannot_play_with_the_terminal(home: Home) -> None:
    home.write_config([home.write_list("evil.csv", "title,year\nA\x1b[31mB\u202ec,1999\n")])
    ran = home.run("once")
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out


def test_a_terminal_that_cannot_show_a_title_ends_no_sync(home: Home) -> None:
    home.write_config([home.write_list("film.csv", "title,year\n千と千尋の映画ではない,1999\n")])
    ran = home.run("once", "-v", PYTHONIOENCODING="latin-1")
    assert "Traceback" not in ran.err
    assert "????" in ran.out
    assert "Sync complete" in ran.out


def test_nothing_is_left_running(home: Home) -> None:
    home.write_list("two.csv", _TWO)
    config = home.folder / "listsync.yaml"
    config.write_text("server: {url: sandbox}\nlists: [{file: two.csv}]\n")
    home.once()
    mine = f"{home.state}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                assert mine not in (entry / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue


@contextmanager
def agent_at(path: Path) -> Iterator[str]:
    """Let something listen where clients look for an agent."""
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(path))
        agent.listen()
        yield str(path)


@pytest.mark.parametrize(
    ("options", "instead"),
    [(("--dry-run",), "plan"), ((), "sync-now --wait")],
    ids=["dry", "real"],
)
def test_beside_an_agent_the_way_that_does_the_same_is_named(
    home: Home, options: tuple[str, ...], instead: str
) -> None:
    home.write_config([home.write_list("films.csv", titles_csv([603]))])
    with agent_at(home.folder / "agent.sock") as agent:
        ran = home.run("once", *options, LISTSYNC_SOCKET=agent)
    assert f"use `listsyncctl {instead}`" in ran.err
    assert ran.code != 0


def test_another_configuration_is_tried_beside_an_agent_and_synced_only_apart(home: Home) -> None:
    home.write_config([home.write_list("films.csv", titles_csv([603]))])
    config = ("--config", str(home.folder / "listsync.yaml"))
    state = ("--state-dir", str(home.folder / "other"))
    with agent_at(home.folder / "agent.sock") as agent, locked(home.state):
        tried = home.run("once", "--dry-run", *config, *state, LISTSYNC_SOCKET=agent)
        held = home.run("once", "--dry-run", *config, LISTSYNC_SOCKET=agent)
        synced = home.run("once", *config, *state, LISTSYNC_SOCKET=agent)
    assert (tried.code, held.code, synced.code) == (0, 5, 5), tried.err
    assert "Dry run complete: 1 would be requested" in tried.out
    assert "beside it give --state-dir" in held.err
    assert "wants a --socket of its own" in synced.err
    assert home.sandbox.admin("log")["requests"] == []


def test_the_state_of_nobody_is_backed_up_beside_an_agent(home: Home) -> None:
    home.write_config([home.write_list("films.csv", titles_csv([603]))])
    home.once()
    with agent_at(home.folder / "agent.sock") as agent:
        state = ("--state-dir", str(home.state))
        ran = home.run("backup", str(home.folder / "b.db"), *state, LISTSYNC_SOCKET=agent)
    assert ran.code == 0, ran.err
    assert (home.folder / "b.db").is_file()


@pytest.mark.parametrize("change", [None, {"name": "another"}, {"enabled": False}])
def test_what_stood_of_a_list_is_over_once_it_is_not_followed_by_that_name(
    home: Home, change: dict[str, object] | None
) -> None:
    good = home.write_list("films.csv", _TWO)
    lost: dict[str, object] = {"file": "lost.csv", "name": "lost"}
    home.write_config([good, lost])
    home.once()
    assert _lists_with_notices(home) == {"lost"}
    home.write_config([good, *([lost | change] if change else [])])
    home.once()
    assert "lost" not in _lists_with_notices(home)


def _lists_with_notices(home: Home) -> set[str | None]:
    database = Database(home.state / FILE_NAME)
    found = SqliteNotices(database).open(Origin.SYNC)
    database.close()
    return {one.notice.list_name for one in found}


def test_of_a_state_that_is_moved_away_the_key_of_secrets_alone_is_wanted_back(home: Home) -> None:
    server = {"url": home.sandbox.url, "api_key": {"encrypted": "key"}}
    home.write_config([home.write_list("films.csv", _TWO)], server=server)
    open_vault(home.folder / "listsync.yaml", home.state, {}).set("key", home.sandbox.api_key)
    assert home.once().requested == ["movie/603", "movie/27205"]
    away = home.state.rename(home.folder / "away")
    refused = home.run("once")
    assert refused.code == 78
    assert "Put the key back from there" in refused.err
    home.state.mkdir(mode=0o700)
    (away / KEY_NAME).rename(home.state / KEY_NAME)
    again = home.once()
    assert (again.code, again.requested) == (0, [])
