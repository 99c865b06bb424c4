"""An agent whose fleet's service does not run: it is alone where that is meant, and else waits."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import pytest

from listsync.agent.queue import RunQueue
from listsync.agent.services import Services
from listsync.app.config_loader import snapshot_of
from listsync.app.fleet import Fleet
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config
from listsync.domain.fleet import FleetRole
from listsync.domain.runs import Condition, RestartPolicy
from listsync.errors import UnavailableError
from listsync.fleet.membership import FleetMembership
from listsync.triggers.postgres import TriggerIntake
from tests.integration.store.state import StateFile
from tests.unit.agent.app.test_config_changes import config


def role_of(queue: RunQueue) -> FleetRole:
    return queue.state.role


def no_triggers() -> TriggerIntake:
    return cast("TriggerIntake", object())


def test_a_fleet_that_is_switched_off_while_its_service_waits_to_start_again_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("as nobody expected")

    monkeypatch.setattr(FleetMembership, "run", fail)
    shared = config("- file: /a", more="postgres: {dsn: host=127.0.0.1, fleet: true}\n")
    found: list[Config] = [shared]
    queue, failed = RunQueue(lambda: None), threading.Event()
    file = StateFile(tmp_path / "state.db")
    fleet = Fleet(file.database, queue, lambda: snapshot_of(found[0]), lambda: None, no_triggers)
    fleet.begin(shared, lambda _: None)
    services = Services([fleet.service()], lambda: None, RestartPolicy(60, 60), failed.set)
    services.start(shared)
    assert failed.wait(30)
    assert services.statuses[0].condition is Condition.FAILED
    assert role_of(queue) is FleetRole.JOINING
    found[0] = config("- file: /a")
    services.reconcile(found[0])
    assert role_of(queue) is FleetRole.LEADER
    assert fleet.status() is None
    services.stop(10)
    file.database.close()


def test_nothing_is_said_or_requested_before_the_service_of_the_fleet_has_begun(
    tmp_path: Path,
) -> None:
    """It would be ours alone, and the next one that leads would have it forgotten."""
    shared = config("- file: /a", more="postgres: {dsn: host=127.0.0.1, fleet: true}\n")
    found: list[Config] = [shared]
    queue, file = RunQueue(lambda: None), StateFile(tmp_path / "state.db")
    fleet = Fleet(file.database, queue, lambda: snapshot_of(found[0]), lambda: None, no_triggers)
    fleet.begin(shared, lambda _: None)
    is_refused = pytest.raises(UnavailableError, match="not known yet which agent leads")
    with is_refused, fleet.shared_memory():
        pytest.fail("nothing may be said yet")
    with is_refused, fleet.fence(CancelToken()):
        pytest.fail("nothing may be requested yet")
    found[0] = config("- file: /a")
    with fleet.shared_memory(), fleet.fence(CancelToken()) as fence:
        assert fence is None
    file.database.close()
