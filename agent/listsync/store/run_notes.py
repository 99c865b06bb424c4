"""Writes what a run has learned (`domain.memory.Notes`), one table after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from listsync.domain.media import Definition
from listsync.domain.run_notes import Intent, Notes
from listsync.domain.server import TAKEN, RequestAnswer
from listsync.store import (
    failed_requests,
    handled_titles,
    list_snapshots,
    match_cache,
    request_log,
    reviews,
    server_requests,
)
from listsync.store import row_codec as rows


def write(
    connection: sqlite3.Connection, server: int, notes: Notes, intents: Sequence[Intent]
) -> None:
    """Write *notes* and *intents*.

    Runs between two requests, so it makes no statement that has nothing to do.
    """
    at = rows.now()
    if notes.handled:
        handled_titles.put(connection, server, notes.handled, at)
    if notes.sent or notes.dropped:
        _write_sent(connection, server, notes, at)
    if notes.seen:
        server_requests.note_seen(connection, server, notes.seen, at)
    if notes.failed:
        failed_requests.put(connection, server, notes.failed)
    if notes.matches:
        match_cache.put(connection, server, notes.matches, notes.misses)
    if notes.chosen:
        reviews.note_chosen(connection, notes.chosen)
    if notes.seekers:
        list_snapshots.put_lookups(connection, notes.seekers)
    if notes.looked:
        handled_titles.put_looks(connection, server, notes.looked)
    if intents:
        request_log.put_intents(connection, server, intents, at)


def _write_sent(connection: sqlite3.Connection, server: int, notes: Notes, at: str) -> None:
    answered = [one for one in notes.sent if one.answered.answer != RequestAnswer.UNSURE]
    done = [*(sent.body for sent in answered), *notes.dropped]
    request_log.drop_intents(connection, server, done)
    request_log.put_sent(connection, server, notes.sent, at)
    taken = [sent.body for sent in answered if sent.answered.answer in TAKEN]
    there = [Definition(body.key, body.four_k) for body in taken]
    server_requests.note_request(connection, server, there)
