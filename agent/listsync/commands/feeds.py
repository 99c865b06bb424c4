"""What lists hold, as Radarr and Sonarr read it; or why there is nothing good to read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from listsync.commands.context import CommandContext
from listsync.domain.feeds import ALL_LISTS, FeedForm, FeedRecord, FeedTitle
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Exclusion, MediaType, parse_exclusion
from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason, RefusedCommand

_SOON = timedelta(minutes=5)
_LATEST = timedelta(days=1)
IN_SHORT = "in_short"
"""A field of a refusal: what may be told to who may not know the lists."""
_LONGEST = 100
"""What is quoted of a name that somebody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed that can be read. `etag` changes with what is in it, and with nothing else.

    `read_at` is when the list that was read least lately was read whole.
    """

    form: FeedForm
    name: str
    records: tuple[FeedRecord, ...]
    exclusions: tuple[str, ...]
    etag: str
    changed_at: datetime
    read_at: datetime

    @property
    def is_empty(self) -> bool:
        """Tell whether the services themselves say that there is nothing on its lists."""
        return all(one.is_empty for one in self.records)


class Feeds:
    """Finds and writes feeds. Any thread may ask; to write a long one takes its time."""

    def __init__(
        self, context: CommandContext, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._context = context
        self._now = now

    def find(self, name: str, form: FeedForm) -> Feed:
        """Find the feed of a list, or of `ALL_LISTS`.

        Raises:
            RefusedCommand: there is no such list, or it was never read whole: its data says when
                it may be, as `retry_after_s`.
        """
        try:
            return self._find(name, form)
        except StateError as error:
            raise RefusedCommand(Reason.UNAVAILABLE, str(error)) from error

    def _find(self, name: str, form: FeedForm) -> Feed:
        lists = self._lists(name, form)
        records = tuple(self._record(rules, name) for rules in lists)
        exclusions = tuple(sorted(self._context.state.exclusions.all()))
        facts = (form, *(one.digest for one in records), "", *exclusions)
        return Feed(
            form=form,
            name=name,
            records=records,
            exclusions=exclusions,
            etag=hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32],
            changed_at=max(one.changed_at for one in records),
            read_at=min(one.read_at for one in records),
        )

    def write(self, feed: Feed) -> list[bytes]:
        """Write a feed as JSON, in parts: to join megabytes would hold all other threads.

        Raises:
            RefusedCommand: nothing of it is left, though its lists are not empty; or a sync
                replaced it just now.
        """
        parts = [page for page in self._pages(feed) if page != b","]
        if parts:
            return [b"[" + parts[0][1:], *parts[1:], b"]"]
        if feed.is_empty:
            return [b"[]"]
        words = f"{_named(feed.name)} no {feed.form.what} that can be served now"
        raise self._refusal(words, [one.name for one in feed.records])

    def _lists(self, name: str, form: FeedForm) -> Sequence[ListRules]:
        every = self._context.configuration.current.snapshot.lists
        served = [one for one in every if not one.is_exclusion]
        named = [one for one in every if name in (one.name, ALL_LISTS)]
        found = [one for one in named if not one.is_exclusion]
        of_kind = [one for one in found if one.kind in (None, form.kind)]
        if of_kind:
            return of_kind
        words = f"no list is called {name[:_LONGEST]!r}"
        if found:
            words = f"{_named(name)} no {form.what}: the configuration says so, by `kind`"
        elif named and name != ALL_LISTS:
            words = f"the list {name} says what not to request: it has no feed"
        elif name == ALL_LISTS:
            words = "no list is followed"
        raise RefusedCommand(Reason.NOT_FOUND, words, data={"lists": [one.name for one in served]})

    def _record(self, rules: ListRules, name: str) -> FeedRecord:
        record = self._context.state.feeds.find(rules)
        if record is not None:
            return record
        row = self._context.shown().lists.get(rules.source)
        why = ""
        if row is None:
            words = "was not read yet"
        elif row.last_success is not None:
            words = "was read, but no sync has made its feed yet"
        else:
            words = f"was never read whole: {row.outcome.replace('_', ' ')}"
            why = f": {row.why}"
        refused = self._refusal(f"the list {rules.name} {words}{why}", [rules.name])
        subject = "one of the lists" if name == ALL_LISTS else f"the list {rules.name}"
        refused.data[IN_SHORT] = f"{subject} {words}"
        raise refused

    def _refusal(self, words: str, names: Sequence[str]) -> RefusedCommand:
        now = self._now()
        wait = min(max(self._next_try(names, now) - now, timedelta(minutes=1)), _LATEST)
        data = {"retry_after_s": round(wait.total_seconds())}
        return RefusedCommand(Reason.UNAVAILABLE, words, data=data)

    def _next_try(self, names: Sequence[str], now: datetime) -> datetime:
        due, shown = self._context.due(), self._context.shown().lists
        lists = self._context.configuration.current.snapshot.lists
        context = [one.source for one in lists if one.name in names]
        rows = [shown[source] for source in context if source in shown]
        times = [row.asked_again_at for row in rows]
        times += [due.get(source, due.get("")) for source in context]
        return min((at for at in times if at is not None and at > now), default=now + _SOON)

    def _pages(self, feed: Feed) -> Iterator[bytes]:
        """Write titles, each with a comma before it, without what was excluded since, each once.

        A page is milliseconds.
        """
        excluded = _Excluded(map(parse_exclusion, feed.exclusions))
        seen: set[object] = set()
        try:
            for record in feed.records:
                for page in self._context.state.feeds.pages(record):
                    titles = [
                        one for one in page if one.fits(feed.form) and not excluded.holds(one)
                    ]
                    if len(feed.records) > 1:
                        titles = [one for one in titles if _is_new(one, seen)]
                    yield (
                        b"," + msgspec.json.encode([_ROWS[feed.form](one) for one in titles])[1:-1]
                    )
        except StateError as error:
            raise RefusedCommand(Reason.UNAVAILABLE, str(error)) from error


class _Excluded:
    """What was excluded by command, at once, without a sync."""

    def __init__(self, exclusions: Iterator[Exclusion]) -> None:
        every = list(exclusions)
        self._keys = {tuple(one.key) for one in every if one.key}
        self._imdb = {one.imdb for one in every if one.imdb}
        self._tvdb = {one.tvdb for one in every if one.tvdb}

    def holds(self, title: FeedTitle) -> bool:
        is_series = title.kind is MediaType.TV
        return (
            (title.kind, title.tmdb) in self._keys
            or title.imdb in self._imdb
            or (is_series and title.tvdb in self._tvdb)
        )


def _is_new(title: FeedTitle, seen: set[object]) -> bool:
    """Tell whether none of a title's numbers was seen; note them."""
    numbers = ((title.tmdb, "tmdb"), (title.imdb, "imdb"), (title.tvdb, "tvdb"))
    names = {(title.kind, *one) for one in numbers if one[0] is not None}
    is_new = seen.isdisjoint(names)
    seen |= names
    return is_new


def _named(name: str) -> str:
    return "all lists together have" if name == ALL_LISTS else f"the list {name} has"


def _radarr(title: FeedTitle) -> dict[str, object]:
    """Leave out what is not known: Radarr reads nothing of a feed with a number that is null."""
    row: dict[str, object] = {"title": title.title}
    if title.imdb is not None:
        row["imdb_id"] = title.imdb
    if title.tmdb is not None:
        row["id"] = title.tmdb
    if title.year is not None:
        row["release_year"] = str(title.year)
    return row


def _sonarr(title: FeedTitle) -> dict[str, object]:
    return {"tvdbId": title.tvdb, "title": title.title}


def _stevenlu(title: FeedTitle) -> dict[str, object]:
    return {"title": title.title, "imdb_id": title.imdb}


_ROWS: dict[FeedForm, Callable[[FeedTitle], dict[str, object]]] = {
    FeedForm.RADARR: _radarr,
    FeedForm.SONARR: _sonarr,
    FeedForm.STEVENLU: _stevenlu,
}
