"""What a check elsewhere hears of a sync, over a real network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.history import RunRow
from listsync.domain.message_texts import beat_of_start, beats_of_end
from listsync.domain.messages import Beat, Message, MessageKind
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import Result, SyncRun
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.notify.options import HeartbeatOptions
from listsync.notify.targets.heartbeat import HeartbeatSender
from tests.integration.notify.receiver import CannedResponse, Receiver

Form = Literal["auto", "healthchecks", "uptime_kuma"]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHECK = "/ping/0c8f-no-check"
PUSH = "/api/push/no-real-push"
UP = CannedResponse(body=b'{"ok": true}')
START = beat_of_start(SyncRun(run_id="1", origin="test", started_at=NOW))


def ended(result: Result | None, why: str = "") -> RunRow:
    return RunRow(
        run_id="1",
        origin="test",
        started_at=NOW,
        ended_at=NOW + timedelta(seconds=1.5),
        result=result,
        message="2 requested" if result in (Result.OK, Result.PARTLY) else "",
        why=why,
        notices=(Notice(kind=NoticeKind.LIST_FAILED, text="cannot be read", list_name="films"),)
        if result is Result.PARTLY
        else (),
    )


def end(result: Result, why: str = "") -> Message:
    (message,) = beats_of_end(ended(result, why))
    return message


def sender_to(receiver: Receiver, path: str, form: Form = "auto") -> HeartbeatSender:
    options = HeartbeatOptions(
        url=SecretStr(receiver.url + path),
        form=form,
        timeout_s=5,
    )
    return HeartbeatSender("beat", options, CancelToken())


@pytest.fixture
def check(receiver: Receiver) -> Iterator[HeartbeatSender]:
    sender = sender_to(receiver, f"{CHECK}/?create=1")
    yield sender
    sender.close()


@pytest.fixture
def monitor(receiver: Receiver) -> Iterator[HeartbeatSender]:
    sender = sender_to(receiver, f"{PUSH}?status=up&msg=OK&ping=&key=x")
    yield sender
    sender.close()


def test_a_check_hears_of_start_success_and_failure_with_the_reason(
    receiver: Receiver, check: HeartbeatSender
) -> None:
    told = (START, end(Result.OK), end(Result.PARTLY), end(Result.FAILED, "no key"))
    for one in told:
        assert check.send(one) == "HTTP 200"
    start, success, partly, failure = receiver.taken
    assert {one.method for one in receiver.taken} == {"POST"}
    assert success.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert start.path == f"{CHECK}/start?create=1"
    assert success.path == f"{CHECK}?create=1"
    assert success.body == b"Sync complete: 2 requested"
    assert partly.path == failure.path == f"{CHECK}/fail?create=1"
    assert partly.body.decode().splitlines() == [
        "Sync partly complete: 2 requested",
        "films: cannot be read",
    ]
    assert failure.body == b"Sync failed: no key"


def test_a_monitor_hears_of_ends_only(receiver: Receiver, monitor: HeartbeatSender) -> None:
    receiver.usual = UP
    assert "nothing" in monitor.send(START)
    monitor.send(end(Result.OK))
    monitor.send(end(Result.FAILED, "a & b ü"))
    up, down = ((one.method, parse_qs(urlsplit(one.path).query)) for one in receiver.taken)
    said = {"msg": ["Sync complete: 2 requested"], "status": ["up"]}
    assert up == ("GET", {**said, "ping": ["1500"], "key": ["x"]})
    assert down[1]["status"] == ["down"]
    assert down[1]["msg"] == ["Sync failed: a & b ü"]


@pytest.mark.parametrize(
    ("form", "path", "method"), [("uptime_kuma", "/x", "GET"), ("healthchecks", PUSH, "POST")]
)
def test_what_is_said_of_its_form_goes_before_what_it_looks_like(
    receiver: Receiver, form: Form, path: str, method: str
) -> None:
    receiver.usual = UP
    sender = sender_to(receiver, path, form)
    sender.send(end(Result.OK))
    sender.close()
    assert receiver.taken[0].method == method


@pytest.mark.parametrize("result", [Result.CANCELLED, Result.DECLINED, None])
def test_a_sync_that_was_stopped_or_not_begun_says_nothing(result: Result | None) -> None:
    assert list(beats_of_end(ended(result))) == []


def test_a_test_changes_nothing_at_a_check(receiver: Receiver, check: HeartbeatSender) -> None:
    check.send(replace(START, kind=MessageKind.TEST, beat=Beat.SUCCESS))
    assert receiver.taken[0].path == f"{CHECK}/log?create=1"


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"OK (not found)", Refusal.NOT_FOUND), (b"OK (rate limited)", Refusal.RATE_LIMITED)],
)
def test_a_check_that_is_not_there_is_no_success(
    receiver: Receiver, check: HeartbeatSender, body: bytes, kind: Refusal
) -> None:
    receiver.usual = CannedResponse(body=body)
    with pytest.raises(RefusedError) as found:
        check.send(START)
    assert found.value.kind is kind


@pytest.mark.parametrize(
    "body", [b'{"ok": false, "msg": "Monitor not found or not active."}', b"<html>", b""]
)
def test_a_monitor_that_is_not_there_is_no_success(
    receiver: Receiver, monitor: HeartbeatSender, body: bytes
) -> None:
    receiver.usual = CannedResponse(body=body)
    with pytest.raises(RefusedError, match=r"not active|no Uptime Kuma"):
        monitor.send(end(Result.OK))


def test_a_client_lasts_for_longer_than_a_sync(check: HeartbeatSender) -> None:
    check.send(START)
    assert check._client.left_s() > 10 * 24 * 3600


def test_no_redirect_is_followed_and_nothing_secret_is_said(
    receiver: Receiver, check: HeartbeatSender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for status in (301, 302, 303, 307, 308):
        to = f"{receiver.url}/login/{CHECK}"
        receiver.answers.append(CannedResponse(status, headers={"Location": to}))
        with pytest.raises(RefusedError, match=f"http://127.0.0.1 .HTTP {status}") as found:
            check.send(START)
        assert "0c8f-no-check" not in f"{found.value} {found.value!r} {caplog.text}"
    assert len(receiver.taken) == 5


def test_an_answer_that_quotes_the_address_is_told_without_it(
    receiver: Receiver, check: HeartbeatSender
) -> None:
    receiver.usual = CannedResponse(503, b"Cannot POST " + CHECK.encode())
    with pytest.raises(UnavailableError) as found:
        check.send(START)
    assert "Cannot POST /ping/***" in str(found.value)
