"""One request to the agent, one reply; or what stops a command, with its exit code."""

from __future__ import annotations

import errno
import json
import os
import time
from _socket import AF_UNIX, SOCK_STREAM, socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress

from listsync.protocol import (
    MAX_BYTES,
    MAX_PATH_BYTES,
    METHODS,
    Access,
    Code,
    Exit,
    Reason,
    request,
)
from listsyncctl import zmtp

_EXITS = {
    Code.INVALID_PARAMS: Exit.USAGE,
    Code.EXPIRED: Exit.NO_ANSWER,
    Code.FORBIDDEN: Exit.FORBIDDEN,
    Code.BUSY: Exit.BUSY,
    Code.PAUSED: Exit.PAUSED,
    Code.CONFIG_INVALID: Exit.CONFIG,
}


_WHERE = {
    "lists": "see `listsyncctl lists`",
    "trigger": "see `listsyncctl lists`",
    "plan": "see `listsyncctl lists`",
    "plan_result": "make a new one with `listsyncctl plan`",
    "review_decide": "see `listsyncctl review`",
    "runs": "see `listsyncctl runs`",
    "jobs": "see `listsyncctl jobs`",
    "job_retry": "see `listsyncctl jobs`",
    "job_cancel": "see `listsyncctl jobs`",
    "scan_retry": "see `listsyncctl scans`",
}


class ClientError(Exception):
    """The command ends here; *message* is one line for a person, *code* the agent's, if any.

    *problems* are those of the configuration, each a line of its own; `next` is the cursor of
    those that follow. *advice* is for people: what to do, in lines.
    """

    def __init__(  # noqa: PLR0913 - what there may be to say
        self,
        exit_: Exit,
        message: str,
        code: int | None = None,
        *,
        problems: Sequence[str] = (),
        next_: str | None = None,
        advice: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.exit = exit_
        self.message = " ".join(message.split())
        self.code = code
        self.problems = [*problems]
        self.next = next_
        self.advice = advice


def refusal(
    method: str, code: int, message: str, data: Mapping[str, object] | None = None
) -> ClientError:
    """Turn the agent's error reply to *method* into an error; what can be done is said here."""
    known = next((exit_ for one, exit_ in _EXITS.items() if one == code), Exit.FAILED)
    data = data or {}
    advice = _advice(method, data)
    return ClientError(
        known,
        f"{message}: {advice}" if advice else message,
        code,
        problems=_problems(data),
        next_=after if isinstance(after := data.get("next"), str) else None,
    )


def with_all_problems(
    refused: ClientError, ask_for: Callable[[Mapping[str, object]], object]
) -> ClientError:
    """Add to a refused reload the problems that refusals from a cursor on tell."""
    seen = set[str]()
    while refused.next and refused.next not in seen:
        seen.add(refused.next)
        try:
            ask_for({"cursor": refused.next})
        except ClientError as later:
            if not later.problems:
                raise
            refused.problems += later.problems
            refused.next = later.next
        else:
            break  # it was mended meanwhile
    return refused


def _problems(data: Mapping[str, object]) -> list[str]:
    found = data.get("problems")
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _advice(method: str, data: Mapping[str, object]) -> str | None:
    """Say what a person can do; agents before protocol 2 give no reason, and say it themselves."""
    match data.get("reason"):
        case Reason.PAUSED.value:
            return "use `listsyncctl resume`, or --force to sync anyway"
        case Reason.CONFIG_INVALID.value if _are_left_out(data):
            return "`listsyncctl status` has all"
        case Reason.NOT_FOUND.value if data.get("run_id"):
            return f"see `listsyncctl runs {data['run_id']}`"
        case Reason.NOT_FOUND.value if not data.get("meant"):
            return _WHERE.get(method)
        case _:
            return None


def _are_left_out(data: Mapping[str, object]) -> bool:
    """Tell whether there are problems that neither this refusal nor one after it tells."""
    total = data.get("problems_total")
    is_more = isinstance(total, int) and total > max(1, len(_problems(data)))
    return is_more and not data.get("next")


def not_understood(method: str, field: str) -> ClientError:
    """Say that *field* of the reply to *method* is not what it should be."""
    return ClientError(
        Exit.FAILED,
        f"the agent answered something this listsyncctl does not understand ({field} of "
        f"{method}): are they of one version? See `listsyncctl version`",
    )


StrPath = str | os.PathLike[str]
_WITHOUT_PAGES = 1
_WITHOUT_TOTAL = {"lists", "runs", "items", "review", "explain", "plan_result"}
"""Where an agent of that protocol tells a part, and nobody could tell that."""
_FIRST_STEPS = (
    "systemctl --user start listsync   where it is a service of your own",
    "listsync init                     where there is no configuration yet",
    "listsyncctl agents                finds one that listens elsewhere (see --socket)",
)
_IN_A_CONTAINER = (
    "listsync check                    where the agent waits for a configuration that is right",
    "listsync init                     where there is no configuration yet",
)
_START = "start it with `listsync run` or `systemctl start listsync`"


def ask(
    sockets: Sequence[StrPath],
    method: str,
    params: Mapping[str, object],
    *,
    timeout_s: float,
    spent_s: float = 0.0,
) -> dict[str, object]:
    """Ask the first agent that listens; what only looks is asked twice when no answer comes.

    Of *timeout_s*, *spent_s* has been waited in vain already.

    Raises:
        ClientError: nobody listens, no answer came in time, or the agent refused.

    """
    until = time.monotonic() + timeout_s - spent_s
    id_, body = _question(method, params, timeout_s)
    path, connection = _first_that_listens(sockets)
    failed: OSError | None = None
    # A REP socket can lose a reply after junk from somebody else. The same id gets the same
    # answer, but what changes something is still only sent once.
    only_looks = METHODS[method] is Access.READ
    for tries_left in (2, 1):
        now = time.monotonic()
        share = (until - now) / (tries_left if only_looks else 1)
        try:
            # What found the agent asks first: one connection is enough for a good answer.
            with closing(_connect(path) if failed else connection) as asking:
                reply = zmtp.ask(asking, body, until=now + share, most=MAX_BYTES)
            return _result(reply, id_, path, method)
        except zmtp.StrangerError:
            raise _stranger(path) from None
        except OSError as error:
            failed = error
            if not (only_looks or _was_unheard(error)):
                break
    raise _no_answer(path, failed, timeout_s)


class Line:
    """One connection for questions that only look, each sent well before its reply is needed.

    Whatever goes wrong with it, `ask` asks the same again, and says what is wrong.
    """

    def __init__(self, sockets: Sequence[StrPath], *, timeout_s: float) -> None:
        self._sockets = sockets
        self._timeout_s = timeout_s
        self._connection: socket | None = None

    def send(self, method: str, params: Mapping[str, object]) -> None:
        """Ask, and do not wait; `result` is to follow."""
        began = time.monotonic()
        self._asked = method, params
        self._id, body = _question(method, params, self._timeout_s)
        try:
            if self._connection is None:
                self._path, self._connection = _first_that_listens(self._sockets)
                self._talk = zmtp.Talk(self._connection)
            self._talk.send(body, until=self._until(began))
        except (OSError, ClientError, zmtp.StrangerError):
            self.close()
        self._spent_s = time.monotonic() - began

    def result(self) -> dict[str, object]:
        """Wait for the reply to what was sent last; raises what `ask` does."""
        began = time.monotonic() - self._spent_s
        if self._connection is not None:
            with suppress(OSError, zmtp.StrangerError):
                reply = self._talk.receive(until=self._until(began), most=MAX_BYTES)
                return _result(reply, self._id, self._path, self._asked[0])
            self.close()
        spent_s = time.monotonic() - began
        return ask(self._sockets, *self._asked, timeout_s=self._timeout_s, spent_s=spent_s)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _until(self, began: float) -> float:
        """Leave half of the time for asking again."""
        return began + self._timeout_s / 2


def _question(method: str, params: Mapping[str, object], timeout_s: float) -> tuple[str, bytes]:
    """Give the id and the bytes of a question."""
    id_ = os.urandom(16).hex()
    message = request(method, params, id_=id_, deadline=time.time() + timeout_s)
    body = json.dumps(message, ensure_ascii=False).encode(errors="replace")
    if len(body) > MAX_BYTES:
        raise ClientError(Exit.USAGE, f"{method}: more than {MAX_BYTES} bytes to say: say less")
    return id_, body


def _was_unheard(error: OSError) -> bool:
    """Tell whether nothing of the question can have been sent."""
    return isinstance(error, zmtp.HungUpError) and not error.met


def _result(reply: bytes, id_: str, path: str, method: str) -> dict[str, object]:
    try:
        message = json.loads(reply)
    except (ValueError, RecursionError):
        raise _stranger(path) from None
    if not isinstance(message, dict) or message.get("id", id_) not in (id_, None):
        raise _stranger(path)
    error, result = message.get("error"), message.get("result")
    if message.get("protocol") == _WITHOUT_PAGES and method in _WITHOUT_TOTAL:
        raise ClientError(
            Exit.FAILED,
            f"the agent at {path} is of an older listsync and may leave something out: "
            "restart it (`systemctl restart listsync`)",
        )
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        data = error.get("data")
        message_ = str(error.get("message", "refused without a reason"))
        raise refusal(method, error["code"], message_, data if isinstance(data, dict) else {})
    if not isinstance(result, dict):
        raise _stranger(path)
    return result


def _first_that_listens(sockets: Sequence[StrPath]) -> tuple[str, socket]:
    found: dict[str, int] = {}
    for one in sockets:
        path = os.fspath(one)
        try:
            return path, _connect(path)
        except OSError as error:
            found[path] = error.errno or errno.EIO
    raise _not_there(found)


def _connect(path: str) -> socket:
    """Connect without waiting: EAGAIN is raised when the queue at *path* is full."""
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise ClientError(
            Exit.USAGE,
            f"a socket's path has at most {MAX_PATH_BYTES} bytes, this has more: {path}",
        )
    connection = socket(AF_UNIX, SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.connect(os.fsencode(path))
    except OSError:
        connection.close()
        raise
    return connection


def _not_there(found: Mapping[str, int]) -> ClientError:
    """Say the most telling of what the connections met."""
    for path, code in found.items():
        if code == errno.EAGAIN:
            return ClientError(
                Exit.NO_ANSWER,
                f"the agent at {path} is too busy to take a connection: try again soon",
            )
    for path, code in found.items():
        if code in {errno.EACCES, errno.EPERM}:
            return ClientError(
                Exit.FORBIDDEN,
                f"permission denied at {path}, which belongs to {_owner(path)}: "
                "run this as that user or with sudo",
            )
    for path, code in found.items():
        if code == errno.ECONNREFUSED:
            return ClientError(
                Exit.NOT_RUNNING,
                "the agent is not running (it crashed or was killed: stale socket at "
                f"{path}): {_START}",
            )
    for path, code in found.items():
        if code not in {errno.ENOENT, errno.ENOTDIR}:
            return ClientError(
                Exit.FAILED, f"{path} cannot be used ({os.strerror(code)}): look at --socket"
            )
    places = " or ".join(found)
    return ClientError(
        Exit.NOT_RUNNING,
        "the agent is not running (it was stopped, or not started yet): no socket at "
        f"{places}: {_START}",
        advice=_IN_A_CONTAINER if os.environ.get("LISTSYNC_WAIT_FOR_CONFIG") else _FIRST_STEPS,
    )


def _no_answer(path: str, failed: OSError | None, timeout_s: float) -> ClientError:
    if failed is not None and failed.errno == errno.EAGAIN:
        return _not_there({path: errno.EAGAIN})
    hung_up = failed if isinstance(failed, zmtp.HungUpError) else None
    if _is_gone(path, failed) or (hung_up and hung_up.met):
        return ClientError(
            Exit.NOT_RUNNING, f"the agent at {path} ended before it answered: {_START}"
        )
    if hung_up:
        return _stranger(path)
    return ClientError(
        Exit.NO_ANSWER,
        f"the agent at {path} did not answer within {timeout_s:g} s: look at its log, "
        "or wait longer with --timeout",
    )


def _is_gone(path: str, failed: OSError | None) -> bool:
    gone = {errno.ECONNREFUSED, errno.ENOENT}
    if failed is not None and failed.errno in gone:
        return True
    try:
        _connect(path).close()
    except OSError as error:
        return error.errno in gone
    return False


def _stranger(path: str) -> ClientError:
    return ClientError(
        Exit.FAILED, f"what answers at {path} is not a listsync agent: look at --socket"
    )


def _owner(path: str) -> str:
    import pwd  # noqa: PLC0415 - only for this message
    from pathlib import Path  # noqa: PLC0415 - the same

    # What is inside a closed folder cannot be seen; then the folder's owner is the one to name.
    for place in (Path(path), *Path(path).parents):
        with suppress(OSError):
            uid = place.stat().st_uid
            try:
                return pwd.getpwuid(uid).pw_name
            except KeyError:
                return f"uid {uid}"
    return "another user"
