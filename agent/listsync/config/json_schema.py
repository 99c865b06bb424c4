"""The JSON Schema of `listsync.yaml`, so that editors complete and check it."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from listsync.config.schema import ConfigForm, Section

_SECRET: dict[str, Any] = {
    "title": "Secret",
    "description": "The secret as text, or where to read it; relative files: from this folder.",
    "oneOf": [
        {"type": "string", "minLength": 1, "description": "The secret itself."},
        {
            "type": "object",
            "properties": {
                "env": {"type": "string", "description": "Environment variable that holds it."}
            },
            "required": ["env"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "file": {"type": "string", "description": "File with the secret, mode 0600."}
            },
            "required": ["file"],
            "additionalProperties": False,
        },
    ],
}


def schema() -> dict[str, Any]:
    """Build the schema of the file as the user writes it (draft 2020-12)."""
    built = _in_file_form(ConfigForm.model_json_schema(schema_generator=_Inheriting))
    built["$defs"]["Secret"] = _SECRET
    return {"$schema": GenerateJsonSchema.schema_dialect, **built}


class _Inheriting(GenerateJsonSchema):
    """Keeps the description of an option whose model only changes the default.

    In a `Section`, every option may be empty.
    """

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        built = super().model_schema(schema)
        for key, part in built.get("properties", {}).items():
            for base in schema["cls"].__mro__:
                options = getattr(base, "model_fields", {}).get(key)
                if options and options.description and "$ref" not in part:
                    part.setdefault("description", options.description)
        if issubclass(schema["cls"], Section):
            built["properties"] = {
                key: _or_empty(part) for key, part in built["properties"].items()
            }
        return built


def _or_empty(part: JsonSchemaValue) -> JsonSchemaValue:
    """Allow an option to be written without a value."""
    outside = {key: part[key] for key in ("title", "description", "default") if key in part}
    inside = {key: value for key, value in part.items() if key not in outside}
    choices = inside["anyOf"] if inside.keys() == {"anyOf"} else [inside]
    nothing = {"type": "null"}
    return outside | {"anyOf": [*(one for one in choices if one != nothing), nothing]}


def _in_file_form(node: Any) -> Any:
    """Put the forms of secrets where a model has one, and leave out defaults that say nothing."""
    if isinstance(node, list):
        return [_in_file_form(part) for part in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "password":
        return {"$ref": "#/$defs/Secret"}
    return {
        key: _in_file_form(part)
        for key, part in node.items()
        if not (key == "default" and part is None)
    }
