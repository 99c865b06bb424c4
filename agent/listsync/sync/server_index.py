"""The server's index as one mapping, whatever it repeats."""

from __future__ import annotations

from collections.abc import Iterable

from listsync.domain.media import TitleKey
from listsync.domain.server import IndexPage, MediaStatus, TitleState

_WEIGHTS: dict[int, int] = {
    int(status): weight
    for weight, status in enumerate(
        (
            MediaStatus.UNKNOWN,
            MediaStatus.DELETED,
            MediaStatus.PENDING,
            MediaStatus.PROCESSING,
            MediaStatus.PARTIALLY_AVAILABLE,
            MediaStatus.AVAILABLE,
        )
    )
} | {int(MediaStatus.BLOCKLISTED): 100}
_UNKNOWN_NUMBER = 50


def index_of(pages: Iterable[IndexPage]) -> dict[TitleKey, TitleState]:
    """Unite *pages*; of several rows for one title the most advanced status counts.

    The servers can hold a title twice after requests that crossed (Overseerr 1.34.0 and Seerr
    3.1.0, observed live), and a page can repeat rows of the one before while rows are added.
    """
    index: dict[TitleKey, TitleState] = {}
    for page in pages:
        for key, state in page.titles:
            before = index.get(key)
            index[key] = state if before is None or before == state else _united(before, state)
    return index


def _united(one: TitleState, other: TitleState) -> TitleState:
    return TitleState(
        max(one.status, other.status, key=_weight),
        max(one.status_4k, other.status_4k, key=_weight),
        one.tvdb_id if one.tvdb_id is not None else other.tvdb_id,
    )


def _weight(status: int) -> int:
    return _WEIGHTS.get(status, _UNKNOWN_NUMBER)
