"""Which MDBList list the user means, and where it is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from listsync.config_types import Check, SecretStr, ServiceOptions, WebAddress, sendable
from listsync.domain.media import MediaType
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import filters_in, refuse_filters
from listsync.parsing.address_forms import AddressForm, at_site, source_of


class MdbListOptions(ServiceOptions, frozen=True, kw_only=True):
    """How MDBList is reached. A free key is shown on its preferences page."""

    base_url: Annotated[WebAddress, "Address of the API, read with a key."] = (
        "https://api.mdblist.com"
    )
    web_url: Annotated[WebAddress, "Address of the site, read without a key."] = (
        "https://mdblist.com"
    )
    api_key: Annotated[SecretStr | None, "Key of your MDBList account."] = None
    client_id: Annotated[
        SecretStr | None,
        Check(sendable),
        "Client id of a Device Code app (mdblist.com/developer), for `listsync login mdblist`.",
    ] = None


SERVICE = "mdblist"
FORMS = (
    "user/list-name",
    "https://mdblist.com/lists/user/list-name",
    "https://mdblist.com/lists/user/external/123 (key)",
    "https://mdblist.com/lists/official/movies/name (key)",
    "123 or https://mdblist.com/?list=123 (key)",
    "watchlist or https://mdblist.com/watchlist/user (key, your own)",
    "mine/list-name (key, one of your own lists, by its name or number)",
)
PAGE_SIZE = 1000  # the most that one call gives
_OFFICIAL_PAGE_SIZE = 100
_CHART = "justwatch-streaming-charts"
_CHART_FILTERS = ("locale", "country", "rank", "provider", "genre")
_LIST_FILTERS = ("locale", "rank")
_ROW_FILTERS = ("filter_genre",)
"""What the API can leave out of a list, and nobody but it."""
_OF_LISTS = "does for lists of its users alone"
_OF_CHARTS = "does for its streaming charts alone"
_KINDS = {"movies": MediaType.MOVIE, "shows": MediaType.TV}
_MEDIA_OF = {MediaType.MOVIE: "movie", MediaType.TV: "show"}
_WATCHLIST = "watchlist"
_OWN = re.compile(r"(?:mine|me)(?:/(?P<id>[^/?#]{1,200}))?", re.IGNORECASE)
_PAGE_OF_USER = re.compile(
    r"(?:(?:https?://)?(?:www\.)?mdblist\.com/)?lists/"
    r"(?P<user>(?!\d+/?(?:[?#]|$)|official|top)[^/?#]+)/?(?:[?#].*)?",
    re.ASCII | re.IGNORECASE,
)
_RESERVED = {
    "official": "an official list is named by its kind, too: official/movies/{name} or "
    "official/shows/{name}",
    "external": "external/{name} is no list that is mirrored: those have numbers, external/123",
}
"""What stands in the place of a user, and is none."""
_PART = r"(?!\.+$)[A-Za-z0-9_.~%+-]+"
_OWN_PATHS = re.compile(r"official/(?:movies|shows)/|(?:[^/?#]+/)?external/\d", re.ASCII)
_SITE_PATHS = re.compile(r"lists/|\?list=|watchlist/", re.ASCII)
_USER_AND_NAME = re.compile(rf"(?P<user>(?!\.+/)[A-Za-z0-9_.~%+-]+)/(?P<id>{_PART})")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialList:
    """What is special about a list of MDBList's own, or about a chart: it is of one `kind`."""

    kind: MediaType
    filters: tuple[tuple[str, str], ...] = ()
    is_chart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MdbListSource:
    """One list. `path` is its place at the REST API, `open_path` where it is read without a key.

    `owner` is the user whose watchlist is meant; the API gives only the key owner's. `own` is the
    name of a list of the key's owner, to be found among theirs; `user` whose list it is else.
    `filters` are those of the address.
    """

    name: str
    path: str
    open_path: str | None = None
    owner: str | None = None
    official: OfficialList | None = None
    own: str | None = None
    user: str | None = None
    filters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        filters = self.official.filters if self.official else self.filters
        query = "&".join(f"{name}={value}" for name, value in filters)
        return f"{self.name}?{query}" if query else self.name

    @property
    def is_described(self) -> bool:
        """Tell whether the API says a list's size and date at `path`."""
        return self.official is None and self.path != _WATCHLIST

    @property
    def is_chart(self) -> bool:
        """Tell a chart, which has but one page."""
        return self.official is not None and self.official.is_chart

    @property
    def kind(self) -> MediaType | None:
        return self.official.kind if self.official else None

    @property
    def rows_path(self) -> str:
        return self.path if self.is_chart else f"{self.path}/items"

    @property
    def params(self) -> dict[str, str]:
        """What is asked for beside the page."""
        if self.official is None:
            return dict(self.filters)
        kind = {} if self.is_chart else {"mediatype": _MEDIA_OF[self.official.kind]}
        return {**dict(self.official.filters), **kind}

    @property
    def page_size(self) -> int:
        """How many rows one call gives at the most."""
        return _OFFICIAL_PAGE_SIZE if self.has_cursor else PAGE_SIZE

    @property
    def has_cursor(self) -> bool:
        """Tell whether a page may say where the next one begins."""
        return self.official is not None and not self.official.is_chart


def parse(text: str) -> MdbListSource:
    """Read what the user wrote after `mdblist:`; a ValueError lists the accepted forms."""
    value = text.strip()
    if page := _PAGE_OF_USER.fullmatch(value):
        raise ValueError(
            f"{value!r} shows all lists of a user: name one, {page['user']}/list-name"
        )
    for begins, site in ((_OWN_PATHS, "mdblist.com/lists"), (_SITE_PATHS, "mdblist.com")):
        if begins.match(value):
            value = f"https://{site}/{value}"
    return source_of(value, SERVICE, FORMS, from_form=_from_form, from_name=_from_name)


def _from_name(value: str) -> MdbListSource | None:
    if value == _WATCHLIST:
        return MdbListSource(name=value, path=_WATCHLIST)
    if own := _OWN.fullmatch(value):
        name = (own["id"] or "").strip()
        return MdbListSource(name=f"mine/{name}".rstrip("/"), path="lists/user", own=name)
    if re.fullmatch(r"\d{1,12}", value, re.ASCII):
        return MdbListSource(name=value, path=f"lists/{value}")
    pair = _USER_AND_NAME.fullmatch(value.removesuffix("/").removesuffix("/json"))
    if pair or not any(f"{name}=" in value for name in _ROW_FILTERS):
        return _user_list(pair["user"], pair["id"]) if pair else None
    form = at_site(f"lists/{value}", SERVICE)
    return _from_form(form, value) if form else None


def _user_list(user: str, name: str) -> MdbListSource | None:
    if not _USER_AND_NAME.fullmatch(f"{user}/{name}"):
        return None
    if user.lower() in _RESERVED:
        name = "name" if name in _KINDS else name
        raise ValueError(_RESERVED[user.lower()].format(name=name))
    return MdbListSource(
        name=f"{user}/{name}",
        path=f"lists/{user}/{name}",
        open_path=f"lists/{user}/{name}/json/",
        user=user,
    )


def _from_form(form: AddressForm, address: str) -> MdbListSource | None:
    filters = filters_in(address, "list") if form.kind in ("list_by_id", "user_list") else {}
    mine = tuple(sorted(pair for pair in filters.items() if pair[0] in _ROW_FILTERS))
    if form.kind != "official":
        _refuse_others(address, "list", *dict(mine))
    source = _list_of(form, address)
    return replace(source, filters=mine, open_path=None) if source and mine else source


def _refuse_others(address: str, *known: str) -> None:
    filters = filters_in(address, *known)
    is_elsewhere = bool(filters) and filters.keys() <= set(_ROW_FILTERS)
    refuse_filters(filters, SERVICE, *([_OF_LISTS] if is_elsewhere else []))


def _list_of(form: AddressForm, address: str) -> MdbListSource | None:
    groups = form.groups
    match form.kind:
        case "list_by_id":
            return MdbListSource(name=groups["id"], path=f"lists/{groups['id']}")
        case "external":
            name = "/".join(filter(None, (groups.get("user"), "external", groups["id"])))
            return MdbListSource(name=name, path=f"external/lists/{groups['id']}")
        case "watchlist":
            owner = groups.get("user")
            owner = None if owner == "items" else owner  # at the API all are the key owner's
            name = f"{_WATCHLIST}/{owner}" if owner else _WATCHLIST
            return MdbListSource(name=name, path=_WATCHLIST, owner=owner)
        case "official":
            return _official(groups, address)
        case _:
            return _user_list(groups["user"], groups["id"])


def _official(groups: Mapping[str, str], address: str) -> MdbListSource | None:
    """Read an official list; a filter that the API may not know would silently widen the list.

    The page of the streaming charts shows what the API has elsewhere: the official list of that
    name sums them up, and is another one.
    """
    media, slug = groups["media"], groups["id"]
    query = dict(parse_qsl(urlsplit(address).query))
    known = _CHART_FILTERS if slug == _CHART else _LIST_FILTERS
    if not re.fullmatch(_PART, slug):
        return None
    refuse_filters(
        (name for name in query if name in {*_CHART_FILTERS} - {*known}), SERVICE, _OF_CHARTS
    )
    _refuse_others(address, *known)
    name = f"official/{media}/{slug}"
    filters = tuple(pair for pair in query.items() if pair[0] in known)
    official = OfficialList(kind=_KINDS[media], filters=filters, is_chart=slug == _CHART)
    path = f"lists/official/{slug}"
    if official.is_chart:
        path = f"justwatch/streaming-charts/{_MEDIA_OF[official.kind]}"
    return MdbListSource(name=name, path=path, official=official)
