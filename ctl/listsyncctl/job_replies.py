"""What is understood of replies about copies, scans and webhooks; see `replies`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT, _FLAG, _NUMBER = str, bool, float
_PAGE = {"total": _NUMBER, "next": _TEXT}
_DONE = {"ok": _FLAG, "message!": _TEXT}
_PROGRESS = {
    "jobs": [_NUMBER],
    "done": _NUMBER,
    "total": _NUMBER,
    "percent": _NUMBER,
    "rate": _NUMBER,
    "eta_s": _NUMBER,
}
_JOB = {
    "id!": _NUMBER,
    "state!": _TEXT,
    "kind": _TEXT,
    "title": _TEXT,
    "quality": _TEXT,
    "app": _TEXT,
    "instance": _TEXT,
    "source": _TEXT,
    "destination": _TEXT,
    "size": _NUMBER,
    "is_upgrade": _FLAG,
    "events": _NUMBER,
    "attempts": _NUMBER,
    "created_at": _TEXT,
    "next_at": _TEXT,
    "started_at": _TEXT,
    "ended_at": _TEXT,
    "bytes": _NUMBER,
    "seconds": _NUMBER,
    "failure": _TEXT,
    "why": _TEXT,
    "blocked_on": _TEXT,
    "progress": _PROGRESS,
}
_ATTEMPT = {
    "number": _NUMBER,
    "started_at": _TEXT,
    "ended_at": _TEXT,
    "exit_code": _NUMBER,
    "failure": _TEXT,
    "bytes": _NUMBER,
    "why": _TEXT,
    "errors": _TEXT,
}
_SCAN = {
    "id!": _NUMBER,
    "server": _TEXT,
    "folder": _TEXT,
    "state!": _TEXT,
    "due_at": _TEXT,
    "sent_at": _TEXT,
    "tries": _NUMBER,
    "why": _TEXT,
}
_WEBHOOK = {
    "id": _NUMBER,
    "at": _TEXT,
    "app": _TEXT,
    "instance": _TEXT,
    "event": _TEXT,
    "outcome!": _TEXT,
    "why": _TEXT,
    "path": _TEXT,
    "jobs": [_NUMBER],
}
_MAPPING = {
    "number": _NUMBER,
    "sender!": _TEXT,
    "source": _TEXT,
    "destination": _TEXT,
    "media_server": _TEXT,
    "instance": _TEXT,
    "is_taken": _FLAG,
    "why": _TEXT,
}
ONE_JOB: Mapping[str, Any] = {
    "job!": _JOB,
    "attempts": [_ATTEMPT],
    "webhooks": [_WEBHOOK],
    "scans": [_SCAN],
}
TRANSFERS: Mapping[str, Any] = {
    "waiting": _NUMBER,
    "running": _NUMBER,
    "blocked": _NUMBER,
    "needs_attention": _NUMBER,
    "succeeded_24h": _NUMBER,
    "failed_24h": _NUMBER,
    "dry_run": _FLAG,
    "progress": [_PROGRESS],
    "roots": [
        {
            "path!": _TEXT,
            "is_healthy": _FLAG,
            "why": _TEXT,
            "free_bytes": _NUMBER,
            "checked_at": _TEXT,
            "since": _TEXT,
        }
    ],
}
"""A part of `status`."""
TRANSFER_PERIOD: Mapping[str, Any] = {
    "name!": _TEXT,
    "since": _TEXT,
    "copied": _NUMBER,
    "movies": _NUMBER,
    "episodes": _NUMBER,
    "failed": _NUMBER,
    "bytes": _NUMBER,
}
"""A part of `stats`."""
JOB_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "jobs": {"jobs!": [_JOB], "active": _NUMBER, **_PAGE},
    "job_retry": {**_DONE, "jobs": [_NUMBER]},
    "jobs_retry_failed": {**_DONE, "jobs": [_NUMBER]},
    "job_cancel": _DONE,
    "scans": {"scans!": [_SCAN], **_PAGE},
    "scan_retry": _DONE,
    "webhooks": {"webhooks!": [_WEBHOOK], **_PAGE},
    "mapping": {
        "path!": _TEXT,
        "instances": [_TEXT],
        "event": _TEXT,
        "at": _TEXT,
        "mappings": [_MAPPING],
        "source": _TEXT,
        "destination": _TEXT,
        "media_server": _TEXT,
        "why": _TEXT,
        "advice": _TEXT,
    },
}
