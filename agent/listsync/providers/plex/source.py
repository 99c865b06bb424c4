"""Which Plex watchlist the user means: their own, or the one behind the address of a feed."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

from msgspec import Meta

from listsync.config_types import Check, SecretStr, ServiceOptions, WebAddress, sendable
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import demand_no_filters
from listsync.parsing.address_forms import AddressForm, source_of


class PlexListOptions(ServiceOptions, frozen=True, kw_only=True):
    """How Plex's watchlists are read: your own with a token, others by their RSS address."""

    base_url: Annotated[WebAddress, "Address of the service, of its feeds, too."] = (
        "https://discover.provider.plex.tv"
    )
    token: Annotated[
        SecretStr | None,
        Check(sendable),
        "Token of your Plex account (X-Plex-Token), for your own watchlist.",
    ] = None
    id_calls: Annotated[
        int,
        Meta(ge=0, le=5000),
        "How many titles that come without ids are asked for them, a list and run.",
    ] = 50


SERVICE = "plex"
FORMS = (
    "watchlist (your own; needs providers.plex.token)",
    "https://discover.provider.plex.tv/rss/... (the RSS address of anybody's watchlist)",
)
_WATCHLIST = "watchlist"
_FEEDS = (
    "the watchlists of friends are read by their RSS address (Plex's settings, under Watchlist; "
    "it takes a Plex Pass)"
)
_NO_LISTS = {"profile": f"is a page of Plex's site; {_FEEDS}", "page": "is one title, not a list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlexSource:
    """One watchlist. `feed` is what tells its feed from all others, and as good as a key.

    None: the watchlist of the token's owner.
    """

    feed: SecretStr | None = None

    def __str__(self) -> str:
        if self.feed is None:
            return _WATCHLIST
        mark = blake2b(self.feed.get_secret_value().encode(), digest_size=4).hexdigest()
        return f"rss.plex.tv ({mark})"


def parse(text: str) -> PlexSource:
    """Read what the user wrote after `plex:`; a ValueError lists the accepted forms."""
    return source_of(text, SERVICE, FORMS, from_form=_from_form, from_name=_from_name)


def _from_name(value: str) -> PlexSource | None:
    if value in {"friends", "friends/watchlist"}:
        raise ValueError(_FEEDS)
    return PlexSource() if value in {_WATCHLIST, f"me/{_WATCHLIST}"} else None


def _from_form(form: AddressForm, address: str) -> PlexSource:
    if form.kind in _NO_LISTS:
        raise ValueError(f"{address!r} {_NO_LISTS[form.kind]}")
    demand_no_filters(address, SERVICE)
    if form.kind == _WATCHLIST:
        return PlexSource()
    return PlexSource(feed=SecretStr(form.groups["id"]))
