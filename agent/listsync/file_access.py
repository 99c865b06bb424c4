"""Files that somebody else may have put there, or may change: opened with care, and judged.

Links of the user that we run as, and of root, are followed as any program does: people keep their
state on another disk. A link of somebody else is followed nowhere where something is made.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_MOST_LINKS = 40
_OTHERS_WRITE = 0o002
_BOOT = Path("/proc/sys/kernel/random/boot_id")


def load_small(path: Path, cap: int) -> tuple[bytes, os.stat_result]:
    """Read a regular file of at most *cap* bytes, without ever waiting for a pipe.

    Raises:
        OSError: it cannot be read; `strerror` says why.
        ValueError: it is no regular file, or larger.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError("is no regular file")
        content = file.read(cap + 1)
    if len(content) > cap:
        raise ValueError(f"is larger than {cap // 1024} KiB")
    return content, facts


def open_to_write(path: Path, flags: int) -> int:
    """Open a file, which is made for its owner only; waits for no pipe.

    Raises:
        OSError: it cannot be opened, or a link of another user leads to it.
    """
    place = own_path(path)
    wary = os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    if not _is_magic(place):  # what looked like no link must be none when it is opened
        wary |= os.O_NOFOLLOW
    handle = os.open(place, flags | wary, 0o600)
    os.set_blocking(handle, True)
    return handle


def open_for_owner(path: Path, flags: int) -> int:
    """Open a file as `open_to_write` does, made where it is missing; root makes it for others.

    Nothing that is there changes its owner: it may be another name of a file of root's.
    """
    try:
        handle = open_to_write(path, flags | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return open_to_write(path, flags)
    try:
        give_away(handle, own_path(path).parent)
    except BaseException:
        os.close(handle)
        raise
    return handle


def make_folder(path: Path) -> None:
    """Make a folder for its owner only, and those above it; what root makes is for others.

    Raises OSError.
    """
    missing = [one for one in (path, *path.parents) if not os.path.lexists(one)]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            _give_folder_away(one)
    path.mkdir(exist_ok=True)


def _give_folder_away(path: Path) -> None:
    above = path.parent.stat()
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchown(handle, above.st_uid, above.st_gid)
    finally:
        os.close(handle)


def home_folder(environ: Mapping[str, str], variable: str, default: str) -> Path | None:
    """Read an XDG folder; a relative one counts as unset (XDG Base Directory, section 2).

    None for a user without a home, as a number alone is in a container.
    """
    given = Path(environ.get(variable, ""))
    if given.is_absolute():
        return given
    try:
        return Path(environ.get("HOME") or Path.home()) / default
    except RuntimeError:
        return None


def boot_id() -> str:
    """Name this start of the machine, as of which files tell; raises OSError.

    Process ids of another one mean nothing, and what it wrote may not have come to the disk.
    """
    return _BOOT.read_text(encoding="ascii").strip()


def own_path(path: Path) -> Path:
    """Follow the links on the way to *path*, which need not exist.

    Raises:
        OSError: one of them is another user's, or they lead in a circle.
    """
    place, ahead, links = Path("/"), _reversed(path.absolute()), 0
    while ahead:
        part = ahead.pop()
        place = place.parent if part == ".." else place / part
        try:
            facts = place.lstat()
        except FileNotFoundError:
            return place.joinpath(*reversed(ahead))
        if not stat.S_ISLNK(facts.st_mode) or _is_magic(place):
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        if facts.st_uid not in {0, os.geteuid()}:
            raise OSError(
                errno.ELOOP, f"{place} is a link of another user (uid {facts.st_uid})", str(path)
            )
        target = place.readlink()
        place = Path("/") if target.is_absolute() else place.parent
        ahead += _reversed(target)
    return place


def _reversed(path: Path) -> list[str]:
    return [part for part in reversed(path.parts) if part != "/"]


def _is_magic(place: Path) -> bool:
    """Tell what only looks like a link: /dev/stdout leads to such a place."""
    return place.is_relative_to("/proc")


def make_private(path: Path) -> None:
    """Let *path* be a file that no other user can read, made if it is missing.

    What a group may, which somebody must have allowed, stays. Raises OSError for a link of
    another user only.
    """
    place = own_path(path)
    with suppress(OSError):  # who opens it says why it cannot be used
        if not os.path.lexists(place):
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.fchmod(handle, 0o600)  # whatever the umask takes away
                give_away(handle, place.parent)
            finally:
                os.close(handle)
        elif (mode := stat.S_IMODE(place.stat().st_mode)) & 0o007:
            place.chmod(mode & 0o770)


def replace_private(path: Path, data: bytes) -> None:
    """Put a file with *data* in the place of *path*, whole or not at all; nobody else may read it.

    Only one may do it at a time. What root writes is its folder's owner's, or, in a folder of
    root's that a group may enter, to be read by that group: a service must find it.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    place = own_path(path)
    make_folder(place.parent)
    beside = place.with_name(f".{place.name}.new")
    beside.unlink(missing_ok=True)  # of one that was killed
    with _in_place_of(place, beside):
        write_new(beside, data)
    sync_folder(place.parent)


def replace_whole(
    path: Path,
    data: bytes,
    *,
    mode: int = 0o600,
    beside: Path | None = None,
    is_durable: bool = True,
) -> None:
    """Put a file with *data* in the place of *path*, whole or not at all.

    It is written *beside*, at a name that is nobody's if it is not said, in the same folder.
    `is_durable`: a power cut leaves the old or the new. Root makes it for whose folder it is.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    beside = beside or path.with_name(f".{path.name}.{os.urandom(4).hex()}.new")
    beside.unlink(missing_ok=True)  # of one that was killed
    with _in_place_of(path, beside), os.fdopen(open_for_owner(beside, os.O_WRONLY), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        if is_durable:
            os.fsync(file.fileno())
    if is_durable:
        sync_folder(path.parent)


@contextmanager
def _in_place_of(path: Path, beside: Path) -> Iterator[None]:
    """Give *beside* the name *path* after the block; where that cannot be, leave none of it."""
    try:
        yield
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def write_new(path: Path, data: bytes, like: Path | None = None) -> None:
    """Write a file that must not be there yet, durably, for its owner only.

    Whoever may read *like* may read it, too, where that is there.

    Raises:
        OSError: it cannot be written, or there is something.
    """
    with open(_made(path), "wb") as file:
        if like is not None and like.exists():
            facts = like.stat()
            if os.geteuid() == 0:
                os.fchown(file.fileno(), facts.st_uid, facts.st_gid)
            os.fchmod(file.fileno(), facts.st_mode & 0o777)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _made(path: Path) -> int:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        give_away(handle, path.parent)
    except BaseException:
        os.close(handle)
        raise
    return handle


def give_away(handle: int, folder: Path) -> None:
    """Let a file that root made in *folder* belong to whom it is for; see `replace_private`."""
    if os.geteuid() != 0:
        return
    above = folder.stat()
    if (above.st_uid, above.st_gid) != (0, 0):
        os.fchown(handle, above.st_uid, above.st_gid)
    is_for_group = above.st_uid == 0 != above.st_gid and above.st_mode & 0o050 == 0o050
    os.fchmod(handle, 0o640 if is_for_group else 0o600)


def sync_folder(folder: Path) -> None:
    """Have the names in *folder* on disk, where the file system can: what they name is there."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def open_to_others(facts: os.stat_result, user: int) -> str:
    """Say how a secret's file is open to more than *user*; root's may be read by others.

    (A container's secrets are root's, for everybody to read.)
    """
    mode = stat.S_IMODE(facts.st_mode)
    if not mode & (0o022 if facts.st_uid == 0 else 0o077):
        return ""
    if facts.st_uid in {0, user}:
        return f"is open to other users (mode {mode:04o}), expected mode 0600"
    return (
        f"belongs to another user (uid {facts.st_uid}) and is open to more (mode {mode:04o}), "
        "expected your own file with mode 0600"
    )


def doubt_about(path: Path, *, above: bool = True) -> str:
    """Say why others may change what is at *path*, as the end of a sentence; empty: they may not.

    With *above*, the folders that it lies in are looked at, too. A group is no doubt: somebody put
    its members there. A sticky folder, such as /tmp, is none.
    """
    try:
        place = own_path(path)
        facts = place.stat()
        if facts.st_uid not in {0, os.geteuid()}:
            return f"belongs to another user (uid {facts.st_uid}), who can change it"
        if _may_everybody_write(facts):
            return f"can be changed by every user: `chmod o-w {place}`"
        return _doubt_above(place) if above else ""
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"


def _doubt_above(place: Path) -> str:
    for folder in place.parents:
        if _may_everybody_write(folder.stat()):
            return f"lies in {folder}, where every user can replace it: `chmod o-w {folder}`"
    return ""


def _may_everybody_write(facts: os.stat_result) -> bool:
    is_sticky = stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX
    return bool(facts.st_mode & _OTHERS_WRITE) and not is_sticky


def can_everybody_read(path: Path) -> bool:
    """Tell whether any user can read the file at *path*, which its folders let them reach."""
    try:
        place = own_path(path)
        return bool(place.stat().st_mode & 0o004) and all(
            above.stat().st_mode & 0o001 for above in place.parents
        )
    except OSError:
        return False
