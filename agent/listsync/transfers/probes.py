"""Asks about mapped roots by children that can be killed: no thread ever hangs in a dead mount."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Self

from listsync.domain.transfers import CopyScope, RootHealth, RootTrouble
from listsync.process.child import Child
from listsync.process.supervisor import Command, start
from listsync.transfers.mount_table import mount_of, mounts_now
from listsync.transfers.probe_program import USER
from listsync.transfers.root_health import (
    FOR_ALL_OF_ROOT,
    judge,
    missing_mount,
    trouble_of,
    unhealthy,
)
from listsync.transfers.roots import (
    FoundFile,
    PathEscapesError,
    RootFacts,
    RootLook,
    RootRules,
    RootUnavailableError,
)

_PACKAGES = Path(__file__).parents[2]
_START = (
    "import sys; sys.path.append(sys.argv[1]); "
    "from listsync.transfers.probe_program import main; main()"
)
_MOST_OF_REPLY = 256 * 1024 * 1024
_DIES_WITHIN_S = 1.0


class Probes:
    """Looks at mapped roots and what is below them. Any thread may use it.

    *as_user*: with the rights of that user id, which takes those of root.

    What all of these raise:
        RootUnavailableError: the root is not there, does not answer in time, or fails as a whole.
        PathEscapesError: a path leads out of the root, by itself or by a link.
        OSError: of one path, such as FileNotFoundError or PermissionError.
    """

    def __init__(self, *, as_user: int | None = None) -> None:
        self._command = _COMMAND if as_user is None else _as(as_user)
        self._lock = threading.Lock()
        self._hanging: dict[PurePosixPath, list[Child]] = {}
        self._real: dict[PurePosixPath, PurePosixPath] = {}
        self._session: _Session | None = None

    @contextmanager
    def together(self) -> Iterator[Probes]:
        """Give what has all its questions answered by one child; it is for one thread."""
        with _Session(self._command, self._end) as session:
            one = copy(self)
            one._session = session  # noqa: SLF001 - it is of this class
            yield one

    def begin(self) -> None:
        """Start the child of several questions now, if that works, so that it is ready later."""
        if self._session is not None:
            with suppress(OSError):
                self._session.begin()

    def look(self, root: PurePosixPath, rules: RootRules, deadline_s: float = 5.0) -> RootHealth:
        """Look whether *root* may be used; never raises."""
        (found,) = self.look_all({root: rules}, deadline_s)
        return found.health

    def look_all(
        self,
        rules: Mapping[PurePosixPath, RootRules],
        deadline_s: float = 5.0,
        is_over: Callable[[], bool] = lambda: False,
    ) -> tuple[RootLook, ...]:
        """Look whether roots may be used, each within *deadline_s*; never raises.

        Those that are left when it *is_over* are not looked at.
        """
        found = list[RootLook]()
        hanging = dict[PurePosixPath, str]()
        with _Session(self._command, self._end) as session:
            for root, one in rules.items():
                if is_over():
                    break
                why = hanging.get(self._place(root))
                if why is not None:
                    found.append(_bad(root, RootTrouble.HANGING, why))
                    continue
                look = self._look(session, root, one, deadline_s)
                found.append(look)
                if look.health.trouble is RootTrouble.HANGING:
                    hanging[self._place(root)] = look.health.why
        return tuple(found)

    def _look(
        self, session: _Session, root: PurePosixPath, rules: RootRules, deadline_s: float
    ) -> RootLook:
        try:
            facts = self._facts(session, root, rules, deadline_s)
            mounts = mounts_now()
            health = judge(root, rules, facts, mounts, datetime.now(UTC))
            return RootLook(health, mount_of(facts.path, mounts), facts)
        except RootUnavailableError as error:
            missing = None
            if error.trouble is RootTrouble.MISSING:
                missing = missing_mount(root, rules, mounts_now())
            return _bad(root, *(missing or (error.trouble, error.why)))
        except OSError as error:
            return _bad(root, RootTrouble.UNKNOWN, f"cannot be looked at: {error}")

    def facts(self, root: PurePosixPath, rules: RootRules, deadline_s: float = 5.0) -> RootFacts:
        """Find out what there is to know of *root* itself."""
        with _Session(self._command, self._end) as session:
            return self._facts(session, root, rules, deadline_s)

    def _facts(
        self, session: _Session, root: PurePosixPath, rules: RootRules, deadline_s: float
    ) -> RootFacts:
        found = self._exchange(
            session,
            root,
            "look",
            deadline_s,
            marker=str(rules.marker or ""),
            tries_writing=rules.tries_writing,
        )
        path = PurePosixPath(found.pop("path"))
        links = tuple((PurePosixPath(link), owner) for link, owner in found.pop("owned_links"))
        self._real[root] = path
        return RootFacts(path=path, owned_links=links, **found)

    def list_each(
        self,
        root: PurePosixPath,
        wanted: Sequence[tuple[PurePosixPath, CopyScope]],
        deadline_s: float = 60.0,
    ) -> tuple[tuple[FoundFile, ...] | None, ...]:
        """List what is to be copied with each of several paths, of a folder all that is in it.

        Links below it are listed and not followed. None: it is not there.
        """
        pairs = [(str(relative), scope.value) for relative, scope in wanted]
        found = self._ask(root, "list_each", deadline_s, wanted=pairs)
        return tuple(None if one is None else tuple(_file(*row) for row in one) for one in found)

    def list_hidden(
        self, root: PurePosixPath, folders: Sequence[PurePosixPath], deadline_s: float = 60.0
    ) -> tuple[FoundFile, ...]:
        """List what is right in *folders* (`.` is the root) under names that begin with a dot."""
        found = self._ask(root, "list_hidden", deadline_s, folders=_texts(folders))
        return tuple(_file(*row) for row in found)

    def stat_files(
        self, root: PurePosixPath, relatives: Sequence[PurePosixPath], deadline_s: float = 60.0
    ) -> Mapping[PurePosixPath, FoundFile]:
        """Tell of each path what it is; those that are not there are left out."""
        paths = {str(relative): relative for relative in relatives}
        found = self._ask(root, "stat", deadline_s, relatives=list(paths))
        return {
            paths[name]: FoundFile(relative=paths[name], size=size, mtime=mtime, kind=kind)
            for name, size, mtime, kind in found
        }

    def remove_files(
        self, root: PurePosixPath, relatives: Sequence[PurePosixPath], deadline_s: float = 60.0
    ) -> tuple[PurePosixPath, ...]:
        """Remove files, and a `.rsync-partial` that is empty then; returns what was there."""
        found = self._ask(root, "remove", deadline_s, relatives=_texts(relatives))
        return tuple(PurePosixPath(one) for one in found)

    def move_files(
        self,
        root: PurePosixPath,
        pairs: Sequence[tuple[PurePosixPath, PurePosixPath]],
        deadline_s: float = 60.0,
    ) -> None:
        """Move each first path to the second, making its folder, one after the other.

        FileExistsError: something is there already; it is left alone.
        """
        self._ask(root, "move", deadline_s, pairs=[_texts(pair) for pair in pairs])

    def _ask(self, root: PurePosixPath, do: str, deadline_s: float, **arguments: object) -> Any:
        """Have a child answer one question, one of its own where it is not of several."""
        if self._session is not None:
            return self._exchange(self._session, root, do, deadline_s, **arguments)
        with _Session(self._command, self._end) as session:
            return self._exchange(session, root, do, deadline_s, **arguments)

    def _exchange(
        self,
        session: _Session,
        root: PurePosixPath,
        do: str,
        deadline_s: float,
        **arguments: object,
    ) -> Any:
        place = self._place(root)
        self._refuse_where_one_hangs(root, place)
        request = {"do": do, "root": str(root), "with": arguments}
        try:
            line = session.line(place, json.dumps(request).encode() + b"\n", deadline_s)
        except TimeoutError:
            why = f"it does not answer ({deadline_s:g} s)"
            raise RootUnavailableError(root, why, RootTrouble.HANGING) from None
        except ValueError:
            raise OSError(f"{root}: too much is there to be listed") from None
        if line is None:
            raise OSError(f"{root}: the program that looks at it has ended without an answer")
        return _found(root, json.loads(line))

    def _place(self, root: PurePosixPath) -> PurePosixPath:
        """Name what hangs as one: a mount; where the table does not tell it, the root."""
        mount = mount_of(self._real.get(root, root), mounts_now())
        return root if mount is None or mount.is_root else mount.point

    def _refuse_where_one_hangs(self, root: PurePosixPath, place: PurePosixPath) -> None:
        with self._lock:
            known = self._hanging.pop(place, [])
            alive = [child for child in known if child.is_alive]
            if alive:
                self._hanging[place] = alive
        for child in known:
            if child not in alive:
                child.end()
        if alive:
            why = "it does not answer, and a program that looks at it cannot be ended"
            raise RootUnavailableError(root, why, RootTrouble.HANGING)

    def _end(self, place: PurePosixPath, child: Child) -> None:
        """End *child*, or remember that it cannot be ended."""
        child.kill()
        if child.wait(_DIES_WITHIN_S) is not None:
            child.end()
            return
        with self._lock:
            self._hanging.setdefault(place, []).append(child)


class _Session:
    """A child that answers questions one after the other, and another once one fails.

    *end* ends a child that was asked about a place.
    """

    def __init__(self, command: Command, end: Callable[[PurePosixPath, Child], None]) -> None:
        self._command = command
        self._end = end
        self._child: Child | None = None
        self._place = PurePosixPath()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        child, self._child = self._child, None
        if child is not None:
            self._end(self._place, child)

    def begin(self) -> Child:
        """Start the child, unless it lives."""
        if self._child is None:
            self._child = start(self._command)
        return self._child

    def line(self, place: PurePosixPath, request: bytes, deadline_s: float) -> bytes | None:
        """Ask about *place*; raises what `Child.line` raises."""
        self._place = place
        child = self.begin()
        try:
            child.send(request)
            return child.line(deadline_s)
        except BaseException:
            self.__exit__()
            raise


_COMMAND = Command(
    arguments=(sys.executable, "-I", "-S", "-c", _START, str(_PACKAGES)),
    purpose="probe",
    is_ours=True,
    environment={"LANG": "C.UTF-8"},
    most_of_line=_MOST_OF_REPLY,
    umask=0o002,  # of folders that are made for what is moved
)


def _as(user: int) -> Command:
    return replace(_COMMAND, environment={**_COMMAND.environment, USER: str(user)})


def _found(root: PurePosixPath, reply: Mapping[str, Any]) -> Any:
    match reply:
        case {"found": found}:
            return found
        case {"escapes": relative}:
            raise PathEscapesError(root, PurePosixPath(relative))
        case {"root_error": number}:
            trouble, why = trouble_of(number)
            raise RootUnavailableError(root, why, trouble)
        case {"error": number} if number in FOR_ALL_OF_ROOT:
            trouble, why = trouble_of(number)
            raise RootUnavailableError(root, why, trouble)
        case {"error": number, "why": why, "path": path}:
            raise OSError(number, why, path)
    raise OSError(f"{root}: the program that looks at it has answered nonsense")


def _file(relative: str, size: int, mtime: float, kind: Any) -> FoundFile:
    return FoundFile(relative=PurePosixPath(relative), size=size, mtime=mtime, kind=kind)


def _texts(paths: Iterable[PurePosixPath]) -> list[str]:
    return [str(path) for path in paths]


def _bad(root: PurePosixPath, trouble: RootTrouble, why: str) -> RootLook:
    return RootLook(unhealthy(root, trouble, why, datetime.now(UTC)))
