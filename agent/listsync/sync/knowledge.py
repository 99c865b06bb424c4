"""What decisions rest on, and what a run adds to that: the same for who forecasts one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date
from typing import Final

from listsync.domain.decisions import Member
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Edition, Exclusion, MediaType, TitleKey
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import ABSENT, RequestBody, SeriesDetails, ServerInfo, TitleState
from listsync.domain.server_knowledge import Allowance, Hold, Learned, UserAllowance
from listsync.lean_dataclasses import dataclass
from listsync.sync.arr_lookup import ArrDirectory
from listsync.sync.exclusions import Excluded, ExclusionSet
from listsync.sync.limits import UNCAPPED, Allowances, Cap, Caps, Limits, RunLimits
from listsync.sync.request_outcomes import NOTHING_SEEN, RequestsSeen
from listsync.sync.seasons import SeasonLook, aired_since, is_open

_NO_SEASONS: frozenset[int] = frozenset()
"""One object for all films: an empty set takes 216 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is remembered of titles: of all, or of the one in question.

    `handled` are the entries that were acted on and are still on their lists. `setbacks` say why
    a request failed that is not due again yet; the number is the TVDB id it was tried with.
    `watched` are series that were handled, with the day since when, whose new seasons are due to
    be looked for. `requested` counts what was requested in the last 24 hours, by the name of the
    list; `on_hold` says why single titles are. `seen` is what is known of the server's requests
    beside its index. `requested_seasons` are those that are requested already, of films none.
    """

    index: Mapping[TitleKey, TitleState] = field(default_factory=dict)
    handled: HandledEntries = field(default_factory=HandledEntries)
    setbacks: Mapping[tuple[Edition, int | None], str] = field(default_factory=dict)
    watched: Mapping[Edition, date] = field(default_factory=dict)
    requested: Mapping[str, int] = field(default_factory=dict)
    on_hold: Mapping[Edition, str] = field(default_factory=dict)
    seen: RequestsSeen = NOTHING_SEEN
    requested_seasons: Mapping[Edition, frozenset[int]] = field(default_factory=dict)


class Knowledge:
    """All that a decision rests on: the server's index, our memory, and this run so far.

    To be read only. The threads of the look-ahead read it while the run's one writer adds to it
    by the methods of `RunKnowledge`: it grows stricter, never looser, so what needs no look now
    never needs one later in the run. `holds` say why nothing of a kind, in 4K or not, may be
    requested.
    """

    def __init__(
        self,
        stored: Stored,
        *,
        excluded: Excluded,
        limits: Limits,
        today: date = date.min,
        holds: Mapping[tuple[MediaType, bool], str] | None = None,
    ) -> None:
        self.index: Final = stored.index
        self.handled: Final = stored.handled
        self.watched: Final = stored.watched
        self.seen: Final = stored.seen
        self.today: Final = today
        self.excluded = excluded
        self.limits = limits
        self.holds: Final[Mapping[tuple[MediaType, bool], str]] = dict(holds or {})
        self._setbacks = dict(stored.setbacks)
        self._on_hold = dict(stored.on_hold)
        self._requested_seasons = dict(stored.requested_seasons)

    @property
    def setbacks(self) -> Mapping[tuple[Edition, int | None], str]:
        """Why requests failed that are not due again yet, as in `Stored`."""
        return self._setbacks

    @property
    def on_hold(self) -> Mapping[Edition, str]:
        """Why single titles must not be requested in this run."""
        return self._on_hold

    @property
    def requested_seasons(self) -> Mapping[Edition, frozenset[int]]:
        """The seasons that this run has requested; empty for films."""
        return self._requested_seasons

    def state(self, key: TitleKey) -> TitleState:
        return self.index.get(key, ABSENT)

    def status(self, title: Edition) -> int:
        return self.state(title.key).of(four_k=title.four_k)

    def look(self, title: Edition, details: SeriesDetails) -> SeasonLook:
        """Put together what the server says of a series and what was done of it."""
        requested = self._requested_seasons.get(title, frozenset())
        declined = self.seen.declined.get(title, frozenset())
        return SeasonLook(details, title.four_k, self.handled.of_title(title), requested, declined)

    def seasons_wanted(
        self, member: Member, title: Edition, details: SeriesDetails
    ) -> frozenset[int]:
        """Choose the seasons that a member wants now: all of its rule at first, then new ones."""
        wanted: frozenset[int] = frozenset()
        if is_open(member, title, self.handled):
            wanted = member.seasons_of(details)
        since = self.watched.get(title)
        if since is not None and member.rules.new_seasons:
            wanted |= aired_since(since, self.today, details)
        return wanted


class RunKnowledge(Knowledge):
    """What a run knows, to which its one writer adds: each method gives reasons against requests.

    Each adds in steps each of which is one more reason, so that whoever reads between two sees
    fewer reasons and never a false one.
    """

    excluded: ExclusionSet
    limits: RunLimits

    def __init__(
        self,
        stored: Stored,
        *,
        excluded: ExclusionSet | None = None,
        limits: RunLimits | None = None,
        today: date = date.min,
        holds: Mapping[tuple[MediaType, bool], str] | None = None,
    ) -> None:
        super().__init__(
            stored,
            excluded=ExclusionSet(()) if excluded is None else excluded,
            limits=limits or RunLimits(),
            today=today,
            holds=holds,
        )

    def note_requested(self, title: Edition, seasons: Iterable[int]) -> None:
        """Keep the run from requesting *seasons*, or a film, again."""
        new = frozenset(seasons) or _NO_SEASONS
        requested = self._requested_seasons.get(title)
        self._requested_seasons[title] = requested | new if requested else new

    def put_on_hold(self, title: Edition, why: str) -> None:
        """Keep the run from requesting what may have arrived, or was just refused."""
        self._on_hold[title] = why

    def set_back(self, title: Edition, tvdb_id: int | None, why: str) -> None:
        """Keep the run from requesting what would fail."""
        self._setbacks[title, tvdb_id] = why

    def exclude(self, exclusion: Exclusion) -> None:
        """Keep the run from requesting a title; genres are all known when it begins.

        One more of those would ask for facts that nobody has read ahead.
        """
        self.excluded.add(exclusion)

    def learn_allowance(self, user: str | None, allowance: Allowance) -> None:
        """Note what the server says that *user* may request."""
        self.limits.learn_allowance(user, allowance)

    def count(self, body: RequestBody, list_name: str | None) -> None:
        """Count a request; *list_name*: it is for a new title, on behalf of that list."""
        self.limits.count(body, list_name)

    def refuse(self, user: str | None, kind: MediaType, *, four_k: bool, why: str) -> None:
        """Request no more in the name of *user*: the server takes nothing."""
        self.limits.refuse(user, kind, four_k=four_k, why=why)

    def doubt_arr_names(self, kind: MediaType) -> None:
        """Doubt what Radarr or Sonarr were said to call things: a request made with it failed."""
        self.limits.doubt_arr_names(kind)


def knowledge_of(  # noqa: PLR0913 - each is known from elsewhere
    stored: Stored,
    learned: Learned,
    excluded: ExclusionSet,
    today: date,
    *,
    cap: Cap = UNCAPPED,
    arr: ArrDirectory | None = None,
) -> RunKnowledge:
    """Put together what a decision rests on."""
    allowances = Allowances({one.user: one.allowance for one in learned.allowances})
    trouble = {tried.user: tried.why for tried in learned.users if tried.why}
    return RunKnowledge(
        stored,
        excluded=excluded,
        limits=RunLimits(Caps(cap, stored.requested), allowances, arr=arr, trouble=trouble),
        today=today,
        holds={(hold.kind, hold.four_k): hold.why for hold in learned.holds},
    )


def holds_of(info: ServerInfo, on_hold: str | None) -> tuple[Hold, ...]:
    """Keep requests back; those in 4K also where there is nothing to send them to: they hang."""
    lacking = {
        (MediaType.MOVIE, True): None if info.movie_4k else "the server has no 4K Radarr",
        (MediaType.TV, True): None if info.series_4k else "the server has no 4K Sonarr",
    }
    found = (
        (kind, four_k, lacking.get((kind, four_k)) or on_hold)
        for kind in MediaType
        for four_k in (False, True)
    )
    return tuple(Hold(kind=kind, four_k=four_k, why=why) for kind, four_k, why in found if why)


def may_watch(lists: Iterable[ListRules], handled: HandledEntries) -> bool:
    """Tell whether seasons that come later are wanted, or waited for, of any series."""
    return bool(handled.waiting) or any(one.new_seasons for one in lists)


def watched_of(
    due: Mapping[Edition, date], lists: Iterable[ListRules], handled: HandledEntries
) -> Mapping[Edition, date]:
    """Keep the series *due* for a look whose new seasons are wanted, or that are waited for."""
    are_new_wanted = any(one.new_seasons for one in lists)
    waiting = handled.waiting
    return {title: day for title, day in due.items() if are_new_wanted or title in waiting}


def learned_by(known: Knowledge, learned: Learned) -> Learned:
    """Add what a run learned of users on its way."""
    left = known.limits.allowances_left
    return Learned(
        holds=tuple(
            Hold(kind=kind, four_k=four_k, why=why) for (kind, four_k), why in known.holds.items()
        ),
        users=learned.users,
        allowances=tuple(UserAllowance(user=user, allowance=one) for user, one in left.items()),
    )
