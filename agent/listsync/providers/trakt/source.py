"""Which Trakt list the user means."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from msgspec import Meta

from listsync.config_types import Check, SecretStr, ServiceOptions, WebAddress
from listsync.parsing.address_forms import AddressForm, source_of
from listsync.providers.trakt.endpoints import (
    SERVICE,
    SLUG,
    STAMPS,
    TraktSource,
    chart,
    numbered_list,
    official,
    shelf_of_user,
    user_list,
)

SENDABLE = r"\A[!-~]{1,4096}\Z"
"""What can stand in an HTTP header."""


def sendable(secret: SecretStr | None) -> SecretStr | None:
    """Refuse what cannot stand in an HTTP header."""
    if secret is not None and not re.match(SENDABLE, secret.get_secret_value()):
        raise ValueError("expected ASCII letters, digits and signs, without spaces")
    return secret


class TraktOptions(ServiceOptions, frozen=True, kw_only=True):
    """How Trakt is reached. Every list needs the client id of an API app of your own."""

    base_url: Annotated[WebAddress, "Address of the API."] = "https://api.trakt.tv"
    auth_url: Annotated[WebAddress, "Address where `listsync trakt-login` asks."] = (
        "https://auth.trakt.tv"
    )
    client_id: Annotated[
        SecretStr | None,
        Check(sendable),
        "Client id of your API app (trakt.tv/oauth/applications).",
    ] = None
    client_secret: Annotated[
        SecretStr | None,
        Check(sendable),
        "Its client secret; only `listsync trakt-login` needs it.",
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
    shown = parse_qs(urlsplit(address).query).get("display", [""])[0]
    groups.setdefault("media", {"movie": "movies", "show": "shows"}.get(shown, ""))
    match form.kind:
        case "special":
            return chart(groups)
        case "official_list":
            return official(groups["id"], groups["media"])
        case "list_by_id":
            return numbered_list(groups["id"], groups["media"])
        case "user_list":
            return user_list(groups["user"], groups["id"], groups["media"])
        case _:
            return shelf_of_user(groups)


def _from_name(value: str) -> TraktSource | None:
    number, place, shelf, named = (pattern.fullmatch(value) for pattern in _NAMES)
    if number:
        return numbered_list(value)
    if place:
        return chart(place.groupdict())
    if named:
        return user_list(named["user"], named["list"])
    if shelf and shelf["id"] in (*STAMPS, "recommendations"):
        return shelf_of_user(shelf.groupdict())
    kind, _, name = value.partition("/")
    return official(name) if kind == "official" else None
