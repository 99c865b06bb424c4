"""Answers that never end, on real sockets: each has a deadline, and a cut ends every wait."""

from __future__ import annotations

import errno
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path

import httpcore
import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr, ServiceOptions
from listsync.domain.server import ResponseKind
from listsync.errors import UnavailableError
from listsync.http import deadline
from listsync.http.deadline import Timeouts
from listsync.http.request import ServiceRequest
from listsync.http.service_client import ask, build_client
from listsync.seerr.client import Seerr
from tests.builders import film_body
from tests.integration.http.authority import authority
from tests.integration.providers.trap import HeardRequest, Responder, Trap, said, trap

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
BARE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
PATIENCE = Timeouts(connect_s=30, answer_s=30, whole_s=0.6)
DUNE = film_body()


def dripping(*first: bytes, piece: bytes = b" ") -> Iterator[bytes]:
    """Say *first*, then one piece after the other, for ever."""
    yield from first
    while True:
        time.sleep(0.03)
        yield piece


def seerr(server: Trap, timeouts: Timeouts = PATIENCE, token: CancelToken | None = None) -> Seerr:
    return Seerr(server.url, SecretStr("key"), timeouts=timeouts, token=token)


ENDLESS: dict[str, Responder] = {
    "body": lambda _: dripping(HEAD),
    "body-without-length": lambda _: dripping(BARE_HEAD),
    "head": lambda _: dripping(b"HTTP/1.1 200 OK\r\nx: ", piece=b"a"),
    "heads-of-headers": lambda _: dripping(b"HTTP/1.1 200 OK\r\n", piece=b"x: y\r\n"),
    "chunks": lambda _: dripping(
        BARE_HEAD[:-2] + b"transfer-encoding: chunked\r\n\r\n", piece=b"1\r\n \r\n"
    ),
    "interim-answers": lambda _: dripping(piece=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_answer_ends_at_the_deadline_of_the_whole(answer: Responder) -> None:
    with trap(answer) as server:
        client = seerr(server)
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"its answer is not whole after 0\.6 s"):
            client.read_index(())
        assert 0.5 < time.monotonic() - began < 25
        assert len(server.asked) == 1
        client.close()


def test_the_deadline_of_the_whole_is_longer_than_that_of_a_piece() -> None:
    assert Timeouts.of(30).whole_s == 120
    assert Timeouts.of(2).whole_s == 120
    assert Timeouts.of(90).whole_s == 360


def test_a_page_of_1000_rows_comes_through_at_a_slow_and_steady_pace() -> None:
    rows = [{"mediaType": "movie", "tmdbId": number, "status": 5} for number in range(1000)]
    page = json.dumps({"pageInfo": {"results": 1000}, "results": rows}).encode()
    size = len(page) // 20 + 1

    def slowly(_: HeardRequest) -> Iterator[bytes]:
        whole = said(page)
        for start in range(0, len(whole), size):
            time.sleep(0.03)
            yield whole[start : start + size]

    timeouts = Timeouts(connect_s=30, answer_s=0.4, whole_s=60)
    with trap(slowly) as server:
        client = seerr(server, timeouts)
        (read,) = client.read_index(())
        client.close()
    assert len(read.titles) == 1000


@pytest.mark.parametrize("is_there", [True, False], ids=["made", "not-made"])
def test_a_request_whose_answer_never_ends_is_looked_for_and_never_sent_again(
    *, is_there: bool
) -> None:
    info = {"status": 3, "requests": [{"id": 9, "status": 2, "is4k": False}]}
    found = {"id": 603, "title": "Dune", "mediaInfo": info if is_there else None}

    def answer(question: HeardRequest) -> Iterable[bytes]:
        if question.head.startswith("POST"):
            return dripping(HEAD.replace(b"200 OK", b"201 Created"))
        return [said(json.dumps(found).encode())]

    with trap(answer) as server:
        client = seerr(server)
        answered = client.request(DUNE)
        client.close()
    posts = [one for one in server.asked if one.head.startswith("POST")]
    assert len(posts) == 1
    assert len(server.asked) == 2
    assert answered.kind is (ResponseKind.REQUESTED if is_there else ResponseKind.UNSURE)


@contextmanager
def cut_soon(token: CancelToken) -> Iterator[None]:
    """Cut in the middle of the block, which is to end soon after that."""
    timer = threading.Timer(0.15, token.cut)
    began = time.monotonic()
    timer.start()
    yield
    timer.join()
    assert time.monotonic() - began < 25


PATIENT = Timeouts(connect_s=60, answer_s=60, whole_s=120)


@pytest.mark.parametrize("answer", ENDLESS.values(), ids=ENDLESS)
def test_a_cut_ends_the_wait_for_the_server_and_nothing_is_sent_after_it(
    answer: Responder,
) -> None:
    token = CancelToken()
    with trap(answer) as server:
        client = seerr(server, PATIENT, token)
        with cut_soon(token), pytest.raises(UnavailableError):
            client.request(DUNE)
        for _ in range(2):
            with pytest.raises(UnavailableError):
                client.request(DUNE)
        client.close()
    assert len(server.asked) == 1


@contextmanager
def dripping_encrypted(folder: Path) -> Iterator[int]:
    """Answer one call with an encrypted drip, at the port that is given."""
    (folder / "server.pem").write_bytes(authority("mine").signed("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(65536)
            for piece in dripping(HEAD):
                encrypted.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        thread.join(30)


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "deadline"])
def test_an_endless_answer_that_is_encrypted_has_an_end(tmp_path: Path, *, is_cut: bool) -> None:
    (tmp_path / "ca.pem").write_bytes(authority("mine").pem)
    token = CancelToken()
    with dripping_encrypted(tmp_path) as port:
        client = Seerr(
            f"https://localhost:{port}",
            SecretStr("key"),
            ca_file=tmp_path / "ca.pem",
            timeouts=PATIENT if is_cut else PATIENCE,
            token=token,
        )
        with cut_soon(token) if is_cut else nullcontext(), pytest.raises(UnavailableError):
            client.read_index(())
        client.close()


def test_a_cut_ends_the_wait_for_an_encryption_that_is_never_agreed_on() -> None:
    token = CancelToken()
    with socket.create_server(("127.0.0.1", 0)) as silent, cut_soon(token):
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        client = Seerr(url, SecretStr("key"), timeouts=PATIENT, token=token)
        with pytest.raises(UnavailableError):
            client.read_index(())
        client.close()


@contextmanager
def not_encrypted(token: CancelToken, error: type[Exception]) -> Iterator[httpcore.NetworkStream]:
    """Give a connection that cannot be encrypted in the block, and is closed then."""
    backend = deadline.DeadlineBackend(httpcore.SyncBackend(), token)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stream = backend.connect_tcp(*listening.getsockname())
        peer, _ = listening.accept()
        with peer:
            with pytest.raises(error):
                yield stream
            peer.settimeout(30)
            assert peer.recv(100) == b""
    assert not token._breaks


def test_a_connection_is_closed_where_no_time_is_left_to_encrypt_it() -> None:
    with (
        not_encrypted(CancelToken(), httpcore.ConnectTimeout) as stream,
        deadline.until(time.monotonic() - 1),
    ):
        stream.start_tls(ssl.create_default_context())


def test_a_connection_that_cannot_be_encrypted_for_too_many_open_files_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(_: int) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with not_encrypted(CancelToken(), httpcore.ConnectError) as stream:
        monkeypatch.setattr(os, "dup", none_left)
        stream.start_tls(ssl.create_default_context())


def test_what_is_written_leaves_in_one_piece_when_an_answer_is_waited_for() -> None:
    backend = deadline.DeadlineBackend(httpcore.SyncBackend(), CancelToken())
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stream = backend.connect_tcp(*listening.getsockname())
        peer, _ = listening.accept()
        with peer:
            stream.write(b"head")
            stream.write(b"body")
            peer.setblocking(False)
            with pytest.raises(BlockingIOError):
                peer.recv(100)
            peer.send(b"answer")
            assert stream.read(100) == b"answer"
            assert peer.recv(100) == b"headbody"
            assert not stream.get_extra_info("is_readable")
        assert stream.get_extra_info("is_readable")  # it was closed
        stream.close()


def test_what_a_cut_leaves_of_a_list_is_no_list() -> None:
    token = CancelToken()
    options = ServiceOptions(base_url="http://127.0.0.1", timeout_s=30)
    whole_so_far = b'[{"id": 1}]'
    with (
        trap(lambda _: dripping(BARE_HEAD + whole_so_far)) as server,
        build_client(options, token=token) as http,
        cut_soon(token),
        pytest.raises(UnavailableError),
    ):
        ask(http, ServiceRequest(service="demo", url=server.url))


def _hanging(_host: str, *_: object, **__: object) -> list[object]:
    HANGS.wait(30)
    return []


HANGS = threading.Event()


@pytest.fixture
def _no_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    HANGS.clear()
    monkeypatch.setattr(socket, "getaddrinfo", _hanging)
    yield
    HANGS.set()


def _search(token: CancelToken) -> Callable[[], object]:
    timeouts = Timeouts(connect_s=0.1, answer_s=30, whole_s=60)
    client = Seerr("http://seerr.test:5055", SecretStr("key"), timeouts=timeouts, token=token)
    return lambda: client.search("Dune")


@pytest.mark.usefixtures("_no_names")
def test_a_name_that_is_never_looked_up_is_waited_for_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deadline, "NAME_S", 0.1)
    token = CancelToken()
    monkeypatch.setattr(token, "wait", lambda _: False)  # between the tries
    with pytest.raises(UnavailableError, match=r"the name seerr\.test is not looked up in time"):
        _search(token)()


@pytest.mark.usefixtures("_no_names")
def test_a_cut_ends_the_wait_for_a_name() -> None:
    token = CancelToken()
    with cut_soon(token), pytest.raises(UnavailableError):
        _search(token)()


@contextmanager
def full_server() -> Iterator[str]:
    """Listen where no connection is taken any more: it is waited for, as behind a firewall."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as stack:
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "deadline"])
def test_a_connection_that_is_not_taken_is_not_waited_for_without_an_end(
    monkeypatch: pytest.MonkeyPatch, *, is_cut: bool
) -> None:
    token = CancelToken()
    monkeypatch.setattr(token, "wait", lambda _: token.is_set())  # between the tries
    timeouts = Timeouts(connect_s=30 if is_cut else 0.1, answer_s=30, whole_s=60)
    words = "stopped while waiting" if is_cut else r"no connection within 0\.1 s"
    with full_server() as url, cut_soon(token) if is_cut else nullcontext():
        client = Seerr(url, SecretStr("key"), timeouts=timeouts, token=token)
        with pytest.raises(UnavailableError, match=words):
            client.search("Dune")
        client.close()


def test_a_wait_with_a_deadline_is_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[float] = []
    token = CancelToken()
    monkeypatch.setattr(token.heartbeat, "beat", beats.append)
    with trap(lambda _: dripping(HEAD)) as server:
        client = seerr(server, token=token)
        with pytest.raises(UnavailableError):
            client.read_index(())
        client.close()
    assert len(beats) > 5
    assert max(beats) <= PATIENCE.answer_s
