"""Asks about mapped roots by children that can be killed: no thread ever hangs in a dead mount."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from listsync.domain.transfers import CopyScope, RootHealth, RootTrouble
from listsync.process.child import Child
from listsync.process.supervisor import Command, start
from listsync.transfers.mount_table import mount_of, read_mounts
from listsync.transfers.root_health import FOR_ALL_OF_ROOT, judge, missing_mount, trouble_of
from listsync.transfers.roots import (
    FoundFile,
    PathEscapesError,
    RootFacts,
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

    What all of these raise:
        RootUnavailableError: the root is not there, does not answer in time, or fails as a whole.
        PathEscapesError: a path leads out of the root, by itself or by a link.
        OSError: of one path, such as FileNotFoundError or PermissionError.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hanging: dict[PurePosixPath, list[Child]] = {}
        self._real: dict[PurePosixPath, PurePosixPath] = {}

    def look(self, root: PurePosixPath, rules: RootRules, deadline_s: float = 5.0) -> RootHealth:
        """Look whether *root* may be used; never raises."""
        at = datetime.now(UTC)
        try:
            missing = missing_mount(rules, read_mounts())
            if missing is not None:
                return _unhealthy(root, *missing, at)
            facts = self.facts(root, rules, deadline_s)
            return judge(root, rules, facts, read_mounts(), at)
        except RootUnavailableError as error:
            return _unhealthy(root, error.trouble, error.why, at)
        except OSError as error:
            return _unhealthy(root, RootTrouble.UNKNOWN, f"cannot be looked at: {error}", at)

    def facts(self, root: PurePosixPath, rules: RootRules, deadline_s: float = 5.0) -> RootFacts:
        """Find out what there is to know of *root* itself."""
        found = self._ask(
            root, "look", deadline_s, marker=rules.marker, tries_writing=rules.tries_writing
        )
        path = PurePosixPath(found.pop("path"))
        links = tuple((PurePosixPath(link), owner) for link, owner in found.pop("owned_links"))
        self._real[root] = path
        return RootFacts(path=path, owned_links=links, **found)

    def list_files(
        self,
        root: PurePosixPath,
        relative: PurePosixPath,
        scope: CopyScope,
        deadline_s: float = 60.0,
    ) -> tuple[FoundFile, ...]:
        """List what is to be copied with *relative*, of a folder all that is in it.

        Links below it are listed and not followed. FileNotFoundError: it is not there.
        """
        found = self._ask(root, "list", deadline_s, relative=str(relative), scope=scope.value)
        return tuple(_file(*row) for row in found)

    def stat_files(
        self, root: PurePosixPath, relatives: Sequence[PurePosixPath], deadline_s: float = 60.0
    ) -> Mapping[PurePosixPath, FoundFile]:
        """Tell of each path what it is; those that are not there are left out."""
        found = self._ask(root, "stat", deadline_s, relatives=_texts(relatives))
        return {file.relative: file for file in (_file(*row) for row in found)}

    def remove_files(
        self, root: PurePosixPath, relatives: Sequence[PurePosixPath], deadline_s: float = 60.0
    ) -> tuple[PurePosixPath, ...]:
        """Remove files, never a folder; returns those that were there."""
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
        """Have a child answer one question."""
        place = self._place(root)
        self._refuse_where_one_hangs(root, place)
        request = json.dumps({"do": do, "root": str(root), "with": arguments}).encode()
        child = start(_command(do))
        try:
            child.send(request + b"\n")
            line = child.line(deadline_s)
        except TimeoutError:
            why = f"it does not answer ({deadline_s:g} s)"
            raise RootUnavailableError(root, why, RootTrouble.HANGING) from None
        except ValueError:
            raise OSError(f"{root}: too much is there to be listed") from None
        finally:
            self._end(place, child)
        if line is None:
            raise OSError(f"{root}: the program that looks at it has ended without an answer")
        return _found(root, json.loads(line))

    def _place(self, root: PurePosixPath) -> PurePosixPath:
        """Name what hangs as one: a mount; where the table does not tell it, the root."""
        mount = mount_of(self._real.get(root, root), read_mounts())
        return root if mount is None or mount.point == PurePosixPath("/") else mount.point

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


def _command(do: str) -> Command:
    program = (sys.executable, "-I", "-S", "-c", _START, str(_PACKAGES))
    return Command(
        arguments=program,
        purpose=f"probe-{do}",
        is_ours=True,
        environment={"LANG": "C.UTF-8"},
        most_of_line=_MOST_OF_REPLY,
    )


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


def _unhealthy(root: PurePosixPath, trouble: RootTrouble, why: str, at: datetime) -> RootHealth:
    return RootHealth(
        root=root, is_healthy=False, why=why, trouble=trouble, is_writable=False, checked_at=at
    )
