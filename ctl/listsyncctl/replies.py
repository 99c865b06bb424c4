"""What is understood of each reply: an older, newer or strange agent may say anything.

Fields that are not named here may be there and be anything; those that are named may be missing or
null, except where they end in `!`, which have to be there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from listsyncctl.fleet_replies import FLEET, POSTGRES
from listsyncctl.job_replies import JOB_SHAPES, ONE_JOB, TRANSFER_PERIOD, TRANSFERS

_TEXT, _FLAG = str, bool
_NUMBER = float
"""Whole or not, and of a size that one can reckon with."""
_LARGEST = 1e15
_ANY_NAME = "*"
_SPECIAL = ("!", _ANY_NAME)

_PAGE = {"total": _NUMBER, "next": _TEXT}
_NOTICE = {
    "kind": _TEXT,
    "text!": _TEXT,
    "list": _TEXT,
    "subject": _TEXT,
    "severity": _TEXT,
    "since": _TEXT,
    "needs_person": _FLAG,
}
_RECORD = {**_NOTICE, "ended_at": _TEXT, "run_id": _TEXT}
_RUN = {
    "run_id": _TEXT,
    "origin": _TEXT,
    "dry_run": _FLAG,
    "started_at": _TEXT,
    "ended_at": _TEXT,
    "result": _TEXT,
    "why": _TEXT,
    "message": _TEXT,
    "requested": _NUMBER,
    "calls": _NUMBER,
}
_REQUEST = {
    "title": _TEXT,
    "kind": _TEXT,
    "tmdb_id": _NUMBER,
    "seasons": _TEXT,
    "four_k": _FLAG,
    "answer": _TEXT,
    "lists": _TEXT,
    "requested_as": _TEXT,
    "at": _TEXT,
    "detail": _TEXT,
    "run_id": _TEXT,
}
_PROGRESS = {
    "in_progress!": _FLAG,
    "phase": _TEXT,
    "progress": _NUMBER,
    "total": _NUMBER,
    "percent": _NUMBER,
    "last_checkpoint": _TEXT,
    "last_result": {"success": _FLAG, "message": _TEXT},
    "run_id": _TEXT,
    "sequence": _NUMBER,
    "lists": [{"name": _TEXT, "state": _TEXT, "read": _NUMBER, "done": _NUMBER, "total": _NUMBER}],
    "eta_s": _NUMBER,
    "requested": _NUMBER,
    "dry_run": _FLAG,
    "next": _TEXT,
}
_PENDING = {"key!": _TEXT, "why": _TEXT, "needs_restart": _FLAG}
_CONFIG = {
    "file": _TEXT,
    "valid": _FLAG,
    "problems": [_TEXT],
    "loaded_at": _TEXT,
    "pending": [_PENDING],
}
_SETTING = {"path!": _TEXT, "value": _TEXT, "origin": _TEXT, "secret": _FLAG}
_STATUS = {
    "state!": _TEXT,
    "pid!": _NUMBER,
    "version": _TEXT,
    "uptime_s": _NUMBER,
    "started_at": _TEXT,
    "config": _CONFIG,
    "watcher": _TEXT,
    "services": [
        {
            "name!": _TEXT,
            "state": _TEXT,
            "since": _TEXT,
            "why": _TEXT,
            "next_try": _TEXT,
            "vital": _FLAG,
            "address": _TEXT,
            "note": _TEXT,
        }
    ],
    "server": {"product": _TEXT, "version": _TEXT, "url": _TEXT},
    "paused": {"until": _TEXT},
    "running": _PROGRESS,
    "pending": {"run_id": _TEXT, "lists": [_TEXT], "origins": [_TEXT], "more_origins": _NUMBER},
    "last_run": _RUN,
    "next_due": _TEXT,
    "retry": {"at": _TEXT, "why": _TEXT, "lists": [_TEXT], "number": _NUMBER},
    "lists": _NUMBER,
    "needs_person": _FLAG,
    "notices": [_NOTICE],
    "notices_total": _NUMBER,
    "transfers": TRANSFERS,
    "fleet": FLEET,
    "postgres": POSTGRES,
    "next": _TEXT,
}
_LIST = {
    "name!": _TEXT,
    "service": _TEXT,
    "source": _TEXT,
    "exclude": _FLAG,
    "outcome": _TEXT,
    "read": _NUMBER,
    "declared": _NUMBER,
    "last_try": _TEXT,
    "last_success": _TEXT,
    "failures": _NUMBER,
    "next_due": _TEXT,
    "retry_at": _TEXT,
    "why": _TEXT,
    "advice": _TEXT,
    "notices": [_NOTICE],
}
_ITEM = {
    "title": _TEXT,
    "kind": _TEXT,
    "tmdb_id": _NUMBER,
    "list": _TEXT,
    "status": _TEXT,
    "at": _TEXT,
    "list_on_hold": _TEXT,
    "brought_by": _TEXT,
    "requested_as": _TEXT,
    "requested_at": _TEXT,
    "run_id": _TEXT,
    "year": _NUMBER,
    "imdb_id": _TEXT,
    "tvdb_id": _NUMBER,
}
_CANDIDATE = {
    "number": _NUMBER,
    "key": _TEXT,
    "title": _TEXT,
    "year": _NUMBER,
    "evidence": _TEXT,
}
_CHOICE = {"key": _TEXT, "title": _TEXT, "at": _TEXT}
_TITLE = {
    "title": _TEXT,
    "kind": _TEXT,
    "tmdb_id": _NUMBER,
    "four_k": _FLAG,
    "decision!": {"verdict": _TEXT, "why": _TEXT, "conditions": [_TEXT]},
    "lists": [
        {
            "list": _TEXT,
            "label": _TEXT,
            "rank": _NUMBER,
            "since": _TEXT,
            "followed": _FLAG,
            "exclude": _FLAG,
            "outcome": _TEXT,
            "last_success": _TEXT,
            "why": _TEXT,
            "handled_at": _TEXT,
        }
    ],
    "more_lists": _NUMBER,
    "match": {
        "found": _TEXT,
        "how": _TEXT,
        "key": _TEXT,
        "title": _TEXT,
        "score": _NUMBER,
        "why": _TEXT,
        "candidates": [_CANDIDATE],
        "at": _TEXT,
        "again_at": _TEXT,
        "review_id": _TEXT,
    },
    "choice": _CHOICE,
    "server": {"status": _TEXT, "status_4k": _TEXT, "requested_since": _FLAG},
    "requests": [_REQUEST],
    "more_requests": _NUMBER,
    "requests_next": _TEXT,
}
_REVIEW = {
    "id!": _TEXT,
    "title": _TEXT,
    "lists": _TEXT,
    "since": _TEXT,
    "score": _NUMBER,
    "why": _TEXT,
    "candidates": [_CANDIDATE],
    "choice": _CHOICE,
    "lookup": _TEXT,
}
_PLANNED = {
    "verdict!": _TEXT,
    "label": _TEXT,
    "title": _TEXT,
    "kind": _TEXT,
    "tmdb_id": _NUMBER,
    "lists": _TEXT,
    "why": _TEXT,
    "candidates": [_TEXT],
    "more_candidates": _NUMBER,
    "four_k": _FLAG,
    "seasons": [_NUMBER],
    "asking": {"approve": _FLAG, "tags": [object]},
}
_COMMAND = {
    "name!": _TEXT,
    "access": _TEXT,
    "summary": _TEXT,
    "parameters": [{"name!": _TEXT, "required": _FLAG, "about": _TEXT}],
    "pages": _FLAG,
    "reasons": [_TEXT],
}
_TOTALS = {
    "service": _TEXT,
    "today": _NUMBER,
    "days_7": _NUMBER,
    "days_30": _NUMBER,
    "total": _NUMBER,
    "available": _NUMBER,
    "failed": _NUMBER,
}
_PERIOD = {
    "name!": _TEXT,
    "since": _TEXT,
    "requested": _NUMBER,
    "movies": _NUMBER,
    "series": _NUMBER,
    "available": _NUMBER,
    "existing": _NUMBER,
    "failed": _NUMBER,
    "cancelled": _NUMBER,
}
_STATISTICS = {
    "timezone": _TEXT,
    "periods": [_PERIOD],
    "days": [{"day": _TEXT, "requested": _NUMBER, "available": _NUMBER}],
    "services": [_TOTALS],
    "transfers": [TRANSFER_PERIOD],
    "lists!": [{**_TOTALS, "list!": _TEXT, "is_followed": _FLAG}],
}
_ORDERED = {"state!": _TEXT, "run_id!": _TEXT}
_DONE = {"ok": _FLAG, "message!": _TEXT}
_BACKUP = {
    "id": _TEXT,
    "state!": _TEXT,
    "file": _TEXT,
    "size": _NUMBER,
    "took_s": _NUMBER,
    "why": _TEXT,
}
_ONE_RUN = {"run!": _RUN, "notices": [_NOTICE], "requests": [_REQUEST], **_PAGE}
_PLAN = {
    "state!": _TEXT,
    "run!": _RUN,
    "counts": {_ANY_NAME: _NUMBER},
    "total": _NUMBER,
    "left_out": _NUMBER,
    "items": [_PLANNED],
    "next": _TEXT,
    "notices": [_NOTICE],
}
_TARGET = {
    "name!": _TEXT,
    "waiting": _NUMBER,
    "dead": _NUMBER,
    "failures": _NUMBER,
    **dict.fromkeys(("failing_since", "paused_until", "sent_at", "answer", "failed_test"), _TEXT),
}
_FEED = dict.fromkeys(("radarr!", "sonarr!", "stevenlu!"), _NUMBER)
_TEST_RESULT = {"target!": _TEXT, "state!": _TEXT, "answer": _TEXT}
_LINES = [_TEXT]
_DAY = {"title!": _TEXT, "lines": _LINES, "facts": _LINES, "titles": _LINES, "more": _NUMBER}
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "ping": {"pid!": _NUMBER},
    "version": {"version!": _TEXT, "protocol": _NUMBER},
    "describe": {"commands!": [_COMMAND], **_PAGE},
    "status": _STATUS,
    "config": {"config": _CONFIG, "settings!": [_SETTING], **_PAGE},
    "progress": _PROGRESS,
    "lists": {
        "lists!": [_LIST],
        **_PAGE,
        "counts": {_ANY_NAME: _NUMBER},
        "feed": {**_FEED, "left_out": {_ANY_NAME: _NUMBER}, "read_at": _TEXT},
        "requests": [_REQUEST],
        "requests_total": _NUMBER,
        "requests_next": _TEXT,
    },
    "runs": {"runs!": [_RUN], **_PAGE},
    "targets": {"targets!": [_TARGET], **_PAGE},
    "notify_test": {"id!": _TEXT, "targets": [_TEXT]},
    "notify_test_result": {"id": _TEXT, "done!": _FLAG, "results!": [_TEST_RESULT]},
    "requests": {"requests!": [_REQUEST], **_PAGE},
    "summary": _DAY,
    "summary_send": _DONE,
    "items": {"items!": [_ITEM], **_PAGE},
    "explain": {"titles!": [_TITLE], **_PAGE, "cut": _FLAG},
    "notices": {"notices!": [_RECORD], **_PAGE},
    "stats": {**_STATISTICS, **_PAGE},
    "review": {"reviews!": [_REVIEW], **_PAGE},
    "review_decide": {**_DONE, "id": _TEXT, "title": _TEXT, "key": _TEXT, "lists": [_TEXT]},
    "trigger": {**_ORDERED, "leader": _TEXT, "why": _TEXT},
    "plan": _ORDERED,
    "plan_result": _ORDERED,
    "pause": {"until": _TEXT},
    "resume": _DONE,
    "cancel": {**_DONE, "run_id": _TEXT},
    "reload": {**_DONE, "pending": [_PENDING]},
    "exclude": _DONE,
    "forget": {**_DONE, "count": _NUMBER},
    "backup": _BACKUP,
    "backup_result": _BACKUP,
    "log_level": {**_DONE, "level": _TEXT},
    **JOB_SHAPES,
}


def strange_in(method: str, result: Mapping[str, Any]) -> str | None:
    """Name the first field of the reply to *method* that is not understood; None: all is."""
    shape = _SHAPES[method]
    if method == "runs" and "run" in result:
        shape = _ONE_RUN
    elif method == "jobs" and "job" in result:
        shape = ONE_JOB
    elif method == "plan_result" and result.get("state") == "done":
        shape = _PLAN
    return next(_strange(result, shape, ""), None)


def _strange(value: Any, shape: Any, name: str) -> Iterator[str]:
    """Go through *value* beside *shape*; *name* is how one gets to it."""
    if isinstance(shape, Mapping):
        if isinstance(value, dict):
            yield from _strange_fields(value, shape, name)
        else:
            yield name
    elif isinstance(shape, list):
        if isinstance(value, list):
            for one in value:
                if not _is_plain(one, shape[0]):
                    yield from _strange(one, shape[0], name)
        else:
            yield name
    elif not _is(value, shape):
        yield name


def _is_plain(row: Any, shape: Any) -> bool:
    """Tell quickly of most rows that nothing is strange in them: there may be 100,000."""
    if type(row) is not dict or type(shape) is not dict:
        return False
    for key, kind in shape.items():
        found = row.get(key)
        if found is None and key[-1] not in _SPECIAL:
            continue
        if kind is _NUMBER and type(found) is int and -_LARGEST < found < _LARGEST:
            continue
        if kind is not _TEXT or type(found) is not str:
            return False
    return True


def _strange_fields(
    value: Mapping[str, Any], shape: Mapping[str, Any], name: str
) -> Iterator[str]:
    fields = dict.fromkeys(value, shape[_ANY_NAME]) if _ANY_NAME in shape else shape
    for key, one in fields.items():
        field = key.removesuffix("!")
        found = value.get(field)
        if found is not None or field != key:
            yield from _strange(found, one, f"{name}.{field}".lstrip("."))


def _is(value: object, kind: type) -> bool:
    if kind is not _NUMBER:
        return isinstance(value, kind)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and -_LARGEST < value < _LARGEST  # type: ignore[operator]  # see above
