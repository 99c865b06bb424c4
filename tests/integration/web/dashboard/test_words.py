"""Every state that an agent can be in has a word and a shape."""

from __future__ import annotations

import pytest

from listsync.domain.decisions import Found
from listsync.domain.history import COULD_NOT, HANDLED, NEW, OPEN, REJECTED, TitleStatus
from listsync.domain.lists import ListOutcome
from listsync.domain.report import Phase, Result, Verdict
from listsync.domain.runs import Condition
from listsync.domain.server import ResponseKind
from listsync.domain.transfers import EventOutcome, JobState, ScanState
from listsync.web.dashboard import words
from listsync.web.dashboard.render import Viewer
from listsync.web.dashboard.words import Tone, mark_in
from tests.integration.web.dashboard.conftest import RENDERER


@pytest.mark.parametrize(
    ("table", "states"),
    [
        (words.LISTS, ListOutcome),
        (words.RUNS, Result),
        (words.SERVICES, [one.value for one in Condition]),
        (words.VERDICTS, Verdict),
        (words.ITEMS, Verdict),
        (words.ITEMS, TitleStatus),
        (words.ITEMS, ResponseKind),
        (words.ITEMS, [one for one in Found if one is not Found.FOUND]),
        (words.ITEMS, [COULD_NOT, HANDLED, NEW, OPEN, REJECTED]),
        (words.JOBS, JobState),
        (words.SCANS, ScanState),
        (words.WEBHOOKS, EventOutcome),
        (words.PHASES, [one for one in Phase if one is not Phase.IDLE]),
    ],
)
def test_every_state_has_a_word(table: dict[str, object], states: list[str]) -> None:
    assert [one for one in states if str(one) not in table] == []


def test_what_counts_as_a_whole_reading_is_what_the_agent_means() -> None:
    assert {one.value for one in ListOutcome if one.whole} == words.WHOLE


def test_each_tone_has_a_shape_of_its_own() -> None:
    template = "{% import 'macros.html' as ui %}{{ ui.icon(tone) }}"
    environment = RENDERER._environment
    shapes = {environment.from_string(template).render(tone=tone.value) for tone in Tone}
    assert len(shapes) == len(Tone)


def test_a_state_of_a_later_version_is_shown_by_its_own_word() -> None:
    assert mark_in(words.LISTS, "half_moon") == words.StateMark("Half moon", Tone.QUIET)
    assert mark_in(words.LISTS, "").word == "Unknown"


def test_a_mark_says_its_word_beside_its_shape() -> None:
    render = RENDERER.render
    said = render("said.html", Viewer(base_path=""), said=words.TO_DO)
    assert "To do" in said
    assert "<svg" in said
