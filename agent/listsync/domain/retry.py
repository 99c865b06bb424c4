"""Why a run is to be tried again by itself, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from listsync.errors import (
    AnswerChangedError,
    Refusal,
    RefusedError,
    StateError,
    UnavailableError,
    UnreachableError,
)

_LONGEST = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A run failed, or was partly done, for a reason that may pass.

    `why` is for people ("the server cannot be reached"). `is_slow`: it hardly passes by itself (a
    refused key), so it is tried rarely. `not_before`: a time that is known, such as the server's
    own Retry-After. `titles`: it is only for so many titles, which may be at fault themselves.
    """

    why: str
    is_slow: bool = False
    not_before: datetime | None = None
    titles: int = 0


def retry_of(error: Exception, now: datetime) -> Retry | None:
    """Say how a run that *error* ended is tried again; None: not by itself.

    What the server forbids or does not know stays so until somebody changes it there.
    """
    match error:
        case UnreachableError():
            return Retry(why=f"the server cannot be reached ({error.why})")
        case UnavailableError() | RefusedError(kind=Refusal.RATE_LIMITED):
            return Retry(why=str(error), not_before=_named_time(error.retry_after_s, now))
        case RefusedError(kind=Refusal.CREDENTIAL | Refusal.BLOCKED):
            return Retry(why=str(error), is_slow=True)
        case StateError():  # a full disk, another program's lock
            return Retry(why=str(error))
        case AnswerChangedError():
            return Retry(why=str(error), is_slow=True)
        case _:
            return None


def _named_time(wait_s: float | None, now: datetime) -> datetime | None:
    return now + min(timedelta(seconds=wait_s), _LONGEST) if wait_s else None
