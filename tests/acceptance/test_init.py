"""`listsync init` as a person meets it: on a real terminal, and in scripts."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from listsync.config.configuration import Config, load
from listsync.config.yaml_document import load_document
from listsync.files.local_file import WriterWait
from listsync.secrets.vault import open_vault
from tests.acceptance.agent_process import AgentProcess, until
from tests.acceptance.conftest import Home, Ran, titles_csv
from tests.acceptance.conversation import CTRL_C, Conversation, Hidden, converse


def person(home: Home, **more: str) -> dict[str, str]:
    """Give the environment of a person without a configuration, and nobody else's."""
    ours = ("LISTSYNC_", "XDG_", "OVERSEERR_", "STATE_DIRECTORY")
    plain = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    return plain | {"HOME": str(home.folder), "TERM": "xterm", **more}


def config_of(home: Home) -> Path:
    return home.folder / ".config" / "listsync" / "listsync.yaml"


def talk(home: Home, *answers: tuple[str, str], options: tuple[str, ...] = ()) -> Conversation:
    return converse(home.command("init", *options), person(home), answers)


def script(home: Home, *options: str, standard_input: str = "", **environment: str) -> Ran:
    done = subprocess.run(
        home.command("init", *options),
        env=person(home, **environment),
        cwd=home.folder,
        input=standard_input,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def written(home: Home) -> Config:
    return load(config_of(home), person(home))


def everything(home: Home) -> set[str]:
    return {str(one.relative_to(home.folder)) for one in home.folder.rglob("*")}


@pytest.fixture
def films(home: Home) -> Path:
    home.write_list("films.csv", titles_csv([603, 604]))
    return home.folder / "films.csv"


@pytest.fixture
def key_file(home: Home) -> Path:
    path = home.folder / "key"
    path.write_text(f"{home.sandbox.api_key}\n")
    path.chmod(0o600)
    return path


# -- at a terminal -----------------------------------------------------------------------------


@pytest.mark.usefixtures("films")
def test_a_person_is_led_past_every_wrong_answer(home: Home) -> None:
    done = talk(
        home,
        ("Address", "two words"),
        ("Address", "127.0.0.1:1"),
        ("Address", "127.0.0.1:1/films"),
        ("Address", "127.254.3.2/films"),
        ("Address", f"{home.sandbox.url}/login?next=%2Fdiscover"),
        ("API key (it", Hidden("not-the-key")),
        ("API key (it", Hidden("no text: \udcff")),
        ("API key (it", Hidden(home.sandbox.api_key)),
        ("User", "dave"),
        ("User", "nobody"),
        ("all the same", "n"),
        ("User", "family"),
        ("List", "https://example.com/list"),
        ("List", "~/missing.csv"),
        ("Keep it", "n"),
        ("List", "imdb: nonsense"),
        ("List", "trakt: trending:movies"),
        ("Client id", Hidden("")),
        ("Keep it", "y"),
        ("List", "~/films.csv"),
        ("List", "~/films.csv"),
        ("List", ""),
        ("Write ", "y"),
    )
    assert (done.code, done.unasked) == (0, []), done.seen
    for told in (
        "expected an address such as http://localhost:5055",
        "connection refused",
        "The usual port is 5055: http://127.254.3.2:5055",
        f"answers at {home.sandbox.url}: that is taken",
        "the API key is refused (403)",
        "That is no UTF-8 text",
        "There is no user 'dave'",
        "nobody may not request films and series",
        "'https://example.com/list' is no address of a list",
        "missing.csv does not exist",
        '"nonsense" is no list of IMDb',
        "file: ~/films.csv: read 2 titles",
        "That one is there already",
        "Keep a copy of their key",
        "secret.key",
        "listsync once --dry-run",
    ):
        assert told in done.words, done.seen
    assert done.words.count("The usual port") == 1
    assert home.sandbox.api_key not in done.seen
    data = load_document(config_of(home), WriterWait()).data
    assert isinstance(data, dict)
    assert data["server"] == {
        "url": home.sandbox.url,
        "api_key": {"encrypted": "server_api_key"},
        "request_as": "family",
    }
    assert data["lists"] == [{"trakt": "trending:movies"}, {"file": "~/films.csv"}]
    vault = open_vault(config_of(home), home.folder / ".local" / "state" / "listsync", {})
    assert vault.get("server_api_key") == home.sandbox.api_key
    text = config_of(home).read_text()
    assert home.sandbox.api_key not in text
    assert text.startswith("# yaml-language-server: $schema=./listsync.schema.json\n")
    assert config_of(home).with_name("listsync.schema.json").is_file()
    assert stat.S_IMODE(config_of(home).stat().st_mode) == 0o600
    assert max(map(len, done.seen.splitlines())) < 200


@pytest.mark.parametrize("question", ["Address", "API key (it", "User", "List", "Write "])
def test_ctrl_c_leaves_nothing_behind(home: Home, films: Path, question: str) -> None:
    before = everything(home)
    answers = {
        "Address": home.sandbox.url,
        "API key (it": Hidden(home.sandbox.api_key),
        "User": "1",
        "List": str(films),
        "Write ": "y",
    }
    until = [*answers].index(question)
    steps = [*answers.items()][:until]
    if question == "Write ":
        steps.append(("List", ""))
    done = talk(home, *steps, (question, CTRL_C))
    assert (done.code, done.unasked) == (130, [])
    assert "stopped; nothing was written" in done.words
    assert everything(home) == before


def test_ctrl_c_ends_the_wait_for_a_server_that_says_nothing(home: Home) -> None:
    before = everything(home)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = talk(home, ("Address", address), ("asking who is there", CTRL_C))
    assert done.code == 130
    assert everything(home) == before


def test_a_configuration_is_replaced_only_by_who_says_so(home: Home, films: Path) -> None:
    config_of(home).parent.mkdir(parents=True)
    config_of(home).write_text("lists: []  # mine\n")
    done = talk(home, ("in its place?", ""))
    assert done.code == 130
    assert "There is a configuration already" in done.words
    sandbox = ("--yes", "--no-test", "--server", "sandbox", "--list", str(films))
    refused = script(home, *sandbox)
    assert refused.code == 1
    assert "--force replaces it" in refused.err
    assert config_of(home).read_text() == "lists: []  # mine\n"
    assert script(home, *sandbox, "--force").code == 0
    assert written(home).server.url == "sandbox"
    (older,) = config_of(home).parent.glob("*.bak")
    assert older.read_text() == "lists: []  # mine\n"


# -- in scripts --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["env", "file", "stdin", "usual-variable"])
def test_a_script_gives_the_key_on_no_command_line(
    home: Home, films: Path, key_file: Path, way: str
) -> None:
    key, variable = home.sandbox.api_key, dict[str, str]()
    options: tuple[str, ...] = ()
    match way:
        case "env":
            options, variable = ("--key-env", "MY_KEY"), {"MY_KEY": key}
            form = "{env: MY_KEY}"
        case "file":
            options, form = ("--key-file", str(key_file)), f"{{file: {key_file}}}"
        case "stdin":
            options, form = ("--key-stdin",), "{encrypted: server_api_key}"
        case _:
            variable = {"OVERSEERR_API_KEY": key}
            form = "{encrypted: server_api_key}"
    ran = script(
        home,
        *("--yes", "--server", home.sandbox.url, "--list", str(films), "--request-as", "family"),
        *options,
        standard_input=f"{key}\n",
        **variable,
    )
    assert ran.code == 0, ran.err
    assert "read 2 titles" in ran.err
    text = config_of(home).read_text()
    assert f"api_key: {form}" in text
    assert key not in text + ran.err
    assert "request_as: family" in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(("--server", "http://127.0.0.1:1"), "connection refused", id="down"),
        pytest.param(("--server", "http://127.0.0.1:1/login"), "connection refused", id="far"),
        pytest.param(("--server", "ftp://x"), "--server: expected an address", id="no-address"),
        pytest.param(("--key-env", "NOT_SET"), '"NOT_SET" is not set', id="no-variable"),
        pytest.param(("--key-file", "missing"), "does not exist", id="no-file"),
        pytest.param(("--key-stdin",), "standard input has no key", id="no-stdin"),
        pytest.param(("--server", "sandbox", "--list", "imdb: zz"), "no list of IMDb", id="list"),
        pytest.param(("--server", "sandbox", "--request-as", "dave"), "no user 'dave'", id="user"),
    ],
)
def test_a_script_that_is_wrong_is_told_and_writes_nothing(
    home: Home, options: tuple[str, ...], words: str
) -> None:
    before = everything(home)
    ran = script(home, "--yes", *options)
    assert ran.code == 1
    assert words in ran.err
    assert everything(home) == before


def test_a_list_that_cannot_be_read_now_is_kept_by_a_script_and_named(home: Home) -> None:
    ran = script(home, "--yes", "--server", "sandbox", "--list", "/missing.csv")
    assert ran.code == 0
    assert "/missing.csv does not exist" in ran.err
    assert [one.name for one in written(home).lists] == ["file: /missing.csv"]


def test_who_cannot_be_asked_is_told_how_scripts_do_it(home: Home) -> None:
    ran = script(home)
    assert ran.code == 2
    assert "--yes" in ran.err


def test_a_disk_that_is_full_in_the_middle_loses_nothing(home: Home, films: Path) -> None:
    before = everything(home)
    options = f"--yes --no-test --server sandbox --list {films}"
    done = subprocess.run(
        # 8 blocks of 512 bytes: enough for the configuration, not for its schema.
        ["sh", "-c", f"ulimit -f 8; exec {sys.executable} -B -m listsync init {options}"],
        env=person(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert everything(home) == before


def test_what_a_script_wrote_runs_and_syncs_at_once(
    home: Home, films: Path, start_agent: Callable[..., AgentProcess]
) -> None:
    places = ("--config", str(home.folder / "listsync.yaml"), "--state-dir", str(home.state))
    server = ("--yes", "--server", home.sandbox.url, "--key-stdin", "--list", str(films))
    ran = script(home, *server, *places, standard_input=home.sandbox.api_key)
    assert ran.code == 0, ran.err
    start_agent(home)
    until("both films are requested", lambda: len(home.sandbox.admin("log")["requests"]) == 2)


def test_the_unit_is_installed_and_nothing_is_started(home: Home, films: Path, trap: Path) -> None:
    ran = script(
        home,
        *("--yes", "--no-test", "--server", "sandbox", "--list", str(films), "--systemd"),
        *("--state-dir", str(home.folder / "own")),
        PATH=f"{trap}:{os.environ['PATH']}",
    )
    assert ran.code == 0, ran.err
    assert "systemctl --user enable --now listsync" in ran.err
    unit = home.folder / ".config" / "systemd" / "user" / "listsync.service"
    (start,) = [one for one in unit.read_text().splitlines() if one.startswith("ExecStart=")]
    program = start.removeprefix("ExecStart=").split()
    assert program[1:] == ["run", "--state-dir", str(home.folder / "own")]
    assert f"listsync run --state-dir {home.folder}/own" in " ".join(ran.err.split())
    assert Path(program[0]).is_file()
    assert not (trap / "called").exists()


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Give a folder whose systemctl notes that it was called."""
    folder = tmp_path / "trap"
    folder.mkdir()
    program = folder / "systemctl"
    program.write_text(f"#!/bin/sh\ntouch {folder}/called\n")
    program.chmod(0o755)
    return folder


@pytest.mark.usefixtures("films")
def test_in_a_container_nobody_is_told_to_start_a_second_agent(home: Home) -> None:
    options = ("--yes", "--no-test", "--server", "sandbox", "--list", "~/films.csv")
    ran = script(home, *options, LISTSYNC_WAIT_FOR_CONFIG="true")
    assert ran.code == 0, ran.err
    assert "docker logs -f" in ran.err
    assert "listsync run" not in ran.err
    assert "listsync once" not in ran.err
