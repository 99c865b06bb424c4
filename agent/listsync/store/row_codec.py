"""Records to table rows and back."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.json import Decoder

from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice, ListRow, RequestRow
from listsync.domain.lists import ListEntry
from listsync.domain.media import Definition, ExternalIds, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord
from listsync.domain.report import Verdict
from listsync.domain.run_notes import HandledEntries, HandledSeasons, Handling, Intent, Sent
from listsync.domain.server import Candidate, IndexPage, RequestBody, TitleState

_ENTRY_COLUMNS = (
    "rank",
    "title",
    "original_title",
    "year",
    "kind",
    "imdb",
    "tmdb",
    "tvdb",
    "seasons",
    "doubt",
    "check_ids",
    "bare_id",
)
_RENUMBERED = ("rank", "bare_id")
ENTRY_COLUMNS = ", ".join(_ENTRY_COLUMNS)
ENTRY_MARKS = ", ".join("?" for _ in _ENTRY_COLUMNS)
ENTRY_UPDATES = ", ".join(f"{name} = excluded.{name}" for name in _ENTRY_COLUMNS)
ENTRY_IS_SAME = " AND ".join(
    [
        *(f"{name} IS excluded.{name}" for name in _ENTRY_COLUMNS if name not in _RENUMBERED),
        "(bare_id IS NULL) = (excluded.bare_id IS NULL)",
    ]
)
"""Whether an entry is looked up as before."""

_LONGEST_NUMBER = 18
"""Digits; SQLite knows no larger ones."""

HANDLED_COLUMNS = "list, entry, four_k, kind, tmdb, season_rules, seasons, aired_before"

_NUMBERS = Decoder(tuple[int, ...])
_NAMES = Decoder(tuple[str, ...])
_NO_SEASONS = HandledSeasons(None)
_SERIES = MediaType.TV.value
_KINDS = {kind.value: kind for kind in MediaType}
_HOWS = {how.value: how for how in How}


def columns_of(entry: ListEntry) -> tuple[object, ...]:
    """Give the values of ENTRY_COLUMNS."""
    kind = entry.kind.value if entry.kind else None
    ids = entry.ids
    return (
        entry.rank,
        entry.title,
        entry.original_title,
        entry.year,
        kind,
        ids.imdb,
        ids.tmdb,
        ids.tvdb,
        ",".join(map(str, entry.seasons)),
        entry.doubt,
        int(entry.check_ids),
        entry.bare_id,
    )


def entry_of(row: sqlite3.Row) -> ListEntry:
    return entry_from([row[name] for name in _ENTRY_COLUMNS])


def entry_from(values: Sequence[Any]) -> ListEntry:
    """Make an entry of the values of ENTRY_COLUMNS."""
    rank, title, original, year, kind, imdb, tmdb, tvdb, seasons, doubt, check_ids, bare_id = (
        values
    )
    return ListEntry(
        rank=rank,
        title=title,
        original_title=original,
        year=year,
        kind=_KINDS[kind] if kind else None,
        ids=ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb),
        seasons=tuple(map(int, seasons.split(","))) if seasons else (),
        doubt=doubt,
        check_ids=bool(check_ids),
        bare_id=bare_id,
    )


def key_of(row: sqlite3.Row) -> TitleKey:
    return title_key(row["kind"], row["tmdb"])


def title_key(kind: str, tmdb: int) -> TitleKey:
    return TitleKey(_KINDS[kind], tmdb)


def definition_of(row: sqlite3.Row) -> Definition:
    return Definition(key_of(row), bool(row["four_k"]))


def handled_columns(one: Handling) -> tuple[object, ...]:
    """Give entry, four_k, kind, tmdb, season_rules, seasons, aired_before."""
    title, seasons = one.definition, one.seasons or _NO_SEASONS
    return (one.member.entry_id, title.four_k, title.key.kind, title.key.tmdb_id, *seasons)


def handled_from(found: Iterable[Sequence[Any]], sources: Mapping[int, str]) -> HandledEntries:
    """Restore what was handled, of the values of HANDLED_COLUMNS.

    Many entries remember the same of their seasons; they share it, to save memory.
    """
    titles: dict[tuple[int, int], dict[str, Definition]] = defaultdict(dict)
    seasons: dict[tuple[int, int], dict[str, HandledSeasons]] = defaultdict(dict)
    shared: dict[tuple[str | None, str, str | None], HandledSeasons] = {}
    for number, entry, four_k, kind, tmdb, rules, numbers, aired_before in found:
        titles[number, four_k][entry] = Definition(TitleKey(_KINDS[kind], tmdb), four_k == 1)
        if kind == _SERIES:
            said = (rules, numbers, aired_before)
            if said not in shared:
                shared[said] = HandledSeasons(*said)
            seasons[number, four_k][entry] = shared[said]
    return HandledEntries(
        {(sources[number], bool(four_k)): rows for (number, four_k), rows in titles.items()},
        {(sources[number], bool(four_k)): rows for (number, four_k), rows in seasons.items()},
    )


def body_columns(body: RequestBody) -> tuple[object, ...]:
    """Give kind, tmdb, four_k, seasons."""
    return (body.key.kind, body.key.tmdb_id, body.four_k, json.dumps(body.seasons))


def body_of(row: sqlite3.Row) -> RequestBody:
    return RequestBody(
        key=key_of(row), four_k=bool(row["four_k"]), seasons=tuple(json.loads(row["seasons"]))
    )


def intent_columns(intent: Intent) -> tuple[object, ...]:
    """Give label, lists, the columns of the body."""
    return (intent.label, _lists_text(intent.lists), *body_columns(intent.body))


def intent_of(row: sqlite3.Row) -> Intent:
    at = datetime.fromisoformat(row["at"])
    return Intent(row["label"], tuple(json.loads(row["lists"])), body_of(row), at)


def sent_columns(sent: Sent) -> tuple[object, ...]:
    """Give run, label, lists, the columns of the body, answer, detail, request_id, asked_as."""
    return (
        sent.run_id,
        sent.label,
        _lists_text(sent.lists),
        *body_columns(sent.body),
        sent.answered.answer,
        sent.answered.detail,
        sent.answered.request_id,
        sent.body.asking.user,
    )


def _lists_text(lists: tuple[str, ...]) -> str:
    return json.dumps(lists, ensure_ascii=False)


def match_columns(match: Match) -> tuple[object, ...]:
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


def found_from(values: Sequence[Any]) -> Match:
    """Make a match of how, kind, tmdb, title, score; its reasons stay on disk, to save memory."""
    how, kind, tmdb, title, score = values
    return Match(
        found=Found.FOUND, how=_HOWS[how], key=title_key(kind, tmdb), title=title, score=score
    )


def request_of(row: sqlite3.Row) -> RequestRow:
    return RequestRow(
        title=row["label"],
        key=key_of(row),
        four_k=bool(row["four_k"]),
        seasons=_NUMBERS.decode(row["seasons"]),
        lists=_NAMES.decode(row["lists"]),
        answer=row["answer"],
        detail=row["detail"],
        at=datetime.fromisoformat(row["at"]),
        asked_as=row["asked_as"],
        run_id=row["run"],
    )


def list_of(row: sqlite3.Row) -> ListRow:
    """Restore how a list was read last."""
    return ListRow(
        source=row["source"],
        name=row["name"],
        service=row["service"],
        outcome=row["outcome"],
        why=row["why"],
        last_try=datetime.fromisoformat(row["last_try"]),
        last_success=moment(row["last_success"]),
        read=row["read"],
        declared=row["declared"],
        failures=row["failures"],
        retry_at=moment(row["retry_at"]),
    )


def iso(at: datetime) -> str:
    """Write a point in time such that texts sort as the times do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def now() -> str:
    return iso(datetime.now(UTC))


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


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
        key=TitleKey(_KINDS[kind], tmdb),
        title=title,
        original_title=original,
        year=year,
        popularity=popularity,
        votes=votes,
        genres=tuple(genres),
        countries=tuple(countries),
    )


def packed_titles(page: IndexPage) -> bytes:
    """Pack the titles of one page of the server's index."""
    titles = [
        [key.kind.value, key.tmdb_id, state.status, state.status_4k, state.tvdb_id]
        for key, state in page.titles
    ]
    return zlib.compress(json.dumps(titles).encode(), 1)


def index_page_of(row: sqlite3.Row) -> IndexPage:
    packed = json.loads(zlib.decompress(row["titles"]))
    states = {tuple(state): TitleState(*state) for _, _, *state in packed}
    return IndexPage(
        etag=row["etag"],
        total=row["total"],
        titles=tuple(
            (TitleKey(_KINDS[kind], tmdb), states[status, status_4k, tvdb])
            for kind, tmdb, status, status_4k, tvdb in packed
        ),
    )


def notices_text(notices: Sequence[NoticeRecord]) -> str:
    """Write what a run said."""
    return json.dumps(
        [
            {
                "kind": one.notice.kind,
                "text": one.notice.text,
                "list": one.notice.list_name,
                "since": iso(one.since),
                "run": one.run_id,
            }
            for one in notices
        ],
        ensure_ascii=False,
    )


def notices_of(text: str | None) -> tuple[NoticeRecord, ...]:
    """Read what `notices_text` wrote."""
    return tuple(
        NoticeRecord(
            notice=Notice(kind=NoticeKind(one["kind"]), text=one["text"], list_name=one["list"]),
            since=datetime.fromisoformat(one["since"]),
            run_id=one["run"],
        )
        for one in json.loads(text or "[]")
    )


def counts_of(text: str | None) -> Counter[Verdict]:
    """Add up what became of the entries of all lists of a run."""
    counts: Counter[Verdict] = Counter()
    for one in json.loads(text or "{}").values():
        counts.update({verdict: one.get(verdict.value, 0) for verdict in Verdict})
    return +counts


def looking_for(query: str) -> dict[str, str | int | None]:
    """Give the parameters of a statement that looks for *query*, to the letter or within.

    `number` is one that it is, `kind` and `kind_number` of a title like `movie/603`.
    """
    like = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    kind, slash, number = query.partition("/")
    is_key = bool(slash) and kind in {one.value for one in MediaType}
    return {
        "query": query,
        "like": f"%{like}%",
        "number": _number(query),
        "kind": kind if is_key else None,
        "kind_number": _number(number) if is_key else None,
    }


def entry_fits(query: str) -> str:
    """Give the condition by which an entry fits *query*, with the parameters of `looking_for`.

    Every entry is held against it, so it asks for nothing that *query* cannot be.
    """
    ways = [_HAS_TEXT]
    if not query.count(" "):
        ways.append("imdb = :query")
    if _number(query) is not None:
        ways.append("tmdb = :number OR tvdb = :number")
    return f"({' OR '.join(ways)})"


_HAS_TEXT = """title LIKE :like ESCAPE '\\'
    OR (original_title NOT NULL AND original_title LIKE :like ESCAPE '\\')"""


def _number(text: str) -> int | None:
    """Read what is a number to the letter; None for anything else."""
    is_one = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_one and str(int(text)) == text else None
