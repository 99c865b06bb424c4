from __future__ import annotations

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator

import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.errors import UnavailableError
from listsync.seerr.client import Seerr

ANSWER = b'{"page": 1, "results": []}'


class Proxy:
    """Answers every call itself, and keeps the head of the last one."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.head = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.settimeout(30)
            while b"\r\n\r\n" not in self.head:
                self.head += connection.recv(65536)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER)
            )

    def close(self) -> None:
        self._thread.join(30)
        self._listening.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture(autouse=True)
def _no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://anna:pa%40ss@127.0.0.1:{port}")
    stop = CancelToken()
    stop.set()  # the pauses between its tries
    seerr = Seerr("http://seerr.test:5055", SecretStr("key"), token=stop)
    with pytest.raises(UnavailableError, match=r"proxy cannot be reached .*refused") as raised:
        seerr.search("Dune")
    seerr.close()
    assert "anna" not in str(raised.value)


def test_the_environments_proxy_is_asked_with_its_login(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://anna:pa%40ss@127.0.0.1:{proxy.port}")
    seerr = Seerr("http://seerr.test:5055/base", SecretStr("key"))
    assert seerr.search("Dune").candidates == ()
    seerr.close()
    first, *lines = proxy.head.split(b"\r\n")
    headers = {line.partition(b": ")[0].lower(): line.partition(b": ")[2] for line in lines}
    assert first.startswith(b"GET http://seerr.test:5055/base/api/v1/search?query=Dune&")
    assert headers[b"host"] == b"seerr.test:5055"
    assert headers[b"proxy-authorization"] == b"Basic " + b64encode(b"anna:pa@ss")
