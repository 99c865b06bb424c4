"""Why a run is to be tried again by itself, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A run failed, or was partly done, for a reason that may pass.

    `why` is for people ("the server cannot be reached"). `is_slow`: it hardly passes by itself (a
    refused key), so it is tried rarely. `not_before`: a time that is known, such as the server's
    own Retry-After.
    """

    why: str
    is_slow: bool = False
    not_before: datetime | None = None
