"""How much a user may still request. Series quota counts seasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from listsync.sandbox.catalogue import MOVIE, TV
from listsync.sandbox.codes import Permission, RequestStatus
from listsync.sandbox.serializers import Json
from listsync.sandbox.state import UNLIMITED, State, User

_DAYS = 7


@dataclass(frozen=True, slots=True)
class Quota:
    """One user's quota of one kind; a limit of 0 is none."""

    limit: int
    used: int

    @property
    def remaining(self) -> int:
        return max(self.limit - self.used, 0)

    @property
    def is_used_up(self) -> bool:
        return self.limit != UNLIMITED and self.remaining == 0

    def to_json(self) -> Json:
        """Describe it; `days`, `limit` and `remaining` exist only with a limit."""
        shown: Json = {"used": self.used, "restricted": self.is_used_up}
        if self.limit == UNLIMITED:
            return shown
        return {"days": _DAYS, "limit": self.limit, **shown, "remaining": self.remaining}


def quota(state: State, user: User, kind: str) -> Quota:
    """Count what *user* requested lately; who manages users has no limit."""
    limit = user.movie_limit if kind == MOVIE else user.series_limit
    if limit == UNLIMITED or user.may(Permission.MANAGE_USERS):
        return Quota(UNLIMITED, 0)
    since = datetime.now(UTC) - timedelta(days=_DAYS)
    used = 0
    for request in state.requests.values():
        is_counted = request.user is user and request.status != RequestStatus.DECLINED
        if is_counted and request.media.kind == kind and _is_after(request.created_at, since):
            used += len(request.seasons) if kind == TV else 1
    return Quota(limit, used)


def _is_after(time: str, since: datetime) -> bool:
    return datetime.fromisoformat(time) > since
