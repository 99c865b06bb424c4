"""What the doctor says of rsync, of mapped folders and of media servers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from listsync.app import transfer_checks
from listsync.app.doctor import CheckResult, CheckState, Patient
from listsync.cancellation import CancelToken
from listsync.config.configuration import load
from tests.media_servers import TOKEN, JellyfinFake, PlexFake, serving, two_libraries
from tests.ports import held_port

OK, WARNING, FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED
_NOBODY = 65534
Look = Callable[[Patient, CancelToken], Iterable[CheckResult]]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    for name in ("source", "destination", "state"):
        (tmp_path / name).mkdir()
    return tmp_path


def patient(folder: Path, *servers: object, **mapping: object) -> Patient:
    path = folder / "listsync.yaml"
    row = {"from": "/movies", "source": str(folder / "source"), **mapping}
    data = {
        "lists": [],
        "http": {"listen": "127.0.0.1:0"},
        "transfers": {"mappings": [row], "media_servers": list(servers)},
    }
    path.write_text(json.dumps(data), encoding="utf-8")
    one = Patient(path, folder / "state", (folder / "agent.sock",), {})
    one.config = load(path, {})
    return one


def told(look: Look, one: Patient) -> list[CheckResult]:
    return [one.redacted(result) for result in look(one, CancelToken())]


def at(folder: Path, name: str, results: list[CheckResult]) -> CheckResult:
    (found,) = [one for one in results if one.subject == str(folder / name)]
    return found


def test_folders_that_are_well_are_told_with_what_they_lie_on(folder: Path) -> None:
    one = patient(folder, destination=str(folder / "destination"))
    results = told(transfer_checks.mappings, one)
    source, destination = (at(folder, name, results) for name in ("source", "destination"))
    assert source.state is OK
    assert source.text.startswith("source: there, on ")
    assert destination.state in {OK, WARNING}  # in a container that is lost with it
    assert " free" in destination.text
    assert not list((folder / "destination").iterdir())


def test_without_a_mapping_or_a_configuration_nothing_is_said(folder: Path) -> None:
    one = patient(folder)
    one.config = None
    assert not told(transfer_checks.mappings, one)
    assert not told(transfer_checks.media_servers, one)
    (rsync,) = told(transfer_checks.rsync, one)
    assert rsync.state is OK


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        pytest.param({"destination": "none"}, "no such folder", id="missing"),
        pytest.param(
            {"destination": "destination", "marker": "mark"}, "marker file mark", id="no marker"
        ),
        pytest.param(
            {"destination": "destination", "require_mount": "destination"},
            "nothing is mounted at",
            id="not mounted",
        ),
    ],
)
def test_a_folder_that_is_not_well_is_told_with_what_to_do(
    folder: Path, mapping: Mapping[str, str], words: str
) -> None:
    places = {
        key: value if key == "marker" else str(folder / value) for key, value in mapping.items()
    }
    one = at(
        folder, mapping["destination"], told(transfer_checks.mappings, patient(folder, **places))
    )
    assert one.state is FAILED
    assert words in one.text
    assert one.advice


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look as another user")
def test_root_looks_with_the_rights_of_the_user_whose_state_it_is(folder: Path) -> None:
    folder.chmod(0o700)
    os.chown(folder / "state", _NOBODY, _NOBODY)
    one = at(folder, "source", told(transfer_checks.mappings, patient(folder)))
    assert (one.state, one.text) == (FAILED, "source: we may not use it (as uid 65534)")


def test_a_destination_that_is_its_source_after_all_or_inside_it(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "source")
    (folder / "source" / "inside").mkdir()
    (folder / "deep").symlink_to(folder / "source" / "inside")
    (folder / "above").symlink_to(folder)
    texts = {
        name: [
            one.text
            for one in told(
                transfer_checks.mappings, patient(folder, destination=str(folder / name))
            )
            if one.state is FAILED
        ]
        for name in ("link", "deep", "above")
    }
    source = folder / "source"
    assert texts == {
        "link": [f"is the same folder as its source {source}"],
        "deep": [f"lies inside its source {source}"],
        "above": [f"holds its own source {source}"],
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a link of somebody else")
def test_a_link_of_somebody_else_on_the_way_is_told_before_rsync_refuses_it(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "destination")
    os.chown(folder / "link", _NOBODY, _NOBODY, follow_symlinks=False)
    one = patient(folder, destination=str(folder / "link"))
    (found,) = [one for one in told(transfer_checks.mappings, one) if "uid 65534" in one.text]
    assert found.state is WARNING
    assert f"chown -h root {folder / 'link'}" in found.advice


def test_rsync_is_needed_where_something_is_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies, scans = patient(folder, destination=str(folder / "destination")), patient(folder)
    (found,) = told(transfer_checks.rsync, copies)
    assert found.state is OK
    assert found.text.startswith("rsync 3.")
    monkeypatch.setenv("PATH", str(folder))
    assert [one.state for one in told(transfer_checks.rsync, scans)] == [OK]
    (missing,) = told(transfer_checks.rsync, copies)
    assert (missing.state, "install rsync" in missing.advice) == (FAILED, True)


def test_a_media_server_tells_its_version_and_which_folder_it_has_not(folder: Path) -> None:
    with (
        serving(PlexFake, *two_libraries(folder)) as plex,
        serving(JellyfinFake, *two_libraries(folder)) as jellyfin,
    ):
        servers = (
            {"plex": {"url": plex.url, "token": TOKEN}},
            {"jellyfin": {"url": jellyfin.url, "api_key": TOKEN}},
        )
        well = patient(folder, *servers, media_server="/data/movies")
        results = told(transfer_checks.media_servers, well)
        assert [(one.subject, one.state) for one in results] == [("plex", OK), ("jellyfin", OK)]
        assert results[0].text.endswith(", 2 libraries")
        elsewhere = patient(folder, *servers, media_server="/mnt/films")
        results = told(transfer_checks.media_servers, elsewhere)
        wrong = [one for one in results if one.state is FAILED]
        assert [one.subject for one in wrong] == ["plex", "jellyfin"]
        assert wrong[0].text == "no library holds /mnt/films (there are: /data/movies, /data/tv)"
        named = {"plex": {**servers[0]["plex"], "sections": {"/mnt/films": 1}}}
        by_hand = patient(folder, named, media_server="/mnt/films")
        assert [one.state for one in told(transfer_checks.media_servers, by_hand)] == [OK]


def test_a_media_server_that_is_away_or_refuses_keeps_no_other_back(folder: Path) -> None:
    with serving(PlexFake, *two_libraries(folder)) as plex, held_port() as port:
        servers = (
            {"plex": {"url": f"http://127.0.0.1:{port}", "token": "hidden"}, "name": "away"},
            {"plex": {"url": plex.url, "token": "wrong-and-hidden"}, "name": "refuses"},
            {"plex": {"url": plex.url, "token": TOKEN}, "name": "well"},
        )
        one = patient(folder, *servers, media_server="/data/movies")
        results = told(transfer_checks.media_servers, one)
    assert [(one.subject, one.state) for one in results] == [
        ("away", FAILED),
        ("refuses", FAILED),
        ("well", OK),
    ]
    assert "is it running" in results[0].advice
    assert "token is wrong" in results[1].text
    assert "hidden" not in "".join(one.text + one.advice for one in results)
