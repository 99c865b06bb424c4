"""Whether a list is as it was: the service dates its last change, we remember when we read it.

Whether every change moves that date is not documented, so the number of rows must agree too, and
once a week the list is read whole whatever the date says.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from listsync.parsing.json_rows import Document

_MARGIN = timedelta(hours=1)  # what we read may have come from a cache
_AT_MOST = timedelta(days=7)


def stamp_of(headers: Mapping[str, str], items: int) -> str | None:
    """Say when, by the service's own clock, we read *items* rows."""
    moment = _date(headers)
    return None if moment is None else f"{moment.isoformat()} {items}"


def is_unchanged(stamp: str, about: Document, places: tuple[str, ...]) -> bool:
    """Compare a *stamp* with what the service says of the list; the dates are at *places*."""
    read, _, items = stamp.partition(" ")
    read_at, now = _moment(read), _date(about.reply.headers)
    changes = [_moment(_value(about.content, place)) for place in places]
    told = _value(about.content, "item_count")
    if read_at is None or now is None or (told is not None and str(told) != items):
        return False
    return now - read_at < _AT_MOST and all(
        change is not None and read_at - change > _MARGIN for change in changes
    )


def _value(content: object, place: str) -> object:
    for key in place.split("."):
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _moment(value: object) -> datetime | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment if moment is not None and moment.tzinfo else None
    return None


def _date(headers: Mapping[str, str]) -> datetime | None:
    with suppress(ValueError, OverflowError):
        moment = parsedate_to_datetime(headers.get("date", ""))
        return moment if moment.tzinfo else None
    return None
