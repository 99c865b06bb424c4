"""What became of a title that was requested, or was there already, in one word for people."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from listsync.domain.server import TAKEN, MediaStatus, RequestAnswer, RequestStatus


class TitleStatus(StrEnum):
    """GONE: declined or deleted, and the server does not say which."""

    REQUESTED = "requested"
    AVAILABLE = "available"
    PARTLY_AVAILABLE = "partly available"
    DECLINED = "declined"
    DELETED = "deleted"
    FAILED = "failed"
    BLOCKLISTED = "blocklisted"
    CANCELLED = "cancelled"
    GONE = "gone"


_BY_STATE = {
    MediaStatus.AVAILABLE: TitleStatus.AVAILABLE,
    MediaStatus.PARTIALLY_AVAILABLE: TitleStatus.PARTLY_AVAILABLE,
    MediaStatus.BLOCKLISTED: TitleStatus.BLOCKLISTED,
    MediaStatus.DELETED: TitleStatus.DELETED,
}
_ABSENT = (MediaStatus.UNKNOWN, MediaStatus.DELETED)
_FAILED = (RequestStatus.FAILED, RequestStatus.NONE)


def title_status(
    state: int, requests: Collection[int], answer: str | None, *, is_newer: bool
) -> TitleStatus:
    """Judge by the server's index, by what is known of requests there, and by our last request.

    *state* and *requests* are the server's numbers; *answer* is what it answered to our last
    request, if there was one; *is_newer*: since the index was read.
    """
    if state in _ABSENT and is_newer and answer in TAKEN:
        return TitleStatus.REQUESTED
    if state in _BY_STATE:
        return _BY_STATE[MediaStatus(state)]
    if state != MediaStatus.UNKNOWN:
        has_failed = any(one in requests for one in _FAILED)
        return TitleStatus.FAILED if has_failed else TitleStatus.REQUESTED
    if answer == RequestAnswer.CANCELLED:
        return TitleStatus.CANCELLED
    return TitleStatus.DECLINED if RequestStatus.DECLINED in requests else TitleStatus.GONE
