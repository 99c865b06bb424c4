"""How Simkl is asked and says no, and its answers: what changed when, rows, and the login.

Every request names the app: in the query, and its version beside it. Source: the service's rules
for apps and its reference (api.simkl.org), 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import msgspec

from listsync import __version__
from listsync.config_types import SecretStr
from listsync.domain.lists import ListEntry, SkippedRow
from listsync.domain.media import MediaType
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.login_store import log_in_words
from listsync.http.request import LIST_BYTES, ServiceRequest
from listsync.http.response import Response, not_json, page_of_others, retry_after_s
from listsync.parsing.decoding import (
    ResponseShape,
    RowIds,
    UnknownFormError,
    decode,
    external_ids,
    number_id,
    readable,
    title_text,
    year_number,
)
from listsync.parsing.json_rows import digest_of
from listsync.providers.simkl.source import (
    DROPPED,
    PLANNED,
    SERVICE,
    STATUSES,
    SimklOptions,
    SimklSource,
)

if TYPE_CHECKING:
    from listsync.http.device_login import LoginService

NEEDS_ID = (
    "needs providers.simkl.client_id, that of an app of your own (simkl.com/settings/developer: "
    "TV, devices & command line)"
)
NEEDS_LOGIN = f"needs a login: {log_in_words(SERVICE)}"
APP: Mapping[str, str] = {"app-name": "listsync", "app-version": __version__}
_ERROR = re.compile(r'\s*\{[^\[\]{}]*?"error"\s*:\s*"([\w .-]{1,80})"', re.ASCII)
_REFUSALS = {
    "user_token_failed": (
        Refusal.CREDENTIAL,
        f"does not accept the login: {log_in_words(SERVICE)}",
    ),
    "client_id_failed": (Refusal.CREDENTIAL, "does not accept providers.simkl.client_id"),
    "private_profile": (Refusal.PRIVATE, "says that this profile is private"),
}
_BY_STATUS = {401: "user_token_failed", 412: "client_id_failed"}


def judge(response: Response) -> ListsyncError | None:
    """Read the service's own error, which may come with any status."""
    found = _ERROR.match(response.look)
    if response.is_page or (found is None and response.status not in _BY_STATUS):
        return page_of_others(response)
    name = found[1] if found else ""
    known = _REFUSALS.get(name) or _REFUSALS.get(_BY_STATUS.get(response.status, ""))
    if known is not None:
        kind, why = known
        return RefusedError(SERVICE, kind, f"{why} (HTTP {response.status})")
    if response.status == 200:
        why, wait = f"says: {name} (HTTP 200)", retry_after_s(response.headers)
        if "limit" in name:
            return RefusedError(SERVICE, Refusal.RATE_LIMITED, why, retry_after_s=wait)
        return UnavailableError(SERVICE, why, retry_after_s=wait)
    return None


def request_to(
    options: SimklOptions, client_id: SecretStr, access: SecretStr, path: str, **params: str
) -> ServiceRequest:
    """Make a request to the API, in the name of who logged in."""
    return ServiceRequest(
        service=SERVICE,
        url=f"{options.base_url.rstrip('/')}/{path}",
        params={**APP, **params},
        secrets={"client_id": client_id},
        secret_headers={
            "Authorization": SecretStr(f"Bearer {access.get_secret_value()}"),
            "simkl-api-key": client_id,
        },
        judge=judge,
        limit_bytes=LIST_BYTES,
    )


_OF_NO_LIST = frozenset(("all", "playback"))
"""Stamps that move with whatever is watched: a title that is paused, and the newest of all."""
Stamp = Annotated[str, msgspec.Meta(min_length=1)] | None
"""When something last changed; None: there never was any, which no empty text says."""
Stamps = Mapping[str, Stamp]
"""Those of one kind, by status."""


class Activities(ResponseShape, frozen=True, rename={"shows": "tv_shows"}):
    """When what was changed; all three kinds are always there."""

    movies: dict[str, Stamp]
    shows: dict[str, Stamp]
    anime: dict[str, Stamp]

    def of(self, kind: str) -> Stamps:
        """Say when something of *kind* changed, but for what moves no title.

        Raises:
            ResponseChangedError: it is not said of what is planned, as it is of each kind.
        """
        stamps: Stamps = getattr(self, kind)
        if PLANNED not in stamps:
            why = f"/sync/activities says nothing of {PLANNED} among its {kind}"
            raise ResponseChangedError(SERVICE, why)
        return {name: at for name, at in stamps.items() if name not in _OF_NO_LIST}

    def stamp(self, source: SimklSource) -> str:
        """Word the state of what *source* is made of: any change of a kind may be one of it.

        A rating moves titles that were not rated before, so its time counts.
        """
        stamps = [sorted(self.of(kind).items()) for kind in source.kinds]
        return digest_of((str(source), stamps))


def ends_with_removal(stamps: Stamps) -> bool:
    """Tell whether the last that happened to titles of a kind is that one left its lists.

    Where none is left it must be so; a title that moves, or comes, has a later stamp.
    """
    told = (stamps.get(name) for name in ("removed_from_list", *STATUSES, DROPPED))
    with suppress(ValueError, TypeError):  # what is no moment, or none of a known zone
        removed, *others = (datetime.fromisoformat(at) if at else None for at in told)
        return removed is not None and all(one <= removed for one in others if one)
    return False


class _Ids(RowIds, frozen=True):
    """A title's ids; those at AniList and MyAnimeList are numbers, often written as text."""

    mal: object = None
    anilist: object = None


class _Media(ResponseShape, frozen=True):
    title: object = None
    year: object = None
    ids: _Ids = _Ids()


class SimklRow(ResponseShape, frozen=True):
    """One row: a film under `movie`, a series under `show`, and so each anime, film or not."""

    status: str | None = None
    anime_type: str | None = None
    movie: _Media | None = None
    show: _Media | None = None

    def __post_init__(self) -> None:
        media = self.media
        if media is None or not (title_text(media.title) or any(media.ids.read())):
            raise ValueError("no title and no id")

    @property
    def media(self) -> _Media | None:
        return self.movie or self.show

    @property
    def anime_ids(self) -> tuple[int | None, int | None]:
        """Give its numbers at AniList and at MyAnimeList."""
        ids = self.media.ids if self.media else _Ids()
        return number_id(ids.anilist), number_id(ids.mal)


_ANIME_KINDS = {"movie": MediaType.MOVIE, "tv": MediaType.TV, "ona": MediaType.TV}
_MUSIC = ("music", "music video", "pv", "cm")


def entry_of(rank: int, row: SimklRow, *, kind: str, status: str) -> ListEntry | SkippedRow:
    """Turn a row of *kind* into an entry; what is not of *status* is left out, and counted."""
    media = row.media
    title = title_text(media.title) if media else None
    what = title or f"row {rank}"
    if row.status is not None and row.status != status:
        return SkippedRow(rank=rank, what=what, why=f"it is {row.status[:40]!r}, not {status}")
    if kind == "anime" and row.anime_type in _MUSIC:
        return SkippedRow(rank=rank, what=what, why="music, not a title")
    of_kind = _kind_of(kind, row)
    ids = media.ids.read() if media else (None, None, None)
    return ListEntry(
        rank=rank,
        title=title,
        year=year_number(media.year) if media else None,
        kind=of_kind,
        ids=external_ids(*ids, of_kind),
    )


def _kind_of(kind: str, row: SimklRow) -> MediaType | None:
    """Say what a row is; what is a special of an anime, nobody can tell from here."""
    if kind == "anime":
        return _ANIME_KINDS.get(row.anime_type or "")
    return MediaType.MOVIE if kind == "movies" else MediaType.TV


class _Items(ResponseShape, frozen=True):
    movies: list[msgspec.Raw] | None = None
    shows: list[msgspec.Raw] | None = None
    anime: list[msgspec.Raw] | None = None


def rows_of(response: Response, kind: str) -> Iterator[object] | None:
    """Give the rows of *kind*, each still to be checked; None: the answer is "nothing"."""
    if (page := not_json(response)) is not None:
        raise page
    if response.body.strip() in {b"null", b"[]", b"{}"}:
        return None
    try:
        items = decode(response.body, _Items)
    except UnknownFormError as error:
        why = f"the answer is not of the known form: {error}"
        raise ResponseChangedError(SERVICE, why, sample=response.sample) from None
    rows: list[msgspec.Raw] | None = getattr(items, kind)
    if rows is None:
        raise ResponseChangedError(
            SERVICE, f"gives something else than {kind}", sample=response.sample
        )
    return _each(rows)


def _each(rows: Iterable[msgspec.Raw]) -> Iterator[object]:
    for row in rows:
        yield next(iter(readable([row], dict)), None)


class _Account(ResponseShape, frozen=True):
    id: object


class AccountSettings(ResponseShape, frozen=True):
    """Whose login it is."""

    account: _Account


def login_service(options: SimklOptions) -> LoginService:
    """Say where one logs in: as RFC 8628 has it, or with a PIN where an app is of the elder kind.

    A login that names no scope may read only. PINs end with March 2027, and an app of that kind
    can become none of the other. Source: clients that moved to AUTH V2 (CrossWatch, simklcli),
    September 2026, and what they cite of api.simkl.org; for the PIN its reference, 2026.
    Raises RefusedError where the user gave no app.
    """
    from listsync.http.device_login import LoginDialect, LoginService  # noqa: PLC0415 - only to log in

    if options.client_id is None:
        raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_ID)
    base = options.base_url.rstrip("/")
    renewal_url = f"{base}/oauth2/token"
    elder = LoginService(
        name=SERVICE,
        code_url=f"{base}/oauth/pin",
        token_url=f"{base}/oauth/pin",
        renewal_url=renewal_url,
        client_id=options.client_id,
        query=APP,
        dialect=LoginDialect(is_pin=True),
    )
    return LoginService(
        name=SERVICE,
        code_url=f"{base}/oauth2/device",
        token_url=renewal_url,
        renewal_url=renewal_url,
        client_id=options.client_id,
        query=APP,
        elder=elder,
    )
