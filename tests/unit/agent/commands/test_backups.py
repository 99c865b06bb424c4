from __future__ import annotations

from pathlib import Path

import pytest

from listsync.agent.backups import Backup
from listsync.protocol import Reason
from tests.unit.agent.commands.world import World


def test_a_backup_is_begun_and_its_result_told(world: World) -> None:
    begun = world.ask("backup", file="/b.db")
    assert (begun["state"], begun["file"]) == ("running", "/b.db")
    world.backups.told = Backup(id=begun["id"], file=Path("/b.db"), state="done", size=7)
    told = world.ask("backup_result", id=begun["id"])
    assert (told["state"], told["size"]) == ("done", 7)


@pytest.mark.parametrize("file", ["", "b.db", "../b.db", "~/b.db", "/b\0.db"])
def test_a_path_that_would_be_the_agents_own_is_refused(world: World, file: str) -> None:
    assert world.refusal("backup", file=file).reason is Reason.INVALID
    assert world.backups.told is None


def test_a_second_backup_is_refused_while_one_is_made(world: World) -> None:
    world.ask("backup", file="/a.db")
    assert world.refusal("backup", file="/b.db").reason is Reason.BUSY


def test_an_unknown_backup_is_not_found(world: World) -> None:
    assert world.refusal("backup_result", id="x").reason is Reason.NOT_FOUND
    world.ask("backup", file="/a.db")
    assert world.refusal("backup_result", id="x").reason is Reason.NOT_FOUND


@pytest.fixture
def world() -> World:
    return World()
