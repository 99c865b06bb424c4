from __future__ import annotations

import pytest

from listsync.domain.lists import Fetched, ListOutcome
from listsync.domain.media import MediaType
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.providers.imdb.reader import read_site_pages
from tests.contract.providers.site import FIXTURES


def page(name: str) -> str:
    return (FIXTURES / "imdb/web" / name).read_text()


def reading(html: str) -> Fetched:
    return read_site_pages(lambda _: html)


def test_a_long_list_is_read_page_by_page() -> None:
    whole = page("list.next-data.html").replace('"total": 7', '"total": 14')
    asked = []

    def load(number: int) -> str:
        asked.append(number)
        return whole.replace("tt9", f"tt{number}")

    fetched = read_site_pages(load)
    assert (asked, fetched.outcome, fetched.read) == ([1, 2], ListOutcome.COMPLETE, 14)
    assert len({entry.rank for entry in fetched.entries}) == len(fetched.entries) == 12


@pytest.mark.parametrize(
    ("name", "outcome", "titles", "skipped"),
    [
        ("list.next-data.html", ListOutcome.COMPLETE, 6, 1),
        ("list.empty.next-data.html", ListOutcome.EMPTY, 0, 0),
        ("watchlist.next-data.html", ListOutcome.COMPLETE, 2, 0),
        ("chart-top.next-data.html", ListOutcome.COMPLETE, 3, 0),
    ],
)
def test_pages_with_titles(name: str, outcome: ListOutcome, titles: int, skipped: int) -> None:
    fetched = reading(page(name))
    assert fetched.outcome is outcome
    assert (len(fetched.entries), len(fetched.skipped)) == (titles, skipped)


def test_the_data_of_a_page_says_what_the_service_says() -> None:
    show = reading(page("list.next-data.html")).entries[2]
    assert (show.rank, show.title, show.year) == (3, "Harbour Street", 2016)
    assert (show.kind, show.ids.imdb) == (MediaType.TV, "tt90000021")


def test_the_first_page_of_a_longer_list_is_partial() -> None:
    longer = page("list.next-data.html").replace('"total": 7', '"total": 300')
    assert reading(longer).outcome is ListOutcome.PARTIAL


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("waf-202.body.html", Refusal.BLOCKED),
        ("waf-202-with-script.body.html", Refusal.BLOCKED),
        ("waf-405-captcha.body.html", Refusal.BLOCKED),
        ("watchlist.private.next-data.html", Refusal.PRIVATE),
        ("404.html", Refusal.NOT_FOUND),
    ],
)
def test_pages_that_say_no(name: str, kind: Refusal) -> None:
    with pytest.raises(RefusedError) as caught:
        reading(page(name))
    assert caught.value.kind is kind


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("list.next-data.html", '"total": 7', '"total": 6'),
        ("list.next-data.html", '"total": 7', '"totals": 7'),
        ("list.next-data.html", "titleListItemSearch", "titles"),
        ("list.next-data.html", "mainColumnData", "column"),
        ("list.next-data.html", '"listItem"', '"item"'),
        ("list.next-data.html", "__NEXT_DATA__", "__DATA__"),
        ("list.next-data.html", '"edges"', '"rows"'),
        ("list.empty.next-data.html", '"total": 0', '"total": 3'),
        ("chart-top.next-data.html", "chartTitles", "chart"),
        ("chart-top.next-data.html", '"edges": [', '"edges": [], "was": ['),
    ],
)
def test_a_changed_page_is_never_empty(name: str, old: str, new: str) -> None:
    with pytest.raises(ResponseChangedError):
        reading(page(name).replace(old, new))


def test_a_page_cut_anywhere() -> None:
    whole = page("list.next-data.html")
    for length in range(0, len(whole) - 20, 37):
        with pytest.raises(ListsyncError):
            reading(whole[:length])
