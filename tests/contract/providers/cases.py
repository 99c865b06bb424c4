"""Every sample of every service, and what a provider makes of it. A new sample needs a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.ports.lists import ListProvider
from listsync.providers.file.reader import ListFile
from listsync.providers.file.source import FileOptions, FileSource
from listsync.providers.imdb.queries import MissingFields
from listsync.providers.imdb.reader import Imdb, read_site_pages
from listsync.providers.imdb.source import ImdbOptions
from listsync.providers.imdb.source import parse as parse_imdb
from listsync.providers.mdblist.reader import MdbList
from listsync.providers.mdblist.source import MdbListOptions
from listsync.providers.mdblist.source import parse as parse_mdblist
from listsync.providers.stevenlu.reader import StevenLu
from listsync.providers.stevenlu.source import StevenLuOptions
from listsync.providers.stevenlu.source import parse as parse_stevenlu
from tests.contract.providers.mdblist_official import OfficialLists
from tests.contract.providers.site import (
    FIXTURES,
    Site,
    answer,
    body_of,
    client,
    file_of,
    sample,
)

Handler = Callable[[httpx.Request], httpx.Response]
KEY = "not-a-real-key-0123456789"
LIST = "/lists/sample_user/synthetic-list"
NO_ITEMS = b'[{"items": 0, "updated": "2026-11-21T04:30:11Z"}]'


@dataclass(frozen=True, kw_only=True)
class Case:
    """`expected` is an outcome, or the error (and, when refused, its kind)."""

    name: str
    samples: tuple[str, ...]
    provider: Callable[[], ListProvider]
    expected: ListOutcome | type[ListsyncError] | Refusal
    titles: int = 0
    skipped: int = 0
    previous: Validators | None = None


def file_provider(path: Path) -> ListProvider:
    return ListFile(FileSource(path), FileOptions())


@dataclass(frozen=True)
class SampleFile:
    """Reads the file of a sample."""

    name: str

    def fetch(self, previous: Validators | None) -> Fetched:
        with file_of(self.name) as path:
            return file_provider(path).fetch(previous)


def stevenlu_provider(site: Site, value: str = "popular") -> ListProvider:
    options = StevenLuOptions()
    return StevenLu(parse_stevenlu(value), options, client(options, site))


def mdblist_provider(
    site: Handler, value: str = "sample_user/synthetic-list", key: str | None = None
) -> ListProvider:
    options = MdbListOptions(api_key=SecretStr(key) if key else None)
    return MdbList(parse_mdblist(value), options, client(options, site))


def _file(
    name: str, titles: int, *, skipped: int = 0, expected: ListOutcome | Refusal | None = None
) -> Case:
    return Case(
        name=name,
        samples=(name,),
        provider=lambda: SampleFile(name),
        expected=expected or ListOutcome.COMPLETE,
        titles=titles,
        skipped=skipped,
    )


def _stevenlu(
    name: str,
    status: int,
    expected: ListOutcome | Refusal,
    titles: int = 0,
    previous: Validators | None = None,
) -> Case:
    beside = name.rpartition(".")[0] + ".headers.txt"
    told = (beside,) if (FIXTURES / beside).exists() else ()
    return Case(
        name=name,
        samples=tuple(dict.fromkeys((name, *told))),
        provider=lambda: stevenlu_provider(Site.of({"*": sample(name, status)})),
        expected=expected,
        titles=titles,
        previous=previous,
    )


def _open(
    name: str,
    expected: ListOutcome | type[ListsyncError] | Refusal,
    status: int = 200,
    titles: int = 0,
) -> Case:
    """Read an MDBList list without a key."""
    return Case(
        name=f"{name}-{status}",
        samples=(name,),
        provider=lambda: mdblist_provider(Site.of({f"{LIST}/json/": sample(name, status)})),
        expected=expected,
        titles=titles,
    )


def _keyed(
    name: str,
    samples: tuple[str, ...],
    pages: dict[str, httpx.Response | list[httpx.Response]],
    expected: ListOutcome | Refusal,
    *,
    value: str = "sample_user/synthetic-list",
    titles: int = 0,
) -> Case:
    return Case(
        name=name,
        samples=samples,
        provider=lambda: mdblist_provider(Site.of({**pages}), value, KEY),
        expected=expected,
        titles=titles,
    )


def _official(name: str, expected: ListOutcome | Refusal, titles: int = 0) -> Case:
    """Read an official list of MDBList as the service has it."""
    value = f"https://mdblist.com/lists/official/{name}"
    return Case(
        name=f"mdblist/official/{name}",
        samples=(),
        provider=lambda: mdblist_provider(OfficialLists(films=120, series=30), value, KEY),
        expected=expected,
        titles=titles,
    )


def imdb_provider(site: Site, value: str = "ls990000001") -> ListProvider:
    options = ImdbOptions()
    return Imdb(parse_imdb(value), options, client(options, site), MissingFields())


def _imdb(
    name: str,
    expected: ListOutcome | type[ListsyncError] | Refusal,
    value: str = "ls990000001",
    *,
    titles: int = 0,
    skipped: int = 0,
    more: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
    status: int = 200,
) -> Case:
    """Ask the GraphQL service of IMDb; *more* are its next answers, *beside* only samples used."""
    names = (f"imdb/{name}", *(f"imdb/{other}" for other in more))
    kind = "text/plain" if name.endswith(".txt") else None
    return Case(
        name=f"imdb/{name}-{value}",
        samples=(*names, *(f"imdb/{other}" for other in beside)),
        provider=lambda: imdb_provider(
            Site.of({"/": [sample(each, status, kind) for each in names]}), value
        ),
        expected=expected,
        titles=titles,
        skipped=skipped,
    )


@dataclass(frozen=True)
class ImdbPage:
    """Reads a page of IMDb's site as a browser brings it."""

    name: str

    def fetch(self, previous: Validators | None) -> Fetched:  # noqa: ARG002 - of the port
        return read_site_pages(lambda _: body_of(self.name).decode(errors="replace"))


def _imdb_page(
    name: str, expected: ListOutcome | Refusal, titles: int = 0, skipped: int = 0
) -> Case:
    return Case(
        name=f"imdb/web/{name}",
        samples=(f"imdb/web/{name}",),
        provider=lambda: ImdbPage(f"imdb/web/{name}"),
        expected=expected,
        titles=titles,
        skipped=skipped,
    )


_UNIFIED = ("mdblist/items.unified.page1.json", "mdblist/items.unified.page2.json")
_SPLIT = ("mdblist/items.split.page1.json", "mdblist/items.split.page2.json")
_META = "mdblist/list-meta.json"
_TAKEN = Validators(etag='"5f2b6c1d0e9a4a7b8c"')

CASES: tuple[Case, ...] = (
    _file("file/plain.txt", 7),
    _file("file/plain-bom-crlf.txt", 2),
    _file("file/generic.csv", 10),
    _file("file/generic-semicolon.csv", 1),
    _file("file/radarr-custom-list.json", 3),
    _file("file/radarr-list-error.json", 0, expected=Refusal.NOT_FOUND),
    _file("file/sonarr-custom-list.json", 2),
    _file("file/kometa-collections.yml", 6, skipped=11),
    _file("imdb/csv/legacy-latin1.csv", 1),
    _file("imdb/csv/list-export-2023-type-ids.csv", 3),
    _file("imdb/csv/list-export-2025.csv", 6),
    _file("imdb/csv/list-export-localised-types.csv", 3),
    _file("imdb/csv/ratings-export.csv", 3),
    _file("letterboxd/csv/diary.csv", 1),
    _file("letterboxd/csv/import-format.csv", 1),
    _file("letterboxd/csv/list-export-v7.csv", 7),
    _file("letterboxd/csv/watchlist.csv", 7),
    _stevenlu("stevenlu/movies.json", 200, ListOutcome.COMPLETE, 5),
    _stevenlu("stevenlu/movies.old-shape.json", 200, ListOutcome.COMPLETE, 3),
    _stevenlu("stevenlu/missing-403-s3.xml", 403, Refusal.NOT_FOUND),
    _stevenlu("stevenlu/missing-404.html", 404, Refusal.NOT_FOUND),
    Case(
        name="stevenlu/not-modified-304",
        samples=("stevenlu/not-modified-304.headers.txt",),
        provider=lambda: stevenlu_provider(
            Site.of({"*": sample("stevenlu/not-modified-304.json")})
        ),
        expected=ListOutcome.UNCHANGED,
        previous=_TAKEN,
    ),
    _open("mdblist/keyless-json.array.json", ListOutcome.COMPLETE, titles=5),
    _open("mdblist/keyless-json.empty.json", ResponseChangedError),
    _open("mdblist/keyless-json.html-instead.html", ResponseChangedError),
    _open("mdblist/error.generic.json", Refusal.NOT_FOUND),
    _open("mdblist/error.generic.json", Refusal.NOT_FOUND, 404),
    _open("mdblist/error.invalid-key.json", Refusal.CREDENTIAL),
    _open("mdblist/error.invalid-key.json", Refusal.CREDENTIAL, 403),
    _open("mdblist/error.daily-limit.json", Refusal.QUOTA),
    _open("mdblist/error.rate-limit-429.json", Refusal.RATE_LIMITED, 429),
    _keyed(
        "mdblist/unified",
        (_META, *_UNIFIED, *(name.replace(".json", ".headers.txt") for name in _UNIFIED)),
        {LIST: sample(_META), f"{LIST}/items": [sample(name) for name in _UNIFIED]},
        ListOutcome.COMPLETE,
        titles=5,
    ),
    _keyed(
        "mdblist/split",
        (_META, *_SPLIT),
        {LIST: sample(_META), f"{LIST}/items": [sample(name) for name in _SPLIT]},
        ListOutcome.COMPLETE,
        titles=5,
    ),
    _keyed(
        "mdblist/page-lost",
        (_META,),
        {LIST: sample(_META), f"{LIST}/items": sample(_UNIFIED[1])},
        ListOutcome.PARTIAL,
        titles=2,
    ),
    _keyed(
        "mdblist/empty",
        ("mdblist/items.split.empty.json",),
        {LIST: answer(NO_ITEMS), f"{LIST}/items": sample("mdblist/items.split.empty.json")},
        ListOutcome.EMPTY,
    ),
    _keyed(
        "mdblist/own-watchlist",
        ("mdblist/user.json", "mdblist/watchlist-items.json"),
        {
            "/user": sample("mdblist/user.json"),
            "/watchlist/items": sample("mdblist/watchlist-items.json"),
        },
        ListOutcome.COMPLETE,
        value="https://mdblist.com/watchlist/sample_user",
        titles=2,
    ),
    _keyed(
        "mdblist/watchlist-of-another",
        ("mdblist/user.json",),
        {"/user": sample("mdblist/user.json")},
        Refusal.PRIVATE,
        value="https://mdblist.com/watchlist/somebody_else",
    ),
    _official("movies/trending", ListOutcome.COMPLETE, titles=120),
    _official("shows/trending", ListOutcome.COMPLETE, titles=30),
    _official("shows/justwatch-streaming-charts", ListOutcome.COMPLETE, titles=20),
    _official("movies/of-no-such-name", Refusal.NOT_FOUND),
    _imdb(
        "graphql/list.page1.json",
        ListOutcome.COMPLETE,
        titles=6,
        skipped=1,
        more=("graphql/list.page2.json",),
        beside=("graphql/list.request.json", "graphql/list.request.headers.txt"),
    ),
    _imdb("graphql/list.empty.json", ListOutcome.EMPTY, "ls990000002"),
    _imdb("graphql/list.notfound.json", Refusal.NOT_FOUND),
    _imdb("graphql/list.null-without-errors.json", Refusal.NOT_FOUND),
    _imdb("graphql/list.partial-with-errors.json", ListOutcome.COMPLETE, titles=2, skipped=1),
    _imdb("graphql/list.people.json", Refusal.NOT_FOUND),
    _imdb(
        "graphql/list.people-refused.json",
        Refusal.NOT_FOUND,
        more=("graphql/list-type.people.json",),
    ),
    _imdb(
        "graphql/unknown-field.json",
        ListOutcome.COMPLETE,
        "ur99000001",
        titles=3,
        more=("graphql/watchlist.json",),
    ),
    _imdb("graphql/list.private.json", Refusal.PRIVATE),
    _imdb("graphql/list.short-page-count-mismatch.json", ListOutcome.PARTIAL, titles=4),
    _imdb("graphql/watchlist.json", ListOutcome.COMPLETE, "ur99000001", titles=3),
    _imdb("graphql/watchlist.none.json", Refusal.NOT_FOUND, "ur99000001"),
    _imdb("graphql/watchlist.private.json", Refusal.PRIVATE, "ur99000001"),
    _imdb(
        "graphql/user-profile.json",
        ListOutcome.COMPLETE,
        "p.abcdefghij234567klmnop",
        titles=3,
        more=("graphql/watchlist.json",),
    ),
    _imdb("graphql/user-profile.notfound.json", Refusal.NOT_FOUND, "p.abcdefghij234567klmnop"),
    _imdb("graphql/ratings.json", ListOutcome.COMPLETE, "ur99000001/ratings", titles=2),
    _imdb("graphql/ratings.private.json", Refusal.PRIVATE, "ur99000001/ratings"),
    _imdb("graphql/ratings.bad-user-id.json", Refusal.NOT_FOUND, "ur99000001/ratings"),
    _imdb("graphql/watch-history.private.json", Refusal.PRIVATE, "ur99000001/ratings"),
    _imdb(
        "graphql/advanced-title-search.json", ListOutcome.COMPLETE, "search?genres=war", titles=2
    ),
    _imdb(
        "graphql/advanced-title-search.unknown-user-or-list.json",
        ResponseChangedError,
        "search?lists=ls990000009",
    ),
    _imdb(
        "graphql/advanced-title-search.unknown-user-or-list.json",
        ResponseChangedError,
        "ur99000001/ratings",
    ),
    _imdb("graphql/chart-top250.json", ListOutcome.COMPLETE, "top", titles=3),
    _imdb("graphql/chart-toptv.json", ListOutcome.COMPLETE, "toptv", titles=3),
    _imdb("graphql/chart-boxoffice.json", ListOutcome.COMPLETE, "boxoffice", titles=2),
    _imdb("graphql/rate-exceeded.json", Refusal.RATE_LIMITED),
    _imdb(
        "graphql/ratelimited-429.txt",
        Refusal.RATE_LIMITED,
        beside=("graphql/ratelimited-429.headers.txt",),
    ),
    _imdb("graphql/validation-error.json", ResponseChangedError),
    _imdb(
        "graphql/blocked-403.html", Refusal.BLOCKED, beside=("graphql/blocked-403.headers.txt",)
    ),
    _imdb("graphql/gateway-504.html", UnavailableError, status=504),
    _imdb("web/waf-202.html", Refusal.BLOCKED, beside=("web/waf-202.headers.txt",)),
    _imdb("web/waf-202-with-script.body.html", Refusal.BLOCKED, status=202),
    _imdb(
        "web/waf-405-captcha.html", Refusal.BLOCKED, beside=("web/waf-405-captcha.headers.txt",)
    ),
    _imdb("web/list.next-data.html", ResponseChangedError),
    _imdb_page("list.next-data.html", ListOutcome.COMPLETE, titles=6, skipped=1),
    _imdb_page("list.empty.next-data.html", ListOutcome.EMPTY),
    _imdb_page("watchlist.next-data.html", ListOutcome.COMPLETE, titles=2),
    _imdb_page("watchlist.private.next-data.html", Refusal.PRIVATE),
    _imdb_page("chart-top.next-data.html", ListOutcome.COMPLETE, titles=3),
    _imdb_page("404.html", Refusal.NOT_FOUND),
    _imdb_page("waf-202.body.html", Refusal.BLOCKED),
    _imdb_page("waf-202-with-script.body.html", Refusal.BLOCKED),
    _imdb_page("waf-405-captcha.body.html", Refusal.BLOCKED),
)


def _failing_file(folder: Path, failure: str) -> ListProvider:
    path = folder / "list.json"
    contents = {"down": "", "not-json": "<html><body>", "renamed-field": '[{"name": "Alien"}]'}
    if failure in contents:
        path.write_text(contents[failure])
    return file_provider(path)


FAILING_ANSWERS: dict[str, Callable[[], httpx.Response]] = {
    "down": lambda: answer(status=503),
    "private": lambda: answer(status=403),
    "not-json": lambda: answer(b"<html>"),
    "renamed-field": lambda: answer(b'[{"name": "Alien"}]'),
}
NO: dict[str, tuple[Callable[[], httpx.Response], Refusal | type[ListsyncError]]] = {
    "blocked": (
        lambda: answer(b"<html><p>Sorry</p>", 403, "text/html", server="cloudflare"),
        Refusal.BLOCKED,
    ),
    "challenged": (
        lambda: answer(b"<html><title>Just a moment...</title>", 503, "text/html"),
        Refusal.BLOCKED,
    ),
    "too-often": (lambda: answer(b"{}", 429), Refusal.RATE_LIMITED),
    "gone": (lambda: answer(b"{}", 404), Refusal.NOT_FOUND),
    "nothing": (answer, UnavailableError),
    "maintenance": (
        lambda: answer(b"<html><p>Back soon</p>", 503, "text/html"),
        UnavailableError,
    ),
}
"""How services in general say no, and what that is taken for."""
FAILING_ANSWERS |= {name: build for name, (build, _) in NO.items()}
PAGES = {f"page-{status}": status for status in (401, 403, 404, 410)}
"""Web pages that refuse; an API itself has none."""
FAILING_ANSWERS |= {
    name: partial(answer, b"<html><title>Sorry</title></html>", status, "text/html")
    for name, status in PAGES.items()
}
FAILURES: dict[str, type[ListsyncError]] = {
    "down": UnavailableError,
    "private": RefusedError,
    "not-json": ResponseChangedError,
    "renamed-field": ResponseChangedError,
}
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "file": _failing_file,
    "stevenlu": lambda _, failure: stevenlu_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
    "mdblist": lambda _, failure: mdblist_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
    "mdblist-with-key": lambda _, failure: mdblist_provider(
        Site.of({"*": FAILING_ANSWERS[failure]()}), key=KEY
    ),
    "imdb": lambda _, failure: imdb_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
}
