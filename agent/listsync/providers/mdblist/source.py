"""Which MDBList list the user means, and where it is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from listsync.net.forms import Form, source_of

SERVICE = "mdblist"
FORMS = (
    "user/list-name",
    "https://mdblist.com/lists/user/list-name",
    "https://mdblist.com/lists/user/external/123 (key)",
    "https://mdblist.com/lists/official/movies/name (key)",
    "123 or https://mdblist.com/?list=123 (key)",
    "watchlist or https://mdblist.com/watchlist/user (key, your own)",
)
_PART = r"(?!\.+$)[A-Za-z0-9_.~%+-]+"
_USER_AND_NAME = re.compile(rf"(?P<user>(?!\.+/)[A-Za-z0-9_.~%+-]+)/(?P<id>{_PART})")


@dataclass(frozen=True, slots=True, kw_only=True)
class MdbListSource:
    """One list. `path` is its place at the REST API, `open_path` where it is read without a key.

    `described` says that the API tells a list's size and date at `path`. `owner` is the user
    whose watchlist is meant; the API gives only the key owner's.
    """

    name: str
    path: str
    open_path: str | None = None
    described: bool = True
    owner: str | None = None
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.params)
        return f"{self.name}?{query}" if query else self.name


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
    """Read an official list; a filter that the API may not know would silently widen the list."""
    query = dict(parse_qsl(urlsplit(address).query))
    if {"genre", "provider"} & query.keys() or not re.fullmatch(_PART, groups["id"]):
        return None
    name = f"official/{groups['media']}/{groups['id']}"
    kept = tuple(pair for pair in query.items() if pair[0] in ("locale", "rank"))
    return MdbListSource(name=name, path=f"lists/{name}", described=False, params=kept)
