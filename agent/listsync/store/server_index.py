"""What the server has (`index_pages`), and what became of titles by it (`title_status`)."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from listsync.domain.history import title_status
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.report import SyncRun
from listsync.domain.server import IndexPage, MediaStatus, TitleState
from listsync.store.database import Database
from listsync.store.row_codec import KINDS, iso, iso_now
from listsync.store.server_requests import requests_read_at

_Title = tuple[str, int, int]
"""Kind, TMDB number, in 4K or not, as the tables have them."""
_BATCH = 250
_PART = 25_000
"""So many titles are compared at a time: all 100,000 of them took 120 MB at the end of a run."""
_IN_PART = "server = ? AND tmdb % ? = ?"
_UNKNOWN = 17 * MediaStatus.UNKNOWN
_BROKEN_OFF = """
    SELECT 1 FROM runs WHERE server = ?1 AND id != ?2 AND lists IS NULL AND started_at > coalesce((
        SELECT max(started_at) FROM runs
        WHERE server = ?1 AND lists NOT NULL AND result IN ('ok', 'partly')
    ), '') LIMIT 1
"""
"""A run that did not note its own end, since one that did and has read all that it needs."""


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

    def write(self, run: SyncRun) -> None:
        """Note it at the end of *run*; also what one before it has read, and then broke off."""
        if self.index_at is None:
            return
        server = self._server()
        read_at = requests_read_at(self._database, server)
        were_read = read_at is not None and iso(read_at) >= iso(run.started_at)
        if self.is_stale or were_read or self._database.read(_BROKEN_OFF, server, run.run_id):
            note_title_status(self._database, server, self.index_at)


def note_title_status(database: Database, server: int, index_at: str) -> None:
    """Write down what has changed since the run before; the index was read at *index_at*."""
    states = _states(database, server)
    (handled,) = database.read("SELECT count(*) FROM handled WHERE server = ?", server)[0]
    parts = 1 + handled // _PART
    for number in range(parts):
        _note_part(database, (server, parts, number), states, index_at)


def _note_part(
    database: Database, part: tuple[int, int, int], states: Mapping[int, int], index_at: str
) -> None:
    known = {
        (row["kind"], row["tmdb"], row["four_k"]): row["status"]
        for row in database.read(f"SELECT * FROM title_status WHERE {_IN_PART}", *part)  # noqa: S608 - constant
    }
    changed = [
        (*title, word)
        for title, word in _found(database, part, states, index_at)
        if known.pop(title, None) != word
    ]
    for start in range(0, len(changed), _BATCH):
        with database.write() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO title_status (server, kind, tmdb, four_k, status)"
                " VALUES (?, ?, ?, ?, ?)",
                [(part[0], *row) for row in changed[start : start + _BATCH]],
            )
    if known:
        with database.write() as connection:
            connection.executemany(
                "DELETE FROM title_status WHERE server = ? AND kind = ? AND tmdb = ?"
                " AND four_k = ?",
                [(part[0], *title) for title in known],
            )


def _found(
    database: Database, part: tuple[int, int, int], states: Mapping[int, int], index_at: str
) -> Iterator[tuple[_Title, str]]:
    requests = _requests(database, part)
    last = {
        (kind, tmdb, four_k): (answer, at)
        for kind, tmdb, four_k, answer, at, _ in database.read(
            f"SELECT kind, tmdb, four_k, answer, at, max(id) FROM requests WHERE {_IN_PART}"  # noqa: S608 - constant
            " GROUP BY kind, tmdb, four_k",
            *part,
        )
    }
    handled = database.read(
        f"SELECT DISTINCT kind, tmdb, four_k FROM handled WHERE {_IN_PART}",  # noqa: S608 - constant
        *part,
    )
    for title in dict.fromkeys((*map(tuple, handled), *last)):
        kind, tmdb, four_k = title
        answer, at = last.get(title, (None, ""))
        both = _unpacked(states.get(_packed(kind, tmdb), _UNKNOWN))
        # Whichever edition is blocklisted: neither may be requested.
        state = MediaStatus.BLOCKLISTED if MediaStatus.BLOCKLISTED in both else both[four_k]
        is_newer = at >= index_at
        yield title, title_status(state, requests[title], answer, is_newer=is_newer).value


def _states(database: Database, server: int) -> Mapping[int, int]:
    """Read the numbers of the index, both editions of a title; `_packed_titles` wrote them.

    Packed: 110,000 titles take 11 MB instead of 44.
    """
    pages = database.read("SELECT titles FROM index_pages WHERE server = ?", server)
    return {
        _packed(kind, tmdb): 16 * status + status_4k
        for page in pages
        for kind, tmdb, status, status_4k, *_ in json.loads(zlib.decompress(page["titles"]))
    }


def _packed(kind: str, tmdb: int) -> int:
    return 2 * tmdb + (kind == MediaType.TV)


def _unpacked(state: int) -> tuple[int, int]:
    return divmod(state, 16)


def _requests(database: Database, part: tuple[int, int, int]) -> defaultdict[_Title, set[int]]:
    """Read what is known of requests at the server, beside ours."""
    found: defaultdict[_Title, set[int]] = defaultdict(set)
    for row in database.read(
        f"SELECT * FROM server_requests WHERE {_IN_PART} AND NOT lapsed",  # noqa: S608 - constant
        *part,
    ):
        found[row["kind"], row["tmdb"], row["four_k"]].add(row["status"])
    return found


class SqliteIndexCache:
    """Implements `ports.server.IndexCache`; see there."""

    def __init__(
        self, database: Database, server: Callable[[], int], statuses: TitleStatusTable
    ) -> None:
        self._database = database
        self._server = server
        self._statuses = statuses

    def pages(self) -> tuple[IndexPage, ...]:
        found = self._database.read(
            "SELECT * FROM index_pages WHERE server = ? ORDER BY page", self._server()
        )
        return tuple(_index_page_of(row) for row in found)

    def save(self, pages: Sequence[IndexPage]) -> None:
        """Keep the pages, each in a commit of its own: a page takes milliseconds to pack."""
        server = self._server()
        found = self._database.read("SELECT page, etag FROM index_pages WHERE server = ?", server)
        known = {(row["page"], row["etag"]) for row in found}
        self._statuses.index_at = iso_now()
        for number, page in enumerate(pages):
            if page.etag is None or (number, page.etag) not in known:
                self._statuses.is_stale = True
                packed = _packed_titles(page)
                with self._database.write() as connection:
                    connection.execute(
                        "INSERT OR REPLACE INTO index_pages (server, page, etag, total, titles)"
                        " VALUES (?, ?, ?, ?, ?)",
                        (server, number, page.etag, page.total, packed),
                    )
        with self._database.write() as connection:
            connection.execute(
                "DELETE FROM index_pages WHERE server = ? AND page >= ?", (server, len(pages))
            )


def pages_with(database: Database, server: int | None, key: TitleKey) -> list[IndexPage] | None:
    """Return the pages of the index that name a title; None: it was never read.

    It is looked at a page at a time: the whole may be large.
    """
    numbers = database.read("SELECT page FROM index_pages WHERE server = ? ORDER BY page", server)
    if not numbers:
        return None
    pages = []
    for row in numbers:
        found = database.read(
            "SELECT * FROM index_pages WHERE server = ? AND page = ?", server, row["page"]
        )
        for one in map(_index_page_of, found):
            if any(key == title for title, _ in one.titles):
                pages.append(one)  # noqa: PERF401 - the others are let go
    return pages


def _packed_titles(page: IndexPage) -> bytes:
    """Pack the titles of one page of the server's index."""
    titles = [
        [key.kind.value, key.tmdb_id, state.status, state.status_4k, state.tvdb_id]
        for key, state in page.titles
    ]
    return zlib.compress(json.dumps(titles).encode(), 1)


def _index_page_of(row: sqlite3.Row) -> IndexPage:
    packed = json.loads(zlib.decompress(row["titles"]))
    states = {tuple(state): TitleState(*state) for _, _, *state in packed}
    return IndexPage(
        etag=row["etag"],
        total=row["total"],
        titles=tuple(
            (TitleKey(KINDS[kind], tmdb), states[status, status_4k, tvdb])
            for kind, tmdb, status, status_4k, tvdb in packed
        ),
    )
