"""Looks at mapped roots and touches what is below them, for `probes`, which can kill it.

A call into a mount whose server is gone never returns: that is why it is a process of its own.
Each request is a line of JSON, and so is each reply. It uses the standard library only, so
that it starts soon. Bytes of names that are no UTF-8 are surrogates in that text.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

from listsync.process.guard import attach

VIDEOS = frozenset(
    {
        *(".3gp", ".asf", ".avi", ".divx", ".flv", ".iso", ".m2ts", ".m4v", ".mk3d", ".mkv"),
        *(".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogm", ".ogv", ".rmvb", ".strm", ".ts"),
        *(".vob", ".webm", ".wmv"),
    }
)
"""What media servers show of themselves; subtitles and artwork they show with it."""
_OF_RSYNC = b"/.rsync-partial"
USER = "LISTSYNC_PROBE_USER"
"""Names the variable that says with whose rights it is to look."""
_JOINTS = (b".", b"-")
"""What parts the stem of a video from the rest of its sidecars' names."""


class EscapeError(Exception):
    """A path leads out of its root; its only argument is that path."""


class RootError(Exception):
    """The root itself cannot be reached."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.number = error.errno or 0


class Root:
    """A mapped root, reached; nothing outside it is touched."""

    def __init__(self, path: str) -> None:
        self.named = raw(path)
        try:
            self.real = os.path.realpath(self.named, strict=True)
            self.state = os.stat(self.real)
            if not stat.S_ISDIR(self.state.st_mode):
                os.listdir(self.real)  # raises what says so
        except OSError as error:
            raise RootError(error) from error
        self._folders: dict[bytes, bytes] = {}
        self._missing: dict[bytes, FileNotFoundError] = {}

    def folder(self, relative: bytes) -> bytes:
        """Find the real folder of *relative* below the root."""
        if relative in self._missing:
            raise self._missing[relative]
        if relative not in self._folders:
            try:
                real = os.path.realpath(os.path.join(self.real, relative), strict=True)
            except FileNotFoundError as error:
                self._missing[relative] = error
                raise
            self.hold(real, relative)
            self._folders[relative] = real
        return self._folders[relative]

    def hold(self, real: bytes, relative: bytes) -> None:
        """Raise EscapeError where *real*, which *relative* leads to, is not below the root."""
        if os.path.commonpath((self.real, real)) != self.real:
            raise EscapeError(relative)

    def place(self, relative: str) -> tuple[bytes, bytes]:
        """Find the real folder that *relative* lies in, and its name there."""
        whole = raw(relative)
        if whole.startswith(b"/") or b".." in whole.split(b"/") or whole in {b"", b"."}:
            raise EscapeError(whole)
        above, _, name = whole.rpartition(b"/")
        return self.folder(above), name


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def shown(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def look(root: Root, marker: str, tries_writing: bool) -> dict[str, object]:
    """Tell what there is to know of the root itself."""
    room = os.statvfs(root.real)
    knows_bytes = room.f_blocks or room.f_bavail
    knows_inodes = room.f_files or room.f_favail
    return {
        "path": shown(root.real),
        "device": root.state.st_dev,
        "inode": root.state.st_ino,
        "free_bytes": room.f_bavail * room.f_frsize if knows_bytes else None,
        "free_inodes": room.f_favail if knows_inodes else None,
        "is_read_only": bool(room.f_flag & os.ST_RDONLY),
        "is_readable": os.access(root.real, os.R_OK | os.X_OK),
        "is_writable": os.access(root.real, os.W_OK | os.X_OK),
        "is_empty": _is_empty(root.real),
        "has_marker": not marker or _is_there(os.path.join(root.real, raw(marker))),
        "write_error": _write_error(root.real) if tries_writing else 0,
        "owned_links": list(_links(root.named)),
    }


def _is_empty(folder: bytes) -> bool:
    """Tell whether nothing is in it but what a new file system brings."""
    try:
        with os.scandir(folder) as entries:
            return all(one.name == b"lost+found" for one in entries)
    except PermissionError:
        return False


def _is_there(path: bytes) -> bool:
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    return True


def _write_error(folder: bytes) -> int:
    """Try whether a file can be written; one that a killed look has left is removed."""
    path = os.path.join(folder, b".listsync-write-test")
    with suppress(OSError):
        os.unlink(path)
    error = _error_at(path)
    return error if error != errno.EEXIST else _error_at(path + os.urandom(6).hex().encode())


def _error_at(path: bytes) -> int:
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, b"\n")
            os.fsync(file)
        finally:
            os.close(file)
            os.unlink(path)
    except OSError as error:
        return error.errno or 0
    return 0


def _links(path: bytes) -> Iterator[tuple[str, int]]:
    """Find the links on the way to *path*, and who owns each."""
    todo, at, left = path.split(b"/"), b"/", 40  # as many as the kernel follows
    while todo:
        name = todo.pop(0)
        at = os.path.normpath(os.path.join(at, name))
        state = os.lstat(at)
        if stat.S_ISLNK(state.st_mode) and left:
            left -= 1
            yield shown(at), state.st_uid
            target = os.readlink(at)
            todo = target.split(b"/") + todo
            at = b"/" if target.startswith(b"/") else os.path.dirname(at)


def list_files(root: Root, relative: str, scope: str) -> list[list[object]]:
    """Tell what comes along with *relative*; of a folder all that is in it.

    Raises FileNotFoundError and NotADirectoryError: it is not there.
    """
    folder, name = root.place(relative)
    path = os.path.join(folder, name)
    mode = os.lstat(path).st_mode
    root.hold(os.path.realpath(path), raw(relative))
    above = os.path.dirname(raw(relative))
    if stat.S_ISDIR(mode):
        found = _walk(path, raw(relative))
    elif scope == "folder" and above:
        found = _walk(folder, above)
    elif scope == "file":
        found = iter([(path, raw(relative))])
    else:
        names = _sidecars(name, os.listdir(folder))
        found = ((os.path.join(folder, one), os.path.join(above, one)) for one in names)
    return [told for one in found if (told := _described_if_there(*one)) is not None]


def list_each(root: Root, wanted: list[list[str]]) -> list[list[list[object]] | None]:
    """Tell of several paths what comes along with each; None: it is not there."""
    found: list[list[list[object]] | None] = []
    for relative, scope in wanted:
        try:
            found.append(list_files(root, relative, scope))
        except (FileNotFoundError, NotADirectoryError):
            found.append(None)
    return found


def list_hidden(root: Root, folders: list[str]) -> list[list[object]]:
    """Tell what is right in *folders* and has a name that begins with a dot."""
    found = []
    for relative in folders:
        above = b"" if relative == "." else raw(relative)
        try:
            folder = root.folder(above)
            names = sorted(name for name in os.listdir(folder) if name.startswith(b"."))
        except (FileNotFoundError, NotADirectoryError):
            continue
        for name in names:
            told = _described_if_there(os.path.join(folder, name), os.path.join(above, name))
            found += [] if told is None else [told]
    return found


def _walk(folder: bytes, relative: bytes) -> Iterator[tuple[bytes, bytes]]:
    todo = [(folder, relative)]
    while todo:
        folder, relative = todo.pop()
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda one: one.name)
        for one in ordered:
            place = one.path, os.path.join(relative, one.name)
            if one.is_dir(follow_symlinks=False):
                todo.append(place)
            else:
                yield place


def _sidecars(name: bytes, names: list[bytes]) -> list[bytes]:
    """Find what belongs to the file *name*: each file belongs to the longest stem that fits."""
    stem = os.path.splitext(name)[0]
    stems = {os.path.splitext(one)[0] for one in names if _is_video(one)} | {stem}
    return [one for one in sorted(names) if one == name or _belongs(one, stem, stems)]


def _belongs(name: bytes, stem: bytes, stems: set[bytes]) -> bool:
    if _is_video(name) or not _fits(name, stem):
        return False
    return not any(len(one) > len(stem) and _fits(name, one) for one in stems)


def _fits(name: bytes, stem: bytes) -> bool:
    return name.startswith(stem) and name[len(stem) :].startswith(_JOINTS)


def _is_video(name: bytes) -> bool:
    return shown(os.path.splitext(name)[1]).lower() in VIDEOS


def _described(path: bytes, relative: bytes) -> list[object]:
    state = os.lstat(path)
    kind = "file" if stat.S_ISREG(state.st_mode) else "other"
    kind = "link" if stat.S_ISLNK(state.st_mode) else kind
    return [shown(relative), state.st_size, state.st_mtime, kind]


def _described_if_there(path: bytes, relative: bytes) -> list[object] | None:
    try:
        return _described(path, relative)
    except FileNotFoundError:  # it went while the others were told
        return None


def stat_files(root: Root, relatives: list[str]) -> list[list[object]]:
    """Tell of each path what it is; what is not there is left out."""
    found = []
    for relative in relatives:
        try:
            folder, name = root.place(relative)
            found.append(_described(os.path.join(folder, name), raw(relative)))
        except (FileNotFoundError, NotADirectoryError):
            continue
    return found


def remove_files(root: Root, relatives: list[str]) -> list[str]:
    """Remove files, and of folders only the one of rsync's that is empty then.

    Tells which were there.
    """
    removed = []
    for relative in relatives:
        try:
            folder, name = root.place(relative)
            os.unlink(os.path.join(folder, name))
            removed.append(relative)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if folder.endswith(_OF_RSYNC):
            with suppress(OSError):
                os.rmdir(folder)
    return removed


def move_files(root: Root, pairs: list[list[str]]) -> None:
    """Move files below the root, over nothing that is there."""
    for old, new in pairs:
        folder, name = root.place(old)
        os.lstat(os.path.join(folder, name))
        target = _made(root, new)
        if os.path.lexists(target):
            raise FileExistsError(17, "File exists", new)
        os.rename(os.path.join(folder, name), target)


def _made(root: Root, relative: str) -> bytes:
    """Make the folders above *relative*, each of them inside the root."""
    *above, name = raw(relative).split(b"/")
    if {b"", b".", b".."} & {*above, name}:
        raise EscapeError(raw(relative))
    folder = root.real
    for one in above:
        folder = os.path.join(folder, one)
        if not os.path.lexists(folder):
            os.mkdir(folder)
        folder = os.path.realpath(folder, strict=True)
        root.hold(folder, raw(relative))
    return os.path.join(folder, name)


DO: dict[str, Callable[..., object]] = {
    "look": look,
    "list_each": list_each,
    "list_hidden": list_hidden,
    "stat": stat_files,
    "remove": remove_files,
    "move": move_files,
}


def reply_to(line: bytes) -> dict[str, object]:
    """Do what a request asks for; what fails is told, not raised."""
    request = json.loads(line)
    try:
        return {"found": DO[request["do"]](Root(request["root"]), **request["with"])}
    except EscapeError as error:
        return {"escapes": shown(error.args[0])}
    except RootError as error:
        return {"root_error": error.number}
    except OSError as error:
        name = error.filename or ""
        path = shown(name) if isinstance(name, bytes) else str(name)
        return {"error": error.errno or 0, "why": error.strerror or str(error), "path": path}


def _become(user: int) -> None:
    """Give up what rights others than *user* have."""
    import pwd  # noqa: PLC0415 - for the doctor alone

    entry = pwd.getpwuid(user)
    os.initgroups(entry.pw_name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(user)


def main() -> None:
    """Answer requests; ends with the agent, or with its input."""
    if USER in os.environ:
        _become(int(os.environ[USER]))
    attach()  # a change of the user would undo it
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(reply_to(line)) + "\n")
        sys.stdout.flush()
