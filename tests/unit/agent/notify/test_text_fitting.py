"""Text is cut where nobody minds, and what is left out is said to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listsync.domain.messages import Importance, Message, MessageKind
from listsync.notify.text_fitting import (
    body_rows,
    fitted,
    fitted_line,
    fitted_rows,
    utf16_units,
)

MESSAGE = Message(
    key="run:1:summary",
    kind=MessageKind.SUMMARY,
    importance=Importance.INFO,
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    title="it has happened",
)


@pytest.mark.parametrize(
    "whole",
    [
        pytest.param("e\u0301", id="an accent"),
        pytest.param("\U0001f44d\U0001f3fd", id="a colour of skin"),
        pytest.param("\U0001f468\u200d\U0001f469\u200d\U0001f467", id="a family"),
        pytest.param("\u2764\ufe0f", id="a heart"),
        pytest.param("\U0001f1e6\U0001f1f9", id="a flag"),
        pytest.param("\u1112\u1161\u11ab", id="a syllable"),
        pytest.param("\u0915\u094d\u0937", id="a conjunct"),
    ],
)
def test_what_people_see_as_one_letter_is_never_cut_through(whole: str) -> None:
    text = whole * 9
    for limit in range(2, utf16_units(text)):
        cut = fitted(text, limit, utf16_units)
        assert cut == whole * ((limit - 1) // utf16_units(whole)) + "…"
        begin, _, end = fitted_line(text, limit, utf16_units).partition("…")
        assert {begin.replace(whole, ""), end.replace(whole, "")} == {""}


def test_the_end_of_a_long_line_stays_and_the_beginning_of_a_long_title() -> None:
    text = f"it failed: {'x' * 500}: no space left"
    assert fitted_line(text, 100, len).startswith("it failed: ")
    assert fitted_line(text, 100, len).endswith(": no space left")
    assert len(fitted_line(text, 100, len)) == 100
    assert fitted(text, 13, len) == "it failed: x…"
    assert fitted("as it is", 8, len) == fitted_line("as it is", 8, len) == "as it is"


def test_what_is_left_out_is_counted() -> None:
    assert fitted_rows(["one", "two", "three"], 15, len) == ["one", "and 2 more"]
    assert fitted_rows(["one", "two"], 20, len) == ["one", "two"]
    assert fitted_rows(["one", "two"], 40, len, more=1_000) == ["one", "two", "and 1,000 more"]
    assert fitted_rows(["x" * 90] * 10_000, 20, len) == ["10,000 in all"]
    assert fitted_rows([], 20, len) == []


def test_ten_thousand_titles_leave_room_for_what_is_said() -> None:
    titles = tuple(f"Film {number}" for number in range(10_000))
    lines = ("x" * 5_000, *["why"] * 5_000)
    message = replace(MESSAGE, lines=lines, titles=titles, more=5)
    rows = body_rows(message, 4096, utf16_units)
    shown = [row for row in rows if row.startswith("• ")]
    assert len(shown) > 50
    assert rows[-1] == f"and {10_005 - len(shown):,} more"
    assert "why" in rows
    assert utf16_units("\n".join(rows)) <= 4096
