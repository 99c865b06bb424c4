"""Which MDBList list the user means, and where it is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from listsync.config_types import SecretStr, ServiceOptions, WebAddress
from listsync.domain.media import MediaType
from listsync.parsing.address_forms import Form, source_of


class MdbListOptions(ServiceOptions, frozen=True, kw_only=True):
    """How MDBList is reached. A free key is shown on its preferences page."""

    base_url: Annotated[WebAddress, "Address of the API, read with a key."] = (
        "https://api.mdblist.com"
    )
    web_url: Annotated[WebAddress, "Address of the site, read without a key."] = (
        "https://mdblist.com"
    )
    api_key: Annotated[SecretStr | None, "Key of your MDBList account."] = None


SERVICE = "mdblist"
FORMS = (
    "user/list-name",
    "https://mdblist.com/lists/user/list-name",
    "https://mdblist.com/lists/user/external/123 (key)",
    "https://mdblist.com/lists/official/movies/name (key)",
    "123 or https://mdblist.com/?list=123 (key)",
    "watchlist or https://mdblist.com/watchlist/user (key, your own)",
)
PAGE_SIZE = 1000  # the most that one call gives
_OFFICIAL_PAGE_SIZE = 100
_CHART = "justwatch-streaming-charts"
_CHART_FILTERS = ("locale", "country", "rank", "provider", "genre")
_LIST_FILTERS = ("locale", "rank")
_KINDS = {"movies": MediaType.MOVIE, "shows": MediaType.TV}
_MEDIA = {"movies": "movie", "shows": "show"}
_PART = r"(?!\.+$)[A-Za-z0-9_.~%+-]+"
_USER_AND_NAME = re.compile(rf"(?P<user>(?!\.+/)[A-Za-z0-9_.~%+-]+)/(?P<id>{_PART})")


@dataclass(frozen=True, slots=True, kw_only=True)
class MdbListSource:
    """One list. `path` is its place at the REST API, `open_path` where it is read without a key.

    `described` says that the API tells a list's size and date at `path`. `owner` is the user
    whose watchlist is meant; the API gives only the key owner's. Rows are at `rows_path`; those of
    an official list are of one `kind`, and come `by_cursor` where the API gives one.
    """

    name: str
    path: str
    open_path: str | None = None
    described: bool = True
    owner: str | None = None
    filters: tuple[tuple[str, str], ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    is_chart: bool = False
    kind: MediaType | None = None
    page_size: int = PAGE_SIZE
    by_cursor: bool = False

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.filters)
        return f"{self.name}?{query}" if query else self.name

    @property
    def rows_path(self) -> str:
        return self.path if self.is_chart else f"{self.path}/items"


def parse(text: str) -> MdbListSource:
    """Read what the user wrote after `mdblist:`; a ValueError lists the accepted forms."""
    return source_of(text, SERVICE, FORMS, from_form=_from_form, from_name=_from_name)


def _from_name(value: str) -> MdbListSource | None:
    if value == "watchlist":
        return MdbListSource(name=value, path="watchlist", described=False)
    if re.fullmatch(r"\d{1,12}", value, re.ASCII):
        return MdbListSource(name=value, path=f"lists/{value}")
    pair = _USER_AND_NAME.fullmatch(value)
    return _user_list(pair["user"], pair["id"]) if pair else None


def _user_list(user: str, name: str) -> MdbListSource | None:
    if not _USER_AND_NAME.fullmatch(f"{user}/{name}"):
        return None
    return MdbListSource(
        name=f"{user}/{name}",
        path=f"lists/{user}/{name}",
        open_path=f"lists/{user}/{name}/json/",
    )


def _from_form(form: Form, address: str) -> MdbListSource | None:
    groups = form.groups
    match form.kind:
        case "list_by_id":
            return MdbListSource(name=groups["id"], path=f"lists/{groups['id']}")
        case "external":
            name = f"{groups['user']}/external/{groups['id']}"
            return MdbListSource(name=name, path=f"external/lists/{groups['id']}")
        case "watchlist":
            owner = groups["user"]
            return MdbListSource(
                name=f"watchlist/{owner}",
                path="watchlist",
                described=False,
                owner=owner,
            )
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
    if (query.keys() & set(_CHART_FILTERS)) - set(known) or not re.fullmatch(_PART, slug):
        return None
    name = f"official/{media}/{slug}"
    filters = tuple(pair for pair in query.items() if pair[0] in known)
    if slug == _CHART:
        return MdbListSource(
            name=name,
            path=f"justwatch/streaming-charts/{_MEDIA[media]}",
            described=False,
            filters=filters,
            params=filters,
            is_chart=True,
            kind=_KINDS[media],
        )
    return MdbListSource(
        name=name,
        path=f"lists/official/{slug}",
        described=False,
        filters=filters,
        params=(*filters, ("mediatype", _MEDIA[media])),
        kind=_KINDS[media],
        page_size=_OFFICIAL_PAGE_SIZE,
        by_cursor=True,
    )
