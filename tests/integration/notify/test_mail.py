"""Messages by e-mail, to a real server."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
    UndeliverableError,
)
from listsync.notify.options import EmailOptions
from listsync.notify.targets import mail
from listsync.notify.targets.mail import EmailSender
from tests.integration.notify.mail_server import (
    MailServer,
    authority_file,
    taking_mail,
    tls_context,
)

PASSWORD = "no real pässword"
MESSAGE = Message(
    key="run:1:summary",
    kind=MessageKind.SUMMARY,
    importance=Importance.INFO,
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    title="Sync complete: 2 requested",
    lines=("first — line", "second line"),
    facts=(("films", "2 new"),),
    titles=("Amélie", "東京物語"),
    more=3,
)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with taking_mail() as one:
        yield one


def options_for(server: MailServer, **more: Any) -> EmailOptions:
    usual: dict[str, Any] = {
        "host": "localhost",
        "port": server.port,
        "security": "none",
        "sender": "Listsync für uns <agent@example.org>",
        "to": ("me@example.org", "you@example.org"),
        "timeout_s": 30,
    }
    return EmailOptions(**{**usual, **more})


def sender_to(server: MailServer, token: CancelToken | None = None, **more: Any) -> EmailSender:
    return EmailSender("mail", options_for(server, **more), token or CancelToken())


def refused(server: MailServer, **more: Any) -> ListsyncError:
    with pytest.raises(ListsyncError) as found:
        sender_to(server, **more).send(MESSAGE)
    return found.value


def test_a_message_comes_as_text_to_all(server: MailServer) -> None:
    assert sender_to(server).send(MESSAGE) == "taken by the server"
    ((envelope, mail),) = server.taken
    assert envelope.mail_from == "agent@example.org"
    assert envelope.rcpt_tos == ["me@example.org", "you@example.org"]
    assert mail["From"] == "Listsync für uns <agent@example.org>"
    assert mail["To"] == "me@example.org, you@example.org"
    assert mail["Subject"] == "Sync complete: 2 requested"
    assert mail["Date"].datetime == MESSAGE.at
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == [
        "Sync complete: 2 requested",
        "",
        "first — line",
        "second line",
        "films: 2 new",
        "• Amélie",
        "• 東京物語",
        "and 3 more",
    ]


def test_a_mail_has_one_id_however_often_it_is_sent(server: MailServer) -> None:
    later = replace(MESSAGE, at=MESSAGE.at + timedelta(days=1))
    for one in (MESSAGE, MESSAGE, later, replace(MESSAGE, key="run:2:summary")):
        sender_to(server).send(one)
    first, again, *others = [mail["Message-ID"] for _, mail in server.taken]
    assert first == again
    assert first.endswith("@example.org>")
    assert len({first, *others}) == 3, "a state that is begun anew has the same keys"


def test_what_is_in_a_title_stays_there(server: MailServer) -> None:
    title = "x\r\nBcc: all@example.org\r\n\r\n.\r\n\u202egpj\x1b[1m"
    sender_to(server).send(replace(MESSAGE, title=title, lines=(".", "..a"), titles=(title,)))
    ((envelope, mail),) = server.taken
    assert envelope.rcpt_tos == ["me@example.org", "you@example.org"]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "x Bcc: all@example.org . gpj[1m"
    body = mail.get_content()
    assert "\n.\r\n..a\r\n" in body
    assert not {"\x1b", "\u202e"} & set(body)


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_it_is_encrypted_and_the_certificate_checked(tmp_path: Path, kind: str) -> None:
    with taking_mail(**{kind: tls_context(tmp_path)}) as server:
        login: dict[str, Any] = {"user": "me", "password": SecretStr(PASSWORD), "security": kind}
        ca_file = authority_file(tmp_path)
        sender_to(server, **login, ca_file=ca_file).send(MESSAGE)
        assert server.was_encrypted == [True]
        assert server.logins == [(b"me", PASSWORD.encode())]
        error = refused(server, **login)
        assert isinstance(error, UnavailableError)
        assert "name its file in notify[].email.ca_file" in str(error)
        stranger = refused(server, **login, ca_file=ca_file, host="127.0.0.1")
        assert "use a name that is in the certificate" in str(stranger)
        assert len(server.logins) == 1, "nothing was said to whom we do not know"


def test_without_the_encryption_that_is_wanted_nothing_is_said(server: MailServer) -> None:
    login = {"user": "me", "password": SecretStr(PASSWORD)}
    error = refused(server, **login, security="starttls")
    assert isinstance(error, RefusedError)
    assert "offers no STARTTLS" in str(error)
    assert "check port and security" in str(refused(server, **login, security="tls"))
    assert server.logins == []
    assert server.was_encrypted == []


CASES = [
    ("MAIL", "450 later", UnavailableError, None),
    ("MAIL", "550 not you", RefusedError, Refusal.PERMISSION),
    ("MAIL", "530 log in first", RefusedError, Refusal.CREDENTIAL),
    ("MAIL", "552 too large", UndeliverableError, None),
    ("RCPT", "451 later", UnavailableError, None),
    ("RCPT", "550 nobody here", RefusedError, Refusal.NOT_FOUND),
    ("DATA", "452 disk full", UnavailableError, None),
    ("DATA", "554 looks like spam", UndeliverableError, None),
    ("DATA", "421 going down", UnavailableError, None),
    ("AUTH", "454 later", UnavailableError, None),
    ("AUTH", "535 wrong", RefusedError, Refusal.CREDENTIAL),
]


@pytest.mark.parametrize(("command", "said", "error", "kind"), CASES)
def test_what_the_server_says_decides_what_happens_next(
    server: MailServer,
    command: str,
    said: str,
    error: type[ListsyncError],
    kind: Refusal | None,
) -> None:
    server.answers[command] = said
    found = refused(server, user="me", password=SecretStr("no-pass"))
    assert type(found) is error
    assert said in str(found)
    assert getattr(found, "kind", None) is kind
    assert server.taken == []


def test_who_is_refused_for_good_is_said_and_the_others_get_it(server: MailServer) -> None:
    server.refused["you@example.org"] = "550 no such user"
    answer = sender_to(server).send(MESSAGE)
    assert "not for you@example.org: 550 no such user" in answer
    assert [one.rcpt_tos for one, _ in server.taken] == [["me@example.org"]]


def test_who_is_refused_for_now_gets_it_later_and_nobody_twice(server: MailServer) -> None:
    server.refused["you@example.org"] = "451 greylisted"
    sender = sender_to(server)
    with pytest.raises(UnavailableError, match=r"not taken yet for you@example\.org: 451"):
        sender.send(MESSAGE)
    server.refused.clear()
    assert sender.send(MESSAGE) == "taken by the server"
    sender.send(replace(MESSAGE, key="run:2:summary"))
    ((first, _), (second, _), (third, _)) = server.taken
    assert (first.rcpt_tos, second.rcpt_tos) == (["me@example.org"], ["you@example.org"])
    assert third.rcpt_tos == ["me@example.org", "you@example.org"]


@pytest.mark.parametrize("stage", ["greeting", "DATA"])
def test_a_server_that_hangs_is_left_at_its_time_limit(server: MailServer, stage: str) -> None:
    server.answers["DATA"] = ""
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = server.port if stage == "DATA" else silent.getsockname()[1]
        error = refused(server, port=port, timeout_s=0.7)
    assert isinstance(error, UnavailableError)
    assert "does not answer in time" in str(error)
    for one in threading.enumerate():
        if one.name == "listsync-call":
            one.join(30)
            assert not one.is_alive(), "what waited has ended as well"


def test_a_time_limit_that_the_library_meets_first_is_told_alike(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "call_bounded", lambda deliver, *_: deliver())
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        error = refused(server, port=silent.getsockname()[1], timeout_s=0.2)
    assert "does not answer in time" in str(error)


def test_a_stop_breaks_off_what_waits(server: MailServer) -> None:
    server.answers["DATA"] = ""
    token = CancelToken()

    def stop() -> None:
        server.asked.wait(30)
        token.cut()

    stopping = threading.Thread(target=stop)
    stopping.start()
    began = time.monotonic()
    with pytest.raises(UnavailableError):
        sender_to(server, token, timeout_s=110).send(MESSAGE)
    stopping.join()
    assert time.monotonic() - began < 60


def test_a_password_is_in_nothing_that_is_said(
    server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    password = "no-real-password-but-long"
    server.answers["AUTH"] = f"535 {password} is wrong (AG1lAG5vLXJlYWwtcGFzc3dvcmQtYnV0LWxvbmc=)"
    error = refused(server, user="me", password=SecretStr(password))
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("mail.")]
    said = f"{error} {error!r} {ours}"
    assert "535 *** is wrong" in said
    assert password not in said
    assert "LXJlYWwtcGFzc3dvcmQ" not in said
