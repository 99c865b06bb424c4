"""Which list of the user's own is meant, and what is told of it beside its address."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from listsync.config_types import ClientOptions, SecretStr, parse_web_address
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import SERVICES, recognise
from listsync.parsing.anime_ids import PLANNED, AnimeStatus
from listsync.redaction import tokens_in


class CustomOptions(ClientOptions, frozen=True, kw_only=True):
    """How addresses of your own are asked, all of them."""


SERVICE = "custom"
FORMS = (
    "https://example.org/list.json (JSON, CSV, text, RSS or Atom)",
    "{url: https://example.org/list.json, fields: {title: name}, rows: data.items}",
    "{file: lists/feed.xml}",
)
_DATA = (".json", "/json", ".csv", ".tsv", ".txt", ".xml", ".rss", "/rss", "/rss/", "/feed")
_PAGES = tuple(
    (re.compile(rf"https?://(?:www\.)?{page}", re.IGNORECASE), data)
    for page, data in (
        (r"github\.com/([^/]+/[^/]+)/blob/([^?#]+)(?:[?#].*)?", r"https://github.com/\1/raw/\2"),
        (r"gitlab\.com/(.+)/-/blob/([^?#]+)(?:[?#].*)?", r"https://gitlab.com/\1/-/raw/\2"),
        (
            r"gist\.github\.com/([^/?#]+/[0-9a-f]{20,})/?\?(?:[^#]*&)?file=([^&#]+).*",
            r"https://gist.githubusercontent.com/\1/raw/\2",
        ),
        (
            r"gist\.github\.com/([^/?#]+/[0-9a-f]{20,})/?(?:[?#].*)?",
            r"https://gist.githubusercontent.com/\1/raw",
        ),
        (r"pastebin\.com/([A-Za-z0-9]{8})/?", r"https://pastebin.com/raw/\1"),
        (
            r"docs\.google\.com/spreadsheets/d/(?!e/)([\w-]+)/(?:edit|view)\b.*?\bgid=(\d+).*",
            r"https://docs.google.com/spreadsheets/d/\1/export?format=csv&gid=\2",
        ),
        (
            r"docs\.google\.com/spreadsheets/d/(?!e/)([\w-]+)(?:/(?:edit|view)?(?:[?#].*)?)?",
            r"https://docs.google.com/spreadsheets/d/\1/export?format=csv",
        ),
        (
            r"docs\.google\.com/spreadsheets/d/e/([\w-]+)/pubhtml.*?\bgid=(\d+).*",
            r"https://docs.google.com/spreadsheets/d/e/\1/pub?gid=\2&single=true&output=csv",
        ),
        (
            r"docs\.google\.com/spreadsheets/d/e/([\w-]+)/pubhtml.*",
            r"https://docs.google.com/spreadsheets/d/e/\1/pub?output=csv",
        ),
        (r"(dropbox\.com/[^#]*[?&])dl=0([&#].*)?", r"https://www.\1dl=1"),
    )
)
"""Pages that show a file, and where the file is."""
_FILE_OF_GIST = re.compile(r"https?://gist\.github\.com/[^?#]*#file-.*", re.IGNORECASE)
"""Its letters are not those of the file's name, so where that is cannot be told."""
_HOME = (".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa")
_RANDOM = re.compile(r"(?=[^/]*\d)(?=[^/]*[a-zA-Z])[A-Za-z0-9_~+-]{20,}")
"""A part of a path that looks as if nobody had thought of it."""
_PASSWORD = re.compile(r"(?<=//)([^/?#@:]*):[^/?#]*@")
_WORDS = re.compile(r"(?:[a-z]+|[A-Z]?[a-z]+|\d{1,4})(?:[-_](?:[A-Z]?[a-z]+|\d{1,4}))*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomSource:
    """One list: an address (`url`) or a `file`.

    `rows` is where they are in JSON, by names with dots between them; `fields` say under which
    name a row has what. `headers` and `parameters` go with the request; they are secrets.
    `is_complete` None: a feed is taken to show its newest only, all else to be the whole list.
    `statuses`: of an export of anime, which are wanted.
    """

    url: str = ""
    file: Path | None = None
    rows: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, SecretStr], ...] = ()
    parameters: tuple[tuple[str, SecretStr], ...] = ()
    allow_private: bool = False
    is_complete: bool | None = None
    statuses: tuple[AnimeStatus, ...] = PLANNED

    def __str__(self) -> str:
        """Name it by its address, without what is secret there; a mark tells it from others."""
        place = str(self.file) if self.file else shown_address(self.url)
        if place not in (self.url, str(self.file)) or self.rows:
            place = f"{place} #{_mark(self.url, self.rows)}"
        return place if self.statuses == PLANNED else f"{place} ({', '.join(self.statuses)})"

    def secrets(self) -> Iterator[str]:
        """Give what nobody is to see: of its address as well."""
        for _, secret in (*self.headers, *self.parameters):
            yield secret.get_secret_value()
        yield from tokens_of(self.url)


def parse(text: str) -> CustomSource:
    """Read an address that stands alone after `custom:`; a ValueError lists the accepted forms."""
    return CustomSource(url=checked_address(text))


def checked_address(text: str) -> str:
    """Read the address of a list; a ValueError says what is wrong with it."""
    address, accepted = text.strip(), f"accepted: {', '.join(FORMS)}"
    if not address.lower().startswith(("http://", "https://")):
        raise ValueError(f"expected an address that begins with https:// or http://; {accepted}")
    address = parse_web_address(address)
    if _FILE_OF_GIST.fullmatch(text.strip()):
        why = "this address names a file of a gist in a way that does not say where it is"
        raise ValueError(f"{why}: give the address behind its `Raw` button")
    form = recognise(address)
    if form is not None and form.provider in SERVICES and not is_data(address):
        raise ValueError(f"this address belongs to {form.service}: `{form.provider}:` reads it")
    return address


def data_address(url: str) -> str:
    """Give the address of the file itself where *url* is that of the page that shows it.

    Source: the links by which those sites offer their files, as of 2026.
    """
    for page, data in _PAGES:
        found = page.fullmatch(url.strip())
        if found is not None:
            return found.expand(data)
    return url


def private_host(url: str) -> str:
    """Give the host of an address that surely is none of the open network; else nothing."""
    try:
        host = (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""
    try:
        return "" if ipaddress.ip_address(host).is_global else host
    except ValueError:
        is_home = host.endswith(_HOME) or (host != "" and "." not in host)
        return host if is_home else ""


def is_data(text: str) -> bool:
    """Tell an address that by its end is none of a web page."""
    path = re.fullmatch(r"https?://[^/?#]+(/[^?#]*)(?:[?#].*)?", text.strip(), re.IGNORECASE)
    return path is not None and path[1].lower().endswith(_DATA)


def name_of(form: object) -> str | None:
    """Say how a list is called by what is written of it; None where that is no list."""
    match form:
        case str(url) if url.strip():
            return str(CustomSource(url=url.strip()))
        case {"url": str(url), **more} if url.strip():
            rows = more.get("rows")
            return str(CustomSource(url=url.strip(), rows=rows if isinstance(rows, str) else ""))
        case {"file": str(path)} if path.strip():
            return path.strip()
        case _:
            return None


def tokens_of(url: str) -> frozenset[str]:
    """Give what in an address is as good as a key: of its path, too."""
    try:
        parts = urlsplit(url).path.split("/")
    except ValueError:
        return frozenset()
    return tokens_in(url).union(filter(_is_random, map(unquote, parts)))


def shown_address(url: str) -> str:
    """Write an address without login and query; of a path that holds a key, nothing is left."""
    try:
        place = urlsplit(url)
        host = f"{place.hostname or ''}{f':{place.port}' if place.port else ''}"
    except ValueError:
        return "an address"
    is_open = not any(_is_random(unquote(part)) for part in place.path.split("/"))
    return f"{place.scheme}://{host}{place.path if is_open else '/…'}"


def _is_random(part: str) -> bool:
    stem = PurePosixPath(part).stem if "." in part else part
    return bool(_RANDOM.fullmatch(stem)) and not _WORDS.fullmatch(stem)


def _mark(url: str, rows: str) -> str:
    """Tell lists apart whose addresses look alike; the password of a login is not in it."""
    place = _PASSWORD.sub(r"\1@", url, count=1)
    return hashlib.sha256(f"{place}\n{rows}".encode()).hexdigest()[:8]
