"""Base classes for what the user configures, and how a value of it is written and read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from listsync.certificates import CaFileError, check_ca_file
from listsync.lean_dataclasses import dataclass
from listsync.redaction import remember


class Options(Struct, frozen=True, kw_only=True):
    """A part of the configuration; unknown keys fail.

    Beside a field's type stands what it means, in words, and `Meta` with bounds; what these
    cannot say, a `ValueForm` or a `Check` does. listsync.config reads all of it: nothing is
    checked where options are made in code.
    """


@dataclass(frozen=True, slots=True, eq=False)
class ValueForm:
    """How a value is written that is more than a text, a number or a truth.

    `read` gets the value and the folder where relative paths begin; its ValueError says what is
    wrong. `schema` is the JSON Schema of what may be written.
    """

    read: Callable[[object, Path], object]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """What becomes of a value whose type is right; bounds hold for what comes out.

    Raises ValueError as `ValueForm` does.
    """

    of: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class AlsoCalled:
    """Other names of a key: each is read as the key itself, and none is shown."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InShort:
    """Marks the key whose value may stand for all of its mapping: `discord: https://...`."""


class UnknownNameError(ValueError):
    """A value that is none of the known names; *meant* are those that it may stand for."""

    def __init__(self, expected: str, meant: Iterable[str]) -> None:
        super().__init__(expected)
        self.meant = tuple(meant)


class HiddenValueError(ValueError):
    """A wrong value that may be a secret which was meant for another key: it is not shown."""


class SecretStr:
    """A text that is shown nowhere: not in a log, a message or a traceback.

    The log knows it from the moment it is made, whoever made it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text
        remember(text)

    def get_secret_value(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and self._text == other._text

    def __hash__(self) -> int:
        return hash((SecretStr, self._text))

    def __repr__(self) -> str:
        return "SecretStr('**********')"

    def __str__(self) -> str:
        return "**********"


SENDABLE = r"\A[!-~]{1,4096}\Z"
"""What can stand in an HTTP header."""


def sendable(secret: SecretStr | None) -> SecretStr | None:
    """Refuse what cannot stand in an HTTP header."""
    if secret is not None and not re.match(SENDABLE, secret.get_secret_value()):
        raise ValueError("expected ASCII letters, digits and signs, without spaces")
    return secret


def parse_one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("may not hold line breaks or control characters")
    return text.strip()


def parse_web_address(text: str) -> str:
    """Read an address of the web: http or https, a host, perhaps a login, a port and a path."""
    address = text.strip()
    try:
        parts = urlsplit(address)
        (parts.hostname or "").encode("idna")  # refuses empty and overlong parts
        is_one = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not address.isprintable() or " " in address:
        raise ValueError("expected an address such as https://host:8080")
    return address


def _parse_proxy(secret: SecretStr) -> SecretStr:
    return SecretStr(parse_web_address(secret.get_secret_value()))


def _parse_header(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError("expected ASCII letters, digits and signs on one line")
    return text.strip()


WebAddress = Annotated[str, Check(parse_web_address)]
ProxyAddress = Annotated[SecretStr, Check(_parse_proxy)]
"""May hold a login."""
HeaderText = Annotated[str, Check(_parse_header)]


def _read_ca_file(value: object, folder: Path) -> Path:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("expected a path as text")
    try:
        path = folder.absolute() / Path(value.strip()).expanduser()
        check_ca_file(path)
    except RuntimeError:  # whose home is meant
        raise ValueError("is in the home of no known user") from None
    except CaFileError as error:
        raise ValueError(f"the file {error}") from None
    return path


CaFile = Annotated[Path, ValueForm(_read_ca_file, {"type": "string", "minLength": 1})]
"""A file of certificate authorities; relative to the folder of the configuration."""

AtOnce = Annotated[int, Meta(ge=1, le=16), "How many requests the service gets at a time."]
Pace = Annotated[float, Meta(ge=0, le=60), "Seconds from one request to the next, at least."]


class ClientOptions(Options, frozen=True, kw_only=True):
    """How requests are made, wherever they go."""

    timeout_s: Annotated[float, Meta(gt=0, le=600), "Seconds to wait for one answer."] = 30
    user_agent: Annotated[HeaderText | None, "Sent as User-Agent instead of listsync's own."] = (
        None
    )
    at_once: AtOnce = 4
    pace_s: Pace = 0
    list_timeout_s: Annotated[
        float,
        Meta(gt=0, le=86400),
        "Seconds that reading one list may take, all its pages together.",
    ] = 900
    proxy: Annotated[
        ProxyAddress | None,
        "Proxy for this service, e.g. http://proxy:3128; a login may stand before an @.",
    ] = None
    ca_file: Annotated[
        CaFile | None,
        "Certificates (PEM) of an authority of your own, trusted for this service beside the "
        "usual ones; relative to the folder of this configuration.",
    ] = None


class ServiceOptions(ClientOptions, frozen=True, kw_only=True):
    """How one list service is reached; every service's `providers.<name>` starts from this."""

    base_url: Annotated[WebAddress, "Address of the service; change it for a mirror or a test."]


class PageOptions(ServiceOptions, frozen=True, kw_only=True):
    """How a service is reached that may show its pages to a browser only."""

    browser: Annotated[
        Literal["auto", "never"],
        "auto: pages behind bot protection are fetched with Chromium.",
    ] = "auto"
