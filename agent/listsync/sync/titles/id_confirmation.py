"""A title match held against the ids that the list gives and the catalogue knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from listsync.domain.media import ExternalIds, TitleKey
from listsync.domain.server import Candidate, TitleFacts
from listsync.domain.sync_records import Found, Match

MOST_CALLS = 2


@dataclass(frozen=True, slots=True)
class _Said:
    """What the catalogue's ids say of a candidate: it is the one, is not, or None: neither."""

    is_it: bool | None
    words: str = ""


def confirm(
    match: Match, ids: ExternalIds, facts_of: Callable[[TitleKey], TitleFacts], calls: int
) -> Match:
    """Look the best candidates up by at most *calls* calls and let *ids* decide.

    The same id makes a match certain, another id leaves it to a person; a catalogue that knows
    no id says nothing.
    """
    against: list[str] = []
    for candidate in _best(match)[: min(calls, MOST_CALLS)]:
        said = _hold(candidate, ids, facts_of(candidate.key).ids)
        if said.is_it:
            return replace(
                match,
                found=Found.FOUND,
                key=candidate.key,
                title=candidate.label,
                reasons=(said.words, *match.reasons),
            )
        if said.is_it is False:
            against.append(said.words)
        elif match.found is Found.FOUND:
            break
    found = Found.REVIEW if against else match.found
    held = replace(match, reasons=(*against, *match.reasons))
    return held if found is match.found else to_review(held)


def to_review(match: Match) -> Match:
    """Leave *match* to a person."""
    return replace(match, found=Found.REVIEW, key=None, title="")


def _best(match: Match) -> Sequence[Candidate]:
    return () if match.found is Found.NOT_FOUND else match.candidates


def _hold(candidate: Candidate, ours: ExternalIds, theirs: ExternalIds) -> _Said:
    title = f"{candidate.label} [{candidate.key}]"
    pairs = (("IMDb id", ours.imdb, theirs.imdb), ("TVDB id", ours.tvdb, theirs.tvdb))
    known = [(name, our, their) for name, our, their in pairs if our and their]
    for name, our, their in known:
        if our != their:
            return _Said(False, f"{title} has the {name} {their}, the list says {our}")
    if known:
        return _Said(True, f"{title}: confirmed by its {known[0][0]}")
    return _Said(None)
