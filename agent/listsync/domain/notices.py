"""What a person should learn of a sync or of the agent, and whether it waits for that person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeKind(StrEnum):
    """What a notice is about; programs and notification rules go by it, not by the words."""

    SERVER_CHANGED = "server_changed"
    SERVER_REPLACED = "server_replaced"
    REQUESTS_GONE = "requests_gone"
    ON_HOLD = "on_hold"
    LIST_FAILED = "list_failed"
    LIST_DOUBTED = "list_doubted"
    LOOK_UPS_FAILED = "look_ups_failed"
    TO_CANCEL = "to_cancel"
    REQUEST_FAILED = "request_failed"
    REVIEW = "review"
    SYNC_FAILED = "sync_failed"
    CONFIG_INVALID = "config_invalid"
    CONFIG_WARNING = "config_warning"
    STATE_TROUBLE = "state_trouble"
    OPEN_TO_OTHERS = "open_to_others"
    STATE_IN_DOUBT = "state_in_doubt"

    @property
    def needs_person(self) -> bool:
        """Tell whether it does not end by itself."""
        return self not in (
            NoticeKind.SERVER_CHANGED,
            NoticeKind.CONFIG_WARNING,
            NoticeKind.LIST_DOUBTED,
            NoticeKind.LOOK_UPS_FAILED,
            NoticeKind.TO_CANCEL,
            NoticeKind.OPEN_TO_OTHERS,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that a person should learn; `text` says what it is and what can be done.

    `list_name` is the list that it is about, if it is about one. `passes`: what it tells is tried
    again by itself, and has not lasted long.
    """

    kind: NoticeKind
    text: str
    list_name: str | None = None
    passes: bool = False

    @property
    def needs_person(self) -> bool:
        return self.kind.needs_person and not self.passes

    def __str__(self) -> str:
        return f"{self.list_name}: {self.text}" if self.list_name else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingNotice:
    """A notice that no later run has lifted: since when it stands, and which run said it last."""

    notice: Notice
    since: datetime
    run_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one real run says of notices: its own, and of which lists it would have said more.

    `is_whole`: the run came to its end, so that what it does not say is over.
    """

    run_id: str
    at: datetime
    notices: tuple[Notice, ...]
    lists: Collection[str]
    is_whole: bool


_FEW = 3


def few(said: Sequence[str], between: str = "; ") -> str:
    """Name the first of what is *said*, and how many more there are."""
    more = [f"and {len(said) - _FEW} more"] if len(said) > _FEW else []
    return between.join([*said[:_FEW], *more])


def standing_after(before: Iterable[StandingNotice], run: Judgement) -> tuple[StandingNotice, ...]:
    """Tell which notices stand after *run*; those of lists that it did not judge are kept."""
    kept, since = [], {}
    for one in before:
        since[one.notice.kind, one.notice.list_name] = one.since
        if not _is_judged(one.notice, run):
            kept.append(one)
    own = [
        StandingNotice(
            notice=one, since=since.get((one.kind, one.list_name), run.at), run_id=run.run_id
        )
        for one in run.notices
    ]
    said = {(one.kind, one.list_name) for one in run.notices}
    kept = [one for one in kept if (one.notice.kind, one.notice.list_name) not in said]
    return (*own, *kept)


def _is_judged(notice: Notice, run: Judgement) -> bool:
    return run.is_whole and (notice.list_name is None or notice.list_name in run.lists)
