"""What to do with a wish. Pure: the same knowledge, the same decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date

from listsync.domain.media import Definition, MediaType, TitleKey
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import (
    ABSENT,
    MediaStatus,
    RequestBody,
    SeriesDetails,
    TitleFacts,
    TitleState,
)
from listsync.domain.sync_records import (
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
from listsync.sync.eligibility import (
    Eligibility,
    Members,
    asking_of,
    fitting,
    named_by_all,
    need_facts,
    seasons_of,
    takes,
    watching,
)
from listsync.sync.exclusions import Excluded
from listsync.sync.seasons import (
    SeasonLook,
    aired_since,
    is_new,
    is_open,
    is_waiting,
    names_specials,
)
from listsync.sync.server_requests import NOTHING_SEEN, RequestsSeen

Wanting = tuple[Members, Skip | None]
"""The members that want something requested, or why there are none."""

_STATUS_REASONS: Mapping[int, SkipReason] = {
    MediaStatus.PENDING: SkipReason.REQUESTED,
    MediaStatus.PROCESSING: SkipReason.REQUESTED,
    MediaStatus.PARTIALLY_AVAILABLE: SkipReason.AVAILABLE,
    MediaStatus.AVAILABLE: SkipReason.AVAILABLE,
    MediaStatus.BLOCKLISTED: SkipReason.BLOCKLISTED,
}
_TV = MediaType.TV
_TOO_MANY = "the quota of the list that asks for this series has no room for more seasons"
_STAYS_GONE = "requested before and gone since: stays so"
_REMOVED = "requested before, and its request was deleted at the server: stays so"
_RETRY_THERE = "retry it on the page Requests of the server"
_IN_WORK = (MediaStatus.PENDING, MediaStatus.PROCESSING)
_GONE = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_LOOKED_AT = (
    MediaStatus.UNKNOWN,
    MediaStatus.PENDING,
    MediaStatus.PROCESSING,
    MediaStatus.PARTIALLY_AVAILABLE,
)
_REQUESTABLE = (MediaStatus.UNKNOWN, MediaStatus.PARTIALLY_AVAILABLE, MediaStatus.DELETED)


@dataclass(slots=True)
class Knowledge:
    """All that a decision rests on: the server's index, our memory, and this run so far.

    `handled` are the entries that were acted on and are still on their lists. `setbacks` say why
    a request failed that is not due again yet; the number is the TVDB id it was tried with.
    `watched` are series that were handled, with the day since when, whose new seasons are due to
    be looked for. `seen` is what is known of the server's requests beside its index. `holds` say
    why nothing of a kind, in 4K or not, may be requested. Three grow with the run: `eligibility`
    (which lists may ask), `asked` (the seasons requested, empty for films), `on_hold` (why a
    title must not be requested again in this run).
    """

    index: Mapping[TitleKey, TitleState]
    setbacks: dict[tuple[Definition, int | None], str]
    excluded: Excluded
    handled: HandledEntries = field(default_factory=HandledEntries)
    watched: Mapping[Definition, date] = field(default_factory=dict)
    today: date = date.min
    eligibility: Eligibility = field(default_factory=Eligibility)
    asked: dict[Definition, frozenset[int]] = field(default_factory=dict)
    on_hold: dict[Definition, str] = field(default_factory=dict)
    holds: dict[tuple[MediaType, bool], str] = field(default_factory=dict)
    seen: RequestsSeen = NOTHING_SEEN

    def state(self, key: TitleKey) -> TitleState:
        return self.index.get(key, ABSENT)

    def status(self, title: Definition) -> int:
        return self.state(title.key).of(four_k=title.four_k)

    def look(self, title: Definition, details: SeriesDetails) -> SeasonLook:
        """Put together what the server says of a series and what was done of it."""
        asked = self.asked.get(title, frozenset())
        declined = self.seen.declined.get(title, frozenset())
        return SeasonLook(details, title.four_k, self.handled.of_title(title), asked, declined)

    def seasons_wanted(
        self, member: Member, title: Definition, details: SeriesDetails
    ) -> frozenset[int]:
        """Choose the seasons that a member wants now: all of its rule at first, then new ones."""
        wanted: frozenset[int] = frozenset()
        if is_open(member, title, self.handled):
            wanted = seasons_of(member, details)
        since = self.watched.get(title)
        if since is not None and member.rules.new_seasons:
            wanted |= aired_since(since, self.today, details)
        return wanted

    def needs_seasons(self, wish: Wish, match: Match, facts: TitleFacts | None) -> bool:
        """Tell whether the seasons must be read before *wish* can be decided.

        Once False it stays so while the run goes on: readers ask ahead of the decisions.
        """
        if match.key is None or match.key.kind is not MediaType.TV:
            return False
        return _eligible(wish, match.key, self, facts)[1] is None

    def asking_members(
        self, wish: Wish, key: TitleKey, facts: TitleFacts | None
    ) -> tuple[Member, ...]:
        """Find the members that may have a title requested, as far as that can be told by now."""
        return _eligible(wish, key, self, facts)[0]

    def needs_facts(self, wish: Wish, match: Match) -> bool:
        """Tell whether the title's facts must be known; once False it stays so, as above."""
        has_reason = self.excluded.genres or need_facts(wish.members)
        if match.key is None or not has_reason:
            return False
        members, skip = _eligible(wish, match.key, self)
        return skip is None and (bool(self.excluded.genres) or need_facts(members))


def stands_well(title: Definition, known: Knowledge) -> bool:
    """Tell whether a title that was handled is at the server, and no look is due.

    Whoever wants it, and whatever else this run requests: it is not requested again.
    """
    state = known.state(title.key)
    if MediaStatus.BLOCKLISTED in (state.status, state.status_4k) or title in known.watched:
        return False
    if known.excluded.holds_key(title.key) or title in known.on_hold:
        return False
    if title in known.seen.failed and _has_failed(title, known):
        return False
    return state.of(four_k=title.four_k) not in _REQUESTABLE


def decide(prepared: Prepared, known: Knowledge) -> Decision:
    """Decide what to do with a wish whose match (and seasons, for a series) are known."""
    wish, match = prepared.wish, prepared.match
    if known.excluded.holds_wish(wish, match) or known.excluded.holds_title(wish, match):
        return Skip(SkipReason.EXCLUDED)
    if match is None or match.key is None:
        review = match is not None and match.found is Found.REVIEW
        reason = SkipReason.REVIEW if review else SkipReason.NOT_FOUND
        return Skip(reason, match.reasons[0] if match and match.reasons else "")
    members, skip = _eligible(wish, match.key, known, prepared.facts)
    if skip is not None:
        return skip
    title = Definition(match.key, wish.four_k)
    if prepared.facts is None and (known.excluded.genres or need_facts(members)):
        return Skip(SkipReason.HELD, "what the filters ask for could not be found out")
    if match.key.kind is MediaType.MOVIE:
        body = RequestBody(
            key=match.key,
            four_k=wish.four_k,
            asking=asking_of(members),
            destination=known.eligibility.destination_of(
                members, match.key.kind, four_k=wish.four_k
            ),
        )
        return Request(body, members)
    decision = _decide_series(wish, members, title, prepared.details, known)
    return _told_whole(decision, prepared, known)


def _told_whole(decision: Decision, prepared: Prepared, known: Knowledge) -> Decision:
    """Add to a request who wants more of the series."""
    details = prepared.details
    if not isinstance(decision, Request) or details is None:
        return decision
    return replace(decision, left_out=tuple(_left_out(decision, prepared, details, known)))


def _left_out(
    decision: Request, prepared: Prepared, details: SeriesDetails, known: Knowledge
) -> Iterator[tuple[Member, Skip]]:
    """Yield the members that want more seasons of a series than is asked for, with why."""
    body, facts = decision.body, prepared.facts
    title = Definition(body.key, body.four_k)
    others = [one for one in takes(prepared.wish.members, _TV) if one not in decision.members]
    for member in others:
        lacking = known.look(title, details).missing(known.seasons_wanted(member, title, details))
        if set(lacking) <= set(body.seasons):
            continue
        eligibility, four_k = known.eligibility, title.four_k
        own = (
            fitting((member,), facts)[1] or eligibility.eligible((member,), _TV, four_k=four_k)[1]
        )
        why = eligibility.too_many_seasons((member,), len(lacking), four_k=four_k) or _TOO_MANY
        yield member, own or Skip(SkipReason.HELD, why)


def _eligible(
    wish: Wish, key: TitleKey, known: Knowledge, facts: TitleFacts | None = None
) -> Wanting:
    """Find the members on whose behalf a title may be requested, or why there are none."""
    takers, title = takes(wish.members, key.kind), Definition(key, wish.four_k)
    if not takers:
        return (), Skip(SkipReason.EXCLUDED, f"the list takes no {key.kind.value}")
    skip = _skip_by_title(title, known)
    if skip is not None:
        return (), skip
    of_kind = _wanting_series if key.kind is MediaType.TV else _wanting_film
    members, skip = of_kind(takers, title, known)
    skip = skip or _skip_by_trouble(wish, title, known)
    if skip is not None:
        return (), skip
    if facts is not None and known.excluded.genres & facts.genres:
        genres = ", ".join(sorted(known.excluded.genres & facts.genres))
        return (), Skip(SkipReason.EXCLUDED, f"genre {genres}")
    wanting = members
    members, skip = fitting(wanting, facts)
    if skip is not None and len(wanting) < len(takers):
        # What the others wanted was acted on; the filters of these will not change that.
        return (), _skip_by_status(title, known) or skip
    if skip is None:
        members, skip = known.eligibility.eligible(members, key.kind, four_k=wish.four_k)
        skip = skip and skip.apart(_asking_nothing(takers, wanting, title, facts, known))
    return members, skip


def _asking_nothing(
    takers: Members,
    wanting: Members,
    title: Definition,
    facts: TitleFacts | None,
    known: Knowledge,
) -> Iterator[tuple[Member, Skip]]:
    """Yield who would not ask though it might: what it wants was acted on, or is filtered out."""
    done = _skip_by_status(title, known)
    for member in takers:
        own = fitting((member,), facts)[1] if member in wanting else done
        if own is not None:
            yield member, own


def _skip_by_title(title: Definition, known: Knowledge) -> Skip | None:
    """Find the reason not to ask that lies in the title itself, whoever wants what of it."""
    if known.excluded.holds_key(title.key):
        return Skip(SkipReason.EXCLUDED)
    state = known.state(title.key)
    if MediaStatus.BLOCKLISTED in (state.status, state.status_4k):
        return Skip(SkipReason.BLOCKLISTED)
    held = known.on_hold.get(title)
    return Skip(SkipReason.HELD, held) if held is not None else None


def _wanting_film(members: Members, title: Definition, known: Knowledge) -> Wanting:
    """Find the members that want a film requested now, or why none does."""
    if title in known.asked:
        return (), Skip(SkipReason.SAME_RUN)
    return members, _skip_by_status(title, known)


def _wanting_series(members: Members, title: Definition, known: Knowledge) -> Wanting:
    """Find the members whose seasons must be looked at, or why there are none.

    The server's status says nothing of single seasons, unless all are there or all deleted. Who
    was acted on before wants only seasons that are new, where its list does and a look is due, or
    one that did not exist.
    """
    status, done = known.status(title), known.asked.get(title)
    new = tuple(member for member in members if is_new(member, title, known.handled))
    if is_decided_whole(title, new, known):
        new = ()
    if new and done is not None and _are_all_asked(new, done):
        return (), Skip(SkipReason.SAME_RUN)
    waiting = tuple(member for member in members if is_waiting(member, title, known.handled))
    due: Members = ()
    if title in known.watched and done is None:
        due = (*waiting, *(watching(members) if status not in _GONE else ()))
    wanting = tuple(member for member in members if member in new or member in due)
    if not wanting and len(waiting) == len(members):
        return (), _no_season(named_by_all(members))
    return wanting, None if wanting else _skip_by_status(title, known)


def _no_season(numbers: AbstractSet[int]) -> Skip:
    return Skip(SkipReason.NO_SEASONS, f"the series has no season {min(numbers)}")


def is_decided_whole(title: Definition, members: Sequence[Member], known: Knowledge) -> bool:
    """Tell whether the server's status decides for all seasons that *members* may want."""
    status = known.status(title)
    if status == MediaStatus.AVAILABLE:
        return not names_specials(members)
    return status not in _LOOKED_AT


def _are_all_asked(members: Members, done: frozenset[int]) -> bool:
    named = named_by_all(members)
    return bool(named) and named <= done


def _skip_by_status(definition: Definition, known: Knowledge) -> Skip | None:
    """Judge by the server's index and our memory of the title."""
    status = known.status(definition)
    if status not in _REQUESTABLE:
        return _skip_of_present(definition, known)
    if status == MediaStatus.PARTIALLY_AVAILABLE:
        is_handled = definition in known.handled.definitions
        return Skip(SkipReason.AVAILABLE, "in part") if is_handled else None
    if status == MediaStatus.DELETED:
        return Skip(SkipReason.DELETED)
    return _skip_of_gone(definition, known)


def _skip_of_gone(title: Definition, known: Knowledge) -> Skip | None:
    """Say why a title that the index does not have stays away, if it does."""
    is_handled, is_film = title in known.handled.definitions, title.key.kind is MediaType.MOVIE
    # Of a series seasons are declined; one that was not handled is looked at.
    if title in known.seen.declined and (is_film or is_handled):
        return Skip(SkipReason.DECLINED)
    if not is_handled:
        return None
    return Skip(SkipReason.HANDLED, _REMOVED if title in known.seen.removed else _STAYS_GONE)


def _has_failed(title: Definition, known: Knowledge) -> bool:
    """Tell a title whose request hangs, as Radarr or Sonarr did not take it."""
    return title in known.seen.failed and known.status(title) in _IN_WORK


def _skip_of_present(title: Definition, known: Knowledge, detail: str = "") -> Skip:
    """Say how a title is there that the index has."""
    if _has_failed(title, known):
        return Skip(SkipReason.REQUEST_FAILED, _RETRY_THERE)
    return Skip(_STATUS_REASONS.get(known.status(title), SkipReason.REQUESTED), detail)


def _skip_by_trouble(wish: Wish, definition: Definition, known: Knowledge) -> Skip | None:
    setback = known.setbacks.get((definition, wish.ids.tvdb))
    if setback is not None:
        return Skip(SkipReason.SETBACK, setback)
    held = known.holds.get((definition.key.kind, definition.four_k))
    return Skip(SkipReason.HELD, held) if held is not None else None


def _decide_series(
    wish: Wish,
    members: Members,
    title: Definition,
    details: SeriesDetails | None,
    known: Knowledge,
) -> Decision:
    """Decide for the lists that may ask; if too few seasons are left to a user, for fewer of them.

    Fewer lists may want fewer seasons, or leave it to another user to ask.
    """
    first = _decide_seasons(wish, members, title, details, known)
    if isinstance(first, Request):
        return first
    if first.reason is SkipReason.NO_SEASONS and len(members) < len(takes(wish.members, _TV)):
        # What the others wanted was acted on, and is what can be said of the title.
        return _skip_by_status(title, known) or first
    if first.reason is not SkipReason.HELD:
        return first
    fitting_in = (
        _decide_for_some(wish, members[number:], title, details, known)
        for number in range(len(members))
    )
    return next((one for one in fitting_in if one is not None), first)


def _decide_for_some(
    wish: Wish,
    members: Members,
    title: Definition,
    details: SeriesDetails | None,
    known: Knowledge,
) -> Request | None:
    """Ask as the first of *members*, for as many of the others as its quota has seasons for."""
    chosen: Members = ()
    request = None
    for member in members:
        decision = _decide_seasons(wish, (*chosen, member), title, details, known)
        if isinstance(decision, Request):
            request = decision
        if isinstance(decision, Request) or decision.reason is not SkipReason.HELD:
            chosen = (*chosen, member)
        elif not chosen:
            return None
    return request


def _decide_seasons(
    wish: Wish,
    members: Members,
    title: Definition,
    details: SeriesDetails | None,
    known: Knowledge,
) -> Decision:
    if details is None:
        return Skip(SkipReason.SAME_RUN)
    wanted = {n for one in members for n in known.seasons_wanted(one, title, details)}
    missing = known.look(title, details).missing(wanted)
    if not missing:
        return _nothing_missing(wanted, members, title, details, known)
    if details.ids.tvdb is None and wish.ids.tvdb is None:
        return Skip(
            SkipReason.NO_TVDB_ID,
            "TMDB knows no TVDB id for this series, and the server drops such requests; "
            "a list that gives the TVDB id mends it",
        )
    why = known.eligibility.too_many_seasons(members, len(missing), four_k=wish.four_k)
    if why is not None:
        return Skip(SkipReason.HELD, why)
    return Request(
        RequestBody(
            key=title.key,
            four_k=title.four_k,
            seasons=missing,
            tvdb_id=wish.ids.tvdb if details.ids.tvdb is None else None,
            asking=asking_of(members),
            destination=known.eligibility.destination_of(
                members, title.key.kind, four_k=title.four_k
            ),
        ),
        members,
    )


def _nothing_missing(
    wanted: AbstractSet[int],
    members: Members,
    title: Definition,
    details: SeriesDetails,
    known: Knowledge,
) -> Skip:
    """Say what became of the seasons that are wanted, none of which is to be requested."""
    look = known.look(title, details)
    existing, gone = look.existing(wanted), look.gone(wanted)
    if not any(is_open(member, title, known.handled) for member in members):
        return Skip(SkipReason.AVAILABLE, "no new season has aired")
    if not existing and wanted:
        return _no_season(wanted)
    if not existing:
        return Skip(SkipReason.NO_SEASONS, "the series has nothing but specials")
    if all(season.number in look.asked for season in existing):
        return Skip(SkipReason.SAME_RUN)
    are_declined = all(season.number in look.declined for season in gone)
    if len(gone) == len(existing):
        declined, handled = Skip(SkipReason.DECLINED), Skip(SkipReason.HANDLED, _STAYS_GONE)
        return declined if are_declined else handled
    numbers = ", ".join(str(season.number) for season in gone)
    why = SkipReason.DECLINED.value if are_declined else _STAYS_GONE
    return _skip_of_present(title, known, f"but season {numbers}: {why}" if gone else "")
