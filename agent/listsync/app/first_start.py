"""What `listsync init` tries before anything is written: the server, its key, its users, lists."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from listsync.app.live_check import rows_of
from listsync.app.wiring import open_lists
from listsync.cancellation import CancelToken
from listsync.config.configuration import check
from listsync.config.values import SANDBOX
from listsync.config.yaml_document import YamlDocument
from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome
from listsync.domain.run_messages import advice_on
from listsync.errors import (
    ListsyncError,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
    UnreachableError,
)
from listsync.http.deadline import Timeouts
from listsync.lean_dataclasses import dataclass
from listsync.seerr.client import Seerr
from listsync.seerr.users import Actor
from listsync.sync.fetch_lists import Before, Reading, read_lists
from listsync.terminal.output import shown

USUAL = tuple(
    f"http://{host}:5055"
    for host in ("localhost", "seerr", "jellyseerr", "overseerr", "host.docker.internal")
)
"""Where a server mostly is: on this machine, or beside us in a network of containers."""
_SEARCH_S = 2.0
_TRY_S = 15.0
_MOST_ABOVE = 4
_NO_KEY = SecretStr("none-yet")


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answers; `name` is its product and version."""

    url: str
    name: str


@dataclass(frozen=True, slots=True)
class TriedServer:
    """A server that accepted its key. `why_no_users` says why there are none to choose from."""

    name: str
    owner: str
    users: tuple[Actor, ...] = ()
    why_no_users: str = ""


def find_servers(
    addresses: Sequence[str] = USUAL, within_s: float = _SEARCH_S
) -> tuple[FoundServer, ...]:
    """Look which of *addresses* a server answers at, all of them at the same time."""
    token, found = CancelToken(), dict[str, str]()
    lookers = [
        threading.Thread(target=_look, args=(url, token, found), daemon=True) for url in addresses
    ]
    for one in lookers:
        one.start()
    give_up = time.monotonic() + within_s
    for one in lookers:
        one.join(max(0.0, give_up - time.monotonic()))
    token.set()
    token.cut()
    return tuple(FoundServer(url, found[url]) for url in addresses if url in found)


def _look(url: str, token: CancelToken, found: dict[str, str]) -> None:
    try:
        place = urlsplit(url)
        # A refusal is known at once here; the client would try again.
        socket.create_connection((place.hostname or "", place.port or 80), _SEARCH_S).close()
        server = Seerr(url, _NO_KEY, timeouts=Timeouts.of(_SEARCH_S), token=token)
    except (OSError, ValueError, ListsyncError):
        return
    try:
        found[url] = server.name_of_product()
    except ListsyncError:
        return  # it is another program
    finally:
        server.close()


def look_at_server(url: str, ca_file: Path | None) -> FoundServer:
    """Say what answers at *url*, before there is a key; raises as `try_server` does.

    Who copies the address of a page (`.../login`) means the server that the page is of.
    """
    try:
        return _found_at(url, ca_file)
    except UnreachableError:
        raise
    except (UnavailableError, ResponseChangedError):
        for above in _addresses_above(url):
            with suppress(UnavailableError, RefusedError, ResponseChangedError):
                return _found_at(above, ca_file)
        raise


def _found_at(url: str, ca_file: Path | None) -> FoundServer:
    with _opened(url, _NO_KEY, ca_file) as server:
        return FoundServer(url, server.name_of_product())


def _addresses_above(url: str) -> Iterator[str]:
    """Give the addresses that *url* lies below, the nearest first; of many the shortest."""
    place = urlsplit(url)
    parts = place.path.strip("/").split("/") if place.path.strip("/") else []
    for count in range(min(len(parts), _MOST_ABOVE) - 1, -1, -1):
        path = "".join(f"/{one}" for one in parts[:count])
        yield place._replace(path=path, query="", fragment="").geturl()


def try_server(url: str, key: SecretStr, ca_file: Path | None) -> TriedServer:
    """Say what answers at *url*, whose the key is, and which users there are.

    Raises:
        UnavailableError, ResponseChangedError: nothing usable answers.
        RefusedError: the key is not accepted.
    """
    with _opened(url, key, ca_file) as server:
        info = server.identify()
        name = f"{info.product.value} {info.version}"
        try:
            return TriedServer(name, info.user, server.users())
        except (UnavailableError, RefusedError, ResponseChangedError) as error:
            return TriedServer(name, info.user, why_no_users=error.why)


@contextmanager
def _opened(url: str, key: SecretStr, ca_file: Path | None) -> Iterator[Seerr]:
    with ExitStack() as stack:
        if url == SANDBOX:
            from listsync.sandbox.process import SandboxProcess  # noqa: PLC0415 - mostly not used

            sandbox = stack.enter_context(SandboxProcess())
            url, key = sandbox.url, SecretStr(sandbox.api_key)
        server = Seerr(url, key, timeouts=Timeouts.of(_TRY_S), ca_file=ca_file)
        stack.callback(server.close)
        yield server


@dataclass(frozen=True, slots=True)
class TriedList:
    """How reading a list went: in words, and what can be done where it did not go well.

    `lacks_credential`: the service wants a key or a login before it shows the list.
    """

    service: str
    name: str
    is_read: bool
    words: str
    advice: str = ""
    lacks_credential: bool = False


def try_list(  # noqa: PLR0913, PLR0917 - each is known from elsewhere
    entry: Mapping[str, object],
    server: Mapping[str, object],
    providers: Mapping[str, Mapping[str, str]],
    environ: Mapping[str, str],
    folder: Path,
    state_dir: Path,
) -> TriedList:
    """Read the list that *entry* of a configuration in *folder* names; nothing is remembered.

    *server* is what that says of the request server.

    Raises:
        ConfigError: it is no list of its service.
        StateError: there is no room for a temporary folder.
    """
    data = {"server": dict(server), "lists": [dict(entry)], "providers": dict(providers)}
    others = {name: text for name, text in environ.items() if not name.endswith("_LISTS")}
    config = check(YamlDocument(file="the list", data=data), others, folder)
    with open_lists(config, state_dir) as lists:
        (reading,) = read_lists(lists, {one.rules.source: Before() for one in lists})
    return _tried(reading)


def _tried(reading: Reading) -> TriedList:
    rules, outcome = reading.rules, reading.outcome
    if reading.fetched is not None:
        words = f"read {rows_of(reading)}"
    else:
        words = f"not read ({outcome.value.replace('_', ' ')})"
    return TriedList(
        service=rules.service,
        name=rules.name,
        is_read=outcome.whole,
        words=f"{words}: {shown(reading.why, 300)}" if reading.why else words,
        advice=advice_on(rules.service, outcome),
        lacks_credential=outcome in (ListOutcome.CREDENTIAL, ListOutcome.PRIVATE),
    )
