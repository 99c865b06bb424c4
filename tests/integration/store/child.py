"""What a test lets a process of its own do to a state directory, so that it can be killed.

Run as `python child.py WHAT FOLDER`; writes one line when it is ready, then goes on.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.run_notes import Intent, Notes, Sent
from listsync.domain.server import (
    Product,
    RequestBody,
    RequestResponse,
    ResponseKind,
    ServerInfo,
)
from listsync.errors import BusyError, StateError
from listsync.store.database import FILE_NAME, Database
from listsync.store.state import SqliteMemory
from listsync.store.state_folder import locked

SERVER = ServerInfo(
    product=Product.SEERR,
    version="3",
    identity="one",
    user="owner",
    movie_4k=True,
    series_4k=True,
)
NOBODY = 65534


def body(number: int) -> RequestBody:
    return RequestBody(key=TitleKey(MediaType.MOVIE, number), four_k=False)


def intent(number: int) -> Intent:
    return Intent("Film", ("mine",), body(number))


def sent(number: int) -> Sent:
    answered = RequestResponse(kind=ResponseKind.REQUESTED, request_id=number)
    return Sent("run", "Film", ("mine",), body(number), answered)


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def write_for_ever(folder: Path) -> None:
    """Commit outcome n together with intent n + 1; say n + 1 when that is on disk."""
    memory = SqliteMemory(Database(folder / FILE_NAME))
    memory.guard.use(SERVER)
    memory.record(Notes(), [intent(1)])
    say(1)
    number = 1
    while True:
        memory.record(Notes(sent=[sent(number)]), [intent(number + 1)])
        number += 1
        say(number)


def hold(folder: Path) -> None:
    with locked(folder):
        say(os.getpid())
        time.sleep(60)


def take(folder: Path) -> None:
    try:
        with locked(folder):
            say("taken")
    except (BusyError, StateError) as error:
        say(f"{type(error).__name__}: {error}")


def open_as_nobody(folder: Path) -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    try:
        with locked(folder):
            pass
    except StateError as error:
        say(f"lock: {error}")
    try:
        Database(folder / FILE_NAME)
    except StateError as error:
        say(f"database: {error}")


def outgrow_a_limit(folder: Path) -> None:
    """Write until the system lets the file grow no further, then say what is in it."""
    database = Database(folder / FILE_NAME)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    number = 0
    try:
        while True:
            memory.record(Notes(), [intent(number + 1)])
            number += 1
    except StateError as error:
        say(f"{type(error).__name__}: {error}")
    say(
        [one.body.key.tmdb_id for one in memory.requests.open_intents()]
        == list(range(1, number + 1))
    )


ACTS: dict[str, Callable[[Path], None]] = {
    act.__name__: act for act in (write_for_ever, hold, take, open_as_nobody, outgrow_a_limit)
}

if __name__ == "__main__":
    ACTS[sys.argv[1]](Path(sys.argv[2]))
