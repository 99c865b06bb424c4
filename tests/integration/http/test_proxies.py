"""Through which proxy a list is asked: real connections, to a server that plays the proxy."""

from __future__ import annotations

import pytest

from listsync.config_types import SecretStr, ServiceOptions
from listsync.http import response
from listsync.http.request import ServiceRequest
from listsync.http.service_client import ask, build_client
from tests.integration.providers.trap import said, trap

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "PAUSES_S", ())


def asked(url: str, proxy: str | None = None) -> bytes:
    options = ServiceOptions(base_url=url, proxy=SecretStr(proxy) if proxy else None, timeout_s=5)
    with build_client(options) as http:
        return ask(http, ServiceRequest(service="demo", url=url)).body


def test_a_list_is_asked_through_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with trap(lambda _: [said(b"[1]")]) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://me:pa55@"))
        assert asked("http://lists.test/a") == b"[1]"
    (question,) = proxy.asked
    assert question.head.startswith("GET http://lists.test/a ")
    assert "proxy-authorization: basic bwu6cge1nq==" in question.head.lower()


def test_a_list_that_the_environment_excepts_is_asked_without_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", NOBODY)
    monkeypatch.setenv("no_proxy", "127.0.0.1,[::1]")
    with trap(lambda _: [said(b"[1]")]) as server:
        assert asked(f"{server.url}/a") == b"[1]"
    assert server.asked[0].head.startswith("GET /a ")


def test_the_proxy_that_the_user_names_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", NOBODY)
    monkeypatch.setenv("no_proxy", "lists.test")
    with trap(lambda _: [said(b"[1]")]) as proxy:
        assert asked("http://lists.test/a", proxy.url) == b"[1]"
    assert len(proxy.asked) == 1
