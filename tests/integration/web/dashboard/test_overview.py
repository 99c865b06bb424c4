"""The sentence of the first glance: the worst first, and never better than it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from listsync.protocol.messages import StatusReply
from listsync.protocol.shapes import ListShape
from listsync.web.dashboard.overview import Overview
from listsync.web.dashboard.words import (
    NO_SERVER,
    REACHED,
    REFUSES,
    UNREACHED,
    UNTRIED,
    StateMark,
    Tone,
)
from tests.integration.web.dashboard.facts import a_list, a_notice, progress, status

TO_DO = status(needs_person=True, notices=[a_notice("list_blocked", "x")], notices_total=1)
BROKEN = status(needs_person=True, config={**status()["config"], "valid": False})
READ, BLOCKED, NEW = a_list(), a_list(outcome="blocked"), a_list(outcome="not read yet")
OFF = a_list(outcome="disabled")


@pytest.mark.parametrize(
    ("said", "lists", "words", "tone"),
    [
        (status(), [READ] * 7, "All 7 lists were read, nothing needs you.", Tone.GOOD),
        (status(), [READ], "The list was read, nothing needs you.", Tone.GOOD),
        (
            status(),
            [a_list(outcome="unchanged"), a_list(outcome="empty")],
            "All 2 lists",
            Tone.GOOD,
        ),
        (status(), [READ, BLOCKED], "1 of 2 lists were read. The other will", Tone.WARN),
        (status(), [READ, READ, OFF], "All 2 lists were read, nothing needs you.", Tone.GOOD),
        (status(), [OFF], "No list is followed yet.", Tone.QUIET),
        (status(), [READ, BLOCKED, NEW], "1 of 3 lists were read. The others", Tone.WARN),
        (status(), [NEW, NEW], "No list has been read yet.", Tone.QUIET),
        (status(running=progress()), [NEW], "The first sync is running.", Tone.BUSY),
        (status(), [], "No list is followed yet.", Tone.QUIET),
        (TO_DO, [READ], "1 thing needs you.", Tone.BAD),
        (BROKEN, [READ], "The configuration has a mistake.", Tone.BAD),
    ],
)
def test_one_sentence_says_how_it_is(
    said: StatusReply, lists: Sequence[ListShape], words: str, tone: Tone
) -> None:
    headline = Overview(said, lists).headline
    assert headline.word.startswith(words)
    assert headline.tone is tone


def test_what_is_in_trouble_comes_first_and_what_is_left_out_is_counted() -> None:
    notices = [a_notice("x", f"note {n}", needs_person=n == 11) for n in range(12)]
    lists = [*(a_list(f"list-{n}") for n in range(40)), a_list("bad", outcome="blocked")]
    view = Overview(status(notices=notices, notices_total=300), lists)
    assert view.shown_lists[0]["name"] == "bad"
    assert len(view.shown_lists) == 25
    assert view.notices[0]["text"] == "note 11"
    assert view.more_notices == 300 - len(view.notices)


@pytest.mark.parametrize(
    ("kind", "mark"), [("server_unreachable", UNREACHED), ("key_refused", REFUSES), ("x", REACHED)]
)
def test_the_server_is_what_was_said_of_it_last(kind: str, mark: StateMark) -> None:
    assert Overview(status(notices=[a_notice(kind, "x")]), []).server == mark
    of_a_list = [a_notice(kind, "x", list="mine")]
    assert Overview(status(notices=of_a_list), []).server == REACHED
    assert Overview(status(server=None), []).server == UNTRIED
    assert Overview(status(server=None, has_server=False), []).server == NO_SERVER
