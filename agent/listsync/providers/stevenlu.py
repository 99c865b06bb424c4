"""StevenLu popular-movies lists: public JSON files, films only, best first, no years.

Source: the list files themselves (host and names as Radarr uses them since 2023-09);
tests/fixtures/stevenlu/README.md says how the samples were made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listsync.domain.lists import Fetched, ListEntry, Validators
from listsync.domain.media import MediaType
from listsync.errors import AnswerChangedError, ListsyncError, Refusal, RefusedError
from listsync.net.call import LIST_BYTES, Call
from listsync.net.fields import Title, external_ids, imdb_id, number_id
from listsync.net.forms import foreign, recognise
from listsync.net.rows import get_list
from listsync.net.verdicts import Reply
from listsync.options import Answer, ServiceOptions

if TYPE_CHECKING:
    import httpx

SERVICE = "stevenlu"
FORMS = (
    "popular",
    "all",
    "movies-imdb-min7 (5, 6, 7, 8)",
    "movies-metacritic-min70 (50, 60, 70, 80)",
    "movies-rottentomatoes-min70 (50, 60, 70, 80)",
    "movies-20261121 (a day)",
    "https://popular-movies-data.stevenlu.com/movies.json",
)
_NAMES = {"popular": "movies", "all": "all-movies"}
_NAME = re.compile(
    r"(?:all-)?movies|movies-imdb-min[5-8]|movies-(?:metacritic|rottentomatoes)-min[5-8]0"
    r"|movies-\d{8}",
    re.ASCII,
)


class StevenLuOptions(ServiceOptions):
    """Where the list files lie; there is nothing to log in to."""

    base_url: str = "https://popular-movies-data.stevenlu.com"


@dataclass(frozen=True, slots=True)
class StevenLuSource:
    """One list file, by its name without `.json`."""

    name: str

    def __str__(self) -> str:
        return self.name


def parse(text: str) -> StevenLuSource:
    """Read what the user wrote after `stevenlu:`; a ValueError lists the accepted forms."""
    value = text.strip()
    form = recognise(value)
    if form is not None and form.provider == SERVICE:
        return StevenLuSource(form.groups.get("id", "movies"))
    name = _NAMES.get(value, value)
    if not _NAME.fullmatch(name):
        why = foreign(value, SERVICE) or f"{text!r} is no list of StevenLu"
        raise ValueError(f"{why}; accepted: {', '.join(FORMS)}")
    return StevenLuSource(name)


class _Row(Answer):
    title: Title
    imdb_id: object = None
    tmdb_id: object = None


def _judge(reply: Reply) -> ListsyncError | None:
    """Recognise how the object storage says "no such file"; none of these is an empty list."""
    if reply.status == 403 and "<Code>AccessDenied</Code>" in reply.look:
        return RefusedError(SERVICE, Refusal.NOT_FOUND, "has no list file of this name (403)")
    return None


class StevenLu:
    """Reads one StevenLu list."""

    def __init__(
        self, source: StevenLuSource, options: StevenLuOptions, http: httpx.Client
    ) -> None:
        self._url = f"{options.base_url.rstrip('/')}/{source.name}.json"
        self._name = source.name
        self._http = http

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list, best first (rank 1); raises what `get_list` raises."""
        call = Call(service=SERVICE, url=self._url, judge=_judge, limit_bytes=LIST_BYTES)
        fetched = get_list(self._http, call, _Row, _entry, previous)
        if fetched.read == 0 and not fetched.is_unchanged:
            raise AnswerChangedError(
                SERVICE, f"{self._name} has no rows, and nothing says that this is meant"
            )
        return fetched


def _entry(rank: int, row: _Row) -> ListEntry:
    ids = external_ids(imdb_id(row.imdb_id), number_id(row.tmdb_id), None, MediaType.MOVIE)
    return ListEntry(rank=rank, title=row.title, kind=MediaType.MOVIE, ids=ids)
