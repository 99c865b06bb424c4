"""Reads a StevenLu list file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listsync.domain.lists import Fetched, ListEntry, Validators
from listsync.domain.media import MediaType
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.http.request import LIST_BYTES, ServiceRequest
from listsync.http.response import Response
from listsync.parsing.decoding import ResponseShape, external_ids, imdb_id, number_id, title_text
from listsync.parsing.json_rows import get_list
from listsync.providers.stevenlu.source import SERVICE, StevenLuOptions, StevenLuSource

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient


class _Row(ResponseShape, frozen=True):
    title: str
    imdb_id: object = None
    tmdb_id: object = None

    def __post_init__(self) -> None:
        if title_text(self.title) is None:
            raise ValueError("no title")


def _judge(response: Response) -> ListsyncError | None:
    """Recognise how the object storage says "no such file"; none of these is an empty list."""
    if response.status == 403 and "<Code>AccessDenied</Code>" in response.look:
        return RefusedError(SERVICE, Refusal.NOT_FOUND, "has no list file of this name (403)")
    return None


class StevenLu:
    """Reads one StevenLu list."""

    def __init__(
        self, source: StevenLuSource, options: StevenLuOptions, http: ServiceClient
    ) -> None:
        self._url = f"{options.base_url.rstrip('/')}/{source.name}.json"
        self._name = source.name
        self._http = http

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list, best first (rank 1); raises what `get_list` raises."""
        call = ServiceRequest(service=SERVICE, url=self._url, judge=_judge, limit_bytes=LIST_BYTES)
        fetched = get_list(self._http, call, _Row, _entry, previous)
        if fetched.read == 0 and not fetched.is_unchanged:
            raise ResponseChangedError(
                SERVICE, f"{self._name} has no rows, and nothing says that this is meant"
            )
        return fetched


def _entry(rank: int, row: _Row) -> ListEntry:
    ids = external_ids(imdb_id(row.imdb_id), number_id(row.tmdb_id), None, MediaType.MOVIE)
    return ListEntry(rank=rank, title=title_text(row.title), kind=MediaType.MOVIE, ids=ids)
