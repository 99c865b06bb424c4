"""Keys that have other names or stand for a whole mapping, read by what is documented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from msgspec.structs import FieldInfo

from listsync.config.schema_keys import (
    holds,
    is_model,
    keys_of,
    other_names_of,
    short_key_of,
)
from listsync.config.secret_forms import FORMS
from listsync.config.validation import ConfigIssue
from listsync.config.yaml_document import KeyPath, quote
from listsync.config_types import Options, SecretStr
from listsync.lean_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Renamed:
    """The data with every key under its documented name, and where that is written otherwise."""

    data: object
    places: Mapping[KeyPath, KeyPath] = field(default_factory=dict)
    found: tuple[ConfigIssue, ...] = ()

    def written(self, path: KeyPath) -> KeyPath:
        """Give the place in the file of what stands at *path* here."""
        return place_of(path, self.places)


def place_of(path: KeyPath, places: Mapping[KeyPath, KeyPath]) -> KeyPath:
    """Find what *path*, or what holds it, is called in *places*."""
    for end in range(len(path), 0, -1):
        if place := places.get(path[:end]):
            return (*place, *path[end:])
    return path


def renamed(model: type[Options], data: object) -> Renamed:
    """Give the keys of *data*, which is to be read as *model*, their documented names."""
    renamer = _Renamer()
    return Renamed(renamer.value(model, data, (), ()), renamer.places, tuple(renamer.found))


def say_the_same(one: object, other: object) -> bool:
    """Compare values as they are written; one text is a list of itself."""
    return _plain(one) == _plain(other)


def contradiction(path: KeyPath, key: str, name: str) -> ConfigIssue:
    """Tell of *key*, at *path*, which means the same as *name* and says something else."""
    what = f"{quote(key)} and {quote(name)} are one thing and say two, expected one of them"
    return ConfigIssue(path, what, at_key=True)


def _plain(value: object) -> object:
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value.strip().lower() if isinstance(value, str) else value


def _is_whole(key: FieldInfo, value: object) -> bool:
    """Tell whether *value* is that of *key* alone: a text, or the form of a secret."""
    if isinstance(value, dict):
        is_form = len(value) == 1 and value.keys() <= FORMS.keys()
        return is_form and holds(key.type).kind is SecretStr
    return isinstance(value, str)


class _Renamer:
    """Walks model and data side by side; *path* is by documented names, *at* as it is written."""

    def __init__(self) -> None:
        self.places: dict[KeyPath, KeyPath] = {}
        self.found: list[ConfigIssue] = []

    def value(self, hint: Any, value: object, path: KeyPath, at: KeyPath) -> object:
        held = holds(hint)
        if (
            is_model(held.kind)
            and (key := short_key_of(held.kind))
            and _is_whole(keys_of(held.kind)[key], value)
        ):
            self.places[*path, key] = at
            return {key: value}
        if isinstance(value, dict) and is_model(held.kind):
            return self._mapping(held.kind, value, path, at)
        if isinstance(value, list) and held.entry is not None:
            return [
                self.value(held.entry, one, (*path, n), (*at, n)) for n, one in enumerate(value)
            ]
        return value

    def _mapping(
        self, model: type[Options], data: dict[str, object], path: KeyPath, at: KeyPath
    ) -> dict[str, object]:
        keys, others = keys_of(model), other_names_of(model)
        named: dict[str, object] = {}
        for key, value in data.items():
            name = others.get(key, key)
            inner, place = (*path, name), (*at, key)
            if name != key and name in {*named, *data}:
                self._compare(key, name, value, data.get(name, named.get(name)), place)
                continue
            if name != key:
                self.places[inner] = place
            known = keys.get(name)
            named[name] = self.value(known.type, value, inner, place) if known else value
        return named

    def _compare(self, key: str, name: str, value: object, other: object, place: KeyPath) -> None:
        if not say_the_same(value, other):
            self.found.append(contradiction(place, key, name))
