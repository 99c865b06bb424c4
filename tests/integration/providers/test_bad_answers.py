"""Every service against a server that answers badly: one of our errors, in bounds, in one line."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from listsync.config_types import SecretStr, ServiceOptions
from listsync.errors import ListsyncError, RefusedError, ResponseChangedError, UnavailableError
from listsync.http.request import ServiceRequest
from listsync.http.service_client import ask, build_client
from tests.integration.providers.lists import KEY, SERVICES, provider
from tests.integration.providers.trap import HeardRequest, Responder, said, trap

OURS = (UnavailableError, RefusedError, ResponseChangedError)
MB = 1_000_000
LOGIN = b"<html><title>Sign in</title><form><input type=password name=word></form></html>"
HTML = b"<!doctype html><html><title>Welcome</title><p>Nothing to see here</p></html>"


def test_every_service_is_tried(request: pytest.FixtureRequest) -> None:
    folder = request.config.rootpath / "agent/listsync/providers"
    there = {path.stem for path in folder.iterdir() if not path.stem.startswith("_")}
    # The client of the request server has tests of its own.
    assert there - {"file", "seerr"} == {name.removesuffix("-with-key") for name in SERVICES}


def bomb(_: HeardRequest) -> Iterator[bytes]:
    yield _packed_gigabyte()


@cache
def _packed_gigabyte() -> bytes:
    """Pack a gigabyte of spaces into a megabyte."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    head = packer.compress(b" " * 16 * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    # What comes after a full flush stands by itself, so it can be said again and again.
    again = packer.compress(b" " * 16 * MB) + packer.flush(zlib.Z_FULL_FLUSH)
    body = head + 63 * again + packer.flush()
    return said(body, content_encoding="gzip")


def plain(_: HeardRequest) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 100000001\r\n\r\n["
    for _number in range(100):
        yield b" " * MB


def web_page(_: HeardRequest) -> Iterable[bytes]:
    return [said(HTML, "text/html")]


def web_page_called_json(_: HeardRequest) -> Iterable[bytes]:
    return [said(HTML)]


def login_page(question: HeardRequest) -> Iterable[bytes]:
    if question.path == "/sign-in":
        return [said(LOGIN, "text/html")]
    return [said(b"", status="302 Found", location="/sign-in")]


def cut_off(_: HeardRequest) -> Iterable[bytes]:
    return [b'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 500\r\n\r\n[{"title":']


def cut_off_packing(_: HeardRequest) -> Iterable[bytes]:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return [said(packer.compress(HTML) + packer.flush(zlib.Z_SYNC_FLUSH), content_encoding="gzip")]


def not_packed(_: HeardRequest) -> Iterable[bytes]:
    return [said(b"this is not gzip", content_encoding="gzip")]


def garbage_in_chunks(_: HeardRequest) -> Iterable[bytes]:
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    return [head + b"\x1b[31m\x00zz\r\n[]\r\n\xff\xfe\r\n"]


def no_http(_: HeardRequest) -> Iterable[bytes]:
    return [b"\x1b[2J\xff\x00 220 mail.example.invalid ESMTP\r\n\r\n"]


def nothing(_: HeardRequest) -> Iterable[bytes]:
    return []


def in_circles(question: HeardRequest) -> Iterable[bytes]:
    return [said(b"", status="302 Found", location=question.path)]


def many_headers(_: HeardRequest) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(100_000):
        yield f"x-{number}: {'a' * 100}\r\n".encode()


TRAPS: dict[str, tuple[Responder, type[ListsyncError] | None]] = {
    "bomb": (bomb, ResponseChangedError),
    "100-MB": (plain, ResponseChangedError),
    "web-page": (web_page, ResponseChangedError),
    "web-page-called-json": (web_page_called_json, ResponseChangedError),
    "login-page": (login_page, RefusedError),
    "cut-off": (cut_off, UnavailableError),
    "cut-off-packing": (cut_off_packing, UnavailableError),
    "not-packed": (not_packed, ResponseChangedError),
    "garbage-in-chunks": (garbage_in_chunks, UnavailableError),
    "no-http": (no_http, UnavailableError),
    "nothing": (nothing, UnavailableError),
    "in-circles": (in_circles, UnavailableError),
    "many-headers": (many_headers, UnavailableError),
}


@pytest.mark.parametrize("bad", TRAPS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_bad_answer_is_told_in_one_line(service: str, bad: str) -> None:
    answer, expected = TRAPS[bad]
    assert type(_error(service, answer)) is expected


def _error(service: str, answer: Responder, **limits: float) -> ListsyncError:
    """Read the list; returns the error, which names the service in one line."""
    with (
        trap(answer) as site,
        provider(service, site.url, **limits) as one,
        pytest.raises(OURS) as caught,
    ):
        one.fetch(None)
    message = str(caught.value)
    assert message.startswith(f"{service.removesuffix('-with-key')}: ")
    assert message.isprintable(), ascii(message)
    assert KEY not in message
    return caught.value


HARM = "\x1b[31mred\x07 \u202eback\u2066 \x9b2J\nnext"
QUOTING: dict[str, Responder] = {
    "title-of-a-page": lambda _: [
        said(f"<html><title>{HARM}</title></html>".encode(), "text/html; charset=utf-8")
    ],
    "words-of-an-error": lambda _: [
        said(f'{{"error": "{HARM}", "errors": [{{"message": "{HARM}"}}]}}'.encode())
    ],
    "escaped-words-of-an-error": lambda _: [
        said(json.dumps({"error": HARM, "errors": [{"message": HARM}]}).encode())
    ],
    "name-of-a-packing": lambda _: [said(b"[]", content_encoding="\x9b2J")],
    "place-of-a-redirect": lambda _: [
        said(b"", status="302 Found", location="http://\u00e4\x9b2J.example.invalid/")
    ],
    "status-line": lambda _: [b"HTTP/1.1 599 \x9b2J\r\ncontent-length: 2\r\n\r\n[]"],
}


@pytest.mark.parametrize("quoted", QUOTING)
@pytest.mark.parametrize("service", SERVICES)
def test_what_is_quoted_in_an_error_is_harmless(service: str, quoted: str) -> None:
    _error(service, QUOTING[quoted])


def drip(piece: bytes) -> Iterator[bytes]:
    """Say *piece* again and again, for longer than any test may take."""
    for _ in range(1200):
        yield piece
        time.sleep(0.05)


def slow_body(_: HeardRequest) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n["
    yield from drip(b" ")


def slow_head(_: HeardRequest) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nx-slow: "
    yield from drip(b"a")


def slow_hints(_: HeardRequest) -> Iterator[bytes]:
    return drip(b"HTTP/1.1 103 Early Hints\r\n\r\n")


@pytest.mark.parametrize(
    ("service", "slow"),
    [
        *((service, slow_body) for service in SERVICES),
        *((service, slow) for service in ("imdb", "trakt") for slow in (slow_head, slow_hints)),
    ],
)
def test_an_answer_that_drips_is_given_up(service: str, slow: Responder) -> None:
    began = time.monotonic()
    error = _error(service, slow, timeout_s=0.5, list_timeout_s=0.5)
    took_s = time.monotonic() - began
    assert isinstance(error, UnavailableError)
    assert took_s < 30


@pytest.mark.parametrize("slow", [slow_body, slow_head, slow_hints])
@pytest.mark.parametrize("through_proxy", [False, True], ids=["directly", "through-proxy"])
def test_one_answer_has_its_own_deadline(slow: Responder, through_proxy: bool) -> None:
    with trap(slow) as site:
        there = "http://lists.example.invalid" if through_proxy else site.url
        options = ServiceOptions(
            base_url=there, proxy=SecretStr(site.url) if through_proxy else None
        )
        began = time.monotonic()
        with (
            build_client(options) as http,
            pytest.raises(UnavailableError, match=r"in time|too long"),
        ):
            ask(http, ServiceRequest(service="demo", url=there, deadline_s=0.2))
        assert time.monotonic() - began < 30


def test_silence_is_given_up() -> None:
    def silent(_: HeardRequest) -> Iterator[bytes]:
        time.sleep(0.5)
        yield b""

    assert isinstance(_error("trakt", silent, timeout_s=0.1), UnavailableError)


@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_goes_to_where_a_redirect_leads(service: str) -> None:
    with trap(lambda _: [said(LOGIN, "text/html")], "127.0.0.2") as other:
        there = f"{other.url}/sign-in"
        _error(service, lambda _: [said(b"", status="302 Found", location=there)])
        assert not any(KEY in question.head for question in other.asked)
        assert not any(question.body for question in other.asked)
