"""Every sample of every service, and what a provider makes of it. A new sample needs a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from listsync.domain.lists import ListOutcome, Validators
from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.ports import ListProvider
from listsync.providers.file import FileOptions, FileSource, ListFile
from listsync.providers.mdblist import MdbList, MdbListOptions
from listsync.providers.mdblist import parse as parse_mdblist
from listsync.providers.stevenlu import StevenLu, StevenLuOptions
from listsync.providers.stevenlu import parse as parse_stevenlu
from tests.contract.providers.site import FIXTURES, Site, answer, client, sample

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


def stevenlu_provider(site: Site, value: str = "popular") -> ListProvider:
    options = StevenLuOptions()
    return StevenLu(parse_stevenlu(value), options, client(options, site))


def mdblist_provider(
    site: Site, value: str = "sample_user/synthetic-list", key: str | None = None
) -> ListProvider:
    options = MdbListOptions(api_key=SecretStr(key) if key else None)
    return MdbList(parse_mdblist(value), options, client(options, site))


def _file(
    name: str, titles: int, *, skipped: int = 0, expected: ListOutcome | Refusal | None = None
) -> Case:
    return Case(
        name=name,
        samples=(name,),
        provider=lambda: file_provider(FIXTURES / name),
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
    _open("mdblist/keyless-json.empty.json", AnswerChangedError),
    _open("mdblist/keyless-json.html-instead.html", AnswerChangedError),
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
)


def _failing_file(folder: Path, failure: str) -> ListProvider:
    path = folder / "list.json"
    contents = {"down": "", "not-json": "<html><body>", "renamed-field": '[{"name": "Alien"}]'}
    if failure in contents:
        path.write_text(contents[failure])
    return file_provider(path)


_FAILURES = {
    "down": lambda: answer(status=503),
    "private": lambda: answer(status=403),
    "not-json": lambda: answer(b"<html>"),
    "renamed-field": lambda: answer(b'[{"name": "Alien"}]'),
}
FAILURES: dict[str, type[ListsyncError]] = {
    "down": UnavailableError,
    "private": RefusedError,
    "not-json": AnswerChangedError,
    "renamed-field": AnswerChangedError,
}
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "file": _failing_file,
    "stevenlu": lambda _, failure: stevenlu_provider(Site.of({"*": _FAILURES[failure]()})),
    "mdblist": lambda _, failure: mdblist_provider(Site.of({"*": _FAILURES[failure]()})),
    "mdblist-with-key": lambda _, failure: mdblist_provider(
        Site.of({"*": _FAILURES[failure]()}), key=KEY
    ),
}
