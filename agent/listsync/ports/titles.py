"""Titles and entries of lists: what they were taken for, what was done, what people say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.history import (
        Choice,
        EntryRow,
        ItemRow,
        Key,
        Lookup,
        Page,
        ReviewRow,
        TitleOverview,
    )
    from listsync.domain.lists import ListEntry
    from listsync.domain.media import Exclusion, MediaType, TitleKey
if TYPE_CHECKING:
    from listsync.domain.arr_services import ArrNames
    from listsync.domain.decisions import Match
    from listsync.domain.media import Edition, FilmRecord, MediaType, TitleKey
    from listsync.domain.report import SyncRun
    from listsync.domain.run_notes import Departure, FailedRequest, HandledEntries, Miss
    from listsync.domain.server import TitleFacts


class Items(Protocol):
    """Entries of lists, and what became of them. Any thread may ask; raises StateError."""

    def page(  # noqa: PLR0913 - each narrows or places the page
        self,
        query: str,
        *,
        list_name: str | None,
        limit: int,
        after: Key | None = None,
        skip: int = 0,
        lookup_of: Callable[[ListEntry], str | None],
    ) -> Page[ItemRow]:
        """Return entries that fit, in the order of lists and ranks; see `domain.history`.

        *lookup_of* names what is looked up for an entry, where that is not noted yet.

        *query* is part of a title, or an id.
        """
        ...

    def counts(self, list_name: str) -> Mapping[str, int]:
        """Count the entries of one list by the status that `items` tells, the most first."""
        ...


class ListEntries(Protocol):
    """Entries that have to do with a title, for who asks why."""

    def find(self, query: str, *, limit: int) -> tuple[EntryRow, ...]:
        """Return entries that fit as in `items`, in the order of their lists."""
        ...

    def sharing(self, one: ListEntry, *, limit: int) -> tuple[EntryRow, ...]:
        """Return entries of all lists that share an id, or title and year, with *one*.

        Ids that nobody vouches for do not count.
        """
        ...

    def alike(self, source: str, one: ListEntry, key: TitleKey | None) -> Mapping[str, ListEntry]:
        """Return the entries of a list that share an id or the title with *one*, by their names.

        Also those that were taken for *key*, or might mean it.
        """
        ...

    def kinds_before(self, source: str, entry_id: str) -> Mapping[MediaType | None, int]:
        """Count the entries that stand before one on its list, by their kinds."""
        ...


class TitleRecords(Protocol):
    """What is stored of one title."""

    def lookup(self, name: str) -> tuple[Lookup | None, Choice | None]:
        """Return what was found for a lookup, and what a person said of it."""
        ...

    def overview(self, key: TitleKey, now: datetime) -> TitleOverview:
        """Return what is known of one title."""
        ...


class Reviews(Protocol):
    """Lookups that need a person, and what the person said."""

    def waiting(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        """Return lookups that wait for a person, the oldest first."""
        ...

    def count_waiting(self) -> int:
        """Count the lookups that wait for a person."""
        ...

    def decided(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        """Return choices, the newest first."""
        ...

    def find(self, name: str) -> tuple[ReviewRow, ...]:
        """Return what is open or chosen whose long id begins with *name*, or whose lookup it is.

        Open is also what was found nowhere.
        """
        ...

    def choose(self, lookup: str, choice: Choice) -> None:
        """Note what a person said, instead of what was said before."""
        ...

    def withdraw(self, lookup: str) -> bool:
        """Forget a choice; returns whether there was one."""
        ...

    def title_of_imdb(self, imdb: str) -> tuple[TitleKey, str] | None:
        """Return the one title, with its name, that is remembered to have an IMDb id."""
        ...


class Exclusions(Protocol):
    """Titles that a person excluded by command, and the forgetting of titles."""

    def add(self, item: str, at: datetime) -> None:
        """Note that *item* (an id form, e.g. `imdb:tt0133093`) is never to be requested."""
        ...

    def all(self) -> tuple[str, ...]:
        """Return what `exclude` noted."""
        ...

    def forget(self, item: str, wanted: Exclusion) -> int:
        """Forget what was done with a title, so that it is looked at anew; returns how much."""
        ...

    def forget_all(self) -> int:
        """Forget what was done with every title; what was requested when stays told."""
        ...


class MatchCache(Protocol):
    """What lookups were taken for, by their names, at the server. Raises StateError."""

    def load(self, now: datetime, whole: Collection[str] = ()) -> dict[str, Match]:
        """Return the remembered matches; those due for another look are left out.

        What was found comes without reasons and candidates, but for the lookups in *whole*.
        """
        ...

    def misses(self) -> Mapping[str, Miss]:
        """Return what did not lead to a title, and how often in a row; what is due as well."""
        ...

    def chosen_ids(self) -> dict[str, str]:
        """Return by lookup the IMDb ids that a person chose and that are not looked up yet."""
        ...


class HandledTitles(Protocol):
    """Which entries were acted on at the server, and for which titles. Raises StateError."""

    def load(self) -> HandledEntries:
        """Return all of it."""
        ...

    def series_to_watch(self, now: datetime) -> Mapping[Edition, date]:
        """Return handled series that are due to be looked at for new seasons, and since when."""
        ...


class FailedRequests(Protocol):
    """Requests that cannot work as they are, by title and TVDB id. Raises StateError."""

    def load(self) -> Mapping[tuple[Edition, int | None], FailedRequest]:
        """Return why each failed, how often, and until when it is left alone."""
        ...


class Departures(Protocol):
    """Handled titles whose entries have left their lists. Raises StateError."""

    def load(self) -> tuple[Departure, ...]:
        """Return those that are not settled yet.

        And those that the last whole reading lacked: they leave if the next one does, too.
        """
        ...

    def save_warnings(self, reported: Collection[Departure]) -> None:
        """Remember that a run said that the requests of *reported* would be cancelled.

        What was remembered before stays, as long as it is among those that `load` gives.
        """
        ...

    def settle(self, one: Departure, run: SyncRun, *, cancelled: bool) -> None:
        """Note what became of a title that left its list: its request was cancelled, or not."""
        ...


class FilmIds(Protocol):
    """Remembers titles by the names that one list service has for them, with their ids elsewhere.

    Used by several threads at a time.
    """

    def get_many(self, slugs: Iterable[str]) -> Mapping[str, FilmRecord]:
        """Return what is known; the titles that are not known are left out."""
        ...

    def put(self, slug: str, record: FilmRecord) -> None:
        """Keep what was learnt about a title."""
        ...


class FactsCache(Protocol):
    """Remembers what the catalogue says of titles, for a while. Any thread may use it."""

    def get(self, key: TitleKey) -> TitleFacts | None:
        """Return what is known and not too old; raises StateError."""
        ...

    def put(self, key: TitleKey, facts: TitleFacts) -> None:
        """Keep what was read; raises StateError."""
        ...


class ArrNamesStore(Protocol):
    """Remembers what Radarr and Sonarr call things, by the identity of their server."""

    def load(self, server: str, kind: MediaType) -> ArrNames:
        """Return what is remembered; raises StateError."""
        ...

    def save(self, server: str, kind: MediaType, names: ArrNames) -> None:
        """Remember *names* instead, durably; raises StateError."""
        ...
