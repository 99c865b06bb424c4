"""What the file's form looks like: which keys there are, what each may hold, and what it does."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta
from msgspec.structs import FieldInfo, fields

from listsync.config.yaml_document import KeyPath
from listsync.config_types import AlsoCalled, InShort, Options, SecretStr
from listsync.lean_dataclasses import dataclass

NoteT = TypeVar("NoteT")


class Section(Options, frozen=True, kw_only=True):
    """A part of the file in which a key without a value is as good as no key."""


@dataclass(frozen=True, slots=True)
class Holds:
    """What may stand at a place: a value of `kind`, with `optional` nothing as well.

    `notes` are what is said beside it: `Meta`, `Form`, `Check`, and a text for people. `choices`
    are the types that may stand here, where there are several; `entry` is what the entries of a
    sequence are, `named` what names and values of a mapping are whose names are free.
    """

    kind: Any
    notes: tuple[object, ...]
    optional: bool
    choices: tuple[Any, ...]
    entry: Any = None
    named: tuple[Any, Any] | None = None

    def noted(self, wanted: type[NoteT]) -> NoteT | None:
        """Give the note of a kind; the outermost, where a type inside has one as well."""
        return next((note for note in self.notes if isinstance(note, wanted)), None)


@cache
def keys_of(model: type[Options]) -> Mapping[str, FieldInfo]:
    """Give the keys of the mapping that is read as *model*: its own, then those of its base."""
    own = inspect.get_annotations(model)
    return {
        key.encode_name: key for key in sorted(fields(model), key=lambda one: one.name not in own)
    }


@cache
def other_names_of(model: type[Options]) -> Mapping[str, str]:
    """Give the key for each other name that one of *model* has."""
    return {
        other: name
        for name, key in keys_of(model).items()
        if (also := holds(key.type).noted(AlsoCalled))
        for other in also.names
    }


@cache
def short_key_of(model: type[Options]) -> str | None:
    """Give the key of *model* whose value may stand for the whole mapping; None: there is none."""
    return next(
        (name for name, key in keys_of(model).items() if holds(key.type).noted(InShort)), None
    )


@cache
def required_of(model: type[Options]) -> tuple[str, ...]:
    return tuple(name for name, key in keys_of(model).items() if is_required(key))


def is_required(key: FieldInfo) -> bool:
    return key.default is NODEFAULT and key.default_factory is NODEFAULT


_held: dict[int, tuple[Any, Holds]] = {}
"""By the type's identity: some cannot be hashed, and those of models stay."""


def holds(hint: Any) -> Holds:
    """Take a type apart as it stands in a model, once."""
    found = _held.get(id(hint))
    if found is None:
        found = _held[id(hint)] = (hint, _taken_apart(hint))
    return found[1]


def _taken_apart(hint: Any) -> Holds:
    notes: list[object] = []
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            notes += more
        elif _is_union(hint) and NoneType in get_args(hint):
            optional = True
            hint = Union[tuple(part for part in get_args(hint) if part is not NoneType)]  # noqa: UP007 - made here
        else:
            parts, origin = get_args(hint), get_origin(hint)
            return Holds(
                kind=hint,
                notes=tuple(notes),
                optional=optional,
                choices=parts if _is_union(hint) else (hint,),
                entry=parts[0] if origin is tuple else None,
                named=(parts[0], parts[1]) if origin is Mapping else None,
            )


def models_in(hint: Any) -> Iterator[type[Options]]:
    """Give the models that may stand at a place, directly or as entries of a sequence."""
    found = holds(hint)
    for choice in found.choices:
        if is_model(choice):
            yield choice
    if found.entry is not None:
        yield from models_in(found.entry)


def is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Options)


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in {Union, UnionType}


@dataclass(frozen=True, slots=True)
class KeyInForce:
    """What stands at *path*, as it is written; None: nothing, or what is secret."""

    path: KeyPath
    text: str | None
    is_written: bool
    is_secret: bool


def keys_in_force(
    model: type[Options], data: Mapping[str, object], path: KeyPath = ()
) -> Iterator[KeyInForce]:
    """Give every key of *model*, those inside it too, with what *data* says or the default."""
    for name, key in keys_of(model).items():
        value = data.get(name)
        yield from _at(holds(key.type), key, None if value == [] else value, (*path, name))


def _at(held: Holds, key: FieldInfo, value: object, path: KeyPath) -> Iterator[KeyInForce]:
    if is_model(held.kind) and not isinstance(value, list):
        if value is not None or (not held.optional and not is_required(key)):
            yield from keys_in_force(held.kind, value if isinstance(value, dict) else {}, path)
            return
    elif held.entry is not None and isinstance(value, list) and any(models_in(held.entry)):
        for number, entry in enumerate(value):
            yield from _entry(held.entry, entry, (*path, number))
        return
    if held.named is not None and isinstance(value, dict):
        for name, one in value.items():
            yield from _at(holds(held.named[1]), key, one, (*path, str(name)))
        return
    text = _written(value) if value is not None else _default_of(held, key)
    is_secret = held.kind is SecretStr
    yield KeyInForce(path, None if is_secret else text, value is not None, is_secret)


def _entry(hint: Any, entry: object, path: KeyPath) -> Iterator[KeyInForce]:
    if not isinstance(entry, dict):
        yield KeyInForce(path, _written(entry), is_written=True, is_secret=False)
        return
    model = next(one for one in models_in(hint) if entry.keys() <= keys_of(one).keys())
    yield from keys_in_force(model, entry, path)


def _default_of(held: Holds, key: FieldInfo) -> str | None:
    meta = held.noted(Meta)
    extra = (meta and meta.extra_json_schema) or {}
    if held.named is not None:
        return None
    return _written(extra.get("default", None if is_required(key) else key.default))


def _written(value: object) -> str | None:
    """Write a value as it may stand in the file."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return f"[{', '.join(str(_written(one)) for one in value)}]"
        case dict():
            return f"{{{', '.join(f'{name}: {_written(one)}' for name, one in value.items())}}}"
        case _:
            return str(value)
