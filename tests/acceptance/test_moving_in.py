"""What people bring with them from ListSync: its variables, its folder."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.agent_process import AgentProcess, requested, until
from tests.acceptance.conftest import Home, titles_csv
from tests.listsync_folders import Item, ListSyncFolder

StartAgent = Callable[..., AgentProcess]


def test_a_wrong_value_in_the_environment_costs_its_own_list_only(
    home: Home, start_agent: StartAgent
) -> None:
    home.write_config([home.write_list("l.csv", titles_csv([603]))], sync={"every": 0})
    agent = start_agent(home, environment={"IMDB_LISTS": "worst", "URL_LISTS": "dave"})
    assert agent.ctl("sync-now", "--wait").code == 8
    assert requested(home) == [603]
    lists = {one["name"]: one for one in agent.ask("lists")["lists"]}
    assert (lists["l.csv"]["outcome"], lists["imdb: worst"]["outcome"]) == (
        "complete",
        "not_found",
    )
    assert "'worst' is no list of IMDb" in lists["imdb: worst"]["why"]
    told = [f"{one['subject']} {one['text']}" for one in agent.ask("status")["notices"]]
    assert any("imdb: worst" in one and "is no list of IMDb" in one for one in told)
    assert any("URL_LISTS" in one for one in told)


_HANDLED: tuple[Item, ...] = (
    ("The Matrix", "movie", 603, "requested"),
    ("Breaking Bad", "tv", 1396, "already_available"),
    ("Inception", "movie", 27205, "skipped"),
    ("Interstellar", "movie", None, "not_found"),
    ("Pulp Fiction", "movie", 680, "request_failed"),
)
_LIST = """title,year,kind,tmdb_id
The Matrix,1999,movie,603
Breaking Bad,2008,tv,1396
Inception,2010,movie,27205
Interstellar,2014,movie,157336
Pulp Fiction,1994,movie,680
"""


def _moved_in(home: Home, folder: ListSyncFolder) -> None:
    """Take a folder over into a configuration that follows a list which holds the same titles."""
    home.write_config([home.write_list("l.csv", _LIST)], sync={"every": 0})
    place = str(folder.write(home.folder / "list-sync"))
    assert home.run("import", "listsync", place, "--apply").code == 0


@pytest.mark.parametrize("is_first_version", [False, True], ids=["newest", "oldest"])
def test_what_listsync_handled_is_not_requested_again_and_what_is_new_is(
    home: Home, is_first_version: bool
) -> None:
    _moved_in(home, ListSyncFolder(items=_HANDLED, is_first_version=is_first_version))
    ran = home.once("--yes")
    assert sorted(ran.requested) == ["movie/157336", "movie/680"]
    assert set(ran.verdicts("already_there")) == set()
    assert {"The Matrix (1999)", "Breaking Bad (2008)", "Inception (2010)"} <= {
        one["label"] for one in ran.report["items"]
    }
    assert home.once("--yes").requested == []
    assert sorted(requested(home)) == [680, 157336]


def test_what_was_taken_over_can_be_forgotten(home: Home, start_agent: StartAgent) -> None:
    _moved_in(home, ListSyncFolder(items=_HANDLED[:1]))
    agent = start_agent(home)
    assert agent.ctl("sync-now", "--wait").code == 0
    assert 603 not in requested(home)
    explained = agent.ctl("explain", "The Matrix").out
    assert "requested before and gone since: stays so" in explained
    assert agent.ctl("forget", "tmdb:movie/603").code == 0
    assert agent.ctl("sync-now", "--wait").code == 0
    assert 603 in requested(home)
    assert agent.terminate() == 0
    # Not even a second import brings back what was forgotten.
    assert home.run("import", "listsync", str(home.folder / "list-sync"), "--apply").code == 0


def test_a_key_on_the_command_line_is_refused_and_not_repeated(home: Home) -> None:
    for words in (("radarr", "http://127.0.0.1:9", "--key"), ("listsync", ".", "--password")):
        ran = home.run("import", *words, "hunter2")
        assert ran.code == 2
        assert "can be read by every user of the machine" in ran.err
        assert "hunter2" not in ran.out + ran.err


def test_what_a_person_is_to_add_can_be_pasted(home: Home) -> None:
    (home.folder / ".env").write_text("IMDB_LISTS=top,boxoffice\n")
    config = home.folder / "odd.yaml"
    config.write_text(
        "server: {url: http://h:1, api_key: abcdefgh}\nlists: [imdb:toptv # mine\n  ]\n"
    )
    ran = home.run("import", "listsync", ".env", "--apply", LISTSYNC_CONFIG=str(config))
    assert ran.code == 1
    assert ran.err.endswith("yourself:\nlists:\n  - imdb: top\n  - imdb: boxoffice\n"), ran.err


def test_keys_and_passwords_come_from_files_variables_and_standard_input(home: Home) -> None:
    folder = str(ListSyncFolder(password="correct horse").write(home.folder / "list-sync"))
    elsewhere = {"LISTSYNC_CONFIG": str(home.folder / "new.yaml")}
    (home.folder / "password").write_text("correct horse\n")
    opened = "config.enc: opened with its password"
    ran = home.run("import", "listsync", folder, **elsewhere)
    assert "config.enc: is encrypted" in ran.out
    ran = home.run("import", "listsync", folder, "--password-file", "password", **elsewhere)
    assert opened in ran.out
    ran = home.run("import", "listsync", folder, "--password-env", "P", P="correct horse")
    assert opened in ran.out
    ran = home.run("import", "listsync", folder, "--password-env", "P", P="wrong")
    assert (ran.code, "the password is wrong" in ran.err) == (1, True)
    done = subprocess.run(
        home.command("import", "listsync", folder, "--password-stdin", "--apply"),
        env=home.environment(**elsewhere),
        input="correct horse\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert opened in done.stdout
    assert "keyofconfigenc" not in done.stdout + (home.folder / "new.yaml").read_text()
    assert home.run("check", **elsewhere).code == 0


def _is_at(sign: Path, child: subprocess.Popen[bytes]) -> bool:
    return sign.exists() or child.poll() is not None


def test_who_is_killed_while_moving_in_can_do_it_again(home: Home) -> None:
    items = [(f"Title {n}", "movie", n, "requested") for n in range(1, 5001)]
    home.write_config([home.write_list("l.csv", _LIST)], sync={"every": 0})
    path = home.folder / "listsync.yaml"
    before = path.read_bytes()
    folder = str(
        ListSyncFolder(items=items, lists=[("imdb", "top")]).write(home.folder / "list-sync")
    )
    command = home.command("import", "listsync", folder, "--apply")
    for sign in ("state/listsync.lock", "state/listsync.db-wal", "listsync.yaml.before-import"):
        child = subprocess.Popen(
            command, env=home.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(f"{sign}, or the end", partial(_is_at, home.folder / sign, child))
        child.kill()
        child.wait(30)
        assert home.run("check").code == 0
        assert path.read_bytes().startswith(before.rstrip(b"}]")[:100])
    ran = home.run("import", "listsync", folder, "--apply")
    assert (ran.code, ran.err) == (0, "")
    assert home.run("import", "listsync", folder, "--apply").out.endswith("nothing was changed.\n")
    with closing(sqlite3.connect(home.state / "listsync.db")) as database:
        assert database.execute("SELECT count(*) FROM imported").fetchone() == (5000,)


def test_a_second_import_changes_nothing(home: Home) -> None:
    _moved_in(home, ListSyncFolder(items=_HANDLED, lists=[("imdb", "top")], interval=12))
    before = (home.folder / "listsync.yaml").read_bytes()
    ran = home.run("import", "listsync", str(home.folder / "list-sync"), "--apply")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("All of it had been taken over before: nothing was changed.\n")
    assert (home.folder / "listsync.yaml").read_bytes() == before


def test_a_report_changes_nothing(home: Home, tmp_path: Path) -> None:
    folder = ListSyncFolder(items=_HANDLED, lists=[("imdb", "top")]).write(tmp_path / "list-sync")
    before = sorted((one, one.stat().st_mtime_ns) for one in tmp_path.rglob("*"))
    assert home.run("import", "listsync", str(folder)).code == 0
    assert sorted((one, one.stat().st_mtime_ns) for one in tmp_path.rglob("*")) == before
