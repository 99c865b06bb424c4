"""Secrets as the user gives them: as text, from the environment, or from a file.

They are put in place of their forms before anything else looks at the configuration.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from listsync.config.findings import Finding, dotted
from listsync.config.paths import at_home
from listsync.config.shape import is_secret, models_of
from listsync.config.text_file import UnreadableError, check_mode, load_bytes
from listsync.config.yaml_document import KeyPath, quote

MAX_BYTES = 64 * 1024

_FORMS = "expected the secret as text, {env: NAME} or {file: PATH}"


class SecretSource:
    """Reads secrets; *folder* is where relative paths begin.

    `found` collects what is wrong, `paths` where secrets stand.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = environ
        self._folder = folder
        self.found: list[Finding] = []
        self.paths: set[KeyPath] = set()

    def fill(self, model: type[BaseModel], data: object, path: KeyPath = ()) -> object:
        """Put the secrets in place of their forms, wherever *model* has some."""
        if not isinstance(data, dict):
            return data
        filled = dict(data)
        for key in model.model_fields.keys() & data.keys():
            filled[key] = self._fill_field(model.model_fields[key], data[key], (*path, key))
        return filled

    def _fill_field(self, options: FieldInfo, value: object, path: KeyPath) -> object:
        if value is None:
            return None
        if is_secret(options):
            return self._resolve(value, path)
        for model in models_of(options):
            if isinstance(value, list):
                return [self.fill(model, item, (*path, n)) for n, item in enumerate(value)]
            return self.fill(model, value, path)
        return value

    def _resolve(self, form: object, path: KeyPath) -> str | None:
        self.paths.add(path)
        try:
            return self.read(form)
        except ValueError as error:
            self.found.append(Finding(path, f"{dotted(path)}: {error}"))
            return None

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
            content, facts = load_bytes(path, MAX_BYTES)
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
