"""What somebody asked of an agent that stands by, on its way to the one that leads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from listsync.domain.runs import Scope, SyncJob
from listsync.postgres.sender import MOST_BYTES, in_parts
from listsync.text_cleaning import one_line

_MOST_ORIGINS = 20
_LONGEST_ORIGIN = 100
_FLAGS = ("dry_run", "forced", "confirmed", "eager")


def payloads_of(job: SyncJob, sender: str) -> tuple[str, ...]:
    """Write *job* down: as several where its lists are too many for one notification."""
    origins = job.origins[:_MOST_ORIGINS]
    content = {
        "origins": [one_line(f"{one} at {sender}", _LONGEST_ORIGIN) for one in origins],
        "more_origins": job.more_origins + len(job.origins) - len(origins),
        **{name: True for name in _FLAGS if getattr(job, name)},
    }

    def write(lists: Sequence[str] | None) -> str:
        text = json.dumps({**content, "lists": lists}, ensure_ascii=False)
        is_too_long = lists is not None and len(lists) == 1 and len(text.encode()) > MOST_BYTES
        return write(None) if is_too_long else text  # all lists are no less than that one

    return (write(None),) if job.scope is None else tuple(in_parts(write, sorted(job.scope)))


def job_of(payload: str) -> SyncJob | None:
    """Read a job that was passed on; None: it is none."""
    try:
        content: object = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("origins"), list):
        return None
    lists, more = content.get("lists"), content.get("more_origins")
    if not (lists is None or isinstance(lists, list)):
        return None
    scope: Scope = None if lists is None else frozenset(one for one in lists if _is_name(one))
    origins = (one for one in content["origins"] if _is_name(one))
    return replace(
        SyncJob.new(scope, ""),
        origins=tuple(one_line(one, _LONGEST_ORIGIN) for one in islice(origins, _MOST_ORIGINS)),
        more_origins=more if isinstance(more, int) and 0 <= more < 10**9 else 0,
        dry_run=content.get("dry_run") is True,
        forced=content.get("forced") is True,
        confirmed=content.get("confirmed") is True,
        eager=content.get("eager") is True,
    )


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)
