"""Which seasons of a series are wanted, as the user writes it."""

from __future__ import annotations

from typing import Annotated

from listsync.config.values import plain
from listsync.domain.list_rules import Seasons, Which

_SEASON_FORMS = "expected all, first, latest, {latest: 2}, or numbers such as [1, 2]"
_MOST_SEASONS = 1000


def parse_seasons(value: object) -> Seasons:
    """Read which seasons are wanted."""
    if isinstance(value, str) and value.strip().lower() in ("all", "first", "latest"):
        return Seasons(which=Which(value.strip().lower()))
    if isinstance(value, dict) and list(value) == ["latest"]:
        return Seasons(which=Which.LATEST, count=_number(value["latest"], least=1))
    if isinstance(value, list) and value:
        numbers = frozenset(_number(one, least=0) for one in value)
        return Seasons(which=Which.NAMED, numbers=numbers)
    raise ValueError(_SEASON_FORMS)


def _number(value: object, *, least: int) -> int:
    """Read a small number; the file's scalars are text."""
    text = str(value).strip() if isinstance(value, int | str) else ""
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= _MOST_SEASONS):
        raise ValueError(_SEASON_FORMS)
    return int(text)


SeasonsForm = Annotated[
    Seasons,
    plain(
        parse_seasons,
        {
            "anyOf": [
                {"enum": ["all", "first", "latest"]},
                {
                    "type": "object",
                    "properties": {"latest": {"type": "integer", "minimum": 1}},
                    "required": ["latest"],
                    "additionalProperties": False,
                },
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 0},
                    "minItems": 1,
                },
            ],
        },
    ),
]
