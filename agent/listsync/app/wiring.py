"""From a configuration to the parts of one sync.

Brings all that a sync needs with it, which an agent that waits can do without.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from listsync.app.browser_wiring import sweep, walls_for
from listsync.app.config_diff import cap_of, is_meant
from listsync.app.garbage import fewer_collections
from listsync.app.tempdirs import scratch_folder
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config, ListConfig
from listsync.config.schema import ChromiumOptions, ProvidersOptions
from listsync.config.values import SANDBOX
from listsync.config_types import PageOptions, SecretStr, ServiceOptions
from listsync.domain.runs import Scope
from listsync.errors import StateError
from listsync.http.browser_fallback import Walls
from listsync.ports import ListProvider
from listsync.seerr.client import Seerr
from listsync.store.arr_names import SqliteArrNames
from listsync.store.backup import back_up_daily
from listsync.store.clock_steps import pull_back
from listsync.store.configured_lists import SqliteConfiguredLists
from listsync.store.database import FILE_NAME, Database, copy_files
from listsync.store.facts_cache import SqliteFacts
from listsync.store.film_ids import SqliteFilmIds
from listsync.store.history import SqliteBooks
from listsync.store.lock import locked, looking_at
from listsync.store.recovery import opened_state
from listsync.store.sync_memory import SqliteMemory
from listsync.sync.exclusions import Additions
from listsync.sync.fetch_lists import Followed
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts

if TYPE_CHECKING:
    import httpx

    from listsync.providers.file.source import FileSource
    from listsync.providers.imdb.source import ImdbSource
    from listsync.providers.letterboxd.source import LetterboxdSource
    from listsync.providers.mdblist.source import MdbListSource
    from listsync.providers.stevenlu.source import StevenLuSource
    from listsync.providers.tmdb.source import TmdbSource
    from listsync.providers.trakt.api import ClientIdCheck
    from listsync.providers.trakt.endpoints import TraktSource
    from listsync.providers.trakt.token_store import FileTokens

logger = logging.getLogger(__name__)

# What one service alone needs is imported for its lists: nobody follows lists of all of them.
# ruff: noqa: PLC0415

_SANDBOX_STATE = "sandbox.json"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a provider may need besides its source; what must be closed goes on `stack`.

    `folder` holds what must be real also in a dry run: a login that is renewed is spent. `token`
    ends what is waited for. `walls` are by service, `client_id_check` is that of all lists of
    Trakt.
    """

    options: ProvidersOptions
    chromium: ChromiumOptions
    database: Database
    folder: Path
    stack: ExitStack
    token: CancelToken
    walls: dict[str, Walls] = field(default_factory=dict)
    _client_ids: list[ClientIdCheck] = field(default_factory=list)
    _login_clients: list[httpx.Client] = field(default_factory=list)

    def client_id_check(self) -> ClientIdCheck:
        """Give the one check of the client id that all lists of Trakt share."""
        from listsync.providers.trakt.api import ClientIdCheck

        if not self._client_ids:
            self._client_ids.append(ClientIdCheck())
        return self._client_ids[0]

    def trakt_login_client(self) -> httpx.Client:
        """Give the one client that renews the login at Trakt.

        A renewal that was broken off would cost the login: it is not cut off with the run, which
        then leaves the client to the last thread that uses it.
        """
        from listsync.http.service_client import build_client

        if not self._login_clients:
            self._login_clients.append(build_client(self.options.trakt))
            self.stack.callback(self._close_login_client)
        return self._login_clients[0]

    def _close_login_client(self) -> None:
        if not self.token.is_set():
            self._login_clients[0].close()

    def client(self, options: ServiceOptions) -> httpx.Client:
        from listsync.http.service_client import build_client

        return self.stack.enter_context(build_client(options, token=self.token))

    def page_client(self, service: str, options: PageOptions) -> httpx.Client:
        """Build a client that may use a browser, one for all lists of the service."""
        from listsync.http.service_client import build_client

        walls = self.walls.get(service)
        if walls is None and options.browser == "auto":
            walls = walls_for(service, options, self.chromium, self.folder)
            self.walls[service] = self.stack.enter_context(walls)
        return self.stack.enter_context(build_client(options, walls=walls, token=self.token))


Build = Callable[[Any, Surroundings], ListProvider]
"""From a list's source to what reads it."""


def _file(source: FileSource, around: Surroundings) -> ListProvider:
    from listsync.providers.file.reader import ListFile

    return ListFile(source, around.options.file, around.token)


def _imdb(source: ImdbSource, around: Surroundings) -> ListProvider:
    from listsync.providers.imdb.reader import Imdb

    options = around.options.imdb
    return Imdb(source, options, around.page_client("imdb", options))


def _letterboxd(source: LetterboxdSource, around: Surroundings) -> ListProvider:
    from listsync.providers.letterboxd.reader import Letterboxd

    options = around.options.letterboxd
    films = SqliteFilmIds(around.database, "letterboxd")
    return Letterboxd(source, options, around.page_client("letterboxd", options), films)


def _mdblist(source: MdbListSource, around: Surroundings) -> ListProvider:
    from listsync.providers.mdblist.reader import MdbList

    options = around.options.mdblist
    return MdbList(source, options, around.client(options))


def _stevenlu(source: StevenLuSource, around: Surroundings) -> ListProvider:
    from listsync.providers.stevenlu.reader import StevenLu

    options = around.options.stevenlu
    return StevenLu(source, options, around.client(options))


def _tmdb(source: TmdbSource, around: Surroundings) -> ListProvider:
    from listsync.providers.tmdb.reader import Tmdb

    options = around.options.tmdb
    return Tmdb(source, options, around.client(options))


def _trakt(source: TraktSource, around: Surroundings) -> ListProvider:
    from listsync.providers.trakt.reader import Trakt

    options = around.options.trakt
    return Trakt(
        source,
        options,
        around.client(options),
        trakt_login(around.folder),
        around.client_id_check(),
        login_http=around.trakt_login_client(),
    )


PROVIDERS: dict[str, Build] = {
    "file": _file,
    "imdb": _imdb,
    "letterboxd": _letterboxd,
    "mdblist": _mdblist,
    "stevenlu": _stevenlu,
    "tmdb": _tmdb,
    "trakt": _trakt,
}


@contextmanager
def open_parts(
    config: Config,
    state_dir: Path,
    *,
    dry_run: bool,
    token: CancelToken,
) -> Iterator[Parts]:
    """Wire what one sync needs, and close it all afterwards.

    A dry run works on a copy of the state, so that it changes nothing, anywhere.

    Raises:
        BusyError: another listsync works on the state.
        StateError: the state cannot be used.
        UnavailableError: the sandbox does not start, or the server's address is none.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_state(state_dir, dry_run=dry_run))
        database = stack.enter_context(_opened(folder, dry_run=dry_run))
        pull_back(database, datetime.now(UTC))
        yield stack.enter_context(
            wired(
                config,
                database,
                folder,
                board=ProgressBoard(),
                token=token,
                state_dir=state_dir,
            )
        )


@contextmanager
def _opened(folder: Path, *, dry_run: bool) -> Iterator[Database]:
    if not dry_run:
        with opened_state(folder) as database:
            yield database
            _back_up_daily(folder, database)
        return
    database = Database(folder / FILE_NAME)
    try:
        yield database
    finally:
        database.close()


def _back_up_daily(folder: Path, database: Database) -> None:
    try:
        back_up_daily(folder, database.copy_to, datetime.now(UTC))
    except (OSError, StateError) as error:
        logger.warning("no daily backup of the state was made: %s", error)


@contextmanager
def open_lists(config: Config, state_dir: Path) -> Iterator[list[Followed]]:
    """Wire what reads the lists, to try it; nothing is remembered but a login that is renewed."""
    letterboxd = replace(config.providers.letterboxd, film_pages=0)
    options = replace(config.providers, letterboxd=letterboxd)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder("check"))
        database = Database(folder / FILE_NAME)
        stack.callback(database.close)
        around = Surroundings(options, config.chromium, database, state_dir, stack, CancelToken())
        yield [_followed(one, around) for one in config.lists]


@contextmanager
def wired(  # noqa: PLR0913 - each is a part of its own
    config: Config,
    database: Database,
    folder: Path,
    *,
    board: ProgressBoard,
    token: CancelToken,
    scope: Scope = None,
    state_dir: Path,
) -> Iterator[Parts]:
    """Wire one sync of the lists in *scope* on an open *database*.

    Lists of what must not be requested are always read. The sandbox keeps its state in *folder*,
    which for a dry run is another than *state_dir*.

    Raises:
        UnavailableError: the sandbox does not start, or the server's address is none.
    """
    with ExitStack() as stack:
        stack.enter_context(fewer_collections())
        server = open_server(config, folder, token, stack)
        readers = stack.enter_context(ExitStack())
        around = Surroundings(
            config.providers, config.chromium, database, state_dir, readers, token
        )
        SqliteConfiguredLists(database).replace(one.rules for one in config.lists)
        lists = [one for one in config.lists if is_meant(one, scope)]
        by_command = Additions(SqliteBooks(database).excluded)
        # First of all at the end: what was left behind of it finds all doors closed.
        stack.callback(token.revoke)
        yield Parts(
            lists=[_followed(one, around) for one in lists],
            exclusions=(*config.exclude, *by_command.take()),
            excluded_since=by_command.take,
            server=server,
            memory=SqliteMemory(database),
            arr_names=SqliteArrNames(database),
            board=board,
            stop=token.is_set,
            lists_are_read=readers.close,
            facts=SqliteFacts(database),
            cap=cap_of(config),
            server_timeout=timedelta(seconds=config.server.timeout_s),
        )


@contextmanager
def _state(state_dir: Path, *, dry_run: bool) -> Iterator[Path]:
    if not dry_run:
        with locked(state_dir):
            sweep(state_dir)
            yield state_dir
        return
    with (
        scratch_folder("dry-run") as copy,
        looking_at(state_dir),
    ):
        copy_files(state_dir, copy)
        copy_sandbox(state_dir, copy)
        yield copy


def trakt_login(state_dir: Path) -> FileTokens:
    """Find where the login at Trakt is kept."""
    from listsync.providers.trakt.token_store import FileTokens

    return FileTokens(state_dir / "trakt.json")


def copy_sandbox(folder: Path, target: Path) -> None:
    """Copy what the built-in server remembers, if it was ever used, to play with."""
    with suppress(FileNotFoundError):
        shutil.copyfile(folder / _SANDBOX_STATE, target / _SANDBOX_STATE)


def open_server(config: Config, folder: Path, token: CancelToken, stack: ExitStack) -> Seerr:
    """Open the client of the server, which *stack* closes; the sandbox is started for that.

    Raises:
        UnavailableError: the sandbox does not start, or the server's address is none.
        RefusedError: the key cannot be one.
    """
    url, api_key = config.server.url, config.server.api_key
    if url == SANDBOX:
        from listsync.sandbox.process import SandboxProcess

        sandbox = stack.enter_context(SandboxProcess(state=folder / _SANDBOX_STATE))
        url, api_key = sandbox.url, SecretStr(sandbox.api_key)
    server = Seerr(
        url,
        api_key or SecretStr(""),
        act_as=config.server.act_as,
        approve=config.server.approve,
        timeout_s=config.server.timeout_s,
        max_per_second=config.server.max_per_second,
        ca_file=config.server.ca_file,
        token=token,
    )
    stack.callback(server.close)
    return server


def _followed(one: ListConfig, around: Surroundings) -> Followed:
    return Followed(one.rules, PROVIDERS[one.service](one.source, around))
