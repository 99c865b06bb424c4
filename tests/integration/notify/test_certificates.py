"""Targets whose certificate is not to be trusted: nothing is sent, and it is said why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.errors import UnavailableError
from listsync.notify.options import WebhookOptions
from listsync.notify.targets.webhook import WebhookSender
from tests.integration.http.authority import authority, encrypted_server
from tests.integration.notify.samples import MESSAGE

_SECRET = "no-real-path-of-anybody"


def answer_of(folder: Path, port: int, *, is_trusted: bool) -> str:
    """Send a message to the server at *port*; give what it answered, or why nothing was sent."""
    file = folder / "authority.pem"
    file.write_bytes(authority("ours").pem)
    options = WebhookOptions(
        url=SecretStr(f"https://127.0.0.1:{port}/{_SECRET}"),
        ca_file=file if is_trusted else None,
        timeout_s=30,
    )
    sender = WebhookSender("hook", options, CancelToken())
    try:
        return sender.send(MESSAGE)
    except UnavailableError as error:
        return str(error)
    finally:
        sender.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.mark.parametrize(
    ("host", "ends", "is_trusted", "words"),
    [
        pytest.param("127.0.0.1", timedelta(days=1), True, "HTTP 501", id="good"),
        pytest.param("127.0.0.1", timedelta(days=1), False, "notify[].webhook.ca_file", id="own"),
        pytest.param("127.0.0.1", timedelta(days=-1), True, "expired", id="expired"),
        pytest.param("other.example", timedelta(days=1), True, "127.0.0.1", id="other-host"),
    ],
)
def test_a_certificate_that_is_not_right_is_said_and_nothing_is_sent(
    folder: Path, host: str, ends: timedelta, is_trusted: bool, words: str
) -> None:
    with encrypted_server(folder, authority("ours").signed(host, ends=ends)) as port:
        said = answer_of(folder, port, is_trusted=is_trusted)
    assert words in said
    assert ("HTTP" in said) is (words == "HTTP 501")
    assert _SECRET not in said
