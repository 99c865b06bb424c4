from __future__ import annotations

import pytest

from listsync.seerr.address import Address


@pytest.mark.parametrize(
    ("written", "api"),
    [
        pytest.param("http://nas:5055", "http://nas:5055/api/v1", id="plain"),
        pytest.param("http://nas:5055/", "http://nas:5055/api/v1", id="slash"),
        pytest.param(" http://nas:5055 ", "http://nas:5055/api/v1", id="spaces"),
        pytest.param("https://host/seerr/", "https://host/seerr/api/v1", id="base-path"),
        pytest.param("http://nas:5055/api/v1/", "http://nas:5055/api/v1", id="pasted-api"),
        pytest.param("https://host/seerr/api/v1", "https://host/seerr/api/v1", id="both"),
        pytest.param("https://host:443/?a=b#c", "https://host/api/v1", id="query"),
        pytest.param("http://[::1]:5055", "http://[::1]:5055/api/v1", id="ipv6"),
    ],
)
def test_the_api_is_found_under_what_the_user_wrote(written: str, api: str) -> None:
    assert Address.parse(written).api == api


@pytest.mark.parametrize(
    "written",
    [
        "",
        "nas:5055",
        "ftp://nas",
        "http://",
        "http://nas:port",
        "http://a..b",
        f"http://{64 * 'a'}",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"must start with http|is no URL"):
        Address.parse(written)


def test_a_password_is_kept_apart_and_never_shown() -> None:
    address = Address.parse("https://user:pa%20ss@host/seerr")
    assert address.login == ("user", "pa ss")
    assert address.base == "https://host/seerr"


def test_an_unreadable_address_does_not_quote_a_password() -> None:
    with pytest.raises(ValueError, match="is no URL") as caught:
        Address.parse("http://user:secret/word@host")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_loopback"),
    [
        ("http://localhost:5055", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:5055", True),
        ("http://192.168.1.2:5055", False),
        ("http://seerr", False),
    ],
)
def test_loopback_is_known(url: str, is_loopback: bool) -> None:
    assert Address.parse(url).is_loopback is is_loopback


def test_another_scheme_or_port_is_another_origin() -> None:
    address = Address.parse("http://host:5055/seerr")
    assert address.is_origin_of(Address.parse("http://host:5055/login"))
    assert not address.is_origin_of(Address.parse("https://host:5055/login"))
    assert not address.is_origin_of(Address.parse("http://host/login"))
