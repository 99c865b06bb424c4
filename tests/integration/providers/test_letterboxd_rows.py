"""Which films a page of Letterboxd shows, how surely, and what a hostile page can do."""

from __future__ import annotations

import re

import httpx
import pytest

from listsync.domain.lists import Fetched, ListOutcome
from listsync.domain.media import ExternalIds, FilmRecord, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.providers.letterboxd.reader import Letterboxd
from listsync.providers.letterboxd.source import LetterboxdOptions, parse
from tests.contract.providers.site import Site, answer, client
from tests.fakes import FilmIdsInMemory
from tests.integration.providers.test_letterboxd import (
    LIST,
    html,
    page_of,
    poster,
    provider,
    site_with,
    taken,
    titles,
)

FILMS = "sample_user/films"
CHART = "films/popular/this/week"
PART = "/csi/films/films-browser-list/popular/this/week/"
COMPONENT = (
    '<div class="react-component" data-component-class="{name}" data-item-name="Film 9 (2019)" '
    'data-item-slug="film-9"></div>'
)


def listed(films: str, declared: int | None, value: str = LIST, **more: str) -> Fetched:
    """Read a list of one page that shows *films*; *more* is put before the list or after it."""
    page = page_of(value, 1, [], 1, declared)
    page = page.replace('grid"></ul>', f'grid">{films}</ul>{more.get("after", "")}')
    page = page.replace("<body>", f"<body>{more.get('before', '')}")
    return provider(Site.of({"*": html(page)}), value).fetch(None)


def bare(number: int) -> str:
    """Write a poster without what is around it."""
    return re.sub(r"^<li[^>]*>|<p class.*$", "", poster(number))


def item_of(*numbers: int) -> str:
    return f'<li class="posteritem">{"".join(map(bare, numbers))}</li>'


@pytest.mark.parametrize("name", ["LazyPoster", "globals.comps.LazyPoster"])
def test_a_poster_is_known_by_its_component(name: str) -> None:
    fetched = listed(f"<b>{COMPONENT.format(name=name)}</b>", 1)
    assert titles(fetched) == [("Film 9", 2019)]


@pytest.mark.parametrize(
    "around",
    ["<aside>{}</aside>", "<header>{}</header>", '<div class="related">{}</div>', "<nav>{}</nav>"],
)
@pytest.mark.parametrize("value", [LIST, FILMS])
def test_posters_elsewhere_are_no_rows_wherever_they_stand(around: str, value: str) -> None:
    grid = f'<div class="poster-grid"><ul class="grid">{poster(9)}</ul></div>'
    fetched = listed(poster(1), None, value, before=around.format(grid), after=around.format(grid))
    assert titles(fetched) == [("Film 1", 2019)]


def test_posters_beside_an_empty_list_do_not_fill_it() -> None:
    with pytest.raises(ResponseChangedError, match="shows no films"):
        listed("", 3, after=f'<ul class="grid">{poster(9)}</ul>')


def test_the_count_tells_that_a_second_poster_in_an_item_is_not_of_the_list() -> None:
    fetched = listed(item_of(1) + item_of(2, 9), 2)
    assert titles(fetched) == [("Film 1", 2019), ("Film 2", 2019)]
    assert fetched.is_sure


def test_what_no_count_tells_to_be_of_the_list_is_a_broken_row() -> None:
    films = "".join(item_of(number) for number in range(1, 8))
    fetched = listed(films + bare(9), None, FILMS)
    assert (len(fetched.entries), fetched.broken, fetched.is_sure) == (7, 1, False)
    assert [(row.rank, row.what) for row in fetched.skipped] == [(8, "film-9")]
    assert fetched.skipped[0].why == "it stands outside the list's items"


@pytest.mark.parametrize(("declared", "broken"), [(3, 0), (4, 1), (None, 1)])
def test_an_item_without_a_poster_is_a_broken_row_unless_all_films_are_there(
    declared: int | None, broken: int
) -> None:
    fetched = listed(item_of(1) + item_of() + item_of(2) + item_of(3), declared)
    assert (len(fetched.entries), fetched.broken) == (3, broken)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert fetched.is_sure == (not broken)
    assert (fetched.validators is None) or fetched.is_sure


def test_more_than_a_quarter_of_broken_rows_is_another_format() -> None:
    with pytest.raises(ResponseChangedError, match="2 of 4 rows"):
        listed(item_of(1) + item_of() + item_of() + item_of(3), None)


@pytest.mark.parametrize(("shown", "is_sure"), [(72, True), (60, False), (36, False)])
def test_a_page_that_is_not_full_though_another_follows_has_lost_rows(
    shown: int, *, is_sure: bool
) -> None:
    site = site_with(FILMS, 100, 72)
    site.pages[f"/{FILMS}/"] = [html(page_of(FILMS, 1, range(1, shown + 1), 2))]
    fetched = provider(site, FILMS).fetch(None)
    assert (len(fetched.entries), fetched.is_sure) == (shown + 28, is_sure)
    assert fetched.broken == (not is_sure)


def test_a_page_that_repeats_films_is_not_full() -> None:
    site = site_with(FILMS, 100, 72)
    site.pages[f"/{FILMS}/"] = [html(page_of(FILMS, 1, [*range(1, 71), 1, 2], 2))]
    fetched = provider(site, FILMS).fetch(None)
    assert (fetched.repeated, fetched.broken, fetched.is_sure) == (2, 1, False)
    assert fetched.skipped[0].why == "only 70 films are on a page of 72"


def test_a_film_is_the_same_by_its_place_whatever_its_poster_is_called() -> None:
    again = poster(1).replace("Film 1 (2019)", "Another Name (2019)")
    fetched = listed(poster(1) + again, 2)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.PARTIAL, 1)


@pytest.mark.parametrize("is_first", [True, False])
def test_a_film_without_its_place_may_be_any_of_its_name(is_first: bool) -> None:
    again = re.sub(r' data-(item-slug|item-link|target-link)="[^"]*"', "", poster(1))
    films = [again, poster(1)] if is_first else [poster(1), again]
    fetched = listed("".join(films), 2)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.PARTIAL, 1)


def test_a_film_without_its_place_may_be_one_whose_year_is_not_shown() -> None:
    undated = poster(1).replace(" (2019)", "")
    again = re.sub(r' data-(item-slug|item-link|target-link)="[^"]*"', "", poster(1))
    fetched = listed(undated + again, 2)
    assert (fetched.outcome, fetched.distinct) == (ListOutcome.PARTIAL, 1)


@pytest.mark.parametrize("value", [LIST, "sample_user/watchlist"])
def test_a_list_without_its_count_is_not_sure(value: str) -> None:
    page = page_of(value, 1, [1, 2], 1).replace("<body>", '<body class="watchlist">')
    fetched = provider(Site.of({"*": html(page)}), value).fetch(None)
    assert (fetched.lacks_count, fetched.is_sure) == (True, False)


@pytest.mark.parametrize("films", [100, 172])
def test_a_last_page_without_films_has_lost_them(films: int) -> None:
    site = site_with(FILMS, films, 72)
    last = -(-films // 72)
    site.pages[f"/{FILMS}/page/{last}/"] = [html(page_of(FILMS, last, [], last))]
    fetched = provider(site, FILMS).fetch(None)
    assert (fetched.broken, fetched.is_sure) == (1, False)
    assert fetched.skipped[-1].why == f"page {last} shows no films, and others link to it"


@pytest.mark.parametrize("value", ["director/somebody", "films/in/a-collection"])
@pytest.mark.parametrize(
    ("named", "is_its_own"),
    [
        ('<meta property="og:url" content="https://letterboxd.com/{}/"/>', True),
        ('<link rel="canonical" href="/{}"/>', True),
        ('<meta property="og:url" content="https://letterboxd.com/{}/by/release/"/>', True),
        ("", True),
        ('<meta property="og:url" content="https://letterboxd.com/{}-else/"/>', False),
        ('<meta property="og:url" content="https://letterboxd.com/"/>', False),
        ('<meta property="og:url" content="https://[/"/>', False),
        ('<link rel="canonical" href="https://letterboxd.com/films/popular/"/>', False),
    ],
)
def test_a_page_that_names_another_address_is_not_that_of_a_person_or_collection(
    value: str, named: str, *, is_its_own: bool
) -> None:
    page = page_of(value, 1, [1, 2], 1).replace("<head>", f"<head>{named.format(value)}")
    site = Site.of({"*": html(page)})
    if is_its_own:
        assert len(provider(site, value).fetch(None).entries) == 2
    else:
        with pytest.raises(ResponseChangedError, match="another page came"):
            provider(site, value).fetch(None)


def test_the_highest_count_of_all_pages_holds() -> None:
    site = site_with(LIST, 200, 100, declared=200)
    site.pages[f"/{LIST}/page/2/"] = [html(page_of(LIST, 2, range(101, 201), 2, 201))]
    fetched = provider(site).fetch(None)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.PARTIAL, 201)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("films/popular", "/csi/films/films-browser-list/popular/"),
        ("films/popular/this/year", "/csi/films/films-browser-list/popular/this/year/"),
        ("films/in/a-collection", "/csi/films/films-browser-list/in/a-collection/"),
    ],
)
def test_a_shell_without_a_word_is_filled_from_the_known_place(value: str, part: str) -> None:
    shell = taken("popular.shell.html")
    site = Site.of({f"/{value}/": shell, part: taken("popular.part.html")})
    fetched = provider(site, value).fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, 2)
    assert site.paths == [f"/{value}/", part]


def test_a_shell_whose_films_are_nowhere_is_no_list_that_is_gone() -> None:
    gone = Site.of({f"/{CHART}/": taken("popular.shell.html"), "*": taken("404.html")})
    with pytest.raises(ResponseChangedError, match="not where they were"):
        provider(gone, CHART).fetch(None)


def test_a_refusal_of_what_fills_a_shell_is_one_of_the_list() -> None:
    wall = taken("blocked-cloudflare-403.html")
    site = Site.of({f"/{CHART}/": taken("popular.shell.html"), PART: wall})
    with pytest.raises(RefusedError) as caught:
        provider(site, CHART).fetch(None)
    assert caught.value.kind is Refusal.BLOCKED


def test_posters_that_decorate_a_shell_are_not_its_films() -> None:
    text = taken("popular.shell.html").text
    shell = text.replace("<body", f"<body><div id='content'>{bare(9)}</div><body")
    site = Site.of({f"/{CHART}/": html(shell), PART: taken("popular.part.html")})
    assert provider(site, CHART).fetch(None).read == 2


def test_a_part_without_any_list_tags_is_read_and_seen_when_it_is_cut() -> None:
    part = f'<div class="poster-grid"><div>{bare(1)}</div><div>{bare(2)}</div></div>'
    pages = {f"/{CHART}/": taken("popular.shell.html")}
    assert provider(Site.of({**pages, PART: html(part)}), CHART).fetch(None).read == 2
    for length in range(1, len(part) - 5, 40):
        cut = Site.of({**pages, PART: html(part[:length])})
        with pytest.raises((UnavailableError, ResponseChangedError)):
            provider(cut, CHART).fetch(None)


@pytest.mark.parametrize("value", [LIST, FILMS, "sample_user/likes/films", "sample_user/diary"])
@pytest.mark.parametrize("page", ["sign-in.html", "popular.html", "film.movie.html"])
def test_a_page_to_log_in_or_of_something_else_is_no_list(value: str, page: str) -> None:
    with pytest.raises(ResponseChangedError, match="another page came"):
        provider(Site.of({"*": taken(page)}), value).fetch(None)


@pytest.mark.parametrize("value", [LIST, FILMS, "sample_user/watchlist"])
def test_the_list_of_another_member_is_not_taken(value: str) -> None:
    name = {FILMS: "films.page.html", LIST: "list.page1.html"}.get(value, "watchlist.page1.html")
    text = taken(name).text.replace('data-owner="sample_user"', 'data-owner="somebody_else"')
    with pytest.raises(ResponseChangedError, match="another page came"):
        provider(Site.of({"*": html(text)}), value).fetch(None)


def film_page(body: str, link: str = "", before: str = "") -> str:
    linked = f'<a data-track-action="TMDB" href="https://www.themoviedb.org/{link}/">TMDB</a>'
    return (
        "<html><head><title>Film • Letterboxd</title>"
        f'<meta property="og:type" content="video.movie"/></head><body {body}>'
        f"{before}{linked if link else ''}</body></html>"
    )


MOVIE = FilmRecord(MediaType.MOVIE, ExternalIds(tmdb=77))
UNTYPED = FilmRecord(None, ExternalIds(tmdb=77))
NOTHING = FilmRecord()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (film_page('data-tmdb-type="movie" data-tmdb-id="77"'), MOVIE),
        (film_page('data-tmdb-id="77"'), UNTYPED),
        (film_page('data-tmdb-id="77" data-tmdb-type="person"'), UNTYPED),
        (film_page('data-tmdb-id="77"', "movie/77"), MOVIE),
        (film_page("", before='<div data-tmdb-id="77" data-tmdb-type="movie"></div>'), MOVIE),
        (film_page('data-tmdb-type="movie" data-tmdb-id="77"', "movie/78"), NOTHING),
        (film_page('data-tmdb-type="movie" data-tmdb-id="77"', "tv/77"), NOTHING),
        (film_page('data-tmdb-id="77"', "tv/78"), NOTHING),
        (film_page("", before='<i data-tmdb-id="77"></i><i data-tmdb-id="78"></i>'), NOTHING),
        (film_page("", before='<i data-item-slug="x" data-tmdb-id="78"></i>'), NOTHING),
        (film_page("", before='<aside><i data-tmdb-id="78"></i></aside>'), NOTHING),
    ],
)
def test_a_number_at_tmdb_is_taken_only_where_nothing_contradicts_it(
    page: str, expected: FilmRecord
) -> None:
    films = FilmIdsInMemory()
    site = Site.of({f"/{LIST}/": html(page_of(LIST, 1, [1], 1, 1)), "*": html(page)})
    provider(site, films=films, film_pages=1).fetch(None)
    assert films.known == {"film-1": expected}


def looked_up(*answers: httpx.Response) -> tuple[Fetched, Site]:
    """Read a list of 6 films, whose pages are *answers* in turn."""
    site = Site.of({f"/{LIST}/": html(page_of(LIST, 1, range(1, 7), 1, 6)), "*": answers})
    return provider(site, film_pages=5).fetch(None), site


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        ("blocked-cloudflare-403.html", "bot protection answers in its place"),
        ("ratelimit-1015-429.html", "asks us to slow down"),
        ("list.page1.html", "a page that is no film's came in its place"),
    ],
)
def test_why_no_film_could_be_looked_up_is_said_with_what_follows(refusal: str, why: str) -> None:
    fetched, _ = looked_up(taken(refusal))
    assert fetched.outcome is ListOutcome.COMPLETE
    assert fetched.remark == (
        f"no film could be looked up for its ids (letterboxd: {why}); "
        "6 titles are matched by name instead"
    )


def test_one_film_that_could_be_looked_up_is_enough_to_say_nothing() -> None:
    wall = taken("blocked-cloudflare-403.html")
    assert looked_up(taken("film.movie.html"), wall)[0].remark == ""


def test_a_film_page_is_asked_again_when_the_service_names_the_time() -> None:
    busy = answer(b"slow down", 429, "text/html", retry_after="7")
    fetched, site = looked_up(busy, taken("film.movie.html"))
    assert (fetched.remark, len(site.seen)) == ("", 1 + 1 + 5)
    assert sum(entry.ids.tmdb is not None for entry in fetched.entries) == 5


HOSTILE = {
    "a million tags inside each other": "<div>" * 1_000_000,
    "lists inside each other": "<ul><li>" * 15_001,
    "attributes without an end": f"<p {' '.join(f'a{n}' for n in range(100_000))}>",
    "quoted attributes": "<p " + "".join(f'a{n}="<>"' for n in range(14_000)) + ">",
    "more posters than any page has": bare(9) * 1001,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_refused_before_it_costs_minutes(text: str) -> None:
    with pytest.raises(
        ResponseChangedError, match=r"out of all bounds|more than 1,000 films|larger than 4 MiB"
    ):
        listed(text, 7)


@pytest.mark.parametrize(
    "text",
    [
        f"<p a='{'x' * 1_000_000}'></p>",
        "".join(f"<font size={n}>" for n in range(2000)) + "<p>x" * 2000,
        "<div>" * 3000,
        "<script>" * 10_000 + "</script>",
    ],
    ids=["a huge attribute", "open fonts", "deep tags", "scripts"],
)
def test_a_strange_page_is_read_all_the_same(text: str) -> None:
    assert titles(listed(poster(1) + poster(2), 2, after=text)) == [
        ("Film 1", 2019),
        ("Film 2", 2019),
    ]


def test_a_page_of_more_than_four_mebibytes_is_not_read() -> None:
    options = LetterboxdOptions(film_pages=0, pace_s=0)
    body = page_of(LIST, 1, [1], 1, 1).encode() + b" " * (4 * 1024 * 1024)
    http = client(options, lambda _: answer(body, content_type="text/html"))
    with pytest.raises((ResponseChangedError, UnavailableError)):
        Letterboxd(parse(LIST), options, http, FilmIdsInMemory()).fetch(None)
