"""Tokens, sessions, hosts and peers: what is believed of a request."""

from __future__ import annotations

import stat
from ipaddress import ip_network
from pathlib import Path

import pytest

from listsync.errors import StateError
from listsync.web.hosts import host_in, most_connections_of, network_of, peer_of, plain
from listsync.web.server import MOST_CONNECTIONS
from listsync.web.settings import AccessToken, TokenScope
from listsync.web.tokens import (
    SESSION_S,
    AccessTokens,
    FailureLimit,
    Identity,
    own_token,
    secret_in,
)

READ = frozenset({TokenScope.READ})
ME = AccessToken(name="me", secret="a-token-of-mine-in-tests", scopes=READ)
YOU = AccessToken(name="you", secret="a-token-of-yours-in-tests", scopes=READ)
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ({}, None),
        ({"authorization": "Bearer abc"}, "abc"),
        ({"authorization": "BEARER  abc "}, "abc"),
        ({"authorization": "Basic bWU6YTpi"}, "a:b"),
        ({"authorization": "Basic bWU="}, None),
        ({"authorization": "Basic %%%"}, None),
        ({"authorization": "Basic /w=="}, None),
        ({"authorization": "Digest abc"}, None),
        ({"x-api-key": " abc "}, "abc"),
        ({"authorization": "Bearer abc", "x-api-key": "def"}, "abc"),
    ],
)
def test_a_secret_is_read_where_clients_put_it(
    headers: dict[str, str], secret: str | None
) -> None:
    assert secret_in(headers) == secret


def test_a_token_is_found_by_the_whole_of_its_secret() -> None:
    tokens = AccessTokens([ME, YOU])
    assert tokens.find(ME.secret) is ME
    assert tokens.find(YOU.secret) is YOU
    for wrong in ("", ME.secret[:-1], f"{ME.secret} ", ME.secret.upper(), "\ud800", "ü" * 999):
        assert tokens.find(wrong) is None


def test_a_session_is_its_tokens_until_it_is_over() -> None:
    tokens = AccessTokens([ME, YOU])
    cookie = tokens.open_session(YOU, NOW)
    found = tokens.session(cookie, NOW + SESSION_S - 1)
    assert found is not None
    assert (found.name, found.scopes, bool(found.csrf)) == ("you", READ, True)
    assert ME.secret not in cookie
    assert YOU.secret not in cookie
    assert tokens.session(cookie, NOW + SESSION_S + 1) is None
    assert AccessTokens([ME]).session(cookie, NOW) is None, "it ends with its token"


def test_a_session_cannot_be_made_up_or_made_longer() -> None:
    tokens = AccessTokens([ME])
    cookie = tokens.open_session(ME, NOW)
    name, ends, nonce, seal = cookie.split(".")
    for wrong in (
        "",
        "a.b.c.d",
        f"{name}.{int(ends) + 9}.{nonce}.{seal}",
        f"{name}.{ends}.{nonce}.{'0' * 64}",
        f"{name}.{ends}.{nonce}.",
        f"{name}.{ends}.{nonce}.ü",
        f"{name}.{'9' * 5000}.{nonce}.{seal}",
        cookie[:-1],
    ):
        assert tokens.session(wrong, NOW) is None


def test_sessions_have_words_of_their_own() -> None:
    tokens = AccessTokens([ME])
    words = {_csrf(tokens.session(tokens.open_session(ME, NOW), NOW)) for _ in range(3)}
    assert len(words) == 3


def _csrf(identity: Identity | None) -> str:
    assert identity is not None
    return identity.csrf


def test_ten_wrong_secrets_a_minute_are_all() -> None:
    now = 0.0
    limit = FailureLimit(lambda: now)
    for _ in range(10):
        assert limit.wait_s("a") == 0
        limit.note("a")
    assert limit.wait_s("a") == 60
    assert limit.wait_s("b") == 0
    now = 59.0
    assert limit.wait_s("a") == 1
    now = 61.0
    assert limit.wait_s("a") == 0


def test_those_who_guess_are_not_remembered_without_a_bound() -> None:
    limit = FailureLimit(lambda: 0.0)
    for number in range(3000):
        limit.note(f"peer-{number}")
    assert len(limit._failures) == 1000


def test_a_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "http-token"
    made = own_token(path)
    assert len(made) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert own_token(path) == made
    assert own_token(tmp_path / "another") != made


@pytest.mark.parametrize("content", ["", "short\n", "ü" * 50, "x" * 5000])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "http-token"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(StateError, match="the token's file"):
        own_token(path)


def test_a_tokens_file_that_others_may_change_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "http-token"
    own_token(path)
    path.chmod(0o666)
    with pytest.raises(StateError, match="can be changed by every user"):
        own_token(path)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost.:4222", "localhost"),
        ("[::1]:80", "::1"),
        ("[::1]", "::1"),
        ("sync.example.org:443", "sync.example.org"),
        ("", ""),
        ("a b", ""),
        ("localhost/abc?bar=", ""),
        ("me@localhost", ""),
        ("localhost:", ""),
        ("localhost:80:80", ""),
        ("[::1", ""),
        ("[evil]", ""),
        ("[::1]x", ""),
        ("löcalhost", ""),
        ("localhost\x00", ""),
    ],
)
def test_a_host_is_a_name_and_perhaps_a_port(header: str, name: str) -> None:
    assert host_in(header) == name


@pytest.mark.parametrize(
    ("address", "told"),
    [("::ffff:10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1"), ("::1", "::1"), ("", "")],
)
def test_an_address_is_the_same_at_a_socket_of_ipv6(address: str, told: str) -> None:
    assert plain(address) == told


@pytest.mark.parametrize(
    ("address", "forwarded", "peer"),
    [
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("10.0.0.1", "198.51.100.1, 192.0.2.7, 10.0.0.9", "192.0.2.7"),
        ("10.0.0.1", "not an address, 10.0.0.9", "10.0.0.9"),
        ("192.0.2.7", "127.0.0.1", "192.0.2.7"),
        ("192.0.2.7", "127.0.0.1, 10.0.0.1", "192.0.2.7"),
    ],
)
def test_only_a_proxy_that_is_trusted_says_who_asks(
    address: str, forwarded: str, peer: str
) -> None:
    assert peer_of(address, forwarded, (ip_network("10.0.0.0/8"),)) == peer


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "this machine"),
        ("127.0.0.9", "this machine"),
        ("::ffff:127.0.0.1", "this machine"),
        ("", ""),
    ],
)
def test_a_household_has_one_address_of_ipv4_and_a_network_of_ipv6(
    address: str, network: str
) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("address", "most"),
    [("127.0.0.1", 192), ("::1", 192), ("10.0.0.1", 192), ("192.0.2.7", 64), ("", 64)],
)
def test_a_machine_and_a_proxy_stand_for_many_clients_and_never_for_all(
    address: str, most: int
) -> None:
    assert most_connections_of(address, (ip_network("10.0.0.0/8"),)) == most
    assert most < MOST_CONNECTIONS
