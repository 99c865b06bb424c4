"""Whether a title that hardly anybody knows stands in for one that everybody knows.

Lists name what people talk about. Where the title that fits best is next to unknown and another of
its kind and time is known to many times more people, the list may mean that one by another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from listsync.domain.media import MediaType
from listsync.sync.titles.evidence import Evidence
from listsync.sync.titles.similarity import Alike

_FAR_MORE = 20.0
"""So many times the following of one title makes another the one that is talked about."""
_MORE = 10.0
_NEXT_TO_NONE = 150.0
"""A following, in votes, that a title of this name has by being in the catalogue."""
_UNHEARD_OF = 50.0
"""A following, in votes, of a title that nobody has talked about at all."""
_CLEARLY_MORE = 1.5
_TALKED_ABOUT = 1000.0
_GIANT = 100.0
_SIMILAR = 0.6
_FAR_YEARS = 20
"""Titles of one name, written in two ways, that no list mixes up are further apart."""


def without_unknown_twins(named: Sequence[Evidence]) -> Sequence[Evidence]:
    """Of titles of one name, year and kind, leave out those that next to nobody knows."""
    most = max((one.candidate.following for one in named), default=0.0)
    return [
        one
        for one in named
        if one.candidate.following >= _NEXT_TO_NONE or one.candidate.following * _MORE >= most
    ]


def is_talked_about(one: Evidence) -> bool:
    return one.candidate.following >= _TALKED_ABOUT


def is_unheard_of(one: Evidence) -> bool:
    return one.candidate.following < _UNHEARD_OF


def is_hardly_known(one: Evidence) -> bool:
    return one.candidate.following < _NEXT_TO_NONE


def is_better_known(one: Evidence, other: Evidence) -> bool:
    """Say whether clearly more people know *one*."""
    return one.candidate.following >= _CLEARLY_MORE * other.candidate.following


def is_dwarfed(one: Evidence, beside: Evidence) -> bool:
    """Say whether people talk about *beside*, and hardly ever about *one*."""
    most = beside.candidate.following
    least = _NEXT_TO_NONE if is_unheard_of(one) else _TALKED_ABOUT
    return most >= max(least, one.candidate.following * _FAR_MORE)


def overshadowing(best: Evidence, weighed: Iterable[Evidence]) -> Evidence | None:
    """Find a title that the list may well mean in place of *best*, which fits it better."""
    return next((one for one in weighed if one is not best and _overshadows(one, best)), None)


def _overshadows(one: Evidence, best: Evidence) -> bool:
    if one.candidate.key.kind is not best.candidate.key.kind:
        return _is_namesake_of_other_kind(one, best)
    if not is_dwarfed(best, one):
        return False
    if one.alike is Alike.SAME:
        return _is_the_namesake_meant(one, best)
    if _is_series_of(one, best):
        return True
    if not one.is_near(0 if _is_as_listed(best) else 1):
        return False
    return best.alike < Alike.WRITTEN or _is_akin(one) or _is_giant(one, best)


def _is_the_namesake_meant(one: Evidence, best: Evidence) -> bool:
    """*one* has the very name; the list's year tells two of one name apart, a slip of it not.

    Nor does it speak for a title that nobody has heard of.
    """
    if best.alike is not Alike.SAME:
        return best.alike < Alike.WRITTEN or best.years_off != 0 or one.is_near(_FAR_YEARS)
    if is_unheard_of(best):
        return one.is_near(1) or best.years_off != 0
    return best.years_off != 0 and one.is_near(1)


def _is_series_of(one: Evidence, best: Evidence) -> bool:
    """Lists name seasons as if they were series; *best* could be anything of that name."""
    is_series = one.candidate.key.kind is MediaType.TV and one.alike is Alike.SUBTITLE
    return is_series and is_unheard_of(best)


def _is_as_listed(best: Evidence) -> bool:
    return best.alike is Alike.SAME and best.years_off == 0


def _is_akin(one: Evidence) -> bool:
    """Say whether one name is within the other, or both are similar; digits alone say nothing."""
    if one.likeness.similarity >= _SIMILAR:
        return True
    return one.alike is not Alike.NONE and any(map(str.isalpha, one.candidate.title))


def _is_giant(one: Evidence, best: Evidence) -> bool:
    """The search knows more names than it tells: it offered *one* for some reason."""
    ours, theirs = best.candidate.following, one.candidate.following
    if one.years_off != 0 or ours >= _NEXT_TO_NONE:
        return False
    return theirs >= max(_TALKED_ABOUT, _GIANT * ours)


def _is_namesake_of_other_kind(one: Evidence, best: Evidence) -> bool:
    if one.alike is not Alike.SAME or one.years_off != 0:
        return False
    return best.years_off != 0 or is_dwarfed(best, one)
