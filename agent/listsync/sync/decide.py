"""What to do with a wish. Pure: the same knowledge, the same decision."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from listsync.domain.decisions import (
    Decision,
    Found,
    Member,
    Members,
    Prepared,
    Request,
    Skip,
    SkipReason,
    Wish,
)
from listsync.domain.media import Edition, MediaType
from listsync.domain.server import (
    RequestBody,
    SeriesDetails,
)
from listsync.sync.eligibility import (
    STAYS_GONE,
    asking_of,
    eligible,
    fitting,
    need_facts,
    no_season,
    skip_by_status,
    skip_of_present,
    takes,
)
from listsync.sync.knowledge import Knowledge
from listsync.sync.seasons import (
    is_open,
)

_TV = MediaType.TV
_TOO_MANY = "the quota of the list that asks for this series has no room for more seasons"


def decide(prepared: Prepared, known: Knowledge) -> Decision:
    """Decide what to do with a wish whose match (and seasons, for a series) are known."""
    wish, match = prepared.wish, prepared.match
    if (by := known.excluded.by_names(wish, match)) is not None:
        return Skip(SkipReason.EXCLUDED, by)
    if match is None or match.key is None:
        review = match is not None and match.found is Found.REVIEW
        reason = SkipReason.REVIEW if review else SkipReason.NOT_FOUND
        return Skip(reason, match.reasons[0] if match and match.reasons else "")
    members, skip = eligible(wish, match.key, known, prepared.facts)
    if skip is not None:
        return skip
    title = Edition(match.key, wish.four_k)
    if prepared.facts is None and (known.excluded.genres or need_facts(members)):
        return Skip(SkipReason.ON_HOLD, "what the filters ask for could not be found out")
    if match.key.kind is MediaType.MOVIE:
        return Request(_body(members, title, known), members)
    decision = _decide_series(wish, members, title, prepared.details, known)
    return _with_missing_seasons(decision, prepared, known)


def _body(
    members: Members,
    title: Edition,
    known: Knowledge,
    *,
    seasons: tuple[int, ...] = (),
    tvdb_id: int | None = None,
) -> RequestBody:
    """Write the request of a title on behalf of *members*."""
    kind = title.key.kind
    first, united = members[0].rules.asking_for(kind), asking_of(members, kind)
    return RequestBody(
        key=title.key,
        four_k=title.four_k,
        seasons=seasons,
        tvdb_id=tvdb_id,
        asking=united,
        destination=known.limits.destination(
            first,
            kind,
            four_k=title.four_k,
            more_tags=united.tags[len(first.tags) :],
        ),
    )


def _with_missing_seasons(decision: Decision, prepared: Prepared, known: Knowledge) -> Decision:
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
    title = Edition(body.key, body.four_k)
    others = [one for one in takes(prepared.wish.members, _TV) if one not in decision.members]
    for member in others:
        lacking = known.look(title, details).missing(known.seasons_wanted(member, title, details))
        if set(lacking) <= set(body.seasons):
            continue
        limits, four_k = known.limits, title.four_k
        own = fitting((member,), facts)[1] or limits.let_through((member,), _TV, four_k=four_k)[1]
        why = limits.too_many_seasons((member,), len(lacking), four_k=four_k) or _TOO_MANY
        yield member, own or Skip(SkipReason.ON_HOLD, why)


def _decide_series(
    wish: Wish,
    members: Members,
    title: Edition,
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
        return skip_by_status(title, known) or first
    if first.reason is not SkipReason.ON_HOLD:
        return first
    fitting_in = (
        _decide_for_some(wish, members[number:], title, details, known)
        for number in range(len(members))
    )
    return next((one for one in fitting_in if one is not None), first)


def _decide_for_some(
    wish: Wish,
    members: Members,
    title: Edition,
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
        if isinstance(decision, Request) or decision.reason is not SkipReason.ON_HOLD:
            chosen = (*chosen, member)
        elif not chosen:
            return None
    return request


def _decide_seasons(
    wish: Wish,
    members: Members,
    title: Edition,
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
    why = known.limits.too_many_seasons(members, len(missing), four_k=wish.four_k)
    if why is not None:
        return Skip(SkipReason.ON_HOLD, why)
    tvdb_id = wish.ids.tvdb if details.ids.tvdb is None else None
    return Request(_body(members, title, known, seasons=missing, tvdb_id=tvdb_id), members)


def _nothing_missing(
    wanted: AbstractSet[int],
    members: Members,
    title: Edition,
    details: SeriesDetails,
    known: Knowledge,
) -> Skip:
    """Say what became of the seasons that are wanted, none of which is to be requested."""
    look = known.look(title, details)
    existing, gone = look.existing(wanted), look.gone(wanted)
    if not any(is_open(member, title, known.handled) for member in members):
        return Skip(SkipReason.AVAILABLE, "no new season has aired")
    if not existing and wanted:
        return no_season(wanted)
    if not existing:
        return Skip(SkipReason.NO_SEASONS, "the series has nothing but specials")
    if all(season.number in look.requested for season in existing):
        return Skip(SkipReason.SAME_RUN)
    are_declined = all(season.number in look.declined for season in gone)
    if len(gone) == len(existing):
        declined, handled = Skip(SkipReason.DECLINED), Skip(SkipReason.HANDLED, STAYS_GONE)
        return declined if are_declined else handled
    numbers = ", ".join(str(season.number) for season in gone)
    why = SkipReason.DECLINED.value if are_declined else STAYS_GONE
    return skip_of_present(title, known, f"but season {numbers}: {why}" if gone else "")
