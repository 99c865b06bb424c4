"""The samples of Letterboxd, and what each stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from listsync.domain.lists import ListOutcome
from listsync.errors import ListsyncError, Refusal, ResponseChangedError, UnavailableError
from listsync.ports.lists import ListProvider
from listsync.providers.letterboxd.reader import Letterboxd
from listsync.providers.letterboxd.source import LetterboxdOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, Case
from tests.contract.providers.site import FIXTURES, Site, client, sample
from tests.fakes import FilmIdsInMemory

_AT = "/sample_user/list/synthetic-list/"
_WATCH = "/sample_user/watchlist/"
_PART = "/csi/films/films-browser-list/popular/this/week/"
_FILMS = "/sample_user/films/"


def letterboxd_provider(
    site: Site, value: str = "sample_user/list/synthetic-list"
) -> ListProvider:
    options = LetterboxdOptions(film_pages=0, pace_s=0)
    http = client(options, site)
    return Letterboxd(parse(value), options, http, FilmIdsInMemory())


def _letterboxd(
    path: str,
    names: tuple[str, ...],
    expected: ListOutcome | type[ListsyncError] | Refusal,
    titles: int = 0,
    *,
    status: int = 200,
    skipped: int = 0,
) -> Case:
    """Read a Letterboxd list whose pages are *names*, in turn."""
    samples = tuple(f"letterboxd/pages/{name}.html" for name in names)
    beside = tuple(name.replace(".html", ".headers.txt") for name in samples)
    pages = {
        path if number == 1 else f"{path}page/{number}/": sample(name, status)
        for number, name in enumerate(samples, start=1)
    }
    return Case(
        name=f"{path[1:]}{names[0]}",
        samples=(*samples, *(name for name in beside if (FIXTURES / name).exists())),
        provider=lambda: letterboxd_provider(Site.of({**pages}), path),
        expected=expected,
        titles=titles,
        skipped=skipped,
    )


def _chart(page: str) -> Case:
    """Read a chart whose *page* comes without films."""
    films = "letterboxd/pages/popular.part.html"
    return Case(
        name=f"letterboxd/{page}",
        samples=(page, films),
        provider=lambda: letterboxd_provider(
            Site.of({"/films/popular/this/week/": sample(page), _PART: sample(films)}),
            "films/popular/this/week",
        ),
        expected=ListOutcome.COMPLETE,
        titles=2,
    )


def _sites() -> tuple[Case, ...]:
    folder = "letterboxd/pages"
    diary, feed = f"{folder}/diary.page.html", f"{folder}/rss.xml"
    return (
        Case(
            name="letterboxd/diary",
            samples=(diary, feed),
            provider=lambda: letterboxd_provider(
                Site.of({"/sample_user/rss/": sample(feed), "*": sample(diary)}),
                "sample_user/diary",
            ),
            expected=ListOutcome.COMPLETE,
            titles=3,
        ),
        _chart(f"{folder}/popular.html"),
        _chart(f"{folder}/popular.shell.html"),
    )


CASES = (
    _letterboxd(_AT, ("list.page1", "list.page2"), ListOutcome.COMPLETE, 7),
    _letterboxd(_AT, ("list.page1", "list.page-beyond-last"), ListOutcome.PARTIAL, 4),
    _letterboxd(_AT, ("list.old-markup-2024", "list.page2"), ListOutcome.COMPLETE, 6),
    _letterboxd(_AT, ("list-detail.page",), ListOutcome.COMPLETE, 2),
    _letterboxd(_AT, ("list.rows-of-several-classes",), ListOutcome.COMPLETE, 7),
    _letterboxd(_AT, ("list.poster-without-name",), ListOutcome.COMPLETE, 6, skipped=1),
    _letterboxd(_AT, ("list.repeated-rows",), ListOutcome.PARTIAL, 7),
    _letterboxd(_AT, ("list.empty",), ListOutcome.EMPTY),
    _letterboxd(_AT, ("list.page-beyond-last",), ResponseChangedError),
    _letterboxd(_AT, ("list.drift-unknown-markup",), ResponseChangedError),
    _letterboxd(_WATCH, ("watchlist.page1", "watchlist.page2"), ListOutcome.COMPLETE, 5),
    _letterboxd(_WATCH, ("watchlist.empty",), ListOutcome.EMPTY),
    _letterboxd(_FILMS, ("films.page",), ListOutcome.COMPLETE, 3),
    _letterboxd(_FILMS, ("films.none",), ListOutcome.EMPTY),
    _letterboxd("/film/the-lantern-keeper/", ("film.movie",), ListOutcome.COMPLETE, 1),
    _letterboxd("/film/three-days-in-may/", ("film.tv-miniseries",), ListOutcome.COMPLETE, 1),
    _letterboxd("/film/untitled-harbor-project/", ("film.no-tmdb",), ListOutcome.COMPLETE, 1),
    _letterboxd(
        "/film/the-lantern-keeper/", ("film.tmdb-attributes-only",), ListOutcome.COMPLETE, 1
    ),
    _letterboxd(_AT, ("sign-in",), ResponseChangedError),
    _letterboxd(_FILMS, ("sign-in",), ResponseChangedError),
    _letterboxd(_AT, ("private-403",), Refusal.PRIVATE),
    _letterboxd(_AT, ("blocked-cloudflare-403",), Refusal.BLOCKED),
    _letterboxd(_AT, ("ratelimit-1015-429",), Refusal.RATE_LIMITED),
    _letterboxd(_AT, ("404",), Refusal.NOT_FOUND),
    _letterboxd(_AT, ("maintenance-503",), UnavailableError, status=503),
    *_sites(),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "letterboxd": lambda _, failure: letterboxd_provider(
        Site.of({"*": FAILING_ANSWERS[failure]()})
    ),
}
