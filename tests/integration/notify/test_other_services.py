"""Services that Apprise knows, of which one of JSON stands here as a real server."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from listsync.cancellation import CancelToken
from listsync.cli.program import listsync
from listsync.config.configuration import load
from listsync.config_types import SecretStr
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.errors import ConfigError, Refusal, RefusedError, UnavailableError
from listsync.notify import options as options_module
from listsync.notify.options import AppriseOptions
from tests.integration.notify.receiver import CannedResponse, Receiver

if not os.environ.get("CI"):
    pytest.importorskip("apprise", reason="the extra apprise is not installed")

from listsync.notify.targets.other_services import AppriseSender

# What Apprise imports was not written for the newest Python.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
TOKEN = "no-real-token-but-long"
MESSAGE = Message(
    key="run:1:summary",
    kind=MessageKind.SUMMARY,
    importance=Importance.WARNING,
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    title="Sync partly complete: 2 requested",
    lines=("<b>first & second</b>",),
    titles=("Amélie", "東京物語"),
)


def sender_to(receiver: Receiver, *, more: str = "", timeout_s: float = 30) -> AppriseSender:
    url = f"{receiver.url.replace('http', 'json')}/{TOKEN}{more}"
    options = AppriseOptions(url=SecretStr(url), timeout_s=timeout_s)
    return AppriseSender("other", options, CancelToken())


def file_with(folder: Path, *urls: str) -> Path:
    file = folder / "listsync.yaml"
    data = {"server": {"url": "sandbox"}, "notify": [{"apprise": {"url": one}} for one in urls]}
    file.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return file


def test_a_message_arrives_with_its_title_text_and_importance(receiver: Receiver) -> None:
    assert sender_to(receiver, more="?+X-Token=abc").send(MESSAGE) == "taken"
    (taken,) = receiver.taken
    assert taken.path == f"/{TOKEN}"
    assert taken.headers["X-Token"] == "abc"
    assert taken.sent["title"] == MESSAGE.title
    assert taken.sent["message"] == "<b>first & second</b>\n• Amélie\n• 東京物語"
    assert taken.sent["type"] == "warning"


def test_what_is_too_long_is_cut_and_counted(receiver: Receiver) -> None:
    titles = tuple(f"Film {number} {'x' * 90}" for number in range(1000))
    sender_to(receiver).send(replace(MESSAGE, titles=titles))
    (taken,) = receiver.taken
    assert taken.sent["message"].splitlines()[-1].endswith(" more")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Give what comes to the log at its most talkative."""
    text, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(text), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (503, None),
        (401, Refusal.CREDENTIAL),
        (403, Refusal.PERMISSION),
        (404, Refusal.NOT_FOUND),
        (429, Refusal.RATE_LIMITED),
        (302, None),
    ],
)
def test_what_is_not_taken_says_why_and_nothing_secret(
    receiver: Receiver, status: int, kind: Refusal | None, logged: io.StringIO
) -> None:
    there = {"Location": f"{receiver.url}/login"} if status == 302 else {}
    receiver.answers.append(CannedResponse(status, TOKEN.encode(), there))
    with pytest.raises((UnavailableError, RefusedError)) as found:
        sender_to(receiver).send(MESSAGE)
    assert getattr(found.value, "kind", None) is kind
    assert str(status) in str(found.value)
    assert TOKEN not in f"{found.value} {found.value!r} {logged.getvalue()}"
    assert len(receiver.taken) == 1


@pytest.fixture
def released() -> Iterator[threading.Event]:
    one = threading.Event()
    yield one
    one.set()


def test_a_server_that_hangs_is_left_at_its_time_limit(
    receiver: Receiver, released: threading.Event
) -> None:
    receiver.usual = CannedResponse(hold=released)
    with pytest.raises(UnavailableError, match=r"does not answer in time|Connection error"):
        sender_to(receiver, timeout_s=0.5).send(MESSAGE)


def test_a_stop_breaks_off_what_waits(receiver: Receiver, released: threading.Event) -> None:
    receiver.usual = CannedResponse(hold=released)
    sender = sender_to(receiver, timeout_s=110)

    def stop() -> None:
        receiver.wait_for(1)
        sender._token.cut()

    stopping = threading.Thread(target=stop)
    stopping.start()
    with pytest.raises(UnavailableError):
        sender.send(MESSAGE)
    stopping.join()


def test_the_check_refuses_what_apprise_does_not_know(tmp_path: Path) -> None:
    wrong = f"nothing-of-this://{TOKEN}"
    file = file_with(tmp_path, "json://127.0.0.1:7", wrong, f"tgram://{TOKEN}")
    checked = CliRunner().invoke(listsync, ["check", str(file)])
    assert checked.exit_code == 78
    one, two = [line for line in checked.output.splitlines() if "Apprise knows no" in line]
    line = 1 + file.read_text().splitlines().index(f'    "url": "{wrong}"')
    assert f"{file}:{line}:" in one
    assert "notify[1].apprise.url" in one
    assert "notify[2].apprise.url" in two
    assert TOKEN not in checked.output
    good = CliRunner().invoke(listsync, ["check", str(file_with(tmp_path, "json://127.0.0.1:7"))])
    assert good.exit_code == 0


@pytest.mark.parametrize("url", ["gotify", "://x", "a b://c", "json://a, json://b"])
def test_what_is_no_address_is_refused_before(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="expected one address of Apprise"):
        load(file_with(tmp_path, url), {})


def test_the_extra_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options_module, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match="pipx inject listsync apprise"):
        load(file_with(tmp_path, "json://127.0.0.1:7"), {})


def test_it_is_not_imported_before_something_is_sent(tmp_path: Path) -> None:
    file = file_with(tmp_path, "json://127.0.0.1:7")
    program = (
        "import sys; from pathlib import Path\n"
        "from listsync.app.notifications import open_sender\n"
        "from listsync.cancellation import CancelToken\n"
        "from listsync.config.configuration import load\n"
        f"form = load(Path({str(file)!r}), {{}}).notify[0]\n"
        "open_sender('other', form, None, CancelToken())\n"
        "print('apprise' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=50
    )
    assert ran.stdout.strip() == "False", ran.stderr
