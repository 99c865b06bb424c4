"""Certificates are always checked, by the usual authorities and by those that the user names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from listsync.config.configuration import check
from listsync.config.yaml_document import YamlDocument
from listsync.config_types import SecretStr, ServiceOptions
from listsync.errors import ConfigError, UnavailableError
from listsync.http import response
from listsync.http.deadline import Timeouts
from listsync.http.request import ServiceRequest
from listsync.http.service_client import ask, build_client
from listsync.seerr.address import Address
from listsync.seerr.transport import ServerTransport
from tests.integration.http.authority import authority, encrypted_server

HOME = "https://localhost"
Ask = Callable[[int, Path | None], object]


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    path.write_bytes(b"# of my own\n" + authority("mine").pem)
    path.chmod(0o644)
    return path


@pytest.fixture(autouse=True)
def _one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "PAUSES_S", ())


def ask_service(port: int, ca_file: Path | None) -> object:
    options = ServiceOptions(base_url=HOME, ca_file=ca_file)
    with build_client(options) as http:
        return ask(http, ServiceRequest(service="mdblist", url=f"https://localhost:{port}/a")).body


def ask_server(port: int, ca_file: Path | None) -> object:
    address = Address.parse(f"https://localhost:{port}")
    wire = ServerTransport(address, SecretStr("key"), timeouts=Timeouts.of(5), ca_file=ca_file)
    try:
        return wire.get("/status").body
    finally:
        wire.close()


of_both = pytest.mark.parametrize(
    ("asked", "option"),
    [
        pytest.param(ask_service, "providers.mdblist.ca_file", id="service"),
        pytest.param(ask_server, "server.ca_file", id="server"),
    ],
)


@of_both
def test_an_authority_of_the_users_own_is_trusted_where_it_is_named(
    tmp_path: Path, ca_file: Path, asked: Ask, option: str
) -> None:
    with encrypted_server(tmp_path, authority("mine").signed("localhost")) as port:
        assert asked(port, ca_file) == b"[]"
        with pytest.raises(UnavailableError, match=rf"not trusted .*name its file in {option}"):
            asked(port, None)


@of_both
@pytest.mark.parametrize(
    ("signer", "host", "ends", "words"),
    [
        ("mine", "localhost", timedelta(days=-1), "certificate has expired.*renew it"),
        ("mine", "elsewhere.test", timedelta(days=1), "ostname mismatch.*name that is in"),
        ("other", "localhost", timedelta(days=1), "unable to get local issuer.*ca_file"),
    ],
    ids=["expired", "of-another-host", "of-another-authority"],
)
def test_it_is_no_pass_for_what_is_wrong_otherwise(  # noqa: PLR0917 - by name
    tmp_path: Path,
    ca_file: Path,
    asked: Ask,
    option: str,  # noqa: ARG001 - of the pair
    signer: str,
    host: str,
    ends: timedelta,
    words: str,
) -> None:
    with (
        encrypted_server(tmp_path, authority(signer).signed(host, ends=ends)) as port,
        pytest.raises(UnavailableError, match=words),
    ):
        asked(port, ca_file)


@of_both
def test_a_file_that_broke_since_the_check_is_said(
    tmp_path: Path, ca_file: Path, asked: Ask, option: str
) -> None:
    ca_file.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with (
        encrypted_server(tmp_path, authority("mine").signed("localhost")) as port,
        pytest.raises(UnavailableError, match=r"ca_file .* holds no certificate") as caught,
    ):
        asked(port, ca_file)
    assert option.rpartition(".")[2] in str(caught.value)


def checked(folder: Path, file: str) -> Path | None:
    """Read a configuration that names *file* for the server and for a service."""
    server = {"url": "https://nas", "api_key": "key", "ca_file": file}
    data = {"server": server, "providers": {"trakt": {"ca_file": file}}}
    config = check(YamlDocument(file="f", data=data), {}, folder)
    assert config.server.ca_file == config.providers.trakt.ca_file
    return config.server.ca_file


def test_a_relative_path_begins_at_the_configuration(tmp_path: Path, ca_file: Path) -> None:
    assert checked(tmp_path, "authority.pem") == ca_file


def _missing(_: Path) -> None:
    pass


def _folder(path: Path) -> None:
    path.mkdir()


def _nonsense(path: Path) -> None:
    path.write_text("no certificate")


def _key_alone(path: Path) -> None:
    path.write_bytes(authority("mine").signed("localhost").partition(b"-----BEGIN CERT")[0])


def _open(path: Path) -> None:
    path.write_bytes(authority("mine").pem)
    path.chmod(0o666)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_missing, "No such file"),
        (_folder, "Is a directory"),
        (_nonsense, "holds no certificate"),
        (_key_alone, "holds no certificate"),
        (_open, "can be changed by every user (mode 0666)"),
    ],
)
def test_a_file_that_cannot_be_used_is_wrong_at_its_place(
    tmp_path: Path, make: Callable[[Path], None], words: str
) -> None:
    make(tmp_path / "ca.pem")
    with pytest.raises(ConfigError) as caught:
        checked(tmp_path, "ca.pem")
    assert len(caught.value.problems) == 2
    assert all(words in one.what and "ca.pem" in one.what for one in caught.value.problems)
