"""The first configuration: its text, and how it comes to its place whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path

from listsync.config.json_schema import EDITOR_LINE, FILE_NAME, schema
from listsync.config.values import NOT_YET, SANDBOX, SERVICES, not_supported
from listsync.errors import StateError
from listsync.file_access import make_folder, own_path, sync_folder, write_new
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import is_address, recognise
from listsync.providers.custom import source as custom

SecretForm = str | Mapping[str, str]
"""A secret as it is written: `{encrypted: NAME}`, `{env: NAME}`, `{file: PATH}`."""

_PLAIN = re.compile(r"(?!(?:null|Null|NULL|~)$)[A-Za-z0-9/~._][\w./?=&%+~;@()!-]*", re.ASCII)
_OTHER_TYPES = re.compile(r"[\d._]+|true|false|yes|no|on|off|y|n", re.IGNORECASE)
_BETWEEN = re.compile(r",?\s+|,(?=https?://)", re.IGNORECASE)
_INSIDE = re.compile(r":(?! |$)")
_FILES = (".csv", ".tsv", ".json", ".txt", ".yaml", ".yml", ".xlsx")
_PLACES = ("/", "~", "./", "../")
_FORMS = (
    "paste the address of a list as the browser shows it, the path of a file, or "
    "`service: list`, such as `trakt: trending:movies` (`custom: https://...` for an address of "
    "your own that gives JSON, CSV, text or a feed)"
)


def pasted(text: str) -> list[str]:
    """Take a line apart where it holds several addresses, between spaces or commas."""
    found = _BETWEEN.split(text.strip())
    return found if all(is_address(one) for one in found) else [text.strip()]


def entry_of(text: str) -> dict[str, str]:
    """Find which list is meant by what somebody pasted: the entry of a configuration.

    Raises:
        ValueError: none, or nobody can tell whose; the message says what can be written.
    """
    value = text.strip().strip("<>\"'").strip()
    service, colon, rest = value.partition(":")
    service = service.strip().lower()
    service = "custom" if service == "url" else service
    if colon and not rest.startswith("//") and service in SERVICES:
        return {service: rest.strip()}
    form = recognise(value)
    if form is not None and form.provider in SERVICES:
        return {form.provider: value}
    if form is not None or (colon and service in NOT_YET):
        raise ValueError(not_supported(form.provider if form is not None else service))
    if value.startswith(_PLACES) or (value.lower().endswith(_FILES) and not is_address(value)):
        return {"file": _absolute(value)}
    if custom.is_data(value):
        return {"custom": value}
    what = "is no address of a list that is known here" if is_address(value) else "can mean much"
    raise ValueError(f"{value[:200]!r} {what}: {_FORMS}")


def _absolute(text: str) -> str:
    """Name a file so that it is found from everywhere: paths begin where the configuration is."""
    return text if text.startswith("~") else os.path.abspath(text)  # noqa: PTH100 - `~` stays


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstConfig:
    """What was answered; a secret is there in the form in which it is written."""

    url: str
    api_key: SecretForm | None = None
    request_as: str | int | None = None
    ca_file: Path | None = None
    lists: Sequence[Mapping[str, str]] = ()
    providers: Mapping[str, Mapping[str, SecretForm]] = field(default_factory=dict)

    def text(self) -> str:
        """Write it for people, who will go on with it in an editor."""
        return "\n".join(
            (_HEAD, *self._server(), "", *_SYNC, "", *self._lists(), *self._providers(), "")
        )

    def _server(self) -> Iterator[str]:
        yield "server:"
        note = "the built-in server: nothing is requested anywhere" if self.url == SANDBOX else ""
        yield _line(f"  url: {scalar(self.url)}", note)
        if self.api_key is not None:
            yield f"  api_key: {_secret(self.api_key)}"
        if self.request_as is not None:
            yield _line(f"  request_as: {scalar(self.request_as)}", "whose rights and quota count")
        if self.ca_file is not None:
            yield f"  ca_file: {scalar(str(self.ca_file))}"

    def _lists(self) -> Iterator[str]:
        yield _line("lists:" if self.lists else "lists: []", "the most important first")
        for entry in self.lists:
            ((service, value),) = entry.items()
            # Mostly it says whose it is.
            is_clear = value.startswith(("http://", "https://")) and service != "custom"
            yield f"  - {scalar(value)}" if is_clear else f"  - {service}: {scalar(value)}"
        yield from _BELOW_LISTS

    def _providers(self) -> Iterator[str]:
        if self.providers:
            yield "\nproviders:"
        for service, keys in self.providers.items():
            yield f"  {service}:"
            for name, form in keys.items():
                yield f"    {name}: {_secret(form)}"


_HEAD = f"""\
{EDITOR_LINE}
# Written by `listsync init`. After a change: `listsync check`. An agent that runs takes up a
# saved change by itself. All options: `listsync files listsync.yaml.example`.
"""
_WIDTH = 36


def _line(text: str, note: str) -> str:
    return f"{text.ljust(_WIDTH)}  # {note}" if note else text


_SYNC = ("sync:", _line("  every: 24h", 'or cron: "0 4 * * *"; 0 = only on command or change'))
_BELOW_LISTS = (
    "  # One with options of its own is written like this:",
    "  # - letterboxd: dave/watchlist",
    "  #   limit: 50                       only the first titles",
    "  #   request_as: family              in the name of another user",
    "  #   four_k: true                    in 4K",
)


def scalar(value: str | int) -> str:
    """Write a value of YAML, a text in quotes only where it needs them."""
    if isinstance(value, int):
        return str(value)
    is_plain = _PLAIN.fullmatch(_INSIDE.sub("", value)) and not value.startswith(":")
    if not is_plain or _OTHER_TYPES.fullmatch(value):
        return json.dumps(value, ensure_ascii=False)
    return value


def _secret(form: SecretForm) -> str:
    if isinstance(form, str):
        return scalar(form)
    return "{" + ", ".join(f"{name}: {scalar(value)}" for name, value in form.items()) + "}"


def place(
    path: Path, text: str, keep_secrets: Callable[[], Callable[[], None]], *, may_replace: bool
) -> Path | None:
    """Put the configuration at *path* and its schema beside it, all of it or nothing.

    Once there is room for both, *keep_secrets* stores what must not stand in the file; what it
    returns undoes that. Returns where an older configuration was put.

    Raises:
        StateError: it cannot be written, or there is one already; all is as it was.
    """
    try:
        target = own_path(path)
        with _made(target.parent), _written(target, text) as config:
            beside = target.with_name(FILE_NAME)
            with _written(beside, f"{json.dumps(schema(), indent=2)}\n") as schema_file:
                return _swapped(
                    (config, target), (schema_file, beside), keep_secrets, may_replace=may_replace
                )
    except FileExistsError:
        raise StateError(f"{path} has come up meanwhile: it was left as it is") from None
    except OSError as error:
        why = error.strerror or str(error)
        raise StateError(f"{path} cannot be written ({why}): nothing was changed") from error


def _swapped(
    config: tuple[Path, Path],
    schema_file: tuple[Path, Path],
    keep_secrets: Callable[[], Callable[[], None]],
    *,
    may_replace: bool,
) -> Path | None:
    """Let both files take their places; the configuration is last, as it is what counts."""
    had_schema, older = os.path.lexists(schema_file[1]), None
    undo = keep_secrets()
    try:
        schema_file[0].replace(schema_file[1])
        if may_replace and os.path.lexists(config[1]):
            older = _kept(config[1])
            config[0].replace(config[1])
        else:
            _put(*config)
    except BaseException:
        undo()
        if not had_schema:
            schema_file[1].unlink(missing_ok=True)
        raise
    sync_folder(config[1].parent)
    return older


_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What file systems say that give a file one name only: FAT, and many shares of a NAS."""


def _put(part: Path, target: Path) -> None:
    """Give a file its name, which nothing else may have; raises FileExistsError."""
    try:
        target.hardlink_to(part)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        part.replace(target)


def _kept(path: Path) -> Path:
    """Keep what is at *path* under a name that is free."""
    for number in range(1, 1000):
        older = path.with_name(f"{path.name}.{number}.bak")
        with suppress(FileExistsError):
            try:
                older.hardlink_to(path)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                write_new(older, path.read_bytes(), like=path)
            return older
    raise OSError(f"there are too many copies beside {path}")


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make *folder*, which stays only if all goes well."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        make_folder(folder)
        yield
    except BaseException:
        for one in missing:
            with suppress(OSError):
                one.rmdir()
        raise


_LEFT_S = 60.0


def _sweep(target: Path) -> None:
    """Remove what one that was killed has left; what another one writes now is younger."""
    for part in target.parent.glob(f".{target.name}.{'[0-9a-f]' * 8}"):
        with suppress(OSError):
            if time.time() - part.lstat().st_mtime > _LEFT_S:
                part.unlink()


@contextmanager
def _written(target: Path, text: str) -> Iterator[Path]:
    """Write *text* durably beside *target*, under a name that is gone afterwards."""
    _sweep(target)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        write_new(part, text.encode(), like=target)
        yield part
    finally:
        part.unlink(missing_ok=True)
