"""Titles: what entries were taken for, what was done with them, what the catalogue says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.arr_services import ArrNames
    from listsync.domain.decisions import Match
    from listsync.domain.media import Definition, MediaType, TitleKey
    from listsync.domain.report import SyncRun
    from listsync.domain.run_notes import Departure, FailedRequest, HandledEntries, Miss
    from listsync.domain.server import TitleFacts


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

    def series_to_watch(self, now: datetime) -> Mapping[Definition, date]:
        """Return handled series that are due to be looked at for new seasons, and since when."""
        ...


class FailedRequests(Protocol):
    """Requests that cannot work as they are, by title and TVDB id. Raises StateError."""

    def load(self) -> Mapping[tuple[Definition, int | None], FailedRequest]:
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
