"""What was requested at the server, and what is being."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from listsync.domain.media import Definition
    from listsync.domain.run_notes import Intent


class RequestLog(Protocol):
    """The log of requests and of intents to send some, at the server. Raises StateError."""

    def open_intents(self) -> tuple[Intent, ...]:
        """Return requests that may have been sent and whose answer was never seen."""
        ...

    def requested(self) -> frozenset[Definition]:
        """Name what was requested and not cancelled, since the index was confirmed last."""
        ...

    def requested_since(self, since: datetime) -> Mapping[str, int]:
        """Count the titles requested since then, by the list that had them requested."""
        ...
