"""An agent's answers as the protocol has them, some of them hostile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listsync.protocol.messages import (
    ConfigReply,
    ExplainReply,
    ItemsReply,
    ListsReply,
    NoticesReply,
    ProgressReply,
    ReviewReply,
    RunReply,
    RunsReply,
    StatsReply,
    StatusReply,
)
from listsync.protocol.shapes import (
    CandidateShape,
    DayCountsShape,
    ItemShape,
    ListShape,
    NoticeShape,
    PeriodShape,
    RequestShape,
    RunShape,
    TitleShape,
    TotalsShape,
)

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}\u202etxt"
_NOW = datetime.now(UTC)


def ago(**spans: float) -> str:
    return (_NOW - timedelta(**spans)).isoformat()


def a_list(name: str = "imdb-top", outcome: str = "complete", **changed: object) -> ListShape:
    found: ListShape = {
        "name": name,
        "service": "imdb",
        "source": "imdb:top",
        "exclude": False,
        "outcome": outcome,
        "read": 250,
        "declared": 250,
        "last_try": ago(minutes=12),
        "last_success": ago(minutes=12),
        "failures": 0,
        "next_due": ago(hours=-11.8),
        "retry_at": None,
        "why": "",
        "advice": "",
        "notices": [],
    }
    return {**found, **changed}  # type: ignore[typeddict-item]  # a test knows them


def a_run(run_id: str = "0123456789ab", result: str | None = "ok", **changed: object) -> RunShape:
    found: RunShape = {
        "run_id": run_id,
        "origin": "schedule",
        "dry_run": False,
        "started_at": ago(minutes=14),
        "ended_at": ago(minutes=12) if result else None,
        "result": result,
        "why": "",
        "message": "14 requested, 1,236 there already",
        "requested": 14,
        "calls": 61,
        "counts": {"requested": 14, "on_hold": 2, "failed": 1, "already_there": 1236},
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def a_notice(kind: str, text: str, **changed: object) -> NoticeShape:
    found: NoticeShape = {
        "kind": kind,
        "text": text,
        "list": None,
        "since": ago(hours=3),
        "needs_person": True,
        "severity": "error",
        "subject": None,
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def a_request(title: str = "Alien", **changed: object) -> RequestShape:
    found: RequestShape = {
        "title": title,
        "kind": "movie",
        "tmdb_id": 348,
        "seasons": "",
        "four_k": False,
        "answer": "requested",
        "lists": "imdb-top",
        "requested_as": "listsync",
        "at": ago(minutes=13),
        "run_id": "0123456789ab",
        "detail": "",
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def config(*, defaults: bool = False) -> ConfigReply:
    own = {"path": "server.url", "value": "http://seerr:5055", "origin": "the file"}
    secret = {"path": "server.api_key", "value": None, "origin": "OVERSEERR_API_KEY"}
    usual = {"path": "sync.every", "value": "24h", "origin": None}
    rows = [{**own, "secret": False}, {**secret, "secret": True}]
    rows += [{**usual, "secret": False}] if defaults else []
    return {
        "total": len(rows),
        "next": None,
        "config": status()["config"],
        "settings": rows,  # type: ignore[typeddict-item]  # as they are made above
    }


def progress(done: int = 120, phase: str = "add") -> ProgressReply:
    return {
        "in_progress": True,
        "phase": phase,
        "progress": done,
        "total": 200,
        "percent": done // 2,
        "last_checkpoint": ago(seconds=1),
        "last_result": None,
        "run_id": "ba9876543210",
        "sequence": done,
        "lists": [
            {"name": "imdb-top", "state": "complete", "read": 250, "done": 120, "total": 200},
            {"name": "trakt-trending", "state": "waiting", "read": 0, "done": 0, "total": 0},
        ],
        "eta_s": 75,
        "requested": 8,
    }


def status(**changed: object) -> StatusReply:
    found: StatusReply = {
        "state": "idle",
        "pid": 4242,
        "version": "0.1.0",
        "uptime_s": 90_000,
        "started_at": ago(hours=25),
        "config": {
            "file": "/etc/listsync/listsync.yaml",
            "valid": True,
            "problems": [],
            "loaded_at": ago(hours=25),
            "pending": [],
        },
        "watcher": "active",
        "services": [
            {
                "name": "control",
                "state": "running",
                "since": ago(hours=25),
                "why": "",
                "next_try": None,
                "vital": True,
            }
        ],
        "server": {"product": "Jellyseerr", "version": "2.7.3", "url": "http://seerr:5055"},
        "paused": None,
        "running": None,
        "pending": None,
        "last_run": a_run(),
        "next_due": ago(hours=-11.8),
        "retry": None,
        "lists": 7,
        "needs_person": False,
        "notices": [],
        "notices_total": 0,
        "next": None,
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def lists() -> ListsReply:
    names = ("imdb-top", "trakt-trending", "letterboxd-500", "anime", "mine", "stevenlu", "kids")
    return {"total": 7, "next": None, "lists": [a_list(name) for name in names]}


def one_list() -> ListsReply:
    return {
        "total": 1,
        "next": None,
        "lists": [a_list()],
        "counts": {"requested": 14, "available": 230, "review": 2},
        "requests": [a_request()],
    }


def runs() -> RunsReply:
    return {
        "total": 2,
        "next": None,
        "runs": [
            a_run(),
            a_run("fedcba987654", "failed", why="the server did not answer", requested=0),
        ],
    }


def one_run() -> RunReply:
    return {"run": a_run(), "notices": [], "total": 1, "next": None, "requests": [a_request()]}


def an_item(title: str = "Alien", **changed: object) -> ItemShape:
    found: ItemShape = {
        "title": title,
        "kind": "movie",
        "tmdb_id": 348,
        "list": "imdb-top",
        "status": "requested",
        "excluded_by": None,
        "at": ago(hours=2),
        "list_on_hold": None,
        "brought_by": "imdb-top",
        "requested_as": None,
        "requested_at": ago(hours=2),
        "run_id": "0123456789ab",
        "year": 1979,
        "imdb_id": "tt0078748",
        "tvdb_id": None,
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def items() -> ItemsReply:
    rows = [an_item(), an_item("Aliens", status="available", tmdb_id=679, year=1986)]
    return {"total": 1250, "next": "a-cursor", "items": rows}


def a_candidate(number: int, key: str, title: str, year: int) -> CandidateShape:
    return {
        "number": number,
        "key": key,
        "title": title,
        "original_title": title,
        "year": year,
        "countries": ["US"],
        "votes": 1200,
        "evidence": "the same title, another year",
    }


def review(title: str = "The Thing") -> ReviewReply:
    return {
        "total": 1,
        "next": None,
        "reviews": [
            {
                "id": "a1b2c3",
                "title": title,
                "lists": "mine",
                "since": ago(days=1),
                "score": 1.4,
                "why": "two films are called so",
                "candidates": [
                    a_candidate(1, "movie/1091", "The Thing", 1982),
                    a_candidate(2, "movie/60935", "The Thing", 2011),
                ],
                "choice": None,
                "lookup": "title:the thing",
            }
        ],
    }


def a_title(title: str = "Alien") -> TitleShape:
    return {
        "title": title,
        "kind": "movie",
        "tmdb_id": 348,
        "four_k": False,
        "decision": {"verdict": "already_there", "why": "it is there", "conditions": []},
        "lists": [
            {
                "list": "imdb-top",
                "label": f"{title} (1979)",
                "rank": 52,
                "since": ago(days=30),
                "followed": True,
                "exclude": False,
                "outcome": "complete",
                "last_success": ago(minutes=12),
                "why": "",
                "handled_at": ago(days=29),
            }
        ],
        "more_lists": 0,
        "match": {
            "found": "found",
            "how": "imdb",
            "key": "movie/348",
            "title": title,
            "score": 2.0,
            "why": "the list says its id",
            "candidates": [],
            "at": ago(days=29),
            "again_at": None,
            "review_id": None,
        },
        "choice": None,
        "server": {"status": "available", "status_4k": "not there", "requested_since": True},
        "requests": [a_request(title)],
    }


def explain(title: str = "Alien") -> ExplainReply:
    return {"total": 1, "next": None, "titles": [a_title(title)]}


def notices() -> NoticesReply:
    first = a_notice("list_blocked", "IMDb wants a person", list="imdb-top")
    return {
        "total": 2,
        "next": None,
        "notices": [
            {**first, "ended_at": None, "run_id": "0123456789ab"},
            {**a_notice("review", "1 title waits"), "ended_at": ago(hours=1), "run_id": None},
        ],
    }


def a_total(service: str | None = "imdb") -> TotalsShape:
    return {
        "service": service,
        "today": 1200,
        "days_7": 1201,
        "days_30": 1434,
        "total": 9000,
        "available": 77,
        "failed": 3,
    }


def a_period(name: str) -> PeriodShape:
    return {
        "name": name,
        "since": ago(days=30),
        "requested": 9000,
        "movies": 8000,
        "series": 1000,
        "available": 77,
        "existing": 5,
        "failed": 3,
        "cancelled": 1,
    }


def stats() -> StatsReply:
    """Give 30 days in September: on the last one much, on every fifth before it something."""
    counts = {29: 1200, 4: 1, **dict.fromkeys((9, 14, 19), 77), 24: 2}
    return {
        "timezone": "Europe/Vienna",
        "periods": [*map(a_period, ("today", "7 days", "30 days", "total", "session"))],
        "days": [
            {
                "day": f"2026-09-{number + 1:02}",
                "requested": counts.get(number, 0),
                "available": counts.get(number, 0) // 2,
            }
            for number in range(30)
        ],
        "services": [a_total(), a_total(None)],
        "lists": [
            {"list": "imdb-top", "is_followed": True, **a_total()},
            {"list": HOSTILE, "is_followed": False, **a_total(None)},
        ],
        "total": 2,
        "next": None,
    }


def no_stats() -> StatsReply:
    """Give what is told before anything was requested, and no list is followed."""
    some = stats()
    none: list[DayCountsShape] = [
        {"day": one["day"], "requested": 0, "available": 0} for one in some["days"]
    ]
    return {**some, "days": none, "services": [], "lists": [], "total": 0}
