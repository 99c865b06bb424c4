"""Messages as a real web server gets them that answers as Telegram does."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.messages import Message
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
    UndeliverableError,
)
from listsync.notify.options import TelegramOptions
from listsync.notify.targets.telegram import TelegramSender, html_of, rows_of
from listsync.notify.text_fitting import utf16_units
from tests.integration.notify.receiver import CannedResponse, Receiver
from tests.integration.notify.samples import (
    EVIL_MESSAGE,
    EVIL_SHOWN,
    MESSAGE,
    MESSAGES,
    PAGE,
    answered,
)

SECRET = "no-token-of-anybody-at-all"
TAKEN = answered(200, {"ok": True, "result": {"message_id": 1}})
Open = Callable[..., TelegramSender]


def refused(status: int, why: str, **parameters: object) -> CannedResponse:
    said = {"ok": False, "error_code": status, "description": why}
    return answered(status, {**said, **({"parameters": parameters} if parameters else {})})


NOT_PARSED = refused(400, "Bad Request: can't parse entities: Unsupported start tag")


class Kept:
    """Implements `notify.sender.TargetMemory`, for all that are opened."""

    text = ""

    def load(self) -> str:
        return self.text

    def save(self, text: str) -> None:
        self.text = text


@pytest.fixture
def open_sender(receiver: Receiver) -> Iterator[Open]:
    receiver.usual = TAKEN
    opened: list[TelegramSender] = []
    kept = Kept()

    def open_one(chat: str = "-5", topic: int | None = None) -> TelegramSender:
        options = TelegramOptions(
            token=SecretStr(f"123:{SECRET}"), chat=chat, topic=topic, base_url=f"{receiver.url}/"
        )
        opened.append(TelegramSender("telegram", options, CancelToken(), kept))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_a_message_is_a_text_with_a_bold_title(open_sender: Open, receiver: Receiver) -> None:
    assert open_sender().send(replace(MESSAGE, titles=("<b>Tom & Jerry", "Heat"))) == "HTTP 200"
    (taken,) = receiver.taken
    assert (taken.method, taken.path) == ("POST", f"/bot123:{SECRET}/sendMessage")
    assert taken.sent == {
        "chat_id": "-5",
        "text": "<b>partly done: 3 requested</b>\nfilms: the server was away\nfilms: 3 new\n"
        "series: \n• &lt;b&gt;Tom &amp; Jerry\n• Heat\nand 1 more",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }


@pytest.mark.parametrize(("topic", "sent"), [(7, 7), (1, None), (None, None)])
def test_a_topic_is_named_unless_it_is_the_general_one(
    open_sender: Open, receiver: Receiver, topic: int | None, sent: int | None
) -> None:
    open_sender(topic=topic).send(MESSAGE)
    assert receiver.taken[0].sent.get("message_thread_id") == sent


@pytest.mark.parametrize(("chat", "apart_s"), [("5", 1), ("@our_channel", 1), ("-1005", 3)])
def test_messages_are_as_far_apart_as_the_chat_wants(
    open_sender: Open, chat: str, apart_s: float
) -> None:
    assert open_sender(chat).apart_s == apart_s


def test_what_turns_the_writing_or_is_half_a_letter_is_marked(
    open_sender: Open, receiver: Receiver
) -> None:
    open_sender().send(EVIL_MESSAGE)
    first, *rows = receiver.taken[0].sent["text"].split("\n")
    assert first == f"<b>{EVIL_SHOWN}</b>"
    assert rows[:3] == [EVIL_SHOWN, f"{EVIL_SHOWN}: {EVIL_SHOWN}", f"• {EVIL_SHOWN}"]


@settings(max_examples=50, deadline=None)
@given(MESSAGES)
def test_a_text_is_within_the_limit_and_its_markup_is_sound(message: Message) -> None:
    text = html_of(message)
    bold, _, rest = text.removeprefix("<b>").partition("</b>")
    assert "<" not in bold + rest
    assert ">" not in bold + rest
    assert not re.search(r"&(?!lt;|gt;|amp;)", text)
    shown = html.unescape(bold + rest)
    assert shown == "\n".join(rows_of(message))
    assert 1 <= utf16_units(shown) <= 4096
    assert text.encode()


def test_ten_thousand_titles_are_counted() -> None:
    rows = rows_of(replace(MESSAGE, title="x" * 9_000, titles=("Film 😀 " * 99,) * 10_000))
    assert utf16_units(rows[0]) == 1_000
    titles = sum(row.startswith("• ") for row in rows)
    assert titles > 5
    assert rows[-1] == f"and {10_001 - titles:,} more"


def test_what_is_taken_for_wrong_markup_is_sent_once_more_as_plain_text(
    open_sender: Open, receiver: Receiver
) -> None:
    receiver.answers.append(NOT_PARSED)
    sent = replace(MESSAGE, titles=("Tom & Jerry",))
    assert open_sender().send(sent) == "HTTP 200"
    _, again = receiver.taken
    assert "parse_mode" not in again.sent
    assert "\n• Tom & Jerry\n" in again.sent["text"]
    receiver.answers.extend([NOT_PARSED, NOT_PARSED])
    with pytest.raises(UndeliverableError):
        open_sender().send(sent)
    assert len(receiver.taken) == 4


def test_a_group_is_followed_to_its_new_id_and_that_is_said(
    open_sender: Open, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    moved = "Bad Request: group chat was upgraded to a supergroup chat"
    receiver.answers.append(refused(400, moved, migrate_to_chat_id=-100123))
    sender = open_sender()
    words = "the group has a new id: set chat: -100123"
    assert sender.send(MESSAGE) == sender.send(MESSAGE) == f"HTTP 200; {words}"
    assert [one.sent["chat_id"] for one in receiver.taken] == ["-5", "-100123", "-100123"]
    assert [one.getMessage() for one in caplog.records] == [f"notifications to telegram: {words}"]
    assert open_sender().send(MESSAGE) == f"HTTP 200; {words}", "kept over a restart"
    assert [one.sent["chat_id"] for one in receiver.taken[3:]] == ["-100123"]


def test_a_group_that_moves_in_a_circle_is_not_followed_for_ever(
    open_sender: Open, receiver: Receiver
) -> None:
    receiver.usual = refused(400, "moved", migrate_to_chat_id=-6)
    with pytest.raises(RefusedError, match="from one chat to the other"):
        open_sender().send(MESSAGE)
    assert len(receiver.taken) == 3


@pytest.mark.parametrize(
    ("answer", "error", "kind", "words"),
    [
        (
            refused(401, "Unauthorized"),
            RefusedError,
            Refusal.CREDENTIAL,
            "telegram: the bot is not known: its token is wrong, or was revoked (HTTP 401)",
        ),
        (
            refused(404, "Not Found"),
            RefusedError,
            Refusal.CREDENTIAL,
            "telegram: the bot is not known: its token is wrong, or was revoked (HTTP 404)",
        ),
        (
            refused(403, "Forbidden: bot was blocked by the user"),
            RefusedError,
            Refusal.PERMISSION,
            "telegram: HTTP 403: Forbidden: bot was blocked by the user",
        ),
        (
            refused(400, "Bad Request: chat not found"),
            RefusedError,
            Refusal.NOT_FOUND,
            "telegram: HTTP 400: Bad Request: chat not found",
        ),
        (
            refused(400, "Bad Request: message thread not found"),
            RefusedError,
            Refusal.NOT_FOUND,
            "telegram: HTTP 400: Bad Request: message thread not found",
        ),
        (
            refused(400, "Bad Request: message is too long"),
            UndeliverableError,
            None,
            "HTTP 400: Bad Request: message is too long",
        ),
        (
            refused(500, "Internal Server Error"),
            UnavailableError,
            None,
            "telegram: HTTP 500: Internal Server Error",
        ),
        (CannedResponse(502, PAGE), UnavailableError, None, "telegram: HTTP 502: 502 Bad Gateway"),
        (
            CannedResponse(200, PAGE, {"Content-Type": "text/html"}),
            ResponseChangedError,
            None,
            'telegram: a web page "502 Bad Gateway" came where JSON was expected',
        ),
        (
            CannedResponse(200, b"{}"),
            ResponseChangedError,
            None,
            "telegram: does not answer as Telegram does (HTTP 200)",
        ),
        (
            answered(200, {"ok": False}),
            ResponseChangedError,
            None,
            "telegram: does not answer as Telegram does (HTTP 200)",
        ),
        (
            refused(400, "x", migrate_to_chat_id="../../evil"),
            UndeliverableError,
            None,
            "HTTP 400: x",
        ),
    ],
)
def test_what_it_answers_is_said_in_words(  # noqa: PLR0917 - cases
    open_sender: Open,
    receiver: Receiver,
    answer: CannedResponse,
    error: type[Exception],
    kind: Refusal | None,
    words: str,
) -> None:
    receiver.answers.append(answer)
    with pytest.raises(error) as caught:
        open_sender().send(MESSAGE)
    assert str(caught.value) == words
    assert getattr(caught.value, "kind", None) is kind


@pytest.mark.parametrize(
    ("answer", "wait_s"),
    [
        (refused(429, "Too Many Requests: retry after 35", retry_after=35), 35),
        (answered(429, {"ok": False, "description": "x"}, Retry_After="7"), 7),
        (refused(429, "x", retry_after="never"), None),
        (CannedResponse(429, PAGE, {"Retry-After": "3600"}), 3600),
    ],
)
def test_it_says_how_long_it_wants_to_be_left_alone(
    open_sender: Open, receiver: Receiver, answer: CannedResponse, wait_s: float | None
) -> None:
    receiver.answers.append(answer)
    with pytest.raises(RefusedError) as caught:
        open_sender().send(MESSAGE)
    assert caught.value.kind is Refusal.RATE_LIMITED
    assert caught.value.retry_after_s == wait_s


def test_no_answer_repeats_the_token(open_sender: Open, receiver: Receiver) -> None:
    page = f"Cannot POST /bot123:{SECRET}/sendMessage, {SECRET}, bot123%3A{SECRET}"
    receiver.answers.append(CannedResponse(405, page.encode()))
    with pytest.raises(RefusedError) as caught:
        open_sender().send(MESSAGE)
    assert SECRET not in repr(caught.value)
    assert "Cannot POST" in str(caught.value)
