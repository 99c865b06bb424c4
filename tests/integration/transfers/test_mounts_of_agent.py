"""A whole agent whose share goes away: people are told once, and jobs go on by themselves."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from listsync.app.transfer_mounts import TransferMounts
from listsync.domain import message_of_notice
from listsync.domain.transfers import JobState
from listsync.store.database import Database
from listsync.store.job_history import SqliteJobHistory
from listsync.store.transfer_jobs import SqliteJobQueue
from listsync.store.webhook_events import SqliteWebhookInbox
from listsync.transfers import mounts
from tests import webhooks
from tests.fakes import FakeKeyValueStore
from tests.integration.app.conftest import AgentInProcess, agent, start_agent  # noqa: F401
from tests.integration.app.test_added_service import until
from tests.integration.notify.receiver import receiving
from tests.integration.transfers.namespace import run_in_namespace
from tests.transfer_jobs import decision, event, movie, put_event

if TYPE_CHECKING:
    from listsync.config.configuration import Config


@pytest.mark.slow
def test_a_share_that_is_gone_is_told_once_and_what_waits_for_it_goes_on(
    agent: AgentInProcess,  # noqa: F811 - a fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mounts, "_TROUBLED_S", 0.2)
    monkeypatch.setattr(mounts, "_FRESH_S", 0.1)
    monkeypatch.setattr(message_of_notice, "_TOGETHER_S", 0.2)
    source, destination = tmp_path / "source", tmp_path / "destination"
    source.mkdir()
    destination.mkdir()
    mapping = {
        "from": "/movies",
        "source": str(source),
        "destination": str(destination),
        "marker": ".listsync-marker",
    }
    root = PurePosixPath(destination)
    database = agent.daemon._database
    queue, history = SqliteJobQueue(database), SqliteJobHistory(database)
    job = movie(source_root=PurePosixPath(source), destination_root=root)
    now = datetime.now(UTC)
    (number,) = put_event(SqliteWebhookInbox(database), event(), decision(job), now)
    queue.block(root, "not mounted", now)

    def state() -> JobState:
        found = history.find(number)
        assert found is not None
        return found.state

    def notices() -> list[str]:
        found = agent.ask("status")["notices"]
        return [one["text"] for one in found if one["kind"] == "mount_down"]

    def note() -> str:
        services = agent.ask("status")["services"]
        return next(str(one["note"]) for one in services if one["name"] == "mounts")

    with receiving() as receiver:
        agent.write(
            {
                "http.listen": "127.0.0.1:0",
                "transfers.mappings": [mapping],
                "notify": [{"webhook": {"url": receiver.url}}],
            }
        )
        agent.reload()
        until(lambda: bool(notices()))
        why = "the marker file .listsync-marker is not there"
        assert notices() == [f"{root}: {why}; what needs it waits"]
        assert note() == f"{root}: {why}"
        assert state() is JobState.BLOCKED
        receiver.wait_for(1)
        (destination / ".listsync-marker").touch()
        until(lambda: state() is not JobState.BLOCKED)
        until(lambda: not notices())
        assert note() == ""
        receiver.wait_for(2)
        down, back = (str(one.sent["title"]) for one in receiver.taken)
        assert down == "A disk or share is not there"
        assert back.startswith("The disk or share is there again, after ")


def test_who_asks_before_anything_is_watched_waits_for_the_first_look(tmp_path: Path) -> None:
    """What is due at the start is done then, whichever service is there first."""
    mapping = webhooks.mapping("/movies", str(tmp_path), str(tmp_path))
    config = cast("Config", SimpleNamespace(transfers=webhooks.transfer_settings(mapping)))
    with closing(Database(tmp_path / "state.db")) as database:
        mounts = TransferMounts(FakeKeyValueStore(), SqliteJobQueue(database), lambda: None)
        starting = threading.Timer(0.1, mounts.start, (config,))
        starting.start()
        assert mounts.healthy(PurePosixPath(tmp_path)).is_healthy
        starting.join()


@pytest.mark.slow
def test_copies_wait_for_their_share_and_go_on_when_it_is_back(tmp_path: Path) -> None:
    run_in_namespace("tests.integration.transfers.agent_cases", tmp_path)
