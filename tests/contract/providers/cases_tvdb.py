"""The samples of TheTVDB, and what each stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome
from listsync.errors import ListsyncError, Refusal, ResponseChangedError
from listsync.http.login_store import LoginStore
from listsync.ports.lists import ListProvider
from listsync.providers.tvdb.reader import Tvdb
from listsync.providers.tvdb.source import TvdbOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, KEY, Case
from tests.contract.providers.site import Site, client, sample
from tests.fakes import FilmIdsInMemory, KeptTokens

PIN = "not-a-real-pin"


def tvdb_provider(
    site: Site,
    value: str = "990001",
    *,
    known: FilmIdsInMemory | None = None,
    logins: LoginStore | None = None,
    key: str | None = KEY,
    pin: str | None = None,
    id_calls: int = 200,
) -> ListProvider:
    """Read from *site*, which need not say how one logs in."""
    site.pages.setdefault("/v4/login", [sample("tvdb/login.json")])
    options = TvdbOptions(
        api_key=SecretStr(key) if key else None,
        pin=SecretStr(pin) if pin else None,
        id_calls=id_calls,
        at_once=1,
    )
    films = FilmIdsInMemory() if known is None else known
    kept = KeptTokens() if logins is None else logins
    return Tvdb(parse(value), options, client(options, site), films, kept)


def sample_pages() -> dict[str, httpx.Response]:
    return {
        "/v4/lists/slug/synthetic-list": sample("tvdb/list-by-slug.json"),
        "/v4/lists/990001/extended": sample("tvdb/list-extended.json"),
        "/v4/series/800021/extended": sample("tvdb/series-extended.json"),
        "/v4/movies/850011/extended": sample("tvdb/movie-extended.json"),
        "/v4/series/800022/extended": sample("tvdb/error-404.json", 404),
    }


_ALL = ("login", "list-by-slug", "list-extended", "series-extended", "movie-extended", "error-404")


def _tvdb(
    name: str,
    samples: tuple[str, ...],
    pages: Callable[[], dict[str, httpx.Response]],
    expected: ListOutcome | type[ListsyncError] | Refusal,
    *,
    value: str = "990001",
    titles: int = 0,
    key: str | None = KEY,
) -> Case:
    return Case(
        name=f"tvdb/{name}",
        samples=samples,
        provider=lambda: tvdb_provider(Site.of({**pages()}), value, key=key),
        expected=expected,
        titles=titles,
    )


CASES = (
    _tvdb(
        "list",
        tuple(f"tvdb/{name}.json" for name in _ALL),
        sample_pages,
        ListOutcome.COMPLETE,
        value="https://thetvdb.com/lists/synthetic-list",
        titles=3,
    ),
    _tvdb("without-key", (), sample_pages, Refusal.CREDENTIAL, key=None),
    _tvdb("favorites-without-pin", (), sample_pages, Refusal.CREDENTIAL, value="favorites"),
    _tvdb(
        "bad-key",
        ("tvdb/error-401.json",),
        lambda: {
            "*": sample("tvdb/error-401.json", 401),
            "/v4/login": sample("tvdb/error-401.json", 401),
        },
        Refusal.CREDENTIAL,
    ),
    _tvdb(
        "not-found",
        ("tvdb/error-404.json",),
        lambda: {"*": sample("tvdb/error-404.json", 404)},
        Refusal.NOT_FOUND,
    ),
    _tvdb(
        "page",
        ("tvdb/list.html",),
        lambda: {"*": sample("tvdb/list.html")},
        ResponseChangedError,
    ),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "tvdb": lambda _, failure: tvdb_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
}
