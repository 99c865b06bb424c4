"""From bytes to a request in good form, whatever it asks for; no input or output."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from listsync.protocol import MAX_BYTES, PROTOCOL, Reason, RefusedCommand

_MAX_DEPTH = 8
_MAX_ID = 128
_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcRequest:
    """A request that is well-formed; *deadline* in Unix seconds."""

    id: str
    method: str
    params: Mapping[str, object]
    deadline: float
    protocol: int = PROTOCOL


def read(body: bytes) -> Mapping[str, object]:
    """Parse one frame to an object; raises RefusedCommand."""
    if len(body) > MAX_BYTES:
        raise RefusedCommand(Reason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise RefusedCommand(Reason.PARSE, "not UTF-8") from None
    # Counted before parsing: the parser itself fails at a depth that depends on the stack.
    if _depth(text) > _MAX_DEPTH:
        raise RefusedCommand(Reason.PARSE, f"nested deeper than {_MAX_DEPTH} levels")
    try:
        message = json.loads(text)
        # A lone \\ud800 parses, and then fails wherever it is written.
        json.dumps(message, ensure_ascii=False).encode()
    except ValueError:
        raise RefusedCommand(Reason.PARSE, "not JSON") from None
    if not isinstance(message, dict):
        raise RefusedCommand(Reason.INVALID_REQUEST, "not a JSON object (batches are not taken)")
    return message


def id_of(message: Mapping[str, object]) -> str | None:
    """Find the id to answer to, even if the rest of the request is wrong."""
    given = message.get("id")
    return given if isinstance(given, str) and 0 < len(given) <= _MAX_ID else None


def check(message: Mapping[str, object]) -> RpcRequest:
    """Check what stands around a command, not the command itself; raises RefusedCommand."""
    if message.get("jsonrpc") != "2.0":
        raise RefusedCommand(Reason.INVALID_REQUEST, '"jsonrpc" must be "2.0"')
    id_ = id_of(message)
    if id_ is None:
        raise RefusedCommand(
            Reason.INVALID_REQUEST, f'"id" must be text of 1 to {_MAX_ID} characters'
        )
    method = message.get("method")
    if not isinstance(method, str):
        raise RefusedCommand(Reason.INVALID_REQUEST, '"method" must be text')
    deadline = message.get("deadline")
    if not _is_number(deadline):
        raise RefusedCommand(Reason.INVALID_REQUEST, '"deadline" must be a number (Unix seconds)')
    params = message.get("params", {})
    if not isinstance(params, dict):
        raise RefusedCommand(Reason.INVALID, '"params" must be an object')
    version = message.get("protocol")
    protocol = version if isinstance(version, int) else PROTOCOL
    return RpcRequest(id=id_, method=method, params=params, deadline=deadline, protocol=protocol)


def _is_number(value: object) -> TypeGuard[float]:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _depth(text: str) -> int:
    """Count how deep brackets nest, not counting those inside strings."""
    deepest = depth = 0
    for found in _BRACKET_OR_STRING.finditer(text):
        first = found[0][0]
        if first in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in "]}":
            depth -= 1
    return deepest
