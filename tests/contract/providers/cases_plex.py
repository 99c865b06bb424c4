"""The samples of Plex, and what each stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome, Validators
from listsync.errors import ListsyncError, Refusal, ResponseChangedError
from listsync.ports.lists import ListProvider
from listsync.providers.plex.reader import Plex
from listsync.providers.plex.source import PlexListOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, KEY, Case, Handler
from tests.contract.providers.site import Site, answer, client, sample
from tests.fakes import FilmIdsInMemory

UUID = "01234567-89ab-4cde-8f01-23456789abcd"
FEED = f"https://discover.provider.plex.tv/rss/{UUID}"
LIST = "/library/sections/watchlist/all"
TITLE = "/library/metadata/5f0000000000000000000013"
ETAG = 'W/"1a2b-synthetic"'
_HEADERS = "plex/watchlist.headers.txt"


def plex_provider(
    site: Handler, value: str = "watchlist", *, token: str | None = KEY, id_calls: int = 50
) -> Plex:
    options = PlexListOptions(token=SecretStr(token) if token else None, id_calls=id_calls)
    return Plex(parse(value), options, client(options, site), FilmIdsInMemory())


def _plex(
    name: str,
    pages: dict[str, tuple[str, ...]],
    expected: ListOutcome | type[ListsyncError] | Refusal,
    *,
    value: str = "watchlist",
    status: int = 200,
    titles: int = 0,
    beside: tuple[str, ...] = (),
) -> Case:
    return Case(
        name=f"plex/{name}",
        samples=tuple(dict.fromkeys((*(one for all_ in pages.values() for one in all_), *beside))),
        provider=lambda: plex_provider(
            Site.of({path: [sample(one, status) for one in all_] for path, all_ in pages.items()}),
            value,
        ),
        expected=expected,
        titles=titles,
    )


def _feed(name: str, expected: ListOutcome | type[ListsyncError], *, titles: int = 0) -> Case:
    sample_name = f"plex/watchlist.rss.{name}"
    return _plex(
        f"feed-{name}",
        {f"/rss/{UUID}": (sample_name,)},
        expected,
        value=FEED,
        titles=titles,
    )


CASES = (
    _plex(
        "watchlist",
        {
            LIST: ("plex/watchlist.page1.json", "plex/watchlist.page2.json"),
            TITLE: ("plex/title.json",),
        },
        ListOutcome.COMPLETE,
        titles=3,
    ),
    _plex("page-lost", {LIST: ("plex/watchlist.page2.json",)}, ResponseChangedError),
    _plex("empty", {LIST: ("plex/watchlist.empty.json",)}, ListOutcome.EMPTY),
    Case(
        name="plex/unchanged",
        samples=(_HEADERS,),
        provider=lambda: plex_provider(Site.of({LIST: answer(status=304, etag=ETAG)})),
        expected=ListOutcome.UNCHANGED,
        previous=Validators(etag=ETAG),
    ),
    _plex("error-401", {LIST: ("plex/error-401.json",)}, Refusal.CREDENTIAL, status=401),
    _plex("old-host", {LIST: ("plex/error-404-old-host.json",)}, Refusal.NOT_FOUND, status=404),
    _plex("no-feed", {"*": ("plex/error-401.json",)}, Refusal.NOT_FOUND, status=401, value=FEED),
    _feed("xml", ListOutcome.COMPLETE, titles=2),
    _feed("format-json.json", ListOutcome.COMPLETE, titles=1),
    _feed("empty.xml", ListOutcome.PARTIAL),
)


def _failing_feed(_: Path, failure: str) -> ListProvider:
    return plex_provider(Site.of({"*": FAILING_ANSWERS[failure]()}), FEED)


FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "plex": lambda _, failure: plex_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
    "plex-feed": _failing_feed,
}
