"""Which part of many rows is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from listsync.protocol import Code, RefusedCommand

_MOST = 200


def limit_of(params: Mapping[str, Any], usual: int, most: int = _MOST) -> int:
    """Read how many rows at most; raises RefusedCommand."""
    limit = params.get("limit", usual)
    if not limit >= 1:
        raise RefusedCommand(Code.INVALID_PARAMS, "limit must be at least 1")
    return int(min(limit, most))


def offset_of(params: Mapping[str, Any]) -> int:
    """Read how many rows to leave out; raises RefusedCommand."""
    offset = params.get("offset", 0)
    if not 0 <= offset < 2**62:
        raise RefusedCommand(Code.INVALID_PARAMS, "offset must be from 0 to 2^62")
    return int(offset)
