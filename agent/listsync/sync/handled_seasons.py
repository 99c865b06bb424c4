"""What is remembered of the entries of a series once it was decided what becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from listsync.domain.handled_seasons import HandledSeasons
from listsync.domain.media import Definition, MediaType
from listsync.domain.run_notes import Handling
from listsync.domain.server import SeriesDetails
from listsync.domain.sync_records import Member, Outcome, Prepared, Skip, SkipReason
from listsync.sync.eligibility import is_decided_whole, takes
from listsync.sync.knowledge import Knowledge
from listsync.sync.seasons import Row, is_new, remembered, row_of

Done = tuple[list[Member], set[int], date | None]
"""Members of which nothing is missing, their seasons, and until when the whole series counts."""


def acted_on(
    prepared: Prepared, title: Definition, outcome: Outcome, known: Knowledge
) -> Iterator[Handling]:
    """Yield the entries of which nothing is missing any more, as they are remembered from now on.

    An entry whose list was held back stays open while seasons are missing that only it wants.
    """
    rows: dict[Row, list[Member]] = {}
    for member in takes(prepared.wish.members, MediaType.TV):
        rows.setdefault(row_of(member), []).append(member)
    for members in rows.values():
        before = _before(members[0], title, known)
        done, numbers, whole_until = _done(members, prepared, title, outcome, known)
        if done:
            now = remembered(done, before, numbers, whole_until)
            if now != before:
                yield Handling(members[0], title, now)


def _before(member: Member, title: Definition, known: Knowledge) -> HandledSeasons | None:
    is_same = known.handled.title_of(member) == title
    return known.handled.seasons_of(member) if is_same else None


def _done(
    members: Sequence[Member],
    prepared: Prepared,
    title: Definition,
    outcome: Outcome,
    known: Knowledge,
) -> Done:
    if prepared.details is not None:
        return _done_by_look(members, title, prepared.details, known)
    new = [member for member in members if is_new(member, title, known.handled)]
    if isinstance(outcome, Skip) and outcome.reason is SkipReason.SAME_RUN:
        asked = known.asked.get(title, frozenset())
        named = [(member, member.named_seasons) for member in new]
        done = [(member, numbers) for member, numbers in named if numbers and numbers <= asked]
        return [one for one, _ in done], {n for _, numbers in done for n in numbers}, None
    return (new, set(), known.today) if is_decided_whole(title, new, known) else ([], set(), None)


def _done_by_look(
    members: Sequence[Member], title: Definition, details: SeriesDetails, known: Knowledge
) -> Done:
    look = known.look(title, details)
    done: list[Member] = []
    numbers: set[int] = set()
    for member in members:
        wanted = known.seasons_wanted(member, title, details)
        if not look.missing(wanted):
            done.append(member)
            numbers |= {season.number for season in look.existing(wanted)}
    return done, numbers, None
