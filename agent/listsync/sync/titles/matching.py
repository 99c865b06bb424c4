"""Which of the candidates is the wished title, if any. Pure: the same input, the same answer.

A wrong request is worse than a miss. So the classic score only ranks; a candidate is accepted
on title evidence of its own and only when no other candidate could be meant as well. What is
likely but not certain waits for review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from listsync.domain.decisions import Found, How, Match
from listsync.domain.media import TitleKey
from listsync.domain.server import Candidate
from listsync.sync.titles.evidence import (
    OTHER_NUMBER,
    Evidence,
    Sought,
    is_better_known,
    is_dwarfed,
    is_hardly_known,
    is_talked_about,
    overshadowing,
    weigh,
    without_unknown_twins,
)
from listsync.sync.titles.title_forms import Alike, Spelling, folded, is_slip_of_pen
from listsync.sync.titles.title_variants import joined

SLIP_YEARS = 3
_KEPT = 5
_BESIDE = 3
"""So many well-known titles of the year are shown beside what is likely by its name."""
_MOST_NAMESAKES = 20
_RARE_WORDS = 4
_SHARE_OF_A_RIVAL = 0.1
_INITIALS = 3
"""So few letters are another title with dots between them: `It` and `I.T.`."""
_COMPANION = 400.0
"""What adds a subtitle to a title and has less of a following is often something about it."""
_TYPO = 0.88
_NEAR_TYPO = 0.8
_TYPO_LETTERS = 8

_TIERS = (
    (Alike.SAME, 0),
    (Alike.WRITTEN, 0),
    (Alike.TRIMMED, 0),
    (Alike.SAME, 1),
    (Alike.SUBTITLE, 0),
    (Alike.WRITTEN, 1),
)
"""Title evidence and years off that are enough, strongest first."""


def choose(wanted: Sought, candidates: Iterable[Candidate], *, is_complete: bool) -> Match:
    """Choose among *candidates*; `is_complete` says that the search offered all it has.

    Without a year only a title that is alone of its name is accepted, and only when nothing was
    left unread; so is one that has no date itself.
    """
    weighed = sorted(
        (weigh(wanted, candidate) for candidate in candidates), key=_rank, reverse=True
    )
    chosen, reason = _best(wanted, weighed, is_complete=is_complete)
    other = None if chosen is None else overshadowing(chosen, weighed)
    if chosen is not None and other is None:
        if not _is_too_little(wanted, chosen):
            return _found(chosen, reason, weighed)
        reason = f"hardly known, and not of the very name: {reason}"
    if other is not None:
        reason = f"hardly known, and {other.candidate.label} [{other.candidate.key}] is: {reason}"
    doubtful = _doubtful(wanted, weighed, other)
    shown = doubtful or _worth_showing(weighed)
    return Match(
        found=Found.REVIEW if doubtful else Found.NOT_FOUND,
        how=How.TITLE,
        score=shown[0].score if shown else 0.0,
        reasons=(reason, *(evidence.words() for evidence in shown)),
        candidates=tuple(evidence.candidate for evidence in shown),
    )


def _doubtful(
    wanted: Sought, weighed: Sequence[Evidence], other: Evidence | None
) -> list[Evidence]:
    """List what a person may choose from: likely by name, *other*, and what people know."""
    fitting = [one for one in weighed if one.objection is None]
    likely = [one for one in fitting if one is other or _is_likely(wanted, one)]
    longer = [one for one in fitting if likely and wanted.year is None and _contains(one, wanted)]
    of_the_year = [one for one in weighed if _is_of_that_year(one)]
    others = [one for one in (*longer, *of_the_year) if one not in likely]
    most = _BESIDE if likely else _KEPT
    return [*_worth_showing(likely), *_best_known(others, most)]


def _worth_showing(ranked: Sequence[Evidence]) -> Sequence[Evidence]:
    """Keep the best; of titles of that very name all, since each may be the one."""
    namesakes = sum(evidence.alike is Alike.SAME for evidence in ranked)
    return ranked[: max(_KEPT, min(namesakes, _MOST_NAMESAKES))]


def _best_known(others: Sequence[Evidence], most: int) -> Sequence[Evidence]:
    """Keep those that more people know: the list may call one of them by another name."""
    return sorted(others, key=lambda one: one.candidate.following, reverse=True)[:most]


def _is_of_that_year(evidence: Evidence) -> bool:
    """Worth a look for want of better: the search, which knows more names, offered it."""
    has_its_kind = evidence.objection in (None, OTHER_NUMBER)
    return has_its_kind and evidence.years_off == 0


def _rank(evidence: Evidence) -> tuple[bool, float, int, float, TitleKey]:
    """Best first when reversed; the key makes the order that of the titles, not of the search."""
    return (
        evidence.objection is None,
        evidence.score,
        evidence.alike,
        evidence.candidate.popularity,
        evidence.candidate.key,
    )


def _found(chosen: Evidence, reason: str, weighed: Sequence[Evidence]) -> Match:
    others = [evidence for evidence in weighed if evidence is not chosen]
    return Match(
        found=Found.FOUND,
        how=How.TITLE,
        key=chosen.candidate.key,
        title=chosen.candidate.label,
        score=chosen.score,
        reasons=(reason, *(f"not {evidence.words()}" for evidence in others[: _KEPT - 1])),
        candidates=tuple(evidence.candidate for evidence in (chosen, *others[: _KEPT - 1])),
    )


def _best(
    wanted: Sought, weighed: Sequence[Evidence], *, is_complete: bool
) -> tuple[Evidence | None, str]:
    fitting = [one for one in weighed if one.objection is None and one.doubt is None]
    if not fitting:
        return None, "no title like it"
    if wanted.year is None:
        return _accept_without_year(wanted, fitting, is_complete=is_complete)
    for alike, years_off in _TIERS:
        offered = [one for one in fitting if one.alike is alike and one.years_off == years_off]
        named = without_unknown_twins(offered)
        best = _nearest(named)
        if named and best is None:
            return None, f"{len(named)} titles of this name and year"
        if best is not None:
            taken, reason = _unless_rivalled(wanted, best, weighed)
            return taken, f"the nearest of its name: {reason}" if len(offered) > 1 else reason
    return _accept_a_slip(wanted, fitting, is_complete=is_complete)


def _accept_a_slip(
    wanted: Sought, fitting: Sequence[Evidence], *, is_complete: bool
) -> tuple[Evidence | None, str]:
    """Take a title that only a slip in its name, or in its year, keeps from being the one."""
    misspelt = _misspelt(wanted, fitting)
    if misspelt is not None:
        return misspelt, f"misspelt: {misspelt.words()}"
    alone = alone_of_its_name(wanted, fitting) if is_complete else None
    if alone is not None and alone.years_off is None and _is_rare(alone.candidate.title):
        return alone, f"the only title of this name: {alone.words()}"
    return None, "nothing certain"


def _nearest(named: Sequence[Evidence]) -> Evidence | None:
    """Of several of one name, take the one of the same original title, or spelt the same."""
    if len(named) < 2:
        return named[0] if named else None
    nearness = [(one.same_original, one.likeness.spelling) for one in named]
    best = max(nearness)
    return named[nearness.index(best)] if nearness.count(best) == 1 else None


def _unless_rivalled(
    wanted: Sought, best: Evidence, weighed: Sequence[Evidence]
) -> tuple[Evidence | None, str]:
    """Accept *best* unless its evidence is thin and another candidate could be meant as well."""
    if best.alike is Alike.SAME and best.years_off == 0:
        return best, best.words()
    others = [one for one in weighed if one is not best]
    if any(_is_rival(one, best) or _is_cut_part(wanted, one, best) for one in others):
        return None, "more than one title could be meant"
    if wanted.country and best.years_off != 0 and not best.candidate.countries:
        return None, "the list names a country, and its year is another"
    if best.alike < Alike.WRITTEN and wanted.kind is None:
        return None, "the list does not say whether it is a film or a series"
    return best, best.words()


def _is_too_little(wanted: Sought, best: Evidence) -> bool:
    """Say whether *best*, whose name or year is another, has nothing else that speaks for it."""
    is_spelt_so = best.likeness.spelling is Spelling.EXACT
    if best.years_off != 0 and not is_spelt_so and len(folded(wanted.name).compact) <= _INITIALS:
        return True
    if _adds_a_subtitle(wanted, best):
        return best.candidate.following < _COMPANION
    return best.alike < Alike.WRITTEN and is_hardly_known(best)


def _is_rival(one: Evidence, best: Evidence) -> bool:
    """Say whether *one* could be meant instead of *best*, whose evidence is thin.

    Where the list leaves a part number out, another part of that year could be meant as well.
    """
    if one.objection == OTHER_NUMBER:
        return best.alike is one.alike is Alike.SUBTITLE and one.years_off == 0
    fits = one.objection is None and one.doubt is None
    if fits and one.alike is Alike.SAME and best.alike is Alike.SUBTITLE:
        return one.is_near(SLIP_YEARS) and not is_dwarfed(one, best)
    enough = (
        Alike.TRIMMED if (best.alike, best.years_off) == (Alike.WRITTEN, 0) else Alike.SUBTITLE
    )
    fits = fits and one.alike >= enough and one.is_near(1)
    return fits and not is_dwarfed(one, best)


def _is_cut_part(wanted: Sought, one: Evidence, best: Evidence) -> bool:
    """Say whether *one* is a part of the list's title, as *best* is, and known well enough."""
    if best.alike is not Alike.SUBTITLE or one.objection is not None:
        return False
    if not one.is_near(best.years_off or 0):
        return False
    if one.candidate.following < _SHARE_OF_A_RIVAL * best.candidate.following:
        return False
    names = folded(one.candidate.title).trimmed
    pairs = folded(wanted.name).pairs
    return any(joined(part.split(" ")) in names for pair in pairs for part in pair)


def alone_of_its_name(wanted: Sought, fitting: Sequence[Evidence]) -> Evidence | None:
    """Find the only one of its name whose year is a slip, or unknown, and nothing is like it.

    Without a year it is taken for a name that is hardly used twice; with another one, only where
    its details speak for it (`claims`).
    """
    named = [one for one in fitting if one.alike >= Alike.TRIMMED]
    if wanted.kind is None or wanted.country or len(named) != 1:
        return None
    best = named[0]
    if best.alike is not Alike.SAME:
        return None
    if any(one is not best and one.alike >= Alike.CLOSE and one.is_near(1) for one in fitting):
        return None
    return best if best.years_off is None or best.years_off <= SLIP_YEARS else None


def _misspelt(wanted: Sought, fitting: Sequence[Evidence]) -> Evidence | None:
    """Take a well-known title of that very year whose name is a slip of the pen away."""
    best = max(fitting, key=lambda one: one.likeness.similarity)
    letters = sum(map(str.isalpha, wanted.name))
    fits = best.likeness.similarity >= _TYPO and best.years_off == 0 and wanted.kind is not None
    if not fits or letters < _TYPO_LETTERS or not is_talked_about(best):
        return None
    titles = {best.candidate.title, best.candidate.original_title}
    if not any(is_slip_of_pen(wanted.name, title) for title in titles):
        return None
    near = [one for one in fitting if one is not best and one.is_near(1)]
    rivals = [one for one in near if one.likeness.similarity >= _NEAR_TYPO]
    return None if any(not is_dwarfed(one, best) for one in rivals) else best


def _is_rare(title: str) -> bool:
    """Say whether *title* has a part number or several words."""
    form = folded(title)
    words = len(form.words.split(" "))
    return words >= _RARE_WORDS or (words > 1 and bool(form.numbers))


def _accept_without_year(
    wanted: Sought, fitting: Sequence[Evidence], *, is_complete: bool
) -> tuple[Evidence | None, str]:
    """Take a title only where everybody who says no more than its name means it."""
    offered = [evidence for evidence in fitting if evidence.alike >= Alike.TRIMMED]
    named = without_unknown_twins(offered)
    if len(named) > 1:
        return None, f"no year, and {len(named)} titles of this name"
    best = named[0] if named else None
    if best is None or best.alike < Alike.WRITTEN or not is_complete:
        return None, "no year to be certain by"
    longer = (one for one in fitting if one not in offered and _contains(one, wanted))
    if not all(is_better_known(best, one) for one in longer):
        return None, "no year, and a longer title of this name is as well known"
    return best, f"the only title of this name: {best.words()}"


def _contains(one: Evidence, wanted: Sought) -> bool:
    name = f" {folded(wanted.name).words} "
    return name in f" {folded(one.candidate.title).words} "


def _adds_a_subtitle(wanted: Sought, one: Evidence) -> bool:
    name = f"{folded(wanted.name).words} "
    titles = (one.candidate.title, one.candidate.original_title)
    return one.alike is Alike.SUBTITLE and all(
        f"{folded(title).words} ".startswith(name) for title in titles
    )


def _is_likely(wanted: Sought, evidence: Evidence) -> bool:
    """Worth a person's look: the name fits and the year may be a slip, or nearly so."""
    if evidence.alike <= Alike.WITHIN:
        return evidence.alike is Alike.WITHIN and evidence.years_off == 0
    if wanted.year is None or evidence.years_off is None:
        return evidence.alike >= Alike.TRIMMED or wanted.year is None
    return evidence.is_near(SLIP_YEARS if evidence.alike >= Alike.SUBTITLE else 1)
