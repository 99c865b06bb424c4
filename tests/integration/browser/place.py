"""Where a browser runs in a test: folders of its own, and an unprivileged user.

As root, Chromium keeps its sandbox only if somebody else runs it: the browser's process is started
through setpriv, under a number that no other test uses. Where the interpreter lies in a folder
that is closed to others, such as a home, it gets that from a mount namespace of its own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import listsync
from listsync.browser.client import BrowserSettings

_FIRST_UID, _MOST_UIDS = 64100, 1000
_DRIVERS = "chromedriver-*"


@dataclass(frozen=True, slots=True)
class Place:
    """`temp` is the system's temporary place as the code under test sees it."""

    root: Path
    temp: Path
    settings: BrowserSettings

    def with_(self, **changes: object) -> BrowserSettings:
        return replace(self.settings, **changes)  # type: ignore[arg-type]  # a test knows them

    def processes(self, *, of_user: bool = True) -> dict[int, str]:
        """Find what runs for a browser of this place, zombies included: ids, command lines.

        Chromium's sandboxed processes may be known by their user only.
        """
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes()
                home = (folder / "environ").read_bytes()
                mine = of_user and self._is_mine(folder.stat().st_uid)
            except OSError:
                continue
            if mine or os.fsencode(self.temp) in line + home:
                found[int(folder.name)] = line.replace(b"\0", b" ").decode(errors="replace")
        return {pid: line for pid, line in found.items() if pid != os.getpid()}

    def is_clean(self, within_s: float = 30.0) -> bool:
        """Say whether nothing is left, neither processes nor folders nor records."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            if not any((self.living(), self.sessions(), self.records())):
                return True
            time.sleep(0.02)
        return False

    def sessions(self) -> list[Path]:
        return list(self.temp.iterdir())

    def records(self) -> list[Path]:
        folder = self.settings.records
        return list(folder.iterdir()) if folder.exists() else []

    def living(self) -> list[int]:
        """Leave out what waits for the machine's first process to reap it."""
        return [pid for pid in self.processes() if not is_others_zombie(pid)]

    def _is_mine(self, uid: int) -> bool:
        return os.geteuid() == 0 and uid == user()


def is_others_zombie(pid: int) -> bool:
    """Say whether *pid* is gone, or a zombie that is no child of ours."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return True
    return fields[0] == "Z" and int(fields[1]) != os.getpid()


def user() -> int:
    """Choose a user id for this test process; parallel ones, also of another run, have others."""
    return _FIRST_UID + os.getpid() % _MOST_UIDS


@contextmanager
def place(drivers: Path | None = None) -> Iterator[Place]:
    """Make one; *drivers* keeps the driver that a browser patched for others of the same run.

    To patch it is a fifth of the work of a browser that shows a page.
    """
    root = Path(tempfile.mkdtemp(prefix="lb-", dir="/tmp"))  # not pytest's: closed to others
    try:
        root.chmod(0o755)
        for name in ("temp", "cache"):
            (root / name).mkdir()
            if os.geteuid() == 0:
                os.chown(root / name, user(), user())
        settings = BrowserSettings(
            cache=root / "cache", records=root / "records", command=_command(root)
        )
        here = Place(root, root / "temp", settings)
        if drivers:
            _take_drivers(drivers, settings.cache)
        yield here
        if drivers:
            _keep_drivers(drivers, settings.cache)
        for pid in here.processes(of_user=False):  # only after a test that has failed
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    finally:
        shutil.rmtree(root)


def _take_drivers(drivers: Path, cache: Path) -> None:
    drivers.mkdir(exist_ok=True)
    for driver in drivers.glob(_DRIVERS):
        copy = shutil.copy(driver, cache)
        if os.geteuid() == 0:
            os.chown(copy, user(), user())


def _keep_drivers(drivers: Path, cache: Path) -> None:
    for driver in cache.glob(_DRIVERS):
        if not (drivers / driver.name).exists():
            new = drivers / f"{os.getpid()}.new"
            shutil.copy(driver, new)
            new.rename(drivers / driver.name)


def _command(root: Path) -> tuple[str, ...]:
    if os.geteuid() != 0:
        return (sys.executable,)
    script = root / "python"
    dropped = f"setpriv --reuid={user()} --regid={user()} --clear-groups -- {sys.executable}"
    mounts = _mounts(root)
    if mounts:
        inner = shlex.quote(f'{mounts} && exec {dropped} "$@"')
        text = f'exec unshare --mount --propagation private sh -c {inner} sh "$@"'
    else:
        text = f'exec {dropped} "$@"'
    script.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    script.chmod(0o755)
    return (str(script),)


def _mounts(root: Path) -> str:
    """Write the commands that open what Python needs; empty if it is open."""
    code = Path(listsync.__file__).parent.parent
    needed = {Path(sys.base_prefix), Path(sys.prefix), code}
    closed = {path: _closed(path) for path in needed if _closed(path)}
    first, second = [], []
    for number, path in enumerate(closed):
        hold = root / f"hold{number}"
        hold.mkdir()
        first.append(f"mount --bind {path} {hold}")
        second.append(f"mkdir -p {path} && mount --bind {hold} {path}")
    covers = [f"mount -t tmpfs -o mode=755 none {path}" for path in set(closed.values())]
    return " && ".join((*first, *covers, *second))


def _closed(path: Path) -> Path | None:
    """Find the topmost folder above *path* that others cannot enter."""
    above = [*reversed(path.resolve().parents), path.resolve()]
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)
