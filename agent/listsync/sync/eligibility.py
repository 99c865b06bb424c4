"""For which of the lists that want a title it is requested, and how. Pure.

The lists of a title are asked in their order. The first whose rules let the title through gives
user, server, profile and so on; tags are those of all that let it through; of a series the seasons
that any of them wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from listsync.domain.decisions import Match, Member, Members, Skip, SkipReason, Wish, named_by_all
from listsync.domain.list_rules import ListRules
from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.server import (
    Asking,
    MediaStatus,
    TitleFacts,
)
from listsync.sync.knowledge import Knowledge
from listsync.sync.seasons import is_new, is_waiting, names_specials

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
STAYS_GONE = "requested before and gone since: stays so"
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


def kept(
    members: Members, objection: Callable[[ListRules], str | None], reason: SkipReason
) -> tuple[Members, Skip | None]:
    """Keep the members whose list has nothing against it; if none is left, say why."""
    judged = [(member, objection(member.rules)) for member in members]
    left = tuple(member for member, why in judged if why is None)
    return (left, None) if left else ((), Skip(reason, judged[0][1] or ""))


def fitting(members: Members, facts: TitleFacts | None) -> tuple[Members, Skip | None]:
    """Keep the members through whose filters the title passes."""
    if facts is None or not any(member.rules.filters for member in members):
        return members, None
    known = facts
    return kept(members, lambda rules: rules.filters.objection(known), SkipReason.FILTERED)


def need_facts(members: Members) -> bool:
    return any(member.rules.filters for member in members)


def takes(members: Members, kind: MediaType) -> Members:
    """Keep the members whose list takes titles of *kind*."""
    if all(member.rules.kind is None for member in members):
        return members
    return tuple(member for member in members if member.rules.kind in (None, kind))


def watching(members: Members) -> Members:
    """Keep the members whose list wants the seasons that come later, too."""
    return tuple(member for member in members if member.rules.new_seasons)


def asking_of(members: Members, kind: MediaType) -> Asking:
    """Say how a title is requested."""
    asking = [member.rules.asking_for(kind) for member in members]
    first, tags = asking[0], tuple(dict.fromkeys(tag for one in asking for tag in one.tags))
    return first if tags == first.tags else replace(first, tags=tags)


def stands_well(title: Edition, known: Knowledge) -> bool:
    """Tell whether a title that was handled is at the server, and no look is due.

    Whoever wants it, and whatever else this run requests: it is not requested again.
    """
    state = known.state(title.key)
    if MediaStatus.BLOCKLISTED in (state.status, state.status_4k) or title in known.watched:
        return False
    if known.excluded.by_key(title.key) is not None or title in known.on_hold:
        return False
    if title in known.seen.failed and _has_failed(title, known):
        return False
    return state.of(four_k=title.four_k) not in _REQUESTABLE


def eligible(
    wish: Wish, key: TitleKey, known: Knowledge, facts: TitleFacts | None = None
) -> Wanting:
    """Find the members on whose behalf a title may be requested, or why there are none."""
    takers, title = takes(wish.members, key.kind), Edition(key, wish.four_k)
    if not takers:
        return (), Skip(SkipReason.EXCLUDED, f"the list takes no {key.kind.value}")
    skip = _skip_by_title(title, known)
    if skip is not None:
        return (), skip
    of_kind = _wanting_series if key.kind is MediaType.TV else _wanting_film
    members, skip = of_kind(takers, title, known)
    skip = skip or _skip_by_setback(wish, title, known)
    if skip is not None:
        return (), skip
    if facts is not None and known.excluded.genres & facts.genres:
        genres = ", ".join(sorted(known.excluded.genres & facts.genres))
        return (), Skip(SkipReason.EXCLUDED, f"genre {genres}")
    wanting = members
    members, skip = fitting(wanting, facts)
    if skip is not None and len(wanting) < len(takers):
        # What the others wanted was acted on; the filters of these will not change that.
        return (), skip_by_status(title, known) or skip
    if skip is None:
        members, skip = known.limits.let_through(members, key.kind, four_k=wish.four_k)
        skip = skip and skip.apart(_asking_nothing(takers, wanting, title, facts, known))
    return members, skip


def _asking_nothing(
    takers: Members,
    wanting: Members,
    title: Edition,
    facts: TitleFacts | None,
    known: Knowledge,
) -> Iterator[tuple[Member, Skip]]:
    """Yield who would not ask though it might: what it wants was acted on, or is filtered out."""
    done = skip_by_status(title, known)
    for member in takers:
        own = fitting((member,), facts)[1] if member in wanting else done
        if own is not None:
            yield member, own


def _skip_by_title(title: Edition, known: Knowledge) -> Skip | None:
    """Find the reason not to ask that lies in the title itself, whoever wants what of it."""
    if (by := known.excluded.by_key(title.key)) is not None:
        return Skip(SkipReason.EXCLUDED, by)
    state = known.state(title.key)
    if MediaStatus.BLOCKLISTED in (state.status, state.status_4k):
        return Skip(SkipReason.BLOCKLISTED)
    why = known.on_hold.get(title)
    return Skip(SkipReason.ON_HOLD, why) if why is not None else None


def _wanting_film(members: Members, title: Edition, known: Knowledge) -> Wanting:
    """Find the members that want a film requested now, or why none does."""
    if title in known.requested_seasons:
        return (), Skip(SkipReason.SAME_RUN)
    return members, skip_by_status(title, known)


def _wanting_series(members: Members, title: Edition, known: Knowledge) -> Wanting:
    """Find the members whose seasons must be looked at, or why there are none.

    The server's status says nothing of single seasons, unless all are there or all deleted. Who
    was acted on before wants only seasons that are new, where its list does and a look is due, or
    one that did not exist.
    """
    status, done = known.status(title), known.requested_seasons.get(title)
    new = tuple(member for member in members if is_new(member, title, known.handled))
    if is_decided_whole(title, new, known):
        new = ()
    if new and done is not None and _are_all_requested(new, done):
        return (), Skip(SkipReason.SAME_RUN)
    waiting = tuple(member for member in members if is_waiting(member, title, known.handled))
    due: Members = ()
    if title in known.watched and done is None:
        due = (*waiting, *(watching(members) if status not in _GONE else ()))
    wanting = tuple(member for member in members if member in new or member in due)
    if not wanting and len(waiting) == len(members):
        return (), no_season(named_by_all(members))
    return wanting, None if wanting else skip_by_status(title, known)


def no_season(numbers: AbstractSet[int]) -> Skip:
    return Skip(SkipReason.NO_SEASONS, f"the series has no season {min(numbers)}")


def is_decided_whole(title: Edition, members: Sequence[Member], known: Knowledge) -> bool:
    """Tell whether the server's status decides for all seasons that *members* may want."""
    status = known.status(title)
    if status == MediaStatus.AVAILABLE:
        return not names_specials(members)
    return status not in _LOOKED_AT


def _are_all_requested(members: Members, done: frozenset[int]) -> bool:
    named = named_by_all(members)
    return bool(named) and named <= done


def skip_by_status(edition: Edition, known: Knowledge) -> Skip | None:
    """Judge by the server's index and our memory of the title."""
    status = known.status(edition)
    if status not in _REQUESTABLE:
        return skip_of_present(edition, known)
    if status == MediaStatus.PARTIALLY_AVAILABLE:
        is_handled = edition in known.handled.editions
        return Skip(SkipReason.AVAILABLE, "in part") if is_handled else None
    if status == MediaStatus.DELETED:
        return Skip(SkipReason.DELETED)
    return _skip_of_gone(edition, known)


def _skip_of_gone(title: Edition, known: Knowledge) -> Skip | None:
    """Say why a title that the index does not have stays away, if it does."""
    is_handled, is_film = title in known.handled.editions, title.key.kind is MediaType.MOVIE
    # Of a series seasons are declined; one that was not handled is looked at.
    if title in known.seen.declined and (is_film or is_handled):
        return Skip(SkipReason.DECLINED)
    if not is_handled:
        return None
    return Skip(SkipReason.HANDLED, _REMOVED if title in known.seen.removed else STAYS_GONE)


def _has_failed(title: Edition, known: Knowledge) -> bool:
    """Tell a title whose request hangs, as Radarr or Sonarr did not take it."""
    return title in known.seen.failed and known.status(title) in _IN_WORK


def skip_of_present(title: Edition, known: Knowledge, detail: str = "") -> Skip:
    """Say how a title is there that the index has."""
    if _has_failed(title, known):
        return Skip(SkipReason.REQUEST_FAILED, _RETRY_THERE)
    return Skip(_STATUS_REASONS.get(known.status(title), SkipReason.REQUESTED), detail)


def _skip_by_setback(wish: Wish, edition: Edition, known: Knowledge) -> Skip | None:
    setback = known.setbacks.get((edition, wish.ids.tvdb))
    if setback is not None:
        return Skip(SkipReason.SETBACK, setback)
    why = known.holds.get((edition.key.kind, edition.four_k))
    return Skip(SkipReason.ON_HOLD, why) if why is not None else None


def asking_members(
    wish: Wish, key: TitleKey, facts: TitleFacts | None, known: Knowledge
) -> Members:
    """Find the members that may have a title requested, as far as that can be told by now."""
    return eligible(wish, key, known, facts)[0]


def needs_seasons(wish: Wish, match: Match, facts: TitleFacts | None, known: Knowledge) -> bool:
    """Tell whether the seasons must be read before *wish* can be decided.

    Once False it stays so while the run goes on: readers ask ahead of the decisions.
    """
    if match.key is None or match.key.kind is not MediaType.TV:
        return False
    return eligible(wish, match.key, known, facts)[1] is None


def needs_facts(wish: Wish, match: Match, known: Knowledge) -> bool:
    """Tell whether the title's facts must be known; once False it stays so, as above."""
    has_reason = known.excluded.genres or need_facts(wish.members)
    if match.key is None or not has_reason:
        return False
    members, skip = eligible(wish, match.key, known)
    return skip is None and (bool(known.excluded.genres) or need_facts(members))
