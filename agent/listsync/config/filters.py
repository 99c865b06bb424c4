"""Which titles a list takes, which seasons of a series, and what is never requested."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from msgspec import Meta

from listsync.config.values import plain
from listsync.config_types import Check, Options, UnknownNameError
from listsync.domain.list_rules import (
    GENRES,
    LANGUAGES,
    Seasons,
    Span,
    Which,
    fold_genre,
)
from listsync.domain.media import Exclusion, MediaType, parse_exclusion

_SEASON_FORMS = "expected all, first, latest, {latest: 2}, or numbers such as [1, 2]"
_MOST_SEASONS = 1000


def parse_seasons(value: object) -> Seasons:
    """Read which seasons are wanted."""
    if isinstance(value, str) and value.strip().lower() in ("all", "first", "latest"):
        return Seasons(which=Which(value.strip().lower()))
    if isinstance(value, dict) and list(value) == ["latest"]:
        return Seasons(which=Which.LATEST, count=_number(value["latest"], least=1))
    if isinstance(value, list) and value:
        numbers = frozenset(_number(one, least=0) for one in value)
        return Seasons(which=Which.NAMED, numbers=numbers)
    raise ValueError(_SEASON_FORMS)


def _number(value: object, *, least: int) -> int:
    """Read a small number; the file's scalars are text."""
    text = str(value).strip() if isinstance(value, int | str) else ""
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= _MOST_SEASONS):
        raise ValueError(_SEASON_FORMS)
    return int(text)


SeasonsForm = Annotated[
    Seasons,
    plain(
        parse_seasons,
        {
            "anyOf": [
                {"enum": ["all", "first", "latest"]},
                {
                    "type": "object",
                    "properties": {"latest": {"type": "integer", "minimum": 1}},
                    "required": ["latest"],
                    "additionalProperties": False,
                },
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0},
                    "minItems": 1,
                },
            ],
        },
    ),
]


FIRST_YEAR, LAST_YEAR = 1870, 2200
_BEST_RATING = 10
_TELLING = 3
"""So many letters say which name is meant; two are a code."""
_LONGEST = 100

_NUMBER = r"-?\d{1,9}(?:\.\d{1,4})?"
_SPAN = re.compile(rf"(>=|<=)?\s*({_NUMBER})|({_NUMBER})\s*-\s*({_NUMBER})", re.ASCII)
_SPAN_FORMS = "expected a number, a least one such as >={0}, a most such as <={1}, or {0}-{1}"
_MEANT_GENRES = {
    "sci-fi": ("science fiction", "sci-fi & fantasy"),
    "scifi": ("science fiction", "sci-fi & fantasy"),
    "biography": ("history",),
    "children": ("kids", "family"),
    "anime": ("animation",),
    "musical": ("music",),
}
_MEANT_CODES = {"cz": "cs", "dk": "da", "gr": "el", "in": "id", "iw": "he", "jp": "ja", "ua": "uk"}
_COUNTRY = re.compile(r"([a-z]{2})[-_][a-z]{2,4}", re.ASCII)


def parse_year(value: object) -> Span:
    """Read years; a bare one is just that year."""
    span = _parse_span(value, "1990", "1999")
    ends = _ends(span)
    if any(end != int(end) or not FIRST_YEAR <= end <= LAST_YEAR for end in ends):
        raise ValueError(f"expected years from {FIRST_YEAR} to {LAST_YEAR}")
    return span


def parse_rating(value: object) -> Span:
    """Read ratings; a bare one means at least that. No title is rated 0."""
    span = _parse_span(value, "6.5", "9", bare_is_least=True)
    if any(not 0 <= end <= _BEST_RATING for end in _ends(span)) or span.high == 0:
        raise ValueError(f"expected ratings from 0 to {_BEST_RATING}, and some above 0")
    return span


def parse_votes(value: object) -> Span:
    """Read numbers of votes; a bare one means at least so many."""
    span = _parse_span(value, "200", "5000", bare_is_least=True)
    if any(end < 0 or end != int(end) for end in _ends(span)):
        raise ValueError("expected whole numbers of votes, 0 or more")
    return span


def _ends(span: Span) -> tuple[float, ...]:
    return tuple(end for end in (span.low, span.high) if end is not None)


def _parse_span(value: object, least: str, most: str, *, bare_is_least: bool = False) -> Span:
    """Read `>=1990`, `<=9`, `1990-1999` or one number; both ends are included."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    found = _SPAN.fullmatch(str(value).strip()) if is_number or isinstance(value, str) else None
    if found is None:
        raise ValueError(_SPAN_FORMS.format(least, most))
    sign, bound, low, high = found.groups()
    if bound is None:
        if float(low) > float(high):
            raise ValueError("begins after its end")
        return Span(float(low), float(high))
    number = float(bound)
    is_least = sign == ">=" or (sign is None and bare_is_least)
    return Span(None if sign == "<=" else number, None if is_least else number)


def parse_genre(value: str) -> str:
    """Fold a genre's name as the catalogue's are."""
    name = fold_genre(value)
    if name not in GENRES:
        raise UnknownNameError("expected TMDB's English name of a genre", _meant_genres(name))
    return name


def _meant_genres(name: str) -> Iterable[str]:
    if name in _MEANT_GENRES:
        return _MEANT_GENRES[name]
    return _nearest(name.replace(" and ", " & "), GENRES)


def parse_language(value: str) -> str:
    """Read the code of a language (ISO 639-1)."""
    code = value.strip().lower()
    if code not in LANGUAGES:
        raise UnknownNameError(
            "expected the two letters of a language, such as en or de", _meant_languages(code)
        )
    return code


def _meant_languages(text: str) -> Iterable[str]:
    country = _COUNTRY.fullmatch(text)
    if country and country[1] in LANGUAGES:
        return (country[1],)
    if text in _MEANT_CODES:
        return (_MEANT_CODES[text],)
    codes = {name: code for code, name in LANGUAGES.items()}
    return tuple(codes[name] for name in _nearest(text, codes))


def _nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Find the name that begins so, else the one that is most like it."""
    import difflib  # noqa: PLC0415 - a good file needs none

    names = list(known)
    begun = [one for one in names if len(name) >= _TELLING and one.startswith(name)]
    return tuple(begun[:1] or difflib.get_close_matches(name[:_LONGEST], names, n=1))


_YEAR = {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR}
_RATING = {"type": "number", "minimum": 0, "maximum": _BEST_RATING}
_VOTES = {"type": "integer", "minimum": 0}

Genre = Annotated[str, Check(parse_genre)]
Genres = tuple[Genre, ...]
Languages = tuple[Annotated[str, Check(parse_language)], ...]


def _span(number: Mapping[str, Any], words: str, *examples: object) -> Mapping[str, Any]:
    return {
        "description": words,
        "anyOf": [number, {"type": "string", "minLength": 1}],
        "examples": list(examples),
    }


SPAN_SCHEMAS = {
    "year": _span(
        _YEAR,
        "Year of release: >=1990, <=2000, 1990-1999; a bare year is just that year.",
        *(">=1990", "1990-1999", 1999),
    ),
    "rating": _span(
        _RATING,
        "TMDB's mean rating, 0 to 10: a bare number means at least that; also >=6.5, 6.5-9, <=5.",
        *(7, ">=6.5", "6.5-9", "<=5"),
    ),
    "votes": _span(
        _VOTES,
        "How many votes the rating has: a bare number means at least so many; also <=5000.",
        *(200, ">=200", "200-5000", "<=5000"),
    ),
}
"""Filters that say least and most in one."""


class ExcludedTitle(Options, frozen=True, kw_only=True):
    """A title that is never requested, by its name."""

    title: Annotated[str, Meta(min_length=1, max_length=300), "The title, as the list says it."]
    year: Annotated[
        int | None,
        Meta(ge=FIRST_YEAR, le=LAST_YEAR),
        "Only the one of this year; empty = any year.",
    ] = None
    kind: Annotated[
        MediaType | None,
        "Only the film (movie) or the series (tv); empty = both.",
    ] = None

    @property
    def exclusion(self) -> Exclusion:
        return Exclusion(title=self.title, year=self.year, kind=self.kind)


class ExcludedGenre(Options, frozen=True, kw_only=True):
    """A genre of which nothing is requested."""

    genre: Annotated[
        str,
        Meta(min_length=1, max_length=100),
        "TMDB's English name of the genre.",
        Check(parse_genre),
    ]

    @property
    def exclusion(self) -> Exclusion:
        return Exclusion(genre=self.genre)


def _parse(value: object) -> Exclusion:
    try:
        return parse_exclusion(value)
    except ValueError as error:
        raise ValueError(f"{error} or {{title: Cats}}") from None


ExcludedId = Annotated[
    Exclusion,
    plain(
        _parse,
        {
            "type": "string",
            "title": "Id",
            "description": "A title that is never requested, by its number.",
            "pattern": r"^(tmdb:(movie|tv)/[1-9]\d*|imdb:tt\d{5,10}|tvdb:[1-9]\d*)$",
            "examples": ["tmdb:movie/603", "tmdb:tv/1396", "imdb:tt0133093", "tvdb:81189"],
        },
    ),
]
ExclusionForm = ExcludedId | ExcludedTitle | ExcludedGenre
