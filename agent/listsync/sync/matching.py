"""Which of the candidates is the wished title, if any. Pure: the same input, the same answer.

A wrong request is worse than a miss. So the classic score only ranks; a candidate is accepted
on title evidence of its own and only when no other candidate could be meant as well. What is
likely but not certain is held for review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.domain.syncing import Found, How, Match
from listsync.sync.titles import Folded, folded, without_suffixes

BEST_SCORE = 2.0
"""The classic score of the same title in the same year."""
_EXACT_YEAR_FACTOR = BEST_SCORE
_NEAR_YEAR_FACTOR = 1.5
_CLOSE = 0.85
_REVIEW_YEARS = 3
_KEPT = 5


class Alike(IntEnum):
    """How strong the evidence of the title itself is, weakest first."""

    NONE = 0
    CLOSE = 1
    SUBTITLE = 2
    ARTICLE = 3
    SAME = 4


_TIERS = ((Alike.SAME, 0), (Alike.ARTICLE, 0), (Alike.SAME, 1), (Alike.SUBTITLE, 0))
"""Title evidence and years off that are enough, strongest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a list says about one title; `titles` are its display and original title."""

    titles: tuple[str, ...]
    year: int | None
    kind: MediaType | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One candidate weighed. `years_off` is None when either side has no year."""

    candidate: Candidate
    alike: Alike
    similarity: float
    years_off: int | None
    objection: str | None

    @property
    def score(self) -> float:
        """The classic score: similarity x 2 for the exact year, x 1.5 for one off."""
        if self.years_off == 0:
            return self.similarity * _EXACT_YEAR_FACTOR
        return self.similarity * (_NEAR_YEAR_FACTOR if self.years_off == 1 else 1.0)

    def words(self) -> str:
        """Say what speaks for and against the candidate, in one line."""
        title = {
            Alike.SAME: "same title",
            Alike.ARTICLE: "same title but for an article",
            Alike.SUBTITLE: "same title but for a subtitle",
            Alike.CLOSE: "similar title",
            Alike.NONE: "other title",
        }[self.alike]
        year = {None: "year unknown", 0: "same year", 1: "one year off"}.get(
            self.years_off, f"{self.years_off} years off"
        )
        against = f", {self.objection}" if self.objection else ""
        key = self.candidate.key
        return f"{self.candidate.label} [{key}]: {title}, {year}{against} ({self.score:.2f})"


def sought(title: str, original: str | None, year: int | None, kind: MediaType | None) -> Sought:
    """Clean what a list says: a year or country in brackets is no part of the title."""
    bare, suffix_year = without_suffixes(title)
    titles = [bare]
    if original and original != title:
        titles.append(without_suffixes(original)[0])
    return Sought(titles=tuple(titles), year=year or suffix_year, kind=kind)


def weigh(wanted: Sought, candidate: Candidate) -> Evidence:
    """Weigh one candidate: the better of its display and its original title counts."""
    ours = [folded(title) for title in wanted.titles]
    theirs = [folded(title) for title in {candidate.title, candidate.original_title} if title]
    alike, similarity, same_numbers = max(
        (_compare(one, other) for one in ours for other in theirs), default=(Alike.NONE, 0.0, True)
    )
    years_off = (
        abs(wanted.year - candidate.year)
        if wanted.year is not None and candidate.year is not None
        else None
    )
    return Evidence(
        candidate=candidate,
        alike=alike,
        similarity=similarity,
        years_off=years_off,
        objection=_objection(wanted, candidate, same_numbers=same_numbers),
    )


def _objection(wanted: Sought, candidate: Candidate, *, same_numbers: bool) -> str | None:
    if wanted.kind is not None and candidate.key.kind is not wanted.kind:
        return "a series" if candidate.key.kind is MediaType.TV else "a film"
    return None if same_numbers else "another number in the title"


def _compare(one: Folded, other: Folded) -> tuple[Alike, float, bool]:
    """Compare two titles: how alike, similarity 0..1, whether their numbers agree."""
    if one.whole == other.whole or one.compact == other.compact:
        return Alike.SAME, 1.0, True
    same_numbers = one.numbers == other.numbers
    # Imported when titles are compared first: ids need none of its megabytes.
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415

    similarity = Levenshtein.normalized_similarity(one.whole, other.whole)
    if one.bare == other.bare:
        return Alike.ARTICLE, similarity, same_numbers
    if other.bare == one.main or one.bare == other.main:
        return Alike.SUBTITLE, similarity, same_numbers
    return (Alike.CLOSE if similarity >= _CLOSE else Alike.NONE), similarity, same_numbers


def choose(wanted: Sought, candidates: Iterable[Candidate], *, is_complete: bool) -> Match:
    """Choose among *candidates*; `is_complete` says that the search offered all it has.

    Without a year only a title that is alone of its name is accepted, and only when nothing was
    left unread.
    """
    weighed = sorted(
        (weigh(wanted, candidate) for candidate in candidates), key=_rank, reverse=True
    )
    fitting = [evidence for evidence in weighed if evidence.objection is None]
    chosen, reason = _accept(wanted, fitting, is_complete=is_complete)
    if chosen is not None:
        return _found(chosen, reason, weighed)
    doubtful = [evidence for evidence in fitting if _is_likely(wanted, evidence)]
    shown = doubtful or weighed
    return Match(
        found=Found.REVIEW if doubtful else Found.NOT_FOUND,
        how=How.TITLE,
        score=shown[0].score if shown else 0.0,
        reasons=(reason, *(evidence.words() for evidence in shown[:_KEPT])),
        candidates=tuple(evidence.candidate for evidence in shown[:_KEPT]),
    )


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
    wanted: Sought, fitting: Sequence[Evidence], *, is_complete: bool
) -> tuple[Evidence | None, str]:
    if not fitting:
        return None, "no title like it"
    if wanted.year is None:
        return _accept_without_year(fitting, is_complete=is_complete)
    for alike, years_off in _TIERS:
        named = [e for e in fitting if e.alike is alike and e.years_off == years_off]
        if len(named) > 1:
            return None, f"{len(named)} titles of this name and year"
        if named:
            return _unless_rivalled(wanted, named[0], fitting)
    return None, "nothing certain"


def _unless_rivalled(
    wanted: Sought, best: Evidence, fitting: Sequence[Evidence]
) -> tuple[Evidence | None, str]:
    """Accept *best* unless its evidence is thin and another candidate could be meant as well."""
    if best.alike is Alike.SAME and best.years_off == 0:
        return best, best.words()
    rivals = [
        evidence
        for evidence in fitting
        if evidence is not best
        and evidence.alike >= Alike.SUBTITLE
        and evidence.years_off is not None
        and evidence.years_off <= 1
    ]
    if rivals:
        return None, "more than one title could be meant"
    if best.alike is not Alike.SAME and wanted.kind is None:
        return None, "the list does not say whether it is a film or a series"
    return best, best.words()


def _accept_without_year(
    fitting: Sequence[Evidence], *, is_complete: bool
) -> tuple[Evidence | None, str]:
    named = [evidence for evidence in fitting if evidence.alike >= Alike.ARTICLE]
    if len(named) > 1:
        return None, f"no year, and {len(named)} titles of this name"
    if named and named[0].alike is Alike.SAME and is_complete:
        return named[0], f"the only title of this name: {named[0].words()}"
    return None, "no year to be certain by"


def _is_likely(wanted: Sought, evidence: Evidence) -> bool:
    """Worth a person's look: the name fits and the year may be a slip, or nearly so."""
    if evidence.alike is Alike.NONE:
        return False
    if wanted.year is None or evidence.years_off is None:
        return evidence.alike >= Alike.ARTICLE or wanted.year is None
    allowed = _REVIEW_YEARS if evidence.alike is Alike.SAME else 1
    return evidence.years_off <= allowed
