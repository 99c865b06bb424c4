"""Where a login at a service is kept: its refresh token works once, so no copy may get lost."""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

from msgspec import Meta

from listsync.config_types import SENDABLE, SecretStr
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.file_access import open_to_write, replace_whole
from listsync.files.local_file import open_at_once
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode


def log_in_words(service: str) -> str:
    return f"run `listsync login {service}`"


Token = Annotated[str, Meta(pattern=SENDABLE)]
Done = TypeVar("Done")
_MARGIN = timedelta(minutes=5)
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginTokens:
    """A login: what is sent with a request, and what buys the next login, once.

    `refresh` is empty where nothing does.
    """

    access: SecretStr
    refresh: SecretStr
    expires_at: datetime

    def is_fresh(self, now: datetime) -> bool:
        return now + _MARGIN < self.expires_at


class LoginStore(Protocol):
    """Keeps the one login. Any thread may use it.

    Every method raises UnavailableError or RefusedError.
    """

    def load(self) -> LoginTokens | None:
        """Return the login, None before the first."""
        ...

    def save(self, tokens: LoginTokens) -> None:
        """Replace the login; it is durable when this returns."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep every other thread and process from renewing the login meanwhile."""
        ...


class Confidential(ResponseShape, frozen=True):
    """An answer that holds secrets as they came; it shows nothing of itself."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class _Saved(Confidential, frozen=True):
    access_token: Token
    refresh_token: Token | None
    expires_at: Annotated[datetime, Meta(tz=True)]


def utc_now() -> datetime:
    return datetime.now(UTC)


def with_login(
    logins: LoginStore,
    mark: SecretStr,
    log_in: Callable[[], LoginTokens],
    use: Callable[[SecretStr], Done],
) -> Done:
    """Do what *use* does with the login that is kept, or with a new one where that is over.

    For services where a key buys logins without a person: *mark* tells those of one key from those
    of another, and stands in place of what renews them. One that is refused is replaced, once.

    Raises:
        RefusedError, UnavailableError, ResponseChangedError: what *log_in* and *use* raise.
    """
    kept = _kept(logins, mark)
    if kept is not None:
        try:
            return use(kept.access)
        except RefusedError as error:
            if error.kind is not Refusal.CREDENTIAL:
                raise
    with logins.alone():
        current = _kept(logins, mark)
        if current is None or current == kept:
            current = log_in()
            logins.save(current)
    return use(current.access)


def with_current(
    access: Callable[[], SecretStr | None], use: Callable[[SecretStr], Done]
) -> Done | None:
    """Do what *use* does with the login that *access* gives; None without one.

    For services where a renewal ends the login before it: one that is refused because another
    thread has renewed it meanwhile is tried once more, as it is now.

    Raises:
        RefusedError, UnavailableError, ResponseChangedError: what *access* and *use* raise.
    """
    token = access()
    if token is None:
        return None
    try:
        return use(token)
    except RefusedError as error:
        renewed = access() if error.kind is Refusal.CREDENTIAL else None
        if renewed is None or renewed == token:
            raise
    return use(renewed)


def _kept(logins: LoginStore, mark: SecretStr) -> LoginTokens | None:
    """Give the login that is kept, if it is of *mark*; what is none is as good as none."""
    try:
        kept = logins.load()
    except RefusedError as error:
        if error.kind is not Refusal.CREDENTIAL:
            raise
        return None
    is_ours = kept is not None and kept.refresh == mark and kept.is_fresh(utc_now())
    return kept if is_ours else None


class FileTokens:
    """Keeps the login in a JSON file that only its owner can read, called as the service is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._service = path.stem

    def load(self) -> LoginTokens | None:
        """Read the file; refuses one that others can read, or that is no login."""
        try:
            with open(self._path, "rb", opener=open_at_once) as file:
                facts = os.fstat(file.fileno())
                content = file.read(_LARGEST) if stat.S_ISREG(facts.st_mode) else b""
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise self._refused("may not be read by the user listsync runs as") from error
        except OSError as error:
            raise self._unavailable("read", error) from error
        if stat.S_IMODE(facts.st_mode) & 0o077:
            mode = stat.S_IMODE(facts.st_mode)
            raise self._refused(f"is open to other users (mode {mode:04o}), expected mode 0600")
        try:
            saved = decode(content, _Saved)
        except UnknownFormError:
            raise RefusedError(
                self._service,
                Refusal.CREDENTIAL,
                f"{self._path} holds no login: {log_in_words(self._service)}",
            ) from None
        return LoginTokens(
            access=SecretStr(saved.access_token),
            refresh=SecretStr(saved.refresh_token or ""),
            expires_at=saved.expires_at,
        )

    def save(self, tokens: LoginTokens) -> None:
        """Write a new file, sync it, and put it in the place of the old one."""
        content = _json_of(tokens)
        try:
            self._make_folder()
            replace_whole(self._path, content)
        except OSError as error:
            raise self._unavailable("written", error) from error

    def _make_folder(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold a lock file beside the login; each holder opens it anew, so threads exclude too."""
        beside = self._path.with_name(f".{self._path.name}.lock")
        try:
            self._make_folder()
            handle = open_to_write(beside, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise self._unavailable("locked", error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _refused(self, why: str) -> RefusedError:
        return RefusedError(self._service, Refusal.PERMISSION, f"{self._path} {why}")

    def _unavailable(self, what: str, error: OSError) -> UnavailableError:
        return UnavailableError(self._service, f"{self._path} cannot be {what}: {error.strerror}")


def _json_of(tokens: LoginTokens) -> bytes:
    fields = {
        "access_token": tokens.access.get_secret_value(),
        "refresh_token": tokens.refresh.get_secret_value() or None,
        "expires_at": tokens.expires_at.isoformat(),
    }
    return json.dumps(fields, indent=1).encode()
