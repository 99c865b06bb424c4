"""What the doctor finds where something is really wrong."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from listsync.app import doctor as services
from listsync.app import doctor_agent, doctor_machine, transfer_checks
from listsync.app.doctor import BoundedCheck, CheckResult, CheckState, Patient, examine, result_of
from listsync.cancellation import CancelToken
from listsync.cli.doctor import lines_of, signs_for
from listsync.config.configuration import load
from listsync.sandbox.process import SandboxProcess
from listsync.store.database import FILE_NAME, Database
from listsync.store.state_folder import opened_state
from listsync.terminal.output import PLAIN
from listsync.terminal.table import width
from tests.integration.providers.trap import said, trap
from tests.ports import held_port

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"
_NOBODY = 65534
Look = Callable[[Patient, CancelToken], Any]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess("seerr", state=tmp_path_factory.mktemp("server") / "state") as sandbox:
        yield sandbox


def patient_of(folder: Path, **config: object) -> Patient:
    path = folder / "listsync.yaml"
    (folder / "two.csv").write_text(_TWO, encoding="utf-8")
    path.write_text(json.dumps({"lists": [{"file": "two.csv"}], **config}), encoding="utf-8")
    patient = Patient(path, folder / "state", (folder / "agent.sock",), {})
    patient.config = load(path, {})
    return patient


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return patient_of(tmp_path, http={"listen": "127.0.0.1:0"})


def found(look: Look, patient: Patient) -> list[CheckResult]:
    return [patient.redacted(one) for one in look(patient, CancelToken())]


def only(look: Look, patient: Patient) -> CheckResult:
    (one,) = found(look, patient)
    return one


def with_server(folder: Path, url: str, key: str, **more: object) -> Patient:
    return patient_of(folder, server={"url": url, "api_key": key}, **more)


def at_server(patient: Patient) -> list[tuple[str, str]]:
    patient.lists_are_read.set()
    return [(one.check, one.state.value) for one in found(services.server, patient)]


# -- the server and the lists --------------------------------------------------------------


def test_a_server_that_is_well_is_told_with_its_clock_users_and_rights(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    patient = with_server(tmp_path, sandbox.url, sandbox.api_key)
    assert at_server(patient) == [
        ("server", "ok"),
        ("clock", "ok"),
        ("user", "ok"),
        ("rights", "ok"),
    ]
    assert not (tmp_path / "state").exists()


def test_a_wrong_key_and_a_user_who_is_not_there(sandbox: SandboxProcess, tmp_path: Path) -> None:
    wrong = with_server(tmp_path, sandbox.url, "wrong-key-of-nobody")
    wrong.lists_are_read.set()
    told = only(services.server, wrong)
    assert (told.check, told.state) == ("server", CheckState.FAILED)
    assert "API key is refused" in told.text
    assert "server.api_key" in told.advice
    server = {"url": sandbox.url, "api_key": sandbox.api_key, "act_as": "ghost"}
    assert ("user", "failed") in at_server(patient_of(tmp_path, server=server))


def test_a_closed_port(tmp_path: Path) -> None:
    with held_port() as port:
        told = only(
            services.server, with_server(tmp_path, f"http://127.0.0.1:{port}", "key-of-it")
        )
    assert (told.check, told.state) == ("server", CheckState.FAILED)
    assert "is it running" in told.advice


def test_a_clock_that_is_awry(
    sandbox: SandboxProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = with_server(tmp_path, sandbox.url, sandbox.api_key)
    patient.lists_are_read.set()
    monkeypatch.setattr(services, "_AWRY_S", -1.0)
    (told,) = [one for one in found(services.server, patient) if one.check == "clock"]
    assert (told.state, told.subject) == (CheckState.WARNING, "server")
    assert "the server" in told.text


def test_each_list_says_how_much_was_read_or_why_not(tmp_path: Path) -> None:
    lists = [{"file": "two.csv"}, {"file": "gone.csv", "name": "gone"}]
    patient = patient_of(tmp_path, lists=lists, http={"listen": "127.0.0.1:0"})
    good, bad = found(services.lists, patient)
    assert (good.state, good.text) == (CheckState.OK, "read 2 titles")
    assert (bad.state, bad.subject) == (CheckState.FAILED, "gone")
    assert bad.advice == "check the path in the configuration"
    assert patient.lists_are_read.is_set()


def test_a_list_that_is_read_says_what_is_to_be_known_of_it(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    lists = [{"seerr": "watchlist"}]
    told = only(services.lists, with_server(tmp_path, sandbox.url, sandbox.api_key, lists=lists))
    assert (told.state, told.text[:13]) == (CheckState.OK, "read 0 titles")
    assert "where the service itself cannot see the list" in told.text


# -- this machine --------------------------------------------------------------------------


@pytest.fixture
def kept(patient: Patient) -> Path:
    """Give the file of a state that was left in good order."""
    assert patient.state_dir is not None
    patient.state_dir.mkdir(mode=0o700)
    with opened_state(patient.state_dir):
        pass
    return patient.state_dir / FILE_NAME


def test_a_whole_state_is_looked_at_and_left_alone(patient: Patient, kept: Path) -> None:
    before = {one: one.read_bytes() for one in kept.parent.iterdir()}
    assert only(doctor_machine.state, patient).text.startswith("whole, ")
    assert {one: one.read_bytes() for one in kept.parent.iterdir()} == before


def test_a_damaged_state_is_told_and_left_alone(patient: Patient, kept: Path) -> None:
    content = bytearray(kept.read_bytes())
    content[4096:16384] = os.urandom(12288)
    kept.write_bytes(content)
    told = only(doctor_machine.state, patient)
    assert (told.state, "is damaged" in told.text) == (CheckState.FAILED, True)
    assert "newest backup" in told.advice
    assert kept.read_bytes() == content


def test_a_state_that_somebody_else_wrote_to(patient: Patient, kept: Path) -> None:
    Database(kept).close()
    kept.write_bytes(kept.read_bytes() + b"\0" * 4096)
    assert only(doctor_machine.state, patient).state is not CheckState.OK


def test_a_zone_that_nobody_knows(patient: Patient) -> None:
    patient.environ = {"TZ": "Europe/Atlantis"}
    told = only(doctor_machine.timezone, patient)
    assert (told.state, "tzdata" in told.advice) == (CheckState.WARNING, True)
    patient.environ = {"TZ": "CET-1CEST"}
    assert only(doctor_machine.timezone, patient).state is CheckState.OK


def test_a_log_that_cannot_be_written_is_told_and_nothing_is_made_of_it(tmp_path: Path) -> None:
    log = {"file": str(tmp_path / "nowhere" / "agent.log"), "history": str(tmp_path / "ok.log")}
    told = only(doctor_machine.log_files, patient_of(tmp_path, server={"url": "sandbox"}, log=log))
    assert (told.state, "nowhere does not exist" in told.text) == (CheckState.WARNING, True)
    assert not (tmp_path / "nowhere").exists()
    assert not (tmp_path / "ok.log").exists()


def test_a_folder_that_everybody_may_change(patient: Patient, kept: Path) -> None:
    assert patient.config_path is not None
    kept.parent.chmod(0o777)
    patient.config_path.chmod(0o666)
    told = found(doctor_machine.permissions, patient)
    assert [one.state for one in told] == [CheckState.WARNING] * 2
    assert all("chmod o-w" in one.text for one in told)


def test_without_chromium_only_who_needs_it_is_warned(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert only(doctor_machine.browser, patient).state is CheckState.OK
    lists = [{"letterboxd": "somebody/watchlist"}]
    needy = patient_of(tmp_path, lists=lists, http={"listen": "127.0.0.1:0"})
    told = only(doctor_machine.browser, needy)
    assert told.state is CheckState.WARNING
    assert told.text.startswith("Chromium and its chromedriver cannot be found on PATH")
    assert told.text.endswith("; used for letterboxd where bot protection answers")


def test_units_and_crontabs_are_found(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, says in (
        (
            "systemctl",
            "echo LoadState=loaded; echo ActiveState=failed; echo UnitFileState=enabled",
        ),
        ("crontab", "echo '0 4 * * * listsync once'"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    told = only(doctor_machine.service_manager, patient)
    assert told.state is CheckState.WARNING
    assert "listsync.service is failed, enabled" in told.text
    assert "cron: a crontab runs listsync" in told.text


# -- somebody else's -----------------------------------------------------------------------


def as_nobody(look: Look, patient: Patient) -> list[list[str]]:
    """Look as another user, in a fork; gives states and texts."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
        told = [
            [one.state.value, one.text] for one in examine(patient, [[BoundedCheck("it", look)]])
        ]
        os.write(writing, json.dumps(told).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = json.loads(answer.read())
    os.waitpid(pid, 0)
    return told  # type: ignore[no-any-return]


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_what_belongs_to_somebody_else_is_told_as_that() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        patient = patient_of(folder, http={"listen": "127.0.0.1:0"})
        (folder / "state").mkdir(mode=0o700)
        with opened_state(folder / "state"):
            pass
        _look_as_nobody(patient)


def _look_as_nobody(patient: Patient) -> None:
    ((state, text),) = as_nobody(doctor_machine.permissions, patient)
    assert (state, "belongs to uid 0" in text) == ("failed", True)
    ((state, text),) = as_nobody(doctor_machine.state, patient)
    assert (state, "Permission denied" in text) == ("failed", True)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(patient.sockets[0]))
        agent.listen()
        patient.sockets[0].chmod(0o600)
        ((state, text),) = as_nobody(doctor_agent.agent, patient)
    assert (state, "may not be used by us (uid 65534)" in text) == ("failed", True)


# -- the agent -----------------------------------------------------------------------------


def test_no_socket_a_dead_one_and_one_where_nobody_speaks(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only(doctor_agent.agent, patient).state is CheckState.WARNING
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(patient.sockets[0]))
        told = only(doctor_agent.agent, patient)
        assert (told.state, "nobody listens" in told.text) == (CheckState.FAILED, True)
        dead.listen()
        monkeypatch.setattr(doctor_agent, "_ANSWER_S", 0.2)
        told = only(doctor_agent.agent, patient)
    assert (told.state, "does not answer" in told.text) == (CheckState.FAILED, True)
    assert only(doctor_agent.trigger, patient).state is CheckState.SKIPPED


# -- all of them together ------------------------------------------------------------------


def _hangs(_: Patient, token: CancelToken) -> Iterator[CheckResult]:
    yield CheckResult("hangs", CheckState.OK, "the first half")
    token.wait(600)


def _fails(_: Patient, __: CancelToken) -> Iterator[CheckResult]:
    raise ZeroDivisionError
    yield


def test_neither_what_hangs_nor_what_fails_keeps_the_others_back(patient: Patient) -> None:
    begun = time.monotonic()
    checks = [
        BoundedCheck("hangs", _hangs, 0.3),
        BoundedCheck("fails", _fails),
        BoundedCheck("rsync", transfer_checks.rsync),
    ]
    told = list(examine(patient, [checks]))
    assert [(one.check, one.state.value) for one in told] == [
        ("hangs", "ok"),
        ("hangs", "failed"),
        ("fails", "failed"),
        ("rsync", "ok"),
    ]
    assert "ZeroDivisionError" in told[2].text
    assert time.monotonic() - begun < 60
    assert result_of(told) is CheckState.FAILED
    assert result_of(told[3:]) is CheckState.OK


def test_what_needs_a_configuration_is_not_tried_without_one(patient: Patient) -> None:
    patient.config = None
    (told,) = examine(patient, [[BoundedCheck("list", services.lists, needs_config=True)]])
    assert told.state is CheckState.SKIPPED


def test_what_is_told_holds_no_secret(tmp_path: Path) -> None:
    server = {"url": "http://me:hidden-login@127.0.0.1:1/x", "api_key": "hidden-key-1"}
    patient = patient_of(tmp_path, server=server)
    text = (
        "hidden-key-1 and http://me:hidden-login@127.0.0.1:1/x and "
        "https://example.org/list?apikey=hidden-query and https://other:hidden-word@example.org/"
    )
    told = patient.redacted(CheckResult("x", CheckState.OK, text, text, text))
    assert "hidden" not in told.text + told.advice + told.subject
    patient.config = None
    assert "hidden-word" not in patient.redacted(CheckResult("x", CheckState.OK, text)).text


@pytest.mark.parametrize("columns", [40, 80, None])
def test_a_result_is_told_by_a_sign_and_a_word_and_fits(columns: int | None) -> None:
    why = "the service answers with a page of its bot protection in place of the list"
    one = CheckResult("list", CheckState.FAILED, why, "wait, or ask through another network", "a")
    for signs in (signs_for(None), {"failed": "✗"}):
        lines = list(lines_of(one, PLAIN, signs, columns))
        assert lines[0].startswith(f"{signs['failed']} failed    list a: the service")
        assert columns is None or max(map(width, lines)) <= columns
        assert len(lines) == 2 if columns is None else len(lines) > 2


def test_who_only_copies_needs_no_list(tmp_path: Path) -> None:
    http = {"listen": "127.0.0.1:0"}
    (tmp_path / "without").mkdir()
    assert only(services.lists, patient_of(tmp_path / "without", lists=[], http=http)).state is (
        CheckState.WARNING
    )
    (tmp_path / "copies").mkdir()
    mapping = {"from": "/movies", "source": "/a", "destination": "/b"}
    copies = {"transfers": {"mappings": [mapping]}}
    assert (
        found(services.lists, patient_of(tmp_path / "copies", lists=[], http=http, **copies)) == []
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (127, [("ok", "873 of 1,000 requests are left today")]),
        (990, [("warning", "10 of 1,000 requests are left today")]),
        (1200, [("warning", "0 of 1,000 requests are left today")]),
        (None, []),
    ],
)
def test_what_is_left_to_ask_of_mdblist_today(
    tmp_path: Path, asked: int | None, told: list[tuple[str, str]]
) -> None:
    account = {"user_name": "anna", "api_requests": 1000, "api_requests_count": asked}
    with trap(lambda _: [said(json.dumps(account).encode())]) as site:
        patient = patient_of(
            tmp_path,
            http={"listen": "127.0.0.1:0"},
            lists=[{"mdblist": "sample_user/synthetic-list"}],
            providers={"mdblist": {"base_url": site.url, "api_key": "not-a-key"}},
        )
        assert [(one.state, one.text) for one in found(services.accounts, patient)] == told
    assert [one.path for one in site.asked] == ["/user"]


def test_who_reads_no_list_with_an_account_of_mdblist_is_not_asked_for_it(
    tmp_path: Path,
) -> None:
    for lists in ([{"mdblist": "sample_user/synthetic-list"}], [{"stevenlu": "popular"}]):
        patient = patient_of(tmp_path, http={"listen": "127.0.0.1:0"}, lists=lists)
        assert found(services.accounts, patient) == []
