"""What a service sends too much of: bounded by the answer, by the rows, and over all pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count

import pytest

from tests.integration.providers.child import read_apart
from tests.integration.providers.lists import SERVICES
from tests.integration.providers.pages import MANY, page
from tests.integration.providers.test_bad_answers import TRAPS
from tests.integration.providers.trap import HeardRequest, said, trap

MOST_MB = 150
MOST_MB_OF_A_QUARTER = 25  # of the longest list; its rows as they came would take 35
MOST_MB_OF_OWN = 85  # of the longest list that is no service's
pytestmark = [pytest.mark.timeout(120), pytest.mark.slow]


@pytest.mark.parametrize("bad", ["bomb", "100-MB"])
def test_a_huge_answer_takes_little_memory(bad: str) -> None:
    answer, _ = TRAPS[bad]
    with trap(answer) as site:
        for service, read in zip(SERVICES, read_apart(site.url, *SERVICES), strict=True):
            assert "is larger than" in read.told, service
            assert read.grown_mb < MOST_MB, service


def test_the_longest_list_in_one_answer_takes_little_memory() -> None:
    rows = [(row, f"Film {row} \u5343") for row in range(1, MANY + 1)]
    with trap(lambda question: [page("mdblist", question, rows)]) as site:
        [read] = read_apart(site.url, "mdblist")
    assert read.told == "read"
    assert read.grown_mb < MOST_MB


_FEEDS: dict[str, tuple[str, str, Callable[[int], str], str]] = {
    "json": (
        "application/json",
        "[",
        lambda number: (
            f'{{"title": "Film {number} \u5343", "year": 2019, "ids": {{"imdb": "tt9{number}"}}}}'
            f"{']' if number == 1_000_000 else ','}"
        ),
        "",
    ),
    "csv": (
        "text/csv",
        "imdb_id,title,year,type\n",
        lambda number: f"tt9{number},Film {number} \u5343,2019,movie\n",
        "",
    ),
    "rss": (
        "application/rss+xml",
        '<?xml version="1.0"?><rss version="2.0"><channel><title>Mine</title>',
        lambda number: (
            f"<item><title>Film {number} \u5343 (2019)</title><category>movie</category>"
            f"<guid>imdb://tt9{number}</guid></item>\n"
        ),
        "</channel></rss>",
    ),
}


@pytest.mark.parametrize(("form", "share"), [("rss", 1), ("json", 5), ("csv", 5)])
def test_a_long_list_at_an_address_of_ones_own_takes_little_memory(form: str, share: int) -> None:
    content_type, head, row, end = _FEEDS[form]
    rows = map(row, range(1_000_001 - MANY // share, 1_000_001))
    body = (head + "".join(rows) + end).encode()
    with trap(lambda _: [said(body, content_type)]) as site:
        [read] = read_apart(site.url, "custom")
    assert read.told == "read"
    assert read.grown_mb < MOST_MB_OF_OWN / share


def test_a_million_rows_without_anything_take_little_memory() -> None:
    body = b"[" + 1_000_000 * b"{}," + b"{}]"
    with trap(lambda _: [said(body)]) as site:
        [read] = read_apart(site.url, "stevenlu")
    assert read.told.startswith("ResponseChangedError: stevenlu: ")
    assert read.grown_mb < MOST_MB


@pytest.mark.parametrize(
    ("service", "size", "pages"),
    [("imdb", 250, 100), ("mdblist-with-key", 1000, 25), ("trakt", 250, 100)],
)
def test_full_pages_without_an_end_take_little_memory(service: str, size: int, pages: int) -> None:
    numbers: Iterator[int] = count()

    def answer(question: HeardRequest) -> Iterable[bytes]:
        number = next(numbers)
        if number > pages:  # enough to see how it goes
            return [said(b"", status="503 Service Unavailable")]
        rows = range(number * size, (number + 1) * size)
        return [page(service, question, [(row, f"Film {row}") for row in rows], more=True)]

    with trap(answer) as site:
        [read] = read_apart(site.url, service)
    assert read.grown_mb < MOST_MB_OF_A_QUARTER
