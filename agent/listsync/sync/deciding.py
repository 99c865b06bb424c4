"""What to do with a wish. Pure: the same knowledge, the same decision."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.server import (
    ABSENT,
    Destination,
    MediaStatus,
    RequestBody,
    SeriesDetails,
    TitleFacts,
    TitleState,
)
from listsync.domain.syncing import (
    Decision,
    Found,
    Match,
    Member,
    Prepared,
    Request,
    Skip,
    SkipReason,
    Wish,
)
from listsync.sync.askers import Doors, asking_of, fitting, need_facts, seasons_of, takes, watching
from listsync.sync.exclusions import Excluded

_STATUS_REASONS: Mapping[int, SkipReason] = {
    MediaStatus.PENDING: SkipReason.REQUESTED,
    MediaStatus.PROCESSING: SkipReason.REQUESTED,
    MediaStatus.AVAILABLE: SkipReason.AVAILABLE,
    MediaStatus.BLOCKLISTED: SkipReason.BLOCKLISTED,
}
_REQUESTABLE = (MediaStatus.UNKNOWN, MediaStatus.PARTIALLY_AVAILABLE, MediaStatus.DELETED)


@dataclass(slots=True)
class Knowledge:
    """All that a decision rests on: the server's index, our memory, and this run so far.

    `handled` holds what was acted on for an entry that is still on its list. `setbacks` say why
    a request failed that is not due again yet; the number is the TVDB id it was tried with.
    `watched` are series that were handled, with the day since when, whose new seasons are due to
    be looked for. `held` says why nothing of a kind, in 4K or not, may be asked for. Three grow
    with the run: `doors` (which lists may ask), `asked` (the seasons asked for, empty for films),
    `unsettled` (why a title must not be asked for again in this run).
    """

    index: Mapping[TitleKey, TitleState]
    handled: AbstractSet[Definition]
    setbacks: dict[tuple[Definition, int | None], str]
    excluded: Excluded
    watched: Mapping[Definition, date] = field(default_factory=dict)
    today: date = date.min
    doors: Doors = field(default_factory=Doors)
    asked: dict[Definition, frozenset[int]] = field(default_factory=dict)
    unsettled: dict[Definition, str] = field(default_factory=dict)
    held: dict[tuple[MediaType, bool], str] = field(default_factory=dict)

    def state(self, key: TitleKey) -> TitleState:
        return self.index.get(key, ABSENT)

    def needs_seasons(self, wish: Wish, match: Match, facts: TitleFacts | None) -> bool:
        """Tell whether the seasons must be read before *wish* can be decided.

        Once False it stays so while the run goes on: readers ask ahead of the decisions.
        """
        if match.key is None or match.key.kind is not MediaType.TV:
            return False
        return _askers(wish, match.key, self, facts)[1] is None

    def needs_facts(self, wish: Wish, match: Match) -> bool:
        """Tell whether the title's facts must be known; once False it stays so, as above."""
        has_reason = self.excluded.genres or need_facts(wish.members)
        if match.key is None or not has_reason:
            return False
        members, skip = _askers(wish, match.key, self)
        return skip is None and (bool(self.excluded.genres) or need_facts(members))


def stands_well(title: Definition, known: Knowledge) -> bool:
    """Tell whether a title that was handled is at the server, and no look is due.

    Whoever wants it, and whatever else this run asks for: it is not asked for again.
    """
    state = known.state(title.key)
    if MediaStatus.BLOCKLISTED in (state.status, state.status_4k) or title in known.watched:
        return False
    if known.excluded.holds_key(title.key) or title in known.unsettled:
        return False
    return state.of(four_k=title.four_k) not in _REQUESTABLE


def decide(prepared: Prepared, known: Knowledge) -> Decision:
    """Decide what to do with a wish whose match (and seasons, for a series) are known."""
    wish, match = prepared.wish, prepared.match
    if known.excluded.holds_wish(wish) or known.excluded.holds_title(wish, match):
        return Skip(SkipReason.EXCLUDED)
    if match is None or match.key is None:
        review = match is not None and match.found is Found.REVIEW
        reason = SkipReason.REVIEW if review else SkipReason.NOT_FOUND
        return Skip(reason, match.reasons[0] if match and match.reasons else "")
    members, skip = _askers(wish, match.key, known, prepared.facts)
    if skip is not None:
        return skip
    if prepared.facts is None and (known.excluded.genres or need_facts(members)):
        return Skip(SkipReason.HELD, "what the filters ask for could not be found out")
    if match.key.kind is MediaType.MOVIE:
        body = RequestBody(
            key=match.key,
            four_k=wish.four_k,
            asking=asking_of(members),
            destination=_destination_of(members, match.key, wish, known),
        )
        return Request(body, members)
    return _decide_series(wish, members, match.key, prepared.details, known)


def _askers(
    wish: Wish, key: TitleKey, known: Knowledge, facts: TitleFacts | None = None
) -> tuple[tuple[Member, ...], Skip | None]:
    """Find the members on whose behalf a title may be asked for, or why there are none."""
    members = takes(wish.members, key.kind)
    if not members:
        return (), Skip(SkipReason.EXCLUDED, f"the list takes no {key.kind.value}")
    skip = _skip_by_state(wish, key, known)
    if skip and known.watched and _may_have_grown(skip, Definition(key, wish.four_k), known):
        members = watching(members)
        if members:
            skip = _skip_by_trouble(wish, Definition(key, wish.four_k), known)
    if skip is not None:
        return (), skip
    if facts is not None and known.excluded.genres & facts.genres:
        genres = ", ".join(sorted(known.excluded.genres & facts.genres))
        return (), Skip(SkipReason.EXCLUDED, f"genre {genres}")
    members, skip = fitting(members, facts)
    if skip is None:
        members, skip = known.doors.open_to(members, key.kind, four_k=wish.four_k)
    return members, skip


def _may_have_grown(skip: Skip, definition: Definition, known: Knowledge) -> bool:
    """Tell whether new seasons may be the reason to ask for what is there or asked for already."""
    is_there = skip.reason in (SkipReason.AVAILABLE, SkipReason.REQUESTED)
    return is_there and definition in known.watched and definition not in known.asked


def _skip_by_state(wish: Wish, key: TitleKey, known: Knowledge) -> Skip | None:
    """Find the reason not to ask that lies in the title itself, if there is one."""
    definition = Definition(key, wish.four_k)
    if known.excluded.holds_key(key):
        return Skip(SkipReason.EXCLUDED)
    state = known.state(key)
    if MediaStatus.BLOCKLISTED in (state.status, state.status_4k):
        return Skip(SkipReason.BLOCKLISTED)
    if definition in known.unsettled:
        return Skip(SkipReason.HELD, known.unsettled[definition])
    if definition in known.asked:
        done = known.asked[definition]
        if not done or (wish.seasons and wish.seasons <= done):
            return Skip(SkipReason.SAME_RUN)
        return _skip_by_trouble(wish, definition, known)
    return _skip_by_status(definition, known) or _skip_by_trouble(wish, definition, known)


def _skip_by_status(definition: Definition, known: Knowledge) -> Skip | None:
    """Judge by the server's index and our memory of the title."""
    status = known.state(definition.key).of(four_k=definition.four_k)
    if status not in _REQUESTABLE:
        return Skip(_STATUS_REASONS.get(status, SkipReason.REQUESTED))
    is_handled = definition in known.handled
    if is_handled and status == MediaStatus.PARTIALLY_AVAILABLE:
        return Skip(SkipReason.AVAILABLE, "in part")
    if is_handled:
        return Skip(SkipReason.HANDLED, "asked for before and gone since: stays so")
    return Skip(SkipReason.DELETED) if status == MediaStatus.DELETED else None


def _skip_by_trouble(wish: Wish, definition: Definition, known: Knowledge) -> Skip | None:
    setback = known.setbacks.get((definition, wish.ids.tvdb))
    if setback is not None:
        return Skip(SkipReason.SETBACK, setback)
    held = known.held.get((definition.key.kind, definition.four_k))
    return Skip(SkipReason.HELD, held) if held is not None else None


def _decide_series(
    wish: Wish,
    members: tuple[Member, ...],
    key: TitleKey,
    details: SeriesDetails | None,
    known: Knowledge,
) -> Decision:
    """Decide for the lists that may ask; if too few seasons are left to a user, for fewer of them.

    Fewer lists may want fewer seasons, or leave it to another user to ask.
    """
    first = _decide_seasons(wish, members, key, details, known)
    if isinstance(first, Request) or first.reason is not SkipReason.HELD:
        return first
    for number, member in enumerate(members):
        for fewer in (members[number:], (member,)):
            decision = _decide_seasons(wish, fewer, key, details, known)
            if isinstance(decision, Request):
                return decision
    return first


def _decide_seasons(
    wish: Wish,
    members: tuple[Member, ...],
    key: TitleKey,
    details: SeriesDetails | None,
    known: Knowledge,
) -> Decision:
    if details is None:
        return Skip(SkipReason.SAME_RUN)
    done = known.asked.get(Definition(key, wish.four_k), frozenset())
    since = known.watched.get(Definition(key, wish.four_k))
    if since is not None:
        wanted = _aired_between(since, known.today, details)
    else:
        wanted = seasons_of(members, details)
    missing = tuple(
        season.number
        for season in details.seasons
        if season.number in wanted
        and season.number not in done
        and not season.is_covered(four_k=wish.four_k)
    )
    if not missing and since is not None:
        return Skip(SkipReason.AVAILABLE, "no new season has aired")
    if not missing:
        return _nothing_missing(wanted, done, details)
    if details.ids.tvdb is None and wish.ids.tvdb is None:
        return Skip(
            SkipReason.NO_TVDB_ID,
            "TMDB knows no TVDB id for this series, and the server drops such requests; "
            "a list that gives the TVDB id mends it",
        )
    why = known.doors.too_many_seasons(members, len(missing), four_k=wish.four_k)
    if why is not None:
        return Skip(SkipReason.HELD, why)
    return Request(
        RequestBody(
            key=key,
            four_k=wish.four_k,
            seasons=missing,
            tvdb_id=wish.ids.tvdb if details.ids.tvdb is None else None,
            asking=asking_of(members),
            destination=_destination_of(members, key, wish, known),
        ),
        members,
    )


def _destination_of(
    members: tuple[Member, ...], key: TitleKey, wish: Wish, known: Knowledge
) -> Destination:
    return known.doors.destination_of(members, key.kind, four_k=wish.four_k)


def _aired_between(since: date, today: date, details: SeriesDetails) -> frozenset[int]:
    return frozenset(
        season.number
        for season in details.seasons
        if season.number > 0 and season.airs is not None and since < season.airs <= today
    )


def _nothing_missing(wanted: frozenset[int], done: frozenset[int], details: SeriesDetails) -> Skip:
    existing = wanted & {season.number for season in details.seasons}
    if existing and existing <= done:
        return Skip(SkipReason.SAME_RUN)
    if existing:
        return Skip(SkipReason.REQUESTED)
    if wanted:
        return Skip(SkipReason.NO_SEASONS, f"the series has no season {min(wanted)}")
    return Skip(SkipReason.NO_SEASONS, "the series has nothing but specials")
