"""What a list takes and how its titles are asked for, as the user writes it."""

from __future__ import annotations

import re
from typing import Annotated

from listsync.config.values import plain
from listsync.domain.media import MediaType
from listsync.domain.rules import NO_FILTERS, Filters, Seasons, Span, Which
from listsync.options import Check, Options

_NUMBER = r"\d{1,9}(?:\.\d{1,4})?"
_SPAN = re.compile(rf"(>=|<=)?\s*({_NUMBER})|({_NUMBER})\s*-\s*({_NUMBER})", re.ASCII)
_SPAN_FORMS = "expected a number, a least one such as >=1990, a most such as <=9, or 1990-1999"
_SEASON_FORMS = "expected all, first, latest, {latest: 2}, or numbers such as [1, 2]"
_MOST_SEASONS = 1000
_LANGUAGE = re.compile(r"[a-z]{2}", re.ASCII)


def parse_span(value: object) -> Span:
    """Read `>=1990`, `<=9`, `1990-1999` or one number; both ends are included."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    found = _SPAN.fullmatch(str(value).strip()) if is_number or isinstance(value, str) else None
    if found is None:
        raise ValueError(_SPAN_FORMS)
    sign, bound, low, high = found.groups()
    if bound is None:
        if float(low) > float(high):
            raise ValueError("begins after its end")
        return Span(float(low), float(high))
    number = float(bound)
    return Span(None if sign == "<=" else number, None if sign == ">=" else number)


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


def parse_genre(value: str) -> str:
    """Fold a genre's name as the catalogue's are folded."""
    text = " ".join(value.casefold().split())
    if not text or not text.isprintable():
        raise ValueError("expected the English name of a genre")
    return text


def parse_language(value: str) -> str:
    """Read an ISO 639-1 code."""
    text = value.strip().lower()
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("expected the two letters of a language, such as en or de")
    return text


Genres = tuple[Annotated[str, Check(parse_genre)], ...]
Languages = tuple[Annotated[str, Check(parse_language)], ...]
SpanText = Annotated[
    Span,
    plain(
        parse_span,
        {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "minLength": 1}],
            "examples": [">=1990", "<=9", "1990-1999"],
        },
    ),
]
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


class FiltersForm(Options, frozen=True, kw_only=True):
    """Which titles of a list are taken; what is not said does not matter.

    The server is asked about new titles only, once each.
    """

    kind: Annotated[
        MediaType | None,
        "Only films (movie) or only series (tv); as lists[].kind.",
    ] = None
    year: Annotated[
        SpanText | None,
        "Year of release: >=1990, <=2000, 1990-1999 or one year.",
    ] = None
    rating: Annotated[SpanText | None, "TMDB's mean rating, 0 to 10, such as >=6.5."] = None
    votes: Annotated[SpanText | None, "How many votes the rating has, such as >=500."] = None
    genres: Annotated[Genres, "At least one of these, by TMDB's English names."] = ()
    genres_not: Annotated[Genres, "None of these."] = ()
    languages: Annotated[Languages, "Original language is one of these (ISO 639-1: en, de)."] = ()
    languages_not: Annotated[Languages, "Original language is none of these."] = ()

    @property
    def filters(self) -> Filters:
        filters = Filters(
            year=self.year,
            rating=self.rating,
            votes=self.votes,
            genres=frozenset(self.genres),
            genres_not=frozenset(self.genres_not),
            languages=frozenset(self.languages),
            languages_not=frozenset(self.languages_not),
        )
        return filters or NO_FILTERS
