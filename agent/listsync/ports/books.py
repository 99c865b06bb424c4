"""What was noted in the past, looked up for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.arr_services import ArrNames
    from listsync.domain.exclusions import Exclusion
    from listsync.domain.history import (
        Choice,
        EntryRow,
        ItemRow,
        ListRow,
        Lookup,
        RequestRow,
        ReviewRow,
        RunRow,
        Standing,
    )
    from listsync.domain.lists import ListEntry
    from listsync.domain.media import MediaType, TitleKey
    from listsync.domain.notices import NoticeRecord
    from listsync.domain.pages import Key, Page
    from listsync.domain.server_knowledge import Learned


class Books(Protocol):
    """What was noted in the past, looked up for people; any thread may ask.

    Every method raises StateError when the state cannot be read or written.
    """

    def runs(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RunRow]:
        """Return runs, the newest first; dry runs leave no trace here.

        Here and below a page begins *after* the last row of the one before; a first one leaves
        out *skip* rows.
        """
        ...

    def run(self, run_id: str) -> RunRow | None:
        """Return the run whose id begins so; None if it is not one run."""
        ...

    def requests_of_run(
        self, run_id: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        """Return the answered requests of a run, as they were sent."""
        ...

    def note_end(self, row: RunRow, notices: Sequence[NoticeRecord] = ()) -> None:
        """Note a run that ended before its end, or even its start, was noted.

        *notices* are open then, of those of syncs.
        """
        ...

    def last_server(self) -> tuple[str, str] | None:
        """Return product and version of the server that was reached last."""
        ...

    def notices(self) -> tuple[NoticeRecord, ...]:
        """Return the open notices of syncs."""
        ...

    def close_cut_off_runs(self, at: datetime) -> None:
        """Note that runs without an end have been cut off; nothing may run meanwhile."""
        ...

    def items(
        self,
        query: str,
        *,
        list_name: str | None,
        limit: int,
        after: Key | None = None,
        skip: int = 0,
    ) -> Page[ItemRow]:
        """Return entries that fit, in the order of lists and ranks.

        *query* is part of a title, or an id.
        """
        ...

    def lists(self) -> tuple[ListRow, ...]:
        """Return how each list that was ever read was read last."""
        ...

    def exclude(self, item: str, at: datetime) -> None:
        """Note that *item* (an id form, e.g. `imdb:tt0133093`) is never to be requested."""
        ...

    def excluded(self) -> tuple[str, ...]:
        """Return what `exclude` noted."""
        ...

    def counts(self, list_name: str) -> Mapping[str, int]:
        """Count the entries of one list by the status that `items` tells, the most first."""
        ...

    def requests_for(self, list_name: str, *, limit: int) -> tuple[RequestRow, ...]:
        """Return what was requested because the list wanted it too, the newest first."""
        ...

    def entries(self, query: str, *, limit: int) -> tuple[EntryRow, ...]:
        """Return entries that fit as in `items`, in the order of their lists."""
        ...

    def entries_with(self, one: ListEntry, *, limit: int) -> tuple[EntryRow, ...]:
        """Return entries of all lists that share an id, or title and year, with *one*.

        Ids that nobody vouches for do not count.
        """
        ...

    def entries_alike(
        self, source: str, one: ListEntry, key: TitleKey | None
    ) -> Mapping[str, ListEntry]:
        """Return the entries of a list that share an id or the title with *one*, by their names.

        Also those that were taken for *key*, or might mean it.
        """
        ...

    def kinds_before(self, source: str, entry_id: str) -> Mapping[MediaType | None, int]:
        """Count the entries that stand before one on its list, by their kinds."""
        ...

    def requested_titles(self, query: str, *, limit: int) -> tuple[RequestRow, ...]:
        """Return the last request of each title that fits as in `items`, the newest first."""
        ...

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        """Count the titles requested since then, as `Memory` does."""
        ...

    def arr_names(self) -> Mapping[MediaType, ArrNames]:
        """Return what is remembered of the server's Radarrs and Sonarrs."""
        ...

    def learned(self) -> Learned:
        """Return what the last runs learned of the server, beside its titles."""
        ...

    def lookup(self, name: str) -> tuple[Lookup | None, Choice | None]:
        """Return what was found for a lookup, and what a person said of it."""
        ...

    def standing(self, key: TitleKey, now: datetime) -> Standing:
        """Return what is known of one title."""
        ...

    def waiting(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        """Return lookups that wait for a person, the oldest first."""
        ...

    def decided(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        """Return choices, the newest first."""
        ...

    def find_reviews(self, name: str) -> tuple[ReviewRow, ...]:
        """Return what is open or chosen whose long id begins with *name*, or whose lookup it is.

        Open is also what was found nowhere.
        """
        ...

    def choose(self, lookup: str, choice: Choice) -> None:
        """Note what a person said, instead of what was said before."""
        ...

    def title_of_imdb(self, imdb: str) -> tuple[TitleKey, str] | None:
        """Return the one title, with its name, that is remembered to have an IMDb id."""
        ...

    def withdraw(self, lookup: str) -> bool:
        """Forget a choice; returns whether there was one."""
        ...

    def forget(self, item: str, wanted: Exclusion) -> int:
        """Forget what was done with a title, so that it is looked at anew; returns how much."""
        ...

    def forget_all(self) -> int:
        """Forget what was done with every title; what was requested when stays told."""
        ...
