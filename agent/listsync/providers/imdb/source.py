"""Which IMDb list the user means, and what its searches are of.

Source: the names of constraints (of `/search/title/?...`) are those of Kometa's
`modules/imdb.py`, read 2026-11, as are the numbers of awards; the words of addresses are those of
the site, which could not be asked. A filter that is not known here is refused: leaving it out
would widen the list.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from msgspec import Meta

from listsync.config_types import PageOptions, WebAddress
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import (
    LIMIT,
    NO_ROW_FILTERS,
    Known,
    RowFilters,
    demand_no_filters,
    filters_in,
    is_harmless,
    numbers,
    refuse_filters,
    row_filters,
    words,
    years,
)
from listsync.parsing.address_forms import AddressForm, at_site, foreign, recognise

USUAL_COUNT = 250
SEARCHED_TYPES = {
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
SEARCHED_TYPES |= {"series": "tvSeries", "mini_series": "tvMiniSeries", "game": "videoGame"}
SEARCHED_TYPES |= {name: name for name in SEARCHED_TYPES.values()}  # as pages of lists have it
DOCUMENTARY = "documentary"  # once a type; a genre now
_MOST = 9999  # titles of a list that is searched
ORDERS = {
    "moviemeter": "POPULARITY",
    "alpha": "TITLE_REGIONAL",
    "user_rating": "USER_RATING",
    "num_votes": "USER_RATING_COUNT",
    "boxoffice_gross_us": "BOX_OFFICE_GROSS_DOMESTIC",
    "runtime": "RUNTIME",
    "year": "YEAR",
    "release_date": "RELEASE_DATE",
}
AWARDS = {  # of a group: the event, and the category where only one counts
    "oscar": ("ev0000003", ""),
    "best_picture": ("ev0000003", "bestPicture"),
    "best_director": ("ev0000003", "bestDirector"),
    "emmy": ("ev0000223", ""),
    "golden_globe": ("ev0000292", ""),
    "razzie": ("ev0000558", ""),
    "national_film_preservation_board": ("ev0000468", ""),
}
GROUP = re.compile(
    r"(?P<chart>top|bottom)_(?P<rank>\d{2,4})"
    rf"|(?:oscar_(?=best))?(?P<award>{'|'.join(AWARDS)})_(?P<part>winner|nominee)s?"
)
_IGNORED = ("view", "mode", "explore", "ref_", "start", "page")  # how the site shows the list
_OF_ROWS: Known = {  # where the service cannot search: what the rows themselves say
    "title_type": (
        "type",
        partial(words, called={one.lower(): its.lower() for one, its in SEARCHED_TYPES.items()}),
    ),
    "user_rating": ("rating", numbers),
    "num_votes": ("votes", numbers),
    "release_date": ("year", years),
}


def _several(word: str) -> str:
    return rf"!?(?:{word})(?:,!?(?:{word}))*"


def _range(end: str) -> str:
    return rf"(?:{end}),(?:{end})?|,?(?:{end})"


_SEARCH_FORMS = {  # compiled by who has a search
    "title_type": rf"{_several('|'.join(SEARCHED_TYPES))}|{DOCUMENTARY}",
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
    "sort": rf"(?:{'|'.join(ORDERS)})(?:,(?:asc|desc))?",
    "count": r"[1-9]\d{0,3}",
}


def search_problem(query: str) -> str | None:
    """Say why a search cannot be read; None when it can."""
    pairs = pairs_of(query)
    for name, value in pairs:
        form = _SEARCH_FORMS.get(name)
        if form is None:
            return f"the filter {name} is not supported"
        if not re.fullmatch(form, value, re.ASCII):
            return f"{name}={value} is not understood"
        if name == "groups" and (unknown := _unknown_groups(value)):
            known = ", ".join(f"{award}_winners" for award in AWARDS)
            return f"groups={','.join(unknown)} is not known (known: top_250, {known}, _nominees)"
    if len(dict(pairs)) < len(pairs):
        return "a filter is there twice"
    return None if dict(pairs).keys() - {"sort", "count"} else "there is no filter"


def canonical_search(query: str) -> str:
    """Write the search so that two addresses of the same one look the same."""
    return urlencode(sorted(pairs_of(query)), safe=",!")


def wanted_count(query: str) -> int:
    """Say how many titles are wanted: what the address says, as the site does."""
    return int(dict(pairs_of(query)).get("count", USUAL_COUNT))


def _unknown_groups(value: str) -> list[str]:
    return [word for word in value.split(",") if not GROUP.fullmatch(word)]


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Give what a search asks for, name by name."""
    pairs = parse_qsl(query.partition("#")[0])
    return [(name, value.strip()) for name, value in pairs if not _is_ignored(name)]


def _is_ignored(name: str) -> bool:
    return name in (*_IGNORED, LIMIT) or (name not in _SEARCH_FORMS and is_harmless(name))


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
    r"(?P<user>ur\d+|p\.[A-Za-z0-9_-]+)/(?P<of>watchlist|ratings)(?:\?(?P<filters>.+))?"
    r"|search\?(?P<query>.+)"
    r"|(?:chart/)?(?P<chart>[a-z-]+)(?:\?(?P<more>.+))?",
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
    """One list. `id`: of the list or of its user, the name of a chart, the query of a search.

    `query` are the filters in the address of a watchlist, a chart or ratings.
    """

    kind: ListKind
    id: str
    query: str = ""

    def __str__(self) -> str:
        match self.kind:
            case ListKind.LIST:
                return self.id
            case ListKind.CHART:
                name = f"chart/{self.id}"
            case ListKind.SEARCH:
                return f"search?{self.id}"
            case _:
                name = f"{self.id}/{self.kind.value}"
        return f"{name}?{self.query}" if self.query else name

    @property
    def row_filters(self) -> RowFilters:
        """Give the filters that rows are held to; ratings are searched, by all of theirs.

        Raises ValueError where rows do not say what a filter asks for.
        """
        if not self.query or self.kind is ListKind.RATINGS:
            return NO_ROW_FILTERS
        return row_filters(dict(parse_qsl(self.query)), SERVICE, _OF_ROWS)


def parse(text: str) -> ImdbSource:
    """Read what the user wrote after `imdb:`; a ValueError lists the accepted forms."""
    value = text.strip()
    form = recognise(value)
    source = _from_form(form, value) if form else _from_name(value)
    if source is None and form is None and (form := at_site(value, SERVICE)):
        source = _from_form(form, value)
    if source is None:
        what = "one title, not a list" if form and form.kind == "title" else "no list of IMDb"
        why = foreign(value, SERVICE) or f"{text!r} is {what}"
    elif source.kind is ListKind.SEARCH:
        wrong = search_problem(source.id)
        if wrong is None:
            return ImdbSource(ListKind.SEARCH, canonical_search(source.id))
        why = f"{text!r}: {wrong}"
    elif source.kind is ListKind.CHART and source.id not in CHARTS:
        why = f"{text!r} is no chart that IMDb gives us"
    elif (
        source.kind is ListKind.RATINGS
        and source.query
        and (wrong := search_problem(source.query))
    ):
        why = f"{text!r}: {wrong}"
    else:
        source.row_filters  # noqa: B018 - raises what is wrong with them
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
    if kind is ListKind.SEARCH:
        return ImdbSource(kind, form.groups["query"])
    filters = filters_in(address, *_IGNORED)
    if filters and kind is ListKind.LIST:
        wanted = {"count": str(_MOST), **filters, "lists": form.groups["id"]}
        return ImdbSource(ListKind.SEARCH, urlencode(wanted, safe=",!"))
    refuse_filters(filters.keys() & {"count"}, SERVICE)
    return ImdbSource(kind, form.groups["id"], urlencode(sorted(filters.items()), safe=",!"))


def _from_name(value: str) -> ImdbSource | None:
    """Read the names that `str` of a source gives, and charts that are no known address."""
    found = _NAME.fullmatch(value)
    if found is None:
        return None
    if found["user"]:
        return ImdbSource(ListKind(found["of"]), found["user"], found["filters"] or "")
    if found["query"]:
        return ImdbSource(ListKind.SEARCH, found["query"])
    known = value.startswith("chart/") or value in CHARTS
    return ImdbSource(ListKind.CHART, found["chart"], found["more"] or "") if known else None
