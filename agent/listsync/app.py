"""Composition root: from a configuration to the parts of a sync. Knows every part."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from listsync.config.configuration import Config, ListConfig
from listsync.config.schema import ProvidersOptions
from listsync.domain.syncing import ListRules
from listsync.net.http import build_client
from listsync.ports import ListProvider
from listsync.providers.file import FileSource, ListFile
from listsync.providers.mdblist import MdbList, MdbListSource
from listsync.providers.stevenlu import StevenLu, StevenLuSource
from listsync.seerr.client import Seerr
from listsync.store.database import FILE_NAME, Database, copy_files
from listsync.store.lock import locked, looking_at
from listsync.store.memory import SqliteMemory
from listsync.sync.progress import ProgressBoard
from listsync.sync.reading import Followed
from listsync.sync.syncing import Parts

SANDBOX = "sandbox"

Build = Callable[[Any, ProvidersOptions, ExitStack], ListProvider]
"""From a list's source to what reads it; what must be closed goes on the stack."""


def _file(source: FileSource, options: ProvidersOptions, _: ExitStack) -> ListProvider:
    return ListFile(source, options.file)


def _stevenlu(source: StevenLuSource, options: ProvidersOptions, stack: ExitStack) -> ListProvider:
    return StevenLu(source, options.stevenlu, stack.enter_context(build_client(options.stevenlu)))


def _mdblist(source: MdbListSource, options: ProvidersOptions, stack: ExitStack) -> ListProvider:
    return MdbList(source, options.mdblist, stack.enter_context(build_client(options.mdblist)))


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
        server = _server(config, folder, stop, stack)
        yield Parts(
            lists=[_followed(one, config, stack) for one in config.lists],
            exclusions=config.exclude,
            server=server,
            memory=SqliteMemory(database),
            board=ProgressBoard(),
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
        yield Path(copy)


def _server(config: Config, folder: Path, stop: threading.Event, stack: ExitStack) -> Seerr:
    url, api_key = config.server.url, config.server.api_key
    if url == SANDBOX:
        from listsync.sandbox.process import SandboxProcess  # noqa: PLC0415 - only for the sandbox

        sandbox = stack.enter_context(SandboxProcess(state=folder / "sandbox.json"))
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
    rules = ListRules(
        source=f"{one.service}:{one.source}",
        name=one.name,
        service=one.service,
        limit=one.limit,
        kind=one.kind,
        is_exclusion=one.exclude,
        four_k=one.four_k,
    )
    return Followed(rules, PROVIDERS[one.service](one.source, config.providers, stack))
