"""What a run learns of titles, and what is remembered of those that were acted on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import NamedTuple

from listsync.domain.decisions import Found, Match, Member
from listsync.domain.lists import ListOutcome, Validators
from listsync.domain.media import Edition
from listsync.domain.server import RequestBody, RequestResponse, Season, ServerRequest
from listsync.lean_dataclasses import dataclass

_RULES = "|"


class HandledSeasons(NamedTuple):
    """For which seasons an entry was acted on; as text, because there may be 100,000 of these.

    `rules` are the season rules by which it was acted on ("all", "first", "latest:2", "1,3"),
    more than one where a list is followed twice; None: not known, as after an upgrade.
    `numbers` are the seasons that were wanted and existed, whatever became of them. With
    `aired_before`, a day, all regular seasons that had aired before it count as well: the whole
    series was there (or an older version handled it), and its seasons were not looked at.
    """

    rules: str | None
    numbers: str = ""
    aired_before: str | None = None

    @classmethod
    def of(
        cls, rules: Iterable[str], numbers: Iterable[int], aired_before: date | None = None
    ) -> HandledSeasons:
        """Write down what an entry is acted on for."""
        return cls(
            _RULES.join(sorted(set(rules))),
            ",".join(map(str, sorted(set(numbers)))),
            aired_before.isoformat() if aired_before else None,
        )

    def knows(self, rule: str) -> bool:
        """Tell whether the entry was acted on by *rule*; what is not known was by any."""
        return self.rules is None or self.rules == rule or rule in self.rules.split(_RULES)

    @property
    def is_waiting(self) -> bool:
        """Tell whether none of the seasons that are named existed at the last look."""
        if self.numbers or self.aired_before is not None or self.rules is None:
            return False
        return self.rules[:1].isdigit()

    @property
    def season_numbers(self) -> frozenset[int]:
        """The seasons that are remembered by number."""
        return frozenset(map(int, self.numbers.split(","))) if self.numbers else frozenset()

    @property
    def aired_before_day(self) -> date | None:
        """The day of `aired_before`."""
        return date.fromisoformat(self.aired_before) if self.aired_before else None

    def holds(self, season: Season) -> bool:
        """Tell whether the entry was acted on for *season*; one without a date had aired."""
        if season.number in self.season_numbers:
            return True
        day = self.aired_before_day
        has_aired = day is not None and (season.airs is None or season.airs < day)
        return has_aired and season.number > 0


@dataclass(frozen=True)
class HandledEntries:
    """Entries that were acted on and are still on their lists.

    `titles`: what each was taken for, by entry id, by (list source, four_k). `seasons`: for which
    seasons it was acted on, of series, in the same order of names.
    """

    titles: Mapping[tuple[str, bool], Mapping[str, Edition]] = field(default_factory=dict)
    seasons: Mapping[tuple[str, bool], Mapping[str, HandledSeasons]] = field(default_factory=dict)

    def title_of(self, member: Member) -> Edition | None:
        """Say what an entry was taken for when it was acted on; None: it never was."""
        entries = self.titles.get((member.rules.source, member.rules.four_k))
        return entries.get(member.entry_id) if entries else None

    def seasons_of(self, member: Member) -> HandledSeasons | None:
        """Say for which seasons an entry was acted on; None: it never was, or is no series."""
        entries = self.seasons.get((member.rules.source, member.rules.four_k))
        return entries.get(member.entry_id) if entries else None

    @cached_property
    def editions(self) -> frozenset[Edition]:
        """The titles that were acted on."""
        return frozenset(one for entries in self.titles.values() for one in entries.values())

    @property
    def has_unknown_rules(self) -> bool:
        """Tell whether an older version handled a series, so that its season rule is not known."""
        return any(one.rules is None for rows in self.seasons.values() for one in rows.values())

    @property
    def waiting(self) -> frozenset[Edition]:
        """The series of which a season is wanted that did not exist yet."""
        return frozenset(
            self.titles[place][name]
            for place, rows in self.seasons.items()
            for name, one in rows.items()
            if one.is_waiting
        )

    def of_title(self, title: Edition) -> frozenset[HandledSeasons]:
        """Give what all entries together remember of the seasons of *title*."""
        return frozenset(self._by_title.get(title, ()))

    @cached_property
    def _by_title(self) -> Mapping[Edition, set[HandledSeasons]]:
        found: dict[Edition, set[HandledSeasons]] = {}
        for place, entries in self.seasons.items():
            titles = self.titles[place]
            for name, seasons in entries.items():
                found.setdefault(titles[name], set()).add(seasons)
        return found


@dataclass(frozen=True, slots=True)
class Kept:
    """What a reading changed. `new`: ids of entries not seen before.

    `on_hold`: how many entries the reading lacks that are still believed to be on the list, as so
    many have gone at once; `doubted`: because the reading itself is in doubt.
    """

    new: frozenset[str] = frozenset()
    on_hold: int = 0
    doubted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a snapshot differs from a reading that was added to it.

    `new`: ids that it did not have; `missing`: ids that the reading lacks, `gone` of which no
    reading lacked before. `present`: how many entries were on the list before the reading.
    `shrunk_at`: since when so much is missing that it is not believed.
    """

    new: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    gone: int = 0
    present: int = 0
    shrunk_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeReading:
    """What is to be kept of a reading, beside its entries.

    `validators` make the next reading cheap; None: it has to be fresh. `read` is None where the
    list is unchanged: then only times and what it declared are news. `absent` are ids that one
    more fresh whole reading lacked; what two in a row lacked has left.
    """

    outcome: ListOutcome
    why: str
    at: datetime
    validators: Validators | None
    declared: int | None
    read: int | None = None
    absent: Sequence[str] = ()
    shrunk_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListSetback:
    """How a list failed last: `failures` times in a row; not to be asked before `retry_at`."""

    outcome: ListOutcome
    why: str
    failures: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Handling:
    """One list entry was acted on: never again while it stays on its list.

    `seasons`: for which seasons; of a series never None.
    """

    member: Member
    edition: Edition
    seasons: HandledSeasons | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that is about to be sent, or will be next: for which title, of which lists.

    `at` is when it was written down last: the request was not sent later than a moment after.
    """

    label: str
    lists: tuple[str, ...]
    body: RequestBody
    at: datetime = field(default=datetime.min.replace(tzinfo=UTC), compare=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """One request was answered (provenance: by which lists, in which run)."""

    run_id: str
    label: str
    lists: tuple[str, ...]
    body: RequestBody
    answered: RequestResponse


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A request failed in a way that the next run would not mend: *tries* times in a row.

    It is left alone until `retry_at`.
    """

    why: str
    tries: int
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Miss:
    """A lookup that led to no title, *tries* times in a row; looked up again from `again_at`."""

    found: Found
    tries: int
    again_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A title that was handled, whose entry has left its list, or has been missing once.

    `is_gone`: it has left. `was_reported`: an earlier run said that its request
    would be cancelled.
    `request_id` is the server's number of our request; `is_wanted`: by another list or entry.
    """

    source: str
    list_name: str
    label: str
    title: str
    year: int | None
    edition: Edition
    request_id: int | None
    is_wanted: bool
    is_gone: bool = True
    was_reported: bool = False


class ExcludedEntries(NamedTuple):
    """Which entries of the lists at *sources* are excluded, and by whom; no others are.

    By source and entry id.
    """

    sources: frozenset[str]
    by: Mapping[tuple[str, str], str]


@dataclass(slots=True)
class Notes:
    """What a run has learned since the last write; `matches` are by lookup.

    `misses` says of those without a title when they are looked up again; `failed` are requests
    that failed, by title and TVDB id.

    `seekers` are the entries for which a lookup was made, or waits for a person. `dropped` are
    intents that came to nothing: of this run, or of one that was cut off. `chosen` are the matches
    that ids led to which a person chose, or that they did not lead to. `looked` says when a
    series is looked at again for new seasons. `seen` is what the server was found to have for a
    title, where its index does not tell. `excluded` is set by a run that decided all there is.
    """

    handled: list[Handling] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    failed: dict[tuple[Edition, int | None], FailedRequest] = field(default_factory=dict)
    matches: dict[str, Match] = field(default_factory=dict)
    misses: dict[str, Miss] = field(default_factory=dict)
    chosen: list[Match] = field(default_factory=list)
    seekers: dict[str, tuple[Member, ...]] = field(default_factory=dict)
    dropped: list[RequestBody] = field(default_factory=list)
    looked: dict[Edition, date] = field(default_factory=dict)
    seen: list[ServerRequest] = field(default_factory=list)
    excluded: ExcludedEntries | None = None

    def __len__(self) -> int:
        parts = (
            *(self.handled, self.sent, self.failed, self.dropped),
            *(self.looked, self.seen, self.chosen, (self.excluded or ())),
        )
        # A fresh match and those who seek it are one note.
        return sum(len(part) for part in parts) + max(len(self.matches), len(self.seekers))
