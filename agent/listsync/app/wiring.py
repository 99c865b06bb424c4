"""From a configuration to the parts of one sync.

Brings all that a sync needs with it, which an agent that waits can do without.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from listsync.app.history_service import write_history
from listsync.app.memory_tuning import fewer_collections
from listsync.app.notifications import deliver_now, rules_of
from listsync.app.provider_table import ClosedServer, KnownServices, ProviderContext, followed
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config
from listsync.config.paths import browser_records
from listsync.config.values import SANDBOX
from listsync.config_types import SecretStr
from listsync.domain.runs import Scope
from listsync.errors import BusyError, RefusedError, StateError, UnavailableError
from listsync.ports.fleet import RequestFence
from listsync.ports.server import ServerWatchlists
from listsync.process.records import sweep
from listsync.seerr.client import Seerr
from listsync.store.backup import back_up_daily
from listsync.store.clock_changes import pull_back
from listsync.store.database import FILE_NAME, Database, copy_files
from listsync.store.exclusions import SqliteExclusions
from listsync.store.feeds import SqliteFeeds
from listsync.store.key_value import SqliteKeyValueStore
from listsync.store.list_snapshots import SqliteConfiguredLists
from listsync.store.match_cache import SqliteFacts
from listsync.store.outbox import SqliteOutbox
from listsync.store.server_guard import SqliteArrNames
from listsync.store.state import SqliteMemory
from listsync.store.state_folder import locked, looking_at, opened_state
from listsync.sync.exclusions import Additions
from listsync.sync.fetch_lists import Followed
from listsync.sync.list_backoff import LOOK_EVERY, pause_of_failure
from listsync.sync.progress import ProgressBoard
from listsync.sync.run import Parts
from listsync.sync.submission import NO_FENCE


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """Make a folder that is gone with the block; raises StateError where there is no room."""
    try:
        made = tempfile.TemporaryDirectory(prefix=f"listsync-{purpose}-")
    except OSError as error:
        why = error.strerror or str(error)
        raise StateError(f"no temporary folder can be made ({why}): see TMPDIR") from error
    with made as name:
        yield Path(name)


logger = logging.getLogger(__name__)

# What one service alone needs is imported for its lists: nobody follows lists of all of them.
# ruff: noqa: PLC0415

_DELIVERY_S = 10.0
"""How long messages may take to go out after a sync without an agent."""
_SANDBOX_STATE = "sandbox.json"
_OF_SEVERAL = (
    "several agents share this work (postgres.fleet), and only the one that leads may request: "
    "`listsyncctl sync-now` at any of them starts a sync, `listsync once --dry-run` tries it out"
)


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
        BusyError: another listsync works on the state, or several agents share the work.
        StateError: the state cannot be used.
        UnavailableError: the sandbox does not start, or the server's address is none.
    """
    if config.postgres.fleet and not dry_run:
        raise BusyError(_OF_SEVERAL)
    with ExitStack() as stack:
        folder = stack.enter_context(_state(state_dir, dry_run=dry_run))
        database = stack.enter_context(_opened(folder, dry_run=dry_run))
        pull_back(
            database,
            datetime.now(UTC),
            longest_pause=pause_of_failure,
            look_every=LOOK_EVERY,
        )
        if not dry_run:
            stack.callback(write_history, config, state_dir, database)
            stack.enter_context(_delivering(config, database))
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
def _delivering(config: Config, database: Database) -> Iterator[None]:
    """Write messages for the targets of *config* meanwhile, and deliver them afterwards."""
    outbox = SqliteOutbox(database)
    outbox.follow(rules_of(config.notify), datetime.now(UTC))
    try:
        yield
    finally:
        deliver_now(config, outbox, SqliteKeyValueStore(database), _DELIVERY_S)


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
def open_lists(
    config: Config, state_dir: Path, token: CancelToken | None = None
) -> Iterator[list[Followed]]:
    """Wire what reads the lists, to try it; nothing is remembered but a login that is renewed."""
    letterboxd = replace(config.providers.letterboxd, film_pages=0)
    options = replace(config.providers, letterboxd=letterboxd)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder("check"))
        database = Database(folder / FILE_NAME)
        stack.callback(database.close)
        token = token or CancelToken()
        lists = [one for one in config.lists if one.rules.is_enabled]
        server = None
        if config.has_server and any(one.service == "seerr" for one in lists):
            copy_sandbox(state_dir, folder)
            server = _watchlists(config, folder, token, stack)
        context = ProviderContext(
            options, config.chromium, database, state_dir, stack, token, server=server
        )
        yield [followed(one, context) for one in lists]


def _watchlists(
    config: Config, folder: Path, token: CancelToken, stack: ExitStack
) -> ServerWatchlists:
    """Open the server, for lists that it has itself; without it others are read all the same."""
    try:
        return open_server(config, folder, token, stack)
    except (RefusedError, UnavailableError) as error:
        return ClosedServer(error)


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
    known: KnownServices | None = None,
    fence: RequestFence | None = None,
) -> Iterator[Parts]:
    """Wire one sync of the lists in *scope* on an open *database*.

    Lists of what must not be requested are always read. The sandbox keeps its state in *folder*,
    which for a dry run is another than *state_dir*.

    Raises:
        UnavailableError: the sandbox does not start, or the server's address is none.
    """
    with ExitStack() as stack:
        stack.enter_context(fewer_collections())
        server = None
        if config.has_server:
            server = open_server(config, folder, token, stack, fence)
        readers = stack.enter_context(ExitStack())
        context = ProviderContext(
            config.providers,
            config.chromium,
            database,
            state_dir,
            readers,
            token,
            known or KnownServices(),
            server,
        )
        SqliteConfiguredLists(database).replace(one.rules for one in config.lists)
        lists = [one for one in config.lists if one.is_read_in(scope)]
        by_command = Additions(SqliteExclusions(database, lambda: None).all)
        # First of all at the end: what was left behind of it finds all closed.
        stack.callback(token.revoke)
        yield Parts(
            lists=[followed(one, context) for one in lists],
            exclusions=(*config.exclude, *by_command.take()),
            excluded_since=by_command.take,
            server=server,
            memory=SqliteMemory(
                database, frozenset(one.name for one in config.lists if one.rules.is_enabled)
            ),
            arr_names=SqliteArrNames(database),
            board=board,
            stop=token.is_set,
            lists_are_read=readers.close,
            facts=SqliteFacts(database),
            cap=config.cap,
            server_timeout=_server_timeout(config, fence),
            fence=fence or NO_FENCE,
            feeds=SqliteFeeds(database) if config.http.listen else None,
        )


def _server_timeout(config: Config, fence: RequestFence | None) -> timedelta:
    longest = max(config.server.timeout_s, fence.post_s if fence is not None else 0)
    return timedelta(seconds=longest)


@contextmanager
def _state(state_dir: Path, *, dry_run: bool) -> Iterator[Path]:
    if not dry_run:
        with locked(state_dir):
            sweep(browser_records(state_dir))
            yield state_dir
        return
    with (
        scratch_folder("dry-run") as copy,
        looking_at(state_dir),
    ):
        copy_files(state_dir, copy)
        copy_sandbox(state_dir, copy)
        yield copy


def copy_sandbox(folder: Path, target: Path) -> None:
    """Copy what the built-in server remembers, if it was ever used, to play with."""
    with suppress(FileNotFoundError):
        shutil.copyfile(folder / _SANDBOX_STATE, target / _SANDBOX_STATE)


def open_server(
    config: Config,
    folder: Path,
    token: CancelToken,
    stack: ExitStack,
    fence: RequestFence | None = None,
) -> Seerr:
    """Open the client of the server, which *stack* closes; the sandbox is started for that.

    Raises:
        UnavailableError: the sandbox does not start, or the server's address is none.
        RefusedError: the key cannot be one.
    """
    url, api_key = config.server.url, config.server.api_key
    if url == SANDBOX:
        from listsync.sandbox.process import SandboxProcess

        sandbox = stack.enter_context(SandboxProcess(state=(folder / _SANDBOX_STATE).absolute()))
        url, api_key = sandbox.url, SecretStr(sandbox.api_key)
    server = Seerr(
        url,
        api_key or SecretStr(""),
        act_as=config.server.request_as,
        approve=config.server.approve,
        timeout_s=config.server.timeout_s,
        max_per_second=config.server.max_per_second,
        ca_file=config.server.ca_file,
        token=token,
        fence=fence,
        key_name=_stored_key_name(config),
    )
    stack.callback(server.close)
    return server


def _stored_key_name(config: Config) -> str | None:
    """Give the name that the server's key is kept under by `listsync secret`, if it is."""
    match config.written.data:
        case {"server": {"api_key": {"encrypted": str(name)}}}:
            return name
    return None
