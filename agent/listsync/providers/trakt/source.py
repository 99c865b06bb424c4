"""Which Trakt list the user means, where the API has it, and how it is read there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto
from typing import Annotated
from urllib.parse import urlencode

from msgspec import Meta

from listsync.config_types import Check, SecretStr, ServiceOptions, WebAddress, sendable
from listsync.domain.media import MediaType
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import (
    NO_ROW_FILTERS,
    Known,
    RowFilters,
    RowTest,
    demand_no_filters,
    filters_in,
    numbers,
    row_filters,
    words,
    years,
)
from listsync.parsing.address_forms import AddressForm, at_site, source_of

SERVICE = "trakt"
_KINDS = {"movies": MediaType.MOVIE, "shows": MediaType.TV}
_MONTH = ("daily", "weekly", "monthly")
_EVER = (*_MONTH, "yearly", "all")
_PERIODS: dict[str, tuple[str, ...]] = {
    "trending": (),
    "popular": (),
    "anticipated": (),
    "hot": (),
    "boxoffice": (),
    "streaming": _MONTH,
    "favorited": _EVER,
    "watched": _EVER,
    "played": _EVER,
    "collected": _EVER,
}
STAMPS = {  # what `/sync/last_activities` says of each
    "watchlist": ("watchlist.updated_at",),
    "favorites": ("favorites.updated_at",),
    "collection": ("movies.collected_at", "episodes.collected_at"),
    "watched": ("movies.watched_at", "episodes.watched_at"),
    "ratings": ("movies.rated_at", "shows.rated_at"),
}
_BOTH = {"watchlist": "", "favorites": "/media"}  # what is behind the name where both are meant
_NEW = (("ignore_collected", "true"), ("ignore_watchlisted", "true"))
_PARAMS: dict[str, tuple[tuple[str, str], ...]] = {
    "recommendations/movies": _NEW,
    "recommendations/shows": _NEW,
    "watched/shows": (("extended", "noseasons"),),
}
_OF_CHARTS = (  # filters that the API has for charts; of lists of users none is documented
    *("genres", "years", "ratings", "languages", "countries", "runtimes", "certifications"),
    *("networks", "studio_ids", "network_ids", "status", "votes", "query"),
)


def _span(value: str) -> RowTest | None:
    """Read `70-100`, `70-`, or one number alone."""
    return numbers(value.replace("-", ",")) if re.fullmatch(r"[\d-]+", value, re.ASCII) else None


_OF_ROWS: Known = {  # of lists of users: what the rows themselves say, asked for in full
    "genres": ("genre", words),
    "languages": ("language", words),
    "countries": ("country", words),
    "status": ("status", words),
    "years": ("year", years),
    "ratings": ("rating", _span),
    "votes": ("votes", _span),
    "runtimes": ("runtime", _span),
    "certifications": ("certification", words),
}
_IN_FULL = (("extended", "full"),)
NO_FILTERS: Mapping[str, str] = {}
_SHOWN = {"movie": "movies", "show": "shows", "movies": "movies", "shows": "shows"}
_TYPES = "movie,show,season,episode"
_ME = "me"
SLUG = r"(?!\.+$)[A-Za-z0-9_.-]+"


class Login(Enum):
    """Whether a list is asked for with the user's login."""

    NEVER = auto()
    IF_THERE = auto()
    ALWAYS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPart:
    """One path of the API; `kind` is what its bare objects are.

    `in_order` is a path to the same rows in the order of their ranks, whatever the owner likes to
    see: pages of a list in random order repeat some rows and lack others.
    """

    path: str
    kind: MediaType | None = None
    params: tuple[tuple[str, str], ...] = ()
    in_order: str | None = None

    @property
    def ordered(self) -> ListPart:
        """Give the path in the order of ranks; itself where there is none."""
        return replace(self, path=self.in_order, in_order=None) if self.in_order else self


@dataclass(frozen=True, slots=True, kw_only=True)
class TraktSource:
    """One list, read from all `parts` in turn.

    `about` is where the API tells when it changed, `stamps` are the places of the dates in that
    answer. Of a chart only the first places are read. `only` leaves out the other kind where the
    API cannot; so do the `filters` of the address, by what the rows say.
    """

    name: str
    parts: tuple[ListPart, ...]
    login: Login = Login.IF_THERE
    about: str | None = None
    stamps: tuple[str, ...] = ()
    is_chart: bool = False
    only: MediaType | None = None
    filters: RowFilters = NO_ROW_FILTERS

    def __str__(self) -> str:
        if not self.filters:
            return self.name
        return f"{self.name}{'&' if '?' in self.name else '?'}{self.filters}"

    def narrowed(self, filters: RowFilters) -> TraktSource:
        """Give the list held to *filters*, whose rows have to say more then."""
        if not filters:
            return self
        parts = (replace(one, params=(*one.params, *_IN_FULL)) for one in self.parts)
        return replace(self, parts=tuple(parts), filters=filters)


def chart(
    groups: Mapping[str, str | None], filters: Mapping[str, str] = NO_FILTERS
) -> TraktSource | None:
    """Find a chart; one with periods is that of the week unless another is named."""
    media, period = groups["media"] or "", groups.get("period")
    name = {"recommended": "favorited"}.get(groups["id"] or "", groups["id"] or "")  # renamed
    periods = _PERIODS.get(name)
    if periods is None or (name == "boxoffice" and media != "movies"):
        return None
    period = period or ("weekly" if periods else None)  # the API's own default
    if period is not None and period not in periods:
        return None
    params = tuple(sorted(filters.items()))
    path = "/".join(filter(None, (media, name, period)))
    own = f"{path}?{urlencode(params, safe=',')}" if params else ""
    return TraktSource(
        name=own or ":".join(filter(None, (name, media, period))),
        parts=(ListPart(path=path, kind=_KINDS[media], params=params),),
        login=Login.NEVER,
        is_chart=True,
    )


def _chart_of_both(
    groups: Mapping[str, str | None], filters: Mapping[str, str]
) -> TraktSource | None:
    """Find a chart of films, and behind it that of series, as the site shows both."""
    films, series = (chart({**groups, "media": media}, filters) for media in _KINDS)
    if films is None or series is None:
        return films
    query = urlencode(sorted({**filters, "mode": "media"}.items()), safe=",")
    name = f"discover/{groups['id']}?{query}"
    return replace(films, name=name, parts=(*films.parts, *series.parts))


def numbered_list(number: str, media: str = "") -> TraktSource:
    """Find any list by its number; *media* is the kind that its address shows, if one."""
    return _list(number, f"lists/{number}", media)


def official(name: str, media: str = "") -> TraktSource | None:
    """Find one of the service's own lists."""
    if not re.fullmatch(SLUG, name, re.ASCII):
        return None
    return _list(f"official/{name.lower()}", f"lists/{name.lower()}", media)


def user_list(user: str, name: str, media: str = "") -> TraktSource | None:
    """Find a user's list by its name or number."""
    if not (re.fullmatch(SLUG, user, re.ASCII) and re.fullmatch(SLUG, name, re.ASCII)):
        return None
    whose, name = _slug(user), name.lower()
    return _list(f"{whose}/lists/{name}", f"users/{whose}/lists/{name}", media, _login(whose))


def _list(name: str, path: str, media: str, login: Login = Login.IF_THERE) -> TraktSource:
    return TraktSource(
        name=f"{name}?display={media}" if media else name,
        # All types, so that the rows can be counted.
        parts=(ListPart(path=f"{path}/items", in_order=f"{path}/items/{_TYPES}/rank/asc"),),
        login=login,
        about=path,
        stamps=("updated_at",),
        only=_KINDS.get(media),
    )


def standard_list(groups: Mapping[str, str | None]) -> TraktSource | None:
    """Find a watchlist, a collection and the like; recommendations only of oneself."""
    user, what, media = groups["user"] or "", groups["id"] or "", groups["media"] or ""
    whose = _slug(user)
    if not re.fullmatch(SLUG, user, re.ASCII) or (what not in STAMPS and whose != _ME):
        return None
    stamps = STAMPS.get(what, ()) if whose == _ME else ()
    return TraktSource(
        name="/".join(filter(None, (whose, what, media))),
        parts=_parts(whose, what, media),
        login=_login(whose),
        about="sync/last_activities" if stamps else None,
        stamps=stamps,
        is_chart=what not in STAMPS,
        only=_KINDS.get(media),
    )


def _login(user: str) -> Login:
    return Login.ALWAYS if user == _ME else Login.IF_THERE


def _slug(user: str) -> str:
    """Write a user's name as the API has it."""
    return user.lower().replace(".", "-")


def _parts(user: str, what: str, media: str) -> tuple[ListPart, ...]:
    """Name the paths: one for both kinds where the API has it, else one for each."""
    base = what if what == "recommendations" else f"users/{user}/{what}"
    if not media and what in _BOTH:
        return (_part(base, what, _BOTH[what]),)
    return tuple(_part(base, what, f"/{kind}") for kind in ([media] if media else _KINDS))


def _part(base: str, what: str, types: str) -> ListPart:
    """Describe a path; some lists take a sort, behind the *types*."""
    return ListPart(
        path=f"{base}{types}",
        kind=_KINDS.get(types.removeprefix("/")),
        params=_PARAMS.get(f"{what}{types}", ()),
        in_order=f"{base}{types}/rank" if types and what in _BOTH else None,
    )


FREE_WAYS = (
    "Trakt gives one to VIP members alone, and took back those of others. With a free account: "
    "mirror the list at mdblist.com and follow `mdblist: external/NUMBER`, with its free key, or "
    "read the ZIP of Trakt's data export (`file: ...`)"
)
"""What there is without a client id.

Source: providers' facts, sections 4.5 and 6.3; reports in issues of July and August 2026.
"""


class TraktOptions(ServiceOptions, frozen=True, kw_only=True):
    """How Trakt is reached. Every list needs the client id of an API app of your own."""

    base_url: Annotated[WebAddress, "Address of the API."] = "https://api.trakt.tv"
    auth_url: Annotated[WebAddress, "Address where `listsync login trakt` asks."] = (
        "https://auth.trakt.tv"
    )
    client_id: Annotated[
        SecretStr | None,
        Check(sendable),
        "Client id of your API app (trakt.tv/oauth/applications, for VIP members).",
    ] = None
    client_secret: Annotated[
        SecretStr | None,
        Check(sendable),
        "Its client secret; only `listsync login trakt` needs it.",
    ] = None
    special_items_limit: Annotated[
        int,
        Meta(ge=1, le=10_000),
        "How many titles are read from a chart, and from your recommendations.",
    ] = 20


__all__ = ["FORMS", "TraktSource", "parse"]

FORMS = (
    "trending:movies (or popular, anticipated, hot; or :shows)",
    "boxoffice:movies",
    "watched:shows:weekly (or played, collected, favorited; daily, weekly, monthly, yearly, all)",
    "streaming:movies:weekly (daily, weekly, monthly)",
    "user/lists/name",
    "user/watchlist (or favorites, collection, watched, ratings; all with /movies or /shows)",
    "me/watchlist and so on (your own), me/recommendations",
    "12345 (a list's number)",
    "official/name",
    "an address such as https://trakt.tv/users/user/lists/name",
)
_NAMES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?P<id>\d{1,12})",
        r"(?P<id>[a-z]+):(?P<media>movies|shows)(?::(?P<period>[a-z]+))?",
        rf"(?P<user>{SLUG})/(?P<id>[a-z]+)(?:/(?P<media>movies|shows))?",
        rf"(?P<user>{SLUG})/lists/(?P<list>{SLUG})",
    )
)


def parse(text: str) -> TraktSource:
    """Read what the user wrote after `trakt:`; a ValueError lists the accepted forms."""
    return source_of(text, SERVICE, FORMS, from_form=_from_form, from_name=_from_name)


def _from_form(form: AddressForm, address: str) -> TraktSource | None:
    groups = {**form.groups}
    found = filters_in(address)
    shown = found.get("mode") or found.get("display") or ""
    groups["media"] = _media_of(groups.get("media", "")) or _SHOWN.get(shown, "")
    if shown and shown not in (*_SHOWN, "media", "all"):
        raise ValueError(f"{address!r}: only films and series can be told apart, not {shown}")
    if form.kind in ("special", "discover"):
        demand_no_filters(address, SERVICE, "mode", "display", *_OF_CHARTS)
        filters = {name: found[name] for name in _OF_CHARTS if name in found}
        if not groups["media"] and shown:
            return _chart_of_both(groups, filters)
        return chart({**groups, "media": groups["media"] or "movies"}, filters)
    source = _list_of(form.kind, groups)
    if source is None or source.is_chart or any(one.params for one in source.parts):
        demand_no_filters(address, SERVICE, "mode", "display")
        return source
    mine = {name: value for name, value in found.items() if name not in ("mode", "display")}
    return source.narrowed(row_filters(mine, SERVICE, _OF_ROWS))


def _media_of(types: str) -> str:
    """Say which kind the types of a path mean, nothing for both; seasons go with their series."""
    given = {one.removesuffix("s") for one in types.split(",") if one}
    if not given or {"movie", "show"} <= given:
        return ""
    if given == {"movie"} or "show" in given:
        return "movies" if given == {"movie"} else "shows"
    raise ValueError(
        f"{types} of a list are not read by themselves: leave that out, or name movies or shows"
    )


def _list_of(kind: str, groups: Mapping[str, str]) -> TraktSource | None:
    match kind:
        case "official_list":
            return official(groups["id"], groups["media"])
        case "list_by_id":
            return numbered_list(groups["id"], groups["media"])
        case "user_list":
            return user_list(groups["user"], groups["id"], groups["media"])
        case _:
            return standard_list(groups)


def _from_name(value: str) -> TraktSource | None:
    number, place, standard, named = (pattern.fullmatch(value) for pattern in _NAMES)
    if number:
        return numbered_list(value)
    if place:
        return chart(place.groupdict())
    if named:
        return user_list(named["user"], named["list"])
    if standard and standard["id"] in (*STAMPS, "recommendations"):
        return standard_list(standard.groupdict())
    kind, _, name = value.partition("/")
    if kind == "official" and (found := official(name)):
        return found
    places = ("users", "lists") if "?" in value else ()
    forms = (at_site(f"{place}/{value}", SERVICE) for place in places)
    return next((_from_form(form, value) for form in forms if form), None)
