"""What is kept of a webhook's body for who asks why: without secrets, within bounds. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from listsync.redaction import is_credential, without_secrets
from listsync.text_cleaning import cut

MOST_CONTENT = 64 * 1024
"""Characters."""
_BLOT = "***"
_LONGEST_TEXT = 4096
_LONGEST_KEY = 100
_MOST_ENTRIES = 500
_DEEPEST = 10
_OF_NO_USE = frozenset({"images", "overview", "genres", "mediaInfo", "languages", "tags"})
_FEW = 20


def content_of(body: Mapping[str, object]) -> str:
    """Write a body as JSON in ASCII, which can always be read again."""
    text = _written(_kept(body, _MOST_ENTRIES, 0))
    if len(text) > MOST_CONTENT:
        text = _written({"isCut": True, **_as_mapping(_kept(body, _FEW, 0, longest=1000))})
    return text if len(text) <= MOST_CONTENT else _written({"isCut": True})


def _written(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _as_mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _kept(value: object, most: int, depth: int, longest: int = _LONGEST_TEXT) -> object:
    if depth > _DEEPEST:
        return None
    match value:
        case str():
            return without_secrets(cut(value, longest))
        case dict():
            return {
                cut(key, _LONGEST_KEY): _BLOT
                if is_credential(key) and inner
                else _kept(inner, most, depth + 1, longest)
                for key, inner in [*value.items()][:most]
                if key not in _OF_NO_USE
            }
        case list():
            return [_kept(one, most, depth + 1, longest) for one in value[:most]]
        case int() if abs(value) > 2**63:
            return None
        case _:
            return value
