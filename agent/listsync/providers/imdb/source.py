"""Which IMDb list the user means, and what its searches are of.

Source: the names of constraints (of `/search/title/?...`) are those of Kometa's
`modules/imdb.py`, read 2026-11, as are the numbers of awards; the words of addresses are those of
the site, which could not be asked. A filter that is not known here is refused: leaving it out
would widen the list.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from msgspec import Meta

from listsync.config_types import PageOptions, WebAddress
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import (
    AddressForm,
    at_site,
    demand_no_filters,
    filters_in,
    foreign,
    is_harmless,
    recognise,
)

USUAL_COUNT = 250
_SEARCHED_TYPES = {
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
_SEARCHED_TYPES |= {"series": "tvSeries", "mini_series": "tvMiniSeries", "game": "videoGame"}
_SEARCHED_TYPES |= {name: name for name in _SEARCHED_TYPES.values()}  # as pages of lists have it
_DOCUMENTARY = "documentary"  # once a type; a genre now
_MOST = 9999  # titles of a list that is searched
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
_CHOICES = {  # parameter -> constraint, what must be in it, what must not
    "title_type": ("titleTypeConstraint", "anyTitleTypeIds", "excludeTitleTypeIds"),
    "genres": ("genreConstraint", "allGenreIds", "excludeGenreIds"),
    "keywords": ("keywordConstraint", "allKeywords", "excludeKeywords"),
    "countries": ("originCountryConstraint", "allCountries", "excludeCountries"),
    "languages": ("languageConstraint", "allLanguages", "excludeLanguages"),
    "lists": ("listConstraint", "inAllLists", "notInAnyList"),
    "companies": ("creditedCompanyConstraint", "anyCompanyIds", "excludeCompanyIds"),
    "role": ("creditedNameConstraint", "allNameIds", "excludeNameIds"),
}
_RANGES = {  # parameter -> constraint, range, names of its ends
    "release_date": ("releaseDateConstraint", "releaseDateRange", "start", "end"),
    "user_rating": ("userRatingsConstraint", "aggregateRatingRange", "min", "max"),
    "num_votes": ("userRatingsConstraint", "ratingsCountRange", "min", "max"),
    "runtime": ("runtimeConstraint", "runtimeRangeMinutes", "min", "max"),
}
_AWARDS = {  # of a group: the event, and the category where only one counts
    "oscar": ("ev0000003", ""),
    "best_picture": ("ev0000003", "bestPicture"),
    "best_director": ("ev0000003", "bestDirector"),
    "emmy": ("ev0000223", ""),
    "golden_globe": ("ev0000292", ""),
    "razzie": ("ev0000558", ""),
    "national_film_preservation_board": ("ev0000468", ""),
}
_GROUP = re.compile(
    r"(?P<chart>top|bottom)_(?P<rank>\d{2,4})"
    rf"|(?:oscar_(?=best))?(?P<award>{'|'.join(_AWARDS)})_(?P<part>winner|nominee)s?"
)
_RANKED = {"top": "TOP_RATED_MOVIES", "bottom": "LOWEST_RATED_MOVIES"}
_IGNORED = ("view", "mode", "explore", "ref_", "start", "page")  # how the site shows the list


def _several(word: str) -> str:
    return rf"!?(?:{word})(?:,!?(?:{word}))*"


def _range(end: str) -> str:
    return rf"(?:{end}),(?:{end})?|,?(?:{end})"


_SEARCH_FORMS = {
    name: re.compile(pattern, re.ASCII)
    for name, pattern in {
        "title_type": rf"{_several('|'.join(_SEARCHED_TYPES))}|{_DOCUMENTARY}",
        "genres": _several("[A-Za-z]+(?:-[A-Za-z]+)?"),
        "keywords": _several(r"[\w .'-]+"),
        "countries": _several("[A-Za-z]{2,4}"),
        "languages": _several("[A-Za-z]{2,3}"),
        "lists": _several(r"ls\d{5,}"),
        "companies": _several(r"co\d{5,}"),
        "role": _several(r"nm\d{5,}"),
        "groups": r"[a-z_0-9]+(?:,[a-z_0-9]+)*",
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


def search_problem(query: str) -> str | None:
    """Say why a search cannot be read; None when it can."""
    pairs = _pairs(query)
    for name, value in pairs:
        form = _SEARCH_FORMS.get(name)
        if form is None:
            return f"the filter {name} is not supported"
        if not form.fullmatch(value):
            return f"{name}={value} is not understood"
        if name == "groups" and (unknown := _unknown_groups(value)):
            known = ", ".join(f"{award}_winners" for award in _AWARDS)
            return f"groups={','.join(unknown)} is not known (known: top_250, {known}, _nominees)"
    if len(dict(pairs)) < len(pairs):
        return "a filter is there twice"
    return None if dict(pairs).keys() - {"sort", "count"} else "there is no filter"


def canonical_search(query: str) -> str:
    """Write the search so that two addresses of the same one look the same."""
    return urlencode(sorted(_pairs(query)), safe=",!")


def wanted_count(query: str) -> int:
    """Say how many titles are wanted: what the address says, as the site does."""
    return int(dict(_pairs(query)).get("count", USUAL_COUNT))


def search_order(query: str) -> dict[str, str]:
    """Give the order; what the site shows first is first."""
    name, _, order = dict(_pairs(query)).get("sort", "moviemeter").partition(",")
    return {"sortBy": _ORDERS[name], "sortOrder": order.upper() or "ASC"}


def search_constraints(query: str) -> dict[str, dict[str, Any]]:
    """Give the constraints of a search that has no `search_problem`."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in _pairs(query):
        if name == "title_type" and value == _DOCUMENTARY:
            found.setdefault("genreConstraint", {}).setdefault("allGenreIds", []).append(
                _id("genres", value)
            )
        elif name == "groups":
            found |= _of_groups(value.split(","))
        elif name in _CHOICES:
            key, wanted, unwanted = _CHOICES[name]
            words = value.split(",")
            for field, chosen in (
                (wanted, [word for word in words if not word.startswith("!")]),
                (unwanted, [word[1:] for word in words if word.startswith("!")]),
            ):
                if chosen:
                    ids = [_id(name, word) for word in chosen]
                    found.setdefault(key, {}).setdefault(field, []).extend(ids)
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


def _unknown_groups(value: str) -> list[str]:
    return [word for word in value.split(",") if not _GROUP.fullmatch(word)]


def _of_groups(words: list[str]) -> dict[str, dict[str, Any]]:
    """Give the constraints of groups, each of which a title must be in; winners were nominated."""
    found = [group for word in words if (group := _GROUP.fullmatch(word))]
    awards, charts = list[dict[str, str]](), list[dict[str, object]]()
    for group in found:
        if group["chart"]:
            ranks = {"max": int(group["rank"])}
            charts.append({"rankRange": ranks, "rankedTitleListType": _RANKED[group["chart"]]})
        else:
            event, category = _AWARDS[group["award"]]
            award = {"eventId": event}
            award |= {"searchAwardCategoryId": category} if category else {}
            award |= {"winnerFilter": "WINNER_ONLY"} if group["part"] == "winner" else {}
            awards.append(award)
    return {
        **({"awardConstraint": {"allEventNominations": awards}} if awards else {}),
        **({"rankedTitleListConstraint": {"allRankedTitleLists": charts}} if charts else {}),
    }


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(query.partition("#")[0])
    return [(name, value.strip()) for name, value in pairs if not _is_ignored(name)]


def _is_ignored(name: str) -> bool:
    return name in _IGNORED or (name not in _SEARCH_FORMS and is_harmless(name))


def _id(name: str, word: str) -> str:
    match name:
        case "title_type":
            return _SEARCHED_TYPES[word]
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
    import calendar  # noqa: PLC0415 - few lists are of a month

    days = calendar.monthrange(int(year), int(month))[1]
    return f"{year}-{month}-{day or (f'{days:02}' if last else '01')}"


class ImdbOptions(PageOptions, frozen=True, kw_only=True):
    """How IMDb is reached; there is nothing to log in to, so lists must be public."""

    base_url: Annotated[WebAddress, "Address of the GraphQL service."] = (
        "https://api.graphql.imdb.com/"
    )
    web_url: Annotated[WebAddress, "Address of the site, named as where we are."] = (
        "https://www.imdb.com"
    )
    page_size: Annotated[int, Meta(ge=1, le=250), "How many titles to fetch at a time."] = 250


SERVICE = "imdb"
BOX_OFFICE = "boxoffice"
CHARTS = {  # the last part of the chart's address -> what the GraphQL service calls it
    "top": "TOP_RATED_MOVIES",
    "toptv": "TOP_RATED_TV_SHOWS",
    "moviemeter": "MOST_POPULAR_MOVIES",
    "tvmeter": "MOST_POPULAR_TV_SHOWS",
    "bottom": "LOWEST_RATED_MOVIES",
    "top-english-movies": "TOP_RATED_ENGLISH_MOVIES",
    "top-rated-indian-movies": "TOP_RATED_INDIAN_MOVIES",
    "top-rated-tamil-movies": "TOP_RATED_TAMIL_MOVIES",
    "top-rated-telugu-movies": "TOP_RATED_TELUGU_MOVIES",
    "top-rated-malayalam-movies": "TOP_RATED_MALAYALAM_MOVIES",
    BOX_OFFICE: "",
}
FORMS = (
    "ls012345678",
    "ur12345678 or p.abcdefghij (the user's watchlist)",
    "ur12345678/ratings",
    "top, toptv, moviemeter, tvmeter, boxoffice, bottom, top-english-movies",
    "top-rated-indian-movies (tamil, telugu, malayalam)",
    "https://www.imdb.com/list/ls012345678",
    "https://www.imdb.com/user/ur12345678/watchlist (ratings)",
    "https://www.imdb.com/chart/top",
    "https://www.imdb.com/search/title/?title_type=feature&genres=horror",
    "https://www.imdb.com/search/title/?companies=co0074039 (groups=oscar_winners, keywords=...)",
    "https://www.imdb.com/company/co0074039",
)
_NAME = re.compile(
    r"(?P<user>ur\d+|p\.[A-Za-z0-9_-]+)/(?P<of>watchlist|ratings)"
    r"|(?:chart/)?(?P<chart>[a-z-]+)"
    r"|search\?(?P<query>.+)",
    re.ASCII,
)


class ListKind(StrEnum):
    """The kinds of lists that IMDb has."""

    LIST = "list"
    WATCHLIST = "watchlist"
    RATINGS = "ratings"
    CHART = "chart"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class ImdbSource:
    """One list. `id`: of the list or of its user, the name of a chart, the query of a search."""

    kind: ListKind
    id: str

    def __str__(self) -> str:
        match self.kind:
            case ListKind.LIST:
                return self.id
            case ListKind.CHART:
                return f"chart/{self.id}"
            case ListKind.SEARCH:
                return f"search?{self.id}"
            case _:
                return f"{self.id}/{self.kind.value}"


def parse(text: str) -> ImdbSource:
    """Read what the user wrote after `imdb:`; a ValueError lists the accepted forms."""
    value = text.strip()
    form = recognise(value)
    source = _from_form(form, value) if form else _from_name(value)
    if source is None and form is None and (form := at_site(value, SERVICE)):
        source = _from_form(form, value)
    if source is None:
        why = foreign(value, SERVICE) or f"{text!r} is no list of IMDb"
    elif source.kind is ListKind.SEARCH:
        wrong = search_problem(source.id)
        if wrong is None:
            return ImdbSource(ListKind.SEARCH, canonical_search(source.id))
        why = f"{text!r}: {wrong}"
    elif source.kind is ListKind.CHART and source.id not in CHARTS:
        why = f"{text!r} is no chart that IMDb gives us"
    else:
        return source
    raise ValueError(f"{why}; accepted: {', '.join(FORMS)}")


def _from_form(form: AddressForm, address: str) -> ImdbSource | None:
    """Read an address; a list with filters is a search among its titles, which has all of them."""
    if form.provider != SERVICE or form.kind == "title":
        return None
    if form.kind == "company":
        demand_no_filters(address, SERVICE, *_IGNORED)
        return ImdbSource(ListKind.SEARCH, f"companies={form.groups['id']}")
    kind = ListKind(form.kind)
    filters = filters_in(address, *_IGNORED) if kind is ListKind.LIST else {}
    if filters:
        wanted = {"count": str(_MOST), **filters, "lists": form.groups["id"]}
        return ImdbSource(ListKind.SEARCH, urlencode(wanted, safe=",!"))
    if kind is not ListKind.SEARCH:
        demand_no_filters(address, SERVICE, *_IGNORED)
    return ImdbSource(kind, form.groups["query" if kind is ListKind.SEARCH else "id"])


def _from_name(value: str) -> ImdbSource | None:
    """Read the names that `str` of a source gives, and charts that are no known address."""
    found = _NAME.fullmatch(value)
    if found is None:
        return None
    if found["user"]:
        return ImdbSource(ListKind(found["of"]), found["user"])
    if found["query"]:
        return ImdbSource(ListKind.SEARCH, found["query"])
    known = value.startswith("chart/") or value in CHARTS
    return ImdbSource(ListKind.CHART, found["chart"]) if known else None
