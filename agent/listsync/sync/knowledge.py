"""Makes what decisions rest on: the same for a sync and for who foresees one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import ServerInfo, TitleState
from listsync.domain.server_knowledge import Hold, Learned, UserAllowance
from listsync.domain.sync_records import ListRules
from listsync.sync.arr_lookup import ArrDirectory
from listsync.sync.decide import Knowledge
from listsync.sync.eligibility import Eligibility
from listsync.sync.exclusions import Excluded
from listsync.sync.limits import UNCAPPED, Cap, Caps
from listsync.sync.quotas import Allowances
from listsync.sync.server_requests import NOTHING_SEEN, RequestsSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is remembered of titles: of all, or of the one in question.

    `requested` counts what was requested in the last 24 hours, by the name of the list; `on_hold`
    says why single titles are. `seen` is what is known of the server's requests.
    """

    index: Mapping[TitleKey, TitleState]
    handled: HandledEntries
    setbacks: Mapping[tuple[Definition, int | None], str]
    watched: Mapping[Definition, date] = field(default_factory=dict)
    requested: Mapping[str, int] = field(default_factory=dict)
    on_hold: Mapping[Definition, str] = field(default_factory=dict)
    seen: RequestsSeen = NOTHING_SEEN


def knowledge_of(  # noqa: PLR0913 - each is known from elsewhere
    stored: Stored,
    learned: Learned,
    excluded: Excluded,
    today: date,
    *,
    cap: Cap = UNCAPPED,
    arr: ArrDirectory | None = None,
) -> Knowledge:
    """Put together what a decision rests on."""
    allowances = Allowances({one.user: one.allowance for one in learned.allowances})
    eligibility = Eligibility(Caps(cap, stored.requested), allowances, arr=arr)
    eligibility.trouble.update((tried.user, tried.why) for tried in learned.users if tried.why)
    return Knowledge(
        index=stored.index,
        handled=stored.handled,
        setbacks=dict(stored.setbacks),
        excluded=excluded,
        watched=stored.watched,
        today=today,
        eligibility=eligibility,
        on_hold=dict(stored.on_hold),
        seen=stored.seen,
        holds={(hold.kind, hold.four_k): hold.why for hold in learned.holds},
    )


def holds_of(info: ServerInfo, held: str | None) -> tuple[Hold, ...]:
    """Keep requests back; those in 4K also where there is nothing to send them to: they hang."""
    lacking = {
        (MediaType.MOVIE, True): None if info.movie_4k else "the server has no 4K Radarr",
        (MediaType.TV, True): None if info.series_4k else "the server has no 4K Sonarr",
    }
    found = (
        (kind, four_k, lacking.get((kind, four_k)) or held)
        for kind in MediaType
        for four_k in (False, True)
    )
    return tuple(Hold(kind=kind, four_k=four_k, why=why) for kind, four_k, why in found if why)


def may_watch(lists: Iterable[ListRules], handled: HandledEntries) -> bool:
    """Tell whether seasons that come later are wanted, or waited for, of any series."""
    return bool(handled.waiting) or any(one.new_seasons for one in lists)


def watched_of(
    due: Mapping[Definition, date], lists: Iterable[ListRules], handled: HandledEntries
) -> Mapping[Definition, date]:
    """Keep the series *due* for a look whose new seasons are wanted, or that are waited for."""
    are_new_wanted = any(one.new_seasons for one in lists)
    waiting = handled.waiting
    return {title: day for title, day in due.items() if are_new_wanted or title in waiting}


def learned_by(known: Knowledge, learned: Learned) -> Learned:
    """Add what a run learned of users on its way."""
    left = known.eligibility.allowances.left
    return Learned(
        holds=tuple(
            Hold(kind=kind, four_k=four_k, why=why) for (kind, four_k), why in known.holds.items()
        ),
        users=learned.users,
        allowances=tuple(UserAllowance(user=user, allowance=one) for user, one in left.items()),
    )
