"""Whether the server still has what it took: read once more after a run with many requests.

While the requests of another client fail beside ours, the servers can lose rows that they had
answered with success: 8 of 360, in groups. Source: Seerr 3.1.0 on SQLite, observed live.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from listsync.domain.media import TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.server import ABSENT, MediaStatus, RequestBody, TitleState
from listsync.domain.server_knowledge import Trust
from listsync.sync.submission import Writer

logger = logging.getLogger(__name__)

_MANY = 10
_MOST_NAMED = 10


def is_worth_it(requests: int, pages: int) -> bool:
    """Tell whether so many requests are worth *pages* more of the index.

    From ten on a page is a tenth of what was requested anyway; where the index is long, the calls
    of a run are at most doubled. A smaller run meets fewer of another client's failures: at the
    share that was observed, it loses a row in one of five such meetings at the most.
    """
    return requests >= max(_MANY, pages)


def lost_of(
    requested: Iterable[RequestBody], index: Mapping[TitleKey, TitleState]
) -> list[RequestBody]:
    """Name what was requested and is not in the index."""
    return [
        body
        for body in requested
        if index.get(body.key, ABSENT).of(four_k=body.four_k) == MediaStatus.UNKNOWN
    ]


@dataclass(frozen=True, slots=True)
class Verification:
    """Requests again what the server has lost of *requested*: once."""

    writer: Writer
    requested: Sequence[RequestBody]
    check: Callable[[], None] = lambda: None
    """Raises when the run is to end."""

    def mend(self, index: Mapping[TitleKey, TitleState]) -> Notice | None:
        """Request again what *index* lacks; returns what a person should learn of the rest.

        Raises:
            UnavailableError, RefusedError: the server; what was done so far is noted.
        """
        lost = lost_of(self.requested, index)
        if not lost:
            return None
        trust = Trust(asked=len(self.requested), gone=len(lost))
        logger.warning(
            "the server has lost %d of %d requests that it took",
            trust.gone,
            trust.asked,
            extra={"action": "requests_lost"},
        )
        if trust.doubt is not None:
            return _notice(f"{trust.gone} of {trust.asked} requests of this sync", "")
        gone = [body for body in lost if not self._is_mended(body)]
        if not gone:
            return None
        names = ", ".join(self.writer.label_of(body) for body in gone[:_MOST_NAMED])
        more = f" and {len(gone) - _MOST_NAMED} more" if len(gone) > _MOST_NAMED else ""
        return _notice(f"{names}{more}", ", also when it was requested again")

    def _is_mended(self, body: RequestBody) -> bool:
        self.check()
        return self.writer.request_again(body)


def _notice(what: str, how_often: str) -> Notice:
    text = (
        f"the server took and lost {what}{how_often}: look into its log; "
        "`listsyncctl forget ITEM` has a title requested anew"
    )
    return Notice(kind=NoticeKind.REQUESTS_GONE, text=text)
