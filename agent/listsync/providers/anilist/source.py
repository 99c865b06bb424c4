"""Which list of AniList the user means."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote

from msgspec import Meta

from listsync.config_types import AtOnce, Pace, ServiceOptions, WebAddress
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import demand_no_filters
from listsync.parsing.address_forms import AddressForm, source_of


class AniListOptions(ServiceOptions, frozen=True, kw_only=True):
    """How AniList is reached; there is nothing to log in to, and private lists are not read.

    It lets everybody ask 90 times a minute, and 30 times while it is short of strength, as it has
    been for long.
    """

    base_url: Annotated[WebAddress, "Address of the GraphQL service."] = (
        "https://graphql.anilist.co"
    )
    at_once: AtOnce = 1
    pace_s: Pace = 2.0
    chart_size: Annotated[
        int,
        Meta(ge=1, le=5000),
        "How many titles a chart has, counted from its top.",
    ] = 100


SERVICE = "anilist"
FORMS = (
    "user (what is planned)",
    "user/Planning (Watching, Completed, Paused, Dropped, Rewatching; or a list of one's own)",
    "user/all (all of them)",
    "trending (this-season, next-season, popular, top-100)",
    "https://anilist.co/user/name/animelist/Planning",
    "https://anilist.co/search/anime/trending",
)
CHARTS = ("trending", "this-season", "next-season", "popular", "top-100")
_STATUSES = {
    "planning": "PLANNING",
    "watching": "CURRENT",
    "current": "CURRENT",
    "completed": "COMPLETED",
    "paused": "PAUSED",
    "dropped": "DROPPED",
    "rewatching": "REPEATING",
    "repeating": "REPEATING",
}
_NAMES = {
    "PLANNING": "Planning",
    "CURRENT": "Watching",
    "COMPLETED": "Completed",
    "PAUSED": "Paused",
    "DROPPED": "Dropped",
    "REPEATING": "Rewatching",
}
_ALL = "all"
_USER_AND_LIST = re.compile(r"(?P<user>(?!\.+(?:/|$))[A-Za-z0-9_.-]{1,60})(?:/(?P<id>[^/?#]+))?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AniListSource:
    """One list: a chart, or a user's entries of a `status`, of a list of their own, or all."""

    name: str
    chart: str | None = None
    user: str = ""
    status: str | None = None
    own_list: str | None = None

    def __str__(self) -> str:
        return self.name


def parse(text: str) -> AniListSource:
    """Read what the user wrote after `anilist:`; a ValueError lists the accepted forms."""
    return source_of(text.strip(), SERVICE, FORMS, from_form=_from_form, from_name=_from_name)


def _from_name(value: str) -> AniListSource | None:
    if value in CHARTS:
        return AniListSource(name=value, chart=value)
    if value.lower() in {*_STATUSES, _ALL}:
        raise ValueError(f"whose? Name the user before it: user/{value}")
    found = _USER_AND_LIST.fullmatch(value)
    return _of_user(found["user"], found["id"]) if found else None


def _from_form(form: AddressForm, address: str) -> AniListSource | None:
    demand_no_filters(address, SERVICE)
    if form.kind == "search":
        return AniListSource(name=form.groups["id"], chart=form.groups["id"])
    return _of_user(form.groups["user"], form.groups.get("id"))


def _of_user(user: str, given: str | None) -> AniListSource | None:
    """Read the name of a list as it stands in addresses; none means what is planned."""
    named = unquote(given or "Planning").strip()
    if not named.isprintable() or not _USER_AND_LIST.fullmatch(user):
        return None
    if named.lower() == _ALL:
        return AniListSource(name=f"{user}/all", user=user)
    if status := _STATUSES.get(named.lower()):
        return AniListSource(name=f"{user}/{_NAMES[status]}", user=user, status=status)
    return AniListSource(name=f"{user}/{named}", user=user, own_list=named)
