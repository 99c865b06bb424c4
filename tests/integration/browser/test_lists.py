"""Lists behind a bot wall: what the providers make of them with a real Chromium."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listsync.browser import client
from listsync.browser.client import Browser, BrowserPage, installed
from listsync.config_types import PageOptions
from listsync.domain.lists import ListOutcome
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.browser_fallback import BrowserFallback
from listsync.http.service_client import ServiceClient, build_client
from listsync.ports.lists import ListProvider
from listsync.providers.imdb.reader import Imdb
from listsync.providers.imdb.source import ImdbOptions
from listsync.providers.imdb.source import parse as parse_imdb
from listsync.providers.letterboxd.reader import Letterboxd
from listsync.providers.letterboxd.source import LetterboxdOptions
from listsync.providers.letterboxd.source import parse as parse_letterboxd
from tests.fakes import FilmIdsInMemory
from tests.integration.browser.place import Place, place
from tests.integration.browser.walled import IMDB_TITLES, WalledSite, walled_site

pytestmark = [
    pytest.mark.usefixtures("chromium"),
    pytest.mark.timeout(90),
    pytest.mark.slow,
]

_LIST = "/sample_user/list/synthetic-list/"
Follow = Callable[..., ListProvider]


@pytest.fixture(scope="module", name="here")
def _here(drivers: Path) -> Iterator[Place]:
    with place(drivers) as one, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(one.temp))
        yield one
        assert one.is_clean(), (one.processes(), one.sessions(), one.records())


@pytest.fixture(scope="module")
def chrome(here: Place) -> Iterator[Browser]:
    """Start it once for all: each test has a site of another host, which knows no cookie yet."""
    with Browser("test", here.settings) as one:
        yield one


class Lent:
    """A browser that stays open; remembers how often one was wanted."""

    def __init__(self, browser: Browser) -> None:
        self.starts = 0
        self.page: Callable[..., BrowserPage] = browser.page
        self.kill = browser.kill

    def start(self) -> Lent:
        self.starts += 1
        return self

    def close(self) -> None:
        pass


@pytest.fixture
def lent(chrome: Browser) -> Lent:
    return Lent(chrome)


@pytest.fixture(name="walled")
def _walled() -> Iterator[WalledSite]:
    with walled_site() as site:
        yield site


@pytest.fixture
def follow(lent: Lent, walled: WalledSite) -> Iterator[Follow]:
    """Follow a list, by browser where that must be."""
    browser = BrowserFallback("test", lent.start)
    clients: list[ServiceClient] = []

    def client(options: PageOptions) -> ServiceClient:
        clients.append(build_client(options, browser=browser))
        return clients[-1]

    def build(service: str, text: str, patience_s: float = 30) -> ListProvider:
        if service == "imdb":
            options = ImdbOptions(
                base_url=walled.url, web_url=walled.url, list_timeout_s=patience_s
            )
            return Imdb(parse_imdb(text), options, client(options))
        settings = LetterboxdOptions(
            base_url=walled.url, film_pages=0, pace_s=0, list_timeout_s=patience_s
        )
        source = parse_letterboxd(text)
        return Letterboxd(source, settings, client(settings), FilmIdsInMemory())

    with browser:
        yield build
    for one in clients:
        one.close()


def test_a_letterboxd_list_behind_the_wall(follow: Follow, walled: WalledSite) -> None:
    fetched = follow("letterboxd", "sample_user/list/synthetic-list").fetch(None)
    assert (fetched.outcome, fetched.read, fetched.declared) == (ListOutcome.COMPLETE, 7, 7)
    # Asked plainly once, then by a browser, which stays, with its cookie, for the rest.
    assert walled.statuses(_LIST) == [403, 403, 200]
    assert walled.statuses(f"{_LIST}page/2/") == [200]


def test_an_imdb_list_behind_the_wall(follow: Follow, walled: WalledSite) -> None:
    fetched = follow("imdb", "ls990000001").fetch(None)
    assert (fetched.outcome, fetched.read) == (ListOutcome.COMPLETE, IMDB_TITLES)
    last = fetched.entries[-1]
    assert (last.rank, last.title, last.ids.imdb) == (IMDB_TITLES, "Film 300", "tt0000300")
    assert walled.statuses("/") == [403]
    assert walled.statuses("/list/ls990000001/?page=2") == [200]


def test_lists_of_a_service_share_the_browser(
    follow: Follow, walled: WalledSite, lent: Lent
) -> None:
    follow("letterboxd", "sample_user/list/synthetic-list").fetch(None)
    follow("letterboxd", "sample_user/list/synthetic-list").fetch(None)
    assert walled.statuses(_LIST) == [403, 403, 200, 200]
    assert lent.starts == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sample_user/list/hidden", Refusal.PRIVATE),
        ("sample_user/list/lost", Refusal.NOT_FOUND),
        ("sample_user/list/stalls", Refusal.BLOCKED),
    ],
)
def test_behind_the_wall_the_service_says_no(follow: Follow, text: str, kind: Refusal) -> None:
    with pytest.raises(RefusedError) as refused:
        follow("letterboxd", text, 3 if text.endswith("stalls") else 30).fetch(None)
    assert refused.value.kind is kind


def test_behind_the_wall_the_page_has_changed(follow: Follow) -> None:
    with pytest.raises(ResponseChangedError):
        follow("letterboxd", "sample_user/list/old").fetch(None)


def test_a_wall_that_lets_no_browser_through(follow: Follow, walled: WalledSite) -> None:
    walled.is_open = False
    with pytest.raises(RefusedError, match="to a browser too") as refused:
        follow("letterboxd", "sample_user/list/synthetic-list", 3).fetch(None)
    assert refused.value.kind is Refusal.BLOCKED
    with pytest.raises(ListsyncError):
        follow("imdb", "ls990000001", 3).fetch(None)


def test_without_a_browser_it_is_blocked_and_told_what_to_install(
    follow: Follow, lent: Lent, here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent.page = Browser("test", here.settings).page
    monkeypatch.setattr(client, "installed", _none)
    with pytest.raises(RefusedError, match="apt install chromium") as refused:
        follow("letterboxd", "sample_user/list/synthetic-list").fetch(None)
    assert refused.value.kind is Refusal.BLOCKED


def _none(service: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "/nowhere")
        installed(service)
