"""Lists that never end: bounded calls, and nothing that is taken for a whole list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import count

import pytest

from listsync.domain.lists import ListOutcome
from listsync.errors import ResponseChangedError
from listsync.providers.anilist import reader as anilist
from listsync.providers.imdb import reader as imdb
from listsync.providers.letterboxd.site_markup import full_page
from listsync.providers.mdblist import reader as mdblist
from listsync.providers.myanimelist import reader as myanimelist
from listsync.providers.plex import reader as plex
from listsync.providers.tmdb import reader as tmdb
from listsync.providers.trakt import api as trakt_api
from listsync.providers.trakt import reader as trakt
from listsync.row_limit import MOST_ROWS
from tests.integration.providers.lists import SERVICES, provider
from tests.integration.providers.pages import page
from tests.integration.providers.trap import HeardRequest, Responder, trap

MOST_PAGES = 1000
FEW_PAGES = 50
MOST_CALLS = 1 + FEW_PAGES
PAGES_OF_A_LIMIT = (
    anilist,
    imdb,
    mdblist,
    myanimelist,
    plex,
    tmdb,
    trakt,
    trakt_api,
)
PAGED = [
    name for name in SERVICES if name not in ("custom", "mdblist", "simkl", "stevenlu", "tvdb")
]
pytestmark = pytest.mark.timeout(60)


@pytest.fixture(autouse=True)
def _few_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring the end near, which is where it is by a number alone."""
    for module in PAGES_OF_A_LIMIT:
        assert module.MAX_PAGES <= MOST_PAGES
        monkeypatch.setattr(module, "MAX_PAGES", FEW_PAGES)
    assert MOST_ROWS / full_page("list") <= MOST_PAGES
    rows = FEW_PAGES * full_page("list")
    monkeypatch.setattr("listsync.providers.letterboxd.reader.MOST_ROWS", rows)


def always_new(service: str) -> Responder:
    numbers: Iterator[int] = count(1)

    def answer(question: HeardRequest) -> Iterable[bytes]:
        number = next(numbers)
        return [page(service, question, [(number, f"Film {number}")], more=True)]

    return answer


def always_the_same(service: str) -> Responder:
    return lambda question: [page(service, question, [(1, "Film 1")], more=True)]


def in_turns(service: str) -> Responder:
    numbers: Iterator[int] = count(1)

    def answer(question: HeardRequest) -> Iterable[bytes]:
        number = next(numbers) % 2 + 1
        return [page(service, question, [(number, f"Film {number}")], more=True)]

    return answer


@pytest.mark.parametrize("endless", [always_new, always_the_same, in_turns])
@pytest.mark.parametrize("service", PAGED)
def test_pages_without_an_end_are_given_up(
    service: str, endless: Callable[[str], Responder]
) -> None:
    outcome = None
    with (
        trap(endless(service)) as site,
        provider(service, site.url) as one,
        suppress(ResponseChangedError),
    ):
        outcome = one.fetch(None).outcome
    assert outcome in (None, ListOutcome.PARTIAL)
    assert len(site.asked) <= MOST_CALLS
