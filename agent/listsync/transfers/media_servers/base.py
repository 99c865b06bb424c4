"""What a media server must be able to do, and what all are asked over HTTP alike."""

from __future__ import annotations

import math
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from pathlib import PurePath, PurePosixPath
from typing import Protocol, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr, ServiceOptions
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.http.request import MIB, ServiceRequest
from listsync.http.response import Response, retry_after_s
from listsync.http.service_client import build_client, send_once
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import UnknownFormError, decode
from listsync.text_cleaning import one_line
from listsync.transfers.mapping import sender_path
from listsync.transfers.options import MediaServerOptions

_MOST_BYTES = 16 * MIB
_LIBRARIES_LAST_S = 300.0
ShapeT = TypeVar("ShapeT")


@dataclass(frozen=True, slots=True)
class MediaLibrary:
    """One library of a media server; `locations` are its folders as the server sees them."""

    key: str
    title: str
    locations: tuple[str, ...]
    kind: str = ""


Libraries = tuple[MediaLibrary, ...]


@dataclass(frozen=True, slots=True)
class FilesFound:
    """Which of some files a media server shows; of `unknown` it could not be learned."""

    shown: frozenset[str]
    unknown: frozenset[str] = frozenset()


class MediaServer(Protocol):
    """One media server; used by one thread at a time. `name` is for people.

    `checks_s`: when it is worth asking what it shows, in seconds after a scan was sent.

    All raise:
        UnavailableError, ResponseChangedError: it may work later.
        RefusedError: a person must change something; CREDENTIAL and PERMISSION: its key.
    """

    name: str
    checks_s: tuple[float, ...]

    def scan(self, folder: str) -> None:
        """Have it look at *folder*, a path as it sees it; what it then does takes a while."""
        ...

    def shows(self, paths: Collection[str], since: datetime) -> FilesFound:
        """Look which of these files it shows; they were scanned after *since*."""
        ...

    def libraries(self) -> tuple[MediaLibrary, ...]:
        """Read its libraries."""
        ...

    def check(self) -> str:
        """Ask for its version, which needs its key."""
        ...

    def close(self) -> None: ...


class HttpMediaServer:
    """Asks one media server: bounded, with a deadline, and no redirect is followed.

    What was sent on would become a GET, or hand the key to somebody else.
    """

    checks_s: tuple[float, ...] = (60.0, 180.0, 600.0)
    refused = "the key is wrong, or was revoked"
    """What a 401 may come from."""

    def __init__(
        self, name: str, options: MediaServerOptions, key: SecretStr, token: CancelToken
    ) -> None:
        self.name = name
        self._base = options.url.rstrip("/")
        self._key = key
        self._timeout_s = options.timeout_s
        self._client = build_client(
            ServiceOptions(
                base_url="",
                timeout_s=options.timeout_s,
                list_timeout_s=math.inf,  # it is used for as long as the agent runs
                ca_file=options.ca_file,
            ),
            token=token,
        )
        self._client.at_once = 0  # its thread is the only one that asks it
        self._client.ca_option = "transfers.media_servers[].ca_file"
        self._libraries: tuple[MediaLibrary, ...] = ()
        self._read_at = -math.inf

    def headers(self) -> Mapping[str, SecretStr]:
        """Give what shows who asks."""
        raise NotImplementedError

    def read_libraries(self) -> tuple[MediaLibrary, ...]:
        raise NotImplementedError

    def libraries(self) -> tuple[MediaLibrary, ...]:
        self._libraries = self.read_libraries()
        self._read_at = time.monotonic()
        return self._libraries

    def libraries_of(self, path: str) -> tuple[MediaLibrary, ...]:
        """Find all libraries with a folder that holds *path*, the closest folder first.

        Raises:
            RefusedError: there is none (NOT_FOUND).
        """
        found = self.known_libraries(lambda libraries: _holding(path, libraries))
        if found:
            return found
        why = (
            f"has no library with {one_line(path)} in it (there are: {self._library_words()}); "
            "`media_server` of the mapping must be the folder as the media server sees it"
        )
        raise RefusedError(self.name, Refusal.NOT_FOUND, why)

    def known_libraries(self, choose: Callable[[Libraries], Libraries]) -> Libraries:
        """Give what *choose* takes; they are read again after some minutes, and if it is none."""
        is_old = time.monotonic() - self._read_at > _LIBRARIES_LAST_S
        return (() if is_old else choose(self._libraries)) or choose(self.libraries())

    def _library_words(self) -> str:
        words = (f"{one.title}: {', '.join(one.locations)}" for one in self._libraries)
        return one_line("; ".join(words) or "none", 400)

    def get(self, path: str, params: Mapping[str, str | int], shape: type[ShapeT]) -> ShapeT:
        """Ask for JSON; raises what `MediaServer` raises."""
        response = self.ask(path, params)
        try:
            return decode(response.body, shape)
        except UnknownFormError as error:
            what = "a web page came" if response.is_page else str(error)
            raise ResponseChangedError(
                self.name, f"answers otherwise than it should: {what}", sample=response.sample
            ) from None

    def ask(
        self, path: str, params: Mapping[str, str | int] | None = None, body: bytes | None = None
    ) -> Response:
        """Send a GET, or a POST of JSON; raises what `MediaServer` raises."""
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        response = send_once(
            self._client,
            ServiceRequest(
                service=self.name,
                url=f"{self._base}{path}{query}",
                secret_headers=self.headers(),
                hidden=(self._key,),
                body=body,
                limit_bytes=_MOST_BYTES,
                deadline_s=self._timeout_s,
                follows=False,
            ),
        )
        if (error := self._error_in(response)) is not None:
            raise error
        return response

    def _error_in(self, response: Response) -> Exception | None:
        """Say what a status means: its key is for a person, all else may pass."""
        status = response.status
        if status in (401, 403):
            kind = Refusal.CREDENTIAL if status == 401 else Refusal.PERMISSION
            return RefusedError(self.name, kind, f"refuses us (HTTP {status}): {self.refused}")
        if status < 300:
            return None
        wait_s = retry_after_s(response.headers)
        return UnavailableError(self.name, _words(response), retry_after_s=wait_s)

    def close(self) -> None:
        self._client.close()


def _words(response: Response) -> str:
    if response.status < 400:
        parts = urlsplit(response.location or "")
        to = f"{parts.scheme}://{parts.hostname}" if parts.hostname else "another address"
        return f"sends us on to {to} (HTTP {response.status}): set the address that it has now"
    said = response.title if response.is_page else response.sample
    return f"HTTP {response.status}: {one_line(said, 100)}".rstrip(": ")


def _holding(path: str, libraries: Iterable[MediaLibrary]) -> tuple[MediaLibrary, ...]:
    depths = (
        (max((depth_of(path, at) for at in one.locations), default=0), one) for one in libraries
    )
    found = sorted((pair for pair in depths if pair[0]), key=lambda pair: -pair[0])
    return tuple(one for _, one in found)


def depth_of(path: str, folder: str) -> int:
    """Count the components of *folder* if *path* is it or below it, else give 0."""
    outer = foreign_path(folder)
    return len(outer.parts) if foreign_path(path).is_relative_to(outer) else 0


def foreign_path(text: str) -> PurePath:
    """Read a path of another machine, by the rules of its system."""
    text = unicodedata.normalize("NFC", text)
    return sender_path(text) or PurePosixPath(text)


def those_in(paths: Collection[str], there: Iterable[str]) -> frozenset[str]:
    """Find the *paths* that are *there*, however their letters are composed."""
    known = {foreign_path(one) for one in there}
    return frozenset(path for path in paths if foreign_path(path) in known)


Open = Callable[[CancelToken], MediaServer]
"""Makes what asks one media server."""
