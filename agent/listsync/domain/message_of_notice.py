"""What messages say of what people should learn: that it is so, got worse, or is over.

All pure: `store` writes them in the transaction of what they tell of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from listsync.domain.message_data import NoticeData, RecoveredData
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.domain.notices import Notice, NoticeChanges, NoticeKind, NoticeRecord, few
from listsync.terminal.output import span

_NOTICES = "notices"
_TOGETHER_S = 3.0
"""What a run and the agent have to say of one thing comes within it."""
_CONFIGURATION = (
    NoticeKind.CONFIG_INVALID,
    NoticeKind.CONFIG_WARNING,
    NoticeKind.CONFIG_PENDING,
    NoticeKind.WATCHER_DEGRADED,
)
_DOUBTS = (NoticeKind.SERVER_REPLACED, NoticeKind.REQUESTS_GONE, NoticeKind.STATE_IN_DOUBT)
"""Kinds that hold back every list: what is on hold for them is no news of its own."""
_READ_AGAIN = "The list {list} can be read again"
_GO_ON = "Requests go on"
_WORDS: dict[NoticeKind, tuple[str, str]] = {
    NoticeKind.SERVER_CHANGED: ("The request server has changed", ""),
    NoticeKind.SERVER_REPLACED: ("Requests are on hold, as this is another server", _GO_ON),
    NoticeKind.SERVER_UNREACHABLE: (
        "The request server does not answer",
        "The request server answers again",
    ),
    NoticeKind.KEY_REFUSED: (
        "The request server refuses the API key",
        "The request server accepts the API key again",
    ),
    NoticeKind.REQUESTS_GONE: ("The request server has lost requests", ""),
    NoticeKind.REQUESTS_UNCHECKED: ("Requests were not checked afterwards", ""),
    NoticeKind.ON_HOLD: (
        "Titles of the list {list} are on hold",
        "Nothing of the list {list} is on hold any more",
    ),
    NoticeKind.LIST_FAILED: ("Trouble reading the list {list}", _READ_AGAIN),
    NoticeKind.LIST_BLOCKED: ("The service of the list {list} blocks us", _READ_AGAIN),
    NoticeKind.LIST_PRIVATE: ("The list {list} may not be read", _READ_AGAIN),
    NoticeKind.LIST_GONE: ("The list {list} was not found", _READ_AGAIN),
    NoticeKind.LIST_DRIFT: ("The list {list} has a form that we do not know", _READ_AGAIN),
    NoticeKind.LIST_SHRANK: (
        "The list {list} has suddenly shrunk",
        "The list {list} is settled again",
    ),
    NoticeKind.LIST_DOUBTED: (
        "The list {list} may not have been read in full",
        "The list {list} is read in full again",
    ),
    NoticeKind.LOOK_UPS_FAILED: (
        "Titles of the list {list} could not be looked up",
        "Titles of the list {list} can be looked up again",
    ),
    NoticeKind.TO_CANCEL: ("Requests of the list {list} are about to be cancelled", ""),
    NoticeKind.REQUEST_FAILED: (
        "Requests failed at Radarr or Sonarr",
        "No request hangs at Radarr or Sonarr any more",
    ),
    NoticeKind.REVIEW: ("Titles wait for your decision", ""),
    NoticeKind.SYNC_FAILED: ("The sync failed", "Syncing works again"),
    NoticeKind.CONFIG_INVALID: (
        "The configuration is invalid",
        "The configuration is valid again",
    ),
    NoticeKind.CONFIG_WARNING: ("A warning about the configuration", ""),
    NoticeKind.CONFIG_PENDING: (
        "A change of the configuration is not in force yet",
        "The whole configuration is in force",
    ),
    NoticeKind.WATCHER_DEGRADED: (
        "Changes of the configuration may be noticed late",
        "Changes of the configuration are noticed at once again",
    ),
    NoticeKind.SERVICE_FAILED: (
        "A part of the agent has failed",
        "All parts of the agent work again",
    ),
    NoticeKind.TARGET_FAILED: (
        "Notifications do not get through",
        "All notifications get through again",
    ),
    NoticeKind.STATE_TROUBLE: ("There is trouble with the state", "The state is in order again"),
    NoticeKind.OPEN_TO_OTHERS: ("Others may change what listsync trusts", ""),
    NoticeKind.STATE_IN_DOUBT: ("Requests are on hold, as the state may be old", _GO_ON),
    NoticeKind.MOUNT_DOWN: ("A disk or share is not there", "The disk or share is there again"),
    NoticeKind.MOUNT_UNUSABLE: (
        "A disk or share cannot be used as it is",
        "The disk or share can be used again",
    ),
    NoticeKind.MEDIA_SERVER_REFUSED: (
        "A media server refuses the key",
        "The media server takes the key again",
    ),
    NoticeKind.POSTGRES_TROUBLE: (
        "Triggers by NOTIFY do not arrive",
        "Triggers by NOTIFY arrive again",
    ),
    NoticeKind.FLEET_TROUBLE: (
        "An agent takes no part in its fleet",
        "The agent takes part in its fleet again",
    ),
    NoticeKind.FLEET_LISTS: (
        "Agents of a fleet follow different lists",
        "All agents of the fleet follow the same lists again",
    ),
    NoticeKind.FLEET_SPLIT: (
        "Two fleets work in one database",
        "No other fleet is heard in the same database any more",
    ),
}
"""What a message is called that tells of a notice, and of its end; "": that is no news."""
_WORDS_OF_LISTS = {
    NoticeKind.KEY_REFUSED: ("The list {list} may not be read", _READ_AGAIN),
    NoticeKind.REQUEST_FAILED: (
        "Titles of the list {list} could not be requested",
        "No title of the list {list} fails any more",
    ),
}
_MORE = {
    NoticeKind.REVIEW: "More titles wait for your decision",
    NoticeKind.REQUEST_FAILED: "More titles of the list {list} could not be requested",
}
"""What a message is called that tells of more titles."""
_ADVICE = {
    NoticeKind.CONFIG_INVALID: "`listsync check` says what is wrong, and where.",
    NoticeKind.SERVICE_FAILED: "The log says more.",
}
"""What can be done where neither the title nor the notice says it, of what is about no list."""
_SAID_BY_THE_TITLE = (
    "the last sync failed: ",
    "the configuration is invalid; ",
    "not in force yet: ",
    "requests that failed at Radarr or Sonarr: ",
    "blocked: ",
    "private: ",
    "not found: ",
    "drift: ",
)
_TO_KNOW = (NoticeKind.SERVER_CHANGED, NoticeKind.TO_CANCEL, NoticeKind.OPEN_TO_OTHERS)
"""Kinds that tell of no failure: a person may want to act, and nothing waits for it."""


def messages_of_changes(changes: NoticeChanges, at: datetime) -> Iterator[Message]:
    """Say what is new of what people should learn, what got worse, and what works again.

    What is on hold since *at* for something that holds back every list is told with that.
    """
    is_doubted = any(one.notice.kind in _DOUBTS for one in (*changes.opened, *changes.renewed))
    for one in changes.opened:
        if not (is_doubted and one.notice.kind is NoticeKind.ON_HOLD) and not _is_small(one):
            yield _of_notice(one, one.since)
    for one in changes.worsened:
        yield _of_notice(one, at, is_worse=True)
    for one, before in changes.grown:
        if one.notice.kind in _MORE:
            yield _of_more(one, before.notice, at)
    still = {about for one in (*changes.opened, *changes.renewed) if (about := _fails(one))}
    for one in changes.ended:
        if _words_for(one)[1] and _fails(one) not in still:
            yield _of_end(one)


def _is_small(record: NoticeRecord) -> bool:
    """Tell whether nobody need be told: a target fails for a moment."""
    return record.notice.kind is NoticeKind.TARGET_FAILED and not record.notice.needs_person


def _fails(record: NoticeRecord) -> str | None:
    """Name what fails and cannot work again while it fails for another reason; None: nothing."""
    notice = record.notice
    if notice.is_failed_sync:
        return "sync"
    is_list = notice.list_name is not None and notice.kind.is_unread_list
    return f"list {notice.list_name}" if is_list else None


def _words_for(record: NoticeRecord) -> tuple[str, str]:
    """Give the titles of what tells of a notice, and of its end."""
    notice = record.notice
    own = _WORDS_OF_LISTS.get(notice.kind) if notice.list_name else None
    begin, end = own or _WORDS[notice.kind]
    return begin.format(list=notice.list_name), end.format(list=notice.list_name)


def _text_of(record: NoticeRecord) -> str:
    """Say why, and what can be done, without what the title says."""
    text = record.notice.text
    for words in _SAID_BY_THE_TITLE:
        text = text.removeprefix(words)
    return in_a_message(text)


def in_a_message(text: str) -> str:
    """Give the text of a notice as it can stand alone."""
    return text.replace("(nothing: ", "(nothing to do: ")


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text.partition(" ")[0].isalpha() else text


def _of_notice(record: NoticeRecord, at: datetime, *, is_worse: bool = False) -> Message:
    notice = record.notice
    return Message(
        key=f"notice:{record.number}{':worse' if is_worse else ''}",
        kind=_kind_of(record),
        importance=_importance_of(record),
        at=at,
        title=_words_for(record)[0],
        lines=tuple(_lines_of(record, at, is_worse=is_worse)),
        lists=(notice.list_name,) if notice.list_name else (),
        group=_NOTICES,
        about=_about(record),
        notice=record.number,
        due_s=_TOGETHER_S,
        data={**_data_of(record)},
    )


def _of_more(record: NoticeRecord, before: Notice, at: datetime) -> Message:
    """Tell of titles that came to those that were told of; all of them are in the words."""
    notice = record.notice
    new = sorted((notice.titles or frozenset()) - (before.titles or frozenset()))
    message = _of_notice(record, at)
    return replace(
        message,
        key=f"{message.key}:more:{at.isoformat(timespec='milliseconds')}",
        title=_MORE[notice.kind].format(list=notice.list_name),
        lines=(*([f"New: {few(new, ', ')}."] if new else []), *message.lines),
        is_more=True,
    )


def _lines_of(record: NoticeRecord, at: datetime, *, is_worse: bool) -> Iterator[str]:
    """Say why it is so, and what to do."""
    notice = record.notice
    yield _as_sentence(_text_of(record))
    if is_worse:
        lasted = span((at - record.since).total_seconds())
        yield f"It has not passed by itself in {lasted}: now it needs you."
    elif notice.passes and not notice.list_name:
        yield "It is tried again by itself."
    if not notice.list_name and notice.kind in _ADVICE:
        yield _ADVICE[notice.kind]


def _of_end(record: NoticeRecord) -> Message:
    notice = record.notice
    ended_at = record.ended_at or record.since
    lasted_s = max(0.0, (ended_at - record.since).total_seconds())
    data: RecoveredData = {
        **_data_of(record),
        "ended_at": ended_at.isoformat(timespec="seconds"),
        "lasted_s": round(lasted_s, 1),
    }
    return Message(
        key=f"notice:{record.number}:over",
        kind=MessageKind.RECOVERED,
        importance=Importance.INFO,
        at=ended_at,
        title=f"{_words_for(record)[1]}, after {span(lasted_s)}",
        lines=(f"The reason was: {_reason_of(record)}",) if _fails(record) else (),
        lists=(notice.list_name,) if notice.list_name else (),
        group=_NOTICES,
        about=_about(record),
        notice=record.number,
        due_s=_TOGETHER_S,
        data={**data},
    )


def _reason_of(record: NoticeRecord) -> str:
    """Say why it was so, without what could be done."""
    return _text_of(record).partition(" (")[0]


def _kind_of(record: NoticeRecord) -> MessageKind:
    if record.notice.kind is NoticeKind.REVIEW:
        return MessageKind.REVIEW
    if record.notice.kind in _CONFIGURATION:
        return MessageKind.CONFIGURATION
    is_failure = not record.notice.needs_person and record.notice.kind not in _TO_KNOW
    return MessageKind.FAILURE if is_failure else MessageKind.NEEDS_ATTENTION


def _importance_of(record: NoticeRecord) -> Importance:
    """Say how much it matters: what waits for a choice fails nothing."""
    is_choice = record.notice.kind is NoticeKind.REVIEW
    return Importance.ERROR if record.notice.needs_person and not is_choice else Importance.WARNING


def _about(record: NoticeRecord) -> str:
    return f"{record.notice.kind}:{record.notice.list_name or ''}"


def _data_of(record: NoticeRecord) -> NoticeData:
    notice = record.notice
    return {
        "notice": notice.kind.value,
        "number": record.number,
        "list": notice.list_name,
        "subject": notice.subject,
        "text": notice.text,
        "needs_person": notice.needs_person,
        "since": record.since.isoformat(timespec="seconds"),
    }
