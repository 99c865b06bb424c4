"""Writes what a run has learned (`domain.memory.Notes`), one table after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from listsync.domain.media import Definition
from listsync.domain.run_notes import Intent, Notes
from listsync.domain.server import TAKEN, RequestAnswer
from listsync.store import row_codec as rows
from listsync.store import server_requests
from listsync.sync.backoff import pause_before_recheck

_RETRY_DAYS = (1, 2, 4, 8, 16, 30)
_PUT_MATCH = """
    INSERT INTO matches (server, lookup, found, how, kind, tmdb, title, score, reasons,
        candidates, tries, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)
    ON CONFLICT DO UPDATE SET found = excluded.found, how = excluded.how, kind = excluded.kind,
        tmdb = excluded.tmdb, title = excluded.title, score = excluded.score,
        reasons = excluded.reasons, candidates = excluded.candidates,
        tries = iif(matches.found = excluded.found, tries, 0) + 1,
        at = excluded.at, recheck_at = NULL
"""


def write(
    connection: sqlite3.Connection, server: int | None, notes: Notes, intents: Sequence[Intent]
) -> None:
    """Write *notes* and *intents*.

    Runs between two requests, so it makes no statement that has nothing to do.
    """
    at = rows.now()
    if notes.handled:
        _write_handled(connection, server, notes, at)
    if notes.sent or notes.dropped:
        _write_sent(connection, server, notes, at)
    if notes.seen:
        server_requests.note_seen(connection, server, notes.seen, at)
    if notes.setbacks:
        _write_setbacks(connection, server, notes)
    if notes.matches:
        _write_matches(connection, server, notes)
    if notes.chosen:
        _write_chosen(connection, notes)
    if notes.seekers:
        _write_seekers(connection, notes)
    if notes.looked:
        _write_looks(connection, server, notes)
    connection.executemany(
        "INSERT OR REPLACE INTO intents (server, label, lists, kind, tmdb, four_k,"
        " seasons, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(server, *rows.intent_columns(one), at) for one in intents],
    )


def _write_looks(connection: sqlite3.Connection, server: int | None, notes: Notes) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO season_looks (server, tmdb, four_k, next_on) VALUES (?, ?, ?, ?)",
        [
            (server, one.key.tmdb_id, one.four_k, day.isoformat())
            for one, day in notes.looked.items()
        ],
    )


def _write_handled(
    connection: sqlite3.Connection, server: int | None, notes: Notes, at: str
) -> None:
    connection.executemany(
        "INSERT INTO handled (server, list, entry, four_k, kind, tmdb, season_rules, seasons,"
        " aired_before, at)"
        " SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ? FROM followed WHERE source = ?"
        " ON CONFLICT DO UPDATE SET season_rules = excluded.season_rules,"
        " seasons = excluded.seasons, aired_before = excluded.aired_before,"
        # New seasons are those since it was acted on for this title first.
        " at = iif(kind = excluded.kind AND tmdb = excluded.tmdb, at, excluded.at),"
        " kind = excluded.kind, tmdb = excluded.tmdb",
        [
            (server, *rows.handled_columns(one), at, one.member.rules.source)
            for one in notes.handled
        ],
    )


def _write_sent(connection: sqlite3.Connection, server: int | None, notes: Notes, at: str) -> None:
    answered = [one for one in notes.sent if one.answered.answer != RequestAnswer.UNSURE]
    done = [*(sent.body for sent in answered), *notes.dropped]
    connection.executemany(
        "DELETE FROM intents WHERE server = ? AND kind = ? AND tmdb = ? AND four_k = ?",
        [(server, *rows.body_columns(body)[:3]) for body in done],
    )
    connection.executemany(
        "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons,"
        " answer, detail, request_id, asked_as, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(server, *rows.sent_columns(sent), at) for sent in notes.sent],
    )
    taken = [sent.body for sent in answered if sent.answered.answer in TAKEN]
    there = [Definition(body.key, body.four_k) for body in taken]
    server_requests.note_request(connection, server, there)


def _write_setbacks(connection: sqlite3.Connection, server: int | None, notes: Notes) -> None:
    at = datetime.now(UTC)
    for one in notes.setbacks:
        key = (
            server,
            one.definition.key.kind,
            one.definition.key.tmdb_id,
            one.definition.four_k,
            one.tvdb_id or 0,
        )
        tries = connection.execute(
            "INSERT INTO setbacks (server, kind, tmdb, four_k, tvdb, why, tries, retry_at)"
            " VALUES (?, ?, ?, ?, ?, ?, 1, '') ON CONFLICT DO UPDATE"
            " SET tries = tries + 1, why = excluded.why RETURNING tries",
            (*key, one.why),
        ).fetchone()[0]
        connection.execute(
            "UPDATE setbacks SET retry_at = ? WHERE server = ? AND kind = ? AND tmdb = ?"
            " AND four_k = ? AND tvdb = ?",
            (rows.iso(at + pause_of_setback(tries)), *key),
        )


def _write_matches(connection: sqlite3.Connection, server: int | None, notes: Notes) -> None:
    """Keep what was found for good; what was not is due again, after growing pauses."""
    at = datetime.now(UTC)
    connection.executemany(
        _PUT_MATCH,
        [
            (server, lookup, *rows.match_columns(match), rows.iso(at))
            for lookup, match in notes.matches.items()
        ],
    )
    missed = {lookup: one for lookup, one in notes.matches.items() if one.key is None}
    for lookup, match in missed.items():
        (tries,) = connection.execute(
            "SELECT tries FROM matches WHERE server = ? AND lookup = ?", (server, lookup)
        ).fetchone()
        pause = pause_before_recheck(tries, is_provisional=match.is_provisional)
        connection.execute(
            "UPDATE matches SET recheck_at = ? WHERE server = ? AND lookup = ?",
            (rows.iso(at + pause), server, lookup),
        )


def _write_chosen(connection: sqlite3.Connection, notes: Notes) -> None:
    """Note what ids led to that a person chose; one that led nowhere is no choice any more.

    What the person says meanwhile stays: only the id that was looked up is replaced.
    """
    for match in notes.chosen:
        key, one = match.key, match.chosen
        if one is None:
            continue
        where = "WHERE lookup = ? AND imdb = ? AND tmdb IS NULL"
        if key is None:
            connection.execute(f"DELETE FROM choices {where}", (one.lookup, one.imdb))  # noqa: S608 - constant
        else:
            connection.execute(
                f"UPDATE choices SET kind = ?, tmdb = ?, title = ? {where}",  # noqa: S608 - constant
                (key.kind, key.tmdb_id, match.title, one.lookup, one.imdb),
            )


def _write_seekers(connection: sqlite3.Connection, notes: Notes) -> None:
    connection.executemany(
        "UPDATE entries SET lookup = ?1 WHERE list = (SELECT id FROM followed"
        " WHERE source = ?2) AND entry = ?3 AND lookup IS NOT ?1",
        [
            (lookup, member.rules.source, member.entry_id)
            for lookup, members in notes.seekers.items()
            for member in members
        ],
    )


def pause_of_setback(tries: int) -> timedelta:
    """Say how long a request that failed *tries* times (from 1) is put off."""
    return timedelta(days=_RETRY_DAYS[min(tries, len(_RETRY_DAYS)) - 1])
