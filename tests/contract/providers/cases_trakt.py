"""The samples of Trakt, and what each stands for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome, Validators
from listsync.errors import ListsyncError, Refusal, UnavailableError
from listsync.ports.lists import ListProvider
from listsync.providers.trakt.reader import Trakt
from listsync.providers.trakt.source import TraktOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, KEY, Case
from tests.contract.providers.site import FIXTURES, Site, client, sample
from tests.fakes import KeptTokens


def trakt_provider(
    site: Site, value: str = "sample_user/lists/synthetic-list", tokens: KeptTokens | None = None
) -> ListProvider:
    options = TraktOptions(client_id=SecretStr(KEY), client_secret=SecretStr(KEY))
    return Trakt(parse(value), options, client(options, site), tokens)


def _trakt(
    name: str,
    expected: ListOutcome | type[ListsyncError] | Refusal,
    status: int = 200,
    *,
    value: str = "sample_user/lists/synthetic-list",
    titles: int = 0,
) -> Case:
    """Read a Trakt list whose every answer is this sample."""
    beside = f"{name.rpartition('.')[0]}.headers.txt"
    there = tuple(one for one in (name, beside) if (FIXTURES / one).exists())
    return Case(
        name=f"{name}-{value}",
        samples=there,
        provider=lambda: trakt_provider(Site.of({"*": sample(name, status)}), value),
        expected=expected,
        titles=titles,
    )


def _trakt_login(
    name: str,
    samples: tuple[str, ...],
    pages: dict[str, httpx.Response | list[httpx.Response]],
    expected: ListOutcome | Refusal,
    titles: int = 0,
    *,
    value: str = "me/watchlist",
    expires_in: timedelta = timedelta(days=1),
    previous: Validators | None = None,
) -> Case:
    """Read one's own Trakt list with a login that ends soon or not."""
    return Case(
        name=name,
        samples=samples,
        provider=lambda: trakt_provider(Site.of({**pages}), value, KeptTokens(expires_in)),
        expected=expected,
        titles=titles,
        previous=previous,
    )


def _dated(response: httpx.Response) -> httpx.Response:
    response.headers["date"] = "Sun, 22 Nov 2026 07:00:00 GMT"
    return response


def _with_body(name: str, body: str) -> httpx.Response:
    told = sample(name)
    return httpx.Response(told.status_code, headers=told.headers, content=sample(body).content)


_TRAKT_PAGES = ("trakt/list-items.page1.json", "trakt/list-items.page2.json")
_TRAKT_LIST = "/users/sample_user/lists/synthetic-list"
_READ_BEFORE = Validators(stamp="2026-11-22T06:00:00+00:00 7")
_ENDS = timedelta(seconds=1)


CASES = (
    Case(
        name="trakt/list",
        samples=(
            *_TRAKT_PAGES,
            *(name.replace(".json", ".headers.txt") for name in _TRAKT_PAGES),
        ),
        provider=lambda: trakt_provider(
            Site.of({f"{_TRAKT_LIST}/items": [sample(name) for name in _TRAKT_PAGES]})
        ),
        expected=ListOutcome.COMPLETE,
        titles=5,
        skipped=2,
    ),
    Case(
        name="trakt/rows-lost",
        samples=("trakt/limit-clamped-to-250.headers.txt",),
        provider=lambda: trakt_provider(
            Site.of(
                {"*": _with_body("trakt/limit-clamped-to-250.json", "trakt/movies-popular.json")}
            ),
            "popular:movies",
        ),
        expected=ListOutcome.PARTIAL,
        titles=2,
    ),
    Case(
        name="trakt/unchanged",
        samples=("trakt/list-summary.json",),
        provider=lambda: trakt_provider(
            Site.of({_TRAKT_LIST: _dated(sample("trakt/list-summary.json"))})
        ),
        expected=ListOutcome.UNCHANGED,
        previous=_READ_BEFORE,
    ),
    _trakt("trakt/list-items.empty.json", ListOutcome.EMPTY),
    _trakt("trakt/watchlist.json", ListOutcome.COMPLETE, value="bob/watchlist", titles=3),
    _trakt("trakt/favorites.json", ListOutcome.COMPLETE, value="bob/favorites", titles=1),
    _trakt(
        "trakt/collection-movies.json",
        ListOutcome.COMPLETE,
        value="bob/collection/movies",
        titles=1,
    ),
    _trakt("trakt/movies-trending.json", ListOutcome.COMPLETE, value="trending:movies", titles=2),
    _trakt("trakt/shows-trending.json", ListOutcome.COMPLETE, value="trending:shows", titles=1),
    _trakt("trakt/movies-popular.json", ListOutcome.COMPLETE, value="popular:movies", titles=2),
    _trakt(
        "trakt/movies-anticipated.json",
        ListOutcome.COMPLETE,
        value="anticipated:movies",
        titles=1,
    ),
    _trakt(
        "trakt/movies-boxoffice.json", ListOutcome.COMPLETE, value="boxoffice:movies", titles=1
    ),
    _trakt(
        "trakt/movies-favorited.json",
        ListOutcome.COMPLETE,
        value="favorited:movies:weekly",
        titles=1,
    ),
    _trakt(
        "trakt/movies-watched.json", ListOutcome.COMPLETE, value="watched:movies:weekly", titles=1
    ),
    _trakt("trakt/private-401.json", Refusal.PRIVATE),
    _trakt("trakt/bad-key-403.json", Refusal.CREDENTIAL),
    Case(
        name="trakt/not-visible-403",
        samples=("trakt/bad-key-403.headers.txt",),
        provider=lambda: trakt_provider(
            Site.of(
                {
                    "*": sample("trakt/bad-key-403.json"),
                    "/movies/trending": sample("trakt/movies-trending.json"),
                }
            )
        ),
        expected=Refusal.PRIVATE,
    ),
    _trakt("trakt/cloudflare-403.html", Refusal.BLOCKED),
    _trakt("trakt/missing-404.json", Refusal.NOT_FOUND),
    _trakt("trakt/locked-423.json", Refusal.CREDENTIAL),
    _trakt("trakt/vip-426.json", Refusal.SUBSCRIPTION),
    _trakt("trakt/ratelimit-429.json", Refusal.RATE_LIMITED),
    _trakt("trakt/cloudflare-1015-429.html", Refusal.RATE_LIMITED),
    _trakt("trakt/server-502.html", UnavailableError),
    _trakt("trakt/cloudflare-522.html", UnavailableError, 522),
    _trakt_login(
        "trakt/recommendations",
        ("trakt/recommendations-movies.json",),
        {"*": sample("trakt/recommendations-movies.json")},
        ListOutcome.COMPLETE,
        titles=2,
        value="me/recommendations/movies",
    ),
    _trakt_login(
        "trakt/own-unchanged",
        ("trakt/last-activities.json",),
        {"/sync/last_activities": _dated(sample("trakt/last-activities.json"))},
        ListOutcome.UNCHANGED,
        previous=_READ_BEFORE,
    ),
    _trakt_login(
        "trakt/login-renewed",
        ("trakt/device-code.json", "trakt/device-token.200.json"),
        {
            "/oauth/token": sample("trakt/device-token.200.json"),
            "*": sample("trakt/watchlist.json"),
        },
        ListOutcome.COMPLETE,
        titles=3,
        expires_in=_ENDS,
    ),
    _trakt_login(
        "trakt/login-ended",
        ("trakt/token.400-invalid-grant.json",),
        {"/oauth/token": sample("trakt/token.400-invalid-grant.json", 400)},
        Refusal.CREDENTIAL,
        expires_in=_ENDS,
    ),
    _trakt_login(
        "trakt/app-removed",
        ("trakt/token.401-invalid-client.json",),
        {"/oauth/token": sample("trakt/token.401-invalid-client.json", 401)},
        Refusal.CREDENTIAL,
        expires_in=_ENDS,
    ),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "trakt": lambda _, failure: trakt_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
}
