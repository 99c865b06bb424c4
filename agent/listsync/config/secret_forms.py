"""Secrets as the user gives them: text, environment or file; and who could read them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from listsync.config.paths import at_home
from listsync.config.yaml_document import UnreadableFileError, check_mode, load_bytes, quote
from listsync.errors import Problem
from listsync.file_access import can_everybody_read
from listsync.files.local_file import WriterWait

MAX_BYTES = 64 * 1024

_FORMS = "expected the secret as text, {env: NAME} or {file: PATH}"


class SecretSource:
    """Reads secrets; *folder* is where relative paths begin."""

    def __init__(
        self, environ: Mapping[str, str], folder: Path, patience: WriterWait | None = None
    ) -> None:
        self._environ = environ
        self._folder = folder
        self._patience = patience or WriterWait()

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
            case _:
                raise ValueError(_FORMS)

    def _from_environment(self, name: str) -> str:
        if name not in self._environ:
            raise ValueError(f"the environment variable {quote(name)} is not set")
        return _checked(
            self._environ[name].strip(), f"the environment variable {quote(name)} is empty"
        )

    def _from_file(self, name: str) -> str:
        path = self._folder / at_home(name)
        shown = quote(str(path), 200)
        try:
            content, facts = load_bytes(path, MAX_BYTES, self._patience)
            check_mode(facts, os.geteuid())
            text = content.decode()
        except UnreadableFileError as error:
            raise ValueError(f"the secret's file {shown} {error}") from None
        except UnicodeDecodeError:
            raise ValueError(f"the secret's file {shown} is not UTF-8 text") from None
        text = text.removesuffix("\n").removesuffix("\r")
        return _checked(text, f"the secret's file {shown} is empty")


def _checked(secret: str, complaint: str) -> str:
    if not secret.strip():
        raise ValueError(complaint)
    if not secret.isprintable():
        raise ValueError("a secret may not hold line breaks or control characters")
    return secret


NAMES = frozenset({"api_key", "token", "client_id", "client_secret", "password", "proxy", "url"})
"""The keys of all secrets."""
_HARMLESS_WITHOUT_LOGIN = {"proxy", "url", "base_url"}


def warn_of_readers(path: Path, data: object) -> tuple[Problem, ...]:
    """Warn where every user of the machine can read a secret in the file."""
    if not _holds_secret(data) or not can_everybody_read(path):
        return ()
    what = (
        "holds a secret and can be read by every user: `chmod o-r` it, or give the secret as "
        "{file: PATH} or {env: NAME}"
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
    return any(
        _is_secret(name, value, in_target=in_target)
        if isinstance(value, str)
        else _holds_secret(value, in_target=in_target or name == "notify")
        for name, value in data.items()
    )


def _values(data: object) -> Iterable[object]:
    return data.values() if isinstance(data, dict) else ()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_secret(name: str, value: str, *, in_target: bool) -> bool:
    if name in _HARMLESS_WITHOUT_LOGIN and not (in_target and name == "url"):
        return "@" in value
    return name in NAMES and name != "client_id" and bool(value.strip())
