"""The key `http`: what opens it, and what is refused before it could be opened."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from listsync.config.configuration import check, secrets_of
from listsync.config.http_options import HttpOptions
from listsync.config.yaml_document import YamlDocument
from listsync.errors import ConfigError
from listsync.web.settings import ListenAddress, TokenScope

TOKEN = "no-secret-but-long-enough"


def options(http: dict[str, object]) -> HttpOptions:
    data = {"server": {"url": "sandbox"}, "lists": [{"file": "/a"}], "http": http}
    return check(YamlDocument(file="f", data=data), {}, Path()).http


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:4222", "127.0.0.1", 4222),
        ("localhost:80", "127.0.0.1", 80),
        (":4222", "127.0.0.1", 4222),
        ("4222", "127.0.0.1", 4222),
        ("0.0.0.0:4222", "0.0.0.0", 4222),
        ("[::1]:4222", "::1", 4222),
    ],
)
def test_an_address_is_read_in_each_of_its_forms(text: str, host: str, port: int) -> None:
    assert options({"listen": text}).listen == ListenAddress(ip_address(host), port)


@pytest.mark.parametrize(
    ("http", "words"),
    [
        ({"listen": "127.0.0.1"}, "expected an address of this machine and a port"),
        ({"listen": "127.0.0.1:99999"}, "expected an address of this machine and a port"),
        ({"listen": "sync.example.org:80"}, "expected an address of this machine and a port"),
        ({"listen": "::1:4222"}, "an IPv6 address stands in brackets: [::1]:4222"),
        ({"listen": ["a"]}, "expected an address of this machine and a port"),
        ({"base_path": "/a/../b"}, "expected a path of letters, digits, - and _"),
        ({"base_path": "/a?b"}, "expected a path of letters, digits, - and _"),
        ({"allowed_hosts": ["https://a.example"]}, "expected a name such as sync.example.org"),
        ({"trusted_proxies": ["proxy"]}, "expected an address or a network"),
        ({"tokens": []}, "expected at least one token; without the key one is made by itself"),
        ({"tokens": [{"name": "a", "token": "short"}]}, "one has at least 16 ASCII letters"),
        ({"tokens": [{"name": "a", "token": "abcdefg" * 9}]}, "can be guessed"),
        ({"tokens": [{"name": "a", "token": TOKEN, "scopes": []}]}, "at least one scope"),
        (
            {"tokens": [{"name": "a", "token": TOKEN}, {"name": "a", "token": f"{TOKEN}2"}]},
            "two tokens have one name",
        ),
        (
            {"tokens": [{"name": "a", "token": TOKEN}, {"name": "b", "token": TOKEN}]},
            "two tokens are the same",
        ),
    ],
)
def test_what_is_wrong_is_said_and_no_token_is_shown(http: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options(http)
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert "abcdefg" not in str(caught.value)


def test_eight_different_characters_are_enough_for_a_token() -> None:
    found = options({"tokens": [{"name": "a", "token": "abcdefgh" * 2}]}).tokens
    assert found is not None
    assert found[0].token.get_secret_value() == "abcdefgh" * 2


def test_http_is_shut_and_its_tokens_are_for_everything_unless_it_is_said() -> None:
    assert options({}).listen is None
    (token,) = options({"tokens": [{"name": "a", "token": TOKEN}]}).tokens or ()
    assert token.scopes == tuple(TokenScope)
    assert TOKEN not in repr(token)


def test_names_and_paths_are_kept_as_they_are_compared() -> None:
    http = options(
        {
            "base_path": "listsync/",
            "allowed_hosts": ["Sync.Example.ORG.", "[2001:db8::1]"],
            "trusted_proxies": ["172.18.0.7/16", "::1"],
        }
    )
    assert http.base_path == "/listsync"
    assert http.allowed_hosts == ("sync.example.org", "2001:db8::1")
    assert http.trusted_proxies == (ip_network("172.18.0.0/16"), ip_network("::1"))


def test_tokens_are_kept_out_of_what_is_logged() -> None:
    data = {
        "server": {"url": "sandbox"},
        "lists": [{"file": "/a"}],
        "http": {"tokens": [{"name": "a", "token": TOKEN}]},
    }
    assert TOKEN in secrets_of(check(YamlDocument(file="f", data=data), {}, Path()))
