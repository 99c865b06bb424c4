"""The command `mapping`: for a path that is given, or that of the last webhook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from listsync.commands.mapping import mapping
from listsync.domain.transfer_rules import PathMapping
from listsync.protocol import Reason, RefusedCommand
from listsync.store.database import Database
from listsync.store.webhook_events import SqliteWebhookHistory, SqliteWebhookInbox
from listsync.transfers.intake import IntakeRequest, WebhookIntake
from tests import webhooks
from tests.unit.agent.commands.world import World
from tests.webhooks import LIBRARIES, NOW, sample, transfer_settings

FILM = "/movies/A (2024)/a.mkv"


class House:
    """Webhooks in a real state, and libraries that a test may change."""

    def __init__(self, database: Database) -> None:
        self.libraries: tuple[PathMapping, ...] = LIBRARIES
        self.intake = WebhookIntake(
            SqliteWebhookInbox(database), lambda: transfer_settings(*self.libraries), lambda: None
        )
        context = World().context
        parts = replace(
            context.transfers,
            webhooks=SqliteWebhookHistory(database),
            mappings=lambda: self.libraries,
        )
        self.context = replace(context, transfers=parts)

    def take(self, body: Mapping[str, Any], name: str = "") -> None:
        request = webhooks.request({**body}, name=name)
        self.intake.take_all([request], NOW)

    def ask(self, **params: str) -> Mapping[str, Any]:
        return mapping(self.context, params)  # type: ignore[arg-type]  # a test knows them


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    database = Database(tmp_path / "state.db")
    yield House(database)
    database.close()


def test_a_path_is_followed_to_its_end(house: House) -> None:
    found = house.ask(path=FILM)
    assert (found["source"], found["destination"], found["media_server"]) == (
        "/src/movies/A (2024)/a.mkv",
        "/dst/Movies/A (2024)/a.mkv",
        "/data/movies/A (2024)/a.mkv",
    )
    assert (found["event"], found["why"], found["advice"]) == (None, "", "")
    assert [one["number"] for one in found["mappings"] if one["is_taken"]] == [0]


def test_the_instance_may_be_named(house: House) -> None:
    house.libraries = (webhooks.mapping("/movies", "/src", "/dst", instance="attic"),)
    assert house.ask(path=FILM)["source"] is None
    assert house.ask(path=FILM, instance="Attic")["source"] == "/src/A (2024)/a.mkv"


def test_without_a_path_it_is_that_of_the_last_webhook(house: House) -> None:
    with pytest.raises(RefusedCommand) as refused:
        house.ask()
    assert refused.value.reason is Reason.NOT_FOUND
    for name in ("radarr-download-upgrade", "radarr-health", "sonarr-test"):
        house.take(sample(name))
    house.intake.manual("/x/y", "", NOW)
    found = house.ask()
    assert found["path"].startswith("/movies-4k/Metropolis (1927)/")
    assert (found["event"], found["at"], found["instances"]) == (
        "Download",
        NOW.isoformat(timespec="milliseconds"),
        ["Radarr-4K"],
    )
    assert found["destination"].startswith("/dst/Movies-4K/")


def test_a_mapping_of_the_download_folder_is_recognised_by_the_last_webhook(house: House) -> None:
    house.libraries = (webhooks.mapping("/downloads", "/mnt/downloads", "/dst"),)
    house.take(sample("radarr-download"))
    found = house.ask()
    assert found["why"] == "is under no mapping"
    assert found["advice"].startswith("/downloads is where downloads lie, before the import")
    house.libraries = ()
    assert "transfers.mappings" in house.ask()["advice"]


def test_the_name_in_the_address_counts_as_an_instance(house: House) -> None:
    house.libraries = (webhooks.mapping("/movies", "/src", "/dst", instance="attic"),)
    house.take(sample("radarr-download"), "attic")
    found = house.ask()
    assert found["instances"] == ["attic", "Radarr"]
    assert found["source"] is not None


def test_names_that_are_no_text_are_told_all_the_same(house: House) -> None:
    body = {"eventType": "Download", "movieFile": {"path": "/movies/\ud800\n/x.mkv"}}
    request = IntakeRequest(app=None, name="x", body=webhooks.request(body).body)
    house.intake.take_all([request], NOW)
    assert house.ask()["path"] == "/movies/\\ud800\n/x.mkv"
    assert house.ask(path="/movies/\ud800")["why"] == "holds half a character"
