"""One message of JSON-RPC in, one reply out, whatever happens; no ZeroMQ here."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeGuard

import msgspec

from listsync.commands.context import Caller
from listsync.commands.dispatch import Reply
from listsync.commands.serializers import PageRows
from listsync.control.authorization import Peer, permit
from listsync.lean_dataclasses import dataclass
from listsync.protocol import (
    MAX_BYTES,
    METHODS,
    PROTOCOL,
    Access,
    Reason,
    RefusedCommand,
    error_reply,
    result_reply,
)
from listsync.text_cleaning import cut

logger = logging.getLogger(__name__)

Call = Callable[[str, Mapping[str, object], Caller], Reply]
"""`commands.dispatch.Dispatcher.call`."""
MAX_REPLY = 60 * 1024
_LARGEST_PAGE = 256
"""A page has no more rows, whatever was asked for."""
_BETWEEN = b", "
_QUICK = msgspec.json.Encoder()
_WITH_PAGES = 2
_OLDER_SAY_TOTAL = {"items", "review", "explain"}
_OLDER = (
    "this client is of an older listsync and would take a part of the reply for the whole: "
    "use the one that came with the agent"
)
_MAX_DEPTH = 8
_MAX_ID = 128
_BRACKET_OR_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
_REMEMBERED = 1000
_REMEMBERED_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcRequest:
    """A request that is well-formed; *deadline* in Unix seconds."""

    id: str
    method: str
    params: Mapping[str, object]
    deadline: float
    protocol: int = PROTOCOL


class RpcHandler:
    """Turns request bytes into reply bytes and never raises. Members of `group` may read."""

    def __init__(
        self, call: Call, *, group: int | None, clock: Callable[[], float] = time.time
    ) -> None:
        self._call = call
        self.group = group
        self._clock = clock
        self._replies: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self._bytes = 0

    def refuse(self, reason: Reason, message: str) -> bytes:
        """Build the reply to something that is not even one frame."""
        return _refusal(None, RefusedCommand(reason, message))

    def reply(self, body: bytes, peer: Peer) -> bytes:
        id_: str | None = None
        try:
            message = _read(body)
            id_ = _id_of(message)
            request = _check(message)
            permit(peer, _access(request), self.group)
            # Another user's id is not this one's: nobody reads the reply to somebody else.
            key = (peer.uid, request.id)
            if (known := self._replies.get(key)) is not None:
                return known
            return self._remembered(key, self._carried_out(request, peer))
        except RefusedCommand as refused:
            return _refusal(id_, refused)
        except Exception:
            logger.exception("a control message failed", extra={"action": "control_failed"})
            return _failure(id_, "the agent failed: see its log")

    def _carried_out(self, request: RpcRequest, peer: Peer) -> bytes:
        if self._clock() > request.deadline:
            raise RefusedCommand(
                Reason.EXPIRED, f"{request.method} came after its deadline and was not carried out"
            )
        try:
            return self._fitting(request, peer)
        except RefusedCommand as refused:
            return _refusal(request.id, refused)
        except Exception:
            # Remembered like any reply: the command has happened.
            logger.exception(
                "the reply to %s failed", request.method, extra={"action": "control_failed"}
            )
            return _failure(request.id, f"{request.method} failed in the agent: see its log")

    def _fitting(self, request: RpcRequest, peer: Peer) -> bytes:
        """Ask for smaller pages until one fits into a frame; raises RefusedCommand."""
        # `permit` has looked at what this one wants.
        caller = Caller(f"uid {peer.uid}", may_control=_access(request) is Access.CONTROL)
        params, limit = request.params, _LARGEST_PAGE
        while True:
            result = self._call(request.method, params, caller)
            if isinstance(result, RefusedCommand):
                raise result
            reply = _written(request.id, result)
            if len(reply) >= MAX_REPLY:
                result = _shortened(request.id, result)
                reply = _written(request.id, result)
            if len(reply) < MAX_REPLY:
                if result.get("next") is not None and _knows_no_pages(request):
                    raise RefusedCommand(Reason.OTHER_VERSION, _OLDER)
                return reply
            limit = min(limit, _rows_in(result))
            if "next" not in result or limit <= 1:
                words = f"the answer to {request.method} does not fit into {MAX_REPLY} bytes"
                raise RefusedCommand(Reason.TOO_LARGE, words)
            limit = max(1, min(limit // 2, int(limit * MAX_REPLY / len(reply))))
            params = {**request.params, "limit": limit}

    def _remembered(self, key: tuple[int, str], reply: bytes) -> bytes:
        self._replies[key] = reply
        self._bytes += len(reply)
        while len(self._replies) > _REMEMBERED or self._bytes > _REMEMBERED_BYTES:
            _, oldest = self._replies.popitem(last=False)
            self._bytes -= len(oldest)
        return reply


def _read(body: bytes) -> Mapping[str, object]:
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


def _id_of(message: Mapping[str, object]) -> str | None:
    """Find the id to answer to, even if the rest of the request is wrong."""
    given = message.get("id")
    return given if isinstance(given, str) and 0 < len(given) <= _MAX_ID else None


def _check(message: Mapping[str, object]) -> RpcRequest:
    """Check what stands around a command, not the command itself; raises RefusedCommand."""
    if message.get("jsonrpc") != "2.0":
        raise RefusedCommand(Reason.INVALID_REQUEST, '"jsonrpc" must be "2.0"')
    id_ = _id_of(message)
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


def _shortened(id_: str, result: Mapping[str, object]) -> Mapping[str, object]:
    """Leave rows to the next page until the others fit, where *result* has such rows."""
    name = next((name for name, rows in result.items() if isinstance(rows, PageRows)), "")
    rows = result.get(name)
    if not isinstance(rows, PageRows):
        return result
    size, fitting = len(_written(id_, {**result, name: []})), 0
    for row in rows:
        size += len(_dumped(row)) + len(_BETWEEN)
        fitting += size < MAX_REPLY
    # The cursor may be longer than the one that it replaces.
    for count in range(fitting, 0, -1):
        page = {**result, name: rows[:count], "next": rows.cursor_behind(count)}
        if len(_written(id_, page)) < MAX_REPLY:
            return page
    return result


def _access(request: RpcRequest) -> Access:
    """Tell what a command needs; of one that is not there, all may hear that."""
    return METHODS.get(request.method, Access.READ)


def _rows_in(result: Mapping[str, object]) -> int:
    """Count the rows of a page, in whatever lists they stand."""
    return sum(
        _rows_in(value) if isinstance(value, Mapping) else len(value)
        for value in result.values()
        if isinstance(value, (Mapping, list))
    )


def _knows_no_pages(request: RpcRequest) -> bool:
    """Tell whether the sender would take a part for the whole."""
    if request.protocol >= _WITH_PAGES or request.method in _OLDER_SAY_TOTAL:
        return False
    return request.method != "runs" or "run_id" in request.params


def _refusal(id_: str | None, refused: RefusedCommand) -> bytes:
    try:
        reply = _dumped(error_reply(id_, refused))
    except (TypeError, ValueError):
        reply = b""
    if 0 < len(reply) < MAX_REPLY:
        return reply
    facts = {name: fact for name, fact in refused.data.items() if isinstance(fact, int)}
    short = RefusedCommand(refused.reason, cut(refused.message, 1000), {**facts, "cut": True})
    return _dumped(error_reply(id_, short))


def _failure(id_: str | None, message: str) -> bytes:
    return _refusal(id_, RefusedCommand(Reason.FAILED, message))


def _written(id_: str, result: Mapping[str, object]) -> bytes:
    """Write a reply, in a fifth of the time where its rows allow it: an export has 100,000."""
    reply = result_reply(id_, result)
    # The quick encoder would write a NaN as null, and has nothing for halves of characters.
    if any(isinstance(rows, PageRows) for rows in result.values()):
        with suppress(UnicodeEncodeError):
            return _QUICK.encode(reply)
    return _dumped(reply)


def _dumped(reply: Mapping[str, object]) -> bytes:
    return json.dumps(reply, ensure_ascii=False, allow_nan=False).encode(errors="replace")
