"""Which TMDB list the user means, and where the API has it."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from msgspec import Meta

from listsync.config_types import SecretStr, ServiceOptions, WebAddress
from listsync.domain.media import MediaType
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import (
    LIMIT,
    NO_ROW_FILTERS,
    Known,
    RowFilters,
    filters_in,
    is_harmless,
    least,
    most,
    not_words,
    row_filters,
    since,
    until,
    words,
    years,
)
from listsync.parsing.address_forms import AddressForm, foreign, recognise
from listsync.parsing.decoding import number_id

PAGE_SIZE = 20
MAX_PAGES = 500  # the service gives no page beyond it


class TmdbOptions(ServiceOptions, frozen=True, kw_only=True):
    """How TMDB is reached. Token and key are free, on its API settings page; one is enough."""

    base_url: Annotated[WebAddress, "Address of the API, without a version."] = (
        "https://api.themoviedb.org"
    )
    token: Annotated[SecretStr | None, "API read access token of your TMDB account."] = None
    api_key: Annotated[
        SecretStr | None,
        "API key of your TMDB account, used where there is no token.",
    ] = None
    chart_size: Annotated[
        int,
        Meta(ge=1, le=MAX_PAGES * PAGE_SIZE),
        "How many titles a chart has, counted from its top.",
    ] = 100


SERVICE = "tmdb"
FORMS = (
    "123, list/123 or https://www.themoviedb.org/list/123",
    "collection/123 (or collection/Name of it Collection)",
    "keyword/123/movie (or tv)",
    "company/123/movie (or tv)",
    "network/123",
    "person/123 (all that somebody made; person/123/cast, crew, director, writer, producer)",
    "discover/movie?with_genres=27 (or tv)",
    "movie/popular (top-rated, upcoming, now-playing)",
    "tv/popular (top-rated, airing-today, on-the-air)",
    "trending/movie/week (all, movie or tv; day or week)",
    "the site's address of any of these",
)
_FILTERS = {"keyword": "with_keywords", "company": "with_companies", "network": "with_networks"}
_CHARTS = {
    "movie": ("popular", "top-rated", "upcoming", "now-playing"),
    "tv": ("popular", "top-rated", "airing-today", "on-the-air"),
}
_NO_LISTS = {"title": "is one title, not a list", "user": "can be read by its owner only"}
_ROLES = ("", "cast", "crew", "director", "writer", "producer")
_OF_ROWS: Known = {  # where the API has no filters: what the rows themselves say
    "with_genres": ("genre", partial(words, all_of=True)),
    "without_genres": ("genre", not_words),
    "with_original_language": ("language", words),
    "vote_average.gte": ("rating", least),
    "vote_average.lte": ("rating", most),
    "vote_count.gte": ("votes", least),
    "vote_count.lte": ("votes", most),
    **{
        f"{name}.{end}": ("date", read)
        for name in ("release_date", "primary_release_date", "first_air_date")
        for end, read in (("gte", since), ("lte", until))
    },
    **dict.fromkeys(("year", "primary_release_year", "first_air_date_year"), ("year", years)),
}
_COLLECTION = re.compile(r"collection/\s*(?=.*[^\W\d_])(?P<name>[^?#]{1,200})", re.IGNORECASE)
_DISCOVER = re.compile(r"discover/(movie|tv)\?(.+)", re.DOTALL)
_FILTER = re.compile(  # what TMDB does not know it ignores
    r"with(?:out)?_[a-z_]+(?:\.[gl]te)?|(?:primary_)?release_(?:year|date(?:\.[gl]te)?)|year"
    r"|(?:first_)?air_date(?:_year|\.[gl]te)?|vote_(?:average|count)\.[gl]te|(?:watch_)?region"
    r"|certification(?:_country|\.[gl]te)?|include_[a-z_]+|sort_by|language|timezone"
    r"|screened_theatrically"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TmdbSource:
    """One list. `path` is its place at the API, below the version.

    `kind` is what its rows are where they do not say it; `role` what a person did ("any": all of
    it). A chart ranks more titles than anybody wants, so only its top is read. `filters` are
    those of the address that its rows are held to. `collection` is the name of one whose number,
    and so its place, is yet to be found.
    """

    name: str
    path: str
    kind: MediaType | None = None
    role: str = ""
    params: tuple[tuple[str, str], ...] = ()
    is_chart: bool = False
    filters: RowFilters = NO_ROW_FILTERS
    collection: str = ""

    def __str__(self) -> str:
        return f"{self.name}?{self.filters}" if self.filters else self.name

    @property
    def is_list(self) -> bool:
        """True for a list that people keep: its order stays, and the two API versions differ."""
        return self.path.startswith("list/")


def parse(text: str) -> TmdbSource:
    """Read what the user wrote after `tmdb:`; a ValueError lists the accepted forms."""
    value = text.strip()
    form = recognise(value)
    is_short = form is None or form.provider != SERVICE
    if is_short and not _DISCOVER.fullmatch(value):  # short forms are the paths of the site
        form = recognise(f"themoviedb.org/{value.replace('_', '-')}")
    source = _from_form(form, value) if form else _from_name(value)
    if source is None:
        what = _NO_LISTS.get(form.kind if form else "", "is no list of TMDB")
        why = foreign(value, SERVICE) or f"{text!r} {what}"
        raise ValueError(f"{why}; accepted: {', '.join(FORMS)}")
    return source


def _from_name(value: str) -> TmdbSource | None:
    if discover := _DISCOVER.fullmatch(value):
        return _discover(discover[1], discover[2])
    if named := _COLLECTION.fullmatch(value):
        title = " ".join(named["name"].split())
        return TmdbSource(
            name=f"collection/{title}", path="", kind=MediaType.MOVIE, collection=title
        )
    number = number_id(value) if value.isdecimal() else None
    return TmdbSource(name=f"list/{number}", path=f"list/{number}") if number else None


def _from_form(form: AddressForm, address: str) -> TmdbSource | None:
    media = form.groups.get("media", "tv" if form.kind == "network" else "movie")
    if form.kind == "discover":
        return _discover(media, form.groups["query"].partition("#")[0])
    if form.kind == "trending":
        path = f"trending/{media}/{form.groups.get('id', 'week')}"
        chart = _chart(path, None if media == "all" else MediaType(media))
        return replace(chart, filters=row_filters(filters_in(address), SERVICE, _OF_ROWS))
    filters = filters_in(address)
    number = form.groups.get("id", "").partition("-")[0]
    is_by_popularity = form.kind == "chart" and number in ("", "popular")  # as filters alone are
    if filters and (form.kind in _FILTERS or is_by_popularity):
        own = {_FILTERS[form.kind]: number} if form.kind in _FILTERS else {}
        return _discover(media, urlencode({**filters, **own}))
    source = _without_filters(form, media)
    return source and replace(source, filters=row_filters(filters, SERVICE, _OF_ROWS))


def _without_filters(form: AddressForm, media: str) -> TmdbSource | None:
    if form.kind == "chart":
        name = form.groups.get("id", "popular")
        path = f"{media}/{name.replace('-', '_')}"
        return _chart(path, MediaType(media)) if name in _CHARTS[media] else None
    number = number_id(form.groups["id"])
    if number is None:
        return None
    name = f"{form.kind}/{number}"
    if form.kind in _FILTERS:
        return TmdbSource(
            name=name if form.kind == "network" else f"{name}/{media}",
            path=f"discover/{media}",
            kind=MediaType(media),
            params=((_FILTERS[form.kind], str(number)),),
        )
    return _by_number(form, name)


def _by_number(form: AddressForm, name: str) -> TmdbSource | None:
    match form.kind:
        case "list":
            return TmdbSource(name=name, path=name)
        case "collection":
            return TmdbSource(name=name, path=name, kind=MediaType.MOVIE)
        case "person" if (role := form.groups.get("role", "")) in _ROLES:
            path = f"{name}/combined_credits"
            return TmdbSource(
                name=f"{name}/{role}" if role else name, path=path, role=role or "any"
            )
        case _:
            return None


def _chart(path: str, kind: MediaType | None) -> TmdbSource:
    return TmdbSource(name=path, path=path, kind=kind, is_chart=True)


def _discover(media: str, query: str) -> TmdbSource | None:
    """Read filters in any order; one of them twice, or none, would widen the list silently.

    Keys do not belong to the list.
    """
    pairs = sorted(pair for pair in parse_qsl(query) if pair[0] != LIMIT)
    pairs = [pair for pair in pairs if _FILTER.fullmatch(pair[0]) or not is_harmless(pair[0])]
    names = {name for name, _ in pairs}
    if unknown := sorted(itertools.filterfalse(_FILTER.fullmatch, names)):
        raise ValueError(f"TMDB knows no filter called {', '.join(unknown)}; leave that out")
    if not pairs or len(names) < len(pairs):
        return None
    return TmdbSource(
        name=f"discover/{media}?{urlencode(pairs, safe=',|')}",
        path=f"discover/{media}",
        kind=MediaType(media),
        params=tuple(pairs),
    )
