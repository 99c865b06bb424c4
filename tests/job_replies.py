"""Replies about copies, scans and webhooks, as the protocol has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from listsync.protocol.job_shapes import (
    AttemptShape,
    CopyProgressShape,
    JobShape,
    MappingShape,
    RootShape,
    ScanShape,
    TransferPeriodShape,
    TransfersShape,
    WebhookShape,
)
from listsync.protocol.transfers import (
    JobReply,
    JobsReply,
    JobsRetryReply,
    MappingReply,
    ScansReply,
    WebhooksReply,
)

NOW = datetime.now(UTC)


def ago(**spans: float) -> str:
    return (NOW - timedelta(**spans)).isoformat()


def progress(percent: float = 45.0, jobs: tuple[int, ...] = (12,)) -> CopyProgressShape:
    total = 14 * 2**30
    return {
        "jobs": [*jobs],
        "done": int(total * percent / 100),
        "total": total,
        "percent": percent,
        "rate": 110 * 2**20,
        "eta_s": 71,
    }


def a_job(number: int = 12, state: str = "running", **changed: object) -> JobShape:
    is_over = state in {"succeeded", "skipped", "cancelled", "needs_attention"}
    waits = state in {"queued", "retry_wait", "blocked"}
    found: JobShape = {
        "id": number,
        "state": state,
        "kind": "movie",
        "title": "The General (1926)",
        "quality": "Bluray-1080p",
        "app": "radarr",
        "instance": "Radarr",
        "source": "/mnt/nas/movies/The General (1926)/The General.mkv",
        "destination": "/mnt/media/Movies/The General (1926)/The General.mkv",
        "size": 14 * 2**30,
        "is_upgrade": False,
        "events": 2,
        "attempts": 1,
        "created_at": ago(minutes=9),
        "next_at": ago(minutes=-5) if waits else None,
        "started_at": ago(minutes=2),
        "ended_at": ago(minutes=1) if is_over else None,
        "bytes": 14 * 2**30 if state == "succeeded" else 0,
        "seconds": 131.2 if state == "succeeded" else 0.0,
        "failure": None,
        "why": "",
        "blocked_on": "/mnt/media/Movies" if state == "blocked" else "",
    }
    if state == "running":
        found["progress"] = progress(jobs=(number,))
    return {**found, **changed}  # type: ignore[typeddict-item]  # a test knows them


def jobs(*rows: JobShape, **changed: object) -> JobsReply:
    found: JobsReply = {
        "total": 120 if not rows else len(rows),
        "next": None if rows else "a-cursor",
        "jobs": [*rows] or several(),
        "active": 2,
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def several() -> list[JobShape]:
    failed = "rsync exit 23: some files could not be transferred"
    blocked = "/mnt/media/Movies is not mounted"
    series = {"kind": "episode", "app": "sonarr", "quality": "WEBDL-1080p"}
    return [
        a_job(13, "queued", title="Sherlock Holmes S01E02 - Elephants", **series),
        a_job(12, "running"),
        a_job(11, "blocked", title="Nosferatu (1922)", why=blocked),
        a_job(10, "retry_wait", title="Sherlock Holmes S01E01", failure="transient", why=failed),
        a_job(9, "needs_attention", title="Metropolis (1927)", attempts=6, why=failed),
        a_job(8, "succeeded", title="Safety Last! (1923)", is_upgrade=True),
        a_job(7, "skipped", title="Sunrise (1927)", size=None),
        a_job(6, "cancelled", title="The Kid (1921)", why="cancelled"),
    ]


def an_attempt(number: int = 1, **changed: object) -> AttemptShape:
    found: AttemptShape = {
        "number": number,
        "started_at": ago(minutes=4),
        "ended_at": ago(minutes=3),
        "exit_code": 23,
        "failure": "transient",
        "bytes": 5 * 2**20,
        "why": "some files could not be transferred",
        "errors": "rsync: [sender] read errors mapping: Input/output error (5)\nrsync error: some",
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def a_scan(number: int = 5, state: str = "shown", **changed: object) -> ScanShape:
    found: ScanShape = {
        "id": number,
        "server": "plex",
        "folder": "/data/movies/The General (1926)",
        "state": state,
        "due_at": ago(seconds=-15) if state in {"waiting", "sent"} else None,
        "sent_at": None if state == "waiting" else ago(minutes=1),
        "tries": 1,
        "why": "",
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def scans() -> ScansReply:
    missing = "scanned, but the server does not show it"
    rows = [
        a_scan(7, "waiting"),
        a_scan(6, "not_shown", server="jellyfin", why=missing),
        a_scan(),
    ]
    return {"total": 3, "next": None, "scans": rows}


def a_webhook(number: int = 3, outcome: str = "accepted", **changed: object) -> WebhookShape:
    found: WebhookShape = {
        "id": number,
        "at": ago(minutes=9),
        "app": "radarr",
        "instance": "Radarr",
        "event": "Download",
        "outcome": outcome,
        "why": "",
        "path": "/movies/The General (1926)/The General.mkv",
        "jobs": [12],
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def webhooks() -> WebhooksReply:
    rows = [
        a_webhook(5, "ignored", event="Test", why="a test", path="", jobs=[]),
        a_webhook(4, "refused", why="/downloads is under no mapping", jobs=[]),
        a_webhook(),
    ]
    return {"total": 3, "next": None, "webhooks": rows}


def one_job(state: str = "needs_attention", **changed: object) -> JobReply:
    return {
        "job": a_job(12, state, **changed),
        "attempts": [an_attempt()],
        "webhooks": [a_webhook()],
        "scans": [a_scan()],
    }


def retried(*numbers: int) -> JobsRetryReply:
    return {"ok": True, "message": "job 12 is queued: The General (1926)", "jobs": [*numbers]}


def a_root(path: str = "/mnt/media/Movies", why: str = "") -> RootShape:
    return {
        "path": path,
        "is_healthy": not why,
        "why": why,
        "free_bytes": None if why else 2 * 2**40,
        "checked_at": ago(seconds=20),
        "since": ago(hours=3),
    }


def transfers(**changed: object) -> TransfersShape:
    found: TransfersShape = {
        "waiting": 2,
        "running": 1,
        "blocked": 1,
        "needs_attention": 0,
        "succeeded_24h": 31,
        "failed_24h": 2,
        "dry_run": False,
        "progress": [progress()],
        "roots": [a_root("/mnt/nas/movies"), a_root(why="not mounted")],
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def a_period(name: str, **changed: object) -> TransferPeriodShape:
    found: TransferPeriodShape = {
        "name": name,
        "since": ago(days=1),
        "copied": 31,
        "movies": 7,
        "episodes": 20,
        "failed": 2,
        "bytes": 14 * 2**30,
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def periods() -> list[TransferPeriodShape]:
    return [*map(a_period, ("today", "7 days", "30 days", "total", "session"))]


def mapping(**changed: object) -> MappingReply:
    found: MappingReply = {
        "path": "/movies/The General (1926)/The General.mkv",
        "instances": ["Radarr"],
        "event": "Download",
        "at": ago(minutes=4),
        "mappings": [
            a_mapping(1, "/movies", "is for radarr-4k, and this is Radarr", instance="radarr-4k"),
            a_mapping(0, "/movies", "the path is below it", is_taken=True),
        ],
        "source": "/mnt/nas/movies/The General (1926)/The General.mkv",
        "destination": "/mnt/media/Movies/The General (1926)/The General.mkv",
        "media_server": "/data/movies/The General (1926)/The General.mkv",
        "why": "",
        "advice": "",
    }
    return {**found, **changed}  # type: ignore[typeddict-item]


def a_mapping(number: int, sender: str, why: str, **changed: object) -> MappingShape:
    found: MappingShape = {
        "number": number,
        "sender": sender,
        "source": f"/mnt/nas{sender}",
        "destination": f"/mnt/media{sender}",
        "media_server": "",
        "instance": "",
        "is_taken": False,
        "why": why,
    }
    return {**found, **changed}  # type: ignore[typeddict-item]
