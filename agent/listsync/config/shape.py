"""What the file's form looks like from outside: which model stands at which place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from listsync.config.schema import ConfigForm
from listsync.config.yaml_document import KeyPath


def model_at(path: KeyPath) -> type[BaseModel] | None:
    """Find the model of the mapping at *path*, None where there is none."""
    model: type[BaseModel] | None = ConfigForm
    for step in path:
        if isinstance(step, int):
            continue
        options = model.model_fields.get(step) if model else None
        model = next(models_of(options), None) if options else None
    return model


def models_of(options: FieldInfo) -> Iterator[type[BaseModel]]:
    """Give the models that a field can hold, directly or as entries of a sequence."""
    for part in _parts(options.annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part


def is_secret(options: FieldInfo) -> bool:
    return SecretStr in _parts(options.annotation)


def _parts(annotation: object) -> list[object]:
    return [annotation, *(inner for part in get_args(annotation) for inner in _parts(part))]
