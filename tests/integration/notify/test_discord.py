"""Messages as a real web server gets them that answers as Discord does."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
from listsync.notify.options import DiscordOptions
from listsync.notify.targets.discord import DiscordSender, embed_of, plain
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

KEY = "no-key-of-anybody"
HOOK = f"/api/webhooks/7/{KEY}"


@pytest.fixture
def sender(receiver: Receiver) -> Iterator[DiscordSender]:
    receiver.usual = CannedResponse(204, b"")
    one = DiscordSender(
        "discord", DiscordOptions(url=SecretStr(f"{receiver.url}{HOOK}")), CancelToken()
    )
    yield one
    one.close()


def test_a_message_is_an_embed_that_mentions_nobody(
    sender: DiscordSender, receiver: Receiver
) -> None:
    assert sender.send(MESSAGE) == "HTTP 204"
    (taken,) = receiver.taken
    assert (taken.method, taken.path) == ("POST", HOOK)
    assert taken.sent == {
        "embeds": [
            {
                "title": "partly done\\: 3 requested",
                "description": "films\\: the server was away\n• Alien \\(1979\\)\n"
                "• Heat \\(1995\\)\nand 1 more",
                "color": 0xF1C40F,
                "timestamp": "2026-03-01T12:00:00+00:00",
                "fields": [
                    {"name": "films", "value": "3 new", "inline": True},
                    {"name": "series", "value": "\\-", "inline": True},
                ],
            }
        ],
        "allowed_mentions": {"parse": []},
    }


def test_its_name_and_picture_are_those_of_the_configuration(receiver: Receiver) -> None:
    options = DiscordOptions(
        url=SecretStr(f"{receiver.url}{HOOK}?thread_id=5"), username="us", avatar="http://h/a.png"
    )
    sender = DiscordSender("discord", options, CancelToken())
    sender.send(MESSAGE)
    sender.close()
    (taken,) = receiver.taken
    assert taken.path.endswith("?thread_id=5")
    assert (taken.sent["username"], taken.sent["avatar_url"]) == ("us", "http://h/a.png")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("@everyone <@1> <#2>", "\\@everyone \\<\\@1\\> \\<\\#2\\>"),
        ("**M*A*S*H** _x_ ~~y~~ ||z|| `c`", None),
        ("[free](https://evil.example)", "\\[free\\]\\(https\\://evil.example\\)"),
        ("# 1. head", "\\# 1\\. head"),
        ("-# small", "\\-\\# small"),
        ("Spider-Man 2.5", "Spider-Man 2.5"),
        ("\\", "\\\\"),
    ],
)
def test_a_title_shows_as_it_is_written(title: str, shown: str | None) -> None:
    sent = plain(title)
    assert shown is None or sent == shown
    assert sent.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == title


def test_what_turns_the_writing_or_is_half_a_letter_is_marked(
    sender: DiscordSender, receiver: Receiver
) -> None:
    sender.send(EVIL_MESSAGE)
    (embed,) = receiver.taken[0].sent["embeds"]
    assert embed["title"] == EVIL_SHOWN
    assert embed["description"].split("\n")[:2] == [EVIL_SHOWN, f"• {EVIL_SHOWN}"]
    assert embed["fields"][0] == {"name": EVIL_SHOWN, "value": EVIL_SHOWN, "inline": True}


@settings(max_examples=50, deadline=None)
@given(MESSAGES)
def test_an_embed_is_within_all_limits(message: Message) -> None:
    embed = json.loads(json.dumps(embed_of(message)))
    fields = embed.get("fields", [])
    texts = [embed["title"], embed.get("description", "")]
    assert 1 <= utf16_units(embed["title"]) <= 256
    assert utf16_units(embed.get("description", "")) <= 4096
    assert len(fields) <= 25
    for field in fields:
        assert 1 <= utf16_units(field["name"].strip()) <= 256
        assert 1 <= utf16_units(field["value"].strip()) <= 1024
        texts += [field["name"], field["value"]]
    assert sum(map(utf16_units, texts)) <= 6000
    assert "".join(texts).encode()


def test_long_facts_leave_the_whole_within_six_thousand() -> None:
    facts = (("n" * 200, "v" * 700),) * 25
    embed = embed_of(replace(MESSAGE, title="x" * 300, facts=facts, titles=("Film " * 30,) * 99))
    fields = json.loads(json.dumps(embed["fields"]))
    shown = [str(embed["title"]), str(embed["description"])]
    shown += [text for field in fields for text in (field["name"], field["value"])]
    assert fields[-1]["value"] == f"and {26 - len(fields)} more"
    assert sum(map(utf16_units, shown)) <= 6000


def test_of_many_facts_and_titles_the_rest_is_counted() -> None:
    embed = embed_of(
        replace(
            MESSAGE,
            title="x" * 300,
            facts=tuple((f"list {number}", "1 new") for number in range(40)),
            titles=("Film " * 30,) * 10_000,
        )
    )
    assert str(embed["title"]).endswith("x…")
    rows = str(embed["description"]).split("\n")
    assert rows[0] == "x" * 300
    assert rows[-1] == f"and {10_001 - len(rows) + 3:,} more"
    assert embed["fields"][-1] == {"name": "…", "value": "and 16 more", "inline": True}  # type: ignore[index]


@pytest.mark.parametrize(
    ("answer", "wait_s"),
    [
        (answered(429, {"retry_after": 64.57, "global": False}, Retry_After="65"), 64.57),
        (answered(429, {"message": "slow"}, Retry_After="65"), 65),
        (CannedResponse(429, PAGE, {"Retry-After": "3600"}), 3600),
        (answered(429, {"retry_after": "x"}), None),
        (answered(429, {"retry_after": float("inf")}), None),
    ],
)
def test_it_says_how_long_it_wants_to_be_left_alone(
    sender: DiscordSender, receiver: Receiver, answer: CannedResponse, wait_s: float | None
) -> None:
    receiver.answers.append(answer)
    with pytest.raises(RefusedError) as refused:
        sender.send(MESSAGE)
    assert refused.value.kind is Refusal.RATE_LIMITED
    assert refused.value.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("headers", "apart_s"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.5"}, 1.5),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1e9"}, 60),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "soon"}, 0),
        ({"X-RateLimit-Remaining": "4", "X-RateLimit-Reset-After": "1.5"}, 0),
        ({}, 0),
    ],
)
def test_the_last_message_for_now_is_followed_by_a_pause(
    sender: DiscordSender, receiver: Receiver, headers: dict[str, str], apart_s: float
) -> None:
    sender.apart_s = 9.0
    receiver.answers.append(CannedResponse(204, b"", headers))
    sender.send(MESSAGE)
    assert sender.apart_s == apart_s


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (
            answered(404, {"message": "Unknown Webhook", "code": 10015}),
            RefusedError,
            "discord: the webhook is deleted, or its address is wrong (HTTP 404)",
        ),
        (
            answered(401, {"message": "Invalid Webhook Token", "code": 50027}),
            RefusedError,
            "discord: the webhook is deleted, or its address is wrong (HTTP 401)",
        ),
        (
            answered(400, {"message": "no thread", "code": 220001}),
            RefusedError,
            "discord: the channel is a forum: write ?thread_id= and a post's id behind the url",
        ),
        (
            answered(400, {"message": "Invalid Form Body"}),
            UndeliverableError,
            "HTTP 400: Invalid Form Body",
        ),
        (CannedResponse(502, PAGE), UnavailableError, "discord: HTTP 502: 502 Bad Gateway"),
        (CannedResponse(404, PAGE), RefusedError, "discord: HTTP 404: 502 Bad Gateway"),
        (CannedResponse(405, b""), RefusedError, "discord: HTTP 405"),
        (CannedResponse(407, b""), UnavailableError, "discord: HTTP 407"),
        (
            CannedResponse(200, PAGE, {"Content-Type": "text/html"}),
            ResponseChangedError,
            'discord: a web page "502 Bad Gateway" came where JSON was expected',
        ),
    ],
)
def test_what_it_answers_is_said_in_words(
    sender: DiscordSender,
    receiver: Receiver,
    answer: CannedResponse,
    error: type[Exception],
    words: str,
) -> None:
    receiver.answers.append(answer)
    with pytest.raises(error) as caught:
        sender.send(MESSAGE)
    assert str(caught.value) == words


def test_no_answer_repeats_the_key_of_the_webhook(
    sender: DiscordSender, receiver: Receiver
) -> None:
    receiver.answers.append(CannedResponse(405, f"Cannot POST {HOOK}".encode()))
    with pytest.raises(RefusedError) as caught:
        sender.send(MESSAGE)
    assert KEY not in repr(caught.value)
    assert "Cannot POST" in str(caught.value)
