"""The schema that editors read a configuration by is one that they understand."""

from __future__ import annotations

from jsonschema import Draft202012Validator

from listsync.config.json_schema import schema


def test_the_schema_keeps_to_what_it_says_that_it_is() -> None:
    built = schema()
    assert built["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(built)
