"""Feeds, and what they need of the catalogue (`feeds`, `feed_pages`, `known_titles`)."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from msgspec import MsgspecError
from msgspec import json as quick_json

from listsync.domain.feeds import FeedContent, FeedForm, FeedRecord, FeedTitle, KnownTitle
from listsync.domain.list_rules import ListRules
from listsync.domain.media import MediaType, TitleKey
from listsync.errors import StateError
from listsync.parsing.decoding import prepared
from listsync.store import row_codec as rows
from listsync.store.database import Database

_PAGE = 2000
"""Titles that are packed at once, in milliseconds."""
_WITHOUT_ID_FOR = timedelta(days=7)
_BATCH = 500
_T = TypeVar("_T")


class SqliteFeeds:
    """Implements `ports.feeds.FeedStore` and `FeedRecords`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def titles(self, rules: ListRules) -> tuple[FeedTitle, ...]:
        record = self.find(rules)
        return tuple(one for page in self.pages(record) for one in page) if record else ()

    def find(self, rules: ListRules) -> FeedRecord | None:
        found = self._database.read(
            "SELECT * FROM feeds WHERE list = ? AND source = ?", rules.name, rules.source
        )
        return _record_of(found[0]) if found else None

    def pages(self, record: FeedRecord) -> Iterator[tuple[FeedTitle, ...]]:
        number = 0
        while True:
            # Each page by itself: the whole may be large, and a sync may replace it meanwhile.
            found = self._database.read(
                "SELECT digest, titles FROM feeds LEFT JOIN feed_pages"
                " ON feed = id AND page = ? WHERE list = ?",
                number,
                record.name,
            )
            if not found or found[0]["digest"] != record.digest:
                raise StateError(f"the feed of {record.name} was replaced meanwhile")
            if found[0]["titles"] is None:
                return
            yield _unpacked(found[0]["titles"])
            number += 1

    def save(self, rules: ListRules, content: FeedContent, at: datetime) -> None:
        pages = [_packed(some) for some in _in_parts(content.titles, _PAGE)]
        digest = hashlib.sha256(b"".join(pages)).hexdigest()[:32]
        with self._database.write() as connection:
            read = connection.execute(
                "SELECT last_success, read FROM followed WHERE source = ?", (rules.source,)
            ).fetchone()
            if read is None or read["last_success"] is None:
                connection.execute("DELETE FROM feeds WHERE list = ?", (rules.name,))
                return
            number, is_same = _put_feed(connection, rules, digest, read["last_success"], at)
            # What is on hold is not empty, whatever the service says.
            is_empty = read["read"] == 0 and not content.titles and not content.left_out
            counts, left_out = _counts(content.titles), dict(content.left_out)
            connection.execute(
                "UPDATE feeds SET is_empty = ?, counts = ?, left_out = ? WHERE id = ?",
                (is_empty, json.dumps(counts), json.dumps(left_out), number),
            )
            if not is_same:
                _put_pages(connection, number, pages)

    def known(self, now: datetime) -> dict[TitleKey, KnownTitle]:
        found = self._database.read(
            "SELECT kind, tmdb, title, year, imdb, tvdb FROM known_titles"
            " WHERE kind = ? OR tvdb IS NOT NULL OR at > ?",
            MediaType.MOVIE,
            rows.iso(now - _WITHOUT_ID_FOR),
        )
        return {
            TitleKey(MediaType(kind), tmdb): KnownTitle(*facts) for kind, tmdb, *facts in found
        }

    def note_known(self, found: Mapping[TitleKey, KnownTitle], at: datetime) -> None:
        for some in _in_parts(tuple(found.items()), _BATCH):
            with self._database.write() as connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO known_titles"
                    " (kind, tmdb, title, year, imdb, tvdb, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [(*key, *facts, rows.iso(at)) for key, facts in some],
                )


def forget_unfollowed(connection: sqlite3.Connection) -> None:
    """Forget the feeds of lists that no configuration names any more."""
    connection.execute(
        "DELETE FROM feeds WHERE source NOT IN (SELECT source FROM configured_lists)"
    )


def _put_feed(
    connection: sqlite3.Connection, rules: ListRules, digest: str, read_at: str, at: datetime
) -> tuple[int, bool]:
    """Write the row of a feed; returns its number, and whether its titles are the same."""
    before = connection.execute(
        "SELECT id, digest FROM feeds WHERE list = ?", (rules.name,)
    ).fetchone()
    is_same = before is not None and before["digest"] == digest
    number = connection.execute(
        "INSERT INTO feeds (list, source, digest, read_at, changed_at, is_empty, counts, left_out)"
        " VALUES (?1, ?2, ?3, ?4, ?5, 0, '{}', '{}') ON CONFLICT (list) DO UPDATE SET"
        " source = ?2, digest = ?3, read_at = ?4,"
        " changed_at = iif(digest = ?3, changed_at, ?5) RETURNING id",
        (rules.name, rules.source, digest, read_at, rows.iso(at)),
    ).fetchone()[0]
    return number, is_same


def _put_pages(connection: sqlite3.Connection, number: int, pages: Sequence[bytes]) -> None:
    connection.execute("DELETE FROM feed_pages WHERE feed = ?", (number,))
    connection.executemany(
        "INSERT INTO feed_pages (feed, page, titles) VALUES (?, ?, ?)",
        [(number, page, titles) for page, titles in enumerate(pages)],
    )


def _record_of(row: sqlite3.Row) -> FeedRecord:
    return FeedRecord(
        name=row["list"],
        source=row["source"],
        digest=row["digest"],
        read_at=datetime.fromisoformat(row["read_at"]),
        changed_at=datetime.fromisoformat(row["changed_at"]),
        is_empty=bool(row["is_empty"]),
        counts=json.loads(row["counts"]),
        left_out=json.loads(row["left_out"]),
    )


def _counts(titles: Sequence[FeedTitle]) -> dict[str, int]:
    return {form.value: sum(one.fits(form) for one in titles) for form in FeedForm}


def _packed(titles: Sequence[FeedTitle]) -> bytes:
    return zlib.compress(quick_json.encode(titles), 1)


def _unpacked(titles: bytes) -> tuple[FeedTitle, ...]:
    try:
        return quick_json.decode(zlib.decompress(titles), type=prepared(tuple[FeedTitle, ...]))
    except (zlib.error, MsgspecError) as error:
        raise StateError(f"a feed cannot be read: {error}") from error


def _in_parts(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
