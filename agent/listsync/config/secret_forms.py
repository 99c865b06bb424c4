"""Secrets as the user gives them: as text, from the environment, or from a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from listsync.config.paths import at_home
from listsync.config.text_file import UnreadableError, check_mode, load_bytes
from listsync.config.yaml_document import quote
from listsync.files.whole_file import Patience

MAX_BYTES = 64 * 1024

_FORMS = "expected the secret as text, {env: NAME} or {file: PATH}"


class SecretSource:
    """Reads secrets; *folder* is where relative paths begin."""

    def __init__(
        self, environ: Mapping[str, str], folder: Path, patience: Patience | None = None
    ) -> None:
        self._environ = environ
        self._folder = folder
        self._patience = patience or Patience()

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
        except UnreadableError as error:
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
