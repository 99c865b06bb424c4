"""Reads a list of the user's own, in whatever form it comes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, Validators
from listsync.errors import ResponseChangedError
from listsync.http.rate_limit import large_turn
from listsync.http.request import LIST_BYTES, ServiceRequest
from listsync.http.response import Response, not_json
from listsync.parsing.anime_exports import is_mal_export
from listsync.parsing.error_answers import demand_no_error, has_more_pages
from listsync.parsing.feed_items import is_feed, items_of
from listsync.parsing.list_documents import (
    collect_any,
    demand_list,
    is_json,
    json_in,
    unpacked_lists,
)
from listsync.parsing.row_collector import RowCollector
from listsync.parsing.structured_lists import collect_json
from listsync.parsing.tables import collect_table, first_rows, header_of
from listsync.parsing.text import Text, decode
from listsync.providers.custom.feed import first_texts, row_of
from listsync.providers.custom.field_names import FieldMapping
from listsync.providers.custom.source import SERVICE, CustomSource, data_address, tokens_of

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient
    from listsync.parsing.anime_ids import FindAnime

_READING = 2  # raise it when the same answer is to be read in another way
_ACCEPT = (
    "application/json, text/csv, application/rss+xml, application/atom+xml, text/xml;q=0.9, "
    "text/plain;q=0.8, */*;q=0.5"
)
_START = 100_000
_TABLES = (".csv", ".tsv")
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".txt", ".yml", ".yaml", *_TABLES)
_TYPES = (("json", ".json"), ("csv", ".csv"), ("tab-separated", ".tsv"), ("yaml", ".yml"))
_NEXT = re.compile(r"""rel\s*=\s*["']?[^"';,]*\bnext\b""", re.IGNORECASE)
_COUNTS = ("total", "total_results", "totalResults", "total_items", "count", "item_count")


class Custom:
    """Reads one list at an address."""

    def __init__(
        self, source: CustomSource, http: ServiceClient, find_anime: FindAnime | None = None
    ) -> None:
        self._source = source
        self._find = find_anime
        self._http = http
        self._form = form_of(source)
        self._call = _request(source)

    def fetch(self, previous: Validators | None) -> Fetched:
        """Ask for the whole list, in its order; the same bytes as last time are not read again.

        Raises what `ask` raises, of what can be no list as well.
        """
        from listsync.http.service_client import ask  # noqa: PLC0415 - brings httpx, which an idle agent can do without

        known = previous if previous and _form_in(previous) == self._form else None
        with large_turn() as one:
            response = ask(self._http, replace(self._call, turn=one), known)
            if response.status == 304 and known is not None:
                return Fetched.unchanged(_still(known, response.validators))
            digest = f"{self._form}:{hashlib.sha256(response.body).hexdigest()}"
            validators = replace(response.validators, digest=digest)
            if known is not None and known.digest == digest:
                return Fetched.unchanged(validators)
            return _read_answer(self._source, response, validators, self._find)


def form_of(source: CustomSource) -> str:
    """Say how a list is read: what was read otherwise is read anew."""
    said = repr((source.rows, source.fields, source.is_complete, source.statuses))
    return f"{_READING}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


def _form_in(validators: Validators) -> str:
    return (validators.digest or "").partition(":")[0]


def _still(known: Validators, fresh: Validators) -> Validators:
    return replace(
        known,
        etag=fresh.etag or known.etag,
        last_modified=fresh.last_modified or known.last_modified,
    )


def _request(source: CustomSource) -> ServiceRequest:
    url, own = data_address(source.url), dict[str, str | int]()
    if source.parameters:  # what is given beside an address takes the place of all that it has
        own = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        url = url.partition("#")[0].partition("?")[0]
    return ServiceRequest(
        service=SERVICE,
        url=url,
        params=own,
        secrets=dict(source.parameters),
        secret_headers=dict(source.headers),
        hidden=tuple(map(SecretStr, sorted(tokens_of(source.url)))),
        accept=_ACCEPT,
        limit_bytes=LIST_BYTES,
        public_only=not source.allow_private,
    )


def _read_answer(
    source: CustomSource,
    response: Response,
    validators: Validators,
    find_anime: FindAnime | None,
) -> Fetched:
    text = decode(response.body)
    start = text.start(_START)
    if response.is_page and not is_feed(start) and not is_mal_export(start):
        page = not_json(response, expected="a list")
        if page is not None:
            raise page
    collector = RowCollector(SERVICE, find_anime, source.statuses)
    collector.is_cut = any(map(_NEXT.search, response.headers.all("link")))
    reading = CustomReading(source, collector)
    reading.collect("the answer", text, _suffix(source.url, response.content_type))
    fetched = reading.fetched(validators)
    if not fetched.read and not (reading.says_none or source.is_complete or fetched.newest_only):
        why = "has no rows, and nothing says that this is meant (`complete: true` does)"
        raise ResponseChangedError(SERVICE, f"the answer {why}", sample=response.sample)
    if reading.is_lines and not any(one.ids or one.year for one in fetched.entries):
        why = "is text without a single id or year, so that nothing shows that it is a list"
        raise ResponseChangedError(SERVICE, f"the answer {why}", sample=response.sample)
    return fetched


def _suffix(url: str, content_type: str) -> str:
    by_type = next((suffix for word, suffix in _TYPES if word in content_type), "")
    by_name = PurePath(urlsplit(url).path).suffix.lower()
    return by_type or (by_name if by_name in _SUFFIXES else "")


def reads_file(
    source: CustomSource, find_anime: FindAnime | None = None
) -> Callable[[str, Text, Validators], Fetched]:
    """Give what reads the text of a file as *source* says."""

    def read(name: str, text: Text, validators: Validators) -> Fetched:
        reading = CustomReading(source, RowCollector(SERVICE, find_anime, source.statuses))
        reading.collect(name, text, PurePath(name).suffix.lower())
        return reading.fetched(validators)

    return read


class CustomReading:
    """One reading of one list.

    `says_none`: the answer itself counts its rows, and has none. `is_lines`: it is text, and
    nothing tells it from any other.
    """

    def __init__(self, source: CustomSource, collector: RowCollector) -> None:
        self._source = source
        self._collector = collector
        self._mapping = FieldMapping(source)
        self._is_feed = False
        self.says_none = self.is_lines = False

    def collect(self, name: str, text: Text, suffix: str) -> None:
        """Read all rows; *suffix* counts only where the text does not tell its form.

        Raises:
            UnavailableError, ResponseChangedError: it can be no list.
        """
        for part, unpacked in unpacked_lists(SERVICE, name, text):
            is_same = part == name
            self._collect(part, unpacked, suffix if is_same else PurePath(part).suffix.lower())

    def _collect(self, name: str, text: Text, suffix: str) -> None:
        start = text.start(_START)
        if is_feed(start) and not is_mal_export(start):
            self._is_feed = True
            self._collector.says_empty = True
            collect_json(self._collector, partial(self._items, text))
        elif is_json(start, suffix):
            demand_list(SERVICE, name, text)
            self._collector.is_cut = self._collector.is_cut or text.is_cut
            collect_json(self._collector, partial(self._rows, text, suffix))
        elif self._source.fields:
            demand_list(SERVICE, name, text)
            header = self._mapping.header(first_rows(start))
            collect_table(self._collector, name, text, header)
        else:
            collect_any(self._collector, name, text, suffix=suffix)
            is_table = header_of(SERVICE, text, surely=suffix in _TABLES) is not None
            self.is_lines = suffix != ".txt" and not is_table and not is_mal_export(start)

    def _rows(self, text: Text, suffix: str) -> object:
        content = json_in(SERVICE, text, suffix)
        if isinstance(content, dict):
            counts = [content[name] for name in _COUNTS if name in content]
            self._collector.is_cut = self._collector.is_cut or has_more_pages(content)
            self.says_none = bool(counts) and all(one == 0 for one in counts)
            return self._rows_within(content)
        return self._mapping.rows_in(content)

    def _rows_within(self, content: dict[str, object]) -> object:
        """Find the rows of an object; where it tells an error, too, they are not all."""
        rows = self._mapping.rows_in(content)
        if not isinstance(rows, Iterator):
            return rows
        found = list(rows)
        is_whole = demand_no_error(SERVICE, content, found)
        self._collector.is_cut = self._collector.is_cut or not is_whole
        return iter(found)

    def _items(self, text: Text) -> Iterator[object]:
        items = items_of(SERVICE, text.data)
        if self._source.fields:
            return (self._mapping.named({**first_texts(item), **row_of(item)}) for item in items)
        return map(row_of, items)

    def fetched(self, validators: Validators) -> Fetched:
        """Finish."""
        missing = self._mapping.missing() if self._collector.next_rank > 1 else ""
        fetched = self._collector.fetched(validators)
        complete = self._source.is_complete
        is_newest = self._is_feed if complete is None else not complete
        declared = None if is_newest and not fetched.read else fetched.declared
        return replace(fetched, newest_only=is_newest, declared=declared, remark=missing)
