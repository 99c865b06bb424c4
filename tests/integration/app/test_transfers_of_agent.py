"""A whole agent that copies: what a webhook asks for arrives, is scanned and told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from listsync.domain import message_of_transfer
from listsync.domain.transfers import ImportApp, JobState, ScanState, TransferJob
from listsync.store import library_scans
from listsync.store.job_history import SqliteJobHistory
from listsync.store.library_scans import SqliteScanQueue
from listsync.transfers.intake import IntakeReply
from tests.integration.app.conftest import AgentInProcess
from tests.integration.app.test_added_service import until
from tests.integration.notify.receiver import Receiver, receiving
from tests.media_servers import JellyfinFake, PlexFake, serving, two_libraries
from tests.webhooks import sample

FILM = "Dune (2021)/Dune.mkv"


class Copying:
    """An agent with a film library to be copied, two media servers and somebody to be told."""

    def __init__(
        self, agent: AgentInProcess, folder: Path, plex: PlexFake, jellyfin: JellyfinFake
    ) -> None:
        self.agent = agent
        self.sources, self.media = folder / "sources", folder / "media"
        self.sources.mkdir()
        (self.media / "movies").mkdir(parents=True)
        self.plex, self.jellyfin = plex, jellyfin
        database = agent.daemon._database
        self.history, self.scans = SqliteJobHistory(database), SqliteScanQueue(database)

    def write(self, more: Mapping[str, object] | None = None, told: str = "") -> None:
        mapping = {
            "from": "/movies",
            "source": str(self.sources),
            "destination": str(self.media / "movies"),
            "media_server": "/data/movies",
        }
        servers = [
            {"plex": {"url": self.plex.url, "token": self.plex.token}},
            {"jellyfin": {"url": self.jellyfin.url, "api_key": self.jellyfin.token}},
        ]
        transfers: dict[str, object] = {
            "http.listen": "127.0.0.1:0",
            "transfers.mappings": [mapping],
            "transfers.media_servers": servers,
            **({"notify": [{"webhook": {"url": told}}]} if told else {}),
        }
        self.agent.write({**transfers, **(more or {})})
        assert self.agent.reload()["pending"] == []

    def release(self, path: str, content: bytes = b"film") -> None:
        file = self.sources / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def ask_for(self, path: str) -> IntakeReply:
        intake = self.agent.daemon._transfers.intake()
        return intake.manual(f"/movies/{path}", "movie", datetime.now(UTC))

    def job(self, number: int) -> TransferJob:
        found = self.history.find(number)
        assert found is not None
        return found

    def wait_for(self, number: int, state: JobState) -> None:
        until(lambda: self.job(number).state is state)

    def service(self, name: str) -> Mapping[str, Any]:
        services: list[dict[str, Any]] = self.agent.ask("status")["services"]
        return next(one for one in services if one["name"] == name)


@pytest.fixture
def copying(
    agent: AgentInProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Copying]:
    monkeypatch.setattr(library_scans, "QUIET", timedelta(seconds=0.2))
    monkeypatch.setattr(message_of_transfer, "_QUIET_S", 0.2)
    with ExitStack() as stack:
        libraries, disks = two_libraries(tmp_path / "media")
        plex = stack.enter_context(serving(PlexFake, libraries, disks))
        jellyfin = stack.enter_context(serving(JellyfinFake, libraries, disks))
        for name in ("plex.PlexServer", "jellyfin.JellyfinServer"):
            place = f"listsync.transfers.media_servers.{name}.checks_s"
            monkeypatch.setattr(place, (0.1,))
        yield Copying(agent, tmp_path, plex, jellyfin)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.mark.slow
def test_an_import_arrives_is_scanned_once_everywhere_and_told_once(
    copying: Copying, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "listsync")
    copying.write(told=receiver.url)
    body = sample("radarr-download")
    path = str(body["movieFile"]["relativePath"])
    folder = str(body["movie"]["folderPath"]).removeprefix("/movies/")
    copying.release(f"{folder}/{path}", b"film" * 1000)
    reply = copying.agent.daemon._transfers.intake().take(
        ImportApp.RADARR, "", body, datetime.now(UTC)
    )
    (number,) = reply.jobs
    copying.wait_for(number, JobState.SUCCEEDED)
    assert (copying.media / "movies" / folder / path).read_bytes() == b"film" * 1000
    states = {ScanState.SHOWN}
    until(lambda: {one.state for one in copying.scans.page(None, 9, None).rows} == states)
    for server in (copying.plex, copying.jellyfin):
        assert server.scans == [f"/data/movies/{folder}"]
    receiver.wait_for(1)
    (told,) = receiver.taken
    assert told.sent["title"] == "Movie Synced"
    assert "copying" in caplog.text


def test_copies_and_scans_follow_the_configuration(copying: Copying) -> None:
    services = ("mounts", "transfers", "scans")
    assert {copying.service(name)["state"] for name in services} == {"off"}
    copying.write()
    assert {copying.service(name)["state"] for name in services} == {"running"}
    workers = copying.agent.daemon._transfers._workers
    copying.write({"transfers.retry": {"every": "15m", "attempts": 3}})
    assert copying.agent.daemon._transfers._workers is workers, "what is copied goes on"
    assert workers is not None
    assert workers._means.retry.every == timedelta(minutes=15)
    copying.write({"transfers.media_servers": []})
    assert copying.service("scans")["state"] == "off"
    copying.release(FILM)
    (number,) = copying.ask_for(FILM).jobs
    copying.wait_for(number, JobState.SUCCEEDED)
    assert not copying.scans.page(None, 9, None).rows, "there is nobody to be told"
    copying.write({"transfers.mappings": [], "transfers.media_servers": []})
    assert {copying.service(name)["state"] for name in services} == {"off"}


def test_what_is_asked_for_while_there_is_no_mapping_is_refused(copying: Copying) -> None:
    reply = copying.ask_for(FILM)
    assert reply.jobs == ()
    assert "mapping" in reply.why
