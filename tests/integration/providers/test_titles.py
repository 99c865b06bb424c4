"""Titles that would play tricks with a terminal or a log."""

from __future__ import annotations

import re

import pytest

from tests.integration.providers.lists import SERVICES, provider
from tests.integration.providers.pages import page
from tests.integration.providers.trap import trap

# Control characters, other ends of lines, and what turns the direction of writing.
HARM = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
GOOD = [(number, f"Film {number}") for number in range(2, 9)]


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("\x1b[31mDune\x1b[0m\x07", id="escapes"),
        pytest.param("Dune\x9b2J\x85", id="escapes-of-one-byte"),
        pytest.param("Du\r\nne\u2028Part\u2029Two", id="lines"),
        pytest.param("Du\x00ne\x08\x08", id="nul"),
        pytest.param("\u202eenuD\u202c", id="override"),
        pytest.param("\u2066Dune\u2069\u202a", id="isolate"),
        pytest.param("\x1b\x07\x9b", id="nothing-else"),
        pytest.param("\u202e\u2066", id="no-letter"),
    ],
)
@pytest.mark.parametrize("service", SERVICES)
def test_a_title_comes_clean_or_not_at_all(service: str, title: str) -> None:
    rows = [(1, title), *GOOD]
    with (
        trap(lambda question: [page(service, question, rows)]) as site,
        provider(service, site.url) as one,
    ):
        fetched = one.fetch(None)
    told = [entry.label for entry in fetched.entries]
    told += [f"{row.what} {row.why}" for row in fetched.skipped]
    assert len(told) == len(rows)
    assert [text for text in told if HARM.search(text)] == []


@pytest.mark.parametrize(
    "title", ["千と千尋の神隠し", "می‌خواهم", "\u05d4\u05d0\u05e8\u05d9", "👩‍🚀 & <b>"]
)
@pytest.mark.parametrize("service", SERVICES)
def test_a_title_in_any_script_stays_as_it_is(service: str, title: str) -> None:
    with (
        trap(lambda question: [page(service, question, [(1, title)])]) as site,
        provider(service, site.url) as one,
    ):
        fetched = one.fetch(None)
    assert [entry.title for entry in fetched.entries] == [title]
