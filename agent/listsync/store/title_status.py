"""What became of the titles that were handled or requested, noted when a run ends."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from listsync.domain.history import title_status
from listsync.domain.server import MediaStatus
from listsync.store import row_codec as rows
from listsync.store.database import Database
from listsync.store.server_requests import requests_read_at

_Title = tuple[str, int, int]
"""Kind, TMDB number, in 4K or not, as the tables have them."""
_BATCH = 500


class TitleStatusTable:
    """Notes what became of titles at the end of a run, if that can have learned anything of it.

    `is_stale`: something happened that may have changed it; `index_at`: when the run read the
    server's index, as the state has times.
    """

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server
        self.is_stale = False
        self.index_at: str | None = None

    def write(self, since: datetime) -> None:
        """Note it after a run that began at *since*."""
        if self.index_at is None:
            return
        server = self._server()
        read_at = requests_read_at(self._database, server)
        were_read = read_at is not None and rows.iso(read_at) >= rows.iso(since)
        if self.is_stale or were_read:
            note_title_status(self._database, server, self.index_at)


def note_title_status(database: Database, server: int, index_at: str) -> None:
    """Write down what has changed since the run before; the index was read at *index_at*."""
    known = {
        (row["kind"], row["tmdb"], row["four_k"]): row["status"]
        for row in database.read("SELECT * FROM title_status WHERE server = ?", server)
    }
    found = dict(_found(database, server, index_at))
    changed = [(*title, word) for title, word in found.items() if known.get(title) != word]
    gone = [title for title in known if title not in found]
    for start in range(0, len(changed), _BATCH):
        with database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO title_status (server, kind, tmdb, four_k, status)"
                " VALUES (?, ?, ?, ?, ?)",
                [(server, *row) for row in changed[start : start + _BATCH]],
            )
    if gone:
        with database.write() as connection:
            connection.executemany(
                "DELETE FROM title_status WHERE server = ? AND kind = ? AND tmdb = ?"
                " AND four_k = ?",
                [(server, *title) for title in gone],
            )


def _found(database: Database, server: int, index_at: str) -> Iterator[tuple[_Title, str]]:
    states, requests = _states(database, server), _requests(database, server)
    last = {
        (kind, tmdb, four_k): (answer, at)
        for kind, tmdb, four_k, answer, at, _ in database.read(
            "SELECT kind, tmdb, four_k, answer, at, max(id) FROM requests WHERE server = ?"
            " GROUP BY kind, tmdb, four_k",
            server,
        )
    }
    handled = database.read(
        "SELECT DISTINCT kind, tmdb, four_k FROM handled WHERE server = ?", server
    )
    for title in dict.fromkeys((*map(tuple, handled), *last)):
        kind, tmdb, four_k = title
        answer, at = last.get(title, (None, ""))
        both = states.get((kind, tmdb), (MediaStatus.UNKNOWN, MediaStatus.UNKNOWN))
        # Whichever edition is blocklisted: neither may be requested.
        state = MediaStatus.BLOCKLISTED if MediaStatus.BLOCKLISTED in both else both[four_k]
        is_newer = at >= index_at
        yield title, title_status(state, requests[title], answer, is_newer=is_newer).value


def _states(database: Database, server: int) -> Mapping[tuple[str, int], tuple[int, int]]:
    """Read the numbers of the index, both editions of a title; `rows.packed_titles` wrote them."""
    pages = database.read("SELECT titles FROM index_pages WHERE server = ?", server)
    return {
        (kind, tmdb): (status, status_4k)
        for page in pages
        for kind, tmdb, status, status_4k, *_ in json.loads(zlib.decompress(page["titles"]))
    }


def _requests(database: Database, server: int) -> defaultdict[_Title, set[int]]:
    """Read what is known of requests at the server, beside ours."""
    found: defaultdict[_Title, set[int]] = defaultdict(set)
    for row in database.read(
        "SELECT * FROM server_requests WHERE server = ? AND NOT lapsed", server
    ):
        found[row["kind"], row["tmdb"], row["four_k"]].add(row["status"])
    return found
