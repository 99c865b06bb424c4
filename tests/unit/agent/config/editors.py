"""How editors look at a configuration: by the schema, which takes long to build."""

from __future__ import annotations

from functools import cache

from jsonschema import Draft202012Validator

from listsync.config.json_schema import schema


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())
