"""Which IMDb list the user means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from listsync.config_types import PageOptions, WebAddress
from listsync.parsing.address_forms import AddressForm, foreign, recognise
from listsync.providers.imdb import search_constraints


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
    source = _from_form(form) if form else _from_name(value)
    if source is None:
        why = foreign(value, SERVICE) or f"{text!r} is no list of IMDb"
    elif source.kind is ListKind.SEARCH:
        wrong = search_constraints.trouble(source.id)
        if wrong is None:
            return ImdbSource(ListKind.SEARCH, search_constraints.canonical(source.id))
        why = f"{text!r}: {wrong}"
    elif source.kind is ListKind.CHART and source.id not in CHARTS:
        why = f"{text!r} is no chart that IMDb gives us"
    else:
        return source
    raise ValueError(f"{why}; accepted: {', '.join(FORMS)}")


def _from_form(form: AddressForm) -> ImdbSource | None:
    if form.provider != SERVICE or form.kind == "title":
        return None
    kind = ListKind(form.kind)
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
