"""Messages as JSON: what a program gets, and the schema that it can count on."""

from __future__ import annotations

import json
import threading
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from listsync.cancellation import CancelToken
from listsync.cli.program import listsync
from listsync.config_types import SecretStr
from listsync.domain.message_data import DATA_OF_KINDS
from listsync.domain.message_texts import message_of_test
from listsync.domain.messages import Message
from listsync.errors import RefusedError, UnavailableError
from listsync.notify.options import WebhookOptions
from listsync.notify.targets.webhook import WebhookSender, body_of, message_schema
from tests.golden import message_cases
from tests.integration.http.authority import authority, encrypted_server
from tests.integration.notify.receiver import CannedResponse, Receiver

TEST = message_of_test("1", "Hö", datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Give every message that texts are made of."""
    found: list[Message] = []

    def note(message: Message) -> list[str]:
        found.append(message)
        return []

    monkeypatch.setattr(message_cases, "_lines", note)
    for _ in message_cases.cases():
        pass
    return [*found, TEST]


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Let nothing else be sent than what the schema tells of."""
    closed = deepcopy(schema)
    for part in closed["$defs"].values():
        if "required" in part:
            part["additionalProperties"] = False
    return closed


def test_what_is_sent_is_as_the_schema_says(told: list[Message]) -> None:
    schema = message_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(strict(schema))
    for one in told:
        sent = json.loads(json.dumps(body_of(one)))
        assert [error.message for error in validator.iter_errors(sent)] == [], one
        kept = body_of(msgspec.json.decode(msgspec.json.encode(one), type=Message))
        assert json.loads(json.dumps(kept)) == sent, "as it comes out of the state"
    assert {*DATA_OF_KINDS} <= {one.kind for one in told}


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"kind": "transfer"},
        {"importance": "huge"},
        {"at": 7},
        {"data": {}},
        {"id": None},
    ],
)
def test_the_schema_refuses_what_is_none_of_ours(
    told: list[Message], change: dict[str, Any]
) -> None:
    validator = Draft202012Validator(message_schema())
    assert not validator.is_valid({**body_of(told[0]), **change})


def test_the_schema_is_printed() -> None:
    printed = CliRunner().invoke(listsync, ["schema", "--messages"])
    assert json.loads(printed.output) == message_schema()
    own = CliRunner().invoke(listsync, ["schema"])
    assert json.loads(own.output)["title"] == "listsync.yaml"


def sender_to(url: str, **more: Any) -> WebhookSender:
    options = WebhookOptions(url=SecretStr(url), timeout_s=30, **more)
    return WebhookSender("hook", options, CancelToken())


def test_headers_and_the_messages_key_are_sent(receiver: Receiver) -> None:
    sender = sender_to(f"{receiver.url}/x", headers={"Authorization": SecretStr("Bearer a-b-c")})
    assert sender.send(TEST) == "HTTP 200"
    sender.close()
    (taken,) = receiver.taken
    assert taken.sent == body_of(TEST)
    assert taken.headers["Authorization"] == "Bearer a-b-c"
    assert taken.headers["Idempotency-Key"] == "test:1:H%C3%B6"
    assert taken.headers["Content-Type"] == "application/json"


def test_nothing_secret_is_said_of_an_answer(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    secret = "no-real-token-but-long"
    receiver.usual = CannedResponse(401, f"wrong: {secret} for /hooks/no-real-path".encode())
    headers = {"X-Token": SecretStr(secret)}
    sender = sender_to(f"{receiver.url}/hooks/no-real-path", headers=headers)
    with pytest.raises(RefusedError) as found:
        sender.send(TEST)
    sender.close()
    said = f"{found.value} {found.value!r} {caplog.text}"
    assert "wrong: *** for" in said
    assert secret not in said
    assert "no-real-path" not in said


def test_a_certificate_that_is_not_trusted_names_the_option_that_mends_it(tmp_path: Path) -> None:
    with encrypted_server(tmp_path, authority("hooks").signed("127.0.0.1")) as port:
        sender = sender_to(f"https://127.0.0.1:{port}/x")
        with pytest.raises(UnavailableError) as found:
            sender.send(TEST)
        assert "name its file in notify[].webhook.ca_file" in str(found.value)
        sender.close()


def test_a_server_that_hangs_is_left_at_its_time_limit(receiver: Receiver) -> None:
    released = threading.Event()
    receiver.usual = CannedResponse(hold=released)
    options = WebhookOptions(url=SecretStr(receiver.url), timeout_s=0.3)
    sender = WebhookSender("hook", options, CancelToken())
    with pytest.raises(UnavailableError, match="does not answer in time"):
        sender.send(TEST)
    released.set()
    sender.close()
