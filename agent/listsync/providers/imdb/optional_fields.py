"""What of a question IMDb may stop to answer without costing the list.

Its service is not documented, and refuses a whole question for one field that it does not know.
Vital are `id`, `titleText` and `titleType`: without the last an episode or a game would pass for a
film. Without an original title or a year a title is still known by its id, without the type of a
list its rows tell, and without its date it is read more often.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from threading import Lock

_SPARE = {  # as it stands in a question
    "lastModifiedDate": "lastModifiedDate ",
    "listType": "listType { id } ",
    "originalTitleText": "originalTitleText { text } ",
    "releaseYear": "releaseYear { year } ",
}
_WITHIN = {"year": "releaseYear"}
_FIELD = re.compile(r"""\bfield ["'`](\w{1,80})["'`]""", re.IGNORECASE | re.ASCII)
logger = logging.getLogger(__name__)


def field_in(message: str) -> str | None:
    """Find the field of ours that the words of an error name."""
    found = _FIELD.search(message)
    return _WITHIN.get(found[1], found[1]) if found else None


class MissingFields:
    """Fields that the service does not know any more, as long as this process lives."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._names: set[str] = set()

    def left_out_of(self, text: str) -> str:
        """Give the question without them."""
        with self._lock:
            parts = [_SPARE[name] for name in sorted(self._names)]
        for part in parts:
            text = text.replace(part, "")
        return text

    def can_spare(self, names: Iterable[str], text: str) -> bool:
        """Leave *names* out from now on; False when one is vital, or no part of *text*."""
        wanted = set(names)
        if not all(name in _SPARE and _SPARE[name] in text for name in wanted):
            return False
        with self._lock:
            new = sorted(wanted - self._names)
            self._names |= wanted
        if new:
            logger.warning(
                "imdb: does not know %s any more; lists are read without, until listsync is "
                "started again",
                ", ".join(new),
                extra={"action": "field_missing"},
            )
        return True


MISSING = MissingFields()
"""Those of this process."""
