"""Titles that only their details can prove to be the ones sought, and whether they do.

Name and year leave these on review: the year is two or three off, the list puts the maker's name
in front, or it counts the parts of a film series by number. The details are read within the calls
that are left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from listsync.domain.decisions import Found, Match
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate, Production
from listsync.lean_dataclasses import dataclass
from listsync.sync.titles.evidence import (
    BEST_SCORE,
    OTHER_NUMBER,
    Evidence,
    Sought,
    overshadowing,
    weigh,
)
from listsync.sync.titles.lookups import Budget, Lookups, Offered
from listsync.sync.titles.matching import alone_of_its_name
from listsync.sync.titles.title_folding import fold, maker_and_title, series_and_part
from listsync.sync.titles.title_forms import Alike, compare, folded

_LEAST_SLIP_YEARS = 2
"""One year off is believed without details."""


class Proof(StrEnum):
    """What of a title's details must say that it is the one."""

    RELEASES = "releases"
    CREDITS = "credits"
    COLLECTION = "collection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The candidate whose details could settle it, and what they must say.

    RELEASES: a release in one of `years`; CREDITS: made by `maker`; COLLECTION: that one of
    `parts` is the one of this `number` in its film series.
    """

    evidence: Evidence
    proof: Proof
    years: tuple[int, ...] = ()
    maker: str = ""
    number: int = 0
    parts: tuple[Evidence, ...] = ()

    @property
    def key(self) -> TitleKey:
        return self.evidence.candidate.key

    @property
    def calls(self) -> int:
        """How many calls it takes at the most."""
        return 2 if self.proof is Proof.COLLECTION else 1

    @property
    def missing(self) -> str:
        """Say what the details do not say."""
        return {
            Proof.RELEASES: f"no release in {' or '.join(map(str, self.years))}",
            Proof.CREDITS: f"not known to be by {self.maker}",
            Proof.COLLECTION: f"not known as part {self.number} of its film series",
        }[self.proof]


class Proven(NamedTuple):
    """The one that the details speak for, and what they say."""

    evidence: Evidence
    words: str


def claim_of(
    wanted: Sought, candidates: Iterable[Candidate], *, is_complete: bool
) -> Claim | None:
    """Find the candidate that its details could prove; for what `choose` left open.

    `is_complete` says that titles of every year were searched for, and none was left unread.
    """
    if wanted.year is None or wanted.kind is None:
        return None
    weighed = [weigh(wanted, candidate) for candidate in candidates]
    if not is_complete:
        return _by_collection(wanted, weighed)
    claims = (make(wanted, weighed) for make in (_by_releases, _by_credits, _by_collection))
    return next(filter(None, claims), None)


def proven(claim: Claim, production: Production, parts: Sequence[TitleKey] = ()) -> Proven | None:
    """Say whether *production* bears *claim* out; *parts* are those of its film series."""
    if claim.proof is Proof.RELEASES:
        year = min(production.release_years.intersection(claim.years), default=None)
        return None if year is None else Proven(claim.evidence, f"a release in {year}")
    if claim.proof is Proof.CREDITS:
        who = _named(claim.maker, production)
        return None if who is None else Proven(claim.evidence, f"made by {who}")
    found = [one for one in claim.parts if _is_numbered(one, claim.number, parts)]
    words = f"part {claim.number} of its film series"
    return Proven(found[0], words) if found else None


def _by_releases(wanted: Sought, weighed: Sequence[Evidence]) -> Claim | None:
    fitting = [one for one in weighed if one.objection is None and one.doubt is None]
    best = alone_of_its_name(wanted, fitting)
    if best is None or best.years_off is None or best.years_off < _LEAST_SLIP_YEARS:
        return None
    if overshadowing(best, weighed) is not None:
        return None
    years = {year for year in (wanted.year, wanted.other_year) if year is not None}
    return Claim(evidence=best, proof=Proof.RELEASES, years=tuple(sorted(years)))


def _by_credits(wanted: Sought, weighed: Sequence[Evidence]) -> Claim | None:
    """Take the title behind its maker's name, unless another title has both as its name."""
    made = maker_and_title(wanted.name)
    of_its_kind = [one for one in weighed if one.objection in (None, OTHER_NUMBER)]
    if made is None or any(one.alike >= Alike.TRIMMED for one in of_its_kind):
        return None
    maker, title = made
    best = _best_known(one for one in of_its_kind if one.is_near(0) and _is_called(one, title))
    return None if best is None else Claim(evidence=best, proof=Proof.CREDITS, maker=maker)


def _by_collection(wanted: Sought, weighed: Sequence[Evidence]) -> Claim | None:
    series = series_and_part(wanted.name) if wanted.kind is MediaType.MOVIE else None
    if series is None:
        return None
    name, number = series
    of_its_kind = (one for one in weighed if one.objection in (None, OTHER_NUMBER))
    parts = tuple(
        one
        for one in of_its_kind
        if one.is_near(0) and _begins(one, name) and _numbers(one) - _digits(name) <= {number}
    )
    best = _best_known(parts)
    if best is None:
        return None
    return Claim(evidence=best, proof=Proof.COLLECTION, number=number, parts=parts)


def _best_known(some: Iterable[Evidence]) -> Evidence | None:
    return max(some, key=lambda one: one.candidate.following, default=None)


def _is_called(one: Evidence, title: str) -> bool:
    likeness = max(compare(folded(title), folded(name)) for name in _names(one))
    return likeness.alike >= Alike.TRIMMED and likeness.same_numbers


def _begins(one: Evidence, series: str) -> bool:
    name = folded(series).words
    return any(f"{folded(title).words} ".startswith(f"{name} ") for title in _names(one))


def _numbers(one: Evidence) -> set[int]:
    """Read the numbers in its name: another one than the list's says that it is another part."""
    return _digits(one.candidate.title)


def _digits(title: str) -> set[int]:
    return {int(word) for word in fold(title).split(" ") if word.isascii() and word.isdigit()}


def _names(one: Evidence) -> Collection[str]:
    return {one.candidate.title, one.candidate.original_title}


def _named(maker: str, production: Production) -> str | None:
    """Find *maker* among the people, or a company whose name begins so."""
    name = fold(maker)
    people = (one for one in production.people if fold(one) == name)
    companies = (one for one in production.companies if f"{fold(one)} ".startswith(f"{name} "))
    return min(people, default=None) or min(companies, default=None)


def _is_numbered(one: Evidence, number: int, parts: Sequence[TitleKey]) -> bool:
    return list(parts[number - 1 : number]) == [one.candidate.key]


_KEPT = 5


class Prover:
    """Settles by their details what titles leave open; for one wish, each claim once."""

    def __init__(self, wanted: Sought, budget: Budget, lookups: Lookups) -> None:
        self._wanted = wanted
        self._budget = budget
        self._lookups = lookups
        self._unproven: list[Claim] = []

    def settle(self, match: Match, offered: Offered) -> Match:
        """Accept what its details prove; else say beside *match* what they lack."""
        if match.found is Found.FOUND:
            return match
        claim = claim_of(
            self._wanted,
            offered.candidates.values(),
            is_complete=offered.was_wide and offered.is_complete,
        )
        if claim is not None and self._is_new(claim) and self._can_pay(claim):
            found = self._proven(claim)
            if found is not None:
                return _accepted(match, found)
            self._unproven.append(claim)
        for one in self._unproven:
            match = _with_what_is_missing(match, one)
        return match

    def _is_new(self, claim: Claim) -> bool:
        return all((claim.key, claim.proof) != (one.key, one.proof) for one in self._unproven)

    def _can_pay(self, claim: Claim) -> bool:
        """Tell whether the calls suffice; a series takes one more, for its seasons."""
        seasons = 1 if claim.key.kind is MediaType.TV else 0
        return self._budget.left >= claim.calls + seasons

    def _proven(self, claim: Claim) -> Proven | None:
        self._budget.left -= 1
        production = self._lookups.production(claim.key)
        if claim.proof is not Proof.COLLECTION or production.collection is None:
            return proven(claim, production)
        self._budget.left -= 1
        return proven(claim, production, self._lookups.parts(production.collection))


def _with_what_is_missing(match: Match, claim: Claim) -> Match:
    """Say it beside the candidate, which is shown whatever else is."""
    words = claim.evidence.words()
    reasons = match.reasons if words in match.reasons else (*match.reasons, words)
    candidate = claim.evidence.candidate
    is_shown = any(one.key == candidate.key for one in match.candidates)
    return replace(
        match,
        reasons=tuple(f"{one}; {claim.missing}" if one == words else one for one in reasons),
        candidates=match.candidates if is_shown else (*match.candidates, candidate),
    )


def _accepted(match: Match, found: Proven) -> Match:
    """Take what is proven: as certain as the same title of the same year."""
    candidate = found.evidence.candidate
    mark = f"[{candidate.key}]: "
    others = [one for one in match.candidates if one.key != candidate.key]
    against = [reason for reason in match.reasons if "]: " in reason and mark not in reason]
    return replace(
        match,
        found=Found.FOUND,
        key=candidate.key,
        title=candidate.label,
        score=BEST_SCORE,
        reasons=(
            f"its details confirm it: {found.evidence.words()}; {found.words}",
            *(f"not {reason}" for reason in against[: _KEPT - 1]),
        ),
        candidates=(candidate, *others[: _KEPT - 1]),
    )
