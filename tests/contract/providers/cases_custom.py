"""Every sample of lists at addresses of one's own, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from listsync.domain.lists import ListOutcome, Validators
from listsync.errors import ListsyncError, Refusal, ResponseChangedError
from listsync.ports.lists import ListProvider
from listsync.providers.custom.reader import Custom
from listsync.providers.custom.source import CustomOptions, CustomSource
from tests.contract.providers.cases import FAILING_ANSWERS, Case
from tests.contract.providers.site import Site, client, sample

URL = "https://lists.example/mine"
_KINDS = {
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/rss+xml",
}


def custom_provider(
    handler: Callable[[httpx.Request], httpx.Response], url: str = URL, **more: Any
) -> ListProvider:
    source = CustomSource(url=url, **{"allow_private": True, **more})
    return Custom(source, client(CustomOptions(), handler))


def _custom(
    name: str,
    expected: ListOutcome | type[ListsyncError] | Refusal,
    titles: int = 0,
    *,
    skipped: int = 0,
    previous: Validators | None = None,
    **more: Any,
) -> Case:
    kind = _KINDS.get(Path(name).suffix)
    said = "-".join(more)
    return Case(
        name=f"custom/{name}{said and f'-{said}'}",
        samples=(f"custom/{name}",),
        provider=lambda: custom_provider(
            Site.of({"*": sample(f"custom/{name}", content_type=kind)}), **more
        ),
        expected=expected,
        titles=titles,
        skipped=skipped,
        previous=previous,
    )


_NESTED = (("title", "film_name"), ("year", "released"), ("imdb_id", "guids.imdb"))

CASES: tuple[Case, ...] = (
    _custom("radarr.json", ListOutcome.COMPLETE, 3),
    _custom("sonarr.json", ListOutcome.COMPLETE, 2),
    _custom("ids.json", ListOutcome.COMPLETE, 2),
    _custom("results.json", ListOutcome.COMPLETE, 2),
    _custom("more-pages.json", ListOutcome.PARTIAL, 1),
    _custom("nested.json", ListOutcome.COMPLETE, 2, rows="data.items", fields=_NESTED),
    _custom("nested.json", ResponseChangedError, rows="data.rows"),
    _custom("no-array.json", ResponseChangedError),
    _custom("empty.json", ResponseChangedError),
    _custom("empty.json", ListOutcome.EMPTY, is_complete=True),
    _custom("none.json", ListOutcome.EMPTY),
    _custom("list.csv", ListOutcome.COMPLETE, 2),
    _custom("list.txt", ListOutcome.COMPLETE, 2),
    _custom("radarr.xml", ListOutcome.COMPLETE, 3),
    _custom("letterboxd.xml", ListOutcome.COMPLETE, 2),
    _custom("plex.xml", ListOutcome.COMPLETE, 2),
    _custom("atom.xml", ListOutcome.COMPLETE, 2),
    _custom("entities.xml", ResponseChangedError),
    _custom("page.html", Refusal.CREDENTIAL),
    _custom("podcast.opml.xml", ResponseChangedError),
)

FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "custom": lambda _, failure: custom_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
}
