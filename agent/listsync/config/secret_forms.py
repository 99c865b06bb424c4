"""Secrets as the user gives them, in which order they are looked for, and who could read them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from listsync.config.paths import at_home
from listsync.config.yaml_document import UnreadableFileError, load_bytes, quote
from listsync.config_types import Options, SecretStr
from listsync.errors import BusyError, Problem, SecretError, StateError
from listsync.file_access import can_everybody_read, doubt_about, open_to_others
from listsync.files.local_file import WriterWait
from listsync.lean_dataclasses import dataclass
from listsync.redaction import logins_in, tokens_in
from listsync.secrets.keys import Ask
from listsync.secrets.places import (
    find_credential,
    find_credential_of_service,
    is_credential_of_unit,
    is_engines,
    read_secret,
)
from listsync.secrets.vault import Vault

MAX_BYTES = 64 * 1024

FORMS = {
    "env": "Environment variable that holds it; NAME_FILE and FILE__NAME may name its file.",
    "file": "File with the secret, mode 0600.",
    "credential": "Name of a systemd credential (LoadCredential=).",
    "encrypted": "Name under which `listsync secret set` keeps it.",
}
"""The forms of a secret beside the secret itself."""
_EXPECTED = (
    "expected the secret as text, {env: NAME}, {file: PATH}, {credential: NAME} or "
    "{encrypted: NAME}"
)


def _no_vault() -> Vault:
    raise StateError("there is no place for secrets")


@dataclass(frozen=True, slots=True)
class SecretKeeper:
    """Who tells encrypted secrets, and those that nobody gave.

    `open_vault` is called where one may be encrypted; `ask` None: nobody is there to be asked.
    """

    open_vault: Callable[[], Vault] = _no_vault
    ask: Ask | None = None


class SecretSource:
    """Reads secrets; *folder* is where relative paths begin."""

    def __init__(
        self,
        environ: Mapping[str, str],
        folder: Path,
        patience: WriterWait | None = None,
        keeper: SecretKeeper | None = None,
    ) -> None:
        self._environ = environ
        self._folder = folder
        self._patience = patience or WriterWait()
        self._keeper = keeper or SecretKeeper()
        self._files: dict[Path, None] = {}
        self.ask = self._keeper.ask

    def read(self, form: object) -> str:
        """Give the secret behind *form*.

        Raises:
            ValueError: there is none; the message never holds a secret.
        """
        match form:
            case str():
                return _checked(form, "is empty")
            case {"env": str(name), **rest} if not rest:
                return self._from_environment(name)
            case {"file": str(name), **rest} if not rest:
                return self._from_file(name)
            case {"credential": str(name), **rest} if not rest:
                return self._from_systemd(name)
            case {"encrypted": str(name), **rest} if not rest:
                return self._from_vault(name)
            case _:
                raise ValueError(_EXPECTED)

    def find(self, variable: str) -> tuple[object, str] | None:
        """Find who gives a secret variable: a form for `read`, and what is to be named for it."""
        if find_credential(variable, self._environ):
            return {"credential": variable}, f"the systemd credential {variable}"
        if named := self._file_of(variable):
            return {"file": named[0]}, named[1]
        if text := self._environ.get(variable, "").strip():
            return text, variable
        if find_credential_of_service(variable, self._environ):
            return {"credential": variable}, f"the systemd credential {variable}"
        return None

    def find_kept(self, variable: str) -> tuple[object, str] | None:
        """Find a secret variable among the encrypted secrets, which are asked last."""
        vault, _ = self._vault
        is_kept = vault is not None and variable in self._kept
        return ({"encrypted": variable}, str(vault.path)) if vault and is_kept else None

    def find_in_unit(self, variable: str) -> tuple[object, str] | None:
        """Find a secret variable that the unit of the service names, and only the service has."""
        if not is_credential_of_unit(variable, self._environ):
            return None
        return {"credential": variable}, f"the systemd credential {variable}"

    def trouble(self) -> Problem | None:
        """Say why encrypted secrets that are there cannot be looked through."""
        vault, _ = self._vault
        if vault is None:
            return None
        try:
            vault.names()
        except SecretError as error:
            what = str(error).removeprefix(f"{vault.path} ")
            return Problem(file=str(vault.path), what=what)
        return None

    def warnings(self) -> Iterator[Problem]:
        """Say of the files that were read who else can read them, or put others in their place."""
        for path in self._files:
            if can_everybody_read(path) and not is_engines(path):
                what = f"holds a secret and can be read by every user: `chmod o-r {path}`"
                yield Problem(file=str(path), what=what)
            if doubt := doubt_about(path):
                yield Problem(file=str(path), what=f"holds a secret and {doubt}")
        vault, _ = self._vault
        for path, doubt in vault.doubts() if vault is not None else ():
            yield Problem(file=str(path), what=f"holds secrets, or their key, and {doubt}")

    def _file_of(self, variable: str) -> tuple[str, str] | None:
        """Give the file that a variable beside *variable* names, and that variable."""
        for beside in (f"{variable}_FILE", f"FILE__{variable}"):
            if name := self._environ.get(beside, "").strip():
                return name, beside
        return None

    def _from_environment(self, name: str) -> str:
        if named := self._file_of(name):
            return self._from_file(named[0], f" that {named[1]} names")
        if name not in self._environ:
            raise ValueError(f"the environment variable {quote(name)} is not set")
        return _checked(
            self._environ[name].strip(), f"the environment variable {quote(name)} is empty"
        )

    def _from_file(self, name: str, why: str = "") -> str:
        path = self._folder / at_home(name)
        shown = f"{quote(str(path), 200)}{why}"
        try:
            content, facts = load_bytes(path, MAX_BYTES, self._patience)
            _check_rights(path, facts)
            text = content.decode()
        except UnreadableFileError as error:
            raise ValueError(f"the secret's file {shown} {error}") from None
        except UnicodeDecodeError:
            raise ValueError(f"the secret's file {shown} is not UTF-8 text") from None
        self._files[path] = None
        text = text.removesuffix("\n").removesuffix("\r")
        return _checked(text, f"the secret's file {shown} is empty")

    def _from_systemd(self, name: str) -> str:
        shown = f"the systemd credential {quote(name)}"
        path = find_credential(name, self._environ)
        path = path or find_credential_of_service(name, self._environ)
        if path is None:
            unit = f"LoadCredential={name}:/path in the unit"
            if "CREDENTIALS_DIRECTORY" in self._environ:
                raise ValueError(f"{shown} is not there: {unit}")
            raise ValueError(
                f"{shown} cannot be seen from here: systemd shows it to the service alone, and "
                f"while that runs to root, or to you where it is your own systemd's ({unit})"
            )
        try:
            return _checked(read_secret(path, is_guarded=True), f"{shown} is empty")
        except ValueError as error:
            raise ValueError(str(error) if shown in str(error) else f"{shown} {error}") from None

    def _from_vault(self, name: str) -> str:
        vault, why = self._vault
        if vault is None:
            raise ValueError(why)
        try:
            return vault.get(name)
        except (SecretError, BusyError) as error:
            raise ValueError(str(error)) from None

    @cached_property
    def _kept(self) -> tuple[str, ...]:
        """The names of encrypted secrets: none, if they cannot be looked through."""
        vault, _ = self._vault
        return vault.names() if vault is not None and not self.trouble() else ()

    @cached_property
    def _vault(self) -> tuple[Vault | None, str]:
        try:
            return self._keeper.open_vault(), ""
        except (SecretError, StateError) as error:
            return None, str(error)


def _check_rights(path: Path, facts: os.stat_result) -> None:
    if is_engines(path) and not facts.st_mode & 0o022:
        return
    if words := open_to_others(facts, os.geteuid()):
        raise UnreadableFileError(f"{words}: `chmod 600 {path}`")


def _checked(secret: str, complaint: str) -> str:
    if not secret.strip():
        raise ValueError(complaint)
    if not secret.isprintable():
        raise ValueError("a secret may not hold line breaks or control characters")
    return secret


NAMES = frozenset(
    {"api_key", "token", "client_id", "client_secret", "password", "pin", "proxy", "url", "dsn"}
)
"""The keys of all secrets."""
_HARMLESS_WITHOUT_LOGIN = {"proxy", "url", "base_url"}


def warn_of_readers(path: Path, data: object) -> tuple[Problem, ...]:
    """Warn where every user of the machine can read a secret in the file."""
    if not _holds_secret(data) or not can_everybody_read(path):
        return ()
    what = (
        "holds a secret and can be read by every user: `chmod o-r` it, or give the secret as "
        "{encrypted: NAME}, which `listsync secret set NAME` asks for"
    )
    return (Problem(file=str(path), what=what),)


def _holds_secret(data: object, *, in_target: bool = False) -> bool:
    """Look at all that is written; *in_target*: an address is a secret there."""
    if isinstance(data, list):
        return any(_holds_secret(one, in_target=in_target) for one in data)
    if not isinstance(data, dict):
        return False
    if in_target and any(map(_is_text, _values(data.get("headers")))):
        return True
    if isinstance(data.get("custom"), dict | list | str) and _holds_key(data["custom"]):
        return True
    return any(
        _is_secret(name, value, in_target=in_target)
        if isinstance(value, str)
        else _holds_secret(value, in_target=in_target or name == "notify")
        for name, value in data.items()
    )


def _holds_key(custom: object) -> bool:
    """Tell whether a list of the user's own has a secret in its address or beside it."""
    match custom:
        case str(url):
            return bool(tokens_in(url))
        case list(several):
            return any(map(_holds_key, several))
        case dict(form):
            beside = (*_values(form.get("headers")), *_values(form.get("parameters")))
            return any(map(_is_text, beside)) or _holds_key(form.get("url"))
        case _:
            return False


def _values(data: object) -> Iterable[object]:
    return data.values() if isinstance(data, dict) else ()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_secret(name: str, value: str, *, in_target: bool) -> bool:
    if name in _HARMLESS_WITHOUT_LOGIN and not (in_target and name == "url"):
        return "@" in value
    return name in NAMES and name != "client_id" and bool(value.strip())


def secrets_in(options: Options) -> Iterator[str]:
    """Give every secret in *options*, and in addresses among them."""
    for name in options.__struct_fields__:
        match getattr(options, name):
            case Options() as part:
                yield from secrets_in(part)
            case dict() as named:
                secret = (one for one in named.values() if isinstance(one, SecretStr))
                yield from (one.get_secret_value() for one in secret)
            case (Options(), *_) as parts:
                for part in parts:
                    yield from secrets_in(part)
            case SecretStr() as secret:
                yield secret.get_secret_value()
                yield from logins_in(secret.get_secret_value())
            case str(text) if "@" in text:
                yield from logins_in(text)


def texts_in(data: object) -> Iterator[str]:
    """Give every text that was written in *data*."""
    match data:
        case str():
            yield data
        case dict():
            yield from (text for value in data.values() for text in texts_in(value))
        case list():
            yield from (text for value in data for text in texts_in(value))
