"""Real mounts in a mount namespace of our own: what is done there, the host never sees.

Run as a module, inside `unshare`, it carries out cases, one after the other.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import select
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

_C = ctypes.CDLL(None, use_errno=True)
RDONLY, REMOUNT, BIND = 1, 32, 4096  # linux/mount.h
DETACH = 2
_ITSELF = "tests.integration.transfers.namespace"
_INIT = 26
_BEGUN = struct.pack("=IIIIHHIIHHI7I", 7, 31, 65536, 0, 16, 12, 65536, 1, 32, 0, 0, *[0] * 7)
UNSHARE = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "-r", "--mount"]


def mount(source: str, point: Path, kind: str, flags: int = 0, data: str = "") -> None:
    words = (source.encode(), os.fsencode(point), kind.encode(), flags, data.encode())
    if _C.mount(*words):
        raise OSError(ctypes.get_errno(), "mount", str(point))


def unmount(point: Path) -> None:
    if _C.umount2(os.fsencode(point), DETACH):
        raise OSError(ctypes.get_errno(), "umount", str(point))


@contextlib.contextmanager
def dead_fuse(point: Path, *, answers_first: bool) -> Iterator[None]:
    """Mount what never answers; at the end its server is gone, and the mount is still there.

    *answers_first*: it takes what is asked, so that who waits for the answer cannot be killed;
    else nothing is even taken.
    """
    fd = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK)
    ends, ending = os.pipe()
    taker = threading.Thread(target=_take_all, args=(fd, ends))
    try:
        data = f"fd={fd},rootmode=40000,user_id=0,group_id=0"
        mount("deaf", point, "fuse", data=data)
        if answers_first:
            taker.start()
        yield
    finally:
        os.close(ending)
        if answers_first:
            taker.join()
        os.close(fd)


def _take_all(fd: int, ends: int) -> None:
    """Answer the first request (linux/fuse.h, FUSE_INIT), and take the others."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    poll.register(ends, 0)
    while ends not in dict(poll.poll()):
        request = os.read(fd, 1024 * 1024)
        operation, unique = struct.unpack_from("=IQ", request, 4)
        if operation == _INIT:
            os.write(fd, struct.pack("=IiQ", 16 + len(_BEGUN), 0, unique) + _BEGUN)


def run_in_namespace(module: str, folder: Path) -> None:
    """Carry out all of `CASES` of *module*, each with a folder of its own; says which fails.

    Where there can be no such namespace, CI fails, and others skip it.
    """
    lacks = _lacking()
    if lacks:
        if os.environ.get("CI"):
            pytest.fail(lacks)
        pytest.skip(lacks)
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-m", _ITSELF, module, str(folder)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _lacking() -> str:
    if shutil.which("unshare") is None:
        return "there is no unshare (util-linux)"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "there is no /dev/fuse that we may open"
    done = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True, check=False)
    return f"no namespace can be made: {done.stderr}" if done.returncode else ""


def _run_all(module: str, folder: Path) -> None:
    for number, case in enumerate(importlib.import_module(module).CASES):
        print(case.__name__.replace("_", " "), flush=True)
        own = folder / str(number)  # short, as the address of a socket must be
        own.mkdir()
        case(own)


if __name__ == "__main__":
    _run_all(sys.argv[1], Path(sys.argv[2]))
    os._exit(0)  # whatever still hangs ends with the namespace
