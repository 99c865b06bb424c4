"""What the core needs from the world. Implemented by `providers`, `seerr` and `store`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from listsync.domain.allowance import Allowance
    from listsync.domain.arr_services import ArrFailure, ArrNames, ArrOffer, ArrService
    from listsync.domain.history import (
        Choice,
        EntryRow,
        ItemRow,
        ListRow,
        Lookup,
        RequestRow,
        ReviewRow,
        RunRow,
        Standing,
    )
    from listsync.domain.lists import Fetched, ListEntry, ListOutcome, Validators
    from listsync.domain.media import Definition, MediaType, TitleKey
    from listsync.domain.notices import StandingNotice
    from listsync.domain.pages import Key, Page
    from listsync.domain.run_notes import (
        Departure,
        HandledEntries,
        Intent,
        Kept,
        ListSetback,
        Notes,
    )
    from listsync.domain.server import (
        Answered,
        Cancelled,
        FoundRequests,
        IndexPage,
        RequestBody,
        SearchPage,
        SeriesDetails,
        ServerInfo,
        ServerRequest,
        TitleFacts,
        TitleState,
    )
    from listsync.domain.server_guard import Trust
    from listsync.domain.server_knowledge import Learned
    from listsync.domain.sync_records import (
        Exclusion,
        ListRules,
        Match,
        Member,
        SyncReport,
        SyncRun,
    )


class ListProvider(Protocol):
    """Reads one list of one service."""

    def fetch(self, previous: Validators | None) -> Fetched:
        """Read the whole list, best first; *previous* is what the last good read gave.

        Raises:
            UnavailableError: nothing usable answers.
            RefusedError: the service says no, `kind` says why.
            AnswerChangedError: the answer is not of the known shape.
        """
        ...


class RequestServer(Protocol):
    """The request server (Overseerr, Jellyseerr, Seerr). Reads may come from several threads.

    Every method raises UnavailableError, RefusedError or AnswerChangedError.
    """

    def identify(self) -> ServerInfo:
        """Say who answers, and prove that the key is accepted."""
        ...

    def read_index(self, previous: tuple[IndexPage, ...]) -> tuple[IndexPage, ...]:
        """Read all that the server knows, in pages; unchanged pages cost a bodyless answer."""
        ...

    def find_by_imdb(self, imdb_id: str) -> SearchPage:
        """Look an IMDb id up; an empty answer is authoritative."""
        ...

    def find_by_tvdb(self, tvdb_id: int) -> SearchPage:
        """Look a TVDB series id up; may answer two series."""
        ...

    def find_by_tmdb(self, tmdb_id: int) -> SearchPage:
        """Look a TMDB number up in both kinds; an empty answer may be an outage."""
        ...

    def search(self, title: str, *, year: int | None = None, page: int = 1) -> SearchPage:
        """Search by title, with *year* only titles of that year; empty may be an outage."""
        ...

    def series(self, tmdb_id: int) -> SeriesDetails:
        """Read the seasons of a series and which of them are covered."""
        ...

    def facts(self, key: TitleKey, *, patient: bool = True) -> TitleFacts:
        """Read what the catalogue says of one title; not *patient*: by one call."""
        ...

    def parts(self, collection: int) -> tuple[TitleKey, ...]:
        """Read the parts of a film series in the order of their release; by one call."""
        ...

    def trouble_with_user(self, user: str) -> str | None:
        """Say why nothing can be requested as *user*, a name or an id; None if it can."""
        ...

    @property
    def arr_services(self) -> ArrServices:
        """The Radarrs and Sonarrs that the server hands requests to."""
        ...

    def allowance_of(self, user: str | None) -> Allowance:
        """Say what may be requested as *user* (a name or an id; None: as the server is told)."""
        ...

    def request(self, body: RequestBody) -> Answered:
        """Ask for one title. Never repeated blindly; only one caller at a time."""
        ...

    def find_requests(self, body: RequestBody) -> FoundRequests:
        """Look what requests there are for the title of *body*, in its edition."""
        ...

    def read_requests(self) -> tuple[ServerRequest, ...]:
        """Read the requests of all users, the newest ones up to a bound, in pages."""
        ...

    def cancel(self, request_id: int) -> Cancelled:
        """Take one request back if it is pending still and by whom we ask as."""
        ...

    @property
    def calls(self) -> int:
        """How many calls went out so far."""
        ...


class ArrServices(Protocol):
    """The Radarrs and Sonarrs behind the server."""

    def list_services(self, kind: MediaType) -> tuple[ArrService, ...]:
        """Read those for *kind* from the server's settings; none of them is asked.

        Raises:
            UnavailableError, RefusedError, AnswerChangedError: they cannot be read.
        """
        ...

    def read_offer(self, kind: MediaType, service_id: int) -> ArrOffer | ArrFailure:
        """Have the server ask one of them what can be chosen there. That can end the server.

        Raises:
            UnavailableError: the server cannot be reached; it was not asked.
        """
        ...

    def wait_until_back(self) -> None:
        """Wait, for a minute, until the server answers again; raises UnavailableError."""
        ...


class ArrNamesStore(Protocol):
    """Remembers what Radarr and Sonarr call things, by the identity of their server."""

    def load(self, server: str, kind: MediaType) -> ArrNames:
        """Return what is remembered; raises StateError."""
        ...

    def save(self, server: str, kind: MediaType, names: ArrNames) -> None:
        """Remember *names* instead, durably; raises StateError."""
        ...


class FactsCache(Protocol):
    """Remembers what the catalogue says of titles, for a while. Any thread may use it."""

    def get(self, key: TitleKey) -> TitleFacts | None:
        """Return what is known and not too old; raises StateError."""
        ...

    def put(self, key: TitleKey, facts: TitleFacts) -> None:
        """Keep what was read; raises StateError."""
        ...


class ServerRequests(Protocol):
    """What is remembered of the requests at one server that its index does not tell."""

    def remembered(self) -> tuple[ServerRequest, ...]:
        """Return what is known of titles: declined or failed requests, NONE for no request.

        What was declined counts until the title has left all lists.
        """
        ...

    def read_at(self) -> datetime | None:
        """Return when the server's list of requests was read last; None: never."""
        ...

    def unexplained(self, index: Mapping[TitleKey, TitleState]) -> frozenset[Definition]:
        """Return what we requested that *index* does not have, and of which nothing is known."""
        ...

    def save_reading(self, found: Sequence[ServerRequest], at: datetime) -> None:
        """Keep what the list of requests said, in place of what it said before."""
        ...


class Memory(Protocol):
    """What listsync remembers between runs. Used by one thread at a time.

    Everything but the lists' own snapshots belongs to one server: the one named last by
    `use_server`. Every method raises StateError when the state cannot be read or written.
    """

    def use_server(self, info: ServerInfo) -> str | None:
        """Choose the server by its identity; returns a notice when it is not the last one."""
        ...

    def previous(self, source: str) -> Validators | None:
        """Return what the last good read of the list gave to make the next one cheap.

        None while the next reading has to be fresh: what it lacked is to be confirmed, or a
        departure from it is not settled.
        """
        ...

    def entries(self, source: str) -> Mapping[str, ListEntry]:
        """Return the last good snapshot of the list by entry id, in the order of ranks."""
        ...

    def counts(self, source: str) -> tuple[int, int | None]:
        """Return how many rows the last whole reading had, and how many the service declared."""
        ...

    def save_reading(
        self,
        rules: ListRules,
        members: Sequence[Member],
        fetched: Fetched,
        at: datetime,
        why: str = "",
    ) -> Kept:
        """Keep what was read.

        Only a whole reading replaces the snapshot; a partial one, and one in doubt, adds to it.
        An entry has left the list when two fresh whole readings of different times lack it in a
        row; an unchanged one counts for neither. Then it is forgotten. Where a great part is gone
        at once (`sync.patience`), a whole reading only adds, until that has lasted.
        """
        ...

    def rename_entries(self, source: str, names: Mapping[str, str]) -> None:
        """Call entries of the list otherwise; *names* are the new ones by the old.

        What was handled under the old names is under the new ones.
        """
        ...

    def believe(self, source: str) -> None:
        """Note that somebody says: a list that lost much at once is meant to be so."""
        ...

    def save_setback_of_list(
        self,
        rules: ListRules,
        outcome: ListOutcome,
        why: str,
        at: datetime,
        retry_at: datetime | None = None,
    ) -> None:
        """Note that the list could not be read whole; its snapshot stays."""
        ...

    def setback_of_list(self, source: str) -> ListSetback | None:
        """Return how the list failed last; None when its last reading was good."""
        ...

    def matches(self, now: datetime, whole: Collection[str] = ()) -> dict[str, Match]:
        """Return the remembered matches by lookup; those due for another look are left out.

        What was found comes without reasons and candidates, but for the lookups in *whole*.
        """
        ...

    def chosen_ids(self) -> dict[str, str]:
        """Return by lookup the IMDb ids that a person chose and that are not looked up yet."""
        ...

    def handled(self) -> HandledEntries:
        """Return which entries were acted on, and for which titles."""
        ...

    def setbacks(self, now: datetime) -> dict[tuple[Definition, int | None], str]:
        """Return why requests failed that are not due to be tried again."""
        ...

    def trust(self, index: Mapping[TitleKey, TitleState]) -> Trust:
        """Compare the server and its *index* with what is remembered of them."""
        ...

    def confirm(self) -> None:
        """Note that somebody says: this server, and an index that lost so much, are meant."""
        ...

    def departed(self) -> tuple[Departure, ...]:
        """Return the handled titles whose entries have left their lists, not settled yet.

        And those that the last whole reading lacked: they leave if the next one does, too.
        """
        ...

    def save_cancel_warnings(self, reported: Collection[Departure]) -> None:
        """Remember that a run said that the requests of *reported* would be cancelled.

        What was remembered before stays, as long as it is among `departed`.
        """
        ...

    def settle_departure(self, one: Departure, run: SyncRun, *, cancelled: bool) -> None:
        """Note what became of a title that left its list: its request was cancelled, or not."""
        ...

    def series_to_watch(self, now: datetime) -> Mapping[Definition, date]:
        """Return handled series that are due to be looked at for new seasons, and since when."""
        ...

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        """Count the titles requested since then, by the list that had them requested."""
        ...

    def learned(self) -> Learned:
        """Return what earlier runs learned of the server, beside its titles."""
        ...

    def save_learned(self, learned: Learned) -> None:
        """Remember *learned* instead."""
        ...

    def open_intents(self) -> tuple[Intent, ...]:
        """Return requests that may have been sent and whose answer was never seen."""
        ...

    @property
    def server_requests(self) -> ServerRequests:
        """What is known of the requests at the server beside its index."""
        ...

    def index_pages(self) -> tuple[IndexPage, ...]:
        """Return the server's index as read last."""
        ...

    def save_index(self, pages: tuple[IndexPage, ...]) -> None:
        """Keep the pages of the server's index that changed."""
        ...

    def record(self, notes: Notes, intents: Sequence[Intent] = ()) -> None:
        """Write *notes* and the *intents* to send requests, durably and in one commit."""
        ...

    def begin_run(self, run: SyncRun) -> None:
        """Note the start of a run, before anything is known of the server."""
        ...

    def is_first_run(self) -> bool:
        """Tell whether no run ever ended well at this server."""
        ...

    def end_run(self, report: SyncReport, at: datetime) -> None:
        """Note the end of a run; old runs are forgotten."""
        ...


class Books(Protocol):
    """What was noted in the past, looked up for people; any thread may ask.

    Every method raises StateError when the state cannot be read or written.
    """

    def runs(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[RunRow]:
        """Return runs, the newest first; dry runs leave no trace here.

        Here and below a page begins *after* the last row of the one before; a first one leaves
        out *skip* rows.
        """
        ...

    def run(self, run_id: str) -> RunRow | None:
        """Return the run whose id begins so; None if it is not one run."""
        ...

    def requests_of_run(
        self, run_id: str, *, limit: int, after: Key | None = None, skip: int = 0
    ) -> Page[RequestRow]:
        """Return the answered requests of a run, as they were sent."""
        ...

    def note_end(self, row: RunRow) -> None:
        """Note a run that ended before its end, or even its start, was noted."""
        ...

    def last_server(self) -> tuple[str, str] | None:
        """Return product and version of the server that was reached last."""
        ...

    def notices(self) -> tuple[StandingNotice, ...]:
        """Return what stands in the way since the last real run, or one before it."""
        ...

    def close_cut_off_runs(self, at: datetime) -> None:
        """Note that runs without an end have been cut off; nothing may run meanwhile."""
        ...

    def items(
        self,
        query: str,
        *,
        list_name: str | None,
        limit: int,
        after: Key | None = None,
        skip: int = 0,
    ) -> Page[ItemRow]:
        """Return entries that fit, in the order of lists and ranks.

        *query* is part of a title, or an id.
        """
        ...

    def lists(self) -> tuple[ListRow, ...]:
        """Return how each list that was ever read was read last."""
        ...

    def exclude(self, item: str, at: datetime) -> None:
        """Note that *item* (an id form, e.g. `imdb:tt0133093`) is never to be requested."""
        ...

    def excluded(self) -> tuple[str, ...]:
        """Return what `exclude` noted."""
        ...

    def counts(self, list_name: str) -> Mapping[str, int]:
        """Count the entries of one list by the status that `items` tells, the most first."""
        ...

    def requests_for(self, list_name: str, *, limit: int) -> tuple[RequestRow, ...]:
        """Return what was requested because the list wanted it too, the newest first."""
        ...

    def entries(self, query: str, *, limit: int) -> tuple[EntryRow, ...]:
        """Return entries that fit as in `items`, in the order of their lists."""
        ...

    def entries_with(self, one: ListEntry, *, limit: int) -> tuple[EntryRow, ...]:
        """Return entries of all lists that share an id, or title and year, with *one*.

        Ids that nobody vouches for do not count.
        """
        ...

    def entries_alike(
        self, source: str, one: ListEntry, key: TitleKey | None
    ) -> Mapping[str, ListEntry]:
        """Return the entries of a list that share an id or the title with *one*, by their names.

        Also those that were taken for *key*, or might mean it.
        """
        ...

    def entries_before(self, source: str, entry_id: str, kind: MediaType | None) -> int:
        """Count the entries that stand before one on its list; of *kind*, or that may be."""
        ...

    def requested_titles(self, query: str, *, limit: int) -> tuple[RequestRow, ...]:
        """Return the last request of each title that fits as in `items`, the newest first."""
        ...

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        """Count the titles requested since then, as `Memory` does."""
        ...

    def arr_names(self) -> Mapping[MediaType, ArrNames]:
        """Return what is remembered of the server's Radarrs and Sonarrs."""
        ...

    def learned(self) -> Learned:
        """Return what the last runs learned of the server, beside its titles."""
        ...

    def lookup(self, name: str) -> tuple[Lookup | None, Choice | None]:
        """Return what was found for a lookup, and what a person said of it."""
        ...

    def standing(self, key: TitleKey, now: datetime) -> Standing:
        """Return what is known of one title."""
        ...

    def waiting(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        """Return lookups that wait for a person, the oldest first."""
        ...

    def decided(self, *, limit: int, after: Key | None = None, skip: int = 0) -> Page[ReviewRow]:
        """Return choices, the newest first."""
        ...

    def find_reviews(self, name: str) -> tuple[ReviewRow, ...]:
        """Return what is open or chosen whose long id begins with *name*, or whose lookup it is.

        Open is also what was found nowhere.
        """
        ...

    def choose(self, lookup: str, choice: Choice) -> None:
        """Note what a person said, instead of what was said before."""
        ...

    def title_of_imdb(self, imdb: str) -> tuple[TitleKey, str] | None:
        """Return the one title, with its name, that is remembered to have an IMDb id."""
        ...

    def withdraw(self, lookup: str) -> bool:
        """Forget a choice; returns whether there was one."""
        ...

    def forget(self, item: str, wanted: Exclusion) -> int:
        """Forget what was done with a title, so that it is looked at anew; returns how much."""
        ...

    def forget_all(self) -> int:
        """Forget what was done with every title; what was requested when stays told."""
        ...


class ConfiguredLists(Protocol):
    """The lists that the configuration in force names, for whoever reads the state."""

    def replace(self, lists: Iterable[ListRules]) -> None:
        """Note that these are named now, and no others; raises StateError."""
        ...


class Notebook(Protocol):
    """A few facts that the agent keeps over a restart, by name; any thread may use it."""

    def load(self, name: str) -> Any:
        """Return what was saved last (JSON), None for nothing."""
        ...

    def save(self, name: str, value: Any) -> None:
        """Keep *value*, durably; raises StateError."""
        ...
