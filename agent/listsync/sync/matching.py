"""Which of the candidates is the wished title, if any. Pure: the same input, the same answer.

A wrong request is worse than a miss. So the classic score only ranks; a candidate is accepted
on title evidence of its own and only when no other candidate could be meant as well. What is
likely but not certain is held for review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.domain.syncing import Found, How, Match
from listsync.sync.comparing import UNLIKE, Alike, Likeness, compare
from listsync.sync.forms import Folded, folded
from listsync.sync.titles import names_country, without_suffixes

BEST_SCORE = 2.0
"""The classic score of the same title in the same year."""
_EXACT_YEAR_FACTOR = BEST_SCORE
_NEAR_YEAR_FACTOR = 1.5
_SLIP_YEARS = 3
_KEPT = 5
_MOST_NAMESAKES = 20
_RARE_WORDS = 4
_OTHER_ORIGINAL = {True: 0.5, False: 0.25}
"""Originals less similar than this contradict each other; by whether they are in Latin letters."""

_OTHER_NUMBER = "another number in the title"
_OTHER_ORIGINAL_TITLE = "another original title"

_TIERS = (
    (Alike.SAME, 0),
    (Alike.WRITTEN, 0),
    (Alike.TRIMMED, 0),
    (Alike.SAME, 1),
    (Alike.SUBTITLE, 0),
    (Alike.WRITTEN, 1),
)
"""Title evidence and years off that are enough, strongest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a list says about one title; `titles` are its display and original title.

    `other_year` is the year behind the title where the list gives another one as well;
    `has_namesake` says that the list names a country to tell it from another of its name.
    """

    titles: tuple[str, ...]
    year: int | None
    kind: MediaType | None
    other_year: int | None = None
    has_namesake: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One candidate weighed. `years_off` is None when either side has no year.

    `objection` rules it out; `doubt` leaves it to a person.
    """

    candidate: Candidate
    likeness: Likeness
    years_off: int | None
    objection: str | None
    same_original: bool = False
    doubt: str | None = None

    @property
    def alike(self) -> Alike:
        return self.likeness.alike

    @property
    def score(self) -> float:
        """The classic score: similarity x 2 for the exact year, x 1.5 for one off."""
        if self.years_off == 0:
            return self.likeness.similarity * _EXACT_YEAR_FACTOR
        return self.likeness.similarity * (_NEAR_YEAR_FACTOR if self.years_off == 1 else 1.0)

    def is_near(self, years: int) -> bool:
        return self.years_off is not None and self.years_off <= years

    def words(self) -> str:
        """Say what speaks for and against the candidate, in one line."""
        year = {None: "year unknown", 0: "same year", 1: "one year off"}.get(
            self.years_off, f"{self.years_off} years off"
        )
        against = "".join(f", {one}" for one in (self.objection, self.doubt) if one)
        key = self.candidate.key
        title = self.alike.words
        return f"{self.candidate.label} [{key}]: {title}, {year}{against} ({self.score:.2f})"


def sought(title: str, original: str | None, year: int | None, kind: MediaType | None) -> Sought:
    """Clean what a list says: a year or country in brackets is no part of the title."""
    bare, suffix_year = without_suffixes(title)
    titles = [bare]
    if original and original != title:
        titles.append(without_suffixes(original)[0])
    return Sought(
        titles=tuple(titles),
        year=year or suffix_year,
        kind=kind,
        other_year=suffix_year,
        has_namesake=names_country(title),
    )


def weigh(wanted: Sought, candidate: Candidate) -> Evidence:
    """Weigh one candidate: the better of its display and its original title counts."""
    ours = [folded(title) for title in wanted.titles]
    theirs = [folded(title) for title in {candidate.title, candidate.original_title} if title]
    likeness = max((compare(one, other) for one in ours for other in theirs), default=UNLIKE)
    same_original = _same_original(ours, theirs, candidate)
    return Evidence(
        candidate=candidate,
        likeness=likeness,
        years_off=_years_off(wanted, candidate),
        objection=_objection(wanted, candidate, same_numbers=likeness.same_numbers),
        same_original=same_original is True,
        doubt=_OTHER_ORIGINAL_TITLE if same_original is False else None,
    )


def _years_off(wanted: Sought, candidate: Candidate) -> int | None:
    said = [year for year in (wanted.year, wanted.other_year) if year is not None]
    if candidate.year is None:
        return None
    return min((abs(year - candidate.year) for year in said), default=None)


def _same_original(
    ours: Sequence[Folded], theirs: Sequence[Folded], candidate: Candidate
) -> bool | None:
    """Say whether the list's original title is the candidate's; None where that is unknown.

    One in Latin letters says nothing about one in another script: it may be its transcription.
    """
    if len(ours) < 2 or not theirs:
        return None
    original = ours[1]
    likeness = max(compare(original, other) for other in theirs)
    if likeness.alike >= Alike.SUBTITLE:
        return likeness.alike >= Alike.WRITTEN or None
    native = folded(candidate.original_title)
    if original.is_latin and not native.is_latin:
        return None
    return False if likeness.similarity < _OTHER_ORIGINAL[original.is_latin] else None


def _objection(wanted: Sought, candidate: Candidate, *, same_numbers: bool) -> str | None:
    if wanted.kind is not None and candidate.key.kind is not wanted.kind:
        return "a series" if candidate.key.kind is MediaType.TV else "a film"
    return None if same_numbers else _OTHER_NUMBER


def choose(wanted: Sought, candidates: Iterable[Candidate], *, is_complete: bool) -> Match:
    """Choose among *candidates*; `is_complete` says that the search offered all it has.

    Without a year, or with one that is far off, only a title that is alone of its name is
    accepted, and only when nothing was left unread.
    """
    weighed = sorted(
        (weigh(wanted, candidate) for candidate in candidates), key=_rank, reverse=True
    )
    fitting = [evidence for evidence in weighed if evidence.objection is None]
    chosen, reason = _accept(wanted, weighed, is_complete=is_complete)
    if chosen is not None:
        return _found(chosen, reason, weighed)
    doubtful = [evidence for evidence in fitting if _is_likely(wanted, evidence)]
    doubtful = doubtful or [evidence for evidence in weighed if _is_of_that_year(evidence)]
    shown = _worth_showing(doubtful or weighed)
    return Match(
        found=Found.REVIEW if doubtful else Found.NOT_FOUND,
        how=How.TITLE,
        score=shown[0].score if shown else 0.0,
        reasons=(reason, *(evidence.words() for evidence in shown)),
        candidates=tuple(evidence.candidate for evidence in shown),
    )


def _worth_showing(ranked: Sequence[Evidence]) -> Sequence[Evidence]:
    """Keep the best; of titles of that very name all, since each may be the one."""
    namesakes = sum(evidence.alike is Alike.SAME for evidence in ranked)
    return ranked[: max(_KEPT, min(namesakes, _MOST_NAMESAKES))]


def _is_of_that_year(evidence: Evidence) -> bool:
    """Worth a look for want of better: the search, which knows more names, offered it."""
    has_its_kind = evidence.objection in (None, _OTHER_NUMBER)
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


def _accept(
    wanted: Sought, weighed: Sequence[Evidence], *, is_complete: bool
) -> tuple[Evidence | None, str]:
    fitting = [one for one in weighed if one.objection is None and one.doubt is None]
    if not fitting:
        return None, "no title like it"
    if wanted.year is None:
        return _accept_without_year(fitting, is_complete=is_complete)
    for alike, years_off in _TIERS:
        named = [one for one in fitting if one.alike is alike and one.years_off == years_off]
        best = _nearest(named)
        if named and best is None:
            return None, f"{len(named)} titles of this name and year"
        if best is not None:
            taken, reason = _unless_rivalled(wanted, best, weighed)
            return taken, f"the nearest of its name: {reason}" if len(named) > 1 else reason
    alone = _alone_of_its_name(wanted, fitting) if is_complete else None
    if alone is not None:
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
    if any(_is_rival(one, best) for one in weighed if one is not best):
        return None, "more than one title could be meant"
    if best.alike < Alike.WRITTEN and wanted.kind is None:
        return None, "the list does not say whether it is a film or a series"
    return best, best.words()


def _is_rival(one: Evidence, best: Evidence) -> bool:
    """Say whether *one* could be meant instead of *best*, whose evidence is thin.

    Where the list leaves a part number out, another part of that year could be meant as well.
    """
    if one.objection == _OTHER_NUMBER:
        return best.alike is one.alike is Alike.SUBTITLE and one.years_off == 0
    enough = (
        Alike.TRIMMED if (best.alike, best.years_off) == (Alike.WRITTEN, 0) else Alike.SUBTITLE
    )
    return one.objection is None and one.doubt is None and one.alike >= enough and one.is_near(1)


def _alone_of_its_name(wanted: Sought, fitting: Sequence[Evidence]) -> Evidence | None:
    """Take the only one of its name although its year is a slip, or unknown, and nothing like it.

    A candidate without a year is taken only for a name that is hardly used twice.
    """
    named = [one for one in fitting if one.alike >= Alike.TRIMMED]
    if wanted.kind is None or wanted.has_namesake or len(named) != 1:
        return None
    best = named[0]
    if best.alike is not Alike.SAME:
        return None
    if any(one is not best and one.alike >= Alike.CLOSE and one.is_near(1) for one in fitting):
        return None
    if best.years_off is None:
        return best if _is_rare(best.candidate.title) else None
    return best if best.years_off <= _SLIP_YEARS else None


def _is_rare(title: str) -> bool:
    """Say whether *title* has a part number or several words."""
    form = folded(title)
    words = len(form.words.split(" "))
    return words >= _RARE_WORDS or (words > 1 and bool(form.numbers))


def _accept_without_year(
    fitting: Sequence[Evidence], *, is_complete: bool
) -> tuple[Evidence | None, str]:
    named = [evidence for evidence in fitting if evidence.alike >= Alike.TRIMMED]
    if len(named) > 1:
        return None, f"no year, and {len(named)} titles of this name"
    if named and named[0].alike >= Alike.WRITTEN and is_complete:
        return named[0], f"the only title of this name: {named[0].words()}"
    return None, "no year to be certain by"


def _is_likely(wanted: Sought, evidence: Evidence) -> bool:
    """Worth a person's look: the name fits and the year may be a slip, or nearly so."""
    if evidence.alike <= Alike.WITHIN:
        return evidence.alike is Alike.WITHIN and evidence.years_off == 0
    if wanted.year is None or evidence.years_off is None:
        return evidence.alike >= Alike.TRIMMED or wanted.year is None
    return evidence.is_near(_SLIP_YEARS if evidence.alike >= Alike.SUBTITLE else 1)
