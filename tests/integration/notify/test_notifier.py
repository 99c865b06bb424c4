"""What is sent, how often, and how long a target is left alone."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listsync.config_types import SecretStr
from listsync.domain.messages import (
    DeliveryState,
    Importance,
    Message,
    MessageKind,
    TargetRules,
)
from listsync.errors import Refusal, RefusedError, StateError, UnavailableError
from listsync.notify import notifier
from listsync.notify.notifier import Notifier, Open
from listsync.notify.options import WebhookOptions
from listsync.notify.targets.webhook import WebhookSender
from listsync.store.database import Database
from listsync.store.outbox import SqliteOutbox
from tests.integration.app.test_added_service import until

SUMMARY = Message(
    key="run:1:summary",
    kind=MessageKind.SUMMARY,
    importance=Importance.INFO,
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    title="it has happened",
)


class ScriptedSender:
    """Raises `troubles`, one each, then takes all."""

    apart_s = 0.0

    def __init__(self, *troubles: Exception) -> None:
        self.sent: list[str] = []
        self._troubles = list(troubles)

    def send(self, message: Message) -> str:
        self.sent.append(message.key)
        if self._troubles:
            raise self._troubles.pop(0)
        return "taken"

    def close(self) -> None: ...


class BrokenOutbox(SqliteOutbox):
    """Fails to write, or to read, as often as `broken` says."""

    broken: Callable[[], None] = staticmethod(lambda: None)

    def settle(
        self, target: str, numbers: Sequence[int], state: DeliveryState, at: datetime, answer: str
    ) -> None:
        self.broken()
        super().settle(target, numbers, state, at, answer)

    def put_off(
        self, target: str, numbers: Sequence[int], until: datetime, at: datetime, why: str
    ) -> int:
        self.broken()
        return super().put_off(target, numbers, until, at, why)


@pytest.fixture
def outbox(database: Database) -> BrokenOutbox:
    outbox = BrokenOutbox(database)
    outbox.follow(
        [TargetRules(name="me", kinds=frozenset({MessageKind.SUMMARY}))], datetime.now(UTC)
    )
    return outbox


@contextmanager
def notifying(outbox: SqliteOutbox, opened: Open) -> Iterator[Notifier]:
    one, stop = Notifier(outbox, {"me": opened}), threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        yield one
    finally:
        stop.set()
        thread.join()


def failing(times: int, error: Exception) -> Callable[[], None]:
    left = [error] * times

    def fail() -> None:
        if left:
            raise left.pop()

    return fail


def is_done(outbox: SqliteOutbox) -> bool:
    return outbox.statuses()[0].waiting == 0


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(StateError("cannot write: the disk is full"), id="full"),
        pytest.param(OSError("never seen before"), id="unforeseen"),
    ],
)
def test_what_was_taken_is_not_sent_again_though_it_cannot_be_written_down(
    outbox: BrokenOutbox, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(notifier, "_STATE_PAUSE_S", 0.01)
    outbox.broken = failing(20, error)
    sender = ScriptedSender()
    outbox.put([SUMMARY, replace(SUMMARY, key="run:2:summary")], datetime.now(UTC))
    with notifying(outbox, lambda _: sender):
        until(lambda: is_done(outbox))
    assert sender.sent == ["run:1:summary", "run:2:summary"]
    assert outbox.statuses()[0].failures == 0


def test_a_state_that_cannot_be_written_is_said_once(
    outbox: BrokenOutbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notifier, "_STATE_PAUSE_S", 0.01)
    outbox.broken = failing(20, StateError("the disk is full"))
    outbox.put([SUMMARY], datetime.now(UTC))
    with notifying(outbox, lambda _: ScriptedSender()):
        until(lambda: is_done(outbox))
    said = [one.getMessage() for one in caplog.records]
    assert said == ["notifications to me wait: the disk is full"]


def test_a_failure_that_cannot_be_written_down_is_no_reason_to_ask_again(
    outbox: BrokenOutbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "_STATE_PAUSE_S", 0.01)
    outbox.broken = failing(20, StateError("cannot write: the disk is full"))
    sender = ScriptedSender(UnavailableError("me", "HTTP 503"))
    outbox.put([SUMMARY], datetime.now(UTC))
    with notifying(outbox, lambda _: sender):
        until(lambda: outbox.statuses()[0].failures == 1)
    assert sender.sent == ["run:1:summary"]


def test_a_limit_that_names_moments_again_and_again_is_not_believed_for_ever(
    outbox: BrokenOutbox,
) -> None:
    limits = [
        RefusedError("me", Refusal.RATE_LIMITED, "slow down", retry_after_s=0.01)
        for _ in range(50)
    ]
    sender = ScriptedSender(*limits)
    outbox.put([SUMMARY], datetime.now(UTC))
    with notifying(outbox, lambda _: sender):
        until(lambda: outbox.statuses()[0].failures > 3)
    assert len(sender.sent) == 4
    (status,) = outbox.statuses()
    assert status.paused_until is not None
    assert (status.paused_until - datetime.now(UTC)).total_seconds() > 60


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"Content-Length: 2000\r\n\r\n{}", id="breaks-off"),
        pytest.param(b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nwhat", id="garbled"),
        pytest.param(b"\r\n" + b"x" * 3_000_000, id="too-large"),
    ],
)
def test_what_was_taken_is_so_however_its_answer_ends(outbox: BrokenOutbox, answer: bytes) -> None:
    outbox.put([SUMMARY], datetime.now(UTC))
    with answering(b"HTTP/1.1 200 OK\r\n" + answer) as url:
        options = WebhookOptions(url=SecretStr(url))
        with notifying(outbox, lambda token: WebhookSender("me", options, token)):
            until(lambda: is_done(outbox))
    (status,) = outbox.statuses()
    assert (status.failures, status.dead, status.answer) == (0, 0, "HTTP 200")


def test_a_refusal_that_breaks_off_is_none_that_was_taken(outbox: BrokenOutbox) -> None:
    outbox.put([SUMMARY], datetime.now(UTC))
    with answering(b"HTTP/1.1 503 Busy\r\nContent-Length: 2000\r\n\r\n{}") as url:
        options = WebhookOptions(url=SecretStr(url))
        with notifying(outbox, lambda token: WebhookSender("me", options, token)):
            until(lambda: outbox.statuses()[0].failures == 1)


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """Answer each request with *raw*, and close."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            with suppress(OSError):
                self.request.sendall(raw)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        finally:
            server.shutdown()
            thread.join()


def test_what_is_over_while_it_is_sent_is_told_to_be_over(outbox: BrokenOutbox) -> None:
    failed = replace(SUMMARY, key="notice:1", kind=MessageKind.FAILURE, notice=1)
    over = replace(failed, key="notice:1:over", kind=MessageKind.RECOVERED)
    kinds = frozenset({MessageKind.FAILURE, MessageKind.RECOVERED})
    outbox.follow([TargetRules(name="me", kinds=kinds)], datetime.now(UTC))

    class EndsMeanwhile(ScriptedSender):
        def send(self, message: Message) -> str:
            if message.key == failed.key:
                outbox.put([over], datetime.now(UTC))
            return super().send(message)

    sender = EndsMeanwhile()
    outbox.put([failed], datetime.now(UTC))
    with notifying(outbox, lambda _: sender):
        until(lambda: is_done(outbox))
    assert sender.sent == [failed.key, over.key]


def test_what_is_under_way_is_noted_of_its_own_target_though_names_change(
    database: Database,
) -> None:
    first, second = (
        TargetRules(name=name, kinds=frozenset({MessageKind.SUMMARY}), identity=identity)
        for name, identity in (("hook", "a"), ("hook-2", "b"))
    )
    outbox = SqliteOutbox(database)
    outbox.follow([first, second], datetime.now(UTC))
    outbox.put([SUMMARY], datetime.now(UTC))
    begun, released = threading.Event(), threading.Event()

    class SlowSender(ScriptedSender):
        def send(self, message: Message) -> str:
            begun.set()
            assert released.wait(30)
            return super().send(message)

    slow = SlowSender()
    one, stop = Notifier(outbox, {"hook-2": lambda _: slow}), threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        assert begun.wait(30)
        names = [replace(second, name="hook"), replace(first, name="hook-2")]
        one.rename(lambda: outbox.follow(names, datetime.now(UTC)))
        released.set()
        until(lambda: [one.waiting for one in outbox.statuses()] == [0, 1])
    finally:
        stop.set()
        thread.join()
    assert slow.sent == ["run:1:summary"]
