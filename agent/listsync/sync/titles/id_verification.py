"""What ids lead to, held against what the list says beside them. Pure.

That is one title, none, or a question for a person: also for ids that a person chose, and of a
match by title that ids confirm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from listsync.domain.decisions import (
    BUT,
    YOU_CHOSE,
    ChosenId,
    Found,
    How,
    Match,
    Wish,
    without_choice,
)
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.server import Candidate, SearchPage, TitleFacts
from listsync.lean_dataclasses import dataclass
from listsync.sync.titles.evidence import Evidence, Sought, weigh
from listsync.sync.titles.lookups import wanted_of
from listsync.sync.titles.matching import choose
from listsync.sync.titles.title_forms import Alike


def match_of_choice(chosen: ChosenId, page: SearchPage, kind: MediaType | None) -> Match:
    """Take the one title that the id names; of several the one of *kind*, if it is one.

    What a person chose may be of another kind than the list says: that may be what was wrong.
    """
    choice = f"{YOU_CHOSE}{chosen.imdb}"
    named = page.candidates
    of_kind = tuple(one for one in named if one.key.kind is kind)
    fitting = of_kind if len(of_kind) == 1 else named
    if len(fitting) == 1:
        only = fitting[0]
        return Match(
            found=Found.FOUND,
            how=How.CHOICE,
            key=only.key,
            title=only.label,
            reasons=(f"{choice}, which is {only.label} [{only.key}]",),
            candidates=(only,),
            chosen=chosen,
        )
    if named:
        why = f"it names {len(named)} titles"
    elif page.others:
        why = "it is a person"
    else:
        why = "the server's catalogue knows no film or series by it"
    return Match(
        found=Found.REVIEW,
        how=How.CHOICE,
        reasons=(f"{choice}{BUT}{why}",),
        candidates=named,
        chosen=chosen,
    )


def waiting_again(choice: Match, otherwise: Match) -> Match:
    """Put back to review what a *choice* led nowhere for, with what is known *otherwise*."""
    known = {one.key for one in choice.candidates}
    return replace(
        otherwise,
        found=Found.REVIEW,
        key=None,
        title="",
        reasons=(*choice.reasons, *without_choice(otherwise.reasons)),
        candidates=(
            *choice.candidates,
            *(one for one in otherwise.candidates if one.key not in known),
        ),
        chosen=choice.chosen,
    )


def contradicts(wanted: Sought, candidate: Candidate) -> bool:
    """Tell whether title *and* year speak against *candidate*.

    One of them is not enough: the title may be a translation, the year a slip. What one side does
    not say speaks for nothing.
    """
    says_both = bool(wanted.titles[0]) and wanted.year is not None
    if not says_both or not candidate.title or candidate.year is None:
        return False
    evidence = weigh(wanted, candidate)
    return not (_has_its_title(evidence) or evidence.is_near(1))


def bears_out(wanted: Sought, candidate: Candidate) -> bool:
    """Tell whether the title, the kind and, as far as both sides say it, the year fit."""
    evidence = weigh(wanted, candidate)
    fits = evidence.objection is None and _has_its_title(evidence)
    return fits and (evidence.years_off is None or evidence.is_near(1))


def _has_its_title(evidence: Evidence) -> bool:
    return evidence.alike >= Alike.CLOSE and evidence.likeness.same_numbers


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
        verified = _hold(candidate, ids, facts_of(candidate.key).ids)
        if verified.is_it:
            return replace(
                match,
                found=Found.FOUND,
                key=candidate.key,
                title=candidate.label,
                reasons=(verified.words, *match.reasons),
            )
        if verified.is_it is False:
            against.append(verified.words)
        elif match.found is Found.FOUND:
            break
    found = Found.REVIEW if against else match.found
    doubted = replace(match, reasons=(*against, *match.reasons))
    return doubted if found is match.found else to_review(doubted)


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


def unsettled(wish: Wish, conflict: str) -> Match:
    """Leave it to a person which of the titles that the lists name is meant."""
    named = {
        TitleKey(entry.kind, entry.ids.tmdb): entry
        for entry in (member.entry for member in wish.members)
        if entry.kind is not None and entry.ids.tmdb is not None
    }
    return Match(
        found=Found.REVIEW,
        how=How.TMDB_ID if named else How.TITLE,
        reasons=(conflict,),
        candidates=tuple(
            Candidate(
                key=key,
                title=entry.title or entry.label,
                original_title=entry.original_title or entry.title or entry.label,
                year=entry.year,
            )
            for key, entry in named.items()
        ),
    )


def leads_to_another(wish: Wish, match: Match) -> bool:
    """Tell whether title and year of *wish* speak against all that its id leads to."""
    wanted = wanted_of(wish)
    return all(contradicts(wanted, one) for one in match.candidates)


def match_of_id(wish: Wish, candidates: tuple[Candidate, ...], how: How, subject: str) -> Match:
    """Take the one candidate that an id names; several, or the wrong kind, need a person."""
    fitting = [c for c in candidates if wish.kind is None or c.key.kind is wish.kind]
    if len(fitting) == 1:
        only = fitting[0]
        return Match(
            found=Found.FOUND,
            how=how,
            key=only.key,
            title=only.label,
            reasons=(f"{subject} is {only.label} [{only.key}]",),
            candidates=(only,),
        )
    if not fitting:
        other = candidates[0]
        reason = f"the list says {_word(wish.kind)}, but {subject} is {other.label} [{other.key}]"
        return Match(found=Found.REVIEW, how=how, reasons=(reason,), candidates=candidates)
    if wish.title:
        match = choose(wanted_of(wish), fitting, is_complete=True)
        return replace(match, how=how, found=_at_least_review(match.found))
    reason = f"{subject} names {len(fitting)} titles"
    return Match(found=Found.REVIEW, how=how, reasons=(reason,), candidates=tuple(fitting))


def _at_least_review(found: Found) -> Found:
    return Found.REVIEW if found is Found.NOT_FOUND else found


def _word(kind: MediaType | None) -> str:
    return "series" if kind is MediaType.TV else "film"


def nothing(how: How, reason: str) -> Match:
    return Match(found=Found.NOT_FOUND, how=how, reasons=(reason,))


def ids_differ(match: Match, others: Sequence[Match]) -> Match:
    """Leave to a person what several ids of one row lead to."""
    reasons = (match.reasons[0], *(one.reasons[0] for one in others))
    return Match(
        found=Found.REVIEW,
        how=match.how,
        reasons=(f"the ids contradict each other: {', but '.join(reasons)}",),
        candidates=(*match.candidates, *(c for one in others for c in one.candidates)),
    )


def title_instead_of_ids(wish: Wish, match: Match, others: Sequence[Match]) -> Match:
    """Say of a *match* by title that it replaces *others* by ids; none of all needs a person."""
    known = {one.key for one in match.candidates}
    led_to = [c for one in others for c in one.candidates if c.key not in known]
    end = "looked up by its title" if match.key is None else "matched by its title"
    reasons = (f"the list says {wish.label}, but {one.reasons[0]}; {end}" for one in others)
    return replace(
        match,
        found=_at_least_review(match.found),
        how=How.TITLE_INSTEAD,
        reasons=(*reasons, *match.reasons),
        candidates=(*match.candidates, *led_to),
    )
