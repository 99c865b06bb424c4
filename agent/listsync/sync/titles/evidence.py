"""What speaks for and against one candidate. Pure: the same input, the same answer.

Lists name what people talk about. Where the title that fits best is next to unknown and another of
its kind and time is known to many times more people, the list may mean that one by another name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from listsync.domain.media import MediaType
from listsync.domain.server import Candidate
from listsync.lean_dataclasses import dataclass
from listsync.sync.titles.title_folding import (
    cleaned,
    country_of,
    number_behind,
    romanised,
    without_suffixes,
    without_year_behind,
)
from listsync.sync.titles.title_forms import UNLIKE, Alike, Folded, Likeness, compare, folded

BEST_SCORE = 2.0
"""The classic score of the same title in the same year."""
_EXACT_YEAR_FACTOR = BEST_SCORE
_NEAR_YEAR_FACTOR = 1.5
_OTHER_ORIGINAL = {True: 0.5, False: 0.25}
"""Originals less similar than this contradict each other; by whether they are in Latin letters."""

_COUNTRIES = {
    "AU": "Australia",
    "BR": "Brasil",
    "CA": "Canada",
    "DE": "Deutschland",
    "ES": "Espa\u00f1a",
    "FR": "France",
    "GB": "UK",
    "IE": "Ireland",
    "IN": "India",
    "IT": "Italia",
    "JP": "Japan",
    "KR": "Korea",
    "NZ": "New Zealand",
    "US": "US",
}
_LEAST_LETTERS = 4

OTHER_NUMBER = "another number in the title"
_OTHER_ORIGINAL_TITLE = "another original title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a list says about one title; `titles` are its display and original title.

    `cleaned` is the first without what surrounds it, where that is something. `other_year` is the
    year behind the title where the list gives another one as well; `country` (ISO 3166-1) tells it
    from another of its name. `shortened` is the title without its year, which may be part of it.
    """

    titles: tuple[str, ...]
    year: int | None
    kind: MediaType | None
    other_year: int | None = None
    country: str | None = None
    cleaned: str | None = None
    shortened: str | None = None

    @property
    def by_number_behind(self) -> Sought | None:
        """What is sought if the number behind the title is its year: `Heat 1995`."""
        parted = number_behind(self.titles[0]) if self.year is None else None
        if parted is None:
            return None
        return replace(self, titles=(parted[0], *self.titles[1:]), year=parted[1], cleaned=None)

    @property
    def name(self) -> str:
        """The title as people know it."""
        return self.cleaned or self.titles[0]

    @property
    def name_in_country(self) -> str | None:
        """The title as broadcasters make it of a format: MasterChef Australia."""
        return f"{self.name} {_COUNTRIES[self.country]}" if self.country in _COUNTRIES else None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a candidate may have: what is printed, original, cleaned, national."""
        return (*self.titles, *filter(None, (self.cleaned, self.name_in_country)))


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
        one = self.candidate
        votes = f"{one.votes:,} votes" if one.votes else ""
        known = (self.objection, self.doubt, "/".join(one.countries), votes)
        facts = ", ".join((self.alike.words, year, *filter(None, known)))
        return f"{one.label} [{one.key}]: {facts} ({self.score:.2f})"


def sought(title: str, original: str | None, year: int | None, kind: MediaType | None) -> Sought:
    """Clean what a list says: a year or country in brackets is no part of the title."""
    bare, suffix_year = without_suffixes(title)
    clean = cleaned(title, has_year=(year or suffix_year) is not None)
    name, cleaned_year = without_suffixes(clean)
    titles = [bare]
    if original and original != title:
        titles.append(without_suffixes(original)[0])
    suffix_year = suffix_year or cleaned_year
    return Sought(
        titles=tuple(titles),
        year=year or suffix_year,
        kind=kind,
        other_year=suffix_year,
        country=country_of(clean),
        cleaned=name if name != bare else None,
        shortened=without_year_behind(name, year),
    )


def weigh(wanted: Sought, candidate: Candidate) -> Evidence:
    """Weigh one candidate: the better of its display and its original title counts."""
    names = [folded(name) for name in wanted.names]
    ours = names[: len(wanted.titles)]
    theirs = [folded(title) for title in {candidate.title, candidate.original_title} if title]
    likeness = max((compare(one, other) for one in names for other in theirs), default=UNLIKE)
    if likeness.alike < Alike.WRITTEN and _is_romanised(names, candidate):
        likeness = likeness._replace(alike=Alike.WRITTEN, same_numbers=True)
    if wanted.shortened and likeness.alike < Alike.TRIMMED:
        likeness = _but_for_its_year(wanted.shortened, theirs, likeness)
    same_original = _same_original(ours, theirs, candidate)
    return Evidence(
        candidate=candidate,
        likeness=likeness,
        years_off=_years_off(wanted, candidate),
        objection=_objection(wanted, candidate, same_numbers=likeness.same_numbers),
        same_original=same_original is True,
        doubt=_doubt(wanted, candidate, same_original=same_original),
    )


def _but_for_its_year(name: str, theirs: Sequence[Folded], likeness: Likeness) -> Likeness:
    short = max((compare(folded(name), other) for other in theirs), default=UNLIKE)
    if short.alike < Alike.WRITTEN:
        return likeness
    return likeness._replace(alike=Alike.TRIMMED, same_numbers=True)


def _years_off(wanted: Sought, candidate: Candidate) -> int | None:
    years = [year for year in (wanted.year, wanted.other_year) if year is not None]
    if candidate.year is None:
        return None
    return min((abs(year - candidate.year) for year in years), default=None)


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


def _doubt(wanted: Sought, candidate: Candidate, *, same_original: bool | None) -> str | None:
    if wanted.country and candidate.countries and wanted.country not in candidate.countries:
        return "of another country"
    return _OTHER_ORIGINAL_TITLE if same_original is False else None


def _is_romanised(names: Sequence[Folded], candidate: Candidate) -> bool:
    """Say whether the list writes the original title in Latin letters, sound by sound."""
    if folded(candidate.original_title).is_latin:
        return False
    name = folded(romanised(candidate.original_title)).compact
    return len(name) >= _LEAST_LETTERS and any(one.compact == name for one in names)


def _objection(wanted: Sought, candidate: Candidate, *, same_numbers: bool) -> str | None:
    if wanted.kind is not None and candidate.key.kind is not wanted.kind:
        return "a series" if candidate.key.kind is MediaType.TV else "a film"
    return None if same_numbers else OTHER_NUMBER


_FAR_MORE = 20.0
"""So many times the following of one title makes another the one that is talked about."""
_MORE = 10.0
_NEXT_TO_NONE = 150.0
"""A following, in votes, that a title of this name has by being in the catalogue."""
_UNHEARD_OF = 50.0
"""A following, in votes, of a title that nobody has talked about at all."""
_BARELY_THERE = 10.0
"""A following, in votes, below which a title may be but the namesake of what is sought."""
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


def may_be_namesake(one: Candidate) -> bool:
    """Say whether so few know *one* that another of its name, of a year beside, may be meant."""
    return one.following < _BARELY_THERE


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
