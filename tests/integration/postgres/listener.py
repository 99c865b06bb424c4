"""What listens to PostgreSQL for triggers, without an agent around it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from listsync.app.postgres_listener import ListenTimes, PostgresListener
from listsync.config_types import SecretStr
from listsync.domain.list_rules import ListRules
from listsync.domain.runs import RestartPolicy, SyncJob
from listsync.triggers.postgres import TriggerIntake

PATIENCE_S = 30.0
_QUICK = RestartPolicy(first_s=0.05, longest_s=0.05)


class _Values:
    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def load(self, name: str) -> Any:
        return self.kept.get(name)

    def save(self, name: str, value: Any) -> None:
        self.kept[name] = json.loads(json.dumps(value))


class Listening:
    """Listens in a thread, over one stop and start or several; `jobs` are the syncs ordered."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.jobs: SimpleQueue[SyncJob] = SimpleQueue()
        self.values = _Values()
        self.catches_up = True
        self.changes = threading.Semaphore(0)

    def start(self, **times: Any) -> None:
        self.stop_flag = threading.Event()
        lists = [ListRules(source="mdblist:a/one", name="One", service="mdblist")]
        intake = TriggerIntake(self.jobs.put, self.values, lambda: lists, lambda: self.catches_up)
        self.listener = PostgresListener(
            SecretStr(self.dsn),
            "sync_trigger",
            intake,
            self.changes.release,
            ListenTimes(**{"pauses": _QUICK, **times}),
        )
        self.thread = threading.Thread(target=self.listener.run, args=(self.stop_flag,))
        self.thread.start()

    def stop(self) -> float:
        """Stop as the services do; give how long it took."""
        began = time.monotonic()
        self.stop_flag.set()
        self.listener.wake()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        return time.monotonic() - began

    def is_connected(self, *, wanted: bool = True) -> None:
        until(lambda: self.listener.status.is_connected is wanted)

    def next_job(self) -> SyncJob:
        return self.jobs.get(timeout=PATIENCE_S)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)
