"""Damaged pages: whatever arrives, one of our errors or a reading that does not lack films."""

from __future__ import annotations

import contextlib
import re

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.lists import Fetched
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from tests.contract.providers.site import FIXTURES, Site, answer, sample
from tests.fakes import FilmIdsInMemory
from tests.integration.providers.test_letterboxd import (
    LIST,
    PAGES,
    WATCHLIST,
    html,
    page_of,
    provider,
    taken,
)
from tests.thorough import tries

OURS = (UnavailableError, RefusedError, ResponseChangedError)
FILMS = "sample_user/films"
CHART = "films/popular/this/week"
LISTS = [  # the list, its damaged page and the page after it, and how many films there are
    pytest.param(LIST, "list.page1.html", "list.page2.html", 7, id="list"),
    pytest.param(WATCHLIST, "watchlist.page1.html", "watchlist.page2.html", 5, id="watchlist"),
    pytest.param(LIST, "list-detail.page.html", "404.html", 2, id="detail"),
    pytest.param(LIST, "list.old-markup-2024.html", "list.page2.html", 6, id="old"),
    pytest.param(LIST, "list.empty.html", "404.html", 0, id="empty-list"),
    pytest.param(WATCHLIST, "watchlist.empty.html", "404.html", 0, id="empty-watchlist"),
    pytest.param(FILMS, "films.page.html", "404.html", 3, id="films"),
    pytest.param(FILMS, "films.none.html", "404.html", 0, id="no-films"),
    pytest.param(CHART, "popular.part.html", "404.html", 2, id="part"),
]
TOLD = re.compile(
    rb'<meta name="description" content="A list of (\d+) films compiled on Letterboxd."/>'
    rb'|<div class="js-watchlist-content" data-num-entries="(\d+)">'
)
PIECES = (
    b"<!--",
    b'"',
    b"'",
    b"<",
    b">",
    b"</li>",
    b"</ul>",
    b"</html>",
    b"<script>",
    b"\0",
    b"&",
)
FILM = "film/the-lantern-keeper"
at_times = settings(max_examples=tries(8, 300))


def read(value: str, body: bytes, after: httpx.Response) -> Fetched | None:
    page = answer(body, content_type="text/html")
    there = "csi/films/films-browser-list/popular/this/week" if value == CHART else value
    site = Site.of({f"/{there}/": page, f"/{there}/page/2/": after})
    if value == CHART:
        site.pages[f"/{value}/"] = [taken("popular.html")]
    with contextlib.suppress(*OURS):
        return provider(site, value).fetch(None)
    return None


@pytest.mark.parametrize(("value", "name", "after", "count"), LISTS)
def test_a_page_cut_anywhere_is_never_the_whole_list(
    value: str, name: str, after: str, count: int
) -> None:
    data = taken(name).content
    end = len(data.rpartition(b"</html>")[0]) or data.rindex(b"</ul>")
    for length in range(0, end + 1, 1 + end // tries(15, 80)):
        fetched = read(value, data[:length], taken(after, 404 if after == "404.html" else 200))
        assert fetched is None, length
    assert (found := read(value, data, taken(after)))
    assert found.read == count


@pytest.mark.parametrize(("value", "name", "after", "count"), LISTS)
def test_a_renamed_attribute_never_makes_a_list_smaller(
    value: str, name: str, after: str, count: int
) -> None:
    text = taken(name).text
    for attribute in sorted(set(re.findall(r'[\s"]([a-z-]+)=', text))):
        changed = text.replace(f"{attribute}=", f"x-{attribute}=")
        fetched = read(value, changed.encode(), taken(after))
        assert fetched is None or fetched.read >= count or not fetched.outcome.whole, attribute


@pytest.mark.parametrize(("value", "name", "after", "count"), LISTS)
@given(draw=st.data())
@at_times
def test_a_damaged_page_never_looks_whole_with_fewer_films_than_it_declares(
    value: str, name: str, after: str, count: int, draw: st.DataObject
) -> None:
    data = taken(name).content
    begin = draw.draw(st.integers(0, len(data)), label="begin")
    length = draw.draw(st.integers(0, 40) | st.integers(0, len(data)), label="length")
    put = draw.draw(st.binary(max_size=3) | st.sampled_from(PIECES), label="put")
    changed = data[:begin] + put + data[begin + length :]
    fetched = read(value, changed, taken(after))
    if fetched is not None and fetched.outcome.whole:
        told = [int(found[1] or found[2]) for found in TOLD.finditer(changed)]
        assert fetched.read >= max(told, default=0)
        assert fetched.read > 0 or count == 0
        assert [entry.rank for entry in fetched.entries] == sorted(
            {*range(1, fetched.read + 1)} - {row.rank for row in fetched.skipped}
        )
        for entry in fetched.entries:
            assert entry.title
            entry.title.encode()


@given(text=st.text(alphabet="<>/\"'= liul!-abc&;#0\n\0", max_size=60))
@at_times
def test_any_marks_inside_a_page(text: str) -> None:
    page = page_of(LIST, 1, [1, 2], 1, declared=2).replace("</ul>", f"{text}</ul>", 1)
    fetched = read(LIST, page.encode(), taken("list.page2.html"))
    assert fetched is None or fetched.read >= 2 or not fetched.outcome.whole


@pytest.mark.parametrize("declared", [1, 3, 8, 1000])
def test_a_wrong_count_is_partial_or_whole(declared: int) -> None:
    page = page_of(LIST, 1, [1, 2], 1, declared=declared)
    fetched = read(LIST, page.encode(), taken("list.page2.html"))
    assert fetched is not None
    assert fetched.outcome.whole == (declared <= 2)


@pytest.mark.parametrize(
    "body",
    [
        b"<html><head><title>Welcome</title></head><body><p>No films yet</p></body></html>",
        b"<!DOCTYPE html><html><body><ul class='grid'><li class='posteritem'>x</li></ul></html>",
        sample("mdblist/keyless-json.html-instead.html").content,
        sample("stevenlu/missing-404.html").content,
        b"[]",
        b"{}",
        b"<rss></rss>",
    ],
)
@pytest.mark.parametrize("value", [LIST, WATCHLIST, FILMS, FILM, "sample_user/diary"])
def test_the_page_of_another_site_is_never_a_list(value: str, body: bytes) -> None:
    site = Site.of({"*": html(body.decode())})
    with pytest.raises(ResponseChangedError):
        provider(site, value).fetch(None)


@given(draw=st.data())
@at_times
def test_a_damaged_film_page_costs_ids_at_most(draw: st.DataObject) -> None:
    data = taken("film.movie.html").content
    begin = draw.draw(st.integers(0, len(data)))
    length = draw.draw(st.integers(0, 60))
    put = draw.draw(st.binary(max_size=3) | st.sampled_from(PIECES))
    site = Site.of({"/" + LIST + "/": html(page_of(LIST, 1, [1, 2], 1, declared=2))})
    site.pages["*"] = [
        answer(data[:begin] + put + data[begin + length :], content_type="text/html")
    ]
    films = FilmIdsInMemory()
    fetched = provider(site, LIST, films, film_pages=1).fetch(None)
    assert fetched.outcome.whole
    assert [entry.title for entry in fetched.entries] == ["Film 1", "Film 2"]


def test_every_page_of_this_folder_can_come_in_place_of_every_list() -> None:
    folder = sorted({path.name for path in (FIXTURES / PAGES).glob("*.html")})
    for value in (LIST, WATCHLIST, FILMS, CHART, FILM, "director/x", "boxd.it/abc"):
        for name in folder:
            fetched = read(value, taken(name).content, taken(name))
            assert fetched is None or fetched.read or fetched.declared == 0, (value, name)
