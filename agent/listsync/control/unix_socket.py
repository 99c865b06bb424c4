"""The socket's file: found free, bound with its final rights, removed only while it is ours."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from listsync.errors import BusyError, StateError
from listsync.file_access import own_path
from listsync.protocol import MAX_PATH_BYTES

_BACKLOG = 64
_LOCK_WAIT_S = 2.0
_END_WAIT_S = 0.3


class SocketFile:
    """A listening Unix socket at *path*, for the owner and, if given, a *group*."""

    def __init__(self, path: Path, group: int | None) -> None:
        self._path = path
        self._group = group
        self._inode: tuple[int, int] | None = None
        self._has_made_folder = False

    def listen(self) -> socket.socket:
        """Bind and listen, at the start or when the file is gone; from any thread.

        Raises:
            BusyError: somebody answers at the path already.
            StateError: the path cannot be a socket; says why. What lies there is untouched.

        """
        if len(os.fsencode(self._path)) > MAX_PATH_BYTES:
            raise StateError(
                f"the socket's path is longer than {MAX_PATH_BYTES} bytes: {self._path}: "
                "choose a shorter one with --socket or LISTSYNC_SOCKET"
            )
        try:
            self._make_folder()
            with _alone_in(self._path.parent):
                self._clear()
                return self._bound()
        except OSError as error:
            raise StateError(f"no socket can be made at {self._path}: {error.strerror}") from error

    def is_ours(self) -> bool:
        """Tell whether the file is there, and the one that was made here."""
        try:
            there = self._path.lstat()
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == self._inode

    def admit(self, group: int | None) -> None:
        """Let *group* connect from now on, or nobody but the owner; from any thread.

        Who is connected stays. Raises StateError or BusyError: nothing has changed.
        """
        try:
            with _alone_in(self._path.parent):
                if self.is_ours():
                    _hand_over(self._path, group, open_to_group=0o660)
                    try:
                        if self._has_made_folder:
                            _hand_over(self._path.parent, group, open_to_group=0o750)
                    except OSError:
                        _hand_over(self._path, self._group, open_to_group=0o660)
                        raise
                self._group = group
        except OSError as error:
            words = f"the group's access to {self._path} cannot be changed: {error.strerror}"
            raise StateError(words) from error

    def remove(self) -> None:
        """Remove the file, unless another has taken its place."""
        try:
            with _alone_in(self._path.parent, wait_s=_END_WAIT_S):
                if self.is_ours():
                    self._path.unlink()
        except (OSError, BusyError):
            # It is gone already, which is what was wanted; or the next agent replaces it.
            return

    def _make_folder(self) -> None:
        folder = own_path(self._path.parent)
        for missing in reversed([one for one in folder.parents if not one.exists()]):
            _make(missing, 0o755)
        if _make(folder, 0o700 if self._group is None else 0o750):
            self._has_made_folder = True
            if self._group is not None:
                os.chown(folder, -1, self._group)

    def _clear(self) -> None:
        try:
            mode = self._path.lstat().st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(mode):
            raise StateError(
                f"{self._path} is not a socket, so it was left alone: move it away, or choose "
                "another path with --socket"
            )
        if _answers(self._path):
            raise BusyError(f"another agent answers at {self._path} already")
        self._path.unlink()

    def _bound(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            # What the file may at most be for others; the umask, which belongs to all threads,
            # may only take from it. Nobody can connect before listen().
            mode = 0o600 if self._group is None else 0o660
            os.fchmod(listener.fileno(), mode)
            listener.bind(os.fsencode(self._path))
            there = self._path.lstat()
            self._inode = (there.st_dev, there.st_ino)
            if self._group is not None:
                os.chown(self._path, -1, self._group, follow_symlinks=False)
            if stat.S_IMODE(there.st_mode) != mode:
                self._path.chmod(mode)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener


def _make(folder: Path, mode: int) -> bool:
    """Make *folder* with this mode, whatever the umask; False if it was there."""
    if folder.is_dir():
        return False
    folder.mkdir(mode=mode & 0o700, exist_ok=True)
    folder.chmod(mode)
    return True


def _hand_over(path: Path, group: int | None, *, open_to_group: int) -> None:
    """Give what is ours to *group* (None: ours), in steps of which none lets in who may not."""
    before = stat.S_IMODE(path.lstat().st_mode)
    path.chmod(before & 0o700)
    try:
        os.chown(path, -1, os.getegid() if group is None else group, follow_symlinks=False)
    except OSError:
        path.chmod(before)
        raise
    if group is not None:
        path.chmod(open_to_group)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        found = probe.connect_ex(os.fsencode(path))
    if found in {0, errno.EAGAIN, errno.EINPROGRESS}:
        return True
    if found in {errno.ECONNREFUSED, errno.ENOENT}:
        return False
    raise StateError(f"{path} is a socket of something else ({os.strerror(found)}): move it away")


@contextmanager
def _alone_in(folder: Path, wait_s: float = _LOCK_WAIT_S) -> Iterator[None]:
    """Keep two starting agents from taking each other's new socket for a stale one."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        until = time.monotonic() + wait_s
        while not _locked(handle):
            if time.monotonic() > until:
                raise BusyError(f"another program keeps {folder} locked: try again")
            time.sleep(0.02)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks: the lock of the state directory has to do.
        return True
    return True
