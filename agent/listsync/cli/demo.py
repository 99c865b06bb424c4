"""`listsync demo`: a whole sync against the built-in server, explained, and once more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import click

from listsync.app.wiring import open_parts, scratch_folder
from listsync.cancellation import CancelToken
from listsync.cli.once import show, sync_now
from listsync.cli.report_view import explained
from listsync.config.configuration import load
from listsync.domain.report import ItemReport, Result, SyncReport, Verdict
from listsync.errors import ListsyncError
from listsync.protocol import Exit
from listsync.sync.run import Parts
from listsync.terminal.output import say

_LISTS = {
    "imdb": "imdb-export.csv",
    "letterboxd": "letterboxd-watchlist.csv",
    "traps": "traps.csv",
}
_EXPLAINED = (
    (Verdict.REQUESTED, "Requested"),
    (Verdict.SHARED, "Wanted by two lists"),
    (Verdict.REVIEW, "Held for review"),
    (Verdict.NOT_FOUND, "Not found"),
    (Verdict.SKIPPED, "Skipped"),
)


def run() -> Exit:
    """Run the demo; OK only when the second sync asks for nothing."""
    with scratch_folder("demo") as folder:
        config = load(_write_config(folder), {})
        click.echo("Three lists against a built-in request server; nothing leaves this machine.\n")
        stop = CancelToken()
        with open_parts(config, folder / "state", dry_run=False, token=stop) as parts:
            return _two_syncs(parts)


def _two_syncs(parts: Parts) -> Exit:
    first = sync_now(parts)
    show(first, as_json=False, verbose=False)
    click.echo("\nOne decision of each kind, explained:\n")
    for line in _explanations(first):
        say(line)
    click.echo("\nThe same lists once more:\n")
    second = sync_now(parts)
    show(second, as_json=False, verbose=False)
    good = all(report.result in (Result.OK, Result.PARTLY) for report in (first, second))
    return Exit.OK if good and not second.requested else Exit.FAILED


def _explanations(report: SyncReport) -> Iterator[str]:
    for verdict, title in _EXPLAINED:
        item = _telling(item for item in report.items if item.verdict is verdict)
        if item is not None:
            yield f"{title}:"
            yield from (f"  {line}" for line in explained(item))


def _telling(items: Iterable[ItemReport]) -> ItemReport | None:
    """Pick the item with the most reasons: it shows best how a decision was made."""
    return max(items, key=lambda item: len(item.reasons), default=None)


def _write_config(folder: Path) -> Path:
    lines = ["server:", "  url: sandbox", "lists:"]
    for name, file in _LISTS.items():
        with _shipped(file) as path:
            (folder / file).write_bytes(path.read_bytes())
        lines += [f"  - file: {file}", f"    name: {name}"]
    config = folder / "listsync.yaml"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


@contextmanager
def _shipped(file: str) -> Iterator[Path]:
    """Find a list of contrib/lists: inside the installed package, or in a checkout beside it."""
    with resources.as_file(resources.files("listsync")) as package:
        for folder in (package / "sandbox" / "lists", package.parents[1] / "contrib" / "lists"):
            if (folder / file).is_file():
                yield folder / file
                return
    raise ListsyncError(f"the demo's list {file} is not installed")
