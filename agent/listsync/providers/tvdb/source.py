"""Which list of TheTVDB the user means."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from listsync.config_types import SecretStr, ServiceOptions, WebAddress
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import demand_no_filters
from listsync.parsing.address_forms import AddressForm, source_of


class TvdbOptions(ServiceOptions, frozen=True, kw_only=True):
    """How TheTVDB is reached. An API key is had at thetvdb.com/api-information."""

    base_url: Annotated[WebAddress, "Address of the API, with its version."] = (
        "https://api4.thetvdb.com/v4"
    )
    api_key: Annotated[SecretStr | None, "API key of yours."] = None
    pin: Annotated[
        SecretStr | None,
        "PIN of your subscription, where the key needs one, and for your favorites.",
    ] = None
    id_calls: Annotated[
        int,
        Meta(ge=0, le=10_000),
        "How many titles not seen before are asked for their ids, a list and sync; films first: "
        "nobody finds them without.",
    ] = 200


SERVICE = "tvdb"
FORMS = (
    "list-name or https://thetvdb.com/lists/list-name",
    "123 or https://thetvdb.com/lists/123",
    "favorites (your own, with providers.tvdb.pin)",
)
_FAVORITES = "favorites"
_NAME = re.compile(r"(?!\.+$)[A-Za-z0-9_.~%-]{1,200}")
_TITLE = "is one title, not a list"


@dataclass(frozen=True, slots=True, kw_only=True)
class TvdbSource:
    """One list, by its `number`, or by the name in its address; neither: one's own favorites."""

    name: str
    number: int | None = None
    is_favorites: bool = False

    def __str__(self) -> str:
        return self.name


def parse(text: str) -> TvdbSource:
    """Read what the user wrote after `tvdb:`; a ValueError lists the accepted forms."""
    return source_of(text.strip(), SERVICE, FORMS, from_form=_from_form, from_name=_list)


def _from_form(form: AddressForm, address: str) -> TvdbSource | None:
    if form.kind != "list":
        raise ValueError(f"{address!r} {_TITLE}; accepted: {', '.join(FORMS)}")
    demand_no_filters(address, SERVICE)
    name = form.groups["id"]
    return None if name == _FAVORITES else _list(name)


def _list(name: str) -> TvdbSource | None:
    if name == _FAVORITES:
        return TvdbSource(name=name, is_favorites=True)
    if re.fullmatch(r"\d{1,10}", name, re.ASCII):
        return TvdbSource(name=name, number=int(name)) if int(name) else None
    return TvdbSource(name=name) if _NAME.fullmatch(name) else None
