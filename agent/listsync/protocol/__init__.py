"""What the agent and its clients agree on. Standard library only, quick to import.

JSON-RPC 2.0, one request and one reply, each one ZeroMQ frame of UTF-8 JSON, over a REP socket at
a Unix path. A request also carries `deadline` (Unix seconds: refused when it comes later, so that
a command whose sender gave up is not carried out) and `protocol`; its `id` is a string that is
unique for ever: a repeated id gets the first reply and is not carried out again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL = 2
"""Since 2 long replies come in pages: who speaks 1 takes a page for the whole."""
SCHEMA_VERSION = 2
"""Of the shape of all JSON that the programs print, where it stands as `schema_version`."""
MAX_BYTES = 65536
"""Largest frame either side sends or takes."""
MAX_PATH_BYTES = 107
"""What a Unix socket's path may be long on Linux."""
SYSTEM_SOCKET = "/run/listsync/agent.sock"


FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001
"""Beginnings of cells that spreadsheets run as formulas: an export of ours puts a ' before them,
which reading a list takes off."""
YES = ("1", "true", "yes", "on")
"""What switches a variable of the environment on, in any case of letters."""


class Exit(IntEnum):
    """Exit codes of both programs."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    NO_ANSWER = 4
    BUSY = 5
    PAUSED = 6
    FORBIDDEN = 7
    PARTLY = 8
    CONFIG = 78
    INTERRUPTED = 130


class Access(Enum):
    """Who may call: READ also a configured group, CONTROL only the owner and root."""

    READ = "read"
    CONTROL = "control"


METHODS: Mapping[str, Access] = {
    "ping": Access.READ,
    "version": Access.READ,
    "describe": Access.READ,
    "status": Access.READ,
    "config": Access.READ,
    "progress": Access.READ,
    "lists": Access.READ,
    "runs": Access.READ,
    "items": Access.READ,
    "requests": Access.READ,
    "explain": Access.READ,
    "notices": Access.READ,
    "targets": Access.READ,
    "notify_test": Access.CONTROL,
    "notify_test_result": Access.READ,
    "stats": Access.READ,
    "summary": Access.READ,
    "summary_send": Access.CONTROL,
    "review": Access.READ,
    "review_decide": Access.CONTROL,
    "trigger": Access.CONTROL,
    "plan": Access.CONTROL,
    "plan_result": Access.READ,
    "pause": Access.CONTROL,
    "resume": Access.CONTROL,
    "cancel": Access.CONTROL,
    "reload": Access.CONTROL,
    "exclude": Access.CONTROL,
    "forget": Access.CONTROL,
    "backup": Access.CONTROL,
    "backup_result": Access.READ,
    "log_level": Access.CONTROL,
    "jobs": Access.READ,
    "job_retry": Access.CONTROL,
    "jobs_retry_failed": Access.CONTROL,
    "job_cancel": Access.CONTROL,
    "scans": Access.READ,
    "scan_retry": Access.CONTROL,
    "webhooks": Access.READ,
    "mapping": Access.READ,
}
"""Who may call each command. What it takes and replies is in `protocol.messages`.

Of those with `limit` and `cursor` replies come in pages: a reply is a part of the rows, at most
*limit*. Where `next` is text, the same with that as its `cursor` gives those that follow; all of
them one after the other are the whole.
"""


class Code(IntEnum):
    """Error codes of a reply; those from -32700 to -32600 are JSON-RPC's own."""

    PARSE = -32700
    INVALID_REQUEST = -32600
    UNKNOWN_METHOD = -32601
    INVALID_PARAMS = -32602
    INTERNAL = -32603
    EXPIRED = -32000
    FORBIDDEN = -32001
    BUSY = -32002
    PAUSED = -32003
    NOT_FOUND = -32004
    CONFIG_INVALID = -32005
    TOO_LARGE = -32006
    UNAVAILABLE = -32007


class Reason(Enum):
    """Why a command is not carried out; each client says by itself what can be done about it."""

    PARSE = "parse"
    INVALID_REQUEST = "invalid_request"
    UNKNOWN_METHOD = "unknown_method"
    INVALID = "invalid"
    FAILED = "failed"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"
    BUSY = "busy"
    PAUSED = "paused"
    NOT_FOUND = "not_found"
    CONFIG_INVALID = "config_invalid"
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"
    OTHER_VERSION = "other_version"


CODES: Mapping[Reason, Code] = {
    Reason.PARSE: Code.PARSE,
    Reason.INVALID_REQUEST: Code.INVALID_REQUEST,
    Reason.UNKNOWN_METHOD: Code.UNKNOWN_METHOD,
    Reason.INVALID: Code.INVALID_PARAMS,
    Reason.FAILED: Code.INTERNAL,
    Reason.EXPIRED: Code.EXPIRED,
    Reason.FORBIDDEN: Code.FORBIDDEN,
    Reason.BUSY: Code.BUSY,
    Reason.PAUSED: Code.PAUSED,
    Reason.NOT_FOUND: Code.NOT_FOUND,
    Reason.CONFIG_INVALID: Code.CONFIG_INVALID,
    Reason.TOO_LARGE: Code.TOO_LARGE,
    Reason.UNAVAILABLE: Code.UNAVAILABLE,
    Reason.OTHER_VERSION: Code.INVALID_REQUEST,
}
"""How JSON-RPC says each."""


class RefusedCommand(Exception):  # noqa: N818 - an answer, not a failure
    """A command that is not carried out: why, in a word for programs and a sentence for people.

    `data` are facts for who words an advice. It has no advice itself: that is each client's.
    """

    def __init__(
        self, reason: Reason, message: str, data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.data = dict(data or {})


def request(
    method: str, params: Mapping[str, object], *, id_: str, deadline: float
) -> dict[str, object]:
    """Build a request; *deadline* in Unix seconds."""
    return {
        "jsonrpc": "2.0",
        "protocol": PROTOCOL,
        "id": id_,
        "method": method,
        "params": dict(params),
        "deadline": deadline,
    }


def result_reply(id_: str | None, result: Mapping[str, object]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "protocol": PROTOCOL, "id": id_, "result": dict(result)}


def error_reply(id_: str | None, refused: RefusedCommand) -> dict[str, object]:
    error = {
        "code": int(CODES[refused.reason]),
        "message": refused.message,
        "data": {"reason": refused.reason.value, **refused.data},
    }
    return {"jsonrpc": "2.0", "protocol": PROTOCOL, "id": id_, "error": error}


def agent_socket(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Find where the agent's socket belongs."""
    from pathlib import Path  # noqa: PLC0415 - a tenth of the start-up time of listsyncctl

    if option is not None:
        return option
    if named := environ.get("LISTSYNC_SOCKET"):
        return Path(os.path.expanduser(named))  # noqa: PTH111 - of an unknown user it stays
    # systemd joins several RuntimeDirectory= with colons.
    if given := environ.get("RUNTIME_DIRECTORY", "").split(":")[0]:
        return Path(given) / "agent.sock"
    return Path(_users_socket(environ))


def client_sockets(option: Path | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Give `client_places` as paths."""
    from pathlib import Path  # noqa: PLC0415 - see agent_socket

    option_place = None if option is None else str(option)
    return tuple(Path(place) for place in client_places(option_place, environ))


def client_places(option: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Find where a client looks for the agent, in this order."""
    if option is not None:
        return (option.rstrip("/") or "/",)
    if named := environ.get("LISTSYNC_SOCKET", "").rstrip("/"):
        return (os.path.expanduser(named),)  # noqa: PTH111 - see agent_socket
    return (_users_socket(environ), SYSTEM_SOCKET)


def _users_socket(environ: Mapping[str, str]) -> str:
    """Take the user's runtime folder; where there is none, as in a container, the state's."""
    base = environ.get("XDG_RUNTIME_DIR", "").rstrip("/")
    if not base.startswith("/"):
        base = f"/run/user/{os.getuid()}"
        if not os.access(base, os.F_OK) and (state := _state_folder(environ)):
            return f"{state}/agent.sock"
    return f"{base}/listsync/agent.sock"


def _state_folder(environ: Mapping[str, str]) -> str | None:
    """Find the folder of the state as `config.paths` does; None for a user without a home."""
    named = environ.get("LISTSYNC_STATE_DIR") or environ.get("STATE_DIRECTORY", "").split(":")[0]
    if not named:
        base = environ.get("XDG_STATE_HOME", "")
        base = base if base.startswith("/") else "~/.local/state"
        named = f"{base}/listsync"
    found = os.path.expanduser(named)  # noqa: PTH111 - see agent_socket
    return None if found.startswith("~") else found.rstrip("/")
