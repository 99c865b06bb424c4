"""The sandbox as a child process that is never left behind."""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
import tempfile
from dataclasses import KW_ONLY, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit

from listsync.errors import UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.process.child import Child
from listsync.process.guard import PARENT
from listsync.process.supervisor import Command, start

_HANDED_ON = ("HOME", "LANG", "LC_", "PYTHON", "COVERAGE", "TMPDIR")
_START_S = 15.0
_END_S = 5.0


@dataclass(eq=False)
class SandboxProcess:
    """A sandbox with a port and a key of its own, from `__enter__` to `__exit__`.

    The child ends with our process, however that ends.
    `port` 0 picks a free one, which is kept for `restart` as long as it is open; `url` and
    `api_key` are what it says when it is ready.
    """

    product: str = "seerr"
    _: KW_ONLY
    latency_ms: float = 0
    titles: int = 0
    library: int = 0
    state: Path | None = None
    api_key: str = ""
    port: int = 0
    url: str = field(default="", init=False)
    _child: Child | None = field(default=None, init=False)
    _place: socket.socket | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            UnavailableError: it ended at once, or took too long.
        """
        if not self.port and self._place is None:
            self._place = _free_place()
        with tempfile.TemporaryFile() as complaints:
            self._child = start(self._command(complaints))
            facts = self._ready(complaints)
        self.url, self.api_key = facts["url"], facts["api_key"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def exit_code(self) -> int | None:
        """Say how it ended; None while it runs."""
        return self._running.exit_code

    def wait(self, timeout_s: float) -> int:
        """Wait until it has ended by itself; raises TimeoutError when it does not."""
        code = self._running.wait(timeout_s)
        if code is None:
            raise TimeoutError
        return code

    def kill(self) -> None:
        """End it as a power failure would."""
        self._running.kill()
        self._running.wait(_END_S)

    def restart(self) -> Self:
        """Start it again, ended or not, at the same address and with the same key.

        With `state` it is the same server with all that was saved; without, an empty one.
        """
        if self._running.is_alive:
            self.kill()
        self._end()
        return self.__enter__()

    def close(self) -> None:
        """End it, nicely if it lets itself be ended so; doing it twice does no harm."""
        self._end()
        place, self._place = self._place, None
        if place is not None:
            place.close()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end(_END_S)

    def admin(self, path: str, body: object = None, *, method: str | None = None) -> Any:
        """Use a control endpoint (`listsync.sandbox.control_api`): with a body POST, else GET.

        Raises:
            UnavailableError: the sandbox refuses, and says why.
        """
        verb = method or ("GET" if body is None else "POST")
        status, text = self._call(verb, f"/sandbox/{path}", body, {})
        if status != 200:
            raise UnavailableError("sandbox", text.decode(errors="replace"))
        return json.loads(text)

    def api(
        self, method: str, path: str, body: object = None, *, user: int | None = None
    ) -> tuple[int, Any]:
        """Call the server itself (*path* below /api/v1), as one more of its clients.

        Returns:
            The status, and the answer, None where it is empty.
        """
        headers = {"X-Api-Key": self.api_key, "Content-Type": "application/json"}
        headers |= {} if user is None else {"X-API-User": str(user)}
        status, text = self._call(method, f"/api/v1{path}", body, headers)
        return status, json.loads(text) if text else None

    def _call(
        self, method: str, path: str, body: object, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        address = urlsplit(self.url).netloc
        connection = http.client.HTTPConnection(address, timeout=_START_S)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _command(self, complaints: IO[bytes]) -> Command:
        """Give it what Python of ours needs, wherever that is installed, and no secret."""
        return Command(
            arguments=tuple(self._arguments()),
            purpose="sandbox",
            is_ours=True,
            environment={
                **{name: os.environ[name] for name in os.environ if name.startswith(_HANDED_ON)},
                PARENT: str(os.getpid()),
            },
            errors=complaints,
        )

    def _arguments(self) -> list[str]:
        command = [sys.executable, "-m", "listsync.sandbox", "--attached"]
        port = self._place.getsockname()[1] if self._place is not None else self.port
        command += ["--product", self.product, "--port", str(port)]
        command += ["--latency-ms", str(self.latency_ms)]
        command += ["--titles", str(self.titles), "--library", str(self.library)]
        command += ["--state", str(self.state)] if self.state is not None else []
        return [*command, f"--api-key={self.api_key}"]

    def _ready(self, complaints: IO[bytes]) -> dict[str, str]:
        """Wait for the ready line; end the child if it does not come."""
        facts = None
        try:
            facts = _first_line(self._running)
        finally:
            if facts is None:
                self.kill()
                self.close()
        if facts is None:
            complaints.seek(0)
            why = complaints.read().decode(errors="replace").strip()
            raise UnavailableError("sandbox", why or "it did not start in time")
        return facts

    @property
    def _running(self) -> Child:
        if self._child is None:
            raise UnavailableError("sandbox", "it is not running")
        return self._child


def _free_place() -> socket.socket:
    """Bind to a free port without listening: whoever is told of it may, and nobody else."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    return place


def _first_line(child: Child) -> dict[str, str] | None:
    """Read the ready line; None if the child ends or is silent for too long."""
    try:
        line = child.line(_START_S)
    except TimeoutError:
        return None
    return json.loads(line) if line else None
