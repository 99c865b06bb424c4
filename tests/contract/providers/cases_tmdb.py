"""The samples of TMDB, and what each stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome
from listsync.errors import ListsyncError, Refusal, ResponseChangedError, UnavailableError
from listsync.ports.lists import ListProvider
from listsync.providers.tmdb.reader import Tmdb
from listsync.providers.tmdb.source import TmdbOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, KEY, Case, Handler
from tests.contract.providers.site import Site, client, sample


def tmdb_provider(
    site: Handler, value: str = "8990001", *, token: str | None = KEY, key: str | None = None
) -> ListProvider:
    options = TmdbOptions(
        token=SecretStr(token) if token else None, api_key=SecretStr(key) if key else None
    )
    return Tmdb(parse(value), options, client(options, site))


def _tmdb(
    name: str,
    path: str,
    samples: tuple[str, ...],
    expected: ListOutcome | type[ListsyncError] | Refusal,
    *,
    status: int = 200,
    value: str = "8990001",
    token: str | None = KEY,
    titles: int = 0,
    skipped: int = 0,
) -> Case:
    return Case(
        name=name,
        samples=samples,
        provider=lambda: tmdb_provider(
            Site.of({path: [sample(one, status) for one in samples]}),
            value,
            token=token,
            key=KEY,
        ),
        expected=expected,
        titles=titles,
        skipped=skipped,
    )


CASES = (
    _tmdb(
        "tmdb/list",
        "/4/list/8990001",
        ("tmdb/v4-list.page1.json", "tmdb/v4-list.page2.json"),
        ListOutcome.COMPLETE,
        titles=5,
    ),
    _tmdb(
        "tmdb/list-with-key",
        "/3/list/8990001",
        ("tmdb/v3-list.page1.json",),
        ListOutcome.COMPLETE,
        token=None,
        titles=2,
    ),
    _tmdb("tmdb/empty", "*", ("tmdb/v4-list.empty.json",), ListOutcome.EMPTY),
    _tmdb(
        "tmdb/collection",
        "/3/collection/99001",
        ("tmdb/collection.json",),
        ListOutcome.COMPLETE,
        value="collection/99001",
        titles=2,
    ),
    *(
        _tmdb(
            f"tmdb/person{role}",
            "/3/person/990001/combined_credits",
            ("tmdb/person-credits.json",),
            ListOutcome.COMPLETE,
            value=f"person/990001{role}",
            titles=titles,
            skipped=skipped,
        )
        for role, titles, skipped in (
            *(("", 3, 1), ("/cast", 2, 1), ("/crew", 2, 0)),
            *(("/director", 1, 0), ("/writer", 1, 0), ("/producer", 1, 0)),
        )
    ),
    *(
        _tmdb(
            f"tmdb/{value}",
            path,
            ("tmdb/discover-movie.json",),
            ListOutcome.COMPLETE,
            value=value,
            titles=2,
        )
        for value, path in (
            ("keyword/9799", "/3/discover/movie"),
            ("company/99010/tv", "/3/discover/tv"),
            ("network/49", "/3/discover/tv"),
            ("discover/movie?with_genres=27", "/3/discover/movie"),
            ("movie/top-rated", "/3/movie/top_rated"),
            ("trending/movie/day", "/3/trending/movie/day"),
        )
    ),
    *(
        _tmdb(f"tmdb/{name}", "*", (f"tmdb/error.{name}.json",), expected, status=int(name[-3:]))
        for name, expected in (
            ("invalid-key-401", Refusal.CREDENTIAL),
            ("private-401", Refusal.PRIVATE),
            ("not-found-404", Refusal.NOT_FOUND),
            ("rate-429", Refusal.RATE_LIMITED),
            ("offline-503", UnavailableError),
            ("page-limit-400", ResponseChangedError),
        )
    ),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "tmdb": lambda _, failure: tmdb_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
    "tmdb-with-key": lambda _, failure: tmdb_provider(
        Site.of({"*": FAILING_ANSWERS[failure]()}), token=None, key=KEY
    ),
}
