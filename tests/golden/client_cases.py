"""What `listsyncctl` shows of replies, written as the agent sends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listsync.protocol.fleet_shapes import FleetShape, PostgresShape
from listsync.protocol.messages import (
    BackupReply,
    PlanReply,
    ProgressReply,
    StatusReply,
)
from listsync.protocol.notifications import TargetShape
from listsync.protocol.shapes import (
    CandidateShape,
    ChoiceShape,
    ItemShape,
    ListShape,
    MatchShape,
    NoticeShape,
    PlannedShape,
    RequestShape,
    ReviewShape,
    RunShape,
    ServiceShape,
    TitleShape,
)
from listsync.terminal.output import Palette
from listsyncctl.title_views import Display
from listsyncctl.views import MESSAGE, VIEWS

if TYPE_CHECKING:
    from listsyncctl.views import AgentShape

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

_NOTICE: NoticeShape = {
    "kind": "on_hold",
    "text": "148 titles are on hold",
    "list": "Dora",
    "since": "2026-06-01T09:00:00Z",
    "needs_person": True,
}
_NOTE: NoticeShape = {
    "kind": "list_doubted",
    "text": "much of it is missing",
    "list": "top",
    "since": "2026-05-31T12:00:00Z",
    "needs_person": False,
}
_TARGET: TargetShape = {
    "name": "discord",
    "waiting": 0,
    "dead": 0,
    "failures": 0,
    "failing_since": None,
    "paused_until": None,
    "sent_at": "2026-06-01T11:00:00Z",
    "answer": "HTTP 204",
    "failed_test": "",
}
_DOUBTED_TARGET: TargetShape = {
    **_TARGET,
    "name": "mail",
    "failed_test": "cannot be reached: Connection refused",
}
_FAILING_TARGET: TargetShape = {
    **_TARGET,
    "name": "phone",
    "waiting": 3,
    "dead": 1,
    "failures": 9,
    "failing_since": "2026-05-29T12:00:00Z",
    "paused_until": "2026-06-01T15:00:00Z",
    "answer": "HTTP 401: wrong token",
}
_NEW_TARGET: TargetShape = {**_TARGET, "name": "hooks", "sent_at": None, "answer": ""}
_RUN: RunShape = {
    "run_id": "4f1c9a2b7d10",
    "origin": "schedule",
    "dry_run": False,
    "started_at": "2026-06-01T11:00:00Z",
    "ended_at": "2026-06-01T11:00:12Z",
    "result": "ok",
    "why": "",
    "message": "2 requested, 40 already there, 1 to review",
    "requested": 2,
    "calls": 51,
}
_PARTLY: RunShape = {
    **_RUN,
    "run_id": "77aa01c3e9f2",
    "origin": "listsyncctl",
    "result": "partly",
    "why": "top: the service does not answer",
    "message": "0 requested, 40 already there, 1 to review, 1 list failed",
    "requested": 0,
}
_REQUEST: RequestShape = {
    "title": "Alien (1979)",
    "kind": "movie",
    "tmdb_id": 348,
    "seasons": "",
    "four_k": True,
    "answer": "requested",
    "lists": "top, mine",
    "requested_as": "family",
    "at": "2026-06-01T11:00:08Z",
    "detail": "",
    "run_id": "4f1c9a2b7d10",
}
_SERIES: RequestShape = {
    **_REQUEST,
    "title": "Dark",
    "kind": "tv",
    "tmdb_id": 70523,
    "seasons": "1, 2",
    "four_k": False,
    "answer": "refused",
    "detail": "you have no requests left",
    "requested_as": None,
}
_PROGRESS: ProgressReply = {
    "in_progress": True,
    "phase": "add",
    "progress": 120,
    "total": 200,
    "percent": 60,
    "last_checkpoint": "2026-06-01T11:59:59Z",
    "last_result": None,
    "run_id": "4f1c9a2b7d10",
    "sequence": 130,
    "lists": [
        {"name": "top", "state": "done", "read": 150, "done": 100, "total": 150},
        {"name": "映画", "state": "failed", "read": 0, "done": 0, "total": 0},
    ],
    "eta_s": 68,
    "requested": 12,
}
_NOTHING_RUNS: ProgressReply = {
    **_PROGRESS,
    "in_progress": False,
    "phase": "idle",
    "lists": [],
    "last_result": {
        "success": True,
        "message": "Sync complete: 2600/2600 operations successful",
    },
}
_RUNNING: ServiceShape = {
    "name": "control",
    "state": "running",
    "since": "2026-06-01T10:00:00Z",
    "why": "",
    "next_try": None,
    "vital": True,
}
_REACHED: ServiceShape = {
    **_RUNNING,
    "name": "http",
    "address": "http://127.0.0.1:4222",
    "note": "its token is in /var/lib/listsync/http-token",
    "vital": False,
}
_FAILED: ServiceShape = {
    "name": "http",
    "state": "failed",
    "since": "2026-06-01T11:58:00Z",
    "why": "port 8080 is taken",
    "next_try": "2026-06-01T12:02:00Z",
    "vital": False,
}
_FLEET: FleetShape = {
    "role": "standby",
    "name": "cellar",
    "leader": "attic",
    "epoch": 7,
    "since": "2026-06-01T10:00:00Z",
    "why": "",
    "schema": "public",
    "other_schemas": ["attic"],
    "members": [
        {
            "name": "attic",
            "version": "0.2.0",
            "seen_at": "2026-06-01T11:59:50Z",
            "leads": True,
            "other_lists": False,
        },
        {
            "name": "cellar",
            "version": "0.2.0",
            "seen_at": "2026-06-01T11:59:40Z",
            "leads": False,
            "other_lists": True,
        },
    ],
}
_IDLE: StatusReply = {
    "state": "idle",
    "pid": 7491,
    "version": "0.2.0",
    "uptime_s": 7300,
    "started_at": "2026-06-01T10:00:00Z",
    "config": {
        "file": "/etc/listsync/listsync.yaml",
        "valid": True,
        "problems": [],
        "loaded_at": "2026-06-01T10:00:00Z",
    },
    "watcher": "active",
    "services": [_RUNNING, {**_RUNNING, "name": "schedule"}, _REACHED],
    "server": {"product": "Seerr", "version": "3.1.0", "url": "http://localhost:5055"},
    "paused": None,
    "running": None,
    "pending": None,
    "last_run": _RUN,
    "next_due": "2026-06-01T23:00:00Z",
    "retry": None,
    "lists": 3,
    "needs_person": False,
    "notices": [],
    "notices_total": 0,
}
_BUSY: StatusReply = {
    **_IDLE,
    "state": "running",
    "running": _PROGRESS,
    "pending": {"run_id": "aa11", "lists": ["top"], "origins": ["schedule", "listsyncctl"]},
    "last_run": None,
    "server": None,
}
_TROUBLED: StatusReply = {
    **_IDLE,
    "state": "paused",
    "paused": {"until": "2026-06-01T14:00:00Z"},
    "pending": {"run_id": "aa11", "lists": None, "origins": ["SIGUSR1"], "more_origins": 3},
    "last_run": _PARTLY,
    "retry": {
        "at": "2026-06-01T12:02:00Z",
        "why": "the server cannot be reached",
        "lists": None,
        "number": 2,
    },
    "config": {
        "file": "/etc/listsync/listsync.yaml",
        "valid": False,
        "problems": ["/etc/listsync/listsync.yaml:3:5: unknown key: foo"],
        "loaded_at": "2026-06-01T10:00:00Z",
        "pending": [
            {"key": "control.group", "why": "there is no right to do that", "needs_restart": False}
        ],
    },
    "watcher": "looks every 30 s",
    "services": [_RUNNING, _FAILED, {**_RUNNING, "name": "outbox", "state": "off"}],
    "server": None,
    "needs_person": True,
    "notices": [_NOTICE, _NOTE],
    "notices_total": 5,
}
_LIST: ListShape = {
    "name": "top",
    "service": "imdb",
    "source": "imdb:top",
    "exclude": False,
    "outcome": "complete",
    "read": 250,
    "declared": 250,
    "last_try": "2026-06-01T11:00:00Z",
    "last_success": "2026-06-01T11:00:00Z",
    "failures": 0,
    "next_due": "2026-06-01T23:00:00Z",
    "retry_at": None,
    "why": "",
    "advice": "",
    "notices": [],
}
_BLOCKED: ListShape = {
    **_LIST,
    "name": "Dora",
    "service": "letterboxd",
    "outcome": "blocked",
    "read": 100,
    "declared": 128,
    "failures": 3,
    "last_success": None,
    "retry_at": "2026-06-01T12:40:00Z",
    "why": "the service asks whether we are a robot",
    "advice": "install Chromium",
    "notices": [_NOTICE],
}
_ITEM: ItemShape = {
    "title": "Alien (1979)",
    "kind": "movie",
    "tmdb_id": 348,
    "list": "top",
    "status": "requested",
    "excluded_by": None,
    "at": "2026-06-01T11:00:08Z",
    "list_on_hold": None,
    "brought_by": "top, mine",
    "requested_as": "family",
    "requested_at": "2026-06-01T11:00:08Z",
    "run_id": "4f1c9a2b7d10",
    "year": 1979,
    "imdb_id": "tt0078748",
    "tvdb_id": None,
}
_OPEN_ITEM: ItemShape = {
    **_ITEM,
    "title": "Gladiator (2000)",
    "tmdb_id": 98,
    "status": "open",
    "list_on_hold": "1 title on hold: quota of Anna used up",
    "brought_by": None,
    "requested_as": None,
    "requested_at": None,
    "run_id": None,
}
_EXCLUDED_ITEM: ItemShape = {
    **_ITEM,
    "status": "excluded",
    "excluded_by": "by the list unwanted",
    "brought_by": None,
    "requested_as": None,
    "requested_at": None,
    "run_id": None,
}
_CANDIDATES: list[CandidateShape] = [
    {
        "number": 1,
        "key": "movie/438631",
        "title": "Dune",
        "original_title": "Dune",
        "year": 2021,
        "evidence": "the title is the same, and 2021 is the newest",
    },
    {
        "number": 2,
        "key": "movie/841",
        "title": "Dune",
        "original_title": "砂の惑星",
        "year": 1984,
        "evidence": "US, 4,000 votes",
    },
]
_CHOICE: ChoiceShape = {
    "key": "movie/438631",
    "imdb_id": "tt1160419",
    "title": "Dune",
    "at": "2026-06-01T10:00:00Z",
}
_REVIEW: ReviewShape = {
    "id": "4f1c9a",
    "title": "Dune",
    "lists": "top, mine",
    "since": "2026-05-30T12:00:00Z",
    "score": 1.5,
    "why": "the row names no year",
    "candidates": _CANDIDATES,
    "choice": None,
    "lookup": "title:dune",
}
_MATCH: MatchShape = {
    "found": "review",
    "how": "title",
    "key": None,
    "title": "",
    "score": 1.5,
    "why": "the row names no year",
    "candidates": _CANDIDATES,
    "at": "2026-06-01T11:00:00Z",
    "again_at": None,
    "review_id": "4f1c9a",
}
_EXPLAINED: TitleShape = {
    "title": "Dune (2021)",
    "kind": "movie",
    "tmdb_id": 438631,
    "four_k": True,
    "decision": {
        "verdict": "requested",
        "why": "is requested by the next sync",
        "conditions": [],
    },
    "lists": [
        {
            "list": "top",
            "label": "Dune",
            "rank": 3,
            "since": "2026-06-01T12:00:00Z",
            "followed": True,
            "exclude": False,
            "outcome": "complete",
            "last_success": "2026-06-01T11:00:00Z",
            "why": "",
            "handled_at": "2026-06-01T11:00:08Z",
        },
        {
            "list": "mine",
            "label": "Dune",
            "rank": 1,
            "since": "2026-05-01T12:00:00Z",
            "followed": True,
            "exclude": True,
            "outcome": "blocked",
            "last_success": "2026-05-31T11:00:00Z",
            "why": "asks whether we are a robot",
            "handled_at": None,
        },
        {
            "list": "old",
            "label": "Dune",
            "rank": 9,
            "since": "2026-01-01T12:00:00Z",
            "followed": False,
            "exclude": False,
            "outcome": "",
            "last_success": None,
            "why": "",
            "handled_at": None,
        },
    ],
    "more_lists": 2,
    "match": _MATCH,
    "choice": _CHOICE,
    "server": {"status": "unknown", "status_4k": "pending", "requested_since": True},
    "requests": [_REQUEST, _SERIES],
    "more_requests": 4,
}
_NOT_FOUND: TitleShape = {
    **_EXPLAINED,
    "title": "No Such Film",
    "kind": None,
    "tmdb_id": None,
    "four_k": False,
    "decision": {"verdict": "not_found", "why": "not found", "conditions": []},
    "lists": [],
    "more_lists": 0,
    "match": {
        **_MATCH,
        "found": "not_found",
        "why": "",
        "again_at": "2026-06-04T12:00:00Z",
        "candidates": [],
        "review_id": None,
    },
    "choice": None,
    "server": None,
    "requests": [],
}
_ONE_PLANNED: PlannedShape = {
    "verdict": "",
    "label": "",
    "kind": None,
    "tmdb_id": None,
    "title": "",
    "lists": "",
    "why": "",
    "candidates": [],
}
_PLANNED: list[PlannedShape] = [
    {
        **_ONE_PLANNED,
        "verdict": "failed",
        "label": "Broken (2001)",
        "lists": "top",
        "why": "the server does not answer",
        "kind": "movie",
        "tmdb_id": 1,
    },
    {
        **_ONE_PLANNED,
        "verdict": "review",
        "label": "Dune",
        "lists": "mine",
        "why": "the row names no year",
        "candidates": ["Dune (2021) [movie/438631]", "Dune (1984) [movie/841]"],
    },
    {
        **_ONE_PLANNED,
        "verdict": "requested",
        "label": "Dark",
        "kind": "tv",
        "tmdb_id": 70523,
        "lists": "top, mine",
        "four_k": True,
        "seasons": [1, 2, 3, 5],
        "asking": {
            "user": "family",
            "approve": False,
            "service": "anime",
            "profile": "HD",
            "root_folder": "/tv",
            "language_profile": "German",
            "tags": ["a", "b"],
        },
    },
    {
        **_ONE_PLANNED,
        "verdict": "requested",
        "label": "Alien (1979)",
        "kind": "movie",
        "tmdb_id": 348,
        "lists": "top",
        "four_k": False,
        "seasons": [],
        "asking": {"approve": True},
    },
    {
        **_ONE_PLANNED,
        "verdict": "cancelled",
        "label": "Heat (1995)",
        "kind": "movie",
        "tmdb_id": 949,
        "lists": "top",
        "why": "left its list",
    },
    {
        **_ONE_PLANNED,
        "verdict": "not_found",
        "label": "No Such Film",
        "lists": "top",
        "why": "not found",
    },
    {
        **_ONE_PLANNED,
        "verdict": "skipped",
        "label": "Cats (2019)",
        "lists": "top",
        "why": "filtered",
    },
    {
        **_ONE_PLANNED,
        "verdict": "on_hold",
        "label": "Gladiator (2000)",
        "kind": "movie",
        "tmdb_id": 98,
        "lists": "top",
        "why": "on hold: quota of Anna used up",
    },
]
_PLAN: PlanReply = {
    "state": "done",
    "run": {
        **_RUN,
        "dry_run": True,
        "message": "2 would be requested, 40 already there, 1 to review",
    },
    "counts": {"requested": 2, "shared": 1, "handled_before": 3, "excluded": 0},
    "total": 8,
    "left_out": 12,
    "items": _PLANNED,
    "notices": [_NOTICE, _NOTE],
}
_BACKUP: BackupReply = {
    "id": "aa11",
    "state": "done",
    "file": "/var/backups/listsync.db",
    "size": 2_400_000,
    "took_s": 0.2,
    "why": "",
}
_AGENTS: list[AgentShape] = [
    {
        "pid": 7491,
        "uptime_s": 7300,
        "socket": "/run/listsync/agent.sock",
        "memory": 36_700_160,
        "fds": 21,
    },
    {"pid": 8000, "uptime_s": 30, "socket": None, "memory": None, "fds": None},
]
_MATCH_OPEN: MatchShape = {**_MATCH, "again_at": "2026-06-01T11:00:00Z"}

_PERIOD = {
    "name": "today",
    "since": "2026-06-01T00:00:00Z",
    "requested": 2,
    "movies": 1,
    "series": 1,
    "available": 1,
    "failed": 0,
}
_POOLED = {"pooled": True, "why": "notifications do not arrive: there is a pooler"}
_POSTGRES: PostgresShape = {
    "connected": True,
    "since": "2026-06-01T10:00:00Z",
    "where": "db:5432/listsync",
    "channel": "sync_trigger",
    "why": "",
    "pooled": False,
    "table": True,
    "triggers": 3,
    "last_trigger": "2026-06-01T11:59:50Z",
    "last_source": "api",
}
_TOTALS = {
    "service": "imdb",
    "today": 2,
    "days_7": 31,
    "days_30": 1200,
    "total": 12500,
    "available": 11020,
    "failed": 7,
}
_CASES: dict[str, tuple[str, Mapping[str, object]]] = {
    "status: idle": ("status", _IDLE),
    "status: running": ("status", _BUSY),
    "status: in a fleet": ("status", {**_IDLE, "fleet": _FLEET}),
    "status: listening": ("status", {**_IDLE, "postgres": _POSTGRES}),
    "status: pooled": ("status", {**_IDLE, "postgres": {**_POSTGRES, **_POOLED}}),
    "status: troubled": ("status", _TROUBLED),
    "status: paused without an end": (
        "status",
        {**_IDLE, "state": "paused", "paused": {"until": None}},
    ),
    "config": (
        "config",
        {
            "config": _IDLE["config"],
            "settings": [
                {
                    "path": "server.url",
                    "value": "http://localhost:5055",
                    "origin": "the file",
                    "secret": False,
                },
                {
                    "path": "server.api_key",
                    "value": None,
                    "origin": "OVERSEERR_API_KEY",
                    "secret": True,
                },
                {"path": "server.request_as", "value": None, "origin": None, "secret": False},
                {"path": "sync.every", "value": "24h", "origin": None, "secret": False},
            ],
        },
    ),
    "progress: running": ("progress", _PROGRESS),
    "progress: nothing runs": ("progress", _NOTHING_RUNS),
    "lists": ("lists", {"lists": [_LIST, _BLOCKED]}),
    "lists NAME": (
        "lists",
        {
            "lists": [_BLOCKED],
            "counts": {"requested": 3, "already_there": 90},
            "requests": [_REQUEST, _SERIES],
            "requests_total": 15,
            "feed": {
                "radarr": 80,
                "sonarr": 12,
                "stevenlu": 78,
                "left_out": {"waits for review": 1, "without a TVDB id": 2},
                "read_at": "2026-06-01T11:00:00Z",
                "changed_at": "2026-05-30T11:00:00Z",
            },
        },
    ),
    "runs": ("runs", {"runs": [_RUN, _PARTLY]}),
    "runs: the first of many": ("runs", {"runs": [_RUN], "total": 30}),
    "runs ID: a dry run whose plan is not kept": (
        "runs",
        {"run": {**_RUN, "dry_run": True}, "notices": [], "requests": [], "total": 12},
    ),
    "runs ID: the last requests": (
        "runs",
        {"run": _RUN, "notices": [], "requests": [_REQUEST], "total": 3},
    ),
    "notices: the first of many": ("notices", {"notices": [], "total": 30}),
    "runs ID": ("runs", {"run": _PARTLY, "notices": [_NOTICE], "requests": [_REQUEST, _SERIES]}),
    "runs ID: nothing requested": ("runs", {"run": _PARTLY, "notices": [], "requests": []}),
    "notices": (
        "notices",
        {
            "notices": [
                {**_NOTICE, "subject": "Dora", "severity": "error", "ended_at": None},
                {
                    **_NOTE,
                    "subject": "top",
                    "severity": "warning",
                    "ended_at": "2026-06-01T10:00:00Z",
                },
            ],
        },
    ),
    "stats": (
        "stats",
        {
            "timezone": "Europe/Vienna",
            "periods": [
                _PERIOD,
                {**_PERIOD, "name": "7 days", "requested": 31, "movies": 20, "series": 11},
                {**_PERIOD, "name": "30 days", "requested": 1200, "movies": 1100, "series": 100},
                {**_PERIOD, "name": "total", "requested": 12500, "available": 11020, "failed": 7},
                {**_PERIOD, "name": "session"},
            ],
            "days": [{"day": "2026-06-01", "requested": 2, "available": 1}],
            "services": [_TOTALS, {**_TOTALS, "service": None, "total": 3}],
            "lists": [
                {**_TOTALS, "list": "top", "is_followed": True},
                {**_TOTALS, "list": "old", "service": None, "is_followed": False, "total": 3},
            ],
            "total": 2,
        },
    ),
    "items": ("items", {"items": [_ITEM], "total": 1}),
    "items: on hold": ("items", {"items": [_OPEN_ITEM], "total": 1}),
    "items: excluded": ("items", {"items": [_EXCLUDED_ITEM], "total": 1}),
    "items: the first of many": ("items", {"items": [_ITEM], "total": 400}),
    "explain": ("explain", {"titles": [_EXPLAINED, _NOT_FOUND], "total": 9, "cut": True}),
    "explain: looked up again": (
        "explain",
        {"titles": [{**_EXPLAINED, "match": _MATCH_OPEN, "choice": None}], "total": 1},
    ),
    "explain: more than is looked at": (
        "explain",
        {"titles": [_NOT_FOUND], "total": 1, "cut": True},
    ),
    "explain: nothing fits": ("explain", {"titles": [], "total": 0}),
    "notify": (
        "targets",
        {"targets": [_TARGET, _DOUBTED_TARGET, _FAILING_TARGET, _NEW_TARGET], "total": 4},
    ),
    "summary": (
        "summary",
        {
            "date": "2026-03-01",
            "title": "Sunday, 1 March 2026: 3 titles requested, 1 list does not work",
            "lines": ["Does not work for 3 d: films: not found: HTTP 404"],
            "facts": ["Time zone: Europe/Vienna"],
            "titles": ["Alien (1979)", "Dark (2017), season 2"],
            "more": 1,
        },
    ),
    "notify: no target": ("targets", {"targets": [], "total": 0}),
    "notify test": (
        "notify_test_result",
        {
            "id": "4f1c9a",
            "done": False,
            "results": [
                {"target": "discord", "state": "sent", "answer": "HTTP 204"},
                {"target": "phone", "state": "dead", "answer": "HTTP 401: wrong token"},
                {"target": "hooks", "state": "waiting", "answer": ""},
            ],
        },
    ),
    "review": ("review", {"reviews": [_REVIEW, {**_REVIEW, "lists": ""}], "total": 3}),
    "review --decided": (
        "review",
        {
            "reviews": [
                {**_REVIEW, "choice": _CHOICE},
                {**_REVIEW, "choice": {**_CHOICE, "key": None}},
                {**_REVIEW, "choice": {"key": None, "title": "", "at": "2026-06-01T10:00:00Z"}},
            ],
            "total": 3,
        },
    ),
    "review: nothing waits": ("review", {"reviews": [], "total": 0}),
    "review accept --sync": (
        "review_decide",
        {
            "ok": True,
            "message": "Dune is movie/438631.",
            "sync": {"run_id": "aa11", "state": "started"},
        },
    ),
    "sync-now": ("trigger", {"run_id": "aa11", "state": "started"}),
    "sync-now: queued": ("trigger", {"run_id": "aa11", "state": "queued"}),
    "sync-now: coalesced": ("trigger", {"run_id": "aa11", "state": "coalesced"}),
    "sync-now: nobody is known to lead": (
        "trigger",
        {"run_id": "aa11", "state": "queued", "why": "it is not known yet which agent leads"},
    ),
    "sync-now: passed on": (
        "trigger",
        {"run_id": "aa11", "state": "passed_on", "leader": "attic"},
    ),
    "sync-now --signal": ("signalled", {"signalled": [{"pid": 7491}]}),
    "plan --no-wait": ("plan", {"run_id": "aa11", "state": "started"}),
    "plan --no-wait: queued": ("plan", {"run_id": "aa11", "state": "queued"}),
    "plan": ("plan_result", _PLAN),
    "plan: failed": (
        "plan_result",
        {**_PLAN, "items": [], "run": {**_RUN, "result": "failed", "why": "no server"}},
    ),
    "pause": ("pause", {"until": None}),
    "pause --for 2h": ("pause", {"until": "2026-06-01T14:00:00Z"}),
    "resume": ("resume", {"ok": True, "message": "Resumed."}),
    "backup": ("backup", _BACKUP),
    "version": (
        "version",
        {"version": "0.2.0", "protocol": 1, "client": {"version": "0.2.1", "protocol": 1}},
    ),
    "ping": ("ping", {"pong": True, "pid": 7491}),
    "agents": ("agents", {"agents": _AGENTS}),
}
_IN_COLOUR = ("status: troubled", "lists", "plan")
_NARROW = (
    ("lists", 80),
    ("lists", 60),
    ("lists", 40),
    ("runs", 60),
    ("items", 60),
    ("stats", 40),
    ("status: troubled", 80),
    ("explain", 80),
)


def cases() -> Iterator[tuple[str, list[str]]]:
    for name, (method, reply) in _CASES.items():
        view = VIEWS.get(method, MESSAGE)
        yield f"listsyncctl {name}", list(view.text(reply, Display(NOW, Palette(enabled=False))))
        if name in _IN_COLOUR:
            lines = view.text(reply, Display(NOW, Palette(enabled=True)))
            yield f"listsyncctl {name}, in colour", [one.replace("\x1b", "^") for one in lines]
    for name, columns in _NARROW:
        method, reply = _CASES[name]
        display = Display(NOW, Palette(enabled=False), columns)
        lines = VIEWS[method].text(reply, display)
        yield f"listsyncctl {name}, {columns} columns wide", list(lines)
