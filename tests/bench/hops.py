"""How far one row of a CSV file travels, from the `fetch` of its list to the POST of its request.

A list of one row is traced to the end of its sync, a list of two to its second POST: what the
second row adds is the way of a row. What a sync does once, however many rows there are, is not on
it. The code that makes records (`__init__` of a dataclass) is written nowhere, so it counts for no
module.

`python -m tests.bench.hops` prints the modules with the functions that a row goes through.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import FrameType

from listsync.app.wiring import open_parts
from listsync.cancellation import CancelToken
from listsync.config.configuration import load
from listsync.domain.report import SyncRun
from listsync.sandbox.process import SandboxProcess
from listsync.sync.run import sync
from tests.bench.figures import Figure

MOST_MODULES = 45
_OURS = "listsync."
_FETCHES = f"{_OURS}providers.file."
_SENDS = ("httpcore._sync.connection_pool", "handle_request")
BY_ID = ("Const,Title,Title Type,Year", "tt0078748,Alien,movie,1979", "tt0073195,Jaws,movie,1975")
"""As IMDb exports a list: looked up by id, one call and the POST."""
BY_TITLE = ("title,year,kind", "Alien,1979,movie", "Jaws,1975,movie")


class Tracer:
    """Notes the calls of our functions from the first `fetch` on, and when POSTs went out."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.posts: list[int] = []
        """How many calls there were before each POST."""
        self._is_on = False

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event != "call" or code.co_filename.startswith("<"):
            return
        module, name = frame.f_globals.get("__name__", ""), code.co_name
        self._is_on = self._is_on or (name == "fetch" and module.startswith(_FETCHES))
        if (module, name) == _SENDS and frame.f_locals["request"].method == b"POST":
            self.posts.append(len(self.calls))
        elif self._is_on and module.startswith(_OURS):
            self.calls.append((module.removeprefix(_OURS), name))

    def until(self, post: int) -> list[tuple[str, str]]:
        """Give the calls before a POST, from 1."""
        return self.calls[: self.posts[post - 1]]


@dataclass(frozen=True, slots=True)
class Way:
    """What one more row adds: calls by module and function, and changes of module."""

    calls: Counter[tuple[str, str]]
    changes: int

    @property
    def modules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(module for module, _ in self.calls))


def way_of(columns: str, first: str, second: str) -> Way:
    """Trace the way of the *second* row, up to its POST."""
    before, after = traced(columns, first), traced(columns, first, second)
    return Way(
        calls=Counter(after.until(2)) - Counter(before.calls),
        changes=_changes(after.until(2)) - _changes(before.until(1)),
    )


def _changes(calls: Iterable[tuple[str, str]]) -> int:
    """Count how often a call leads into another module than the one before."""
    return sum(one != other for (one, _), (other, _) in pairwise(calls))


def traced(*lines: str) -> Tracer:
    """Sync one list of *lines* to a sandbox that has none of its titles."""
    tracer = Tracer()
    run = SyncRun(run_id="hops", origin="bench", started_at=datetime.now(UTC))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sandbox = stack.enter_context(SandboxProcess("seerr"))
        (folder / "list.csv").write_text("\n".join(lines), encoding="utf-8")
        (folder / "listsync.yaml").write_text(
            f"server: {{url: '{sandbox.url}', api_key: '{sandbox.api_key}'}}\n"
            "lists: [{file: list.csv}]\n",
            encoding="utf-8",
        )
        config = load(folder / "listsync.yaml", {})
        parts = stack.enter_context(
            open_parts(config, folder / "state", dry_run=False, token=CancelToken())
        )
        stack.enter_context(_profiled(tracer))
        sync(run, parts)
    return tracer


@contextmanager
def _profiled(tracer: Tracer) -> Iterator[None]:
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def hops() -> Iterator[Figure]:
    """Trace a row with an IMDb id, and one that has to be searched for by its title."""
    by_id, by_title = way_of(*BY_ID), way_of(*BY_TITLE)
    yield Figure("a CSV row by id, fetch to POST: modules", len(by_id.modules), "", MOST_MODULES)
    yield Figure("  changes of module", by_id.changes, "")
    yield Figure("a CSV row by title, fetch to POST: modules", len(by_title.modules), "")
    yield Figure("  changes of module", by_title.changes, "")


PARTS = (hops,)


def main() -> None:
    """Print each way: how often a row calls into a module, and which of its functions."""
    for rows in (BY_ID, BY_TITLE):
        way = way_of(*rows)
        print(f"{rows[-1]}: {len(way.modules)} modules, {way.changes} changes of module")
        for module in way.modules:
            names = {name: count for (where, name), count in way.calls.items() if where == module}
            print(f"{sum(names.values()):>6} {module:<32} {' '.join(names)}")


if __name__ == "__main__":
    main()
