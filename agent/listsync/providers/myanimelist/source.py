"""Which list of MyAnimeList the user means."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from listsync.config_types import (
    AtOnce,
    Check,
    Pace,
    SecretStr,
    ServiceOptions,
    WebAddress,
    sendable,
)
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import demand_no_filters
from listsync.parsing.address_forms import AddressForm, source_of


class MyAnimeListOptions(ServiceOptions, frozen=True, kw_only=True):
    """How MyAnimeList is reached. A client id is free, on its API page; lists must be public."""

    base_url: Annotated[WebAddress, "Address of the API, with its version."] = (
        "https://api.myanimelist.net/v2"
    )
    client_id: Annotated[
        SecretStr | None,
        Check(sendable),
        "Client id of an API app of yours (myanimelist.net/apiconfig).",
    ] = None
    at_once: AtOnce = 1
    pace_s: Pace = 1.0


SERVICE = "myanimelist"
FORMS = (
    "user (what is planned)",
    "user/watching (completed, on_hold, dropped, plan_to_watch, all)",
    "https://myanimelist.net/animelist/user (?status=7: all)",
)
PLANNED, ALL = "plan_to_watch", "all"
_STATUSES = ("watching", "completed", "on_hold", "dropped", PLANNED, ALL)
_NUMBERS = {
    "1": "watching",
    "2": "completed",
    "3": "on_hold",
    "4": "dropped",
    "6": PLANNED,
    "7": ALL,
}
"""What the site's addresses call them."""
_USER = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MyAnimeListSource:
    """The entries of a user that have one status, or all."""

    user: str
    status: str

    def __str__(self) -> str:
        return f"{self.user}/{self.status}"


def parse(text: str) -> MyAnimeListSource:
    """Read what the user wrote after `myanimelist:`; a ValueError lists the accepted forms."""
    return source_of(text.strip(), SERVICE, FORMS, from_form=_from_form, from_name=_from_name)


def _from_name(value: str) -> MyAnimeListSource | None:
    user, _, status = value.rstrip("/").partition("/")
    if not status and re.sub(r"[\s-]+", "_", user.strip().lower()) in _STATUSES:
        raise ValueError(f"whose? Name the user before it: user/{user.strip()}")
    word = re.sub(r"[\s-]+", "_", status.strip().lower()) or PLANNED
    return _of(user, word)


def _from_form(form: AddressForm, address: str) -> MyAnimeListSource | None:
    demand_no_filters(address, SERVICE, "status", "order2")
    number = dict(parse_qsl(urlsplit(address).query)).get("status")
    status = PLANNED if number is None else _NUMBERS.get(number, "")
    return _of(form.groups["user"], status)


def _of(user: str, status: str) -> MyAnimeListSource | None:
    if status not in _STATUSES or not _USER.fullmatch(user):
        return None
    return MyAnimeListSource(user=user, status=status)
