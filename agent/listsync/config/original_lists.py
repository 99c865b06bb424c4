"""Lists as ListSync writes them in its variables and its database, in our words.

Source: `.env.example`, `docs/configuration.md` and `list_sync/utils/helpers.py` of ListSync
(Woahai321/list-sync), read 2026-11: values are separated by commas, and each service has short
forms of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from listsync.config.values import SERVICES
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import SERVICES as KNOWN
from listsync.redaction import with_marks

LIST_VARIABLES = {
    "ANILIST_LISTS": "anilist",
    "IMDB_LISTS": "imdb",
    "LETTERBOXD_LISTS": "letterboxd",
    "MDBLIST_LISTS": "mdblist",
    "SIMKL_LISTS": "simkl",
    "STEVENLU_LISTS": "stevenlu",
    "TMDB_LISTS": "tmdb",
    "TRAKT_LISTS": "trakt",
    "TVDB_LISTS": "tvdb",
    "TRAKT_SPECIAL_LISTS": "trakt_special",
    "URL_LISTS": "url",
}
_SAME_SERVICE = {"trakt_special": "trakt", "url": "custom", "collections": "tmdb"}
_QUOTES = "\"'"
_IMDB_NAMES = {"popular": "moviemeter"}
_LETTERBOXD_LIST = re.compile(r"(https?://(?:www\.)?letterboxd\.com/)?(\w+)/([\w-]+)/?", re.ASCII)
_TRAKT_CHART = re.compile(r"([a-z]+)(?::(?:tv|(movies|shows)))?", re.ASCII)


class NoListError(ValueError):
    """What ListSync has there is no list that is read here; the message says why."""


@dataclass(frozen=True, slots=True)
class UnusableSource:
    """What a variable names that is no list: it is followed, and fails each time with `why`."""

    text: str
    why: str

    def __str__(self) -> str:
        return self.text


def service_of(list_type: str) -> str:
    """Name the service of what ListSync calls *list_type*."""
    return _SAME_SERVICE.get(list_type, list_type)


def list_of(list_type: str, text: str) -> str:
    """Write a list of ListSync as it is written after its service's key.

    Raises:
        NoListError: nobody here reads it.
    """
    service = service_of(list_type)
    if service not in SERVICES or service == "file":
        name = KNOWN.get(service, service)
        raise NoListError(f"{name} lists are not supported yet (supported: {_supported()})")
    reason = ""
    for form in _forms(list_type, text.strip()):
        try:
            SERVICES[service](form)
        except ValueError as error:
            reason = reason or str(error)
        else:
            return form
    raise NoListError(with_marks(reason))


def _supported() -> str:
    return ", ".join(name for name in SERVICES if name != "file")


def _forms(list_type: str, text: str) -> Iterator[str]:
    """Give what *text* may be here: itself, then what ListSync means by it.

    Its collections are named as those of TMDB, whose films it has in a file of its own.
    """
    if list_type == "collections":
        yield f"collection/{text}"
        return
    yield text
    match list_type:
        case "imdb" if text.lower() in _IMDB_NAMES:
            yield _IMDB_NAMES[text.lower()]
        case "letterboxd" if found := _LETTERBOXD_LIST.fullmatch(text):
            yield f"{found[2]}/list/{found[3]}"
        case "stevenlu" if "stevenlu" in text.lower():
            yield "popular"
        case "trakt_special" | "trakt" if found := _TRAKT_CHART.fullmatch(text.lower()):
            is_bare = ":" not in text
            yield f"{found[1]}:{found[2] or ('movies' if is_bare else 'shows')}"


def values_of(text: str, list_type: str) -> list[str]:
    """Split what a variable holds; commas in quotes and in the query of an address do not split.

    Such a query ends where the next address, or something else that is a list, begins.
    """
    values: list[str] = []
    for piece in _pieces(text):
        before = values[-1] if values else ""
        if _is_in_query(before) and not _is_value(piece, list_type):
            values[-1] = f"{before},{piece}"
        else:
            values.append(piece)
    return [one for one in (value.strip().strip(_QUOTES).strip() for value in values) if one]


def _pieces(text: str) -> Iterator[str]:
    """Cut at commas and ends of lines that are outside quotes; the quotes are left out."""
    piece, quote = "", ""
    for sign in _unwrapped(text):
        if quote:
            quote = "" if sign == quote else quote
            piece += "" if not quote else sign
        elif sign in _QUOTES and not piece.strip():
            quote, piece = sign, ""
        elif sign in ",\n\r":
            yield piece.strip()
            piece = ""
        else:
            piece += sign
    yield piece.strip()


def _unwrapped(text: str) -> str:
    """Take off quotes around the whole, which some readers of a compose file leave there."""
    text = text.strip()
    inner = text[1:-1]
    is_wrapped = len(text) > 1 and text[0] in _QUOTES and text[0] == text[-1]
    return inner if is_wrapped and text[0] not in inner else text


def _is_in_query(value: str) -> bool:
    return value.lower().startswith(("http://", "https://")) and "?" in value


def _is_value(piece: str, list_type: str) -> bool:
    if not piece or "://" in piece:
        return bool(piece)
    try:
        list_of(list_type, piece)
    except NoListError:
        return False
    return True
