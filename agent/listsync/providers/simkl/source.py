"""Which of their lists at Simkl the user means: a status, of all kinds or of one."""

from __future__ import annotations

import re
from typing import Annotated

from listsync.config_types import Check, SecretStr, ServiceOptions, WebAddress, sendable
from listsync.domain.media import MediaType
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import demand_no_filters
from listsync.parsing.address_forms import AddressForm, source_of


class SimklOptions(ServiceOptions, frozen=True, kw_only=True):
    """How Simkl is reached. Every list needs an app of your own, and `listsync login simkl`."""

    base_url: Annotated[WebAddress, "Address of the API."] = "https://api.simkl.com"
    client_id: Annotated[
        SecretStr | None,
        Check(sendable),
        "Client id of your app (simkl.com/settings/developer, free; of the kind `TV, devices & "
        "command line`), for `listsync login simkl`.",
    ] = None


SERVICE = "simkl"
FORMS = (
    "plantowatch (what you plan to watch, of all kinds)",
    "movies/completed, tv/watching (or anime; or plantowatch, hold)",
    "movies (or tv, anime: what you plan to watch of them)",
    "watching (or completed, hold: of all kinds)",
    "https://simkl.com/123/movies/plantowatch (your own page)",
)
KINDS = ("movies", "shows", "anime")
_WRITTEN = {"movie": "movies", "show": "shows", "tv": "shows"}
PLANNED = "plantowatch"
STATUSES = (PLANNED, "watching", "completed", "hold")
NEVER_OF_FILMS = ("watching", "hold")
"""What no film is. Source: the reference's page "List statuses", 2026."""
DROPPED = "dropped"  # nothing of it is wanted
_BETWEEN = re.compile(r"[/:]")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimklSource:
    """One status, of `kinds` in turn. `owner` is the number of the user whose page it is."""

    status: str = PLANNED
    kinds: tuple[str, ...] = KINDS
    owner: str | None = None

    def __str__(self) -> str:
        kinds = () if self.kinds == KINDS else self.kinds
        return "/".join(filter(None, (self.owner, *kinds, self.status)))

    @property
    def kind(self) -> MediaType | None:
        """Say what all its titles are; anime may be of either kind."""
        only = self.kinds[0] if len(self.kinds) == 1 else ""
        return {"movies": MediaType.MOVIE, "shows": MediaType.TV}.get(only)


def parse(text: str) -> SimklSource:
    """Read what the user wrote after `simkl:`; a ValueError lists the accepted forms."""
    return source_of(text, SERVICE, FORMS, from_form=_from_form, from_name=_from_name)


def _from_name(value: str) -> SimklSource | None:
    words = [one.strip() for one in _BETWEEN.split(value.lower())]
    kinds = [_WRITTEN.get(one, one) for one in words if _WRITTEN.get(one, one) in KINDS]
    statuses = [_status(one) for one in words if _WRITTEN.get(one, one) not in KINDS]
    if len(kinds) > 1 or len(statuses) > 1 or None in statuses:
        return None
    status = next(filter(None, statuses), None) or PLANNED
    return _of(tuple(kinds) or KINDS, status)


def _of(kinds: tuple[str, ...], status: str, owner: str | None = None) -> SimklSource:
    if kinds == ("movies",) and status in NEVER_OF_FILMS:
        raise ValueError(f"no film is ever {status!r} at Simkl: only series and anime are")
    return SimklSource(kinds=kinds, status=status, owner=owner)


def _status(word: str) -> str | None:
    status = re.sub(r"[\s_-]", "", word)
    if status == DROPPED:
        raise ValueError("what was dropped is not wanted; nothing of it is ever requested")
    return status if status in STATUSES else None


def _from_form(form: AddressForm, address: str) -> SimklSource:
    if form.kind == "custom_list":
        raise ValueError(
            f"{address!r} is a list of its user's own making, which Simkl does not give to "
            "programs; MDBList or a file may have it"
        )
    demand_no_filters(address, SERVICE)
    status = _status(form.groups["id"])
    if status is None:
        names = ", ".join(STATUSES)
        raise ValueError(f"{address!r} shows all that is known of its user; name one of {names}")
    media = form.groups["media"]
    return _of((_WRITTEN.get(media, media),), status, form.groups["user"])
