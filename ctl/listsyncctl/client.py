"""One question to the agent, one answer; zmq is imported only when there is somebody to ask."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from listsync.protocol import MAX_BYTES, MAX_PATH_BYTES, METHODS, Access, Exit, request
from listsyncctl.trouble import TroubleError, refusal

_START = "start it with `listsync run` or `systemctl start listsync`"


def ask(
    sockets: Sequence[Path], method: str, params: Mapping[str, Any], *, timeout_s: float
) -> dict[str, Any]:
    """Ask the first agent that listens; what only looks is asked twice when no answer comes.

    Raises:
        TroubleError: nobody listens, no answer came in time, or the agent refused.

    """
    until = time.monotonic() + timeout_s
    id_ = os.urandom(16).hex()
    path = _listening(sockets, timeout_s)
    message = request(method, params, id_=id_, deadline=time.time() + until - time.monotonic())
    body = json.dumps(message, ensure_ascii=False).encode(errors="replace")
    if len(body) > MAX_BYTES:
        raise TroubleError(Exit.USAGE, f"{method}: more than {MAX_BYTES} bytes to say: say less")
    reply = None
    # A REP socket can lose a reply after junk from somebody else. The same id gets the same
    # answer, but what changes something is still only sent once.
    tries = 2 if METHODS[method].access is Access.READ else 1
    for left in range(tries, 0, -1):
        now = time.monotonic()
        reply = reply or _exchange(path, body, now + (until - now) / left)
    if reply is None:
        raise _no_answer(path, timeout_s)
    return _result(reply, id_, path)


def _exchange(path: Path, body: bytes, until: float) -> bytes | None:
    import zmq  # noqa: PLC0415 - half of the start-up time, and not needed for --help

    context = zmq.Context()
    try:
        with context.socket(zmq.REQ) as asking:
            asking.setsockopt(zmq.LINGER, 0)
            asking.connect(f"ipc://{path}")
            asking.send(body)
            if not asking.poll(max(1, round(1000 * (until - time.monotonic())))):
                return None
            return asking.recv()
    finally:
        context.destroy(linger=0)


def _result(reply: bytes, id_: str, path: Path) -> dict[str, Any]:
    strange = TroubleError(
        Exit.FAILED, f"what answers at {path} is not a listsync agent: look at --socket"
    )
    try:
        message = json.loads(reply)
    except ValueError:
        raise strange from None
    if not isinstance(message, dict) or message.get("id", id_) not in (id_, None):
        raise strange
    error, result = message.get("error"), message.get("result")
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        raise refusal(error["code"], str(error.get("message", "refused without a reason")))
    if not isinstance(result, dict):
        raise strange
    return result


def _listening(sockets: Sequence[Path], timeout_s: float) -> Path:
    found: dict[Path, int] = {}
    for path in sockets:
        found[path] = _probe(path, timeout_s)
        if not found[path]:
            return path
    raise _not_there(found)


def _probe(path: Path, timeout_s: float) -> int:
    """Connect as a plain socket, which tells at once what ZeroMQ never tells."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise TroubleError(
            Exit.USAGE,
            f"a socket's path has at most {MAX_PATH_BYTES} bytes, this has more: {path}",
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(timeout_s)
        try:
            probe.connect(os.fsencode(path))
        except TimeoutError:
            return errno.EAGAIN
        except OSError as error:
            return error.errno or errno.EIO
    return 0


def _not_there(found: Mapping[Path, int]) -> TroubleError:
    """Say the most telling of what the probes met."""
    for path, code in found.items():
        if code == errno.EAGAIN:
            return TroubleError(
                Exit.NO_ANSWER,
                f"the agent at {path} is too busy to take a connection: try again soon",
            )
    for path, code in found.items():
        if code in {errno.EACCES, errno.EPERM}:
            return TroubleError(
                Exit.FORBIDDEN,
                f"permission denied at {path}, which belongs to {_owner(path)}: "
                "run this as that user or with sudo",
            )
    for path, code in found.items():
        if code == errno.ECONNREFUSED:
            return TroubleError(
                Exit.NOT_RUNNING,
                f"the agent is not running (it crashed: stale socket at {path}): {_START}",
            )
    for path, code in found.items():
        if code not in {errno.ENOENT, errno.ENOTDIR}:
            return TroubleError(
                Exit.FAILED, f"{path} cannot be used ({os.strerror(code)}): look at --socket"
            )
    places = " or ".join(str(path) for path in found)
    return TroubleError(
        Exit.NOT_RUNNING,
        f"the agent is not running (never started): no socket at {places}: {_START}",
    )


def _no_answer(path: Path, timeout_s: float) -> TroubleError:
    if _probe(path, timeout_s) in {errno.ECONNREFUSED, errno.ENOENT}:
        return TroubleError(
            Exit.NOT_RUNNING, f"the agent at {path} ended before it answered: {_START}"
        )
    return TroubleError(
        Exit.NO_ANSWER,
        f"the agent at {path} did not answer within {timeout_s:g} s: look at its log, "
        "or wait longer with --timeout",
    )


def _owner(path: Path) -> str:
    import pwd  # noqa: PLC0415 - only for this message

    # What is inside a closed folder cannot be seen; then the folder's owner is the one to name.
    for place in (path, *path.parents):
        with suppress(OSError):
            uid = place.stat().st_uid
            try:
                return pwd.getpwuid(uid).pw_name
            except KeyError:
                return f"uid {uid}"
    return "another user"
