"""A small disk that can be full: a tmpfs in the mount namespace of a process that keeps it.

Others see it by the way of that process; who joins the namespace has it where it is mounted.
"""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.integration.transfers.namespace import UNSHARE, mount

KEEPER = "KEEPER_OF_DISK"
"""A variable that names the process whose disk is joined."""
_MEBIBYTE = 1 << 20
_NAMESPACES = ("user", "mnt")


class SmallDisk:
    """Mounted at `point` for who joins `keeper`; `path` is the way to it for all others."""

    def __init__(self, point: Path, keeper: int) -> None:
        self.point = point
        self.keeper = keeper
        self.path = Path(f"/proc/{keeper}/root{point}")
        self._filler = self.path / "filler"

    def fill(self) -> None:
        """Leave no byte of room."""
        with self._filler.open("ab", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(_MEBIBYTE // 8))

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


@contextmanager
def small_disk(point: Path, size_mb: int) -> Iterator[SmallDisk]:
    """Mount one, and keep it as long as the block lasts."""
    command = [*UNSHARE, sys.executable, "-m", "tests.small_disk", str(point), str(size_mb)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"mounted\n"
        yield SmallDisk(point, keeper.pid)
        keeper.communicate()


def join(keeper: int) -> None:
    """Have this process, which may have no threads yet, in the namespaces of *keeper*."""
    library = ctypes.CDLL(None, use_errno=True)
    folder = Path.cwd()
    for name in _NAMESPACES:
        file = os.open(f"/proc/{keeper}/ns/{name}", os.O_RDONLY)
        failed = library.setns(file, 0)
        number = ctypes.get_errno()
        os.close(file)
        if failed and not (name == "user" and number == errno.EINVAL):  # we are in it already
            raise OSError(number, "setns", name)
    os.chdir(folder)


if __name__ == "__main__":
    mount("small", Path(sys.argv[1]), "tmpfs", data=f"size={sys.argv[2]}m")
    print("mounted", flush=True)
    sys.stdin.read()
