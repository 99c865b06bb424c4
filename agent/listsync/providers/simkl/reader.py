"""Reads a list of Simkl: what changed when is asked first, and rows only where something did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.http.login_store import with_current
from listsync.http.rate_limit import large_turn
from listsync.http.request import ServiceRequest
from listsync.lean_dataclasses import dataclass
from listsync.parsing.anime_ids import UNKNOWN_ANIME, AnimeIds, AnimeTitle
from listsync.parsing.decoding import number_id
from listsync.parsing.json_rows import Entries, check_one, get_document
from listsync.providers.simkl.api import (
    NEEDS_ID,
    NEEDS_LOGIN,
    AccountSettings,
    Activities,
    SimklRow,
    Stamps,
    ends_with_removal,
    entry_of,
    request_to,
    rows_of,
)
from listsync.providers.simkl.source import (
    DROPPED,
    NEVER_OF_FILMS,
    SERVICE,
    STATUSES,
    SimklOptions,
    SimklSource,
)

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


_FULLEST_FIRST = tuple(dict.fromkeys(("completed", *STATUSES, DROPPED)))


@dataclass(frozen=True, slots=True)
class _Anime:
    """A row of an anime, by its rank: its numbers at AniList and at MyAnimeList."""

    rank: int
    anilist: int | None
    mal: int | None


class Simkl:
    """Reads one list of who is logged in; *anime_ids* is asked for with the first anime."""

    def __init__(
        self,
        source: SimklSource,
        options: SimklOptions,
        http: ServiceClient,
        access: Callable[[], SecretStr | None],
        anime_ids: Callable[[], AnimeIds],
    ) -> None:
        self._source = source
        self._options = options
        self._http = http
        self._access = access
        self._anime_ids = anime_ids
        self._token = SecretStr("")
        self._anime: list[_Anime] = []
        self._is_unproven = False

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the list, kind after kind; raises what `get_document` raises.

        It is unchanged where nothing of its kinds changed, whatever their status: a title may go
        from one status to another. "Nothing" is believed of a status that never had a title,
        where another status shows that the service gives the titles of that kind, or where the
        last that happened to those is that one was removed. The last proves no empty list alone.
        """
        if self._options.client_id is None:
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_ID)
        fetched = with_current(self._access, lambda token: self._fetch(token, previous))
        if fetched is None:
            raise RefusedError(SERVICE, Refusal.CREDENTIAL, NEEDS_LOGIN)
        return fetched

    def _fetch(self, token: SecretStr, previous: Validators | None) -> Fetched:
        self._token, self._anime, self._is_unproven = token, [], False
        document = get_document(self._http, self._call("sync/activities"))
        activities = check_one(SERVICE, document.content, Activities, strict=True)
        stamp = activities.stamp(self._source)
        if previous is not None and previous.stamp == stamp:
            return Fetched.unchanged(previous)
        if self._source.owner is not None:
            self._check_owner(self._source.owner)
        return self._read(activities, Validators(stamp=stamp))

    def _check_owner(self, wanted: str) -> None:
        """Make sure that a page is of who is logged in: the API would give theirs instead."""
        document = get_document(self._http, self._call("users/settings"))
        account = check_one(SERVICE, document.content, AccountSettings).account
        if number_id(account.id) != int(wanted):
            why = f"{self._source} is not readable: the login is another user's"
            raise RefusedError(SERVICE, Refusal.PRIVATE, why)

    def _read(self, activities: Activities, validators: Validators) -> Fetched:
        entries = Entries(SERVICE, SimklRow)
        believed = [self._add(kind, activities.of(kind), entries) for kind in self._source.kinds]
        is_believed = all(believed)
        is_empty = is_believed and not entries.count
        fetched = entries.fetched(declared=0 if is_empty else None, validators=validators)
        if not is_believed:
            fetched = replace(fetched, lacks_count=True, validators=None)
        fetched = replace(fetched, is_unproven=is_empty and self._is_unproven)
        return self._with_anime(fetched)

    def _add(self, kind: str, stamps: Stamps, entries: Entries[SimklRow]) -> bool:
        """Read the rows of a kind; returns whether it is believed that these are all."""
        status = self._source.status
        if kind == "movies" and status in NEVER_OF_FILMS:
            return True
        if self._has_rows(kind, status, entries) or stamps.get(status, "") is None:
            return True
        others = [one for one in _FULLEST_FIRST if one != status and stamps.get(one)]
        unused = Entries(SERVICE, SimklRow)
        if any(self._has_rows(kind, one, unused) for one in others):
            return True
        self._is_unproven = self._is_unproven or ends_with_removal(stamps)
        return ends_with_removal(stamps)

    def _has_rows(self, kind: str, status: str, entries: Entries[SimklRow]) -> bool:
        from listsync.http.service_client import ask  # noqa: PLC0415 - brings httpx

        before = entries.count
        call = self._call(f"sync/all-items/{kind}/{status}", extended="full")
        into = partial(self._entry, kind=kind, status=status)
        with large_turn() as one:
            rows = rows_of(ask(self._http, replace(call, turn=one)), kind)
            if rows is not None:
                entries.add(rows, into)
        return entries.count > before

    def _entry(
        self, rank: int, row: SimklRow, *, kind: str, status: str
    ) -> ListEntry | SkippedRow:
        made = entry_of(rank, row, kind=kind, status=status)
        if kind == "anime" and status == self._source.status and isinstance(made, ListEntry):
            anilist, mal = row.anime_ids
            if anilist or mal:
                self._anime.append(_Anime(rank, anilist, mal))
        return made

    def _with_anime(self, fetched: Fetched) -> Fetched:
        """Add what the map of anime ids knows: which season a row is, and ids it lacks itself."""
        if not self._anime:
            return fetched
        try:
            known = self._known()
        except UnavailableError as error:
            why = f"which seasons anime are was not learnt ({error.why})"
            return replace(fetched, remark=why, validators=None)
        by_rank = {
            one.rank: known.get(("anilist", one.anilist)) or known.get(("mal", one.mal))
            for one in self._anime
        }
        entries = (_mended(one, by_rank.get(one.rank) or UNKNOWN_ANIME) for one in fetched.entries)
        return replace(fetched, entries=tuple(entries))

    def _known(self) -> dict[tuple[str, int | None], AnimeTitle]:
        own = self._anime_ids()
        anilist = own.find("anilist", {one.anilist for one in self._anime if one.anilist})
        mal = own.find("mal", {one.mal for one in self._anime if one.mal})
        return {
            **{("anilist", number): title for number, title in anilist.items()},
            **{("mal", number): title for number, title in mal.items()},
        }

    def _call(self, path: str, **params: str) -> ServiceRequest:
        client_id = self._options.client_id or SecretStr("")
        return request_to(self._options, client_id, self._token, path, **params)


def _mended(entry: ListEntry, known: AnimeTitle) -> ListEntry:
    """Take from the map what the row does not say itself."""
    kind = entry.kind or known.kind
    if entry.ids:
        is_same = known.kind in {None, kind}
        return entry._replace(kind=kind, seasons=known.seasons if is_same else ())
    return entry._replace(kind=kind, ids=known.ids, seasons=known.seasons, doubt=known.doubt)
