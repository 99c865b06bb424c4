"""Samples of watchlists of the request server, and what their reader makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome, Validators
from listsync.errors import ListsyncError, Refusal, ResponseChangedError
from listsync.ports.lists import ListProvider
from listsync.providers.seerr.reader import ServerWatchlist
from listsync.providers.seerr.source import parse
from listsync.seerr.client import Seerr
from tests.contract.providers.cases import FAILING_ANSWERS, KEY, Case
from tests.contract.providers.site import Site, sample
from tests.network import Network
from tests.unit.agent.seerr.playback import Clockless

Handler = Callable[[httpx.Request], httpx.Response]
OWNERS = "/api/v1/user/1/watchlist"
DISCOVER = "/api/v1/discover/watchlist"
_WHO = {
    "/api/v1/settings/public": {"initialized": True},
    "/api/v1/status": {"version": "3.1.0"},
    "/api/v1/user/7": {"id": 7, "displayName": "Kids"},
}


@dataclass(frozen=True)
class ServerSite(Network):
    """A request server, of which *site* has the watchlists."""

    site: Handler
    product: str

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        told = {**_WHO, "/api/v1/": {"api": f"{self.product} API"}}.get(path)
        return self.site(request) if told is None else httpx.Response(200, json=told)


def seerr_provider(
    site: Handler, value: str = "watchlist", product: str = "Seerr"
) -> ListProvider:
    server = Seerr(
        "http://seerr.test:5055",
        SecretStr(KEY),
        pool=ServerSite(site, product),
        token=Clockless(),
    )
    return ServerWatchlist(parse(value), server)


def _read(
    name: str,
    expected: ListOutcome | type[ListsyncError] | Refusal,
    titles: int = 0,
    *,
    more: tuple[str, ...] = (),
    path: str = OWNERS,
    value: str = "watchlist",
    product: str = "Seerr",
    status: int = 200,
    previous: Validators | None = None,
) -> Case:
    names = tuple(f"watchlists/{one}" for one in (name, *more))
    return Case(
        name=f"watchlists/{name}-{product}-{value}",
        samples=names,
        provider=lambda: seerr_provider(
            Site.of({path: [sample(one, status) for one in names]}), value, product
        ),
        expected=expected,
        titles=titles,
        previous=previous,
    )


CASES: tuple[Case, ...] = (
    _read("own.page1.json", ListOutcome.COMPLETE, 5, more=("own.page2.json",)),
    _read("own.page1.json", ListOutcome.PARTIAL, 3),
    _read(
        "own.page1.json",
        ListOutcome.COMPLETE,
        5,
        more=("own.page2.json",),
        product="Jellyseerr",
        path="/api/v1/user/7/watchlist",
        value="watchlist/7",
    ),
    _read("own.page1.json", ListOutcome.PARTIAL, 3, more=("plex-does-not-answer.json",)),
    _read("plex.json", ListOutcome.COMPLETE, 5),
    _read("plex.without-numbers.json", ListOutcome.PARTIAL, 3),
    _read("overseerr.json", ListOutcome.COMPLETE, 5, product="Overseerr", path=DISCOVER),
    _read(
        "overseerr.as-documented.json",
        ListOutcome.COMPLETE,
        2,
        product="Overseerr",
        path=DISCOVER,
        value="watchlist/7",
    ),
    _read("empty.json", ListOutcome.EMPTY),
    _read("plex-does-not-answer.json", ListOutcome.EMPTY, product="Overseerr", path=DISCOVER),
    _read("without-page.json", ResponseChangedError),
    _read("not-allowed-403.json", Refusal.CREDENTIAL, status=403),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "seerr": lambda _, failure: seerr_provider(Site.of({"*": FAILING_ANSWERS[failure]()}))
}
