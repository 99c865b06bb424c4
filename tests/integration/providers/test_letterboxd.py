from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest

from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.domain.media import ExternalIds, FilmRecord, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.http.response import Headers, Response
from listsync.ports.titles import FilmIds
from listsync.providers.letterboxd.reader import Letterboxd
from listsync.providers.letterboxd.site_markup import read_page
from listsync.providers.letterboxd.source import LetterboxdOptions, parse
from tests.contract.providers.site import FIXTURES, Site, answer, client, sample
from tests.fakes import FilmIdsInMemory

LIST = "sample_user/list/synthetic-list"
WATCHLIST = "sample_user/watchlist"
PAGES = Path("letterboxd/pages")


def taken(name: str, status: int = 200) -> httpx.Response:
    return sample(str(PAGES / name), status)


def html(text: str) -> httpx.Response:
    return answer(text.encode(), content_type="text/html;charset=UTF-8")


def provider(
    site: Callable[[httpx.Request], httpx.Response],
    value: str = LIST,
    films: FilmIds | None = None,
    film_pages: int = 0,
) -> Letterboxd:
    options = LetterboxdOptions(film_pages=film_pages, chart_films=150, pace_s=0)
    cache = FilmIdsInMemory() if films is None else films
    return Letterboxd(parse(value), options, client(options, site), cache)


def two_pages(value: str = LIST, name: str = "list") -> Site:
    first, second = taken(f"{name}.page1.html"), taken(f"{name}.page2.html")
    return Site.of({f"/{value}/": first, f"/{value}/page/2/": second})


def poster(number: int) -> str:
    name, slug = f"Film {number} (2019)", f"film-{number}"
    said = {"lid": f"z{number}", "uid": f"film:{number}", "type": "film", "typeName": "film"}
    return (
        '<li class="posteritem numbered-list-item"><div class="react-component" '
        f'data-component-class="LazyPoster" data-item-name="{name}" data-item-slug="{slug}" '
        f'data-item-link="/film/{slug}/" data-item-full-display-name="{name}" '
        f"data-postered-identifier='{json.dumps(said)}' data-image-width=\"125\" "
        f'data-target-link="/film/{slug}/" data-details-endpoint="/film/{slug}/json/">'
        '<div class="poster film-poster"><img src="https://s.example.invalid/e.png" class="image" '
        f'alt="{name}"/><span class="frame"><span class="frame-title"></span></span></div></div>'
        f'<p class="list-number">{number}</p></li>'
    )


def page_of(
    value: str, number: int, numbers: Sequence[int], last: int, declared: int | None = None
) -> str:
    """Write page *number* of *last*, with the films of these *numbers*."""
    link = f'<a class="next" href="/{value}/page/{number + 1}/">Older</a>'
    end = '<span class="next">Older</span>'
    far = f'<li class="paginate-page"><a href="/{value}/page/{last}/">{last}</a></li>'
    size = f"A list of {declared:,} films" if declared is not None else "A list"
    return (
        "<!DOCTYPE html><html><head><title>Films • Letterboxd</title>"
        f'<meta name="description" content="{size} compiled on Letterboxd."/>'
        '<meta property="og:type" content="letterboxd:list"/></head><body>'
        f'<ul class="js-list-entries grid">{"".join(map(poster, numbers))}</ul>'
        f'<div class="pagination">{link if number < last else end}<ul>{far}</ul></div>'
        "</body></html>"
    )


def site_with(value: str, total: int, size: int, *, declared: int | None = None) -> Site:
    last = -(-total // size)
    pages: dict[str, httpx.Response] = {}
    for number in range(1, last + 1):
        films = range((number - 1) * size + 1, min(number * size, total) + 1)
        place = f"/{value}/" if number == 1 else f"/{value}/page/{number}/"
        pages[place] = html(page_of(value, number, films, last, declared))
    return Site.of({**pages})


def titles(fetched: Fetched) -> list[tuple[str | None, int | None]]:
    return [(entry.title, entry.year) for entry in fetched.entries]


def test_a_list_is_read_page_by_page_in_its_order() -> None:
    site = two_pages()
    fetched = provider(site).fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert fetched.declared == 7
    assert [entry.rank for entry in fetched.entries] == [1, 2, 3, 4, 5, 6, 7]
    assert titles(fetched) == [
        ("The Lantern Keeper", 2019),
        ("Blåfjell", 2021),
        ("Salt & Copper", None),
        ('"Quoted" Hearts, Broken', 2003),
        ("Night Train to Ördög", 1978),
        ("The Lantern Keeper", 1957),
        ("Untitled Harbor Project", None),
    ]
    assert {entry.kind for entry in fetched.entries} == {None}
    assert site.paths == [f"/{LIST}/", f"/{LIST}/page/2/"]
    assert site.seen[0].headers["accept"] == "text/html"


@pytest.mark.parametrize(
    ("value", "page", "count"),
    [
        ("sample_user/films", "films.page.html", 3),
        ("sample_user/likes/films", "films.page.html", 3),
        ("films/in/synthetic-collection", "films.page.html", 3),
        ("director/ada-sample", "films.page.html", 3),
        (LIST, "list-detail.page.html", 2),
    ],
)
def test_every_view_is_read(value: str, page: str, count: int) -> None:
    fetched = provider(Site.of({f"/{value}/": taken(page)}), value).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, count)


def test_the_markup_of_2024_is_read() -> None:
    second = page_of(LIST, 2, [5], 2)
    first = taken("list.old-markup-2024.html")
    site = Site.of({f"/{LIST}/": first, f"/{LIST}/page/2/": html(second)})
    fetched = provider(site).fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert titles(fetched)[:3] == [
        ("The Lantern Keeper", 2019),
        ("Blåfjell", 2021),
        ("Salt & Copper", 1994),
    ]


def test_a_diary_names_a_film_as_often_as_it_was_seen() -> None:
    site = Site.of(
        {
            "/sample_user/rss/": taken("rss.xml"),
            "/sample_user/films/diary/": taken("diary.page.html"),
        }
    )
    fetched = provider(site, "sample_user/diary").fetch(None)
    assert [title for title, _ in titles(fetched)] == [
        "The Lantern Keeper",
        "Three Days in May",
        "The Lantern Keeper",
    ]


def test_a_chart_is_read_from_where_scripts_would_and_only_so_far() -> None:
    part = "/csi/films/films-browser-list/popular/this/week/"
    pages = site_with("popular", 720, 72)
    site = Site.of({"/films/popular/this/week/": taken("popular.html")})
    for number in range(1, 11):
        given = pages.pages["/popular/" if number == 1 else f"/popular/page/{number}/"]
        site.pages[part if number == 1 else f"{part}page/{number}/"] = given
    fetched = provider(site, "films/popular/this/week").fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 150)
    assert site.paths[:2] == ["/films/popular/this/week/", part]
    assert sorted(site.paths[2:]) == [f"{part}page/2/", f"{part}page/3/"]
    assert all(request.url.query == b"esiAllowFilters=true" for request in site.seen[1:])


@pytest.mark.parametrize("named", ["", 'data-url="/films/ajax/popular/this/week/"'])
def test_a_chart_that_is_a_mere_shell_is_read_from_where_its_films_are(named: str) -> None:
    shell = (
        "<!DOCTYPE html><html><head><title>Popular films • Letterboxd</title></head><body>"
        f'<div id="films-browser-list-container" {named}></div></body></html>'
    )
    part = "/csi/films/films-browser-list/popular/this/week/"
    pages = site_with("popular", 72, 72)
    site = Site.of({"/films/popular/this/week/": html(shell), part: pages.pages["/popular/"]})
    fetched = provider(site, "films/popular/this/week").fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 72)
    assert [str(one.url.query) for one in site.seen[1:]] == ["b'esiAllowFilters=true'"]


@pytest.mark.parametrize("wrapper", ["li class='somethingnew'", "div", "article class='x'"])
def test_a_row_is_its_poster_whatever_is_around_it(wrapper: str) -> None:
    """Half of the rows got a new class once, and the list looked whole without them."""
    text = page_of(LIST, 1, range(1, 51), 1, declared=50)
    for number in range(1, 51, 2):
        bare = poster(number).removeprefix('<li class="posteritem numbered-list-item">')
        around = f"<{wrapper}>{bare.removesuffix('</li>')}</{wrapper.split(maxsplit=1)[0]}>"
        text = text.replace(poster(number), around)
    fetched = provider(Site.of({"*": html(text)})).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 50)
    assert titles(fetched) == [(f"Film {number}", 2019) for number in range(1, 51)]


def test_posters_beside_the_list_are_not_on_it() -> None:
    text = page_of(LIST, 1, range(1, 4), 1, declared=3)
    aside = poster(99).replace('li class="posteritem numbered-list-item"', "div")
    text = text.replace("</body>", f"<aside>{aside}</aside></body>")
    assert provider(Site.of({"*": html(text)})).fetch(None).read == 3


def test_a_poster_without_a_name_is_a_broken_row() -> None:
    text = page_of(LIST, 1, range(1, 6), 1, declared=5)
    nameless = '<li><div class="react-component" data-component-class="LazyPoster"></div></li>'
    fetched = provider(Site.of({"*": html(text.replace(poster(3), nameless))})).fetch(None)
    assert (fetched.read, fetched.broken) == (5, 1)
    assert (fetched.outcome, fetched.is_sure) == (ListOutcome.COMPLETE, False)


def test_the_same_page_of_films_twice_does_not_make_a_list_whole() -> None:
    text = page_of(LIST, 1, [1, 2, 3, 1, 2, 3], 1, declared=6)
    fetched = provider(Site.of({"*": html(text)})).fetch(None)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.PARTIAL, 3)


def test_that_no_film_could_be_looked_up_is_said() -> None:
    text = page_of(LIST, 1, range(1, 4), 1, declared=3)
    site = Site.of({f"/{LIST}/": html(text), "*": answer(b"", status=429)})
    fetched = provider(site, film_pages=10).fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert fetched.remark.startswith("no film could be looked up for its ids (letterboxd: ")
    assert fetched.validators is None


@pytest.mark.parametrize(
    ("said", "kind", "number"),
    [
        ('data-tmdb-type="movie" data-tmdb-id="77"', MediaType.MOVIE, 77),
        ('data-tmdb-type="tv" data-tmdb-id="77"', MediaType.TV, 77),
        ('data-tmdb-id="77"', None, 77),
    ],
)
def test_a_page_of_a_film_may_tell_its_id_in_its_body_alone(
    said: str, kind: MediaType | None, number: int
) -> None:
    text = page_of(LIST, 1, [1], 1, declared=1)
    film = f"<html><head><title>Film • Letterboxd</title></head><body {said}></body></html>"
    site = Site.of({f"/{LIST}/": html(text), "*": html(film)})
    only = provider(site, film_pages=10).fetch(None).entries[0]
    assert (only.kind, only.ids.tmdb) == (kind, number)


def test_the_default_pace_is_gentle() -> None:
    assert (LetterboxdOptions().at_once, LetterboxdOptions().pace_s) == (3, 0.35)


@pytest.mark.parametrize(
    "place",
    ["https://evil.example/csi/films/", "//evil.example/", "/csi/films/../../x/", "/settings/"],
)
def test_a_chart_is_loaded_from_nowhere_else(place: str) -> None:
    text = taken("popular.html").text
    text = text.replace(
        "/csi/films/films-browser-list/popular/this/week/?esiAllowFilters=true", place
    )
    site = Site.of({"*": html(text)})
    with pytest.raises(ResponseChangedError, match="from another place"):
        provider(site, "films/popular/this/week").fetch(None)
    assert len(site.seen) == 1


@pytest.mark.parametrize(
    ("value", "films", "size", "declared", "calls"),
    [
        (LIST, 1000, 100, 1000, 10),
        (LIST, 250, 100, None, 3),
        ("sample_user/films", 250, 72, None, 4),
        ("sample_user/likes/films", 250, 72, None, 4),
    ],
)
def test_a_thousand_films_cost_as_few_calls_as_pages(
    value: str, films: int, size: int, declared: int | None, calls: int
) -> None:
    site = site_with(value, films, size, declared=declared)
    fetched = provider(site, value).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, films)
    assert [title for title, _ in titles(fetched)] == [f"Film {n}" for n in range(1, films + 1)]
    assert len(site.seen) == calls


def test_pages_are_read_one_by_one_where_only_the_next_is_known() -> None:
    site = site_with("sample_user/films", 200, 72)
    for place, answers in site.pages.items():
        text = answers[0].text.replace("/page/3/", "/page/2/")
        site.pages[place] = [html(text)]
    fetched = provider(site, "sample_user/films").fetch(None)
    assert (fetched.read, len(site.seen)) == (200, 3)


def test_a_page_number_out_of_all_bounds_is_not_followed() -> None:
    first = page_of(LIST, 1, range(1, 5), 900_000, declared=7)
    beyond = taken("list.page-beyond-last.html")
    site = Site.of({f"/{LIST}/": html(first), f"/{LIST}/page/2/": html(page_of(LIST, 2, [5], 2))})
    site.pages["*"] = [beyond]
    fetched = provider(site).fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.PARTIAL, 5, 7)
    assert len(site.seen) == 3


@pytest.mark.parametrize("value", [LIST, WATCHLIST])
def test_an_unchanged_list_costs_one_call(value: str) -> None:
    name = value.rpartition("/")[2].replace("synthetic-", "")
    first = provider(two_pages(value, name), value).fetch(None)
    site = two_pages(value, name)
    second = provider(site, value).fetch(first.validators)
    assert second.is_unchanged
    assert second.validators == first.validators
    assert site.paths == [f"/{value}/"]


def test_an_unchanged_diary_costs_one_look_at_the_feed() -> None:
    pages = {"/sample_user/rss/": taken("rss.xml"), "*": taken("diary.page.html")}
    first = provider(Site.of({**pages}), "sample_user/diary").fetch(None)
    site = Site.of({**pages})
    assert provider(site, "sample_user/diary").fetch(first.validators).is_unchanged
    assert site.paths == ["/sample_user/rss/"]
    more = taken("rss.xml").text.replace("letterboxd-watch-99", "letterboxd-watch-98")
    site.pages["/sample_user/rss/"] = [html(more)]
    assert not provider(site, "sample_user/diary").fetch(first.validators).is_unchanged


def test_a_feed_that_is_none_proves_nothing() -> None:
    pages = {"/sample_user/rss/": html("<html>"), "*": taken("diary.page.html")}
    fetched = provider(Site.of({**pages}), "sample_user/diary").fetch(None)
    assert (fetched.outcome, fetched.validators) == (ListOutcome.COMPLETE, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-10-30T08:15:00Z", "2026-11-01T00:00:00Z"),
        ("A list of 7 films", "A list of 8 films"),
        ("A list of 7 films", "A list"),
        ("datetime=", "title="),
    ],
)
def test_another_date_or_size_is_read_again(old: str, new: str) -> None:
    first = provider(two_pages()).fetch(None)
    site = two_pages()
    site.pages[f"/{LIST}/"] = [html(taken("list.page1.html").text.replace(old, new))]
    assert not provider(site).fetch(first.validators).is_unchanged


def test_a_list_that_is_not_whole_is_not_remembered() -> None:
    beyond = taken("list.page-beyond-last.html")
    site = Site.of({f"/{LIST}/": taken("list.page1.html"), f"/{LIST}/page/2/": beyond})
    fetched = provider(site).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.PARTIAL, 4)
    assert fetched.validators is None


@pytest.mark.parametrize(
    ("value", "page"),
    [
        (LIST, "list.empty.html"),
        (WATCHLIST, "watchlist.empty.html"),
        ("sample_user/films", "films.none.html"),
    ],
)
def test_a_list_that_the_site_calls_empty_is_empty(value: str, page: str) -> None:
    fetched = provider(Site.of({"*": taken(page)}), value).fetch(None)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.EMPTY, 0)


@pytest.mark.parametrize(
    ("value", "page"),
    [
        (LIST, "list.page-beyond-last.html"),
        (LIST, "list.drift-unknown-markup.html"),
        (LIST, "film.movie.html"),
        (LIST, "watchlist.page1.html"),
        (LIST, "films.none.html"),
        (WATCHLIST, "list.page1.html"),
        ("sample_user/films", "film.movie.html"),
        ("other_user/list/x", "list.page1.html"),
        ("films/popular", "popular.part.html"),
    ],
)
def test_another_page_than_a_list_with_films_has_changed(value: str, page: str) -> None:
    with pytest.raises(ResponseChangedError, match="letterboxd"):
        provider(Site.of({"*": taken(page)}), value).fetch(None)


@pytest.mark.parametrize(
    ("page", "status", "expected"),
    [
        ("private-403.html", 403, Refusal.PRIVATE),
        ("blocked-cloudflare-403.html", 403, Refusal.BLOCKED),
        ("maintenance-503.html", 403, Refusal.BLOCKED),
        ("maintenance-503.html", 426, Refusal.BLOCKED),
        ("ratelimit-1015-429.html", 429, Refusal.RATE_LIMITED),
        ("404.html", 404, Refusal.NOT_FOUND),
        ("maintenance-503.html", 404, None),
        ("maintenance-503.html", 503, None),
    ],
)
def test_each_way_of_saying_no(page: str, status: int, expected: Refusal | None) -> None:
    site = Site.of({"*": taken(page, status)})
    with pytest.raises((RefusedError, UnavailableError)) as caught:
        provider(site).fetch(None)
    assert getattr(caught.value, "kind", None) is expected
    if expected is Refusal.RATE_LIMITED:
        assert isinstance(caught.value, RefusedError)
        assert (caught.value.retry_after_s, len(site.seen)) == (30, 3)


@pytest.mark.parametrize("status", [403, 426])
def test_what_stands_before_it_says_how_long_to_wait(status: int) -> None:
    site = Site.of({"*": httpx.Response(status, headers={"Retry-After": "7200"}, text="no")})
    with pytest.raises(RefusedError) as caught:
        provider(site).fetch(None)
    assert (caught.value.kind, caught.value.retry_after_s) == (Refusal.BLOCKED, 7200)


def test_a_refusal_of_a_later_page_is_a_refusal_of_the_list() -> None:
    site = Site.of({f"/{LIST}/": taken("list.page1.html")})
    site.pages["*"] = [taken("blocked-cloudflare-403.html")]
    with pytest.raises(RefusedError):
        provider(site).fetch(None)


def test_pages_that_repeat_themselves_are_given_up() -> None:
    site = Site.of({"*": html(page_of(LIST, 1, [1, 2], 3))})
    with pytest.raises(ResponseChangedError, match="repeats itself"):
        provider(site).fetch(None)


def test_pages_without_an_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listsync.providers.letterboxd.reader.MOST_ROWS", 2000)
    asked: list[str] = []

    def endless(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return html(page_of(LIST, 1, [len(asked)], 2))

    options = LetterboxdOptions(film_pages=0, pace_s=0)
    http = client(options, endless)
    with pytest.raises(ResponseChangedError, match="without an end"):
        Letterboxd(parse(LIST), options, http, FilmIdsInMemory()).fetch(None)
    assert len(asked) == 20


def test_a_page_missing_in_the_middle_is_not_overlooked() -> None:
    site = site_with("sample_user/films", 200, 72)
    site.pages["/sample_user/films/page/2/"] = [html(page_of("sample_user/films", 2, [], 3))]
    with pytest.raises(ResponseChangedError, match="lacks a page"):
        provider(site, "sample_user/films").fetch(None)


def test_a_full_page_without_any_paging_is_not_taken_for_the_last() -> None:
    text = page_of("sample_user/films", 1, range(72), 1).replace("pagination", "pages")
    site = Site.of({"/sample_user/films/": html(text)})
    site.pages["*"] = [html(page_of("sample_user/films", 2, [], 2))]
    fetched = provider(site, "sample_user/films").fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 72)
    assert site.paths[1:] == ["/sample_user/films/page/2/"]


def test_a_full_page_that_only_links_back_is_not_taken_for_the_last() -> None:
    site = site_with("sample_user/films", 216, 72)
    last = site.pages["/sample_user/films/page/3/"][0].text
    back = '<a class="previous" href="/sample_user/films/page/2/">Newer</a>'
    lost = last.replace('<span class="next">Older</span>', back)
    site.pages["/sample_user/films/page/3/"] = [html(lost)]
    more = html(page_of("sample_user/films", 4, range(217, 221), 4))
    site.pages["/sample_user/films/page/4/"] = [more]
    assert provider(site, "sample_user/films").fetch(None).read == 220


def test_numbers_of_pages_count_where_the_link_to_the_next_is_gone() -> None:
    site = site_with("sample_user/films", 200, 72)
    for place, answers in site.pages.items():
        site.pages[place] = [html(answers[0].text.replace('class="next"', 'class="on"'))]
    site.pages["*"] = [html(page_of("sample_user/films", 4, [], 4))]
    assert provider(site, "sample_user/films").fetch(None).read == 200


def test_a_short_link_is_followed_to_what_it_means() -> None:
    site = two_pages()
    there = {"location": f"https://letterboxd.com/{LIST}/"}
    site.pages["/zzL1"] = [httpx.Response(302, headers=there)]
    fetched = provider(site, "boxd.it/zzL1").fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert [request.url.host for request in site.seen] == ["boxd.it", *["letterboxd.com"] * 2]
    assert site.paths == ["/zzL1", f"/{LIST}/", f"/{LIST}/page/2/"]


@pytest.mark.parametrize(
    ("value", "place"),
    [("boxd.it/zzL1", "/sample_user/"), (LIST, "/sample_user/watchlist/"), (LIST, "/sign-in/")],
)
def test_a_link_to_something_else_is_no_list(value: str, place: str) -> None:
    site = Site.of({"*": httpx.Response(302, headers={"location": place})})
    site.pages[place] = [taken("watchlist.page1.html")]
    with pytest.raises(RefusedError, match="leads to no such list") as caught:
        provider(site, value).fetch(None)
    assert caught.value.kind is Refusal.NOT_FOUND


def test_a_list_with_a_new_name_is_read_where_it_went() -> None:
    site = two_pages()
    there = {"location": f"/{LIST}/"}
    site.pages["/sample_user/list/old-name/"] = [httpx.Response(301, headers=there)]
    assert provider(site, "sample_user/list/old-name").fetch(None).read == 7


def test_titles_are_cleaned() -> None:
    text = page_of(LIST, 1, [1], 1).replace("Film 1 (", "  Fi\u0085lm\x01\n \u2029 1 (")
    entry = provider(Site.of({"*": html(text)})).fetch(None).entries[0]
    assert (entry.title, entry.year) == ("Fi lm 1", 2019)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Film (1 (2019)", ("Film (1", 2019)),
        ("1984 (1984)", ("1984", 1984)),
        ("1984", ("1984", None)),
        ("(2019)", ("(2019)", None)),
        ("Blade Runner (2049)", ("Blade Runner (2049)", None)),
    ],
)
def test_a_year_is_taken_from_the_name(name: str, expected: tuple[str, int | None]) -> None:
    text = page_of(LIST, 1, [1], 1).replace("Film 1 (2019)", name)
    assert titles(provider(Site.of({"*": html(text)})).fetch(None)) == [expected]


def test_one_film_without_a_name_is_skipped() -> None:
    text = page_of(LIST, 1, range(1, 9), 1, declared=8).replace("Film 3 (2019)", "")
    fetched = provider(Site.of({"*": html(text)})).fetch(None)
    assert (fetched.outcome, len(fetched.entries)) == (ListOutcome.COMPLETE, 7)
    assert [(row.rank, row.what) for row in fetched.skipped] == [(3, "film-3")]


def film_site(**films: str) -> Site:
    site = two_pages()
    for slug, name in films.items():
        site.pages[f"/film/{slug.replace('_', '-')}/"] = [taken(name)]
    site.pages["*"] = [taken("film.no-tmdb.html")]
    return site


LANTERN = FilmRecord(MediaType.MOVIE, ExternalIds(imdb="tt90000011", tmdb=9000011))
SERIES = FilmRecord(MediaType.TV, ExternalIds(imdb="tt90000023", tmdb=9000023))


def test_ids_and_series_come_from_the_pages_of_films_and_are_kept() -> None:
    films = FilmIdsInMemory()
    site = film_site(the_lantern_keeper="film.movie.html", blafjell="film.tv-miniseries.html")
    fetched = provider(site, films=films, film_pages=50).fetch(None)
    assert [(entry.kind, entry.ids) for entry in fetched.entries[:3]] == [
        (MediaType.MOVIE, LANTERN.ids),
        (MediaType.TV, SERIES.ids),
        (None, ExternalIds()),
    ]
    assert films.known["blafjell"] == SERIES
    assert len(films.known) == 7
    again = film_site()
    assert provider(again, films=films, film_pages=50).fetch(None) == fetched
    assert len(again.seen) == 2


def test_no_more_films_are_looked_up_than_allowed_and_the_rest_next_time() -> None:
    films = FilmIdsInMemory()
    first = provider(film_site(), films=films, film_pages=5).fetch(None)
    assert (len(films.known), first.validators) == (5, None)
    site = film_site()
    second = provider(site, films=films, film_pages=5).fetch(first.validators)
    assert len(films.known) == 7
    assert len(site.seen) == 4
    site = film_site()
    assert provider(site, films=films, film_pages=5).fetch(second.validators).is_unchanged
    assert len(site.seen) == 1


def test_what_is_known_is_used_even_where_nothing_is_looked_up() -> None:
    films = FilmIdsInMemory({"blafjell": SERIES})
    site = two_pages()
    fetched = provider(site, films=films).fetch(None)
    assert [entry.kind for entry in fetched.entries] == [None, MediaType.TV, *[None] * 5]
    assert len(site.seen) == 2


def test_a_list_read_without_ids_is_read_again_once_they_are_wanted() -> None:
    without = provider(two_pages()).fetch(None)
    assert without.validators is not None
    assert not provider(film_site(), film_pages=50).fetch(without.validators).is_unchanged


def test_a_film_that_is_gone_is_known_to_have_no_ids() -> None:
    films = FilmIdsInMemory()
    site = film_site(blafjell="404.html")
    fetched = provider(site, films=films, film_pages=50).fetch(None)
    assert films.known["blafjell"] == FilmRecord()
    assert fetched.validators is not None


@pytest.mark.parametrize(
    ("failing", "status"),
    [("maintenance-503.html", 503), ("list.page1.html", 200), ("diary.page.html", 200)],
)
def test_the_page_of_one_film_does_not_cost_the_list(failing: str, status: int) -> None:
    films = FilmIdsInMemory()
    site = film_site()
    site.pages["/film/blafjell/"] = [taken(failing, status)]
    fetched = provider(site, films=films, film_pages=50).fetch(None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert titles(fetched)[1] == ("Blåfjell", 2021)
    assert (len(films.known), fetched.validators) == (6, None)


@pytest.mark.parametrize(
    ("failing", "status", "most"),
    [("blocked-cloudflare-403.html", 403, 4), ("maintenance-503.html", 503, 3 * 7)],
)
def test_film_pages_that_are_refused_or_keep_failing_are_left_alone(
    failing: str, status: int, most: int
) -> None:
    site = site_with(LIST, 100, 100, declared=100)
    site.pages["*"] = [taken(failing, status)]
    fetched = provider(site, film_pages=50).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 100)
    assert len(site.seen) <= 1 + most


def test_a_film_page_that_is_cut_off_says_nothing_about_ids() -> None:
    films = FilmIdsInMemory()
    site = film_site()
    text = taken("film.movie.html").text
    site.pages["*"] = [html(text[: text.index("<a href")])]
    provider(site, films=films, film_pages=1).fetch(None)
    assert films.known == {}


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ('data-tmdb-type="tv" data-tmdb-id="9000023"', SERIES),
        ('data-track-action="TMDB"', SERIES),
        ('data-track-action="IMDb"', FilmRecord(MediaType.TV, ExternalIds(tmdb=9000023))),
    ],
)
def test_ids_are_found_in_more_than_one_place(gone: str, expected: FilmRecord) -> None:
    text = taken("film.tv-miniseries.html").text.replace(gone, "")
    films = FilmIdsInMemory()
    provider(Site.of({"*": html(text)}), "film/three-days-in-may", films).fetch(None)
    assert films.known == {"three-days-in-may": expected}


def test_a_film_is_a_list_of_one() -> None:
    site = Site.of({"/film/three-days-in-may/": taken("film.tv-miniseries.html")})
    fetched = provider(site, "film/three-days-in-may").fetch(Validators(stamp="x"))
    entry = fetched.entries[0]
    assert (fetched.outcome, fetched.declared) == (ListOutcome.COMPLETE, 1)
    assert (entry.label, entry.kind, entry.ids) == (
        "Three Days in May (2020)",
        MediaType.TV,
        SERIES.ids,
    )
    assert len(site.seen) == 1


def measure(pages: int = 50) -> float:
    """Measure how many films a second are read from pages of 100, on one core."""
    body = page_of(LIST, 1, range(100), 20, declared=2000).encode()
    response = Response(
        service="letterboxd", status=200, headers=Headers(), body=body, path=f"x/{LIST}/"
    )
    begin = time.process_time()
    for _ in range(pages):
        assert len(read_page(response, parse(LIST)).rows) == 100
    return pages * 100 / (time.process_time() - begin)


def test_every_page_that_lies_there_is_named_in_the_readme() -> None:
    folder = FIXTURES / PAGES
    readme = (folder / "README.md").read_text()
    stems = {path.name.split(".headers")[0] for path in folder.glob("*.[htx]*")}
    assert all(stem.removesuffix(".html").removesuffix(".xml") in readme for stem in stems)


if __name__ == "__main__":
    print(f"{measure():,.0f} films/s")
