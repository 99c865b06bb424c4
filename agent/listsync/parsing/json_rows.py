"""A JSON list of a service, checked row by row: one bad row does not cost the list."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.errors import ResponseChangedError
from listsync.http.rate_limit import large_turn
from listsync.http.request import ServiceRequest
from listsync.http.response import Response, not_json
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, UnknownFormError, convert, title_text
from listsync.parsing.documents import parse_json, parse_lazily, pieces_of, text_of
from listsync.row_limit import (
    MOST_ROWS,
    demand_little_text,
    demand_room,
    text_size,
    too_long,
)
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.http.service_client import ServiceClient

_ALL_BAD = 100
"""So many rows, the first and all of them bad, say that the rest needs no look."""

RowT = TypeVar("RowT", bound=ResponseShape)
ShapeT = TypeVar("ShapeT", bound=ResponseShape)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonDocument:
    """One JSON answer. `content` is None when `unchanged`."""

    response: Response
    content: object
    validators: Validators
    unchanged: bool = False


def get_document(
    client: ServiceClient, call: ServiceRequest, previous: Validators | None = None
) -> JsonDocument:
    """Ask, and parse the answer as JSON; raises what `ask` raises."""

    def parse(response: Response) -> object:
        return parse_json(call.service, text_of(response))

    return _document(client, call, previous, parse)


def _document(
    client: ServiceClient,
    call: ServiceRequest,
    previous: Validators | None,
    parse: Callable[[Response], object],
) -> JsonDocument:
    from listsync.http.service_client import ask  # noqa: PLC0415 - brings httpx, which an idle agent can do without

    response = ask(client, call, previous)
    if response.status == 304 and previous is not None:
        fresh = response.validators
        kept = Validators(
            etag=fresh.etag or previous.etag,
            last_modified=fresh.last_modified or previous.last_modified,
        )
        return JsonDocument(response=response, content=None, validators=kept, unchanged=True)
    page = not_json(response)
    if page is not None:
        raise page
    return JsonDocument(response=response, content=parse(response), validators=response.validators)


def get_list(
    client: ServiceClient,
    call: ServiceRequest,
    row: type[RowT],
    entry_of: Callable[[int, RowT], ListEntry | SkippedRow],
    previous: Validators | None,
) -> Fetched:
    """Read a list that is one JSON array of *row*; raises what `ask` raises."""

    def parse(response: Response) -> object:
        return parse_lazily(call.service, pieces_of(response))

    entries = Entries(call.service, row)
    with large_turn() as one:
        document = _document(client, replace(call, turn=one), previous, parse)
        if document.unchanged:
            return Fetched.unchanged(document.validators)
        entries.add(document.content, entry_of)
    return entries.fetched(declared=None, validators=document.validators)


def check_one(service: str, item: object, shape: type[ShapeT], *, strict: bool = False) -> ShapeT:
    """Check an object that is no row of a list; with *strict*, a number's text is no number.

    Raises:
        ResponseChangedError: it is not of that form.
    """
    try:
        return convert(item, shape, strict=strict)
    except UnknownFormError as error:
        why = f"the answer is not of the known form: {one_line(str(error))}"
        raise ResponseChangedError(service, why, sample=_sketch(item)) from error


class Entries(Generic[RowT]):
    """What the rows of one list come to, page after page; of the rows nothing else is kept.

    Ranks count every row from 1, bad ones too. A number that may come as its text is an `object`
    in the row, for `decoding` to read.
    """

    def __init__(self, service: str, row: type[RowT]) -> None:
        self._service = service
        self._row = row
        self._good: list[ListEntry] = []
        self._bad: list[SkippedRow] = []
        self._left_out: list[SkippedRow] = []
        self._seen: set[int] = set()
        self._titles = SeenTitles()
        self._repeated = 0
        self._text = 0
        self.count = 0

    @property
    def distinct(self) -> int:
        """Count the rows that do not only repeat another."""
        return self.count - self._repeated

    def expect(self, announced: int | None) -> None:
        """Refuse a list that announces more rows than a list may have, before they are read."""
        if announced is not None and announced > MOST_ROWS:
            raise too_long(self._service, announced)

    def add(self, items: object, entry_of: Callable[[int, RowT], ListEntry | SkippedRow]) -> None:
        """Check the rows of the next page, a JSON array or an iterator over one.

        Raises:
            ResponseChangedError: no array, more rows than a list may have, or only bad ones.
        """
        if not isinstance(items, Iterable) or isinstance(items, (str, dict)):
            raise ResponseChangedError(
                self._service, f"a list was expected, not {_sketch(items)}", sample=_sketch(items)
            )
        for item in items:
            self.count += 1
            if self.count > MOST_ROWS:
                raise too_long(self._service, self.count)
            demand_room(self.count, self._text)
            try:
                row = convert(item, self._row, strict=True)
            except UnknownFormError as error:
                self._note(item, error)
                continue
            made = entry_of(self.count, row)
            if isinstance(made, ListEntry):
                self._good.append(made)
                self._repeated += self._is_repeated(made)
                self._text += text_size(made.title, made.original_title)
                demand_little_text(self._service, self._text)
            else:
                self._left_out.append(made)
                mark = hash(repr(row))
                self._repeated += mark in self._seen
                self._seen.add(mark)

    def _is_repeated(self, entry: ListEntry) -> bool:
        ids = (name for name in enumerate(entry.ids) if name[1] is not None)
        return self._titles.is_repeated(
            ids, entry.title, entry.year, hash((entry.kind, entry.seasons))
        )

    def _note(self, item: object, error: UnknownFormError) -> None:
        bad = self._bad
        why = one_line(str(error))
        if item is None:
            why = f"no title is given here; {self._service} may have removed it"
        bad.append(SkippedRow(rank=self.count, what=_sketch(item), why=why))
        if len(bad) == self.count == _ALL_BAD:
            why = f"the first {_ALL_BAD} rows are not of the known form: {bad[0].why}"
            raise ResponseChangedError(self._service, why, sample=bad[0].what)

    def fetched(
        self, *, declared: int | None, validators: Validators | None, is_counted: bool = False
    ) -> Fetched:
        """Sum the reading up; raises ResponseChangedError when too many rows are bad.

        *is_counted*: the service counts such lists, so that no count is a doubt. The
        *validators* are kept of a whole reading without a doubt only.
        """
        refuse_drift(self._service, self._bad, total=self.count)
        fetched = Fetched(
            entries=tuple(self._good),
            skipped=(*self._bad, *self._left_out),
            declared=declared,
            validators=validators,
            repeated=self._repeated,
            broken=len(self._bad),
            lacks_count=is_counted and declared is None,
        )
        return fetched if fetched.is_sure else replace(fetched, validators=None)


_Years = frozenset[int | None]
_NO_YEARS: _Years = frozenset()


class SeenTitles:
    """Tells which rows only repeat a title of their list, also in other words.

    A title is named by each of its ids, or whatever its service names it by for good. A row
    without any repeats one that is called alike, whether that has some or not; the years may be
    missing, but not differ.
    """

    def __init__(self) -> None:
        self._names: set[int] = set()
        self._years: dict[bool, dict[int, _Years]] = {False: {}, True: {}}
        self._alike: dict[_Years, _Years] = {}  # one object each, however many titles have it

    def is_repeated(
        self, names: Iterable[object], title: str | None, year: int | None, part: int = 0
    ) -> bool:
        """Tell whether a row repeats an earlier one, and remember it.

        Rows of another *part* (the hash of what it is: a kind, seasons) are another title.
        """
        own = {hash((name, part)) for name in names}
        is_repeated = not own.isdisjoint(self._names)
        self._names |= own
        if not title:
            return is_repeated
        called = hash((title.casefold(), part))
        for is_named in (False,) if own else (False, True):
            years = self._years[is_named].get(called)
            if years and (year is None or not years.isdisjoint((year, None))):
                is_repeated = True
        known = self._years[bool(own)]
        years = known.get(called, _NO_YEARS) | {year}
        known[called] = self._alike.setdefault(years, years)
        return is_repeated


def stamp_of_today(state: object, *more: object) -> str:
    """Make a word for the *state* of a list today, with what *more* is to be read in it.

    It is for lists of which a part is looked at, or whose titles' ids may change: what is known of
    them holds for a day.
    """
    return " ".join([today(), *map(str, more), digest_of(state)])


def today() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime())


def digest_of(state: object) -> str:
    """Make a word that is another one where *state* is: values of JSON, texts and numbers."""
    return hashlib.sha256(repr(state).encode(errors="replace")).hexdigest()


def refuse_drift(service: str, bad: list[SkippedRow], *, total: int) -> None:
    """Raise when the bad rows are all there is, or several and more than a quarter."""
    if bad and (len(bad) == total or (len(bad) > 1 and len(bad) * 4 > total)):
        raise ResponseChangedError(
            service,
            f"{len(bad)} of {total} rows are not of the known form: {bad[0].why}",
            sample=bad[0].what,
        )


def _sketch(value: object) -> str:
    """Show a value in a few words: its title where it has one."""
    title = title_text(value.get("title")) if isinstance(value, dict) else None
    try:
        text = title or json.dumps(value, ensure_ascii=True)
    except RecursionError:
        text = "a value within very many others"
    return text if len(text) <= 80 else f"{text[:80]}..."
