"""The world of the core, in memory: a request server, what is remembered, lists."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, TypeVar

from listsync.config_types import SecretStr
from listsync.domain.arr_services import (
    NO_ARR_NAMES,
    ArrFailure,
    ArrNames,
    ArrOffer,
    ArrService,
)
from listsync.domain.decisions import Match, Member
from listsync.domain.events import Clock
from listsync.domain.feeds import FeedRecord, FeedTitle
from listsync.domain.history import (
    Choice,
    DayOfRequests,
    EntryRow,
    ItemRow,
    Key,
    ListRow,
    Lookup,
    Page,
    RequestRow,
    ReviewRow,
    RunRow,
    TitleOverview,
)
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry, ListOutcome, Validators
from listsync.domain.media import (
    Edition,
    Exclusion,
    ExternalIds,
    FilmRecord,
    MediaType,
    TitleKey,
)
from listsync.domain.notices import NoticeRecord, Origin, SyncFindings, changes, open_after
from listsync.domain.report import Result, SyncReport, SyncRun
from listsync.domain.run_notes import (
    Departure,
    Difference,
    FailedRequest,
    HandledEntries,
    HandledSeasons,
    Intent,
    ListSetback,
    Miss,
    Notes,
    Sent,
    WholeReading,
)
from listsync.domain.server import (
    ABSENT,
    TAKEN,
    Cancelled,
    Candidate,
    FoundRequests,
    IndexPage,
    MediaStatus,
    Product,
    Production,
    RequestBody,
    RequestResponse,
    RequestStatus,
    ResponseKind,
    SearchPage,
    Season,
    SeriesDetails,
    ServerInfo,
    ServerRequest,
    TitleFacts,
    TitleState,
)
from listsync.domain.server_knowledge import (
    NOTHING_LEARNED,
    UNLIMITED,
    Allowance,
    KnownServer,
    Learned,
    RequestList,
)
from listsync.domain.statistics import (
    DAYS,
    NOTHING_COUNTED,
    RequestCounts,
    RequestStatistics,
)
from listsync.errors import UnavailableError
from listsync.http.login_store import LoginTokens
from listsync.parsing.anime_ids import AnimeService, AnimeTitle
from listsync.sync.titles.title_folding import fold

Reading = Fetched | Exception
Scripted = (
    RequestResponse
    | FoundRequests
    | RequestList
    | SearchPage
    | SeriesDetails
    | TitleFacts
    | Exception
)

SERVER = ServerInfo(
    product=Product.OVERSEERR,
    version="1.34.0",
    identity="fake-1",
    user="owner",
    movie_4k=True,
    series_4k=True,
)
DOWN = UnavailableError("server", "no answer within 30 s")

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """One title of the catalogue; `seasons` are numbers of seasons with episodes.

    `airs` says when a season begins, by its number.
    """

    key: TitleKey
    name: str
    year: int | None = None
    original_name: str = ""
    ids: ExternalIds = field(default_factory=ExternalIds)
    seasons: tuple[int, ...] = ()
    popularity: float = 50.0
    genres: frozenset[str] = frozenset()
    rating: float | None = None
    votes: int = 0
    language: str | None = None
    airs: Mapping[int, date] = field(default_factory=dict)
    production: Production = field(default_factory=Production)

    @property
    def facts(self) -> TitleFacts:
        return TitleFacts(
            ids=self.ids,
            year=self.year,
            genres=self.genres,
            rating=self.rating,
            votes=self.votes,
            language=self.language,
            title=self.name,
            original_title=self.original_name or self.name,
            production=self.production,
        )

    @property
    def candidate(self) -> Candidate:
        return Candidate(
            key=self.key,
            title=self.name,
            original_title=self.original_name or self.name,
            year=self.year,
            popularity=self.popularity,
        )


def a_film(tmdb: int, name: str, year: int | None = None, *, imdb: str | None = None) -> Title:
    ids = ExternalIds(imdb=imdb, tmdb=tmdb)
    return Title(key=TitleKey(MediaType.MOVIE, tmdb), name=name, year=year, ids=ids)


def a_series(
    tmdb: int,
    name: str,
    year: int | None = None,
    *,
    tvdb: int | None = None,
    imdb: str | None = None,
    seasons: tuple[int, ...] = (1, 2),
) -> Title:
    ids = ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb)
    key = TitleKey(MediaType.TV, tmdb)
    return Title(key=key, name=name, year=year, ids=ids, seasons=seasons)


class FakeArrServices:
    """Implements `ports.ArrServices`; every call is counted in *counts*.

    `services` are what the settings say, `offers` what each service answers: an exception is
    raised. `back` is what waiting for the server comes to.
    """

    def __init__(self, counts: Counter[str] | None = None) -> None:
        self.counts = Counter[str]() if counts is None else counts
        self.services: dict[MediaType, tuple[ArrService, ...] | Exception] = {}
        self.offers: dict[tuple[MediaType, int], ArrOffer | ArrFailure | Exception] = {}
        self.back: Exception | None = None
        self.while_asked: Callable[[], None] = lambda: None

    def list_services(self, kind: MediaType) -> tuple[ArrService, ...]:
        self.counts["list_services"] += 1
        services = self.services.get(kind, ())
        if isinstance(services, Exception):
            raise services
        return services

    def read_offer(self, kind: MediaType, service_id: int) -> ArrOffer | ArrFailure:
        self.counts["read_offer"] += 1
        self.while_asked()
        offer = self.offers[kind, service_id]
        if isinstance(offer, Exception):
            raise offer
        return offer

    def wait_until_back(self) -> None:
        self.counts["wait_until_back"] += 1
        if self.back is not None:
            raise self.back


class FakeArrNames:
    """Implements `ports.ArrNamesStore`."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, MediaType], ArrNames] = {}

    def load(self, server: str, kind: MediaType) -> ArrNames:
        return self.kept.get((server, kind), NO_ARR_NAMES)

    def save(self, server: str, kind: MediaType, names: ArrNames) -> None:
        self.kept[server, kind] = names


class FakeServer:
    """Implements `ports.RequestServer` over a small catalogue.

    `states` is its index, `posted` what it was asked for. `catalogue_down`: title and TMDB
    searches answer nothing, IMDb and TVDB searches fail, as the real ones do. `troubles` is what
    `problem_with_user` says; `allowances` what users may request at first (not named:
    everything); `pending` what `cancel` answers to a request's number (GONE to others),
    `cancelled` are those that it took back.
    """

    def __init__(
        self, *titles: Title, info: ServerInfo = SERVER, delay: Callable[[], None] | None = None
    ) -> None:
        self.info = info
        self.titles = list(titles)
        self.states: dict[TitleKey, TitleState] = {}
        self.covered: dict[Edition, set[int]] = {}
        self.deleted: dict[Edition, set[int]] = {}
        self.posted: list[RequestBody] = []
        self.taken: list[RequestBody] = []
        self.troubles: dict[str, str] = {}
        self.allowances: dict[str | None, Allowance] = {}
        self.pending: dict[int, Cancelled] = {}
        self.cancelled: list[int] = []
        self.requests: list[ServerRequest] = []
        self.counts: Counter[str] = Counter()
        self.arr_services = FakeArrServices(self.counts)
        self.searched: list[tuple[str, int | None]] = []
        self.imdb_ids: list[str] = []
        self.catalogue_down = False
        self.page_size = 20
        self.while_asked: Callable[[RequestBody], None] = lambda _: None
        self._delay = delay
        self._scripts: dict[tuple[str, object], list[Scripted | None]] = {}
        self._counting = threading.Lock()
        self._in_flight = threading.Lock()

    def on(self, method: str, *answers: Scripted | None, of: object = None) -> FakeServer:
        """Play *answers* to the next calls of *method*; None answers as usual.

        Titles are looked up side by side: *of* names the one (by IMDb id or searched title) whose
        answers they are, where there are several.
        """
        self._scripts.setdefault((method, of), []).extend(answers)
        return self

    def set_status(self, key: TitleKey, status: int, *, status_4k: int = 1) -> FakeServer:
        self.states[key] = TitleState(status, status_4k)
        return self

    @property
    def calls(self) -> int:
        return sum(self.counts.values())

    def identify(self) -> ServerInfo:
        self._play("identify")
        return self.info

    def read_index(self, previous: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
        self._play("read_index")
        titles = tuple(sorted(self.states.items()))
        page = IndexPage(etag=repr(titles), total=len(titles), titles=titles)
        return previous if [page.etag] == [one.etag for one in previous] else (page,)

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        self.imdb_ids.append(imdb_id)
        return self._find("find_by_imdb", lambda title: title.ids.imdb == imdb_id, imdb_id)

    def find_by_tvdb(self, tvdb_id: int) -> SearchPage:
        return self._find(
            "find_by_tvdb",
            lambda title: title.key.kind is MediaType.TV and title.ids.tvdb == tvdb_id,
        )

    def find_by_tmdb(self, tmdb_id: int) -> SearchPage:
        return self._search("find_by_tmdb", lambda title: title.key.tmdb_id == tmdb_id)

    def search(self, title: str, *, year: int | None = None, page: int = 1) -> SearchPage:
        self.searched.append((title, year))
        words = set(fold(title).split())

        def fits(one: Title) -> bool:
            names = {*fold(one.name).split()}, {*fold(one.original_name).split()}
            return any(words <= name for name in names) and year in (None, one.year)

        return self._search("search", fits, title, page)

    def series(self, tmdb_id: int) -> SeriesDetails:
        scripted = self._play("series")
        if isinstance(scripted, SeriesDetails):
            return scripted
        key = TitleKey(MediaType.TV, tmdb_id)
        title = next(title for title in self.titles if title.key == key)
        editions = Edition(key, four_k=False), Edition(key, four_k=True)
        done, done_4k = (self.covered.get(one, set()) for one in editions)
        gone, gone_4k = (self.deleted.get(one, set()) for one in editions)
        seasons = tuple(
            Season(
                number=number,
                episodes=8,
                airs=title.airs.get(number),
                covered=number in done,
                covered_4k=number in done_4k,
                deleted=number in gone,
                deleted_4k=number in gone_4k,
            )
            for number in title.seasons
        )
        return SeriesDetails(ids=title.ids, seasons=seasons, facts=title.facts)

    def facts(self, key: TitleKey, *, patient: bool = True) -> TitleFacts:  # noqa: ARG002 - the port's
        scripted = self._play("facts")
        if isinstance(scripted, TitleFacts):
            return scripted
        known = [title for title in self.titles if title.key == key]
        if not known:
            raise UnavailableError("server", f"has no details of {key}")
        return known[0].facts

    def parts(self, collection: int) -> tuple[TitleKey, ...]:
        self._play("parts")
        parts = [one for one in self.titles if one.production.collection == collection]
        return tuple(one.key for one in sorted(parts, key=lambda one: one.year or 9999))

    def problem_with_user(self, user: str) -> str | None:
        self._play("problem_with_user")
        return self.troubles.get(user)

    def allowance_of(self, user: str | None) -> Allowance:
        if user is None and user not in self.allowances:
            return UNLIMITED
        self._play("allowance_of")
        allowance = self.allowances.get(user, UNLIMITED)
        left = {
            kind: replace(quota, remaining=quota.remaining - self._used(allowance.user_id, kind))
            for kind, quota in allowance.quotas.items()
        }
        return replace(allowance, quotas=left)

    def _used(self, user_id: int | None, kind: MediaType) -> int:
        return sum(
            len(body.seasons) or 1
            for body in self.taken
            if body.key.kind is kind
            and self.allowances.get(body.asking.user, UNLIMITED).user_id == user_id
        )

    def _refuse(self, body: RequestBody) -> RequestResponse | None:
        """Refuse as the real ones do: by permission, then by quota, all seasons or none."""
        allowance, kind = self.allowances.get(body.asking.user, UNLIMITED), body.key.kind
        permitted = allowance.permitted
        if permitted is not None and (kind, body.four_k) not in permitted:
            return RequestResponse(kind=ResponseKind.PERMISSION)
        quota = allowance.quotas.get(kind)
        used = self._used(allowance.user_id, kind) + (len(body.seasons) or 1)
        if quota is not None and used > quota.remaining:
            return RequestResponse(kind=ResponseKind.QUOTA)
        return None

    def read_requests(self) -> RequestList:
        scripted = self._play("read_requests")
        if isinstance(scripted, RequestList):
            return scripted
        return RequestList(requests=tuple(self.requests))

    def cancel(self, request_id: int) -> Cancelled:
        self._play("cancel")
        answer = self.pending.pop(request_id, Cancelled.GONE)
        if answer is Cancelled.DONE:
            self.cancelled.append(request_id)
        return answer

    def request(self, body: RequestBody) -> RequestResponse:
        assert self._in_flight.acquire(blocking=False), "two requests in flight"
        try:
            self.while_asked(body)
            scripted = self._play("request")
            self.posted.append(body)
            if isinstance(scripted, RequestResponse):
                return scripted
            refused = self._refuse(body)
            if refused is not None:
                return refused
            self.taken.append(body)
            self._take(body)
            return RequestResponse(kind=ResponseKind.REQUESTED, request_id=len(self.posted))
        finally:
            self._in_flight.release()

    def find_requests(self, body: RequestBody) -> FoundRequests:
        scripted = self._play("find_requests")
        if isinstance(scripted, FoundRequests):
            return scripted
        edition = Edition(body.key, body.four_k)
        covered = self.covered.get(edition)
        if covered is None:
            return FoundRequests()
        number = 1000 + body.key.tmdb_id
        is_covered = set(body.seasons) <= covered
        one = ServerRequest(
            edition=edition,
            status=RequestStatus.APPROVED,
            request_id=number,
            seasons=frozenset(covered),
        )
        return FoundRequests(covering=number if is_covered else None, requests=(one,))

    def _take(self, body: RequestBody) -> None:
        before = self.states.get(body.key, ABSENT)
        status, status_4k = before.status, before.status_4k
        if body.four_k:
            status_4k = MediaStatus.PROCESSING
        else:
            status = MediaStatus.PROCESSING
        self.states[body.key] = TitleState(status, status_4k)
        self.covered.setdefault(Edition(body.key, body.four_k), set()).update(body.seasons)

    def _find(self, method: str, fits: Callable[[Title], bool], of: object = None) -> SearchPage:
        if self.catalogue_down:
            self._count(method, of)
            raise UnavailableError("server", "answered 500: its catalogue does not answer")
        return self._search(method, fits, of)

    def _search(
        self, method: str, fits: Callable[[Title], bool], of: object = None, page: int = 1
    ) -> SearchPage:
        scripted = self._play(method, of)
        if isinstance(scripted, SearchPage):
            return scripted
        found = [one.candidate for one in self.titles if not self.catalogue_down and fits(one)]
        first = (page - 1) * self.page_size
        return SearchPage(
            candidates=tuple(found[first : first + self.page_size]),
            page=page,
            pages=max(1, -(-len(found) // self.page_size)),
        )

    def _play(self, method: str, of: object = None) -> Scripted | None:
        """Count one call; the next scripted answer of *method*, which is raised if an error."""
        scripted = self._count(method, of)
        if self._delay is not None and method != "request":
            self._delay()
        if isinstance(scripted, Exception):
            raise scripted
        return scripted

    def _count(self, method: str, of: object = None) -> Scripted | None:
        with self._counting:
            self.counts[method] += 1
            script = self._scripts.get((method, of)) or self._scripts.get((method, None))
            return script.pop(0) if script else None


class FakeList:
    """Implements `ports.ListProvider`: plays *readings* in order; the last one stays."""

    def __init__(self, *readings: Reading) -> None:
        self._readings = list(readings)
        self.asked: list[Validators | None] = []

    def fetch(self, previous: Validators | None) -> Fetched:
        self.asked.append(previous)
        reading = self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]
        if isinstance(reading, Exception):
            raise reading
        return reading


def whole(*entries: ListEntry) -> Fetched:
    """Read a list whole."""
    return Fetched(entries=entries, declared=len(entries))


@dataclass(slots=True)
class _List:
    entries: dict[str, ListEntry] = field(default_factory=dict)
    absent: Counter[str] = field(default_factory=Counter)
    validators: Validators | None = None
    outcome: ListOutcome | None = None
    failures: int = 0
    counts: tuple[int, int | None] = (0, None)
    why: str = ""
    retry_at: datetime | None = None
    shrunk_at: datetime | None = None
    read_at: datetime | None = None
    name: str = ""


@dataclass(slots=True)
class _Shelf:
    """What belongs to one server."""

    handled: dict[tuple[str, str, bool], Edition] = field(default_factory=dict)
    seasons: dict[tuple[str, str, bool], HandledSeasons] = field(default_factory=dict)
    matches: dict[str, Match] = field(default_factory=dict)
    misses: dict[str, Miss] = field(default_factory=dict)
    chosen_ids: dict[str, str] = field(default_factory=dict)
    failed: dict[tuple[Edition, int | None], FailedRequest] = field(default_factory=dict)
    intents: dict[Edition, Intent] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    pages: tuple[IndexPage, ...] = ()
    learned: Learned = NOTHING_LEARNED
    has_run_well: bool = False
    elsewhere: int = 0
    confirmed: int = 0
    asked: list[tuple[Sent, datetime]] = field(default_factory=list)
    departed: dict[tuple[str, Edition], str] = field(default_factory=dict)
    reported: set[tuple[str, Edition]] = field(default_factory=set)
    handled_on: dict[Edition, date] = field(default_factory=dict)
    looks: dict[Edition, date] = field(default_factory=dict)
    cancelled: set[Edition] = field(default_factory=set)
    seen: dict[tuple[Edition, int], ServerRequest] = field(default_factory=dict)
    lapsed: set[tuple[Edition, int]] = field(default_factory=set)
    requests_read_at: datetime | None = None


class FakeFacts(dict[TitleKey, TitleFacts]):
    """Implements `ports.FactsCache`."""

    def put(self, key: TitleKey, facts: TitleFacts) -> None:
        self[key] = facts


class _Place:
    """What is remembered of lists and servers, and which server was chosen."""

    def __init__(self) -> None:
        self.lists: dict[str, _List] = {}
        self.shelves: dict[str, _Shelf] = {}
        self.server = ""

    @property
    def shelf(self) -> _Shelf:
        return self.shelves[self.server]

    @property
    def departed(self) -> dict[tuple[str, Edition], str]:
        return self.shelf.departed if self.server else {}

    def list(self, source: str) -> _List:
        return self.lists.setdefault(source, _List())


class FakeServerRequests:
    """Implements `ports.server.ServerRequests`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def remembered(self) -> tuple[ServerRequest, ...]:
        shelf = self._place.shelf
        return tuple(one for name, one in shelf.seen.items() if name not in shelf.lapsed)

    def read_at(self) -> datetime | None:
        return self._place.shelf.requests_read_at

    def unknown(self) -> frozenset[Edition]:
        known = {edition for edition, _ in self._place.shelf.seen}
        return frozenset(_asked_for(self._place.shelf) - known)

    def save_reading(
        self, found: Sequence[ServerRequest], listed: RequestList, at: datetime
    ) -> None:
        shelf = self._place.shelf
        lapsed = {name: shelf.seen[name].request_id or 0 for name in shelf.lapsed}
        stays = {
            name: one
            for name, one in shelf.seen.items()
            if name[0] not in listed.editions
            and (name[1] == RequestStatus.NONE or not listed.is_whole)
        }
        shelf.seen = stays | {(one.edition, int(one.status)): one for one in found}
        shelf.lapsed = {
            name
            for name, number in lapsed.items()
            if name in shelf.seen and (shelf.seen[name].request_id or 0) <= number
        }
        shelf.requests_read_at = at


def _asked_for(shelf: _Shelf) -> set[Edition]:
    """Name what was requested since that was confirmed, and not taken back."""
    asked = shelf.asked[shelf.confirmed :]
    return {Edition(sent.body.key, sent.body.four_k) for sent, _ in asked} - shelf.cancelled


class FakeServerGuard:
    """Implements `ports.server.ServerGuard`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def use(self, info: ServerInfo, run_id: str | None = None) -> KnownServer:  # noqa: ARG002 - the port's
        place = self._place
        last, place.server = place.server, info.identity
        is_known = info.identity in place.shelves
        if not is_known:
            counts = [len(shelf.handled) for shelf in place.shelves.values() if shelf.handled]
            place.shelves[info.identity] = _Shelf(elsewhere=counts[-1] if counts else 0)
        if not last or last == info.identity:
            return KnownServer.SAME
        return KnownServer.KNOWN if is_known else KnownServer.NEW

    def state_doubt(self) -> str:
        return ""

    def handled_elsewhere(self) -> int:
        return self._place.shelf.elsewhere

    def confirm(self) -> None:
        self._place.shelf.elsewhere = 0
        self._place.shelf.confirmed = len(self._place.shelf.asked)

    def learned(self) -> Learned:
        return self._place.shelf.learned

    def save_learned(self, learned: Learned) -> None:
        self._place.shelf.learned = learned


class FakeIndexCache:
    """Implements `ports.server.IndexCache`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def pages(self) -> tuple[IndexPage, ...]:
        return self._place.shelf.pages

    def save(self, pages: Sequence[IndexPage]) -> None:
        self._place.shelf.pages = tuple(pages)


class FakeListSnapshots:
    """Implements `ports.lists.ListSnapshots`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def validators(self, source: str) -> Validators | None:
        one = self._place.list(source)
        is_open = any(one.absent.values()) or any(
            place == source for place, _ in self._place.departed
        )
        return None if is_open else one.validators

    def entries(self, source: str) -> dict[str, ListEntry]:
        one = self._place.list(source)
        found = [(entry.rank, name, entry) for name, entry in one.entries.items()]
        return {
            name: entry
            for _, name, entry in sorted(found, key=lambda row: row[:2])
            if not one.absent[name]
        }

    def counts(self, source: str) -> tuple[int, int | None]:
        return self._place.list(source).counts

    def add(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        members: Sequence[Member],
        at: datetime,  # noqa: ARG002 - the port's
    ) -> Difference:
        one = self._place.list(rules.source)
        one.outcome, one.why, one.name = outcome, why, rules.name
        read = {member.entry_id: member.entry for member in members}
        missing = tuple(sorted(one.entries.keys() - read.keys()))
        found = Difference(
            new=frozenset(read.keys() - one.entries.keys()),
            missing=missing,
            gone=sum(1 for name in missing if not one.absent[name]),
            present=sum(1 for name in one.entries if not one.absent[name]),
            shrunk_at=one.shrunk_at,
        )
        one.entries.update(read)
        for name in read:
            one.absent.pop(name, None)
        return found

    def settle(self, rules: ListRules, reading: WholeReading) -> None:
        one = self._place.list(rules.source)
        one.outcome, one.why, one.name = reading.outcome, reading.why, rules.name
        one.validators, one.failures = reading.validators, 0
        last, one.read_at = one.read_at, reading.at
        if reading.read is not None:
            one.counts, one.shrunk_at = (reading.read, reading.declared), reading.shrunk_at
            if last != reading.at:
                self._count_absent(rules.source, reading.absent)

    def _count_absent(self, source: str, names: Sequence[str]) -> None:
        one = self._place.list(source)
        one.absent.update(names)
        for name in [name for name, count in one.absent.items() if count >= 2]:
            del one.entries[name], one.absent[name]
            for shelf in self._place.shelves.values():
                for four_k in (False, True):
                    shelf.seasons.pop((source, name, four_k), None)
                    edition = shelf.handled.pop((source, name, four_k), None)
                    if edition is not None:
                        shelf.departed[source, edition] = one.name

    def rename(self, source: str, names: Mapping[str, str]) -> None:
        one = self._place.list(source)
        for old, new in names.items():
            if old not in one.entries or new in one.entries:
                continue
            one.entries[new] = one.entries.pop(old)
            for shelf in self._place.shelves.values():
                rows: tuple[dict[Any, Any], ...] = (shelf.handled, shelf.seasons)
                for row, four_k in product(rows, (False, True)):
                    if (source, old, four_k) in row:
                        row[source, new, four_k] = row.pop((source, old, four_k))

    def believe(self, source: str) -> None:
        one = self._place.list(source)
        if one.shrunk_at is not None:
            one.shrunk_at = datetime.fromtimestamp(0, UTC)


class FakeListSetbacks:
    """Implements `ports.lists.ListSetbacks`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def last(self, source: str) -> ListSetback | None:
        one = self._place.list(source)
        if not one.failures or one.outcome is None:
            return None
        return ListSetback(one.outcome, one.why, one.failures, one.retry_at)

    def save(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        at: datetime,  # noqa: ARG002 - the port's
        retry_at: datetime | None = None,
    ) -> None:
        one = self._place.list(rules.source)
        one.outcome, one.why, one.retry_at = outcome, why, retry_at
        one.failures += 1


class FakeMatchCache:
    """Implements `ports.titles.MatchCache`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def load(self, now: datetime, whole: Collection[str] = ()) -> dict[str, Match]:
        shelf = self._place.shelf
        return {
            name: match if match.key is None or name in whole else _without_reasons(match)
            for name, match in shelf.matches.items()
            if name not in shelf.misses or shelf.misses[name].again_at > now
        }

    def misses(self) -> dict[str, Miss]:
        return dict(self._place.shelf.misses)

    def chosen_ids(self) -> dict[str, str]:
        return dict(self._place.shelf.chosen_ids)


class FakeHandledTitles:
    """Implements `ports.titles.HandledTitles`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def load(self) -> HandledEntries:
        titles: dict[tuple[str, bool], dict[str, Edition]] = defaultdict(dict)
        for (source, entry, four_k), title in self._place.shelf.handled.items():
            titles[source, four_k][entry] = title
        seasons: dict[tuple[str, bool], dict[str, HandledSeasons]] = defaultdict(dict)
        for (source, entry, four_k), one in self._place.shelf.seasons.items():
            seasons[source, four_k][entry] = one
        return HandledEntries(titles, seasons)

    def series_to_watch(self, now: datetime) -> Mapping[Edition, date]:
        shelf = self._place.shelf
        return {
            one: shelf.handled_on[one]
            for one in shelf.handled.values()
            if one.key.kind is MediaType.TV and shelf.looks.get(one, date.min) <= now.date()
        }


class FakeFailedRequests:
    """Implements `ports.titles.FailedRequests`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def load(self) -> dict[tuple[Edition, int | None], FailedRequest]:
        return dict(self._place.shelf.failed)


class FakeDepartures:
    """Implements `ports.titles.Departures`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def load(self) -> tuple[Departure, ...]:
        shelf, lists = self._place.shelf, self._place.lists
        numbers = {
            Edition(sent.body.key, sent.body.four_k): sent.answered.request_id
            for sent, _ in shelf.asked
        }
        missing = {
            (source, shelf.handled[source, name, four_k])
            for source, one in lists.items()
            for name in one.absent
            for four_k in (False, True)
            if one.absent[name] and (source, name, four_k) in shelf.handled
        }
        present = {
            title
            for (source, name, _), title in shelf.handled.items()
            if not self._place.list(source).absent[name]
        }
        gone = {(place, True) for place in shelf.departed} | {(place, False) for place in missing}
        return tuple(
            Departure(
                source=source,
                list_name=self._place.list(source).name,
                label=str(one.key),
                title=str(one.key),
                year=None,
                edition=one,
                request_id=numbers.get(one),
                is_wanted=one in (shelf.handled.values() if is_gone else present),
                is_gone=is_gone,
                was_reported=(source, one) in shelf.reported,
            )
            for (source, one), is_gone in sorted(gone, key=str)
        )

    def save_warnings(self, reported: Collection[Departure]) -> None:
        shelf = self._place.shelf
        shelf.reported &= {(one.source, one.edition) for one in self.load()}
        shelf.reported |= {(one.source, one.edition) for one in reported}

    def settle(self, one: Departure, run: SyncRun, *, cancelled: bool) -> None:  # noqa: ARG002 - the port's
        shelf, declined = self._place.shelf, (one.edition, int(RequestStatus.DECLINED))
        del shelf.departed[one.source, one.edition]
        if declined in shelf.seen and one.edition not in shelf.handled.values():
            shelf.lapsed.add(declined)
        if cancelled:
            shelf.cancelled.add(one.edition)


class FakeRequestLog:
    """Implements `ports.runs.RequestLog`."""

    def __init__(self, place: _Place) -> None:
        self._place = place

    def open_intents(self) -> tuple[Intent, ...]:
        return tuple(self._place.shelf.intents.values())

    def requested(self) -> frozenset[Edition]:
        return frozenset(_asked_for(self._place.shelf))

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        found = {
            (sent.lists[0], sent.body.key, sent.body.four_k)
            for sent, at in self._place.shelf.asked
            if at > since and sent.lists
        }
        return Counter(name for name, _, _ in found)


class FakeNotices:
    """Implements `ports.runs.Notices`; `over` are those that have ended."""

    def __init__(self) -> None:
        self.kept: dict[Origin, tuple[NoticeRecord, ...]] = {}
        self.over: list[NoticeRecord] = []
        self.fails: Exception | None = None

    def open(self, origin: Origin) -> tuple[NoticeRecord, ...]:
        return self.kept.get(origin, ())

    def latest(
        self, *, only_open: bool, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[NoticeRecord]:
        found = [one for kept in self.kept.values() for one in kept]
        found += [] if only_open else self.over
        found.sort(key=lambda one: one.since, reverse=True)
        keys = [(one.since.isoformat(), number) for number, one in enumerate(found)]
        return _page(found, keys, limit=limit, after=after, skip=skip)

    def emit(self, origin: Origin, now: Sequence[NoticeRecord], at: datetime) -> None:
        if self.fails is not None:
            raise self.fails
        ended = changes(self.open(origin), now).ended
        self.over += [replace(one, ended_at=at) for one in ended]
        self.kept[origin] = tuple(now)


class FakeRunLog:
    """Implements `ports.runs.RunLog`; keeps the `reports` of runs that ended."""

    def __init__(self, place: _Place, notices: FakeNotices) -> None:
        self._place = place
        self._notices = notices
        self.reports: list[SyncReport] = []

    def begin(self, run: SyncRun) -> None:
        """Note nothing: what has ended counts."""

    def is_first(self) -> bool:
        return not self._place.shelf.has_run_well

    def end(self, report: SyncReport, at: datetime, found: SyncFindings) -> None:
        self.reports.append(report)
        now = open_after(self._notices.open(Origin.SYNC), found)
        self._notices.emit(Origin.SYNC, now, at)
        if self._place.server:
            self._place.shelf.has_run_well |= report.result in (Result.OK, Result.PARTLY)


class FakeMemory:
    """Implements `ports.state.Memory` in dicts. `commits` is what `record` was given, in order."""

    def __init__(self) -> None:
        self.place = place = _Place()
        self.commits: list[tuple[Notes, Sequence[Intent]]] = []
        self.fails: Exception | None = None
        self.snapshots = FakeListSnapshots(place)
        self.list_setbacks = FakeListSetbacks(place)
        self.guard = FakeServerGuard(place)
        self.index = FakeIndexCache(place)
        self.server_requests = FakeServerRequests(place)
        self.matches = FakeMatchCache(place)
        self.handled = FakeHandledTitles(place)
        self.failed_requests = FakeFailedRequests(place)
        self.departures = FakeDepartures(place)
        self.requests = FakeRequestLog(place)
        self.notices = FakeNotices()
        self.runs = FakeRunLog(place, self.notices)

    @property
    def lists(self) -> dict[str, _List]:
        return self.place.lists

    @property
    def shelf(self) -> _Shelf:
        return self.place.shelf

    def record(self, notes: Notes, intents: Sequence[Intent] = ()) -> None:
        if self.fails is not None:
            raise self.fails
        self.commits.append((notes, tuple(intents)))
        shelf, now = self.shelf, datetime.now(UTC)
        for one in notes.handled:
            source, name = one.member.rules.source, one.member.entry_id
            if source in self.lists:
                assert name in self.lists[source].entries, f"{name} is no entry of {source}"
                place = (source, name, one.edition.four_k)
                shelf.handled[place] = one.edition
                if one.edition.key.kind is MediaType.TV:
                    shelf.seasons[place] = one.seasons or HandledSeasons(None)
                shelf.handled_on.setdefault(one.edition, now.date())
        self._close_intents(notes)
        shelf.sent.extend(notes.sent)
        shelf.asked += [
            (sent, now) for sent in notes.sent if sent.answered.kind is ResponseKind.REQUESTED
        ]
        for sent in notes.sent:
            shelf.cancelled.discard(Edition(sent.body.key, sent.body.four_k))
        shelf.looks.update(notes.looked)
        shelf.failed.update(notes.failed)
        for lookup, match in notes.matches.items():
            shelf.matches[lookup] = match
            shelf.misses.pop(lookup, None)
        shelf.misses.update(notes.misses)
        for intent in intents:
            written = replace(intent, at=now)
            shelf.intents[Edition(intent.body.key, intent.body.four_k)] = written

    def _close_intents(self, notes: Notes) -> None:
        """Close, with the intents, the choices that were looked up."""
        for match in notes.chosen:
            if match.chosen is not None:
                self.shelf.chosen_ids.pop(match.chosen.lookup, None)
        answered = [one for one in notes.sent if one.answered.kind != ResponseKind.UNSURE]
        shelf = self.shelf
        for body in (*(sent.body for sent in answered), *notes.dropped):
            shelf.intents.pop(Edition(body.key, body.four_k), None)
        shelf.seen.update({(one.edition, one.status): one for one in notes.seen})
        for sent in answered:
            if sent.answered.kind in TAKEN:
                edition = Edition(sent.body.key, sent.body.four_k)
                shelf.seen.pop((edition, RequestStatus.NONE), None)
                for name in {one for one in shelf.lapsed if one[0] == edition}:
                    shelf.lapsed.remove(name)
                    del shelf.seen[name]


def _without_reasons(match: Match) -> Match:
    return replace(match, reasons=(), candidates=())


class FakeClock(Clock):
    """A clock that goes when it is told to, and can be set."""

    def __init__(self, at: datetime) -> None:
        self.at, self.passed_s = at, 0.0
        super().__init__(lambda: self.at, lambda: self.passed_s)

    def let_pass(self, time: timedelta) -> None:
        self.at += time
        self.passed_s += time.total_seconds()

    def set_by(self, step: timedelta) -> None:
        """Set the clock, as a person or a time server does; no time passes."""
        self.at += step


class FakeKeyValueStore:
    """Implements `ports.state.KeyValueStore`; keeps what JSON makes of a value.

    `saves` counts by name.

    `meanwhile` is done by another thread while something is being written.
    """

    def __init__(self, **kept: Any) -> None:
        self.kept: dict[str, Any] = dict(kept)
        self.saves: Counter[str] = Counter()
        self.fails: Exception | None = None
        self.meanwhile: Callable[[], object] | None = None

    def load(self, name: str) -> Any:
        return self.kept.get(name)

    def save(self, name: str, value: Any) -> None:
        if self.meanwhile is not None:
            thread = threading.Thread(target=self.meanwhile, daemon=True)
            thread.start()
            thread.join(30)
            assert not thread.is_alive(), "it waits for what is being written"
        if self.fails is not None:
            raise self.fails
        self.kept[name] = json.loads(json.dumps(value))
        self.saves[name] += 1


NOTHING_KNOWN = TitleOverview(
    state=None,
    handled=HandledEntries(),
    failed={},
    requested_since=frozenset(),
    facts=None,
    requests=(),
)


def _page(
    rows: Sequence[_Row], keys: Sequence[Key], *, limit: int, after: Key | None, skip: int
) -> Page[_Row]:
    """Cut a page out of all *rows*, which stand in order, by their *keys*."""
    begin = skip + (keys.index(after) + 1 if after in keys else 0)
    told = tuple(rows[begin : begin + limit])
    has_more = bool(told) and begin + limit < len(rows)
    total = len(rows) if after is None else None
    return Page(total, told, keys[begin + len(told) - 1] if has_more else None)


class _Kept:
    """What the state is said to hold; `fails` is raised by all who look into it."""

    def __init__(self) -> None:
        self.told_runs: list[RunRow] = []
        self.requests: dict[str, tuple[RequestRow, ...]] = {}
        self.told_items: list[ItemRow] = []
        self.told_lists: list[ListRow] = []
        self.reviews: list[ReviewRow] = []
        self.titles_of_imdb: dict[str, tuple[TitleKey, str]] = {}
        self.told_entries: list[EntryRow] = []
        self.lookups: dict[str, Lookup] = {}
        self.overviews: dict[TitleKey, TitleOverview] = {}
        self.noted: list[str] = []
        self.has_learned = NOTHING_LEARNED
        self.has_arr_names: dict[MediaType, ArrNames] = {}
        self.forgotten: list[tuple[str, Exclusion]] = []
        self.remembers = 1
        self.fails: Exception | None = None

    def play(self) -> None:
        if self.fails is not None:
            raise self.fails


class FakeRunHistory:
    """Implements `ports.runs.RunHistory`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def page(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RunRow]:
        self._kept.play()
        keys = [(rows.started_at.isoformat(), rows.run_id) for rows in self._kept.told_runs]
        return _page(self._kept.told_runs, keys, limit=limit, after=after, skip=skip)

    def find(self, run_id: str) -> RunRow | None:
        self._kept.play()
        found = [row for row in self._kept.told_runs if row.run_id.startswith(run_id)]
        return found[0] if len(found) == 1 else None

    def results(self, start: datetime, end: datetime) -> Mapping[str, int]:
        self._kept.play()
        return Counter(
            row.result
            for row in self._kept.told_runs
            if row.result and start <= row.started_at < end
        )

    def note_end(self, row: RunRow, found: SyncFindings) -> None:  # noqa: ARG002 - the port's
        self._kept.play()
        there = next((one for one in self._kept.told_runs if one.run_id == row.run_id), None)
        if there is None:
            self._kept.told_runs.insert(0, row)
        elif there.result in (None, "cut_off"):
            self._kept.told_runs[self._kept.told_runs.index(there)] = row

    def close_cut_off(self, at: datetime) -> None:
        self._kept.play()
        self._kept.told_runs = [
            row if row.result else replace(row, ended_at=at, result="cut_off")
            for row in self._kept.told_runs
        ]


class FakeRequestHistory:
    """Implements `ports.runs.RequestHistory`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def of_run(
        self, run_id: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        self._kept.play()
        found = self._kept.requests.get(run_id, ())
        keys = [(number,) for number in range(1, len(found) + 1)]
        return _page(found, keys, limit=limit, after=after, skip=skip)

    def for_list(
        self, list_name: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        found = [row for row in self._all() if list_name in row.lists]
        return self._newest(found, limit=limit, after=after, skip=skip)

    def for_title(
        self, key: TitleKey, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        found = [row for row in self._all() if row.key == key]
        return self._newest(found, limit=limit, after=after, skip=skip)

    def latest(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RequestRow]:
        return self._newest([*self._all()], limit=limit, after=after, skip=skip)

    def _all(self) -> Iterator[RequestRow]:
        self._kept.play()
        yield from (row for rows in self._kept.requests.values() for row in rows)

    def _newest(
        self, found: Sequence[RequestRow], *, limit: int, after: Key | None, skip: int
    ) -> Page[RequestRow]:
        keys = [(len(found) - number,) for number in range(len(found))]
        rows = [replace(row, number=key[0]) for row, key in zip(found, keys, strict=True)]
        return _page(rows, keys, limit=limit, after=after, skip=skip)

    def for_query(self, query: str, *, limit: int) -> tuple[RequestRow, ...]:
        self._kept.play()
        found = (row for rows in self._kept.requests.values() for row in rows)
        return tuple(row for row in found if query.lower() in row.title.lower())[:limit]

    def of_day(
        self, start: datetime, end: datetime, *, slow_before: datetime, limit: int
    ) -> DayOfRequests:
        """Know of no title what became of it at the server: none is slow."""
        del slow_before
        self._kept.play()
        rows = (row for rows in self._kept.requests.values() for row in rows)
        found = [row for row in rows if start <= row.at < end]
        requested = [row for row in found if row.answer == "requested"]
        return DayOfRequests(
            requested=tuple(requested[:limit]),
            films=sum(row.key.kind is MediaType.MOVIE for row in requested),
            series=sum(row.key.kind is MediaType.TV for row in requested),
        )

    def since(self, since: datetime) -> Mapping[str, int]:
        self._kept.play()
        found = (row for rows in self._kept.requests.values() for row in rows)
        return Counter(row.lists[0] for row in found if row.at > since)


class FakeItems:
    """Implements `ports.titles.Items`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def page(
        self,
        query: str,
        *,
        list_name: str | None,
        limit: int,
        after: Key | None = None,
        skip: int = 0,
        lookup_of: Callable[[ListEntry], str | None],  # noqa: ARG002 - the port's
    ) -> Page[ItemRow]:
        self._kept.play()
        found = [
            row
            for row in self._kept.told_items
            if query.lower() in row.title.lower() and list_name in {None, row.list_name}
        ]
        keys = [(1, number, row.title) for number, row in enumerate(found)]
        found = [row._replace(place=key) for row, key in zip(found, keys, strict=True)]
        return _page(found, keys, limit=limit, after=after, skip=skip)

    def counts(self, list_name: str) -> Mapping[str, int]:
        self._kept.play()
        return Counter(row.status for row in self._kept.told_items if row.list_name == list_name)


class FakeEntries:
    """Implements `ports.items.Entries`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def find(self, query: str, *, limit: int) -> tuple[EntryRow, ...]:
        self._kept.play()
        found = (
            row for row in self._kept.told_entries if query.lower() in row.entry.label.lower()
        )
        return tuple(found)[:limit]

    def sharing(self, one: ListEntry, *, limit: int) -> tuple[EntryRow, ...]:
        self._kept.play()
        imdb = one.ids.imdb
        found = (row for row in self._kept.told_entries if imdb and row.entry.ids.imdb == imdb)
        return tuple(found)[:limit]

    def alike(
        self,
        source: str,
        one: ListEntry,
        key: TitleKey | None,  # noqa: ARG002 - the port's
    ) -> dict[str, ListEntry]:
        self._kept.play()
        return {
            row.entry_id: row.entry
            for row in self._kept.told_entries
            if row.row.source == source and row.entry.title == one.title
        }

    def kinds_before(self, source: str, entry_id: str) -> Mapping[MediaType | None, int]:
        self._kept.play()
        held = [row for row in self._kept.told_entries if row.row.source == source]
        (this,) = (row for row in held if row.entry_id == entry_id)
        return Counter(row.entry.kind for row in held if row.entry.rank < this.entry.rank)


class FakeTitleRecords:
    """Implements `ports.titles.TitleRecords`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def lookup(self, name: str) -> tuple[Lookup | None, Choice | None]:
        self._kept.play()
        choice = next((row.choice for row in self._kept.reviews if row.lookup == name), None)
        return self._kept.lookups.get(name), choice

    def overview(self, key: TitleKey, now: datetime) -> TitleOverview:  # noqa: ARG002 - the port's
        self._kept.play()
        return self._kept.overviews.get(key, NOTHING_KNOWN)


class FakeReviews:
    """Implements `ports.titles.Reviews`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def waiting(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        self._kept.play()
        found = [row for row in self._kept.reviews if row.choice is None]
        keys = [(f"{number:09}", row.lookup) for number, row in enumerate(found)]
        return _page(found, keys, limit=limit, after=after, skip=skip)

    def count_waiting(self) -> int:
        return self.waiting(limit=1).total or 0

    def decided(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        self._kept.play()
        found = [row for row in self._kept.reviews if row.choice is not None]
        keys = [(f"{number:09}", row.lookup) for number, row in enumerate(found)]
        return _page(found, keys, limit=limit, after=after, skip=skip)

    def find(self, name: str) -> tuple[ReviewRow, ...]:
        self._kept.play()
        return tuple(
            row for row in self._kept.reviews if row.lookup == name or row.long_id.startswith(name)
        )

    def choose(self, lookup: str, choice: Choice) -> None:
        self._kept.play()
        self._kept.reviews = [
            replace(row, choice=choice) if row.lookup == lookup else row
            for row in self._kept.reviews
        ]

    def withdraw(self, lookup: str) -> bool:
        self._kept.play()
        before = self._kept.reviews
        self._kept.reviews = [
            replace(row, choice=None) if row.lookup == lookup else row
            for row in self._kept.reviews
        ]
        return self._kept.reviews != before

    def title_of_imdb(self, imdb: str) -> tuple[TitleKey, str] | None:
        self._kept.play()
        return self._kept.titles_of_imdb.get(imdb)


class FakeExclusions:
    """Implements `ports.titles.Exclusions`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def add(self, item: str, at: datetime) -> None:  # noqa: ARG002 - the port's
        self._kept.play()
        self._kept.noted.append(item)

    def all(self) -> tuple[str, ...]:
        self._kept.play()
        return tuple(self._kept.noted)

    def forget(self, item: str, wanted: Exclusion) -> int:
        self._kept.play()
        self._kept.forgotten.append((item, wanted))
        return self._kept.remembers

    def forget_all(self) -> int:
        self._kept.play()
        return self._kept.remembers


class FakeServerRecords:
    """Implements `ports.server.ServerRecords`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def last(self) -> tuple[str, str] | None:
        self._kept.play()
        return None

    def learned(self) -> Learned:
        self._kept.play()
        return self._kept.has_learned

    def arr_names(self) -> Mapping[MediaType, ArrNames]:
        self._kept.play()
        return self._kept.has_arr_names


class FakeListRecords:
    """Implements `ports.lists.ListRecords`."""

    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def all(self) -> tuple[ListRow, ...]:
        self._kept.play()
        return tuple(self._kept.told_lists)


class FakeFeedRecords:
    """Implements `ports.feeds.FeedRecords` over `kept`."""

    def __init__(self) -> None:
        self.kept: dict[str, FeedRecord] = {}

    def find(self, rules: ListRules) -> FeedRecord | None:
        return self.kept.get(rules.name)

    def pages(self, record: FeedRecord) -> Iterator[tuple[FeedTitle, ...]]:  # noqa: ARG002 - the port's
        yield ()


class FakeStatistics:
    """Implements `ports.runs.Statistics` with what it is given."""

    def __init__(self) -> None:
        self.found = RequestStatistics(
            since=(NOTHING_COUNTED,) * 3,
            days=(NOTHING_COUNTED,) * DAYS,
            ever=NOTHING_COUNTED,
            lists=(),
            first_at=None,
        )
        self.session = NOTHING_COUNTED
        self.asked: tuple[Sequence[datetime], Sequence[datetime]] | None = None

    def since(self, at: datetime) -> RequestCounts:
        assert at.tzinfo is not None
        return self.session

    def statistics(self, since: Sequence[datetime], days: Sequence[datetime]) -> RequestStatistics:
        self.asked = (since, days)
        return self.found


class FakeAgentState:
    """Implements `ports.state.AgentState` over `kept`."""

    def __init__(self) -> None:
        self.kept = kept = _Kept()
        self.runs = FakeRunHistory(kept)
        self.requests = FakeRequestHistory(kept)
        self.items = FakeItems(kept)
        self.entries = FakeEntries(kept)
        self.titles = FakeTitleRecords(kept)
        self.reviews = FakeReviews(kept)
        self.exclusions = FakeExclusions(kept)
        self.server = FakeServerRecords(kept)
        self.lists = FakeListRecords(kept)
        self.notices = FakeNotices()
        self.feeds = FakeFeedRecords()
        self.statistics = FakeStatistics()


TRAKT_ACCESS, TRAKT_REFRESH = "not-a-real-access-token", "not-a-real-refresh-token"


class KeptTokens:
    """Keeps a login at Trakt in memory."""

    def __init__(self, expires_in: timedelta = timedelta(days=1)) -> None:
        self.kept: LoginTokens | None = LoginTokens(
            access=SecretStr(TRAKT_ACCESS),
            refresh=SecretStr(TRAKT_REFRESH),
            expires_at=datetime.now(UTC) + expires_in,
        )
        self._lock = threading.Lock()

    def load(self) -> LoginTokens | None:
        return self.kept

    def save(self, tokens: LoginTokens) -> None:
        self.kept = tokens

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._lock:
            yield


class AnimeIdsInMemory(dict[tuple[AnimeService, int], AnimeTitle]):
    """Implements `parsing.anime_ids.AnimeIds` with what it holds; `asked` are all questions."""

    def __init__(
        self, titles: Mapping[tuple[AnimeService, int], AnimeTitle] | None = None
    ) -> None:
        super().__init__(titles or {})
        self.asked: list[tuple[AnimeService, frozenset[int]]] = []

    def find(self, service: AnimeService, ids: Collection[int]) -> dict[int, AnimeTitle]:
        self.asked.append((service, frozenset(ids)))
        return {number: self[service, number] for number in ids if (service, number) in self}


@dataclass(frozen=True, slots=True)
class FilmIdsInMemory:
    """Remembers films until the process ends."""

    known: dict[str, FilmRecord] = field(default_factory=dict)

    def get_many(self, slugs: Iterable[str]) -> Mapping[str, FilmRecord]:
        return {slug: self.known[slug] for slug in slugs if slug in self.known}

    def put(self, slug: str, record: FilmRecord) -> None:
        self.known[slug] = record
