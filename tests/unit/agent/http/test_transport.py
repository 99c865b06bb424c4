from __future__ import annotations

import gzip
import os
import ssl
import zlib
from pathlib import Path

import httpcore
import httpx
import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.errors import UnavailableError
from listsync.http.httpx_transport import DeadlineTransport
from listsync.http.transport import (
    BodyError,
    CutOffError,
    PackingError,
    Proxy,
    TooLargeError,
    read_body,
    trusted,
)
from listsync.seerr.address import Address
from listsync.seerr.client import Seerr
from listsync.seerr.transport import KEEP_ALIVE_S

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_idle_connections_are_dropped_before_the_server_drops_them() -> None:
    assert KEEP_ALIVE_S < 5


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("http://nas:5055", {}, None),
        ("http://nas:5055", {"http_proxy": "http://p:3128"}, "http://p:3128"),
        ("http://nas:5055", {"http_proxy": "p:3128"}, "http://p:3128"),
        ("https://nas", {"http_proxy": "http://p:3128"}, None),
        ("https://nas", {"https_proxy": "http://p:3128"}, "http://p:3128"),
        ("http://nas:5055", {"all_proxy": "http://p:3128"}, "http://p:3128"),
        ("http://nas:5055", {"http_proxy": "http://p:3128", "no_proxy": "nas"}, None),
        ("http://a.lan", {"http_proxy": "http://p:3128", "no_proxy": ".lan"}, None),
        ("http://127.0.0.1:5055", {"http_proxy": "http://p:3128"}, None),
        ("http://localhost:5055", {"http_proxy": "http://p:3128"}, None),
    ],
)
def test_a_proxy_is_used_where_it_has_a_place(
    url: str, environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Address.parse(url).find_proxy() == (Proxy.parse(proxy) if proxy else None)


@pytest.mark.parametrize("proxy", ["gopher://user:pa55@p:1", "http://p:port"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(UnavailableError, match="the proxy that the environment names") as caught:
        Seerr("http://nas:5055", SecretStr("key"))
    assert "pa55" not in str(caught.value)


PACKED = gzip.compress(b"[1, 2]")
MIB = 1024 * 1024


def read(content: bytes, coding: str = "GZIP") -> bytes:
    headers = [(b"Content-Encoding", coding.encode())] if coding else []
    return read_body(httpcore.Response(200, headers=headers, content=content), MIB)


def test_a_packed_body_is_unpacked() -> None:
    assert read(PACKED) == read(zlib.compress(b"[1, 2]"), "deflate") == b"[1, 2]"
    assert read(b"") == b""
    assert read(b"[1, 2]", "") == read(b"[1, 2]", "identity") == b"[1, 2]"


def test_a_body_packed_in_several_parts_is_unpacked_to_its_end() -> None:
    assert read(gzip.compress(b"[1, ") + gzip.compress(b"") + gzip.compress(b"2]")) == b"[1, 2]"


@pytest.mark.parametrize(
    ("content", "coding", "error", "words"),
    [
        pytest.param(b"no gzip", "gzip", PackingError, "cannot be undone", id="not-packed"),
        pytest.param(PACKED, "br", PackingError, "did not ask for", id="unknown"),
        pytest.param(PACKED[:-9], "gzip", CutOffError, "cut off", id="cut-short"),
        pytest.param(gzip.compress(bytes(MIB + 1)), "gzip", TooLargeError, "1 MiB", id="bomb"),
        pytest.param(bytes(MIB + 1), "", TooLargeError, "1 MiB", id="endless"),
        pytest.param(PACKED + PACKED[:-9], "gzip", CutOffError, "cut off", id="second-cut-short"),
        pytest.param(
            gzip.compress(bytes(MIB)) + PACKED, "gzip", TooLargeError, "1 MiB", id="bomb-in-parts"
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    content: bytes, coding: str, error: type[BodyError], words: str
) -> None:
    with pytest.raises(error, match=words):
        read(content, coding)


def test_certificates_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(UnavailableError, match="the certificates that SSL_CERT_FILE"):
        Seerr("https://nas", SecretStr("key"))


def test_encrypted_requests_trust_the_usual_authorities() -> None:
    for context in (trusted(), trusted(with_machine=True)):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.cert_store_stats()["x509_ca"] > 0
    assert trusted() is trusted()


def test_what_the_machine_trusts_is_loaded_once_until_it_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    once = trusted(with_machine=True)
    assert trusted(with_machine=True) is once
    os.utime(tmp_path, (1, 1))
    assert trusted(with_machine=True) is not once
    assert trusted(with_machine=True) is not trusted()


def test_nothing_is_asked_after_the_end() -> None:
    transport = DeadlineTransport(CancelToken(), ssl.create_default_context(), None)
    transport.close()
    with pytest.raises(httpx.ConnectError, match="is over"):
        transport.handle_request(httpx.Request("GET", "http://a.test/"))
