"""From a configuration to the parts of one sync.

Brings all that a sync needs with it, which an agent that waits can do without.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from listsync.app.following import is_meant, rules_of
from listsync.config.configuration import Config, ListConfig
from listsync.config.schema import ProvidersOptions
from listsync.domain.exclusions import parse_exclusion
from listsync.domain.running import Scope
from listsync.options import ServiceOptions
from listsync.ports import ListProvider
from listsync.providers.file import FileSource, ListFile
from listsync.providers.mdblist import MdbList, MdbListSource
from listsync.providers.stevenlu import StevenLu, StevenLuSource
from listsync.seerr.client import Seerr
from listsync.store.books import SqliteBooks
from listsync.store.database import FILE_NAME, Database, copy_files
from listsync.store.lock import locked, looking_at
from listsync.store.memory import SqliteMemory
from listsync.sync.progress import ProgressBoard
from listsync.sync.reading import Followed
from listsync.sync.syncing import Parts

if TYPE_CHECKING:
    import httpx

SANDBOX = "sandbox"
_SANDBOX_STATE = "sandbox.json"

Build = Callable[[Any, ProvidersOptions, ExitStack], ListProvider]
"""From a list's source to what reads it; what must be closed goes on the stack."""


def _file(source: FileSource, options: ProvidersOptions, _: ExitStack) -> ListProvider:
    return ListFile(source, options.file)


def _stevenlu(source: StevenLuSource, options: ProvidersOptions, stack: ExitStack) -> ListProvider:
    return StevenLu(source, options.stevenlu, _client(options.stevenlu, stack))


def _mdblist(source: MdbListSource, options: ProvidersOptions, stack: ExitStack) -> ListProvider:
    return MdbList(source, options.mdblist, _client(options.mdblist, stack))


def _client(options: ServiceOptions, stack: ExitStack) -> httpx.Client:
    from listsync.net.http import build_client  # noqa: PLC0415 - files need no web

    return stack.enter_context(build_client(options))


PROVIDERS: dict[str, Build] = {"file": _file, "stevenlu": _stevenlu, "mdblist": _mdblist}


@contextmanager
def open_parts(
    config: Config,
    state_dir: Path,
    *,
    dry_run: bool,
    stop: threading.Event,
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
        database = Database(folder / FILE_NAME)
        stack.callback(database.close)
        yield stack.enter_context(
            wired(config, database, folder, board=ProgressBoard(), stop=stop)
        )


@contextmanager
def wired(  # noqa: PLR0913 - each is a part of its own
    config: Config,
    database: Database,
    folder: Path,
    *,
    board: ProgressBoard,
    stop: threading.Event,
    scope: Scope = None,
) -> Iterator[Parts]:
    """Wire one sync of the lists in *scope* on an open *database*.

    Lists of what must not be requested are always read. The sandbox keeps its state in *folder*.

    Raises:
        UnavailableError: the sandbox does not start, or the server's address is none.
    """
    with ExitStack() as stack:
        server = _server(config, folder, stop, stack)
        lists = [one for one in config.lists if is_meant(one, scope)]
        added = map(parse_exclusion, SqliteBooks(database).excluded())
        yield Parts(
            lists=[_followed(one, config, stack) for one in lists],
            exclusions=(*config.exclude, *added),
            server=server,
            memory=SqliteMemory(database),
            board=board,
            stop=stop.is_set,
        )


@contextmanager
def _state(state_dir: Path, *, dry_run: bool) -> Iterator[Path]:
    if not dry_run:
        with locked(state_dir):
            yield state_dir
        return
    with (
        tempfile.TemporaryDirectory(prefix="listsync-dry-run-") as copy,
        looking_at(state_dir),
    ):
        copy_files(state_dir, Path(copy))
        copy_sandbox(state_dir, Path(copy))
        yield Path(copy)


def copy_sandbox(folder: Path, target: Path) -> None:
    """Copy what the built-in server remembers, if it was ever used, to play with."""
    with suppress(FileNotFoundError):
        shutil.copyfile(folder / _SANDBOX_STATE, target / _SANDBOX_STATE)


def _server(config: Config, folder: Path, stop: threading.Event, stack: ExitStack) -> Seerr:
    url, api_key = config.server.url, config.server.api_key
    if url == SANDBOX:
        from listsync.sandbox.process import SandboxProcess  # noqa: PLC0415 - only for the sandbox

        sandbox = stack.enter_context(SandboxProcess(state=folder / _SANDBOX_STATE))
        url, api_key = sandbox.url, SecretStr(sandbox.api_key)
    server = Seerr(
        url,
        api_key or SecretStr(""),
        act_as=config.server.act_as,
        approve=config.server.approve,
        timeout_s=config.server.timeout_s,
        stop=stop,
    )
    stack.callback(server.close)
    return server


def _followed(one: ListConfig, config: Config, stack: ExitStack) -> Followed:
    return Followed(rules_of(one), PROVIDERS[one.service](one.source, config.providers, stack))
