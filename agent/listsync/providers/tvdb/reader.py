"""Reads a list of TheTVDB, and asks each title not seen before for the ids of others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from listsync.config_types import SENDABLE, SecretStr
from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import NO_IDS, ExternalIds, FilmRecord, MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.login_store import (
    LoginStore,
    LoginTokens,
    utc_now,
    with_login,
)
from listsync.http.rate_limit import Failure, as_far_as_possible
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, page_of_others, retry_after_s
from listsync.parsing.decoding import (
    ResponseShape,
    external_ids,
    imdb_id,
    number_id,
    title_text,
    year_number,
)
from listsync.parsing.json_rows import Entries, check_one, get_document, stamp_of_today, today
from listsync.providers.tvdb.source import SERVICE, TvdbOptions, TvdbSource
from listsync.terminal.output import plural
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient
    from listsync.ports.titles import FilmIds

MOVIE, TV = MediaType.MOVIE, MediaType.TV
_LARGEST = 16 * 1024 * 1024
_GOOD_FOR = timedelta(days=25)  # of the month that a login lasts
_KEY = "providers.tvdb.api_key"
_PATHS = {MOVIE: "movies", TV: "series"}
_KINDS_AT_TMDB = {10: MOVIE, 12: TV}  # what the service calls the two
_FAILED = re.compile(r'"status"\s*:\s*"failure"')
_MESSAGE = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.){0,300})"')


class Entity(ResponseShape, frozen=True):
    """One row of a list: a series or a film, by its number."""

    series: object = msgspec.field(default=None, name="seriesId")
    movie: object = msgspec.field(default=None, name="movieId")
    order: object = None

    def __post_init__(self) -> None:
        if self.key is None:
            raise ValueError("neither a series nor a film")

    @property
    def key(self) -> tuple[MediaType, int] | None:
        return _key(self.series, self.movie)


def _key(series: object, movie: object) -> tuple[MediaType, int] | None:
    for kind, number in ((TV, number_id(series)), (MOVIE, number_id(movie))):
        if number is not None:
            return kind, number
    return None


class _List(ResponseShape, frozen=True):
    entities: list[object]


class _Named(ResponseShape, frozen=True):
    id: int


class _Favorites(ResponseShape, frozen=True):
    """One's own, by number. Source: models of clients of the API (its getUserFavorites), 2026."""

    series: list[object] | None = None
    movies: list[object] | None = None

    @property
    def entities(self) -> list[object]:
        series = [{"seriesId": number} for number in self.series or ()]
        return [*series, *({"movieId": number} for number in self.movies or ())]


class _RemoteId(ResponseShape, frozen=True):
    id: object = None
    type: object = None
    source: str | None = msgspec.field(default=None, name="sourceName")


class TvdbTitle(ResponseShape, frozen=True):
    """What the service says of one title."""

    id: object
    name: object = None
    year: object = None
    aired: object = msgspec.field(default=None, name="firstAired")
    remote: list[_RemoteId] | None = msgspec.field(default=None, name="remoteIds")

    def ids(self, kind: MediaType) -> ExternalIds:
        """Give the ids of others; of several that differ, none."""
        imdb = {imdb_id(one.id) for one in self.remote or () if one.source == "IMDB"} - {None}
        tmdb = {
            number_id(one.id)
            for one in self.remote or ()
            if one.source == "TheMovieDB.com"
            and _KINDS_AT_TMDB.get(number_id(one.type) or 0, kind) is kind
        } - {None}
        return external_ids(
            imdb.pop() if len(imdb) == 1 else None,
            tmdb.pop() if len(tmdb) == 1 else None,
            number_id(self.id),
            kind,
        )


class _Envelope(ResponseShape, frozen=True):
    data: object


def _token_in(content: object) -> SecretStr:
    """Find the login; what is odd about an answer that may hold one is not shown."""
    match content:
        case {"data": {"token": str(token)}} if re.match(SENDABLE, token):
            return SecretStr(token)
        case _:
            raise ResponseChangedError(SERVICE, "the answer to the key holds no login")


def judge(response: Response) -> ListsyncError | None:
    """Read the service's own word for a failure, which comes with any status."""
    if response.status in (401, 404) or not _FAILED.search(response.look):
        return page_of_others(response)
    message = _MESSAGE.search(response.look)
    said = one_line(message[1]) if message else "a failure"
    wait = retry_after_s(response.headers)
    if response.status in (200, *range(500, 600)):
        why = f"says: {said} (HTTP {response.status})"
        return UnavailableError(SERVICE, why, retry_after_s=wait)
    return None


def _judge_login(response: Response) -> ListsyncError | None:
    if response.status not in (400, 401, 403) or response.is_page:
        return judge(response)
    why = (
        f"does not accept {_KEY} (HTTP {response.status}); keys for subscribers need the pin, too"
    )
    return RefusedError(SERVICE, Refusal.CREDENTIAL, why)


class Tvdb:
    """Reads one list of TheTVDB."""

    def __init__(
        self,
        source: TvdbSource,
        options: TvdbOptions,
        http: ServiceClient,
        known: FilmIds,
        logins: LoginStore,
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._known = known
        self._logins = logins

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list in its own order; raises what `get_document` raises.

        No rows prove nothing: the service does not count them.
        """
        key, pin = self._options.api_key, self._options.pin
        if not key:
            why = f"{self._source} needs {_KEY} (thetvdb.com/api-information)"
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, why)
        if self._source.is_favorites and not pin:
            why = "your favorites need providers.tvdb.pin, beside the key"
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, why)
        return with_login(
            self._logins, self._mark, self._log_in, lambda token: self._fetch(token, previous)
        )

    @property
    def _mark(self) -> SecretStr:
        """Tell the logins of one key from those of another."""
        parts = (self._options.api_key, self._options.pin)
        text = "\n".join(part.get_secret_value() for part in parts if part)
        return SecretStr(hashlib.sha256(text.encode()).hexdigest())

    def _log_in(self) -> LoginTokens:
        key, pin = self._options.api_key, self._options.pin
        fields = {"apikey": key, "pin": pin}
        given = {name: one.get_secret_value() for name, one in fields.items() if one}
        call = ServiceRequest(
            service=SERVICE,
            url=f"{self._options.base_url.rstrip('/')}/login",
            body=msgspec.json.encode(given),
            hidden=tuple(one for one in fields.values() if one),
            judge=_judge_login,
        )
        token = _token_in(get_document(self._http, call).content)
        return LoginTokens(access=token, refresh=self._mark, expires_at=utc_now() + _GOOD_FOR)

    def _fetch(self, token: SecretStr, previous: Validators | None) -> Fetched:
        place = self._place(token, previous)
        rows = self._rows(token, place)
        stamp = _stamp(place, rows)
        if previous is not None and previous.stamp == stamp:
            return Fetched.unchanged(previous)
        if not rows:
            why = f"{self._source} came without titles, and nothing says that there are none"
            raise ResponseChangedError(SERVICE, why)
        keys = [_key_of(row) for row in rows]
        learnt, remark = self._learn(token, [key for key in dict.fromkeys(keys) if key])
        entries = Entries(SERVICE, Entity)
        entries.add(rows, partial(entry_of, learnt=learnt))
        fetched = entries.fetched(declared=None, validators=Validators(stamp=stamp))
        missing = sum(key not in learnt for key in keys if key is not None)
        nameless = sum(key not in learnt for key in keys if key is not None and key[0] is MOVIE)
        if missing:  # to be asked for by the next sync; a film of these may be one that is known
            broken = fetched.broken + nameless
            fetched = replace(fetched, validators=None, broken=broken, remark=remark)
        return fetched

    def _place(self, token: SecretStr, previous: Validators | None) -> str:
        """Say where the API has the list; the number behind a name is known for a day."""
        if self._source.is_favorites:
            return "user/favorites"
        if self._source.number is not None:
            return f"lists/{self._source.number}/extended"
        day, _, rest = ((previous and previous.stamp) or "").partition(" ")
        place = rest.partition(" ")[0]
        if day == today() and re.fullmatch(r"lists/\d{1,10}/extended", place, re.ASCII):
            return place
        named = check_one(SERVICE, self._data(token, f"lists/slug/{self._source.name}"), _Named)
        return f"lists/{named.id}/extended"

    def _rows(self, token: SecretStr, place: str) -> list[object]:
        data = self._data(token, place)
        if self._source.is_favorites:
            return check_one(SERVICE, data, _Favorites).entities
        return sorted(check_one(SERVICE, data, _List).entities, key=_order_of)

    def _learn(
        self, token: SecretStr, keys: list[tuple[MediaType, int]]
    ) -> tuple[Mapping[tuple[MediaType, int], FilmRecord], str]:
        """Find the ids of titles; those not seen before are asked, films first, within bounds.

        Of whom the service knows none elsewhere is asked again after some days. Returns also what
        kept any from being asked.
        """
        slugs = {f"{_PATHS[kind]}/{number}": (kind, number) for kind, number in keys}
        found = self._known.get_many(slugs)
        unknown = sorted((slug for slug in slugs if slug not in found), key=_films_first)
        asked, failures = unknown[: self._options.id_calls], list[Failure]()
        read = partial(self._title, token)
        told = dict[str, FilmRecord]()
        for slug, title in as_far_as_possible(
            read, asked, failures, at_once=self._options.at_once
        ):
            told[slug] = record_of(slugs[slug][0], title)
            self._known.put(slug, told[slug])
        learnt = {slugs[slug]: record for slug, record in {**found, **told}.items()}
        why = str(failures[0]) if failures else self._left_out(len(unknown) - len(asked))
        return learnt, why

    def _left_out(self, titles: int) -> str:
        """Say that titles were not asked for their ids; nothing of none."""
        if not titles:
            return ""
        if not self._options.id_calls:
            what = plural(titles, "title is", "titles are")
            return f"{what} not asked for ids: providers.tvdb.id_calls is 0"
        what = plural(titles, "title is asked for its ids", "titles are asked for their ids")
        return f"{what} later"

    def _title(self, token: SecretStr, slug: str) -> TvdbTitle:
        return check_one(SERVICE, self._data(token, f"{slug}/extended"), TvdbTitle)

    def _data(self, token: SecretStr, path: str) -> object:
        call = ServiceRequest(
            service=SERVICE,
            url=f"{self._options.base_url.rstrip('/')}/{path}",
            secret_headers={"Authorization": SecretStr(f"Bearer {token.get_secret_value()}")},
            judge=judge,
            limit_bytes=_LARGEST,
        )
        return check_one(SERVICE, get_document(self._http, call).content, _Envelope).data


def record_of(kind: MediaType, title: TvdbTitle | None) -> FilmRecord:
    """Keep what is told of a title; None: it is gone.

    One without ids elsewhere has none here, and is looked at again: the number of a series is
    known anyway.
    """
    if title is None:
        return FilmRecord(kind)
    ids = title.ids(kind)
    year = year_number(title.year) or year_number(title.aired)
    is_known = ids.imdb or ids.tmdb
    return FilmRecord(kind, ids if is_known else NO_IDS, title_text(title.name), year)


def entry_of(
    rank: int, row: Entity, learnt: Mapping[tuple[MediaType, int], FilmRecord]
) -> ListEntry | SkippedRow:
    """Turn a row into an entry; a series is known by its own number, a film is not."""
    key = row.key
    assert key is not None  # noqa: S101 - checked when it was read
    kind, number = key
    about = learnt.get(key, FilmRecord())
    ids = about.ids or external_ids(None, None, number, kind)
    if not ids and not about.title:
        why = "its ids are not known yet" if key not in learnt else "no name, and no known ids"
        return SkippedRow(rank=rank, what=f"film {number} of TheTVDB", why=why)
    return ListEntry(rank=rank, title=about.title, year=about.year, kind=kind, ids=ids)


def _key_of(row: object) -> tuple[MediaType, int] | None:
    return _key(row.get("seriesId"), row.get("movieId")) if isinstance(row, dict) else None


def _order_of(row: object) -> int:
    match row:
        case {"order": int(order)}:
            return order
        case _:
            return 2**31


def _films_first(slug: str) -> bool:
    return not slug.startswith(f"{_PATHS[MOVIE]}/")


def _stamp(place: str, rows: list[object]) -> str:
    """Make a word for the state of a list today: the ids of its titles may change."""
    return stamp_of_today([_key_of(row) for row in rows], place)
