"""What ids say, as matches: one title, none, or a question for a person. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.domain.sync_records import Found, How, Match, Wish
from listsync.sync.titles.id_verification import contradicts
from listsync.sync.titles.lookup_keys import wanted_of
from listsync.sync.titles.matching import choose


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


def match_of_id(wish: Wish, candidates: tuple[Candidate, ...], how: How, said: str) -> Match:
    """Take the one candidate that an id names; several, or the wrong kind, need a person."""
    fitting = [c for c in candidates if wish.kind is None or c.key.kind is wish.kind]
    if len(fitting) == 1:
        only = fitting[0]
        return Match(
            found=Found.FOUND,
            how=how,
            key=only.key,
            title=only.label,
            reasons=(f"{said} is {only.label} [{only.key}]",),
            candidates=(only,),
        )
    if not fitting:
        other = candidates[0]
        reason = f"the list says {_word(wish.kind)}, but {said} is {other.label} [{other.key}]"
        return Match(found=Found.REVIEW, how=how, reasons=(reason,), candidates=candidates)
    if wish.title:
        match = choose(wanted_of(wish), fitting, is_complete=True)
        return replace(match, how=how, found=_at_least_review(match.found))
    reason = f"{said} names {len(fitting)} titles"
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
