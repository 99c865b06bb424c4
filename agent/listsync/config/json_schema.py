"""The JSON Schema of `listsync.yaml`, so that editors complete and check it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from msgspec import Meta
from msgspec.structs import FieldInfo

from listsync.config.filters import SPAN_SCHEMAS
from listsync.config.list_options import ADDRESSES, FILTER_KEYS, SOURCE, ListDefaults, ListForm
from listsync.config.notify_options import NotifyForm
from listsync.config.schema import ConfigForm, SyncOptions
from listsync.config.schema_keys import (
    Holds,
    Section,
    holds,
    is_model,
    is_required,
    keys_of,
    other_names_of,
    required_of,
    short_key_of,
)
from listsync.config.secret_forms import FORMS
from listsync.config.transfer_missed import MissedForm
from listsync.config.transfer_options import MappingForm, MediaServerForm
from listsync.config.values import SERVICES, is_in_seconds
from listsync.config_types import Options, SecretStr, ValueForm
from listsync.errors import StateError
from listsync.file_access import replace_whole
from listsync.notify.options import TARGET_TYPES
from listsync.terminal.durations import DURATION_PATTERN
from listsync.transfers.options import ARR_TYPES, MEDIA_SERVER_TYPES

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTHING: Schema = {"type": "null"}
_SECRET: Schema = {
    "title": "Secret",
    "description": "The secret as text, or where to read it; relative files: from this folder.",
    "oneOf": [
        {"type": "string", "minLength": 1, "description": "The secret itself."},
        *(
            {
                "type": "object",
                "properties": {form: {"type": "string", "description": words}},
                "required": [form],
                "additionalProperties": False,
            }
            for form, words in FORMS.items()
        ),
    ],
}
_EVERY_OR_CRON: Schema = {
    "not": {
        "required": ["every", "cron"],
        "properties": {key: {"not": _NOTHING} for key in ("every", "cron")},
    }
}
_LISTENING: Schema = {
    "required": ["http"],
    "properties": {
        "http": {
            "type": "object",
            "required": ["listen"],
            "properties": {"listen": {"not": _NOTHING}},
        },
    },
}
_SERVER_OR_FEEDS: Schema = {
    "anyOf": [
        {"required": ["server"], "properties": {"server": {"not": _NOTHING}}},
        {**_LISTENING, "properties": {"server": False, **_LISTENING["properties"]}},
    ]
}
_HTTP_FOR_TRANSFERS: Schema = {
    "if": {
        "required": ["transfers"],
        "properties": {
            "transfers": {
                "type": "object",
                "required": ["mappings"],
                "properties": {"mappings": {"type": "array", "minItems": 1}},
            }
        },
    },
    "then": _LISTENING,
}


def _one_kind(of: Iterable[str]) -> list[Schema]:
    return [{"required": [kind], "properties": {kind: {"not": _NOTHING}}} for kind in of]


_ONE_KIND_OF_TARGET: Schema = {
    "oneOf": _one_kind(TARGET_TYPES),
    "if": {"required": ["heartbeat"]},
    "then": {"properties": dict.fromkeys(("on", "lists", "severity"), False)},
}
_ABOUT_SEVERAL_KEYS: dict[type[Options], Schema] = {
    ConfigForm: {**_SERVER_OR_FEEDS, **_HTTP_FOR_TRANSFERS},
    SyncOptions: _EVERY_OR_CRON,
    NotifyForm: _ONE_KIND_OF_TARGET,
    MappingForm: {"dependentRequired": {"marker": ["destination"]}},
    MediaServerForm: {"oneOf": _one_kind(MEDIA_SERVER_TYPES)},
    MissedForm: {"oneOf": _one_kind(ARR_TYPES)},
    ListDefaults: _EVERY_OR_CRON,
    ListForm: {
        "oneOf": [
            {"required": [name]}
            for name in (
                *(*SERVICES, ADDRESSES),
                *(other for other, name in other_names_of(ListForm).items() if name == ADDRESSES),
            )
        ],
        **_EVERY_OR_CRON,
    },
}
_SCALARS: dict[Any, Schema] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
}
_BOUNDS = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "min_length": "minLength",
    "max_length": "maxLength",
}


FILE_NAME = "listsync.schema.json"
EDITOR_LINE = f"# yaml-language-server: $schema=./{FILE_NAME}"
"""The first line of a configuration by which editors find the schema beside it."""


def write_schema(folder: Path) -> Path:
    """Write the schema into the *folder* of a configuration, where `EDITOR_LINE` finds it.

    Whoever has it open keeps what was there.

    Raises:
        StateError: it cannot be written.
    """
    path = folder / FILE_NAME
    try:
        replace_whole(path, (json.dumps(schema(), indent=2) + "\n").encode(), mode=0o644)
    except OSError as error:
        raise StateError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def schema() -> Schema:
    """Build the schema of the file as the user writes it (draft 2020-12)."""
    parts: dict[str, Schema] = {"Secret": _SECRET}
    whole = _mapping(ConfigForm, parts) | {"title": "listsync.yaml"}
    return {"$schema": _DIALECT, **whole, "$defs": parts}


def _mapping(model: type[Options], parts: dict[str, Schema]) -> Schema:
    """Describe the mapping that is read as *model*; those inside it go to *parts*."""
    required = [*required_of(model)]
    return {
        "title": model.__name__.removesuffix("Options").removesuffix("Form"),
        "description": inspect.getdoc(model),
        "type": "object",
        "properties": {name: _key(model, key, parts) for name, key in keys_of(model).items()},
        **({"required": required} if required else {}),
        **_other_names(model, parts),
        "additionalProperties": False,
        **_ABOUT_SEVERAL_KEYS.get(model, {}),
    }


def _other_names(model: type[Options], parts: dict[str, Schema]) -> Schema:
    """Describe keys by names that editors accept and do not offer."""
    keys = keys_of(model)
    others = {
        f"^{other}$": _key(model, keys[name], parts)
        for other, name in other_names_of(model).items()
    }
    if issubclass(model, ListDefaults):
        others |= {f"^{name}$": {**one} for name, one in SPAN_SCHEMAS.items()}
        others["^filters$"] = _filters(others, parts)
    return {"patternProperties": others} if others else {}


def _filters(others: Schema, parts: dict[str, Schema]) -> Schema:
    names = {f"^{other}$": name for other, name in other_names_of(ListDefaults).items()}
    keys = keys_of(ListDefaults)
    return {
        "type": "object",
        "description": "What narrows a list, under a key of its own.",
        "properties": {name: _key(ListDefaults, keys[name], parts) for name in FILTER_KEYS},
        "patternProperties": {
            other: one for other, one in others.items() if names.get(other) in {None, *FILTER_KEYS}
        },
        "additionalProperties": False,
    }


def _key(model: type[Options], key: FieldInfo, parts: dict[str, Schema]) -> Schema:
    held = holds(key.type)
    about: Schema = {
        "title": key.encode_name.replace("_", " ").title(),
        "description": _description(model, key.encode_name),
    }
    if isinstance(key.default, bool | int | float | str):
        about["default"] = key.default
    meta = held.noted(Meta)
    if meta is not None:
        about |= meta.extra_json_schema or {}
    choices = _choices(held, parts)
    if is_in_seconds(key.encode_name):
        choices.append({"type": "string", "pattern": DURATION_PATTERN})
    if key.encode_name in SERVICES and model is ListForm and is_model(held.kind):
        choices.append({"type": "array", "items": {"anyOf": [*choices]}, "minItems": 1})
    if held.optional or (issubclass(model, Section) and not is_required(key)):
        choices.append(_NOTHING)
    return about | (choices[0] if len(choices) == 1 else {"anyOf": choices})


def _description(model: type[Options], name: str) -> str | None:
    """Find what a key means; a class that only changes the default leaves it to its base."""
    for cls in model.__mro__:
        key = keys_of(cls).get(name) if is_model(cls) else None
        if key is not None and (words := holds(key.type).noted(str)):
            return words
    return None


def _choices(held: Holds, parts: dict[str, Schema]) -> list[Schema]:
    """List the forms in which a value may be written."""
    form = held.noted(ValueForm)
    if form is not None:
        inside = dict(form.schema)
        return [*inside["anyOf"]] if inside.keys() == {"anyOf"} else [inside]
    if held.entry is not None:
        inner = holds(held.entry)
        entries = [*([SOURCE] if inner.kind is ListForm else []), *_choices(inner, parts)]
        sequence = {
            "type": "array",
            "items": entries[0] if len(entries) == 1 else {"anyOf": entries},
        }
        return [sequence, *entries] if inner.kind is str else [sequence]
    if held.named is not None:
        values = _choices(holds(held.named[1]), parts)
        return [{"type": "object", "additionalProperties": values[0]}]
    if len(held.choices) > 1:
        return [one for choice in held.choices for one in _choices(holds(choice), parts)]
    return [_one(held, parts), *_in_short(held.kind, parts)]


def _in_short(kind: Any, parts: dict[str, Schema]) -> list[Schema]:
    """Describe what may stand for a whole mapping."""
    key = short_key_of(kind) if is_model(kind) else None
    return _choices(holds(keys_of(kind)[key].type), parts) if key else []


def _one(held: Holds, parts: dict[str, Schema]) -> Schema:
    if held.kind is SecretStr:
        return {"$ref": "#/$defs/Secret"}
    if is_model(held.kind):
        name = held.kind.__name__
        if name not in parts:
            parts[name] = _mapping(held.kind, parts)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(held.kind) is Literal:
        return {"enum": list(get_args(held.kind))}
    if issubclass(held.kind, Enum):
        return {"enum": [one.value for one in held.kind]}
    meta = held.noted(Meta)
    bounds = {name: getattr(meta, key) for key, name in _BOUNDS.items()} if meta else {}
    return _SCALARS[held.kind] | {key: value for key, value in bounds.items() if value is not None}
