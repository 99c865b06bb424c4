from __future__ import annotations

import errno
import hashlib
import os
import socket
import tracemalloc
from pathlib import Path

import pytest

from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.files.local_file import WriterWait, load_file


def load(path: Path) -> bytes:
    return load_file("file", path, limit_bytes=1000).data[:]


def refusal(path: Path) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    return caught.value


def test_a_file_is_read_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    content = load_file("file", path, limit_bytes=3)
    assert content.data == b"abc"
    assert content.digest.startswith("ba7816bf")


def test_a_large_file_is_copied_and_read_in_slices(tmp_path: Path) -> None:
    path = tmp_path / "a"
    whole = b"".join(b"%07d\n" % number for number in range(1_000_000))
    path.write_bytes(whole)
    tracemalloc.start()
    try:
        content = load_file("file", path, limit_bytes=len(whole))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < len(whole) // 2
    path.write_bytes(b"another")
    assert content.digest == hashlib.sha256(whole).hexdigest()
    assert (len(content.data), content.data[:]) == (len(whole), whole)
    assert content.data[7_999_992:9_000_000] == b"0999999\n"
    path.write_bytes(whole + b"x")
    with pytest.raises(ResponseChangedError, match="larger than"):
        load_file("file", path, limit_bytes=len(whole))


@pytest.mark.parametrize("name", ["gone", "gone/deeper", "x" * 300])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path / name).kind is Refusal.NOT_FOUND


def test_a_file_below_a_file_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert refusal(tmp_path / "a" / "b").kind is Refusal.NOT_FOUND


def test_a_link_to_nowhere_and_one_to_itself(tmp_path: Path) -> None:
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "self").symlink_to("self")
    assert refusal(tmp_path / "lost").kind is Refusal.NOT_FOUND
    assert refusal(tmp_path / "self").kind is Refusal.NOT_FOUND


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "folder" in str(refusal(tmp_path))


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "pipe" in str(refusal(tmp_path / "pipe"))


def test_a_device_and_a_socket_are_not_opened(tmp_path: Path) -> None:
    assert "device" in str(refusal(Path("/dev/zero")))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        assert "socket" in str(refusal(tmp_path / "s"))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("x")

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert refusal(path).kind is Refusal.PERMISSION


def test_a_failing_disk_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("x")

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(UnavailableError, match="Input/output error"):
        load(path)


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(RefusedError) as caught:
        load(Path("/tmp/a\0b"))
    assert caught.value.kind is Refusal.NOT_FOUND


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("wb") as file:
        file.truncate(10**12)  # holds nothing, and says that it is large
    with pytest.raises(ResponseChangedError, match="larger"):
        load(path)


def test_a_file_that_somebody_writes_is_read_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    real = os.fstat

    def growing(descriptor: int) -> os.stat_result:
        facts = real(descriptor)
        with path.open("a") as file:
            file.write("more")
        return facts

    monkeypatch.setattr(os, "fstat", growing)
    with pytest.raises(UnavailableError, match="being written"):
        load_file("file", path, limit_bytes=10**6, patience=WriterWait(0.1))


def test_a_file_that_is_held_open_is_read_as_it_is_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("w") as file:
        file.write("half")
        file.flush()
        content = load_file("file", path, limit_bytes=1000, patience=WriterWait(0.1))
    assert (content.data, content.is_unfinished) == (b"half", True)
    assert not load_file("file", path, limit_bytes=1000).is_unfinished


def test_a_reader_that_is_stopped_waits_for_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("w"), pytest.raises(UnavailableError, match="being written"):
        load_file("file", path, limit_bytes=1000, patience=WriterWait(pause=lambda _: True))
