"""Feeds: what lists hold after matching and all their rules, for who reads it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from listsync.domain.feeds import FeedContent, FeedRecord, FeedTitle, KnownTitle
    from listsync.domain.list_rules import ListRules
    from listsync.domain.media import TitleKey


class FeedStore(Protocol):
    """What a sync keeps of feeds. Raises StateError."""

    def titles(self, rules: ListRules) -> tuple[FeedTitle, ...]:
        """Return what the feed of a list holds now."""
        ...

    def save(self, rules: ListRules, content: FeedContent, at: datetime) -> None:
        """Keep what a list holds; nothing as long as the list was never read whole."""
        ...

    def known(self, now: datetime) -> Mapping[TitleKey, KnownTitle]:
        """Return what the catalogue said of titles; of series without a TVDB id it is asked anew.

        After a week: TMDB learns such ids.
        """
        ...

    def note_known(self, found: Mapping[TitleKey, KnownTitle], at: datetime) -> None:
        """Remember what the catalogue says, for good."""
        ...


class FeedRecords(Protocol):
    """What is served. Any thread may ask; raises StateError."""

    def find(self, rules: ListRules) -> FeedRecord | None:
        """Return what is known of a list's feed; None where it was never read whole."""
        ...

    def pages(self, record: FeedRecord) -> Iterator[tuple[FeedTitle, ...]]:
        """Yield the titles of a feed, some at a time; raises StateError if it was replaced."""
        ...
