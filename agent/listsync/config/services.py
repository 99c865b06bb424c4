"""Which list services there are, by the key that names them in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from listsync.domain.media import MediaType
from listsync.parsing.address_forms import SERVICES as KNOWN
from listsync.providers.file import source as file
from listsync.providers.imdb import source as imdb
from listsync.providers.letterboxd import source as letterboxd
from listsync.providers.mdblist import source as mdblist
from listsync.providers.stevenlu import source as stevenlu
from listsync.providers.tmdb import source as tmdb
from listsync.providers.trakt import source as trakt

Parse = Callable[[str], object]

SERVICES: dict[str, Parse] = {
    "file": file.parse,
    "imdb": imdb.parse,
    "letterboxd": letterboxd.parse,
    "mdblist": mdblist.parse,
    "stevenlu": stevenlu.parse,
    "tmdb": tmdb.parse,
    "trakt": trakt.parse,
}
NOT_YET = {key: name for key, name in KNOWN.items() if key not in SERVICES} | {"url": "URL"}


def not_supported(service: str) -> str:
    """Say that lists of a service that people know cannot be read so far."""
    return f"{NOT_YET[service]} lists are not supported yet (supported: {', '.join(SERVICES)})"


def kind_of(source: object) -> MediaType | None:
    """Say what all titles of a list are; None: both kinds, or not known before it is read."""
    match source:
        case stevenlu.StevenLuSource():
            return MediaType.MOVIE
        case tmdb.TmdbSource():
            return source.kind
        case trakt.TraktSource():
            kinds = {source.only or part.kind for part in source.parts}
            return kinds.pop() if len(kinds) == 1 else None
        case _:
            return None


def find_source(service: str, text: str, folder: Path) -> object:
    """Read what the user wrote after a service's key; paths are relative to *folder*.

    Raises:
        ValueError: it is no list of the service; the message lists the accepted forms.
    """
    source = SERVICES[service](text)
    return source.under(folder) if isinstance(source, file.FileSource) else source
