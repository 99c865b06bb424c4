"""The server's index as read last, a page a row (`index_pages`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from listsync.domain.media import TitleKey
from listsync.domain.server import IndexPage
from listsync.store import row_codec as rows
from listsync.store.database import Database
from listsync.store.title_status import TitleStatusTable


class SqliteIndexCache:
    """Implements `ports.server_memory.IndexCache`; see there."""

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
        return tuple(rows.index_page_of(row) for row in found)

    def save(self, pages: Sequence[IndexPage]) -> None:
        """Keep the pages, each in a commit of its own: a page takes milliseconds to pack."""
        server = self._server()
        found = self._database.read("SELECT page, etag FROM index_pages WHERE server = ?", server)
        known = {(row["page"], row["etag"]) for row in found}
        self._statuses.index_at = rows.now()
        for number, page in enumerate(pages):
            if page.etag is None or (number, page.etag) not in known:
                self._statuses.is_stale = True
                packed = rows.packed_titles(page)
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
        for one in map(rows.index_page_of, found):
            if any(key == title for title, _ in one.titles):
                pages.append(one)  # noqa: PERF401 - the others are let go
    return pages
