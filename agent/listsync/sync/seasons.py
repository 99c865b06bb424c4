"""Which seasons of a series are missing: wanted, and neither covered nor acted on before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from listsync.domain.decisions import Member
from listsync.domain.list_rules import Which
from listsync.domain.media import Edition
from listsync.domain.run_notes import HandledEntries, HandledSeasons, Handling
from listsync.domain.server import Season, SeriesDetails
from listsync.lean_dataclasses import dataclass

SPECIALS = 0
Row = tuple[str, str, bool]
"""One entry in the memory: its list, its name in the list, 4K or not."""


@dataclass(frozen=True, slots=True)
class SeasonLook:
    """What a look at a series tells, together with what is known of it.

    `before` is what handled entries remember, `requested` what this run has requested; `declined`
    are seasons that were declined at the server.
    """

    details: SeriesDetails
    four_k: bool
    before: frozenset[HandledSeasons]
    requested: frozenset[int]
    declined: frozenset[int] = frozenset()

    def existing(self, wanted: Iterable[int]) -> tuple[Season, ...]:
        numbers = set(wanted)
        return tuple(one for one in self.details.seasons if one.number in numbers)

    def missing(self, wanted: Iterable[int]) -> tuple[int, ...]:
        """Give the numbers of the seasons that are to be requested."""
        return tuple(one.number for one in self.existing(wanted) if self._is_missing(one))

    def gone(self, wanted: Iterable[int]) -> tuple[Season, ...]:
        """Give the seasons that stay away: deleted at the server, or acted on before."""
        return tuple(
            one
            for one in self.existing(wanted)
            if one.number not in self.requested and not one.is_covered(four_k=self.four_k)
        )

    def _is_missing(self, one: Season) -> bool:
        if one.number in self.requested or one.is_covered(four_k=self.four_k):
            return False
        if one.is_deleted(four_k=self.four_k) or one.number in self.declined:
            return False
        return not any(entry.holds(one) for entry in self.before)


def is_new(member: Member, title: Edition, handled: HandledEntries) -> bool:
    """Tell whether an entry of a series was never acted on, or by another season rule only."""
    if handled.title_of(member) != title:
        return True
    seasons = handled.seasons_of(member)
    return seasons is None or not seasons.knows(member.season_rule)


def is_waiting(member: Member, title: Edition, handled: HandledEntries) -> bool:
    """Tell whether an entry of a series waits for a season that does not exist yet."""
    seasons = handled.seasons_of(member)
    is_unmet = seasons is not None and seasons.is_waiting
    return is_unmet and not is_new(member, title, handled)


def is_open(member: Member, title: Edition, handled: HandledEntries) -> bool:
    """Tell whether an entry of a series may want seasons of its rule still."""
    if handled.title_of(member) != title:
        return True
    seasons = handled.seasons_of(member)
    return seasons is None or seasons.is_waiting or not seasons.knows(member.season_rule)


def names_specials(members: Iterable[Member]) -> bool:
    """Tell whether a member wants season 0, which a series that is there whole may lack."""
    return any(SPECIALS in (member.named_seasons or ()) for member in members)


def aired_since(since: date, today: date, details: SeriesDetails) -> frozenset[int]:
    """Give the seasons that began on the day *since* or later, and have begun by now."""
    return frozenset(
        season.number
        for season in details.seasons
        if season.number > SPECIALS and season.airs is not None and since <= season.airs <= today
    )


def remembered(
    members: Sequence[Member],
    before: HandledSeasons | None,
    numbers: Iterable[int],
    whole_until: date | None = None,
) -> HandledSeasons:
    """Say what an entry remembers from now on, by the rules of its lists that are *members*.

    *numbers* are the seasons acted on now, *before* is what it remembers of the same title. With
    *whole_until* the whole series counts as acted on, as far as it had aired by that day.
    """
    known = before or HandledSeasons(None)
    days = [day for day in (known.aired_before_day, whole_until) if day is not None]
    return HandledSeasons.of(
        (member.season_rule for member in members),
        {*known.season_numbers, *numbers},
        max(days, default=None),
    )


def adopt(
    handled: HandledEntries, wanted: Iterable[Sequence[Member]]
) -> tuple[HandledEntries, list[Handling]]:
    """Give entries that older versions handled the season rules of today, without any look.

    What an older version requested is in the request log; of what was there already it kept no
    seasons. A list that wants all was handled whole; of the others, what they name counts.
    """
    if not handled.has_unknown_rules:
        return handled, []
    rows: dict[Row, list[Member]] = {}
    for group in wanted:
        for member in group:
            seasons = handled.seasons_of(member)
            if seasons is not None and seasons.rules is None:
                rows.setdefault(row_of(member), []).append(member)
    found = [_adopted(members, handled) for members in rows.values()]
    return _with(handled, found), found


def row_of(member: Member) -> Row:
    return (member.rules.source, member.entry_id, member.rules.four_k)


def _adopted(members: Sequence[Member], handled: HandledEntries) -> Handling:
    title, before = handled.title_of(members[0]), handled.seasons_of(members[0])
    assert title is not None  # noqa: S101 - who remembers seasons remembers the title
    assert before is not None  # noqa: S101 - see `adopt`
    named: set[int] = set()
    is_whole = False
    for member in members:
        which = member.rules.seasons.which
        numbers = member.named_seasons
        is_whole = is_whole or (numbers is None and which is Which.ALL)
        named |= numbers or ({1} if which is Which.FIRST and numbers is None else set())
    known = before if is_whole else before._replace(aired_before=None)
    return Handling(members[0], title, remembered(members, known, named))


def _with(handled: HandledEntries, found: Iterable[Handling]) -> HandledEntries:
    seasons = {place: dict(entries) for place, entries in handled.seasons.items()}
    for one in found:
        source, name, four_k = row_of(one.member)
        if one.seasons is not None:
            seasons[source, four_k][name] = one.seasons
    return replace(handled, seasons=seasons)
