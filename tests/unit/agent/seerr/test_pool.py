from __future__ import annotations

import gzip
import ssl
from pathlib import Path

import httpcore
import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.errors import UnavailableError
from listsync.seerr.address import Address
from listsync.seerr.client import Seerr
from listsync.seerr.pool import MOST_BYTES, UnreadableError, find_proxy, open_pool, read_whole

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_idle_connections_are_dropped_before_the_server_drops_them() -> None:
    pool = open_pool(Address.parse("http://nas:5055"), CancelToken())
    assert isinstance(pool, httpcore.ConnectionPool)
    expiry = pool._keepalive_expiry
    assert expiry is not None
    assert expiry < 5
    pool.close()


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
    assert find_proxy(Address.parse(url)) == proxy


@pytest.mark.parametrize("proxy", ["gopher://user:pa55@p:1", "http://p:port"])
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(UnavailableError, match="the proxy that the environment names") as caught:
        Seerr("http://nas:5055", SecretStr("key"))
    assert "pa55" not in str(caught.value)


def packed(content: bytes) -> httpcore.Response:
    return httpcore.Response(200, headers={"Content-Encoding": "GZIP"}, content=content)


def test_a_packed_answer_is_unpacked() -> None:
    assert read_whole(packed(gzip.compress(b"[1, 2]"))) == b"[1, 2]"
    assert read_whole(packed(b"")) == b""
    assert read_whole(httpcore.Response(200, content=b"[1, 2]")) == b"[1, 2]"


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(packed(b"this is not gzip"), id="not-packed"),
        pytest.param(packed(gzip.compress(b"[1, 2]")[:-9]), id="cut-short"),
        pytest.param(packed(gzip.compress(bytes(MOST_BYTES + 1))), id="bomb"),
        pytest.param(httpcore.Response(200, content=bytes(MOST_BYTES + 1)), id="endless"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused(response: httpcore.Response) -> None:
    with pytest.raises(UnreadableError):
        read_whole(response)


def test_certificates_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    with pytest.raises(UnavailableError, match="the certificates that SSL_CERT_FILE"):
        Seerr("https://nas", SecretStr("key"))


def test_encrypted_calls_trust_the_usual_authorities() -> None:
    pool = open_pool(Address.parse("https://seerr.test"), CancelToken())
    assert isinstance(pool, httpcore.ConnectionPool)
    context = pool._ssl_context
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.cert_store_stats()["x509_ca"] > 0
    pool.close()
