"""Search addresses of IMDb (`/search/title/?...`) as the constraints of its GraphQL service.

Source: the names of constraints are those of Kometa's `modules/imdb.py`, read 2026-11; the words
of addresses are those of the site, which could not be asked. A filter that is not known here is
refused: leaving it out would widen the list.
"""

from __future__ import annotations

import calendar
import re
from urllib.parse import parse_qsl, urlencode

USUAL_COUNT = 250
_TYPES = {
    "feature": "movie",
    "tv_movie": "tvMovie",
    "tv_series": "tvSeries",
    "tv_miniseries": "tvMiniSeries",
    "tv_special": "tvSpecial",
    "tv_short": "tvShort",
    "tv_episode": "tvEpisode",
    "short": "short",
    "video": "video",
    "video_game": "videoGame",
    "music_video": "musicVideo",
    "podcast_series": "podcastSeries",
    "podcast_episode": "podcastEpisode",
}
_ORDERS = {
    "moviemeter": "POPULARITY",
    "alpha": "TITLE_REGIONAL",
    "user_rating": "USER_RATING",
    "num_votes": "USER_RATING_COUNT",
    "boxoffice_gross_us": "BOX_OFFICE_GROSS_DOMESTIC",
    "runtime": "RUNTIME",
    "year": "YEAR",
    "release_date": "RELEASE_DATE",
}
_LISTS = {  # parameter -> constraint, what must be in it, what must not
    "title_type": ("titleTypeConstraint", "anyTitleTypeIds", "excludeTitleTypeIds"),
    "genres": ("genreConstraint", "allGenreIds", "excludeGenreIds"),
    "keywords": ("keywordConstraint", "allKeywords", "excludeKeywords"),
    "countries": ("originCountryConstraint", "allCountries", "excludeCountries"),
    "languages": ("languageConstraint", "allLanguages", "excludeLanguages"),
    "lists": ("listConstraint", "inAllLists", "notInAnyList"),
}
_RANGES = {  # parameter -> constraint, range, names of its ends
    "release_date": ("releaseDateConstraint", "releaseDateRange", "start", "end"),
    "user_rating": ("userRatingsConstraint", "aggregateRatingRange", "min", "max"),
    "num_votes": ("userRatingsConstraint", "ratingsCountRange", "min", "max"),
    "runtime": ("runtimeConstraint", "runtimeRangeMinutes", "min", "max"),
}
_IGNORED = ("view", "mode", "explore", "ref_", "start", "page")  # how the site shows the list


def _several(word: str) -> str:
    return rf"!?(?:{word})(?:,!?(?:{word}))*"


def _range(end: str) -> str:
    return rf"(?:{end}),(?:{end})?|,?(?:{end})"


_FORMS = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "title_type": _several("|".join(_TYPES)),
        "genres": _several("[A-Za-z]+(?:-[A-Za-z]+)?"),
        "keywords": _several(r"[\w .'-]+"),
        "countries": _several("[A-Za-z]{2,4}"),
        "languages": _several("[A-Za-z]{2,3}"),
        "lists": _several(r"ls\d{5,}"),
        "release_date": _range(
            r"(?:18|19|20)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
        ),
        "user_rating": _range(r"\d{1,2}(?:\.\d)?"),
        "num_votes": _range(r"\d{1,9}"),
        "runtime": _range(r"\d{1,5}"),
        "title": r".{1,200}",
        "adult": "include",
        "sort": rf"(?:{'|'.join(_ORDERS)})(?:,(?:asc|desc))?",
        "count": r"[1-9]\d{0,3}",
    }.items()
}


def trouble(query: str) -> str | None:
    """Say why a search cannot be read; None when it can."""
    pairs = _pairs(query)
    for name, value in pairs:
        form = _FORMS.get(name)
        if form is None:
            return f"the filter {name} is not supported"
        if not form.fullmatch(value):
            return f"{name}={value} is not understood"
    if len(dict(pairs)) < len(pairs):
        return "a filter is there twice"
    return None if dict(pairs).keys() - {"sort", "count"} else "there is no filter"


def canonical(query: str) -> str:
    """Write the search so that two addresses of the same one look the same."""
    return urlencode(sorted(_pairs(query)), safe=",!")


def count(query: str) -> int:
    """Say how many titles are wanted: what the address says, as the site does."""
    return int(dict(_pairs(query)).get("count", USUAL_COUNT))


def sort(query: str) -> dict[str, str]:
    """Give the order; what the site shows first is first."""
    name, _, order = dict(_pairs(query)).get("sort", "moviemeter").partition(",")
    return {"sortBy": _ORDERS[name], "sortOrder": order.upper() or "ASC"}


def constraints(query: str) -> dict[str, dict[str, object]]:
    """Give the constraints of a search that has no `trouble`."""
    found: dict[str, dict[str, object]] = {}
    for name, value in _pairs(query):
        if name in _LISTS:
            key, wanted, unwanted = _LISTS[name]
            words = value.split(",")
            for field, chosen in (
                (wanted, [word for word in words if not word.startswith("!")]),
                (unwanted, [word[1:] for word in words if word.startswith("!")]),
            ):
                if chosen:
                    found.setdefault(key, {})[field] = [_id(name, word) for word in chosen]
        elif name in _RANGES:
            key, field, low, high = _RANGES[name]
            start, comma, end = value.partition(",")
            ends = {low: start, high: end if comma else start}
            found.setdefault(key, {})[field] = {
                which: _date(text, last=which == "end")
                if name == "release_date"
                else _number(text)
                for which, text in ends.items()
                if text
            }
        elif name == "title":
            found["titleTextConstraint"] = {"searchTerm": value}
        elif name == "adult":
            found["explicitContentConstraint"] = {"explicitContentFilter": "INCLUDE_ADULT"}
    return found


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(query.partition("#")[0])
    return [(name, value.strip()) for name, value in pairs if name not in _IGNORED]


def _id(name: str, word: str) -> str:
    match name:
        case "title_type":
            return _TYPES[word]
        case "genres":  # Sci-Fi, Reality-TV
            return word.title().replace("-Tv", "-TV")
        case "countries":
            return word.upper()
        case "languages":
            return word.lower()
        case _:
            return word.strip().replace(" ", "-")


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _date(text: str, *, last: bool) -> str:
    """Complete a year or a month to its first or last day."""
    year, month, day = (*text.split("-"), "", "")[:3]
    month = month or ("12" if last else "01")
    days = calendar.monthrange(int(year), int(month))[1]
    return f"{year}-{month}-{day or (f'{days:02}' if last else '01')}"
