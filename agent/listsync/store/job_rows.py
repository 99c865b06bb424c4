"""How jobs, their labels and paths of any bytes are written in the tables of transfers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, TypeVar
from urllib.parse import quote_from_bytes, unquote_to_bytes

from msgspec import DecodeError
from msgspec.json import Decoder

from listsync.domain.transfers import (
    CopyScope,
    FailureClass,
    ImportApp,
    JobKind,
    JobState,
    MediaLabel,
    NewJob,
    TransferJob,
    TransferPlace,
)
from listsync.store.row_codec import time_from

WAITING = "state IN ('queued', 'retry_wait', 'blocked')"
"""As the indexes of what waits have it, to the letter."""
LIVE = "state IN ('queued', 'running', 'retry_wait', 'blocked')"
_QUOTED = "%:"
_FIELDS = Decoder(dict[str, Any])
_PATHS = Decoder(list[str])
_T = TypeVar("_T")


def path_text(path: PurePosixPath | str) -> str:
    """Write a path as text, though it may hold bytes that are none; texts of two paths differ."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _QUOTED + quote_from_bytes(text.encode("utf-8", "surrogatepass"))
    return _QUOTED + quote_from_bytes(text.encode()) if text.startswith(_QUOTED) else text


def path_from(text: str) -> str:
    """Read what `path_text` has written."""
    if not text.startswith(_QUOTED):
        return text
    return unquote_to_bytes(text.removeprefix(_QUOTED)).decode("utf-8", "surrogatepass")


@lru_cache(maxsize=64)
def _root_from(text: str) -> PurePosixPath:
    """Read the root of a mapping, which very many jobs have."""
    return PurePosixPath(path_from(text))


def plain(text: str) -> str:
    """Write text that may hold halves of characters."""
    return text.encode("utf-8", "backslashreplace").decode()


def texts(values: Iterable[object]) -> str:
    return json.dumps([*map(str, values)])


def label_text(label: MediaLabel) -> str:
    return json.dumps({name: getattr(label, name) for name in MediaLabel.__slots__})


def _label_from(text: str) -> MediaLabel:
    fields = _loaded(text, _FIELDS)
    return MediaLabel(**{**fields, "episodes": tuple(fields["episodes"])})


def _loaded(text: str, decoder: Decoder[_T]) -> _T:
    """Read JSON of ours, and what only Python does: halves of characters."""
    try:
        return decoder.decode(text)
    except DecodeError:
        found: _T = json.loads(text)
        return found


def job_of(row: sqlite3.Row) -> TransferJob:
    return TransferJob(
        number=row["id"],
        state=JobState(row["state"]),
        wanted=_wanted_of(row),
        created_at=datetime.fromisoformat(row["created_at"]),
        next_at=datetime.fromisoformat(row["next_at"]),
        started_at=time_from(row["started_at"]),
        ended_at=time_from(row["ended_at"]),
        attempts=row["attempts"],
        event_count=row["event_count"],
        bytes=row["bytes"],
        seconds=row["seconds"],
        failure=FailureClass(row["failure"]) if row["failure"] else None,
        why=row["why"],
        blocked_on=row["blocked_on"],
        rerun=bool(row["rerun"]),
        has_begun=bool(row["has_begun"]),
        cancel_requested=bool(row["cancel_requested"]),
    )


def _wanted_of(row: sqlite3.Row) -> NewJob:
    return NewJob(
        kind=JobKind(row["kind"]),
        place=TransferPlace(
            source_root=_root_from(row["source_root"]),
            destination_root=_root_from(row["destination_root"]),
            relative=PurePosixPath(path_from(row["relative"])),
            media_server_root=row["media_server_root"],
        ),
        scope=CopyScope(row["scope"]),
        label=_label_from(row["label"]),
        app=ImportApp(row["app"]),
        instance=row["instance"],
        size=row["size"],
        is_upgrade=bool(row["is_upgrade"]),
        superseded=tuple(PurePosixPath(one) for one in _loaded(row["superseded"], _PATHS)),
    )
