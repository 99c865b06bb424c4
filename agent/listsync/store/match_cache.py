"""What titles were taken for and what services say of them: `matches`, `facts`, `films`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice
from listsync.domain.media import ExternalIds, FilmRecord, MediaType, TitleKey
from listsync.domain.run_notes import Miss
from listsync.domain.server import Candidate, TitleFacts
from listsync.store.database import Database
from listsync.store.row_codec import KINDS, iso, key_of, title_key

_HOWS = {how.value: how for how in How}

_PUT = """
    INSERT OR REPLACE INTO matches (server, lookup, found, how, kind, tmdb, title, score, reasons,
        candidates, tries, recheck_at, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class SqliteMatchCache:
    """Implements `ports.titles.MatchCache`; see there."""

    def __init__(self, database: Database, server: Callable[[], int]) -> None:
        self._database = database
        self._server = server

    def load(self, now: datetime, whole: Collection[str] = ()) -> dict[str, Match]:
        server = self._server()
        found = self._database.read(
            "SELECT lookup, how, kind, tmdb, title, score FROM matches"
            " WHERE server = ? AND kind IS NOT NULL",
            server,
        )
        with_reasons = self._database.read(
            "SELECT * FROM matches WHERE server = ? AND (kind IS NULL"
            "   OR lookup IN (SELECT value FROM json_each(?)))"
            " AND (recheck_at IS NULL OR recheck_at > ?)",
            server,
            json.dumps(list(whole)),
            iso(now),
        )
        chosen = self._database.read("SELECT * FROM choices WHERE tmdb NOT NULL OR imdb IS NULL")
        return (
            {lookup: _found_from(values) for lookup, *values in found}
            | {row["lookup"]: whole_match_of(row) for row in with_reasons}
            | {row["lookup"]: choice_of(row).match for row in chosen}
        )

    def misses(self) -> Mapping[str, Miss]:
        found = self._database.read(
            "SELECT lookup, found, tries, recheck_at FROM matches"
            " WHERE server = ? AND kind IS NULL AND recheck_at NOT NULL",
            self._server(),
        )
        return {
            lookup: Miss(Found(word), tries, datetime.fromisoformat(again_at))
            for lookup, word, tries, again_at in found
        }

    def chosen_ids(self) -> dict[str, str]:
        found = self._database.read("SELECT lookup, imdb FROM choices WHERE tmdb IS NULL")
        return {row["lookup"]: row["imdb"] for row in found if row["imdb"]}


def put(
    connection: sqlite3.Connection,
    server: int,
    matches: Mapping[str, Match],
    misses: Mapping[str, Miss],
) -> None:
    """Keep *matches*; what is missed is looked up again when *misses* says so."""
    at = iso(datetime.now(UTC))
    connection.executemany(
        _PUT,
        [
            (server, lookup, *_match_columns(match), *_again(misses.get(lookup)), at)
            for lookup, match in matches.items()
        ],
    )


def _again(miss: Miss | None) -> tuple[int, str | None]:
    return (miss.tries, iso(miss.again_at)) if miss else (1, None)


class SqliteFacts:
    """Implements `ports.titles.FactsCache`; see there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: TitleKey) -> TitleFacts | None:
        found = self._database.read(
            "SELECT facts, at FROM facts WHERE kind = ? AND tmdb = ?", key.kind, key.tmdb_id
        )
        if not found:
            return None
        facts, read_at = _facts_of(json.loads(found[0]["facts"])), found[0]["at"]
        is_good = facts.is_good(datetime.fromisoformat(read_at), datetime.now(UTC))
        return facts if is_good else None

    def put(self, key: TitleKey, facts: TitleFacts) -> None:
        row = (key.kind, key.tmdb_id, _text_of(facts), datetime.now(UTC).isoformat())
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO facts (kind, tmdb, facts, at) VALUES (?, ?, ?, ?)", row
            )


def _text_of(facts: TitleFacts) -> str:
    ids = facts.ids
    return json.dumps(
        {
            "ids": [ids.imdb, ids.tmdb, ids.tvdb],
            "year": facts.year,
            "genres": sorted(facts.genres),
            "rating": facts.rating,
            "votes": facts.votes,
            "language": facts.language,
            "title": facts.title,
            "original_title": facts.original_title,
        },
        ensure_ascii=False,
    )


def _facts_of(row: dict[str, Any]) -> TitleFacts:
    imdb, tmdb, tvdb = row["ids"]
    return TitleFacts(
        ids=ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb),
        year=row["year"],
        genres=frozenset(row["genres"]),
        rating=row["rating"],
        votes=row["votes"],
        language=row["language"],
        title=row.get("title", ""),
        original_title=row.get("original_title", ""),
    )


_BATCH = 500


class SqliteFilmIds:
    """Remembers the films of *service*. Any thread may use it; raises StateError."""

    def __init__(self, database: Database, service: str) -> None:
        self._database = database
        self._service = service

    def get_many(self, slugs: Iterable[str]) -> Mapping[str, FilmRecord]:
        """Return what is known and still good."""
        wanted, now = list(slugs), datetime.now(UTC)
        found = {}
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            marks = ", ".join("?" for _ in batch)
            for row in self._database.read(
                f"SELECT * FROM films WHERE service = ? AND name IN ({marks})",  # noqa: S608 - marks
                self._service,
                *batch,
            ):
                record = _film_of(row)
                if record.is_good(datetime.fromisoformat(row["at"]), now):
                    found[row["name"]] = record
        return found

    def put(self, slug: str, record: FilmRecord) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO films (service, name, kind, imdb, tmdb, tvdb, title, year,"
                " at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self._service,
                    slug,
                    record.kind,
                    record.ids.imdb,
                    record.ids.tmdb,
                    record.ids.tvdb,
                    record.title,
                    record.year,
                    datetime.now(UTC).isoformat(),
                ),
            )


def _film_of(row: sqlite3.Row) -> FilmRecord:
    kind = MediaType(row["kind"]) if row["kind"] else None
    ids = ExternalIds(imdb=row["imdb"], tmdb=row["tmdb"], tvdb=row["tvdb"])
    return FilmRecord(kind, ids, row["title"], row["year"])


def _match_columns(match: Match) -> tuple[object, ...]:
    """Give found, how, kind, tmdb, title, score, reasons, candidates."""
    candidates = [_packed_candidate(one) for one in match.candidates]
    return (
        match.found,
        match.how,
        match.key.kind if match.key else None,
        match.key.tmdb_id if match.key else None,
        match.title,
        match.score,
        json.dumps(match.reasons, ensure_ascii=False),
        json.dumps(candidates, ensure_ascii=False),
    )


def _found_from(values: Sequence[Any]) -> Match:
    """Make a match of how, kind, tmdb, title, score; its reasons stay on disk, to save memory."""
    how, kind, tmdb, title, score = values
    return Match(
        found=Found.FOUND, how=_HOWS[how], key=title_key(kind, tmdb), title=title, score=score
    )


def choice_of(row: sqlite3.Row) -> Choice:
    return Choice(
        key=key_of(row) if row["tmdb"] is not None else None,
        title=row["title"],
        at=datetime.fromisoformat(row["at"]),
        imdb=row["imdb"],
    )


def whole_match_of(row: sqlite3.Row) -> Match:
    """Restore a match with all that was said of it."""
    return Match(
        found=Found(row["found"]),
        how=How(row["how"]),
        key=key_of(row) if row["tmdb"] is not None else None,
        title=row["title"],
        score=row["score"],
        reasons=tuple(json.loads(row["reasons"])),
        candidates=candidates_of(row["candidates"]),
    )


def _packed_candidate(one: Candidate) -> list[object]:
    key, seen = one.key, (one.title, one.original_title, one.year, one.popularity, one.votes)
    return [str(key.kind), key.tmdb_id, *seen, one.genres, one.countries]


def candidates_of(text: str) -> tuple[Candidate, ...]:
    return tuple(_candidate(value) for value in json.loads(text))


def _candidate(value: list[Any]) -> Candidate:
    """Restore what `_packed_candidate` made; older rows end with the popularity."""
    kind, tmdb, title, original, year, popularity, *others = value
    votes, genres, countries = others or (0, (), ())
    return Candidate(
        key=TitleKey(KINDS[kind], tmdb),
        title=title,
        original_title=original,
        year=year,
        popularity=popularity,
        votes=votes,
        genres=tuple(genres),
        countries=tuple(countries),
    )
