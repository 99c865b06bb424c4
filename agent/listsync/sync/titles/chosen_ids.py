"""What an IMDb id leads to that a person chose: a title, or back to the review. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from listsync.domain.decisions import ChosenId, Found, How, Match
from listsync.domain.media import MediaType
from listsync.domain.server import SearchPage

_YOU_CHOSE = "you chose "
_BUT = ", but "


def match_of_choice(chosen: ChosenId, page: SearchPage, kind: MediaType | None) -> Match:
    """Take the one title that the id names; of several the one of *kind*, if it is one.

    What a person chose may be of another kind than the list says: that may be what was wrong.
    """
    said = f"{_YOU_CHOSE}{chosen.imdb}"
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
            reasons=(f"{said}, which is {only.label} [{only.key}]",),
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
        reasons=(f"{said}{_BUT}{why}",),
        candidates=named,
        chosen=chosen,
    )


def without_choice(reasons: Iterable[str]) -> tuple[str, ...]:
    """Leave out which id led nowhere: another choice was made since."""
    return tuple(one for one in reasons if not (one.startswith(_YOU_CHOSE) and _BUT in one))


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
