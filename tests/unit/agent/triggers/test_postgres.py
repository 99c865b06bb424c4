"""Anything that is sent by NOTIFY is a trigger, and many of them are one sync."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.runs import SyncJob
from listsync.errors import StateError
from listsync.postgres.notifications import Notification
from listsync.protocol import Reason, RefusedCommand
from listsync.triggers.postgres import NOBODY, TriggerIntake, trigger_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class _Values:
    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.is_broken = False

    def load(self, name: str) -> Any:
        return self.kept.get(name)

    def save(self, name: str, value: Any) -> None:
        if self.is_broken:
            raise StateError("the disk is full")
        self.kept[name] = value


class _World:
    def __init__(self) -> None:
        self.jobs: list[SyncJob] = []
        self.values = _Values()
        self.catches_up = True
        self.intake = self.restarted()

    def restarted(self) -> TriggerIntake:
        lists = [
            ListRules(source="mdblist:a/one", name="One", service="mdblist"),
            ListRules(source="mdblist:a/two", name="Two", service="mdblist"),
            ListRules(source="mdblist:a/off", name="Off", service="mdblist", is_enabled=False),
        ]
        return TriggerIntake(self.jobs.append, self.values, lambda: lists, lambda: self.catches_up)

    def send(self, *payloads: object) -> None:
        texts = (one if isinstance(one, str) else json.dumps(one) for one in payloads)
        self.intake.take(*(Notification("sync_trigger", text, 7) for text in texts))


@pytest.mark.parametrize(
    ("payload", "source"),
    [
        ("", NOBODY),
        ("now!", NOBODY),
        ("[" * 7_999, NOBODY),
        ("9" * 7_999, NOBODY),
        ('"api"', NOBODY),
        ("null", NOBODY),
        ('{"source": "api", "timestamp": "2026-01-01T00:00:00Z"}', "api"),
        ('{"source": "  a\\u001b[31m\\n b  "}', "a[31m b"),
        ('{"source": "\\ud800x"}', "x"),
        ('{"source": 7}', "7"),
        ('{"source": ["api"]}', NOBODY),
        ('{"source": null, "lists": {"a": 1}, "timestamp": [], "more": {}}', NOBODY),
        (json.dumps({"source": "x" * 7_000}), "x" * 63 + "…"),
    ],
)
def test_any_payload_is_a_trigger_of_all_lists(payload: str, source: str) -> None:
    world = _World()
    world.send(payload)
    (job,) = world.jobs
    assert (job.scope, job.origins, job.dry_run) == (None, (source,), False)


@pytest.mark.parametrize(
    ("value", "is_dry"),
    [(True, True), ("yes", True), ({}, True), (False, False), ("False", False), (None, False)],
)
def test_what_is_not_clearly_meant_to_request_anything_changes_nothing(
    value: object, is_dry: bool
) -> None:
    assert trigger_of(json.dumps({"dry_run": value})).dry_run is is_dry


@pytest.mark.parametrize(
    ("lists", "sources"),
    [
        (["One"], {"mdblist:a/one"}),
        ("Two", {"mdblist:a/two"}),
        (["One", "Nine", 3], {"mdblist:a/one"}),
    ],
)
def test_lists_are_meant_by_their_names(lists: object, sources: set[str]) -> None:
    world = _World()
    world.send({"lists": lists})
    assert [{*(one.scope or ())} for one in world.jobs] == [sources]


def test_who_names_unknown_lists_only_is_told_and_nothing_is_synced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = _World()
    world.send({"lists": ["Nine", "Off"]})
    assert world.jobs == []
    assert "names what is no list that is read: 'Nine'; 'Off'" in caplog.text


def test_many_are_one_sync_and_one_dry_run() -> None:
    world = _World()
    dry, one, two = {"dry_run": True}, {"lists": ["One"]}, {"lists": ["Two"]}
    world.send(*[{"source": f"number {n}", **one} for n in range(100)], two, dry)
    real, plan = world.jobs
    assert real.scope == frozenset({"mdblist:a/one", "mdblist:a/two"})
    assert (real.dry_run, len(real.origins), real.more_origins) == (False, 20, 81)
    assert (plan.scope, plan.dry_run, plan.forced) == (None, True, True)
    assert (world.intake.count.total, world.intake.count.last_source) == (102, NOBODY)


def test_a_flood_leaves_few_lines_and_their_number(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    world = _World()
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    for _ in range(40):
        world.send(*[{"source": "api", "lists": ["Nine"]}] * 25)
    first = "[Sync Worker] Received sync trigger notification from api"
    assert caplog.messages.count(first) == 20
    assert len(caplog.messages) == 40
    world.intake.tell_rest()
    assert len(caplog.messages) == 40
    now = 1060.0
    world.intake.tell_rest()
    assert caplog.messages[40:] == [
        "[Sync Worker] Received 980 more sync trigger notifications in the last minute"
    ]
    world.send({"source": "api"})
    assert caplog.messages[41:] == [first]


def test_a_trigger_that_is_refused_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_: SyncJob) -> None:
        raise RefusedCommand(Reason.BUSY, "a sync is queued")

    world = _World()
    intake = TriggerIntake(refuse, world.values, list)
    intake.take(Notification("sync_trigger", '{"source": "api", "dry_run": true}', 7))
    assert "what api asked for by NOTIFY is not done: a sync is queued" in caplog.text


def test_a_time_without_a_connection_is_made_up_for_once() -> None:
    world = _World()
    world.intake.connected(NOW)
    assert world.jobs == []
    world.intake.disconnected(NOW)
    world.intake.connected(NOW)
    world.restarted().connected(NOW)
    assert [(one.scope, one.origin, one.eager) for one in world.jobs] == [
        (None, "catch-up", False)
    ] * 2
    world.catches_up = False
    world.intake.connected(NOW)
    assert len(world.jobs) == 2


def test_a_state_that_takes_nothing_loses_no_sync(caplog: pytest.LogCaptureFixture) -> None:
    world = _World()
    world.intake.connected(NOW)
    world.values.is_broken = True
    world.intake.disconnected(NOW)
    world.intake.connected(NOW)
    assert len(world.jobs) == 1
    assert "could not be noted: the disk is full" in caplog.text
