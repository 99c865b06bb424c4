"""Taking a request back, as long as nobody has decided on it."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import field

from listsync.decoding import Answer
from listsync.domain.server import Cancelled
from listsync.seerr.foreign_text import is_json
from listsync.seerr.response import Reply
from listsync.seerr.transport import Wire
from listsync.seerr.users import OWNER
from listsync.seerr.writes import Pen

_PENDING = 1


class _Request(Answer, frozen=True):
    class User(Answer, frozen=True):
        id: int

    status: int
    user: User | None = field(name="requestedBy", default=None)


def cancel(wire: Wire, pen: Pen, request_id: int, ours: Collection[int]) -> Cancelled:
    """Take the request back if it is pending still and one of the users *ours* made it.

    It is deleted in the name of that user, who may delete own requests as long as they are
    pending: so one that is approved between our look and our deletion stays. The owner may
    delete any. Source: the OpenAPI files; Seerr's code.

    Raises:
        UnavailableError: also when the answer is lost: the next try shows what became of it.
    """
    path = f"/request/{request_id:d}"
    with pen.held():
        found = wire.get(path, also={404})
        if _is_gone(found, wire):
            return Cancelled.GONE
        request = _read(found, wire)
        if request.user is None or request.user.id not in ours or request.status != _PENDING:
            return Cancelled.KEPT
        user_id = request.user.id
        headers = {} if user_id == OWNER else {"X-API-User": str(user_id)}
        return _judge(pen.write("DELETE", path, headers), wire)


def _judge(reply: Reply, wire: Wire) -> Cancelled:
    if reply.status == 204:
        return Cancelled.DONE
    if _is_gone(reply, wire):
        return Cancelled.GONE
    if reply.status in {401, 403} and is_json(reply):
        return Cancelled.KEPT  # the key was accepted a moment ago: it is the request that is not
    raise wire.trouble.of_answer(reply)


def _is_gone(reply: Reply, wire: Wire) -> bool:
    """Tell a request that is gone from a web page that stands where the server should be."""
    if reply.status != 404:
        return False
    if not is_json(reply):
        raise wire.trouble.of_answer(reply)
    return True


def _read(reply: Reply, wire: Wire) -> _Request:
    return wire.trouble.read(reply, _Request, "a request")
