"""Messages as a real web server gets them that answers as ntfy does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.messages import Importance, Message
from listsync.errors import (
    RefusedError,
    ResponseChangedError,
    UnavailableError,
    UndeliverableError,
)
from listsync.notify.options import NtfyOptions
from listsync.notify.targets.ntfy import NtfySender, content_of
from tests.integration.notify.receiver import CannedResponse, Receiver
from tests.integration.notify.samples import (
    EVIL_MESSAGE,
    EVIL_SHOWN,
    MESSAGE,
    MESSAGES,
    PAGE,
    answered,
)

TOKEN = "tk_of_nobody_at_all"
Open = Callable[..., NtfySender]


@pytest.fixture
def open_sender(receiver: Receiver) -> Iterator[Open]:
    opened: list[NtfySender] = []

    def open_one(path: str = "/our-topic", token: str = "") -> NtfySender:
        options = NtfyOptions(
            url=SecretStr(f"{receiver.url}{path}"), token=SecretStr(token) if token else None
        )
        opened.append(NtfySender("ntfy", options, CancelToken()))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_a_message_has_a_title_a_priority_and_tags(open_sender: Open, receiver: Receiver) -> None:
    assert open_sender(token=TOKEN).send(MESSAGE) == "HTTP 200"
    (taken,) = receiver.taken
    assert (taken.method, taken.path) == ("POST", "/")
    assert taken.headers["Authorization"] == f"Bearer {TOKEN}"
    assert taken.sent == {
        "topic": "our-topic",
        "title": "partly done: 3 requested",
        "message": "films: the server was away\nfilms: 3 new\nseries: \n• Alien (1979)\n"
        "• Heat (1995)\nand 1 more",
        "priority": 4,
        "tags": ["warning", "summary"],
    }


@pytest.mark.parametrize(
    ("path", "sent_to"), [("/our-topic", "/"), ("/our-topic/", "/"), ("/push/our-topic", "/push/")]
)
def test_the_topic_is_the_last_part_of_the_address(
    open_sender: Open, receiver: Receiver, path: str, sent_to: str
) -> None:
    open_sender(path).send(MESSAGE)
    (taken,) = receiver.taken
    assert (taken.path, taken.sent["topic"]) == (sent_to, "our-topic")
    assert "Authorization" not in taken.headers


@pytest.mark.parametrize(
    ("importance", "priority"),
    [(Importance.INFO, 3), (Importance.WARNING, 4), (Importance.ERROR, 5)],
)
def test_what_matters_more_has_a_higher_priority(importance: Importance, priority: int) -> None:
    assert content_of(replace(MESSAGE, importance=importance))["priority"] == priority


def test_what_has_a_title_alone_is_not_said_twice() -> None:
    content = content_of(replace(MESSAGE, lines=(), facts=(), titles=(), more=0))
    assert content["message"] == MESSAGE.title
    assert "title" not in content


def test_what_turns_the_writing_or_is_half_a_letter_is_marked(
    open_sender: Open, receiver: Receiver
) -> None:
    open_sender().send(EVIL_MESSAGE)
    sent = receiver.taken[0].sent
    assert sent["title"] == EVIL_SHOWN
    assert sent["message"].startswith(f"{EVIL_SHOWN}\n{EVIL_SHOWN}: {EVIL_SHOWN}\n")


@settings(max_examples=50, deadline=None)
@given(MESSAGES)
def test_a_message_is_small_enough_not_to_become_an_attachment(message: Message) -> None:
    content = content_of(message)
    text = str(content["message"])
    assert 1 <= len(text.encode()) <= 4096
    assert len(json.dumps(content, ensure_ascii=False).encode()) <= 2 * 4096


def test_a_message_that_says_nothing_below_its_title_is_its_title() -> None:
    """Ntfy writes "triggered" in place of an empty message."""
    for lines in [(), ("",), (" ", "")]:
        content = content_of(replace(MESSAGE, lines=lines, facts=(), titles=(), more=0))
        assert (content["message"], "title" in content) == (MESSAGE.title, False)


def test_ten_thousand_titles_are_counted() -> None:
    content = content_of(replace(MESSAGE, title="x" * 9_000, titles=("Amélie",) * 10_000))
    rows = str(content["message"]).split("\n")
    titles = rows.count("• Amélie")
    assert titles > 100
    assert rows[-1] == f"and {10_001 - titles:,} more"
    assert len(str(content["title"])) == 248


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            answered(401, {"code": 40101, "http": 401, "error": "unauthorized"}),
            RefusedError,
            "ntfy: HTTP 401: unauthorized",
        ),
        (
            answered(403, {"code": 40301, "http": 403, "error": "forbidden"}),
            RefusedError,
            "ntfy: HTTP 403: forbidden",
        ),
        (
            answered(413, {"code": 41301, "http": 413, "error": "too large"}),
            UndeliverableError,
            "HTTP 413: too large",
        ),
        (
            answered(429, {"code": 42901, "http": 429, "error": "limit reached"}),
            RefusedError,
            "ntfy: HTTP 429: limit reached",
        ),
        (CannedResponse(502, PAGE), UnavailableError, "ntfy: HTTP 502: 502 Bad Gateway"),
        (
            CannedResponse(200, PAGE, {"Content-Type": "text/html"}),
            ResponseChangedError,
            'ntfy: a web page "502 Bad Gateway" came where JSON was expected',
        ),
        (
            CannedResponse(405, f"our-topic/{TOKEN}".encode()),
            RefusedError,
            "ntfy: HTTP 405: ***/***",
        ),
    ],
)
def test_what_it_answers_is_said_in_words(
    open_sender: Open,
    receiver: Receiver,
    answer: CannedResponse,
    error: type[Exception],
    words: str,
) -> None:
    receiver.answers.append(answer)
    with pytest.raises(error) as caught:
        open_sender(token=TOKEN).send(MESSAGE)
    assert str(caught.value) == words
