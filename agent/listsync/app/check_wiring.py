"""Opens what `listsync check --live` needs, so that it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from msgspec import structs

from listsync.app.live_check import LiveCheck
from listsync.app.tempdirs import scratch_folder
from listsync.app.wiring import copy_sandbox, open_server
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config
from listsync.errors import BusyError, StateError
from listsync.store.arr_names import SqliteArrNames
from listsync.store.database import Database, copy_files
from listsync.store.lock import locked
from listsync.store.recovery import opened_state


@contextmanager
def open_check(config: Config, state_dir: Path, *, keep: bool) -> Iterator[LiveCheck]:
    """Open what a check needs, and close it afterwards.

    With *keep*, what is looked up is remembered, unless another listsync works on the state.

    Raises:
        UnavailableError: the sandbox does not start, or the server's address is none.
        RefusedError: the key cannot be one.
        StateError: there is no room for a temporary folder.
    """
    with ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder("check"))
        copy_sandbox(state_dir, scratch)
        server = open_server(_as_owner(config), scratch, CancelToken(), stack)
        keeps = keep and _is_ours(state_dir, stack)
        if keeps:
            database = stack.enter_context(opened_state(state_dir))
        else:
            database = _copied(state_dir, scratch)
            stack.callback(database.close)
        yield LiveCheck(config, server, SqliteArrNames(database), keeps=keeps)


def _as_owner(config: Config) -> Config:
    """Act as nobody else: whether that user exists is a finding of its own."""
    return replace(config, server=structs.replace(config.server, act_as=None))


def _is_ours(state_dir: Path, stack: ExitStack) -> bool:
    try:
        stack.enter_context(locked(state_dir))
    except BusyError:
        return False
    return True


def _copied(state_dir: Path, scratch: Path) -> Database:
    """Open a copy of the state; beside an agent that writes it may not be readable: then none."""
    try:
        return Database(copy_files(state_dir, scratch))
    except StateError:
        return Database(scratch / "nothing.db")
